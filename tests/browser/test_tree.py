"""How a person finds a series in the list: pictures, order, filter, and the list out of the way."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from browser.steps import open_page, screen, shown
from PIL import Image
from playwright.sync_api import Locator, Page, expect

if TYPE_CHECKING:
    from support.server import ServerProcess

pytestmark = pytest.mark.one_size("small")

THUMBNAIL_PX = 44
ROUNDED_PX = 4
"""The corners of a thumbnail are cut."""


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("treeitem").filter(has=page.get_by_text(name, exact=True))


def series_row(server: ServerProcess, description: str) -> dict[str, Any]:
    rows = server.get("/api/series").json["series"]
    return next(each for each in rows if each["series_description"] == description)


def picture(server: ServerProcess, file: int, frame: int, size: int) -> Image.Image:
    """What the server makes of a frame at a size."""
    answer = server.get(f"/api/file/{file}/frame/{frame}?size={size}")
    assert answer.status == 200
    return Image.open(io.BytesIO(answer.body)).convert("RGB")


def seen(page: Page, image: Locator) -> np.ndarray:
    box = image.bounding_box()
    assert box is not None
    left, top = round(box["x"]), round(box["y"])
    area = (left, top, left + round(box["width"]), top + round(box["height"]))
    return np.asarray(screen(page).crop(area))


def inner(pixels: np.ndarray) -> np.ndarray:
    return pixels[ROUNDED_PX:-ROUNDED_PX, ROUNDED_PX:-ROUNDED_PX]


def test_thumbnail_of_a_series_is_the_frame_of_its_middle_as_the_server_makes_it(page, server):
    open_page(page, server.url)
    image = row(page, "T1 axial 5 mm").locator("img")
    expect(image).to_be_visible()
    middle = series_row(server, "T1 axial 5 mm")["thumbnail"]
    expected = inner(
        np.asarray(picture(server, middle["file"], middle["frame_index"], THUMBNAIL_PX))
    )
    assert expected.max() > 200
    page.wait_for_function(
        "() => document.querySelector('[role=treeitem] img').naturalWidth === 44", timeout=5_000
    )
    assert np.array_equal(inner(seen(page, image)), expected)


def test_object_without_an_image_has_a_sign_in_the_place_of_a_picture(page, server):
    open_page(page, server.url)
    report = row(page, "Measurements")
    report.scroll_into_view_if_needed()
    expect(report.locator("img")).to_have_count(0)
    expect(report.locator(".thumbnail svg")).to_be_visible()
    expect(report).to_contain_text("no image")


def test_only_pictures_in_sight_are_fetched(page, server):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_page(page, server.url)
    tree = page.get_by_role("tree")
    expect(tree.locator("img").first).to_be_visible()
    page.wait_for_timeout(600)
    # What moves while the page is put up may be asked for twice.
    sizes = {url for url in asked if f"?size={THUMBNAIL_PX}" in url}
    in_sight = tree.evaluate(
        """(list) => {
            const { top, bottom } = list.getBoundingClientRect();
            return [...list.querySelectorAll('.thumbnail')].filter((place) => {
                const row = place.closest('[role=treeitem]').getBoundingClientRect();
                return row.top < bottom && row.bottom > top;
            }).length;
        }"""
    )
    assert 0 < len(sizes) <= in_sight


def test_scoped_words_narrow_the_list_and_say_how_much_is_left(page, server):
    open_page(page, server.url)
    total = len(server.get("/api/series").json["series"])
    rows = page.get_by_role("treeitem", level=3)
    page.keyboard.press("/")
    expect(page.get_by_role("group", name="Examples")).to_be_visible()
    page.keyboard.type('modality:ct desc:"axial 7.5" -enhanced')
    expect(page.get_by_role("group", name="Examples")).to_be_hidden()
    expect(page.get_by_text(f"1 of {total} shown")).to_be_visible()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Axial 7.5 mm")
    page.keyboard.press("Escape")
    expect(page.get_by_text(f"{total} entries")).to_be_visible()
    page.keyboard.type("date:2024-03..2024-04 -modality:nm")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="T1 axial 5 mm")).to_be_visible()
    expect(rows.filter(has_text="Parasternal short axis")).to_be_visible()


def test_modality_is_chosen_with_the_mouse(page, server):
    open_page(page, server.url)
    chips = page.get_by_role("group", name="Modalities")
    field = page.get_by_role("searchbox", name="Filter the list")
    chips.get_by_role("button", name="MR 1").click()
    expect(page.get_by_role("treeitem", level=3)).to_have_count(1)
    chips.get_by_role("button", name="MG 1").click()
    expect(field).to_have_value("modality:mr,mg")
    expect(page.get_by_role("treeitem", level=3)).to_have_count(2)
    for name in ("MR 1", "MG 1"):
        expect(chips.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")
        chips.get_by_role("button", name=name).click()
    expect(field).to_have_value("")


def test_enter_in_the_filter_goes_to_the_first_match_and_enter_again_opens_it(page, server):
    open_page(page, server.url)
    page.keyboard.press("/")
    page.keyboard.type("parasternal")
    page.keyboard.press("Enter")
    match = row(page, "Parasternal short axis")
    expect(match).to_be_focused()
    page.keyboard.press("Enter")
    expect(match).to_have_attribute("aria-selected", "true")
    expect(page.get_by_label("Image 1 of 20")).to_be_visible()
    expect(page.get_by_role("region", name="Viewport")).to_be_focused()


def test_the_list_by_folder_keeps_what_is_open_and_is_walked_in_its_own_order(page, server):
    open_page(page, server.url)
    row(page, "L CC").click()
    page.wait_for_selector('[data-shown*="/"]')
    before = shown(page)
    page.get_by_role("button", name="By folder").click()
    tree = page.get_by_role("tree")
    top = tree.get_by_role("treeitem", level=1).first
    expect(top).to_contain_text("fixtures")
    expect(tree.get_by_role("treeitem", level=2).filter(has_text="mammogram")).to_be_visible()
    opened = row(page, "L CC")
    expect(opened).to_have_attribute("aria-selected", "true")
    expect(opened).to_have_attribute("aria-level", "3")
    assert shown(page) == before
    # Below the folder mammogram comes the folder mr.
    page.get_by_role("region", name="Viewport").focus()
    page.keyboard.press("ArrowDown")
    expect(row(page, "T1 axial 5 mm")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("/")
    page.keyboard.type("folder:ultra")
    expect(tree.get_by_role("treeitem", level=2)).to_have_count(1)
    expect(tree.get_by_role("treeitem", level=3)).to_contain_text("Parasternal short axis")


def test_folder_that_is_closed_stays_so(page, server):
    open_page(page, server.url)
    page.get_by_role("button", name="By folder").click()
    folder = page.get_by_role("treeitem", level=2).filter(has_text="mammogram")
    folder.click()
    expect(row(page, "L CC")).to_have_count(0)
    page.get_by_role("button", name="By patient and study").click()
    expect(row(page, "L CC")).to_be_visible()
    page.get_by_role("button", name="By folder").click()
    expect(folder).to_have_attribute("aria-expanded", "false")


def test_the_list_goes_out_of_the_way_and_comes_back(page, server):
    open_page(page, server.url)
    viewport = page.get_by_role("region", name="Viewport")
    narrow = viewport.bounding_box()
    page.keyboard.press("b")
    expect(page.get_by_role("tree")).to_have_count(0)
    wide = viewport.bounding_box()
    assert narrow is not None
    assert wide is not None
    assert wide["width"] > narrow["width"] + 200
    page.get_by_role("button", name="Show or hide the list").click()
    expect(page.get_by_role("tree")).to_be_visible()
    page.keyboard.press("b")
    # The key of the filter brings the list with it.
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Filter the list")).to_be_focused()


def test_damage_is_said_in_words_and_explained_on_the_row(page, server):
    open_page(page, server.url)
    cut = row(page, "Cut short")
    cut.scroll_into_view_if_needed()
    expect(cut.get_by_text("damaged", exact=True)).to_be_visible()
    assert "cut-short.dcm" in (cut.get_attribute("title") or "")


def test_series_is_dragged_out_of_the_list_with_its_address(page, server):
    open_page(page, server.url)
    wanted = series_row(server, "L CC")["index"]
    carried = row(page, "L CC").evaluate(
        """(element) => {
            const dataTransfer = new DataTransfer();
            element.dispatchEvent(new DragEvent('dragstart', { dataTransfer, bubbles: true }));
            return [element.draggable, dataTransfer.getData('application/x-dcmview-series')];
        }"""
    )
    assert carried[0] is True
    assert carried[1] == f'{{"series":{wanted},"stack":null}}'
