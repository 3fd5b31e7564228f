"""What the first picture needs: walked again, it is what a parse of the file gives."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from pydicom import uid
from support.datasets import groups, image, item, part10
from support.paths import FIXTURES
from support.pixel_files import WG04, pixel_files

from dcmview.dicom.facts import FactsReader, ImageFacts
from dcmview.dicom.instance import Instance, open_instance
from dcmview.dicom.recipe import display_recipe
from dcmview.dicom.source import open_source
from dcmview.dicom.transfer import transfer_syntax

if TYPE_CHECKING:
    from pathlib import Path

    from dcmview.model import DisplayRecipe


def facts_of(path: Path, instance: Instance, reader: FactsReader) -> ImageFacts | None:
    with open_source(str(path)) as source:
        return reader.read(source, instance.header)


def fields(recipe: DisplayRecipe) -> dict[str, object]:
    return {field.name: getattr(recipe, field.name) for field in dataclasses.fields(recipe)}


def agrees(facts: ImageFacts, instance: Instance) -> bool:
    assert facts.layout == instance.layout
    assert facts.location == instance.pixel_location
    assert facts.syntax == transfer_syntax(instance.transfer_syntax_uid)
    for frame_index in {0, instance.layout.frame_count - 1}:
        assert fields(facts.recipe) == fields(display_recipe(instance, frame_index))
    return True


def test_facts_of_real_files_are_what_a_parse_gives():
    reader = FactsReader()
    paths = [*pixel_files(), *FIXTURES.rglob("*.dcm"), *WG04.rglob("*")]
    images = found = 0
    for path in paths:
        if not path.is_file():
            continue
        instance = open_instance(str(path))
        if instance.pixel_location is None:
            continue
        images += 1
        facts = facts_of(path, instance, reader)
        found += facts is not None and agrees(facts, instance)
    assert found > images * 0.75


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian])
@pytest.mark.parametrize(
    "elements",
    [
        {"WindowCenter": [40, 300], "WindowWidth": [80, 2000], "VOILUTFunction": "LINEAR_EXACT"},
        {"WindowCenter": 1, "WindowWidth": 9, "WindowCenterWidthExplanation": "für Ärzte"},
        {"RescaleSlope": 2, "RescaleIntercept": -1024, "RescaleType": "HU"},
        {"RescaleSlope": 0.5, "RescaleIntercept": 0, "Units": "BQML"},
        {"DoseGridScaling": 0.001, "DoseUnits": "GY"},
        {"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "IDENTITY"},
        {"PresentationLUTShape": "INVERSE"},
        {"PixelRepresentation": 1, "PixelPaddingValue": -2000, "PixelPaddingRangeLimit": -1000},
        {"PixelPaddingValue": 65535},
        {"PixelSpacing": [2, 1]},
        {"ImagerPixelSpacing": [1, 2]},
        {"NominalScannedPixelSpacing": [3, 1]},
        {"PixelAspectRatio": [4, 3]},
        {"Modality": "DX", "PixelSpacing": [1, 1]},
        {"Modality": "CT", "PixelSpacing": [1, 1]},
        {"PixelSpacing": [1, 1], "PixelSpacingCalibrationType": "GEOMETRY", "Modality": "CR"},
        {"ImagerPixelSpacing": [1, 1], "EstimatedRadiographicMagnificationFactor": 1.5},
        {"Modality": "XA", "PixelSpacing": [1, 1], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0]},
        {"Modality": "PT", "Units": "GML"},
        {"Modality": "PT", "Units": "GML", "SUVType": "LBM"},
        {"Modality": "PT", "Units": "BQML"},
        {"Modality": "PT", "Units": "CNTS"},
        {
            "ShutterShape": ["RECTANGULAR", "CIRCULAR", "POLYGONAL"],
            "ShutterLeftVerticalEdge": 1,
            "ShutterRightVerticalEdge": 2,
            "ShutterUpperHorizontalEdge": 1,
            "ShutterLowerHorizontalEdge": 2,
            "CenterOfCircularShutter": [1, 2],
            "RadiusOfCircularShutter": 2,
            "VerticesOfThePolygonalShutter": [1, 1, 2, 2, 1, 2],
            "ShutterPresentationValue": 30000,
        },
        {"ShutterShape": "RECTANGULAR"},
        {"NumberOfFrames": 2, "PixelData": bytes(24), "WindowCenter": 3, "WindowWidth": 4},
    ],
    ids="-".join,
)
def test_facts_hold_all_that_the_recipe_depends_on(elements, syntax, tmp_path):
    path = tmp_path / "image.dcm"
    dataset = image(**{"SpecificCharacterSet": "ISO_IR 100", **elements})
    path.write_bytes(part10(dataset, syntax))
    instance = open_instance(str(path))
    facts = facts_of(path, instance, FactsReader())
    assert facts is not None
    assert agrees(facts, instance)


@pytest.mark.parametrize(
    "elements",
    [
        {"ModalityLUTSequence": item(LUTDescriptor=[2, 0, 8], LUTData=b"\1\0\2\0")},
        {"VOILUTSequence": item(LUTDescriptor=[2, 0, 8], LUTData=b"\1\0\2\0")},
        {"RealWorldValueMappingSequence": item(RealWorldValueSlope=1.0)},
        {"PixelMeasuresSequence": item(PixelSpacing=[1, 2])},
        {"PerFrameFunctionalGroupsSequence": groups({})},
        {"SharedFunctionalGroupsSequence": groups({})},
        {"SequenceOfUltrasoundRegions": item(RegionFlags=0)},
        {"RadiopharmaceuticalInformationSequence": item(RadionuclideHalfLife=6586.2)},
        {"HighBit": 16},  # mended
    ],
    ids="-".join,
)
def test_facts_are_not_given_where_more_must_be_known(elements, tmp_path):
    path = tmp_path / "image.dcm"
    path.write_bytes(part10(image(**elements)))
    assert facts_of(path, open_instance(str(path)), FactsReader()) is None


def test_an_overlay_leaves_its_file_to_a_parse(tmp_path):
    dataset = image()
    dataset.add_new(0x60000010, "US", 2)
    path = tmp_path / "image.dcm"
    path.write_bytes(part10(dataset))
    assert facts_of(path, open_instance(str(path)), FactsReader()) is None


def test_files_of_a_series_share_one_recipe(tmp_path):
    reader = FactsReader()
    found = []
    for number in range(3):
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(part10(image(InstanceNumber=number, SOPInstanceUID=f"1.2.{number}")))
        facts = facts_of(path, open_instance(str(path)), reader)
        assert facts is not None
        found.append(facts)
    assert found[0].recipe is found[1].recipe is found[2].recipe
