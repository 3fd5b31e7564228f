"""The pictures of the README: the page as it is on the studies of fixtures/."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chromium import SIZE, launch
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

ROOT = Path(__file__).resolve().parents[1]
SMALL: ViewportSize = {"width": 1100, "height": 700}
SETTLED_MS = 1_500

CT = "Axial 7.5 mm"
CT_SLICE = "slice-10.dcm"
TRUTH: list[dict[str, Any]] = [
    {"kind": "ellipse", "label": "aorta", "points": [[131, 139], [148, 157]]},
    {"kind": "polygon", "label": "lesion", "points": [[78, 124], [86, 119], [97, 124], [95, 135]]},
]
PREDICTIONS: list[dict[str, Any]] = [
    {"kind": "rectangle", "label": "aorta", "score": 0.94, "points": [[131, 138.5], [149, 157.5]]},
    {"kind": "rectangle", "label": "lesion", "score": 0.41, "points": [[172, 96], [190, 112]]},
]


def main() -> None:
    """Start the viewer, take every picture, stop it."""
    command = [
        sys.executable,
        "-m",
        "dcmview",
        "--no-browser",
        "--no-rescue",
        str(ROOT / "fixtures"),
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().split()[-1]
            with sync_playwright() as playwright, launch(playwright) as browser:
                _rois(browser, url)
                _panes(browser, url)
                _tags(browser, url)
        finally:
            server.terminate()


def _rois(browser: Browser, url: str) -> None:
    page = _open(browser, url, SIZE)
    files = _ask(url + "/api/files")["files"]
    index = next(each["index"] for each in files if each["path"].endswith(f"/ct/{CT_SLICE}"))
    for rois, more in ((TRUTH, {}), (PREDICTIONS, {"group": "model 7", "locked": True})):
        bodies = [
            {**each, **more, "points": [{"x": x, "y": y} for x, y in each["points"]]}
            for each in rois
        ]
        operations = [{"op": "add", "roi": body} for body in bodies]
        edit = {"files": [{"index": index, "revision": None, "operations": operations}]}
        _ask(url + "/api/rois", "PATCH", edit)
    page.get_by_text(CT, exact=True).click()
    page.wait_for_timeout(SETTLED_MS)
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+M")
    page.wait_for_timeout(SETTLED_MS)
    _draw_length(page)
    page.wait_for_timeout(SETTLED_MS)
    _take(page, "viewer")


def _draw_length(page: Page) -> None:
    box = page.locator("[data-shown]").bounding_box()
    assert box is not None
    x, y = box["x"] + 0.4 * box["width"], box["y"] + 0.7 * box["height"]
    page.keyboard.press("m")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 0.2 * box["width"], y - 0.05 * box["height"], steps=4)
    page.mouse.up()
    page.keyboard.press("w")


def _panes(browser: Browser, url: str) -> None:
    page = _open(browser, url, SMALL)
    page.get_by_text(CT, exact=True).click()
    page.get_by_role("button", name="Layout").click()
    page.get_by_role("radio", name="2 rows of 2 panes").click()
    panes = page.locator("[aria-label=Viewport]")
    for place, name in enumerate((f"{CT}, enhanced", "T1 axial 5 mm", "L CC"), start=1):
        page.get_by_role("treeitem").filter(has_text=name).drag_to(panes.nth(place))
        page.wait_for_timeout(SETTLED_MS)
    panes.first.click()
    for key in ("l", "PageDown", "y"):
        page.keyboard.press(key)
    page.wait_for_timeout(SETTLED_MS)
    _take(page, "panes")


def _tags(browser: Browser, url: str) -> None:
    page = _open(browser, url, SMALL)
    page.get_by_text(CT, exact=True).click()
    page.keyboard.press("t")
    page.get_by_role("tab", name="Varies").or_(page.get_by_role("radio", name="Varies")).click()
    page.wait_for_timeout(2 * SETTLED_MS)
    _take(page, "tags")


def _open(browser: Browser, url: str, size: ViewportSize) -> Page:
    page = browser.new_page(viewport=size)
    page.goto(url)
    page.wait_for_selector('[data-shown*="/"]')
    return page


def _take(page: Page, name: str) -> None:
    page.screenshot(path=ROOT / "docs" / f"{name}.png")
    page.close()


def _ask(url: str, method: str = "GET", body: Any = None) -> Any:
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, content, method=method)
    with urllib.request.urlopen(request) as response:
        return json.load(response)


if __name__ == "__main__":
    main()
