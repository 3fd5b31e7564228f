"""Marks of triage out of the process and in again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcmview.annotations.imports import split_marks
from dcmview.annotations.triage_csv import TriageRow, write_triage_csv
from dcmview.errors import InvalidAnnotation

if TYPE_CHECKING:
    from dcmview.annotations.imports import ImportTable
    from dcmview.triagebook import TriageBook


def export_triage(triage: TriageBook) -> tuple[bytes, int]:
    """Write all marks as CSV; give the moment, too, for `TriageBook.mark_exported`.

    Paths keep bytes that are not UTF-8.
    """
    states, clock = triage.states()
    rows = (
        TriageRow(
            each.path,
            each.key.sop_instance_uid,
            "" if each.entry is None else each.entry.header.shared.series_instance_uid,
            each.mark,
        )
        for each in states
    )
    return write_triage_csv(rows).encode("utf-8", "surrogateescape"), clock


def marks_alone(table: ImportTable) -> ImportTable:
    """Give what a table says of triage, or raise ``InvalidAnnotation`` if that is nothing."""
    _, marks = split_marks([table])
    if not marks:
        raise InvalidAnnotation("there are no marks of triage in it")
    return marks[0]
