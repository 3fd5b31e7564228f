from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.vectors import as_modality, as_padding, as_voi, vector_cases

from dcmview.errors import UnsupportedPixelFormat
from dcmview.model import (
    DisplayRecipe,
    DisplayRequest,
    LookupTable,
    PaddingRange,
    Palette,
    PixelLayout,
    Rescale,
    SampleKind,
    StoredFrame,
    VoiFunction,
    Window,
)
from dcmview.pixels.pipeline import build_display_lut, choose_voi, display_frame

if TYPE_CHECKING:
    from numpy.typing import NDArray


def frame(values: NDArray[np.generic], bits_stored: int = 0, **changes: Any) -> StoredFrame:
    """A frame whose layout describes the array."""
    bits = values.dtype.itemsize * 8
    kinds = {"f4": SampleKind.FLOAT, "f8": SampleKind.DOUBLE}
    return StoredFrame(
        values,
        PixelLayout(
            rows=values.shape[0],
            columns=values.shape[1],
            samples_per_pixel=1 if values.ndim == 2 else values.shape[2],
            bits_allocated=bits,
            bits_stored=bits_stored or bits,
            high_bit=(bits_stored or bits) - 1,
            pixel_representation=int(values.dtype.kind == "i"),
            kind=kinds.get(values.dtype.str[1:], SampleKind.INTEGER),
            **changes,
        ),
    )


def recipe(**fields: Any) -> DisplayRecipe:
    return DisplayRecipe(photometric_interpretation="MONOCHROME2", **fields)


@pytest.mark.parametrize("case", vector_cases("display_lut"))
def test_display_table_is_that_of_the_clauses(case: dict[str, Any]) -> None:
    layout = PixelLayout(rows=1, columns=1, **case["layout"])
    modality, voi = as_modality(case["modality"]), as_voi(case["voi"])
    table = build_display_lut(modality, voi, case["inverted"], layout)
    assert table.tolist() == case["display"]


@pytest.mark.parametrize("case", vector_cases("display_lut"))
def test_picture_shows_what_the_display_table_says(case: dict[str, Any]) -> None:
    bits, signed = case["layout"]["bits_stored"], case["layout"]["pixel_representation"]
    integers = ["int8", "int16", "int32"] if signed else ["uint8", "uint16", "uint32"]
    lowest = -(2 ** (bits - 1)) if signed else 0
    of_case = recipe(modality=as_modality(case["modality"]), inverted=case["inverted"])
    for dtype in [*integers, "float32", "float64"]:
        values = np.arange(lowest, lowest + 2**bits).astype(dtype)[np.newaxis]
        shown = display_frame(frame(values, bits), of_case, as_voi(case["voi"]))
        assert shown.tolist() == [case["display"]], dtype


@pytest.mark.parametrize("case", vector_cases("percentile"))
def test_without_a_window_the_percentiles_of_the_frame_are_shown(case: dict[str, Any]) -> None:
    stored = frame(np.array([case["stored"]], np.int16))
    of_case = recipe(modality=as_modality(case["modality"]), padding=as_padding(case["padding"]))
    for full_dynamic, expected in (
        (False, case["percentile_window"]),
        (True, case["full_dynamic_window"]),
    ):
        window = choose_voi(stored, of_case, DisplayRequest(full_dynamic=full_dynamic))
        assert isinstance(window, Window)
        assert window.function is VoiFunction.LINEAR_EXACT
        assert window.center == pytest.approx(expected["center"], abs=1e-12)
        assert window.width == pytest.approx(expected["width"], abs=1e-12)


def test_the_first_choice_of_the_file_is_the_default() -> None:
    table = LookupTable(0, np.array([0, 255], np.uint16), 8)
    stored = frame(np.zeros((1, 1), np.uint8))
    assert choose_voi(stored, recipe(voi=(Window(1, 2), table))) == Window(1, 2)
    assert choose_voi(stored, recipe(voi=(table,))) is table


def test_a_given_window_is_read_with_the_function_of_the_file() -> None:
    of_file = recipe(voi=(Window(1, 2, VoiFunction.SIGMOID),))
    stored = frame(np.zeros((1, 1), np.uint8))
    assert choose_voi(stored, of_file, DisplayRequest(window=(40, 400))) == Window(
        40, 400, VoiFunction.SIGMOID
    )
    assert choose_voi(stored, recipe(), DisplayRequest(window=(40, 400))) == Window(40, 400)


def test_a_given_width_below_one_is_read_as_linear_exact() -> None:
    stored = frame(np.zeros((1, 1), np.uint8))
    chosen = choose_voi(stored, recipe(), DisplayRequest(window=(0.5, 0.25)))
    assert chosen == Window(0.5, 0.25, VoiFunction.LINEAR_EXACT)


@pytest.mark.parametrize(
    ("modality", "function"),
    [
        (Rescale(1, -1024), VoiFunction.LINEAR),
        (Rescale(0.001, 0), VoiFunction.LINEAR_EXACT),
        (Rescale(1, 0.5), VoiFunction.LINEAR_EXACT),
    ],
)
def test_a_window_for_values_that_are_no_whole_numbers_is_exact(
    modality: Rescale, function: VoiFunction
) -> None:
    stored = frame(np.array([[0, 1]], np.uint16))
    chosen = choose_voi(stored, recipe(modality=modality), DisplayRequest(window=(2, 2)))
    assert chosen == Window(2, 2, function)


def test_full_dynamic_ignores_every_other_window() -> None:
    stored = frame(np.array([[10, 20]], np.uint8))
    of_file = recipe(voi=(Window(1, 2),))
    chosen = choose_voi(stored, of_file, DisplayRequest(window=(40, 400), full_dynamic=True))
    assert chosen == Window(15, 10, VoiFunction.LINEAR_EXACT)


@pytest.mark.parametrize("full_dynamic", [False, True])
def test_one_bit_is_black_and_white_even_where_only_one_value_occurs(full_dynamic: bool) -> None:
    for values, expected in (
        ([[0, 0]], [[0, 0]]),
        ([[1, 1]], [[255, 255]]),
        ([[0, 1]], [[0, 255]]),
    ):
        mask = frame(np.array(values, np.uint8), bits_stored=1)
        voi = choose_voi(mask, recipe(), DisplayRequest(full_dynamic=full_dynamic))
        assert display_frame(mask, recipe(), voi).tolist() == expected


def test_a_constant_frame_is_shown_grey() -> None:
    stored = frame(np.full((2, 2), 1000, np.int16))
    assert display_frame(stored, recipe(), choose_voi(stored, recipe())).tolist() == [[128] * 2] * 2


def test_a_frame_of_padding_alone_is_shown() -> None:
    stored = frame(np.full((2, 2), -2000, np.int16))
    padded = recipe(padding=PaddingRange(-2000, -2000))
    assert display_frame(stored, padded, choose_voi(stored, padded)).shape == (2, 2)


def test_floats_that_are_not_finite_are_shown_without_a_warning() -> None:
    stored = frame(np.array([[np.nan, -np.inf, 0.0, 1.0, np.inf]], np.float32))
    shown = display_frame(
        stored, recipe(), choose_voi(stored, recipe(), DisplayRequest(full_dynamic=True))
    )
    assert shown.tolist() == [[0, 0, 0, 255, 255]]


def test_a_dose_of_32_bits_uses_its_scaling() -> None:
    stored = frame(np.array([[0, 1 << 31, (1 << 32) - 1]], np.uint32))
    scaled = recipe(modality=Rescale(2.0**-32, 0))
    shown = display_frame(stored, scaled, Window(0.5, 1, VoiFunction.LINEAR_EXACT))
    assert shown.tolist() == [[0, 128, 255]]


def test_colour_is_never_windowed() -> None:
    rgb = frame(np.array([[[1, 2, 3]]], np.uint8), photometric_interpretation="RGB")
    windowed = recipe(voi=(Window(1, 2),))
    assert choose_voi(rgb, windowed, DisplayRequest(window=(1, 1), full_dynamic=True)) is None
    assert display_frame(rgb, windowed, None).tolist() == [[[1, 2, 3]]]


def test_a_palette_image_is_shown_in_its_colours() -> None:
    entries = np.array([0, 200], np.uint16)
    table = LookupTable(0, entries, 8)
    black = LookupTable(0, np.zeros(2, np.uint16), 8)
    stored = frame(np.array([[0, 1]], np.uint8), photometric_interpretation="PALETTE COLOR")
    in_color = recipe(palette=Palette(table, black, black))
    assert choose_voi(stored, in_color) is None
    assert display_frame(stored, in_color, None).tolist() == [[[0, 0, 0], [200, 0, 0]]]
    with pytest.raises(UnsupportedPixelFormat, match="palette"):
        display_frame(stored, recipe(), None)


def test_every_row_of_a_tall_frame_is_shown() -> None:
    values = np.arange(200 * 3, dtype=np.uint16).reshape(200, 3)
    shown = display_frame(frame(values, 10), recipe(), Window(300, 600, VoiFunction.LINEAR_EXACT))
    expected = np.clip(np.floor(np.arange(600.0).reshape(200, 3) * 255 / 600 + 0.5), 0, 255)
    np.testing.assert_array_equal(shown, expected)
