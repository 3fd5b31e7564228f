from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pydicom.pixels.decoders.rle import _rle_decode_frame

from dcmview.errors import CannotTranscode
from dcmview.transcoding.rle import encode_rle, encode_rle_bits


def segments(frame: bytes) -> list[bytes]:
    count, *offsets = struct.unpack("<16I", frame[:64])
    ends = [*offsets[1:count], len(frame)]
    return [frame[begin:end] for begin, end in zip(offsets, ends, strict=False)]


def unpacked_rows(segment: bytes, columns: int) -> list[int]:
    """Lengths after each run, by the rules of PS3.5 G.3.2, written out."""
    lengths, position, length = [], 0, 0
    while position < len(segment):
        control = segment[position]
        run = control + 1 if control < 128 else 257 - control if control > 128 else 0
        position += 1 + (control + 1 if control < 128 else 1 if control > 128 else 0)
        length += run
        lengths.append(length)
    return lengths


def test_runs_and_literals_are_those_of_the_standard() -> None:
    # PS3.5 G.3.1: 254 is three times the next byte, 1 is two literal bytes
    (segment,) = segments(encode_rle(np.array([[7, 7, 7, 1, 2]], np.uint8)))
    assert segment.hex() == "fe07" + "010102" + "00"  # filled up to an even length


def test_no_run_crosses_the_end_of_a_row() -> None:
    (segment,) = segments(encode_rle(np.full((3, 4), 5, np.uint8)))
    assert segment.hex() == "fd05" * 3


def test_the_most_significant_byte_comes_first_and_sample_after_sample() -> None:
    cells = np.array([[[0x1122, 0x3344, 0x5566]]], np.uint16)
    found = [segment[:2].hex() for segment in segments(encode_rle(cells))]
    assert found == ["0011", "0022", "0033", "0044", "0055", "0066"]


def test_bits_are_packed_with_the_first_pixel_lowest() -> None:
    (segment,) = segments(encode_rle_bits(np.array([[1, 0, 0, 0, 0, 0, 0, 1, 1, 0]], np.uint8)))
    assert segment[:3].hex() == "018101"


def test_more_bytes_a_pixel_than_segments_are_refused() -> None:
    with pytest.raises(CannotTranscode, match="15 bytes a pixel, this frame has 16"):
        encode_rle(np.zeros((1, 1, 4), np.uint32))


@settings(max_examples=150)
@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.int8, np.uint16, np.int16, np.uint32]),
        st.one_of(
            st.tuples(st.integers(1, 5), st.integers(1, 300)),
            st.tuples(st.integers(1, 3), st.integers(1, 40), st.just(3)),
        ),
        elements=st.sampled_from([0, 1, 1, 1, 2, 77, 127]),
    )
)
def test_pydicom_decodes_what_is_encoded(cells: np.ndarray) -> None:
    frame = encode_rle(cells)
    rows, columns = cells.shape[:2]
    samples = cells.shape[2] if cells.ndim == 3 else 1
    bits = cells.dtype.itemsize * 8
    planes = _rle_decode_frame(frame, rows, columns, samples, bits)
    found = np.frombuffer(bytes(planes), cells.dtype.newbyteorder("<"))
    expected = np.moveaxis(cells, 2, 0) if samples == 3 else cells
    assert np.array_equal(found, expected.reshape(-1))
    for segment in segments(frame):
        assert len(segment) % 2 == 0
        lengths = unpacked_rows(segment, columns)
        assert set(range(columns, rows * columns + 1, columns)) <= set(lengths)
