"""ROIs find their files: in a later run, after a change on the disk, and when they fit no more."""

from __future__ import annotations

import shutil

import pydicom
import pytest
from pydicom.data import get_testdata_file
from support.rois import box, point

from dcmview.annotations.journal import Journal
from dcmview.annotations.native import FileKey, write_native
from dcmview.library import Library, LibrarySettings

POINT = {"id": "p", "kind": "point", "points": [{"x": 5, "y": 6}]}


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    shutil.copy(get_testdata_file("CT_small.dcm", download=False), folder / "a.dcm")
    return folder


@pytest.fixture
def open_library(files, tmp_path):
    libraries = []

    def open_library(**settings):
        while libraries:
            close(libraries.pop())
        if "journal" not in settings:
            settings["journal"] = Journal(str(tmp_path / "rois.json"))
        libraries.append(Library(LibrarySettings(paths=(str(files),), **settings)))
        libraries[0].start_scan()
        assert libraries[0].wait_scan(10)
        return libraries[0]

    yield open_library
    while libraries:
        close(libraries.pop())


def close(library):
    library.rois.close()
    library.close()


def test_saved_rois_that_fit_no_more_are_kept_and_said(open_library, files, tmp_path):
    dataset = pydicom.dcmread(files / "a.dcm")
    key = FileKey(str(dataset.SOPInstanceUID), str(files / "a.dcm"))
    rois = (point("in"), point("out", 500, 5))
    (tmp_path / "rois.json").write_bytes(write_native([(key, rois)]))
    library = open_library()
    assert library.rois.get(0).rois == rois
    (warning,) = library.warnings()
    assert "a.dcm: its saved ROIs do not fit its image any more: ROI 1: the point (500" in warning


def test_a_file_of_another_object_under_the_old_name_does_not_inherit(open_library, files):
    open_library().rois.replace(0, [POINT])
    dataset = pydicom.dcmread(files / "a.dcm")
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset.save_as(files / "a.dcm")
    library = open_library()
    assert library.rois.get(0).rois == ()
    assert library.rois.overview(0).unlisted_files == 1


def test_a_rewritten_file_that_is_listed_anew_still_has_what_was_drawn(files):
    library = Library(LibrarySettings(paths=(str(files),), watch_interval_s=0.02))
    library.start_scan()
    assert library.wait_scan(10)
    library.rois.replace(0, [POINT])
    dataset = pydicom.dcmread(files / "a.dcm")
    dataset.PatientComments = "rewritten"
    dataset.save_as(files / "new")
    (files / "new").replace(files / "a.dcm")
    for _ in range(500):
        if library.file_count() > 1:
            break
        library._stopping.wait(0.02)
    library._stopping.wait(0.1)
    assert [roi.id for roi in library.rois.get(library.file_count() - 1).rois] == ["p"]
    library.close()


def test_a_damaged_journal_is_told_to_the_page(open_library, tmp_path):
    journal = Journal(str(tmp_path / "damaged.json"))
    for name in "ab":
        journal.append(FileKey("1", "/x"), rois=(box(name),))
    journal._let_go()
    log = tmp_path / "damaged.json.journal"
    log.write_bytes(log.read_bytes().replace(b'"id":"a"', b'"id":"?"'))
    library = open_library(journal=Journal(str(tmp_path / "damaged.json")))
    (warning,) = library.warnings()
    assert "damaged.json.journal was damaged: 1 line(s)" in warning
