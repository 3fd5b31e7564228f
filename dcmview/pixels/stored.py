"""Which stored values are image and which are padding."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcmview.model import PaddingRange


def padding_mask(stored: NDArray[np.generic], padding: PaddingRange | None) -> NDArray[np.bool_]:
    """Mark the stored values that are padding.

    Parameters
    ----------
    stored : ndarray of integers or floats, any shape
        Stored values, before any rescale.
    padding : PaddingRange or None
        *Pixel Padding Value* (0028,0120) to *Pixel Padding Range Limit*
        (0028,0121), both included.

    Returns
    -------
    ndarray of bool, same shape
        True where a value is padding.

    References
    ----------
    DICOM PS3.3 C.7.5.1.1.2, Pixel Padding Value and Pixel Padding Range Limit.

    Examples
    --------
    >>> from dcmview.model import PaddingRange
    >>> padding_mask(np.array([-2000, -1000, 0]), PaddingRange(-2000, -1000)).tolist()
    [True, True, False]
    """
    if padding is None:
        return np.zeros(stored.shape, np.bool_)
    if stored.dtype.kind in "iu":
        whole: NDArray[np.integer[Any]] = stored  # type: ignore[assignment]
        low, high = math.ceil(padding.low), math.floor(padding.high)
        return whole == low if low == high else (whole >= low) & (whole <= high)
    # The bounds are floats: a float32 sample compares in double precision, as the
    # element that holds the bound was written.
    values = stored.astype(np.float64, copy=False)
    return (values >= padding.low) & (values <= padding.high)
