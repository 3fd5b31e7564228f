"""Smaller pictures from part of a codestream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import pytest

from dcmview.dicom.coded_frames import decode_reduced
from dcmview.dicom.transfer import transfer_syntax
from dcmview.errors import DecodeFailed
from dcmview.model import PixelLayout

if TYPE_CHECKING:
    from numpy.typing import NDArray

JPEG, J2K, HTJ2K = (f"1.2.840.10008.1.2.4.{number}" for number in (50, 90, 201))

RAMP = np.add.outer(np.arange(75) ** 2 // 2, np.arange(70) * 19)  # 0 to 4049


def layout_of(values: NDArray[Any], **changes: Any) -> PixelLayout:
    fields = {
        "samples_per_pixel": 1 if values.ndim == 2 else values.shape[2],
        "bits_allocated": values.dtype.itemsize * 8,
        "bits_stored": values.dtype.itemsize * 8,
        "pixel_representation": int(values.dtype.kind == "i"),
        "photometric_interpretation": "MONOCHROME2" if values.ndim == 2 else "RGB",
        **changes,
    }
    return PixelLayout(
        values.shape[0], values.shape[1], **{"high_bit": fields["bits_stored"] - 1, **fields}
    )


def reduced(frame: bytes, layout: PixelLayout, uid: str, halves: int) -> Any:
    return decode_reduced(frame, layout, transfer_syntax(uid), halves=halves)


def low_half(x: NDArray[np.int64]) -> NDArray[np.int64]:
    """Low band of the reversible 5-3 transformation along the first axis.

    ISO/IEC 15444-1 F.4.8: an odd sample becomes its distance from the mean of its
    neighbours, and a fourth of the distances beside it is added to an even one.
    """
    last = len(x) - 1

    def at(n: int) -> NDArray[np.int64]:
        n = abs(n)
        mirrored: NDArray[np.int64] = x[n if n <= last else 2 * last - n]
        return mirrored

    def high(n: int) -> NDArray[np.int64]:
        return at(n) - (at(n - 1) + at(n + 1)) // 2

    return np.stack([at(n) + (high(n - 1) + high(n + 1) + 2) // 4 for n in range(0, last + 1, 2)])


def low_band(values: NDArray[Any], halves: int, bits: int = 0) -> NDArray[np.int64]:
    """Low band along both axes, held to the range of the samples."""
    band = values.astype(np.int64)
    for _ in range(halves):
        band = low_half(low_half(band).swapaxes(0, 1)).swapaxes(0, 1)
    bits = bits or values.dtype.itemsize * 8
    least = -(1 << bits - 1) if values.dtype.kind == "i" else 0
    return band.clip(least, least + (1 << bits) - 1)


GREY = {
    "8 bits": (RAMP >> 4).astype(np.uint8),
    "signed 8 bits": ((RAMP >> 4) - 100).astype(np.int8),
    "16 bits": (RAMP * 16).astype(np.uint16),
    "signed 16 bits": (RAMP - 1024).astype(np.int16),
}


@pytest.mark.parametrize("halves", [1, 2, 3])
@pytest.mark.parametrize("name", GREY)
@pytest.mark.parametrize("uid", [J2K, HTJ2K])
def test_jpeg_2000_gives_its_lower_wavelet_band(uid: str, name: str, halves: int) -> None:
    values = GREY[name]
    frame = (
        imagecodecs.htj2k_encode(values)
        if uid == HTJ2K
        else imagecodecs.jpeg2k_encode(values, codecformat="j2k", level=0)
    )
    stored = reduced(frame, layout_of(values), uid, halves)
    np.testing.assert_array_equal(stored.values, low_band(values, halves))
    assert stored.values.dtype == values.dtype
    assert (stored.layout.rows, stored.layout.columns) == stored.values.shape


@pytest.mark.parametrize("bits", [10, 12, 13])
@pytest.mark.parametrize("kind", ["i", "u"])
def test_samples_of_few_bits_keep_their_scale(bits: int, kind: str) -> None:
    values = (RAMP >> 12 - bits if bits < 12 else RAMP << bits - 12).astype(np.uint16)
    if kind == "i":
        values = values.astype(np.int16) - np.int16(1 << bits - 1)
    frame = imagecodecs.jpeg2k_encode(values, codecformat="j2k", level=0, bitspersample=bits)
    stored = reduced(frame, layout_of(values, bits_stored=bits), J2K, 2)
    np.testing.assert_array_equal(stored.values, low_band(values, 2, bits))


def test_colours_of_jpeg_2000_are_reduced_too() -> None:
    grey = GREY["8 bits"]
    values = np.stack([grey, 255 - grey, grey // 2], axis=-1)
    frame = imagecodecs.jpeg2k_encode(values, codecformat="j2k", level=0, mct=False)
    stored = reduced(frame, layout_of(values), J2K, 1)
    np.testing.assert_array_equal(stored.values, low_band(values, 1))


def test_jpeg_gives_the_mean_of_each_block_at_an_eighth() -> None:
    values = (RAMP[:40, :64] >> 4).astype(np.uint8)
    frame = imagecodecs.jpeg8_encode(values, level=100)
    stored = reduced(frame, layout_of(values), JPEG, 3)
    means = values.reshape(5, 8, 8, 8).mean(axis=(1, 3))
    assert np.abs(stored.values - means).max() <= 1


def test_jpeg_rounds_its_reduced_size_up() -> None:
    values = GREY["8 bits"]
    stored = reduced(imagecodecs.jpeg8_encode(values), layout_of(values), JPEG, 2)
    assert stored.values.shape == (19, 18)


@pytest.mark.parametrize("interpretation", ["YBR_FULL_422", "RGB"])
def test_colours_of_jpeg_are_reduced_as_they_are_coded(interpretation: str) -> None:
    values = np.full((32, 32, 3), (200, 60, 20), np.uint8)
    coded = "RGB" if interpretation == "RGB" else "YCBCR"
    frame = imagecodecs.jpeg8_encode(values, level=100, colorspace="RGB", outcolorspace=coded)
    layout = layout_of(values, photometric_interpretation=interpretation)
    stored = reduced(frame, layout, JPEG, 3)
    assert stored.values.shape == (4, 4, 3)
    if interpretation == "RGB":
        expected = (200, 60, 20)
    else:
        # Y = 0.299 R + 0.587 G + 0.114 B, Cb = 128 + 0.564 (B - Y), Cr = 128 + 0.713 (R - Y)
        assert stored.layout.photometric_interpretation == "YBR_FULL"
        expected = (97, 84, 201)
    assert np.abs(stored.values.astype(int) - expected).max() <= 1


def test_there_is_no_short_way_beyond_the_levels_of_a_codestream() -> None:
    values = GREY["8 bits"]
    frame = imagecodecs.jpeg2k_encode(values, codecformat="j2k", level=0, resolutions=3)
    assert reduced(frame, layout_of(values), J2K, 2) is not None
    assert reduced(frame, layout_of(values), J2K, 3) is None


@pytest.mark.parametrize("uid", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5"])
def test_syntaxes_without_levels_have_no_short_way(uid: str) -> None:
    assert reduced(bytes(100), layout_of(GREY["8 bits"]), uid, 1) is None


def test_a_frame_cut_short_has_no_short_way() -> None:
    values = GREY["16 bits"]
    frame = imagecodecs.jpeg2k_encode(values, codecformat="j2k", level=0)
    assert reduced(frame[: len(frame) // 2], layout_of(values), J2K, 1) is None


def test_another_picture_than_the_data_set_describes_is_refused() -> None:
    values = GREY["8 bits"]
    frame = imagecodecs.jpeg2k_encode(values, codecformat="j2k", level=0)
    with pytest.raises(DecodeFailed, match="codestream"):
        reduced(frame, layout_of(values[:-1]), J2K, 1)
