"""Which pixels an ROI holds, by the rule of ``frontend/src/dicom/shapeSpans.ts``.

A pixel is in where its centre is. Where an outline runs exactly through a
centre, the left and the top side have it and the right and the bottom side
have not, so that ROIs side by side share no pixel; an ellipse has its whole
rim. What an outline encloses an even number of times is outside. The numbers
are computed in the order of the page, so both agree to the last pixel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dcmview.annotations.roi import Roi

OUTLINE_KINDS = ("polygon", "freehand")
REGION_KINDS = ("rectangle", "ellipse", *OUTLINE_KINDS)
"""Kinds that have an inside."""

_MOST_TOGETHER = 1 << 20
"""Places where sides cross rows that are held at once; a scribble may have millions."""
MOST_SPANS_A_ROW = 8
"""Of a usual outline; for a scribble with more it is faster to go from pixel to pixel."""
_MOST_TABLE_COLUMNS = 1024
"""So wide may an image be for which there is a table of 128 KiB that spans are made of."""


class Box(NamedTuple):
    """A part of an image, from its first row and column on."""

    row: int
    column: int
    rows: int
    columns: int

    @property
    def end_row(self) -> int:
        """The row behind its last."""
        return self.row + self.rows

    @property
    def end_column(self) -> int:
        """The column behind its last."""
        return self.column + self.columns


@dataclass(frozen=True, slots=True)
class Region:
    """The pixels of an ROI within the rows and columns that it touches.

    ``inside`` begins at pixel (``row``, ``column``) of the image; it may be empty.
    """

    row: int
    column: int
    inside: NDArray[np.bool_]

    @property
    def window(self) -> tuple[slice, slice]:
        """The same rows and columns in an array of the whole image."""
        height, width = self.inside.shape
        return slice(self.row, self.row + height), slice(self.column, self.column + width)

    def within(self, box: Box) -> Region:
        """Give what of it lies in a part of the image."""
        row, column = max(self.row, box.row), max(self.column, box.column)
        rows = slice(row - self.row, max(box.end_row - self.row, 0))
        columns = slice(column - self.column, max(box.end_column - self.column, 0))
        return Region(row, column, self.inside[rows, columns])

    def packed(self, columns: int) -> NDArray[np.uint8]:
        """Give its rows of an image of so many columns, which fill whole bytes."""
        whole = np.zeros((len(self.inside), columns), np.bool_)
        whole[:, self.window[1]] = self.inside
        return np.packbits(whole, axis=1, bitorder="little")


def region_of(roi: Roi, rows: int, columns: int) -> Region:
    """Give the pixels of an ROI, and no more of the image than the box around it.

    Parameters
    ----------
    roi : Roi
        Its points in any order; a kind without an inside holds no pixel.
    rows, columns : int
        Size of the image; what lies outside of it is left out.
    """
    box = _box_of(roi, rows, columns)
    if roi.kind not in REGION_KINDS or box is None:
        return Region(0, 0, np.zeros((0, 0), np.bool_))
    if roi.kind == "rectangle":
        inside = _rectangle(roi, box)
    elif roi.kind == "ellipse":
        inside = _ellipse(roi, box)
    else:
        inside = _filled(_turns_of(roi, box), box)
    return Region(box.row, box.column, inside)


def packed_rows(roi: Roi, rows: int, columns: int) -> tuple[int, NDArray[np.uint8]]:
    """Give the pixels of an ROI eight in a byte, the first in its lowest bit.

    Parameters
    ----------
    roi : Roi
        Of any of `REGION_KINDS`.
    rows, columns : int
        Size of the image; a row of it fills whole bytes.

    Returns
    -------
    tuple of int and ndarray of uint8, shape (some rows, columns / 8)
        A row of the image, and whole rows from that one on.
    """
    box = _box_of(roi, rows, columns)
    if roi.kind in OUTLINE_KINDS and columns <= _MOST_TABLE_COLUMNS and box is not None:
        turns = _turns_of(roi, box)
        spans = _single_spans(turns, box)
        if spans is not None:
            bits_from = _bits_from(columns)
            return box.row, bits_from[spans[:, 0] + box.column] ^ bits_from[
                spans[:, 1] + box.column
            ]
        region = Region(box.row, box.column, _filled(turns, box))
    else:
        region = region_of(roi, rows, columns)
    return region.row, region.packed(columns)


def mask_of(roi: Roi, rows: int, columns: int) -> NDArray[np.bool_]:
    """Give the pixels of an ROI in an image.

    Returns
    -------
    ndarray of bool, shape (rows, columns)

    Examples
    --------
    >>> from dcmview.annotations.roi import ImagePoint, Roi
    >>> corners = (ImagePoint(0, 0), ImagePoint(4, 0), ImagePoint(4, 2), ImagePoint(0, 2))
    >>> mask_of(Roi(kind="polygon", points=corners[:3]), 2, 4).astype(int).tolist()
    [[0, 1, 1, 1], [0, 0, 0, 1]]
    """
    return union_of([roi], rows, columns)


def union_of(rois: Sequence[Roi], rows: int, columns: int) -> NDArray[np.bool_]:
    """Give the pixels that any of some ROIs holds.

    Returns
    -------
    ndarray of bool, shape (rows, columns)
    """
    mask = np.zeros((rows, columns), np.bool_)
    for roi in rois:
        region = region_of(roi, rows, columns)
        mask[region.window] |= region.inside
    return mask


def _index_from(position: float) -> int:
    """The first pixel whose centre is not before a position."""
    return math.ceil(position - 0.5)


def _index_to(position: float) -> int:
    """The last pixel whose centre is not behind a position."""
    return math.floor(position - 0.5)


def _box_of(roi: Roi, rows: int, columns: int) -> Box | None:
    """The rows and columns that an ROI may have pixels in; None where there are none."""
    xs, ys = [point.x for point in roi.points], [point.y for point in roi.points]
    row, end_row = max(0, _index_from(min(ys))), min(rows, _index_to(max(ys)) + 1)
    # One more column than centres may lie in: a span ends behind its last pixel.
    column, end_column = max(0, _index_from(min(xs))), min(columns, _index_to(max(xs)) + 1)
    is_empty = row >= end_row or column >= end_column
    return None if is_empty else Box(row, column, end_row - row, end_column - column)


def _corners(roi: Roi) -> tuple[float, float, float, float]:
    xs, ys = [point.x for point in roi.points], [point.y for point in roi.points]
    return min(xs), min(ys), max(xs), max(ys)


def _rectangle(roi: Roi, box: Box) -> NDArray[np.bool_]:
    _, _, right, bottom = _corners(roi)
    centres = np.arange(box.row, box.end_row, dtype=np.float64) + 0.5
    inside = np.zeros((centres.size, box.columns), np.bool_)
    inside[centres < bottom, : max(0, _index_from(right) - box.column)] = True
    return inside


def _ellipse(roi: Roi, box: Box) -> NDArray[np.bool_]:
    left, top, right, bottom = _corners(roi)
    centres = np.arange(box.row, box.end_row, dtype=np.float64) + 0.5
    x, middle = (left + right) / 2, (top + bottom) / 2
    a, b = (right - left) / 2, (bottom - top) / 2
    share = 1 - ((centres - middle) / b) ** 2
    half = a * np.sqrt(np.maximum(share, 0))
    columns = np.arange(box.column, box.end_column)
    from_column, to_column = np.ceil(x - half - 0.5), np.floor(x + half - 0.5)
    inside: NDArray[np.bool_] = (
        (columns >= from_column[:, None]) & (columns <= to_column[:, None]) & (share >= 0)[:, None]
    )
    return inside


def _turns_of(roi: Roi, box: Box) -> list[NDArray[np.int64]]:
    """Where an outline crosses the middles of rows, and inside becomes outside or the reverse.

    Turns are places in an array that has the rows of the box and one more column, where
    spans may end.
    """
    last, points = roi.points[-1], roi.points
    # Each side goes from one of these to the next.
    x = np.array((last.x, *[point.x for point in points]), np.float64)
    y = np.array((last.y, *[point.y for point in points]), np.float64)
    # A side crosses the rows whose middle is on or below its upper end and above its lower.
    rows = np.minimum(np.maximum(np.ceil(y - 0.5), box.row), box.end_row)
    begin, end = np.minimum(rows[:-1], rows[1:]), np.maximum(rows[:-1], rows[1:])
    counts = (end - begin).astype(np.int64)
    sides = np.array((x[:-1], y[:-1], x[1:] - x[:-1], y[1:] - y[:-1], begin))
    if counts.sum() <= _MOST_TOGETHER:
        return [_turns(sides, counts, box)]
    return [_turns(sides[:, some], counts[some], box) for some in batches(counts)]


def _turns(sides: NDArray[np.float64], counts: NDArray[np.int64], box: Box) -> NDArray[np.int64]:
    sides[4] -= counts.cumsum() - counts
    left, top, width, height, begin = sides.repeat(counts, axis=1)
    row = begin + np.arange(begin.size)
    crossing = left + ((row + 0.5 - top) / height) * width
    column = np.minimum(np.maximum(np.ceil(crossing - 0.5), box.column), box.end_column)
    turns: NDArray[np.float64] = (row - box.row) * (box.columns + 1) + column
    return turns.astype(np.int64) - box.column


def _single_spans(turns: Sequence[NDArray[np.int64]], box: Box) -> NDArray[np.int64] | None:
    """Where the only span of each row begins and ends in the box; None where a row has others."""
    height, width = box.rows, box.columns
    if len(turns) != 1 or turns[0].size != 2 * height:
        return None
    spans = (
        np.sort(turns[0]).reshape(-1, 2) - np.arange(0, height * (width + 1), width + 1)[:, None]
    )
    return spans if spans.min() >= 0 and spans.max() <= width else None


def _filled(turns: Sequence[NDArray[np.int64]], box: Box) -> NDArray[np.bool_]:
    """Give what is between turns; each row has an even number of them."""
    height, width = box.rows, box.columns
    inside = np.zeros((height, width + 1), np.uint8)
    flat = inside.reshape(-1)
    if len(turns) == 1 and turns[0].size <= MOST_SPANS_A_ROW * height:
        for begin, end in np.sort(turns[0]).reshape(-1, 2).tolist():
            flat[begin:end] = 1
    else:
        for some in turns:
            np.bitwise_xor.at(flat, some, 1)
        np.bitwise_xor.accumulate(inside, axis=1, out=inside)
    return inside[:, :-1].view(np.bool_)


@lru_cache(maxsize=8)
def _bits_from(columns: int) -> NDArray[np.uint8]:
    """For each column, and the one behind the last: a row with this pixel and all right of it.

    Of two of them, what differs is a span.
    """
    numbers = np.arange(columns + 1)
    return np.packbits(numbers[:-1] >= numbers[:, None], axis=1, bitorder="little")


def batches(counts: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Split the places with a count into parts that do not sum up to too much."""
    counted = np.flatnonzero(counts)
    if counted.size and counts.sum() <= _MOST_TOGETHER:
        return [counted]
    part = np.cumsum(counts[counted]) // _MOST_TOGETHER
    return np.split(counted, np.flatnonzero(np.diff(part)) + 1) if counted.size else []


def expanded(
    numbers: NDArray[np.int64], counts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Repeat each number as often as it counts, and count them up from 0 beside it."""
    begins = np.cumsum(counts) - counts
    return np.repeat(numbers, counts), np.arange(counts.sum()) - np.repeat(begins, counts)
