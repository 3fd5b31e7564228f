"""Coarse frames of stored values: means by hand, of whole small arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dcmview.model import PaddingRange
from dcmview.pixels.reduce import reduce_stored


def array(values: Any, dtype: Any) -> Any:
    return np.array(values, dtype)


def test_a_block_becomes_its_mean_with_halves_rounded_up():
    values = array([[0, 1, 10, 20], [1, 0, 30, 41], [7, 7, 0, 0], [7, 8, 0, 1]], np.uint16)
    # 2 / 4 = 0.5, 101 / 4 = 25.25, 29 / 4 = 7.25, 1 / 4 = 0.25
    assert reduce_stored(values, 2).tolist() == [[1, 25], [7, 0]]


def test_signed_halves_are_rounded_up_too():
    values = array([[-1, 0, -3, -2], [-1, 0, -3, -2]], np.int16)
    # -0.5 becomes 0, -2.5 becomes -2
    found = reduce_stored(values, 2)
    assert found.tolist() == [[0, -2]]
    assert found.dtype == np.int16


def test_blocks_at_the_edges_are_means_of_what_is_there():
    values = array([[1, 3, 5], [1, 3, 7], [2, 4, 9]], np.uint8)
    assert reduce_stored(values, 2).tolist() == [[2, 6], [3, 9]]
    assert reduce_stored(values, 4).tolist() == [[4]]  # 35 / 9 = 3.9
    assert reduce_stored(values[:1], 2).tolist() == [[2, 5]]


def test_each_colour_has_a_mean_of_its_own():
    values = array([[[0, 10, 255], [2, 20, 255]], [[4, 30, 255], [6, 41, 255]]], np.uint8)
    assert reduce_stored(values, 2).tolist() == [[[3, 25, 255]]]


@pytest.mark.parametrize(
    ("dtype", "value"),
    [(np.uint16, 65535), (np.int16, -32768), (np.uint32, 2**32 - 1), (np.int32, -(2**31))],
)
@pytest.mark.parametrize("block", [128, 129])
def test_sums_of_large_blocks_do_not_overflow(dtype, value, block):
    values = np.full((block, block + 1), value, dtype)
    assert reduce_stored(values, block).tolist() == [[value, value]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_real_values_keep_their_fractions_and_what_is_no_number_is_left_out(dtype):
    values = array([[0.5, 1.0, np.nan, np.inf], [1.5, np.nan, np.nan, np.nan]], dtype)
    found = reduce_stored(values, 2)
    assert found.dtype == dtype
    assert found[0, 0] == 1.0
    assert np.isnan(found[0, 1])


def test_padding_is_left_out_and_a_block_of_it_stays_padding():
    values = array([[-2000, 10, -2000, -1500], [-2000, 20, -1000, -2000]], np.int16)
    padding = PaddingRange(-2000, -1000)
    assert reduce_stored(values, 2, padding=padding).tolist() == [[15, -2000]]


def test_a_padding_value_that_no_sample_has_changes_nothing():
    values = array([[4, 6], [4, 6]], np.uint8)
    assert reduce_stored(values, 2, padding=PaddingRange(-2000, -2000)).tolist() == [[5]]
    assert reduce_stored(values, 2, padding=PaddingRange(4.5, 5.5)).tolist() == [[5]]


def test_of_labels_the_top_left_one_is_kept():
    values = array([[3, 9, 7], [9, 9, 9], [1, 9, 2]], np.uint8)
    found = reduce_stored(values, 2, as_means=False)
    assert found.tolist() == [[3, 7], [1, 2]]
    assert found.flags.c_contiguous
