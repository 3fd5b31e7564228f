from __future__ import annotations

import contextlib
import struct
from typing import Any

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcmview.dicom.codestream import (
    JpegHeader,
    is_complete,
    is_reversible,
    most_bit_planes,
    read_header,
    require_agreement,
    starts_codestream,
)
from dcmview.dicom.transfer import Codec
from dcmview.errors import DecodeFailed
from dcmview.model import PixelLayout

GRAY16 = (np.arange(20 * 30, dtype=np.uint16) * 5).reshape(20, 30)
GRAY8 = GRAY16.astype(np.uint8)
RGB = np.stack([GRAY8, GRAY8 // 2, 255 - GRAY8], axis=-1)

STREAMS: dict[str, tuple[Codec, bytes]] = {
    "j2k": (Codec.JPEG_2000, imagecodecs.jpeg2k_encode(GRAY16, codecformat="j2k", level=0)),
    "j2k-rgb": (Codec.JPEG_2000, imagecodecs.jpeg2k_encode(RGB, codecformat="j2k", level=0)),
    "jp2": (Codec.JPEG_2000, imagecodecs.jpeg2k_encode(GRAY16, codecformat="jp2", level=0)),
    "htj2k": (Codec.HTJ2K, imagecodecs.htj2k_encode(GRAY16)),
    "jpeg": (Codec.JPEG, imagecodecs.jpeg8_encode(GRAY8)),
    "jpeg-lossless": (Codec.JPEG, imagecodecs.jpeg8_encode(GRAY16, lossless=True)),
    "jpeg-ls": (Codec.JPEG_LS, imagecodecs.jpegls_encode(GRAY16)),
    "jpeg-xl": (Codec.JPEG_XL, imagecodecs.jpegxl_encode(GRAY16, lossless=True)),
    "jpeg-xl-boxes": (
        Codec.JPEG_XL,
        imagecodecs.jpegxl_encode(GRAY8, lossless=True, usecontainer=True),
    ),
}


def layout(**changes: Any) -> PixelLayout:
    return PixelLayout(**{"rows": 20, "columns": 30, **changes})


@pytest.mark.parametrize("name", STREAMS)
def test_a_header_tells_the_size_of_the_picture(name: str) -> None:
    codec, frame = STREAMS[name]
    header = read_header(frame, codec)
    assert (header.rows, header.columns) == (20, 30)
    samples = 3 if "rgb" in name else 1
    assert header.components in (0, samples)
    require_agreement(header, layout(samples_per_pixel=samples))


@pytest.mark.parametrize("name", STREAMS)
def test_a_frame_begins_with_its_start_marker_and_ends_with_its_end_marker(name: str) -> None:
    codec, frame = STREAMS[name]
    assert starts_codestream(frame[:16], codec)
    assert not starts_codestream(frame[1:17], codec)
    assert is_complete(frame, codec)
    assert is_complete(frame + bytes(100), codec)
    if codec is not Codec.JPEG_XL:
        assert not is_complete(frame[: len(frame) * 3 // 4], codec)


def test_an_end_marker_in_the_first_half_is_that_of_a_preview() -> None:
    """APPn segments hold whole JPEG files, whose end is not that of the frame."""
    codec, frame = STREAMS["jpeg"]
    preview = b"\xff\xe1\x00\x08" + b"\xff\xd8\xff\xd9ab"
    cut = frame[:2] + preview + frame[2:-2]
    assert len(cut) // 2 > cut.index(b"\xff\xd9")
    assert not is_complete(cut, codec)
    assert is_complete(cut + b"\xff\xd9", codec)


@pytest.mark.parametrize("codec", [Codec.JPEG, Codec.JPEG_LS])
def test_more_scans_than_any_encoder_writes_are_refused(codec: Codec) -> None:
    frame = STREAMS["jpeg" if codec is Codec.JPEG else "jpeg-ls"][1]
    scan = b"\xff\xda\x00\x02"
    has = frame.count(scan[:2])
    assert has == 1
    read_header(frame + scan * (500 - has), codec)
    with pytest.raises(DecodeFailed, match="more than 500 scans"):
        read_header(frame + scan * (501 - has), codec)


@pytest.mark.parametrize(
    "changes", [{"rows": 21}, {"columns": 29}, {"samples_per_pixel": 3}, {"bits_allocated": 8}]
)
@pytest.mark.parametrize("name", ["j2k", "htj2k", "jpeg-lossless", "jpeg-ls"])
def test_another_picture_than_the_data_set_describes_is_refused(
    name: str, changes: dict[str, int]
) -> None:
    codec, frame = STREAMS[name]
    with pytest.raises(DecodeFailed, match="codestream"):
        require_agreement(read_header(frame, codec), layout(**changes))


def test_jpeg_colours_are_told_by_its_markers() -> None:
    header = read_header(imagecodecs.jpeg8_encode(RGB), Codec.JPEG)
    assert isinstance(header, JpegHeader)
    assert (header.components, header.precision, header.process) == (3, 8, 0)
    assert header.component_ids == b"\1\2\3"
    assert header.has_jfif
    assert header.adobe_transform is None


def test_an_adobe_marker_tells_its_transformation() -> None:
    jpeg = imagecodecs.jpeg8_encode(GRAY8)
    adobe = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x02"
    header = read_header(jpeg[:2] + adobe + jpeg[2:], Codec.JPEG)
    assert isinstance(header, JpegHeader)
    assert header.adobe_transform == 2


def patched(frame: bytes, offset: int, content: bytes) -> bytes:
    return frame[:offset] + content + frame[offset + len(content) :]


@pytest.mark.parametrize(
    ("offset", "content", "named"),
    [
        (24, struct.pack(">II", 1, 1), "tile size|tiles"),
        (24, struct.pack(">II", 0, 0), "tile size"),
        (40, struct.pack(">H", 0), "components"),
        (43, b"\x02", "depth or size"),
    ],
)
def test_headers_that_would_cost_a_decoder_gigabytes_are_refused(
    offset: int, content: bytes, named: str
) -> None:
    big = imagecodecs.jpeg2k_encode(np.zeros((128, 128), np.uint8), codecformat="j2k", level=0)
    with pytest.raises(DecodeFailed, match=named):
        read_header(patched(big, offset, content), Codec.JPEG_2000)


@pytest.mark.parametrize("name", ["j2k", "htj2k"])
def test_a_header_that_ends_within_its_coding_style_is_refused(name: str) -> None:
    codec, frame = STREAMS[name]
    coding_style = frame.index(b"\xff\x52")
    for length in range(coding_style, coding_style + 14):
        with pytest.raises(DecodeFailed):
            read_header(frame[:length], codec)
    assert is_reversible(frame[: coding_style + 14])


def test_bit_planes_are_guard_bits_and_exponent() -> None:
    frame = bytearray(STREAMS["htj2k"][1])
    quantization = frame.index(b"\xff\x5c")
    frame[quantization + 4] = 2 << 5  # two guard bits, an exponent of five bits each
    frame[quantization + 5] = 25 << 3
    # ISO/IEC 15444-1 E-2: the number of guard bits and the exponent less one
    assert most_bit_planes(bytes(frame)) == 2 + 25 - 1


def test_absurd_numbers_of_layers_are_refused() -> None:
    frame = imagecodecs.jpeg2k_encode(np.zeros((512, 512, 3), np.uint8), codecformat="j2k", level=0)
    layers = frame.index(b"\xff\x52") + 6
    with pytest.raises(DecodeFailed, match="packets"):
        read_header(patched(frame, layers, b"\xff\xff"), Codec.JPEG_2000)


@pytest.mark.parametrize("codec", [Codec.JPEG, Codec.JPEG_LS, Codec.JPEG_2000, Codec.JPEG_XL])
def test_bytes_that_are_no_codestream_are_refused(codec: Codec) -> None:
    with pytest.raises(DecodeFailed):
        read_header(bytes(100), codec)


@settings(max_examples=200, deadline=None)
@given(name=st.sampled_from(sorted(STREAMS)), data=st.data())
def test_damaged_headers_are_read_or_refused(name: str, data: st.DataObject) -> None:
    codec, frame = STREAMS[name]
    damaged = bytearray(frame[: data.draw(st.integers(0, len(frame)))])
    for _ in range(data.draw(st.integers(0, 4)) if damaged else 0):
        damaged[data.draw(st.integers(0, min(len(damaged), 120) - 1))] = data.draw(
            st.integers(0, 255)
        )
    with contextlib.suppress(DecodeFailed):
        read_header(bytes(damaged), codec)
