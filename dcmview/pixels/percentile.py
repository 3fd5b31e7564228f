"""The range of modality values that a frame uses, padding left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from dcmview.pixels.modality import apply_modality
from dcmview.pixels.stored import padding_mask

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcmview.model import LookupTable, PaddingRange, Rescale

# Counting a chunk at a time keeps numpy's conversion to intp in the cache: 6 ms
# instead of 11 for 5.1 Mpx.
_CHUNK_VALUES = 1 << 17

# Sorting 3.8 million floats takes 70 ms, a third of them 20; counting integers needs no sorting.
_SORTED_AT_MOST = 2_000_000
_SORTED_AT_LEAST = 1_000_000


@dataclass(frozen=True, slots=True)
class ValueRange:
    """Minimum, maximum, 1st and 99th percentile of modality values.

    ``measured`` values are image and finite, the percentiles are taken from
    ``sampled`` of them; the two differ in very large frames of floats.
    """

    minimum: float
    p1: float
    p99: float
    maximum: float
    measured: int = 0
    sampled: int = 0


def measure_range(
    stored: NDArray[np.generic],
    modality: Rescale | LookupTable,
    padding: PaddingRange | None = None,
) -> ValueRange:
    """Measure the modality values of a frame.

    Exact, but for the percentiles of more than two million values of 32 bits or
    more, which come from at least a million that lie evenly spread. Padding and
    values that are not finite are left out. A frame of padding alone is measured
    as if it had none, a frame without any finite value is all 0.

    Parameters
    ----------
    stored : ndarray of integers or floats, any shape
        Stored values of one frame.
    modality : Rescale or LookupTable
        Their Modality LUT.
    padding : PaddingRange, optional
        Stored values that are no image.

    Returns
    -------
    ValueRange
        In modality values. Percentiles lie between the two nearest values, as
        ``numpy.percentile(..., method="linear")`` has them.
    """
    if stored.dtype.kind in "iu" and stored.dtype.itemsize <= 2:
        return _measure_counted(stored, modality, padding)
    return _measure_sorted(stored, modality, padding)


def _measure_counted(
    stored: NDArray[np.generic], modality: Rescale | LookupTable, padding: PaddingRange | None
) -> ValueRange:
    levels, counts = _histogram(stored)
    image = _image(levels, padding)
    values, counts = _finite(apply_modality(levels[image], modality), counts[image])
    if not values.size:
        return ValueRange(0, 0, 0, 0)
    order = np.argsort(values, kind="stable")
    values, ends = values[order], np.cumsum(counts[order])
    p1, p99 = _percentile(values, ends, 1), _percentile(values, ends, 99)
    measured = int(ends[-1])
    return ValueRange(float(values[0]), p1, p99, float(values[-1]), measured, measured)


def _measure_sorted(
    stored: NDArray[np.generic], modality: Rescale | LookupTable, padding: PaddingRange | None
) -> ValueRange:
    finite = stored[np.isfinite(cast("NDArray[np.floating[Any]]", stored))]
    if not finite.size:
        return ValueRange(0, 0, 0, 0)
    values = apply_modality(finite[_image(finite, padding)], modality)
    values = values[np.isfinite(values)]  # a huge slope makes infinities of large values
    if not values.size:
        return ValueRange(0, 0, 0, 0)
    step = values.size // _SORTED_AT_LEAST if values.size > _SORTED_AT_MOST else 1
    spread = values[::step]
    p1, p99 = np.percentile(spread, [1, 99], method="linear")
    low, high = float(values.min()), float(values.max())
    return ValueRange(low, float(p1), float(p99), high, values.size, spread.size)


def _image(stored: NDArray[np.generic], padding: PaddingRange | None) -> NDArray[np.bool_]:
    """What is not padding, or everything where nothing else would be left."""
    image = ~padding_mask(stored, padding)
    return image if image.any() else ~image


def _finite(
    values: NDArray[np.float64], counts: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    finite = np.isfinite(values)
    return values[finite], counts[finite]


def _histogram(stored: NDArray[np.generic]) -> tuple[NDArray[np.generic], NDArray[np.int64]]:
    """The stored values that occur, and how often each does."""
    cells = stored.reshape(-1)
    patterns = cells.view(f"u{cells.dtype.itemsize}")
    counts = np.zeros(1 << 8 * cells.dtype.itemsize, np.int64)
    for begin in range(0, patterns.size, _CHUNK_VALUES):
        chunk = np.bincount(patterns[begin : begin + _CHUNK_VALUES])
        counts[: chunk.size] += chunk
    occurring = np.flatnonzero(counts)
    return occurring.astype(patterns.dtype).view(cells.dtype), counts[occurring]


def _percentile(values: NDArray[np.float64], ends: NDArray[np.int64], percent: int) -> float:
    """A percentile of sorted values, each repeated up to its end in the sorted frame."""
    position = (int(ends[-1]) - 1) * (percent / 100)
    below = int(position)
    above = min(below + 1, int(ends[-1]) - 1)
    low, high = values[np.searchsorted(ends, [below, above], side="right")]
    return float(low + (high - low) * (position - below))
