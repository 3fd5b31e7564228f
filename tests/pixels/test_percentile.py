from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from support.vectors import as_modality, as_padding, vector_cases

from dcmview.model import PaddingRange, Rescale
from dcmview.pixels.percentile import ValueRange, measure_range

if TYPE_CHECKING:
    from numpy.typing import NDArray


@pytest.mark.parametrize("dtype", ["int16", "int32", "float64"])
@pytest.mark.parametrize("case", vector_cases("percentile"))
def test_range_is_that_of_the_image(case: dict[str, Any], dtype: str) -> None:
    stored = np.array(case["stored"], dtype=dtype)
    measured = measure_range(stored, as_modality(case["modality"]), as_padding(case["padding"]))
    expected = ValueRange(**case["expected"])
    assert measured.minimum == expected.minimum
    assert measured.maximum == expected.maximum
    assert measured.p1 == pytest.approx(expected.p1, abs=1e-12)
    assert measured.p99 == pytest.approx(expected.p99, abs=1e-12)


@given(
    hnp.arrays(st.sampled_from([np.uint8, np.int8, np.uint16, np.int16]), st.integers(1, 500)),
    st.sampled_from([1.0, -2.5, 0.1]),
)
def test_percentiles_equal_those_of_numpy(stored: NDArray[np.generic], slope: float) -> None:
    measured = measure_range(stored, Rescale(slope, -7))
    values = stored.astype(np.float64) * slope - 7
    assert (measured.minimum, measured.maximum) == (values.min(), values.max())
    expected = np.percentile(values, [1, 99], method="linear")
    assert [measured.p1, measured.p99] == pytest.approx(expected.tolist(), abs=1e-9)


def test_values_that_are_not_finite_are_left_out() -> None:
    stored = np.array([np.nan, 1.0, -np.inf, 3.0, np.inf], np.float32)
    measured = measure_range(stored, Rescale())
    assert (measured.minimum, measured.maximum) == (1.0, 3.0)


def test_a_frame_without_finite_values_is_all_zero() -> None:
    stored = np.full((2, 2), np.nan)
    assert measure_range(stored, Rescale()) == ValueRange(0, 0, 0, 0)


def test_float_padding_is_left_out() -> None:
    stored = np.array([-3.4e38, 1.5, 2.5], np.float64)
    measured = measure_range(stored, Rescale(), PaddingRange(-3.4e38, -3.4e38))
    assert (measured.minimum, measured.maximum) == (1.5, 2.5)


def test_percentiles_of_a_small_frame_are_of_all_its_image_values() -> None:
    stored = np.array([-9, 1, 2, 3], np.int16)
    measured = measure_range(stored, Rescale(), PaddingRange(-9, -9))
    assert (measured.measured, measured.sampled) == (3, 3)


def test_percentiles_of_millions_of_floats_come_from_a_million_evenly_spread() -> None:
    stored = np.arange(4_000_001, dtype=np.float64)
    measured = measure_range(stored, Rescale(2, 1))
    assert (measured.measured, measured.sampled) == (4_000_001, 1_000_001)
    assert (measured.minimum, measured.maximum) == (1, 8_000_001)
    assert measured.p1 == pytest.approx(80_001)
    assert measured.p99 == pytest.approx(7_920_001)


def test_percentiles_of_millions_of_16_bit_samples_are_exact() -> None:
    stored = np.zeros(3_000_000, np.uint16)
    stored[:30_001] = 7  # the 1 % and one more
    assert measure_range(stored, Rescale()).p99 == 7
    stored[30_000] = 0
    measured = measure_range(stored, Rescale())
    assert measured.p99 == pytest.approx(0.07)
    assert measured.sampled == 3_000_000
