from __future__ import annotations

import struct
from typing import Any

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.pixels.decoders.rle import _rle_decode_segment

from dcmview.dicom.rle import decode_rle
from dcmview.errors import DecodeFailed, UnsupportedPixelFormat
from dcmview.model import PixelLayout


def layout(columns: int, bits: int = 8, samples: int = 1) -> PixelLayout:
    return PixelLayout(
        1,
        columns,
        samples_per_pixel=samples,
        bits_allocated=bits,
        bits_stored=bits,
        high_bit=bits - 1,
    )


def rle_frame(*segments: bytes) -> bytes:
    offsets = [64]
    for segment in segments[:-1]:
        offsets.append(offsets[-1] + len(segment))
    header = [len(segments), *offsets]
    return struct.pack("<16I", *header, *[0] * (16 - len(header))) + b"".join(segments)


def test_runs_and_literals_are_expanded() -> None:
    # PS3.5 G.3.1: 2 is 3 literal bytes, 254 is 3 times the next, 128 is nothing
    cells, complete = decode_rle(rle_frame(b"\x02abc\x80\xfez"), layout(6))
    assert cells.tobytes() == b"abczzz"
    assert complete


def test_segments_hold_the_high_bytes_first() -> None:
    cells, complete = decode_rle(rle_frame(b"\x01\x12\x34", b"\x01\x56\x78"), layout(2, bits=16))
    assert cells.tolist() == [[0x1256, 0x3478]]
    assert complete


def test_colour_segments_are_interleaved_by_pixel() -> None:
    frame = rle_frame(b"\x01Rr", b"\x01Gg", b"\x01Bb")
    cells, _ = decode_rle(frame, layout(2, samples=3))
    assert cells.tobytes() == b"RGBrgb"


def test_a_segment_that_ends_early_leaves_zeros() -> None:
    cells, complete = decode_rle(rle_frame(b"\x07ab"), layout(8))
    assert cells.tobytes() == b"ab\0\0\0\0\0\0"
    assert not complete


def test_a_segment_that_is_too_long_stays_in_its_plane() -> None:
    cells, complete = decode_rle(rle_frame(b"\x81z", b"\x01ab"), layout(2, bits=16))
    assert cells.tolist() == [[0x7A61, 0x7A62]]
    assert complete


def test_a_segment_does_not_read_the_next_one() -> None:
    # 4 literal bytes are announced, 1 is there
    cells, complete = decode_rle(rle_frame(b"\x03a", b"\x01xy"), layout(2, bits=16))
    assert cells.tolist() == [[0x6178, 0x0079]]
    assert not complete


@pytest.mark.parametrize(
    "frame",
    [
        b"\0" * 63,
        rle_frame(b"\0a", b"\0b"),
        struct.pack("<16I", 1, 63, *[0] * 14) + b"\0a",
        struct.pack("<16I", 16, 64, *[0] * 14) + b"\0a",
    ],
)
def test_a_header_of_other_segments_is_refused(frame: bytes) -> None:
    with pytest.raises(DecodeFailed):
        decode_rle(frame, layout(1))


def test_offsets_out_of_order_are_refused() -> None:
    frame = struct.pack("<16I", 2, 70, 64, *[0] * 13) + bytes(20)
    with pytest.raises(DecodeFailed, match="order"):
        decode_rle(frame, layout(1, bits=16))


def test_samples_that_are_no_bytes_are_refused() -> None:
    with pytest.raises(UnsupportedPixelFormat, match=r"\(0028,0100\)"):
        decode_rle(rle_frame(b"\0a"), layout(8, bits=12))


def test_one_bit_samples_are_packed_from_the_lowest_bit() -> None:
    # 0x0D is 1 0 1 1 0 0 0 0, 0x02 is 0 1; a zero pads the segment
    cells, complete = decode_rle(rle_frame(b"\x02\x0d\x02\x00"), layout(10, bits=1))
    assert cells.tolist() == [[1, 0, 1, 1, 0, 0, 0, 0, 0, 1]]
    assert complete


def test_one_bit_samples_in_a_byte_each_are_read() -> None:
    for one in (b"\x01", b"\xff"):
        segment = b"\xfd\0\xfc" + one + b"\xfe\0"  # 4 zeros, 5 ones, 3 zeros
        cells, complete = decode_rle(rle_frame(segment), layout(12, bits=1))
        assert cells.tolist() == [[0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0]]
        assert complete


def test_one_bit_samples_cut_short_leave_zeros() -> None:
    cells, complete = decode_rle(rle_frame(b"\x01\x81\x03"), layout(24, bits=1))
    assert cells[0, [0, 7, 8, 9]].tolist() == [1, 1, 1, 1]
    assert cells.sum() == 4
    assert not complete


def test_three_bytes_a_sample_make_one_number() -> None:
    cells, _ = decode_rle(rle_frame(b"\0\x12", b"\0\x34", b"\0\x56"), layout(1, bits=24))
    assert cells.tolist() == [[0x123456]]


@settings(max_examples=300, deadline=None)
@given(segment=st.binary(max_size=200), length=st.integers(1, 300))
def test_any_bytes_give_what_pydicom_gives_padded_with_zeros(segment: bytes, length: int) -> None:
    cells, complete = decode_rle(rle_frame(segment), layout(length))
    # pydicom expands a lone control byte at the end to nothing, as we do.
    theirs = bytes(_rle_decode_segment(segment))
    assert cells.tobytes() == theirs[:length].ljust(length, b"\0")
    assert complete == (len(theirs) >= length)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), rows=st.lists(st.integers(0, 3), min_size=2, max_size=120))
def test_mutants_of_real_segments_give_what_pydicom_gives(
    data: st.DataObject, rows: list[int]
) -> None:
    plane = np.array(rows, np.uint8)
    encoded = bytearray(imagecodecs.packbits_encode(plane.tobytes()))
    position = data.draw(st.integers(0, len(encoded) - 1))
    encoded[position] = data.draw(st.integers(0, 255))
    del encoded[data.draw(st.integers(1, len(encoded))) :]
    cells: Any = decode_rle(rle_frame(bytes(encoded)), layout(plane.size))[0]
    theirs = bytes(_rle_decode_segment(bytes(encoded)))
    assert cells.tobytes() == theirs[: plane.size].ljust(plane.size, b"\0")
