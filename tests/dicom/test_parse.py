"""From bytes to a data set: where the pixels lie, what damage costs, what it may cost at most."""

from __future__ import annotations

import struct
import time
import warnings
import zlib
from typing import TYPE_CHECKING

import pydicom
import pytest
from pydicom import uid
from pydicom.encaps import encapsulate
from support.datasets import bare, element, image, item, opened, part10
from support.pixel_files import pixel_file_named, pixel_files

from dcmview.dicom.bounded import READ_LIMIT
from dcmview.dicom.instance import open_instance
from dcmview.dicom.parse import BINARY_LIMIT_BYTES
from dcmview.errors import NotDicom, Unreadable
from dcmview.model import SampleKind

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

    from dcmview.dicom.instance import Instance

PIXELS = bytes(range(12))
IMAGE = (
    element(0x00280002, "US", b"\1\0"),
    element(0x00280004, "CS", b"MONOCHROME2 "),
    element(0x00280010, "US", b"\2\0"),
    element(0x00280011, "US", b"\3\0"),
    element(0x00280100, "US", b"\x10\0"),
    element(0x7FE00010, "OW", PIXELS),
)
NAME = element(0x00100010, "PN", b"A^B ")
UNDEFINED = 0xFFFFFFFF


def pixel_bytes(instance: Instance, length: int) -> bytes:
    location = instance.pixel_location
    assert location is not None
    with instance.open() as source:
        return source.pread(location.offset, length)


@pytest.mark.parametrize("path", pixel_files(), ids=lambda path: path.name)
def test_pixel_data_lies_where_pydicom_reads_it(path: Path) -> None:
    if path.name == "emri_small_jpeg_2k_lossless_too_short.dcm":
        pytest.skip("cut short, pydicom gives up its pixel data")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path, force=True)
    instance = open_instance(str(path))
    location = instance.pixel_location
    assert location is not None
    keyword = {
        SampleKind.INTEGER: "PixelData",
        SampleKind.FLOAT: "FloatPixelData",
        SampleKind.DOUBLE: "DoubleFloatPixelData",
    }[instance.layout.kind]
    value = dataset[keyword].value
    assert pixel_bytes(instance, len(value)) == value
    assert location.encapsulated == dataset[keyword].is_undefined_length
    assert (instance.layout.rows, instance.layout.columns) == (dataset.Rows, dataset.Columns)


@pytest.mark.parametrize(
    "syntax",
    [
        uid.ImplicitVRLittleEndian,
        uid.ExplicitVRLittleEndian,
        uid.ExplicitVRBigEndian,
        uid.DeflatedExplicitVRLittleEndian,
    ],
)
def test_elements_behind_the_pixel_data_do_not_matter(tmp_path: Path, syntax: str) -> None:
    dataset = image(PixelData=PIXELS, DataSetTrailingPadding=bytes(100))
    instance = opened(tmp_path, part10(dataset, syntax))
    assert instance.pixel_location is not None
    assert instance.pixel_location.length == len(PIXELS)
    assert pixel_bytes(instance, 12) == PIXELS
    assert instance.header.problem == ""


def test_extended_offset_tables_are_kept(tmp_path: Path) -> None:
    dataset = image(PixelData=encapsulate([b"\xff\xd8\xff\xd9"], has_bot=False))
    dataset["PixelData"].is_undefined_length = True
    dataset.ExtendedOffsetTable = struct.pack("<Q", 0)
    dataset.ExtendedOffsetTableLengths = struct.pack("<Q", 4)
    location = opened(tmp_path, part10(dataset, uid.JPEGBaseline8Bit)).pixel_location
    assert location is not None
    assert location.encapsulated
    assert location.length is None
    assert location.extended_offsets == struct.pack("<Q", 0)
    assert location.extended_lengths == struct.pack("<Q", 4)


def test_fragments_in_a_value_of_defined_length_are_encapsulated(tmp_path: Path) -> None:
    fragments = encapsulate([b"\xff\xd8\xff\xd9"])
    content = part10(image(PixelData=fragments), uid.ExplicitVRLittleEndian)
    content = content.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0")
    location = opened(tmp_path, content).pixel_location
    assert location is not None
    assert location.encapsulated
    assert location.length == len(fragments)


def test_fragments_in_a_file_that_calls_itself_native_name_their_syntax(tmp_path: Path) -> None:
    fragments = encapsulate([b"\xff\xd8\xff\xdb" + bytes(12)])
    content = bare(*IMAGE[:-1], element(0x7FE00010, "OB", fragments, UNDEFINED))
    instance = opened(tmp_path, content)
    assert instance.transfer_syntax_uid == uid.JPEGBaseline8Bit
    assert {repair.code for repair in instance.repairs} >= {"transfer-syntax"}


def test_a_file_without_any_meta_information_is_read(tmp_path: Path) -> None:
    content = part10(image(PixelData=PIXELS))
    instance = opened(tmp_path, content[content.index(b"\x08\0\x16\0UI") :])
    assert instance.layout.rows == 2
    assert instance.transfer_syntax_uid == uid.ExplicitVRLittleEndian
    assert pixel_bytes(instance, 12) == PIXELS


def test_a_wrong_byte_order_in_the_label_is_mended(tmp_path: Path) -> None:
    content = part10(image(PixelData=PIXELS))
    content = content.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.2\0")
    instance = opened(tmp_path, content)
    assert instance.layout.rows == 2
    assert instance.pixel_location is not None
    assert instance.pixel_location.little_endian
    assert "byte-order" in {repair.code for repair in instance.repairs}


def test_warnings_of_pydicom_are_repairs_and_not_printed(
    capfd: pytest.CaptureFixture[str],
) -> None:
    instance = open_instance(str(pixel_file_named("SC_rgb_jpeg.dcm")))
    (repair,) = instance.repairs
    assert repair.code == "pydicom"
    assert "found implicit VR" in repair.found
    assert capfd.readouterr() == ("", "")


# Damage


def broken_sequence(length: int = UNDEFINED) -> bytes:
    return element(0x00081140, "SQ", b"no items at all!", length)


def test_a_damaged_sequence_does_not_hide_the_pixels(tmp_path: Path) -> None:
    before = element(0x00080060, "CS", b"CT")
    instance = opened(tmp_path, bare(before, broken_sequence(), NAME, *IMAGE))
    assert instance.header.shared.modality == "CT"
    assert (instance.layout.rows, instance.layout.columns) == (2, 3)
    assert pixel_bytes(instance, 12) == PIXELS
    assert instance.header.problem.startswith("header damaged at (0008,1140)")


def test_a_length_beyond_the_file_does_not_hide_the_pixels(tmp_path: Path) -> None:
    long_value = element(0x00081030, "UT", b"abcd", 0x7FFFFFF0)
    instance = opened(tmp_path, bare(long_value, *IMAGE))
    assert instance.layout.rows == 2
    assert pixel_bytes(instance, 12) == PIXELS
    assert "of 2,147,483,632 bytes" in instance.header.problem


def test_a_private_element_of_unknown_vr_behind_damage_does_not_hide_the_pixels(
    tmp_path: Path,
) -> None:
    long_value = element(0x00081030, "UT", b"abcd", 0x7FFFFFF0)
    creator = element(0x00290010, "LO", b"ACME")
    private = element(0x00291001, "ZZ", b"ab")
    instance = opened(tmp_path, bare(long_value, *IMAGE[:-1], creator, private, IMAGE[-1]))
    assert pixel_bytes(instance, 12) == PIXELS


def test_a_length_that_is_a_little_wrong_does_not_hide_the_pixels(tmp_path: Path) -> None:
    wrong = element(0x00081030, "LO", b"abcd", 9)
    instance = opened(tmp_path, bare(element(0x00080060, "CS", b"CT"), wrong, NAME, *IMAGE))
    assert instance.header.shared.modality == "CT"
    assert pixel_bytes(instance, 12) == PIXELS
    assert "header damaged" in instance.header.problem


def test_a_character_set_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    charset = element(0x00080005, "CS", b"latin\0\0001")
    instance = opened(tmp_path, bare(charset, NAME, *IMAGE))
    assert instance.header.shared.patient_name == "A^B"
    assert instance.header.shared.has_pixels
    (repair,) = (found for found in instance.repairs if found.code == "damaged-element")
    assert repair.element == "(0008,0005)"


def test_a_header_cut_short_gives_what_was_before(tmp_path: Path) -> None:
    content = bare(element(0x00080060, "CS", b"CT"), NAME)
    instance = opened(tmp_path, content[:-2])
    assert instance.header.shared.modality == "CT"
    assert instance.header.shared.patient_name == "A^"
    assert instance.header.problem == "header damaged at (0010,0010): 2 of 4 bytes"
    assert not instance.header.shared.has_pixels


def test_a_file_without_a_single_element_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="no data elements"):
        opened(tmp_path, bare())


def test_a_prefix_with_nothing_behind_it_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="no data set follows"):
        opened(tmp_path, bytes(128) + b"DICM" + b"\xff" * 64)


@pytest.mark.parametrize(("content", "reason"), [(b"", "empty file"), (b"text", "no DICOM")])
def test_other_files_are_not_dicom(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(NotDicom, match=reason):
        opened(tmp_path, content)


# What a hostile header may cost


def timed(tmp_path: Path, content: bytes, *, limit_s: float) -> Instance | Unreadable:
    begin = time.process_time()
    try:
        return opened(tmp_path, content)
    except Unreadable as exc:
        return exc
    finally:
        assert time.process_time() - begin < limit_s


def test_a_flood_of_elements_is_refused(tmp_path: Path) -> None:
    # Each element takes two reads, and costs its own object in memory.
    flood = b"".join(
        struct.pack("<HH2sH4s", 0x0009 + number // 0x8000, number % 0x8000, b"LO", 4, b"abcd")
        for number in range(READ_LIMIT)
    )
    found = timed(tmp_path, bare(flood), limit_s=20)
    assert isinstance(found, Unreadable)
    assert "more than 400,000 parts" in found.message or "longer than 5 s" in found.message


@pytest.mark.parametrize("depth", [40, 3_000])
def test_nesting_without_end_leaves_the_rest_readable(tmp_path: Path, depth: int) -> None:
    opening = element(0x00081140, "SQ", b"\xfe\xff\x00\xe0\xff\xff\xff\xff", UNDEFINED)
    content = bare(element(0x00080060, "CS", b"CT"), opening * depth, *IMAGE)
    found = timed(tmp_path, content, limit_s=5)
    assert not isinstance(found, Unreadable)
    assert found.header.shared.modality == "CT"
    assert found.header.problem


def test_a_long_document_is_passed_over(tmp_path: Path) -> None:
    document = bytes(BINARY_LIMIT_BYTES + 2)
    content = bare(
        element(0x00080016, "UI", uid.EncapsulatedPDFStorage.encode()),
        element(0x00420011, "OB", document),
        element(0x00420012, "LO", b"application/pdf "),
    )
    instance = opened(tmp_path, content)
    assert instance.dataset.EncapsulatedDocument == b""
    assert instance.dataset.MIMETypeOfEncapsulatedDocument == "application/pdf"
    assert instance.header.shared.kind == "Encapsulated PDF Storage"
    assert instance.header.problem == ""


def test_a_deflated_file_cut_short_says_so(tmp_path: Path) -> None:
    content = part10(image(rows=200, columns=200), uid.DeflatedExplicitVRLittleEndian)
    (meta_length,) = struct.unpack("<L", content[140:144])
    head, body = content[: 144 + meta_length], content[144 + meta_length :]
    plain = zlib.decompress(body, wbits=-zlib.MAX_WBITS)
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS, level=0)  # so that a cut keeps the header
    stored = engine.compress(plain) + engine.flush()
    instance = opened(tmp_path, head + stored[:70_000])
    assert "the deflated data ends early" in instance.header.problem
    assert instance.layout.rows == 200


def test_sequences_of_a_real_file_are_read(tmp_path: Path) -> None:
    dataset: Dataset = image(RequestAttributesSequence=item(ScheduledProcedureStepID="1"))
    for syntax in (uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian):
        found = opened(tmp_path, part10(dataset, syntax)).dataset
        assert found.RequestAttributesSequence[0].ScheduledProcedureStepID == "1"
