"""Contact sheets of files that are all different."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
from msgspec import structs
from PIL import Image
from support.datasets import groups, image, item, part10
from support.paths import FIXTURES

import dcmview
from dcmview.bulk.inputs import entry_of
from dcmview.bulk.result import Status
from dcmview.errors import FileGone, OutputExists, UsageError
from dcmview.thumbnails import sheet as sheet_module
from dcmview.thumbnails.sheet import GAP_PX, in_reading_order


def write(folder, name, level, rows=8, columns=8, **elements):
    """A file of one grey level."""
    shown = {"WindowCenter": 128, "WindowWidth": 256, "SOPInstanceUID": f"1.2.3.{level}"}
    values = np.full((rows, columns), level, "<u2")
    dataset = image(rows, columns, PixelData=values.tobytes(), **shown | elements)
    (folder / name).write_bytes(part10(dataset))


def sheet_of(folder, **options):
    path = folder.parent / "sheet.png"
    results = dcmview.thumbnail(folder, sheet=path, overwrite=True, **options)
    assert {result.status for result in results} == {Status.DONE}
    with Image.open(path) as picture:
        return np.asarray(picture)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "study").mkdir()
    return tmp_path / "study"


@pytest.mark.parametrize("uids", [{}, {"SeriesInstanceUID": "1.2.5"}])
def test_files_without_a_series_stay_in_the_order_of_the_list(folder, uids):
    for place, name in enumerate("abc"):
        at = [0, 0, -5.0 * place]
        axes = [1, 0, 0, 0, 1, 0]
        write(
            folder,
            f"{name}.dcm",
            50 * place + 50,
            ImagePositionPatient=at,
            ImageOrientationPatient=axes,
            **uids,
        )
    sheet = sheet_of(folder)
    step = 8 + GAP_PX
    levels = [int(sheet[GAP_PX + r * step, GAP_PX + c * step]) for r, c in ((0, 0), (0, 1), (1, 0))]
    assert levels == [50, 100, 150]


def test_smaller_tiles_are_in_the_middle_of_their_cells(folder):
    write(folder, "a.dcm", 200, 20, 20)
    write(folder, "b.dcm", 100, 4, 10)
    sheet = sheet_of(folder)
    rows, columns = np.nonzero(sheet == 100)
    left = GAP_PX + 20 + GAP_PX
    assert (rows.min(), rows.max()) == (GAP_PX + 8, GAP_PX + 11)
    assert (columns.min(), columns.max()) == (left + 5, left + 14)


def test_one_file_with_colours_makes_a_sheet_in_colour(folder):
    write(folder, "a.dcm", 200)
    layout = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "PlanarConfiguration": 0}
    layout |= {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "SOPInstanceUID": "1.2.9"}
    (folder / "b.dcm").write_bytes(part10(image(8, 8, PixelData=bytes((0, 0, 200)) * 64, **layout)))
    sheet = sheet_of(folder)
    assert sheet[GAP_PX, GAP_PX].tolist() == [200, 200, 200]
    assert sheet[GAP_PX, 2 * GAP_PX + 8].tolist() == [0, 0, 200]


def test_labels_stay_in_their_cells(folder):
    write(folder, "a.dcm", 100, Modality="CTPROTOCOL", SeriesNumber="123456")
    write(folder, "b.dcm", 200)
    plain, labelled = sheet_of(folder), sheet_of(folder, label=True)
    assert plain.shape == labelled.shape
    rows, columns = np.nonzero(plain != labelled)
    right = 2 * GAP_PX + 8
    in_first = (columns >= GAP_PX) & (columns < GAP_PX + 8)
    in_second = (columns >= right) & (columns < right + 8)
    assert (in_first | in_second).all()
    assert in_first.any()
    assert (rows >= GAP_PX).all()


def test_a_frame_that_says_nothing_of_its_place_is_shown_as_it_is(folder):
    stored = np.zeros((2, 8, 8), "<u2")
    stored[:, :4] = 255
    dataset = image(8, 8, PixelData=stored.tobytes(), NumberOfFrames=2)
    dataset.WindowCenter, dataset.WindowWidth = 128, 256
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2.1"
    upside_down = {"PlaneOrientationSequence": item(ImageOrientationPatient=[1, 0, 0, 0, -1, 0])}
    dataset.PerFrameFunctionalGroupsSequence = groups(upside_down)  # of frame 0 alone
    (folder / "a.dcm").write_bytes(part10(dataset))
    for frame, first_rows in ((0, 0), (1, 255)):
        sheet = sheet_of(folder, frame=frame)
        assert sheet[GAP_PX, GAP_PX] == first_rows


def test_files_whose_frames_cannot_be_placed_stay_on_the_sheet(folder):
    for name in "ba":
        elements = {"PerFrameFunctionalGroupsSequence": groups({}), "StudyInstanceUID": "1.2.4"}
        elements |= {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2.1", "SeriesInstanceUID": "1.2.5"}
        write(folder, f"{name}.dcm", 100, **elements)
    entries = [
        structs.replace(entry_of(str(folder / f"{name}.dcm")), index=index)
        for index, name in enumerate("ba")
    ]
    asked = []

    def fail(entry):
        asked.append(entry)
        raise FileGone("gone")

    ordered = in_reading_order(entries, fail)
    assert asked
    assert {entry.index for entry in ordered} == {0, 1}


def test_what_is_no_image_takes_no_room(folder, monkeypatch):
    write(folder, "a.dcm", 100)
    shutil.copy(FIXTURES / "report/measurements.dcm", folder)
    monkeypatch.setattr(sheet_module, "MOST_SHEET_PX", 204 * 204)
    path = folder.parent / "sheet.png"
    dcmview.thumbnail(folder, sheet=path)
    assert path.exists()


def test_a_sheet_never_replaces_an_input(folder):
    write(folder, "a.png", 100)
    before = (folder / "a.png").read_bytes()
    with pytest.raises(OutputExists, match="would replace the input"):
        dcmview.thumbnail(folder, sheet=folder / "a.png", overwrite=True)
    assert (folder / "a.png").read_bytes() == before


def test_the_name_of_a_sheet_may_be_in_capitals_and_in_a_new_folder(folder):
    write(folder, "a.dcm", 100)
    path = folder.parent / "new/below/SHEET.PNG"
    dcmview.thumbnail(folder, sheet=path)
    with Image.open(path) as picture:
        assert picture.format == "PNG"


def test_a_link_that_leads_nowhere_is_not_replaced(folder):
    write(folder, "a.dcm", 100)
    link = folder.parent / "sheet.png"
    link.symlink_to("nowhere.png")
    with pytest.raises(UsageError, match="there is a file of that name"):
        dcmview.thumbnail(folder, sheet=link)
    assert os.readlink(link) == "nowhere.png"
