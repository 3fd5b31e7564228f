"""The bicubic filter of small pictures: Pillow's, as products of small matrices, in a quarter of
its time.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_SCALE = 1 << 14
"""Weights are whole numbers of parts of 1, and sums of products below 2 ** 24 of these parts:
float32 has them exactly in whatever order a processor adds, and a picture is the same on all."""
_SUPPORT = 2.0
_BAND_ROWS, _BAND_COLUMNS = 8, 16
_STRIP_BANDS, _TILE_COLUMNS = 25, 512
"""Products of up to 2 ** 18 multiplications, for which the library behind numpy has no threads."""
_BANDS_KEPT = 32  # of 50 KB for 512 pixels to 200: the frames of a series share two


class Box(NamedTuple):
    """A part of a picture, in image points."""

    left: float
    top: float
    right: float
    bottom: float


class _Band(NamedTuple):
    """Neighbouring rows or columns of the result, and what each gets of those of the source."""

    begin: int
    end: int
    source_begin: int
    source_end: int
    weights: NDArray[np.float32]
    """Shape (result, source)."""


def shrink(levels: NDArray[np.uint8], height: int, width: int, box: Box) -> NDArray[np.uint8]:
    """Make a part of a picture smaller.

    Parameters
    ----------
    levels : ndarray of uint8, shape (rows, columns) or (rows, columns, samples)
        Display values.
    height, width : int
        The size, not above that of the box.
    box : Box
        What is to be shown.

    Returns
    -------
    ndarray of uint8
        As Pillow's ``resize`` gives it, but that overshoots of edges are cut off once, at the
        end, and not between columns and rows as well.

    Examples
    --------
    >>> shrink(np.full((7, 9), 77, np.uint8), 1, 2, Box(0, 0, 9, 7)).tolist()
    [[77, 77]]
    """
    rows, columns = levels.shape[:2]
    vertical = _bands(rows, box.top, box.bottom, height, _BAND_ROWS)
    horizontal = _bands(columns, box.left, box.right, width, _BAND_COLUMNS)
    small = np.empty((height, width, *levels.shape[2:]), np.uint8)
    if levels.ndim == 2:
        _shrink_plane(levels, small, vertical, horizontal)
    else:
        for sample in range(levels.shape[2]):
            _shrink_plane(levels[:, :, sample], small[:, :, sample], vertical, horizontal)
    return small


def _shrink_plane(
    levels: NDArray[np.uint8],
    small: NDArray[np.uint8],
    vertical: tuple[_Band, ...],
    horizontal: tuple[_Band, ...],
) -> None:
    columns = levels.shape[1]
    for strip in _strips(vertical):
        top, bottom, first = strip[0].begin, strip[-1].end, strip[0].source_begin
        source = levels[first : strip[-1].source_end].astype(np.float32, order="C")
        fewer_rows = np.empty((bottom - top, columns), np.float32)
        for band in strip:
            rows = source[band.source_begin - first : band.source_end - first]
            into = fewer_rows[band.begin - top : band.end - top]
            for tile in range(0, columns, _TILE_COLUMNS):
                part = slice(tile, tile + _TILE_COLUMNS)
                np.matmul(band.weights, rows[:, part], out=into[:, part])
        np.rint(fewer_rows, out=fewer_rows)
        done = np.empty((bottom - top, small.shape[1]), np.float32)
        for band in horizontal:
            part = slice(band.source_begin, band.source_end)
            np.matmul(fewer_rows[:, part], band.weights.T, out=done[:, band.begin : band.end])
        np.rint(done, out=done)
        np.clip(done, 0, 255, out=done)
        small[top:bottom] = done


def _strips(bands: tuple[_Band, ...]) -> Iterator[tuple[_Band, ...]]:
    for begin in range(0, len(bands), _STRIP_BANDS):
        yield bands[begin : begin + _STRIP_BANDS]


@lru_cache(maxsize=_BANDS_KEPT)
def _bands(length: int, begin: float, end: float, count: int, size: int) -> tuple[_Band, ...]:
    """Give the weights that make so many rows or columns of those between two points."""
    step = (end - begin) / count
    reach = _SUPPORT * step
    centers = begin + (np.arange(count) + 0.5) * step
    firsts = np.clip(np.floor(centers - reach).astype(int), 0, length - 1)
    taps = firsts[:, None] + np.arange(int(2 * reach) + 2)
    weights = _cubic((taps + 0.5 - centers[:, None]) / step)
    weights[taps >= length] = 0
    weights /= weights.sum(axis=1, keepdims=True)
    whole = np.rint(weights * _SCALE)
    # What is flat stays flat.
    whole[np.arange(count), whole.argmax(axis=1)] += _SCALE - whole.sum(axis=1)
    bands = []
    for first in range(0, count, size):
        last = min(first + size, count)
        source_begin = int(firsts[first])
        part = taps[first:last] - source_begin
        of_band = np.zeros((last - first, int(part.max()) + 1), np.float32)
        np.put_along_axis(of_band, part, whole[first:last] / _SCALE, axis=1)
        source_end = min(source_begin + of_band.shape[1], length)
        of_band = np.ascontiguousarray(of_band[:, : source_end - source_begin])
        bands.append(_Band(first, last, source_begin, source_end, of_band))
    return tuple(bands)


def _cubic(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keys' kernel, as Pillow has it: of pixels of the result, with a slope of -0.5 at 1."""
    x = np.abs(distances)
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, near, np.where(x < _SUPPORT, far, 0.0))
