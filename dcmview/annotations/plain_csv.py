"""Tables of other programs: one row a box or a point, its columns named in words.

A mapping reads ``file=image_path,xmin=x1,ymin=y1,xmax=x2,ymax=y2``: what it is,
and the column that has it. Columns with a usual name need no mapping.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from dcmview.annotations.imports import ImportRow, LeftOut
from dcmview.annotations.roi import ImagePoint, Roi, convert
from dcmview.errors import InvalidAnnotation
from dcmview.spreadsheet import unguarded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dcmview.annotations.csv_cells import CsvTable, Record

ColumnMeaning = Literal[
    "file",
    "uid",
    "frame",
    "frame_number",
    "xmin",
    "ymin",
    "xmax",
    "ymax",
    "width",
    "height",
    "x",
    "y",
    "label",
    "score",
    "group",
    "note",
]
USUAL_NAMES: dict[ColumnMeaning, tuple[str, ...]] = {
    "file": ("file", "path", "file_path", "image_path", "filename", "file_name", "image"),
    "uid": ("sop_instance_uid", "SOPInstanceUID", "sopinstanceuid"),
    "frame": ("frame", "frame_index"),
    "frame_number": ("frame_number",),
    "xmin": ("xmin", "x_min", "x1"),
    "ymin": ("ymin", "y_min", "y1"),
    "xmax": ("xmax", "x_max", "x2"),
    "ymax": ("ymax", "y_max", "y2"),
    "width": ("width", "w"),
    "height": ("height", "h"),
    "x": ("x",),
    "y": ("y",),
    "label": ("label", "class", "class_name", "category", "category_name", "cls"),
    "score": ("score", "confidence", "probability"),
    "group": ("group",),
    "note": ("note",),
}
"""What a column can be, and under which names it is found without a mapping."""

HEAD_ROWS = 3
HEAD_CHARACTERS = 60

_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_EXTENT = ("xmin", "ymin", "width", "height")
_POINT = ("x", "y")
_POINT_EXTENT = ("x", "y", "width", "height")
_SHAPES = (_CORNERS, _EXTENT, _POINT_EXTENT, _POINT)


class TableHead(NamedTuple):
    """What a table looks like, for people who say what its columns are.

    ``known`` are the columns that are found by their usual names; ``rows`` the
    first few, each with a text for each column.
    """

    columns: tuple[str, ...]
    known: dict[ColumnMeaning, str]
    rows: tuple[tuple[str, ...], ...]


def parse_columns(text: str) -> dict[str, str]:
    """Read a mapping from ``what=column,...``, or from JSON, where names hold commas.

    Raises
    ------
    InvalidAnnotation
        If it names something that no column can be, or names it twice.
    """
    columns: dict[str, str] = {}
    for what, column in _mapped(text):
        if what not in USUAL_NAMES:
            raise InvalidAnnotation(
                f"columns: {what!r} is unknown; there is {', '.join(USUAL_NAMES)}"
            )
        if what in columns:
            raise InvalidAnnotation(f"columns: {what} is there twice")
        columns[what] = column
    return columns


def _mapped(text: str) -> Iterable[tuple[str, str]]:
    if text.lstrip().startswith("{"):
        try:
            yield from msgspec.json.decode(text, type=dict[str, str]).items()
        except msgspec.DecodeError as exc:
            raise InvalidAnnotation(f"columns: not JSON of texts: {exc}") from exc
        return
    for part in filter(None, (part.strip() for part in text.split(","))):
        what, equals, column = (each.strip() for each in part.partition("="))
        if not equals or not column:
            raise InvalidAnnotation(f"columns: {part!r} is not of the form what=column")
        yield what, column


def read_head(table: CsvTable) -> TableHead:
    """Give the columns of a table, what they look like and what they are taken for."""
    rows: list[tuple[str, ...]] = []
    # Only the beginning of the file is here, and may end within a cell.
    with suppress(InvalidAnnotation):
        rows.extend(
            tuple(record.text(name)[:HEAD_CHARACTERS] for name in table.columns)
            for record in islice(table, HEAD_ROWS)
        )
    return TableHead(table.columns, _usual(table, {}), tuple(rows))


def read_plain_csv(
    table: CsvTable, mapping: Mapping[str, str]
) -> tuple[tuple[ImportRow, ...], tuple[LeftOut, ...]]:
    """Read boxes and points, and say which rows have none.

    Raises
    ------
    InvalidAnnotation
        If a column is missing, or a cell is wrong; the message names row, column and reason.
    """
    columns = _columns(table, mapping)
    shape = next((shape for shape in _SHAPES if columns.keys() >= set(shape)), None)
    if shape is None or not columns.keys() & {"file", "uid"}:
        missing = "a file or uid" if shape else "xmin,ymin,xmax,ymax or xmin,ymin,width,height"
        raise InvalidAnnotation(
            f"the table has no columns for {missing}; name them, as in file=image_path,xmin=x1; "
            f"it has {', '.join(table.columns)[:300]}"
        )
    rows, left_out = [], []
    for record in table:
        numbers = [record.number_of(columns[name]) for name in shape]
        path = record.text(columns["file"]).strip() if "file" in columns else ""
        uid = record.text(columns["uid"]).strip() if "uid" in columns else ""
        if numbers.count(None) == len(numbers):
            left_out.append(LeftOut(record.place, f"has no coordinates: {path or uid}"))
            continue
        for name, number in zip(shape, numbers, strict=True):
            if number is None:
                raise record.error(columns[name], "empty")
        points = _points(shape, [number for number in numbers if number is not None])
        rows.append(ImportRow(record.place, path, (_roi(record, columns, points),), uid))
    return tuple(rows), tuple(left_out)


def _columns(table: CsvTable, mapping: Mapping[str, str]) -> dict[str, str]:
    for what, column in mapping.items():
        if column not in table.columns:
            raise InvalidAnnotation(
                f"the table has no column {column!r} for {what}; "
                f"it has {', '.join(table.columns)[:300]}"
            )
    found = dict(mapping)
    found.update(_usual(table, mapping).items())
    return found


def _usual(table: CsvTable, mapping: Mapping[str, str]) -> dict[ColumnMeaning, str]:
    found: dict[ColumnMeaning, str] = {}
    for what, names in USUAL_NAMES.items():
        usual = next((name for name in names if name in table.columns), None)
        if usual is not None and what not in mapping and usual not in mapping.values():
            found[what] = usual
    return found


def _points(shape: tuple[str, ...], numbers: list[int | float]) -> tuple[ImagePoint, ...]:
    low = ImagePoint(numbers[0], numbers[1])
    if len(numbers) == 2:
        return (low,)
    if "width" in shape:
        return low, ImagePoint(low.x + numbers[2], low.y + numbers[3])
    return low, ImagePoint(numbers[2], numbers[3])


def _roi(record: Record, columns: Mapping[str, str], points: tuple[ImagePoint, ...]) -> Roi:
    value: dict[str, Any] = {
        "kind": "point" if len(points) == 1 else "rectangle",
        "points": [{"x": point.x, "y": point.y} for point in points],
        "frames": _frames(record, columns),
        "score": record.number_of(columns["score"]) if "score" in columns else None,
    }
    for name in ("label", "group", "note"):
        if name in columns:
            value[name] = unguarded(record.words(columns[name]))
    roi: Roi = convert(value, Roi, record.place)
    return roi


def _frames(record: Record, columns: Mapping[str, str]) -> str | list[int]:
    for what, first in (("frame", 0), ("frame_number", 1)):
        number = record.number_of(columns[what]) if what in columns else None
        if number is None:
            continue
        if number != int(number) or number < first:
            raise record.error(columns[what], f"must be a whole number from {first}")
        return [int(number) - first]
    return "all"
