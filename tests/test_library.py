"""The use cases on real files: frames through the caches, files that change, ROI tables."""

from __future__ import annotations

import os
import shutil

import pytest
from pydicom.data import get_testdata_file

from dcmview.errors import FileChanged, FileGone, FrameOutOfRange, NoPixelData, UnknownFile
from dcmview.exchange.readers import read_table_file
from dcmview.library import Library, LibrarySettings
from dcmview.model import DisplayRequest

PLAIN = DisplayRequest()


@pytest.fixture
def open_library(tmp_path):
    libraries = []

    def open_library(**settings):
        library = Library(LibrarySettings(paths=(str(tmp_path),), **settings))
        libraries.append(library)
        library.start_scan()
        assert library.wait_scan(10)
        return library

    yield open_library
    for library in libraries:
        library.close()


@pytest.fixture
def put(tmp_path):
    def put(source, name):
        return shutil.copy(get_testdata_file(source, download=False), tmp_path / name)

    return put


def test_frame_is_decoded_once_for_all_windows(put, open_library):
    put("JPEG2000.dcm", "a.dcm")
    library = open_library()
    assert library.raw_frame(0, 0)[1] is False
    assert library.raw_frame(0, 0)[1] is True
    first, first_hit = library.picture(0, 0, DisplayRequest(window=(100.0, 50.0)))
    second, second_hit = library.picture(0, 0, DisplayRequest(window=(100.0, 60.0)))
    assert (first_hit, second_hit) == (False, False)
    assert first.content != second.content
    assert library.picture(0, 0, DisplayRequest(window=(100.0, 50.0))) == (first, True)


def test_file_rewritten_after_the_scan_is_a_conflict_for_that_file_alone(put, open_library):
    path = put("CT_small.dcm", "a.dcm")
    put("MR_small.dcm", "b.dcm")
    library = open_library()
    with open(path, "ab") as file:
        file.write(b"\0\0")
    with pytest.raises(FileChanged):
        library.picture(0, 0, PLAIN)
    assert library.picture(1, 0, PLAIN)[0].content.startswith(b"\x89PNG")


def test_file_that_went_after_the_scan_is_gone(put, open_library):
    path = put("CT_small.dcm", "a.dcm")
    library = open_library()
    os.unlink(path)
    with pytest.raises(FileGone):
        library.tags(0)


def test_addresses_that_lead_nowhere_say_which_part_is_wrong(put, open_library):
    put("CT_small.dcm", "a.dcm")
    put("reportsi.dcm", "b.dcm")
    library = open_library()
    with pytest.raises(UnknownFile):
        library.picture(2, 0, PLAIN)
    with pytest.raises(UnknownFile):
        library.picture(-1, 0, PLAIN)
    with pytest.raises(FrameOutOfRange):
        library.raw_frame(0, 1)
    with pytest.raises(NoPixelData, match="Basic Text SR"):
        library.raw_frame(1, 0)


def test_roi_table_fills_files_and_says_which_rows_it_left_out(put, open_library, tmp_path):
    inside, beyond = put("CT_small.dcm", "a.dcm"), put("MR_small.dcm", "b.dcm")
    table = tmp_path / "rois.csv"
    table.write_text(
        "anon_dicom_path,num_ROI,ROI_coords,ROI_frames\n"
        f'{inside},1,"[[1,2,3,4]]",[]\n'
        f'{beyond},1,"[[1,2,3,4000]]",[]\n'
        '/nowhere.dcm,1,"[[1,2,3,4]]",[]\n'
    )
    library = open_library(annotations=(read_table_file(str(table)),))
    assert [box.coordinates for box in library.rois.boxes(0)] == [[1, 2, 3, 4]]
    assert library.rois.boxes(1) == ()
    left_out, unmatched = library.warnings()
    assert "row 3 left out" in left_out
    assert "outside the image" in left_out
    assert "row 4 matches no listed file: /nowhere.dcm" in unmatched
    assert library.saving.unsaved_files == 0
    assert table.read_text().count("\n") == 4


def test_edits_are_unsaved_until_they_are_exported(put, open_library):
    put("CT_small.dcm", "a.dcm")
    library = open_library()
    library.rois.replace_boxes(0, [[1, 2, 3, 4]], None)
    assert library.saving.unsaved_files == 1
    exported = library.exchange.export("embed")
    assert b'"[[1,2,3,4]]"' in exported.content
    assert library.saving.unsaved_files == 1
    library.exchange.mark_exported(exported, "embed")
    assert library.saving.unsaved_files == 0


def test_edit_made_while_the_table_was_on_its_way_stays_unsaved(put, open_library):
    put("CT_small.dcm", "a.dcm")
    library = open_library()
    library.rois.replace_boxes(0, [[1, 2, 3, 4]], None)
    exported = library.exchange.export("embed")
    library.rois.replace_boxes(0, [[1, 2, 3, 5]], None)
    library.exchange.mark_exported(exported, "embed")
    assert library.saving.unsaved_files == 1
