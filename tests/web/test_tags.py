"""Search, frame groups, comparison and variation of tags, from a real server."""

from __future__ import annotations

import shutil

import pydicom
import pytest
from pydicom.data import get_testdata_file
from support.server import ServerProcess


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tags")
    for name, source in {
        "0-ct.dcm": "CT_small.dcm",
        "1-enhanced.dcm": "eCT_Supplemental.dcm",
        "2-report.dcm": "reportsi.dcm",
    }.items():
        shutil.copy(get_testdata_file(source, download=False), folder / name)
    return folder


@pytest.fixture(scope="module")
def server(folder):
    with ServerProcess("--no-rescue", str(folder)) as server:
        server.wait_scanned()
        yield server


CT, ENHANCED, REPORT = range(3)


def test_groups_are_those_of_the_frame(server, folder):
    expected = pydicom.dcmread(folder / "1-enhanced.dcm").PerFrameFunctionalGroupsSequence
    answer = server.get(f"/api/file/{ENHANCED}/frame/1/groups").json
    position = next(n for n in answer["per_frame"] if n["keyword"] == "PlanePositionSequence")
    (coordinates,) = position["value"]["items"][0]
    assert coordinates["value"]["value"] == [
        float(value) for value in expected[1].PlanePositionSequence[0].ImagePositionPatient
    ]
    assert {node["keyword"] for node in answer["shared"]} >= {"PixelMeasuresSequence"}


def test_groups_of_a_frame_that_is_not_there_are_404(server):
    assert server.get(f"/api/file/{CT}/frame/0/groups").json == {"shared": [], "per_frame": []}
    assert server.get(f"/api/file/{CT}/frame/1/groups").json["code"] == "frame_out_of_range"
    assert server.get(f"/api/file/{REPORT}/frame/0/groups").json["code"] == "no_pixel_data"
