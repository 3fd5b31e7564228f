"""Which element decided what, and which did nothing."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from pydicom import uid
from support.datasets import groups, image, item, opened
from support.pixel_files import pixel_file_named

from dcmview.dicom.instance import open_instance
from dcmview.dicom.recipe import display_recipe

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence

    from dcmview.model import Decision, DisplayRecipe

PER_FRAME = "(5200,9230) Per-Frame Functional Groups Sequence"
SHARED = "(5200,9229) Shared Functional Groups Sequence"
TRANSFORMATION = "(0028,9145) Pixel Value Transformation Sequence"


def explained(tmp_path: Path, dataset: Dataset, frame_index: int = 0) -> DisplayRecipe:
    return display_recipe(opened(tmp_path, dataset), frame_index, explain=True)


def of_step(found: DisplayRecipe, step: str) -> list[Decision]:
    return [decision for decision in found.decisions if decision.step == step]


def elements(found: DisplayRecipe, step: str) -> list[str]:
    return [decision.element for decision in of_step(found, step)]


def ignored(found: DisplayRecipe) -> list[str]:
    return [each.element for each in found.ignored]


def lut() -> Sequence:
    table = item(LUTExplanation="hard")
    table[0].add_new("LUTDescriptor", "US", [2, 0, 16])
    table[0].add_new("LUTData", "OW", struct.pack("<2H", 0, 65535))
    return table


def test_a_recipe_is_explained_on_request_only(tmp_path: Path) -> None:
    instance = opened(tmp_path, image(WindowCenter=40, WindowWidth=400))
    plain = display_recipe(instance, 0)
    assert (plain.decisions, plain.ignored) == ((), ())
    explained = display_recipe(instance, 0, explain=True)
    assert (explained.modality, explained.voi) == (plain.modality, plain.voi)


def test_the_samples_are_described_by_the_elements_of_the_file(tmp_path: Path) -> None:
    found = explained(tmp_path, image(BitsStored=12, HighBit=11, PixelRepresentation=1))
    assert elements(found, "samples") == [
        "(0002,0010) Transfer Syntax UID",
        "(0028,0004) Photometric Interpretation",
        "(0028,0101) Bits Stored",
        "(0028,0103) Pixel Representation",
    ]
    assert of_step(found, "samples")[-1].meaning == (
        "signed: stored values lie between -2048 and 2047"
    )


def test_a_default_of_the_standard_has_no_element(tmp_path: Path) -> None:
    dataset = image(SOPClassUID=uid.MRImageStorage)
    del dataset.PixelRepresentation
    found = explained(tmp_path, dataset)
    assert elements(found, "samples")[-1] == ""
    assert of_step(found, "samples")[-1].meaning.startswith(
        "(0028,0103) Pixel Representation is absent: unsigned"
    )
    for step in ("padding", "modality", "voi"):
        (decision,) = of_step(found, step)
        assert decision.element == ""


def test_what_decided_is_named_with_the_whole_way_to_it(tmp_path: Path) -> None:
    dataset = image(NumberOfFrames=2, PixelData=bytes(24), RescaleSlope=9, RescaleIntercept=9)
    one = {
        "PixelValueTransformationSequence": item(
            RescaleSlope=2, RescaleIntercept=-5, RescaleType="HU"
        )
    }
    dataset.PerFrameFunctionalGroupsSequence = groups({}, one)
    dataset.SharedFunctionalGroupsSequence = groups(
        {"PixelValueTransformationSequence": item(RescaleSlope=3, RescaleIntercept=0)}
    )
    own = explained(tmp_path, dataset, 1)
    way = f"{PER_FRAME} > item 2 > {TRANSFORMATION} > item 1"
    assert elements(own, "modality") == [
        f"{way} > (0028,1053) Rescale Slope",
        f"{way} > (0028,1052) Rescale Intercept",
        f"{way} > (0028,1054) Rescale Type",
    ]
    shared_way = f"{SHARED} > item 1 > {TRANSFORMATION} > item 1"
    assert ignored(own) == [
        f"{shared_way} > (0028,1053) Rescale Slope",
        f"{shared_way} > (0028,1052) Rescale Intercept",
        "(0028,1053) Rescale Slope",
        "(0028,1052) Rescale Intercept",
    ]
    shared = explained(tmp_path, dataset, 0)
    assert elements(shared, "modality")[0] == f"{shared_way} > (0028,1053) Rescale Slope"


def test_slope_and_intercept_beside_a_modality_lut_are_ignored(tmp_path: Path) -> None:
    dataset = image(RescaleSlope="2", RescaleIntercept="1", ModalityLUTSequence=lut())
    found = explained(tmp_path, dataset)
    assert elements(found, "modality") == [
        "(0028,3000) Modality LUT Sequence > item 1 > (0028,3006) LUT Data"
    ]
    assert ignored(found) == ["(0028,1053) Rescale Slope", "(0028,1052) Rescale Intercept"]
    assert found.ignored[0].value == "2"


def test_the_modality_lut_of_angiography_is_ignored(tmp_path: Path) -> None:
    dataset = image(SOPClassUID=uid.XRayAngiographicImageStorage, ModalityLUTSequence=lut())
    found = explained(tmp_path, dataset)
    assert ignored(found) == ["(0028,3000) Modality LUT Sequence"]
    assert "X-ray angiography" in found.ignored[0].reason


def test_the_intensity_lut_of_enhanced_angiography_is_ignored(tmp_path: Path) -> None:
    dataset = image(SOPClassUID=uid.EnhancedXAImageStorage)
    dataset.SharedFunctionalGroupsSequence = groups(
        {"PixelIntensityRelationshipLUTSequence": lut()}
    )
    found = explained(tmp_path, dataset)
    way = f"{SHARED} > item 1 > (0028,9422) Pixel Intensity Relationship LUT Sequence > item 1"
    assert ignored(found) == [f"{way} > (0028,3006) LUT Data"]


def test_every_window_and_table_is_a_choice_and_none_is_ignored(tmp_path: Path) -> None:
    dataset = image(WindowCenter=[40, -600], WindowWidth=[0, 1500], VOILUTSequence=lut())
    dataset.WindowCenterWidthExplanation = ["SOFT", "LUNG"]
    found = explained(tmp_path, dataset)
    window, table, function = of_step(found, "voi")
    assert (window.element, window.value, window.meaning) == (
        "(0028,1050) Window Center",
        "value 2: center -600, width 1500",
        'the default: a LINEAR window "LUNG"',
    )
    assert (table.element, table.meaning) == (
        "(0028,3010) VOI LUT Sequence > item 1 > (0028,3006) LUT Data",
        'choice 2: a VOI LUT "hard"',
    )
    assert (function.element, function.value) == ("", "LINEAR")
    assert ignored(found) == []


def test_windows_of_all_frames_are_ignored_beside_those_of_the_frame(tmp_path: Path) -> None:
    dataset = image(WindowCenter=7, WindowWidth=8)
    dataset.PerFrameFunctionalGroupsSequence = groups(
        {"FrameVOILUTSequence": item(WindowCenter=1, WindowWidth=2, VOILUTFunction="SIGMOID")}
    )
    found = explained(tmp_path, dataset)
    way = f"{PER_FRAME} > item 1 > (0028,9132) Frame VOI LUT Sequence > item 1"
    assert elements(found, "voi") == [
        f"{way} > (0028,1050) Window Center",
        f"{way} > (0028,1056) VOI LUT Function",
    ]
    assert ignored(found) == ["(0028,1050) Window Center", "(0028,1051) Window Width"]


@pytest.mark.parametrize(
    ("interpretation", "shape", "decided", "passed_over"),
    [
        ("MONOCHROME1", None, ["(0028,0004) Photometric Interpretation"], []),
        (
            "MONOCHROME1",
            "INVERSE",
            ["(0028,0004) Photometric Interpretation", "(2050,0020) Presentation LUT Shape"],
            [],
        ),
        (
            "MONOCHROME1",
            "IDENTITY",
            ["(0028,0004) Photometric Interpretation"],
            ["(2050,0020) Presentation LUT Shape"],
        ),
        ("MONOCHROME2", "INVERSE", ["(2050,0020) Presentation LUT Shape"], []),
        (
            "MONOCHROME2",
            "LIN OD",
            ["(0028,0004) Photometric Interpretation"],
            ["(2050,0020) Presentation LUT Shape"],
        ),
    ],
)
def test_what_inverts_is_named(
    tmp_path: Path,
    interpretation: str,
    shape: str | None,
    decided: list[str],
    passed_over: list[str],
) -> None:
    dataset = image(PhotometricInterpretation=interpretation)
    if shape is not None:
        dataset.PresentationLUTShape = shape
    found = explained(tmp_path, dataset)
    assert elements(found, "presentation") == decided
    assert ignored(found) == passed_over
    says_inverted = "is inverted" in of_step(found, "presentation")[0].meaning
    assert says_inverted is found.inverted


def test_padding_that_no_sample_can_have_is_said(tmp_path: Path) -> None:
    dataset = image(BitsStored=12, HighBit=11)
    dataset.add_new("PixelPaddingValue", "US", 63536)
    (decision,) = of_step(explained(tmp_path, dataset), "padding")
    assert "no sample can have it" in decision.meaning


def test_a_range_limit_without_its_value_is_ignored(tmp_path: Path) -> None:
    dataset = image()
    dataset.add_new("PixelPaddingRangeLimit", "US", 5)
    found = explained(tmp_path, dataset)
    assert found.padding is None
    assert ignored(found) == ["(0028,0121) Pixel Padding Range Limit"]


@pytest.mark.parametrize("interpretation", ["RGB", "PALETTE COLOR"])
def test_windows_and_rescale_of_a_colour_image_are_ignored(
    tmp_path: Path, interpretation: str
) -> None:
    dataset = image(PhotometricInterpretation=interpretation, WindowCenter=40, WindowWidth=400)
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, 0
    assert ignored(explained(tmp_path, dataset)) == [
        "(0028,1053) Rescale Slope",
        "(0028,1052) Rescale Intercept",
        "(0028,1050) Window Center",
        "(0028,1051) Window Width",
    ]


def test_a_dose_names_its_scaling_and_its_unit(tmp_path: Path) -> None:
    dataset = image(SOPClassUID=uid.RTDoseStorage, DoseUnits="GY", RescaleSlope=3)
    dataset.DoseGridScaling = "0.25"
    found = explained(tmp_path, dataset)
    assert elements(found, "modality") == [
        "(3004,000E) Dose Grid Scaling",
        "(3004,0002) Dose Units",
    ]
    assert ignored(found) == ["(0028,1053) Rescale Slope"]


def test_the_dose_scaling_is_for_reading_only_beside_windows(tmp_path: Path) -> None:
    dataset = image(SOPClassUID=uid.RTDoseStorage, WindowCenter=4, WindowWidth=4)
    dataset.DoseGridScaling = "0.25"
    found = explained(tmp_path, dataset)
    assert elements(found, "real_world") == ["(3004,000E) Dose Grid Scaling"]
    assert ignored(found) == ["(3004,000E) Dose Grid Scaling"]


def test_a_real_supplemental_palette_is_ignored_and_its_mapping_is_named() -> None:
    instance = open_instance(str(pixel_file_named("eCT_Supplemental.dcm")))
    found = display_recipe(instance, 0, explain=True)
    assert found.palette is None
    assert ignored(found) == ["(0028,1101) Red Palette Color Lookup Table Descriptor"]
    slope, intercept = of_step(found, "real_world")
    assert (slope.value, intercept.value) == ("1.0", "-1024.0")
    assert '"RCBF" in ml/100ml/s' in slope.meaning


def test_a_real_palette_names_its_three_tables() -> None:
    instance = open_instance(str(pixel_file_named("examples_palette.dcm")))
    found = display_recipe(instance, 0, explain=True)
    assert [decision.value for decision in of_step(found, "palette")] == [
        "256 entries of 16 bits from 0"
    ] * 3
