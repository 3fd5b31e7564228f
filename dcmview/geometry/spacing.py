"""Which spacing of a file holds, and in which plane.

A radiograph is larger on the detector than the patient is, so a distance there
is never given as one in the patient.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dcmview.errors import InvalidGeometry

SPACING_TOLERANCE = 1e-3
"""Relative: spacings are written with three to six digits."""

_PIXEL_SPACING = "Pixel Spacing (0028,0030)"
_IMAGER_PIXEL_SPACING = "Imager Pixel Spacing (0018,1164)"
_MAGNIFICATION = "Estimated Radiographic Magnification Factor (0018,1114)"
_BETWEEN_SLICES = "Spacing Between Slices (0018,0088)"
_SLICE_THICKNESS = "Slice Thickness (0018,0050)"

Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class PixelSpacing:
    """Distances between pixel centres, with the element they come from and what they are.

    ``is_in_patient`` is false where they are those at the detector or where
    the file does not say.
    """

    row_spacing_mm: float
    column_spacing_mm: float
    source: str
    is_in_patient: bool


@dataclass(frozen=True, slots=True)
class SliceSpacing:
    """Distance between the centres of slices, and where it comes from."""

    spacing_mm: float
    source: str


def choose_pixel_spacing(
    pixel_spacing: Pair | None,
    imager_pixel_spacing: Pair | None = None,
    *,
    calibration_type: str = "",
    magnification: float | None = None,
    is_projection: bool = False,
) -> PixelSpacing | None:
    """Choose the pixel spacing of an image.

    Parameters
    ----------
    pixel_spacing, imager_pixel_spacing : pair of float or None
        (row spacing, column spacing) in mm, as in Pixel Spacing (0028,0030)
        and Imager Pixel Spacing (0018,1164).
    calibration_type : str
        Pixel Spacing Calibration Type (0028,0A02): GEOMETRY or FIDUCIAL.
    magnification : float or None
        Estimated Radiographic Magnification Factor (0018,1114).
    is_projection : bool
        Whether the image is a projection, of which size depends on depth.

    Returns
    -------
    PixelSpacing or None
        None where the file gives none.

    Raises
    ------
    InvalidGeometry
        If a spacing or factor is not positive.

    References
    ----------
    DICOM PS3.3 10.7.1, Basic Pixel Spacing Calibration Macro.
    """
    for pair in (pixel_spacing, imager_pixel_spacing):
        if pair is not None and not _are_positive(*pair):
            raise InvalidGeometry(f"pixel spacing is {pair[0]} by {pair[1]} mm")
    if magnification is not None and not _are_positive(magnification):
        raise InvalidGeometry(f"{_MAGNIFICATION} is {magnification}")
    if pixel_spacing is not None:
        words, is_in_patient = _about_pixel_spacing(
            pixel_spacing, imager_pixel_spacing, calibration_type, is_projection=is_projection
        )
        if is_in_patient or imager_pixel_spacing is None or magnification is None:
            return PixelSpacing(*pixel_spacing, words, is_in_patient)
    if imager_pixel_spacing is None:
        return None
    if magnification is not None:
        row_mm, column_mm = (spacing / magnification for spacing in imager_pixel_spacing)
        words = f"{_IMAGER_PIXEL_SPACING} divided by {_MAGNIFICATION}, an estimate"
        return PixelSpacing(row_mm, column_mm, words, is_in_patient=True)
    words = f"{_IMAGER_PIXEL_SPACING}, at the detector"
    return PixelSpacing(*imager_pixel_spacing, words, is_in_patient=False)


def choose_slice_spacing(
    measured_mm: float | None,
    *,
    spacing_between_slices_mm: float | None = None,
    slice_thickness_mm: float | None = None,
) -> SliceSpacing | None:
    """Choose the distance between slices: as measured, else as written, else the thickness.

    Spacing Between Slices may be negative, where slices run against the normal
    (DICOM PS3.3 C.8.4.15); the distance is positive.
    """
    if measured_mm is not None:
        return SliceSpacing(measured_mm, "Image Position (Patient) (0020,0032)")
    for value, source in (
        (spacing_between_slices_mm, _BETWEEN_SLICES),
        (slice_thickness_mm, f"{_SLICE_THICKNESS}, as if slices touched"),
    ):
        if value is not None and _are_positive(abs(value)):
            return SliceSpacing(abs(value), source)
    return None


def are_equal_spacings(first: Pair, second: Pair) -> bool:
    """Whether two spacings are the same, but for the digits they are written with."""
    return bool(np.allclose(first, second, rtol=SPACING_TOLERANCE, atol=0))


def _about_pixel_spacing(
    spacing: Pair, at_detector: Pair | None, calibration_type: str, *, is_projection: bool
) -> tuple[str, bool]:
    """Say in which plane Pixel Spacing is, and whether that is one in the patient."""
    if calibration_type:
        return f"{_PIXEL_SPACING}, calibrated ({calibration_type})", True
    if at_detector is None:
        if is_projection:
            return f"{_PIXEL_SPACING}, may be at the detector", False
        return _PIXEL_SPACING, True
    if are_equal_spacings(spacing, at_detector):
        return f"{_PIXEL_SPACING}, at the detector", False
    return f"{_PIXEL_SPACING}, calibrated in a way that is not said", True


def _are_positive(*values: float) -> bool:
    return all(np.isfinite(value) and value > 0 for value in values)
