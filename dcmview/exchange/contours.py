"""Outlines of masks, on the edges of pixels: drawn again by `raster`, they give the mask back.

Pixels that share a side are one part and have one outline. A hole belongs to
it: a cut, there and back on one horizontal line, leads to the hole and around
it. Sides of the cut cancel out wherever what is enclosed twice is outside,
which is the rule for ROIs, so one polygon says all of a part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from dcmview.annotations.roi import MOST_POINTS, ImagePoint, Roi
from dcmview.errors import InvalidAnnotation
from dcmview.exchange.raster import region_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

MOST_CORNERS = 2_000_000
"""Of all outlines of a mask. Noise has a corner every other pixel, and nobody drew it."""


def contours_of(mask: NDArray[np.bool_], most_points: int = MOST_POINTS) -> list[NDArray[np.int32]]:
    """Give an outline for each part of a mask.

    Parameters
    ----------
    mask : ndarray of bool, shape (rows, columns)
    most_points : int
        A part whose outline needs more is cut in two, as often as that takes.

    Returns
    -------
    list of ndarray of int32, shape (points, 2)
        Corners as image points (column, row), not closed, from the left one
        of the top row on.

    Raises
    ------
    InvalidAnnotation
        If the mask is noise.

    Examples
    --------
    >>> ring = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], np.bool_)
    >>> [outline.tolist() for outline in contours_of(ring)]
    [[[0, 0], [3, 0], [3, 3], [0, 3], [0, 1], [1, 1], [1, 2], [2, 2], [2, 1], [1, 1], [0, 1]]]
    """
    window = _occupied(mask)
    if window is None:
        return []
    origin = np.array([window[1].start, window[0].start], np.int32)
    found = []
    for outline in _outlines(mask[window]):
        if len(outline) <= most_points:
            found.append(outline + origin)
        else:
            found.extend(_halved(outline + origin, mask.shape, most_points))
    return found


def rois_of_mask(mask: NDArray[np.bool_], template: Roi) -> list[Roi]:
    """Give a polygon for each part of a mask, in all else like another ROI.

    Raises
    ------
    InvalidAnnotation
        If the mask is noise.
    """
    return [
        msgspec.structs.replace(template, kind="polygon", points=_image_points(outline))
        for outline in contours_of(mask)
    ]


def _image_points(outline: NDArray[np.int32]) -> tuple[ImagePoint, ...]:
    return tuple(ImagePoint(x, y) for x, y in outline.tolist())


def _occupied(mask: NDArray[np.bool_]) -> tuple[slice, slice] | None:
    """The rows and columns where anything is; None where nothing is."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _halved(
    outline: NDArray[np.int32], shape: tuple[int, ...], most_points: int
) -> list[NDArray[np.int32]]:
    points = _image_points(outline)
    region = region_of(Roi(kind="polygon", points=points), *shape)
    part = region.inside
    axis = int(part.shape[1] > part.shape[0])
    first, second = np.array_split(part, 2, axis=axis)
    step = np.array([0, first.shape[0]] if axis == 0 else [first.shape[1], 0], np.int32)
    origin = np.array([region.column, region.row], np.int32)
    return [
        *(piece + origin for piece in contours_of(first, most_points)),
        *(piece + origin + step for piece in contours_of(second, most_points)),
    ]


def _outlines(mask: NDArray[np.bool_]) -> list[NDArray[np.int32]]:
    """Follow the sides from corner to corner, then cut the holes in."""
    sides = _Sides.of(mask)
    xs, ys, following = sides.xs.tolist(), sides.ys.tolist(), sides.following.tolist()
    starts = _first_corners(following)
    is_outer = mask[sides.ys[starts], sides.xs[starts]]
    holes = starts[~is_outer]
    # Each hole is cut from what begins above or left of it, so holes may lie behind each other.
    for start, edge in zip(holes.tolist(), _left_ends(mask, xs, ys, holes), strict=True):
        x, y = xs[start], ys[start]
        lower = sides.lower_end(edge, y)
        last = _last_corner(start, following)
        there, around, back = range(len(xs), len(xs) + 3)
        xs += [edge, x, edge]
        ys += [y, y, y]
        following += [start, back, following[lower]]
        following[lower], following[last] = there, around
    points = np.column_stack([xs, ys]).astype(np.int32)
    return [_walk(start, following, points) for start in starts[is_outer].tolist()]


@dataclass(frozen=True, slots=True)
class _Sides:
    """The sides between what is in a mask and what is not, as arrays over their corners.

    Where two pixels touch at a corner alone, there are two corners, one for each.
    They are sorted by row, then column.
    """

    xs: NDArray[np.int64]
    ys: NDArray[np.int64]
    following: NDArray[np.int64]
    """The next corner for who has the mask to his right."""
    lower_ends: NDArray[np.int64]
    """The lower corners of the upright sides, from left to right and top to bottom."""
    upper_keys: NDArray[np.int64]
    """Their upper corners as ``x * height + y``, so that one can be looked up."""
    height: int

    @classmethod
    def of(cls, mask: NDArray[np.bool_]) -> _Sides:
        """Find the corners: where an odd number of the four pixels around is in, or two across."""
        padded = np.pad(mask, 1)
        above_left, above = padded[:-1, :-1], padded[:-1, 1:]
        left, here = padded[1:, :-1], padded[1:, 1:]
        crossed = (above_left == here) & (above == left) & (here != left)
        turning = above_left ^ above ^ left ^ here
        if np.count_nonzero(turning) + 2 * np.count_nonzero(crossed) > MOST_CORNERS:
            raise InvalidAnnotation(
                f"a mask of {mask.shape[1]} by {mask.shape[0]} pixels has more than "
                f"{MOST_CORNERS:,} corners: it is noise, and has no outlines"
            )
        ys, xs = np.nonzero(turning | crossed)
        twice = crossed[ys, xs]
        is_right = np.where(twice, False, above[ys, xs] != here[ys, xs])
        is_down = np.where(twice, ~here[ys, xs], left[ys, xs] != here[ys, xs])
        # Of two corners in one place, the first has the side to the left.
        place = np.flatnonzero(twice) + 1
        is_down = np.insert(is_down, place, ~is_down[twice])
        xs, ys = np.insert(xs, place, xs[twice]), np.insert(ys, place, ys[twice])
        is_right = np.insert(is_right, place, True)
        following = np.empty(xs.size, np.int64)
        # Corners of a row are the ends of its sides, two by two; those of a column likewise.
        begin, end = np.arange(0, xs.size, 2), np.arange(1, xs.size, 2)
        goes_right = here[ys[begin], xs[begin]]
        following[np.where(goes_right, begin, end)] = np.where(goes_right, end, begin)
        by_column = np.lexsort((is_down, ys, xs))
        upper, lower = by_column[0::2], by_column[1::2]
        goes_up = here[ys[upper], xs[upper]]
        following[np.where(goes_up, lower, upper)] = np.where(goes_up, upper, lower)
        height = mask.shape[0] + 1
        return cls(xs, ys, following, lower, xs[upper] * height + ys[upper], height)

    def lower_end(self, x: int, y: int) -> int:
        """The lower corner of the upright side at a column that passes a row."""
        place = np.searchsorted(self.upper_keys, x * self.height + y, side="right")
        return int(self.lower_ends[place - 1])


def _first_corners(following: list[int]) -> NDArray[np.int64]:
    """The top left corner of each closed line."""
    seen = bytearray(len(following))
    starts = []
    for start in range(len(following)):
        if seen[start]:
            continue
        starts.append(start)
        corner = start
        while not seen[corner]:
            seen[corner] = 1
            corner = following[corner]
    return np.array(starts, np.int64)


def _last_corner(start: int, following: list[int]) -> int:
    corner = start
    while following[corner] != start:
        corner = following[corner]
    return corner


def _left_ends(
    mask: NDArray[np.bool_], xs: list[int], ys: list[int], corners: NDArray[np.int64]
) -> Iterator[int]:
    """Where the pixels in the mask begin that end at a corner, one row after the other."""
    row, ends = -1, np.zeros(0, np.int64)
    for corner in corners.tolist():
        if ys[corner] != row:
            row = ys[corner]
            ends = np.flatnonzero(~mask[row]) + 1
        before = np.searchsorted(ends, xs[corner]) - 1
        yield int(ends[before]) if before >= 0 else 0


def _walk(start: int, following: list[int], points: NDArray[np.int32]) -> NDArray[np.int32]:
    """The corners of a closed line; a cut that begins at a corner does not say it twice."""
    line = [start]
    corner = following[start]
    while corner != start:
        line.append(corner)
        corner = following[corner]
    outline = points[line]
    found: NDArray[np.int32] = outline[(outline != np.roll(outline, 1, axis=0)).any(axis=1)]
    return found
