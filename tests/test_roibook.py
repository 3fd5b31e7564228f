"""ROIs find their files: in a later run, after a change on the disk, and when they fit no more."""

from __future__ import annotations

import os
import shutil
import zipfile

import msgspec
import pydicom
import pytest
from pydicom.data import get_testdata_file
from support.rois import box, point

from dcmview.annotations.journal import Journal
from dcmview.annotations.native import Contents, FileKey, write_native
from dcmview.annotations.triage import MarkChange
from dcmview.errors import InvalidAnnotation
from dcmview.exchange.assignment import RoiSources
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
        libraries.append(Library(LibrarySettings(**{"paths": (str(files),), **settings})))
        libraries[0].start_scan()
        assert libraries[0].wait_scan(10)
        return libraries[0]

    yield open_library
    while libraries:
        close(libraries.pop())


def close(library):
    library.saving.close()
    library.close()


def test_saved_rois_that_fit_no_more_are_kept_and_said(open_library, files, tmp_path):
    dataset = pydicom.dcmread(files / "a.dcm")
    key = FileKey(str(dataset.SOPInstanceUID), str(files / "a.dcm"))
    rois = (point("in"), point("out", 500, 5))
    (tmp_path / "rois.json").write_bytes(write_native(Contents({key: rois})))
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


@pytest.mark.skipif(os.name != "posix", reason="links need a privilege elsewhere")
def test_another_way_to_the_same_file_leads_to_its_rois(open_library, files, tmp_path):
    with zipfile.ZipFile(files / "b.zip", "w") as archive:
        archive.write(get_testdata_file("MR_small.dcm", download=False), "mr.dcm")
    library = open_library()
    for index in (0, 1):
        library.rois.replace(index, [POINT])
        library.triage.change([index], MarkChange("keep"))
    (tmp_path / "link").symlink_to(files, target_is_directory=True)
    for way in (tmp_path / "link", files):
        library = open_library(paths=(str(way),))
        assert [len(library.rois.get(index).rois) for index in (0, 1)] == [1, 1]
        assert library.triage.overview(0).counts["keep"] == 2
        library.rois.replace(0, [POINT])


def test_a_rewritten_file_that_is_listed_anew_still_has_what_was_drawn_and_decided(files):
    library = Library(LibrarySettings(paths=(str(files),), watch_interval_s=0.02))
    library.start_scan()
    assert library.wait_scan(10)
    library.rois.replace(0, [POINT])
    library.triage.change([0], MarkChange("keep"))
    before = library.triage.overview(0)
    assert (before.counts["keep"], before.images) == (1, 1)
    dataset = pydicom.dcmread(files / "a.dcm")
    dataset.PatientComments = "rewritten"
    dataset.save_as(files / "new")
    (files / "new").replace(files / "a.dcm")
    for _ in range(500):
        if library.file_count() > 1:
            break
        library._stopping.wait(0.02)
    library._stopping.wait(0.1)
    last = library.file_count() - 1
    assert [roi.id for roi in library.rois.get(last).rois] == ["p"]
    after = library.triage.overview(before.clock)
    assert (after.counts["keep"], after.images) == (1, 1)
    assert [(index, mark.mark) for index, mark in after.marks] == [(last, "keep")]
    library.close()


def test_a_damaged_journal_is_told_to_the_page(open_library, tmp_path):
    journal = Journal(str(tmp_path / "damaged.json"))
    for name in "ab":
        journal.append(FileKey("1", "/x"), rois=(box(name),))
    journal.flush()
    journal._let_go()
    log = tmp_path / "damaged.json.journal"
    log.write_bytes(log.read_bytes().replace(b'"id":"a"', b'"id":"?"'))
    library = open_library(journal=Journal(str(tmp_path / "damaged.json")))
    (warning,) = library.warnings()
    assert "damaged.json.journal was damaged: 1 line(s)" in warning


def predictions(tmp_path, text, name="model 7.csv"):
    (tmp_path / name).write_text(text)
    (table,) = RoiSources().read([str(tmp_path / name)], are_predictions=True).tables
    return table


def test_predictions_are_beside_what_is_saved_and_are_not_saved_themselves(open_library, tmp_path):
    table = predictions(tmp_path, "file,x1,y1,x2,y2,label,score\na.dcm,5,6,7,8,mass,0.5\n")
    library = open_library(annotations=(table,))
    library.rois.replace(0, [POINT])
    (own, predicted) = library.rois.get(0).shown
    assert own.id == "p"
    assert (predicted.group, predicted.source, predicted.locked) == ("model 7", "model 7.csv", True)
    assert (predicted.label, predicted.score) == ("mass", 0.5)
    library = open_library()
    assert [roi.id for roi in library.rois.get(0).shown] == ["p"]
    other = predictions(tmp_path, "file,x1,y1,x2,y2\na.dcm,1,2,3,4\n", "model 8.csv")
    library = open_library(annotations=(other,))
    assert [roi.group for roi in library.rois.get(0).shown] == ["", "model 8"]


def test_predictions_are_no_edits_and_cannot_be_edited(open_library, tmp_path):
    table = predictions(tmp_path, "file,x1,y1,x2,y2\na.dcm,5,6,7,8\n")
    library = open_library(annotations=(table,), journal=None)
    book = library.rois
    (predicted,) = book.get(0).shown
    assert library.saving.unsaved_files == 0
    assert book.boxes(0) == ()
    sent = msgspec.to_builtins(predicted)
    for edit in (
        lambda: book.edit(0, [{"op": "remove", "id": predicted.id}]),
        lambda: book.edit(0, [{"op": "replace", "roi": sent}]),
        lambda: book.edit(0, [{"op": "add", "roi": sent}]),
        lambda: book.replace(0, [{**sent, "label": "cyst"}]),
    ):
        with pytest.raises(InvalidAnnotation, match="0: the ROI is of a read-only layer"):
            edit()
    assert (book.get(0).rois, library.saving.unsaved_files) == ((), 0)
    book.replace(0, [sent, POINT])
    assert [roi.id for roi in book.get(0).rois] == ["p"]
    assert [roi.id for roi in book.get(0).shown] == ["p", predicted.id]


def test_a_layer_that_the_file_names_is_kept(open_library, tmp_path):
    table = predictions(tmp_path, "file,x,y,group\na.dcm,5,6,reader 2\na.dcm,5,6,\n")
    library = open_library(annotations=(table,), journal=None)
    assert [roi.group for roi in library.rois.get(0).shown] == ["reader 2", "model 7"]


def test_labels_of_the_user_come_first_and_labels_that_go_are_forgotten(open_library):
    book = open_library(labels=("mass", "cyst"), journal=None).rois
    book.replace(0, [{**POINT, "label": "zebra"}, {**POINT, "id": "q", "label": "cyst"}])
    book.edit(0, [{"op": "add", "roi": {**POINT, "id": "r", "label": "ant"}}])
    assert book.overview(0).labels == ("mass", "cyst", "zebra", "ant")
    book.edit(0, [{"op": "remove", "id": "p"}])
    assert book.overview(0).labels == ("mass", "cyst", "ant")
