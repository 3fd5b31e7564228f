"""Archives and a DICOMDIR in a scan: listed where they lie, shown like other files."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
import zipfile

import pytest
from pydicom.data import get_testdata_file

from dcmview.library import Library, LibrarySettings
from dcmview.model import DisplayRequest, FileEnd

CT = get_testdata_file("CT_small.dcm", download=False)
J2K = get_testdata_file("JPEG2000.dcm", download=False)
DICOMDIR = get_testdata_file("DICOMDIR", download=False)


@pytest.fixture
def open_library():
    libraries = []

    def open_library(*paths):
        library = Library(LibrarySettings(paths=tuple(map(str, paths))))
        libraries.append(library)
        library.start_scan()
        assert library.wait_scan(30)
        return library

    yield open_library
    for library in libraries:
        library.close()


def make_zip(path, compression):
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.write(CT, "b/ct.dcm")
        archive.write(J2K, "a.dcm")
        archive.writestr("readme.txt", "no DICOM")


def make_tar(path, mode):
    with tarfile.open(path, mode) as archive:
        archive.add(CT, "b/ct.dcm")
        archive.add(J2K, "a.dcm")
        note = tarfile.TarInfo("readme.txt")
        note.size = 8
        archive.addfile(note, io.BytesIO(b"no DICOM"))


ARCHIVES = {
    "stored.zip": lambda path: make_zip(path, zipfile.ZIP_STORED),
    "deflated.zip": lambda path: make_zip(path, zipfile.ZIP_DEFLATED),
    "plain.tar": lambda path: make_tar(path, "w"),
    "packed.tar.gz": lambda path: make_tar(path, "w:gz"),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_members_are_listed_and_give_the_picture_of_the_file_outside(name, tmp_path, open_library):
    ARCHIVES[name](tmp_path / name)
    library = open_library(tmp_path / name)
    shown = [os.path.relpath(entry.path, tmp_path / name) for entry in library.entries()]
    assert shown == ["a.dcm", "b/ct.dcm"]
    (skipped,) = library.scan_summary().skipped
    assert (skipped.end, skipped.reason) == (FileEnd.NOT_DICOM, "no DICOM data set")
    outside = open_library(J2K, CT)
    for index, source in enumerate((J2K, CT)):
        inside = library.picture(index, 0, DisplayRequest())[0]
        assert inside.content == outside.picture(index, 0, DisplayRequest())[0].content
        assert library.entry(index).size_bytes == os.path.getsize(source)
        assert library.tags(index) == outside.tags(index)


def test_an_archive_in_a_folder_stands_where_its_name_does(tmp_path, open_library):
    make_zip(tmp_path / "m.zip", zipfile.ZIP_DEFLATED)
    shutil.copy(CT, tmp_path / "a.dcm")
    shutil.copy(CT, tmp_path / "z.dcm")
    paths = [os.path.relpath(e.path, tmp_path) for e in open_library(tmp_path).entries()]
    assert paths == ["a.dcm", "m.zip/a.dcm", "m.zip/b/ct.dcm", "z.dcm"]


def test_a_changed_archive_is_a_conflict_for_its_members(tmp_path, open_library):
    from dcmview.errors import FileChanged

    make_zip(tmp_path / "m.zip", zipfile.ZIP_STORED)
    library = open_library(tmp_path)
    with open(tmp_path / "m.zip", "ab") as file:
        file.write(b"\0")
    with pytest.raises(FileChanged):
        library.picture(0, 0, DisplayRequest())


@pytest.fixture
def disc(tmp_path):
    """A disc with its DICOMDIR, as pydicom brings it, and a file that the DICOMDIR forgot."""
    root = tmp_path / "disc"
    shutil.copytree(os.path.dirname(DICOMDIR), root)
    for name in os.listdir(root):
        if name.startswith("DICOMDIR") and name != "DICOMDIR":
            os.unlink(root / name)
    shutil.copy(CT, root / "forgotten.dcm")
    return root


def test_a_given_dicomdir_lists_what_it_names_and_what_it_forgot(disc, open_library):
    import pydicom

    named = [
        os.path.join(disc, *record.ReferencedFileID)
        for record in pydicom.dcmread(disc / "DICOMDIR").DirectoryRecordSequence
        if "ReferencedFileID" in record
    ]
    library = open_library(disc / "DICOMDIR")
    paths = [entry.path for entry in library.entries()]
    assert paths[0] == str(disc / "DICOMDIR")
    assert paths[1 : 1 + len(named)] == named
    assert str(disc / "forgotten.dcm") in paths[1 + len(named) :]
    assert len(set(paths)) == len(paths)


def test_files_that_a_dicomdir_names_and_that_are_not_there_are_reported(disc, open_library):
    (missing,) = list((disc / "77654033" / "CR1").iterdir())[:1]
    missing.unlink()
    for given in (disc, disc / "DICOMDIR"):
        reasons = {
            skipped.path: skipped.reason for skipped in open_library(given).scan_summary().skipped
        }
        assert "DICOMDIR" in reasons[str(missing)]
