"""ROI tables in the EMBED form: one row a file, boxes as JSON in a cell."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from dcmview.annotations.imports import ImportRow
from dcmview.annotations.rectangle import parse_rectangles
from dcmview.annotations.roi import MOST_ROIS, roi_of_rectangle
from dcmview.errors import InvalidAnnotation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dcmview.annotations.csv_cells import CsvTable, Record
    from dcmview.annotations.rectangle import Rectangle

PATH_COLUMN = "anon_dicom_path"
COUNT_COLUMN = "num_ROI"
COORDINATES_COLUMN = "ROI_coords"
FRAMES_COLUMN = "ROI_frames"
HEADER = (PATH_COLUMN, COUNT_COLUMN, COORDINATES_COLUMN, FRAMES_COLUMN)


def read_roi_csv(table: CsvTable) -> tuple[ImportRow, ...]:
    """Read an EMBED ROI table.

    Raises
    ------
    InvalidAnnotation
        If a required column is missing, or a row is wrong in itself; the
        message names row, column and reason.
    """
    for column in (PATH_COLUMN, COORDINATES_COLUMN):
        if column not in table.columns:
            raise InvalidAnnotation(f"row 1 has no column {column}")
    rows: list[ImportRow] = []
    count = 0
    for record in table:
        rows.append(_row(record))
        count += len(rows[-1].rois)
        if count > MOST_ROIS:
            raise InvalidAnnotation(f"there can be {MOST_ROIS:,} ROIs in all files together")
    return tuple(rows)


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


def _row(record: Record) -> ImportRow:
    path = record.text(PATH_COLUMN).strip()
    if not path:
        raise record.error(PATH_COLUMN, "empty")
    coordinates = record.json(COORDINATES_COLUMN)
    if not isinstance(coordinates, list):
        raise record.error(
            COORDINATES_COLUMN, "must be a JSON list of [ymin, xmin, ymax, xmax] boxes"
        )
    frames = record.json(FRAMES_COLUMN)
    if frames and (not isinstance(frames, list) or len(frames) != len(coordinates)):
        raise record.error(FRAMES_COLUMN, f"must be a JSON list of {len(coordinates)} lists")
    count = record.text(COUNT_COLUMN).strip()
    if count and count != str(len(coordinates)):
        raise record.error(COUNT_COLUMN, f"says {count}, but there are {len(coordinates)} boxes")
    try:
        rectangles = parse_rectangles(coordinates, frames)
    except InvalidAnnotation as exc:
        raise record.error(COORDINATES_COLUMN, exc.message) from exc
    rois = tuple(roi_of_rectangle(box, "") for box in rectangles)
    return ImportRow(record.place, path, rois, is_whole=True)


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
