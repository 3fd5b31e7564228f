"""Windows as files have them: several, unequal, too narrow, misspelt."""

from __future__ import annotations

import pytest
from pydicom.dataset import Dataset
from support.datasets import add_raw

from dcmview.dicom.windows import read_windows
from dcmview.model import VoiFunction, Window


def holder(center: str, width: str, *, explanation: str = "", function: str = "") -> Dataset:
    dataset = Dataset()
    add_raw(dataset, "WindowCenter", "DS", center.encode())
    add_raw(dataset, "WindowWidth", "DS", width.encode())
    if explanation:
        add_raw(dataset, "WindowCenterWidthExplanation", "LO", explanation.encode())
    if function:
        add_raw(dataset, "VOILUTFunction", "CS", function.encode())
    return dataset


def test_all_windows_are_given_with_their_explanations() -> None:
    windows, repairs = read_windows(holder("40\\-600", "400\\1500", explanation="SOFT\\ LUNG "))
    assert windows == (
        Window(40, 400, explanation="SOFT"),
        Window(-600, 1500, explanation="LUNG"),
    )
    assert repairs == ()


def test_unequal_counts_give_the_pairs_that_are_there() -> None:
    windows, (repair,) = read_windows(holder("40\\50", "400", explanation="A\\B"))
    assert windows == (Window(40, 400, explanation="A"),)
    assert repair.code == "window-count-mismatch"
    assert repair.found == "2 centers, 1 widths"


def test_a_broken_value_takes_its_pair_along_and_no_other() -> None:
    windows, (repair,) = read_windows(holder("x\\50", "100\\200"))
    assert windows == (Window(50, 200),)
    assert repair.code == "not-a-number"


@pytest.mark.parametrize("width", ["0", "-1"])
def test_a_width_that_no_function_allows_is_left_out(width: str) -> None:
    windows, (repair,) = read_windows(holder("40\\50", f"{width}\\100"))
    assert windows == (Window(50, 100),)
    assert repair.code == "window-width"


def test_a_width_below_1_needs_the_exact_function() -> None:
    (window,), (repair,) = read_windows(holder("0.1", "0.5"))
    assert window == Window(0.1, 0.5, VoiFunction.LINEAR_EXACT)
    assert repair.used == "LINEAR_EXACT"


@pytest.mark.parametrize("function", ["LINEAR_EXACT", "SIGMOID"])
def test_the_other_functions_allow_any_positive_width(function: str) -> None:
    (window,), repairs = read_windows(holder("0.1", "0.5", function=function))
    assert window.function == function
    assert repairs == ()


@pytest.mark.parametrize("written", ["sigmoid", " SIGMOID "])
def test_the_function_is_trimmed_and_cased(written: str) -> None:
    (window,), repairs = read_windows(holder("40", "400", function=written))
    assert window.function is VoiFunction.SIGMOID
    assert repairs == ()


def test_an_unknown_function_is_read_as_linear() -> None:
    (window,), (repair,) = read_windows(holder("40", "400", function="CUBIC"))
    assert window.function is VoiFunction.LINEAR
    assert repair.found == "CUBIC"


@pytest.mark.parametrize(("center", "width"), [("", ""), ("40", ""), ("", "400")])
def test_half_a_window_is_none(center: str, width: str) -> None:
    assert read_windows(holder(center, width))[0] == ()


def test_no_window_needs_no_repair() -> None:
    assert read_windows(Dataset()) == ((), ())
