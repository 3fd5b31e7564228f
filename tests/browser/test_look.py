"""Windows, colours, text over the image and what lies under the pointer."""

from __future__ import annotations

import re
from contextlib import contextmanager

import numpy as np
import pytest
from browser.steps import (
    center,
    color_at,
    eventually,
    field,
    grey_at,
    open_page,
    open_series,
    wait_drawn,
)
from playwright.sync_api import expect
from support.datasets import image, item, part10
from support.server import ServerProcess

pytestmark = pytest.mark.one_size("small")

MIDDLE = (10, 10)


@pytest.fixture
def opened(page, tmp_path):
    """Open one data set in the page, with the pointer in the middle of its 20 x 20 pixels."""

    @contextmanager
    def open_dataset(dataset):
        (tmp_path / "image.dcm").write_bytes(part10(dataset))
        with ServerProcess(str(tmp_path)) as server:
            open_page(page, server.url)
            point_at(page, *MIDDLE)
            yield server
            page.goto("about:blank")  # before the server goes

    return open_dataset


def flat(value: int, **elements):
    """20 x 20 pixels of one value in a window from 0 to 255."""
    base = {
        "PixelData": np.full((20, 20), value, "<i2").tobytes(),
        "PixelRepresentation": 1,
        "WindowCenter": 128,
        "WindowWidth": 256,
        "PatientName": "Doe^Jane",
        "PatientID": "4711",
    }
    return image(20, 20, **(base | elements))


def ct(value: int, **elements):
    """Stored values are 1,024 above Hounsfield units."""
    base = {"RescaleSlope": 1, "RescaleIntercept": -1024, "RescaleType": "HU"}
    return flat(value + 1024, **(base | elements))


def place_of(page, column: int, row: int) -> tuple[float, float]:
    """The middle of a pixel of a fitted 20 x 20 image on the screen."""
    box = page.locator("[data-shown]").bounding_box()
    side = min(box["width"], box["height"])
    left = box["x"] + (box["width"] - side) / 2
    top = box["y"] + (box["height"] - side) / 2
    return left + (column + 0.5) * side / 20, top + (row + 0.5) * side / 20


def point_at(page, column: int, row: int) -> None:
    page.mouse.move(*place_of(page, column, row))


def expect_color(page, expected: tuple[int, int, int]) -> None:
    """The colour of a pixel away from the middle, where the pointer is."""

    def is_seen() -> None:
        assert color_at(page, *place_of(page, 6, 7)) == expected

    wait_drawn(page)
    eventually(page, is_seen)


def test_a_preset_gives_the_grey_of_the_linear_formula(page, opened):
    with opened(ct(30)):
        page.keyboard.press("1")
        expect(field(page, "window")).to_contain_text("C 40  W 80 HU linear, Brain")
        # ((30 - 39.5) / 79 + 0.5) x 255 = 96.8.
        expect_color(page, (97, 97, 97))
        page.get_by_role("combobox", name="Window").select_option("liver")
        # ((30 - 29.5) / 149 + 0.5) x 255 = 128.4.
        expect_color(page, (128, 128, 128))


def test_presets_are_not_on_offer_where_values_are_no_hounsfield_units(page, opened):
    with opened(flat(100, Modality="MR")):
        page.keyboard.press("1")
        expect(field(page, "window")).to_contain_text("C 128  W 256")
        expect(page.get_by_role("combobox", name="Window").locator("optgroup")).to_have_count(2)


def test_a_window_is_typed_and_read_with_the_function_that_is_chosen(page, opened):
    with opened(ct(30)):
        field(page, "window").get_by_role("button").click()
        page.get_by_role("textbox", name="Window center").fill("20")
        page.get_by_role("textbox", name="Window width").fill("40")
        page.keyboard.press("Enter")
        # LINEAR: ((30 - 19.5) / 39 + 0.5) x 255 = 196.2.
        expect_color(page, (196, 196, 196))
        page.get_by_role("combobox", name="Window function").select_option("SIGMOID")
        # 255 / (1 + e^-1) = 186.4.
        expect_color(page, (186, 186, 186))
        page.get_by_role("textbox", name="Window width").fill("0")
        page.keyboard.press("Enter")
        expect(page.get_by_role("textbox", name="Window width")).to_have_attribute(
            "aria-invalid", "true"
        )
        expect_color(page, (186, 186, 186))
        page.keyboard.press("Escape")
        expect(page.get_by_role("region", name="Viewport")).to_be_focused()
        expect(field(page, "window")).to_contain_text("C 20  W 40 HU sigmoid")


def test_a_colour_map_shows_the_entry_of_the_palette_and_a_legend_in_the_unit(page, opened):
    with opened(ct(128)):
        page.keyboard.press("c")
        # DICOM PS3.6 B.1.1, Hot Iron: entry 128 is pure red, with green rising from there on.
        expect_color(page, (255, 0, 0))
        legend = page.get_by_role("img", name="Legend from 0 to 255 HU")
        expect(legend).to_contain_text("100")
        page.keyboard.press("Shift+X")
        page.get_by_role("group", name="Colour map").get_by_role("button", name="Fall").click()
        # B.1.7, Fall: yellow to red.
        expect_color(page, (255, 127, 0))
        page.keyboard.press("i")
        expect_color(page, (255, 128, 0))
        page.keyboard.press("Escape")
        expect(page.locator("[data-corner=bottom-left]")).to_contain_text("inverted, Fall")
        page.keyboard.press("0")
        expect_color(page, (128, 128, 128))
        expect(legend).to_have_count(0)


def sides(page) -> str:
    """Left, right, top and bottom."""
    return " ".join(
        page.locator(f"[data-side={name}]").inner_text()
        for name in ("left", "right", "top", "bottom")
    )


AXIAL = {
    "ImagePositionPatient": [-50, -40, 12.5],
    "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
    "PixelSpacing": [2, 0.5],
    "SliceThickness": 5,
    "FrameOfReferenceUID": "1.2.3.5",
    "SeriesInstanceUID": "1.2.3.6",
    "StudyInstanceUID": "1.2.3.7",
}


def test_letters_follow_turns_and_flips(page, opened):
    with opened(ct(0, **AXIAL)):
        expect(page.locator("[data-side=left]")).to_have_text("R")
        assert sides(page) == "R L A P"
        page.keyboard.press("Shift+R")
        expect(page.locator("[data-side=top]")).to_have_text("R")
        assert sides(page) == "P A R L"
        page.keyboard.press("h")
        expect(page.locator("[data-side=left]")).to_have_text("A")
        assert sides(page) == "A P R L"


def test_a_projection_has_the_letters_of_its_patient_orientation(page, opened):
    with opened(flat(0, Modality="CR", PatientOrientation=["L", "F"])):
        expect(page.locator("[data-side=right]")).to_have_text("L")
        assert sides(page) == "R L H F"


def test_the_place_in_the_patient_is_that_of_the_pixel(page, opened):
    with opened(ct(0, **AXIAL)):
        # Pixels are four times as high as wide, so the fitted image is 20 x 80 in widths.
        expect(field(page, "patient")).to_be_visible()
        column, row = map(int, re.findall(r"\d+", field(page, "position").inner_text()))
        expected = f"{-50 + 0.5 * column:.1f}, {-40 + 2 * row:.1f}, 12.5 mm"
        expect(field(page, "patient")).to_contain_text(expected)
        corner = page.locator("[data-corner=bottom-right]")
        expect(corner).to_contain_text("Location 12.5 mm")
        expect(corner).to_contain_text("Thickness 5 mm")


def test_the_scale_says_where_it_does_not_hold_in_the_patient(page, opened):
    spacing = {"ImagerPixelSpacing": [0.5, 0.5]}
    with opened(flat(0, Modality="DX", **spacing)):
        expect(field(page, "scale")).to_contain_text("at the detector")
        box = page.locator("[data-shown]").bounding_box()
        bar = field(page, "scale").locator("i").bounding_box()
        # 10 mm fill the lower of the two sides.
        mm = bar["width"] * 10 / min(box["width"], box["height"])
        expect(field(page, "scale")).to_contain_text(f"{mm:.0f} mm")


def test_hidden_identity_is_nowhere_on_the_page_and_comes_back(page, opened):
    with opened(ct(0, StudyDate="20200229", **AXIAL)):
        body = page.locator("body")
        expect(body).to_contain_text("Doe, Jane")
        page.keyboard.press("t")
        expect(page.get_by_role("complementary", name="DICOM tags")).to_contain_text("Doe^Jane")
        page.keyboard.press("Shift+K")
        expect(page.locator("[data-corner=top-left]")).to_contain_text("Identity hidden")
        for words in ("Doe", "4711", "2020"):
            expect(body).not_to_contain_text(words)
            assert words not in page.title()
        page.keyboard.press("Shift+K")
        expect(body).to_contain_text("Doe, Jane")


def test_text_is_less_then_none_then_all_again_and_a_corner_is_hidden_alone(page, opened):
    with opened(ct(0, StudyDescription="Follow-up", **AXIAL)):
        first, last = page.locator("[data-corner=top-left]"), field(page, "scale")
        expect(first).to_contain_text("Follow-up")
        page.keyboard.press("k")
        expect(first).to_contain_text("Doe, Jane")
        expect(first).not_to_contain_text("Follow-up")
        page.keyboard.press("k")
        expect(first).to_have_text("")
        expect(last).to_have_count(0)
        page.keyboard.press("k")
        expect(first).to_contain_text("Follow-up")
        page.get_by_role("button", name="Text over the image").click()
        page.get_by_role("button", name="top left").click()
        expect(first).to_have_text("")
        expect(page.locator("[data-corner=top-right]")).to_contain_text("CT")


def test_a_drag_on_the_histogram_moves_the_window(page, opened):
    pixels = np.arange(400, dtype="<i2").reshape(20, 20)
    with opened(ct(0, PixelData=(pixels + 1024).tobytes(), WindowCenter=200, WindowWidth=201)):
        page.keyboard.press("u")
        panel = page.get_by_role("complementary", name="Histogram")
        expect(panel).to_contain_text("400 pixels, values in HU")
        # LINEAR from 99.5 to 299.5; the axis runs from -0.5 to 399.5 or wider, by whole bins.
        white = panel.get_by_role("slider", name="White at")
        expect(white).to_have_attribute("aria-valuetext", "299.5 HU")
        box = panel.get_by_role("group").bounding_box()
        grip = white.locator(".grip").bounding_box()
        x, y = grip["x"] + grip["width"] / 2, grip["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x - box["width"] / 8, y, steps=4)
        page.mouse.up()
        low, high = (
            float(panel.get_by_role("slider", name=name).get_attribute("aria-valuenow"))
            for name in ("Black at", "White at")
        )
        assert low == 99.5
        assert high == pytest.approx(299.5 - 400 / 8, abs=2)
        window = field(page, "window")
        expect(window).to_contain_text(f"W {high - low + 1:g}")
        white.focus()
        page.keyboard.press("ArrowRight")
        expect(white).not_to_have_attribute("aria-valuenow", str(high))
        expect(page.locator("[data-shown]")).to_have_attribute("data-shown", "0/0")


def test_the_histogram_is_of_the_region_that_is_selected(page, opened):
    with opened(ct(0)):
        page.keyboard.press("u")
        panel = page.get_by_role("complementary", name="Histogram")
        expect(panel).to_contain_text("400 pixels")
        page.keyboard.press("r")
        # From the middle of pixel 4 to that of pixel 9, each way: centres from 4.5 up to 9.5.
        page.mouse.move(*place_of(page, 4, 4))
        page.mouse.down()
        page.mouse.move(*place_of(page, 9, 9), steps=3)
        page.mouse.up()
        expect(panel).to_contain_text(re.compile(r"(25|30|36) pixels of what is selected"))
        page.keyboard.press("Escape")
        expect(panel).to_contain_text("400 pixels, values")


def test_the_uptake_of_a_pet_is_read_with_its_kind(page, opened):
    pet = flat(
        500,
        Modality="PT",
        SOPClassUID="1.2.840.10008.5.1.4.1.1.128",
        Units="BQML",
        RescaleSlope=10,
        RescaleIntercept=0,
        CorrectedImage=["ATTN", "DECY"],
        DecayCorrection="ADMIN",
        PatientWeight=70,
        SeriesDate="20240101",
        SeriesTime="100000",
        AcquisitionDate="20240101",
        AcquisitionTime="100000",
        RadiopharmaceuticalInformationSequence=item(
            RadionuclideTotalDose=350_000_000,
            RadionuclideHalfLife=6586.2,
            RadiopharmaceuticalStartTime="090000",
        ),
    )
    with opened(pet):
        # Decayed to the administration: 5,000 Bq/ml x 70,000 g / 350 MBq = 1.
        expect(field(page, "suv")).to_contain_text("1 SUVbw g/ml")


def test_the_next_series_keeps_the_window_that_was_chosen(page, server):
    open_page(page, server.url)
    open_series(page, "Axial 7.5 mm")
    page.keyboard.press("5")
    expect(field(page, "window")).to_contain_text("C -600  W 1500")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("treeitem", selected=True)).not_to_contain_text(
        re.compile(r"Axial 7\.5 mm\s*CT")
    )
    expect(field(page, "window")).to_contain_text("C -600  W 1500")


def test_the_middle_of_the_viewport_is_grey_again_after_the_percentile_window(page, opened):
    with opened(ct(0)):
        page.keyboard.press("a")
        # One value alone has a window of width 1 about it: the middle of the grey levels.
        expect(field(page, "window")).to_contain_text("1st to 99th percentile")
        x, y = center(page)

        def is_grey() -> None:
            assert grey_at(page, x - 60, y - 60) == 128

        eventually(page, is_grey)
