"""Frames that play by themselves."""

from __future__ import annotations

import re

import pytest
from browser.steps import open_page, open_series, shown
from playwright.sync_api import expect
from support.paths import FIXTURES
from support.server import ServerProcess

pytestmark = pytest.mark.one_size("large")

HEART = "Parasternal short axis"
FRAMES = 20
"""of that series, and its Recommended Display Frame Rate is 22."""

WATCH = """() => {
  const canvas = document.querySelector('[data-shown]');
  window.drawn = [];
  new MutationObserver(() => {
    const frame = Number(canvas.dataset.shown.split('/')[1]);
    if (window.drawn.at(-1)?.frame === frame) return;
    window.drawn.push({ frame, at_ms: performance.now() });
  }).observe(canvas, { attributes: true, attributeFilter: ['data-shown'] });
}"""


@pytest.fixture
def heart(page):
    """A beating heart, with what is drawn of it written down."""
    with ServerProcess(str(FIXTURES / "ultrasound"), str(FIXTURES / "ct")) as server:
        open_page(page, server.url)
        open_series(page, HEART)
        expect(page.locator('[data-field="rate"]')).to_have_text("22 fps")
        page.evaluate(WATCH)
        yield page
        page.goto("about:blank")  # before the server goes


def play(page, duration_ms: int) -> list[dict[str, float]]:
    """Start and stop with the space bar; gives the frames that were drawn meanwhile."""
    page.keyboard.press("Space")
    page.wait_for_timeout(duration_ms)
    page.keyboard.press("Space")
    page.wait_for_timeout(150)
    return page.evaluate("window.drawn")


def frames(drawn) -> list[int]:
    return [entry["frame"] for entry in drawn]


def settings(page):
    """The sheet with the settings, opened."""
    page.get_by_role("button", name="Cine settings").click()
    sheet = page.get_by_role("group", name="Cine settings")
    expect(sheet).to_be_visible()
    return sheet


def close_settings(page) -> None:
    page.keyboard.press("Escape")
    expect(page.get_by_role("group", name="Cine settings")).to_be_hidden()
    page.locator("[aria-label=Viewport]").focus()


def test_a_cine_runs_at_the_rate_of_its_file_until_it_is_stopped(heart):
    play(heart, 1500)  # all frames are there after that
    heart.evaluate("window.drawn = []")
    drawn = play(heart, 2500)
    steps = [
        (after - before) % FRAMES
        for before, after in zip(frames(drawn), frames(drawn)[1:], strict=False)
    ]
    assert set(steps) == {1}
    seconds = (drawn[-1]["at_ms"] - drawn[0]["at_ms"]) / 1000
    assert 11 < (len(drawn) - 1) / seconds < 24  # the rate of a file without one is 10
    expect(heart.get_by_role("button", name="Play", exact=True)).to_be_visible()
    stopped_at = shown(heart)
    heart.wait_for_timeout(300)
    assert shown(heart) == stopped_at


def test_the_real_rate_is_shown_while_it_plays(heart):
    rate = heart.locator('[data-field="rate"]')
    heart.get_by_role("button", name="Play", exact=True).click()
    expect(rate).to_have_text(re.compile(r"^\d+\.\d of 22 fps$"))
    heart.get_by_role("button", name="Stop").click()
    expect(rate).to_have_text("22 fps")


def test_a_sweep_over_a_range_turns_round_at_its_ends(heart):
    for _ in range(4):
        heart.keyboard.press("ArrowRight")
    sheet = settings(heart)
    expect(sheet).to_contain_text("From Recommended Display Frame Rate")
    sheet.get_by_role("button", name="Start here").click()
    close_settings(heart)
    for _ in range(3):
        heart.keyboard.press("ArrowRight")
    sheet = settings(heart)
    sheet.get_by_role("button", name="End here").click()
    expect(sheet).to_contain_text("5 to 8 of 20")
    sheet.get_by_role("radio", name="Back and forth").check()
    close_settings(heart)
    heart.evaluate("window.drawn = []")
    played = frames(play(heart, 1500))
    there_and_back = [6, 5, 4, 5, 6, 7] * 20
    assert len(played) > 8
    assert played == there_and_back[: len(played)]


def test_a_typed_rate_is_kept_to_and_a_step_by_hand_stops(heart):
    sheet = settings(heart)
    rate = sheet.get_by_role("spinbutton", name="Frames a second")
    rate.fill("5")
    rate.press("Enter")
    sheet.get_by_role("radio", name="Once").check()
    close_settings(heart)
    expect(heart.locator('[data-field="rate"]')).to_have_text("5 fps")
    drawn = play(heart, 2000)
    seconds = (drawn[-1]["at_ms"] - drawn[0]["at_ms"]) / 1000
    assert 4 < (len(drawn) - 1) / seconds < 5.5
    assert frames(drawn) == list(range(1, len(drawn) + 1))
    heart.keyboard.press("Space")
    heart.keyboard.press("ArrowRight")
    expect(heart.get_by_role("button", name="Play", exact=True)).to_be_visible()


def test_another_series_stands_still_and_has_its_own_rate(heart):
    heart.keyboard.press("Space")
    expect(heart.get_by_role("button", name="Stop")).to_be_visible()
    open_series(heart, "Axial 7.5 mm")
    expect(heart.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(heart.locator('[data-field="rate"]')).to_have_text("10 fps")


def test_space_on_a_button_presses_that_button(heart):
    heart.get_by_role("button", name="Light or dark").focus()
    heart.keyboard.press("Space")
    expect(heart.get_by_role("button", name="Light or dark")).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(heart.get_by_role("button", name="Play", exact=True)).to_be_visible()
