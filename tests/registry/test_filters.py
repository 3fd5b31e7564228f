"""--filter expressions."""

import pytest

from dcmview.errors import UsageError
from dcmview.model import SharedHeader
from dcmview.registry.filters import FILTER_FIELDS, matches, parse_filter


@pytest.mark.parametrize("field", FILTER_FIELDS)
def test_every_field_names_an_attribute_of_the_header(field):
    header = SharedHeader(**{FILTER_FIELDS[field]: "Alpha Beta"})
    assert matches(header, [(field, "beta")])
    assert not matches(header, [(field, "gamma")])


def test_any_keyword_of_the_header_is_a_field():
    assert parse_filter("BodyPartExamined=che") == ("BodyPartExamined", "che")
    filters = [("modality", "ct"), ("BodyPartExamined", "che")]
    header = SharedHeader(modality="CT")
    assert matches(header, filters, {"BodyPartExamined": "CHEST"})
    assert not matches(header, filters, {"BodyPartExamined": "HEAD"})
    assert not matches(header, filters, {"BodyPartExamined": ""})


def test_value_may_hold_equals_signs_and_be_empty():
    assert parse_filter("modality=a=b") == ("modality", "a=b")
    assert parse_filter("modality=") == ("modality", "")


@pytest.mark.parametrize(
    "expression", ["modality", "=CT", "colour=red", "modalty=CT", "PixelData=1"]
)
def test_unknown_field_or_missing_value_is_a_usage_error(expression):
    with pytest.raises(UsageError):
        parse_filter(expression)
