"""Pictures and cines that are taken out of the page."""

from __future__ import annotations

import io
import re
import urllib.request

import numpy as np
import pytest
from browser.steps import center, open_page, open_series, wait_at, wait_drawn
from PIL import Image, ImageSequence
from playwright.sync_api import expect
from support.datasets import image, part10
from support.server import ServerProcess

pytestmark = pytest.mark.one_size("small")

CT_SERIES = "Axial 7.5 mm"
CT_FRAMES = 22
HEART = "Parasternal short axis"


def menu(page):
    """What there is to save and copy, opened."""
    opened = page.get_by_role("group", name="Save or copy the picture")
    if not opened.is_visible():
        page.get_by_role("button", name="Save or copy the picture").click()
    expect(opened).to_be_visible()
    return opened


def saved(page, name: str, choose=()) -> tuple[str, bytes]:
    """Name and content of what a button of the menu saves, after some boxes were ticked."""
    for box in choose:
        menu(page).get_by_label(box).check()
    with page.expect_download() as download:
        menu(page).get_by_role("button", name=name).click()
    return download.value.suggested_filename, download.value.path().read_bytes()


def picture(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def from_server(server, path: str) -> np.ndarray:
    with urllib.request.urlopen(f"{server.url}/api/{path}") as response:
        return picture(response.read())


def shown_frame(page) -> str:
    file, frame = page.locator("[data-shown]").get_attribute("data-shown").split("/")
    return f"file/{file}/frame/{frame}"


def test_the_image_alone_is_saved_pixel_by_pixel(page, server):
    open_page(page, server.url)
    open_series(page, CT_SERIES)
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("h")  # how it is looked at does not matter
    wait_at(page, f"4 / {CT_FRAMES}")
    name, content = saved(page, "Save PNG", ["Image only, full resolution"])
    assert re.fullmatch(r"CT-series\d+-4\.png", name)
    np.testing.assert_array_equal(picture(content), from_server(server, shown_frame(page)))
    expect(page.get_by_role("status").filter(has_text=name)).to_be_visible()


def test_a_colour_image_is_saved_pixel_by_pixel(page, server):
    open_page(page, server.url)
    open_series(page, HEART)
    _, content = saved(page, "Save PNG", ["Image only, full resolution"])
    np.testing.assert_array_equal(picture(content), from_server(server, shown_frame(page)))


def test_as_on_screen_is_what_the_screen_shows_with_text_only_where_asked(page, server):
    open_page(page, server.url)
    open_series(page, CT_SERIES)
    viewport = page.get_by_label("Viewport", exact=True)
    _, content = saved(page, "Save PNG")
    without = picture(content)
    _, content = saved(page, "Save PNG", ["With text"])
    with_text = picture(content)
    page.keyboard.press("Escape")
    page.mouse.move(5, 5)
    page.evaluate("document.activeElement.blur()")
    wait_drawn(page)
    on_screen = picture(viewport.screenshot())
    assert with_text.shape == without.shape == on_screen.shape

    # Patient and series stand in the upper corners, over the black beside the body.
    rows, columns = on_screen.shape[0] // 8, on_screen.shape[1] // 6
    corners = (np.s_[:rows, :columns], np.s_[:rows, -columns:])
    for corner in corners:
        assert without[corner].max() < 60
        assert with_text[corner].max() > 150
    # Glyphs are drawn by two ways of one browser: they lie on each other, but for their edges.
    drawn, seen = with_text[corners[0]].max(axis=2) > 110, on_screen[corners[0]].max(axis=2) > 110
    assert (drawn & seen).sum() > 0.7 * max(drawn.sum(), seen.sum())
    # The image itself is the very same.
    middle = np.s_[on_screen.shape[0] // 3 : -on_screen.shape[0] // 3]
    half = on_screen.shape[1] // 3
    np.testing.assert_array_equal(
        with_text[middle][:, half:-half], on_screen[middle][:, half:-half]
    )


def test_drawings_are_left_out_where_nobody_wants_them(page, server):
    open_page(page, server.url)
    open_series(page, CT_SERIES)
    x, y = center(page)
    page.keyboard.press("m")
    page.mouse.move(x - 60, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 20, steps=4)
    page.mouse.up()
    page.keyboard.press("Escape")
    expect(page.get_by_role("group", name="ROIs on the image")).to_be_visible()

    def coloured(content: bytes) -> int:
        pixels = picture(content).astype(int)
        return int((np.abs(pixels[..., 0] - pixels[..., 2]) > 60).sum())

    assert coloured(saved(page, "Save PNG")[1]) > 100
    menu(page).get_by_label("With overlays").uncheck()
    assert coloured(saved(page, "Save PNG")[1]) == 0


def test_a_picture_is_copied_to_the_clipboard(page, server):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_page(page, server.url)
    open_series(page, CT_SERIES)
    menu(page).get_by_label("Image only, full resolution").check()
    menu(page).get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    content = page.evaluate(
        """async () => {
          const [item] = await navigator.clipboard.read();
          const blob = await item.getType('image/png');
          return Array.from(new Uint8Array(await blob.arrayBuffer()));
        }"""
    )
    np.testing.assert_array_equal(picture(bytes(content)), from_server(server, shown_frame(page)))


def test_a_gif_has_every_frame_of_the_range_with_its_exact_greys(page, server):
    open_page(page, server.url)
    open_series(page, CT_SERIES)
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    wait_at(page, f"3 / {CT_FRAMES}")
    page.get_by_role("button", name="Cine settings").click()
    page.get_by_role("button", name="Start here").click()
    page.keyboard.press("Escape")
    page.locator("[aria-label=Viewport]").focus()
    page.keyboard.press("End")
    wait_at(page, f"{CT_FRAMES} / {CT_FRAMES}")
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    wait_at(page, f"18 / {CT_FRAMES}")
    page.get_by_role("button", name="Cine settings").click()
    page.get_by_role("button", name="End here").click()
    page.keyboard.press("Escape")
    name, content = saved(page, "Save GIF", ["Image only, full resolution"])
    assert re.fullmatch(r"CT-series\d+-3to18\.gif", name)
    gif = Image.open(io.BytesIO(content))
    assert gif.n_frames == 16
    assert gif.info["duration"] == 100
    assert gif.info["loop"] == 0
    # It was taken at frame 18, and the page is back there.
    wait_at(page, f"18 / {CT_FRAMES}")
    rows = server.get("/api/series").json["series"]
    series = next(row["index"] for row in rows if row["series_description"] == CT_SERIES)
    (stack,) = server.get(f"/api/series/{series}").json["stacks"]
    files = stack["files"][2:18]
    for frame, file in zip(ImageSequence.Iterator(gif), files, strict=True):
        pixels = from_server(server, f"file/{file}/frame/0")
        np.testing.assert_array_equal(np.asarray(frame.convert("RGB")), pixels)


def test_a_gif_goes_at_the_pace_of_its_frames(page, server):
    open_page(page, server.url)
    open_series(page, HEART)
    expect(page.locator('[data-field="rate"]')).to_have_text("22 fps")
    _, content = saved(page, "Save GIF", ["Image only, full resolution"])
    gif = Image.open(io.BytesIO(content))
    times = [frame.info["duration"] for frame in ImageSequence.Iterator(gif)]
    # A hundredth is the unit: 20 frames at 22 a second are 909 ms.
    assert set(times) == {40, 50}
    assert sum(times) == 910


def test_a_cine_is_recorded_as_webm(page, server):
    open_page(page, server.url)
    open_series(page, HEART)
    name, content = saved(page, "Save WebM", ["Image only, full resolution"])
    assert re.fullmatch(r"US-series\d+-1to20\.webm", name)
    assert content[:4] == bytes.fromhex("1A45DFA3")
    # Played by the browser itself, on a page of its own: its size, and that pictures change.
    seen = page.context.new_page().evaluate(
        """async (bytes) => {
          const video = document.createElement('video');
          video.muted = true;
          video.src = URL.createObjectURL(new Blob([new Uint8Array(bytes)]));
          const canvas = document.createElement('canvas');
          const pictures = new Set();
          const failed = new Promise((_, reject) => (video.onerror = () =>
            reject(new Error(video.error.message))));
          const ended = new Promise((resolve) => (video.onended = resolve));
          const note = (_, { presentedFrames }) => {
            canvas.width = video.videoWidth;
            canvas.height = video.videoHeight;
            const context = canvas.getContext('2d');
            context.drawImage(video, 0, 0);
            pictures.add(context.getImageData(0, 0, canvas.width, canvas.height).data.join());
            video.requestVideoFrameCallback(note);
          };
          video.requestVideoFrameCallback(note);
          await video.play();
          await Promise.race([ended, failed]);
          const { videoWidth, videoHeight, currentTime } = video;
          return { videoWidth, videoHeight, currentTime, pictures: pictures.size };
        }""",
        list(content),
    )
    assert (seen["videoWidth"], seen["videoHeight"]) == (384, 288)
    # 20 pictures of 22 a second; recorded as they are shown, so a busy machine takes longer.
    assert 0.6 < seen["currentTime"] < 10
    assert seen["pictures"] >= 10


def test_a_cine_that_is_cancelled_saves_nothing_and_goes_back(page, server):
    open_page(page, server.url)
    open_series(page, CT_SERIES)
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    wait_at(page, f"6 / {CT_FRAMES}")
    downloads = []
    page.on("download", lambda download: downloads.append(download.suggested_filename))
    menu(page).get_by_role("button", name="Save WebM").click()
    dialog = page.get_by_role("dialog", name="Writing the WebM")
    expect(dialog).to_contain_text(re.compile(r"[2-9] of 22 frames"))
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    wait_at(page, f"6 / {CT_FRAMES}")
    assert downloads == []


def test_no_file_that_is_saved_names_the_patient(page, tmp_path):
    pixels = np.full((20, 20), 90, "<u2").tobytes()
    dataset = image(20, 20, PixelData=pixels, PatientName="SECRET^NAME", SeriesNumber=7)
    (tmp_path / "SECRET.dcm").write_bytes(part10(dataset))
    with ServerProcess(str(tmp_path)) as server:
        open_page(page, server.url)
        name, content = saved(page, "Save PNG")
        assert "SECRET" not in name
        assert b"SECRET" not in content
        assert name.endswith("-series7-1.png")
        page.goto("about:blank")  # before the server goes
