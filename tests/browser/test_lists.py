"""What a person sees of many files: the list while it grows, stacks, and what is no image."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from browser.steps import open_page, open_series, shown, wait_drawn
from playwright.sync_api import expect
from support.datasets import image, part10
from support.server import ServerProcess

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pydicom.dataset import Dataset

pytestmark = pytest.mark.one_size("large")

AXIAL = [1, 0, 0, 0, 1, 0]
SAGITTAL = [0, 1, 0, 0, 0, -1]


def in_series(number: int, instance: int, **elements: object) -> Dataset:
    """A 16 x 16 image of a series of one patient."""
    dataset = image(
        16,
        16,
        PatientName="Many^Files",
        PatientID="M1",
        StudyInstanceUID="1.2.826.1",
        StudyDate="20240131",
        SeriesInstanceUID=f"1.2.826.1.{number}",
        SeriesNumber=number,
        InstanceNumber=instance,
        SOPInstanceUID=f"1.2.826.1.{number}.{instance}",
        PixelData=np.full((16, 16), 100 + instance, "<u2").tobytes(),
        WindowCenter=128,
        WindowWidth=256,
    )
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset


def plane(instance: int, z: float, orientation: list[int] = AXIAL, **elements: object) -> Dataset:
    """An image of series 1 with its place in the patient."""
    axis = [0, 0, z] if orientation == AXIAL else [z, 0, 0]
    return in_series(
        1,
        instance,
        ImagePositionPatient=axis,
        ImageOrientationPatient=orientation,
        PixelSpacing=[1, 1],
        FrameOfReferenceUID="1.2.826.9",
        **elements,
    )


def write(folder: Path, name: str, dataset: Dataset) -> None:
    (folder / name).write_bytes(part10(dataset))


def expect_instance(server: ServerProcess, page: Page, number: int) -> None:
    """Wait until the file of this Instance Number is drawn."""
    files = server.get("/api/files").json["files"]
    index = next(file["index"] for file in files if int(file["instance_number"]) == number)
    expect(page.locator(f'[data-shown="{index}/0"]')).to_be_visible()


@pytest.fixture
def opened(page, tmp_path):
    """Serve a folder and open its page once the scan is over."""
    servers = []

    def open_folder(*arguments: str) -> ServerProcess:
        server = ServerProcess(str(tmp_path), *arguments)
        servers.append(server)
        server.wait_scanned()
        open_page(page, server.url)
        return server

    yield open_folder
    page.goto("about:blank")  # before the server goes
    for server in servers:
        server.stop()


def test_echoes_at_the_same_positions_have_a_slider_of_their_own(page, tmp_path, opened):
    echo_times = (20, 80)
    for echo, time_ms in enumerate(echo_times):
        for step in range(4):
            instance = echo * 4 + step + 1
            dataset = plane(instance, 3.0 * step, EchoTime=time_ms, EchoNumbers=echo + 1)
            dataset.Modality = "MR"
            write(tmp_path, f"{instance}.dcm", dataset)
    server = opened()
    values = page.get_by_role("slider", name="Echo Time")
    frames = page.get_by_role("slider", name="Frame")
    expect(values).to_have_attribute("aria-valuetext", "20 ms, 1 of 2")
    expect(frames).to_have_attribute("aria-valuetext", "Frame 1 of 4")
    expect_instance(server, page, 1)
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_label("Image 3 of 4")).to_be_visible()
    page.keyboard.press(".")
    expect(values).to_have_attribute("aria-valuetext", "80 ms, 2 of 2")
    expect(page.locator("[data-field=dimension]")).to_contain_text("80 ms, 2 / 2")
    expect(frames).to_have_attribute("aria-valuetext", "Frame 3 of 4")
    expect(page.get_by_text("Image 7")).to_be_visible()
    expect_instance(server, page, 7)
    page.mouse.move(700, 300)
    page.mouse.wheel(0, 100)
    expect(page.get_by_text("Image 8")).to_be_visible()
    page.mouse.wheel(0, 100)
    expect(frames).to_have_attribute("aria-valuetext", "Frame 4 of 4")
    values.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("Image 4", exact=True)).to_be_visible()
    expect_instance(server, page, 4)


def test_localizer_stands_apart_from_the_slices_it_came_with(page, tmp_path, opened):
    write(
        tmp_path,
        "1.dcm",
        plane(1, 0, SAGITTAL, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]),
    )
    for step in range(3):
        write(
            tmp_path,
            f"{step + 2}.dcm",
            plane(step + 2, 5.0 * step, ImageType=["ORIGINAL", "PRIMARY", "AXIAL"]),
        )
    write(tmp_path, "9.dcm", in_series(2, 9, SeriesDescription="Another"))
    opened()
    tree = page.get_by_role("tree")
    expect(tree.get_by_role("treeitem", level=4)).to_have_count(2)
    expect(page.get_by_label("Image 1 of 3")).to_be_visible()
    localizer = tree.get_by_role("treeitem", level=4).filter(has_text=re.compile("Localizer"))
    localizer.click()
    expect(localizer).to_have_attribute("aria-selected", "true")
    expect(page.get_by_label("Image 1 of 1")).to_be_visible()
    # Up goes to the stack before, Down to the next, whatever series it belongs to.
    page.keyboard.press("ArrowUp")
    expect(page.get_by_label("Image 1 of 3")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(tree.get_by_role("treeitem", selected=True)).to_contain_text("Another")


def test_missing_slice_is_said_beside_the_slider(page, tmp_path, opened):
    for step in (0, 1, 2, 4, 5, 6):
        write(tmp_path, f"{step}.dcm", plane(step + 1, 5.0 * step))
    opened()
    note = page.get_by_role("button", name="1 note")
    expect(note).to_have_accessible_description(re.compile("missing|gap", re.IGNORECASE))
    note.hover()
    expect(page.get_by_role("tooltip")).to_be_visible()


def test_files_that_come_later_join_the_list_and_the_open_series(page, tmp_path, opened):
    for instance in (1, 2):
        write(tmp_path, f"{instance}.dcm", plane(instance, 5.0 * instance))
    opened("--watch")
    tree = page.get_by_role("tree")
    expect(tree.get_by_role("treeitem", level=3)).to_have_count(1)
    expect(page.get_by_label("Image 1 of 2")).to_be_visible()
    before = shown(page)
    write(tmp_path, "3.dcm", plane(3, 15.0))
    write(tmp_path, "late.dcm", in_series(2, 1, SeriesDescription="Late"))
    expect(tree.get_by_role("treeitem").filter(has_text="Late")).to_be_visible()
    expect(page.get_by_label("Image 1 of 3")).to_be_visible()
    assert shown(page) == before


def test_series_appear_while_the_scan_runs(page, tmp_path):
    """A list of paths that pauses holds the scan open."""
    first = [f"{instance}.dcm" for instance in range(1, 17)]
    for instance, name in enumerate(first, 1):
        write(tmp_path, name, in_series(1, instance, SeriesDescription="Early"))
    write(tmp_path, "late.dcm", in_series(2, 1, SeriesDescription="Late"))
    pipe = tmp_path / "paths"
    os.mkfifo(pipe)
    server = ServerProcess("--file-list", str(pipe))
    try:
        with pipe.open("w") as paths:
            paths.writelines(f"{tmp_path / name}\n" for name in first)
            paths.flush()
            open_page(page, server.url)
            series = page.get_by_role("treeitem", level=3)
            expect(series).to_have_text(re.compile("Early"))
            expect(page.locator("[data-field=scan]")).to_contain_text("Scanning")
            before = shown(page)
            paths.write(f"{tmp_path / 'late.dcm'}\n")
        expect(series).to_have_count(2)
        expect(series.last).to_contain_text("Late")
        expect(page.locator("[data-field=scan]")).to_have_text("17 files")
        expect(page.get_by_label("Image 1 of 16")).to_be_visible()
        assert shown(page) == before
        page.goto("about:blank")  # before the server goes
    finally:
        server.stop()


def test_name_that_is_not_utf8_is_seen_in_the_list(page, tmp_path, opened):
    content = part10(in_series(1, 1))
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.dcm")).write_bytes(content)
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xe9b\xe9.txt")).write_bytes(b"no image")
    opened()
    tree = page.get_by_role("tree")
    expect(tree.get_by_role("treeitem").filter(has_text="caf\\xE9.dcm")).to_be_visible()
    page.keyboard.press("t")
    panel = page.get_by_role("complementary", name="DICOM tags")
    expect(panel.get_by_text("caf\\xE9.dcm")).to_be_visible()
    tree.get_by_role("treeitem").filter(has_text="Not images").click()
    expect(tree.get_by_role("treeitem").filter(has_text="b\\xE9b\\xE9.txt")).to_be_visible()


def test_files_that_cannot_be_read_are_named_with_the_reason(page, tmp_path, opened):
    write(tmp_path, "whole.dcm", in_series(1, 1))
    content = part10(in_series(1, 2))
    (tmp_path / "cut.dcm").write_bytes(content[:200])
    opened()
    group = page.get_by_role("treeitem").filter(has_text="Not readable")
    expect(group).to_contain_text("1 file")
    group.click()
    row = page.get_by_role("treeitem").filter(has_text="cut.dcm")
    expect(row).to_be_visible()
    assert len(row.inner_text().replace("cut.dcm", "").strip()) > 5


def test_archive_of_2000_files_is_scrolled_filtered_and_walked(page, tmp_path, opened):
    """Behaviour only; how quick it is, ``scripts/bench/page/lists`` measures."""
    for number in range(1, 401):
        folder = tmp_path / f"{number:03}"
        folder.mkdir()
        for instance in range(1, 6):
            dataset = in_series(number, instance, SeriesDescription=f"Series of {number:03}")
            dataset.PatientName = f"P{(number - 1) // 4:03}^Of"
            dataset.PatientID = f"ID{(number - 1) // 4:03}"
            dataset.StudyInstanceUID = f"1.2.826.1.{(number - 1) // 4}"
            write(folder, f"{instance}.dcm", dataset)
    opened()
    expect(page.get_by_text("400 entries")).to_be_visible()
    expect(page.locator("[data-field=scan]")).to_have_text("2,000 files")
    rows = page.get_by_role("treeitem")
    assert rows.count() < 60
    tree = page.get_by_role("tree")
    tree.evaluate("(list) => { list.scrollTop = list.scrollHeight; }")
    expect(rows.filter(has_text="Series of 400")).to_be_visible()
    open_series(page, "Series of 400")
    expect(page.get_by_label("Image 1 of 5")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("p041 of")
    expect(page.get_by_text("4 of 400 shown")).to_be_visible()
    expect(rows.filter(has_text="Series of")).to_have_count(4)
    rows.filter(has_text="Series of 166").click()
    for _ in range(6):  # beyond the last that the filter leaves
        page.keyboard.press("ArrowDown")
        wait_drawn(page)
    expect(page.get_by_role("treeitem", selected=True)).to_contain_text("Series of 168")
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    expect(page.get_by_text("400 entries")).to_be_visible()
    expect(page.get_by_role("treeitem", selected=True)).to_contain_text("Series of 168")
