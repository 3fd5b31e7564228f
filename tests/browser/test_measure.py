"""Lengths, angles and regions that a person draws, against what other programs compute."""

from __future__ import annotations

import csv
import io
import math
import re
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pydicom
import pytest
from browser.steps import (
    center,
    color_at,
    eventually,
    field,
    open_page,
    open_series,
    shown,
    wait_at,
    wait_drawn,
)
from playwright.sync_api import Locator, Page, expect
from support.datasets import image, part10
from support.paths import FIXTURES
from support.server import ServerProcess

pytestmark = pytest.mark.one_size("large")

CT_SERIES = "Axial 7.5 mm"

Place = tuple[float, float]


@pytest.fixture
def opened(page, tmp_path):
    """Open one data set in the page."""

    @contextmanager
    def open_dataset(dataset):
        (tmp_path / "image.dcm").write_bytes(part10(dataset))
        with ServerProcess(str(tmp_path)) as server:
            open_page(page, server.url)
            yield server
            page.goto("about:blank")  # before the server goes

    return open_dataset


def ct_slice(page: Page) -> pydicom.Dataset:
    """The file of the slice that is seen: each slice says its number in the corner."""
    text = page.get_by_text(re.compile(r"^\d+ / 22$")).first.inner_text()
    slices = [pydicom.dcmread(path) for path in sorted((FIXTURES / "ct").glob("*.dcm"))]
    return sorted(slices, key=lambda each: int(each.InstanceNumber))[int(text.split()[0]) - 1]


def hounsfield(dataset: pydicom.Dataset) -> np.ndarray:
    slope, intercept = float(dataset.RescaleSlope), float(dataset.RescaleIntercept)
    return dataset.pixel_array * slope + intercept


class Hand:
    """A hand that draws in image points on a fitted, upright image."""

    def __init__(self, page: Page, columns: int, rows: int) -> None:
        box = page.locator("[data-shown]").bounding_box()
        assert box is not None
        self._page = page
        self._middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self._image = columns, rows
        self.zoom = min(box["width"] / columns, box["height"] / rows)

    def on_screen(self, place: Place) -> Place:
        (x, y), (columns, rows) = place, self._image
        return (
            self._middle[0] + (x - columns / 2) * self.zoom,
            self._middle[1] + (y - rows / 2) * self.zoom,
        )

    def drag(self, *places: Place) -> None:
        self._page.mouse.move(*self.on_screen(places[0]))
        self._page.mouse.down()
        for start, end in pairwise(places):
            middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
            self._page.mouse.move(*self.on_screen(middle))
            self._page.mouse.move(*self.on_screen(end))
        self._page.mouse.up()

    def click(self, place: Place) -> None:
        self._page.mouse.click(*self.on_screen(place))


def shapes(page: Page, name: str = "") -> Locator:
    """The shapes on the image, each named with what it measures."""
    layer = page.get_by_role("group", name="ROIs on the image")
    return layer.get_by_role("img", name=re.compile(f"^{name}"))


def said(shape: Locator) -> str:
    """What a shape measures, in words."""
    return shape.get_attribute("aria-label") or ""


def number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    assert found is not None, text
    return float(found[1])


def panel(page: Page) -> Locator:
    return page.get_by_role("complementary", name="ROIs")


def figure(page: Page, name: str) -> str:
    """One figure of the selected measurement in the panel."""
    term = panel(page).locator("dt", has_text=re.compile(f"^{name}$"))
    return term.locator("xpath=following-sibling::dd").inner_text()


def open_ct(page: Page, server: ServerProcess) -> Hand:
    open_page(page, server.url)
    open_series(page, CT_SERIES)
    wait_at(page, "1 / 22")
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    wait_at(page, "10 / 22")
    return Hand(page, 256, 256)


def test_a_length_on_a_ct_is_in_millimetres_of_the_patient(page, server):
    hand = open_ct(page, server)
    row_mm, column_mm = (float(value) for value in ct_slice(page).PixelSpacing)
    page.keyboard.press("m")
    hand.drag((60, 80), (160, 120))
    expect(shapes(page, "Length")).to_have_count(1)
    text = said(shapes(page))
    assert text.endswith(" mm")
    expected = math.hypot(100 * column_mm, 40 * row_mm)
    # Half a CSS pixel at either end.
    assert number(r"([\d.]+) mm", text) == pytest.approx(expected, abs=column_mm / hand.zoom + 0.05)
    # The same words stand on the image.
    expect(page.locator("svg text", has_text=text.removeprefix("Length, "))).to_be_visible()


def test_a_rectangle_has_the_figures_of_its_pixels(page, server):
    hand = open_ct(page, server)
    page.keyboard.press("r")
    hand.drag((70, 90), (120, 150))
    pixels = hounsfield(ct_slice(page))[90:150, 70:120]
    text = said(shapes(page, "Rectangle"))
    assert number(r"Mean (-?[\d.]+) HU", text) == pytest.approx(pixels.mean(), rel=1e-4)
    assert number(r"SD ([\d.]+) HU", text) == pytest.approx(pixels.std(), rel=1e-4)
    assert f"Min {pixels.min():g}, max {pixels.max():g} HU" in text
    page.keyboard.press("Shift+M")
    assert figure(page, "Pixels") == "3,000"
    median = number(r"(-?[\d.]+) HU", figure(page, "Median"))
    assert median == pytest.approx(float(np.median(pixels)), rel=1e-4)
    area_mm2 = 3000 * math.prod(float(value) for value in ct_slice(page).PixelSpacing)
    area = number(r"([\d.]+) mm²", figure(page, "Area"))
    assert area == pytest.approx(area_mm2, rel=0.02)


def test_a_nudged_point_reads_the_next_pixel_and_undo_goes_back(page, server):
    hand = open_ct(page, server)
    values = hounsfield(ct_slice(page))
    for _ in range(4):
        page.keyboard.press("m")
    hand.click((100.5, 120.5))
    point = shapes(page, "Point")
    expect(point).to_have_accessible_name(f"Point, {values[120, 100]:g} HU")
    page.keyboard.press("ArrowRight")
    expect(point).to_have_accessible_name(f"Point, {values[120, 101]:g} HU")
    page.keyboard.press("Shift+ArrowDown")
    expect(point).to_have_accessible_name(f"Point, {values[130, 101]:g} HU")
    wait_at(page, "10 / 22")
    page.wait_for_timeout(1100)  # a pause ends a row of nudges
    page.keyboard.press("ArrowUp")
    expect(point).to_have_accessible_name(f"Point, {values[129, 101]:g} HU")
    page.keyboard.press("Control+z")
    expect(point).to_have_accessible_name(f"Point, {values[130, 101]:g} HU")
    page.keyboard.press("Control+z")
    expect(point).to_have_accessible_name(f"Point, {values[120, 100]:g} HU")
    page.keyboard.press("Control+z")
    expect(point).to_have_count(0)
    page.keyboard.press("Control+Shift+z")
    expect(point).to_have_accessible_name(f"Point, {values[120, 100]:g} HU")


def test_nudges_go_where_the_arrow_points_on_a_turned_image(page, server):
    hand = open_ct(page, server)
    values = hounsfield(ct_slice(page))
    for _ in range(4):
        page.keyboard.press("m")
    hand.click((100.5, 120.5))
    page.keyboard.press("Shift+R")
    # A quarter turn to the right: what is right on the screen is up in the image.
    page.keyboard.press("ArrowRight")
    expect(shapes(page, "Point")).to_have_accessible_name(f"Point, {values[119, 100]:g} HU")


def test_escape_lets_go_and_arrows_step_frames_again(page, server):
    hand = open_ct(page, server)
    page.keyboard.press("r")
    hand.drag((70, 90), (120, 150))
    page.keyboard.press("ArrowRight")
    wait_at(page, "10 / 22")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    wait_at(page, "11 / 22")
    # The shape belongs to the frame it was drawn on.
    expect(shapes(page)).to_have_count(0)
    page.keyboard.press("ArrowLeft")
    expect(shapes(page, "Rectangle")).to_have_count(1)
    page.keyboard.press("Delete")
    expect(shapes(page)).to_have_count(1)


def test_delete_removes_what_is_selected_and_nothing_else(page, server):
    hand = open_ct(page, server)
    page.keyboard.press("m")
    hand.drag((60, 60), (100, 60))
    hand.drag((60, 200), (100, 200))
    page.keyboard.press("w")
    hand.click((80, 60))
    page.keyboard.press("Delete")
    expect(shapes(page, "Length")).to_have_count(1)
    hand.click((80, 200))
    page.keyboard.press("Backspace")
    expect(shapes(page)).to_have_count(0)


def test_a_shape_is_taken_by_its_line_and_its_corner(page, server):
    hand = open_ct(page, server)
    page.keyboard.press("r")
    hand.drag((60, 60), (100, 100))
    page.keyboard.press("w")
    values = hounsfield(ct_slice(page))

    def expect_pixels(rows: slice, columns: slice) -> None:
        mean = values[rows, columns].mean()
        text = said(shapes(page, "Rectangle"))
        assert number(r"Mean (-?[\d.]+) HU", text) == pytest.approx(mean, rel=1e-4)

    window = field(page, "window").inner_text()
    hand.drag((60, 73), (80, 93))
    expect_pixels(slice(80, 120), slice(80, 120))
    hand.drag((120, 120), (150, 140))
    expect_pixels(slice(80, 140), slice(80, 150))
    # The window tool is on, and has not seen any of this.
    expect(field(page, "window")).to_have_text(window, use_inner_text=True)


def test_shapes_turn_and_flip_with_the_image(page, server):
    hand = open_ct(page, server)
    page.keyboard.press("r")
    hand.drag((20, 30), (60, 110))
    page.keyboard.press("Escape")
    text = said(shapes(page))

    def line_at(place: Place) -> bool:
        wait_drawn(page)
        red, green, blue = color_at(page, *hand.on_screen(place))
        return red > blue + 60 and green > blue + 40

    assert line_at((20, 70))
    assert not line_at((236, 70))
    page.keyboard.press("h")
    assert line_at((236, 70))
    assert not line_at((20, 70))
    page.keyboard.press("h")
    page.keyboard.press("Shift+R")
    # (x, y) goes to (256 - y, x).
    assert line_at((256 - 70, 20))
    assert said(shapes(page)) == text


def test_shift_draws_a_square_and_alt_from_the_middle(page, server):
    hand = open_ct(page, server)
    page.keyboard.press("r")
    page.keyboard.down("Shift")
    page.keyboard.down("Alt")
    hand.drag((100, 100), (120, 105))
    page.keyboard.up("Alt")
    page.keyboard.up("Shift")
    page.keyboard.press("Shift+M")
    # From (80, 80) to (120, 120).
    assert figure(page, "Pixels") == "1,600"


def test_a_polygon_is_clicked_together_and_ends_with_enter(page, server):
    hand = open_ct(page, server)
    for _ in range(3):
        page.keyboard.press("r")
    for place in [(60, 60), (140, 60), (140, 140), (70, 200)]:
        hand.click(place)
    # The last two corners were a mistake.
    hand.click((30, 220))
    page.keyboard.press("Control+z")
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+M")
    # Half of a square of 80: every pixel left of the diagonal whose centre is inside.
    assert 3120 <= number(r"([\d,]+)", figure(page, "Pixels").replace(",", "")) <= 3280
    # A second outline, given up.
    for place in [(20, 20), (40, 20), (40, 40)]:
        hand.click(place)
    page.keyboard.press("Escape")
    expect(shapes(page)).to_have_count(1)


def test_an_angle_and_a_cobb_angle(page, server):
    hand = open_ct(page, server)
    page.keyboard.press("m")
    page.keyboard.press("m")
    hand.drag((160, 100), (100, 100))
    hand.click((100 + 30 * math.sqrt(3), 130))
    assert number(r"([\d.]+)°", said(shapes(page, "Angle"))) == pytest.approx(30, abs=0.8)
    page.keyboard.press("m")
    hand.drag((60, 180), (140, 180))
    hand.drag((140, 220), (100, 180 + 40 - 40))
    assert number(r"([\d.]+)°", said(shapes(page, "Cobb"))) == pytest.approx(45, abs=1)


def test_a_mammogram_is_measured_at_the_detector_and_says_so(page, server):
    open_page(page, server.url)
    open_series(page, "L CC")
    hand = Hand(page, 768, 1024)
    page.keyboard.press("m")
    hand.drag((200, 300), (500, 700))
    text = said(shapes(page, "Length"))
    assert text.endswith("mm at the detector")
    # 300 and 400 pixels of 0.2 mm: 3-4-5.
    assert number(r"([\d.]+) mm", text) == pytest.approx(100, abs=0.2 / hand.zoom + 0.05)
    page.keyboard.press("Shift+M")
    assert "Imager Pixel Spacing (0018,1164)" in figure(page, "Distances")


def test_an_image_without_spacing_is_measured_in_pixels(page, opened):
    plain = image(
        100, 100, PixelData=np.zeros((100, 100), "<u2").tobytes(), WindowCenter=1, WindowWidth=2
    )
    with opened(plain):
        page.keyboard.press("m")
        Hand(page, 100, 100).drag((20, 20), (50, 60))
        text = said(shapes(page, "Length"))
        assert text.endswith(" px")
        assert number(r"([\d.]+) px", text) == pytest.approx(50, abs=0.4)


def test_ultrasound_is_measured_within_its_region_only(page, server):
    dataset = pydicom.dcmread(FIXTURES / "ultrasound" / "heart-beat.dcm")
    region = dataset.SequenceOfUltrasoundRegions[0]
    left, top = region.RegionLocationMinX0, region.RegionLocationMinY0
    open_page(page, server.url)
    open_series(page, "Parasternal short axis")
    hand = Hand(page, dataset.Columns, dataset.Rows)
    page.keyboard.press("m")
    hand.drag((left + 30, top + 40), (left + 90, top + 120))
    text = said(shapes(page, "Length"))
    # cm a pixel.
    expected = 10 * math.hypot(60 * region.PhysicalDeltaX, 80 * region.PhysicalDeltaY)
    assert number(r"([\d.]+) mm$", text) == pytest.approx(expected, rel=0.02)
    # Begun above the region.
    hand.drag((left + 30, top - 12), (left + 30, top + 60))
    expect(shapes(page, r"Length, [\d.]+ px$")).to_have_count(1)


def test_the_table_has_the_figures_for_other_programs(page, server):
    hand = open_ct(page, server)
    page.keyboard.press("r")
    hand.drag((70, 90), (120, 150))
    page.keyboard.press("m")
    hand.drag((60, 80), (160, 120))
    pixels = hounsfield(ct_slice(page))[90:150, 70:120]
    name = Path(ct_slice(page).filename).name
    page.keyboard.press("Shift+M")
    with page.expect_download() as download:
        panel(page).get_by_role("button", name="CSV").click()
    assert download.value.suggested_filename == "dcmview-measurements.csv"
    text = Path(download.value.path()).read_bytes().decode()
    region, length = csv.DictReader(io.StringIO(text, newline=""))
    assert Path(region["file"]).name == name
    assert (region["kind"], region["frame_number"], region["value_unit"]) == (
        "rectangle",
        "1",
        "HU",
    )
    assert float(region["mean"]) == pytest.approx(pixels.mean(), rel=1e-12)
    assert float(region["sd_population"]) == pytest.approx(pixels.std(), rel=1e-12)
    assert float(region["median"]) == np.median(pixels)
    assert int(region["pixel_count"]) == 3000
    assert (length["kind"], length["distance_unit"], length["distance_plane"]) == (
        "length",
        "mm",
        "patient",
    )
    assert length["mean"] == ""
    assert float(length["length"]) == pytest.approx(math.hypot(100, 40) * 1.40625, abs=0.7)


def test_the_window_of_a_region_spans_its_percentiles(page, server):
    hand = open_ct(page, server)
    page.keyboard.press("r")
    hand.drag((70, 90), (120, 150))
    pixels = hounsfield(ct_slice(page))[90:150, 70:120]
    low, high = np.percentile(pixels, [1, 99])
    page.keyboard.press("Shift+M")
    panel(page).get_by_role("button", name="Window from it").click()
    expect(field(page, "window")).to_contain_text("of a region")
    page.locator("[aria-label=Viewport]").focus()
    page.keyboard.press("x")
    expect(field(page, "window")).to_contain_text("full dynamic range")
    page.keyboard.press("Shift+A")
    expect(field(page, "window")).to_contain_text("of a region")

    def has_its_window() -> None:
        window = page.locator("[data-shown]").get_attribute("data-window") or ""
        assert [float(part) for part in window.split("/")] == pytest.approx(
            [(low + high) / 2, high - low], rel=1e-9
        )

    eventually(page, has_its_window)


def test_a_region_copied_to_all_frames_is_measured_on_each(page, server):
    hand = open_ct(page, server)
    page.keyboard.press("r")
    hand.drag((70, 90), (120, 150))
    first = hounsfield(ct_slice(page))[90:150, 70:120].mean()
    page.keyboard.press("Shift+M")
    panel(page).get_by_role("button", name="Copy to all frames").click()
    page.locator("[aria-label=Viewport]").focus()
    page.keyboard.press("End")
    wait_at(page, "22 / 22")
    expect(shapes(page, "Rectangle")).to_have_count(1)
    last = hounsfield(ct_slice(page))[90:150, 70:120].mean()
    text = said(shapes(page, "Rectangle"))
    assert number(r"Mean (-?[\d.]+) HU", text) == pytest.approx(last, rel=1e-4)
    with page.expect_download() as download:
        panel(page).get_by_role("button", name="CSV").click()
    text = Path(download.value.path()).read_bytes().decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == 22
    # The others have not been seen.
    means = [float(row["mean"]) for row in rows if row["mean"]]
    assert sorted(means) == pytest.approx(sorted([first, last]), rel=1e-12)


def test_the_list_goes_to_the_frame_of_a_measurement(page, server):
    hand = open_ct(page, server)
    page.keyboard.press("m")
    hand.drag((60, 80), (160, 120))
    text = said(shapes(page)).removeprefix("Length, ")
    page.keyboard.press("Escape")
    first = shown(page)
    page.keyboard.press("Home")
    wait_at(page, "1 / 22")
    page.keyboard.press("Shift+M")
    entry = panel(page).get_by_role("treeitem", name=re.compile("^Length"))
    expect(entry).to_contain_text(text)
    expect(entry).to_contain_text("frame 10")
    entry.focus()
    page.keyboard.press("Enter")
    expect(page.locator(f'[data-shown="{first}"]')).to_be_visible()
    expect(shapes(page, "Length")).to_have_count(1)
    expect(entry).to_have_attribute("aria-selected", "true")
    panel(page).get_by_role("button", name="Delete").click()
    expect(shapes(page)).to_have_count(0)


def test_a_finger_draws_and_a_second_one_zooms_instead(page, server):
    hand = open_ct(page, server)
    page.keyboard.press("m")
    client = page.context.new_cdp_session(page)

    def touch(kind: str, *places: Place) -> None:
        points = [
            {"x": x, "y": y, "id": finger}
            for finger, (x, y) in enumerate(hand.on_screen(place) for place in places)
        ]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", (60, 80))
    touch("touchMove", (120, 100))
    touch("touchMove", (160, 120))
    touch("touchEnd")
    expect(shapes(page, "Length")).to_have_count(1)
    zoom = field(page, "zoom").inner_text()
    touch("touchStart", (60, 200))
    touch("touchStart", (60, 200), (160, 200))
    touch("touchMove", (40, 200), (160, 200))
    touch("touchMove", (20, 200), (180, 200))
    touch("touchEnd")
    expect(field(page, "zoom")).not_to_have_text(zoom, use_inner_text=True)
    expect(shapes(page)).to_have_count(1)


def test_what_is_drawn_is_chosen_from_a_menu(page, server):
    hand = open_ct(page, server)
    page.get_by_role("button", name="What to draw").click()
    page.get_by_role("button", name="Ellipse").click()
    expect(page.get_by_role("button", name="Region: ellipse")).to_have_attribute(
        "aria-pressed", "true"
    )
    hand.drag((70, 90), (120, 150))
    values = hounsfield(ct_slice(page))
    rows, columns = np.mgrid[0:256, 0:256] + 0.5
    inside = ((columns - 95) / 25) ** 2 + ((rows - 120) / 30) ** 2 <= 1
    text = said(shapes(page, "Ellipse"))
    # Pixels of the rim may fall to either side of where the hand stopped.
    assert number(r"Mean (-?[\d.]+) HU", text) == pytest.approx(values[inside].mean(), abs=4)
    page.mouse.move(*center(page))


def test_a_label_is_dragged_out_of_the_way(page, server):
    hand = open_ct(page, server)
    page.keyboard.press("m")
    hand.drag((60, 80), (100, 80))
    page.keyboard.press("w")
    label = page.locator("svg text", has_text=" mm")
    before = label.bounding_box()
    assert before is not None
    x, y = before["x"] + before["width"] / 2, before["y"] + before["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 90, steps=3)
    page.mouse.up()
    after = label.bounding_box()
    assert after is not None
    moved = after["x"] - before["x"], after["y"] - before["y"]
    assert moved == pytest.approx((60, 90), abs=1.5)
    # The line itself stays, and so does what it says.
    expect(shapes(page, "Length")).to_have_count(1)
    page.keyboard.press("Control+z")
    back = label.bounding_box()
    assert back is not None
    assert back["x"] == pytest.approx(before["x"], abs=0.5)


def test_each_pane_shows_the_shapes_of_its_own_frame(page, server):
    hand = open_ct(page, server)
    page.keyboard.press("m")
    hand.drag((60, 80), (160, 120))
    text = said(shapes(page))
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Layout", exact=True).click()
    page.get_by_role("radio", name="1 row of 2 panes").click()
    second = page.get_by_role("region", name="Viewport").nth(1)
    second.click()
    open_series(page, CT_SERIES)
    expect(second.get_by_text("1 / 22")).to_be_visible()
    # The first pane got narrower, its line still says the same; the other frame has none.
    first = page.get_by_role("region", name="Viewport").nth(0)
    expect(first.get_by_role("img", name=text)).to_be_visible()
    expect(second.get_by_role("img", name=text)).to_have_count(0)
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    expect(second.get_by_role("img", name=text)).to_be_visible()


def test_a_length_over_the_detector_tells_why_when_pointed_at(page, server):
    open_page(page, server.url)
    open_series(page, "L CC")
    hand = Hand(page, 768, 1024)
    page.keyboard.press("m")
    hand.drag((200, 300), (500, 700))
    page.mouse.move(*hand.on_screen((350, 500)))
    viewport = page.get_by_role("region", name="Viewport")
    expect(viewport).to_have_attribute("title", re.compile("Imager Pixel Spacing.*magnified"))
    page.mouse.move(*hand.on_screen((100, 900)))
    expect(viewport).not_to_have_attribute("title", re.compile("."))
