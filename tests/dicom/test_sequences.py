"""Items are parsed one at a time, and those before damage are kept."""

from __future__ import annotations

import struct

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from support.datasets import add_raw, element

from dcmview.dicom.sequences import MAX_ITEMS, sequence_items

ITEM = b"\xfe\xff\x00\xe0"
ITEM_END = b"\xfe\xff\x0d\xe0\0\0\0\0"
SEQUENCE = "ReferencedImageSequence"
UNDEFINED = 0xFFFFFFFF


def item(text: bytes, *, undefined: bool = False) -> bytes:
    content = element(0x00081150, "UI", text)
    if undefined:
        return ITEM + struct.pack("<L", UNDEFINED) + content + ITEM_END
    return ITEM + struct.pack("<L", len(content)) + content


def sequence(content: bytes, vr: str = "SQ") -> Dataset:
    return add_raw(Dataset(), SEQUENCE, vr, content)


def texts(dataset: Dataset) -> list[str]:
    return [part.ReferencedSOPClassUID for part in sequence_items(dataset, SEQUENCE)]


def test_items_of_defined_and_undefined_length_are_found() -> None:
    content = item(b"1.1\0") + item(b"1.2\0", undefined=True) + item(b"1.3\0")
    assert texts(sequence(content)) == ["1.1", "1.2", "1.3"]


def test_a_slice_parses_the_items_asked_for() -> None:
    items = sequence_items(sequence(b"".join(item(b"1.%d\0" % n) for n in range(9))), SEQUENCE)
    assert len(items) == 9
    assert [part.ReferencedSOPClassUID for part in items[7:20]] == ["1.7", "1.8"]


def test_items_before_damage_are_kept() -> None:
    assert texts(sequence(item(b"1.1\0") + item(b"1.2\0") + b"\1\2\3\4\5\6\7\x08\x09")) == [
        "1.1",
        "1.2",
    ]


def test_a_damaged_item_is_empty_and_leaves_the_others_alone() -> None:
    inner = element(0x00081140, "SQ", b"no items", UNDEFINED)
    damaged = ITEM + struct.pack("<L", len(inner)) + inner
    items = sequence_items(sequence(item(b"1.1\0") + damaged + item(b"1.3\0")), SEQUENCE)
    assert [len(part) for part in items] == [1, 0, 1]
    assert items[2].ReferencedSOPClassUID == "1.3"


def test_a_sequence_that_calls_itself_unknown_is_read() -> None:
    assert texts(sequence(item(b"1.1\0"), vr="UN")) == ["1.1"]


@pytest.mark.parametrize("element_name", ["PatientName", "ImageType", SEQUENCE, "PatientID"])
def test_what_is_no_sequence_has_no_items(element_name: str) -> None:
    dataset = Dataset()
    dataset.PatientName = "A^B"
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    assert len(sequence_items(dataset, element_name)) == 0


def test_an_empty_sequence_has_no_items() -> None:
    assert len(sequence_items(sequence(b""), SEQUENCE)) == 0


def test_a_million_items_are_cut() -> None:
    content = (ITEM + bytes(4)) * 1_000_000
    assert len(sequence_items(sequence(content), SEQUENCE)) == MAX_ITEMS


def test_items_are_those_of_pydicom() -> None:
    path = get_testdata_file("rtplan.dcm", download=False)
    assert path is not None
    ours = sequence_items(dcmread(path), "BeamSequence")
    theirs = dcmread(path).BeamSequence
    assert list(ours) == list(theirs)
