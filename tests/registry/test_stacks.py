"""Series put together into stacks: order, splits, dimensions, and that no frame is lost."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
from support.paths import FIXTURES
from support.pixel_files import WG04, pixel_file_named, pixel_files

from dcmview.dicom.instance import Instance, open_instance
from dcmview.dicom.placement import frame_placements
from dcmview.errors import InstanceError
from dcmview.model import Acquisition, InstanceHeader, Placement, SharedHeader
from dcmview.registry.dimension import natural_key, seconds
from dcmview.registry.stacks import SeriesInstance, Stack, build_stacks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DICOMDIR_SET = Path(pydicom.__file__).parent / "data" / "test_files" / "dicomdirtests"
SHARED_DATA = WG04.parent
"""May be absent."""

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)

PLACEMENT_FIELDS = set(Placement.__struct_fields__)
ACQUISITION_FIELDS = set(Acquisition.__struct_fields__)

FramePair = tuple[Acquisition, Placement]


def instance(index: int, **fields: Any) -> SeriesInstance:
    """A single-frame axial CT image, 1 mm pixels; ``fields`` replace or add to it."""
    defaults: dict[str, Any] = {
        "orientation": AXIAL,
        "pixel_spacing": (1.0, 1.0),
        "image_type": ("ORIGINAL", "PRIMARY", "AXIAL"),
        "rows": 4,
        "columns": 3,
        "modality": "CT",
        "has_pixels": True,
        "frame_count": 1,
        "sop_instance_uid": f"1.2.{index}",
    }
    fields = defaults | fields
    if "z" in fields:
        fields["position"] = (0.0, 0.0, float(fields.pop("z")))
    path = fields.pop("path", f"/series/{index}.dcm")
    placement = Placement(**{name: fields.pop(name) for name in PLACEMENT_FIELDS & set(fields)})
    taken = Acquisition(**{name: fields.pop(name) for name in ACQUISITION_FIELDS & set(fields)})
    own = {
        name: str(fields.pop(name))
        for name in ("sop_instance_uid", "instance_number")
        if name in fields
    }
    shared = SharedHeader(acquisition=taken, **fields)
    return SeriesInstance(index, path, InstanceHeader(shared=shared, placement=placement, **own))


def series(*fields: dict[str, Any], **common: Any) -> list[SeriesInstance]:
    """Instances numbered from 0, each with its own and the common fields."""
    return [instance(index, **common, **own) for index, own in enumerate(fields)]


def no_groups(index: int) -> None:
    raise AssertionError(f"file {index} has no functional groups")


def stacks_of(instances: Sequence[SeriesInstance]) -> tuple[Stack, ...]:
    """The stacks, and a check that they hold all frames once."""
    return checked(instances, no_groups)


def checked(
    instances: Sequence[SeriesInstance],
    frames_of: Callable[[int], Sequence[FramePair] | None],
) -> tuple[Stack, ...]:
    stacks = build_stacks(instances, frames_of)
    shown = Counter(
        address for stack in stacks for address in zip(stack.files, stack.frames, strict=True)
    )
    there = Counter(
        (each.index, frame_index)
        for each in instances
        for frame_index in range(max(each.header.shared.frame_count, 1))
    )
    assert shown == there
    for stack in stacks:
        assert len(stack.position_index) == len(stack.files)
        assert len(stack.dimension_index) in (0, len(stack.files))
        assert len(stack.distances_mm) in (0, len(stack.files))
        assert len(stack.positions_mm) == len(stack.distances_mm)
        assert (stack.dimension is None) == (not stack.dimension_index)
    assert len({stack.key for stack in stacks}) == len(stacks)
    assert len({stack.label for stack in stacks if stack.has_pixels}) == sum(
        stack.has_pixels for stack in stacks
    )
    return stacks


def only(stacks: Sequence[Stack]) -> Stack:
    assert len(stacks) == 1, [stack.label for stack in stacks]
    return stacks[0]


def test_slices_are_ordered_by_position_whatever_the_order_of_files() -> None:
    stack = only(stacks_of(series({"z": 10}, {"z": 0}, {"z": 15}, {"z": 5})))
    assert stack.files == (1, 3, 0, 2)
    assert stack.ordered_by == "position"
    assert stack.position_index == (0, 1, 2, 3)
    assert stack.distances_mm == (0, 5, 10, 15)
    assert stack.warnings == ()


def test_reading_order_is_that_of_the_instance_numbers() -> None:
    # Numbered from the head downwards, against the normal of axial planes.
    stack = only(stacks_of(series(*({"z": -z, "instance_number": 1 + z} for z in (2, 0, 1, 3)))))
    assert stack.files == (1, 2, 0, 3)
    assert stack.distances_mm == (0, -1, -2, -3)
    assert stack.direction == "head to feet"
    assert stack.geometry is not None
    assert stack.geometry.normal == (0, 0, 1)
    assert stack.geometry.origin == (0, 0, 0)


def test_slices_numbered_in_turns_still_lead_where_the_numbers_do() -> None:
    # Positions 0 1 2 3 4 5 were taken as 6 3 5 2 4 1.
    numbers = (6, 3, 5, 2, 4, 1)
    stack = only(
        stacks_of(series(*({"z": z, "instance_number": n} for z, n in enumerate(numbers))))
    )
    assert stack.files == (5, 4, 3, 2, 1, 0)


def test_oblique_slices_are_ordered_along_their_normal_not_along_an_axis() -> None:
    # Turned by 45 degrees around x: normal (0, -1, 1) / sqrt 2. Along z the order would be 2 1 0.
    half = 0.5**0.5
    turned = (1.0, 0.0, 0.0, 0.0, half, half)
    places = [(0.0, -9.0, 2.0), (0.0, -4.0, 1.0), (0.0, 1.0, 0.0)]
    stack = only(stacks_of(series(*({"position": p} for p in places), orientation=turned)))
    assert stack.files == (2, 1, 0)
    assert stack.distances_mm == pytest.approx((0, 6 * half, 12 * half))


def test_a_missing_slice_is_said() -> None:
    stack = only(stacks_of(series(*({"z": z} for z in (0, 5, 15, 20)))))
    assert stack.warnings == ("1 slice is missing after slice 2 (10 mm instead of 5 mm)",)
    assert stack.geometry is not None
    assert stack.geometry.slice_spacing_mm == 5


def test_two_orientations_are_two_stacks() -> None:
    stacks = stacks_of(
        series(
            {"z": 0},
            {"orientation": SAGITTAL, "position": (5.0, 0.0, 0.0)},
            {"z": 2},
            {"orientation": SAGITTAL, "position": (8.0, 0.0, 0.0)},
        )
    )
    assert [(stack.label, sorted(stack.files)) for stack in stacks] == [
        ("Axial", [0, 2]),
        ("Sagittal", [1, 3]),
    ]


def test_orientations_that_differ_by_rounding_are_one_stack() -> None:
    nearly = (0.99999, 0.004, 0.0, -0.004, 0.99999, 0.0)  # 0.23 degrees
    stack = only(stacks_of(series({"z": 0}, {"z": 1, "orientation": nearly}, {"z": 2})))
    assert stack.files == (0, 1, 2)


def test_sizes_are_kept_apart() -> None:
    stacks = stacks_of(series({"z": 0}, {"z": 1, "rows": 8, "columns": 8}, {"z": 2}))
    assert [(stack.label, stack.files) for stack in stacks] == [
        ("3 × 4", (0, 2)),
        ("8 × 8", (1,)),
    ]


def test_pixel_spacings_are_kept_apart() -> None:
    stacks = stacks_of(series({"z": 0}, {"z": 1, "pixel_spacing": (0.5, 0.5)}, {"z": 2}))
    assert [(stack.label, stack.files) for stack in stacks] == [
        ("1 mm pixels", (0, 2)),
        ("0.5 mm pixels", (1,)),
    ]


def test_frames_of_reference_are_kept_apart() -> None:
    stacks = stacks_of(
        series(
            {"z": 0, "frame_of_reference_uid": "1.1"},
            {"z": 0, "frame_of_reference_uid": "1.2"},
            {"z": 1, "frame_of_reference_uid": "1.1"},
        )
    )
    assert [stack.files for stack in stacks] == [(0, 2), (1,)]


def test_frames_of_reference_made_up_for_each_image_are_not_believed() -> None:
    stack = only(
        stacks_of(series(*({"z": z, "frame_of_reference_uid": f"1.{z}"} for z in range(5))))
    )
    assert stack.files == (0, 1, 2, 3, 4)
    assert "frame of reference of its own" in stack.warnings[0]


def test_localizers_come_last_and_apart() -> None:
    stacks = stacks_of(
        series(
            {"z": 0, "image_type": ("ORIGINAL", "PRIMARY", "LOCALIZER")},
            {"z": 0},
            {"z": 1},
        )
    )
    assert [stack.files for stack in stacks] == [(1, 2), (0,)]
    assert stacks[1].label == "Localizer"


def test_image_types_at_the_same_positions_are_apart_and_named() -> None:
    water = ("ORIGINAL", "PRIMARY", "DIXON", "WATER")
    fat = ("ORIGINAL", "PRIMARY", "DIXON", "FAT")
    stacks = stacks_of(
        series(*({"z": z, "image_type": kind} for z in range(3) for kind in (water, fat)))
    )
    assert [(stack.label, stack.files) for stack in stacks] == [
        ("DIXON\\WATER", (0, 2, 4)),
        ("DIXON\\FAT", (1, 3, 5)),
    ]
    assert not any(stack.warnings for stack in stacks)


def test_image_types_at_positions_of_their_own_stay_together() -> None:
    stack = only(
        stacks_of(series({"z": 0}, {"z": 1, "image_type": ("DERIVED", "PRIMARY", "AXIAL")}))
    )
    assert stack.files == (0, 1)


def test_objects_without_pixels_are_each_apart_and_last() -> None:
    report = {"has_pixels": False, "frame_count": 0, "kind": "Enhanced SR Storage"}
    stacks = stacks_of(series(report, {"z": 0}, report))
    assert [(stack.has_pixels, stack.files) for stack in stacks] == [
        (True, (1,)),
        (False, (0,)),
        (False, (2,)),
    ]
    assert stacks[1].label == "Enhanced SR Storage"


@pytest.mark.parametrize(
    ("field", "values", "name", "unit", "labels"),
    [
        ("echo_time_ms", (30.0, 2.5, 60.0), "Echo Time", "ms", ("2.5", "30", "60")),
        ("echo_number", ("3", "10", "2"), "Echo", "", ("2", "3", "10")),
        ("b_value", (800.0, 0.0, 50.0), "b-value", "s/mm²", ("0", "50", "800")),
        ("inversion_time_ms", (400.0, 50.0, 1200.0), "Inversion Time", "ms", ("50", "400", "1200")),
        ("cardiac_phase_percent", (75.0, 0.0, 40.0), "Cardiac Phase", "%", ("0", "40", "75")),
        ("temporal_position", (3, 1, 10), "Temporal Position", "", ("1", "3", "10")),
        ("acquisition_number", ("9", "10", "11"), "Acquisition", "", ("9", "10", "11")),
        ("trigger_time_ms", (0.0, 40.0, 80.0), "Trigger Time", "ms", ("0", "40", "80")),
    ],
)
def test_what_differs_at_a_position_is_a_fourth_dimension(
    field: str, values: tuple[Any, ...], name: str, unit: str, labels: tuple[str, ...]
) -> None:
    stack = only(stacks_of(series(*({"z": z, field: value} for z in (0, 5) for value in values))))
    assert stack.dimension is not None
    assert (stack.dimension.name, stack.dimension.unit) == (name, unit)
    assert stack.dimension.values == labels
    # All positions of the lowest value, then those of the next.
    rising = sorted(range(3), key=lambda at: natural_key(str(values[at])))
    assert stack.files == tuple(at for first in rising for at in (first, first + 3))
    assert stack.position_index == (0, 1, 0, 1, 0, 1)
    assert stack.dimension_index == (0, 0, 1, 1, 2, 2)
    assert stack.warnings == ()


def test_times_count_from_the_first_and_beat_nothing_that_has_a_name() -> None:
    times = ("101500.5", "101502.5", "101504.5")
    stack = only(
        stacks_of(series(*({"z": z, "acquisition_time": t} for t in times for z in (0, 1))))
    )
    assert stack.dimension is not None
    assert stack.dimension.name == "Acquisition Time"
    assert stack.dimension.unit == "s"
    assert stack.dimension.values == ("0", "2", "4")


def test_times_that_each_slice_has_for_itself_are_ranked() -> None:
    # Two rounds over three slices, one second a slice: first 0 1 2 s, then 3 4 5 s.
    stack = only(
        stacks_of(
            series(
                *(
                    {"z": z, "acquisition_time": f"12000{3 * turn + z}.0"}
                    for turn in (0, 1)
                    for z in range(3)
                )
            )
        )
    )
    assert stack.dimension is not None
    assert stack.files == (0, 1, 2, 3, 4, 5)
    assert stack.dimension_index == (0, 0, 0, 1, 1, 1)
    assert stack.dimension.values == ("1", "4")  # the middle of each round


def test_trigger_times_that_differ_a_little_from_slice_to_slice_are_phases() -> None:
    stack = only(
        stacks_of(
            series(
                *(
                    {"z": z, "trigger_time_ms": 30.0 * phase + 0.7 * z}
                    for z in range(3)
                    for phase in range(4)
                )
            )
        )
    )
    assert stack.dimension is not None
    assert stack.dimension.name == "Trigger Time"
    assert stack.dimension.values == ("0.7", "30.7", "60.7", "90.7")
    assert stack.files == (0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11)


def test_trigger_times_that_jitter_do_not_order_heart_beats() -> None:
    jitter = (12.0, 9.0, 14.0, 8.0, 11.0)
    stack = only(
        stacks_of(
            series(
                *(
                    {
                        "z": z,
                        "trigger_time_ms": milliseconds + z,
                        "acquisition_time": f"10100{beat}",
                        "instance_number": 10 * z + beat,
                    }
                    for z in range(2)
                    for beat, milliseconds in enumerate(jitter)
                )
            )
        )
    )
    assert stack.dimension is not None
    assert stack.dimension.name == "Acquisition Time"
    assert stack.files == (0, 5, 1, 6, 2, 7, 3, 8, 4, 9)


def test_volumes_that_follow_the_head_are_one_stack_with_time_and_say_so() -> None:
    stack = only(
        stacks_of(
            series(
                *(
                    {"z": 3 * n + shift, "temporal_position": time}
                    for time, shift in ((1, 0.0), (2, 0.1), (3, 0.05))
                    for n in range(3)
                )
            )
        )
    )
    assert stack.dimension is not None
    assert stack.files == tuple(range(9))
    assert stack.position_index == (0, 1, 2) * 3
    assert stack.warnings == ("Images that are taken as one position lie up to 0.1 mm apart",)


def test_two_things_that_differ_make_one_combined_dimension() -> None:
    stack = only(
        stacks_of(
            series(
                *(
                    {"z": z, "echo_time_ms": echo, "temporal_position": time}
                    for z in (0, 1)
                    for echo in (5.0, 9.0)
                    for time in (1, 2)
                )
            )
        )
    )
    assert stack.dimension is not None
    assert stack.dimension.name == "Echo Time, Temporal Position"
    assert stack.dimension.values == ("5 ms, 1", "5 ms, 2", "9 ms, 1", "9 ms, 2")
    assert stack.dimension_index == (0, 0, 1, 1, 2, 2, 3, 3)


def test_a_time_series_that_was_stopped_keeps_its_last_volume_and_says_so() -> None:
    taken = [{"z": z, "temporal_position": t} for t in (1, 2, 3) for z in range(4)]
    stack = only(stacks_of(series(*taken[:-2])))
    assert stack.dimension is not None
    assert stack.dimension.values == ("1", "2", "3")
    assert stack.warnings == ("Temporal Position 3 has 2 of 4 positions",)


def test_a_series_of_which_a_part_is_repeated_is_split_and_complete() -> None:
    plain = [{"z": z, "b_value": 0.0} for z in range(10)]
    weighted = [{"z": z, "b_value": 800.0} for z in range(4, 7)]
    stacks = stacks_of(series(*plain, *weighted))
    assert [(stack.label, len(stack.files)) for stack in stacks] == [
        ("b-value 0 s/mm²", 10),
        ("b-value 800 s/mm²", 3),
    ]
    assert not any(stack.dimension for stack in stacks)


def test_scans_that_overlap_a_little_are_split_by_acquisition() -> None:
    chest = [{"z": z, "acquisition_number": "2"} for z in range(20)]
    abdomen = [{"z": z, "acquisition_number": "3"} for z in range(18, 40)]
    stacks = stacks_of(series(*chest, *abdomen))
    assert [(stack.label, len(stack.files)) for stack in stacks] == [
        ("Acquisition 2", 20),
        ("Acquisition 3", 22),
    ]


def test_acquisitions_one_after_the_other_are_one_stack() -> None:
    chest = [{"z": z, "acquisition_number": "2"} for z in range(5)]
    abdomen = [{"z": z, "acquisition_number": "3"} for z in range(5, 10)]
    assert only(stacks_of(series(*chest, *abdomen))).files == tuple(range(10))


def test_true_duplicates_lie_next_to_each_other_and_are_said() -> None:
    stack = only(stacks_of(series({"z": 0}, {"z": 1}, {"z": 0}, {"z": 2})))
    assert stack.files == (0, 2, 1, 3)
    assert stack.position_index == (0, 0, 1, 2)
    assert stack.dimension is None
    assert stack.warnings == (
        (
            "1 image lies where another one does and nothing tells them apart; "
            "all are kept, next to each other"
        ),
    )


def test_copies_of_the_same_object_are_called_copies() -> None:
    stack = only(stacks_of(series(*({"z": z, "sop_instance_uid": f"9.{z}"} for z in (0, 1, 0, 1)))))
    assert stack.files == (0, 2, 1, 3)
    assert stack.warnings == (
        "2 images are copies of another one; all are kept, next to each other",
    )


def test_directions_without_a_name_are_told_apart_by_instance_number() -> None:
    stack = only(
        stacks_of(
            series(
                *(
                    {"z": z, "instance_number": 2 * direction + z + 1}
                    for direction in range(3)
                    for z in (0, 1)
                )
            )
        )
    )
    assert stack.dimension is not None
    assert stack.files == (0, 1, 2, 3, 4, 5)
    assert stack.dimension_index == (0, 0, 1, 1, 2, 2)


def test_slabs_beside_each_other_are_two_stacks() -> None:
    stacks = stacks_of(
        series(*({"position": (x, 0.0, float(z))} for z in range(3) for x in (-80.0, 90.0)))
    )
    assert [(stack.label, stack.files) for stack in stacks] == [
        ("Slab 1", (0, 2, 4)),
        ("Slab 2", (1, 3, 5)),
    ]


def test_tilted_gantry_is_measured_and_said() -> None:
    # Planes tilted by 15 degrees around x, the table along z: cos 15 * 4 mm apart.
    cosine, sine = 0.9659258263, 0.2588190451
    stack = only(
        stacks_of(
            series(
                *({"z": 4 * n} for n in range(5)),
                orientation=(1.0, 0.0, 0.0, 0.0, cosine, sine),
            )
        )
    )
    assert stack.geometry is not None
    assert stack.geometry.gantry_tilt_deg == pytest.approx(15)
    assert stack.geometry.slice_spacing_mm == pytest.approx(3.8637033)
    assert stack.warnings == ("Slices are sheared by 15.0°, as with a tilted gantry",)


def test_planes_that_turn_around_an_axis_are_one_stack() -> None:
    # Every 36 degrees around z.
    turns = [(1.0, 0.0), (0.809017, 0.587785), (0.309017, 0.951057), (-0.309017, 0.951057)]
    stack = only(
        stacks_of(
            series(
                *(
                    {"z": 0, "orientation": (x, y, 0.0, 0.0, 0.0, -1.0), "instance_number": 9 - n}
                    for n, (x, y) in enumerate(turns)
                )
            )
        )
    )
    assert stack.files == (3, 2, 1, 0)
    assert stack.ordered_by == "instance_number"
    assert stack.distances_mm == ()
    assert stack.warnings == ("Each image has a plane of its own, as if turned around an axis",)


def test_without_positions_the_order_is_that_of_instance_numbers_and_said() -> None:
    stack = only(stacks_of(series(*({"instance_number": n} for n in (10, 9, 1)))))
    assert stack.files == (2, 1, 0)
    assert stack.ordered_by == "instance_number"
    assert stack.warnings == ("No position in the patient; ordered by Instance Number",)
    assert stack.distances_mm == ()


def test_images_without_a_number_follow_those_that_have_one() -> None:
    stack = only(
        stacks_of(
            series(
                {"path": "/s/image10"},
                {"path": "/s/image9"},
                {"path": "/s/a", "instance_number": 4},
                modality="US",
            )
        )
    )
    assert stack.files == (2, 1, 0)
    assert stack.warnings == ("2 images have no Instance Number; last, ordered by file name",)


def test_without_numbers_the_order_is_that_of_file_names_as_people_count() -> None:
    paths = ("/s/image10.dcm", "/s/image2.dcm", "/s/image1.dcm")
    stack = only(stacks_of(series(*({"path": path} for path in paths))))
    assert stack.files == (2, 1, 0)
    assert stack.ordered_by == "name"
    assert stack.warnings == ("No position and no Instance Number; ordered by file name",)


def test_positions_without_an_orientation_that_makes_sense_do_not_order() -> None:
    skewed = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    stack = only(
        stacks_of(
            series(
                {"z": 1, "instance_number": 1},
                {"z": 0, "instance_number": 2},
                orientation=skewed,
            )
        )
    )
    assert (stack.files, stack.ordered_by) == ((0, 1), "instance_number")


def test_cine_without_functional_groups_is_a_stack_of_its_own_in_stored_order() -> None:
    stacks = stacks_of(
        series(
            {"instance_number": 7},
            {"instance_number": 8, "frame_count": 3},
            {"instance_number": 9, "frame_count": 2},
            modality="US",
        )
    )
    assert [(stack.label, stack.files, stack.frames) for stack in stacks] == [
        ("3 × 4", (0,), (0,)),
        ("Image 8", (1, 1, 1), (0, 1, 2)),
        ("Image 9", (2, 2), (0, 1)),
    ]
    assert [stack.ordered_by for stack in stacks[1:]] == ["stored", "stored"]


def enhanced(index: int, count: int, **fields: Any) -> SeriesInstance:
    return instance(index, frame_count=count, has_frame_groups=True, **fields)


def frame(**fields: Any) -> FramePair:
    """How one frame of an enhanced object was taken and lies."""
    header = instance(0, **fields).header
    return header.shared.acquisition, header.placement


def test_enhanced_frames_are_ordered_by_position_not_as_stored() -> None:
    frames = [frame(z=z, in_stack_position=p) for z, p in ((20, 3), (0, 1), (30, 4), (10, 2))]
    stack = only(checked([enhanced(5, 4)], lambda index: frames))
    assert stack.files == (5, 5, 5, 5)
    assert stack.frames == (1, 3, 0, 2)
    assert stack.distances_mm == (0, 10, 20, 30)


def test_in_stack_position_says_where_an_enhanced_stack_begins() -> None:
    frames = [frame(z=z, in_stack_position=4 - z) for z in range(4)]
    stack = only(checked([enhanced(0, 4)], lambda index: frames))
    assert stack.frames == (3, 2, 1, 0)
    assert stack.direction == "head to feet"


def test_enhanced_frames_have_a_fourth_dimension() -> None:
    frames = [
        frame(z=z, temporal_position=t, dimension_names=("Stack", "Time"))
        for t in (2, 1)
        for z in (0, 1)
    ]
    stack = only(checked([enhanced(0, 4)], lambda index: frames))
    assert stack.frames == (2, 3, 0, 1)
    assert stack.dimension is not None
    assert stack.dimension.name == "Temporal Position"


def test_dimensions_that_the_file_names_tell_frames_apart() -> None:
    names = ("In-Stack Position Number", "Diffusion Gradient Orientation")
    frames = [
        frame(z=z, dimension_index_values=(z + 1, direction), dimension_names=names)
        for direction in (1, 2, 3)
        for z in (0, 1)
    ]
    stack = only(checked([enhanced(0, 6)], lambda index: frames))
    assert stack.dimension is not None
    assert stack.dimension.name == "Diffusion Gradient Orientation"
    assert stack.dimension.values == ("1", "2", "3")


def test_an_index_that_counts_all_frames_is_no_dimension() -> None:
    names = ("Position", "Frame")
    frames = [
        frame(
            z=z,
            dimension_index_values=(z + 1, 3 * t + z),
            dimension_names=names,
            acquisition_time=f"10000{t}",
        )
        for t in (0, 1)
        for z in range(3)
    ]
    stack = only(checked([enhanced(0, 6)], lambda index: frames))
    assert stack.dimension is not None
    assert stack.dimension.name == "Acquisition Time"
    assert stack.frames == (0, 1, 2, 3, 4, 5)


def test_stack_ids_and_orientations_within_an_object_are_stacks() -> None:
    frames = [
        frame(z=0, stack_id="1"),
        frame(z=1, stack_id="2"),
        frame(z=2, stack_id="1"),
        frame(z=0, stack_id="3", orientation=CORONAL),
    ]
    stacks = checked([enhanced(0, 4)], lambda index: frames)
    assert [(stack.label, stack.frames) for stack in stacks] == [
        ("Axial · Stack 1", (0, 2)),
        ("Axial · Stack 2", (1,)),
        ("Coronal · Stack 3", (3,)),
    ]


def test_turning_planes_of_one_object_stay_in_stored_order() -> None:
    turns = [(1.0, 0.0), (0.809017, 0.587785), (0.309017, 0.951057), (-0.309017, 0.951057)]
    frames = [frame(z=0, orientation=(x, y, 0.0, 0.0, 0.0, -1.0)) for x, y in turns]
    stack = only(checked([enhanced(0, 4)], lambda index: frames))
    assert (stack.frames, stack.ordered_by) == ((0, 1, 2, 3), "stored")
    assert stack.warnings == ("Each image has a plane of its own, as if turned around an axis",)


def test_segments_are_stacks_with_their_names() -> None:
    frames = [frame(z=z, segment="1 Liver") for z in range(4)]
    frames.append(frame(z=3, segment="2 Cyst"))
    stacks = checked([enhanced(0, 5, modality="SEG")], lambda index: frames)
    assert [(stack.label, stack.frames) for stack in stacks] == [
        ("Segment 1 Liver", (0, 1, 2, 3)),
        ("Segment 2 Cyst", (4,)),
    ]


def test_volumes_in_a_file_each_are_one_stack_with_time() -> None:
    volumes = {
        0: [frame(z=z, acquisition_time="20240101101010") for z in range(3)],
        1: [frame(z=z, acquisition_time="20240101101000") for z in range(3)],
    }
    stack = only(checked([enhanced(0, 3), enhanced(1, 3)], volumes.__getitem__))
    assert stack.files == (1, 1, 1, 0, 0, 0)
    assert stack.dimension is not None
    assert stack.dimension.values == ("0", "10")


def test_groups_that_cannot_be_read_leave_the_stored_order_and_say_so() -> None:
    stack = only(checked([enhanced(0, 3, z=0)], lambda index: None))
    assert stack.frames == (0, 1, 2)
    assert stack.ordered_by == "stored"
    assert stack.warnings == ("Where frames lie cannot be read; they are in stored order",)


def test_fewer_groups_than_frames_leave_the_stored_order() -> None:
    stack = only(checked([enhanced(0, 3)], lambda index: [frame(z=0)]))
    assert (stack.frames, stack.ordered_by) == ((0, 1, 2), "stored")


@pytest.mark.parametrize(
    ("fields", "ordered_by"),
    [
        ([{"in_stack_position": n} for n in (3, 1, 2)], "in_stack_position"),
        ([{"temporal_position": n} for n in (3, 1, 2)], "temporal_position"),
        ([{"dimension_index_values": (1, n)} for n in (3, 1, 2)], "dimension_index"),
    ],
)
def test_enhanced_frames_without_positions_are_ordered_by_what_they_have(
    fields: list[dict[str, Any]], ordered_by: str
) -> None:
    frames = [frame(orientation=None, **each) for each in fields]
    stack = only(checked([enhanced(0, 3)], lambda index: frames))
    assert (stack.frames, stack.ordered_by) == ((1, 2, 0), ordered_by)


def test_files_of_a_concatenation_are_joined_in_their_order() -> None:
    parts = [
        enhanced(0, 2, concatenation_uid="1.5", in_concatenation_number=2),
        enhanced(1, 3, concatenation_uid="1.5", in_concatenation_number=1),
    ]

    def frames_of(index: int) -> list[FramePair]:
        shared = parts[index].header.shared
        return [(shared.acquisition, Placement())] * shared.frame_count

    stack = only(checked(parts, frames_of))
    assert stack.files == (1, 1, 1, 0, 0)
    assert stack.frames == (0, 1, 2, 0, 1)


def test_a_missing_file_of_a_concatenation_is_said() -> None:
    parts = series(
        *({"in_concatenation_number": n, "frame_count": 2} for n in (1, 3)),
        concatenation_uid="1.5",
    )
    stack = only(stacks_of(parts))
    assert stack.warnings == ("1 file is missing of 3 or more that belong together",)


def test_spacing_of_radiographs_is_at_the_detector() -> None:
    stack = only(
        stacks_of(
            series(
                {},
                modality="DX",
                orientation=None,
                pixel_spacing=None,
                imager_pixel_spacing=(0.14, 0.14),
            )
        )
    )
    assert stack.geometry is not None
    assert stack.geometry.row_spacing_mm == 0.14
    assert not stack.geometry.is_spacing_in_patient
    assert stack.geometry.spacing_source == "Imager Pixel Spacing (0018,1164), at the detector"


def test_spacings_that_differ_between_images_are_not_given() -> None:
    stack = only(stacks_of(series({"pixel_spacing": (1.0, 1.0)}, {"pixel_spacing": (2.0, 2.0)})))
    assert stack.geometry is not None
    assert stack.geometry.row_spacing_mm is None
    assert stack.geometry.spacing_source == "differs between images"


def test_names_of_stacks_stay_when_files_are_added() -> None:
    files = series({"z": 0}, {"z": 0, "orientation": SAGITTAL}, {"z": 1, "rows": 9}, {"z": 5})
    before = {stack.label: stack.key for stack in stacks_of(files[:3])}
    after = {stack.label: stack.key for stack in stacks_of(files)}
    assert before == after


@pytest.mark.parametrize(
    "fields",
    [
        {"position": (1e300, -1e300, 1e300)},
        {"pixel_spacing": (0.0, -1.0)},
        {"pixel_spacing": (1e-300, 1e300)},
        {"instance_number": "9" * 400},
        {"instance_number": "one"},
        {"trigger_time_ms": 1e308},
        {"acquisition_time": "99999999999999.9999999"},
        {"acquisition_time": "at noon"},
        {"in_concatenation_number": 10**300, "concatenation_uid": "1"},
        {"temporal_position": -(10**300)},
    ],
)
def test_values_that_make_no_sense_lose_no_frame(fields: dict[str, Any]) -> None:
    files = series({"z": 0} | fields, {"z": 0}, {"z": 1} | fields, {"z": 2}, {"z": 0} | fields)
    stacks_of(files)


@pytest.mark.parametrize("seed", range(60))
def test_no_frame_of_a_random_series_is_lost(seed: int) -> None:
    draw = random.Random(seed)
    pools: dict[str, list[Any]] = {
        "position": [None, *((0.0, 0.0, float(z)) for z in range(4)), (40.0, 0.0, 0.0)],
        "orientation": [None, AXIAL, AXIAL, AXIAL, SAGITTAL, (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)],
        "pixel_spacing": [None, (1.0, 1.0), (1.0, 1.0), (0.5, 0.5)],
        "rows": [4, 4, 4, 8],
        "image_type": [(), ("ORIGINAL", "PRIMARY", "M"), ("ORIGINAL", "PRIMARY", "LOCALIZER")],
        "instance_number": ["", "1", "2", "30"],
        "echo_time_ms": [None, 1.0, 2.0],
        "b_value": [None, 0.0, 800.0],
        "temporal_position": [None, 1, 2, 3],
        "acquisition_time": ["", "101010", "101011.5"],
        "trigger_time_ms": [None, 0.0, 33.3],
        "frame_of_reference_uid": ["", "1.1"],
        "stack_id": ["", "1"],
        "dimension_index_values": [(), (1, 1), (1, 2), (2,)],
        "concatenation_uid": ["", "", "", "1.9"],
        "in_concatenation_number": [None, 1, 2],
        "sop_instance_uid": ["1.1", "1.2", "1.3"],
    }
    # Each series varies in a few things only, as real ones do.
    varying = draw.sample(sorted(pools), draw.randint(0, 6))
    fixed = {name: draw.choice(values) for name, values in pools.items()}

    def fields() -> dict[str, Any]:
        return fixed | {name: draw.choice(pools[name]) for name in varying}

    files, groups = [], {}
    for index in range(draw.randint(1, 40)):
        kind = draw.choice(["single"] * 6 + ["cine", "enhanced", "object"])
        count = draw.randint(2, 9)
        if kind == "cine":
            files.append(instance(index, **fields() | {"frame_count": count}))
        elif kind == "enhanced":
            files.append(enhanced(index, count, **fields()))
            groups[index] = draw.choice([None, [frame(**fields()) for _ in range(count)]])
        elif kind == "object":
            files.append(instance(index, has_pixels=False, frame_count=0, kind="SR"))
        else:
            files.append(instance(index, **fields()))
    stacks = checked(files, groups.__getitem__)
    for stack in stacks:
        if stack.dimension_index:
            order = list(zip(stack.dimension_index, stack.position_index, strict=True))
            assert order == sorted(order)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("101530.5", 36930.5),
        ("000000", 0),
        ("10:15:30", 36930),
        ("1015", None),
        ("", None),
        ("noon", None),
    ],
)
def test_times_become_seconds(text: str, value: float | None) -> None:
    assert seconds(text) == value


def test_dates_and_times_become_seconds_that_differ_as_they_should() -> None:
    before, after = seconds("20240229235959.5+0100"), seconds("20240301000001+0100")
    assert before is not None
    assert after is not None
    assert after - before == pytest.approx(1.5)
    assert seconds("20241301000000") is None


def opened_series(paths: Sequence[Path]) -> tuple[list[SeriesInstance], dict[int, Instance]]:
    """Real files as the registry lists them."""
    opened = {index: open_instance(str(path)) for index, path in enumerate(paths)}
    files = [SeriesInstance(index, each.path, each.header) for index, each in opened.items()]
    return files, opened


def real_stacks(paths: Sequence[Path]) -> tuple[Stack, ...]:
    files, opened = opened_series(paths)
    return checked(files, lambda index: frame_placements(opened[index]))


def heights_by_pydicom(paths: Sequence[Path]) -> list[float]:
    """Distance of each file along the normal of the first, by pydicom and numpy alone."""
    heights = []
    normal = None
    for path in paths:
        dataset = pydicom.dcmread(path, stop_before_pixels=True)
        cosines = np.array(dataset.ImageOrientationPatient, float)
        if normal is None:
            normal = np.cross(cosines[:3], cosines[3:])
        heights.append(float(np.array(dataset.ImagePositionPatient, float) @ normal))
    return heights


@pytest.mark.parametrize(
    ("folder", "spacing"),
    [
        (FIXTURES / "ct", 7.5),
        (FIXTURES / "mr", 6.0),
        (DICOMDIR_SET / "98892001" / "CT5N", 2.5),
    ],
)
def test_real_series_are_ordered_as_pydicom_and_numpy_order_them(
    folder: Path, spacing: float
) -> None:
    paths = [path for path in sorted(folder.iterdir()) if path.is_file()]
    stack = only(real_stacks(paths))
    heights = heights_by_pydicom(paths)
    numbers = [int(pydicom.dcmread(path).InstanceNumber) for path in paths]
    expected = sorted(range(len(paths)), key=heights.__getitem__)
    if numbers[expected[0]] > numbers[expected[-1]]:
        expected.reverse()
    assert list(stack.files) == expected
    assert stack.distances_mm == pytest.approx(
        [heights[at] - heights[expected[0]] for at in expected],
        abs=1e-3,  # written cosines are rounded
    )
    assert stack.geometry is not None
    assert stack.geometry.slice_spacing_mm == pytest.approx(spacing, abs=1e-3)
    assert stack.warnings == ()


def test_slices_that_were_left_out_of_a_real_series_are_said() -> None:
    paths = sorted((DICOMDIR_SET / "77654033" / "CT2").iterdir())
    stack = only(real_stacks(paths))
    heights = sorted(heights_by_pydicom(paths))
    assert heights[1] - heights[0] == 202.5
    assert stack.warnings == ("161 slices are missing after slice 1 (202.5 mm instead of 1.25 mm)",)


def test_turned_planes_of_a_real_series_are_one_stack_by_instance_number() -> None:
    paths = sorted((DICOMDIR_SET / "98892003" / "MR700").iterdir())
    stack = only(real_stacks(paths))
    numbers = [int(pydicom.dcmread(paths[file]).InstanceNumber) for file in stack.files]
    assert numbers == sorted(numbers)
    assert len(numbers) == 7


def test_a_real_enhanced_object_is_ordered_against_its_stored_order() -> None:
    path = pixel_file_named("eCT_Supplemental.dcm")
    groups = pydicom.dcmread(path).PerFrameFunctionalGroupsSequence
    in_stack = [int(group.FrameContentSequence[0].InStackPositionNumber) for group in groups]
    assert in_stack == [2, 1]
    assert only(real_stacks([path])).frames == (1, 0)


def test_segments_of_a_real_segmentation_are_stacks_along_the_body() -> None:
    path = FIXTURES / "segmentation" / "organs.dcm"
    dataset = pydicom.dcmread(path)
    groups = dataset.PerFrameFunctionalGroupsSequence
    expected: dict[int, list[tuple[float, int]]] = {}
    for at, group in enumerate(groups):
        number = int(group.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
        height = float(group.PlanePositionSequence[0].ImagePositionPatient[2])
        expected.setdefault(number, []).append((height, at))
    names = {
        int(item.SegmentNumber): f"Segment {item.SegmentNumber} {item.SegmentLabel}"
        for item in dataset.SegmentSequence
    }
    found = {stack.label: sorted(stack.frames) for stack in real_stacks([path])}
    assert found == {
        names[number]: sorted(at for _, at in frames) for number, frames in expected.items()
    }
    for stack in real_stacks([path]):
        heights = [
            float(groups[at].PlanePositionSequence[0].ImagePositionPatient[2])
            for at in stack.frames
        ]
        assert heights in (sorted(heights), sorted(heights, reverse=True))


def test_no_frame_of_the_real_files_is_lost() -> None:
    paths = [
        *pixel_files(),
        *sorted(path for path in DICOMDIR_SET.rglob("*") if path.is_file()),
        *sorted(FIXTURES.rglob("*.dcm")),
        *sorted(path for path in SHARED_DATA.rglob("*") if path.is_file()),
    ]
    by_series: dict[str, list[SeriesInstance]] = {}
    opened: dict[int, Instance] = {}
    for index, path in enumerate(paths):
        try:
            opened[index] = open_instance(str(path))
        except InstanceError:
            continue
        header = opened[index].header
        by_series.setdefault(header.shared.series_instance_uid, []).append(
            SeriesInstance(index, str(path), header)
        )
    assert len(opened) > 200
    for files in by_series.values():
        checked(files, lambda index: frame_placements(opened[index]))
    everything = [each for files in by_series.values() for each in files]
    checked(everything, lambda index: frame_placements(opened[index]))
