"""Over a line too short for full frames: something to see at once, all of it in the end."""

from __future__ import annotations

import numpy as np
import pytest
from bench.page.shaping import Shaper
from browser.steps import center, grey_at, open_page, shown, wait_drawn
from playwright.sync_api import expect
from support.datasets import image, part10
from support.server import ServerProcess

pytestmark = pytest.mark.one_size("small")

FRAMES, SIDE = 40, 256


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """Frames of noise, which does not compress, around the grey level 100 + frame."""
    noise = np.random.default_rng(1).integers(-90, 91, (FRAMES, SIDE, SIDE))
    levels = 100 + np.arange(FRAMES)[:, None, None]
    # The middle is flat, to be read from the screen.
    noise[:, SIDE // 4 : -SIDE // 4, SIDE // 4 : -SIDE // 4] = 0
    dataset = image(
        SIDE,
        SIDE,
        NumberOfFrames=FRAMES,
        WindowCenter=128,
        WindowWidth=256,
        PixelData=(levels + noise).astype("<u2").tobytes(),
    )
    folder = tmp_path_factory.mktemp("stack")
    (folder / "stack.dcm").write_bytes(part10(dataset))
    return folder


@pytest.fixture
def far(stack):
    """The address of a server at the end of a line of 6 Mbit/s: a full frame takes 0.1 s."""
    with ServerProcess(str(stack)) as server:
        server.wait_scanned()
        port = int(server.url.rstrip("/").rpartition(":")[2])
        with Shaper(port, 6, 20) as line:
            yield f"http://127.0.0.1:{line.port}/"


def test_a_held_key_shows_reduced_frames_and_rest_shows_the_full_one(page, far):
    open_page(page, far)
    page.locator("[aria-label=Viewport]").focus()
    page.evaluate(
        """() => {
          window.seen = [];
          const canvas = document.querySelector('[data-shown]');
          new MutationObserver(() => {
            const { seen, shown } = canvas.dataset;
            window.seen.push([seen, seen === shown]);
          }).observe(canvas, { attributeFilter: ['data-seen', 'data-shown'] });
        }"""
    )
    for _ in range(30):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(33)
    seen = page.evaluate("window.seen")
    passed = {frame for frame, _ in seen}
    reduced = {frame for frame, is_full in seen if not is_full}
    # A line for ten full frames a second has shown more than twice as many, most of them reduced.
    assert len(passed) >= 20
    assert len(reduced) >= 15
    expect(page.locator('[data-shown="0/30"]')).to_be_visible()
    assert grey_at(page, *center(page)) == 130
    page.goto("about:blank")


def test_a_reduced_frame_is_windowed_like_the_full_one(page, far):
    # Of full frames only the first one comes.
    page.route("**/raw?*", lambda r: r.continue_() if "size=" in r.request.url else None)
    page.route("**/file/0/frame/0/raw?*", lambda route: route.continue_())
    # Only who has measured the line asks for reduced frames.
    with page.expect_request(
        lambda request: "/frames/raw?" in request.url and "size=" in request.url
    ):
        open_page(page, far)
    page.locator("[aria-label=Viewport]").focus()
    page.keyboard.press("End")
    page.wait_for_selector(f'[data-seen="0/{FRAMES - 1}"][data-preview]')
    assert shown(page) == ""
    expect(page.get_by_text("Preview", exact=True)).to_be_visible()
    assert grey_at(page, *center(page)) == 139
    page.keyboard.press("i")
    wait_drawn(page)
    assert grey_at(page, *center(page)) == 255 - 139
    page.unroute_all(behavior="ignoreErrors")
    page.goto("about:blank")
