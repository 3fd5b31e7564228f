"""What a person does with the page, on the fixtures, and what they must then see."""

from __future__ import annotations

import contextlib
import io
import re
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pydicom
import pytest
from browser.steps import (
    center,
    eventually,
    field,
    grey_at,
    open_page,
    open_series,
    press_with_the_mouse,
    shown,
    wait_at,
    wait_drawn,
)
from PIL import Image
from playwright.sync_api import expect
from pydicom.uid import MPEG2MPML
from support.paths import FIXTURES
from support.server import ServerProcess

CT_SERIES = "Axial 7.5 mm"


def slices() -> list[pydicom.Dataset]:
    """The CT slices in the order of their instance numbers."""
    found = [pydicom.dcmread(path) for path in sorted((FIXTURES / "ct").glob("*.dcm"))]
    return sorted(found, key=lambda dataset: int(dataset.InstanceNumber))


def test_open_a_series_step_window_read_values_and_tags(page, server):
    page.goto(server.url)
    open_series(page, CT_SERIES)
    reference = slices()

    # Step: arrow keys work right after the click that opened the series.
    wait_at(page, f"1 / {len(reference)}")
    first = shown(page)
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    wait_at(page, f"10 / {len(reference)}")
    expect(page.locator(f'[data-shown]:not([data-shown="{first}"])')).to_be_visible()
    page.keyboard.press("End")
    wait_at(page, f"{len(reference)} / {len(reference)}")
    page.keyboard.press("Home")
    for _ in range(9):
        page.keyboard.press("]")
    wait_at(page, f"10 / {len(reference)}")

    # The value under the pointer is that of the file, in HU.
    x, y = center(page)
    page.mouse.move(x - 40, y + 20)
    column, row = map(int, field(page, "position").inner_text().split("row")[1].split(","))
    stored = int(reference[9].pixel_array[row, column])
    expect(field(page, "stored")).to_contain_text(str(stored))
    hounsfield = round(stored * reference[9].RescaleSlope + reference[9].RescaleIntercept)
    expect(field(page, "modality")).to_contain_text(
        f"{hounsfield} HU".replace("-", "\N{HYPHEN-MINUS}")
    )
    before = field(page, "stored").inner_text()
    page.mouse.move(x + 60, y - 60)
    expect(field(page, "stored")).not_to_have_text(before)

    # A window drag changes the window and asks the server for no other picture.
    window = field(page, "window").inner_text()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 90, y + 30, steps=6)
    page.mouse.up()
    expect(field(page, "window")).not_to_have_text(window)
    assert [url for url in requests if f"/file/{shown(page)[:-2]}/frame" in url] == []

    # Tags of the slice that is shown, filtered.
    page.keyboard.press("t")
    tags = page.get_by_role("complementary", name="DICOM tags")
    expect(tags.get_by_text("slice-10.dcm")).to_be_visible()
    tags.get_by_role("searchbox").fill("PatientName")
    expect(tags.get_by_text("Phantom^Thorax")).to_be_visible()
    tags.get_by_role("searchbox").fill("slope")
    expect(tags.get_by_text("Rescale Slope")).to_be_visible()
    expect(tags.get_by_text("Phantom^Thorax")).not_to_be_visible()


def test_frames_ahead_come_in_one_answer_and_are_not_asked_for_again(page, server):
    files = server.get("/api/files").json["files"]
    numbers = {
        int(file["instance_number"]): file["index"]
        for file in files
        if file["series_description"] == CT_SERIES
    }
    second = numbers[sorted(numbers)[1]]

    def brings_the_second(request) -> bool:
        return re.search(rf"api/frames/raw\?frames=(.*,)?{second}:0", request.url) is not None

    # A line that is never measured is no short one, however busy the machine.
    page.add_init_script("delete globalThis.PerformanceObserver")
    open_page(page, server.url)
    # Not its end: Chromium may call a stream that was read to its end an aborted one.
    with page.expect_request(brings_the_second) as batch:
        open_series(page, CT_SERIES)
    assert batch.value.headers["x-dcmview-priority"] == "background"
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.keyboard.press("ArrowRight")
    expect(page.locator(f'[data-shown="{second}/0"]')).to_be_visible()
    assert not [url for url in requests if f"file/{second}/frame" in url]


def test_grey_on_the_screen_is_the_linear_window_of_the_stored_value(page, server):
    page.goto(server.url)
    open_series(page, CT_SERIES)
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    wait_at(page, "10 / ")
    dataset = slices()[9]
    page.keyboard.press("Shift+S")  # pixels as the squares they are
    x, y = center(page)
    page.mouse.move(x, y)
    for _ in range(6):  # until one pixel covers many of the screen
        page.keyboard.down("Control")
        page.mouse.wheel(0, -400)
        page.keyboard.up("Control")
    window = field(page, "window").inner_text()
    wc, ww = map(float, re.findall(r"-?\d+(?:\.\d+)?", window)[:2])
    seen = set()
    for dx, dy in ((0, 0), (-90, 40), (70, -80), (110, 90), (-60, -110)):
        page.mouse.move(x + dx + 0.5, y + dy + 0.5)  # the middle of a pixel of the screen
        column, row = map(int, field(page, "position").inner_text().split("row")[1].split(","))
        hounsfield = (
            float(dataset.pixel_array[row, column]) * dataset.RescaleSlope
            + dataset.RescaleIntercept
        )
        expected = np.floor(np.clip((hounsfield - (wc - 0.5)) / (ww - 1) + 0.5, 0, 1) * 255 + 0.5)
        assert grey_at(page, x + dx, y + dy) == expected
        seen.add((column, row))
    assert len(seen) == 5


def test_invert_flip_rotate_and_reset(page, server):
    page.goto(server.url)
    open_series(page, CT_SERIES)
    page.mouse.move(*center(page))
    page.keyboard.press("0")  # from here on the focus is visible
    wait_drawn(page)
    canvas = page.locator("[data-shown]")
    plain = canvas.screenshot()
    for key in ("i", "h", "v", "Shift+R"):

        def is_changed(key: str = key) -> None:
            assert canvas.screenshot() != plain, f"{key} changes nothing"

        def is_undone(key: str = key) -> None:
            assert canvas.screenshot() == plain, f"0 does not undo {key}"

        page.keyboard.press(key)
        eventually(page, is_changed)
        page.keyboard.press("0")
        eventually(page, is_undone)


def test_keyboard_alone_opens_a_series_and_steps(page, server):
    page.goto(server.url)
    page.wait_for_selector("[data-shown]")
    page.keyboard.press("/")
    page.keyboard.type("mammogram")
    expect(page.get_by_text(re.compile(r"^\d+ of \d+ shown$"))).to_be_visible()
    page.keyboard.press("Escape")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement?.getAttribute('role')") == "treeitem":
            break
    else:
        pytest.fail("Tab never reaches the list")
    page.keyboard.press("Home")
    before = shown(page)
    for _ in range(5):  # patient, study and series of the head, then those of the breast
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(f'[data-shown]:not([data-shown="{before}"])')).to_be_visible()


def test_palette_image_is_in_colour(page, server):
    page.goto(server.url)
    open_series(page, "Whole body, front and back")

    def is_in_colour() -> None:
        picture = Image.open(io.BytesIO(page.locator("[data-shown]").screenshot())).convert("RGB")
        channels = np.asarray(picture).astype(int)
        assert np.abs(channels[..., 0] - channels[..., 2]).max() > 100

    eventually(page, is_in_colour)


def test_object_without_pixels_says_what_it_is_and_offers_its_tags(page, server):
    page.goto(server.url)
    page.get_by_role("treeitem").filter(has_text="Measurements").click()
    expect(page.get_by_role("heading", name=re.compile("SR Storage"))).to_be_visible()
    expect(page.get_by_text("holds no image")).to_be_visible()
    press_with_the_mouse(page, page.get_by_role("button", name="Show tags"))
    expect(page.get_by_role("complementary", name="DICOM tags")).to_be_visible()


def test_damaged_and_foreign_files_are_named_with_their_reason(page, server):
    page.goto(server.url)
    tree = page.get_by_role("tree", name="Patients, studies and series")
    cut = tree.get_by_role("treeitem").filter(has_text="Cut short")
    expect(cut).to_contain_text("damaged")
    page.get_by_role("searchbox").first.fill("notes.txt")
    expect(tree.get_by_role("treeitem").filter(has_text="notes.txt")).to_contain_text(
        "no DICOM data set"
    )


@pytest.fixture
def video_folder(tmp_path):
    dataset = pydicom.dcmread(next((FIXTURES / "ct").glob("*.dcm")))
    dataset.file_meta.TransferSyntaxUID = MPEG2MPML
    dataset.PixelData = pydicom.encaps.encapsulate([b"\0\0\1\xb3" + bytes(60)])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(tmp_path / "video.dcm")
    return tmp_path


@pytest.mark.parametrize("page", ["Failed to load resource"], indirect=True)
def test_buttons_of_an_error_answer_to_the_mouse(page, video_folder):
    with ServerProcess(str(video_folder)) as server:
        page.goto(server.url)
        again = page.get_by_role("button", name="Try again")
        expect(again).to_be_visible()
        with page.expect_request(lambda request: "/frame/0/raw" in request.url):
            press_with_the_mouse(page, again)
        press_with_the_mouse(page, page.get_by_role("button", name="Show tags"))
        expect(page.get_by_role("complementary", name="DICOM tags")).to_be_visible()
        page.goto("about:blank")  # before the server goes


@pytest.mark.parametrize("page", ["Failed to load resource"], indirect=True)
def test_error_of_the_server_stands_where_the_picture_would_be(page, video_folder):
    with ServerProcess(str(video_folder)) as server:
        page.goto(server.url)
        viewport = page.get_by_role("region", name="Viewport")
        expect(viewport).to_contain_text(f"unsupported transfer syntax: {MPEG2MPML}")
        expect(viewport).to_contain_text("unsupported_transfer_syntax")
        page.goto("about:blank")  # before the server goes


class _Prefix(BaseHTTPRequestHandler):
    """Forward ``/hub/user/7/...`` to the server, as a JupyterHub proxy does."""

    prefix = "/hub/user/7"
    target = ""

    def do_GET(self) -> None:
        if not self.path.startswith(self.prefix + "/"):
            self.send_error(404)
            return
        request = urllib.request.Request(self.target + self.path.removeprefix(self.prefix))
        with urllib.request.urlopen(request) as answer:
            body = answer.read()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in ("transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.wfile.write(body)  # a page that leaves drops what it was prefetching

    def log_message(self, *_: object) -> None:
        pass


def test_page_works_below_a_path_prefix(page, server):
    handler = type("Prefix", (_Prefix,), {"target": server.url})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        page.goto(f"http://127.0.0.1:{proxy.server_port}{_Prefix.prefix}/")
        page.wait_for_selector("[data-shown]")
        open_series(page, CT_SERIES)
        wait_at(page, f"1 / {len(slices())}")
        page.goto("about:blank")  # prefetching ends before the proxy does
        proxy.shutdown()


def test_token_of_the_link_is_used_and_leaves_the_address(page, monkeypatch):
    monkeypatch.setenv("DCMVIEW_TOKEN", "secret-of-the-test")
    with ServerProcess(str(FIXTURES / "mr")) as server:
        page.goto(f"{server.url}/#token=secret-of-the-test")
        page.wait_for_selector("[data-shown]")
        assert "secret" not in page.url
        assert server.get("/api/files").status == 401
        page.goto("about:blank")  # before the server goes
