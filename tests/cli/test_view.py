"""The command as a process: its streams, its exit codes and its end."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest
from pydicom.data import get_testdata_file
from support.server import ServerProcess

from dcmview.cli.options import ViewOptions
from dcmview.cli.view import check_options, parse_size
from dcmview.errors import UsageError

CT = get_testdata_file("CT_small.dcm", download=False)
ROIS = {"num_roi": 1, "roi_coords": [[1, 2, 30, 40]], "roi_frames": [[0]]}


def run(*arguments, **options):
    """Run a command that is to end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "dcmview", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        **options,
    )


def can_connect(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def put_rois(server):
    server.wait_scanned()
    assert server.request("PUT", "/api/file/0/annotations", ROIS).status == 200


@pytest.fixture
def folder(tmp_path):
    shutil.copy(CT, tmp_path / "ct.dcm")
    return tmp_path


# Streams


def test_the_first_line_is_the_address_and_all_else_goes_to_standard_error(folder):
    with ServerProcess(str(folder)) as server:
        assert re.fullmatch(
            r"dcmview: server running at http://127\.0\.0\.1:\d+\n", server.first_line
        )
        server.wait_scanned()
        code, rest, messages = server.stop(signal.SIGINT)
    assert (code, rest) == (0, "")
    assert "ssh -N -L" in messages
    assert "dcmview: 1 file: 1 shown\n" in messages
    assert "\r" not in messages  # no progress line without a terminal


def test_the_port_is_taken_as_asked(folder):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with ServerProcess("-p", str(port), str(folder)) as server:
        assert server.url == f"http://127.0.0.1:{port}"


def test_a_token_is_printed_as_a_link_on_the_second_line(folder):
    with ServerProcess("--token", str(folder)) as server:
        second = server.process.stdout.readline()
        link, token = second.removeprefix("dcmview: link with token: ").strip().split("/#token=")
        assert link == server.url
        assert server.get("/api/health").status == 401
        assert server.get("/api/health", **{"X-Dcmview-Token": token}).status == 200


def test_the_token_of_the_environment_is_used_and_not_shown_to_children(folder, monkeypatch):
    monkeypatch.setenv("DCMVIEW_TOKEN", "correct-horse")
    with ServerProcess(str(folder)) as server:
        assert server.get("/api/health").status == 401
        bearer = {"Authorization": "Bearer correct-horse"}
        assert server.get("/api/health", **bearer).status == 200


def test_listening_beyond_loopback_makes_a_token_for_others(folder):
    with ServerProcess("--host", "0.0.0.0", str(folder)) as server:
        assert server.url.startswith("http://127.0.0.1:")
        assert "#token=" in server.process.stdout.readline()


def test_listening_beyond_loopback_without_a_token_warns(folder):
    with ServerProcess("--host", "0.0.0.0", "--no-token", str(folder)) as server:
        server.wait_scanned()
        _, rest, messages = server.stop()
    assert rest == ""
    assert "warning: without a token" in messages


def test_a_foreign_host_name_is_answered_if_allowed(folder):
    with ServerProcess("--allow-host", "Node17", str(folder)) as server:
        assert server.get("/api/health", Host="node17:80").status == 200
        assert server.get("/api/health", Host="node18:80").status == 403


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_closed_standard_streams_do_no_harm(folder, closed):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = f'exec "{sys.executable}" -m dcmview --no-browser -p {port} "{folder}" {closed}'
    process = subprocess.Popen(
        ["sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        deadline = time.monotonic() + 30
        while not can_connect(port) and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        process.terminate()
        _, messages = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in messages


def test_a_reader_that_leaves_does_no_harm(folder):
    with ServerProcess("--token", str(folder)) as server:
        server.process.stdout.close()
        time.sleep(0.2)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(30) == 0
        assert "Traceback" not in server.process.stderr.read()
        server.process.stderr.close()
        server.process.stdout = server.process.stderr = None


# What cannot start


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["no-such-folder"], 2, "no such file or folder: no-such-folder"),
        ([CT, "no-such-folder"], 2, "no such file or folder: no-such-folder"),
        ([], 2, "PATH"),
        (["--port", "70000", CT], 2, "--port must be from 0 to 65535"),
        (["--filter", "ward=7", CT], 2, "unknown filter field 'ward'"),
        (["--filter", "modality", CT], 2, "FIELD=VALUE"),
        (["--tunnel", CT], 2, "--tunnel-host"),
        (["--tunnel", "--tunnel-host=-x", "--tunnel-port=9", CT], 2, "not a host name"),
        (["--no-such-option", CT], 2, "--no-such-option"),
        (["--annotations", "no-such.csv", CT], 3, "no-such.csv"),
        (["--save-annotations", "no-such/rois.json", CT], 3, "no-such/rois.json: No such file"),
        (["--save-annotations", __file__, CT], 3, "test_view.py: is left alone: not JSON"),
        (["--host", "no-such-host.invalid", CT], 3, "no-such-host.invalid"),
        (["--host", "192.0.2.1", CT], 3, "not an address of this computer"),
    ],
)
def test_what_cannot_start_says_so_in_one_line(arguments, code, words):
    ended = run("--no-browser", *arguments)
    assert ended.returncode == code
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.startswith("dcmview: error: ")
    assert words in ended.stderr


def test_a_taken_port_ends_the_start(folder):
    with socket.create_server(("127.0.0.1", 0)) as other:
        ended = run("-p", str(other.getsockname()[1]), str(folder))
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (3, "", 1)
    assert "is taken" in ended.stderr


def test_a_bad_roi_table_ends_the_start_with_its_place(folder):
    table = folder / "rois.csv"
    table.write_text('anon_dicom_path,ROI_coords\nct.dcm,"[[1,2,3]]"\n')
    ended = run("--annotations", str(table), str(folder))
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "row 2, column ROI_coords" in ended.stderr


def test_nothing_to_show_ends_with_what_was_seen(tmp_path):
    (tmp_path / "notes.txt").write_text("not an image")
    ended = run("--no-browser", str(tmp_path))
    assert ended.returncode == 1
    assert "notes.txt" in ended.stderr
    assert "nothing to show" in ended.stderr.splitlines()[-1]
    assert "1 skipped as not DICOM" in ended.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": 0},
        {"timeout": float("nan")},
        {"timeout": float("inf")},
        {"port": -1},
        {"tunnel_port": 65536},
        {"token": True, "no_token": True},
        {"tunnel_host": "clinic"},
        {"tunnel_mode": "remote"},
        {"paths": ()},
    ],
)
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises(UsageError):
        check_options(ViewOptions(**{"paths": ("study",), **options}))


def test_help_shows_the_options_of_the_viewer_and_examples():
    shown = run("--help").stdout
    assert "Usage: dcmview [OPTIONS]" in shown
    for words in ("--no-recursive", "--tunnel-host", "Who gets in", "Examples", "dcmview study/"):
        assert words in shown
    assert "--end-with-stdin" not in shown


def test_the_version_is_printed():
    assert re.fullmatch(r"dcmview \d+\.\d+\.\d+\n", run("--version").stdout)


# The end


def test_an_interrupt_while_loading_ends_without_a_word(folder):
    server = ServerProcess(str(folder))  # returns at the first line, in the midst of the imports
    code, rest, messages = server.stop(signal.SIGINT)
    assert (code, rest) == (0, "")
    assert "Traceback" not in messages


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("500M", 500 * 1024**2),
        ("4G", 4 * 1024**3),
        ("1.5GiB", 3 * 1024**3 // 2),
        ("64mb", 64 * 1024**2),
        ("20000000", 20_000_000),
        ("16384k", 16 * 1024**2),
    ],
)
def test_a_size_is_read_with_its_unit(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "G", "-1G", "15M", "1e9", "4 G", "4X", "nan"])
def test_an_impossible_size_is_refused(text):
    with pytest.raises(UsageError, match="--cache-budget"):
        parse_size(text)


def test_a_timeout_ends_it(folder):
    ended = run("--no-browser", "--timeout", "0.3", str(folder))
    assert ended.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_unsaved_rois_are_rescued_where_nobody_can_be_asked(folder, tmp_path_factory, number):
    cwd = tmp_path_factory.mktemp("cwd")
    with ServerProcess(str(folder), cwd=cwd) as server:
        put_rois(server)
        code, _, messages = server.stop(number)
    (rescued,) = cwd.iterdir()
    assert code == 0
    assert f"are in {rescued}" in messages
    assert '"[[1,2,30,40]]"' in rescued.read_text()
    assert str(folder / "ct.dcm") in rescued.read_text()


def test_a_refused_start_leaves_no_journal(folder, tmp_path):
    saved = f"--save-annotations={tmp_path / 'rois.json'}"
    assert run("--no-browser", saved, "--tunnel", str(folder)).returncode == 2
    assert [each.name for each in tmp_path.iterdir()] == ["ct.dcm"]


@pytest.mark.skipif(os.name != "posix", reason="a current folder cannot be removed elsewhere")
def test_rois_are_rescued_elsewhere_if_the_current_folder_is_gone(
    folder, tmp_path_factory, monkeypatch
):
    cwd, home = tmp_path_factory.mktemp("cwd"), tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    with ServerProcess(str(folder), cwd=cwd) as server:
        put_rois(server)
        cwd.rmdir()
        code, _, messages = server.stop()
    (rescued,) = home.glob("dcmview-rescued-*")
    assert code == 0
    assert f"are in {rescued}" in messages
    assert '"[[1,2,30,40]]"' in rescued.read_text()


def test_exported_rois_need_no_rescue(folder, tmp_path_factory):
    cwd = tmp_path_factory.mktemp("cwd")
    with ServerProcess(str(folder), cwd=cwd) as server:
        put_rois(server)
        assert server.get("/api/annotations/export.csv").status == 200
        server.stop()
    assert list(cwd.iterdir()) == []


def test_no_rescue_writes_nothing_and_says_what_is_lost(folder, tmp_path_factory):
    cwd = tmp_path_factory.mktemp("cwd")
    with ServerProcess("--no-rescue", str(folder), cwd=cwd) as server:
        put_rois(server)
        _, _, messages = server.stop()
    assert list(cwd.iterdir()) == []
    assert "are lost" in messages


class Terminal:
    """A viewer whose standard error is a terminal."""

    def __init__(self, *arguments, cwd):
        self.text = ""
        self._own_end, other_end = pty.openpty()
        self.server = ServerProcess.__new__(ServerProcess)
        self.server.process = subprocess.Popen(
            [sys.executable, "-m", "dcmview", "--no-browser", *arguments],
            stdin=other_end,
            stdout=subprocess.PIPE,
            stderr=other_end,
            text=True,
            cwd=cwd,
        )
        os.close(other_end)
        line = self.server.process.stdout.readline()
        self.server.url = line.removeprefix("dcmview: server running at ").strip()

    def wait_for(self, words):
        deadline = time.monotonic() + 30
        while words not in self.text:
            assert time.monotonic() < deadline, self.text
            if select.select([self._own_end], [], [], 0.1)[0]:
                self.text += os.read(self._own_end, 4096).decode()

    def close(self):
        self.server.process.kill()
        self.server.process.communicate()
        os.close(self._own_end)


@pytest.fixture
def terminal(folder, tmp_path_factory):
    terminal = Terminal(str(folder), cwd=tmp_path_factory.mktemp("cwd"))
    yield terminal
    terminal.close()


def test_at_a_terminal_the_first_interrupt_asks_and_the_second_ends(terminal):
    put_rois(terminal.server)
    terminal.server.process.send_signal(signal.SIGINT)
    terminal.wait_for("Ctrl+C again")
    assert terminal.server.get("/api/health").status == 200
    terminal.server.process.send_signal(signal.SIGINT)
    assert terminal.server.process.wait(30) == 0


def test_at_a_terminal_the_scan_ends_with_a_summary(terminal):
    terminal.wait_for("1 file: 1 shown")
