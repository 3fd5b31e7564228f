"""Which spacing holds: detector mm are never given as mm in the patient."""

from __future__ import annotations

import pytest

from dcmview.errors import InvalidGeometry
from dcmview.geometry.spacing import choose_pixel_spacing, choose_slice_spacing
from dcmview.model import SpacingPlane

PATIENT, DETECTOR, UNKNOWN = SpacingPlane.PATIENT, SpacingPlane.DETECTOR, SpacingPlane.UNKNOWN


def test_a_cross_section_has_its_pixel_spacing() -> None:
    found = choose_pixel_spacing((0.7, 0.5))
    assert found is not None
    assert (found.row_mm, found.column_mm) == (0.7, 0.5)
    assert found.source == "Pixel Spacing (0028,0030)"
    assert found.plane is PATIENT


def test_imager_pixel_spacing_is_at_the_detector() -> None:
    found = choose_pixel_spacing(None, (0.2, 0.2), is_projection=True)
    assert found is not None
    assert found.plane is DETECTOR
    assert found.source == "Imager Pixel Spacing (0018,1164), at the detector"


def test_magnification_is_said_and_does_not_change_the_spacing_at_the_detector() -> None:
    found = choose_pixel_spacing(None, (0.3, 0.15), magnification=1.5, is_projection=True)
    assert found is not None
    assert (found.row_mm, found.column_mm, found.plane) == (0.3, 0.15, DETECTOR)
    assert "of 1.5 it is 0.2 by 0.1 mm in the patient, an estimate" in found.note


def test_pixel_spacing_equal_to_that_of_the_imager_is_at_the_detector() -> None:
    found = choose_pixel_spacing((0.143, 0.143), (0.14300, 0.14300), is_projection=True)
    assert found is not None
    assert found.plane is DETECTOR
    assert "at the detector" in found.source


@pytest.mark.parametrize("kind", ["GEOMETRY", "FIDUCIAL"])
def test_a_calibration_type_makes_pixel_spacing_that_of_the_patient(kind: str) -> None:
    found = choose_pixel_spacing((0.1, 0.1), (0.1, 0.1), calibration_type=kind, is_projection=True)
    assert found is not None
    assert found.plane is PATIENT
    assert kind in found.source


def test_pixel_spacing_that_differs_from_the_imager_is_calibrated_somehow() -> None:
    found = choose_pixel_spacing((0.18, 0.18), (0.2, 0.2), magnification=1.3, is_projection=True)
    assert found is not None
    assert found.row_mm == 0.18
    assert found.plane is PATIENT
    assert "not said" in found.source


def test_magnification_says_nothing_of_a_calibrated_spacing() -> None:
    found = choose_pixel_spacing(
        (0.18, 0.18), (0.2, 0.2), calibration_type="FIDUCIAL", magnification=1.3
    )
    assert found is not None
    assert found.note == "calibrated (FIDUCIAL)"


def test_a_scanned_film_has_the_spacing_of_the_film() -> None:
    found = choose_pixel_spacing(None, None, (0.1, 0.2))
    assert found is not None
    assert (found.row_mm, found.column_mm, found.plane) == (0.1, 0.2, DETECTOR)
    assert found.source == "Nominal Scanned Pixel Spacing (0018,2010), on the scanned film"
    same = choose_pixel_spacing((0.1, 0.2), None, (0.1, 0.2))
    assert same is not None
    assert same.source == "Pixel Spacing (0028,0030), on the scanned film"
    assert same.plane is DETECTOR


def test_a_projection_with_pixel_spacing_alone_may_be_at_the_detector() -> None:
    found = choose_pixel_spacing((0.2, 0.2), is_projection=True)
    assert found is not None
    assert found.plane is UNKNOWN
    assert "may be at the detector" in found.source


def test_no_spacing_is_none() -> None:
    assert choose_pixel_spacing(None) is None


def test_spacings_that_are_not_positive_are_refused() -> None:
    with pytest.raises(InvalidGeometry, match="0 by 1 mm"):
        choose_pixel_spacing((0, 1))
    with pytest.raises(InvalidGeometry, match="Magnification"):
        choose_pixel_spacing(None, (1, 1), magnification=0)
    with pytest.raises(InvalidGeometry, match="nan"):
        choose_pixel_spacing(None, None, (1, float("nan")))


def test_measured_slice_spacing_goes_before_what_is_written() -> None:
    found = choose_slice_spacing(2.5, spacing_between_slices_mm=3.0, slice_thickness_mm=5.0)
    assert found is not None
    assert found.spacing_mm == 2.5
    assert found.source == "Image Position (Patient) (0020,0032)"


def test_spacing_between_slices_goes_before_thickness_and_loses_its_sign() -> None:
    found = choose_slice_spacing(None, spacing_between_slices_mm=-3.0, slice_thickness_mm=5.0)
    assert found is not None
    assert (found.spacing_mm, found.source) == (3.0, "Spacing Between Slices (0018,0088)")


def test_thickness_is_taken_as_if_slices_touched_and_says_so() -> None:
    found = choose_slice_spacing(None, spacing_between_slices_mm=0.0, slice_thickness_mm=5.0)
    assert found is not None
    assert found.spacing_mm == 5.0
    assert "as if slices touched" in found.source
    assert choose_slice_spacing(None) is None
