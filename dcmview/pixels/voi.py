"""Modality values -> grey levels: the VOI functions and VOI LUTs (DICOM PS3.3 C.11.2).

The formulae multiply before they divide, and divide once: in double precision
a result that is exactly a half then stays one, so that every engine that
computes in this order rounds alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dcmview.errors import InvalidWindow
from dcmview.model import LookupTable, VoiFunction, Window
from dcmview.pixels.modality import look_up

DEEP_MAX = 65535
"""White of a picture of 16 bits."""

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Values = NDArray[np.float32] | NDArray[np.float64]


def window_linear(values: Values, window: Window, *, output_max: int = 255) -> NDArray[np.uint8]:
    """Map modality values to display values with the default LINEAR function.

    A width of *w* covers *w* whole values, so the ramp is ``w - 1`` long and
    starts half a value early; LINEAR_EXACT leaves out both corrections. A width
    of 1 is a threshold.

    Parameters
    ----------
    values : ndarray of float, any shape
        Modality values, in the unit named by *Rescale Type* (0028,1054).
    window : Window
        *Window Center* (0028,1050) and *Window Width* (0028,1051), same unit.
    output_max : int, default 255
        Display value of everything above the window.

    Returns
    -------
    ndarray of uint8, same shape
        Display values ``0..output_max``, halves rounded up, MONOCHROME1 not yet
        inverted. Values that are not a number become 0.

    Raises
    ------
    InvalidWindow
        If the width is below 1, which LINEAR does not allow.

    References
    ----------
    DICOM PS3.3 C.11.2.1.2.1, Default LINEAR Function.

    Examples
    --------
    >>> hu = np.array([[-50, 0, 49, 50]], dtype=np.float32)
    >>> window_linear(hu, Window(center=0, width=100)).tolist()
    [[0, 129, 255, 255]]
    """
    return _rounded(_linear(values, window, output_max))


def window_linear_exact(
    values: Values, window: Window, *, output_max: int = 255
) -> NDArray[np.uint8]:
    """Map modality values to display values with the LINEAR_EXACT function.

    The window reaches from ``center - width / 2`` to ``center + width / 2``.

    Parameters
    ----------
    values : ndarray of float, any shape
        Modality values.
    window : Window
        Center and width; the width may be below 1.
    output_max : int, default 255
        Display value of everything above the window.

    Returns
    -------
    ndarray of uint8, same shape
        Display values ``0..output_max``, halves rounded up.

    Raises
    ------
    InvalidWindow
        If the width is not above 0.

    References
    ----------
    DICOM PS3.3 C.11.2.1.3.2, LINEAR_EXACT Function.

    Examples
    --------
    >>> window_linear_exact(np.array([-50.0, 0.0, 50.0]), Window(0, 100)).tolist()
    [0, 128, 255]
    """
    return _rounded(_linear_exact(values, window, output_max))


def window_sigmoid(values: Values, window: Window, *, output_max: int = 255) -> NDArray[np.uint8]:
    """Map modality values to display values with the SIGMOID function.

    Parameters
    ----------
    values : ndarray of float, any shape
        Modality values.
    window : Window
        The center has the middle grey level; a quarter of the width scales the
        exponent.
    output_max : int, default 255
        The display value that large values come close to.

    Returns
    -------
    ndarray of uint8, same shape
        Display values ``0..output_max``, halves rounded up.

    Raises
    ------
    InvalidWindow
        If the width is not above 0.

    References
    ----------
    DICOM PS3.3 C.11.2.1.3.1, SIGMOID Function.

    Examples
    --------
    >>> window_sigmoid(np.array([-50.0, 0.0, 50.0]), Window(0, 100)).tolist()
    [30, 128, 225]
    """
    return _rounded(_sigmoid(values, window, output_max))


def apply_voi_lut(
    values: Values, table: LookupTable, *, output_max: int = 255
) -> NDArray[np.uint8]:
    """Map modality values to display values with a VOI LUT.

    Parameters
    ----------
    values : ndarray of float, any shape
        Modality values; those between two entries take the nearest.
    table : LookupTable
        One item of *VOI LUT Sequence* (0028,3010).
    output_max : int, default 255
        Display value of the highest entry that ``table.bits`` allow.

    Returns
    -------
    ndarray of uint8, same shape
        Display values ``0..output_max``, halves rounded up.

    References
    ----------
    DICOM PS3.3 C.11.2.1.1, LUT Descriptor.
    """
    display = _rounded(_entry_levels(table, output_max))
    return display[look_up(np.asarray(values, np.float64), table)]


def apply_voi(
    values: Values, voi: Window | LookupTable, *, output_max: int = 255
) -> NDArray[np.uint8]:
    """Map modality values to display values with whichever function the choice names."""
    if isinstance(voi, LookupTable):
        return apply_voi_lut(values, voi, output_max=output_max)
    return _rounded(_FUNCTIONS[voi.function](values, voi, output_max))


def apply_voi_deep(values: Values, voi: Window | LookupTable) -> NDArray[np.uint16]:
    """Map modality values to display values of 16 bits, from 0 to 65535.

    Examples
    --------
    >>> hu = np.array([-50.0, 0.0, 50.0])
    >>> apply_voi_deep(hu, Window(0, 100, VoiFunction.LINEAR_EXACT)).tolist()
    [0, 32768, 65535]
    """
    if isinstance(voi, LookupTable):
        display = _whole(_entry_levels(voi, DEEP_MAX)).astype(np.uint16)
        return display[look_up(np.asarray(values, np.float64), voi)]
    return _whole(_FUNCTIONS[voi.function](values, voi, DEEP_MAX)).astype(np.uint16)


def _linear(values: Values, window: Window, output_max: int) -> NDArray[np.float64]:
    if not window.width >= 1:
        raise InvalidWindow(
            f"Window Width (0028,1051) is {window.width:g}, LINEAR needs at least 1"
        )
    return _ramp(values, window.center - 0.5, window.width - 1, output_max)


def _linear_exact(values: Values, window: Window, output_max: int) -> NDArray[np.float64]:
    _require_positive_width(window)
    return _ramp(values, window.center, window.width, output_max)


def _sigmoid(values: Values, window: Window, output_max: int) -> NDArray[np.float64]:
    _require_positive_width(window)
    with np.errstate(over="ignore"):  # e^x beyond all numbers is infinite, its reciprocal 0
        exponents = (np.asarray(values, np.float64) - window.center) * -4 / window.width
        levels: NDArray[np.float64] = output_max / (1 + np.exp(exponents))
    return levels


def _ramp(values: Values, middle: float, length: float, output_max: int) -> NDArray[np.float64]:
    """Rise from 0 to ``output_max`` over ``length``, halfway up at ``middle``."""
    distance = np.asarray(values, np.float64) - middle
    if length == 0:
        return np.where(distance > 0, float(output_max), 0.0)
    with np.errstate(over="ignore", invalid="ignore"):  # a tiny width, or an infinite value
        levels = distance * output_max / length + output_max / 2
    # The ramp is 0 and output_max at its ends, so clipping is the same as comparing
    # the input, and rounding cannot push a value out of range.
    return np.clip(levels, 0, output_max)


def _entry_levels(table: LookupTable, output_max: int) -> NDArray[np.float64]:
    """Levels of all entries that there may be."""
    levels = np.arange(1 << 16, dtype=np.float64) * output_max / ((1 << table.bits) - 1)
    return np.minimum(levels, output_max)


def _whole(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round halves up; what is not a number is 0."""
    return np.nan_to_num(np.floor(levels + 0.5), copy=False, nan=0.0)


def _rounded(levels: NDArray[np.float64]) -> NDArray[np.uint8]:
    return _whole(levels).astype(np.uint8)


def _require_positive_width(window: Window) -> None:
    if not window.width > 0:
        raise InvalidWindow(
            f"Window Width (0028,1051) is {window.width:g}, {window.function} needs more than 0"
        )


_FUNCTIONS: dict[VoiFunction, Callable[[Values, Window, int], NDArray[np.float64]]] = {
    VoiFunction.LINEAR: _linear,
    VoiFunction.LINEAR_EXACT: _linear_exact,
    VoiFunction.SIGMOID: _sigmoid,
}
