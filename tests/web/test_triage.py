"""Marks of triage over HTTP: progress, saving, and a table that goes out and comes in again."""

from __future__ import annotations

import csv
import io
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from pydicom.data import get_testdata_file
from support.server import ServerProcess

CT, MULTIFRAME, REPORT = range(3)
CT_UID = "1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322"
CT_SERIES = "1.3.6.1.4.1.5962.1.3.1.1.20040119072730.12322"
POINT = {"id": "p", "kind": "point", "points": [{"x": 5, "y": 6.5}]}
FILES = {
    "0-ct.dcm": "CT_small.dcm",
    "1-multiframe.dcm": "emri_small.dcm",
    "2-report.dcm": "reportsi.dcm",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("triage")
    for name, source in FILES.items():
        shutil.copy(get_testdata_file(source, download=False), folder / name)
    return folder


@pytest.fixture(scope="module")
def shared_server(folder):
    with ServerProcess("--no-rescue", str(folder)) as server:
        server.wait_scanned()
        yield server


@pytest.fixture
def server(shared_server):
    mark(shared_server, files=[0, 1, 2], mark=None, note="")
    return shared_server


def mark(server, **change):
    since = server.get("/api/triage").json["revision"]
    return server.request("PATCH", f"/api/triage?since={since}", change)


def marks(server):
    """All marks as (index, mark, note)."""
    found = server.get("/api/triage").json["marks"]
    return [(each["index"], each["mark"], each["note"]) for each in found]


def send(server, content):
    content = content.encode() if isinstance(content, str) else content
    return server.request("POST", "/api/triage/import", content)


def test_files_are_marked_and_counted_and_the_answer_names_those_alone(server):
    assert mark(server, files=[CT], mark="keep").status == 200
    answer = mark(server, files=[MULTIFRAME, REPORT], mark="reject", note="=motion, ü")
    body = answer.json
    assert [(each["index"], each["mark"]) for each in body["marks"]] == [
        (1, "reject"),
        (2, "reject"),
    ]
    assert body["counts"] == {"keep": 1, "reject": 2, "unsure": 0}
    assert (body["images"], body["unlisted_files"]) == (2, 0)
    modified = time.strptime(body["marks"][0]["modified"], "%Y-%m-%dT%H:%M:%SZ")
    assert abs(time.time() - (time.mktime(modified) - time.timezone)) < 60
    assert marks(server) == [
        (CT, "keep", ""), (MULTIFRAME, "reject", "=motion, ü"), (REPORT, "reject", "=motion, ü"),
    ]  # fmt: skip


def test_marks_name_the_series_of_their_files(server):
    listed = server.get("/api/series").json["series"]
    of_multiframe = next(
        row["index"]
        for row in listed
        if MULTIFRAME in server.get(f"/api/series/{row['index']}").json["instances"]["index"]
    )
    (found,) = mark(server, files=[MULTIFRAME], mark="keep").json["marks"]
    assert (found["index"], found["series"]) == (MULTIFRAME, of_multiframe)


def test_mark_and_note_change_apart_and_a_mark_can_be_taken_back(server):
    mark(server, files=[CT], mark="unsure", note="left lung?")
    mark(server, files=[CT], mark="keep")
    assert marks(server) == [(CT, "keep", "left lung?")]
    mark(server, files=[CT], note="")
    answer = mark(server, files=[CT], mark=None)
    (cleared,) = answer.json["marks"]
    assert (cleared["index"], cleared["mark"], cleared["note"]) == (CT, "", "")
    assert marks(server) == []
    again = mark(server, files=[CT], mark=None)
    assert (again.json["marks"], again.json["counts"]["keep"]) == ([], 0)


def test_a_series_is_marked_as_a_whole(server):
    series = server.get(f"/api/file/{CT}/info").json["series"]
    assert mark(server, series=series, mark="keep").json["counts"]["keep"] == 1
    assert marks(server) == [(CT, "keep", "")]
    assert mark(server, series=999, mark="keep").status == 404


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"files": [0], "mark": "maybe"}, 400, "mark must be one of keep, reject, unsure or null"),
        ({"files": [0]}, 400, "there must be a mark or a note"),
        ({"files": [0], "note": "x" * 10_001}, 400, "at most 10,000 characters"),
        ({"files": [0], "note": 7}, 400, "note must be text"),
        ({"mark": "keep"}, 400, "exactly one of files and series"),
        ({"files": [0], "series": 1, "mark": "keep"}, 400, "exactly one of files and series"),
        ({"files": "0", "mark": "keep"}, 400, "files must be a list"),
        ({"files": [0, True], "mark": "keep"}, 400, "files: not an index from 0: True"),
        ({"files": [0, 99], "mark": "keep"}, 404, "99"),
    ],
)
def test_a_change_that_makes_no_sense_marks_nothing(server, change, status, words):
    answer = server.request("PATCH", "/api/triage", change)
    assert answer.status == status
    assert words in answer.json["error"]
    assert marks(server) == []


def test_the_table_goes_out_and_comes_in_again(server):
    mark(server, files=[CT], mark="keep", note="=HYPERLINK(1)\r\n'x'")
    mark(server, files=[MULTIFRAME], note="note alone")
    before = server.get("/api/triage").json["marks"]
    exported = server.get("/api/triage/export.csv")
    assert "dcmview-triage.csv" in exported.headers["content-disposition"]
    first, second = csv.DictReader(io.StringIO(exported.body.decode(), newline=""))
    assert first["sop_instance_uid"] == CT_UID
    assert first["series_instance_uid"] == CT_SERIES
    assert (first["mark"], first["note"]) == ("keep", "'=HYPERLINK(1)\r\n'x'")
    assert (second["mark"], second["note"]) == ("", "note alone")
    mark(server, files=[0, 1, 2], mark="reject", note="")
    report = send(server, exported.body).json
    assert (report["format"], report["rows"], report["marked"]) == ("triage", 2, 2)
    found = server.get("/api/triage").json["marks"]
    assert found[:2] == before
    assert [each["mark"] for each in found] == ["keep", "", "reject"]
    assert send(server, exported.body).json["marked"] == 0


def test_a_table_of_a_person_finds_files_as_rois_do_and_says_which_rows_do_not(server):
    table = f"mark;path;sop_instance_uid\nReject;;{CT_UID}\nkeep;1-multiframe.dcm;\nkeep;9.dcm;\n"
    report = send(server, table).json
    assert report["matched"] == {"path": 0, "sop_instance_uid": 1, "name": 1}
    assert report["unmatched"] == [{"place": "row 4", "reason": "matches no listed file: 9.dcm"}]
    assert marks(server) == [(CT, "reject", ""), (MULTIFRAME, "keep", "")]
    assert send(server, 'path,mark\n"0-ct.dcm",maybe\n').status == 400
    none = send(server, "file,x,y\n0-ct.dcm,1,2\n")
    assert (none.status, none.json["error"]) == (400, "there are no marks of triage in it")


def test_marks_count_as_edits_until_they_are_exported(server):
    server.get("/api/triage/export.csv")
    server.wait_unsaved(0)
    mark(server, files=[CT, MULTIFRAME], mark="keep")
    put = {"rois": [POINT]}
    server.request("PUT", f"/api/file/{CT}/rois", put, {"If-Match": "*"})
    assert server.get("/api/health").json["unsaved_files"] == 2
    server.get("/api/triage/export.csv")
    server.wait_unsaved(1)
    mark(server, files=[REPORT], mark="unsure")
    server.wait_unsaved(2)
    exported = server.get("/api/annotations/export.json")
    server.wait_unsaved(0)
    server.request("PUT", f"/api/file/{CT}/rois", {"rois": []}, {"If-Match": "*"})
    mark(server, files=[0, 1, 2], mark=None, note="")
    report = server.request("POST", "/api/annotations/import", exported.body).json
    assert (report["format"], report["added"], report["marked"]) == ("json", 1, 3)
    assert marks(server) == [(CT, "keep", ""), (MULTIFRAME, "keep", ""), (REPORT, "unsure", "")]


def test_marks_survive_a_kill_and_a_folding_and_go_before_what_is_loaded(folder, tmp_path):
    loaded = tmp_path / "loaded.csv"
    loaded.write_text("path,mark\n0-ct.dcm,reject\n1-multiframe.dcm,reject\n2-report.dcm,unsure\n")
    arguments = [f"--save-annotations={tmp_path / 'rois.json'}", f"--triage={loaded}", str(folder)]
    for with_signal in (signal.SIGKILL, signal.SIGTERM, signal.SIGTERM):
        with ServerProcess(*arguments) as server:
            server.wait_scanned()
            assert server.get("/api/health").json["unsaved_files"] == 0
            if with_signal == signal.SIGKILL:
                assert marks(server)[0] == (CT, "reject", "")
                mark(server, files=[CT], mark="keep", note="n")
                mark(server, files=[MULTIFRAME], mark=None)
            assert marks(server) == [(CT, "keep", "n"), (REPORT, "unsure", "")]
            server.stop(with_signal)
    assert b'"triage":[' in (tmp_path / "rois.json").read_bytes()


def test_marks_that_nobody_saved_are_rescued_and_loaded_again(folder, tmp_path):
    with ServerProcess(str(folder), cwd=tmp_path) as server:
        server.wait_scanned()
        mark(server, files=[CT], mark="keep")
        server.stop()
    (rescued,) = tmp_path.iterdir()
    assert rescued.suffix == ".json"
    with ServerProcess(f"--triage={rescued}", str(folder), cwd=tmp_path) as server:
        server.wait_scanned()
        assert marks(server) == [(CT, "keep", "")]
        server.stop()
    assert list(tmp_path.iterdir()) == [rescued]


def test_a_moved_file_keeps_its_mark(folder, tmp_path):
    files = tmp_path / "files"
    shutil.copytree(folder, files)
    arguments = [f"--save-annotations={tmp_path / 'rois.json'}", str(files)]
    with ServerProcess(*arguments) as server:
        server.wait_scanned()
        mark(server, files=[CT], mark="keep")
        mark(server, files=[REPORT], mark="unsure")
        server.stop()
    os.rename(files / "0-ct.dcm", files / "9-ct.dcm")
    os.unlink(files / "2-report.dcm")
    with ServerProcess(*arguments) as server:
        server.wait_scanned()
        overview = server.get("/api/triage").json
        assert [(each["index"], each["mark"]) for each in overview["marks"]] == [(1, "keep")]
        assert overview["unlisted_files"] == 1
        mark(server, files=[1], mark="reject")
        server.stop(signal.SIGKILL)
    with ServerProcess(*arguments) as server:
        server.wait_scanned()
        assert marks(server) == [(1, "reject", "")]


@pytest.mark.parametrize(
    "content", ["path,xmin,ymin,xmax,ymax\na.dcm,1,2,3,4\n", "path,mark\na,maybe\n"]
)
def test_a_file_without_marks_ends_the_start(folder, tmp_path, content):
    (tmp_path / "marks.csv").write_text(content)
    command = [sys.executable, "-m", "dcmview", "--no-browser", "--triage=marks.csv", str(folder)]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "marks.csv" in ended.stderr


def test_a_page_of_an_earlier_run_is_given_everything(server):
    mark(server, files=[CT], mark="keep")
    assert len(server.get("/api/triage?since=999999").json["marks"]) >= 1
