"""What ``--filter`` asks for. Imports nothing heavy: the command line checks with it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from dcmview.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dcmview.model import SharedHeader

FILTER_FIELDS = {
    "patient_id": "patient_id",
    "patient_name": "patient_name",
    "study_description": "study_description",
    "study_date": "study_date",
    "study_uid": "study_instance_uid",
    "series_description": "series_description",
    "series_number": "series_number",
    "series_uid": "series_instance_uid",
    "modality": "modality",
}
"""Name on the command line to attribute of ``SharedHeader``."""


def parse_filter(expression: str) -> tuple[str, str]:
    """Split ``FIELD=VALUE``; the field is one of `FILTER_FIELDS` or a DICOM keyword.

    Raises
    ------
    UsageError
        If there is no ``=`` or the field is unknown.
    """
    field, equals, value = expression.partition("=")
    if not equals:
        raise UsageError(f"filter {expression!r} must have the form FIELD=VALUE")
    field = field.strip()
    if field not in FILTER_FIELDS and not _is_keyword(field):
        known = ", ".join(FILTER_FIELDS)
        raise UsageError(f"unknown filter field {field!r}; known are {known}, and DICOM keywords")
    return field, value


def matches(
    header: SharedHeader,
    filters: Iterable[tuple[str, str]],
    keyword_values: Mapping[str, str] = MappingProxyType({}),
) -> bool:
    """Whether every filter value is part of its field, whatever the case.

    ``keyword_values`` has the text of the elements that filters name by keyword.
    """
    return all(
        value.casefold()
        in (
            getattr(header, FILTER_FIELDS[field])
            if field in FILTER_FIELDS
            else keyword_values[field]
        ).casefold()
        for field, value in filters
    )


def _is_keyword(field: str) -> bool:
    # The dictionary takes 0.1 s to import, so only a filter that needs it pays.
    from pydicom.datadict import tag_for_keyword

    tag = tag_for_keyword(field)
    return field != "" and tag is not None and tag < 0x7FE00000
