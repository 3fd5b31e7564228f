from __future__ import annotations

import builtins
import io
import runpy
import tracemalloc
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageCms

from dcmview.errors import RequestError
from dcmview.model import OverlayPlane, OverlaySummary, PictureFormat
from dcmview.pixels import encode, strips
from dcmview.pixels.encode import encode_overlay_png, encode_picture, encode_png, write_png

sides = st.integers(1, 40)
pictures = hnp.arrays(
    np.uint8, st.one_of(st.tuples(sides, sides), st.tuples(sides, sides, st.just(3)))
)


@settings(max_examples=60, deadline=None)
@given(pictures)
def test_pillow_reads_back_what_was_encoded(display: np.ndarray[Any, np.dtype[np.uint8]]) -> None:
    with Image.open(io.BytesIO(encode_png(display)), formats=("PNG",)) as image:
        assert image.mode == ("L" if display.ndim == 2 else "RGB")
        np.testing.assert_array_equal(np.asarray(image), display)


def test_a_picture_larger_than_the_window_of_deflate_reads_back() -> None:
    display = np.random.default_rng(1).integers(0, 256, (300, 400), np.uint8)
    with Image.open(io.BytesIO(encode_png(display))) as image:
        np.testing.assert_array_equal(np.asarray(image), display)


def test_png_is_written_where_isal_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def without_isal(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("isal"):
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_isal)
    encode._deflate_engine.cache_clear()
    assert encode._deflate_engine() is zlib
    png = encode_png(np.array([[7, 9]], np.uint8))
    monkeypatch.undo()
    encode._deflate_engine.cache_clear()
    length = int.from_bytes(png[33:37])
    assert zlib.decompress(png[41 : 41 + length]) == bytes([0, 7, 9])
    with Image.open(io.BytesIO(png)) as image:
        assert np.asarray(image).tolist() == [[7, 9]]


@pytest.mark.parametrize("shape", [(1200, 1000), (1200, 1000, 3), (3, 700_000)])
def test_a_picture_of_several_strips_is_exact(shape: tuple[int, ...]) -> None:
    display = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    with Image.open(io.BytesIO(encode_png(display))) as picture:
        np.testing.assert_array_equal(np.asarray(picture), display)


@pytest.mark.parametrize("cores", [1, 2, 64])
def test_the_number_of_cores_does_not_show(cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    in_strips = runpy.run_path(strips.__file__)["in_strips"]
    begins = in_strips(lambda begin, _end: begin, 2048, 2048 * 2048)
    assert begins == [0, 512, 1024, 1536]


@pytest.mark.parametrize("shape", [(5, 13), (1, 1), (2, 8), (700, 900)])
def test_an_overlay_is_white_on_nothing(shape: tuple[int, int]) -> None:
    bits = np.random.default_rng(1).random(shape) < 0.3
    plane = OverlayPlane(OverlaySummary(0x6000, *shape), bits)
    with Image.open(io.BytesIO(encode_overlay_png(plane))) as picture:
        rgba = np.asarray(picture.convert("RGBA"))
    assert np.array_equal(rgba[:, :, 3], bits * np.uint8(255))
    assert (rgba[bits] == 255).all()


@pytest.mark.parametrize("shape", [(40, 50), (40, 50, 3)])
@pytest.mark.parametrize(
    ("picture_format", "name", "tolerance"),
    [
        (PictureFormat.PNG, "PNG", 0),
        (PictureFormat.JPEG, "JPEG", 12),
        (PictureFormat.WEBP, "WEBP", 12),
    ],
)
def test_every_format_shows_the_picture(
    shape: tuple[int, ...], picture_format: PictureFormat, name: str, tolerance: int
) -> None:
    ramp = np.linspace(20, 230, 50).astype(np.uint8)
    display = np.ascontiguousarray(
        np.broadcast_to(ramp[:, None] if len(shape) == 3 else ramp, shape)
    )
    content = encode_picture(display, picture_format)
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.format == name
        found = np.asarray(picture.convert("L" if len(shape) == 2 else "RGB")).astype(int)
    assert np.abs(found - display).max() <= tolerance


@pytest.mark.parametrize("picture_format", list(PictureFormat))
@pytest.mark.parametrize("padding", [b"", b"\0"])
def test_the_colour_profile_travels_in_the_picture(
    picture_format: PictureFormat, padding: bytes
) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + padding
    display = np.full((5, 7, 3), (10, 200, 60), np.uint8)
    content = encode_picture(display, picture_format, icc_profile=profile)
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.info["icc_profile"] == profile
        found = np.asarray(picture.convert("RGB")).astype(int)
    assert found.shape == display.shape
    assert np.abs(found - display).max() <= 6


def test_a_picture_that_is_part_of_another_is_encoded() -> None:
    display = np.full((40, 60), 90, np.uint8)[::2, ::3]
    for picture_format in PictureFormat:
        with Image.open(io.BytesIO(encode_picture(display, picture_format))) as picture:
            found = np.asarray(picture.convert("L")).astype(int)
        assert found.shape == (20, 20)
        assert np.abs(found - 90).max() <= 2


def test_a_picture_beyond_what_the_format_allows_says_what_would_do() -> None:
    with pytest.raises(RequestError, match=r"16,383 pixels a side.*20,000; ask for format=png"):
        encode_picture(np.zeros((1, 20_000), np.uint8), PictureFormat.WEBP)


def test_quality_50_has_the_quantization_of_the_jpeg_standard() -> None:
    content = encode_picture(np.zeros((8, 8), np.uint8), PictureFormat.JPEG, quality=50)
    with Image.open(io.BytesIO(content)) as picture:
        table = picture.quantization[0]  # type: ignore[attr-defined]
    # ITU-T T.81 table K.1, first row; libjpeg scales it by 1 at quality 50.
    assert table[:8] == [16, 11, 10, 16, 24, 40, 51, 61]


@pytest.mark.parametrize("picture_format", [PictureFormat.JPEG, PictureFormat.WEBP])
def test_less_quality_makes_smaller_and_less_exact_pictures(picture_format: PictureFormat) -> None:
    display = np.random.default_rng(1).integers(0, 256, (64, 64), np.uint8)

    def encoded(quality: int) -> tuple[int, float]:
        content = encode_picture(display, picture_format, quality=quality)
        with Image.open(io.BytesIO(content)) as picture:
            found = np.asarray(picture.convert("L")).astype(int)
        return len(content), float(np.abs(found - display).mean())

    (low_bytes, low_error), (high_bytes, high_error) = encoded(10), encoded(95)
    assert low_bytes < high_bytes / 2
    assert low_error > 2 * high_error


@pytest.mark.parametrize("quality", [-1, 0, 101])
def test_a_quality_that_is_none_is_refused(quality: int) -> None:
    with pytest.raises(RequestError, match=f"quality must be from 1 to 100, not {quality}"):
        encode_picture(np.zeros((8, 8), np.uint8), PictureFormat.JPEG, quality=quality)


@settings(max_examples=30, deadline=None)
@given(pictures, st.integers(1, 7))
def test_a_picture_written_by_and_by_reads_back(
    display: np.ndarray[Any, np.dtype[np.uint8]], band_rows: int
) -> None:
    rows, columns = display.shape[:2]
    bands = (display[first : first + band_rows] for first in range(0, rows, band_rows))
    stream = io.BytesIO()
    write_png(stream, bands, rows, columns, is_color=display.ndim == 3)
    with Image.open(stream, formats=("PNG",)) as image:
        np.testing.assert_array_equal(np.asarray(image), display)


def test_a_large_picture_written_by_and_by_is_never_held_as_a_whole() -> None:
    def bands() -> Any:
        for _ in range(100):
            yield np.zeros((100, 4000), np.uint8)

    stream = io.BytesIO()
    tracemalloc.start()
    write_png(stream, bands(), 10_000, 4000, is_color=False)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 4_000_000  # a tenth of it
    with Image.open(stream) as image:
        assert image.size == (4000, 10_000)


@pytest.mark.parametrize("quality", [1, 50, 85, 100])
def test_a_grey_jpeg_is_what_pillow_makes(quality: int) -> None:
    display = np.random.default_rng(5).integers(0, 256, (37, 53), np.uint8)
    theirs = io.BytesIO()
    Image.fromarray(display).save(theirs, "JPEG", quality=quality)
    ours = encode_picture(display[:, ::-1][:, ::-1], PictureFormat.JPEG, quality=quality)
    with Image.open(io.BytesIO(ours)) as picture, Image.open(theirs) as expected:
        assert picture.info == expected.info
        assert np.array_equal(np.asarray(picture), np.asarray(expected))
