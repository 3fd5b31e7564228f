"""Overlay planes drawn into a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dcmview.model import OverlayPlane


def burn(
    display: NDArray[np.uint8], planes: Sequence[OverlayPlane], *, level: int = 255
) -> NDArray[np.uint8]:
    """Draw overlay planes into a copy of a picture.

    Parameters
    ----------
    display : ndarray of uint8, shape (rows, columns) or (rows, columns, 3)
        Grey levels, or red, green, blue.
    planes : sequence of OverlayPlane
        Placed by their origin; what lies outside the picture is left out.
    level : int, default 255
        What the set bits become.

    Returns
    -------
    ndarray of uint8, same shape
        A copy.

    References
    ----------
    DICOM PS3.3 C.9.2, Overlay Plane Module.
    """
    drawn = display.copy()
    for plane in planes:
        placed = place(plane, display.shape[0], display.shape[1])
        drawn[placed] = level
    return drawn


def place(plane: OverlayPlane, rows: int, columns: int) -> NDArray[np.bool_]:
    """Lay a plane over an image of another size.

    Returns
    -------
    ndarray of bool, shape (rows, columns)
        True where the overlay is set.
    """
    placed = np.zeros((rows, columns), np.bool_)
    top, left = plane.summary.origin_row - 1, plane.summary.origin_column - 1
    height, width = plane.bits.shape
    # The part of the image that the plane covers, and that part of the plane.
    row_begin, row_end = max(top, 0), min(top + height, rows)
    column_begin, column_end = max(left, 0), min(left + width, columns)
    if row_begin < row_end and column_begin < column_end:
        placed[row_begin:row_end, column_begin:column_end] = plane.bits[
            row_begin - top : row_end - top, column_begin - left : column_end - left
        ]
    return placed
