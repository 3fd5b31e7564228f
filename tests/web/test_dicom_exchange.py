"""DICOM objects of ROIs over HTTP: taken away, brought back, and refused where they are none."""

from __future__ import annotations

import io
import shutil
import zipfile

import pytest
from pydicom.data import get_testdata_file
from support.server import ServerProcess

CT, MULTIFRAME = range(2)
POINT = {"id": "p", "kind": "point", "points": [{"x": 5, "y": 6.5}], "note": "=1+1"}
MASS = {
    "id": "m",
    "kind": "rectangle",
    "points": [{"x": 20.5, "y": 10}, {"x": 40, "y": 30}],
    "label": "mass",
    "score": 0.5,
    "group": "reader 1",
    "frames": [1, 2],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dicom-exchange")
    for name, source in {"0-ct.dcm": "CT_small.dcm", "1-multi.dcm": "emri_small.dcm"}.items():
        shutil.copy(get_testdata_file(source, download=False), folder / name)
    return folder


@pytest.fixture
def server(folder):
    with ServerProcess("--no-rescue", str(folder)) as server:
        server.wait_scanned()
        put(server, [POINT], CT)
        put(server, [MASS], MULTIFRAME)
        yield server


def put(server, sent, index):
    answer = server.request("PUT", f"/api/file/{index}/rois", {"rois": sent}, {"If-Match": "*"})
    assert answer.status == 200


def rois(server, index):
    return server.get(f"/api/file/{index}/rois").json["rois"]


def members(answer):
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def send(server, content):
    return server.request("POST", "/api/annotations/import", content)


def test_structured_reports_come_back_unchanged_and_no_file_is_touched(server, folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    reports = members(server.get("/api/annotations/export?format=sr"))
    assert sorted(reports) == ["study-001-report-01.dcm", "study-002-report-01.dcm"]
    server.wait_unsaved(0)
    for index in (CT, MULTIFRAME):
        put(server, [], index)
    answers = [send(server, content).json for content in reports.values()]
    assert [answer["format"] for answer in answers] == ["sr", "sr"]
    assert [answer["matched"]["sop_instance_uid"] for answer in answers] == [1, 1]
    assert (rois(server, CT), rois(server, MULTIFRAME)) == ([POINT], [MASS])
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_whole_archive_of_reports_comes_back_at_once(server):
    archive = server.get("/api/annotations/export?format=sr").body
    for index in (CT, MULTIFRAME):
        put(server, [], index)
    report = send(server, archive).json
    assert (report["added"], report["unmatched"], report["left_out"]) == (2, [], [])
    assert (rois(server, CT), rois(server, MULTIFRAME)) == ([POINT], [MASS])


def test_segmentations_come_back_as_outlines_of_the_same_pixels(server):
    put(server, [POINT, {**MASS, "points": [{"x": 2, "y": 1}, {"x": 6, "y": 4}]}], MULTIFRAME)
    preview = server.get("/api/annotations/export/preview?format=seg").json
    assert (preview["rois"], preview["carried"], preview["missing"]) == (3, 1, "")
    assert {"what": "points", "count": 2} in preview["lost"]
    ((name, segmentation),) = members(server.get("/api/annotations/export?format=seg")).items()
    assert name == "series-001-layer-1-segmentation-01.dcm"
    put(server, [], MULTIFRAME)
    report = send(server, segmentation).json
    assert (report["format"], report["added"], report["left_out"]) == ("seg", 2, [])
    corners = [{"x": 2, "y": 1}, {"x": 6, "y": 1}, {"x": 6, "y": 4}, {"x": 2, "y": 4}]
    said = [(roi["kind"], roi["label"], roi["group"]) for roi in rois(server, MULTIFRAME)]
    assert said == 2 * [("polygon", "mass", "reader 1")]
    assert [roi["frames"] for roi in rois(server, MULTIFRAME)] == [[1], [2]]
    assert [roi["points"] for roi in rois(server, MULTIFRAME)] == [corners, corners]


def test_a_segmentation_is_loaded_from_the_command_line(server, folder, tmp_path):
    ((_, segmentation),) = members(server.get("/api/annotations/export?format=seg")).items()
    path = tmp_path / "mask.dcm"
    path.write_bytes(segmentation)
    with ServerProcess("--no-rescue", "--predictions", str(path), str(folder)) as other:
        other.wait_scanned()
        found = rois(other, MULTIFRAME)
    assert [(roi["label"], roi["frames"], roi["locked"]) for roi in found] == [
        ("mass", [1], True),
        ("mass", [2], True),
    ]


def test_a_dicom_image_is_refused_as_one(server, folder):
    answer = send(server, (folder / "0-ct.dcm").read_bytes())
    assert (answer.status, answer.json["code"]) == (400, "invalid_annotation")
    assert answer.json["error"].startswith("a DICOM object without ROIs: CT Image Storage")


def test_a_report_that_ends_early_is_refused_and_nothing_added(server):
    (report, _) = members(server.get("/api/annotations/export?format=sr")).values()
    answer = send(server, report[: len(report) * 2 // 3])
    assert (answer.status, answer.json["code"]) == (400, "invalid_annotation")
    assert rois(server, CT) == [POINT]
