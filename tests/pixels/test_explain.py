"""The steps from stored value to grey level, and what a pixel is at each of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest

from dcmview.errors import RequestError
from dcmview.model import (
    Decision,
    DisplayRecipe,
    DisplayRequest,
    Ignored,
    LookupTable,
    PaddingRange,
    Palette,
    PixelLayout,
    RealWorldMapping,
    Repair,
    Rescale,
    SampleKind,
    StoredFrame,
    VoiFunction,
    Window,
)
from dcmview.pixels.explain import Explanation, Step, explain
from dcmview.pixels.pipeline import choose_voi, display_frame
from dcmview.pixels.probe import real_world_value

if TYPE_CHECKING:
    from numpy.typing import NDArray

SLOPE = Decision("modality", "(0028,1053) Rescale Slope", "2", "stored values are multiplied by 2")
WINDOW = Decision("voi", "(0028,1050) Window Center", "value 1", "the default")
OTHER_WINDOW = Decision("voi", "(0028,1050) Window Center", "value 2", "choice 2")
FUNCTION = Decision("voi", "(0028,1056) VOI LUT Function", "LINEAR", "reads the windows")


def frame(values: NDArray[np.generic], **changes: Any) -> StoredFrame:
    bits = values.dtype.itemsize * 8
    layout = {
        "rows": values.shape[0],
        "columns": values.shape[1],
        "samples_per_pixel": 1 if values.ndim == 2 else values.shape[2],
        "bits_allocated": bits,
        "bits_stored": bits,
        "high_bit": bits - 1,
        "pixel_representation": int(values.dtype.kind == "i"),
    }
    return StoredFrame(values, PixelLayout(**{**layout, **changes}))


def recipe(interpretation: str = "MONOCHROME2", **fields: Any) -> DisplayRecipe:
    return DisplayRecipe(interpretation, **fields)


def explained(
    stored: StoredFrame,
    of_file: DisplayRecipe,
    request: DisplayRequest | None = None,
    **options: Any,
) -> Explanation:
    request = request or DisplayRequest()
    voi = choose_voi(stored, of_file, request)
    return explain(stored, of_file, voi, request, **options)


def step(found: Explanation, name: str) -> Step:
    (only,) = (each for each in found.steps if each.step == name)
    return only


BYTES = frame(np.array([[0, 10], [100, 200]], np.uint8))


def test_the_steps_of_a_grey_frame_are_in_the_order_in_which_they_are_done() -> None:
    found = explained(BYTES, recipe(modality=Rescale(2, -10), unit="HU", voi=(Window(40, 400),)))
    assert [each.step for each in found.steps] == [
        "samples",
        "modality",
        "voi",
        "presentation",
        "output",
    ]


def test_each_step_has_the_range_of_the_frame_before_and_after_it() -> None:
    found = explained(BYTES, recipe(modality=Rescale(-2, -10), inverted=True))
    assert step(found, "samples").output_range == (0, 200)
    assert step(found, "modality").input_range == (0, 200)
    assert step(found, "modality").output_range == (-410, -10)
    assert step(found, "presentation").input_range == (0, 255)
    assert step(found, "presentation").output_range == (255, 0)


def test_a_step_has_the_element_that_decided_and_all_that_was_decided() -> None:
    found = explained(BYTES, recipe(modality=Rescale(2, 0), decisions=(SLOPE,)))
    modality = step(found, "modality")
    assert (modality.element, modality.value) == ("(0028,1053) Rescale Slope", "2")
    assert modality.decisions == (SLOPE,)
    assert step(found, "presentation").element == ""


@pytest.mark.parametrize(
    ("modality", "formula"),
    [
        (Rescale(), "modality value HU = stored value"),
        (Rescale(1, -1024), "modality value HU = stored value x 1 - 1024"),
        (Rescale(0.5, 3), "modality value HU = stored value x 0.5 + 3"),
    ],
)
def test_the_rescale_is_written_with_its_numbers(modality: Rescale, formula: str) -> None:
    found = explained(BYTES, recipe(modality=modality, unit="HU"))
    assert step(found, "modality").meaning == formula


@pytest.mark.parametrize(
    ("window", "black", "white"),
    [
        (Window(0, 100), -50, 49),
        (Window(100, 1), 99.5, 99.5),
        (Window(0, 100, VoiFunction.LINEAR_EXACT), -50, 50),
        # 1 / (1 + e^y) is half a grey level of 255 at e^y = 509.
        (Window(0, 4, VoiFunction.SIGMOID), -math.log(509), math.log(509)),
    ],
)
def test_the_window_says_where_black_and_white_are(
    window: Window, black: float, white: float
) -> None:
    found = step(explained(BYTES, recipe(voi=(window,))), "voi")
    assert found.input_range == pytest.approx((black, white))
    assert found.output_range == (0, 255)


@pytest.mark.parametrize("function", list(VoiFunction))
def test_what_is_said_of_black_and_white_is_what_is_shown(function: VoiFunction) -> None:
    window = Window(40, 400, function)
    of_file = recipe(voi=(window,))
    ends = step(explained(BYTES, of_file), "voi").input_range
    assert ends is not None
    black, white = ends
    stored = frame(np.array([[black - 1e-6, white + 1e-6]]), kind=SampleKind.DOUBLE)
    assert display_frame(stored, of_file, window).tolist() == [[0, 255]]


def test_a_voi_lut_says_where_its_table_begins_and_ends() -> None:
    table = LookupTable(-2, np.array([0, 4095, 2048], np.uint16), 12, "hard")
    found = step(explained(BYTES, recipe(voi=(table,))), "voi")
    assert found.input_range == (-2, 0)
    assert found.output_range == (0, 255)
    assert found.meaning.startswith('the VOI LUT "hard" of the file: grey = entry [x + 2]')


def test_the_window_of_the_file_is_told_apart_from_its_other_choices() -> None:
    of_file = recipe(
        voi=(Window(1, 2, explanation="SOFT"), Window(3, 4)),
        decisions=(WINDOW, OTHER_WINDOW, FUNCTION),
    )
    first = step(explained(BYTES, of_file), "voi")
    assert first.meaning.startswith('the window "SOFT" of the file, choice 1 of 2: ')
    assert first.decisions == (WINDOW, FUNCTION)
    second = explained(BYTES, of_file, DisplayRequest(voi=1))
    assert step(second, "voi").decisions == (OTHER_WINDOW, FUNCTION)


def test_a_window_that_was_asked_for_is_not_the_choice_of_the_file() -> None:
    of_file = recipe(voi=(Window(1, 2),), decisions=(WINDOW,))
    found = step(explained(BYTES, of_file, DisplayRequest(window=(50, 100))), "voi")
    assert found.meaning.startswith("the window that was asked for: ")
    assert (found.element, found.decisions) == ("", ())
    assert found.value == "center 50, width 100, LINEAR"


def test_a_measured_window_says_from_how_many_values() -> None:
    stored = frame(np.array([[-9, 1], [2, 3]], np.int16))
    padded = recipe(padding=PaddingRange(-9, -9))
    found = step(explained(stored, padded), "voi")
    assert found.meaning.startswith(
        "1st to 99th percentile of the frame, measured on all 3 values,"
        " 1 of padding or without a finite value left out: "
    )
    whole = step(explained(stored, padded, DisplayRequest(full_dynamic=True)), "voi")
    assert whole.meaning.startswith("minimum to maximum of the frame, measured on all 3 values")
    assert whole.input_range == (1, 3)


def test_a_sampled_window_says_so() -> None:
    stored = frame(np.zeros((2000, 1500), np.float32), kind=SampleKind.FLOAT)
    found = step(explained(stored, recipe()), "voi")
    assert "measured on 1,000,000 of 3,000,000 values" in found.meaning


def test_colour_has_no_window_to_explain() -> None:
    rgb = frame(np.array([[[1, 2, 3]]], np.uint8), photometric_interpretation="RGB")
    found = explained(rgb, recipe("RGB"), pixel_index=(0, 0))
    assert [each.step for each in found.steps] == ["samples", "color", "output"]
    assert found.pixel is not None
    assert [stage.values for stage in found.pixel.stages] == [(1, 2, 3), (1, 2, 3)]


def test_a_palette_pixel_is_an_index_and_a_colour() -> None:
    tables = [LookupTable(0, np.array([0, level], np.uint16), 8) for level in (10, 20, 30)]
    indices = frame(np.array([[0, 1]], np.uint8), photometric_interpretation="PALETTE COLOR")
    found = explained(
        indices, recipe("PALETTE COLOR", palette=Palette(*tables)), pixel_index=(1, 0)
    )
    assert [each.step for each in found.steps] == ["samples", "palette", "output"]
    assert found.pixel is not None
    assert [stage.values for stage in found.pixel.stages] == [(1,), (10, 20, 30)]


def test_a_pixel_is_followed_through_every_stage() -> None:
    of_file = recipe(
        modality=Rescale(2, -10),
        unit="HU",
        voi=(Window(0, 256),),
        inverted=True,
        padding=PaddingRange(100, 100),
        real_world=(
            RealWorldMapping(0, 255, 0.5, 1, unit="ms"),
            RealWorldMapping(0, 50, 0.5, 1, unit="out of range"),
        ),
    )
    found = explained(BYTES, of_file, pixel_index=(0, 1)).pixel
    assert found is not None
    assert (found.row, found.column, found.is_padding) == (1, 0, True)
    # (190 + 0.5) / 255 + 0.5 is above 1; 255 inverted is 0; 100 / 2 + 1 is 51.
    assert [(stage.step, stage.values, stage.unit) for stage in found.stages] == [
        ("samples", (100,), ""),
        ("modality", (190,), "HU"),
        ("voi", (255,), ""),
        ("output", (0,), ""),
        ("real_world", (51,), "ms"),
    ]


@pytest.mark.parametrize("pixel_index", [(2, 0), (0, 2), (-1, 0)])
def test_a_pixel_outside_the_image_is_refused(pixel_index: tuple[int, int]) -> None:
    with pytest.raises(RequestError, match="2 columns and 2 rows"):
        explained(BYTES, recipe(), pixel_index=pixel_index)


def test_what_the_pixel_ends_as_is_what_the_picture_shows() -> None:
    of_file = recipe(modality=Rescale(-1, 3), voi=(Window(-50, 300),), inverted=True)
    picture = display_frame(BYTES, of_file, of_file.voi[0])
    for row in range(2):
        for column in range(2):
            found = explained(BYTES, of_file, pixel_index=(column, row)).pixel
            assert found is not None
            assert found.stages[-1].values == (picture[row, column],)


@pytest.mark.parametrize(("stored", "expected"), [(9, None), (10, 0.5), (12, 4.5), (13, None)])
def test_a_real_world_table_begins_at_its_first_value(
    stored: float, expected: float | None
) -> None:
    mapping = RealWorldMapping(10, 13, values=(0.5, 1.5, 4.5))
    assert real_world_value(stored, mapping) == expected


def test_what_decoder_and_header_mended_is_told_once() -> None:
    repair, other = Repair("a", "", "", ""), Repair("b", "", "", "")
    stored = StoredFrame(BYTES.values, BYTES.layout, truncated=True, repairs=(repair, other))
    passed_over = Ignored("(2050,0020) Presentation LUT Shape", "LIN OD", "it is for printers")
    found = explained(stored, recipe(repairs=(repair,), ignored=(passed_over,)))
    assert found.repairs == (repair, other)
    assert found.ignored == (passed_over,)
    assert "cut short" in step(found, "samples").meaning


def test_an_explanation_can_be_written_as_json() -> None:
    stored = frame(np.array([[np.nan, 1.0]]), kind=SampleKind.DOUBLE)
    body = msgspec.json.encode(explained(stored, recipe(), pixel_index=(0, 0)))
    assert msgspec.json.decode(body)["pixel"]["stages"][0]["values"] == [None]
