"""The series tree, its stream, stacks and the report, from a real server."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import time
import zlib
from urllib.parse import urlsplit

import imagecodecs
import pydicom
import pytest
from pydicom.data import get_testdata_file
from support.paths import FIXTURES
from support.server import ServerProcess

CT = get_testdata_file("CT_small.dcm", download=False)
MR = get_testdata_file("MR_small.dcm", download=False)


@pytest.fixture(scope="module")
def server():
    with ServerProcess(str(FIXTURES)) as server:
        server.wait_scanned()
        yield server


@pytest.fixture(scope="module")
def tree(server):
    return server.get("/api/series").json


def stream_lines(url: str, path: str = "/api/series?follow=1"):
    """Give the lines of the stream as they come."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    connection.request("GET", path)
    answer = connection.getresponse()
    assert answer.getheader("content-type") == "application/x-ndjson"
    try:
        while line := answer.readline():
            yield json.loads(line)
    finally:
        connection.close()


def series_named(tree, description):
    return next(row for row in tree["series"] if row["series_description"] == description)


def test_the_tree_has_every_series_of_the_files_with_its_study_and_patient(tree):
    expected = {}
    for path in sorted(FIXTURES.rglob("*.dcm")):
        dataset = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        key = (
            str(dataset.get("PatientID", "")),
            str(dataset.get("StudyInstanceUID", "")),
            str(dataset.get("SeriesInstanceUID", "")),
        )
        expected[key] = expected.get(key, 0) + 1
    found = {}
    for row in tree["series"]:
        study = tree["studies"][row["study"]]
        patient = tree["patients"][study["patient"]]
        key = (patient["patient_id"], study["study_instance_uid"], row["series_instance_uid"])
        found[key] = row["file_count"]
    assert found == expected
    assert tree["scan_complete"]
    assert [row["index"] for row in tree["series"]] == list(range(len(tree["series"])))


def test_a_series_row_says_what_its_files_are(server, tree):
    row = series_named(tree, "Axial 7.5 mm")
    paths = sorted((FIXTURES / "ct").glob("slice-*.dcm"))
    assert row["modality"] == "CT"
    assert row["file_count"] == row["image_count"] == row["frame_count"] == len(paths)
    assert row["size_bytes"] == sum(path.stat().st_size for path in paths)
    assert (row["folder"], row["file_name"]) == (str(FIXTURES / "ct"), paths[0].name)
    thumbnail = row["thumbnail"]
    address = f"/api/file/{thumbnail['file']}/frame/{thumbnail['frame_index']}"
    assert server.get(address).body.startswith(b"\x89PNG")


def test_every_series_with_an_image_has_a_thumbnail_and_no_other(tree):
    has_thumbnail = [row["thumbnail"] is not None for row in tree["series"]]
    assert has_thumbnail == [row["image_count"] > 0 for row in tree["series"]]
    assert not all(has_thumbnail)


def test_a_series_gives_its_files_and_stacks_in_order(server, tree):
    detail = server.get(f"/api/series/{series_named(tree, 'Axial 7.5 mm')['index']}").json
    paths = {
        index: os.path.join(detail["series"]["folder"], path)
        for index, path in zip(
            detail["instances"]["index"], detail["instances"]["path"], strict=True
        )
    }
    (stack,) = detail["stacks"]
    positions = [
        [float(each) for each in pydicom.dcmread(paths[file], stop_before_pixels=True)[0x00200032]]
        for file in stack["files"]
    ]
    assert stack["positions_mm"] == positions
    heights = [position[2] for position in positions]
    assert heights in (sorted(heights), sorted(heights, reverse=True))
    assert len(heights) == detail["series"]["file_count"]
    assert stack["ordered_by"] == "position"
    assert stack["geometry"]["slice_spacing_mm"] == pytest.approx(7.5)
    along_normal = [height - heights[0] for height in heights]  # the planes are axial
    assert stack["distances_mm"] == pytest.approx(along_normal)


def test_every_frame_of_every_file_is_in_exactly_one_stack(server, tree):
    shown = []
    for row in tree["series"]:
        for stack in server.get(f"/api/series/{row['index']}").json["stacks"]:
            if stack["has_pixels"]:
                shown += zip(stack["files"], stack["frames"], strict=True)
    files = server.get("/api/files").json["files"]
    there = [(f["index"], n) for f in files if f["has_pixels"] for n in range(f["frame_count"])]
    assert sorted(shown) == sorted(there)


def test_a_file_names_the_series_that_it_belongs_to(server, tree):
    for row in tree["series"]:
        for index in server.get(f"/api/series/{row['index']}").json["instances"]["index"]:
            assert server.get(f"/api/file/{index}/info").json["series"] == row["index"]


def test_an_unknown_series_is_404(server):
    answer = server.get("/api/series/9999")
    assert (answer.status, answer.json["code"]) == (404, "unknown_series")


def test_the_stream_ends_with_the_scan_and_says_the_same_as_the_list(server, tree):
    *_, last = lines = list(stream_lines(server.url))
    rows = {row["index"]: row for line in lines for row in line["series"]}
    assert [rows[index] for index in sorted(rows)] == tree["series"]
    assert last["scan_complete"]


def test_asking_for_the_head_of_the_stream_waits_for_nothing(server):
    answer = server.request("HEAD", "/api/series?follow=1")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-type"] == "application/x-ndjson"


def test_the_report_has_every_path_below_the_root(server):
    report = server.get("/api/report").json
    paths = {row["path"] for row in report["paths"]}
    there = {str(path) for path in FIXTURES.rglob("*") if path.is_file()}
    assert paths == there
    assert report["total"] == len(there) == sum(report["counts"].values())
    ends = {os.path.basename(row["path"]): row for row in report["paths"]}
    assert ends["notes.txt"]["end"] == "not_dicom"
    assert ends["notes.txt"]["reason"] == "no DICOM data set"
    assert ends["cut-short.dcm"]["end"] == "partial"
    assert ends["slice-01.dcm"]["index"] is not None


def test_the_report_gives_some_ends_and_a_part(server):
    whole = server.get("/api/report?end=not_dicom,unreadable").json
    assert {row["end"] for row in whole["paths"]} == {"not_dicom"}
    part = server.get("/api/report?end=not_dicom&offset=1&limit=2").json
    assert part["paths"] == whole["paths"][1:3]
    assert part["total"] == whole["total"]
    assert server.get("/api/report?end=lost").status == 400


@pytest.mark.parametrize("path", ["/api/files", "/api/series"])
def test_a_list_that_is_known_is_not_sent_again(server, path):
    first = server.get(path)
    again = server.request("GET", path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    other = server.request("GET", path, headers={"If-None-Match": '"other"'})
    assert other.body == first.body


@pytest.mark.parametrize("path", ["/api/files", "/api/series"])
def test_lists_are_compressed_as_the_client_asks(server, path):
    plain = server.get(path)
    gzip = server.request("GET", path, headers={"Accept-Encoding": "zstd;q=0.5, gzip"})
    assert gzip.headers["content-encoding"] == "gzip"
    assert zlib.decompress(gzip.body, 31) == plain.body
    zstd = server.request("GET", path, headers={"Accept-Encoding": "zstd, gzip;q=0"})
    assert zstd.headers["content-encoding"] == "zstd"
    assert bytes(imagecodecs.zstd_decode(zstd.body)) == plain.body
    assert "content-encoding" not in plain.headers
    assert plain.headers["vary"] == "Accept-Encoding"


def test_nothing_is_new_since_the_last_revision(server, tree):
    assert server.get(f"/api/series?since={tree['revision']}").json["series"] == []
    files = server.get("/api/files").json
    assert server.get(f"/api/files?since={files['revision']}").json["files"] == []
    newer = server.get(f"/api/files?since={files['revision'] - 2}").json["files"]
    assert newer == files["files"][-2:]


def wait_until(condition):
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert condition()


def test_a_watched_folder_tells_of_files_that_come_change_and_go(tmp_path):
    shutil.copy(CT, tmp_path / "a.dcm")
    with ServerProcess("--watch", str(tmp_path)) as server:
        server.wait_scanned()
        lines = stream_lines(server.url)
        first = next(lines)
        assert [row["file_count"] for row in first["series"]] == [1]
        shutil.copy(MR, tmp_path / "b.dcm")
        line = next(line for line in lines if line["series"])
        assert [row["modality"] for row in line["series"]] == ["MR"]
        os.unlink(tmp_path / "a.dcm")
        revision = line["revision"]

        def newer():
            return server.get(f"/api/files?since={revision}").json["files"]

        wait_until(newer)
        assert [(file["index"], file["status"]) for file in newer()] == [(0, "gone")]
        lines.close()


def test_a_file_that_changes_or_goes_answers_for_itself_alone(tmp_path):
    for name in ("a.dcm", "b.dcm", "c.dcm"):
        shutil.copy(CT, tmp_path / name)
    with ServerProcess(str(tmp_path)) as server:
        server.wait_scanned()
        with open(tmp_path / "a.dcm", "ab") as file:
            file.write(b"\0\0")
        os.unlink(tmp_path / "b.dcm")
        answers = [server.get(f"/api/file/{index}/frame/0") for index in range(3)]
        assert [answer.status for answer in answers] == [409, 404, 200]
        assert [answer.json["code"] for answer in answers[:2]] == ["file_changed", "file_gone"]


def test_a_name_that_is_not_utf8_comes_through_and_back(tmp_path):
    name = b"caf\xe9.dcm"
    shutil.copy(CT, os.path.join(os.fsencode(tmp_path), name))
    (tmp_path / "list").write_bytes(os.path.join(os.fsencode(tmp_path), name) + b"\n")
    report = tmp_path / "report.csv"
    with ServerProcess("--file-list", str(tmp_path / "list"), "--report", str(report)) as server:
        server.wait_scanned()
        (file,) = server.get("/api/files").json["files"]
        assert file["path"].endswith("caf\\xe9.dcm")
        (row,) = server.get("/api/series").json["series"]
        assert row["file_name"] == "caf\\xe9.dcm"
        assert server.get("/api/file/0/frame/0").status == 200
        wait_until(report.exists)
    assert name in report.read_bytes()
