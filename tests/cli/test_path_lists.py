"""Lists of paths on standard input and in files, as a real server takes them."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time

import pytest
from pydicom.data import get_testdata_file
from support.server import ServerProcess

CT = get_testdata_file("CT_small.dcm", download=False)
DEFLATED = get_testdata_file("image_dfl.dcm", download=False)


class ListServer(ServerProcess):
    """A server that reads its paths from a pipe."""

    def __init__(self, *arguments):
        super().__init__(*arguments, stdin=subprocess.PIPE)

    def give(self, *paths):
        self.process.stdin.write("".join(f"{path}\n" for path in paths))
        self.process.stdin.flush()

    def wait_for_count(self, count):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self.get("/api/health").json["file_count"] == count:
                return
            time.sleep(0.05)
        raise AssertionError(self.get("/api/report").json)


@pytest.mark.parametrize("source", [CT, DEFLATED])
def test_paths_are_listed_as_they_come_and_the_end_needs_no_end_of_the_list(tmp_path, source):
    paths = [shutil.copy(source, tmp_path / f"{number}.dcm") for number in range(150)]
    with ListServer("-") as server:
        server.give(*paths[:3])
        server.wait_for_count(3)
        server.give(*paths[3:])
        server.wait_for_count(150)
        assert not server.get("/api/series").json["scan_complete"]
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(30) == 0


def test_a_list_that_breaks_off_loses_nothing_that_came_before(tmp_path):
    (tmp_path / "study").mkdir()
    for number in range(60):
        shutil.copy(CT, tmp_path / "study" / f"{number:02}.dcm")
    (tmp_path / "list").write_text(f"{tmp_path / 'study'}\n{tmp_path / 'nowhere.dcm'}\n")
    with ServerProcess("--file-list", str(tmp_path / "list")) as server:
        listing = server.wait_scanned()
    assert len(listing["files"]) == 60
    assert [row["path"] for row in listing["skipped_files"]] == [str(tmp_path / "nowhere.dcm")]


def test_a_folder_is_no_list(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "dcmview", "--no-browser", "--file-list", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 2
    assert "a folder, not a list of paths" in done.stderr
