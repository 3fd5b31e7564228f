"""Reduced pictures."""

from __future__ import annotations

import numpy as np
import pytest

from dcmview.model import PixelAspect
from dcmview.pixels.resize import Sampling, reduce_to


@pytest.mark.parametrize(
    ("shape", "size_px", "expected"),
    [
        ((100, 200), 50, (25, 50)),
        ((200, 100), 50, (50, 25)),
        ((100, 200, 3), 50, (25, 50, 3)),
        ((1000, 3), 10, (10, 1)),
        ((30, 40), 500, (30, 40)),
        ((1, 1), 1, (1, 1)),
    ],
)
def test_the_longer_side_fits_and_nothing_is_enlarged(
    shape: tuple[int, ...], size_px: int, expected: tuple[int, ...]
) -> None:
    assert reduce_to(np.zeros(shape, np.uint8), size_px).shape == expected


def test_pixels_become_square_without_enlarging() -> None:
    tall = reduce_to(np.zeros((100, 100), np.uint8), 1000, aspect=PixelAspect(2, 1))
    wide = reduce_to(np.zeros((120, 256), np.uint8), 128, aspect=PixelAspect(4, 3))
    assert tall.shape == (100, 50)
    assert wide.shape == (80, 128)  # 120 rows x 4 : 256 columns x 3, as 0.625 to 1


def test_a_flat_picture_stays_flat() -> None:
    assert set(np.unique(reduce_to(np.full((99, 101), 77, np.uint8), 10))) == {77}


def test_a_fine_chessboard_becomes_grey_not_black_or_white() -> None:
    board = np.indices((256, 256)).sum(0) % 2 * 255
    reduced = reduce_to(board.astype(np.uint8), 32)
    assert abs(float(reduced.mean()) - 127.5) < 1
    assert reduced.std() < 3


def test_a_reduced_picture_is_not_shifted() -> None:
    ramp = np.broadcast_to(np.arange(256, dtype=np.uint8), (256, 256))
    reduced = reduce_to(np.ascontiguousarray(ramp), 64).astype(int)
    # Pixel k averages columns 4k to 4k + 3, whose mean is 4k + 1.5.
    assert np.abs(reduced[:, 2:-2] - (np.arange(64) * 4 + 1.5)[2:-2]).max() <= 1


@pytest.mark.parametrize("first", [0.5, 2.0])
def test_a_picture_that_was_decoded_smaller_is_not_shifted(first: float) -> None:
    # Either every fourth sample of a ramp, or the means of blocks of four.
    columns = np.arange(64) * 4 + (first - 0.5)
    part = np.ascontiguousarray(np.broadcast_to(columns.astype(np.uint8), (64, 64)))
    sampling = Sampling(rows=256, columns=256, step=4, first=first)
    reduced = reduce_to(part, 32, sampling=sampling).astype(int)
    # Pixel k stands for columns 8k to 8k + 7 of the whole, whose mean is 8k + 3.5.
    assert np.abs(reduced[:, 2:-2] - (np.arange(32) * 8 + 3.5)[2:-2]).max() <= 1


def test_a_picture_that_was_decoded_smaller_has_the_shape_of_the_whole() -> None:
    part = np.zeros((489, 461), np.uint8)
    sampling = Sampling(rows=1955, columns=1841, step=4, first=0.5)
    whole = np.zeros((1955, 1841), np.uint8)
    assert reduce_to(part, 90, sampling=sampling).shape == reduce_to(whole, 90).shape == (90, 85)
