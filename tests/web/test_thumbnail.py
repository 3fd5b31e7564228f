"""``GET /api/file/{index}/thumbnail``: what the command makes, over HTTP."""

from __future__ import annotations

import io
import shutil

import numpy as np
import pytest
from PIL import Image
from support.paths import FIXTURES
from support.server import ServerProcess

import dcmview


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("thumbnails")
    for name, source in {
        "0.dcm": "ct/slice-13.dcm",
        "1.dcm": "ultrasound/heart-beat.dcm",
        "2.dcm": "report/measurements.dcm",
        "3.dcm": "odd/cut-short.dcm",
        "4.dcm": "mammogram/left-cc.dcm",
    }.items():
        shutil.copy(FIXTURES / source, folder / name)
    return folder


@pytest.fixture(scope="module")
def server(folder):
    with ServerProcess("--no-rescue", str(folder)) as server:
        server.wait_scanned()
        yield server


CT, HEART, REPORT, CUT, MAMMOGRAM = range(5)
TYPES = {"jpeg": "jpg", "png": "png", "webp": "webp"}


def levels(answer):
    with Image.open(io.BytesIO(answer.body)) as picture:
        return np.asarray(picture)


@pytest.mark.parametrize("name", TYPES)
def test_it_is_what_the_command_makes(server, folder, tmp_path, name):
    query = f"size=120&quality=70&format={name}&frame=max&background=102030&label=1"
    options = {"size": 120, "quality": 70, "format": name, "frame": "max"}
    options |= {"background": "#102030", "label": True, "names": "path"}
    dcmview.thumbnail(folder, tmp_path, **options)
    for index in (CT, HEART, MAMMOGRAM):
        answer = server.get(f"/api/file/{index}/thumbnail?{query}")
        assert answer.status == 200
        assert answer.headers["content-type"] == f"image/{name}"
        assert answer.body == (tmp_path / f"{index}.{TYPES[name]}").read_bytes()


def test_it_is_a_jpeg_of_200_pixels_of_the_middle_frame(server):
    answer = server.get(f"/api/file/{HEART}/thumbnail")
    assert (answer.headers["content-type"], answer.headers["x-frame-index"]) == ("image/jpeg", "10")
    assert max(levels(answer).shape[:2]) == 200


def test_a_frame_that_is_not_there_is_told_with_its_file(server):
    answer = server.get(f"/api/file/{HEART}/thumbnail?frame=20").json
    assert answer["error"] == f"file {HEART} has 20 frame(s) counted from 0, there is no frame 20"
    assert answer["detail"] == {"index": HEART, "frame_count": 20}


def test_it_takes_the_window_of_a_display_frame(server):
    shown = server.get(f"/api/file/{CT}/frame/0?wc=-600&ww=1500&size=80")
    small = server.get(f"/api/file/{CT}/thumbnail?wc=-600&ww=1500&size=80&format=png")
    assert np.array_equal(levels(small), levels(shown))
    plain = server.get(f"/api/file/{CT}/thumbnail?size=80&format=png")
    assert not np.array_equal(levels(small), levels(plain))


def test_data_that_end_early_are_marked(server):
    assert server.get(f"/api/file/{CUT}/thumbnail").headers["x-frame-truncated"] == "1"
    assert "x-frame-truncated" not in server.get(f"/api/file/{CT}/thumbnail").headers


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        (f"{REPORT}/thumbnail", 404, "no_pixel_data"),
        ("99/thumbnail", 404, "unknown_file"),
        (f"{HEART}/thumbnail?frame=20", 404, "frame_out_of_range"),
        (f"{CT}/thumbnail?frame=last", 400, "bad_request"),
        (f"{CT}/thumbnail?size=7", 400, "bad_request"),
        (f"{CT}/thumbnail?size=4097", 400, "bad_request"),
        (f"{CT}/thumbnail?quality=101", 400, "bad_request"),
        (f"{CT}/thumbnail?background=rainbow", 400, "bad_request"),
        (f"{CT}/thumbnail?format=gif", 400, "bad_request"),
        (f"{CT}/thumbnail?voi=9", 400, "bad_request"),
    ],
)
def test_what_cannot_be_had_is_said(server, address, status, code):
    answer = server.get(f"/api/file/{address}")
    assert answer.status == status
    assert answer.json["code"] == code


@pytest.mark.parametrize(
    ("query", "words"),
    [
        *((f"size={size}", "size must be from 8 to 4096") for size in (0, 7, 4097)),
        *((f"quality={each}", "quality must be from 1 to 100") for each in (0, 101)),
    ],
)
def test_a_number_that_cannot_be_had_is_answered_with_those_that_can(server, query, words):
    assert server.get(f"/api/file/{CT}/thumbnail?{query}").json["error"] == words
