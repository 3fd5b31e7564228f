"""The Chromium that measures, as it is installed."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Playwright, ViewportSize

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
SIZE: ViewportSize = {"width": 1600, "height": 950}


@contextmanager
def launch(playwright: Playwright) -> Iterator[Browser]:
    """Start it; its first page has been paid for."""
    found = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if found is None:
        raise SystemExit("bench: no Chromium; scripts/system says what to install")
    browser = playwright.chromium.launch(executable_path=found, chromium_sandbox=False)
    try:
        # The first page of a browser pays for the start of its processes.
        browser.new_page().close()
        yield browser
    finally:
        browser.close()
