"""--watch: files that come, change and go after the scan."""

from __future__ import annotations

import os
import shutil
import time
import zipfile

import pytest
from pydicom.data import get_testdata_file

from dcmview.model import FileEnd
from dcmview.registry.registry import Registry
from dcmview.registry.scan import Scan
from dcmview.registry.watch import Watch

CT = get_testdata_file("CT_small.dcm", download=False)
MR = get_testdata_file("MR_small.dcm", download=False)


@pytest.fixture
def watched(tmp_path):
    """A folder with one file, and a watch over it after its scan."""
    shutil.copy(CT, tmp_path / "a.dcm")
    registry = Registry()
    scan = Scan(
        registry,
        [str(tmp_path)],
        recursive=True,
        filters=(),
        on_entries=lambda entries: None,
        workers=0,
    )
    scan.run()
    watch = Watch(registry, [str(tmp_path)], recursive=True, read=scan._read)
    return registry, watch


def names(registry):
    return [os.path.basename(entry.path) for entry in registry.entries()]


def look_twice(watch):
    watch.look()
    watch.look()


def test_a_file_that_comes_later_is_listed_once_it_rests(watched, tmp_path):
    registry, watch = watched
    with open(CT, "rb") as file:
        content = file.read()
    (tmp_path / "b.dcm").write_bytes(content[:1000])
    watch.look()
    (tmp_path / "b.dcm").write_bytes(content)
    watch.look()
    assert names(registry) == ["a.dcm"]
    watch.look()
    assert names(registry) == ["a.dcm", "b.dcm"]
    assert registry.get(1).end is FileEnd.SHOWN
    look_twice(watch)
    assert names(registry) == ["a.dcm", "b.dcm"]


def test_the_time_to_read_what_is_new_does_not_lengthen_the_rest(watched, tmp_path):
    registry, _ = watched
    read = []

    def slowly(paths):
        read.extend(paths)
        time.sleep(0.5)

    watch = Watch(registry, [str(tmp_path)], recursive=True, read=slowly)
    shutil.copy(MR, tmp_path / "b.dcm")
    rests = []

    def wait(seconds):
        rests.append(seconds)
        return len(rests) == 4

    watch.run(0.01, wait)
    assert [os.path.basename(path) for path in read] == ["b.dcm"]
    assert max(rests) < 5  # twenty times half a second would be ten


def test_a_changed_file_is_marked_and_listed_anew(watched, tmp_path):
    registry, watch = watched
    shutil.copy(MR, tmp_path / "a.dcm")
    watch.look()
    assert registry.lost(0) is FileEnd.CHANGED
    watch.look()
    assert names(registry) == ["a.dcm", "a.dcm"]
    assert registry.get(1).header.shared.modality == "MR"
    assert registry.lost(1) is None


def test_a_file_that_went_is_marked_and_found_again_when_it_comes_back(watched, tmp_path):
    registry, watch = watched
    os.rename(tmp_path / "a.dcm", tmp_path.parent / "elsewhere.dcm")
    watch.look()
    assert registry.lost(0) is FileEnd.GONE
    os.rename(tmp_path.parent / "elsewhere.dcm", tmp_path / "a.dcm")
    look_twice(watch)
    assert registry.lost(0) is None
    assert names(registry) == ["a.dcm"]


def test_another_file_in_the_place_of_one_that_went_is_listed_anew(watched, tmp_path):
    registry, watch = watched
    (tmp_path / "a.dcm").unlink()
    watch.look()
    shutil.copy(MR, tmp_path / "a.dcm")
    look_twice(watch)
    assert registry.lost(0) is FileEnd.GONE
    assert names(registry) == ["a.dcm", "a.dcm"]
    assert registry.get(1).header.shared.modality == "MR"


def test_a_path_that_was_skipped_is_tried_again_when_it_changes(watched, tmp_path):
    registry, watch = watched
    (tmp_path / "b.dcm").write_text("not yet")
    look_twice(watch)
    assert [skipped.end for skipped in registry.summary().skipped] == [FileEnd.NOT_DICOM]
    shutil.copy(MR, tmp_path / "b.dcm")
    look_twice(watch)
    assert registry.summary().skipped == ()
    assert names(registry) == ["a.dcm", "b.dcm"]


def test_a_file_that_is_replaced_and_put_back_is_listed_again(watched, tmp_path):
    registry, watch = watched
    os.rename(tmp_path / "a.dcm", tmp_path.parent / "kept.dcm")
    shutil.copy(MR, tmp_path / "a.dcm")
    watch.look()
    os.replace(tmp_path.parent / "kept.dcm", tmp_path / "a.dcm")
    look_twice(watch)
    assert registry.lost(0) is FileEnd.CHANGED
    assert names(registry) == ["a.dcm", "a.dcm"]
    assert registry.get(1).header.shared.modality == "CT"


def test_what_an_archive_holds_is_forgotten_with_it_and_not_before(watched, tmp_path):
    registry, watch = watched
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.write(MR, "mr.dcm")
        archive.writestr("readme.txt", "no DICOM")
    look_twice(watch)
    watch.look()
    skipped = [os.path.relpath(each.path, tmp_path) for each in registry.summary().skipped]
    assert skipped == ["z.zip/readme.txt"]
    assert names(registry) == ["a.dcm", "mr.dcm"]
    (tmp_path / "z.zip").unlink()
    watch.look()
    assert registry.summary().skipped == ()
    assert registry.lost(1) is FileEnd.GONE
