"""Real files through a real server: a picture, or a reason why not; lossless means bit-exact."""

from __future__ import annotations

import io
import os
from pathlib import Path

import data_store
import pydicom
import pydicom.data
import pytest
from PIL import Image
from support.server import ServerProcess

SHARED_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
WG04 = SHARED_DATA / "wg04"
LOSSLESS_FOLDERS = ("J2KR", "JLSL", "JPLL", "RLE", "REF")

# No decoder reads these: the reason is part of what is tested.
REFUSED = {
    # 250 bytes made to show an item tag inside a codestream; its SIZ is nonsense.
    "JPEG2000-embedded-sequence-delimiter.dcm": "decode_failed",
}

needs_shared_data = pytest.mark.skipif(
    not SHARED_DATA.is_dir(), reason="the WG04 and dcmqi samples are not beside this checkout"
)


@pytest.fixture(scope="module")
def server():
    folders = [os.path.dirname(pydicom.data.__file__), os.path.dirname(data_store.__file__)]
    if SHARED_DATA.is_dir():
        folders.append(str(SHARED_DATA))
    with ServerProcess(*folders) as server:
        server.wait_scanned()
        yield server


def test_every_file_with_pixels_answers_a_picture_or_its_reason(server):
    files = [f for f in server.get("/api/files").json["files"] if f["has_pixels"]]
    assert len(files) > 150
    refused = {}
    for file in files:
        for frame in {0, file["frame_count"] - 1}:
            answer = server.get(f"/api/file/{file['index']}/frame/{frame}")
            name = os.path.basename(file["path"])
            if answer.status == 200:
                picture = Image.open(io.BytesIO(answer.body))
                picture.load()
                assert picture.size == (file["columns"], file["rows"]), name
            else:
                assert answer.status == 422, (name, answer.status, answer.body)
                assert answer.json["error"]
                refused[name] = answer.json["code"]
    assert refused == REFUSED


def test_every_file_answers_its_tags(server):
    for file in server.get("/api/files").json["files"]:
        answer = server.get(f"/api/file/{file['index']}/tags")
        assert answer.status == 200, file["path"]
        assert answer.json, file["path"]


def test_files_that_are_no_dicom_are_skipped_with_a_reason(server):
    skipped = server.get("/api/files").json["skipped_files"]
    names = {os.path.basename(entry["path"]) for entry in skipped}
    assert {"README.txt", "zipMR.gz", "crayons.icc"} <= names
    assert all(entry["reason"] for entry in skipped)


@needs_shared_data
def test_lossless_wg04_frames_equal_their_reference_bit_for_bit(server):
    compared = 0
    for file in server.get("/api/files").json["files"]:
        folder, name = Path(file["path"]).parts[-2:]
        if WG04 not in Path(file["path"]).parents or folder not in LOSSLESS_FOLDERS:
            continue
        reference = pydicom.dcmread(WG04 / "REF" / f"{name.split('_')[0]}_UNC")
        raw = server.get(f"/api/file/{file['index']}/frame/0/raw")
        assert raw.status == 200, file["path"]
        expected = reference.pixel_array[0] if file["frame_count"] > 1 else reference.pixel_array
        assert raw.body == expected.tobytes(), file["path"]
        compared += 1
    assert compared == len([f for g in LOSSLESS_FOLDERS for f in (WG04 / g).iterdir()])
