"""Comparison of tags: what corresponds, what counts as equal, what varies."""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import uid
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from support.datasets import bare, element, groups, image, item, opened, part10

from dcmview.dicom import tagdiff
from dcmview.dicom.instance import open_instance
from dcmview.dicom.tagdiff import (
    Difference,
    Variation,
    add_file,
    compare,
    compare_files,
    frame_variation,
    read_entries,
)
from dcmview.dicom.tagsearch import search_tags
from dcmview.dicom.tagtext import TextReader
from dcmview.dicom.tagwalk import Level, WalkBudget, walk

if TYPE_CHECKING:
    from pathlib import Path

    from dcmview.dicom.instance import Instance
    from dcmview.dicom.tagdiff import TagEntry

PIXEL_DATA = 0x7FE00010
MIRRORED = {
    "same": "same",
    "changed": "changed",
    "only_first": "only_second",
    "only_second": "only_first",
}


def budget(elements: int = 100_000) -> WalkBudget:
    return WalkBudget(elements, 60, lambda: True)


def entries_of(dataset: Dataset) -> list[TagEntry]:
    return list(read_entries(walk(Level(dataset), budget()), TextReader()))


def states(differences: list[Difference]) -> dict[str, str]:
    return {each.entry.name: each.state for each in differences}


def files(folder: Path, *contents: Dataset | bytes) -> list[Instance]:
    opened_files = []
    for number, content in enumerate(contents):
        (folder / str(number)).mkdir()
        opened_files.append(opened(folder / str(number), content))
    return opened_files


def differing(
    folder: Path,
    first: Dataset | bytes,
    second: Dataset | bytes,
    frames: tuple[int | None, int | None] = (None, None),
) -> dict[str, str]:
    """Names and states of all that is not the same in the data sets of two files."""
    one, other = files(folder, first, second)
    found, is_cut = compare_files(one, other, budget(), elements=100_000, frames=frames)
    assert not is_cut
    return {
        name: state
        for name, state in states(found).items()
        if state != "same" and not name.startswith(("FileMeta", "MediaStorage", "TransferSyntax"))
    }


# Properties

TEXTS = st.text("ab \\é", max_size=6).map(str.strip)
PLAIN = {
    "PatientID": TEXTS,
    "ImageComments": TEXTS,
    "Rows": st.integers(0, 3),
    "WindowCenter": st.lists(st.integers(-2, 2), min_size=1, max_size=3),
    "PixelPaddingValue": st.integers(0, 3),
    "ICCProfile": st.binary(max_size=4),
}


def filled(values: dict[str, Any]) -> Dataset:
    dataset = Dataset()
    for keyword, value in values.items():
        if keyword == "PixelPaddingValue":
            dataset.add_new(keyword, "US", value)
        else:
            setattr(dataset, keyword, value)
    return dataset


LEAVES = st.fixed_dictionaries({}, optional=PLAIN).map(filled)
DATASETS = st.builds(
    lambda top, items: (setattr(top, "ReferencedImageSequence", Sequence(items)), top)[1],
    LEAVES,
    st.lists(LEAVES, max_size=3),
)


@given(DATASETS)
def test_a_data_set_compared_with_itself_is_all_the_same(dataset: Dataset) -> None:
    entries = entries_of(dataset)
    found = compare(entries, entries)
    assert len(found) == len(entries)
    assert {each.state for each in found} == {"same"}


@given(DATASETS, DATASETS)
def test_a_comparison_is_symmetric(first: Dataset, second: Dataset) -> None:
    one, other = entries_of(first), entries_of(second)
    forth, back = states(compare(one, other)), states(compare(other, one))
    assert back == {name: MIRRORED[state] for name, state in forth.items()}
    assert list(back) == list(forth)


@given(DATASETS, DATASETS)
def test_top_level_elements_compare_as_pydicom_compares_them(
    first: Dataset, second: Dataset
) -> None:
    found = states(compare(entries_of(first), entries_of(second)))
    for keyword in PLAIN:
        ours, theirs = first.get(keyword), second.get(keyword)
        if keyword in first and keyword in second:
            assert found[keyword] == ("same" if (ours or "") == (theirs or "") else "changed")
        elif keyword in first or keyword in second:
            assert found[keyword] == ("only_first" if keyword in first else "only_second")
        else:
            assert keyword not in found


@given(st.lists(DATASETS, min_size=1, max_size=4))
def test_a_variation_holds_every_value_of_every_data_set(datasets: list[Dataset]) -> None:
    variation = Variation()
    for dataset in datasets:
        variation.add(entries_of(dataset))
    rows = variation.rows()
    for place, dataset in enumerate(datasets):
        held = {
            row.entry.name: row.values[row.which[place]] for row in rows if row.which[place] >= 0
        }
        assert held == {entry.name: entry.text for entry in entries_of(dataset)}


# What corresponds


def test_two_files_are_compared_element_by_element(tmp_path: Path) -> None:
    first = image(PatientID="1", SliceThickness="2", ReferencedImageSequence=item(PatientID="A"))
    second = image(PatientID="2", SeriesNumber="2", ReferencedImageSequence=item(PatientID="B"))
    assert differing(tmp_path, first, second) == {
        "ReferencedImageSequence[0].PatientID": "changed",
        "PatientID": "changed",
        "SliceThickness": "only_first",
        "SeriesNumber": "only_second",
    }


def test_a_row_has_path_tag_and_both_values(tmp_path: Path) -> None:
    one, other = files(
        tmp_path,
        image(ReferencedImageSequence=item(PatientID="A")),
        image(ReferencedImageSequence=item(PatientID="B")),
    )
    found, _ = compare_files(one, other, budget(), elements=1000)
    (row,) = (each for each in found if each.entry.keyword == "PatientID")
    assert row.entry.path == "00081140/0/00100020"
    assert row.first is not None
    assert row.second is not None
    assert (row.first.vr, row.first.text.text, row.second.text.text) == ("LO", "A", "B")


def test_rows_stand_in_the_order_of_files(tmp_path: Path) -> None:
    one, other = files(tmp_path, image(PatientID="1"), image(StudyID="2"))
    found, _ = compare_files(one, other, budget(), elements=1000)
    tags = [each.entry.tag for each in found]
    assert tags == sorted(tags)
    assert tags[-1] == PIXEL_DATA


def test_items_that_one_file_lacks_are_named_one_by_one(tmp_path: Path) -> None:
    two = Sequence([*item(PatientID="A"), *item(PatientID="B")])
    assert differing(
        tmp_path,
        image(ReferencedImageSequence=item(PatientID="A")),
        image(ReferencedImageSequence=two),
    ) == {
        "ReferencedImageSequence": "changed",
        "ReferencedImageSequence[1].PatientID": "only_second",
    }


def test_private_blocks_correspond_by_creator(tmp_path: Path) -> None:
    first = bare(
        element(0x00190010, "LO", b"ACME "),
        element(0x00191001, "LO", b"same"),
        element(0x00191002, "LO", b"one "),
    )
    second = bare(
        element(0x00190010, "LO", b"OTHER "),
        element(0x00190011, "LO", b"ACME "),
        element(0x00191101, "LO", b"same"),
        element(0x00191102, "LO", b"two "),
    )
    assert differing(tmp_path, first, second) == {
        "(0019,0010) PrivateCreator": "only_second",
        "(0019,1002)": "changed",
    }


def test_two_blocks_of_one_creator_stay_apart(tmp_path: Path) -> None:
    def content(second: bytes) -> bytes:
        return bare(
            element(0x00190010, "LO", b"ACME "),
            element(0x00190011, "LO", b"ACME "),
            element(0x00191001, "LO", b"a "),
            element(0x00191101, "LO", second),
        )

    assert differing(tmp_path, content(b"b "), content(b"c ")) == {"(0019,1101)": "changed"}


def enhanced(*positions: str) -> Dataset:
    return image(
        NumberOfFrames=len(positions),
        PixelData=bytes(12 * len(positions)),
        SharedFunctionalGroupsSequence=groups({"PixelMeasuresSequence": item(SliceThickness="2")}),
        PerFrameFunctionalGroupsSequence=groups(
            *(
                {
                    "PlanePositionSequence": item(ImagePositionPatient=["0", "0", position]),
                    "FrameContentSequence": item(StackID="1"),
                }
                for position in positions
            )
        ),
    )


PLACE = "PerFrameFunctionalGroupsSequence[{}].PlanePositionSequence[0].ImagePositionPatient"


def test_the_groups_of_the_chosen_frames_correspond(tmp_path: Path) -> None:
    file = enhanced("1", "2", "3")
    assert differing(tmp_path, file, file, (0, 2)) == {PLACE.format(0): "changed"}


def test_without_frames_all_groups_are_compared(tmp_path: Path) -> None:
    one, other = enhanced("1", "2", "3"), enhanced("1", "5", "3")
    assert differing(tmp_path, one, other) == {PLACE.format(1): "changed"}


# What counts as equal


@pytest.mark.parametrize("syntax", [uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian])
def test_the_encoding_makes_no_difference(tmp_path: Path, syntax: str) -> None:
    def dataset(words: bytes) -> Dataset:
        made = image(WindowCenter=["1", "2"], PatientName="A^B")
        made.add_new("FrameIncrementPointer", "AT", [0x00181063, 0x00540010])
        made.add_new("SelectorUSValue", "US", list(range(1000)))
        made.add_new("SelectorFDValue", "FD", [0.1] * 100)
        made.add_new("RedPaletteColorLookupTableData", "OW", words)
        made.ReferencedImageSequence = item(ReferencedSOPInstanceUID="1.2")
        return made

    # pydicom writes words as they are given, so they are swapped by hand.
    is_big = syntax == uid.ExplicitVRBigEndian
    swapped = np.arange(100, dtype=">u2" if is_big else "<u2").tobytes()
    little = np.arange(100, dtype="<u2").tobytes()
    assert differing(tmp_path, dataset(little), part10(dataset(swapped), syntax)) == {}


@pytest.mark.parametrize(
    ("tag", "vr", "first", "second"),
    [
        (0x00104000, "LT", b"x" * 5000, b"x" * 4999 + b"y"),
        (0x0072007A, "US", bytes(400), bytes(398) + b"\1\0"),
        (0x00282000, "OB", b"abcd", b"abce"),
        (0x00191001, "UN", b"abcd", b"abce"),
        (0x00280030, "DS", b"1\\2 ", b"1\\2.0 "),
        (0x00280009, "AT", b"\x18\0\x63\x10" * 99, b"\x18\0\x63\x10" * 98 + b"\x18\0\x64\x10"),
        (0x00101030, "XX", b"abcd", b"abce"),
    ],
)
def test_a_difference_behind_what_is_shown_counts(
    tmp_path: Path, tag: int, vr: str, first: bytes, second: bytes
) -> None:
    one, other = (
        bare(element(0x00080060, "CS", b"CT"), element(tag, vr, v)) for v in (first, second)
    )
    assert list(differing(tmp_path, one, other).values()) == ["changed"]


def test_long_values_are_cut_and_say_so(tmp_path: Path) -> None:
    content = bare(
        element(0x00104000, "LT", b"x" * 5000),
        element(0x0072007A, "US", struct.pack("<100H", *range(100))),
    )
    texts = {
        each.entry.keyword: each.entry.text
        for each in compare_files(*files(tmp_path, content, content), budget(), elements=100)[0]
    }
    assert texts["PatientComments"].text == "x" * 256
    assert texts["PatientComments"].total == 5000
    assert texts["SelectorUSValue"].text == "\\".join(str(n) for n in range(64))
    assert texts["SelectorUSValue"].total == 100


def test_bytes_are_shown_as_their_length(tmp_path: Path) -> None:
    (instance,) = files(tmp_path, image(ICCProfile=b"abcd"))
    found, _ = compare_files(instance, instance, budget(), elements=100)
    (profile,) = (each.entry for each in found if each.entry.keyword == "ICCProfile")
    assert (profile.text.text, profile.text.by_length) == ("4 bytes", False)


def test_a_vr_that_differs_is_a_change(tmp_path: Path) -> None:
    one = bare(element(0x00280106, "US", b"\1\0"))
    other = bare(element(0x00280106, "SS", b"\1\0"))
    assert differing(tmp_path, one, other) == {"SmallestImagePixelValue": "changed"}


# Pixel data


def test_pixel_data_is_compared_by_its_bytes(tmp_path: Path) -> None:
    one, other = image(2, 3), image(2, 3, PixelData=bytes(11) + b"\1")
    assert differing(tmp_path, one, other) == {"PixelData": "changed"}


def test_large_pixel_data_is_compared_by_its_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tagdiff, "MOST_PIXEL_BYTES", 11)
    first, second = files(tmp_path, image(2, 3), image(2, 3, PixelData=bytes(11) + b"\1"))
    found, _ = compare_files(first, second, budget(), elements=1000)
    assert (found[-1].state, found[-1].entry.text.by_length) == ("same", True)


# Bounds and damage


def test_a_file_with_too_many_elements_is_cut(tmp_path: Path) -> None:
    one, other = files(tmp_path, image(), image())
    found, is_cut = compare_files(one, other, budget(), elements=5)
    assert is_cut
    assert len(found) == 6  # and the pixel data


def test_damaged_elements_are_compared_and_leave_the_others_alone(tmp_path: Path) -> None:
    def content(rows: bytes) -> bytes:
        return bare(element(0x00280010, "US", rows), element(0x00280011, "US", b"\3\0"))

    assert differing(tmp_path, content(b"\1\2\3"), content(b"\1\2\4")) == {"Rows": "changed"}
    other = tmp_path / "other"
    other.mkdir()
    assert differing(other, content(b"\1\2\3"), content(b"\1\2\3")) == {}


@pytest.mark.parametrize("name", ["CT_small.dcm", "rtplan.dcm", "reportsi.dcm", "UN_sequence.dcm"])
def test_a_real_file_has_the_elements_that_pydicom_finds(name: str) -> None:
    path = get_testdata_file(name, download=False)
    assert path is not None
    instance = open_instance(path)
    found, _ = compare_files(instance, instance, budget(), elements=100_000)
    dataset = pydicom.dcmread(path)
    up_to_pixels = dataset[: PIXEL_DATA + 1]
    expected = [*dataset.file_meta, *up_to_pixels.iterall()]
    assert len(found) == len(expected)
    assert {each.state for each in found} == {"same"}


@pytest.mark.parametrize("written", [b"^=\\", b"\x1b$B\x30\x21\x1b(B"])
def test_a_text_of_a_million_parts_costs_no_more_than_its_start(
    tmp_path: Path, written: bytes
) -> None:
    def file(folder: str, last: bytes) -> Instance:
        (tmp_path / folder).mkdir()
        # Implicit VR, since a length of PN has 16 bits in explicit VR.
        value = written * 1_000_000 + last
        flood = struct.pack("<HHL", 0x0010, 0x0010, len(value)) + value
        content = part10(Dataset(), uid.ImplicitVRLittleEndian)
        charset = b"\\ISO 2022 IR 87"
        head = struct.pack("<HHL", 0x0008, 0x0005, len(charset)) + charset
        return opened(tmp_path / folder, content + head + flood)

    first, second = file("one", b"a "), file("other", b"b ")
    before = time.process_time()
    found, _ = compare_files(first, second, budget(), elements=1000)
    assert time.process_time() - before < 2
    assert states(found)["PatientName"] == "changed"
    assert search_tags(first, "needle", budget()).truncated


# What varies


def test_constant_elements_are_told_from_those_that_vary(tmp_path: Path) -> None:
    variation = Variation()
    for instance in files(
        tmp_path,
        image(PatientID="P", InstanceNumber="1", EchoTime="10"),
        image(PatientID="P", InstanceNumber="2", EchoTime="10"),
        image(PatientID="P", InstanceNumber="3", EchoTime="20", SliceThickness="2"),
    ):
        add_file(variation, instance, TextReader(), budget())
    rows = {row.entry.name: row for row in variation.rows()}
    assert rows["PatientID"].is_constant
    assert rows["PixelData"].is_constant
    varying = {
        name: ([value.text for value in row.values], list(row.which))
        for name, row in rows.items()
        if not row.is_constant
    }
    assert varying == {
        "InstanceNumber": (["1", "2", "3"], [0, 1, 2]),
        "EchoTime": (["10", "20"], [0, 0, 1]),
        "SliceThickness": (["2"], [-1, -1, 0]),
    }


def test_one_reader_keeps_character_sets_apart(tmp_path: Path) -> None:
    variation, reader = Variation(), TextReader()
    for character_set in (b"ISO_IR 100", b"ISO_IR 101"):
        content = bare(
            element(0x00080005, "CS", character_set), element(0x00100020, "LO", b"\xa1\xa1")
        )
        folder = tmp_path / character_set.decode()
        folder.mkdir()
        add_file(variation, opened(folder, content), reader, budget())
    (row,) = (row for row in variation.rows() if row.entry.keyword == "PatientID")
    # 0xA1 is an inverted exclamation mark in Latin-1, A with ogonek in Latin-2.
    assert [value.text for value in row.values] == ["¡¡", "ĄĄ"]


def test_a_file_that_the_time_does_not_suffice_for_is_left_out(tmp_path: Path) -> None:
    variation = Variation()
    parts = b"\xfe\xff\x00\xe0\0\0\0\0" * 1000
    content = bare(element(0x00080060, "CS", b"CT"), element(0x00081140, "SQ", parts))
    instance = opened(tmp_path, content)
    assert not add_file(variation, instance, TextReader(), WalkBudget(10**6, 0, lambda: True))
    assert variation.rows() == []
    assert add_file(variation, instance, TextReader(), budget())


def test_functional_groups_vary_by_frame(tmp_path: Path) -> None:
    instance = opened(tmp_path, enhanced("1", "2", "2"))
    variation, done = frame_variation(instance, 3, budget())
    rows = {row.entry.name: row for row in variation.rows()}
    assert done == 3
    position = rows["PlanePositionSequence[0].ImagePositionPatient"]
    assert [value.text for value in position.values] == ["0\\0\\1", "0\\0\\2"]
    assert list(position.which) == [0, 1, 1]
    assert rows["PixelMeasuresSequence[0].SliceThickness"].is_constant
    assert rows["FrameContentSequence[0].StackID"].is_constant


def test_a_variation_by_frame_ends_with_its_budget(tmp_path: Path) -> None:
    instance = opened(tmp_path, enhanced("1", "2", "3"))
    # Two elements and an item for the macro of all frames, then five to each frame.
    _, done = frame_variation(instance, 3, budget(3 + 2 * 6))
    assert done == 2


def test_a_variation_is_full_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tagdiff, "MOST_VALUES", 10)
    variation = Variation()
    for number in range(10):
        assert not variation.is_full
        dataset = Dataset()
        dataset.PatientID = str(number)
        variation.add(entries_of(dataset))
    assert variation.is_full
