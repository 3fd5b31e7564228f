"""ROIs over HTTP: revisions, merging, limits, saving, and what a second page sees."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import time
from urllib.parse import urlsplit

import pytest
from pydicom.data import get_testdata_file
from support.server import ServerProcess

CT, MULTIFRAME, REPORT = range(3)
POINT = {"id": "p", "kind": "point", "points": [{"x": 5, "y": 6.5}]}
BOX = {"id": "b", "kind": "rectangle", "points": [{"x": 2, "y": 1}, {"x": 4, "y": 3}]}
MASS = {**BOX, "label": "mass", "score": 0.5, "frames": [0], "note": "=1+1\nüñ", "color": "#00ff00"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rois")
    for name, source in {
        "0-ct.dcm": "CT_small.dcm",
        "1-multiframe.dcm": "emri_small.dcm",
        "2-report.dcm": "reportsi.dcm",
    }.items():
        shutil.copy(get_testdata_file(source, download=False), folder / name)
    return folder


@pytest.fixture(scope="module")
def shared_server(folder):
    with ServerProcess("--no-rescue", str(folder)) as server:
        server.wait_scanned()
        yield server


@pytest.fixture
def server(shared_server):
    for index in (CT, MULTIFRAME):
        put(shared_server, [], index=index)
    return shared_server


@pytest.fixture
def start(folder, tmp_path):
    """Start a server that saves to one file; each ends the one before with SIGKILL."""
    running = []

    def start(*arguments, path=tmp_path / "rois.json", files=folder):
        stop(running)
        running.append(
            ServerProcess("--save-annotations", str(path), *arguments, str(files), cwd=tmp_path)
        )
        running[0].wait_scanned()
        return running[0]

    yield start
    stop(running)


def stop(running):
    while running:
        running.pop().stop(signal.SIGKILL)


def rois(server, index=CT):
    return server.get(f"/api/file/{index}/rois").json


def put(server, sent, *, index=CT, match="*"):
    headers = {} if match is None else {"If-Match": match}
    return server.request("PUT", f"/api/file/{index}/rois", {"rois": sent}, headers)


def patch(server, *operations, index=CT, match="*"):
    headers = {} if match is None else {"If-Match": match}
    return server.request("PATCH", f"/api/file/{index}/rois", {"operations": operations}, headers)


def test_every_field_comes_back_as_it_was_sent(server):
    sent = [
        POINT,
        {
            **MASS,
            "group": "truth",
            "author": "me",
            "source": "model.json",
            "created": "2024-01-31T09:15:00Z",
            "modified": "2024-01-31T09:15:01.5Z",
            "locked": True,
        },
    ]
    answer = put(server, sent)
    assert answer.status == 200
    assert answer.json["rois"] == sent
    assert rois(server)["rois"] == sent
    assert answer.headers["etag"] == f'"{rois(server)["revision"]}"'


def test_a_file_says_which_one_it_is(server, folder):
    state = rois(server, MULTIFRAME)
    listed = server.get("/api/files").json["files"][MULTIFRAME]
    assert state["path"] == str(folder / "1-multiframe.dcm") == listed["path"]
    assert state["sop_instance_uid"] == listed["sop_instance_uid"] != ""


def test_a_page_that_knows_the_revision_gets_no_body(server):
    tag = server.get(f"/api/file/{CT}/rois").headers["etag"]
    answer = server.get(f"/api/file/{CT}/rois", **{"If-None-Match": tag})
    assert (answer.status, answer.body) == (304, b"")


def test_operations_answer_what_they_put_in_and_the_new_revision(server):
    before = put(server, [POINT]).json["revision"]
    answer = patch(
        server,
        {"op": "add", "roi": {**BOX, "points": [{"x": 4, "y": 3}, {"x": 2, "y": 1}]}, "index": 0},
        {"op": "replace", "roi": {**POINT, "label": "x"}},
        match=f'"{before}"',
    )
    assert answer.status == 200
    assert answer.json["rois"] == [BOX, {**POINT, "label": "x"}]
    assert answer.json["count"] == 2
    assert answer.json["revision"] != before
    assert rois(server)["rois"] == [BOX, {**POINT, "label": "x"}]
    assert patch(server, {"op": "remove", "id": "b"}).json["count"] == 1


def test_an_roi_without_an_id_is_given_one(server):
    answer = patch(server, {"op": "add", "roi": {**POINT, "id": ""}})
    (roi,) = answer.json["rois"]
    assert roi["id"]
    assert rois(server)["rois"] == [roi]


@pytest.mark.parametrize("send", [put, lambda server, _, **how: patch(server, **how)])
def test_an_edit_without_a_revision_is_428(server, send):
    answer = send(server, [], match=None)
    assert (answer.status, answer.json["code"]) == (428, "precondition_required")


def test_a_second_page_cannot_overwrite_and_is_told_what_there_is(server):
    old = put(server, [POINT]).json["revision"]
    put(server, [POINT, BOX], match=f'"{old}"')
    for answer in (
        put(server, [], match=f'"{old}"'),
        patch(server, {"op": "remove", "id": "p"}, match=f'"{old}"'),
    ):
        assert (answer.status, answer.json["code"]) == (412, "stale_revision")
        assert answer.json["current"] == rois(server)
    assert [roi["id"] for roi in rois(server)["rois"]] == ["p", "b"]


@pytest.mark.parametrize("match", ['"00000000-1"', '""', "nonsense", '"1"', "W/"])
def test_a_revision_of_another_run_matches_nothing(server, match):
    put(server, [POINT])
    assert put(server, [], match=match).status == 412
    assert len(rois(server)["rois"]) == 1


def test_one_of_several_revisions_and_weak_ones_match(server):
    revision = put(server, [POINT]).json["revision"]
    assert put(server, [], match=f'"x", W/"{revision}"').status == 200


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ([POINT, {**BOX, "points": [{"x": 1, "y": 1}]}], "ROI 1: a rectangle has 2 point(s)"),
        ([POINT, {**POINT, "id": "q", "frames": [1]}], "ROI 1: there is no frame 1"),
        ([{**POINT, "points": [{"x": 128.5, "y": 0}]}], "ROI 0: the point (128.5, 0) is outside"),
        ("all", "rois must be a list"),
        (None, "rois must be a list"),
    ],
)
def test_wrong_rois_are_400_with_place_and_reason_and_change_nothing(server, sent, words):
    put(server, [POINT])
    answer = put(server, sent)
    assert (answer.status, answer.json["code"]) == (400, "invalid_annotation")
    assert words in answer.json["error"]
    assert rois(server)["rois"] == [POINT]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"rois": [{"id":"a","kind":"point","points":[{"x":NaN,"y":1}]}]}',
        b'{"rois": [{"kind":"point","points":[{"x":1,"y":1}],"label":"\\ud800"}]}',
        b'{"rois": ' + b"[" * 100_000,
        b'{"rois": [{"kind":"point","points":[{"x":' + b"9" * 5_000 + b',"y":1}]}]}',
        b'{"rois": "\xff"}',
    ],
)
def test_a_body_that_is_not_json_is_400(server, body):
    answer = server.request("PUT", f"/api/file/{CT}/rois", body, {"If-Match": "*"})
    assert (answer.status, answer.json["code"]) == (400, "bad_request")


def test_one_operation_that_does_not_fit_undoes_none_because_none_was_done(server):
    revision = put(server, [POINT]).json["revision"]
    answer = patch(server, {"op": "remove", "id": "p"}, {"op": "remove", "id": "p"})
    assert answer.status == 400
    assert "operation 1: an ROI with id 'p' is not there" in answer.json["error"]
    assert rois(server)["revision"] == revision


def test_a_file_that_is_not_there_is_404_before_anything_else(server):
    assert put(server, [], index=9, match=None).json["code"] == "unknown_file"
    assert server.get("/api/file/9/rois").status == 404


def test_an_object_without_an_image_takes_no_roi(server):
    assert "holds no image" in put(server, [POINT], index=REPORT).json["error"]


def test_a_body_above_the_limit_is_413(server):
    body = b" " * (8 * 1024 * 1024 + 1)
    answer = server.request("PUT", f"/api/file/{CT}/rois", body, {"If-Match": "*"})
    assert answer.status == 413


def test_boxes_of_a_script_replace_rectangles_and_leave_the_rest(server):
    put(
        server,
        [MASS, POINT, {**BOX, "id": "gone", "points": [{"x": 9, "y": 9}, {"x": 12, "y": 12}]}],
    )
    sent = {"num_roi": 2, "roi_coords": [[1, 2, 3, 4], [5, 5, 8, 8]], "roi_frames": [[0], []]}
    answer = server.request("PUT", f"/api/file/{CT}/annotations", sent)
    assert (answer.status, answer.json) == (200, sent)
    first, second, third = rois(server)["rois"]
    assert (first, second) == (MASS, POINT)
    assert third["points"] == [{"x": 5, "y": 5}, {"x": 8, "y": 8}]
    assert "label" not in third


def test_boxes_of_a_script_make_a_page_stale(server):
    revision = put(server, [POINT]).json["revision"]
    server.request("PUT", f"/api/file/{CT}/annotations", {"roi_coords": []})
    assert put(server, [], match=f'"{revision}"').status == 412


def test_the_overview_counts_what_there_is_and_what_changed_since(server):
    put(server, [MASS, POINT, {**POINT, "id": "q", "label": "calc"}])
    state = server.get("/api/rois").json
    assert [(each["index"], each["count"], each["labels"]) for each in state["files"]] == [
        (CT, 3, ["calc", "mass"])
    ]
    assert state["files"][0]["revision"] == rois(server)["revision"]
    assert (state["saved_in"], state["save_error"]) == (None, "")
    since = f"/api/rois?since={state['revision']}"
    assert server.get(since).json["files"] == []
    put(server, [POINT], index=MULTIFRAME)
    put(server, [])
    changed = server.get(since).json["files"]
    assert [(each["index"], each["count"]) for each in changed] == [(CT, 0), (MULTIFRAME, 1)]
    of_another_run = server.get("/api/rois?since=2000000000").json["files"]
    assert [each["index"] for each in of_another_run] == [MULTIFRAME]
    of_series = server.get(f"/api/series/{changed[1]['series']}").json
    assert MULTIFRAME in of_series["instances"]["index"]
    frame_counts = dict(
        zip(of_series["instances"]["index"], of_series["instances"]["frame_count"], strict=True)
    )
    assert changed[1]["frame_count"] == frame_counts[MULTIFRAME] > 1


def test_only_an_export_that_carries_everything_makes_the_end_harmless(server):
    put(server, [MASS])
    put(server, [BOX], index=MULTIFRAME)
    assert server.get("/api/health").json["unsaved_files"] == 2
    server.get("/api/annotations/export.csv")
    server.wait_unsaved(1)
    exported = server.get("/api/annotations/export.json")
    assert "attachment" in exported.headers["content-disposition"]
    assert [each["rois"] for each in exported.json["files"]] == [[MASS], [BOX]]
    server.wait_unsaved(0)


# Saving


def test_a_killed_server_finds_its_rois_again_and_no_old_page_can_write(start):
    server = start()
    old = put(server, [MASS, POINT]).json["revision"]
    patch(server, {"op": "remove", "id": "p"}, match=f'"{old}"')
    assert server.get("/api/health").json["unsaved_files"] == 0
    again = start()
    assert rois(again)["rois"] == [MASS]
    assert put(again, [], match=f'"{old}"').status == 412
    assert again.get("/api/rois").json["files"][0]["count"] == 1


def test_other_indices_find_the_same_rois_and_unlisted_files_keep_theirs(start, folder, tmp_path):
    server = start()
    put(server, [MASS])
    put(server, [POINT], index=MULTIFRAME)
    again = start(files=folder / "1-multiframe.dcm")
    assert rois(again, 0)["rois"] == [POINT]
    assert again.get("/api/rois").json["unlisted_files"] == 1
    put(again, [BOX], index=0)
    assert again.stop()[0] == 0
    last = start()
    assert rois(last)["rois"] == [MASS]
    assert rois(last, MULTIFRAME)["rois"] == [BOX]


def test_a_file_that_was_moved_is_known_by_its_object_and_a_copy_is_not(start, tmp_path):
    files = tmp_path / "files"
    files.mkdir()
    source = get_testdata_file("CT_small.dcm", download=False)
    shutil.copy(source, files / "a.dcm")
    put(start(files=files), [MASS], index=0)
    shutil.copy(source, files / "0-copy.dcm")
    server = start(files=files)
    assert [rois(server, index)["rois"] for index in (0, 1)] == [[], [MASS]]
    (files / "a.dcm").unlink()
    assert rois(start(files=files), 0)["rois"] == [MASS]


def test_what_is_saved_goes_before_a_table_even_if_nothing_is_left_of_it(start, folder, tmp_path):
    table = tmp_path / "rois.csv"
    rows = "".join(f'{folder / name},"[[1,2,3,4]]"\n' for name in ("0-ct.dcm", "1-multiframe.dcm"))
    table.write_text(f"anon_dicom_path,ROI_coords\n{rows}")
    server = start("--annotations", str(table))
    assert patch(server, {"op": "remove", "id": "box-1"}).status == 200
    patch(server, {"op": "add", "roi": POINT}, index=MULTIFRAME)
    again = start("--annotations", str(table))
    assert rois(again)["rois"] == []
    assert [roi["id"] for roi in rois(again, MULTIFRAME)["rois"]] == ["box-1", "p"]
    (warning,) = again.get("/api/files").json["warnings"]
    assert f"{table}: what it says of 1 file(s) with saved or edited ROIs is left out" in warning


def test_an_orderly_end_leaves_json_that_another_run_goes_on_from(start, tmp_path):
    server = start()
    put(server, [MASS])
    code, _, messages = server.stop()
    assert code == 0
    assert "rescued" not in messages
    assert sorted(each.name for each in tmp_path.iterdir()) == ["rois.json"]
    assert json.loads((tmp_path / "rois.json").read_bytes())["files"][0]["rois"] == [MASS]
    assert rois(start())["rois"] == [MASS]


def test_a_second_server_on_the_same_file_does_not_start(start, folder, tmp_path):
    start()
    with pytest.raises(AssertionError, match="another dcmview writes to it"):
        ServerProcess("--save-annotations", str(tmp_path / "rois.json"), str(folder))


@pytest.fixture
def lost_folder(tmp_path):
    """A folder for ROIs that can be taken away from under a server, and given back."""
    folder = tmp_path / "disk"
    folder.mkdir()
    return folder


def test_what_cannot_be_saved_is_507_kept_said_and_saved_later(start, lost_folder):
    server = start(path=lost_folder / "rois.json")
    put(server, [POINT])
    gone = lost_folder.with_name("gone")
    lost_folder.rename(gone)
    answer = patch(server, {"op": "add", "roi": BOX})
    assert (answer.status, answer.json["code"]) == (507, "annotations_not_saved")
    assert "kept in memory" in answer.json["error"]
    assert answer.json["current"] == rois(server)
    assert rois(server)["rois"] == [POINT, BOX]
    health = server.get("/api/health").json
    assert health["unsaved_files"] == 1
    assert health["save_error"]
    assert any("not saved" in line for line in server.get("/api/files").json["warnings"])
    gone.rename(lost_folder)
    deadline = time.monotonic() + 20
    while server.get("/api/health").json["unsaved_files"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert server.get("/api/rois").json["save_error"] == ""
    assert rois(start(path=lost_folder / "rois.json"))["rois"] == [POINT, BOX]


def test_what_was_never_saved_is_rescued_with_everything(start, lost_folder, tmp_path, folder):
    server = start(path=lost_folder / "rois.json")
    lost_folder.rename(tmp_path / "gone")
    put(server, [MASS])
    code, _, messages = server.stop()
    assert code == 0
    (table,) = tmp_path.glob("dcmview-rescued-*.csv")
    (everything,) = tmp_path.glob("dcmview-rescued-*.json")
    assert f"are in {table} and {everything}" in messages
    assert f'{folder / "0-ct.dcm"},1,"[[1,2,3,4]]",[[0]]' in table.read_text()
    assert rois(start(path=everything))["rois"] == [MASS]


def test_boxes_of_files_that_are_not_listed_are_rescued_too(start, lost_folder, tmp_path, folder):
    path = lost_folder / "rois.json"
    put(start(path=path), [BOX], index=MULTIFRAME)
    server = start(path=path, files=folder / "0-ct.dcm")
    assert server.get("/api/rois").json["unlisted_files"] == 1
    lost_folder.rename(tmp_path / "gone")
    put(server, [BOX])
    server.stop()
    (everything,) = tmp_path.glob("dcmview-rescued-*.json")
    again = start(path=everything)
    assert [rois(again, index)["rois"] for index in (CT, MULTIFRAME)] == [[BOX], [BOX]]


def test_an_end_that_cannot_write_the_snapshot_names_the_journal(start, tmp_path):
    server = start()
    put(server, [MASS])
    in_the_way = tmp_path / "rois.json.dcmview-unfinished"
    in_the_way.mkdir()
    _, _, messages = server.stop()
    assert f"{tmp_path / 'rois.json'} lacks edits that its journal has: " in messages
    assert not list(tmp_path.glob("dcmview-rescued-*"))
    in_the_way.rmdir()
    assert rois(start())["rois"] == [MASS]


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_edits_acknowledged_by_a_server_survive_its_killing(start):
    acknowledged = []
    for round_number in range(5):
        server = start()
        found = [roi["id"] for roi in rois(server)["rois"]]
        assert found[: len(acknowledged)] == acknowledged
        assert len(found) <= len(acknowledged) + 1
        acknowledged = found
        for number in range(3 * round_number + 1):
            roi = {**POINT, "id": f"{round_number}-{number}"}
            assert patch(server, {"op": "add", "roi": roi}).status == 200
            acknowledged.append(roi["id"])


def test_a_client_that_goes_in_the_midst_of_an_edit_is_no_error(start):
    server = start()
    put(server, [POINT])
    host = urlsplit(server.url).netloc
    for method, path in (("PUT", "/api/file/0/rois"), ("POST", "/api/annotations/import")):
        with socket.create_connection(host.split(":")) as connection:
            head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nIf-Match: *\r\n"
            connection.sendall(f'{head}Content-Length: 99\r\n\r\n{{"rois":[]'.encode())
            time.sleep(0.1)
    assert rois(server)["rois"] == [POINT]
    _, _, messages = server.stop()
    assert "error" not in messages


def bulk(server, *files):
    return server.request("PATCH", "/api/rois", {"files": list(files)})


def test_many_files_are_edited_at_once_each_on_its_own(server):
    add = [{"op": "add", "roi": POINT}]
    stale = rois(server, CT)["revision"]
    put(server, [BOX])
    answer = bulk(
        server,
        {"index": CT, "revision": stale, "operations": add},
        {"index": MULTIFRAME, "revision": rois(server, MULTIFRAME)["revision"], "operations": add},
        {"index": REPORT, "revision": None, "operations": add},
        {"index": 99, "revision": None, "operations": add},
    )
    assert answer.status == 200
    assert [each["status"] for each in answer.json["files"]] == [412, 200, 400, 404]
    refused, done, no_image, unknown = answer.json["files"]
    assert refused["code"] == "stale_revision"
    assert refused["current"] == rois(server, CT)
    assert refused["current"]["rois"] == [BOX]
    assert (done["count"], done["rois"]) == (1, [POINT])
    assert done["revision"] == rois(server, MULTIFRAME)["revision"]
    assert "operation 0: the file holds no image" in no_image["error"]
    assert unknown["code"] == "unknown_file"
    again = {"index": CT, "revision": refused["current"]["revision"], "operations": add}
    assert bulk(server, again).json["files"][0]["count"] == 2


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (None, "files must be a list"),
        ([{}] * 1001, "files must be a list of at most 1,000"),
        ([{"index": 0, "operations": []}], "file 0 of the list must have index, revision"),
        ([{"index": "0", "revision": None}], "file 0 of the list: index must be a whole number"),
        ([{"index": 0, "revision": 3}], "file 0 of the list: revision must be text"),
    ],
)
def test_an_edit_of_many_files_that_makes_no_sense_is_refused_whole(server, files, words):
    answer = server.request("PATCH", "/api/rois", {"files": files})
    assert answer.status == 400
    assert words in answer.json["error"]


def test_many_files_are_read_at_once(server):
    put(server, [BOX])
    put(server, [POINT], index=MULTIFRAME)
    answer = server.get("/api/rois/files?indices=1-2,0").json
    assert answer == {"files": [rois(server, index) for index in (1, 2, 0)], "next": None}
    assert server.get("/api/rois/files?indices=0,99").status == 404
    for wrong in ("", "1-", "3-1", "0-1000"):
        assert server.get(f"/api/rois/files?indices={wrong}").status == 400


def test_a_long_answer_about_many_files_is_given_in_parts(server):
    line = {"kind": "polyline", "points": [{"x": n % 10, "y": 1} for n in range(20_000)]}
    for index in (CT, MULTIFRAME):
        assert put(server, [line] * 6, index=index).status == 200
    answer = server.get("/api/rois/files?indices=0,1,2").json
    assert [each["index"] for each in answer["files"]] == [0]
    assert answer["next"] == 1
    answer = server.get("/api/rois/files?indices=1,2").json
    assert [each["index"] for each in answer["files"]] == [1, 2]


def test_edits_of_many_files_that_cannot_be_saved_say_so(start, tmp_path):
    where = tmp_path / "where"
    where.mkdir()
    server = start("--no-rescue", path=where / "rois.json")
    (where / "rois.json.journal").rename(tmp_path / "elsewhere")
    (where / "rois.json.journal").mkdir()
    answer = bulk(
        server, {"index": 0, "revision": None, "operations": [{"op": "add", "roi": POINT}]}
    )
    assert (answer.status, answer.json["code"]) == (507, "annotations_not_saved")
    assert answer.json["files"][0]["status"] == 200
    assert rois(server)["rois"] == [POINT]
