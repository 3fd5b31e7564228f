"""ROIs taken out of the page in every form, and brought in again by drop."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import zipfile

import numpy as np
import pydicom
import pytest
from browser.steps import center, open_page
from browser.test_craft import violations
from PIL import Image
from playwright.sync_api import expect
from pydicom.data import get_testdata_file
from support.server import ServerProcess

from dcmview.exchange.dicom_content import FORM_BY_CLASS

CT, MULTIFRAME = range(2)
CT_UID = "1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322"
BOX = {
    "id": "box",
    "kind": "rectangle",
    "points": [{"x": 20, "y": 10}, {"x": 40, "y": 30}],
    "label": "mass",
    "score": 0.5,
}
ELLIPSE = {"id": "ellipse", "kind": "ellipse", "points": [{"x": 1, "y": 2}, {"x": 30, "y": 40}]}
OUTLINE = {
    "id": "outline",
    "kind": "polygon",
    "points": [{"x": 1, "y": 1}, {"x": 9, "y": 1}, {"x": 1, "y": 9}],
    "note": "=1+1",
}
REFUSED = ["Failed to load resource: the server responded with a status of 400"]

_DROP = """(files) => {
  const dataTransfer = new DataTransfer();
  for (const [name, bytes] of files)
    dataTransfer.items.add(new File([new Uint8Array(bytes)], name));
  for (const type of ['dragenter', 'dragover', 'drop'])
    document.querySelector('[data-shown]').dispatchEvent(
      new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exchange")
    for name, source in {"0-ct.dcm": "CT_small.dcm", "1-multi.dcm": "emri_small.dcm"}.items():
        shutil.copy(get_testdata_file(source, download=False), folder / name)
    with ServerProcess("--no-rescue", str(folder)) as server:
        server.wait_scanned()
        yield server


def put(server, rois, index=CT):
    answer = server.request("PUT", f"/api/file/{index}/rois", {"rois": rois}, {"If-Match": "*"})
    assert answer.status == 200


def rois(server, index=CT):
    return server.get(f"/api/file/{index}/rois").json["rois"]


def menu(page):
    opened = page.get_by_role("group", name="Export ROIs or import")
    if not opened.is_visible():
        page.keyboard.press("Shift+B")
    expect(opened.locator("[aria-busy=false]")).to_be_visible()
    return opened


def saved(page, form: str) -> tuple[str, bytes]:
    """Name and content of what a form saves."""
    with page.expect_download() as download:
        menu(page).get_by_role("button", name=re.compile(f"^{form} ")).click()
    return download.value.suggested_filename, download.value.path().read_bytes()


def drop(page, *files: tuple[str, str | bytes]):
    """Let files fall on the image; give the dialog that asks about them."""
    sent = [(name, list(text.encode() if isinstance(text, str) else text)) for name, text in files]
    page.evaluate(_DROP, sent)
    dialog = page.get_by_role("dialog", name="Import ROIs")
    expect(dialog).to_be_visible()
    return dialog


def told(page):
    dialog = page.get_by_role("dialog", name="Imported")
    expect(dialog).to_be_visible()
    return dialog


def close(page):
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def coco(*annotations, file="0-ct.dcm"):
    return json.dumps(
        {
            "images": [
                {"id": 1, "file_name": file, "width": 128, "height": 128},
                {"id": 2, "file_name": "elsewhere.png", "width": 10, "height": 10},
            ],
            "categories": [{"id": 7, "name": "nodule"}],
            "annotations": [{"id": n, "category_id": 7, **a} for n, a in enumerate(annotations, 1)],
        }
    )


@pytest.mark.one_size("small")
def test_each_form_says_what_it_leaves_behind_before_it_is_saved(page, server):
    put(server, [BOX, ELLIPSE, OUTLINE])
    open_page(page, server.url)
    opened = menu(page)
    entry = opened.get_by_role("button", name="EMBED CSV")
    for words in ("1 of 3 ROIs", "ellipses (1)", "polygons (1)", "labels (1)", "scores (1)"):
        expect(entry).to_contain_text(words)
    expect(opened.get_by_role("button", name="dcmview JSON")).to_contain_text("All 3 ROIs")
    expect(opened.get_by_role("button", name="COCO JSON")).to_contain_text("2 of 3 ROIs")
    expect(opened.get_by_role("button", name="COCO JSON")).to_contain_text("notes (1)")
    # The keys are on the first form, and go from one to the next.
    expect(opened.get_by_role("button", name="dcmview JSON")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(opened.get_by_role("button", name="CSV table")).to_be_focused()
    page.keyboard.press("Escape")
    expect(opened).not_to_be_visible()


@pytest.mark.one_size("small")
def test_every_form_of_the_server_is_in_the_menu_with_words_of_its_own(page, server):
    put(server, [BOX])
    open_page(page, server.url)
    offered = server.get("/api/annotations/export/preview").json["forms"]
    names = menu(page).locator(".name").all_inner_texts()
    assert len(set(names)) == len(offered)
    assert not set(names) & {form["format"] for form in offered}


@pytest.mark.one_size("small")
def test_json_csv_and_coco_are_saved_whole(page, server):
    put(server, [BOX, ELLIPSE, OUTLINE])
    open_page(page, server.url)
    assert server.get("/api/rois").json["unsaved_files"] > 0

    name, content = saved(page, "dcmview JSON")
    assert name == "dcmview-annotations.json"
    (file,) = (each for each in json.loads(content)["files"] if each["rois"])
    assert (file["sop_instance_uid"], file["rois"]) == (CT_UID, [BOX, ELLIPSE, OUTLINE])
    expect(menu(page).get_by_role("status")).to_contain_text("Saved as dcmview-annotations.json")
    server.wait_unsaved(0)

    name, content = saved(page, "CSV table")
    assert name == "dcmview-annotations-table.csv"
    rows = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    assert [row["kind"] for row in rows] == ["rectangle", "ellipse", "polygon"]
    assert [rows[0][key] for key in ("xmin", "ymin", "xmax", "ymax")] == ["20", "10", "40", "30"]
    assert json.loads(rows[2]["points"]) == [[1, 1], [9, 1], [1, 9]]
    assert rows[2]["note"] == "'=1+1"

    name, content = saved(page, "CSV with statistics")
    assert name == "dcmview-annotations-statistics.csv"
    row = next(csv.DictReader(io.StringIO(content.decode(), newline="")))
    pixels = pydicom.dcmread(get_testdata_file("CT_small.dcm", download=False))
    hu = pixels.pixel_array * float(pixels.RescaleSlope) + float(pixels.RescaleIntercept)
    assert float(row["mean"]) == pytest.approx(hu[10:30, 20:40].mean())

    name, content = saved(page, "COCO JSON")
    assert name == "dcmview-annotations-coco.json"
    document = json.loads(content)
    assert [each["bbox"] for each in document["annotations"]] == [[20, 10, 20, 20], [1, 1, 8, 8]]
    assert document["annotations"][1]["segmentation"] == [[1, 1, 9, 1, 1, 9]]
    assert document["images"][0]["width"] == 128


@pytest.mark.one_size("small")
def test_boxes_are_saved_as_embed_csv(page, server):
    put(server, [BOX, ELLIPSE])
    open_page(page, server.url)
    name, content = saved(page, "EMBED CSV")
    assert name == "dcmview-annotations.csv"
    (row,) = csv.DictReader(io.StringIO(content.decode()))
    assert row["anon_dicom_path"].endswith("0-ct.dcm")
    assert (row["num_ROI"], row["ROI_coords"]) == ("1", "[[10,20,30,40]]")


@pytest.mark.one_size("small")
def test_masks_are_saved_with_every_pixel_of_a_box(page, server):
    put(server, [BOX])
    open_page(page, server.url)
    expected = np.zeros((128, 128), bool)
    expected[10:30, 20:40] = True
    for form in ("Masks, PNG", "Masks, NumPy"):
        _, content = saved(page, form)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            (member,) = (name for name in archive.namelist() if name != "labels.json")
            data = io.BytesIO(archive.read(member))
        assert member.startswith(CT_UID)
        mask = np.load(data) if member.endswith(".npy") else np.asarray(Image.open(data))
        np.testing.assert_array_equal(mask > 0, expected)


@pytest.mark.one_size("small")
def test_dicom_forms_are_saved_as_objects_of_their_classes(page, server):
    put(server, [BOX])
    open_page(page, server.url)
    for form, sop_class in {
        "DICOM SR": "1.2.840.10008.5.1.4.1.1.88.33",
        "DICOM SEG": "1.2.840.10008.5.1.4.1.1.66.4",
        "DICOM copies with overlays": "1.2.840.10008.5.1.4.1.1.2",
    }.items():
        _, content = saved(page, form)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            (member,) = (name for name in archive.namelist() if name.endswith(".dcm"))
            dataset = pydicom.dcmread(io.BytesIO(archive.read(member)))
        assert dataset.SOPClassUID == sop_class
    assert dataset.overlay_array(0x6000)[10:30, 20:40].all()
    assert dataset.overlay_array(0x6000).sum() == 20 * 20


@pytest.mark.one_size("small")
def test_a_form_that_needs_a_package_says_which_and_cannot_be_chosen(page, server):
    put(server, [BOX])
    open_page(page, server.url)

    def without_highdicom(route):
        answer = route.fetch().json()
        for form in answer["forms"]:
            if form["format"] == "sr":
                form["missing"] = "pip install 'dcmview[dicom-export]'"
        route.fulfill(json=answer)

    page.route("**/api/annotations/export/preview", without_highdicom)
    entry = menu(page).get_by_role("button", name=re.compile("^DICOM SR "))
    expect(entry).to_be_disabled()
    expect(entry).to_contain_text("pip install 'dcmview[dicom-export]'")


@pytest.mark.one_size("small")
def test_what_was_just_drawn_is_counted_and_saved(page, server):
    open_page(page, server.url)
    x, y = center(page)
    page.keyboard.press("r")
    page.mouse.move(x - 60, y - 60)
    page.mouse.down()
    page.mouse.move(x + 60, y + 40, steps=4)
    page.mouse.up()
    page.keyboard.press("Shift+B")
    expect(menu(page).get_by_role("button", name="dcmview JSON")).to_contain_text("The one ROI")
    _, content = saved(page, "dcmview JSON")
    (file,) = (each for each in json.loads(content)["files"] if each["rois"])
    assert [roi["kind"] for roi in file["rois"]] == ["rectangle"]


@pytest.mark.one_size("small")
def test_what_was_left_out_at_the_start_is_found_later(page, server, tmp_path):
    path = tmp_path / "truth.csv"
    rows = "".join(f"nowhere-{n}.dcm,1,2,3,4\n" for n in range(30))
    path.write_text(f"file,x1,y1,x2,y2\n{rows}0-ct.dcm,1,2,3,4\n")
    (folder,) = {os.path.dirname(file["path"]) for file in server.get("/api/files").json["files"]}
    with ServerProcess("--annotations", str(path), "--no-rescue", folder) as other:
        other.wait_scanned()
        open_page(page, other.url)
        notices = page.get_by_role("list", name="Notices").get_by_role("listitem")
        expect(notices.last).to_contain_text('More was left out: see Shift+B, "What was left out"')
        expect(notices).to_have_count(4)  # all of them would cover the page
        menu(page).get_by_role("button", name="What was left out").click()
        dialog = page.get_by_role("dialog", name="What was left out")
        expect(dialog).to_contain_text("Warnings since the server started: 31")
        dialog.get_by_role("searchbox").fill("nowhere-29.dcm")
        expect(dialog.get_by_role("listitem")).to_have_count(1)


@pytest.mark.one_size("small")
def test_a_menu_without_rois_says_what_to_do(page, server):
    page.on("filechooser", lambda _: None)
    open_page(page, server.url)
    opened = menu(page)
    expect(opened).to_contain_text("No file has ROIs yet")
    expect(opened.get_by_role("button")).to_have_count(1)
    with page.expect_file_chooser():
        opened.get_by_role("button", name="Import ROIs from files").click()


@pytest.mark.parametrize("page", ["Failed to load resource"], indirect=True)
@pytest.mark.one_size("small")
def test_why_there_is_no_export_stands_where_it_was_asked_for(page, server):
    put(server, [BOX])
    open_page(page, server.url)
    opened = menu(page)
    page.route(
        "**/api/annotations/export?*",
        lambda route: route.fulfill(status=500, json={"error": "no luck", "code": "error"}),
    )
    opened.get_by_role("button", name="COCO JSON").click()
    expect(opened.get_by_role("alert")).to_have_text("no luck")


@pytest.mark.one_size("small")
def test_predictions_are_dropped_and_go_to_a_read_only_layer(page, server):
    open_page(page, server.url)
    dialog = drop(
        page,
        (
            "model 7.json",
            coco(
                {"image_id": 1, "bbox": [3, 4, 10, 12], "score": 0.9},
                {"image_id": 1, "bbox": [3, 4, 10, 4000]},
                {"image_id": 2, "bbox": [1, 1, 2, 2]},
            ),
        ),
    )
    dialog.get_by_label("A read-only layer").check()
    expect(dialog.get_by_label("Layer of model 7.json")).to_have_value("model 7")
    dialog.get_by_role("button", name="Import").click()
    outcome = told(page).get_by_role("region", name="model 7.json")
    expect(outcome).to_contain_text("Added 1 ROI to 1 file.")
    expect(outcome.get_by_role("list", name="Match no single file")).to_contain_text(
        "annotation 3matches no listed file: elsewhere.png"
    )
    expect(outcome.get_by_role("list", name="Left out")).to_contain_text("annotation 2")
    expect(outcome.get_by_role("list", name="Left out")).to_contain_text("outside the image")
    (added,) = rois(server)
    assert added["points"] == [{"x": 3, "y": 4}, {"x": 13, "y": 16}]
    assert (added["label"], added["score"]) == ("nodule", 0.9)
    assert (added["group"], added["locked"], added["source"]) == ("model 7", True, "model 7.json")
    expect(page.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    # What was left out is still to be found.
    menu(page).get_by_role("button", name="What was left out").click()
    expect(told(page)).to_contain_text("elsewhere.png")


@pytest.mark.one_size("small")
def test_files_are_chosen_by_key(page, server, tmp_path):
    path = tmp_path / "truth.json"
    path.write_text(coco({"image_id": 1, "bbox": [3, 4, 10, 12]}))
    page.on("filechooser", lambda _: None)  # so that the browser hands over the first one, too
    open_page(page, server.url)
    for sentence in ("Added 1 ROI to 1 file.", "1 ROI was there already."):  # and once more
        with page.expect_file_chooser() as chooser:
            page.keyboard.press("Shift+G")
        chooser.value.set_files(path)
        page.get_by_role("dialog", name="Import ROIs").get_by_role("button", name="Import").click()
        expect(told(page)).to_contain_text(sentence)
        close(page)
    # What came in is drawn, without another visit.
    expect(page.get_by_role("group", name="ROIs on the image")).to_be_visible()


@pytest.mark.one_size("small")
def test_an_export_that_is_dropped_again_adds_nothing(page, server):
    put(server, [BOX, OUTLINE])
    open_page(page, server.url)
    name, content = saved(page, "dcmview JSON")
    page.keyboard.press("Escape")
    put(server, [BOX])
    for sentence in (
        "Added 1 ROI to 1 file. 1 ROI was there already.",
        "Nothing new was added. 2 ROIs were there already.",
    ):
        drop(page, (name, content)).get_by_role("button", name="Import").click()
        expect(told(page)).to_contain_text(sentence)
        close(page)
    assert rois(server) == [BOX, {**OUTLINE, "source": name}]


@pytest.mark.one_size("small")
def test_the_columns_of_a_table_are_said_by_hand(page, server):
    open_page(page, server.url)
    table = f"scan;left;top;wide;high;slice\n{CT_UID};5.5;6;10;20;\n9.9.9;1;1;1;1;\n"
    dialog = drop(page, ("reader.csv", table))
    button = dialog.get_by_role("button", name="Import")
    expect(button).to_be_disabled()
    expect(dialog.get_by_role("status")).to_contain_text("Say which column names the file")
    for column, meaning in {
        "scan": "SOP Instance UID",
        "left": "Left",
        "top": "Top",
        "wide": "Width",
        "high": "Height",
    }.items():
        dialog.get_by_label(f"What {column} is").select_option(meaning)
    expect(dialog.get_by_role("row", name="left")).to_contain_text("5.5")
    expect(dialog.get_by_role("status")).to_have_text("")
    button.click()
    expect(told(page)).to_contain_text("Added 1 ROI to 1 file.")
    expect(told(page)).to_contain_text("Matched: 1 row by SOP Instance UID.")
    expect(told(page)).to_contain_text("matches no listed file: SOP Instance UID 9.9.9")
    (added,) = rois(server)
    assert added["points"] == [{"x": 5.5, "y": 6}, {"x": 15.5, "y": 26}]
    assert "locked" not in added


@pytest.mark.one_size("small")
def test_long_lists_of_what_fits_nothing_are_searched_and_copied(page, server):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_page(page, server.url)
    rows = "".join(f"nowhere-{n}.dcm,1,2,3,4\n" for n in range(1_200))
    drop(page, ("many.csv", f"file,x1,y1,x2,y2\n{rows}")).get_by_role(
        "button", name="Import"
    ).click()
    outcome = told(page)
    expect(outcome).to_contain_text("Nothing new was added.")
    expect(outcome).to_contain_text("Match no single file: 1,200")
    expect(outcome).to_contain_text("The first 1,000 are listed.")
    outcome.get_by_role("searchbox").fill("nowhere-77.dcm")
    listed = outcome.get_by_role("list", name="Match no single file").get_by_role("listitem")
    expect(listed).to_have_count(1)
    outcome.get_by_role("button", name="Copy").click()
    expect(outcome.get_by_role("status").last).to_have_text("Copied 1 line")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "row 79\tmatches no listed file: nowhere-77.dcm"


@pytest.mark.one_size("small")
def test_files_that_are_no_rois_are_refused_plainly(page, server):
    open_page(page, server.url)
    with open(get_testdata_file("CT_small.dcm", download=False), "rb") as file:
        image = file.read()
    dialog = drop(page, ("scan.dcm", image), ("empty.json", ""))
    files = dialog.get_by_role("list", name="Files").get_by_role("listitem")
    expect(files.nth(0)).to_contain_text("This is a DICOM image or another object without ROIs")
    expect(files.nth(1)).to_contain_text("The file is empty.")
    expect(dialog.get_by_role("button", name="Import")).to_be_disabled()
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    assert rois(server) == []


@pytest.mark.one_size("small")
def test_dicom_objects_of_every_class_with_rois_are_not_refused(page, server):
    def head(sop_class: str) -> bytes:
        uid = sop_class.encode().ljust(len(sop_class) + len(sop_class) % 2, b"\0")
        meta = b"\x02\0\x02\0UI" + len(uid).to_bytes(2, "little") + uid
        return b"\0" * 128 + b"DICM" + meta

    open_page(page, server.url)
    classes = [each + "1" if each.endswith(".") else each for each in FORM_BY_CLASS]
    dialog = drop(page, *((f"{sop_class}.dcm", head(sop_class)) for sop_class in classes))
    expect(dialog.get_by_role("list", name="Files").get_by_role("listitem")).to_have_count(
        len(classes)
    )
    expect(dialog).not_to_contain_text("without ROIs")
    expect(dialog.get_by_role("button", name="Import")).to_be_enabled()


@pytest.mark.one_size("small")
@pytest.mark.parametrize("form", ["DICOM SR", "DICOM SEG", "Masks, PNG"])
def test_an_archive_that_was_saved_is_dropped_again(page, server, form):
    put(server, [BOX])
    open_page(page, server.url)
    name, content = saved(page, form)
    page.keyboard.press("Escape")
    put(server, [])
    drop(page, (name, content)).get_by_role("button", name="Import").click()
    expect(told(page)).to_contain_text("Added 1 ROI to 1 file.")
    (again,) = rois(server)
    corners = {(point["x"], point["y"]) for point in again["points"]}
    assert {x for x, _ in corners} == {20, 40}
    assert {y for _, y in corners} == {10, 30}
    assert again["label"] == "mass"


@pytest.mark.one_size("small")
def test_marks_of_triage_that_are_dropped_are_seen_at_once(page, server):
    open_page(page, server.url)
    path = next(file["path"] for file in server.get("/api/files").json["files"])
    table = f"path,mark,note\n{path},reject,blurred\n"
    drop(page, ("triage.csv", table)).get_by_role("button", name="Import").click()
    expect(told(page)).to_contain_text("Marked 1 file.")
    close(page)
    row = page.get_by_role("treeitem", name="0-ct.dcm")
    expect(row).to_contain_text("reject")
    server.request("PATCH", "/api/triage", {"files": [CT], "mark": None})


@pytest.mark.parametrize("page", REFUSED, indirect=True)
@pytest.mark.one_size("small")
def test_a_file_that_is_wrong_in_itself_says_where_and_the_others_go_in(page, server):
    open_page(page, server.url)
    dialog = drop(
        page,
        ("wrong.csv", "file,x1,y1,x2,y2\n0-ct.dcm,1,2,3,big\n"),
        ("good.csv", "file,x1,y1,x2,y2\n0-ct.dcm,1,2,3,4\n"),
    )
    dialog.get_by_role("button", name="Import").click()
    expect(told(page).get_by_role("region", name="wrong.csv")).to_contain_text(
        "row 2, column y2: not a number: big"
    )
    expect(told(page).get_by_role("region", name="good.csv")).to_contain_text("Added 1 ROI")
    assert len(rois(server)) == 1


@pytest.mark.one_size("small")
def test_a_file_over_64_mib_is_refused_in_words(page, server):
    open_page(page, server.url)
    page.evaluate(
        """() => {
          const dataTransfer = new DataTransfer();
          const content = new Uint8Array(65 * 1024 * 1024).fill(32);
          dataTransfer.items.add(new File([content], 'huge.json'));
          document.body.dispatchEvent(
            new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
        }"""
    )
    dialog = page.get_by_role("dialog", name="Import ROIs")
    expect(dialog).to_contain_text("The file has 65 MiB; at most 64 MiB can be imported.")


@pytest.mark.one_size("small")
def test_where_files_may_fall_is_seen_while_they_are_over_the_page(page, server):
    open_page(page, server.url)
    drag = """(type, relatedTarget) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(['x'], 'a.json'));
      const event = new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true });
      document.body.dispatchEvent(event);
      return event.defaultPrevented;
    }"""
    zone = page.get_by_text("Drop files with ROIs to import them")
    assert page.evaluate(f"({drag})('dragover')")
    expect(zone).to_be_visible()
    page.evaluate(f"({drag})('dragleave')")
    expect(zone).not_to_be_visible()


@pytest.mark.one_size("small")
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_serious_in_menu_and_dialogs(page, server, theme):
    put(server, [BOX, ELLIPSE])
    open_page(page, server.url)
    if theme == "light":
        page.keyboard.press("Shift+D")
    menu(page)
    assert violations(page) == []
    page.keyboard.press("Escape")
    table = "scan,left\n" + "0-ct.dcm,1\n" * 9
    dialog = drop(page, ("model.json", coco({"image_id": 2})), ("a.csv", table), ("b.csv", ""))
    dialog.get_by_label("A read-only layer").check()
    assert violations(page) == []
    close(page)
    annotations = [{"image_id": 2, "bbox": [1, 1, 2, 2]}] * 9
    drop(page, ("m.json", coco(*annotations)), ("b.csv", "")).get_by_role(
        "button", name="Import"
    ).click()
    expect(told(page)).to_contain_text("Match no single file: 9")
    assert violations(page) == []
