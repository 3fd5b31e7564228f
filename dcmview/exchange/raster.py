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


PackedRows = tuple[int, "NDArray[np.uint8]"]
"""A row of an image, and whole rows from that one on: pixels eight in a byte, the first lowest."""


def packed_rows(roi: Roi, rows: int, columns: int) -> PackedRows:
    """Give the pixels of an ROI of `REGION_KINDS` in an image whose rows fill whole bytes."""
    if roi.kind in OUTLINE_KINDS:
        (found,) = packed_outlines([roi], rows, columns)
        if found is not None:
            return found
    region = region_of(roi, rows, columns)
    return region.row, region.packed(columns)


def packed_outlines(rois: Sequence[Roi], rows: int, columns: int) -> list[PackedRows | None]:
    """Give the pixels of some ROIs of `OUTLINE_KINDS`, in little more time than those of one.

    None stands for one that has not a single span in each of its rows, and for what is large.
    """
    boxes = [_box_of(roi, rows, columns) for roi in rois]
    there = [number for number, box in enumerate(boxes) if box is not None]
    outlines = [(roi, box) for roi, box in zip(rois, boxes, strict=True) if box is not None]
    height = sum(box.rows for _, box in outlines)
    if not outlines or columns > _MOST_TABLE_COLUMNS or 2 * height > _MOST_TOGETHER:
        return [None] * len(rois)
    sides = _sides_of(outlines)
    begins = np.cumsum([0, *(len(roi.points) for roi, _ in outlines[:-1])])
    turns = np.add.reduceat(sides.counts, begins).tolist()
    usual = [
        number
        for number, (_, box), count in zip(there, outlines, turns, strict=True)
        if count == 2 * box.rows
    ]
    if len(usual) < len(rois):
        some = packed_outlines([rois[number] for number in usual], rows, columns)
        found = dict(zip(usual, some, strict=True))
        return [found.get(number) for number in range(len(rois))]
    row, column = sides.crossings()
    # What is drawn together is small enough for 32 bits.
    places = (row * (columns + 1) + column).astype(np.int32)
    places.sort()
    row_begins = np.arange(0, height * (columns + 1), columns + 1, dtype=np.int32)
    spans = places.reshape(-1, 2) - row_begins[:, None]
    if spans.min() < 0 or spans.max() > columns:  # as many turns, but not two in each row
        return [None] * len(rois)
    bits_from = _bits_from(columns)
    bits = bits_from.take(spans[:, 0], axis=0) ^ bits_from.take(spans[:, 1], axis=0)
    packed: list[PackedRows | None] = []
    for _, box in outlines:
        packed.append((box.row, bits[: box.rows]))
        bits = bits[box.rows :]
    return packed


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


class _Sides(NamedTuple):
    """Sides of outlines that stand below each other, each with the rows of its box.

    ``numbers`` are for each side: where it begins, how far it goes, the first row that it
    crosses, between which columns it is kept, and how far its rows are moved. ``counts``
    are the rows that it crosses.
    """

    numbers: NDArray[np.float64]
    counts: NDArray[np.int64]

    def part(self, some: NDArray[np.int64]) -> _Sides:
        """Give some of them."""
        return _Sides(self.numbers[:, some], self.counts[some])

    def crossings(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give rows, moved, and the first columns whose centre is not before a side."""
        counts = self.counts
        left, top, width, height, begin, first, end, moved = self.numbers.repeat(counts, axis=1)
        ordinal = np.arange(begin.size) - (counts.cumsum() - counts).repeat(counts)
        row = begin + ordinal
        crossing = left + ((row + 0.5 - top) / height) * width
        return row + moved, np.minimum(np.maximum(np.ceil(crossing - 0.5), first), end)


def _sides_of(outlines: Sequence[tuple[Roi, Box]]) -> _Sides:
    x1 = np.array([point.x for roi, _ in outlines for point in roi.points], np.float64)
    y1 = np.array([point.y for roi, _ in outlines for point in roi.points], np.float64)
    lengths = [len(roi.points) for roi, _ in outlines]
    x0, y0 = np.empty_like(x1), np.empty_like(y1)
    x0[1:], y0[1:] = x1[:-1], y1[:-1]
    end, height = 0, 0
    bounds = []
    for (_, box), length in zip(outlines, lengths, strict=True):
        # The first side of each comes from its last corner.
        x0[end], y0[end] = x1[end + length - 1], y1[end + length - 1]
        end += length
        bounds.append((box.row, box.end_row, box.column, box.end_column, height - box.row))
        height += box.rows
    top, bottom, *kept = np.array(bounds, np.float64).repeat(lengths, axis=0).T
    # A side crosses the rows whose middle is on or below its upper end and above its lower.
    rows0 = np.minimum(np.maximum(np.ceil(y0 - 0.5), top), bottom)
    rows1 = np.minimum(np.maximum(np.ceil(y1 - 0.5), top), bottom)
    numbers = np.array((x0, y0, x1 - x0, y1 - y0, np.minimum(rows0, rows1), *kept))
    return _Sides(numbers, np.abs(rows1 - rows0).astype(np.int64))


def _turns_of(roi: Roi, box: Box) -> list[NDArray[np.int64]]:
    """Where an outline turns from outside to inside and back, in the middles of rows.

    Turns are places in an array that has the rows of the box and one more column, where
    spans may end.
    """
    sides = _sides_of([(roi, box)])
    turns = []
    for some in batches(sides.counts):
        row, column = sides.part(some).crossings()
        turns.append((row * (box.columns + 1) + (column - box.column)).astype(np.int64))
    return turns


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
