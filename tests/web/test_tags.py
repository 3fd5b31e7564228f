"""Search, frame groups, comparison and variation of tags, from a real server."""

from __future__ import annotations

import csv
import io
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
    slices = pydicom.dcmread(folder / "0-ct.dcm")
    slices.SeriesInstanceUID = "1.2.3"
    # Names that go up while positions go down: the series is read by position.
    for number in range(3):
        slices.SOPInstanceUID = f"1.2.3.{number}"
        slices.ImagePositionPatient = ["0", "0", str(-5 * number)]
        slices.ImageComments = f"=cmd|{number}"
        slices.save_as(folder / f"3-slice-{number}.dcm")
    return folder


@pytest.fixture(scope="module")
def server(folder):
    with ServerProcess("--no-rescue", str(folder)) as server:
        server.wait_scanned()
        yield server


CT, ENHANCED, REPORT, SLICE_0, SLICE_1, SLICE_2 = range(6)


def rows_of(answer):
    return list(csv.reader(io.StringIO(answer.body.decode(), newline="")))


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


def test_search_finds_what_the_file_holds_with_its_parents(server):
    answer = server.get(f"/api/file/{ENHANCED}/tags?search=ImagePositionPatient").json
    (groups,) = answer["nodes"]
    assert (answer["hits"], answer["truncated"]) == (2, False)
    assert groups["keyword"] == "PerFrameFunctionalGroupsSequence"
    assert groups["value"]["item_indices"] == [0, 1]
    (macro,) = groups["value"]["items"][1]
    assert "hit" not in macro
    assert macro["value"]["items"][0][0]["hit"] is True


def test_a_search_for_nothing_or_in_no_file_is_refused(server):
    assert server.get(f"/api/file/{CT}/tags?search=").json["code"] == "bad_request"
    assert server.get("/api/file/99/tags?search=x").json["code"] == "unknown_file"


def test_two_files_are_compared(server):
    answer = server.get(f"/api/tags/compare?first={SLICE_0}&second={SLICE_1}").json
    changed = {row["name"]: row for row in answer["rows"] if row["state"] != "same"}
    assert set(changed) == {"SOPInstanceUID", "ImageComments", "ImagePositionPatient"}
    assert changed["ImagePositionPatient"] == {
        "path": "00200032",
        "name": "ImagePositionPatient",
        "tag": "(0020,0032)",
        "keyword": "ImagePositionPatient",
        "state": "changed",
        "first": {"vr": "DS", "value": {"text": "0\\0\\0"}},
        "second": {"vr": "DS", "value": {"text": "0\\0\\-5"}},
    }
    assert (answer["changed"], answer["only_first"], answer["only_second"]) == (3, 0, 0)
    assert answer["same"] == len(answer["rows"]) - 3
    assert answer["truncated"] is False


def test_frames_of_one_file_are_compared(server):
    query = f"first={ENHANCED}&second={ENHANCED}&first_frame=0&second_frame=1"
    answer = server.get(f"/api/tags/compare?{query}").json
    assert {row["keyword"] for row in answer["rows"] if row["state"] != "same"} == {
        "InStackPositionNumber",
        "DimensionIndexValues",
        "ImagePositionPatient",
    }


def test_a_comparison_is_had_as_csv(server):
    answer = server.get(f"/api/tags/compare?first={SLICE_0}&second={SLICE_1}&format=csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment;")
    header, *rows = rows_of(answer)
    assert header == ["name", "tag", "state", "first_vr", "first", "second_vr", "second"]
    by_name = {row[0]: row for row in rows}
    assert by_name["ImageComments"][2:] == ["changed", "LT", "'=cmd|0", "LT", "'=cmd|1"]
    assert by_name["Rows"] == ["Rows", "(0028,0010)", "same", "US", "128", "US", "128"]


def test_what_varies_over_files_is_told_from_what_does_not(server):
    answer = server.get(f"/api/tags/varying?files={SLICE_0}-{SLICE_2}").json
    assert (answer["by"], answer["files"], answer["frames"]) == ("file", [3, 4, 5], [])
    assert (answer["asked"], answer["truncated"], answer["note"]) == (3, False, "")
    position = next(row for row in answer["varying"] if row["name"] == "ImagePositionPatient")
    assert [value["text"] for value in position["values"]] == [
        "0\\0\\0",
        "0\\0\\-5",
        "0\\0\\-10",
    ]
    assert position["which"] == [0, 1, 2]
    constant = {row["name"]: row["value"]["text"] for row in answer["constant"]}
    assert constant["Rows"] == "128"
    assert "ImagePositionPatient" not in constant


def test_what_varies_over_a_series_comes_in_reading_order(server):
    series = server.get("/api/series").json["series"]
    index = next(row["index"] for row in series if row["series_instance_uid"] == "1.2.3")
    files = server.get(f"/api/series/{index}").json["stacks"][0]["files"]
    assert files == [SLICE_2, SLICE_1, SLICE_0]
    assert server.get(f"/api/tags/varying?series={index}").json["files"] == files


def test_what_varies_over_the_frames_of_a_file(server):
    answer = server.get(f"/api/tags/varying?file={ENHANCED}").json
    assert (answer["by"], answer["files"], answer["frames"]) == ("frame", [1, 1], [0, 1])
    assert [row["name"] for row in answer["varying"]] == [
        "FrameContentSequence[0].InStackPositionNumber",
        "FrameContentSequence[0].DimensionIndexValues",
        "PlanePositionSequence[0].ImagePositionPatient",
    ]


def test_what_varies_is_had_as_csv_with_a_row_a_file(server, folder):
    answer = server.get(f"/api/tags/varying?files={SLICE_0},{SLICE_2}&format=csv")
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert rows_of(answer) == [
        ["file", "path", "SOPInstanceUID", "ImagePositionPatient", "ImageComments"],
        ["3", str(folder / "3-slice-0.dcm"), "1.2.3.0", "0\\0\\0", "'=cmd|0"],
        ["5", str(folder / "3-slice-2.dcm"), "1.2.3.2", "0\\0\\-10", "'=cmd|2"],
    ]


def test_a_csv_by_frame_has_a_row_a_frame(server, folder):
    header, *rows = rows_of(server.get(f"/api/tags/varying?file={ENHANCED}&format=csv"))
    assert header[:3] == ["file", "path", "frame"]
    assert [row[:3] for row in rows] == [["1", str(folder / "1-enhanced.dcm"), n] for n in "01"]


def test_files_that_have_gone_are_named(folder, tmp_path):
    for name in ("3-slice-0.dcm", "3-slice-1.dcm"):
        shutil.copy(folder / name, tmp_path / name)
    with ServerProcess("--no-rescue", str(tmp_path)) as server:
        server.wait_scanned()
        (tmp_path / "3-slice-1.dcm").unlink()
        answer = server.get("/api/tags/varying?files=0-1").json
        assert answer["files"] == [0]
        assert [row["file"] for row in answer["unread"]] == [1]
        assert answer["varying"] == []
        assert server.get("/api/tags/compare?first=0&second=1").json["code"] == "file_gone"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("compare?first=0", "bad_request"),
        ("compare?first=0&second=99", "unknown_file"),
        ("compare?first=0&second=0&first_frame=9", "frame_out_of_range"),
        ("compare?first=0&second=0&format=xml", "bad_request"),
        ("varying", "bad_request"),
        ("varying?files=0&series=0", "bad_request"),
        ("varying?files=3-1", "bad_request"),
        ("varying?files=x", "bad_request"),
        ("varying?files=0-999999999", "unknown_file"),
        ("varying?series=99", "unknown_series"),
        ("varying?file=2", "no_pixel_data"),
    ],
)
def test_what_cannot_be_asked_is_refused(server, query, code):
    assert server.get(f"/api/tags/{query}").json["code"] == code
