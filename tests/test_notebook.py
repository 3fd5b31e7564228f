"""``view()``: the child process, its errors and its end."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from pydicom.data import get_testdata_file

import dcmview
from dcmview.errors import NothingToShow, StartError, UsageError

CT = get_testdata_file("CT_small.dcm", download=False)
WAIT_LIMIT_S = 10


def answers(url):
    """Whether a viewer answers at this address."""
    try:
        with urllib.request.urlopen(f"{url}/api/health", timeout=5) as response:
            return json.load(response)["status"] == "ok"
    except (OSError, http.client.HTTPException):  # refused, reset, or cut off in the middle
        return False


def wait_until(condition):
    deadline = time.monotonic() + WAIT_LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_a_viewer_answers_until_it_is_stopped():
    viewer = dcmview.view(CT, browser=False, block=False)
    assert answers(viewer.url)
    assert repr(viewer) == f"<dcmview.Viewer {viewer.url} running>"
    viewer.stop()
    assert not answers(viewer.url)
    assert repr(viewer) == f"<dcmview.Viewer {viewer.url} ended>"
    viewer.stop()  # again


def test_a_with_block_ends_its_viewer():
    with dcmview.view([CT], browser=False, block=False) as viewer:
        assert answers(viewer.url)
    assert not answers(viewer.url)


def test_a_viewer_without_a_handle_lives_on(capfd):
    dcmview.view(CT, browser=False, block=False, port=(port := free_port()))
    assert answers(f"http://127.0.0.1:{port}")
    running = next(iter(dcmview.notebook._running))
    assert running.url == f"http://127.0.0.1:{port}"
    running.stop()
    assert capfd.readouterr().out == ""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_arguments_reach_the_viewer(tmp_path):
    shutil.copy(CT, tmp_path / "ct.dcm")
    (tmp_path / "below").mkdir()
    shutil.copy(CT, tmp_path / "below" / "ct.dcm")
    options = {"browser": False, "block": False, "filters": {"modality": "ct"}}
    with dcmview.view(tmp_path, recursive=False, **options) as viewer:
        wait_until(lambda: listing(viewer)["scan_complete"])
        assert [file["path"] for file in listing(viewer)["files"]] == [str(tmp_path / "ct.dcm")]


def listing(viewer):
    with urllib.request.urlopen(f"{viewer.url}/api/files", timeout=5) as response:
        return json.load(response)


def test_blocking_shows_the_address_and_returns_at_the_timeout(capsys):
    assert dcmview.view(CT, browser=False, timeout=0.3) is None
    out, err = capsys.readouterr()
    assert out.startswith("dcmview: server running at http://127.0.0.1:")
    assert "1 file: 1 shown" in err


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"files": "no-such-folder"}, UsageError, "no such file or folder: no-such-folder"),
        ({"files": []}, UsageError, "PATH"),
        ({"files": CT, "filters": {"ward": "7"}}, UsageError, "unknown filter field 'ward'"),
        ({"files": CT, "filters": ["modality"]}, UsageError, "FIELD=VALUE"),
        ({"files": CT, "tunnel": True}, UsageError, "--tunnel-host"),
        ({"files": CT, "annotations": "no-such.csv"}, StartError, "no-such.csv"),
        ({"files": CT, "host": "192.0.2.1"}, StartError, "not an address of this computer"),
    ],
)
@pytest.mark.parametrize("block", [True, False])
def test_an_error_of_the_child_is_raised_with_its_message(arguments, error, words, block):
    with pytest.raises(error, match=words):
        dcmview.view(**arguments, browser=False, block=block)


def test_nothing_to_show_is_raised_when_blocking(tmp_path):
    (tmp_path / "notes.txt").write_text("not an image")
    with pytest.raises(NothingToShow, match="1 skipped as not DICOM"):
        dcmview.view(tmp_path, browser=False)


@pytest.mark.skipif(os.name != "posix", reason="uses POSIX signals")
def test_an_interrupt_ends_a_blocking_view_cleanly(tmp_path):
    program = f"import dcmview; dcmview.view({CT!r}, browser=False); print('went on')"
    caller = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    url = caller.stdout.readline().removeprefix("dcmview: server running at ").strip()
    assert answers(url)
    caller.send_signal(signal.SIGINT)
    out, err = caller.communicate(timeout=10)
    assert (caller.returncode, out) == (0, "went on\n")
    assert "Traceback" not in err
    assert not answers(url)


@pytest.mark.skipif(os.name != "posix", reason="uses POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("forked", [False, True])
def test_a_viewer_does_not_outlive_its_caller(number, forked):
    # A forked process holds the pipe to the viewer open.
    fork = "import os; os.fork() or time.sleep(5)" if forked else ""
    program = (
        "import dcmview, time\n"
        f"viewer = dcmview.view({CT!r}, browser=False, block=False)\n"
        f"print(viewer.url, flush=True)\n{fork}\ntime.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True,
    ) as caller:  # fmt: skip
        url = caller.stdout.readline().strip()
        assert answers(url)
        caller.send_signal(number)
        caller.wait()
        wait_until(lambda: not answers(url))


def test_modules_in_the_current_folder_are_not_imported(tmp_path, monkeypatch):
    for name in ("socket", "numpy", "typing"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path)
    with dcmview.view(CT, browser=False, block=False) as viewer:
        assert answers(viewer.url)


def test_rois_are_saved_where_the_caller_says(tmp_path):
    path = tmp_path / "rois.json"
    with dcmview.view(CT, browser=False, block=False, save_annotations=path) as viewer:
        with urllib.request.urlopen(f"{viewer.url}/api/rois") as response:
            assert json.load(response)["saved_in"] == str(path)
        wait_until(lambda: listed(viewer.url))
        boxes = json.dumps({"roi_coords": [[1, 2, 3, 4]]}).encode()
        address = f"{viewer.url}/api/file/0/annotations"
        urllib.request.urlopen(urllib.request.Request(address, boxes, method="PUT")).close()
    (file,) = json.loads(path.read_bytes())["files"]
    assert file["rois"][0]["points"] == [{"x": 2, "y": 1}, {"x": 4, "y": 3}]


def test_rois_come_from_all_files_that_the_caller_names(tmp_path):
    tables = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for number, table in enumerate(tables):
        table.write_text(f"file,x1,y1,x2,y2\n{CT},1,2,3,{number + 5}\n")
    with dcmview.view(CT, browser=False, block=False, annotations=tables) as viewer:
        wait_until(lambda: listed(viewer.url))
        with urllib.request.urlopen(f"{viewer.url}/api/file/0/annotations") as response:
            assert json.load(response)["roi_coords"] == [[2, 1, 5, 3], [2, 1, 6, 3]]


def test_predictions_labels_and_marks_come_from_the_caller(tmp_path):
    (tmp_path / "model.csv").write_text(f"file,x1,y1,x2,y2\n{CT},1,2,3,4\n")
    (tmp_path / "marks.csv").write_text(f"path,mark\n{CT},reject\n")
    given = {
        "predictions": tmp_path / "model.csv",
        "labels": ["mass", "cyst"],
        "triage": tmp_path / "marks.csv",
    }
    with dcmview.view(CT, browser=False, block=False, **given) as viewer:
        wait_until(lambda: listing(viewer)["scan_complete"])
        found = {}
        for path in ("rois", "triage", "file/0/rois"):
            with urllib.request.urlopen(f"{viewer.url}/api/{path}") as response:
                found[path] = json.load(response)
    assert found["rois"]["labels"] == ["mass", "cyst"]
    assert found["triage"]["counts"]["reject"] == 1
    assert [roi["group"] for roi in found["file/0/rois"]["rois"]] == ["model"]


def listed(url):
    """How many files a viewer lists."""
    with urllib.request.urlopen(f"{url}/api/health") as response:
        return json.load(response)["file_count"]
