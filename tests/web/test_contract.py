"""The HTTP contract that scripts rely on, endpoint by endpoint, against a real server process."""

from __future__ import annotations

import io
import re
import shutil

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.uid import MPEG2MPML
from support.server import ServerProcess

FILE_KEYS = {
    "index", "path", "label", "patient_id", "patient_name", "study_instance_uid", "study_date",
    "study_description", "series_instance_uid", "series_number", "series_description", "modality",
    "instance_number", "sop_instance_uid", "has_pixels", "frame_count", "rows", "columns",
    "transfer_syntax_uid", "default_window",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One file of each kind that the contract distinguishes, named so that the order is known."""
    folder = tmp_path_factory.mktemp("contract")
    for name, source in {
        "0-ct.dcm": "CT_small.dcm",
        "1-multiframe.dcm": "emri_small.dcm",
        "2-rgb.dcm": "SC_rgb_small_odd.dcm",
        "3-report.dcm": "reportsi.dcm",
        "6-enhanced.dcm": "eCT_Supplemental.dcm",
    }.items():
        shutil.copy(get_testdata_file(source, download=False), folder / name)

    video = pydicom.dcmread(folder / "0-ct.dcm")
    video.file_meta.TransferSyntaxUID = MPEG2MPML
    video.PixelData = pydicom.encaps.encapsulate([b"\0\0\1\xb3" + bytes(60)])
    video["PixelData"].VR = "OB"
    video["PixelData"].is_undefined_length = True
    video.save_as(folder / "4-video.dcm")

    damaged = pydicom.dcmread(get_testdata_file("emri_small_jpeg_ls_lossless.dcm", download=False))
    frames = list(pydicom.encaps.generate_frames(damaged.PixelData, number_of_frames=10))
    frames[3] = frames[3][:2] + bytes(len(frames[3]) - 2)
    damaged.PixelData = pydicom.encaps.encapsulate(frames)
    damaged.save_as(folder / "5-damaged-frame.dcm")

    (folder / "7-notes.txt").write_text("not an image")
    return folder


@pytest.fixture(scope="module")
def server(folder):
    with ServerProcess("--no-rescue", str(folder)) as server:
        server.wait_scanned()
        yield server


CT, MULTIFRAME, RGB, REPORT, VIDEO, DAMAGED, ENHANCED = range(7)


def error_of(answer):
    body = answer.json
    assert answer.headers["content-type"] == "application/json"
    assert isinstance(body["error"], str)
    assert re.fullmatch(r"[a-z_]+", body["code"])
    return body["code"]


def test_first_line_is_exactly_the_address(server):
    assert re.fullmatch(r"dcmview: server running at http://127\.0\.0\.1:\d+\n", server.first_line)


def test_health_counts_the_files(server):
    body = server.get("/api/health").json
    assert body["status"] == "ok"
    assert body["file_count"] == 7
    assert body["server_start_ms"] == server.get("/api/files").json["server_start_ms"]


def test_files_have_every_field_of_the_contract(server, folder):
    listing = server.get("/api/files").json
    assert listing["scan_complete"] is True
    assert (listing["scanned"], listing["skipped"], listing["filtered"]) == (8, 1, 0)
    assert (listing["tunnelled"], listing["tunnel_host"]) == (False, None)
    assert isinstance(listing["server_start_ms"], int)
    for number, file in enumerate(listing["files"]):
        assert file.keys() >= FILE_KEYS
        assert file["index"] == number
    ct = listing["files"][CT]
    reference = pydicom.dcmread(folder / "0-ct.dcm")
    assert ct["path"] == str(folder / "0-ct.dcm")
    assert ct["label"] == f"{reference.PatientID} - CT - {reference.StudyDate}"
    assert ct["patient_name"] == str(reference.PatientName)
    assert ct["sop_instance_uid"] == reference.SOPInstanceUID
    assert ct["instance_number"] == str(reference.InstanceNumber)
    assert (ct["rows"], ct["columns"], ct["frame_count"]) == (128, 128, 1)
    assert ct["default_window"] is None
    assert listing["files"][REPORT]["has_pixels"] is False
    assert listing["skipped_files"][0]["path"] == str(folder / "7-notes.txt")


def test_info_names_the_transfer_syntax_its_own_way(server, folder):
    body = server.get(f"/api/file/{MULTIFRAME}/info").json
    assert body["frame_count"] == 10
    assert (body["rows"], body["columns"], body["has_pixels"]) == (64, 64, True)
    reference = pydicom.dcmread(folder / "1-multiframe.dcm")
    assert body["transfer_syntax"] == reference.file_meta.TransferSyntaxUID
    assert body["default_window"] is None


def test_info_finds_the_window_in_the_functional_groups(server, folder):
    reference = pydicom.dcmread(folder / "6-enhanced.dcm")
    window = reference.SharedFunctionalGroupsSequence[0].FrameVOILUTSequence[0]
    assert server.get(f"/api/file/{ENHANCED}/info").json["default_window"] == {
        "center": float(window.WindowCenter),
        "width": float(window.WindowWidth),
    }


def test_display_frame_is_a_png_cached_the_second_time(server):
    address = f"/api/file/{CT}/frame/0?wc=100&ww=77"
    first, second = server.get(address), server.get(address)
    assert first.headers["content-type"] == "image/png"
    assert (first.headers["x-cache"], second.headers["x-cache"]) == ("MISS", "HIT")
    assert first.body == second.body
    image = Image.open(io.BytesIO(first.body))
    assert (image.size, image.mode) == ((128, 128), "L")


def test_display_frame_follows_the_linear_window(server, folder):
    image = Image.open(io.BytesIO(server.get(f"/api/file/{CT}/frame/0?wc=40&ww=400").body))
    reference = pydicom.dcmread(folder / "0-ct.dcm")
    hu = reference.pixel_array.astype(float) * reference.RescaleSlope + reference.RescaleIntercept
    expected = np.floor(((hu - 39.5) / 399 + 0.5).clip(0, 1) * 255 + 0.5)
    np.testing.assert_array_equal(np.asarray(image), expected)


def test_full_dynamic_spans_the_frame_and_ignores_the_window(server):
    plain = server.get(f"/api/file/{CT}/frame/0?mode=full_dynamic").body
    windowed = server.get(f"/api/file/{CT}/frame/0?mode=full_dynamic&wc=40&ww=400").body
    assert plain == windowed
    display = np.asarray(Image.open(io.BytesIO(plain)))
    assert (display.min(), display.max()) == (0, 255)


@pytest.mark.parametrize(
    "query",
    ["wc=40", "ww=400", "wc=40&ww=0", "wc=40&ww=-1", "wc=nan&ww=400", "wc=40&ww=inf", "wc=a&ww=1",
     "wc=&ww=", "mode=other", "mode="],
)  # fmt: skip
def test_impossible_window_or_mode_is_400(server, query):
    answer = server.get(f"/api/file/{CT}/frame/0?{query}")
    assert answer.status == 400
    assert error_of(answer) in {"invalid_window", "bad_request"}


def test_raw_frame_is_the_stored_values_with_headers_that_describe_them(server, folder):
    answer = server.get(f"/api/file/{CT}/frame/0/raw")
    reference = pydicom.dcmread(folder / "0-ct.dcm")
    assert answer.body == reference.pixel_array.astype("<i2").tobytes()
    assert answer.headers["content-type"] == "application/octet-stream"
    expected = {
        "x-frame-rows": 128,
        "x-frame-columns": 128,
        "x-frame-bits-allocated": 16,
        "x-frame-pixel-representation": 1,
        "x-frame-samples-per-pixel": 1,
        "x-frame-rescale-slope": 1,
        "x-frame-rescale-intercept": -1024,
    }
    assert {name: float(answer.headers[name]) for name in expected} == expected
    assert answer.headers["x-frame-photometric-interpretation"] == "MONOCHROME2"
    assert answer.headers["x-cache"] in {"HIT", "MISS"}
    assert "x-frame-default-wc" not in answer.headers


def test_raw_frame_of_a_file_with_a_window_names_it(server):
    window = server.get(f"/api/file/{ENHANCED}/info").json["default_window"]
    headers = server.get(f"/api/file/{ENHANCED}/frame/0/raw").headers
    assert float(headers["x-frame-default-wc"]) == window["center"]
    assert float(headers["x-frame-default-ww"]) == window["width"]


def test_raw_colour_is_interleaved_by_pixel(server, folder):
    answer = server.get(f"/api/file/{RGB}/frame/0/raw")
    assert answer.headers["x-frame-samples-per-pixel"] == "3"
    assert answer.body == pydicom.dcmread(folder / "2-rgb.dcm").pixel_array.tobytes()


def test_recipe_is_named_by_the_raw_frame(server):
    recipe = server.get(f"/api/file/{CT}/frame/0/recipe").json
    assert recipe["id"] == server.get(f"/api/file/{CT}/frame/0/raw").headers["x-frame-recipe"]
    assert recipe["modality"] == {"kind": "rescale", "slope": 1.0, "intercept": -1024.0}
    assert recipe["voi"] == []
    assert recipe["inverted"] is False


@pytest.mark.parametrize("kind", ["", "/raw", "/recipe"])
@pytest.mark.parametrize(
    ("address", "code"),
    [
        (f"/api/file/{CT}/frame/1", "frame_out_of_range"),
        (f"/api/file/{MULTIFRAME}/frame/10", "frame_out_of_range"),
        (f"/api/file/{CT}/frame/-1", "not_found"),
        (f"/api/file/{CT}/frame/x", "not_found"),
        (f"/api/file/{REPORT}/frame/0", "no_pixel_data"),
        ("/api/file/7/frame/0", "unknown_file"),
        ("/api/file/999999999/frame/0", "unknown_file"),
        (f"/api/file/{'9' * 5000}/frame/0", "not_found"),
        ("/api/file/x/frame/0", "not_found"),
    ],
)
def test_frame_that_is_not_there_is_404(server, address, kind, code):
    answer = server.get(address + kind)
    assert answer.status == 404
    assert error_of(answer) == code


@pytest.mark.parametrize("kind", ["", "/raw"])
def test_unsupported_transfer_syntax_is_422_and_names_it(server, kind):
    answer = server.get(f"/api/file/{VIDEO}/frame/0{kind}")
    assert answer.status == 422
    assert answer.json["error"].startswith(f"unsupported transfer syntax: {MPEG2MPML}")
    assert error_of(answer) == "unsupported_transfer_syntax"


def test_damaged_frame_is_422_and_leaves_the_others_alone(server):
    answer = server.get(f"/api/file/{DAMAGED}/frame/3")
    assert answer.status == 422
    assert error_of(answer) == "decode_failed"
    assert server.get(f"/api/file/{DAMAGED}/frame/4").status == 200


def nodes_by_tag(nodes):
    return {node["tag"]: node for node in nodes}


def test_tags_are_nodes_of_the_contract(server):
    nodes = nodes_by_tag(server.get(f"/api/file/{CT}/tags").json)
    assert nodes["(0010,0010)"] == {
        "tag": "(0010,0010)",
        "vr": "PN",
        "keyword": "PatientName",
        "value": {"type": "string", "value": "CompressedSamples^CT1"},
    }
    assert nodes["(0028,0010)"]["value"] == {"type": "number", "value": 128}
    assert nodes["(7FE0,0010)"]["value"] == {"type": "binary", "length": 32768}
    assert nodes["(0002,0010)"]["keyword"] == "TransferSyntaxUID"


def test_tags_of_a_report_nest(server):
    nodes = nodes_by_tag(server.get(f"/api/file/{REPORT}/tags").json)
    content = nodes["(0040,A730)"]["value"]
    assert content["type"] == "sequence"
    assert all(isinstance(node["tag"], str) for item in content["items"] for node in item)


def test_tag_path_gives_the_rest_of_a_value(server):
    whole = server.get(f"/api/file/{ENHANCED}/tags?path=52009230/1/00209113/0/00200032").json
    assert whole["keyword"] == "ImagePositionPatient"
    assert len(whole["value"]["value"]) == 3
    part = server.get(
        f"/api/file/{ENHANCED}/tags?path=52009230/1/00209113/0/00200032&offset=1&limit=1"
    ).json
    assert part["value"]["value"] == whole["value"]["value"][1:2]
    assert (part["value"]["truncated"], part["value"]["total"]) == (True, 3)


def test_tag_path_to_nowhere_is_404_and_a_bad_slice_400(server):
    assert server.get(f"/api/file/{CT}/tags?path=99990010").status == 404
    assert server.get(f"/api/file/{CT}/tags?path=nonsense").status == 404
    assert server.get(f"/api/file/{CT}/tags?path=00100010&offset=-1").status == 400


def test_annotations_start_empty(server):
    assert server.get(f"/api/file/{MULTIFRAME}/annotations").json == {
        "num_roi": 0,
        "roi_coords": [],
        "roi_frames": [],
    }


def test_put_annotations_answers_the_canonical_form_and_export_writes_it(server, folder):
    sent = {"num_roi": 2, "roi_coords": [[30, 40, 10, 20], [0, 0, 64, 64]],
            "roi_frames": [[3, 1, 3], []]}  # fmt: skip
    canonical = {"num_roi": 2, "roi_coords": [[10, 20, 30, 40], [0, 0, 64, 64]],
                 "roi_frames": [[1, 3], []]}  # fmt: skip
    address = f"/api/file/{MULTIFRAME}/annotations"
    assert server.request("PUT", address, sent).json == canonical
    assert server.get(address).json == canonical
    export = server.get("/api/annotations/export.csv")
    assert export.headers["content-type"] == "text/csv; charset=utf-8"
    assert export.headers["content-disposition"] == 'attachment; filename="dcmview-annotations.csv"'
    assert export.body.decode() == (
        "anon_dicom_path,num_ROI,ROI_coords,ROI_frames\n"
        f'{folder / "1-multiframe.dcm"},2,"[[10,20,30,40],[0,0,64,64]]","[[1,3],[]]"\n'
    )
    assert server.request("PUT", address, {"roi_coords": []}).json["num_roi"] == 0


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"[]",
        b"{}",
        {"roi_coords": [[1, 1, 1, 5]]},
        {"roi_coords": [[0, 0, 129, 5]]},
        {"roi_coords": [[-1, 0, 5, 5]]},
        {"roi_coords": [[0, 0, 5, 5]], "roi_frames": [[1]]},
        {"roi_coords": [[0, 0, 5, 5]], "roi_frames": [[0], [0]]},
        {"num_roi": 2, "roi_coords": [[0, 0, 5, 5]]},
        b'{"roi_coords": [[0, 0, NaN, 5]]}',
        b"[" * 100_000,
        b'{"roi_coords": [[0, 0, ' + b"9" * 400 + b", 5]]}",
        b"\xff\xfe",
    ],
)
def test_impossible_annotations_are_400_and_change_nothing(server, body):
    address = f"/api/file/{CT}/annotations"
    answer = server.request("PUT", address, body)
    assert answer.status == 400
    assert error_of(answer) in {"invalid_annotation", "bad_request"}
    assert server.get(address).json["num_roi"] == 0


def test_a_head_of_the_export_saves_nobodys_edits(folder, tmp_path):
    with ServerProcess(str(folder), cwd=tmp_path) as server:
        server.wait_scanned()
        server.request("PUT", f"/api/file/{CT}/annotations", {"roi_coords": [[0, 0, 5, 5]]})
        assert server.request("HEAD", "/api/annotations/export.csv").status == 200
        server.stop()
    (rescued,) = tmp_path.glob("dcmview-rescued-*.csv")
    assert '"[[0,0,5,5]]"' in rescued.read_text()


@pytest.mark.parametrize("origin", ["http://[", "null", "https://evil.example"])
def test_foreign_or_malformed_origin_is_403_json(server, origin):
    answer = server.get("/api/files", Origin=origin)
    assert answer.status == 403
    assert error_of(answer) == "access_denied"


def test_slice_beyond_every_value_is_400(server):
    answer = server.get(f"/api/file/{CT}/tags?path=00100010&offset={10**20}")
    assert answer.status == 400


def test_body_beyond_its_limit_is_413(server):
    answer = server.request("PUT", f"/api/file/{CT}/annotations", b" " * (8 * 1024 * 1024 + 1))
    assert answer.status == 413
    assert error_of(answer) == "too_large"


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/nothing", "/api/file/0", "/api/file/0/", "/api/files/"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_unknown_api_route_is_404_json(server, method, path):
    answer = server.request(method, path)
    assert answer.status == 404
    assert error_of(answer) == "not_found"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/api/health", {"GET", "HEAD"}),
        ("PUT", "/api/files", {"GET", "HEAD"}),
        ("DELETE", "/api/file/0/annotations", {"GET", "PUT"}),
        ("PATCH", "/api/file/0/frame/0", {"GET", "HEAD"}),
    ],
)
def test_wrong_method_is_405_json_and_names_the_right_ones(server, method, path, allowed):
    answer = server.request(method, path)
    assert answer.status == 405
    assert error_of(answer) == "method_not_allowed"
    assert set(answer.headers["allow"].split(", ")) >= allowed


@pytest.mark.parametrize(
    "path", ["/api/file/9/info", "/api/file/9/tags", "/api/file/9/annotations"]
)
def test_unknown_file_is_404_everywhere(server, path):
    answer = server.get(path)
    assert answer.status == 404
    assert error_of(answer) == "unknown_file"


def test_page_and_its_assets_are_served_relative(server):
    page = server.get("/")
    assert page.headers["content-type"].startswith("text/html")
    links = re.findall(r'(?:src|href)="([^"]+)"', page.body.decode())
    assert links
    for link in links:
        assert not link.startswith("/")
        if not link.startswith("data:"):
            assert server.get("/" + link.removeprefix("./")).status == 200


def test_api_is_never_stored_by_a_browser(server):
    for path in ("/api/health", f"/api/file/{CT}/frame/0", "/api/nothing"):
        assert server.get(path).headers["cache-control"] == "no-store"
