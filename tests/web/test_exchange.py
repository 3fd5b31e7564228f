"""ROIs in and out over HTTP: every form, what is said of rows that fit nothing, and limits."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from urllib.parse import urlencode, urlsplit

import pytest
from PIL import Image
from pydicom.data import get_testdata_file
from support.server import ServerProcess

CT, MULTIFRAME = range(2)
CT_UID = "1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322"
MIB = 1024 * 1024
POINT = {"id": "p", "kind": "point", "points": [{"x": 5, "y": 6.5}], "note": "=1+1"}
BOX = {"id": "b", "kind": "rectangle", "points": [{"x": 2, "y": 1}, {"x": 4, "y": 3}]}
MASS = {
    **BOX,
    "id": "m",
    "points": [{"x": 20.5, "y": 10}, {"x": 40, "y": 30}],
    "label": "mass",
    "score": 0.5,
    "frames": [0],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exchange")
    for name, source in {"0-ct.dcm": "CT_small.dcm", "1-multi.dcm": "emri_small.dcm"}.items():
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


def put(server, sent, *, index=CT):
    answer = server.request("PUT", f"/api/file/{index}/rois", {"rois": sent}, {"If-Match": "*"})
    assert answer.status == 200


def rois(server, index=CT):
    return server.get(f"/api/file/{index}/rois").json["rois"]


def send(server, content, query=""):
    content = content.encode() if isinstance(content, str) else content
    return server.request("POST", f"/api/annotations/import{query}", content)


@pytest.mark.parametrize("form", ["json", "csv"])
def test_an_export_comes_back_unchanged(server, form):
    put(server, [POINT, MASS])
    put(server, [BOX], index=MULTIFRAME)
    exported = server.get(f"/api/annotations/export?format={form}")
    server.wait_unsaved(0)
    put(server, [])
    put(server, [], index=MULTIFRAME)
    report = send(server, exported.body).json
    assert (report["format"], report["added"], report["files"]) == (form, 3, 2)
    assert rois(server) == [POINT, MASS]
    assert rois(server, MULTIFRAME) == [BOX]


@pytest.mark.parametrize("form", ["embed", "json", "csv", "coco"])
def test_importing_what_is_there_changes_nothing(server, form):
    put(server, [BOX])
    before = server.get("/api/file/0/rois").json
    content = server.get(f"/api/annotations/export?format={form}").body
    report = send(server, content).json
    assert (report["added"], report["already_there"]) == (0, 1)
    assert server.get("/api/file/0/rois").json == before


def test_masks_come_back_as_what_they_held(server):
    put(server, [MASS])
    exported = server.get("/api/annotations/export?format=masks-png")
    assert "dcmview-annotations-masks-png.zip" in exported.headers["content-disposition"]
    put(server, [])
    assert send(server, exported.body).json["added"] == 1
    (again,) = rois(server)
    # Centres from 20.5 to 40: the left side has its own.
    corners = [(20, 10), (40, 10), (40, 30), (20, 30)]
    assert again["points"] == [{"x": x, "y": y} for x, y in corners]
    assert (again["kind"], again["label"]) == ("polygon", "mass")


def test_a_single_mask_is_known_by_the_name_that_is_sent(server):
    mask = io.BytesIO()
    Image.new("L", (128, 128), 255).save(mask, "PNG")
    report = send(server, mask.getvalue(), "?name=0-ct.png").json
    assert (report["format"], report["matched"]["name"], report["added"]) == ("masks", 1, 1)


def test_a_form_with_labels_and_scores_alone_exports_what_it_can(server):
    put(server, [MASS, POINT])
    exported = server.get("/api/annotations/export?format=coco")
    assert "dcmview-annotations-coco.json" in exported.headers["content-disposition"]
    server.wait_unsaved(1)
    put(server, [])
    assert send(server, exported.body).json["added"] == 1
    (again,) = rois(server)
    assert {**again, "id": "m"} == MASS


def test_the_preview_says_what_would_be_lost(server):
    put(server, [POINT, MASS])
    unsaved = server.get("/api/rois").json["unsaved_files"]
    preview = "/api/annotations/export/preview"
    embed = {
        "format": "embed",
        "rois": 2,
        "carried": 1,
        "lost": [
            {"what": "points", "count": 1},
            {"what": "labels", "count": 1},
            {"what": "scores", "count": 1},
        ],
        "missing": "",
    }
    whole = {"format": "json", "rois": 2, "carried": 2, "lost": [], "missing": ""}
    assert server.get(f"{preview}?format=embed").json == embed
    assert server.get(f"{preview}?format=json").json == whole
    assert server.get(preview).json["forms"][:2] == [embed, whole]
    assert server.get("/api/rois").json["unsaved_files"] == unsaved > 0
    wrong = server.get(f"{preview}?format=xml")
    assert wrong.status == 400
    assert "format must be one of embed, json, csv, " in wrong.json["error"]


def test_rows_that_fit_nothing_are_counted_and_listed_and_the_others_go_in(server):
    table = (
        "scan,a,b,c,d,class\n"
        "0-ct.dcm,1,2,3,4,mass\n"
        f"{CT_UID}.png,5,6,7,8,\n"
        "9-nothing.dcm,1,2,3,4,mass\n"
        "0-ct.dcm,1,2,3,4000,mass\n"
        "0-ct.dcm,,,,,\n"
    )
    answer = send(server, table, "?columns=file=scan,xmin=a,ymin=b,xmax=c,ymax=d")
    assert answer.status == 200
    report = answer.json
    assert report["matched"] == {"path": 0, "sop_instance_uid": 1, "name": 2}
    assert (report["rows"], report["added"], report["files"]) == (5, 2, 1)
    assert report["unmatched_count"] == 1
    assert report["unmatched"] == [
        {"place": "row 4", "reason": "matches no listed file: 9-nothing.dcm"}
    ]
    assert report["left_out_count"] == 2
    assert report["left_out"][0]["place"] == "row 6"
    assert report["left_out"][1]["place"] == "row 5"
    assert "outside the image of 128 columns and 128 rows" in report["left_out"][1]["reason"]
    assert [roi.get("label") for roi in rois(server)] == ["mass", None]


def test_coco_of_a_resized_picture_is_not_put_in_the_wrong_place(server):
    document = {
        "images": [{"id": 1, "file_name": "0-ct.dcm", "width": 64, "height": 64}],
        "annotations": [{"id": 9, "image_id": 1, "bbox": [1, 2, 3, 4]}],
        "categories": [],
    }
    report = send(server, json.dumps(document)).json
    assert report["added"] == 0
    (left_out,) = report["left_out"]
    assert left_out["place"] == "annotation 9"
    assert "64 by 64 pixels, the file has 128 by 128" in left_out["reason"]


def test_a_wrong_file_is_refused_whole(server):
    answer = send(server, "file,x1,y1,x2,y2\n0-ct.dcm,1,2,3,4\n0-ct.dcm,1,2,3,four\n")
    assert (answer.status, answer.json["code"]) == (400, "invalid_annotation")
    assert "row 3, column y2: not a number: four" in answer.json["error"]
    assert rois(server) == []
    assert send(server, "", "?format=xml").status == 400
    assert server.get("/api/annotations/import").status == 405


@pytest.mark.parametrize("form", ["", "json", "coco"])
def test_json_nested_beyond_all_bounds_is_refused(server, form):
    answer = send(
        server, '{"format":"dcmview-rois","x":' + "[" * 100_000, f"?format={form or 'auto'}"
    )
    assert (answer.status, answer.json["code"]) == (400, "invalid_annotation")


def test_words_of_a_table_that_is_not_utf_8_are_read_and_saved(folder, tmp_path):
    table = b"filename,x,y,label,note\n0-ct.dcm,5,6,L\xe4sion,\x80 5 \x8d\n"
    saved = tmp_path / "rois.json"
    with ServerProcess("--save-annotations", str(saved), str(folder)) as server:
        server.wait_scanned()
        assert send(server, table).json["added"] == 1
        (roi,) = rois(server)
        assert (roi["label"], roi["note"]) == ("Läsion", r"€ 5 \x8d")
        assert server.get("/api/rois").json["labels"] == ["Läsion"]
    assert "Läsion" in saved.read_text(encoding="utf-8")


def test_a_row_with_a_comma_too_many_is_refused_and_empty_cells_at_its_end_are_not(server):
    answer = send(server, "filename,x,y\n0-ct.dcm,5,6,,\n1,0-ct.dcm,5,6\n")
    assert answer.status == 400
    assert answer.json["error"] == "row 3: has more cells than the header has columns"
    assert send(server, "filename,x,y\n0-ct.dcm,5,6,,\n").json["added"] == 1


def test_annotations_of_coco_without_a_point_are_left_out_alone(server):
    coco = {
        "images": [{"id": 1, "file_name": "0-ct.dcm"}],
        "annotations": [
            {"image_id": 1, "segmentation": [[]], "iscrowd": False, "area": "7"},
            {"image_id": 1, "segmentation": {"counts": [1, 2], "size": [3, 1]}},
            {"image_id": 1, "bbox": [1, 2, 3, 4]},
        ],
    }
    report = send(server, json.dumps(coco)).json
    assert (report["added"], report["left_out_count"]) == (1, 2)
    assert "no list of [x, y" in report["left_out"][0]["reason"]
    assert "run-length" in report["left_out"][1]["reason"]


def test_imports_may_be_larger_than_other_bodies_up_to_64_mib(server):
    row = f"0-ct.dcm,1,2,3,4,{'x' * 9_000}\n"
    large = "file,x1,y1,x2,y2,remark\n" + row * 1_000
    assert len(large) > 8 * MIB
    answer = send(server, large)
    assert (answer.status, answer.json["added"]) == (200, 1_000)
    assert server.request("PUT", "/api/file/0/rois", b" " * (9 * MIB)).status == 413


@pytest.mark.parametrize("what", ["annotations", "triage"])
def test_a_body_beyond_64_mib_is_refused_before_it_is_sent(server, what):
    answer = server.request(
        "POST", f"/api/{what}/import", b"", {"Content-Length": str(64 * MIB + 1)}
    )
    assert answer.status == 413
    assert "64 MiB" in answer.json["error"]


def test_files_of_several_forms_are_loaded_at_the_start(folder, tmp_path):
    (tmp_path / "embed.csv").write_text(
        f'anon_dicom_path,ROI_coords\n{folder / "0-ct.dcm"},"[[1,2,3,4]]"\n'
        '9-nothing.dcm,"[[1,2,3,4]]"\n'
        f'{folder / "1-multi.dcm"},"[[1,2,3,4],[5,6,7,900]]"\n'
    )
    (tmp_path / "plain.csv").write_text(
        "picture,x1,y1,x2,y2\n0-ct.dcm,5,6,7,8\n1-multi.dcm,1,1,2,2\n"
    )
    arguments = [f"--annotations={tmp_path / name}" for name in ("embed.csv", "plain.csv")]
    with ServerProcess(*arguments, "--annotations-columns=file=picture", str(folder)) as server:
        server.wait_scanned()
        found = [
            (roi["id"], [(point["x"], point["y"]) for point in roi["points"]])
            for roi in rois(server)
        ]
        assert found == [("box-1", [(2, 1), (4, 3)]), ("box-2", [(5, 6), (7, 8)])]
        assert len(rois(server, MULTIFRAME)) == 1
        overview = server.get("/api/rois").json
        assert (overview["unsaved_files"], len(overview["files"])) == (0, 2)
        warnings = server.get("/api/files").json["warnings"]
    assert any("embed.csv: row 3 matches no listed file: 9-nothing.dcm" in w for w in warnings)
    (whole,) = (warning for warning in warnings if "embed.csv: row 4 left out" in warning)
    assert "ROI 1: the point (900, 7) is outside" in whole
    assert "the whole row, 2 boxes, is left out" in whole
    assert any("plain.csv: 2 row(s) found their file by its name" in w for w in warnings)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--annotations=plain.csv"], 3, "plain.csv: the table has no columns for"),
        (
            ["--annotations=plain.csv", "--annotations-columns=file=b,left=a"],
            2,
            "--annotations-columns: columns: 'left' is unknown",
        ),
        (["--predictions=plain.csv"], 3, "plain.csv: the table has no columns for"),
        (["--labels", "x" * 257], 2, "--labels: a label has at most 256 characters"),
        (
            ["--labels", b"L\xe4sion"],
            2,
            r"--labels: a label is no text that UTF-8 can hold: 'L\udce4",
        ),
        (["--annotations-columns=file=b"], 2, "--annotations-columns is about a table"),
    ],
)
def test_a_table_or_mapping_that_makes_no_sense_ends_the_start(
    folder, tmp_path, arguments, code, words
):
    (tmp_path / "plain.csv").write_text("picture,left\n0-ct.dcm,5\n")
    command = [sys.executable, "-m", "dcmview", "--no-browser", *arguments, str(folder)]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (code, "")
    assert words in ended.stderr


def test_what_was_saved_goes_before_what_is_loaded(folder, tmp_path):
    (tmp_path / "plain.csv").write_text("file,x1,y1,x2,y2\n0-ct.dcm,5,6,7,8\n")
    arguments = [
        f"--annotations={tmp_path / 'plain.csv'}",
        f"--save-annotations={tmp_path / 'rois.json'}",
        str(folder),
    ]
    with ServerProcess(*arguments) as server:
        server.wait_scanned()
        assert [roi["id"] for roi in rois(server)] == ["box-1"]
        put(server, [POINT])
    with ServerProcess(*arguments) as server:
        server.wait_scanned()
        assert rois(server) == [POINT]


def test_imported_rois_are_saved_and_undecodable_names_survive_the_table(tmp_path):
    files = tmp_path / "files"
    files.mkdir()
    name = os.fsdecode(b"caf\xe9=.dcm")
    shutil.copy(get_testdata_file("CT_small.dcm", download=False), files / name)
    with ServerProcess(f"--save-annotations={tmp_path / 'rois.json'}", str(files)) as server:
        server.wait_scanned()
        put(server, [MASS, POINT])
        table = server.get("/api/annotations/export?format=csv").body
        assert b"caf\xe9=.dcm" in table
        coco = server.get("/api/annotations/export?format=coco").body
        put(server, [])
        assert send(server, coco).json["matched"]["sop_instance_uid"] == 1
        put(server, [])
        assert send(server, table.replace(CT_UID.encode(), b"")).json["matched"]["path"] == 2
        server.stop(signal.SIGKILL)
    with ServerProcess(f"--save-annotations={tmp_path / 'rois.json'}", str(files)) as server:
        server.wait_scanned()
        assert rois(server) == [MASS, POINT]


def test_an_import_that_cannot_be_saved_says_so_with_all_that_it_did(folder, tmp_path):
    where = tmp_path / "where"
    where.mkdir()
    saved = f"--save-annotations={where / 'rois.json'}"
    with ServerProcess(saved, "--no-rescue", str(folder)) as server:
        server.wait_scanned()
        (where / "rois.json.journal").rename(tmp_path / "elsewhere")
        (where / "rois.json.journal").mkdir()
        answer = send(server, "file,x1,y1,x2,y2\n0-ct.dcm,5,6,7,8\n9.dcm,1,2,3,4\n")
        assert (answer.status, answer.json["code"]) == (507, "annotations_not_saved")
        assert answer.json["detail"]["added"] == 1
        assert answer.json["detail"]["unmatched_count"] == 1
        assert len(rois(server)) == 1


def test_a_download_that_breaks_off_exports_nothing(server):
    long_notes = [{**POINT, "id": f"n{number}", "note": "x" * 10_000} for number in range(700)]
    put(server, long_notes)
    unsaved = server.get("/api/rois").json["unsaved_files"]
    host, port = urlsplit(server.url).netloc.split(":")
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect((host, int(port)))
        request = f"GET /api/annotations/export.json HTTP/1.1\r\nHost: {host}\r\n\r\n"
        client.sendall(request.encode())
        assert client.recv(1024).startswith(b"HTTP/1.1 200")
    time.sleep(0.5)
    assert server.get("/api/rois").json["unsaved_files"] == unsaved > 0
    assert len(server.get("/api/annotations/export.json").body) > 7_000_000
    server.wait_unsaved(0)


def test_the_columns_of_a_table_are_named_before_it_is_imported(server):
    head = 'image;left;top;right;bottom;conf\n"0-ct.dcm";1;2;3;4;0.5\n'
    found = server.request("POST", "/api/annotations/import/columns", head.encode()).json
    assert found == {
        "format": "table",
        "columns": ["image", "left", "top", "right", "bottom", "conf"],
        "known": [{"what": "file", "column": "image"}],
        "rows": [["0-ct.dcm", "1", "2", "3", "4", "0.5"]],
    }
    mapping = {"xmin": "left", "ymin": "top", "xmax": "right", "ymax": "bottom"}
    query = urlencode({"columns": json.dumps(mapping)})
    answer = send(server, head.encode(), f"?{query}")
    assert answer.json["added"] == 1
    (added,) = rois(server)
    assert added["points"] == [{"x": 1, "y": 2}, {"x": 3, "y": 4}]


def test_forms_that_say_all_themselves_need_no_columns(server):
    for head, form in [
        ("anon_dicom_path,num_ROI,ROI_coords,ROI_frames\n", "embed"),
        ("path,kind,points\n", "csv"),
    ]:
        found = server.request("POST", "/api/annotations/import/columns", head.encode()).json
        assert found["format"] == form


def test_an_import_can_make_a_locked_layer_with_a_source(server):
    put(server, [BOX])
    table = "file,x1,y1,x2,y2,class\n0-ct.dcm,2,1,4,3,mass\n"
    query = "?group=model%207&locked=1&name=C:%5Cdata%5Cmodel.csv"
    for _ in range(2):
        assert send(server, table, query).status == 200
        (own, predicted) = rois(server)
        assert own == BOX
        said = {"group": "model 7", "locked": True, "source": "model.csv", "label": "mass"}
        assert {**predicted, "id": ""} == {**BOX, "id": "", **said}
    assert server.get("/api/rois").json["labels"] == ["mass"]
    assert send(server, table, f"?group={'x' * 257}").status == 400
    assert send(server, table, "?locked=yes").status == 400


def test_an_export_that_is_imported_under_any_name_changes_nothing(server):
    put(server, [BOX, {**POINT, "source": "reader 2"}])
    content = server.get("/api/annotations/export.json").body
    boxes = server.get("/api/annotations/export.csv").body
    before = server.get("/api/file/0/rois").json
    for name, sent in (("a.json", content), ("a (1).json", content), ("b.csv", boxes)):
        assert send(server, sent, f"?name={name.replace(' ', '%20')}").json["added"] == 0
    assert server.get("/api/file/0/rois").json == before


def test_predictions_appear_beside_the_others_and_labels_in_the_overview(folder, tmp_path):
    (tmp_path / "model.csv").write_text("file,x1,y1,x2,y2,label\n0-ct.dcm,5,6,7,8,mass\n")
    arguments = [f"--predictions={tmp_path / 'model.csv'}", "--labels=cyst, benign,,cyst"]
    with ServerProcess(*arguments, str(folder)) as server:
        server.wait_scanned()
        (predicted,) = rois(server)
        assert (predicted["group"], predicted["locked"]) == ("model", True)
        overview = server.get("/api/rois").json
        assert overview["labels"] == ["cyst", "benign", "mass"]
        assert (overview["unsaved_files"], overview["files"][0]["count"]) == (0, 1)
        change = {"operations": [{"op": "remove", "id": predicted["id"]}]}
        tag = {"If-Match": "*"}
        assert server.request("PATCH", "/api/file/0/rois", change, tag).status == 400
        put(server, [BOX])
        export = "/api/annotations/export"
        for query, expected in (("", [BOX]), ("&predictions=1", [BOX, predicted])):
            exported = server.get(f"{export}?format=json{query}").json
            assert exported["files"][0]["rois"] == expected
        lost = [{"what": "predictions, which have files of their own", "count": 1}]
        assert server.get(f"{export}/preview?format=json").json["lost"] == lost
        assert server.get(f"{export}/preview?format=json&predictions=1").json["lost"] == []
        assert b'0-ct.dcm,1,"[[1,2,3,4]]",[[]]\n' in server.get(f"{export}.csv").body


@pytest.mark.parametrize("form", ["sr", "seg"])
def test_the_archive_of_dicom_objects_comes_back_as_it_was_sent(server, form):
    put(server, [MASS])
    archive = server.get(f"/api/annotations/export?format={form}").body
    put(server, [])
    report = send(server, archive).json
    assert (report["format"], report["added"]) == ("zip", 1)
    (again,) = rois(server)
    xs, ys = ({point[axis] for point in again["points"]} for axis in "xy")
    # Pixels are in where their middles are: a box from 20.5 holds what a box from 20 does.
    assert (xs, ys) == ({20 if form == "seg" else 20.5, 40}, {10, 30})
    assert again["label"] == "mass"


def test_bytes_that_are_no_rois_are_refused_in_words(server):
    answer = send(server, bytes(range(256)))
    assert answer.status == 400
    assert answer.json["error"] == (
        "neither JSON, a table, a DICOM object, masks nor a zip of these"
    )
