"""The plane of one frame: between its pixels and mm in the patient.

Strict: a plane that makes no sense is refused here, and what reads files
decides what to do without it. Pairs are (column, row).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dcmview.errors import InvalidGeometry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from dcmview.model import Vector

Orientation = tuple[float, float, float, float, float, float]
"""Direction cosines of a row and of a column, Image Orientation (Patient) (0020,0037)."""

COSINE_TOLERANCE = 1e-3
"""How far cosines may be from unit length and from a right angle.

They are written with 16 characters at most and by some scanners with four
decimals, which is 1e-4; 1e-3 is 0.06 degrees, or 0.5 mm at the far side of a
field of 500 mm.
"""

_PRINCIPAL_DEG = 20.0
"""Up to here people still call a plane axial, sagittal or coronal.

Spines and heads are tilted by as much without anybody calling it oblique.
"""

_WORDS = ("sagittal", "coronal", "axial")
# x runs to the left, y to the back and z to the head of the patient.
_ENDS = (("right", "left"), ("front", "back"), ("feet", "head"))


def check_orientation(orientation: Sequence[float]) -> Orientation:
    """Give the cosines with unit length, or refuse them.

    Raises
    ------
    InvalidGeometry
        If they are not six finite numbers, not of unit length or not at a
        right angle, by more than `COSINE_TOLERANCE`.

    References
    ----------
    DICOM PS3.3 C.7.6.2.1.1, Image Position and Image Orientation.
    """
    cosines = np.asarray(orientation, dtype=np.float64)
    if cosines.shape != (6,) or not np.isfinite(cosines).all():
        raise InvalidGeometry("Image Orientation (Patient) is not six numbers")
    row, column = cosines[:3], cosines[3:]
    lengths = float(np.linalg.norm(row)), float(np.linalg.norm(column))
    if max(abs(length - 1) for length in lengths) > COSINE_TOLERANCE:
        raise InvalidGeometry(
            f"direction cosines of Image Orientation (Patient) have the lengths "
            f"{lengths[0]:.4f} and {lengths[1]:.4f}, not 1"
        )
    between = float(row @ column) / (lengths[0] * lengths[1])
    if abs(between) > COSINE_TOLERANCE:
        meeting_deg = np.degrees(np.arccos(between))
        raise InvalidGeometry(
            f"rows and columns of Image Orientation (Patient) meet at "
            f"{meeting_deg:.2f} degrees, not 90"
        )
    unit = (*(row / lengths[0]).tolist(), *(column / lengths[1]).tolist())
    return unit[0], unit[1], unit[2], unit[3], unit[4], unit[5]


def normal_of(orientation: Sequence[float]) -> NDArray[np.float64]:
    """Give the unit vector at a right angle to rows and columns: row x column.

    Examples
    --------
    >>> normal_of((1, 0, 0, 0, 1, 0)).tolist()
    [0.0, 0.0, 1.0]
    """
    cosines = np.asarray(orientation, dtype=np.float64)
    normal = np.cross(cosines[:3], cosines[3:])
    length = float(np.linalg.norm(normal))
    if not np.isfinite(length) or length < COSINE_TOLERANCE:
        raise InvalidGeometry("rows and columns of Image Orientation (Patient) do not span a plane")
    return np.asarray(normal / length, dtype=np.float64)


def orientation_word(orientation: Sequence[float]) -> str:
    """Call a plane axial, sagittal, coronal or oblique, as people do.

    Examples
    --------
    >>> orientation_word((0, 1, 0, 0, 0, -1))
    'sagittal'
    """
    cosines = np.abs(normal_of(orientation))
    axis = int(np.argmax(cosines))
    is_principal = cosines[axis] >= np.cos(np.radians(_PRINCIPAL_DEG))
    return _WORDS[axis] if is_principal else "oblique"


def direction_words(direction: ArrayLike) -> str:
    """Say where a direction leads in the patient, by its longest component.

    Examples
    --------
    >>> direction_words((0, 0.2, -0.98))
    'head to feet'
    """
    components = np.asarray(direction, dtype=np.float64)
    axis = int(np.argmax(np.abs(components)))
    low, high = _ENDS[axis]
    return f"{low} to {high}" if components[axis] > 0 else f"{high} to {low}"


@dataclass(frozen=True, slots=True)
class Plane:
    """Where the pixels of a frame lie.

    ``position`` is the centre of the first pixel. ``row_spacing_mm`` is the
    distance between rows, downwards, ``column_spacing_mm`` between columns.
    """

    position: Vector
    orientation: Orientation
    row_spacing_mm: float
    column_spacing_mm: float

    def __post_init__(self) -> None:
        position = np.asarray(self.position, dtype=np.float64)
        if position.shape != (3,) or not np.isfinite(position).all():
            raise InvalidGeometry("Image Position (Patient) is not three numbers")
        object.__setattr__(self, "orientation", check_orientation(self.orientation))
        spacings = (self.row_spacing_mm, self.column_spacing_mm)
        if not all(np.isfinite(spacing) and spacing > 0 for spacing in spacings):
            raise InvalidGeometry(f"pixel spacing is {spacings[0]} by {spacings[1]} mm")

    @property
    def normal(self) -> NDArray[np.float64]:
        """The unit vector at a right angle to the plane: row x column."""
        return normal_of(self.orientation)

    def index_to_mm(self, pixel_index: ArrayLike) -> NDArray[np.float64]:
        """Give the patient coordinates of pixel indices.

        Parameters
        ----------
        pixel_index : array_like, shape (..., 2)
            (column, row), 0 at the centre of the first pixel; fractions are
            allowed.

        Returns
        -------
        ndarray of float64, shape (..., 3)
            x, y, z in mm.

        References
        ----------
        DICOM PS3.3 C.7.6.2.1.1, equation C.7.6.2.1-1.

        Examples
        --------
        >>> plane = Plane((10.0, 20.0, 30.0), (1, 0, 0, 0, 1, 0), 2.0, 0.5)
        >>> plane.index_to_mm((4, 1)).tolist()
        [12.0, 22.0, 30.0]
        """
        indices = np.asarray(pixel_index, dtype=np.float64)
        mm: NDArray[np.float64] = np.asarray(self.position) + indices @ self._steps
        return mm

    @property
    def _steps(self) -> NDArray[np.float64]:
        """What a step of one column and of one row is in mm: shape (2, 3)."""
        cosines = np.asarray(self.orientation).reshape(2, 3)
        # The next column lies along a row, and columns are column_spacing_mm apart.
        spacings = np.array([[self.column_spacing_mm], [self.row_spacing_mm]])
        steps: NDArray[np.float64] = cosines * spacings
        return steps
