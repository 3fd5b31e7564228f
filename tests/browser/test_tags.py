"""The tag panel: what a person finds, copies, compares and sees vary."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pydicom
import pytest
from browser.steps import open_page, open_series, shown, wait_at
from browser.test_craft import violations
from playwright.sync_api import expect
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from support.paths import FIXTURES
from support.server import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.one_size("large")

CT_SERIES = "Axial 7.5 mm"
ENHANCED_SERIES = "Axial 7.5 mm, enhanced"


def ct_slices() -> list[pydicom.Dataset]:
    """The CT slices in the order of their instance numbers."""
    found = [pydicom.dcmread(path) for path in sorted((FIXTURES / "ct").glob("*.dcm"))]
    return sorted(found, key=lambda dataset: int(dataset.InstanceNumber))


def groups_of_frames() -> Sequence:
    """What each frame of the enhanced CT has of its own."""
    dataset = pydicom.dcmread(FIXTURES / "ct-enhanced/chest-abdomen.dcm")
    return dataset.PerFrameFunctionalGroupsSequence


def open_tags(page: Page, server: ServerProcess, series: str = CT_SERIES) -> Locator:
    """Open a series and the tag panel."""
    open_page(page, server.url)
    open_series(page, series)
    page.keyboard.press("t")
    return page.get_by_role("complementary", name="DICOM tags")


def open_view(panel: Locator, name: str) -> None:
    panel.get_by_role("tab", name=name).click()
    expect(panel.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")


def search(panel: Locator, words: str) -> None:
    panel.get_by_role("searchbox").fill(words)


def element(panel: Locator, tag: str) -> Locator:
    """The row of an element in the tree."""
    return panel.get_by_role("row").filter(has=panel.page.get_by_text(tag, exact=True))


def clipboard(page: Page) -> str:
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def downloaded(page: Page, button: Locator) -> list[list[str]]:
    """The rows of the CSV that a button saves."""
    with page.expect_download() as waiting:
        button.click()
    path = Path(waiting.value.path())
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines))


def test_tags_follow_the_image(page, server):
    panel = open_tags(page, server)
    search(panel, "instancenumber")
    value = element(panel, "(0020,0013)").locator(".value")
    expect(value).to_have_text("1")
    page.locator("section[aria-label=Viewport]").first.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(value).to_have_text("5")
    page.keyboard.press("End")
    expect(value).to_have_text(str(len(ct_slices())))
    expect(panel.get_by_text("1 hit")).to_be_visible()


def test_stepping_through_frames_asks_for_the_tags_of_the_last_only(page, server):
    panel = open_tags(page, server)
    search(panel, "instancenumber")
    value = element(panel, "(0020,0013)").locator(".value")
    expect(value).to_have_text("1")
    page.locator("section[aria-label=Viewport]").first.focus()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    # From within the page: as fast as they are shown, however slow the machine.
    page.evaluate(
        """async () => {
          for (let step = 0; step < 15; step++) {
            document.activeElement.dispatchEvent(
              new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true })
            );
            await new Promise(requestAnimationFrame);
          }
        }"""
    )
    expect(value).to_have_text("16")
    assert len([url for url in asked if url.endswith("/tags")]) <= 2


@pytest.fixture(scope="module")
def private_server(tmp_path_factory) -> Iterator[ServerProcess]:
    """A slice whose sequence in a private block holds a private element."""
    folder = tmp_path_factory.mktemp("private")
    dataset = pydicom.dcmread(FIXTURES / "ct/slice-01.dcm")
    item = Dataset()
    item.private_block(0x0029, "ACME IMAGING", create=True).add_new(0x10, "LO", "hidden treasure")
    item.CodeMeaning = "beside it"
    block = dataset.private_block(0x0019, "ACME IMAGING", create=True)
    block.add_new(0x01, "SQ", Sequence([Dataset(), item]))
    dataset.ImageComments = "first of many words " * 200 + "last"
    dataset.save_as(folder / "private.dcm")
    with ServerProcess(str(folder)) as server:
        server.wait_scanned()
        yield server


def test_a_nested_private_element_is_found_by_its_value_inside_its_parents(page, private_server):
    open_page(page, private_server.url)
    page.keyboard.press("t")
    panel = page.get_by_role("complementary", name="DICOM tags")
    search(panel, "treasure")
    expect(panel.get_by_text("1 hit")).to_be_visible()
    rows = panel.get_by_role("treegrid").get_by_role("row")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("(0019,1001)")
    expect(rows.nth(1)).to_contain_text("Item 2")
    expect(rows.nth(2)).to_contain_text("(0029,1010)")
    expect(rows.nth(2)).to_contain_text("ACME IMAGING")
    expect(panel.locator("mark")).to_have_text("treasure")
    expect(panel.get_by_text("beside it")).not_to_be_visible()


def test_a_word_behind_what_the_page_holds_is_found_and_the_value_can_be_read(page, private_server):
    open_page(page, private_server.url)
    page.keyboard.press("t")
    panel = page.get_by_role("complementary", name="DICOM tags")
    search(panel, "last 0020,4000")
    expect(panel.get_by_text("1 hit")).to_be_visible()
    comments = element(panel, "(0020,4000)")
    expect(comments.locator("mark").last).to_have_text("last")
    comments.focus()
    page.keyboard.press("Space")
    expect(comments).to_have_attribute("aria-expanded", "true")
    expect(panel.locator(".line").first).to_contain_text("words")


def test_cells_and_keys_copy_value_keyword_and_path(page, server):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    panel = open_tags(page, server, ENHANCED_SERIES)
    search(panel, "imagepositionpatient")
    row = element(panel, "(0020,0032)").first
    row.locator(".value").click()
    expect(row.get_by_text("Copied")).to_be_visible()
    expected = groups_of_frames()[0].PlanePositionSequence[0].ImagePositionPatient
    assert [float(part) for part in clipboard(page).split("\\")] == list(map(float, expected))

    row.locator(".name").click()
    expect(row.get_by_text("Copied")).to_be_visible()
    assert clipboard(page) == "ImagePositionPatient"
    row.locator(".tag").click()
    expect(panel.get_by_text("Copied the path")).to_be_attached()
    assert clipboard(page) == "(5200,9230)[0].(0020,9113)[0].(0020,0032)"

    search(panel, "manufacturer")
    made_by = element(panel, "(0008,0070)")
    made_by.focus()
    page.keyboard.press("Enter")
    expect(made_by.get_by_text("Copied")).to_be_visible()
    assert clipboard(page) == "dcmview phantom"
    page.keyboard.press("Shift+Enter")
    expect(panel.get_by_text("Copied the keyword")).to_be_attached()
    assert clipboard(page) == "Manufacturer"
    page.keyboard.press("Control+Enter")
    expect(panel.get_by_text("Copied the path")).to_be_attached()
    assert clipboard(page) == "(0008,0070)"
    page.keyboard.press("Control+c")
    expect(panel.get_by_text("Copied the value")).to_be_attached()
    assert clipboard(page) == "dcmview phantom"


def test_the_functional_groups_of_the_frame_on_screen_stand_on_top(page, server):
    panel = open_tags(page, server, ENHANCED_SERIES)
    groups = groups_of_frames()
    rows = panel.get_by_role("treegrid").get_by_role("row")
    expect(rows.first).to_contain_text("Frame 1")
    table = element(panel, "(0018,9327)").first.locator(".value")
    expect(table).to_have_text(f"{groups[0].CTPositionSequence[0].TablePosition:g}")
    page.locator("section[aria-label=Viewport]").first.focus()
    page.keyboard.press("PageDown")
    expect(rows.first).to_contain_text("Frame 11")
    expect(table).to_have_text(f"{groups[10].CTPositionSequence[0].TablePosition:g}")


def test_columns_are_resized_with_mouse_and_keys_and_names_become_keywords(page, server):
    panel = open_tags(page, server)
    handle = panel.get_by_role("separator", name="Width of names")
    name = element(panel, "(0008,0060)").locator(".name")

    def width() -> float:
        box = name.bounding_box()
        assert box is not None
        return box["width"]

    before = width()
    handle.focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    assert before - width() == pytest.approx(60, abs=1)
    box = handle.bounding_box()
    assert box is not None
    page.mouse.move(box["x"], box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + 30, box["y"] + 5)
    page.mouse.up()
    assert before - width() == pytest.approx(30, abs=2)

    expect(panel.get_by_text("Study Date", exact=True)).to_be_visible()
    panel.get_by_role("button", name="Name").click()
    expect(panel.get_by_text("StudyDate", exact=True)).to_be_visible()


def test_compare_marks_what_changed_and_follows_the_image(page, server):
    panel = open_tags(page, server)
    open_view(panel, "Compare")
    rows = panel.get_by_role("treegrid").get_by_role("row")
    number = rows.filter(has_text="InstanceNumber")
    expect(number.locator(".first")).to_have_text("1")
    expect(number.locator(".second")).to_have_text("2")
    expect(number.locator("mark")).to_have_text(["1", "2"])
    expect(number).to_contain_text("≠")
    expect(panel.get_by_text("Modality")).not_to_be_visible()
    panel.get_by_label("Same too").check()
    search(panel, "modality")
    expect(rows.filter(has_text="Modality")).to_contain_text("=")

    search(panel, "instancenumber")
    panel.get_by_role("button", name="Compare from here").click()
    page.locator("section[aria-label=Viewport]").first.focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    expect(number.locator(".first")).to_have_text("1")
    expect(number.locator(".second")).to_have_text("7")


def test_compare_says_what_only_one_has_and_saves_it_as_csv(page, server):
    panel = open_tags(page, server)
    open_view(panel, "Compare")
    panel.get_by_role("button", name="Compare from here").click()
    open_series(page, "T1 axial 5 mm")
    search(panel, "kvp")
    rows = panel.get_by_role("treegrid").get_by_role("row")
    expect(rows.filter(has_text="KVP")).to_contain_text("−")
    expect(rows.filter(has_text="KVP").locator(".second")).to_have_text("not there")
    search(panel, "echotime")
    expect(rows.filter(has_text="EchoTime")).to_contain_text("+")

    table = downloaded(page, panel.get_by_role("button", name="Save the comparison as CSV"))
    states = {row[0]: row[2] for row in table[1:]}
    assert table[0] == ["name", "tag", "state", "first_vr", "first", "second_vr", "second"]
    assert (states["KVP"], states["EchoTime"], states["Modality"]) == (
        "only_first",
        "only_second",
        "changed",
    )
    modality = next(row for row in table if row[0] == "Modality")
    assert modality[3:] == ["CS", "CT", "CS", "MR"]


def test_varies_shows_a_row_a_file_and_goes_to_the_one_that_is_clicked(page, server):
    panel = open_tags(page, server)
    open_view(panel, "Varies")
    grid = panel.get_by_role("grid", name="What varies")
    search(panel, "instancenumber")
    reference = ct_slices()
    rows = grid.get_by_role("row")
    expect(grid).to_have_attribute("aria-rowcount", str(len(reference) + 1))
    expect(rows.nth(1).get_by_role("gridcell")).to_have_text("1")
    expect(rows.nth(1)).to_have_attribute("aria-selected", "true")

    before = shown(page)
    rows.nth(8).get_by_role("gridcell").click()
    wait_at(page, f"8 / {len(reference)}")
    expect(rows.nth(8)).to_have_attribute("aria-selected", "true")
    expect(page.locator(f'[data-shown]:not([data-shown="{before}"])').first).to_be_visible()

    # Keys go from cell to cell, and the row of the image is followed.
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    wait_at(page, f"9 / {len(reference)}")
    page.locator("section[aria-label=Viewport]").first.focus()
    page.keyboard.press("End")
    last = grid.get_by_role("row", selected=True)
    expect(last.get_by_role("gridcell")).to_have_text(str(len(reference)))
    expect(last).to_be_in_viewport()


def test_what_does_not_vary_is_folded_and_the_table_is_saved_as_csv(page, server):
    panel = open_tags(page, server)
    open_view(panel, "Varies")
    fold = panel.get_by_role("button", name=re.compile("elements the same in all 22 files"))
    expect(panel.get_by_text("ORIGINAL\\PRIMARY\\AXIAL")).not_to_be_visible()
    fold.click()
    same = panel.get_by_role("treegrid", name="What is the same")
    expect(same.get_by_text("ORIGINAL\\PRIMARY\\AXIAL")).to_be_visible()

    header, *rows = downloaded(page, panel.get_by_role("button", name="Save the table as CSV"))
    reference = ct_slices()
    column = {name: [row[place] for row in rows] for place, name in enumerate(header)}
    assert column["InstanceNumber"] == [str(each.InstanceNumber) for each in reference]
    assert column["SOPInstanceUID"] == [each.SOPInstanceUID for each in reference]
    assert column["SliceLocation"] == [str(each.SliceLocation) for each in reference]
    assert "Modality" not in column


def test_varies_over_chosen_images_and_over_frames(page, server):
    panel = open_tags(page, server)
    open_view(panel, "Varies")
    panel.get_by_label("Over what").select_option(label="Chosen images…")
    panel.get_by_label("Images", exact=True).fill("3-5, 9")
    search(panel, "instancenumber")
    grid = panel.get_by_role("grid", name="What varies")
    cells = grid.get_by_role("gridcell")
    expect(cells).to_have_text(["3", "4", "5", "9"])
    panel.get_by_label("Images", exact=True).fill("3-99")
    expect(panel.get_by_text("Images count from 1 to 22")).to_be_visible()

    open_series(page, ENHANCED_SERIES)
    panel.get_by_label("Over what").select_option(label="Frames of this file")
    search(panel, "tableposition")
    groups = groups_of_frames()
    expect(grid.get_by_role("rowheader").first).to_have_text("Frame 1")
    expect(cells.first).to_have_text(str(groups[0].CTPositionSequence[0].TablePosition))
    grid.get_by_role("rowheader", name="Frame 4").click()
    wait_at(page, f"4 / {len(groups)}")


def test_who_the_patient_is_can_be_covered_in_all_views(page, server):
    panel = open_tags(page, server)
    page.keyboard.press("Shift+K")
    search(panel, "patientname")
    expect(element(panel, "(0010,0010)").locator(".value")).to_have_text("hidden")
    open_view(panel, "Compare")
    panel.get_by_label("Same too").check()
    search(panel, "patientname")
    row = panel.get_by_role("treegrid").get_by_role("row").filter(has_text="PatientName")
    expect(row.locator(".first")).to_have_text("hidden")
    expect(row.locator(".second")).to_have_text("hidden")
    open_view(panel, "Varies")
    panel.get_by_role("button", name=re.compile("the same in all")).click()
    same = panel.get_by_role("treegrid", name="What is the same")
    same.get_by_role("row").first.focus()
    name = same.get_by_role("row").filter(has_text="PatientName")
    for _ in range(20):
        if name.count() == 0:
            page.keyboard.press("ArrowDown")
            page.keyboard.press("ArrowDown")
    expect(name.locator(".value")).to_have_text("hidden")
    page.locator("section[aria-label=Viewport]").first.focus()
    page.keyboard.press("Shift+K")
    open_view(panel, "Tags")
    expect(element(panel, "(0010,0010)").locator(".value")).to_have_text("Phantom^Thorax")


@pytest.mark.parametrize("view", ["Tags", "Compare", "Varies"])
def test_axe_finds_nothing_serious_in_the_views_of_the_tag_panel(page, server, view):
    panel = open_tags(page, server, ENHANCED_SERIES)
    open_view(panel, view)
    expect(panel.get_by_role("row").nth(1)).to_be_visible()
    if view == "Varies":
        panel.get_by_role("button", name=re.compile("the same in all")).click()
        expect(panel.get_by_role("treegrid", name="What is the same")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Shift+D")
    assert violations(page) == []


def test_the_panel_can_be_narrow_and_wide(page, server):
    panel = open_tags(page, server, ENHANCED_SERIES)
    handle = page.get_by_role("separator", name="Width of the panel")
    handle.focus()
    for key in ("ArrowRight", "ArrowLeft"):
        for _ in range(30):
            page.keyboard.press(key)
        for view in ("Tags", "Compare", "Varies"):
            open_view(panel, view)
            outside = panel.evaluate(
                """panel => {
                  const edge = panel.getBoundingClientRect().right + 1;
                  return [...panel.querySelectorAll('button, select, input, [role=tab], label')]
                    .filter((control) => control.getBoundingClientRect().right > edge)
                    .map((control) => control.outerHTML);
                }"""
            )
            assert outside == []
            handle.focus()
