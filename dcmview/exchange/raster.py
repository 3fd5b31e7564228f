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
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dcmview.annotations.roi import Roi

REGION_KINDS = ("rectangle", "ellipse", "polygon", "freehand")
"""Kinds that have an inside."""

_MOST_TOGETHER = 1 << 20
"""Places where sides cross rows that are held at once; a scribble may have millions."""
MOST_SPANS_A_ROW = 8
"""Of a usual outline; for a scribble with more it is faster to go from pixel to pixel."""


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


def region_of(roi: Roi, rows: int, columns: int) -> Region:
    """Give the pixels of an ROI, and no more of the image than the box around it.

    Parameters
    ----------
    roi : Roi
        Its points in any order; a kind without an inside holds no pixel.
    rows, columns : int
        Size of the image; what lies outside of it is left out.
    """
    xs, ys = [point.x for point in roi.points], [point.y for point in roi.points]
    left, top, right, bottom = min(xs), min(ys), max(xs), max(ys)
    first_row, last_row = max(0, _index_from(top)), min(rows - 1, _index_to(bottom))
    # One more column than centres may lie in: a span ends behind its last pixel.
    first, end = max(0, _index_from(left)), min(columns, _index_to(right) + 1)
    if roi.kind not in REGION_KINDS or first_row > last_row or first >= end:
        return Region(0, 0, np.zeros((0, 0), np.bool_))
    if roi.kind == "rectangle":
        centres = np.arange(first_row, last_row + 1, dtype=np.float64) + 0.5
        inside = np.zeros((centres.size, end - first), np.bool_)
        inside[centres < bottom, : max(0, _index_from(right) - first)] = True
    elif roi.kind == "ellipse":
        centres = np.arange(first_row, last_row + 1, dtype=np.float64) + 0.5
        inside = _ellipse((left, top, right, bottom), centres, first, end)
    else:
        inside = _polygon(xs, ys, (first_row, last_row + 1, first, end))
    return Region(first_row, first, inside)


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


def _ellipse(
    box: tuple[float, float, float, float], centres: NDArray[np.float64], first: int, end: int
) -> NDArray[np.bool_]:
    left, top, right, bottom = box
    x, middle = (left + right) / 2, (top + bottom) / 2
    a, b = (right - left) / 2, (bottom - top) / 2
    share = 1 - ((centres - middle) / b) ** 2
    half = a * np.sqrt(np.maximum(share, 0))
    columns = np.arange(first, end)
    from_column, to_column = np.ceil(x - half - 0.5), np.floor(x + half - 0.5)
    inside: NDArray[np.bool_] = (
        (columns >= from_column[:, None]) & (columns <= to_column[:, None]) & (share >= 0)[:, None]
    )
    return inside


def _polygon(
    xs: Sequence[float], ys: Sequence[float], box: tuple[int, int, int, int]
) -> NDArray[np.bool_]:
    """Turn from outside to inside and back wherever a side crosses the middle of a row.

    ``box`` is the first row and the one behind the last, and columns likewise.
    """
    first_row, end_row, _, _ = box
    # Each side goes from one of these to the next, the first one from the last corner.
    x, y = np.array((xs[-1], *xs), np.float64), np.array((ys[-1], *ys), np.float64)
    # A side crosses the rows whose middle is on or below its upper end and above its lower.
    rows = np.minimum(np.maximum(np.ceil(y - 0.5), first_row), end_row)
    begin, stop = np.minimum(rows[:-1], rows[1:]), np.maximum(rows[:-1], rows[1:])
    counts = (stop - begin).astype(np.int64)
    sides = np.array((x[:-1], y[:-1], x[1:] - x[:-1], y[1:] - y[:-1], begin))
    return _filled([_turns(sides[:, some], counts[some], box) for some in batches(counts)], box)


def _turns(
    sides: NDArray[np.float64], counts: NDArray[np.int64], box: tuple[int, int, int, int]
) -> NDArray[np.int64]:
    """Where sides cross rows, as places in an array with one more column than the box."""
    first_row, _, first, end = box
    sides[4] -= np.cumsum(counts) - counts
    left, top, width, height, begin = np.repeat(sides, counts, axis=1)
    row = begin + np.arange(begin.size)
    crossing = left + ((row + 0.5 - top) / height) * width
    column = np.minimum(np.maximum(np.ceil(crossing - 0.5), first), end)
    # Behind the last column of a row there is one more, where spans may end.
    places: NDArray[np.float64] = (row - first_row) * (end - first + 1) + (column - first)
    return places.astype(np.int64)


def _filled(
    turns: Sequence[NDArray[np.int64]], box: tuple[int, int, int, int]
) -> NDArray[np.bool_]:
    """Give what is between turns; each row has an even number of them."""
    first_row, end_row, first, end = box
    height, width = end_row - first_row, end - first
    if len(turns) == 1 and turns[0].size == 2 * height:
        spans = np.sort(turns[0]).reshape(-1, 2) - np.arange(height)[:, None] * (width + 1)
        if spans.min() >= 0 and spans.max() <= width:  # one in each row
            begins, ends = spans.astype(np.int32)[:, :, None].transpose(1, 0, 2)
            columns = np.arange(width, dtype=np.int32)
            inside: NDArray[np.bool_] = (columns >= begins) & (columns < ends)
            return inside
    filled = np.zeros((height, width + 1), np.uint8)
    flat = filled.reshape(-1)
    if len(turns) == 1 and turns[0].size <= MOST_SPANS_A_ROW * height:
        for start, stop in np.sort(turns[0]).reshape(-1, 2).tolist():
            flat[start:stop] = 1
    else:
        for some in turns:
            np.bitwise_xor.at(flat, some, 1)
        np.bitwise_xor.accumulate(filled, axis=1, out=filled)
    return filled[:, :-1].view(np.bool_)


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
