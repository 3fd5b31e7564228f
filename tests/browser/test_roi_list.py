"""Labels, layers, the list of ROIs, and predictions beside the truth."""

from __future__ import annotations

import re

import pytest
from browser.steps import eventually, open_page, open_series, screen, shown, wait_at
from browser.test_craft import violations
from browser.test_measure import Hand, shapes
from playwright.sync_api import Locator, Page, expect
from support.paths import FIXTURES
from support.server import ServerProcess

pytestmark = pytest.mark.one_size("large")

CT_SERIES = "Axial 7.5 mm"
SELECTED = (0x5A, 0xD1, 0xFF)


@pytest.fixture(scope="module")
def server():
    """A server of one CT series and a multi-frame file, with two labels and no ROI."""
    folders = (str(FIXTURES / "ct"), str(FIXTURES / "ultrasound"))
    with ServerProcess("--no-rescue", "--labels", "mass,cyst", *folders) as server:
        server.wait_scanned()
        yield server


def panel(page: Page) -> Locator:
    return page.get_by_role("complementary", name="ROIs")


def rows(page: Page) -> Locator:
    return panel(page).get_by_role("tree", name="ROIs").get_by_role("treeitem")


def files_of(server: ServerProcess, name: str = CT_SERIES) -> list[int]:
    """Indices of the frames of a series in the order in which they are scrolled through."""
    for line in server.get("/api/series").json["series"]:
        if line["series_description"] == name:
            return server.get(f"/api/series/{line['index']}").json["stacks"][0]["files"]
    raise LookupError(name)


def box(name: str, left: float, top: float = 100.0, **parts: object) -> dict:
    points = [{"x": left, "y": top}, {"x": left + 20, "y": top + 20}]
    return {"id": name, "kind": "rectangle", "points": points, **parts}


def put(server: ServerProcess, index: int, *rois: dict) -> None:
    path = f"/api/file/{index}/rois"
    answer = server.request("PUT", path, {"rois": list(rois)}, {"If-Match": "*"})
    assert answer.status == 200, answer.body


def predict(server: ServerProcess, *boxes: tuple[int, float, str, float]) -> None:
    """Import boxes of a model, each a file, its left side, its label and its score, read-only."""
    lines = ["path,xmin,ymin,xmax,ymax,label,score"]
    for index, left, label, score in boxes:
        path = server.get(f"/api/file/{index}/rois").json["path"]
        lines.append(f"{path},{left},100,{left + 20},120,{label},{score}")
    query = "group=model&locked=1&name=model.csv"
    table = "\n".join(lines).encode()
    answer = server.request("POST", f"/api/annotations/import?{query}", table)
    assert answer.status == 200, answer.body
    assert answer.json["added"] == len(boxes)


def open_ct(page: Page, server: ServerProcess) -> Hand:
    open_page(page, server.url)
    open_series(page, CT_SERIES)
    return Hand(page, 256, 256)


def line_color(page: Page, hand: Hand, column: float, row: float) -> tuple[int, int, int]:
    """The strongest colour within two CSS pixels of an image point."""
    x, y = hand.on_screen((column, row))
    picture = screen(page)
    around = [(int(x) + dx, int(y) + dy) for dx in range(-2, 3) for dy in range(-2, 3)]
    pixels = [picture.getpixel(place) for place in around]
    red, green, blue = max(pixels, key=lambda pixel: max(pixel) - min(pixel))
    return red, green, blue


def test_digits_label_what_is_drawn_and_labels_have_colours(page, server):
    hand = open_ct(page, server)
    page.keyboard.press("r")
    page.keyboard.press("2")
    expect(page.get_by_role("banner", name="Tools").get_by_text("cyst")).to_be_visible()
    hand.drag((60, 100), (90, 130))
    expect(shapes(page, "Rectangle, cyst")).to_have_count(1)
    expect(page.get_by_role("treeitem", name=CT_SERIES)).to_contain_text("1 ROI")
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    hand.drag((120, 100), (150, 130))
    expect(shapes(page, "Rectangle, mass")).to_have_count(1)
    page.keyboard.press("Escape")
    cyst = line_color(page, hand, 60, 115)
    mass = line_color(page, hand, 120, 115)
    assert cyst[1] > cyst[0] + 60  # green
    assert mass[0] > mass[1] + 60  # red
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+Shift+z")
    index = int(shown(page).split("/")[0])

    def are_stored() -> None:
        stored = server.get(f"/api/file/{index}/rois").json["rois"]
        assert [roi["label"] for roi in stored] == ["cyst", "mass"]

    eventually(page, are_stored)


def test_a_label_is_typed_in_the_panel_and_taken_away_by_key(page, server):
    index = files_of(server)[0]
    put(server, index, box("a", 60), box("b", 120))
    open_ct(page, server)
    page.keyboard.press("Shift+M")
    rows(page).nth(0).click()
    label = panel(page).get_by_role("combobox", name="Label").last
    label.fill("nodule")
    label.press("Enter")
    expect(rows(page).nth(0)).to_contain_text("nodule")
    # It has a key now: the third, after those of --labels.
    rows(page).nth(1).click()
    page.keyboard.press("3")
    expect(rows(page).nth(1)).to_contain_text("nodule")
    page.keyboard.press("-")
    expect(rows(page).nth(1)).to_contain_text("Rectangle")
    panel(page).get_by_role("tab", name="Labels and layers").click()
    listed = panel(page).get_by_role("list", name="Labels").get_by_role("button")
    expect(listed).to_contain_text(["No label", "mass", "cyst", "nodule"])
    expect(listed.nth(3)).to_contain_text("1")


def test_layers_are_made_moved_to_hidden_and_locked(page, server):
    index = files_of(server)[0]
    put(server, index, box("a", 60), box("b", 120))
    hand = open_ct(page, server)
    page.keyboard.press("Shift+M")
    panel(page).get_by_role("tab", name="Labels and layers").click()
    panel(page).get_by_label("New layer").fill("second look")
    panel(page).get_by_role("button", name="Add").click()
    layers = panel(page).get_by_role("list", name="Layers")
    expect(layers.get_by_role("button", name="second look 0 ROIs")).to_have_attribute(
        "aria-pressed", "true"
    )
    page.locator("[aria-label=Viewport]").focus()
    page.keyboard.press("r")
    hand.drag((60, 160), (90, 190))
    expect(layers.get_by_role("button", name="second look 1 ROI")).to_be_visible()
    # Hidden layers are not drawn.
    layers.get_by_role("button", name="Show second look").click()
    expect(shapes(page)).to_have_count(2)
    layers.get_by_role("button", name="Show second look").click()
    expect(shapes(page)).to_have_count(3)
    # What is locked can be selected and not deleted.
    layers.get_by_role("button", name="Lock second look").click()
    page.locator("[aria-label=Viewport]").focus()
    page.keyboard.press("Delete")
    expect(shapes(page)).to_have_count(3)
    layers.get_by_role("button", name="Lock second look").click()
    panel(page).get_by_role("tab", name="List").click()
    rows(page).nth(0).click()
    panel(page).get_by_role("combobox", name="Layer").last.select_option("second look")
    panel(page).get_by_role("combobox", name="Layer").first.select_option("second look")
    expect(rows(page)).to_have_count(2)


def test_a_layer_is_renamed_in_all_files(page, server):
    first, *_, last = files_of(server)
    put(server, first, box("a", 60, group="draft"))
    put(server, last, box("b", 60, group="draft"))
    open_ct(page, server)
    page.keyboard.press("Shift+M")
    panel(page).get_by_role("tab", name="Labels and layers").click()
    panel(page).get_by_role("button", name="Rename draft").click()
    name = panel(page).get_by_label("Name of the layer")
    name.fill("final")
    name.press("Enter")
    expect(panel(page).get_by_role("button", name="final 2 ROIs")).to_be_visible()

    def are_renamed() -> None:
        for index in (first, last):
            (roi,) = server.get(f"/api/file/{index}/rois").json["rois"]
            assert roi["group"] == "final"

    eventually(page, are_renamed)


def test_the_list_is_filtered_sorted_and_goes_where_the_roi_is(page, server):
    indices = files_of(server)
    put(server, indices[0], box("a", 60, label="mass", note="look again"))
    put(server, indices[4], box("b", 60, label="cyst"), box("c", 120, label="mass"))
    open_ct(page, server)
    page.keyboard.press("Shift+M")
    expect(rows(page)).to_have_count(3)
    panel(page).get_by_role("combobox", name="Label").first.select_option("mass")
    expect(rows(page)).to_have_count(2)
    rows(page).nth(1).click()
    wait_at(page, "5 / 22")
    expect(shapes(page, "Rectangle, mass")).to_have_count(1)
    panel(page).get_by_role("combobox", name="Where").select_option("This frame")
    expect(rows(page)).to_have_count(1)
    panel(page).get_by_role("combobox", name="Where").select_option("This stack")
    panel(page).get_by_role("combobox", name="Label").first.select_option("Any label")
    panel(page).get_by_role("combobox", name="Order").select_option("By label")
    expect(rows(page)).to_contain_text(["cyst", "mass", "mass"])
    panel(page).get_by_label("Search the ROIs").fill("again")
    expect(rows(page)).to_have_count(1)
    expect(panel(page).get_by_text("1 of 3")).to_be_visible()


def test_all_series_with_rois_are_listed_and_opened(page, server):
    put(server, files_of(server)[0], box("a", 60, label="mass"))
    other = max(each["index"] for each in server.get("/api/series").json["series"])
    file = server.get(f"/api/series/{other}").json["instances"]["index"][0]
    put(server, file, {"id": "p", "kind": "point", "points": [{"x": 5, "y": 5}]})
    open_ct(page, server)
    page.keyboard.press("Shift+M")
    panel(page).get_by_role("combobox", name="Where").select_option("All series")
    expect(rows(page)).to_have_count(2)
    expect(rows(page).nth(0)).to_contain_text(CT_SERIES)
    expect(rows(page).nth(0)).to_contain_text("1 ROI")
    rows(page).nth(1).click()
    expect(page.locator(f'[data-shown^="{file}/"]')).to_be_visible()
    expect(shapes(page, "Point")).to_have_count(1)


def test_five_thousand_rois_are_listed_with_few_rows_in_the_page(page, server):
    index = files_of(server)[0]
    rois = [box(f"r{n}", n % 200, n // 200 * 5, score=n / 5000) for n in range(5000)]
    put(server, index, *rois)
    open_ct(page, server)
    page.keyboard.press("Shift+M")
    expect(rows(page).first).to_be_visible()
    assert rows(page).count() < 60
    panel(page).get_by_role("combobox", name="Order").select_option("By score")
    expect(rows(page).first).to_contain_text("0.9998")
    rows(page).first.focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(panel(page).get_by_role("treeitem", selected=True)).to_have_count(1)
    panel(page).get_by_role("slider", name="Score from").fill("0.9")
    expect(panel(page).get_by_text("4,500 ROIs with a lower score are hidden.")).to_be_visible()


def test_the_score_slider_hides_on_the_image_and_says_how_many(page, server):
    index = files_of(server)[0]
    put(server, index, box("mine", 180))
    predict(server, (index, 60, "mass", 0.9), (index, 120, "mass", 0.3))
    open_ct(page, server)
    expect(shapes(page)).to_have_count(3)
    page.keyboard.press("Shift+M")
    slider = panel(page).get_by_role("slider", name="Score from")
    slider.fill("0.5")
    expect(shapes(page)).to_have_count(2)
    expect(rows(page)).to_have_count(2)
    expect(panel(page).get_by_text("1 ROI with a lower score is hidden.")).to_be_visible()


def test_predictions_are_dashed_and_taken_over_by_key(page, server):
    index = files_of(server)[0]
    predict(server, (index, 60, "mass", 0.9))
    hand = open_ct(page, server)
    line = page.locator("svg .isReadOnly .line")
    expect(line).to_have_css("stroke-dasharray", re.compile("6px, 4px"))
    hand.click((60, 110))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Delete")
    expect(shapes(page)).to_have_count(1)
    page.keyboard.press("Shift+Y")
    expect(shapes(page)).to_have_count(2)

    def is_taken_over() -> None:
        stored = server.get(f"/api/file/{index}/rois").json["rois"]
        mine = [roi for roi in stored if not roi.get("locked")]
        assert [(roi["label"], roi.get("group", ""), roi.get("score")) for roi in mine] == [
            ("mass", "", None)
        ]
        assert mine[0]["points"][0] == {"x": 60, "y": 100}

    eventually(page, is_taken_over)


def compare(page: Page) -> Locator:
    page.keyboard.press("Shift+M")
    panel(page).get_by_role("tab", name="Compare").click()
    expect(panel(page).get_by_role("combobox", name="Predictions")).to_contain_text("model")
    panel(page).get_by_role("combobox", name="Predictions").select_option("model")
    return panel(page).get_by_label("Outcome")


def test_predictions_are_compared_and_disagreements_are_stepped_through(page, server):
    indices = files_of(server)
    put(server, indices[0], box("a", 60, label="mass"), box("b", 120, label="mass"))
    put(server, indices[7], box("c", 60, label="cyst"))
    predict(
        server,
        (indices[0], 64, "mass", 0.9),  # 16 of 24 columns: 0.67
        (indices[0], 180, "mass", 0.4),  # extra
        (indices[7], 60, "mass", 0.8),  # another label
    )
    open_ct(page, server)
    outcome = compare(page)
    expect(outcome).to_have_text(
        re.compile(
            r"Matched\s*1\s*Missed\s*1\s*Extra\s*1\s*Other label\s*1\s*"
            r"Precision\s*33.3 %\s*Recall\s*33.3 %"
        )
    )
    # What is there says so on the image.
    expect(shapes(page, "Rectangle, Missed")).to_have_count(1)
    expect(shapes(page, "Rectangle, Extra")).to_have_count(1)
    page.locator("[aria-label=Viewport]").focus()
    page.keyboard.press(";")
    expect(panel(page).get_by_text("1 of 3 disagreements")).to_be_visible()
    page.keyboard.press(";")
    page.keyboard.press(";")
    wait_at(page, "8 / 22")
    expect(shapes(page, "Rectangle, Other label")).to_have_count(2)
    expect(panel(page).get_by_text("3 of 3 disagreements")).to_be_visible()
    page.keyboard.press(";")
    wait_at(page, "1 / 22")
    page.keyboard.press(":")
    wait_at(page, "8 / 22")
    # Labels left aside, and what the model is not sure of.
    panel(page).get_by_label("With the same label").uncheck()
    expect(outcome).to_have_text(re.compile(r"Matched\s*2\s*Missed\s*1\s*Extra\s*1"))
    panel(page).get_by_role("slider", name="Score from").fill("0.5")
    expect(outcome).to_have_text(re.compile(r"Matched\s*2\s*Missed\s*1\s*Extra\s*0"))
    panel(page).get_by_role("slider", name="Overlap").fill("0.7")
    expect(outcome).to_have_text(re.compile(r"Matched\s*1\s*Missed\s*2\s*Extra\s*1"))


def test_disagreements_in_other_series_are_reached(page, server):
    other = max(each["index"] for each in server.get("/api/series").json["series"])
    file = server.get(f"/api/series/{other}").json["instances"]["index"][0]
    predict(server, (files_of(server)[0], 60, "mass", 0.9), (file, 100, "mass", 0.9))
    open_ct(page, server)
    compare(page)
    page.locator("[aria-label=Viewport]").focus()
    page.keyboard.press(";")
    expect(panel(page).get_by_text("1 of 2 disagreements")).to_be_visible()
    page.keyboard.press(";")
    expect(page.locator(f'[data-shown^="{file}/"]')).to_be_visible()
    expect(shapes(page, "Rectangle, Extra")).to_have_count(1)


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("view", ["List", "Labels and layers", "Compare"])
def test_axe_finds_nothing_serious_in_the_views_of_the_panel(page, server, view, theme):
    index = files_of(server)[0]
    put(server, index, box("mine", 180, label="cyst", note="n"), box("b", 20, group="other"))
    predict(server, (index, 60, "mass", 0.9))
    open_ct(page, server)
    if theme == "light":
        page.keyboard.press("Shift+D")
    compare(page)
    page.locator("[aria-label=Viewport]").focus()
    page.keyboard.press(";")
    panel(page).get_by_role("tab", name=view).click()
    expect(panel(page).get_by_role("tab", name=view)).to_have_attribute("aria-selected", "true")
    assert violations(page) == []
