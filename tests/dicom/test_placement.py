"""Where frames lie: top level, shared and per-frame functional groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pydicom
import pytest
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from support.datasets import add_raw, groups, image, item, opened, part10
from support.paths import FIXTURES
from support.pixel_files import pixel_file_named

from dcmview.dicom.instance import open_instance
from dcmview.dicom.placement import frame_placements, read_acquisition, read_placement
from dcmview.errors import Unreadable
from dcmview.model import Acquisition, Placement

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.sequence import Sequence as DatasetSequence

AXIAL = [1, 0, 0, 0, 1, 0]


def enhanced(count: int, shared: dict[str, Any], *frames: dict[str, Any], **top: Any) -> Dataset:
    """An image of several frames with functional groups."""
    return image(
        1,
        1,
        NumberOfFrames=count,
        PixelData=bytes(2 * count),
        SharedFunctionalGroupsSequence=groups(shared),
        PerFrameFunctionalGroupsSequence=groups(*frames),
        **top,
    )


def at_height(z: float) -> DatasetSequence:
    return item(ImagePositionPatient=[1, 2, z])


def test_top_level_of_a_plain_image_is_read() -> None:
    dataset = image(
        ImageOrientationPatient=AXIAL,
        ImagePositionPatient=[-1.5, 2, 30],
        PixelSpacing=[0.5, 0.25],
        SliceThickness=3,
        SpacingBetweenSlices=2.5,
        GantryDetectorTilt=-12,
        FrameOfReferenceUID="1.2.3",
        ImageType=["ORIGINAL", "PRIMARY", "AXIAL"],
        AcquisitionNumber=4,
        EchoNumbers=2,
        EchoTime=9.5,
        InversionTime=400,
        DiffusionBValue=800.0,
        TemporalPositionIdentifier=7,
        NominalPercentageOfCardiacPhase=75.0,
        SliceLocation=31,
        TriggerTime=33.3,
        AcquisitionTime="101530.5",
        ContentTime="101531",
    )
    assert read_acquisition(dataset) == Acquisition(
        orientation=(1, 0, 0, 0, 1, 0),
        pixel_spacing=(0.5, 0.25),
        slice_thickness_mm=3,
        spacing_between_slices_mm=2.5,
        gantry_tilt_deg=-12,
        frame_of_reference_uid="1.2.3",
        image_type=("ORIGINAL", "PRIMARY", "AXIAL"),
        echo_number="2",
        echo_time_ms=9.5,
        inversion_time_ms=400,
        b_value=800,
        temporal_position=7,
        cardiac_phase_percent=75,
    )
    assert read_placement(dataset) == Placement(
        position=(-1.5, 2, 30),
        slice_location_mm=31,
        trigger_time_ms=33.3,
        acquisition_time="101530.5",
        content_time="101531",
        acquisition_number="4",
    )


@pytest.mark.parametrize("value", [b"1\\2", b"1\\2\\", b"1\\2\\3\\4", b"1\\x\\3", b""])
def test_a_position_that_is_not_three_numbers_is_none(value: bytes) -> None:
    dataset = add_raw(Dataset(), "ImagePositionPatient", "DS", value)
    assert read_placement(dataset).position is None


def test_frames_have_what_their_own_groups_say_before_the_shared_ones(tmp_path: Path) -> None:
    dataset = enhanced(
        2,
        {
            "PlaneOrientationSequence": item(ImageOrientationPatient=AXIAL),
            "PixelMeasuresSequence": item(PixelSpacing=[2, 1], SliceThickness=5),
            "MREchoSequence": item(EffectiveEchoTime=20.0),
            "PlanePositionSequence": at_height(99),
        },
        {"PlanePositionSequence": at_height(10)},
        {
            "MREchoSequence": item(EffectiveEchoTime=40.0),
            "PlaneOrientationSequence": item(ImageOrientationPatient=[0, 1, 0, 0, 0, -1]),
        },
    )
    first, second = frame_placements(opened(tmp_path, dataset))
    assert first[0].orientation == (1, 0, 0, 0, 1, 0)
    assert (first[0].pixel_spacing, first[0].slice_thickness_mm) == ((2, 1), 5)
    assert (first[0].echo_time_ms, second[0].echo_time_ms) == (20, 40)
    assert second[0].orientation == (0, 1, 0, 0, 0, -1)
    assert (first[1].position, second[1].position) == ((1, 2, 10), (1, 2, 99))


def test_what_no_group_says_is_that_of_the_top_level(tmp_path: Path) -> None:
    dataset = enhanced(
        1,
        {},
        {"PlanePositionSequence": at_height(1)},
        ImageOrientationPatient=AXIAL,
        FrameOfReferenceUID="1.9",
        ContentTime="120000",
    )
    ((acquisition, placement),) = frame_placements(opened(tmp_path, dataset))
    assert acquisition.orientation == (1, 0, 0, 0, 1, 0)
    assert acquisition.frame_of_reference_uid == "1.9"
    assert placement.content_time == "120000"


def test_frame_content_places_a_frame_in_its_dimensions(tmp_path: Path) -> None:
    pointers = []
    for pointer, label in ((0x00209057, ""), (0x00209128, ""), (0x00191001, "Of the maker")):
        each = Dataset()
        each.DimensionIndexPointer = pointer
        if label:
            each.DimensionDescriptionLabel = label
        pointers.append(each)
    content = item(
        DimensionIndexValues=[3, 2, 1],
        StackID="A",
        InStackPositionNumber=3,
        TemporalPositionIndex=2,
        FrameAcquisitionNumber=5,
        FrameAcquisitionDateTime="20240101101530.25",
    )
    dataset = enhanced(
        1, {}, {"FrameContentSequence": content}, DimensionIndexSequence=Sequence(pointers)
    )
    ((acquisition, placement),) = frame_placements(opened(tmp_path, dataset))
    assert acquisition.dimension_names == (
        "In-Stack Position Number",
        "Temporal Position Index",
        "Of the maker",
    )
    assert acquisition.temporal_position == 2
    assert placement == Placement(
        acquisition_time="20240101101530.25",
        acquisition_number="5",
        dimension_index_values=(3, 2, 1),
        stack_id="A",
        in_stack_position=3,
    )


def test_diffusion_heart_and_inversion_are_read_with_their_zeros(tmp_path: Path) -> None:
    dataset = enhanced(
        2,
        {},
        {
            "MRDiffusionSequence": item(DiffusionBValue=0.0),
            "CardiacSynchronizationSequence": item(
                NominalPercentageOfCardiacPhase=0.0, NominalCardiacTriggerDelayTime=0.0
            ),
            "MRModifierSequence": item(InversionTimes=[50.0, 70.0]),
        },
        {
            "MRDiffusionSequence": item(DiffusionBValue=800.0),
            "CardiacSynchronizationSequence": item(ActualCardiacTriggerDelayTime=33.0),
            "MRImageFrameTypeSequence": item(FrameType=["DERIVED", "PRIMARY", "DIFFUSION", "ADC"]),
        },
        DiffusionBValue=5.0,
    )
    first, second = frame_placements(opened(tmp_path, dataset))
    assert (first[0].b_value, first[0].cardiac_phase_percent) == (0, 0)
    assert (first[0].inversion_time_ms, first[1].trigger_time_ms) == (50, 0)
    assert (second[0].b_value, second[1].trigger_time_ms) == (800, 33)
    assert second[0].image_type == ("DERIVED", "PRIMARY", "DIFFUSION", "ADC")


def test_frames_name_their_segment(tmp_path: Path) -> None:
    segment = Dataset()
    segment.SegmentNumber = 2
    segment.SegmentLabel = "Left kidney"
    dataset = enhanced(
        2,
        {},
        {"SegmentIdentificationSequence": item(ReferencedSegmentNumber=2)},
        {"SegmentIdentificationSequence": item(ReferencedSegmentNumber=9)},
        SegmentSequence=Sequence([segment]),
    )
    found = [acquisition.segment for acquisition, _ in frame_placements(opened(tmp_path, dataset))]
    assert found == ["2 Left kidney", "9"]


def test_frames_taken_alike_share_what_they_have_in_common(tmp_path: Path) -> None:
    frames = [
        {
            "PlanePositionSequence": at_height(z),
            "MREchoSequence": item(EffectiveEchoTime=float(z % 2)),
        }
        for z in range(6)
    ]
    found = frame_placements(opened(tmp_path, enhanced(6, {}, *frames)))
    assert len({id(acquisition) for acquisition, _ in found}) == 2
    assert [placement.position for _, placement in found] == [(1, 2, z) for z in range(6)]


def test_frames_without_groups_of_their_own_are_where_the_shared_groups_say(
    tmp_path: Path,
) -> None:
    dataset = enhanced(
        3, {"PlanePositionSequence": at_height(7)}, {"PlanePositionSequence": at_height(1)}
    )
    found = frame_placements(opened(tmp_path, dataset))
    assert [placement.position for _, placement in found] == [(1, 2, 1), (1, 2, 7), (1, 2, 7)]


def test_a_damaged_pointer_leaves_a_dimension_without_a_name(tmp_path: Path) -> None:
    damaged = add_raw(Dataset(), "DimensionIndexPointer", "AT", b"\1\2\3")
    instance = opened(tmp_path, enhanced(1, {}, {"PlanePositionSequence": at_height(1)}))
    instance.dataset.DimensionIndexSequence = Sequence([damaged])
    ((acquisition, placement),) = frame_placements(instance)
    assert acquisition.dimension_names == ("",)
    assert placement.position == (1, 2, 1)


def test_groups_that_take_too_long_are_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dcmview.dicom.placement.READ_LIMIT_S", -1.0)
    instance = opened(tmp_path, enhanced(1, {}, {"PlanePositionSequence": at_height(1)}))
    with pytest.raises(Unreadable, match="too long"):
        frame_placements(instance)


@pytest.mark.parametrize(
    "syntax",
    [uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.DeflatedExplicitVRLittleEndian],
)
def test_every_encoding_gives_the_same_frames(tmp_path: Path, syntax: str) -> None:
    shared = {"PixelMeasuresSequence": item(PixelSpacing=[1, 1])}
    frames = [{"PlanePositionSequence": at_height(z)} for z in range(3)]
    found = frame_placements(opened(tmp_path, part10(enhanced(3, shared, *frames), syntax)))
    assert [(a.pixel_spacing, p.position) for a, p in found] == [
        ((1, 1), (1, 2, z)) for z in range(3)
    ]


@pytest.mark.parametrize(
    "name", ["liver.dcm", "liver_expb.dcm", "eCT_Supplemental.dcm", "ct-enhanced", "segmentation"]
)
def test_real_files_are_read_as_pydicom_reads_them(name: str) -> None:
    folder = FIXTURES / name
    path = next(folder.iterdir()) if folder.is_dir() else pixel_file_named(name)
    dataset = pydicom.dcmread(path)
    shared = dataset.SharedFunctionalGroupsSequence[0]
    spacing = tuple(map(float, shared.PixelMeasuresSequence[0].PixelSpacing))
    cosines = tuple(map(float, shared.PlaneOrientationSequence[0].ImageOrientationPatient))
    found = frame_placements(open_instance(str(path)))
    assert len(found) == len(dataset.PerFrameFunctionalGroupsSequence)
    for (acquisition, placement), group in zip(
        found, dataset.PerFrameFunctionalGroupsSequence, strict=True
    ):
        position = group.PlanePositionSequence[0].ImagePositionPatient
        content = group.FrameContentSequence[0]
        assert acquisition.pixel_spacing == spacing
        assert acquisition.orientation == cosines
        assert placement.position == tuple(map(float, position))
        assert placement.dimension_index_values == tuple(content.DimensionIndexValues)
