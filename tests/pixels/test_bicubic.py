"""The bicubic filter against Pillow's, in floats, where nothing is rounded on the way."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from dcmview.pixels.bicubic import Box, shrink


def exact(levels: np.ndarray, height: int, width: int, box: Box) -> np.ndarray:
    """What Pillow makes of floats, before it is cut to levels."""
    picture = Image.fromarray(levels.astype(np.float32))
    return np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC, box=box))


@pytest.mark.parametrize(
    ("shape", "size", "box"),
    [
        ((512, 512), (200, 200), Box(0, 0, 512, 512)),
        ((130, 97), (61, 97), Box(0, 0, 97, 130)),
        ((97, 130), (33, 35), Box(0.25, 0.25, 130, 96.75)),
        ((1000, 700), (251, 176), Box(0, 0, 700, 1000)),
        ((5, 1400), (2, 600), Box(0, 0, 1400, 5)),
        ((3, 2), (1, 1), Box(0, 0, 2, 3)),
        ((1, 1), (1, 1), Box(0, 0, 1, 1)),
    ],
)
@pytest.mark.parametrize("darkest", [0, 96])
def test_a_shrunk_picture_is_the_exact_filter_rounded_twice(shape, size, box, darkest):
    # Black and white alone overshoot most; in the middle of the range nothing is cut off.
    rng = np.random.default_rng(7)
    levels = rng.choice(np.array([darkest, 255 - darkest], np.uint8), shape)
    small = shrink(levels, *size, box)
    expected = np.clip(exact(levels, *size, box), 0, 255)
    # Half a level for the rows, of which the columns make up to 0.65, and half for itself.
    assert np.abs(small - expected).max() < 1.2
    assert np.abs(small - expected).mean() < 0.35


def test_each_sample_of_a_colour_is_shrunk_alone():
    levels = np.random.default_rng(3).integers(0, 256, (70, 90, 3), np.uint8)
    box = Box(0, 0, 90, 70)
    small = shrink(levels, 30, 40, box)
    assert small.shape == (30, 40, 3)
    for sample in range(3):
        assert np.array_equal(small[:, :, sample], shrink(levels[:, :, sample].copy(), 30, 40, box))


@pytest.mark.parametrize("level", [0, 1, 128, 254, 255])
def test_a_flat_picture_stays_flat_to_its_edges(level):
    small = shrink(np.full((301, 211), level, np.uint8), 77, 100, Box(0, 0, 211, 301))
    assert set(np.unique(small)) == {level}
