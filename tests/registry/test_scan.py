"""The walk over given paths: its order, what it follows, and that no path vanishes."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import socket
import zipfile

import pytest
from pydicom.data import get_testdata_file

from dcmview.model import FileEnd
from dcmview.registry.registry import Registry
from dcmview.registry.scan import FIRST_CHUNK_FILES, Scan

CT = get_testdata_file("CT_small.dcm", download=False)
MR = get_testdata_file("MR_small.dcm", download=False)


def make_scan(registry, *roots, recursive=True, filters=(), on_entries=lambda entries: None):
    return Scan(
        registry,
        [str(root) for root in roots],
        recursive=recursive,
        filters=filters,
        on_entries=on_entries,
        workers=1,
    )


def run_scan(*roots, **options):
    registry = Registry()
    make_scan(registry, *roots, **options).run()
    return registry


def names(registry):
    return [os.path.basename(entry.path) for entry in registry.entries()]


def skipped(registry):
    return {os.path.basename(s.path): (s.end, s.reason) for s in registry.summary().skipped}


@pytest.fixture
def copy(tmp_path):
    def copy(name, source=CT):
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
        return target

    return copy


def test_files_are_listed_by_name_and_folders_after_the_files_beside_them(copy, tmp_path):
    for name in ("b.dcm", "z/1.dcm", "a/2.dcm", "a/1.dcm", "c.dcm"):
        copy(name)
    registry = run_scan(tmp_path)
    assert [os.path.relpath(e.path, tmp_path) for e in registry.entries()] == [
        "b.dcm", "c.dcm", "a/1.dcm", "a/2.dcm", "z/1.dcm",
    ]  # fmt: skip
    assert [entry.index for entry in registry.entries()] == [0, 1, 2, 3, 4]


def test_roots_keep_the_order_of_the_user(copy):
    second, first = copy("b/x.dcm"), copy("a/y.dcm")
    assert names(run_scan(second, first.parent)) == ["x.dcm", "y.dcm"]


def test_file_reached_twice_is_listed_once(copy, tmp_path):
    path = copy("a.dcm")
    (tmp_path / "link.dcm").symlink_to(path)
    assert names(run_scan(path, tmp_path, path)) == ["a.dcm"]


def test_hard_links_are_two_files(copy, tmp_path):
    os.link(copy("a.dcm"), tmp_path / "b.dcm")
    assert names(run_scan(tmp_path)) == ["a.dcm", "b.dcm"]


def test_link_to_a_file_elsewhere_is_followed(tmp_path):
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "annexed").symlink_to(CT)
    assert names(run_scan(folder)) == ["annexed"]


def test_link_to_a_folder_is_not_followed_and_said_so(copy, tmp_path):
    copy("real/a.dcm")
    (tmp_path / "real" / "loop").symlink_to(tmp_path)
    registry = run_scan(tmp_path / "real")
    assert names(registry) == ["a.dcm"]
    assert skipped(registry)["loop"] == (
        FileEnd.NOT_DICOM,
        "a link to a folder, which is not followed",
    )


def test_given_root_may_itself_be_a_link(copy, tmp_path):
    copy("real/a.dcm")
    (tmp_path / "root").symlink_to(tmp_path / "real")
    assert names(run_scan(tmp_path / "root")) == ["a.dcm"]


def test_no_recursive_stays_at_the_top(copy, tmp_path):
    copy("a.dcm")
    copy("sub/b.dcm")
    assert names(run_scan(tmp_path, recursive=False)) == ["a.dcm"]


def test_what_is_no_dicom_file_is_recorded_with_its_kind(copy, tmp_path):
    copy("good.dcm")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "empty").write_bytes(b"")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(tmp_path / "socket"))
        registry = run_scan(tmp_path)
    assert names(registry) == ["good.dcm"]
    ends = skipped(registry)
    assert ends["pipe"] == (FileEnd.NOT_DICOM, "a named pipe")
    assert ends["socket"] == (FileEnd.NOT_DICOM, "a socket")
    assert ends["dangling"] == (FileEnd.UNREADABLE, "a broken link")
    assert ends["circle"][0] is FileEnd.UNREADABLE
    assert "symbolic links" in ends["circle"][1]
    assert ends["notes.txt"][0] is FileEnd.NOT_DICOM
    assert ends["empty"][0] is FileEnd.NOT_DICOM
    summary = registry.summary()
    assert (summary.scanned, summary.shown, len(summary.skipped)) == (7, 1, 6)


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_unreadable_file_and_folder_are_recorded(copy, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    copy("secret.dcm").chmod(0)
    copy("closed/a.dcm").parent.chmod(0)
    registry = run_scan(tmp_path)
    (tmp_path / "closed").chmod(0o700)
    assert {name: end for name, (end, _) in skipped(registry).items()} == {
        "secret.dcm": FileEnd.UNREADABLE,
        "closed": FileEnd.UNREADABLE,
    }


def test_file_name_that_is_not_utf8_is_listed(tmp_path):
    shutil.copy(CT, os.path.join(os.fsencode(tmp_path), b"caf\xe9.dcm"))
    (entry,) = run_scan(tmp_path).entries()
    assert os.fsencode(entry.path).endswith(b"caf\xe9.dcm")


def test_filters_all_have_to_match_whatever_the_case(copy, tmp_path):
    copy("ct.dcm")
    copy("mr.dcm", MR)
    registry = run_scan(tmp_path, filters=[("modality", "mr"), ("patient_name", "compressed")])
    assert names(registry) == ["mr.dcm"]
    assert registry.summary().filtered == 1


def test_file_cut_in_its_pixels_is_partial_with_the_reason(tmp_path):
    with open(CT, "rb") as file:
        (tmp_path / "cut.dcm").write_bytes(file.read()[:-5000])
    (entry,) = run_scan(tmp_path).entries()
    assert entry.end is FileEnd.PARTIAL
    assert entry.header.problem


def test_scan_stops_when_asked(copy, tmp_path):
    for number in range(3 * FIRST_CHUNK_FILES):
        copy(f"{number}.dcm")
    registry = Registry()
    scan = make_scan(registry, tmp_path, on_entries=lambda entries: scan.stop())
    scan.run()
    assert len(registry) == FIRST_CHUNK_FILES


def test_an_entry_that_the_file_system_refuses_does_not_end_the_scan(copy, tmp_path, monkeypatch):
    for name in ("a.dcm", "b.dcm", "c.dcm"):
        copy(name)
    scandir = os.scandir

    class Refused:
        def __init__(self, child):
            self.name, self.path = child.name, child.path

        def is_file(self, *, follow_symlinks):
            raise OSError(errno.EIO, "Input/output error")

    @contextlib.contextmanager
    def failing_for_b(folder):
        with scandir(folder) as children:
            yield [Refused(child) if child.name == "b.dcm" else child for child in children]

    monkeypatch.setattr("os.scandir", failing_for_b)
    registry = run_scan(tmp_path)
    assert names(registry) == ["a.dcm", "c.dcm"]
    assert skipped(registry)["b.dcm"] == (FileEnd.UNREADABLE, "Input/output error")


def test_a_name_that_no_file_can_have_is_skipped_with_its_reason(copy, tmp_path):
    copy("a.dcm")
    registry = run_scan("/nowhere/\ud800.dcm", "/nowhere/\0.dcm", tmp_path)
    assert names(registry) == ["a.dcm"]
    reasons = {skipped.reason for skipped in registry.summary().skipped}
    assert reasons == {"no name that a file can have"}


def test_a_pipe_called_dicomdir_is_reported_once(copy, tmp_path):
    os.mkfifo(tmp_path / "DICOMDIR")
    copy("a.dcm")
    registry = run_scan(tmp_path / "DICOMDIR", tmp_path / "a.dcm")
    assert [skipped.reason for skipped in registry.summary().skipped] == ["a named pipe"]


def test_an_archive_that_proves_a_bug_of_ours_does_not_end_the_scan(copy, tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.write(CT)
    copy("a.dcm")
    copy("c.dcm")
    monkeypatch.setattr("dcmview.registry.archives.members", lambda *_, **__: 1 / 0)
    registry = run_scan(tmp_path)
    assert names(registry) == ["a.dcm", "c.dcm"]
    assert "ZeroDivisionError" in skipped(registry)["b.zip"][1]
