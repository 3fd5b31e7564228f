"""What a pixel measures: where its spacing holds, and the regions of ultrasound images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydicom.sequence import Sequence
from support.datasets import groups, image, item, opened

from dcmview.dicom.recipe import display_recipe
from dcmview.model import PixelSpacing, SpacingPlane, UltrasoundRegion

if TYPE_CHECKING:
    from pathlib import Path

    from dcmview.model import DisplayRecipe

AXIAL = [1, 0, 0, 0, 1, 0]


def recipe(tmp_path: Path, frame_index: int = 0, **elements: Any) -> DisplayRecipe:
    return display_recipe(opened(tmp_path, image(**elements)), frame_index)


def spacing(tmp_path: Path, frame_index: int = 0, **elements: Any) -> PixelSpacing:
    found = recipe(tmp_path, frame_index, **elements).spacing
    assert found is not None
    return found


def test_rows_come_before_columns_in_a_spacing(tmp_path):
    found = spacing(tmp_path, PixelSpacing=[0.7, 0.5])
    assert (found.row_mm, found.column_mm) == (0.7, 0.5)
    assert found.plane is SpacingPlane.PATIENT
    assert found.source == "Pixel Spacing (0028,0030)"


@pytest.mark.parametrize("modality", ["CR", "DX", "MG", "XA", "RF", "RG", "PX", "IO"])
def test_a_projection_without_calibration_has_no_lengths_in_the_patient(tmp_path, modality):
    assert spacing(tmp_path, Modality=modality, PixelSpacing=[1, 1]).plane is SpacingPlane.UNKNOWN
    imager = spacing(tmp_path, Modality=modality, ImagerPixelSpacing=[1, 1])
    assert imager.plane is SpacingPlane.DETECTOR


def test_a_reconstruction_by_a_projection_modality_is_a_cross_section(tmp_path):
    found = spacing(tmp_path, Modality="XA", PixelSpacing=[1, 1], ImageOrientationPatient=AXIAL)
    assert found.plane is SpacingPlane.PATIENT


def test_pixel_measures_of_a_frame_go_before_those_of_all_frames(tmp_path):
    frame = {"PixelMeasuresSequence": item(PixelSpacing=[3, 4])}
    elements = {
        "NumberOfFrames": 2,
        "PixelData": bytes(24),
        "PixelSpacing": [9, 9],
        "PerFrameFunctionalGroupsSequence": groups({}, frame),
        "SharedFunctionalGroupsSequence": groups(
            {"PixelMeasuresSequence": item(PixelSpacing=[1, 2])}
        ),
    }
    shared, own = (spacing(tmp_path, frame_index, **elements) for frame_index in (0, 1))
    assert (shared.row_mm, shared.column_mm) == (1, 2)
    assert (own.row_mm, own.column_mm) == (3, 4)
    assert own.element.startswith("(5200,9230)")
    assert "item 2" in own.element
    assert own.element.endswith("(0028,0030) Pixel Spacing")


@pytest.mark.parametrize("values", [[0, 1], [-1, 1], [1], [1, 2, 3]])
def test_a_spacing_that_makes_no_sense_is_none(tmp_path, values):
    assert recipe(tmp_path, PixelSpacing=values).spacing is None


# --- regions of ultrasound images -------------------------------------------------------------

CM, SECONDS, CM_PER_S = 3, 4, 7


def region(left: int, top: int, last_column: int, last_row: int, **elements: Any) -> Any:
    found = item(
        RegionSpatialFormat=1,
        RegionLocationMinX0=left,
        RegionLocationMinY0=top,
        RegionLocationMaxX1=last_column,
        RegionLocationMaxY1=last_row,
        **elements,
    )
    return found[0]


def regions(tmp_path: Path, *items: Any) -> DisplayRecipe:
    return recipe(
        tmp_path,
        rows=40,
        columns=60,
        Modality="US",
        PixelData=bytes(4800),
        SequenceOfUltrasoundRegions=Sequence(items),
    )


def test_each_region_has_units_and_scale_of_its_own(tmp_path):
    tissue = region(
        0,
        0,
        59,
        19,
        PhysicalUnitsXDirection=CM,
        PhysicalUnitsYDirection=CM,
        PhysicalDeltaX=0.05,
        PhysicalDeltaY=-0.025,
    )
    spectrum = region(
        10,
        20,
        49,
        39,
        PhysicalUnitsXDirection=SECONDS,
        PhysicalUnitsYDirection=CM_PER_S,
        PhysicalDeltaX=0.01,
        PhysicalDeltaY=-2.5,
    )
    spectrum.RegionSpatialFormat = 3
    found = regions(tmp_path, tissue, spectrum).regions
    assert found == (
        UltrasoundRegion(0, 0, 60, 20, "2d", 0.5, 0.25, "cm", "cm", 0.05, -0.025),
        UltrasoundRegion(10, 20, 50, 40, "other", None, None, "s", "cm/s", 0.01, -2.5),
    )


def test_regions_of_high_priority_come_first(tmp_path):
    below = region(0, 0, 59, 39, RegionFlags=1)
    above = region(5, 5, 9, 9, RegionFlags=2)
    found = regions(tmp_path, below, above).regions
    assert [(each.left, each.right) for each in found] == [(5, 10), (0, 60)]


def test_a_region_is_cut_at_the_image_and_left_out_beyond_it(tmp_path):
    found = regions(tmp_path, region(50, 30, 60, 40), region(60, 0, 70, 10))
    (kept,) = found.regions
    assert (kept.left, kept.top, kept.right, kept.bottom) == (50, 30, 60, 40)
    (repair,) = [each for each in found.repairs if each.code == "ultrasound-region"]
    assert "item 2" in repair.element


def test_a_region_without_numbers_has_no_scale(tmp_path):
    (found,) = regions(tmp_path, region(0, 0, 9, 9, PhysicalUnitsXDirection=99)).regions
    assert (found.unit_x, found.delta_x, found.x_mm) == ("", None, None)
