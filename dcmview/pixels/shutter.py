"""The display shutter: what of a picture is not to be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dcmview.pixels.overlay import place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dcmview.model import OverlayPlane, Shutter


def apply_shutter(
    display: NDArray[np.uint8], shutter: Shutter, planes: Sequence[OverlayPlane]
) -> NDArray[np.uint8]:
    """Hide what the shutter shuts, in a copy of a picture.

    Parameters
    ----------
    display : ndarray of uint8, shape (rows, columns) or (rows, columns, 3)
        Grey levels, or red, green, blue.
    shutter : Shutter
        Its shapes together: a pixel is seen if all of them let it be seen.
    planes : sequence of OverlayPlane
        Among them the one that a bitmap shutter names.

    Returns
    -------
    ndarray of uint8, same shape
        A copy, with the grey level of the shutter where it is shut.
    """
    shut = shut_mask(shutter, display.shape[0], display.shape[1], planes)
    shown = display.copy()
    shown[shut] = shutter.grey_level
    return shown


def shut_mask(
    shutter: Shutter, rows: int, columns: int, planes: Sequence[OverlayPlane] = ()
) -> NDArray[np.bool_]:
    """Mark the pixels that are not to be seen.

    Returns
    -------
    ndarray of bool, shape (rows, columns)

    References
    ----------
    DICOM PS3.3 C.7.6.11, Display Shutter Module.
    DICOM PS3.3 C.7.6.15, Bitmap Display Shutter Module.

    Examples
    --------
    >>> from dcmview.model import Shutter
    >>> shut_mask(Shutter(edges=(2, 3, 1, 1)), 2, 3).astype(int).tolist()
    [[1, 0, 0], [1, 1, 1]]
    """
    shut = np.zeros((rows, columns), np.bool_)
    row_numbers = np.arange(1, rows + 1)[:, None]
    column_numbers = np.arange(1, columns + 1)[None, :]
    if shutter.edges is not None:
        left, right, upper, lower = shutter.edges
        shut |= (column_numbers < left) | (column_numbers > right)
        shut |= (row_numbers < upper) | (row_numbers > lower)
    if shutter.circle is not None:
        row, column, radius = shutter.circle
        # Half the chord of each row: a square for every pixel takes ten times as long.
        beneath = radius**2 - (row_numbers - row) ** 2
        reach = np.floor(np.sqrt(np.maximum(beneath, 0))).astype(np.int64)
        shut |= (np.abs(column_numbers - column) > reach) | (beneath < 0)
    if shutter.polygon:
        shut |= ~_inside_polygon(shutter.polygon, rows, columns)
    for plane in planes:
        if plane.summary.group == shutter.overlay_group:
            shut |= place(plane, rows, columns)
    return shut


def _inside_polygon(
    vertices: Sequence[tuple[int, int]], rows: int, columns: int
) -> NDArray[np.bool_]:
    """Pixels on the outline are inside."""
    from PIL import Image, ImageDraw

    mask = Image.new("1", (columns, rows))
    points = [(column - 1, row - 1) for row, column in vertices]
    ImageDraw.Draw(mask).polygon(points, fill=1, outline=1)
    return np.asarray(mask, np.bool_)
