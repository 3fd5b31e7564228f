from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from support.pixel_files import pixel_file_named, read_frames

from dcmview.dicom.samples import native_frame
from dcmview.model import PixelLayout

if TYPE_CHECKING:
    from numpy.typing import NDArray

SQUARE = PixelLayout(
    64, 64, samples_per_pixel=3, bits_allocated=8, bits_stored=8, high_bit=7,
    photometric_interpretation="RGB",
)  # fmt: skip


def encoded(pixels: NDArray[np.uint8], *, planar: bool) -> bytes:
    return pixels.transpose(2, 0, 1).tobytes() if planar else pixels.tobytes()


def photograph() -> NDArray[np.uint8]:
    """A colour picture of pydicom-data."""
    frame = read_frames(pixel_file_named("color-pl.dcm"))[2][0]
    return frame.values.astype(np.uint8)


@pytest.mark.parametrize("label", [0, 1])
def test_a_right_label_is_kept(label: int) -> None:
    pixels = photograph()
    layout = replace(
        SQUARE, rows=pixels.shape[0], columns=pixels.shape[1], planar_configuration=label
    )
    stored = native_frame(encoded(pixels, planar=label == 1), layout, little_endian=True)
    np.testing.assert_array_equal(stored.values, pixels)
    assert stored.repairs == ()


def hills() -> NDArray[np.uint8]:
    """A smooth picture with some noise, its colours close to grey."""
    x, y = np.meshgrid(np.arange(64), np.arange(64))
    grey = 100 + 60 * np.sin(x / 9) + 40 * np.cos(y / 7)
    noise = np.random.default_rng(5).normal(0, 3, (64, 64))
    return np.stack([grey + noise, grey * 0.9, grey * 0.8 + 10], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("label", [0, 1])
def test_a_wrong_label_is_mended_and_noted(label: int) -> None:
    layout = replace(SQUARE, planar_configuration=label)
    stored = native_frame(encoded(hills(), planar=label == 0), layout, little_endian=True)
    np.testing.assert_array_equal(stored.values, hills())
    assert [repair.code for repair in stored.repairs] == ["planar-configuration"]
    assert stored.repairs[0].found == str(label)


@pytest.mark.parametrize("label", [0, 1])
def test_a_real_picture_under_the_wrong_label_is_mended(label: int) -> None:
    pixels = photograph()
    layout = replace(
        SQUARE, rows=pixels.shape[0], columns=pixels.shape[1], planar_configuration=label
    )
    stored = native_frame(encoded(pixels, planar=label == 0), layout, little_endian=True)
    np.testing.assert_array_equal(stored.values, pixels)


@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("kind", ["noise", "black", "vertical gradient", "bars"])
def test_pictures_that_tell_nothing_keep_their_label(kind: str, label: int) -> None:
    ramp = np.repeat(np.arange(64, dtype=np.uint8)[:, None] * 4, 64, axis=1)
    pixels = {
        "noise": np.random.default_rng(8).integers(0, 256, (64, 64, 3), np.uint8),
        "black": np.zeros((64, 64, 3), np.uint8),
        "vertical gradient": np.repeat(ramp[:, :, None], 3, axis=2),
        "bars": np.repeat((ramp // 32 * 32)[:, :, None], 3, axis=2),
    }[kind]
    layout = replace(SQUARE, planar_configuration=label)
    stored = native_frame(encoded(pixels, planar=label == 1), layout, little_endian=True)
    np.testing.assert_array_equal(stored.values, pixels)
    assert stored.repairs == ()
