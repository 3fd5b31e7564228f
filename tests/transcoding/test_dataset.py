"""Data sets in other encodings: the same elements and values, as DCMTK and pydicom read them."""

from __future__ import annotations

import contextlib
import struct
import zlib
from pathlib import Path

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from support.datasets import element, image, item, part10
from support.rewritten import flat, read, transcoded
from support.transcoded import run_tool

from dcmview.bulk.inputs import entry_of
from dcmview.dicom.source import MemorySource
from dcmview.errors import CannotTranscode, DcmviewError, Truncated, Unreadable
from dcmview.transcoding.elements import Walk

PIXEL_DATA = "7fe00010"
DCMCONV = {"implicit": "+ti", "explicit": "+te", "bigendian": "+tb"}
FILES = (
    "CT_small.dcm",  # private elements, explicit
    "MR_small_implicit.dcm",
    "MR_small_bigendian.dcm",
    "ExplVR_BigEnd.dcm",
    "rtplan.dcm",  # sequences in sequences, implicit
    "reportsi.dcm",
    "eCT_Supplemental.dcm",  # functional groups
    "waveform_ecg.dcm",
    "mlut_18.dcm",
    "vlut_04.dcm",
    "priv_SQ.dcm",
    "examples_overlay.dcm",
)


def put(folder: Path, dataset: Dataset, syntax: str = pydicom.uid.ExplicitVRLittleEndian) -> Path:
    path = folder / "a.dcm"
    path.write_bytes(part10(dataset, syntax))
    return path


def put_raw(folder: Path, content: bytes, syntax: str = pydicom.uid.ImplicitVRLittleEndian) -> Path:
    """A file of these bytes behind the meta information of an image without elements."""
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2", "1.2.3"
    whole = part10(dataset, syntax)
    path = folder / "raw.dcm"
    path.write_bytes(whole + content)
    return path


def implicit(tag: int, value: bytes) -> bytes:
    return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, len(value)) + value


@pytest.mark.parametrize("target", DCMCONV)
@pytest.mark.parametrize("name", FILES)
def test_every_element_is_what_dcmtk_makes_of_it(tmp_path: Path, name: str, target: str) -> None:
    path = get_testdata_file(name)
    theirs = tmp_path / "theirs.dcm"
    run_tool("dcmconv", DCMCONV[target], path, theirs)
    ours, expected = flat(read(transcoded(path, target)[0])), flat(pydicom.dcmread(theirs))
    # The order of bytes of OB and OW is another in big endian; the samples are compared below.
    ours.pop(PIXEL_DATA, None)
    expected.pop(PIXEL_DATA, None)
    assert ours == expected
    assert expected


@pytest.mark.parametrize("target", ["implicit", "explicit", "bigendian", "deflated"])
@pytest.mark.parametrize(
    "name",
    [
        "CT_small.dcm",
        "rtdose_1frame.dcm",  # 32 bits
        "rtdose_expb_1frame.dcm",
        "SC_rgb_small_odd.dcm",  # an odd number of bytes
        "SC_rgb_small_odd_big_endian.dcm",  # 8 bits in words
        "SC_rgb_expb_16bit.dcm",
        "liver_1frame.dcm",  # 1 bit
        "SC_ybr_full_422_uncompressed.dcm",
    ],
)
def test_samples_are_the_same_in_every_byte_order(name: str, target: str) -> None:
    path = get_testdata_file(name)
    before = pydicom.dcmread(path).pixel_array
    after = read(transcoded(path, target)[0]).pixel_array
    assert before.dtype.itemsize == after.dtype.itemsize
    assert (before == after).all()


@pytest.mark.parametrize("name", ["CT_small.dcm", "eCT_Supplemental.dcm", "examples_overlay.dcm"])
def test_there_and_back_again_is_the_same_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / "first.dcm"
    path.write_bytes(transcoded(get_testdata_file(name), "explicit")[0])
    other = tmp_path / "other.dcm"
    for target in ("bigendian", "deflated"):
        other.write_bytes(transcoded(path, target)[0])
        assert transcoded(other, "explicit")[0] == path.read_bytes()


def test_what_does_not_change_is_copied_byte_for_byte() -> None:
    path = Path(get_testdata_file("CT_small.dcm"))
    before = path.read_bytes()
    after = transcoded(path, "rle")[0]
    # From the first element of the data set to the pixel data.
    first, last = before.index(b"\x08\0\x05\0CS"), before.index(b"\xe0\x7f\x10\0OW")
    assert before[first:last] in after
    # And what is behind it: data set trailing padding.
    assert after.endswith(before[last + 12 + 128 * 128 * 2 :])
    assert before[last + 12 + 128 * 128 * 2 :].startswith(b"\xfc\xff\xfc\xff")


def test_numbers_are_signed_where_the_pixels_are(tmp_path: Path) -> None:
    dataset = image(PixelRepresentation=1, SmallestImagePixelValue=-5)
    dataset["SmallestImagePixelValue"].VR = "SS"
    dataset.ModalityLUTSequence = item(LUTDescriptor=[4, -2, 16], LUTData=b"\1\0\2\0\3\0\4\0")
    dataset.ModalityLUTSequence[0]["LUTDescriptor"].VR = "SS"
    dataset.ModalityLUTSequence[0]["LUTData"].VR = "OW"
    path = put(tmp_path, dataset, pydicom.uid.ImplicitVRLittleEndian)
    for target in ("explicit", "bigendian"):
        found = read(transcoded(path, target)[0])
        assert (found["SmallestImagePixelValue"].VR, found.SmallestImagePixelValue) == ("SS", -5)
        nested = found.ModalityLUTSequence[0]
        assert list(nested.LUTDescriptor) == [4, -2, 16]
        order = "<" if target == "explicit" else ">"
        assert struct.unpack(f"{order}4H", nested.LUTData) == (1, 2, 3, 4)


def test_a_text_too_long_for_its_vr_becomes_un_and_comes_back(tmp_path: Path) -> None:
    value = b"x" * 70_000
    path = put_raw(tmp_path, implicit(0x00104000, b"before") + implicit(0x00204000, value))
    content = transcoded(path, "explicit")[0]
    found = pydicom.dcmread(put_content(tmp_path, content))
    assert content.count(b"\x20\0\x00\x40UN\0\0" + struct.pack("<L", 70_000)) == 1
    assert found[0x00104000].value == "before"
    again = tmp_path / "again.dcm"
    again.write_bytes(content)
    assert implicit(0x00204000, value) in transcoded(again, "implicit")[0]


def put_content(folder: Path, content: bytes) -> Path:
    path = folder / "content.dcm"
    path.write_bytes(content)
    return path


def test_private_elements_get_the_vr_of_their_creator_alone(tmp_path: Path) -> None:
    # (0019,xx02) of GEMS_ACQU_01 is SL by pydicom's private dictionary; of nobody else.
    known = implicit(0x00190010, b"GEMS_ACQU_01") + implicit(0x00191002, struct.pack("<l", -7))
    unknown = implicit(0x00210010, b"NOBODY") + implicit(0x00211002, struct.pack("<l", -7))
    path = put_raw(tmp_path, known + unknown)
    content = transcoded(path, "bigendian")[0]
    assert b"\0\x19\x10\x02SL\0\4" + struct.pack(">l", -7) in content
    assert b"\0\x21\x10\x02UN\0\0\0\0\0\4" + struct.pack("<l", -7) in content  # PS3.5 6.2.2


def test_a_private_value_that_its_vr_does_not_fit_is_left_alone(tmp_path: Path) -> None:
    path = put_raw(
        tmp_path, implicit(0x00190010, b"GEMS_ACQU_01") + implicit(0x00191002, b"\1\2\3\4\5\6")
    )
    content = transcoded(path, "bigendian")[0]
    assert b"\0\x19\x10\x02UN\0\0\0\0\0\6\1\2\3\4\5\6" in content


def test_a_sequence_as_un_becomes_one_in_big_endian_alone(tmp_path: Path) -> None:
    # UN of undefined length holds items in implicit VR little endian (PS3.5 6.2.2).
    item_head, item_end = b"\xfe\xff\0\xe0\xff\xff\xff\xff", b"\xfe\xff\x0d\xe0\0\0\0\0"
    value = item_head + implicit(0x00280010, b"\7\0") + item_end + b"\xfe\xff\xdd\xe0\0\0\0\0"
    creator = element(0x00210010, "LO", b"NOBODY")
    unknown = creator + element(0x00211001, "UN", value, 0xFFFFFFFF)
    whole = part10(image())
    begin = whole.index(b"\x28\0\x02\0US")
    path = tmp_path / "un.dcm"
    path.write_bytes(whole[:begin] + unknown + whole[begin:])
    head = b"\x21\0\x01\x10UN\0\0\xff\xff\xff\xff"
    assert head + value in transcoded(path, "rle")[0]
    assert head.replace(b"UN\0\0", b"") + value in transcoded(path, "implicit")[0]
    swapped = put_content(tmp_path, transcoded(path, "bigendian")[0])
    found = pydicom.dcmread(swapped)[0x00211001]
    assert (found.VR, found.value[0].Rows) == ("SQ", 7)
    assert read(transcoded(swapped, "explicit")[0])[0x00211001].value[0].Rows == 7


def test_what_a_writer_did_not_know_is_known_in_big_endian(tmp_path: Path) -> None:
    # UN is in little endian everywhere (PS3.5 6.2.2), which few programs know in big endian.
    nested_rows = struct.pack("<HHL", 0xFFFE, 0xE000, 10) + implicit(0x00280010, b"\7\0")
    known = element(0x00280009, "UN", struct.pack("<HH", 0x3004, 0x000C))  # an AT
    sequence = element(0x00081140, "UN", nested_rows)
    damaged = element(0x00082112, "UN", b"no item")  # in the place of a sequence
    whole = part10(image())
    begin, second = whole.index(b"\x08\0\x60\0CS"), whole.index(b"\x28\0\x10\0US")
    path = tmp_path / "un.dcm"
    path.write_bytes(
        whole[:begin]
        + whole[begin : begin + 10]
        + sequence
        + damaged
        + whole[begin + 10 : second]
        + known
        + whole[second:]
    )
    swapped = transcoded(path, "bigendian")[0]
    found = read(swapped)
    assert found.FrameIncrementPointer == 0x3004000C
    assert found.ReferencedImageSequence[0].Rows == 7
    assert b"\0\x08\x21\x12UN\0\0\0\0\0\7no item" in swapped
    assert known in transcoded(path, "rle")[0]  # in little endian nothing has to be known
    assert sequence in transcoded(path, "rle")[0]


def test_group_lengths_are_dropped_where_they_would_lie(tmp_path: Path) -> None:
    length = element(0x00080000, "UL", struct.pack("<L", 10))
    name = element(0x00100000, "UL", struct.pack("<L", 16)) + element(0x00100010, "PN", b"A^B ")
    whole = part10(image(64, 64))
    begin = whole.index(b"\x08\0\x16\0UI")
    path = tmp_path / "a.dcm"
    behind = whole.index(b"\x28\0\x02\0US")
    path.write_bytes(whole[:begin] + length + whole[begin:behind] + name + whole[behind:])
    untouched = read(transcoded(path, "rle")[0])
    assert (0x0008, 0x0000) in untouched
    assert (0x0010, 0x0000) in untouched
    lossy = read(transcoded(path, "j2klossy", ratio=2)[0])  # the UID changes, the patient does not
    assert (0x0008, 0x0000) not in lossy
    assert (0x0010, 0x0000) in lossy
    assert (0x0010, 0x0000) not in read(transcoded(path, "bigendian")[0])


def test_sequences_keep_the_way_their_ends_are_marked(tmp_path: Path) -> None:
    dataset = image()
    dataset.ReferencedImageSequence = item(ReferencedSOPInstanceUID="1.2.3")
    for undefined in (False, True):
        dataset["ReferencedImageSequence"].is_undefined_length = undefined
        dataset.ReferencedImageSequence[0].is_undefined_length_sequence_item = undefined
        path = put(tmp_path, dataset, pydicom.uid.ImplicitVRLittleEndian)
        content = transcoded(path, "bigendian")[0]
        begin = content.index(b"\0\x08\x11\x40SQ\0\0") + 8
        length = struct.unpack(">L", content[begin : begin + 4])[0]
        # An item head, and 8 bytes of element head with a UID of six bytes.
        assert length == (0xFFFFFFFF if undefined else 8 + 8 + 6)


def nested(levels: int) -> bytes:
    head = b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff"
    tail = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    return head * levels + tail * levels


def test_sequences_without_end_are_refused() -> None:
    def walk(content: bytes) -> object:
        source = MemorySource(content)
        return Walk(source, explicit=True, little_endian=True, is_deep=True).dataset(0)

    assert walk(nested(20))
    with pytest.raises(Unreadable, match="without end"):
        walk(nested(5_000))
    with pytest.raises((Unreadable, Truncated)):
        walk(nested(20)[:-8])


def test_zeros_behind_the_last_element_are_no_part_of_it(tmp_path: Path) -> None:
    path = put(tmp_path, image())
    whole = path.read_bytes()
    path.write_bytes(whole + bytes(3_000))
    assert transcoded(path, "implicit")[0] == transcoded(put(tmp_path, image()), "implicit")[0]
    path.write_bytes(whole + bytes(3_000) + b"x")
    with pytest.raises((Unreadable, Truncated)):
        transcoded(path, "implicit")


@given(
    name=st.sampled_from(["rtplan.dcm", "UN_sequence.dcm", "MR_small_bigendian.dcm"]),
    changes=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=6)), max_size=4),
    cut=st.floats(0, 1),
)
def test_damage_raises_nothing_but_our_own_errors(
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    changes: list[tuple[float, bytes]],
    cut: float,
) -> None:
    content = bytearray(Path(get_testdata_file(name)).read_bytes()[:6_000])
    for place, value in changes:
        begin = int(place * len(content))
        content[begin : begin + len(value)] = value
    if cut < 0.5:
        del content[int(2 * cut * len(content)) :]
    path = tmp_path_factory.getbasetemp() / "damaged.dcm"
    path.write_bytes(content)
    with contextlib.suppress(DcmviewError):
        entry_of(str(path))
        for target in ("explicit", "bigendian", "rle"):
            transcoded(path, target)


def test_a_sequence_of_unknown_vr_in_big_endian_is_read_again_by_us(tmp_path: Path) -> None:
    path = tmp_path / "big.dcm"
    path.write_bytes(transcoded(get_testdata_file("UN_sequence.dcm"), "ebe")[0])
    assert entry_of(str(path)).header.problem == ""
    series = pydicom.dcmread(path)[0x4453100C].value[0].ReferencedSeriesSequence[0]
    assert series.ReferencedSOPSequence[0].ReferencedSOPClassUID == "1.2.840.10008.5.1.4.1.1.2"


@pytest.mark.parametrize("target", ["implicit", "bigendian", "rle"])
def test_a_group_length_behind_the_pixel_data_goes(tmp_path: Path, target: str) -> None:
    path = put(tmp_path, image())
    behind = element(0x7FE10000, "UL", struct.pack("<L", 12)) + element(0x7FE10010, "LO", b"GEMS")
    path.write_bytes(path.read_bytes() + behind)
    found = read(transcoded(path, target)[0])
    assert found[0x7FE10010].value == "GEMS"
    assert (0x7FE10000 in found) is (target == "rle")  # in the same encoding it is true


@pytest.mark.parametrize("target", ["implicit", "rle"])
def test_a_file_with_two_kinds_of_pixel_data_is_refused(tmp_path: Path, target: str) -> None:
    path = put(tmp_path, image(FloatPixelData=bytes(24)))
    with pytest.raises(CannotTranscode, match=r"\(7FE0,0008\) and \(7FE0,0010\)"):
        transcoded(path, target)


def test_meta_information_that_is_empty_is_filled_from_the_data_set(tmp_path: Path) -> None:
    whole = part10(image())
    head = b"".join(element(0x00020000 + number, "UI", b"") for number in (2, 3))
    head += element(0x00020010, "UI", b"1.2.840.10008.1.2.1\0")
    path = tmp_path / "a.dcm"
    path.write_bytes(whole[:132] + head + whole[whole.index(b"\x08\0\x16\0UI") :])
    found = read(transcoded(path, "implicit")[0])
    assert found.file_meta.MediaStorageSOPClassUID == found.SOPClassUID
    assert found.file_meta.MediaStorageSOPInstanceUID == found.SOPInstanceUID


def test_words_of_an_unknown_size_stay_in_little_endian(tmp_path: Path) -> None:
    # Curve Data may be of 8 or 16 bits.
    path = put_raw(tmp_path, implicit(0x50003000, b"\1\0\2\0"))
    written = struct.pack(">HH2s2xL", 0x5000, 0x3000, b"UN", 4) + b"\1\0\2\0"
    assert transcoded(path, "bigendian")[0].endswith(written)


def test_a_deflated_data_set_is_of_an_even_length(tmp_path: Path) -> None:
    lengths = []
    for count in range(1, 9):
        path = put_raw(
            tmp_path, implicit(0x00100010, b"AB" * count + bytes(range(65, 65 + count * 4)))
        )
        content = transcoded(path, "deflated")[0]
        packed = content[read(content).file_meta.FileMetaInformationGroupLength + 144 :]
        stream = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        assert stream.decompress(packed)
        assert stream.unused_data in (b"", b"\0")
        lengths.append((len(packed) % 2, len(stream.unused_data)))
    assert set(lengths) == {(0, 0), (0, 1)}  # some were even, others became so
