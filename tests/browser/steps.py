"""What a person does with the page, as functions."""

from __future__ import annotations

import io
import re
import time
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import Locator, Page, expect

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT_S = 30
"""Ends a hang, no more: how long things take says more of the machine than of the page."""


def eventually(page: Page, claim: Callable[[], None]) -> None:
    """Try a claim until it holds; what it takes apart may not be there yet."""
    deadline = time.monotonic() + LIMIT_S
    while True:
        try:
            return claim()
        except (AssertionError, ValueError, LookupError):
            if time.monotonic() > deadline:
                raise
        page.wait_for_timeout(20)


def wait_drawn(page: Page) -> None:
    """Wait until what has been changed is on the screen: a picture is drawn in the next frame."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def shown(page: Page) -> str:
    """File and frame on the canvas, as ``index/frame``."""
    return page.locator("[data-shown]").get_attribute("data-shown") or ""


def open_page(page: Page, url: str) -> None:
    """Open the page and wait for the first picture."""
    page.goto(url)
    page.wait_for_selector('[data-shown*="/"]')


_ACTIVE = "document.querySelector('.pane.isActive') ?? document.querySelector('.pane')"

_IS_OPEN = f"""(before) => {{
    const pane = {_ACTIVE};
    if (pane === null) return false;
    const {{ shown }} = pane.querySelector('[data-shown]').dataset;
    const isSettled = shown !== '' || pane.querySelector('.message') !== null;
    const isBusy = pane.querySelector('[aria-busy=true]') !== null;
    return shown !== before && isSettled && !isBusy;
}}"""


def open_series(page: Page, name: str) -> None:
    """Open a series in the active pane and wait for its picture, or for why there is none."""
    row = page.get_by_role("treeitem").filter(has=page.get_by_text(name, exact=True))
    is_open = row.get_attribute("aria-selected") == "true"
    before = page.evaluate(f"({_ACTIVE})?.querySelector('[data-shown]')?.dataset.shown")
    row.click()
    expect(page.get_by_role("treeitem", selected=True)).to_contain_text(name)
    page.wait_for_function(_IS_OPEN, arg=None if is_open else before)


def wait_at(page: Page, place: str) -> None:
    """Wait until a place of the stack, as ``10 / 22``, is on the screen.

    The words come with the step, the picture of another slice may stay until that of this one
    is there.
    """
    expect(page.get_by_text(re.compile(rf"\b{re.escape(place)}")).first).to_be_visible()
    wait_drawn(page)
    page.wait_for_function(_IS_OPEN, arg=None)
    wait_drawn(page)


def field(page: Page, name: str) -> Locator:
    """One entry of the status bar."""
    return page.locator(f'[data-field="{name}"]')


def center(page: Page) -> tuple[float, float]:
    """The middle of the viewport."""
    box = page.locator("[data-shown]").bounding_box()
    assert box is not None
    return box["x"] + box["width"] // 2, box["y"] + box["height"] // 2


def screen(page: Page) -> Image.Image:
    """The whole page as it is seen."""
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def color_at(page: Page, x: float, y: float) -> tuple[int, int, int]:
    red, green, blue = screen(page).getpixel((int(x), int(y)))
    return int(red), int(green), int(blue)


def grey_at(page: Page, x: float, y: float) -> int:
    red, green, blue = color_at(page, x, y)
    assert red == green == blue
    return red


def press_with_the_mouse(page: Page, control: Locator) -> None:
    """Move, press, move a little and release, as a hand does."""
    expect(control).to_be_visible()
    box = control.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 1, y)
    page.mouse.up()
