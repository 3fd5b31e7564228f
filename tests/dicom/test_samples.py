from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dcmview.dicom.samples import check_layout, frame_bits, native_frame
from dcmview.errors import Truncated, UnsupportedPixelFormat
from dcmview.model import PixelLayout, SampleKind


def layout(
    rows: int = 1, columns: int = 2, bits: int = 16, stored: int = 0, **changes: Any
) -> PixelLayout:
    stored = stored or bits
    values = {"high_bit": stored - 1, **changes}
    return PixelLayout(rows, columns, bits_allocated=bits, bits_stored=stored, **values)


def test_bits_above_high_bit_are_not_image() -> None:
    # 0xF123: an overlay in the upper four bits
    frame = native_frame(b"\x23\xf1\xff\x0f", layout(stored=12), little_endian=True)
    assert frame.values.tolist() == [[0x123, 0xFFF]]


def test_bits_below_the_sample_are_not_image() -> None:
    shifted = layout(stored=12, high_bit=15)
    frame = native_frame(b"\x5f\x12\xff\xff", shifted, little_endian=True)
    assert frame.values.tolist() == [[0x125, 0xFFF]]
    assert frame.layout.high_bit == 11


def test_signed_samples_are_extended_from_bits_stored() -> None:
    signed = layout(stored=12, pixel_representation=1)
    # 0x0800 is the lowest of 12 bits; the upper bits of 0xF7FF are undefined
    frame = native_frame(b"\x00\x08\xff\xf7", signed, little_endian=True)
    assert frame.values.dtype == np.int16
    assert frame.values.tolist() == [[-2048, 2047]]


def test_signed_samples_at_the_top_of_the_cell_keep_their_sign() -> None:
    signed = layout(stored=12, high_bit=15, pixel_representation=1)
    frame = native_frame(b"\x0f\x80\xf0\xff", signed, little_endian=True)
    assert frame.values.tolist() == [[-2048, -1]]


@pytest.mark.parametrize("bits", [8, 16, 32])
def test_big_endian_samples_are_read(bits: int) -> None:
    size = bits // 8
    encoded = (1).to_bytes(size) + (2).to_bytes(size)
    frame = native_frame(encoded, layout(bits=bits), little_endian=False)
    assert frame.values.tolist() == [[1, 2]]
    assert frame.values.dtype == np.dtype(f"=u{size}")


def test_float_and_double_samples_are_read_as_they_are() -> None:
    for bits, kind in ((32, SampleKind.FLOAT), (64, SampleKind.DOUBLE)):
        encoded = np.array([1.5, -2.0], f"<f{bits // 8}").tobytes()
        frame = native_frame(encoded, layout(bits=bits, kind=kind), little_endian=True)
        assert frame.values.tolist() == [[1.5, -2.0]]
        assert frame.values.dtype.itemsize * 8 == bits


def test_one_bit_samples_start_with_the_lowest_bit() -> None:
    frame = native_frame(b"\b", layout(columns=4, bits=1), little_endian=True)
    assert frame.values.tolist() == [[0, 0, 0, 1]]
    assert (frame.layout.bits_allocated, frame.layout.bits_stored) == (8, 1)


def test_one_bit_frames_may_start_within_a_byte() -> None:
    frame = native_frame(b"\xe0\x01", layout(columns=4, bits=1), little_endian=True, bit_offset=6)
    assert frame.values.tolist() == [[1, 1, 1, 0]]


def test_a_mask_that_claims_a_sign_is_still_zero_and_one() -> None:
    claimed = layout(bits=8, stored=1, pixel_representation=1)
    assert native_frame(b"\x00\x01", claimed, little_endian=True).values.tolist() == [[0, 1]]


def test_twelve_bits_allocated_are_unpacked() -> None:
    # 0xABC and 0x123, the lowest bits first
    frame = native_frame(b"\xbc\x3a\x12", layout(bits=12), little_endian=True)
    assert frame.values.tolist() == [[0xABC, 0x123]]
    assert frame.layout.bits_allocated == 16


def test_planes_are_interleaved_by_pixel() -> None:
    planar = layout(bits=8, samples_per_pixel=3, planar_configuration=1)
    frame = native_frame(b"RrGgBb", planar, little_endian=True)
    assert frame.values.tobytes() == b"RGBrgb"
    assert frame.layout.planar_configuration == 0


def test_shared_chroma_is_repeated() -> None:
    shared = layout(bits=8, samples_per_pixel=3, photometric_interpretation="YBR_FULL_422")
    frame = native_frame(bytes([10, 20, 30, 40]), shared, little_endian=True)
    assert frame.values.tolist() == [[[10, 30, 40], [20, 30, 40]]]
    assert frame.layout.photometric_interpretation == "YBR_FULL"


def test_422_that_was_never_subsampled_is_read_in_full() -> None:
    shared = layout(bits=8, samples_per_pixel=3, photometric_interpretation="YBR_FULL_422")
    frame = native_frame(bytes(range(6)), shared, little_endian=True)
    assert frame.values.tolist() == [[[0, 1, 2], [3, 4, 5]]]
    assert frame.layout.photometric_interpretation == "YBR_FULL"


def test_422_of_an_odd_number_of_columns_ends_each_row_with_half_a_pair() -> None:
    odd = layout(
        rows=2, columns=3, bits=8, samples_per_pixel=3, photometric_interpretation="YBR_FULL_422"
    )
    row = [10, 20, 30, 40, 50, 0, 60, 70]
    frame = native_frame(bytes(row + row), odd, little_endian=True)
    assert frame.values.tolist() == [[[10, 30, 40], [20, 30, 40], [50, 60, 70]]] * 2
    assert [repair.code for repair in frame.repairs] == ["odd-columns"]


def test_422_of_16_bits_shares_chroma_too() -> None:
    deep = layout(samples_per_pixel=3, photometric_interpretation="YBR_FULL_422")
    frame = native_frame(b"\1\0\2\0\3\0\4\1", deep, little_endian=True)
    assert frame.values.tolist() == [[[1, 3, 260], [2, 3, 260]]]


def test_420_without_compression_is_refused() -> None:
    shared = layout(
        rows=2, bits=8, samples_per_pixel=3, photometric_interpretation="YBR_PARTIAL_420"
    )
    with pytest.raises(UnsupportedPixelFormat, match="YBR_PARTIAL_420"):
        native_frame(bytes(6), shared, little_endian=True)


def test_a_frame_cut_short_is_shown_as_far_as_it_goes() -> None:
    frame = native_frame(b"\1\0\2\0\3\0\4", layout(rows=2), little_endian=True)
    assert frame.values.tolist() == [[1, 2], [3, 0]]
    assert frame.truncated
    assert [repair.code for repair in frame.repairs] == ["truncated"]


def test_less_than_a_row_is_no_picture() -> None:
    with pytest.raises(Truncated, match="less than one row"):
        native_frame(b"\1\0\2", layout(rows=2), little_endian=True)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"rows": 0}, r"\(0028,0010\)"),
        ({"columns": -1}, r"\(0028,0011\)"),
        ({"samples_per_pixel": 5}, r"\(0028,0002\)"),
        ({"bits": 64}, r"\(0028,0100\)"),
        ({"bits": 64, "kind": SampleKind.FLOAT}, r"\(0028,0100\)"),
        ({"stored": 12, "high_bit": 3}, r"\(0028,0102\)"),
        ({"stored": 12, "high_bit": 16}, r"\(0028,0102\)"),
        ({"rows": 65535, "columns": 65535}, "more than the"),
    ],
)
def test_layouts_that_cannot_be_held_are_refused(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(UnsupportedPixelFormat, match=named):
        check_layout(layout(**changes))


def test_a_frame_of_one_bit_samples_has_a_size_in_bits() -> None:
    assert frame_bits(layout(rows=3, columns=3, bits=1)) == 9
