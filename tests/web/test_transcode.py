"""Files taken away over HTTP, as they are and in other syntaxes; from a real server."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydicom
import pytest
from pydicom import uid
from pydicom.data import get_testdata_file
from support.datasets import image, part10
from support.server import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.server import Answer

CT, RLE, REPORT, SHORT, MEMBER, ODD = range(6)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("transcode")
    shutil.copy(get_testdata_file("CT_small.dcm"), folder / "0-ct.dcm")
    shutil.copy(get_testdata_file("MR_small_RLE.dcm"), folder / "1-rle.dcm")
    shutil.copy(get_testdata_file("reportsi.dcm"), folder / "2-report.dcm")
    short = image(16, 16, SOPInstanceUID="1.2.3.5")
    (folder / "3-short.dcm").write_bytes(part10(short)[:-100])
    with tarfile.open(folder / "4.tar.gz", "w:gz") as archive:
        archive.add(get_testdata_file("MR_small.dcm"), "mr.dcm")
    odd = part10(image(SOPInstanceUID="1.2.3.40123456789012"))
    (folder / "5-odd.dcm").write_bytes(
        odd.replace(b"1.2.3.40123456789012", b"1.2\r\nX-Evil: y\r\n.123")
    )
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[ServerProcess]:
    with ServerProcess("--no-rescue", str(folder)) as server:
        server.wait_scanned()
        yield server


def read(answer: Answer) -> pydicom.Dataset:
    assert (answer.status, answer.headers["content-type"]) == (200, "application/dicom")
    assert int(answer.headers["content-length"]) == len(answer.body)
    return pydicom.dcmread(io.BytesIO(answer.body))


def ask(server: ServerProcess, **wanted: Any) -> Answer:
    body = json.dumps(wanted).encode()
    return server.request("POST", "/api/transcode", body)


def members(answer: Answer) -> dict[str, bytes]:
    assert (answer.status, answer.headers["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def notes(found: dict[str, bytes]) -> list[dict[str, str]]:
    return json.loads(found["transcode.json"])["files"]


def test_a_file_comes_as_it_is(server: ServerProcess, folder: Path) -> None:
    answer = server.get(f"/api/file/{CT}/download")
    assert answer.body == (folder / "0-ct.dcm").read_bytes()
    name = pydicom.dcmread(folder / "0-ct.dcm").SOPInstanceUID
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}.dcm"'
    assert answer.headers["cache-control"] == "no-store"
    head = server.request("HEAD", f"/api/file/{CT}/download")
    assert (head.body, head.headers["content-length"]) == (b"", str(len(answer.body)))


def test_a_member_of_an_archive_comes_as_it_is(server: ServerProcess) -> None:
    expected = Path(get_testdata_file("MR_small.dcm")).read_bytes()
    assert server.get(f"/api/file/{MEMBER}/download").body == expected
    found = read(server.get(f"/api/file/{MEMBER}/download?transfer_syntax=rle"))
    assert (found.pixel_array == pydicom.dcmread(io.BytesIO(expected)).pixel_array).all()


def test_a_file_comes_in_another_syntax(server: ServerProcess, folder: Path) -> None:
    before = pydicom.dcmread(folder / "0-ct.dcm")
    found = read(server.get(f"/api/file/{CT}/download?transfer_syntax=JPEGLSLossless"))
    assert found.file_meta.TransferSyntaxUID == uid.JPEGLSLossless
    answer = server.get(f"/api/file/{CT}/download?transfer_syntax=explicit")
    assert (read(answer).pixel_array == before.pixel_array).all()
    assert answer.headers["x-max-error"] == "0"
    lossy = server.get(f"/api/file/{CT}/download?transfer_syntax=jpeglsnear&near=4")
    assert read(lossy).SOPInstanceUID == lossy.headers["x-sop-instance-uid"]
    assert 0 < float(lossy.headers["x-max-error"]) <= 4


def test_no_uid_becomes_a_header_of_its_own(server: ServerProcess) -> None:
    answer = server.get(f"/api/file/{ODD}/download?transfer_syntax=rle")
    assert answer.status == 200
    assert answer.headers["x-sop-instance-uid"] == ""
    assert "x-evil" not in answer.headers


@pytest.mark.parametrize(
    ("query", "index", "status", "code"),
    [
        ("transfer_syntax=nonsense", CT, 400, "bad_request"),
        ("transfer_syntax=rle&quality=3", CT, 400, "bad_request"),
        ("transfer_syntax=j2klossy&ratio=nan", CT, 400, "bad_request"),
        ("transfer_syntax=j2klossy&quality=1" + 400 * "0", CT, 400, "bad_request"),
        ("transfer_syntax=j2klossy&ratio=much", CT, 400, "bad_request"),
        ("transfer_syntax=rle&proof=maybe", CT, 400, "bad_request"),
        ("transfer_syntax=jpeg", CT, 422, "cannot_transcode"),
        ("transfer_syntax=rle", REPORT, 422, "cannot_transcode"),
        ("transfer_syntax=rle", SHORT, 422, "unreadable"),
        ("", 99, 404, "unknown_file"),
    ],
)
def test_what_cannot_be_had_is_told_as_json(
    server: ServerProcess, query: str, index: int, status: int, code: str
) -> None:
    answer = server.get(f"/api/file/{index}/download?{query}")
    assert (answer.status, answer.json["code"]) == (status, code)


def test_an_archive_says_what_became_of_each_file(server: ServerProcess, folder: Path) -> None:
    found = members(ask(server, transfer_syntax="jpegls", files=[CT, RLE, REPORT, SHORT, CT]))
    told = notes(found)
    assert [note["status"] for note in told] == ["done", "done", "kept", "kept"]
    assert found[told[2]["name"]] == (folder / "2-report.dcm").read_bytes()
    assert "no image" in told[2]["reason"]
    assert set(found) == {note["name"] for note in told} | {"transcode.json"}
    for note in told[:2]:
        stored = pydicom.dcmread(io.BytesIO(found[note["name"]]))
        assert stored.file_meta.TransferSyntaxUID == uid.JPEGLSLossless
        assert note["name"] == f"{stored.SOPInstanceUID}.dcm"


def test_what_is_asked_for_is_by_series_study_or_patient(
    server: ServerProcess, folder: Path
) -> None:
    ct = pydicom.dcmread(folder / "0-ct.dcm")
    series = next(
        each["index"]
        for each in server.get("/api/series").json["series"]
        if each["series_instance_uid"] == ct.SeriesInstanceUID
    )
    one = [f"{ct.SOPInstanceUID}.dcm", "transcode.json"]
    for choice in (
        {"series": series},
        {"study": ct.StudyInstanceUID},
        {"patient": ct.PatientID},
    ):
        assert sorted(members(ask(server, transfer_syntax="rle", **choice))) == one


def test_an_archive_can_be_a_file_set(server: ServerProcess) -> None:
    found = members(ask(server, transfer_syntax="explicit", files=[CT, RLE], dicomdir=True))
    directory = pydicom.dcmread(io.BytesIO(found["DICOMDIR"]))
    listed = {
        "/".join(record.ReferencedFileID): record.ReferencedSOPInstanceUIDInFile
        for record in directory.DirectoryRecordSequence
        if "ReferencedFileID" in record
    }
    assert set(listed) == set(found) - {"DICOMDIR", "transcode.json"}
    for name, instance in listed.items():
        assert pydicom.dcmread(io.BytesIO(found[name])).SOPInstanceUID == instance


def test_the_policy_decides_about_failures(server: ServerProcess) -> None:
    asked = {"transfer_syntax": "rle", "files": [REPORT, CT]}
    left_out = members(ask(server, **asked, on_failure="skip"))
    assert [note["status"] for note in notes(left_out)] == ["left_out", "done"]
    assert len(left_out) == 2
    refused = ask(server, **asked, on_failure="fail")
    assert (refused.status, refused.json["code"]) == (422, "cannot_transcode")
    # After its first byte it can only be broken off.
    with pytest.raises((http.client.IncompleteRead, http.client.BadStatusLine, OSError)):
        ask(server, transfer_syntax="rle", files=[CT, REPORT], on_failure="fail")
    kept = members(ask(server, transfer_syntax="rle", files=[CT, RLE], only="compressed"))
    assert [note["status"] for note in notes(kept)] == ["kept", "kept"]


@pytest.mark.skipif(sys.platform == "win32", reason="has no limit of file sizes")
def test_a_full_disk_is_told_as_one(folder: Path) -> None:
    limit = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000)); "
        "from dcmview.transcoding import spooling; spooling.HELD_BYTES = 1000"
    )
    with ServerProcess("--no-rescue", str(folder), prelude=limit) as server:
        server.wait_scanned()
        for answer in (
            server.get(f"/api/file/{CT}/download?transfer_syntax=implicit"),
            ask(server, transfer_syntax="implicit", files=[CT, RLE]),
        ):
            assert (answer.status, answer.json["code"]) == (507, "no_room")
            assert "File too large" in answer.json["error"]
        _, _, stderr = server.stop()
    assert "Traceback" not in stderr


def test_an_archive_that_breaks_off_is_told_in_words(folder: Path) -> None:
    with ServerProcess("--no-rescue", str(folder)) as server:
        server.wait_scanned()
        with pytest.raises((http.client.IncompleteRead, http.client.BadStatusLine, OSError)):
            ask(server, transfer_syntax="rle", files=[CT, REPORT], on_failure="fail")
        _, _, stderr = server.stop()
    assert "/api/transcode is broken off: it is no image" in stderr
    assert "Traceback" not in stderr


@pytest.mark.parametrize(
    "wanted",
    [
        {"transfer_syntax": "rle"},
        {"transfer_syntax": "rle", "files": [0], "series": 0},
        {"transfer_syntax": "rle", "files": []},
        {"transfer_syntax": "rle", "patient": "nobody"},
        {"transfer_syntax": "rle", "files": ["0"]},
        {"transfer_syntax": "rle", "files": [0], "colour": "red"},
        {"transfer_syntax": "rle", "files": [0], "on_failure": "panic"},
        {"transfer_syntax": "x" * 99, "files": [0]},
        {"files": [0]},
    ],
)
def test_mistakes_in_the_body_are_400(server: ServerProcess, wanted: dict[str, Any]) -> None:
    answer = ask(server, **wanted)
    assert (answer.status, answer.json["code"]) == (400, "bad_request")
    assert server.request("POST", "/api/transcode", b"{").status == 400


def test_other_web_sites_get_nothing(server: ServerProcess) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    body = json.dumps({"transfer_syntax": "rle", "files": [CT]}).encode()
    for method, path, content in (
        ("GET", f"/api/file/{CT}/download", None),
        ("POST", "/api/transcode", body),
    ):
        assert server.request(method, path, content, foreign).status == 403


def test_a_file_that_has_changed_is_told_and_inputs_stay(
    server: ServerProcess, folder: Path
) -> None:
    before = {path.name: hashlib.sha256(path.read_bytes()).digest() for path in folder.iterdir()}
    changed = folder / "1-rle.dcm"
    original = changed.read_bytes()
    members(ask(server, transfer_syntax="rle", files=[CT, RLE]))
    assert before == {
        path.name: hashlib.sha256(path.read_bytes()).digest() for path in folder.iterdir()
    }
    changed.write_bytes(original + b"\0\0")
    try:
        for query in ("", "?transfer_syntax=explicit"):
            answer = server.get(f"/api/file/{RLE}/download{query}")
            assert (answer.status, answer.json["code"]) == (409, "file_changed")
        left_out = notes(members(ask(server, transfer_syntax="implicit", files=[CT, RLE])))
        assert [note["status"] for note in left_out] == ["done", "left_out"]
    finally:
        changed.write_bytes(original)
