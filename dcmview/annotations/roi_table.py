"""ROIs as a CSV table of our own: one row an ROI, everything that is said of it, unchanged."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from dcmview.annotations.imports import ImportRow
from dcmview.annotations.roi import Roi, convert
from dcmview.errors import InvalidAnnotation
from dcmview.spreadsheet import escaped, unescaped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dcmview.annotations.csv_cells import CsvTable, Record

TEXT_COLUMNS = ("id", "label", "group", "note", "author", "source")
"""Free text, guarded against being taken for a formula."""
PLAIN_COLUMNS = ("color", "created", "modified")
BOX_COLUMNS = ("xmin", "ymin", "xmax", "ymax")
"""For people and other programs; ``points`` is what is read again."""
HEADER = (
    "path",
    "sop_instance_uid",
    "kind",
    "frames",
    *BOX_COLUMNS,
    "label",
    "score",
    "group",
    "note",
    "author",
    "source",
    "color",
    "created",
    "modified",
    "locked",
    "id",
    "points",
)


def is_roi_table(columns: Iterable[str]) -> bool:
    """Whether a table has what every table of ours has."""
    return {"path", "kind", "points"} <= set(columns)


def write_roi_table(files: Iterable[tuple[str, str, tuple[Roi, ...]]]) -> str:
    """Write path, SOP Instance UID and ROIs of files, sorted by path.

    Lines end in ``\\r\\n``, so that every line end inside a cell is quoted.
    """
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, HEADER, lineterminator="\r\n")
    writer.writeheader()
    for path, uid, rois in sorted(files, key=lambda file: file[:2]):
        named = {"path": path, "sop_instance_uid": escaped(uid)}
        writer.writerows({**named, **roi_cells(roi)} for roi in rois)
    return out.getvalue()


def read_roi_table(table: CsvTable) -> tuple[ImportRow, ...]:
    """Read what `write_roi_table` wrote.

    A table of figures has a row for each frame of an ROI, which is read once.

    Raises
    ------
    InvalidAnnotation
        Naming the first row that is wrong, and why.
    """
    seen: set[tuple[str, str, Roi]] = set()
    rows = []
    for row in map(_row, table):
        content = row.path, row.sop_instance_uid, row.rois[0]
        if row.rois[0].id and content in seen:
            continue
        seen.add(content)
        rows.append(row)
    return tuple(rows)


def roi_cells(roi: Roi) -> dict[str, Any]:
    """Give all that is said of an ROI by column."""
    xs = [point.x for point in roi.points]
    ys = [point.y for point in roi.points]
    return {
        "kind": roi.kind,
        "frames": "all" if roi.frames == "all" else json.dumps(roi.frames),
        **dict(zip(BOX_COLUMNS, (min(xs), min(ys), max(xs), max(ys)), strict=True)),
        **{name: escaped(getattr(roi, name)) for name in TEXT_COLUMNS},
        **{name: getattr(roi, name) for name in PLAIN_COLUMNS},
        "score": "" if roi.score is None else json.dumps(roi.score),
        "locked": "yes" if roi.locked else "",
        "points": json.dumps([[point.x, point.y] for point in roi.points], separators=(",", ":")),
    }


def _row(record: Record) -> ImportRow:
    points = record.json("points")
    if not isinstance(points, list) or not all(
        isinstance(point, list) and len(point) == 2 for point in points
    ):
        raise record.error("points", "must be a JSON list of [x, y]")
    frames = record.text("frames").strip()
    value = {
        "kind": record.text("kind").strip(),
        "points": [{"x": x, "y": y} for x, y in points],
        "frames": "all" if frames in ("", "all") else record.json("frames"),
        **{name: unescaped(record.words(name)) for name in TEXT_COLUMNS},
        **{name: record.text(name) for name in PLAIN_COLUMNS},
        "score": record.number_of("score"),
        "locked": _truth(record, "locked"),
    }
    roi = convert(value, Roi, record.place)
    uid = unescaped(record.text("sop_instance_uid")).strip()
    if not record.text("path") and not uid:
        raise InvalidAnnotation(f"{record.place}: names no file")
    return ImportRow(record.place, record.text("path"), (roi,), uid)


def _truth(record: Record, column: str) -> bool:
    cell = record.text(column).strip().lower()
    if cell not in ("", "yes", "no", "true", "false", "1", "0"):
        raise record.error(column, f"must be yes or no, not {cell:.40}")
    return cell in ("yes", "true", "1")
