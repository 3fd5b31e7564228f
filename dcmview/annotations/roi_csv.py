"""ROI tables in the EMBED form: one row a file, boxes as JSON in a cell.

Reading happens before the port opens, so this imports nothing heavy. A row
that is wrong in itself ends the start; a row that proves wrong against its
file is the business of whoever knows the file.
"""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dcmview.annotations.rectangle import Rectangle, parse_rectangles
from dcmview.errors import InvalidAnnotation, StartError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PATH_COLUMN = "anon_dicom_path"
COUNT_COLUMN = "num_ROI"
COORDINATES_COLUMN = "ROI_coords"
FRAMES_COLUMN = "ROI_frames"
HEADER = (PATH_COLUMN, COUNT_COLUMN, COORDINATES_COLUMN, FRAMES_COLUMN)

CELL_LIMIT_BYTES = 16 * 1024 * 1024  # the csv module refuses cells above 128 KiB unless told


@dataclass(frozen=True, slots=True)
class RoiRow:
    """One row of a table. ``row_number`` is the line of the file on which it ends."""

    row_number: int
    path: str
    rectangles: tuple[Rectangle, ...]


class RoiTable:
    """The rows of a CSV file, found by the path of the file they belong to.

    A relative path is tried from the current folder and from the folder of the
    CSV file.
    """

    def __init__(self, source: str, rows: Iterable[RoiRow]) -> None:
        self.source = source
        self.rows = tuple(rows)
        self._by_path: dict[str, list[RoiRow]] = {}
        folder = os.path.dirname(os.path.abspath(source))
        for row in self.rows:
            for path in dict.fromkeys(
                (normalise_path(row.path), normalise_path(os.path.join(folder, row.path)))
            ):
                self._by_path.setdefault(path, []).append(row)

    def rows_for(self, path: str) -> Sequence[RoiRow]:
        """Give the rows of a listed file, in the order of the table."""
        return self._by_path.get(normalise_path(path), ())


def normalise_path(path: str) -> str:
    """Make one spelling of a path: absolute, without ``.``, ``..`` and doubled separators."""
    return os.path.normcase(os.path.abspath(path))


def read_roi_csv(path: str) -> RoiTable:
    """Read a whole EMBED ROI table.

    Raises
    ------
    StartError
        If the file cannot be read, a required column is missing, or a row is
        wrong in itself; the message names row, column and reason.
    """
    try:
        with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            text = file.read()
    except OSError as exc:
        raise StartError(f"cannot read ROI table {path}: {exc.strerror}") from exc
    csv.field_size_limit(CELL_LIMIT_BYTES)
    try:
        return RoiTable(path, _rows(path, csv.DictReader(io.StringIO(text), strict=True)))
    except csv.Error as exc:
        raise StartError(f"ROI table {path} is not CSV: {exc}") from exc


def write_roi_csv(rows: Iterable[tuple[str, Sequence[Rectangle]]]) -> str:
    """Write one row for each file that has ROIs, sorted by path.

    Compact JSON in the cells, ``\\n`` line ends, quotes only where CSV needs
    them. Paths keep undecodable bytes as surrogate escapes.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    for path, rectangles in sorted(rows, key=lambda row: row[0]):
        if rectangles:
            coordinates = [box.coordinates for box in rectangles]
            frames = [list(box.frames) for box in rectangles]
            writer.writerow((path, len(rectangles), _compact(coordinates), _compact(frames)))
    return out.getvalue()


def _rows(source: str, reader: csv.DictReader[str]) -> Iterator[RoiRow]:
    columns = reader.fieldnames or []
    for column in (PATH_COLUMN, COORDINATES_COLUMN):
        if column not in columns:
            raise StartError(f"ROI table {source}: row 1 has no column {column}")
    for record in reader:
        yield _row(source, reader.line_num, record)


def _row(source: str, row_number: int, record: dict[str, Any]) -> RoiRow:
    def fail(column: str, reason: str) -> StartError:
        return StartError(
            f"ROI table {source}: row {row_number}, column {column}: {reason}",
            row=row_number,
            column=column,
        )

    def parse_json(column: str) -> Any:
        cell = (record.get(column) or "").strip()
        try:
            return json.loads(cell) if cell else None
        except (ValueError, RecursionError) as exc:
            raise fail(column, f"not JSON ({exc})") from exc

    path = (record[PATH_COLUMN] or "").strip()
    if not path:
        raise fail(PATH_COLUMN, "empty")
    coordinates = parse_json(COORDINATES_COLUMN)
    if not isinstance(coordinates, list):
        raise fail(COORDINATES_COLUMN, "must be a JSON list of [ymin, xmin, ymax, xmax] boxes")
    frames = parse_json(FRAMES_COLUMN)
    if frames and (not isinstance(frames, list) or len(frames) != len(coordinates)):
        raise fail(FRAMES_COLUMN, f"must be a JSON list of {len(coordinates)} lists")
    count = (record.get(COUNT_COLUMN) or "").strip()
    if count and count != str(len(coordinates)):
        raise fail(COUNT_COLUMN, f"says {count}, but there are {len(coordinates)} boxes")
    try:
        rectangles = parse_rectangles(coordinates, frames)
    except InvalidAnnotation as exc:
        raise fail(COORDINATES_COLUMN, exc.message) from exc
    return RoiRow(row_number, path, rectangles)


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
