"""Numbers and tables as real files write them."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.pixels.processing import _expand_segmented_lut
from pydicom.sequence import Sequence
from support.datasets import add_raw

from dcmview.dicom import elements

RED = ("RedPaletteColorLookupTableDescriptor", "RedPaletteColorLookupTableData")
SIGNED, UNSIGNED = (-32768, 32767), (0, 65535)


def raw(keyword: str, vr: str | None, value: bytes, *, little_endian: bool = True) -> Dataset:
    """A data set with one element as it is read from a file."""
    return add_raw(Dataset(), keyword, vr, value, little_endian=little_endian)


def table(
    descriptor: tuple[int, int, int], data: bytes, *, vr: str = "OW", little_endian: bool = True
) -> Dataset:
    """A red palette."""
    words = struct.pack(("<" if little_endian else ">") + "HHH", *(n & 0xFFFF for n in descriptor))
    dataset = raw(RED[0], "US", words, little_endian=little_endian)
    return add_raw(dataset, RED[1], vr, data, little_endian=little_endian)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (b"40", (40.0,)),
        (b" 40\\400 ", (40.0, 400.0)),
        (b"40\\400\0", (40.0, 400.0)),
        (b"1.0.", (1.0,)),
        (b"1,5", (1.5,)),
        (b"1.", (1.0,)),
        (b"+1E2", (100.0,)),
        (b"\\400", (None, 400.0)),
        (b"none\\400", (None, 400.0)),
        (b"nan\\inf", (None, None)),
        (b"1_0", (None,)),
        (b"", ()),
    ],
)
def test_decimal_strings_keep_their_places(
    written: bytes, expected: tuple[float | None, ...]
) -> None:
    assert elements.numbers(raw("WindowCenter", "DS", written), "WindowCenter")[0] == expected


def test_what_is_no_number_is_said() -> None:
    _, repairs = elements.numbers(raw("WindowCenter", "DS", b"none\\400"), "WindowCenter")
    (repair,) = repairs
    assert repair.code == "not-a-number"
    assert repair.element == "(0028,1050) Window Center"
    assert repair.found == "none"


@pytest.mark.parametrize("vr", ["DS", None, "UN"])
def test_the_dictionary_knows_a_vr_that_the_file_does_not_give(vr: str | None) -> None:
    assert elements.number(raw("WindowCenter", vr, b"1,5"), "WindowCenter")[0] == 1.5


def test_absent_and_empty_elements_give_the_default() -> None:
    assert elements.integer(Dataset(), "NumberOfFrames", 1) == (1, ())
    assert elements.integer(raw("NumberOfFrames", "IS", b""), "NumberOfFrames", 1) == (1, ())
    assert elements.number(Dataset(), "RescaleSlope") == (None, ())


def test_a_binary_number_of_the_wrong_length_is_left_out() -> None:
    value, (repair,) = elements.integer(raw("Rows", "US", b"\1"), "Rows", 0)
    assert value == 0
    assert repair.code == "unreadable-element"


def test_text_that_cannot_be_decoded_is_shown_byte_by_byte() -> None:
    assert elements.text(raw("PatientID", "XX", b"A\xe91 "), "PatientID") == "A\xe91"


def test_a_sequence_where_text_or_numbers_belong_is_left_out() -> None:
    inner = add_raw(Dataset(), "PatientName", "RC", b"ab")  # a VR that pydicom refuses to convert
    dataset = Dataset()
    dataset.add(DataElement(0x00280030, "SQ", Sequence([inner])))
    assert elements.text(dataset, "PixelSpacing") == ""
    values, (repair,) = elements.numbers(dataset, "PixelSpacing")
    assert (values, repair.found) == ((), "a sequence")


def test_several_values_are_joined() -> None:
    assert elements.text(raw("ImageType", "CS", b"ORIGINAL\\PRIMARY "), "ImageType") == (
        "ORIGINAL\\PRIMARY"
    )


def test_of_a_million_values_the_first_are_read() -> None:
    dataset = raw("WindowCenter", "DS", b"40\\" * 1_000_000)
    found, _ = elements.numbers(dataset, "WindowCenter")
    assert found[:2] == (40.0, 40.0)
    assert len(found) < 10_000
    assert len(elements.text(raw("PatientID", "LO", b"x" * 1_000_000), "PatientID")) < 100_000


def test_a_table_has_unsigned_entries_and_a_signed_start() -> None:
    data = struct.pack("<3H", 0, 0x8000, 0xFFFF)
    found, repairs = elements.read_lut(table((3, -2, 16), data), *RED, input_range=SIGNED)
    assert found is not None
    assert (found.first_mapped, found.bits) == (-2, 16)
    assert found.entries.tolist() == [0, 32768, 65535]
    assert repairs == ()


def test_the_start_of_a_table_is_unsigned_for_unsigned_values() -> None:
    found, _ = elements.read_lut(table((1, 65534, 16), b"\1\0"), *RED, input_range=UNSIGNED)
    assert found is not None
    assert found.first_mapped == 65534


def test_a_table_of_0_entries_has_65536() -> None:
    data = np.arange(65536, dtype="<u2").tobytes()
    found, _ = elements.read_lut(table((0, 0, 16), data), *RED, input_range=UNSIGNED)
    assert found is not None
    assert found.entries.size == 65536
    assert found.entries[-1] == 65535


@pytest.mark.parametrize(
    ("data", "little_endian"),
    [
        pytest.param(b"\1\2\3\0", True, id="packed"),
        pytest.param(b"\2\1\0\3", False, id="packed, big endian"),
        pytest.param(b"\1\0\2\0\3\0", True, id="a word each"),
        pytest.param(b"\0\1\0\2\0\3", False, id="a word each, big endian"),
    ],
)
def test_8_bit_entries_are_packed_or_in_words(data: bytes, little_endian: bool) -> None:
    lut = table((3, 0, 8), data, little_endian=little_endian)
    found, repairs = elements.read_lut(lut, *RED, input_range=UNSIGNED)
    assert found is not None
    assert found.entries.tolist() == [1, 2, 3]
    assert found.bits == 8
    assert repairs == ()


def test_8_bit_entries_that_call_themselves_16_bit_are_mended() -> None:
    found, (repair,) = elements.read_lut(table((4, 0, 16), b"\1\2\3\4"), *RED, input_range=UNSIGNED)
    assert found is not None
    assert found.entries.tolist() == [1, 2, 3, 4]
    assert found.bits == 8
    assert repair.code == "lut-bits"


def test_a_short_table_keeps_what_it_has() -> None:
    found, (repair,) = elements.read_lut(table((8, 0, 16), b"\1\0\2\0"), *RED, input_range=UNSIGNED)
    assert found is not None
    assert found.entries.tolist() == [1, 2]
    assert repair.code == "lut-short"


@pytest.mark.parametrize(
    "broken",
    [
        Dataset(),
        table((3, 0, 16), b""),
        raw(RED[0], "US", b"\3\0\0\0\x10\0"),
        add_raw(raw(RED[0], "US", b"\3\0"), RED[1], "OW", b"\1\0"),
    ],
)
def test_a_table_without_descriptor_or_entries_is_none(broken: Dataset) -> None:
    assert elements.read_lut(broken, *RED, input_range=UNSIGNED)[0] is None


def test_an_element_that_was_converted_before_gives_the_same_table() -> None:
    lut = table((3, 0, 16), b"\0\1\0\2\0\3", vr="US", little_endian=False)
    before, _ = elements.read_lut(lut, *RED, input_range=UNSIGNED)
    assert [lut[keyword].value for keyword in RED] == [[3, 0, 16], [1, 2, 3]]
    after, _ = elements.read_lut(lut, *RED, input_range=UNSIGNED)
    assert before is not None
    assert after is not None
    assert before.entries.tolist() == after.entries.tolist() == [1, 2, 3]


# Discrete 10, 20; linear to 60 in 4 steps; both segments again.
SEGMENTS = (0, 2, 10, 20, 1, 4, 60, 2, 2, 0, 0)
EXPANDED = [10, 20, 30, 40, 50, 60, 10, 20, 30, 40, 50, 60]


def test_segments_are_expanded() -> None:
    lut = table((12, 0, 16), struct.pack("<11H", *SEGMENTS))
    found = elements.read_segmented_lut(lut, *RED, input_range=UNSIGNED)
    assert found is not None
    assert found.entries.tolist() == EXPANDED
    assert found.entries.tolist() == _expand_segmented_lut(SEGMENTS, "<H")


@pytest.mark.parametrize("little_endian", [True, False])
def test_segments_of_8_bits_are_packed(little_endian: bool) -> None:
    data = bytes((*SEGMENTS, 0, 0, 0))
    if not little_endian:
        data = np.frombuffer(data, "<u2").astype(">u2").tobytes()
    lut = table((12, 0, 8), data, little_endian=little_endian)
    found = elements.read_segmented_lut(lut, *RED, input_range=UNSIGNED)
    assert found is not None
    assert found.entries.tolist() == EXPANDED


@pytest.mark.parametrize("units", [(2, 9, 0, 0), (1, 0, 5), (7, 7, 7), (0, 5), (0, 9, 1, 2)])
def test_nonsense_segments_end_the_table(units: tuple[int, ...]) -> None:
    lut = table((5, 0, 16), struct.pack(f"<{len(units)}H", *units))
    found = elements.read_segmented_lut(lut, *RED, input_range=UNSIGNED)
    assert found is None or found.entries.size <= 5


def test_a_segmented_palette_is_the_same_in_both_byte_orders() -> None:
    tables = []
    for name in ("gdcm-US-ALOKA-16.dcm", "gdcm-US-ALOKA-16_big.dcm"):
        path = get_testdata_file(name, download=False)
        assert path is not None
        found = elements.read_segmented_lut(
            dcmread(path), RED[0], f"Segmented{RED[1]}", input_range=UNSIGNED
        )
        assert found is not None
        tables.append(found.entries.tolist())
    dataset = dcmread(get_testdata_file("gdcm-US-ALOKA-16.dcm", download=False))
    data = dataset.SegmentedRedPaletteColorLookupTableData
    assert tables[0] == _expand_segmented_lut(struct.unpack(f"<{len(data) // 2}H", data), "<H")
    assert tables[1] == tables[0]
    assert len(tables[0]) == 65536
