"""The file that saves ROI edits at the end."""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from pathlib import Path

import pytest

from dcmview.cli.rescue import rescue_folders, write_rescue_file


@pytest.fixture
def frozen_time(monkeypatch):
    moment = time.localtime(0)
    monkeypatch.setattr(time, "strftime", lambda form: time.asctime(moment).replace(" ", "-"))


def test_the_name_carries_the_time_and_only_the_owner_reads_it(tmp_path):
    path = write_rescue_file(b"a,b\n", str(tmp_path), ".csv")
    assert re.fullmatch(r"dcmview-rescued-\d{8}-\d{6}\.csv", os.path.basename(path))
    assert os.path.dirname(path) == str(tmp_path)
    if os.name == "posix":
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


@pytest.mark.usefixtures("frozen_time")
def test_two_rescues_in_one_second_make_two_files(tmp_path):
    paths = [write_rescue_file(text, str(tmp_path), ".csv") for text in (b"1", b"2")]
    assert [Path(path).read_text() for path in paths] == ["1", "2"]


@pytest.mark.usefixtures("frozen_time")
def test_a_link_in_its_place_is_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    name = os.path.basename(write_rescue_file(b"", str(tmp_path), ".csv"))
    os.unlink(tmp_path / name)
    os.symlink(victim, tmp_path / name)
    assert write_rescue_file(b"ROIs", str(tmp_path), ".csv") != str(tmp_path / name)
    assert victim.read_text() == "precious"


def test_a_file_cut_short_by_a_full_disk_does_not_stay(tmp_path, monkeypatch):
    def fail(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        write_rescue_file(b"ROIs", str(tmp_path), ".csv")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="a current folder cannot be removed elsewhere")
def test_the_home_folder_stands_in_for_a_current_folder_that_is_gone(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "gone")
    assert list(rescue_folders())[:2] == [str(tmp_path / "gone"), str(tmp_path / "home")]
    (tmp_path / "gone").rmdir()
    assert next(rescue_folders()) == str(tmp_path / "home")


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        write_rescue_file(b"", str(tmp_path / "gone"), ".csv")
