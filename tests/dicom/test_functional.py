"""What holds for one frame of many: its own group, then the shared one, then the data set."""

from __future__ import annotations

from pydicom.dataset import Dataset
from support.datasets import groups, item

from dcmview.dicom.functional import FunctionalGroups, Place

KEYWORD = "FrameVOILUTSequence"


def window(center: int) -> dict[str, object]:
    return {KEYWORD: item(WindowCenter=center, WindowWidth=1)}


def center(found: FunctionalGroups, frame_index: int) -> float | None:
    group = found.item(frame_index, KEYWORD)
    return None if group is None else group.WindowCenter


def test_the_group_of_the_frame_comes_first() -> None:
    dataset = Dataset()
    dataset.SharedFunctionalGroupsSequence = groups(window(1))
    dataset.PerFrameFunctionalGroupsSequence = groups(window(10), {}, window(30))
    found = FunctionalGroups(dataset)
    assert [center(found, index) for index in range(4)] == [10, 1, 30, 1]


def test_the_top_level_comes_last() -> None:
    dataset = Dataset()
    dataset.FrameVOILUTSequence = item(WindowCenter=7)
    found = FunctionalGroups(dataset)
    assert center(found, 0) == 7


def test_an_empty_macro_is_passed_over() -> None:
    dataset = Dataset()
    dataset.SharedFunctionalGroupsSequence = groups(window(1))
    dataset.PerFrameFunctionalGroupsSequence = groups({KEYWORD: []})
    assert center(FunctionalGroups(dataset), 0) == 1


def test_a_plain_image_has_no_groups() -> None:
    assert FunctionalGroups(Dataset()).item(0, KEYWORD) is None


def test_every_group_that_has_a_macro_is_given_in_its_order() -> None:
    dataset = Dataset()
    dataset.FrameVOILUTSequence = item(WindowCenter=7)
    dataset.SharedFunctionalGroupsSequence = groups(window(1))
    dataset.PerFrameFunctionalGroupsSequence = groups({}, window(20))
    found = FunctionalGroups(dataset).macros(1, KEYWORD)
    ways = (
        "(5200,9230) Per-Frame Functional Groups Sequence > item 2 > ",
        "(5200,9229) Shared Functional Groups Sequence > item 1 > ",
        "",
    )
    end = "(0028,9132) Frame VOI LUT Sequence > item 1 > (0028,1050) Window Center"
    assert [place.element("WindowCenter") for (place,) in found] == [way + end for way in ways]


def test_frames_that_are_asked_in_turn_keep_their_own_groups() -> None:
    dataset = Dataset()
    dataset.PerFrameFunctionalGroupsSequence = groups(window(10), window(20))
    found = FunctionalGroups(dataset)
    assert [center(found, index) for index in (0, 1, 0, 0, 1)] == [10, 20, 10, 10, 20]


def test_of_a_million_items_the_first_thousand_are_looked_at() -> None:
    dataset = Dataset()
    dataset.FrameVOILUTSequence = groups(*({} for _ in range(1001)))
    assert len(Place(dataset).items(KEYWORD)) == 1000
