"""Panes side by side, tabs, links, and fingers."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pydicom
import pytest
from browser.steps import color_at, field, open_page, open_series, screen, shown
from playwright.sync_api import Locator, Page, expect
from pydicom.uid import generate_uid
from support.paths import FIXTURES
from support.server import ServerProcess

if TYPE_CHECKING:
    from PIL import Image

pytestmark = pytest.mark.one_size("small")

SPARSE = "Axial 7.5 mm"
DENSE = "Axial 7.5 mm, enhanced"
CORONAL = "Coronal"
SLICES = 22
SPACING_MM = 7.5
WIDTH_MM = 256 * 1.40625


@pytest.fixture(scope="module")
def planes(tmp_path_factory):
    """Every third axial slice, all of them as one object, and a coronal plane through them."""
    folder = tmp_path_factory.mktemp("planes")
    slices = [FIXTURES / f"ct/slice-{number:02d}.dcm" for number in range(1, SLICES + 1)]
    for path in slices[::3]:
        shutil.copy(path, folder)
    shutil.copy(FIXTURES / "ct-enhanced/chest-abdomen.dcm", folder)
    datasets = [pydicom.dcmread(path) for path in slices]
    rows = [dataset.pixel_array[128] for dataset in datasets]
    coronal = datasets[0]
    left, _, top = coronal.ImagePositionPatient
    coronal.SeriesInstanceUID, coronal.SOPInstanceUID = generate_uid(), generate_uid()
    coronal.file_meta.MediaStorageSOPInstanceUID = coronal.SOPInstanceUID
    coronal.SeriesDescription, coronal.SeriesNumber = CORONAL, 9
    coronal.ImagePositionPatient = [left, 0, top]
    coronal.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
    coronal.PixelSpacing = [SPACING_MM, WIDTH_MM / 256]
    coronal.Rows = SLICES
    coronal.PixelData = b"".join(row.tobytes() for row in rows)
    coronal.save_as(folder / "coronal.dcm")
    with ServerProcess(str(folder)) as server:
        server.wait_scanned()
        yield server


def viewports(page: Page) -> Locator:
    return page.get_by_label("Viewport", exact=True)


def positions(page: Page) -> list[str]:
    """What each pane says of its place in the stack."""
    texts = [pane.inner_text() for pane in viewports(page).all()]
    return [match[0] if (match := re.search(r"\d+ / \d+", text)) else "" for text in texts]


def brightest(picture: Image.Image, pane: Locator) -> int:
    """Give the greatest grey level in the left of a pane above its middle, where no text stands."""
    box = pane.bounding_box()
    assert box is not None
    left, top, width, height = box["x"], box["y"], box["width"], box["height"]
    part = (left + 0.2 * width, top + 0.3 * height, left + 0.35 * width, top + 0.45 * height)
    _, most = picture.crop(tuple(map(int, part))).convert("L").getextrema()
    return int(most)


def choose_layout(page: Page, name: str) -> None:
    page.get_by_role("button", name="Layout").click()
    page.get_by_role("radio", name=name).click()


def open_beside(page: Page, server: ServerProcess, *names: str) -> None:
    """Open two series side by side; the first is active."""
    open_page(page, server.url)
    open_series(page, names[0])
    choose_layout(page, "1 row of 2 panes")
    open_series(page, names[1])
    expect(page.locator('[data-shown*="/"]')).to_have_count(2)
    viewports(page).first.click()


def test_a_series_is_dragged_into_a_pane_of_a_layout(page, server):
    open_page(page, server.url)
    open_series(page, DENSE)
    expect(page.locator('[data-shown*="/"]')).to_be_visible()
    before = shown(page)
    page.keyboard.press("j")
    expect(page.get_by_role("radio", name="1 row of 1 pane")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(viewports(page)).to_have_count(4)
    expect(page.get_by_text("Drag a series here, or click one in the list.")).to_have_count(3)
    series = page.get_by_role("treeitem").filter(has_text="T1 axial 5 mm")
    series.drag_to(viewports(page).nth(2))
    expect(page.locator('[data-shown*="/"]')).to_have_count(2)
    panes = [
        pane.locator("[data-shown]").get_attribute("data-shown") for pane in viewports(page).all()
    ]
    assert panes[0] == before
    assert panes[1] == panes[3] == ""
    assert panes[2] not in ("", before)
    # Both are really drawn, and the empty ones are black there.
    picture = screen(page)
    bright = [brightest(picture, pane) for pane in viewports(page).all()]
    assert [value > 100 for value in bright] == [True, False, True, False]


def test_the_active_pane_is_shown_alone_and_back(page, planes):
    open_beside(page, planes, DENSE, SPARSE)
    viewports(page).nth(1).click()
    page.keyboard.press("Enter")
    expect(viewports(page)).to_have_count(1)
    expect(viewports(page).first).to_contain_text(SPARSE)
    page.keyboard.press("Enter")
    expect(viewports(page)).to_have_count(2)


def test_linked_panes_go_to_the_same_place_in_the_patient(page, planes):
    open_beside(page, planes, DENSE, SPARSE)
    page.keyboard.press("l")
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    # The tenth slice of 7.5 mm is the fourth of 22.5 mm.
    expect(viewports(page).nth(1)).to_contain_text("4 / 8")
    assert positions(page) == ["10 / 22", "4 / 8"]
    page.keyboard.press("End")
    expect(viewports(page).nth(1)).to_contain_text("8 / 8")
    page.keyboard.press("l")
    page.keyboard.press("Home")
    expect(viewports(page).first).to_contain_text("1 / 22")
    assert positions(page) == ["1 / 22", "8 / 8"]


def test_linked_panes_share_window_and_zoom(page, planes):
    open_beside(page, planes, DENSE, SPARSE)
    page.keyboard.press("Shift+W")
    page.keyboard.press("Shift+Z")
    page.keyboard.press("5")
    expect(viewports(page).nth(1)).to_contain_text("C -600  W 1500")
    page.keyboard.press("Shift+F")
    viewports(page).nth(1).click()
    expect(field(page, "zoom")).to_contain_text("100 %")


def test_a_reference_line_shows_where_the_active_plane_cuts(page, planes):
    open_beside(page, planes, DENSE, CORONAL)
    page.keyboard.press("y")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    expect(viewports(page).first).to_contain_text("6 / 22")
    pane = viewports(page).nth(1)
    expect(pane.locator('[data-line="seen"]')).to_have_count(1)
    expect(pane.locator('[data-line="end"]')).to_have_count(2)
    expect(viewports(page).first.locator("[data-line]")).to_have_count(0)
    # The sixth slice is the sixth row of the coronal plane, which fits its pane.
    box = pane.bounding_box()
    assert box is not None
    scale = min(box["width"] / WIDTH_MM, box["height"] / (SLICES * SPACING_MM))
    top = box["y"] + (box["height"] - SLICES * SPACING_MM * scale) / 2
    line = top + (5 + 0.5) * SPACING_MM * scale
    middle = box["x"] + box["width"] / 2

    def is_yellow(y: float) -> bool:
        red, green, blue = color_at(page, middle, y)
        return red > 150 and green > 120 and blue < red - 60

    assert any(is_yellow(line + offset) for offset in (-1, 0, 1))
    assert not is_yellow(line + SPACING_MM * scale)
    page.keyboard.press("y")
    expect(pane.locator("[data-line]")).to_have_count(0)


def test_a_link_brings_back_frame_window_zoom_and_layout(page, planes):
    open_beside(page, planes, DENSE, SPARSE)
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("5")
    page.keyboard.press("Shift+F")
    page.wait_for_url(re.compile("zoom=1&layout=1x2"))
    page.wait_for_timeout(400)
    link = page.url
    assert "token" not in link
    page.goto("about:blank")
    page.goto(link)
    expect(page.locator('[data-shown*="/"]')).to_have_count(2)
    expect(viewports(page).first).to_contain_text("4 / 22")
    expect(viewports(page).first).to_contain_text("C -600  W 1500")
    expect(viewports(page).nth(1)).to_contain_text(SPARSE)
    expect(field(page, "zoom")).to_contain_text("100 %")
    # The same page takes another link without being loaded anew.
    page.wait_for_timeout(400)  # what the page itself writes into its address has settled
    page.evaluate("location.hash = location.hash.replace('frame=3', 'frame=8')")
    expect(viewports(page).first).to_contain_text("9 / 22")


def test_a_link_is_copied_with_a_key(page, planes):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_page(page, planes.url)
    open_series(page, DENSE)
    page.keyboard.press("Shift+U")
    expect(page.get_by_text("Link copied")).to_be_visible()
    expect(page.locator('[data-shown*="/"]')).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.get_by_label("Link to what is seen").input_value()
    file, frame = shown(page).split("/")
    assert copied.endswith(f"#file={file}&frame={frame}")


def test_tabs_are_named_switched_and_closed(page, server):
    open_page(page, server.url)
    open_series(page, DENSE)
    expect(page).to_have_title("DCMVIEW-CT-01 CT 2024-01-17 - dcmview")
    expect(page.locator('[data-shown*="/"]')).to_be_visible()
    first = shown(page)
    expect(page.get_by_role("tablist", name="Tabs")).to_have_count(0)
    page.get_by_role("treeitem").filter(has_text="T1 axial 5 mm").click(modifiers=["Control"])
    expect(page.get_by_role("tab", selected=True)).to_have_text("DCMVIEW-MR-01 MR 2024-03-11")
    expect(page.locator('[data-shown*="/"]')).not_to_have_attribute("data-shown", first)
    page.get_by_role("tab", selected=True).focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("tab", selected=True)).to_be_focused()
    expect(page.get_by_role("tab", selected=True)).to_have_text("DCMVIEW-CT-01 CT 2024-01-17")
    expect(page.locator("[data-shown]")).to_have_attribute("data-shown", first)
    page.keyboard.press("Shift+K")
    expect(page.get_by_role("tab", selected=True)).to_have_text("CT Axial 7.5 mm, enhanced")
    expect(page).to_have_title("CT Axial 7.5 mm, enhanced - dcmview")
    page.keyboard.press("Shift+K")
    page.keyboard.press("Delete")
    expect(page.get_by_role("tab")).to_have_count(0)
    expect(page).to_have_title("DCMVIEW-MR-01 MR 2024-03-11 - dcmview")


def zoom_percent(page: Page) -> int:
    return int(re.findall(r"\d+", field(page, "zoom").inner_text())[0])


def test_two_fingers_zoom_and_one_works_with_the_tool(page, server):
    open_page(page, server.url)
    open_series(page, DENSE)
    touch = page.context.new_cdp_session(page)
    touch.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 3})
    box = viewports(page).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def fingers(kind: str, *spots: tuple[float, float]) -> None:
        points = [{"x": at_x, "y": at_y, "id": spot} for spot, (at_x, at_y) in enumerate(spots)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    before = zoom_percent(page)
    window = field(page, "window").inner_text()
    fingers("touchStart", (x - 50, y))
    fingers("touchStart", (x - 50, y), (x + 50, y))
    for step in range(1, 6):
        fingers("touchMove", (x - 50 - 10 * step, y), (x + 50 + 10 * step, y))
    fingers("touchEnd")
    # 100 CSS pixels apart at first, 200 in the end.
    expect(field(page, "zoom")).to_contain_text(
        re.compile(rf"\b({2 * before - 1}|{2 * before}|{2 * before + 1}) %")
    )
    expect(field(page, "window")).to_have_text(window)
    fingers("touchStart", (x, y))
    for step in range(1, 6):
        fingers("touchMove", (x + 20 * step, y))
    fingers("touchEnd")
    expect(field(page, "window")).not_to_have_text(window)
