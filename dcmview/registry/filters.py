"""The fields that ``--filter`` knows. Imports nothing heavy: the command line checks with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcmview.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    """Split ``FIELD=VALUE``.

    Raises
    ------
    UsageError
        If there is no ``=`` or the field is unknown.
    """
    field, equals, value = expression.partition("=")
    if not equals:
        raise UsageError(f"filter {expression!r} must have the form FIELD=VALUE")
    field = field.strip()
    if field not in FILTER_FIELDS:
        raise UsageError(f"unknown filter field {field!r}; known are {', '.join(FILTER_FIELDS)}")
    return field, value


def matches(header: SharedHeader, filters: Iterable[tuple[str, str]]) -> bool:
    """Whether every filter value is part of its field, whatever the case."""
    return all(
        value.casefold() in getattr(header, FILTER_FIELDS[field]).casefold()
        for field, value in filters
    )
