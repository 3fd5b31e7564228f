"""ROIs that a person draws and edits, as the server has them afterwards."""

from __future__ import annotations

import math
import re
import resource
import time
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
from browser.steps import eventually, field, open_page, open_series, shown, wait_at
from browser.test_craft import violations
from playwright.sync_api import Page, expect
from support.paths import FIXTURES
from support.server import START_LIMIT_S, ServerProcess

pytestmark = pytest.mark.one_size("large")

CT_SERIES = "Axial 7.5 mm"
SIDE = 256
"""Columns and rows of the CT."""

Place = tuple[float, float]


class Hand:
    """A hand that draws in image points on the fitted CT, and on it zoomed and turned."""

    def __init__(self, page: Page) -> None:
        box = page.locator("[data-shown]").bounding_box()
        assert box is not None
        self._page = page
        self._middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.zoom = min(box["width"], box["height"]) / SIDE
        self.is_turned = False

    def on_screen(self, place: Place) -> Place:
        x, y = place[0] - SIDE / 2, place[1] - SIDE / 2
        right, down = (-y, x) if self.is_turned else (x, y)
        return self._middle[0] + right * self.zoom, self._middle[1] + down * self.zoom

    def drag(self, *places: Place) -> None:
        self._page.mouse.move(*self.on_screen(places[0]))
        self._page.mouse.down()
        for start, end in pairwise(places):
            middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
            self._page.mouse.move(*self.on_screen(middle))
            self._page.mouse.move(*self.on_screen(end))
        self._page.mouse.up()

    def click(self, place: Place) -> None:
        self._page.mouse.click(*self.on_screen(place))

    def zoom_in_eight_times(self) -> None:
        self._page.mouse.move(*self._middle)
        self._page.keyboard.down("Control")
        # A notch is a third of a doubling.
        for _ in range(9):
            self._page.mouse.wheel(0, -120)
        self._page.keyboard.up("Control")
        self.zoom *= 8

    def turn_right(self) -> None:
        self._page.keyboard.press("Shift+R")
        self.is_turned = True


def open_ct(page: Page, server: ServerProcess) -> tuple[Hand, int]:
    """Open the tenth slice, and give the hand and the index of its file."""
    open_page(page, server.url)
    open_series(page, CT_SERIES)
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    wait_at(page, "10 / 22")
    return Hand(page), int(shown(page).split("/")[0])


def on_server(server: ServerProcess, file: int) -> list[dict[str, Any]]:
    rois: list[dict[str, Any]] = server.get(f"/api/file/{file}/rois").json["rois"]
    return rois


def points_of(roi: dict[str, Any]) -> list[Place]:
    return [(point["x"], point["y"]) for point in roi["points"]]


def wait_for(page: Page, server: ServerProcess, file: int, count: int) -> list[dict[str, Any]]:
    """ROIs of a file once there are as many, and nothing is on its way any more."""
    deadline = time.monotonic() + START_LIMIT_S
    while True:
        page.wait_for_timeout(50)
        rois = on_server(server, file)
        is_sent = not saving(page).startswith("Sending")
        if len(rois) == count and is_sent:
            return rois
        assert time.monotonic() < deadline, f"{len(rois)} ROIs, never {count}: {saving(page)}"


def wait_for_points(page: Page, server: ServerProcess, file: int, count: int) -> dict[str, Any]:
    """The only ROI of a file once it has as many points."""

    def has_as_many() -> None:
        assert [len(points_of(roi)) for roi in on_server(server, file)] == [count]

    eventually(page, has_as_many)
    [roi] = on_server(server, file)
    return roi


def saving(page: Page) -> str:
    return field(page, "saving").inner_text()


def expect_saving(page: Page, text: str) -> None:
    expect(field(page, "saving")).to_have_text(text)


def test_each_kind_is_drawn_and_the_server_has_it(page, server):
    hand, file = open_ct(page, server)
    # Half a CSS pixel at each end.
    near = 0.75 / hand.zoom

    page.keyboard.press("r")
    hand.drag((20, 20), (50, 40))
    page.keyboard.press("r")
    hand.drag((70, 20), (100, 50))
    page.keyboard.press("r")
    for place in [(120, 20), (150, 20), (135, 50)]:
        hand.click(place)
    page.keyboard.press("Enter")
    page.keyboard.press("r")
    hand.drag((170, 20), (200, 20), (200, 50), (172, 48))
    page.keyboard.press("m")
    hand.drag((20, 100), (60, 130))
    page.keyboard.press("m")
    hand.drag((80, 100), (110, 100))
    hand.click((110, 130))
    page.keyboard.press("m")
    hand.drag((130, 100), (160, 100))
    hand.drag((130, 130), (160, 120))
    page.keyboard.press("m")
    hand.click((200, 100))
    page.keyboard.press("m")
    for place in [(20, 180), (60, 200), (100, 180)]:
        hand.click(place)
    page.keyboard.press("Enter")

    rois = wait_for(page, server, file, 9)
    drawn = {roi["kind"]: points_of(roi) for roi in rois}
    expected = {
        "rectangle": [(20, 20), (50, 40)],
        "ellipse": [(70, 20), (100, 50)],
        "polygon": [(120, 20), (150, 20), (135, 50)],
        "length": [(20, 100), (60, 130)],
        "angle": [(80, 100), (110, 100), (110, 130)],
        "cobb": [(130, 100), (160, 100), (130, 130), (160, 120)],
        "point": [(200, 100)],
        "polyline": [(20, 180), (60, 200), (100, 180)],
    }
    for kind, places in expected.items():
        for found, place in zip(drawn[kind], places, strict=True):
            assert found == pytest.approx(place, abs=near), kind
    freehand = drawn.pop("freehand")
    assert drawn.keys() == expected.keys()
    assert freehand[0] == pytest.approx((170, 20), abs=near)
    assert min(math.dist(place, (200, 50)) for place in freehand) < 2 * near
    # A file of one frame: what is drawn belongs to all of it.
    assert all(roi.get("frames", "all") == "all" for roi in rois)


def test_an_outline_is_edited_at_8_times_the_zoom_and_turned_then_undone_and_redone(page, server):
    hand, file = open_ct(page, server)
    hand.zoom_in_eight_times()
    hand.turn_right()
    near = 0.75 / hand.zoom
    for _ in range(3):
        page.keyboard.press("r")
    for place in [(120, 122), (134, 122), (134, 134), (120, 134)]:
        hand.click(place)
    page.keyboard.press("Enter")
    page.keyboard.press("w")
    hand.drag((134, 134), (137, 130))
    page.keyboard.down("Alt")
    hand.drag((120, 131), (118, 131))
    page.keyboard.up("Alt")
    # Up on the screen is to the left in the image.
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowUp")

    def expect_points(*places: Place) -> None:
        def are_there() -> None:
            [roi] = on_server(server, file)
            assert len(points_of(roi)) == len(places)
            for found, place in zip(points_of(roi), places, strict=True):
                assert found == pytest.approx(place, abs=near)

        eventually(page, are_there)

    end = [(119, 122), (133, 122), (136, 130), (119, 134), (117, 131)]
    expect_points(*end)
    for _ in range(4):
        page.keyboard.press("Control+z")
    wait_for(page, server, file, 0)
    # There is nothing before the beginning.
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+Shift+Z")
    wait_for(page, server, file, 1)
    expect_points((120, 122), (134, 122), (134, 134), (120, 134))
    for _ in range(4):
        page.keyboard.press("Control+Shift+Z")
    expect_points(*end)


def test_points_are_put_in_by_two_clicks_and_taken_out_by_key(page, server):
    hand, file = open_ct(page, server)
    for _ in range(3):
        page.keyboard.press("r")
    for place in [(60, 60), (160, 60), (160, 160)]:
        hand.click(place)
    page.keyboard.press("Enter")
    page.keyboard.press("w")
    zoom = field(page, "zoom").inner_text()
    page.mouse.dblclick(*hand.on_screen((90, 60)))
    roi = wait_for_points(page, server, file, 4)
    assert points_of(roi)[1] == pytest.approx((90, 60), abs=1)
    # The view was not reset by the two clicks, and the new point is what Delete takes.
    expect(field(page, "zoom")).to_have_text(zoom, use_inner_text=True)
    page.keyboard.press("Delete")
    wait_for_points(page, server, file, 3)
    page.keyboard.press("Delete")
    wait_for(page, server, file, 0)


def test_a_drag_with_ctrl_selects_and_all_move_together(page, server):
    hand, file = open_ct(page, server)
    page.keyboard.press("r")
    hand.drag((40, 40), (60, 60))
    hand.drag((80, 40), (100, 60))
    hand.drag((150, 150), (170, 170))
    wait_for(page, server, file, 3)
    page.keyboard.down("Control")
    hand.drag((30, 30), (110, 70))
    page.keyboard.up("Control")
    page.keyboard.press("Shift+ArrowDown")

    def two_have_moved() -> None:
        tops = [round(points_of(roi)[0][1]) for roi in on_server(server, file)]
        assert tops == [50, 50, 150]

    eventually(page, two_have_moved)
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    wait_for(page, server, file, 0)


def test_a_shape_is_copied_to_the_next_frames_in_one_request(page, server):
    hand, file = open_ct(page, server)
    page.keyboard.press("r")
    hand.drag((40, 40), (60, 60))
    wait_for(page, server, file, 1)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.method} {request.url}"))
    page.keyboard.press("Shift+C")
    dialog = page.get_by_role("dialog", name="Put on other frames")
    dialog.get_by_label("How many frames").fill("5")
    expect(dialog.get_by_role("status")).to_have_text("5 frames")
    dialog.get_by_role("button", name="Put there").click()
    expect(dialog).to_have_count(0)

    def is_on_six_frames() -> None:
        counts = {each["index"]: each["count"] for each in server.get("/api/rois").json["files"]}
        assert sorted(counts.values()) == [1] * 6

    eventually(page, is_on_six_frames)
    wait_for(page, server, file, 1)
    assert len([each for each in sent if each.startswith("PATCH")]) == 1
    # On the next frame it is where it was.
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    layer = page.get_by_role("group", name="ROIs on the image")
    wait_at(page, "11 / 22")
    expect(layer.get_by_role("img", name=re.compile("^Rectangle"))).to_have_count(1)
    # From the first that has one back to the last.
    page.keyboard.press("{")
    page.keyboard.press("{")
    wait_at(page, "10 / 22")
    page.keyboard.press("{")
    wait_at(page, "15 / 22")


def test_a_shape_is_pasted_on_another_file(page, server):
    hand, file = open_ct(page, server)
    page.keyboard.press("r")
    hand.drag((40, 40), (60, 60))
    [original] = wait_for(page, server, file, 1)
    page.keyboard.press("Control+c")
    page.keyboard.press("Escape")
    page.keyboard.press("End")
    wait_at(page, "22 / 22")
    page.keyboard.press("Control+v")
    other = int(shown(page).split("/")[0])
    [copy] = wait_for(page, server, other, 1)
    assert other != file
    assert copy["points"] == original["points"]
    assert copy["id"] != original["id"]


def test_windows_of_one_browser_see_each_others_edits_at_once(page, server):
    hand, file = open_ct(page, server)
    second = page.context.new_page()
    _, same = open_ct(second, server)
    assert same == file
    page.keyboard.press("r")
    hand.drag((40, 40), (60, 60))
    there = second.get_by_role("group", name="ROIs on the image").get_by_role("img")
    expect(there).to_have_count(1)
    page.keyboard.press("Control+z")
    expect(there).to_have_count(0)
    second.close()


def test_two_browsers_edit_one_file_and_lose_nothing(page, server):
    hand, file = open_ct(page, server)
    page.keyboard.press("r")
    hand.drag((40, 40), (60, 60))
    wait_for(page, server, file, 1)
    browser = page.context.browser
    second = browser.new_context(viewport=page.viewport_size).new_page()
    other_hand, same = open_ct(second, server)
    assert same == file
    layer = second.get_by_role("group", name="ROIs on the image")
    expect(layer.get_by_role("img", name=re.compile("^Rectangle"))).to_have_count(1)
    # Each draws one, without knowing of the other's.
    hand.drag((100, 40), (120, 60))
    second.keyboard.press("r")
    other_hand.drag((150, 40), (170, 60))
    rois = wait_for(second, server, file, 3)
    assert sorted(round(points_of(roi)[0][0]) for roi in rois) == [40, 100, 150]
    # Both move the first one elsewhere: the second to come keeps both.
    page.evaluate("window.dispatchEvent(new FocusEvent('focus'))")  # as when it comes to the front
    expect(page.get_by_role("group", name="ROIs on the image").get_by_role("img")).to_have_count(3)
    hand.drag((50, 40), (50, 90))

    def is_moved() -> None:
        assert 90 in [round(points_of(roi)[0][1]) for roi in on_server(server, file)]

    eventually(page, is_moved)
    other_hand.drag((50, 40), (50, 140))
    rois = wait_for(second, server, file, 4)
    assert sorted(round(points_of(roi)[0][1]) for roi in rois) == [40, 40, 90, 140]
    notices = second.get_by_role("list", name="Notices")
    expect(notices).to_contain_text("both are kept")
    second.context.close()


@pytest.mark.parametrize("page", ["Failed to load resource"], indirect=True, ids=["offline"])
def test_a_killed_server_with_its_journal_goes_on_where_it_was(page, tmp_path):
    journal = tmp_path / "truth.json"
    options = ("--save-annotations", str(journal), str(FIXTURES / "ct"))
    with ServerProcess(*options) as server:
        port = str(urlsplit(server.url).port)
        hand, file = open_ct(page, server)
        page.keyboard.press("r")
        hand.drag((40, 40), (60, 60))
        wait_for(page, server, file, 1)
        expect_saving(page, "Edits saved in truth.json")
        server.process.kill()
        server.process.wait()
        hand.drag((100, 40), (120, 60))
        expect_saving(page, "ROIs not sent")
    with ServerProcess("--port", port, *options) as server:
        server.wait_scanned()
        rois = wait_for(page, server, file, 2)
        # The banner of the lost server may have come while the hand was drawing.
        lefts = sorted(points_of(roi)[0][0] for roi in rois)
        assert lefts == pytest.approx([40, 100], abs=3)
        expect_saving(page, "Edits saved in truth.json")
        page.goto("about:blank")


@pytest.mark.parametrize("page", ["Failed to load resource"], indirect=True, ids=["full"])
def test_a_full_disk_is_told_and_the_edit_is_saved_when_there_is_room(page, tmp_path):
    journal = tmp_path / "truth.json"
    with ServerProcess("--save-annotations", str(journal), str(FIXTURES / "ct")) as server:
        hand, file = open_ct(page, server)
        _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (10, hard))
        page.keyboard.press("r")
        hand.drag((40, 40), (60, 60))
        expect_saving(page, "Edits not saved, trying again")
        assert "File too large" in (field(page, "saving").get_attribute("title") or "")
        # It is there all the same.
        assert len(on_server(server, file)) == 1
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        expect(field(page, "saving")).to_have_text("Edits saved in truth.json")
        page.goto("about:blank")


def test_leaving_with_what_is_not_saved_is_asked_about(page, server):
    hand, file = open_ct(page, server)
    page.keyboard.press("r")
    hand.drag((40, 40), (60, 60))
    wait_for(page, server, file, 1)
    expect_saving(page, "Edits in memory, not exported")
    asked: list[str] = []

    def note(dialog):
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", note)
    # The page is left, which the dialog allows.
    page.goto("about:blank")
    assert asked == ["beforeunload"]


@pytest.mark.one_size("small")
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_serious_in_the_dialog_of_frames(page, server, theme):
    hand, file = open_ct(page, server)
    if theme == "light":
        page.keyboard.press("Shift+D")
    page.keyboard.press("r")
    hand.drag((40, 40), (60, 60))
    wait_for(page, server, file, 1)
    page.keyboard.press("Shift+C")
    dialog = page.get_by_role("dialog", name="Put on other frames")
    expect(dialog.get_by_label("How many frames")).to_be_visible()
    assert violations(page) == []
    # Escape closes it, and the keys are the viewer's again.
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.keyboard.press("Delete")
    wait_for(page, server, file, 0)
