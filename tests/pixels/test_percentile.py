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
