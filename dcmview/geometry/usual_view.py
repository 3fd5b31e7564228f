"""How a slice has to be turned to lie as radiologists look at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dcmview.errors import InvalidGeometry
from dcmview.geometry.plane import check_orientation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Where rows and columns lead, by the axis that the plane has not: x to the left, y to the
# back and z to the head of the patient.
_USUAL = {
    0: ((0, 1, 0), (0, 0, -1)),  # sagittal: the front at the left, the head at the top
    1: ((1, 0, 0), (0, 0, -1)),  # coronal: the patient's right at the left, the head at the top
    2: ((1, 0, 0), (0, 1, 0)),  # axial: the patient's right at the left, the front at the top
}


class Turn(NamedTuple):
    """Rows and columns exchanged first, then either of them turned around."""

    exchanged: bool = False
    upside_down: bool = False
    left_to_right: bool = False

    def apply(self, levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Turn a picture of shape (rows, columns) or (rows, columns, 3)."""
        turned = levels.swapaxes(0, 1) if self.exchanged else levels
        turned = turned[::-1] if self.upside_down else turned
        turned = turned[:, ::-1] if self.left_to_right else turned
        return np.ascontiguousarray(turned)


AS_STORED = Turn()


def turn_to_usual(orientation: Sequence[float] | None) -> Turn:
    """Say how a slice is turned so that it looks as slices of its plane usually do.

    Axial slices are seen from the feet with the front at the top, coronal ones from the
    front and sagittal ones from the left with the head at the top. An oblique slice is
    taken for the plane that it is nearest to: it is turned by right angles and mirrored,
    never resampled.

    Parameters
    ----------
    orientation : sequence of six numbers, or None
        *Image Orientation (Patient)* (0020,0037), of pixels with no other order.

    Returns
    -------
    Turn
        That of a picture as it is stored where there is no orientation.

    References
    ----------
    DICOM PS3.3 C.7.6.2.1.1, Image Position and Image Orientation.

    Examples
    --------
    >>> turn_to_usual((1, 0, 0, 0, 1, 0))
    Turn(exchanged=False, upside_down=False, left_to_right=False)
    >>> turn_to_usual((-1, 0, 0, 0, 1, 0))
    Turn(exchanged=False, upside_down=False, left_to_right=True)
    """
    if orientation is None:
        return AS_STORED
    try:
        cosines = np.array(check_orientation(orientation)).reshape(2, 3)
    except InvalidGeometry:
        return AS_STORED
    row, column = cosines
    usual = _USUAL[int(np.argmax(np.abs(np.cross(row, column))))]
    right, down = (np.array(axis) for axis in usual)
    # Of the two ways to lay the axes the one that is nearer, also at 45 degrees.
    kept = abs(row @ right) + abs(column @ down)
    exchanged = bool(abs(row @ down) + abs(column @ right) > kept)
    if exchanged:
        row, column = column, row
    return Turn(exchanged, bool(column @ down < 0), bool(row @ right < 0))
