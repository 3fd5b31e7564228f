"""Output files are there as a whole or not at all, and never in the place of another."""

from __future__ import annotations

import contextlib
import errno
import os
import stat

import pytest

from dcmview.bulk import files
from dcmview.bulk.files import new_file
from dcmview.dicom.source import open_source
from dcmview.errors import OutputExists


@pytest.fixture(params=["without a name", "with a name of its own"])
def _system(request, monkeypatch):
    """File systems that know files without a name, and others."""
    if request.param == "with a name of its own":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)


pytestmark = pytest.mark.usefixtures("_system")


def write(path, content=b"new", **options):
    with new_file(str(path), **options) as stream:
        stream.write(content)


def test_the_name_appears_when_all_is_written(tmp_path):
    path = tmp_path / "a" / "b" / "out.png"
    with new_file(str(path)) as stream:
        stream.write(b"content")
        stream.flush()
        assert not path.exists()
    assert path.read_bytes() == b"content"
    assert os.listdir(path.parent) == ["out.png"]


def test_what_fails_leaves_nothing(tmp_path):
    def fail():
        with new_file(str(tmp_path / "out")) as stream:
            stream.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert os.listdir(tmp_path) == []


def test_a_file_that_is_there_stays(tmp_path):
    path = tmp_path / "out"
    path.write_bytes(b"old")
    with pytest.raises(OutputExists):
        write(path)
    assert path.read_bytes() == b"old"


def test_a_file_that_comes_meanwhile_stays(tmp_path):
    path = tmp_path / "out"
    with pytest.raises(OutputExists), new_file(str(path)):
        path.write_bytes(b"of another")
    assert path.read_bytes() == b"of another"
    assert os.listdir(tmp_path) == ["out"]


def test_a_link_to_nowhere_is_not_followed(tmp_path):
    (tmp_path / "out").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputExists):
        write(tmp_path / "out")
    assert not (tmp_path / "nowhere").exists()


def test_overwriting_replaces(tmp_path):
    path = tmp_path / "out"
    path.write_bytes(b"old")
    write(path, overwrite=True)
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["out"]


def test_overwriting_spares_the_input_by_whatever_name(tmp_path):
    (tmp_path / "input").write_bytes(b"precious")
    os.link(tmp_path / "input", tmp_path / "output")
    with open_source(str(tmp_path / "input")) as source:
        stamp = source.stamp
    with pytest.raises(OutputExists):
        write(tmp_path / "output", overwrite=True, inputs=(stamp,))
    assert (tmp_path / "input").read_bytes() == b"precious"


def test_the_user_alone_decides_who_may_read(tmp_path):
    before = os.umask(0o027)
    try:
        write(tmp_path / "out")
    finally:
        os.umask(before)
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o640


@pytest.fixture(params=[errno.EPERM, errno.EINVAL], ids=["Linux", "Windows"])
def _no_links(request, monkeypatch):
    def refuse(*_args, **_options):
        raise OSError(request.param, os.strerror(request.param))

    monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    monkeypatch.setattr(files.os, "link", refuse)


@pytest.mark.usefixtures("_no_links")
def test_a_file_system_without_links_renames(tmp_path):
    write(tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.usefixtures("_no_links")
def test_a_rename_replaces_nothing_that_came_meanwhile(tmp_path):
    path = tmp_path / "out"
    with pytest.raises(OutputExists), new_file(str(path)):
        path.write_bytes(b"of another")
    assert path.read_bytes() == b"of another"
    assert os.listdir(tmp_path) == ["out"]


def test_a_pipe_or_a_device_is_never_replaced(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    for place in (path, "/dev/null"):
        with pytest.raises(OutputExists, match="no file"):
            write(place, overwrite=True)
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_a_folder_that_is_closed_is_told_by_its_own_name(tmp_path, monkeypatch):
    def refuse(path, *_arguments):
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(files.os, "open", refuse)
    with pytest.raises(PermissionError) as told:
        write(tmp_path / "out")
    assert told.value.filename == str(tmp_path)


def test_the_longest_name_that_there_can_be_is_written(tmp_path):
    path = tmp_path / ("漢" * 84)
    write(path)
    assert path.read_bytes() == b"new"


def test_durable_content_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    path, fsync, there = tmp_path / "out", os.fsync, []

    def note(descriptor):
        there.append((os.fstat(descriptor).st_size, path.exists()))
        fsync(descriptor)

    monkeypatch.setattr(files.os, "fsync", note)
    write(path, is_durable=True)
    assert (there, path.read_bytes()) == ([(3, False)], b"new")
    write(tmp_path / "other")
    assert len(there) == 1


@pytest.mark.parametrize(("number", "is_written"), [(errno.EIO, False), (errno.EINVAL, True)])
def test_a_disk_that_fails_gives_no_file_and_one_that_cannot_be_asked_does(
    tmp_path, monkeypatch, number, is_written
):
    def refuse(_descriptor):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files.os, "fsync", refuse)
    told = os.strerror(number)
    with contextlib.nullcontext() if is_written else pytest.raises(OSError, match=told):
        write(tmp_path / "out", is_durable=True)
    assert os.listdir(tmp_path) == (["out"] if is_written else [])
