from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.vectors import as_lut, vector_cases

from dcmview.errors import InvalidWindow
from dcmview.model import LookupTable, VoiFunction, Window
from dcmview.pixels.voi import (
    apply_voi,
    apply_voi_lut,
    window_linear,
    window_linear_exact,
    window_sigmoid,
)

if TYPE_CHECKING:
    from collections.abc import Callable

FUNCTIONS = {
    "linear": window_linear,
    "linear_exact": window_linear_exact,
    "sigmoid": window_sigmoid,
}
numbers = st.floats(-1e9, 1e9)


def run_case(function: Callable[..., Any], case: dict[str, Any]) -> list[int]:
    window = Window(case["window"]["center"], case["window"]["width"])
    values = np.array(case["values"], dtype=np.float64)
    shown: list[int] = function(values, window, output_max=case["output_max"]).tolist()
    return shown


@pytest.mark.parametrize("case", vector_cases("linear"))
def test_linear_gives_the_levels_of_the_clause(case: dict[str, Any]) -> None:
    assert run_case(window_linear, case) == case["display"]


@pytest.mark.parametrize("case", vector_cases("linear_exact"))
def test_linear_exact_gives_the_levels_of_the_clause(case: dict[str, Any]) -> None:
    assert run_case(window_linear_exact, case) == case["display"]


@pytest.mark.parametrize("case", vector_cases("sigmoid"))
def test_sigmoid_gives_the_levels_of_the_clause(case: dict[str, Any]) -> None:
    assert run_case(window_sigmoid, case) == case["display"]


@pytest.mark.parametrize("case", vector_cases("voi_lut"))
def test_voi_lut_gives_its_entries(case: dict[str, Any]) -> None:
    values = np.array(case["values"], dtype=np.float64)
    assert apply_voi_lut(values, as_lut(case["lut"])).tolist() == case["display"]


@pytest.mark.parametrize("width", [0.999, 0.0, -1.0, float("nan")])
def test_linear_refuses_a_width_below_one(width: float) -> None:
    with pytest.raises(InvalidWindow, match=r"\(0028,1051\)"):
        window_linear(np.zeros(1), Window(0, width))


@pytest.mark.parametrize("function", [window_linear_exact, window_sigmoid])
@pytest.mark.parametrize("width", [0.0, -1.0, float("nan")])
def test_other_functions_refuse_a_width_of_zero(function: Callable[..., Any], width: float) -> None:
    with pytest.raises(InvalidWindow, match=r"\(0028,1051\)"):
        function(np.zeros(1), Window(0, width))


@pytest.mark.parametrize("function", list(FUNCTIONS.values()))
def test_values_that_are_not_finite_take_the_ends(function: Callable[..., Any]) -> None:
    values = np.array([-np.inf, np.inf, np.nan])
    assert function(values, Window(50, 100)).tolist() == [0, 255, 0]


@given(
    values=st.lists(numbers, min_size=1),
    center=numbers,
    width=st.floats(1, 1e9),
    function=st.sampled_from(list(VoiFunction)),
)
def test_brighter_values_are_never_shown_darker(
    values: list[float], center: float, width: float, function: VoiFunction
) -> None:
    display = apply_voi(np.sort(np.array(values)), Window(center, width, function))
    assert (np.diff(display.astype(int)) >= 0).all()


def test_entries_above_their_declared_bits_are_white() -> None:
    table = LookupTable(0, np.array([0, 255, 4095], np.uint16), bits=8)
    assert apply_voi_lut(np.arange(3.0), table).tolist() == [0, 255, 255]
