"""What is DICOM: files that say so, files that only look so, and nothing else."""

from __future__ import annotations

import gzip
import io
import random
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydicom import uid
from pydicom.data import get_testdata_file
from support.datasets import bare, element, image, part10

from dcmview.dicom.sniff import (
    EXPLICIT_BIG_ENDIAN,
    EXPLICIT_LITTLE_ENDIAN,
    HEAD_BYTES,
    IMPLICIT_LITTLE_ENDIAN,
    sniff,
)


@pytest.mark.parametrize(
    ("name", "uid_found", "explicit", "little_endian"),
    [
        ("CT_small.dcm", EXPLICIT_LITTLE_ENDIAN, True, True),
        ("MR_small_implicit.dcm", IMPLICIT_LITTLE_ENDIAN, False, True),
        ("MR_small_bigendian.dcm", EXPLICIT_BIG_ENDIAN, True, False),
        ("ExplVR_BigEndNoMeta.dcm", EXPLICIT_BIG_ENDIAN, True, False),
        ("ExplVR_LitEndNoMeta.dcm", EXPLICIT_LITTLE_ENDIAN, True, True),
        ("SC_rgb_jpeg_lossy_gdcm.dcm", "1.2.840.10008.1.2.4.50", True, True),
    ],
)
def test_real_files_are_recognised(
    name: str, uid_found: str, explicit: bool, little_endian: bool
) -> None:
    path = get_testdata_file(name, download=False)
    assert path is not None
    found = sniff(Path(path).read_bytes()[:HEAD_BYTES])
    assert found is not None
    assert found.transfer_syntax_uid == uid_found
    assert (found.explicit, found.little_endian) == (explicit, little_endian)


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian])
def test_a_file_that_lost_its_preamble_is_recognised(syntax: str) -> None:
    content = part10(image(), syntax)
    without_preamble = sniff(content[128:])
    without_prefix = sniff(content[132:])
    whole = sniff(content)
    assert whole is not None
    assert without_preamble is not None
    assert without_prefix is not None
    assert without_preamble.dataset_offset == whole.dataset_offset - 128
    assert without_prefix.dataset_offset == whole.dataset_offset - 132
    assert without_prefix.transfer_syntax_uid == syntax


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian])
def test_a_data_set_alone_is_recognised(syntax: str) -> None:
    content = part10(image(), syntax)
    whole = sniff(content)
    assert whole is not None
    found = sniff(content[whole.dataset_offset :])
    assert found is not None
    assert found.dataset_offset == 0
    assert found.transfer_syntax_uid == syntax


def test_a_byte_of_padding_before_the_data_set_is_passed_over() -> None:
    content = part10(image())
    whole = sniff(content)
    assert whole is not None
    found = sniff(content[whole.dataset_offset - 1 :])
    assert found is not None
    assert found.dataset_offset == 1


def test_a_preamble_may_be_another_format() -> None:
    content = b"MZ" + bytes(126) + part10(image())[128:]
    assert sniff(content) == sniff(part10(image()))


def test_a_transfer_syntax_with_a_wrong_length_is_still_read() -> None:
    broken = element(0x00020010, "UI", b"1.2.840.10008.1.2.1\0\x02\0\x12\0UI")
    found = sniff(bytes(128) + b"DICM" + broken + element(0x00080060, "CS", b"CT"))
    assert found is not None
    assert found.transfer_syntax_uid == EXPLICIT_LITTLE_ENDIAN


@pytest.mark.parametrize(
    ("syntax", "explicit", "little_endian"),
    [
        (uid.ImplicitVRLittleEndian, False, True),
        (uid.ExplicitVRLittleEndian, True, True),
        (uid.ExplicitVRBigEndian, True, False),
    ],
)
def test_the_transfer_syntax_is_believed_where_elements_make_no_chain(
    syntax: str, explicit: bool, little_endian: bool
) -> None:
    padded = part10(image(), syntax) + bytes(100)
    whole = part10(image(), syntax)
    begin = sniff(whole).dataset_offset  # type: ignore[union-attr]
    unsorted = whole + whole[begin : begin + 100]  # elements that were there before
    for content in (padded, unsorted):
        found = sniff(content)
        assert found is not None
        assert (found.explicit, found.little_endian) == (explicit, little_endian)


def test_what_looks_the_same_in_both_byte_orders_is_read_in_the_named_one() -> None:
    head = bytes(128) + b"DICM" + element(0x00020010, "UI", uid.ExplicitVRBigEndian.encode())
    private = b"\x44\x53\x10\x0cSQ\0\0\xff\xff\xff\xff" + bytes.fromhex("fffee000ffffffff")
    found = sniff(head + private)
    assert found is not None
    assert (found.explicit, found.little_endian) == (True, False)


def test_a_prefix_alone_is_no_data_set() -> None:
    assert sniff(bytes(128) + b"DICM") is None
    assert sniff(bytes(128) + b"DICM" + b"\xff" * 100) is None
    assert sniff(bare()) is not None


def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (64, 64)).save(buffer, "PNG")
    return buffer.getvalue()


def jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64)).save(buffer, "JPEG")
    return buffer.getvalue()


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        zipped.writestr("a.dcm", part10(image()))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x08", id="one byte"),
        pytest.param(bytes(HEAD_BYTES), id="zeros"),
        pytest.param(b"\x08\0" * 2048, id="eights"),
        pytest.param(struct.pack("<1024L", *([8, 4] * 512)), id="small integers"),
        pytest.param(struct.pack("<1024L", *range(8, 1032)), id="rising integers"),
        pytest.param(b"Once upon a time.\n" * 200, id="text"),
        pytest.param(b'{"00080005": {"vr": "CS"}}', id="DICOM JSON"),
        pytest.param(png(), id="PNG"),
        pytest.param(jpeg(), id="JPEG"),
        pytest.param(archive(), id="zip of DICOM"),
        pytest.param(gzip.compress(part10(image())), id="gzip of DICOM"),
        pytest.param(b"\x7fELF\x02\x01\x01" + bytes(200), id="ELF"),
        pytest.param(struct.pack("<i", 348) + bytes(344) + b"n+1\0", id="NIfTI"),
    ],
)
def test_other_formats_are_not_recognised(content: bytes) -> None:
    assert sniff(content[:HEAD_BYTES]) is None


def test_random_bytes_are_not_recognised() -> None:
    generator = random.Random(20)
    assert not any(sniff(generator.randbytes(64)) for _ in range(100_000))


@given(st.binary(max_size=200))
def test_any_head_gives_an_answer(head: bytes) -> None:
    for content in (head, b"\x08\0" + head, bytes(128) + b"DICM\x02\0" + head):
        sniff(content)
