"""Grids of thumbnails: of a series, a study, a folder, and what opens from them."""

from __future__ import annotations

import numpy as np
import pytest
from browser.steps import eventually, open_page, open_series, shown
from browser.test_tree import inner, picture, row, seen, series_row
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.one_size("large")


@pytest.fixture
def opened(page, server):
    """The page at the first slice of the CT series."""
    open_page(page, server.url)
    open_series(page, "Axial 7.5 mm")
    expect(page.get_by_label("Image 1 of 22")).to_be_visible()
    return page


def focused_text(page: Page) -> str:
    return str(page.evaluate("document.activeElement?.textContent.trim()"))


def columns(page: Page) -> int:
    return int(page.get_by_role("grid").get_attribute("aria-colcount") or 0)


def test_frames_are_shown_as_the_server_makes_them(opened, server):
    opened.keyboard.press("g")
    cells = opened.get_by_role("gridcell")
    expect(cells.first).to_be_focused()
    third = cells.nth(2).locator("img")
    expect(third).to_be_visible()
    files = server.get(f"/api/series/{series_row(server, 'Axial 7.5 mm')['index']}").json["stacks"]
    expected = np.asarray(picture(server, files[0]["files"][2], files[0]["frames"][2], 128))
    assert inner(expected).max() > 200

    def is_the_same() -> None:
        assert np.array_equal(inner(seen(opened, third)), inner(expected))

    eventually(opened, is_the_same)


def test_arrow_keys_choose_a_frame_and_enter_opens_it(opened, server):
    opened.keyboard.press("g")
    sheet = opened.get_by_role("region", name="Contact sheet")
    expect(sheet).to_be_visible()
    expect(opened.get_by_role("gridcell").first).to_be_focused()
    opened.keyboard.press("ArrowRight")
    opened.keyboard.press("ArrowRight")
    opened.keyboard.press("ArrowDown")
    number = columns(opened) + 3
    assert focused_text(opened) == str(number)
    opened.keyboard.press("Enter")
    expect(sheet).to_have_count(0)
    expect(opened.get_by_label(f"Image {number} of 22")).to_be_visible()
    stack = server.get(f"/api/series/{series_row(server, 'Axial 7.5 mm')['index']}").json["stacks"][
        0
    ]
    expect(opened.locator(f'[data-shown="{stack["files"][number - 1]}/0"]')).to_be_visible()
    # The arrow keys step on from there.
    opened.keyboard.press("ArrowRight")
    expect(opened.get_by_label(f"Image {number + 1} of 22")).to_be_visible()
    # And the sheet begins where one is.
    opened.keyboard.press("g")
    expect(opened.get_by_role("gridcell", name=str(number + 1), exact=True)).to_be_focused()


def test_escape_closes_the_sheet_and_gives_the_focus_back(opened):
    line = row(opened, "Parasternal short axis")
    line.focus()
    before = shown(opened)
    opened.keyboard.press("g")
    expect(opened.get_by_role("gridcell").first).to_be_focused()
    expect(opened.get_by_role("heading", name="Parasternal short axis")).to_be_visible()
    opened.keyboard.press("i")  # does nothing to what is covered
    opened.keyboard.press("Escape")
    expect(opened.get_by_role("region", name="Contact sheet")).to_have_count(0)
    expect(line).to_be_focused()
    assert shown(opened) == before
    expect(opened.get_by_role("button", name="Invert", exact=True)).to_have_attribute(
        "aria-pressed", "false"
    )


def test_study_has_a_cell_a_series_and_a_click_opens_it(opened):
    study = opened.get_by_role("treeitem", level=2).filter(has_text="CT chest")
    study.scroll_into_view_if_needed()
    study.hover()
    study.get_by_role("button", name="Contact sheet of").click()
    cells = opened.get_by_role("gridcell")
    expect(cells).to_have_count(6)
    expect(cells.filter(has_text="Cut short")).to_contain_text("damaged")
    cells.filter(has_text="Axial 7.5 mm, enhanced").click()
    expect(opened.get_by_role("treeitem", selected=True)).to_contain_text("Axial 7.5 mm, enhanced")
    expect(opened.get_by_role("region", name="Viewport")).to_be_focused()


def test_hovering_goes_through_the_frames_of_a_series_and_a_click_opens_the_one_seen(opened):
    opened.get_by_role("treeitem", level=2).filter(has_text="CT chest").focus()
    opened.keyboard.press("g")
    cell = opened.get_by_role("gridcell").filter(has_text="Axial 7.5 mm, enhanced")
    expect(cell.locator("img")).to_be_visible()
    box = cell.bounding_box()
    assert box is not None
    place = cell.locator("[data-field=scrub]")
    area = cell.locator(".picture")

    def picture_seen() -> np.ndarray:
        return inner(seen(opened, area))[:60].astype(int)

    opened.mouse.move(box["x"] + 0.02 * box["width"], box["y"] + 30)
    expect(place).to_have_text("1 / 22")
    first = picture_seen()
    opened.mouse.move(box["x"] + 0.98 * box["width"], box["y"] + 30)
    expect(place).to_have_text("22 / 22")

    def is_another() -> None:
        assert np.abs(first - picture_seen()).mean() > 5

    eventually(opened, is_another)
    opened.mouse.down()
    opened.mouse.up()
    expect(opened.get_by_label("Image 22 of 22")).to_be_visible()


def test_pictures_grow_with_the_slider_and_the_chosen_one_stays_in_sight(opened):
    opened.keyboard.press("g")
    expect(opened.get_by_role("gridcell").first).to_be_focused()
    opened.keyboard.press("End")
    last = opened.get_by_role("gridcell", name="22", exact=True)
    expect(last).to_be_focused()
    small = last.bounding_box()
    slider = opened.get_by_role("slider", name="Size of the pictures")
    slider.focus()
    opened.keyboard.press("End")
    expect(slider).to_have_attribute("aria-valuetext", "320 pixels")
    expect(last).to_be_in_viewport()
    large = last.bounding_box()
    assert small is not None
    assert large is not None
    assert (small["width"], large["width"]) == (128, 320)


def test_the_way_up_leads_to_the_study_and_to_all_series(opened, server):
    opened.keyboard.press("g")
    way = opened.get_by_role("navigation", name="Where this is")
    way.get_by_role("button", name="CT chest").click()
    expect(opened.get_by_role("gridcell")).to_have_count(6)
    # What is open is marked, and has the focus.
    expect(opened.get_by_role("gridcell", selected=True)).to_contain_text("Axial 7.5 mm")
    expect(opened.get_by_role("gridcell", selected=True)).to_be_focused()
    way.get_by_role("button", name="All series").click()
    expect(opened.get_by_role("gridcell")).to_have_count(
        len(server.get("/api/series").json["series"])
    )
    opened.keyboard.press("/")
    opened.keyboard.type("modality:mr")
    expect(opened.get_by_role("gridcell")).to_have_count(1)
    opened.keyboard.press("Escape")


def test_folder_has_a_sheet_too(opened):
    opened.get_by_role("button", name="By folder").click()
    opened.get_by_role("treeitem", level=2).filter(has_text="syntaxes").focus()
    opened.keyboard.press("g")
    expect(opened.get_by_role("heading", name="syntaxes")).to_be_visible()
    expect(opened.get_by_role("gridcell")).to_have_count(1)


@pytest.mark.parametrize("page", ["Failed to load resource"], indirect=True)
def test_frames_that_cannot_be_had_are_said_and_asked_for_again(page, server):
    open_page(page, server.url)
    wanted = series_row(server, "Parasternal short axis")["index"]
    is_broken = [True]

    def answer(route):
        if not is_broken:
            route.continue_()
        else:
            body = '{"error": "cannot be had today", "code": "internal"}'
            route.fulfill(status=500, content_type="application/json", body=body)

    page.route(f"**/api/series/{wanted}", answer)
    row(page, "Parasternal short axis").focus()
    page.keyboard.press("g")
    problem = page.get_by_role("alert").filter(has_text="cannot be had today")
    expect(problem).to_be_visible()
    is_broken.clear()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("gridcell").first).to_be_focused()
    expect(problem).to_have_count(0)
