"""Which spacing of a file holds, and in which plane.

A radiograph is larger on the detector than the patient is, so a distance there
is never given as one in the patient.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dcmview.errors import InvalidGeometry
from dcmview.model import PixelSpacing, SpacingPlane

SPACING_TOLERANCE = 1e-3
"""Relative: spacings are written with three to six digits."""

PROJECTIONS = frozenset({"CR", "DX", "MG", "RG", "XA", "RF", "IO", "PX"})
"""Modalities whose images are projections, where size depends on depth."""

_PIXEL_SPACING = "Pixel Spacing (0028,0030)"
_IMAGER_PIXEL_SPACING = "Imager Pixel Spacing (0018,1164)"
_NOMINAL_SCANNED = "Nominal Scanned Pixel Spacing (0018,2010)"
_MAGNIFICATION = "Estimated Radiographic Magnification Factor (0018,1114)"
_BETWEEN_SLICES = "Spacing Between Slices (0018,0088)"
_SLICE_THICKNESS = "Slice Thickness (0018,0050)"

Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class SliceSpacing:
    """Distance between the centres of slices, and where it comes from."""

    spacing_mm: float
    source: str


def choose_pixel_spacing(
    pixel_spacing: Pair | None,
    imager_pixel_spacing: Pair | None = None,
    nominal_scanned_spacing: Pair | None = None,
    *,
    calibration_type: str = "",
    magnification: float | None = None,
    is_projection: bool = False,
) -> PixelSpacing | None:
    """Choose the pixel spacing of an image.

    A spacing at the detector is never divided by the magnification: that is an
    estimate for one depth, which the note tells and the reader may use.

    Parameters
    ----------
    pixel_spacing, imager_pixel_spacing, nominal_scanned_spacing : pair of float or None
        (row spacing, column spacing) in mm, as in Pixel Spacing (0028,0030),
        Imager Pixel Spacing (0018,1164) and, of a scanned film, Nominal
        Scanned Pixel Spacing (0018,2010).
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
    for pair in (pixel_spacing, imager_pixel_spacing, nominal_scanned_spacing):
        if pair is not None and not _are_positive(*pair):
            raise InvalidGeometry(f"pixel spacing is {pair[0]} by {pair[1]} mm")
    if magnification is not None and not _are_positive(magnification):
        raise InvalidGeometry(f"{_MAGNIFICATION} is {magnification}")
    at_detector = imager_pixel_spacing or nominal_scanned_spacing
    where = "at the detector" if imager_pixel_spacing else "on the scanned film"
    if pixel_spacing is not None:
        if calibration_type:
            plane, note = SpacingPlane.PATIENT, f"calibrated ({calibration_type})"
        elif at_detector is not None and are_equal_spacings(pixel_spacing, at_detector):
            plane, note = SpacingPlane.DETECTOR, where
        elif at_detector is not None:
            plane, note = SpacingPlane.PATIENT, "calibrated in a way that is not said"
        elif is_projection:
            plane, note = SpacingPlane.UNKNOWN, "may be at the detector"
        else:
            plane, note = SpacingPlane.PATIENT, ""
        element, chosen = _PIXEL_SPACING, pixel_spacing
    elif at_detector is not None:
        plane, note, chosen = SpacingPlane.DETECTOR, where, at_detector
        element = _IMAGER_PIXEL_SPACING if imager_pixel_spacing else _NOMINAL_SCANNED
    else:
        return None
    if plane is not SpacingPlane.PATIENT and magnification is not None:
        row_mm, column_mm = (spacing / magnification for spacing in chosen)
        note += (
            f"; divided by {_MAGNIFICATION} of {magnification:.6g} it is"
            f" {row_mm:.6g} by {column_mm:.6g} mm in the patient, an estimate"
        )
    return PixelSpacing(*chosen, plane, element, note)


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


def _are_positive(*values: float) -> bool:
    return all(np.isfinite(value) and value > 0 for value in values)
