"""Marks of triage as a CSV table: one row a file that is marked."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, NamedTuple

from dcmview.annotations.imports import ImportRow
from dcmview.annotations.triage import convert_mark
from dcmview.errors import InvalidAnnotation
from dcmview.spreadsheet import escaped, unescaped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dcmview.annotations.csv_cells import CsvTable, Record
    from dcmview.annotations.triage import Mark

HEADER = ("path", "sop_instance_uid", "series_instance_uid", "mark", "note", "modified")
_COLUMNS_OF_BOXES = {"points", "xmin", "x1", "x"}


class TriageRow(NamedTuple):
    """What is decided about a file, and all that it is known by."""

    path: str
    sop_instance_uid: str
    series_instance_uid: str
    mark: Mark


def is_triage_table(columns: Iterable[str]) -> bool:
    """Whether a table has marks of files."""
    names = set(columns)
    return (
        "mark" in names
        and not names.isdisjoint({"path", "sop_instance_uid"})
        and names.isdisjoint(_COLUMNS_OF_BOXES)
    )


def write_triage_csv(rows: Iterable[TriageRow]) -> str:
    """Write one row for each file with a mark or a note, sorted by path.

    Lines end in ``\\r\\n``, so that every line end inside a cell is quoted.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADER)
    for path, uid, series_uid, mark in sorted(rows, key=lambda row: row[:2]):
        if mark:
            texts = (escaped(uid), escaped(series_uid), mark.mark, escaped(mark.note))
            writer.writerow((path, *texts, mark.modified))
    return out.getvalue()


def read_triage_csv(table: CsvTable) -> tuple[ImportRow, ...]:
    """Read what `write_triage_csv` wrote; only ``mark`` and what names the file are required.

    Raises
    ------
    InvalidAnnotation
        Naming the first row that is wrong, and why.
    """
    return tuple(map(_row, table))


def _row(record: Record) -> ImportRow:
    path = record.text("path")
    uid = unescaped(record.text("sop_instance_uid")).strip()
    if not path and not uid:
        raise InvalidAnnotation(f"{record.place}: names no file")
    mark = convert_mark(
        record.text("mark").strip().lower(),
        unescaped(record.words("note")),
        record.text("modified").strip(),
        record.place,
    )
    return ImportRow(record.place, path, (), uid, mark=mark)
