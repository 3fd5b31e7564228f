"""Headless Chromium against a real server on the fixtures."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest
from browser.steps import LIMIT_S
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from support.paths import FIXTURES
from support.server import ServerProcess

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")

expect.set_options(timeout=1000 * LIMIT_S)

SIZES = {"large": (1600, 950), "small": (1100, 700)}


def pytest_generate_tests(metafunc):
    if "viewport" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("one_size")
        names = list(SIZES) if mark is None else mark.args
        metafunc.parametrize("viewport", [SIZES[name] for name in names], ids=names, indirect=True)


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser():
    path = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium; scripts/test installs it where it may")
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, chromium_sandbox=False, args=["--process-per-site"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server():
    with ServerProcess(str(FIXTURES)) as server:
        server.wait_scanned()
        yield server


@pytest.fixture(autouse=True)
def no_rois(request):
    """What one test draws is not there for the next one on the same server."""
    yield
    if "server" in request.fixturenames:
        server: ServerProcess = request.getfixturevalue("server")
        for file in server.get("/api/rois").json["files"]:
            path = f"/api/file/{file['index']}/rois"
            server.request("PUT", path, {"rois": []}, {"If-Match": "*"})


@pytest.fixture
def viewport(request):
    """A size that the page is made for; `one_size` names the one that is enough."""
    width, height = request.param
    return {"width": width, "height": height}


@pytest.fixture(scope="module")
def profile_of(browser):
    """Browser profiles by the size of their windows, each with a page that keeps its process alive.

    A page in a process that has run the script before opens in half the time.
    """
    with ExitStack() as stack:

        @cache
        def profile(width: int, height: int) -> BrowserContext:
            context = browser.new_context(viewport={"width": width, "height": height})
            stack.callback(context.close)
            keeper = context.new_page()
            keeper.route("**", lambda route: route.fulfill(body=""))
            keeper.goto("http://127.0.0.1/")
            return context

        yield profile


@pytest.fixture
def context(request, viewport):
    """A profile where nothing is cached, with pages that have not been there before."""
    if request.node.get_closest_marker("cold") is not None:
        with request.getfixturevalue("browser").new_context(viewport=viewport) as context:
            yield context
        return
    context = request.getfixturevalue("profile_of")(**viewport)
    keeper = context.pages[0]
    yield context
    for page in context.pages[1:]:
        page.close()
    context.clear_permissions()
    session = context.new_cdp_session(keeper)
    session.send("Network.clearBrowserCache")
    session.detach()


@pytest.fixture
def page(context, request):
    """An empty page that fails its test for any console error or uncaught exception.

    A test may name, as indirect parameter, the beginning of messages it expects.
    """
    expected = getattr(request, "param", None)
    page: Page = context.new_page()
    page.set_default_timeout(1000 * LIMIT_S)
    problems: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if expected is not None and message.text.startswith(expected):
            return
        if message.type in ("error", "warning"):
            problems.append(f"{message.type}: {message.text}")

    page.on("console", note)
    page.on("pageerror", lambda error: problems.append(f"uncaught: {error}"))
    yield page
    page.close()
    assert problems == []
