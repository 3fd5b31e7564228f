"""Stored values made fewer: a frame of means, to be seen before the whole one is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dcmview.pixels.stored import padding_mask

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcmview.model import PaddingRange

_LARGEST_INT32_BLOCK = 128
"""Twice the sum of as many 16-bit samples fits into 32 bits; larger blocks need wider sums."""


def reduce_stored(
    values: NDArray[Any], block: int, *, padding: PaddingRange | None = None, as_means: bool = True
) -> NDArray[Any]:
    """Reduce stored values to one for every square block.

    Parameters
    ----------
    values : ndarray, shape (rows, columns) or (rows, columns, samples)
        Stored values.
    block : int
        Rows and columns of a block; those at the lower and right edge may be smaller.
    padding : PaddingRange, optional
        Stored values that are no image and are left out of the means.
    as_means : bool, default True
        Whether a block becomes its mean, halves rounded up; else its top left
        value, for indices and labels, of which there is no mean.

    Returns
    -------
    ndarray of the same dtype, contiguous
        ``ceil(rows / block)`` rows and ``ceil(columns / block)`` columns. A block
        of nothing but padding, or of no finite value, is its top left value.

    Examples
    --------
    >>> reduce_stored(np.array([[0, 1, 9], [2, 4, 7]], np.uint8), 2).tolist()
    [[2, 8]]
    """
    corners = values[::block, ::block]
    if not as_means or block == 1:
        return np.ascontiguousarray(corners)
    is_left_out = _left_out(values, padding)
    if is_left_out is None:
        return _means(_block_sums(values, block), _block_sizes(values.shape, block), values.dtype)
    kept = np.where(is_left_out, values.dtype.type(0), values)
    counts = _block_sums((~is_left_out).view(np.uint8), block)
    means = _means(_block_sums(kept, block), np.maximum(counts, 1), values.dtype)
    return np.where(counts > 0, means, corners)


def _left_out(values: NDArray[Any], padding: PaddingRange | None) -> NDArray[np.bool_] | None:
    """What no mean is made of; None where there is nothing of the kind."""
    found = padding_mask(values, padding) if padding is not None else None
    if values.dtype.kind == "f":
        is_no_number = ~np.isfinite(values)
        found = is_no_number if found is None else found | is_no_number
    return found if found is not None and found.any() else None


def _block_sums(values: NDArray[Any], block: int) -> NDArray[Any]:
    """Sums over blocks: rows first, where memory is read in order."""
    wide = np.int32 if values.dtype.itemsize <= 2 and block <= _LARGEST_INT32_BLOCK else np.int64
    dtype: Any = np.float64 if values.dtype.kind == "f" else wide
    rows = values[::block].astype(dtype)
    for offset in range(1, min(block, values.shape[0])):
        part = values[offset::block]
        rows[: len(part)] += part
    sums = np.ascontiguousarray(rows[:, ::block])
    for offset in range(1, min(block, values.shape[1])):
        part = rows[:, offset::block]
        sums[:, : part.shape[1]] += part
    return sums


def _block_sizes(shape: tuple[int, ...], block: int) -> NDArray[Any]:
    """Values in each block; a single number, quicker to divide by, where all are whole."""
    if shape[0] % block == 0 and shape[1] % block == 0:
        return np.array(block * block)
    heights, widths = (np.minimum(block, side - np.arange(0, side, block)) for side in shape[:2])
    sizes = heights[:, None] * widths
    return sizes.reshape(sizes.shape + (1,) * (len(shape) - 2))


def _means(sums: NDArray[Any], sizes: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    if dtype.kind == "f":
        means: NDArray[Any] = sums / sizes
    else:
        sizes = sizes.astype(sums.dtype)
        means = (2 * sums + sizes) // (2 * sizes)
    return means.astype(dtype)
