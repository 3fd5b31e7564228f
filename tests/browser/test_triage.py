"""Triage as a person does it: keys that mark and go on, and going on another day."""

from __future__ import annotations

import csv
import io
import re
import signal
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from browser.steps import center, field, grey_at, open_page, open_series, shown
from browser.test_craft import violations
from browser.test_roi_exchange import close, drop, told
from playwright.sync_api import expect
from support.datasets import image, part10
from support.server import ServerProcess

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.one_size("small")

SEND_LIMIT_S = 5
SERIES = 4
FILES_EACH = 2


@pytest.fixture
def folder(tmp_path):
    """Four series of two slices each; every file has a grey of its own."""
    folder = tmp_path / "data"
    folder.mkdir()
    for series in range(1, SERIES + 1):
        for instance in range(1, FILES_EACH + 1):
            dataset = image(
                16,
                16,
                PatientName="Triage^Test",
                PatientID="T1",
                StudyInstanceUID="1.2.826.7",
                StudyDate="20240131",
                SeriesInstanceUID=f"1.2.826.7.{series}",
                SeriesNumber=series,
                SeriesDescription=f"Run {series}",
                InstanceNumber=instance,
                SOPInstanceUID=f"1.2.826.7.{series}.{instance}",
                PixelData=np.full((16, 16), 40 * series + 10 * instance, "<u2").tobytes(),
                WindowCenter=128,
                WindowWidth=256,
            )
            (folder / f"{series}-{instance}.dcm").write_bytes(part10(dataset))
    return folder


@pytest.fixture
def start(page, folder):
    """Start a server on the folder, with the page of it open."""
    servers: list[ServerProcess] = []

    def start_server(*arguments: str) -> ServerProcess:
        server = ServerProcess(str(folder), *arguments, cwd=folder.parent)
        servers.append(server)
        server.wait_scanned()
        open_page(page, server.url)
        return server

    yield start_server
    page.goto("about:blank")  # before the servers go
    for server in servers:
        server.stop()


def bar(page: Page) -> Locator:
    return page.get_by_role("region", name="Triage")


def row(page: Page, number: int) -> Locator:
    return page.get_by_role("treeitem").filter(has=page.get_by_text(f"Run {number}", exact=True))


def begin(page: Page) -> None:
    """Switch triage on and give the keys to the image."""
    page.locator("section[aria-label=Viewport]").first.focus()
    page.keyboard.press("q")
    expect(bar(page).get_by_role("button", name="Keep")).to_be_enabled()


def expect_open(page: Page, number: int) -> None:
    """Wait until a series is on the screen."""
    expect(page.get_by_role("treeitem", selected=True)).to_contain_text(f"Run {number}")
    expect(page.locator('[data-shown*="/"]')).to_be_visible()
    expect(bar(page).get_by_role("button", name="Keep")).to_be_enabled()


def asks_to_stay(page: Page) -> bool:
    """Whether the page has the browser ask before it is closed."""
    stays: bool = page.evaluate(
        "!window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"
    )
    return stays


def press(page: Page, key: str, then: int) -> None:
    page.keyboard.press(key)
    expect_open(page, then)


def marks(server: ServerProcess) -> dict[str, tuple[str, str]]:
    """Mark and note of each marked file, by its name."""
    rows = csv.DictReader(io.StringIO(server.get("/api/triage/export.csv").body.decode("utf-8")))
    return {each["path"].rpartition("/")[2]: (each["mark"], each["note"]) for each in rows}


def expect_marks(server: ServerProcess, expected: dict[str, tuple[str, str]]) -> None:
    """Wait until the server has these marks: the page sends them in the background."""
    deadline = time.monotonic() + SEND_LIMIT_S
    while (found := marks(server)) != expected and time.monotonic() < deadline:
        time.sleep(0.05)
    assert found == expected


def test_three_keys_mark_series_and_go_on_with_zoom_and_window_kept(page, start):
    server = start()
    begin(page)
    page.locator("[data-shown]").hover()
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    page.keyboard.press("i")  # as without triage
    zoom = field(page, "zoom").inner_text()
    press(page, "k", then=2)
    expect(row(page, 1)).to_contain_text("keep")
    expect(field(page, "zoom")).to_have_text(zoom)
    inverted = page.get_by_role("button", name="Invert", exact=True)
    expect(inverted).to_have_attribute("aria-pressed", "true")
    x, y = center(page)
    assert grey_at(page, x, y) == 255 - 90  # slice 1 of series 2 holds 90 in a window of 0 to 255
    press(page, "j", then=3)
    press(page, "u", then=4)
    expect(row(page, 2)).to_contain_text("reject")
    expect(row(page, 3)).to_contain_text("unsure")
    status = bar(page).get_by_role("status")
    expect(status).to_have_text("3 of 4 marked: 1 keep, 1 reject, 1 unsure")
    page.keyboard.press("k")
    expect(status).to_have_text("4 of 4 marked: 2 keep, 1 reject, 1 unsure")
    expect_marks(
        server,
        {
            f"{series}-{instance}.dcm": (mark, "")
            for series, mark in enumerate(("keep", "reject", "unsure", "keep"), start=1)
            for instance in (1, 2)
        },
    )


def test_keys_mean_what_they_meant_when_triage_is_off(page, start):
    server = start()
    begin(page)
    page.keyboard.press("q")
    expect(bar(page)).not_to_be_visible()
    for key in ("k", "u"):
        page.keyboard.press(key)
    expect(page.get_by_role("complementary", name="Histogram")).to_be_visible()
    assert server.get("/api/triage").json["marks"] == []


def test_a_held_key_marks_one_series(page, start):
    server = start()
    begin(page)
    page.keyboard.down("j")
    expect_open(page, 2)
    for _ in range(3):
        page.keyboard.down("j")  # as the keyboard repeats it
    page.keyboard.up("j")
    expect_marks(server, {"1-1.dcm": ("reject", ""), "1-2.dcm": ("reject", "")})
    expect_open(page, 2)


def test_the_last_mark_is_taken_back_where_it_was_made(page, start):
    server = start()
    begin(page)
    first = shown(page)
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-shown]")).not_to_have_attribute("data-shown", first)
    second = shown(page)
    press(page, "k", then=2)
    press(page, "Shift+Q", then=1)
    expect(page.locator(f'[data-shown="{second}"]')).to_be_visible()
    expect(row(page, 1)).not_to_contain_text("keep")
    expect(bar(page).get_by_role("status")).to_have_text("0 of 4 marked")
    expect_marks(server, {})


def test_files_are_marked_one_by_one_and_their_series_is_mixed(page, start):
    server = start()
    begin(page)
    page.keyboard.press("Shift+H")
    first = shown(page)
    page.keyboard.press("k")
    expect(page.locator(f'[data-shown="{first}"]')).not_to_be_visible()
    expect(page.get_by_role("treeitem", selected=True)).to_contain_text("Run 1")
    expect(row(page, 1)).to_contain_text("mixed")
    press(page, "j", then=2)
    expect(row(page, 1).get_by_text("mixed")).to_have_attribute("title", "1 keep, 1 reject")
    expect(bar(page).get_by_role("status")).to_have_text("2 of 8 marked: 1 keep, 1 reject")
    expect_marks(server, {"1-1.dcm": ("keep", ""), "1-2.dcm": ("reject", "")})


def test_a_note_is_written_with_the_keys_and_enter_returns_to_the_image(page, start):
    server = start()
    begin(page)
    page.keyboard.press("Shift+C")
    note = bar(page).get_by_role("textbox", name="Note")
    expect(note).to_be_focused()
    page.keyboard.type("jerk, unlikely k")  # letters, no marks
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement?.getAttribute('aria-label')") == "Viewport"
    press(page, "j", then=2)
    expect(note).to_have_value("")
    page.keyboard.press("Shift+C")
    page.keyboard.type("dropped")
    page.keyboard.press("Escape")
    expect(note).to_have_value("")
    press(page, "ArrowUp", then=1)
    expect(note).to_have_value("jerk, unlikely k")
    noted = ("reject", "jerk, unlikely k")
    expect_marks(server, {"1-1.dcm": noted, "1-2.dcm": noted})


def test_the_filter_leaves_what_is_to_be_done(page, start):
    start()
    begin(page)
    press(page, "k", then=2)
    press(page, "j", then=3)
    page.get_by_role("searchbox", name="Filter the list").fill("triage:none")
    expect(row(page, 1)).to_have_count(0)
    expect(row(page, 3)).to_have_count(1)
    page.locator("section[aria-label=Viewport]").first.focus()
    press(page, "u", then=4)
    expect(row(page, 3)).to_have_count(0)
    page.get_by_role("searchbox", name="Filter the list").fill("triage:keep,unsure")
    expect(row(page, 1)).to_have_count(1)
    expect(row(page, 2)).to_have_count(0)
    expect(row(page, 3)).to_have_count(1)


@pytest.mark.parametrize("page", ["Failed to load resource"], indirect=True)
def test_one_goes_on_another_day_from_the_table_that_was_saved(page, start, tmp_path):
    server = start()
    begin(page)
    page.keyboard.press("Shift+C")
    page.keyboard.type("=left, ü")
    page.keyboard.press("Enter")
    press(page, "k", then=2)
    press(page, "j", then=3)
    page.keyboard.press("Shift+Y")
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save marks as CSV").click()
    table = tmp_path / "yesterday.csv"
    saving.value.save_as(table)
    assert saving.value.suggested_filename == "dcmview-triage.csv"
    server.stop()
    later = start("--triage", str(table))
    expect(row(page, 1)).to_contain_text("keep")  # before triage is switched on
    expect(row(page, 2)).to_contain_text("reject")
    begin(page)
    expect(bar(page).get_by_role("status")).to_have_text("2 of 4 marked: 1 keep, 1 reject")
    expect(bar(page).get_by_role("textbox", name="Note")).to_have_value("=left, ü")
    press(page, "Shift+ArrowDown", then=3)
    press(page, "u", then=4)
    kept = ("keep", "'=left, ü")  # harmless in a spreadsheet
    expected = {"1": kept, "2": ("reject", ""), "3": ("unsure", "")}
    expect_marks(
        later,
        {f"{run}-{instance}.dcm": expected[run] for run in expected for instance in (1, 2)},
    )


def test_a_table_comes_in_on_the_page_and_rows_without_a_file_are_listed(page, start, tmp_path):
    server = start()
    begin(page)
    page.keyboard.press("Shift+Y")
    table = tmp_path / "marks.csv"
    table.write_text("path,mark,note\n2-1.dcm,keep,sharp\n2-2.dcm,keep,sharp\ngone.dcm,reject,\n")
    with page.expect_file_chooser() as choosing:
        page.get_by_role("button", name="Take marks from a file").click()
    choosing.value.set_files(table)
    menu = page.get_by_role("group", name="Marks as a table")
    expect(menu).to_contain_text("2 of 3 rows found their file. 2 files got another mark or note.")
    expect(menu.get_by_role("list", name="Match no single file")).to_contain_text("gone.dcm")
    expect(row(page, 2)).to_contain_text("keep")
    assert marks(server)["2-1.dcm"] == ("keep", "sharp")


def test_marks_come_in_with_a_file_that_is_dropped_on_the_page(page, start):
    server = start()
    dialog = drop(page, ("marks.csv", "path,mark,note\n3-1.dcm,reject,=dark\n3-2.dcm,reject,\n"))
    dialog.get_by_role("button", name="Import").click()
    expect(told(page)).to_contain_text("Marked 2 files.")
    close(page)
    expect(row(page, 3)).to_contain_text("reject")
    assert marks(server) == {"3-1.dcm": ("reject", "'=dark"), "3-2.dcm": ("reject", "")}


def test_the_page_warns_while_marks_are_in_memory_alone_and_not_once_they_are_exported(page, start):
    start()
    begin(page)
    assert not asks_to_stay(page)
    press(page, "k", then=2)
    expect(field(page, "saving")).to_have_text("Edits in memory, not exported")
    assert asks_to_stay(page)
    page.keyboard.press("Shift+Y")
    with page.expect_download():
        page.get_by_role("button", name="Save marks as CSV").click()
    expect(field(page, "saving")).to_have_text("")
    assert not asks_to_stay(page)


@pytest.mark.parametrize("page", ["Failed to load resource"], indirect=True)
def test_saved_marks_survive_a_kill(page, start, tmp_path):
    journal = str(tmp_path / "saved.json")
    server = start("--save-annotations", journal)
    begin(page)
    press(page, "j", then=2)
    expect_marks(server, {"1-1.dcm": ("reject", ""), "1-2.dcm": ("reject", "")})
    assert not asks_to_stay(page)
    page.goto("about:blank")
    server.stop(signal.SIGKILL)
    start("--save-annotations", journal)
    expect(row(page, 1)).to_contain_text("reject")


@pytest.mark.parametrize("page", ["Failed to load resource"], indirect=True)
def test_a_table_that_is_wrong_is_refused_with_the_reason(page, start, tmp_path):
    server = start()
    begin(page)
    page.keyboard.press("Shift+Y")
    table = tmp_path / "marks.csv"
    table.write_text("path,mark\n2-1.dcm,maybe\n")
    with page.expect_file_chooser() as choosing:
        page.get_by_role("button", name="Take marks from a file").click()
    choosing.value.set_files(table)
    menu = page.get_by_role("group", name="Marks as a table")
    expect(menu.get_by_role("alert")).to_contain_text("keep, reject, unsure")
    assert marks(server) == {}


def test_cells_of_the_contact_sheet_are_marked_with_the_same_keys(page, start):
    server = start()
    begin(page)
    page.keyboard.press("g")
    cells = page.get_by_role("gridcell")
    expect(cells).to_have_count(2)  # the frames of the first series
    page.get_by_role("button", name="All series").click()
    expect(cells).to_have_count(SERIES)
    expect(cells.nth(0)).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("j")
    expect(cells.nth(1)).to_contain_text("reject")
    expect(cells.nth(2)).to_be_focused()
    page.keyboard.press("k")
    expect(cells.nth(3)).to_be_focused()
    page.keyboard.press("Shift+ArrowUp")
    expect(cells.nth(0)).to_be_focused()
    page.keyboard.press("Shift+Q")
    expect(cells.nth(2)).to_be_focused()
    expect(cells.nth(2)).not_to_contain_text("keep")
    assert violations(page) == []
    page.keyboard.press("g")
    expect(page.get_by_role("treeitem", selected=True)).to_contain_text("Run 1")
    expect_marks(server, {"2-1.dcm": ("reject", ""), "2-2.dcm": ("reject", "")})


def test_what_is_marked_in_another_window_is_seen(page, start):
    server = start()
    begin(page)
    press(page, "k", then=2)
    other = page.context.new_page()
    open_page(other, server.url)
    expect(row(other, 1)).to_contain_text("keep")
    open_series(other, "Run 4")
    begin(other)
    press(other, "j", then=2)
    both = (("1", "keep"), ("4", "reject"))
    expect_marks(server, {f"{run}-{each}.dcm": (mark, "") for run, mark in both for each in (1, 2)})
    other.close()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(row(page, 4)).to_contain_text("reject")


@pytest.mark.parametrize("page", ["Failed to load resource"], indirect=True)
def test_marks_that_are_made_while_the_server_is_away_are_sent_when_it_is_back(page, start, folder):
    server = start()
    begin(page)
    port = re.search(r":(\d+)", server.url)
    assert port is not None
    press(page, "k", then=2)
    press(page, "ArrowDown", then=3)
    press(page, "ArrowUp", then=2)
    expect_marks(server, {"1-1.dcm": ("keep", ""), "1-2.dcm": ("keep", "")})
    server.stop()
    press(page, "j", then=3)
    expect(row(page, 2)).to_contain_text("reject")
    expect(page.get_by_text("The server does not answer")).to_be_visible()
    expect(bar(page).get_by_role("status")).to_contain_text("1 change not sent yet")
    with ServerProcess(str(folder), "--port", port[1], cwd=folder.parent) as again:
        again.wait_scanned()
        expect(page.get_by_text("Another server answers here now")).to_be_visible()
        expect_marks(again, {"2-1.dcm": ("reject", ""), "2-2.dcm": ("reject", "")})
        page.goto("about:blank")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_bar_fits_and_axe_finds_nothing_serious_in_it(page, start, theme):
    start()
    if theme == "light":
        page.keyboard.press("Shift+D")
    begin(page)
    press(page, "k", then=2)
    press(page, "j", then=3)
    press(page, "u", then=4)
    page.keyboard.press("Shift+H")
    for control in bar(page).get_by_role("button").all():
        box = control.bounding_box()
        assert box is not None
        assert box["x"] >= 300
        assert box["x"] + box["width"] <= 1100
    assert page.evaluate("document.documentElement.scrollWidth") == 1100
    assert violations(page) == []
    page.keyboard.press("Shift+Y")
    expect(page.get_by_role("group", name="Marks as a table")).to_be_visible()
    assert violations(page) == []
