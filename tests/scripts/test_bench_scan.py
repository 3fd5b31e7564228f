"""The scan benchmark: its trees, its arithmetic, and one short run against our own server."""

from __future__ import annotations

import json
import random
import shlex
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from bench import scan, scan_tree
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.errors import InvalidDicomError
from pydicom.pixels import pixel_array

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom.dataset import Dataset

ROOT = Path(__file__).resolve().parents[2]
CT_SMALL = Path(str(get_testdata_file("CT_small.dcm", download=False)))

SERVER = """
import json, subprocess, sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

begin, folder = time.monotonic(), Path(sys.argv[2])
burn = "import time\\nwhile time.process_time() < 0.3: pass"
child = subprocess.Popen([sys.executable, "-c", burn])
has_told_three = False
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        with (folder / "asked").open("a") as asked:
            asked.write(self.path + "\\n")
        child.poll()  # reaps it
        global has_told_three
        elapsed = time.monotonic() - begin
        count = 0 if elapsed < 0.2 else 8 if has_told_three and elapsed > 0.5 else 3
        has_told_three |= count == 3
        answers = {
            "/api/health": {"file_count": count},
            "/api/files": {"files": [{}] * count, "scan_complete": True},
        }
        body = json.dumps(answers.get(self.path)).encode()
        self.send_response(200 if self.path in answers else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
server = HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
print("server running at http://127.0.0.1", flush=True)
server.serve_forever()
"""
"""Lists 3 files after 0.2 s and 8 after 0.5 s, while a child of it uses 0.3 s of CPU time."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree of 500 files with the default examples."""
    folder = tmp_path_factory.mktemp("trees") / "500"
    scan_tree.make(folder, 500)
    return folder


@pytest.fixture
def like(tmp_path: Path) -> Path:
    """A folder whose only example is CT_small.dcm."""
    folder = tmp_path / "like"
    folder.mkdir()
    shutil.copy(CT_SMALL, folder)
    return folder


@pytest.fixture
def command(tmp_path: Path) -> str:
    """A server of the contract whose progress is known."""
    (tmp_path / "server.py").write_text(SERVER)
    return (
        f"{shlex.quote(sys.executable)} {shlex.quote(str(tmp_path))}/server.py {{port}} {{corpus}}"
    )


def dicom_files(folder: Path) -> Iterator[Dataset]:
    """The files of a tree that pydicom reads, with their preamble and meta group."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            try:
                yield dcmread(path)
            except InvalidDicomError:
                continue


def contents(folder: Path) -> dict[str, bytes]:
    """What is in a tree, by path."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_one_file_in_five_is_something_else(tree: Path) -> None:
    found = contents(tree)
    others = [path for path, content in found.items() if content[128:132] != b"DICM"]

    assert len(found) == 500
    assert len(others) == 100
    suffixes = Counter(Path(path).suffix for path in others)
    # Five sorts in turn, 99 in all, and the index.
    assert suffixes == {".txt": 20, ".json": 21, ".png": 20, ".dcm": 20, "": 19}
    assert all((not found[path]) == path.endswith(".dcm") for path in others)


def test_every_file_is_an_instance_of_its_own_that_pydicom_reads(tree: Path) -> None:
    datasets = list(dicom_files(tree))

    assert len(datasets) == 400
    assert len({dataset.SOPInstanceUID for dataset in datasets}) == 400
    for dataset in datasets:
        assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
        assert dataset.SOPInstanceUID.is_valid
        for element in dataset:  # all values can be read, with pydicom's warnings as errors
            assert element.tag in dataset


def test_made_pictures_have_the_rows_and_columns_they_say(tree: Path) -> None:
    native = [
        dataset
        for dataset in dicom_files(tree)
        if "PixelData" in dataset and not dataset.file_meta.TransferSyntaxUID.is_compressed
    ]

    assert len(native) > 200
    for dataset in native[::5]:
        samples = pixel_array(dataset, raw=True)
        assert samples.size == (
            dataset.Rows
            * dataset.Columns
            * dataset.SamplesPerPixel
            * int(dataset.get("NumberOfFrames") or 1)
        )


def test_slices_of_a_series_lie_evenly_along_their_normal(tree: Path) -> None:
    by_series = defaultdict(list)
    for dataset in dicom_files(tree):
        if dataset.Modality in {"CT", "MR"} and dataset.get("ImagePositionPatient"):
            by_series[dataset.SeriesInstanceUID].append(dataset)
    largest = max(by_series.values(), key=len)
    largest.sort(key=lambda dataset: int(dataset.InstanceNumber))

    assert len(largest) >= 100
    assert [each.InstanceNumber for each in largest] == list(range(1, len(largest) + 1))
    assert len({(each.StudyInstanceUID, each.PatientID, each.Modality) for each in largest}) == 1
    positions = np.array([each.ImagePositionPatient for each in largest], float)
    steps = np.diff(positions, axis=0)
    np.testing.assert_allclose(steps, np.broadcast_to(steps[0], steps.shape), atol=1e-4)
    row, column = np.array(largest[0].ImageOrientationPatient, float).reshape(2, 3)
    np.testing.assert_allclose(steps[0] @ np.array([row, column]).T, 0, atol=1e-4)
    assert np.linalg.norm(steps[0]) > 0.1


def test_header_is_the_real_one_but_for_what_tells_files_apart(tmp_path: Path, like: Path) -> None:
    scan_tree.make(tmp_path / "tree", 20, [like])
    real = dcmread(CT_SMALL)

    for made in dicom_files(tmp_path / "tree"):
        differing = {e.keyword for e in real if e.tag not in made or made[e.tag].value != e.value}
        assert {"SOPInstanceUID", "SeriesInstanceUID", "PatientID", "Rows"} <= differing
        assert differing <= {*scan_tree.LENGTHS, "Rows", "Columns", "PixelData"}
        # Its slices are 5 mm apart, and the numbers count from 1.
        offset = (int(made.InstanceNumber) - 1) * 5
        first = real.ImagePositionPatient
        assert made.ImagePositionPatient == [first[0], first[1], pytest.approx(first[2] + offset)]
        # 64 pixels in the middle of 128.
        np.testing.assert_array_equal(pixel_array(made), pixel_array(real)[32:96, 32:96])


def test_axial_ct_counts_its_acquisitions(tmp_path: Path, like: Path) -> None:
    scan_tree.make(tmp_path / "tree", 20, [like])

    made = [d for d in dicom_files(tmp_path / "tree") if d.SeriesNumber == 1]

    assert all(each.AcquisitionNumber == each.InstanceNumber for each in made)
    assert len({each.AcquisitionTime for each in made}) == len(made) > 1


def test_short_rows_are_mirrored_and_long_ones_cut() -> None:
    assert scan_tree.middle(8, 4).tolist() == [2, 3, 4, 5]
    # -2 to 5 of 4 columns: the neighbours of an edge are what lies inside it.
    assert scan_tree.middle(4, 8).tolist() == [1, 0, 0, 1, 2, 3, 3, 2]


def test_plan_has_the_shares_of_an_archive() -> None:
    templates = [
        scan_tree.Template(kind, kind, "XX", b"", {}, 1000, None, None, None)
        for kind in scan_tree.SHARES
    ]

    studies = scan_tree.plan(templates, 10_000, random.Random(1))

    counts: Counter[str] = Counter()
    for study in studies:
        for series in study:
            counts[series.template.kind] += series.size
    assert counts == {"slice": 8800, "picture": 700, "multi-frame": 200, "object": 300}


def test_same_arguments_give_the_same_tree(tmp_path: Path) -> None:
    for name in ("one", "two"):
        scan_tree.make(tmp_path / name, 100)

    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_tree_that_fits_is_left_as_it_is_and_another_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    scan_tree.make(folder, 10)
    (folder / "note").touch()

    scan_tree.make(folder, 10)
    assert (folder / "note").exists()

    scan_tree.make(folder, 15)
    assert not (folder / "note").exists()
    assert len(contents(folder)) == 15


def test_folder_that_was_not_made_here_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "note").touch()

    with pytest.raises(SystemExit, match="was not made here"):
        scan_tree.make(tmp_path, 10)

    assert list(contents(tmp_path)) == ["note"]


@pytest.mark.skipif(sys.platform == "win32", reason="sessions of processes are POSIX")
def test_scan_ends_when_the_expected_files_are_listed(tmp_path: Path, command: str) -> None:
    figures = scan.measure(command, tmp_path, 8)

    assert figures["listed"] == 8
    assert 200 <= figures["first_file_ms"] < figures["listed_ms"]
    assert figures["listed_ms"] >= 500
    assert figures["files_per_s"] == pytest.approx(8000 / figures["listed_ms"])
    assert figures["files_per_s_from_line"] > figures["files_per_s"]
    asked = Counter((tmp_path / "asked").read_text().split())
    assert asked["/api/files"] == 1
    assert asked["/api/health"] < 100
    assert "series_ms" not in figures


@pytest.mark.skipif(sys.platform == "win32", reason="sessions of processes are POSIX")
def test_fewer_files_than_expected_end_the_scan_when_no_more_come(
    tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "STALL_MS", 700)

    figures = scan.measure(command, tmp_path, 9)

    assert figures["listed"] == 8
    # When the last one came, not when we gave up.
    assert 500 <= figures["listed_ms"] < figures["rest_ms"] - 600


@pytest.mark.skipif(sys.platform != "linux", reason="clocks of other processes are Linux")
def test_cpu_time_of_a_child_that_has_ended_counts(tmp_path: Path, command: str) -> None:
    figures = scan.measure(command, tmp_path, 8)

    assert 0.3 <= figures["cpu_s"] < 2
    assert 1 < figures["pss_scanned_mib"] <= figures["pss_peak_mib"]


def test_ratio_is_of_servers_in_the_same_round() -> None:
    # The third round met a busy machine; medians of each side would say 2 / 10.
    rounds = [
        {"ours": {"listed_ms": a}, "other": {"listed_ms": b}}
        for a, b in ((1.0, 10.0), (2.0, 4.0), (300.0, 100.0))
    ]

    found = scan.summary(rounds, "other")

    assert found["servers"]["ours"]["listed_ms"] == 2.0
    assert found["ratios"] == {"ours": dict.fromkeys(scan.FIGURES) | {"listed_ms": 0.5}}


def test_table_has_a_dash_where_a_server_has_no_such_thing_and_says_who_lists_less() -> None:
    rounds = [{"ours": {"series_ms": 2.0, "listed": 8.0}, "other": {"listed": 7.0}}]
    report = {
        "servers": {"ours": "", "other": ""},
        "base": "other",
        "trees": [
            {
                "files": 10,
                "dicom_files": 8,
                "rounds_of_other_count": {"other": 1},
                "figures": scan.summary(rounds, "other"),
            }
        ],
    }

    lines = scan.table(report).splitlines()

    assert lines[1] == "10 files, 8 of them DICOM"
    assert next(each for each in lines if "/api/series, ms" in each).split()[2:] == ["2", "-", "-"]
    assert lines[-1] == "other did not list 8 files in 1 round(s)"


@pytest.mark.skipif(sys.platform == "win32", reason="sessions of processes are POSIX")
def test_two_servers_are_measured_on_a_tree(tmp_path: Path) -> None:
    command = f"{shlex.quote(sys.executable)} -m dcmview --no-browser --port {{port}} {{corpus}}"
    arguments = ["--trees", tmp_path, "--files", "50", "--rounds", "1"]
    servers = ["--server", f"ours={command}", "--server", f"same={command}"]

    bench = subprocess.run(
        [sys.executable, scan.__file__, *arguments, *servers],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert bench.returncode == 0, bench.stderr
    report = json.loads(bench.stdout)
    (found,) = report["trees"]
    assert (found["files"], found["dicom_files"]) == (50, 40)
    assert found["rounds_of_other_count"] == {}
    ours = found["figures"]["servers"]["ours"]
    assert ours["listed"] == 40
    assert 0 < ours["ready_line_ms"] < ours["listed_ms"] <= ours["rest_ms"]
    assert 0 < ours["first_file_ms"] <= ours["listed_ms"]
    assert ours["cpu_s"] > 0.05
    assert found["figures"]["ratios"]["ours"]["pss_scanned_mib"] > 0
    assert "files/s from the line" in bench.stderr


def test_only_a_tree_is_made_when_asked_for(tmp_path: Path, like: Path) -> None:
    made = subprocess.run(
        [sys.executable, scan.__file__, "--make", "tree", "--files", "10", "--like", like],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert made.returncode == 0, made.stderr
    assert made.stdout == ""
    assert len(contents(tmp_path / "tree")) == 10
