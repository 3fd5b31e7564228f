"""What holds in every state of the page: assistive tools, both themes, nothing that jumps."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from browser.steps import open_page, shown, wait_drawn
from playwright.sync_api import expect
from support.paths import FIXTURES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Page

AXE = FIXTURES.parent / "frontend/node_modules/axe-core/axe.min.js"

OPENED = {
    "t": 'role=complementary[name="DICOM tags"] >> role=row >> nth=1',
    "e": 'role=region[name="Explanation"]',
    "Shift+M": 'role=tabpanel[name="ROIs"]',
    "?": 'role=dialog[name="Keys and mouse"]',
    "g": 'role=grid[name="Pictures"] >> img >> nth=0',
    "/": 'role=group[name="Examples"]',
    "b": "[aria-label=Files]:not(:has([role=tree]))",
    "j": 'role=group[name="Layout"]',
    "Shift+U": 'role=group[name="Layout"]',
    "Shift+N": 'role=tablist[name="Tabs"]',
    "u": 'role=group[name="Histogram with the window"]',
    "Shift+X": 'role=group[name="Window and colours"]',
    "Shift+P": 'role=group[name="Cine settings"]',
    "Shift+E": 'role=group[name="Save or copy the picture"]',
    "Shift+V": 'role=group[name="Turn and smooth"]',
    "Shift+T": 'role=group[name="What to draw"]',
    "Shift+O": 'role=group[name="Text over the image"]',
}
"""What a key brings up."""

STATES: dict[str, Sequence[str]] = {
    "picture": (),
    "light": ("Shift+D",),
    "tags": ("t",),
    "tags, light": ("t", "Shift+D"),
    "explanation": ("e",),
    "measurements": ("Shift+M",),
    "help": ("?",),
    "contact sheet": ("g",),
    "contact sheet, light": ("g", "Shift+D"),
    "filter": ("/",),
    "filter, light": ("Shift+D", "/"),
    "list hidden": ("b",),
    "layout menu": ("j",),
    "layout menu with a link, light": ("Shift+D", "Shift+U"),
    "tabs": ("Shift+N",),
    "tabs, light": ("Shift+D", "Shift+N"),
    "help, light": ("Shift+D", "?"),
    "histogram": ("u",),
    "histogram, light": ("Shift+D", "u"),
    "window menu": ("Shift+X",),
    "window menu, light": ("Shift+D", "Shift+X"),
    "cine menu": ("Shift+P",),
    "export menu": ("Shift+E",),
    "image menu": ("Shift+V",),
    "what to draw": ("Shift+T",),
    "text menu, light": ("Shift+D", "Shift+O"),
}


def violations(page: Page) -> list[str]:
    """Give what axe finds serious or critical, with the places, once colours have settled."""
    wait_drawn(page)
    page.evaluate(
        """() => Promise.allSettled(
          document.getAnimations()
            .filter(({ effect }) => effect.getComputedTiming().endTime < Infinity)
            .map(({ finished }) => finished)
        )"""
    )
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("keys", STATES.values(), ids=STATES.keys())
def test_axe_finds_nothing_serious(page, server, keys):
    open_page(page, server.url)
    for key in keys:
        page.keyboard.press(key)
        if key in OPENED:  # most are fetched first
            page.wait_for_selector(OPENED[key])
    assert violations(page) == []


def test_the_help_sheet_names_the_keys_and_gives_the_focus_back(page, server):
    open_page(page, server.url)
    page.locator("section[aria-label=Viewport]").first.focus()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys and mouse")
    expect(sheet).to_be_visible()
    expect(sheet.get_by_text("Full dynamic range")).to_be_visible()
    page.keyboard.press("i")  # does nothing behind the sheet
    expect(page.get_by_role("button", name="Invert", exact=True)).to_have_attribute(
        "aria-pressed", "false"
    )
    page.keyboard.press("Escape")
    expect(sheet).not_to_be_visible()
    assert page.evaluate("document.activeElement?.getAttribute('aria-label')") == "Viewport"


def test_the_light_theme_is_light_and_leaves_the_picture_as_it_is(page, server):
    open_page(page, server.url)
    canvas = page.locator("[data-shown]").first
    picture = canvas.screenshot()
    page.keyboard.press("Shift+D")
    sidebar = page.get_by_role("complementary", name="Files")
    color = sidebar.evaluate("element => getComputedStyle(element).backgroundColor")
    assert min(map(int, color.removeprefix("rgb(").removesuffix(")").split(","))) > 220
    assert canvas.screenshot() == picture


@pytest.mark.cold
def test_nothing_jumps_while_the_page_fills(page, server):
    page.add_init_script(
        """
        window.shifts = [];
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries())
            if (!entry.hadRecentInput)
              shifts.push([entry.value, entry.sources.map(({ node }) => node?.className)]);
        }).observe({ type: 'layout-shift', buffered: true });
        """
    )
    open_page(page, server.url)
    page.wait_for_timeout(1_000)
    shifts = page.evaluate("shifts")
    assert sum(value for value, _ in shifts) < 0.02, shifts


def test_arrows_in_an_open_menu_go_through_it_and_leave_the_series_behind_it(page, server):
    open_page(page, server.url)
    before = shown(page)
    page.keyboard.press("Shift+V")
    menu = page.get_by_role("group", name="Turn and smooth")
    expect(menu.get_by_role("button", name="Flip left to right")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(menu.get_by_role("button", name="Flip top to bottom")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(menu.get_by_role("button", name="Smooth pixels")).to_be_focused()
    assert shown(page) == before


def test_every_tool_is_whole_in_one_line_beside_tabs_and_a_panel(page, server):
    open_page(page, server.url)
    page.keyboard.press("t")
    page.keyboard.press("Shift+N")
    bar = page.get_by_role("banner", name="Tools")
    whole = bar.bounding_box()
    assert whole["height"] == 40
    edges = sorted(
        (box["x"], box["x"] + box["width"])
        for box in (each.bounding_box() for each in bar.locator("button:visible, select").all())
        if box is not None and box["y"] < whole["y"] + whole["height"]
    )
    assert all(end <= start for (_, end), (start, _) in pairwise(edges))
    assert edges[-1][1] <= whole["x"] + whole["width"]
