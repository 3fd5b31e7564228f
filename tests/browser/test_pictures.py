"""How one picture is looked at: windows, previews, overlays, shutter, shape of pixels, colours."""

from __future__ import annotations

import re
from contextlib import contextmanager

import numpy as np
import pytest
from browser.steps import center, color_at, field, grey_at, open_page, screen, shown, wait_drawn
from PIL import ImageCms
from playwright.sync_api import expect
from support.datasets import image, part10
from support.server import ServerProcess

pytestmark = pytest.mark.one_size("large")


@pytest.fixture
def opened(page, tmp_path):
    """Open one data set in the page."""

    @contextmanager
    def open_dataset(dataset):
        (tmp_path / "image.dcm").write_bytes(part10(dataset))
        with ServerProcess(str(tmp_path)) as server:
            open_page(page, server.url)
            page.mouse.move(*center(page))
            yield server
            page.goto("about:blank")  # before the server goes

    return open_dataset


def flat(value: int, rows: int = 20, columns: int = 20, **elements):
    """An image of one value, shown with a window from 0 to 255."""
    return image(
        rows,
        columns,
        PixelData=np.full((rows, columns), value, "<u2").tobytes(),
        WindowCenter=128,
        WindowWidth=256,
        **elements,
    )


def test_windows_of_the_file_are_chosen_by_name(page, opened):
    dataset = flat(100)
    dataset.WindowCenter, dataset.WindowWidth = [128, 50], [256, 20]
    dataset.WindowCenterWidthExplanation = ["WIDE", "NARROW"]
    with opened(dataset):
        windows = page.get_by_role("combobox", name="Window")
        expect(windows.locator("option")).to_have_text(
            [
                re.compile("WIDE: C 128"),
                re.compile("NARROW: C 50"),
                "1st to 99th percentile",
                "Full dynamic range",
            ]
        )
        assert grey_at(page, *center(page)) == 100
        windows.select_option(label="NARROW: C 50  W 20")
        expect(field(page, "window")).to_contain_text("NARROW")
        wait_drawn(page)
        assert grey_at(page, *center(page)) == 255
        page.keyboard.press("Escape")
        page.locator("[aria-label=Viewport]").focus()
        page.keyboard.press("x")
        expect(windows).to_have_value("full")
        page.keyboard.press("n")
        expect(field(page, "window")).to_contain_text("WIDE")


def test_a_large_frame_is_bridged_by_a_preview(page, tmp_path):
    (tmp_path / "large.dcm").write_bytes(part10(flat(90, 1100, 1000)))
    held = []

    def hold(route):
        held.append(route)

    page.route("**/frame/0/raw?*", hold)
    with ServerProcess(str(tmp_path)) as server:
        page.goto(server.url)
        expect(page.get_by_text("Preview", exact=True)).to_be_visible()
        assert shown(page) == ""
        assert abs(grey_at(page, *center(page)) - 90) <= 1
        for route in held:
            route.continue_()
        expect(page.locator('[data-shown="0/0"]')).to_be_visible()
        expect(page.get_by_text("Preview", exact=True)).to_have_count(0)
        assert grey_at(page, *center(page)) == 90
        page.goto("about:blank")


def test_the_page_says_why_a_picture_looks_as_it_does(page, opened):
    dataset = flat(
        100, RescaleSlope=2, RescaleIntercept=-72, WindowCenterWidthExplanation="ALL OF IT"
    )
    with opened(dataset):
        page.keyboard.press("e")
        panel = page.get_by_role("complementary", name="Why does it look like this")
        modality = panel.locator('[data-step="modality"]')
        expect(modality).to_contain_text("(0028,1053) Rescale Slope")
        expect(modality).to_contain_text("stored value x 2 - 72")
        expect(panel.locator('[data-step="voi"]')).to_contain_text("ALL OF IT")
        page.mouse.move(*center(page))
        # 100 x 2 - 72 = 128; (128 - 127.5) / 255 + 0.5 of 255 is 128.
        expect(panel.locator('[data-step="samples"] output')).to_have_text("100")
        expect(modality.locator("output")).to_have_text("128")
        expect(panel.locator('[data-step="output"] output')).to_have_text("128")
        page.keyboard.press("x")
        expect(panel.locator('[data-step="voi"]')).to_contain_text("minimum to maximum")
        page.keyboard.press("t")
        expect(panel).to_have_count(0)
        expect(page.get_by_role("complementary", name="DICOM tags")).to_be_visible()


def with_overlay(dataset, bits, origin, label):
    rows, columns = bits.shape
    dataset.add_new(0x60000010, "US", rows)
    dataset.add_new(0x60000011, "US", columns)
    dataset.add_new(0x60000040, "CS", "G")
    dataset.add_new(0x60000050, "SS", list(origin))
    dataset.add_new(0x60000100, "US", 1)
    dataset.add_new(0x60000102, "US", 0)
    dataset.add_new(0x60001500, "LO", label)
    packed = np.packbits(bits.ravel(), bitorder="little").tobytes()
    dataset.add_new(0x60003000, "OW", packed + bytes(len(packed) % 2))
    return dataset


def pixel_middle(page, row: int, column: int) -> tuple[float, float]:
    """Where the middle of a pixel of a fitted 20 x 20 image lies on the screen."""
    box = page.locator("[data-shown]").bounding_box()
    side = min(box["width"], box["height"])
    left = box["x"] + (box["width"] - side) / 2
    top = box["y"] + (box["height"] - side) / 2
    return left + (column + 0.5) * side / 20, top + (row + 0.5) * side / 20


def test_an_overlay_is_shown_where_its_origin_is_and_named(page, opened):
    dataset = with_overlay(flat(60), np.ones((4, 3), bool), (9, 13), "Marked field")
    with opened(dataset):
        inside, outside = pixel_middle(page, 8, 12), pixel_middle(page, 7, 12)
        assert grey_at(page, *inside) == 60
        page.keyboard.press("o")
        expect(page.get_by_role("list", name="Layers")).to_contain_text("Marked field")
        expect(page.locator('[data-overlays="1"]')).to_be_attached()
        red, _, blue = color_at(page, *inside)
        assert red > 200
        assert blue < 100
        assert grey_at(page, *outside) == 60
        assert color_at(page, *pixel_middle(page, 11, 14))[0] > 200
        assert grey_at(page, *pixel_middle(page, 12, 14)) == 60
        page.keyboard.press("h")
        wait_drawn(page)
        assert grey_at(page, *inside) == 60
        assert color_at(page, *pixel_middle(page, 8, 19 - 12))[0] > 200
        page.get_by_role("button", name="Overlays").click()
        expect(page.locator('[data-overlays="0"]')).to_be_attached()
        assert grey_at(page, *pixel_middle(page, 8, 19 - 12)) == 60


def test_the_shutter_hides_what_lies_outside_of_it(page, opened):
    dataset = flat(
        200,
        ShutterShape="RECTANGULAR",
        ShutterLeftVerticalEdge=4,
        ShutterRightVerticalEdge=17,
        ShutterUpperHorizontalEdge=6,
        ShutterLowerHorizontalEdge=15,
        ShutterPresentationValue=0,
    )
    with opened(dataset):
        outside = [(4, 9), (15, 9), (9, 2), (9, 17)]
        inside = [(5, 9), (14, 9), (9, 3), (9, 16)]
        assert {grey_at(page, *pixel_middle(page, *place)) for place in outside} == {200}
        page.keyboard.press("d")
        expect(page.locator('[data-shutter="true"]')).to_be_attached()
        assert {grey_at(page, *pixel_middle(page, *place)) for place in outside} == {0}
        assert {grey_at(page, *pixel_middle(page, *place)) for place in inside} == {200}


def test_pixels_twice_as_high_as_wide_make_a_picture_twice_as_high(page, opened):
    with opened(flat(255, PixelAspectRatio=["2", "1"])):
        box = page.locator("[data-shown]").bounding_box()
        x, y = center(page)
        # Away from the texts in the corners: one line down the middle, one across it.
        whole = np.asarray(screen(page))[..., 0]
        column = whole[int(box["y"]) : int(box["y"] + box["height"]), int(x)]
        row = whole[int(y), int(box["x"]) : int(box["x"] + box["width"])]
        assert (column == 255).sum() == pytest.approx(2 * (row == 255).sum(), abs=2)
        width = (row == 255).sum()
        page.mouse.move(x + width / 2 - 3, y + 3)
        expect(field(page, "position")).to_contain_text("19, 10")


def profile_with_red_and_green_exchanged() -> bytes:
    """The sRGB profile with the colorants of red and green in each other's place."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(profile[128:132])
    tags = {bytes(profile[start : start + 4]): start for start in range(132, 132 + 12 * count, 12)}
    red, green = tags[b"rXYZ"] + 4, tags[b"gXYZ"] + 4
    profile[red : red + 8], profile[green : green + 8] = (
        profile[green : green + 8],
        profile[red : red + 8],
    )
    return bytes(profile)


def test_colours_of_a_profile_are_turned_into_those_of_the_screen(page, opened):
    dataset = image(
        20,
        20,
        SamplesPerPixel=3,
        PhotometricInterpretation="RGB",
        PlanarConfiguration=0,
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
        PixelData=bytes([250, 10, 10]) * 400,
        ICCProfile=profile_with_red_and_green_exchanged(),
    )
    with opened(dataset):
        red, green, _ = color_at(page, *center(page))
        assert green > 200
        assert red < 60
        expect(field(page, "stored")).to_contain_text("250, 10, 10")
