"""What the frame endpoints give beyond the contract: choices, formats, batches, previews."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import struct
import threading
import time
import urllib.request
import zlib

import numpy as np
import pytest
from PIL import Image
from pydicom import uid
from pydicom.data import get_testdata_file
from support.datasets import image, item, part10
from support.pixel_files import pixel_file_named
from support.server import ServerProcess

from dcmview.web.params import MOST_FRAMES_AT_ONCE


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("frames")
    ramp = np.arange(6, dtype="<u2") * 50
    windowed = image(
        WindowCenter=["100", "200"],
        WindowWidth=["100", "101"],
        WindowCenterWidthExplanation=["NARROW", "WIDE"],
        VOILUTSequence=item(LUTDescriptor=[3, 0, 8], LUTData=b"\x00\x00\x80\x00\xff\x00"),
        PixelData=ramp.tobytes(),
    )
    (folder / "0-windows.dcm").write_bytes(part10(windowed))
    for name, source in {
        "1-multiframe.dcm": "emri_small.dcm",
        "2-jpeg2000.dcm": "JPEG2000.dcm",
        "3-rgb.dcm": "SC_rgb_small_odd.dcm",
        "5-dose.dcm": "rtdose.dcm",
    }.items():
        shutil.copy(pixel_file_named(source), folder / name)
    shutil.copy(get_testdata_file("reportsi.dcm", download=False), folder / "4-report.dcm")
    return folder


@pytest.fixture(scope="module")
def server(folder):
    with ServerProcess("--no-rescue", str(folder)) as server:
        server.wait_scanned()
        yield server


WINDOWS, MULTIFRAME, JPEG2000, RGB, REPORT, DOSE = range(6)


def picture(answer):
    assert answer.status == 200, answer.body
    return np.asarray(Image.open(io.BytesIO(answer.body)))


# PS3.3 C.11.2.1.2.1 by hand for 0, 50, ... 250: (x - (c - 0.5)) / (w - 1) + 0.5, times 255.
NARROW = [0, 0, 129, 255, 255, 255]
WIDE = [0, 0, 0, 1, 129, 255]


@pytest.mark.parametrize(("voi", "expected"), [(0, NARROW), (1, WIDE)])
def test_voi_picks_a_window_of_the_file(server, voi, expected):
    found = picture(server.get(f"/api/file/{WINDOWS}/frame/0?voi={voi}"))
    assert found.reshape(-1).tolist() == expected


def test_voi_counts_the_luts_after_the_windows(server):
    found = picture(server.get(f"/api/file/{WINDOWS}/frame/0?voi=2"))
    assert found.reshape(-1).tolist() == [0, 255, 255, 255, 255, 255]


def test_the_first_choice_is_what_a_plain_request_shows(server):
    plain = server.get(f"/api/file/{WINDOWS}/frame/0")
    assert server.get(f"/api/file/{WINDOWS}/frame/0?voi=0").body == plain.body


def test_a_window_of_the_user_goes_before_voi_and_the_full_range_before_both(server):
    chosen = picture(server.get(f"/api/file/{WINDOWS}/frame/0?voi=1&wc=100&ww=100"))
    assert chosen.reshape(-1).tolist() == NARROW
    whole = picture(server.get(f"/api/file/{WINDOWS}/frame/0?voi=1&mode=full_dynamic"))
    assert whole.reshape(-1).tolist() == [0, 51, 102, 153, 204, 255]


def test_a_window_is_read_with_the_function_that_is_asked_for(server):
    # 0, 50, 100 with C 100, W 100: LINEAR_EXACT gives 0, 0, 127.5; SIGMOID 255 / (1 + e^4) first.
    for function, expected in {
        "LINEAR": [0, 0, 129],
        "LINEAR_EXACT": [0, 0, 128],
        "SIGMOID": [5, 30, 128],
    }.items():
        answer = server.get(f"/api/file/{WINDOWS}/frame/0?wc=100&ww=100&function={function}")
        assert picture(answer).reshape(-1).tolist()[:3] == expected


def test_inverted_greys_are_those_of_the_plain_picture_from_255(server):
    plain = picture(server.get(f"/api/file/{WINDOWS}/frame/0?wc=100&ww=100"))
    inverted = picture(server.get(f"/api/file/{WINDOWS}/frame/0?wc=100&ww=100&invert=1"))
    assert (inverted == 255 - plain).all()
    assert plain.min() != plain.max()


def test_a_colour_map_takes_the_place_of_the_greys_after_inversion(server):
    query = "wc=100&ww=100&invert=1"
    grey = picture(server.get(f"/api/file/{WINDOWS}/frame/0?{query}"))
    colors = picture(server.get(f"/api/file/{WINDOWS}/frame/0?{query}&colormap=fall"))
    # DICOM PS3.6 B.1.5: from yellow to red, green falling.
    expected = np.stack([np.full_like(grey, 255), 255 - grey, np.zeros_like(grey)], axis=-1)
    assert (colors == expected).all()


@pytest.mark.parametrize("query", ["invert=1", "colormap=viridis"])
def test_a_picture_with_colours_is_neither_inverted_nor_mapped(server, query):
    plain = server.get(f"/api/file/{RGB}/frame/0")
    assert server.get(f"/api/file/{RGB}/frame/0?{query}").body == plain.body


def test_explain_says_that_the_greys_were_turned_around(server):
    steps = server.get(f"/api/file/{WINDOWS}/frame/0/explain?invert=1").json["steps"]
    (presentation,) = [step for step in steps if step["step"] == "presentation"]
    assert presentation["output_range"] == [255.0, 0.0]
    assert "as was asked for" in presentation["meaning"]


def test_percentiles_go_before_the_windows_of_the_file(server):
    # 0 to 250 in steps of 50: the 1st percentile is 2.5, the 99th 247.5; 255 x (50 - 2.5) / 245.
    chosen = picture(server.get(f"/api/file/{WINDOWS}/frame/0?voi=1&mode=percentile"))
    assert chosen.reshape(-1).tolist() == [0, 49, 101, 154, 206, 255]


@pytest.mark.parametrize(
    "query",
    [
        "function=CUBIC",
        "mode=best",
        "voi=3",
        "voi=-1",
        "voi=x",
        "format=gif",
        "size=0",
        "size=x",
        "overlays=2",
        "shutter=yes",
        "invert=2",
        "colormap=jet",
        "quality=0",
        "quality=101&format=jpeg",
    ],
)
@pytest.mark.parametrize("kind", ["", "/preview"])
def test_impossible_choices_are_400(server, kind, query):
    answer = server.get(f"/api/file/{WINDOWS}/frame/0{kind}?{query}")
    assert (answer.status, answer.json["code"]) == (400, "bad_request")


# --- layers, formats, sizes -----------------------------------------------------------------


@pytest.fixture(scope="module")
def layered(tmp_path_factory):
    """A grey ramp with two overlays and a shutter, pixels twice as high as wide."""
    folder = tmp_path_factory.mktemp("layers")
    dataset = image(
        4,
        4,
        WindowCenter=50,
        WindowWidth=101,
        PixelData=np.full(16, 50, "<u2").tobytes(),
        PixelSpacing=[2, 1],
        ShutterShape="RECTANGULAR",
        ShutterLeftVerticalEdge=1,
        ShutterRightVerticalEdge=3,
        ShutterUpperHorizontalEdge=1,
        ShutterLowerHorizontalEdge=4,
    )
    for group, content in ((0x6000, b"\x01\x00"), (0x6002, b"\x00\x80")):
        dataset.add_new((group, 0x0010), "US", 4)
        dataset.add_new((group, 0x0011), "US", 4)
        dataset.add_new((group, 0x0040), "CS", "G")
        dataset.add_new((group, 0x0050), "SS", [1, 1])
        dataset.add_new((group, 0x0100), "US", 1)
        dataset.add_new((group, 0x0102), "US", 0)
        dataset.add_new((group, 0x1500), "LO", f"LABEL {group:04X}")
        dataset.add_new((group, 0x3000), "OW", content)
    (folder / "a.dcm").write_bytes(part10(dataset))
    with ServerProcess("--no-rescue", str(folder)) as server:
        server.wait_scanned()
        yield server


def test_layers_are_shown_only_where_they_are_asked_for(layered):
    # 50 in a window of 50 and 101: ((50 - 49.5) / 100 + 0.5) x 255 = 128.8.
    plain = picture(layered.get("/api/file/0/frame/0"))
    assert set(plain.reshape(-1).tolist()) == {129}
    overlaid = picture(layered.get("/api/file/0/frame/0?overlays=1"))
    assert overlaid[0, 0] == overlaid[3, 3] == 255
    assert (overlaid == 255).sum() == 2
    shut = picture(layered.get("/api/file/0/frame/0?shutter=1"))
    assert shut.tolist() == [[129, 129, 129, 0]] * 4


def test_the_recipe_lists_the_layers(layered):
    recipe = layered.get("/api/file/0/frame/0/recipe").json
    assert [(each["group"], each["label"]) for each in recipe["overlays"]] == [
        (0x6000, "LABEL 6000"),
        (0x6002, "LABEL 6002"),
    ]
    assert recipe["shutter"]["edges"] == [1, 3, 1, 4]
    assert recipe["pixel_aspect"] == {"vertical": 2.0, "horizontal": 1.0}
    assert recipe["has_icc_profile"] is False
    assert recipe["spacing"] == {
        "row_mm": 2.0,
        "column_mm": 1.0,
        "plane": "patient",
        "element": "Pixel Spacing (0028,0030)",
        "note": "",
    }
    assert (recipe["regions"], recipe["suv"], recipe["suv_note"]) == ([], None, "")


def test_an_overlay_is_given_as_a_picture_with_a_transparent_background(layered):
    answer = layered.get("/api/file/0/frame/0/overlay/6002")
    assert answer.headers["content-type"] == "image/png"
    alpha = np.asarray(Image.open(io.BytesIO(answer.body)).convert("RGBA"))[:, :, 3]
    assert np.argwhere(alpha == 255).tolist() == [[3, 3]]


@pytest.mark.parametrize(("group", "status"), [("6004", 404), ("zz", 400), ("0", 404)])
def test_an_overlay_that_is_not_there_is_an_error(layered, group, status):
    assert layered.get(f"/api/file/0/frame/0/overlay/{group}").status == status


def test_a_reduced_picture_has_square_pixels(layered):
    assert picture(layered.get("/api/file/0/frame/0?size=4")).shape == (4, 2)


@pytest.mark.parametrize(
    ("name", "kind"), [("png", "image/png"), ("jpeg", "image/jpeg"), ("webp", "image/webp")]
)
def test_a_picture_comes_in_the_format_asked_for(server, name, kind):
    answer = server.get(f"/api/file/{MULTIFRAME}/frame/0?format={name}&size=32")
    assert answer.headers["content-type"] == kind
    assert max(picture(answer).shape[:2]) == 32


@pytest.mark.parametrize(("query", "first"), [("quality=50", 16), ("quality=100", 1), ("", 3)])
def test_a_jpeg_has_the_quality_asked_for(server, query, first):
    answer = server.get(f"/api/file/{MULTIFRAME}/frame/0?format=jpeg&{query}")
    with Image.open(io.BytesIO(answer.body)) as picture:
        # 16 in ITU-T T.81 table K.1, which libjpeg scales by 1 at 50, and by 0.2 at 90.
        assert picture.quantization[0][0] == first


def test_a_preview_is_small_and_names_the_size_of_the_whole(server):
    answer = server.get(f"/api/file/{JPEG2000}/frame/0/preview?size=128")
    shape = picture(answer).shape
    header = server.get(f"/api/file/{JPEG2000}/info").json
    assert max(shape[:2]) <= 128
    assert answer.headers["x-frame-rows"] == str(header["rows"])
    assert answer.headers["x-frame-columns"] == str(header["columns"])


def test_a_file_says_what_it_lost_and_how_fast_it_plays(server):
    info = server.get(f"/api/file/{JPEG2000}/info").json
    assert info["lossy"].startswith("JPEG 2000")
    assert (info["frame_rate"], info["frame_rate_source"], info["frame_times_ms"]) == (None, "", [])
    report = server.get(f"/api/file/{REPORT}/info").json
    assert (report["lossy"], report["frame_rate"]) == ("", None)


def test_a_preview_looks_like_the_whole(server):
    """The same grey levels seen from afar: means of blocks differ by little."""
    whole = picture(server.get(f"/api/file/{JPEG2000}/frame/0?size=64&wc=150&ww=300")).astype(float)
    small = picture(
        server.get(f"/api/file/{JPEG2000}/frame/0/preview?size=64&wc=150&ww=300")
    ).astype(float)
    assert small.shape == whole.shape
    assert np.abs(small - whole).mean() < 6


# --- raw frames for the wire ----------------------------------------------------------------


def undo_planes(body, dtype, samples_per_pixel):
    """The inverse of docs/api.md, one sample after the other."""
    width = np.dtype(dtype).itemsize
    if width == 1:
        differences = list(body)
    else:
        half = len(body) // 2
        zigzag = [low | high << 8 for low, high in zip(body[:half], body[half:], strict=True)]
        differences = [(each >> 1) ^ -(each & 1) for each in zigzag]
    values: list[int] = []
    for position, difference in enumerate(differences):
        before = values[position - samples_per_pixel] if position >= samples_per_pixel else 0
        values.append((before + difference) % (1 << 8 * width))
    return np.array(values, f"<u{width}").tobytes()


@pytest.mark.parametrize(
    ("index", "dtype", "samples"), [(MULTIFRAME, "<u2", 1), (RGB, "u1", 3), (WINDOWS, "<u2", 1)]
)
@pytest.mark.parametrize("compressed", [True, False])
def test_planes_undone_are_the_samples(server, index, dtype, samples, compressed):
    plain = server.get(f"/api/file/{index}/frame/0/raw")
    headers = {"Accept-Encoding": "gzip"} if compressed else {}
    answer = server.get(f"/api/file/{index}/frame/0/raw?encoding=planes", **headers)
    assert answer.headers["x-frame-encoding"] == "planes"
    assert ("content-encoding" in answer.headers) == compressed
    body = gzip.decompress(answer.body) if compressed else answer.body
    assert undo_planes(body, dtype, samples) == plain.body
    assert "x-frame-encoding" not in plain.headers


@pytest.mark.parametrize(
    ("accepted", "is_compressed"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("identity, gzip;q=0", False),
        ("x-gzipped", False),
        ("", False),
    ],
)
def test_gzip_is_sent_to_those_who_take_it(server, accepted, is_compressed):
    path = f"/api/file/{MULTIFRAME}/frame/0/raw?encoding=planes"
    answer = server.get(path, **{"Accept-Encoding": accepted})
    assert ("content-encoding" in answer.headers) == is_compressed


def test_samples_of_other_sizes_are_sent_as_they_are(server):
    plain = server.get(f"/api/file/{DOSE}/frame/0/raw")
    answer = server.get(f"/api/file/{DOSE}/frame/0/raw?encoding=planes")
    assert plain.headers["x-frame-bits-allocated"] == "32"
    assert "x-frame-encoding" not in answer.headers
    assert answer.body == plain.body


def test_unknown_encoding_is_400(server):
    assert server.get(f"/api/file/{WINDOWS}/frame/0/raw?encoding=zip").status == 400


# --- batches --------------------------------------------------------------------------------


def parts_of(body):
    parts, position = [], 0
    while position < len(body):
        (length,) = struct.unpack_from("<I", body, position)
        head = json.loads(body[position + 4 : position + 4 + length])
        position += 4 + length
        parts.append((head, body[position : position + head["length"]]))
        position += head["length"]
    return parts


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("encoding", ["plain", "planes"])
def test_a_batch_gives_every_frame_in_the_order_asked_for(server, compressed, encoding):
    wanted = [(MULTIFRAME, 7), (JPEG2000, 0), (MULTIFRAME, 0), (MULTIFRAME, 1), (MULTIFRAME, 2)]
    asked = f"{MULTIFRAME}:7,{JPEG2000}:0,{MULTIFRAME}:0-2"
    headers = {"Accept-Encoding": "gzip"} if compressed else {}
    answer = server.get(f"/api/frames/raw?frames={asked}&encoding={encoding}", **headers)
    body = gzip.decompress(answer.body) if compressed else answer.body
    parts = parts_of(body)
    assert [(head["file"], head["frame"]) for head, _ in parts] == wanted
    for (file, frame), (head, content) in zip(wanted, parts, strict=True):
        alone = server.get(f"/api/file/{file}/frame/{frame}/raw?encoding={encoding}")
        assert head["status"] == 200
        assert content == alone.body
        described = {k: v for k, v in alone.headers.items() if k.startswith("x-frame-")}
        assert head["headers"] == described


def test_a_batch_says_of_each_frame_why_it_is_not_there(server):
    answer = server.get(f"/api/frames/raw?frames={REPORT}:0,{MULTIFRAME}:99,99:0,{WINDOWS}:0")
    parts = parts_of(answer.body)
    assert [head["status"] for head, _ in parts] == [404, 404, 404, 200]
    codes = [json.loads(content)["code"] for _, content in parts[:3]]
    assert codes == ["no_pixel_data", "frame_out_of_range", "unknown_file"]


def test_the_first_frame_of_a_batch_comes_before_the_last(server):
    """A client can show frames as they come: the answer is a stream, not a parcel."""
    url = f"{server.url}/api/frames/raw?frames={MULTIFRAME}:0-9&encoding=planes"
    with urllib.request.urlopen(
        urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    ) as answer:
        undo = zlib.decompressobj(31)
        body = b""
        while len(body) < 4:
            body += undo.decompress(answer.read1(4096))
        (length,) = struct.unpack_from("<I", body)
        while len(body) < 4 + length:
            body += undo.decompress(answer.read1(4096))
        assert json.loads(body[4 : 4 + length])["frame"] == 0


@pytest.mark.parametrize(
    "frames",
    ["", "1", "1:", "1:5-", "a:1", "1:0,,1:1", f"0:0-{MOST_FRAMES_AT_ONCE}", "1:5-999999999"],
)
def test_impossible_batches_are_400(server, frames):
    assert server.get(f"/api/frames/raw?frames={frames}").status == 400


def test_a_backward_range_is_400(server):
    assert server.get(f"/api/frames/raw?frames={MULTIFRAME}:5-2").status == 400


# --- explain --------------------------------------------------------------------------------


def test_explain_names_the_window_and_the_element_that_decided(server):
    steps = server.get(f"/api/file/{WINDOWS}/frame/0/explain?voi=1").json["steps"]
    (voi,) = [step for step in steps if step["step"] == "voi"]
    assert "center 200, width 101" in voi["value"]
    assert voi["element"] == "(0028,1050) Window Center"
    assert "WIDE" in voi["meaning"]


def test_explain_follows_one_pixel_through_all_stages(server):
    answer = server.get(f"/api/file/{WINDOWS}/frame/0/explain?column=1&row=0").json
    assert (answer["pixel"]["column"], answer["pixel"]["row"]) == (1, 0)
    stages = {stage["step"]: stage["values"] for stage in answer["pixel"]["stages"]}
    assert stages["samples"] == [50.0]
    assert stages["output"] == [float(NARROW[1])]


@pytest.mark.parametrize(
    "query", ["column=3&row=0", "column=0&row=2", "column=1", "row=x&column=0"]
)
def test_explain_of_a_pixel_that_is_not_there_is_400(server, query):
    assert server.get(f"/api/file/{WINDOWS}/frame/0/explain?{query}").status == 400


# --- files that change, work that is dropped -----------------------------------------------


def test_a_file_that_changes_is_a_conflict_for_its_own_frames(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.dcm").write_bytes(part10(image(PixelData=bytes(12))))
    with ServerProcess(str(tmp_path)) as server:
        server.wait_scanned()
        (tmp_path / "a.dcm").write_bytes(part10(image(PixelData=bytes(12), PatientID="other")))
        assert server.get("/api/file/0/frame/0").status == 409
        assert server.get("/api/file/1/frame/0").status == 200


def test_more_requests_than_can_wait_are_told_to_come_again(tmp_path):
    """Clients that ask for everything at once get 503 with Retry-After, and the rest an answer."""
    rows = columns = 1024
    noise = np.random.default_rng(1).integers(0, 4096, (400, 8), dtype="<u2")
    dataset = image(rows, columns, NumberOfFrames=400)
    frame = np.zeros(rows * columns, "<u2")
    dataset.PixelData = b"".join(
        np.concatenate([each, frame[8:]]).astype("<u2").tobytes() for each in noise[:8]
    )
    dataset.NumberOfFrames = 8
    (tmp_path / "a.dcm").write_bytes(part10(dataset, uid.ExplicitVRLittleEndian))
    with ServerProcess(str(tmp_path)) as server:
        server.wait_scanned()
        answers = []

        def ask(number):
            path = f"/api/file/0/frame/{number % 8}?wc={number + 1}&ww={number + 2}"
            answers.append(server.get(path))

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(400)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        statuses = {answer.status for answer in answers}
        assert 200 in statuses
        assert statuses <= {200, 503}
        for answer in answers:
            if answer.status == 503:
                assert answer.headers["retry-after"] == "1"
                assert answer.json["code"] == "busy"
        deadline = time.monotonic() + 10
        while server.get("/api/file/0/frame/0").status != 200 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert server.get("/api/file/0/frame/0").status == 200


# --- coarse frames --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def coarse(tmp_path_factory):
    """70 x 90 samples, so that 32 pixels make blocks of three."""
    folder = tmp_path_factory.mktemp("coarse")
    signed = np.add.outer(np.arange(70) * 7, np.arange(90) * 3).astype("<i2") - 400
    signed[:9, :9] = -2000
    grey = image(70, 90, PixelRepresentation=1, PixelPaddingValue=-2000)
    grey.PixelData = signed.tobytes()
    (folder / "0-grey.dcm").write_bytes(part10(grey))
    indices = (np.arange(70 * 90) % 251).astype("u1")
    palette = image(70, 90, PhotometricInterpretation="PALETTE COLOR", PixelData=indices.tobytes())
    palette.BitsAllocated, palette.BitsStored, palette.HighBit = 8, 8, 7
    for color in ("Red", "Green", "Blue"):
        setattr(palette, f"{color}PaletteColorLookupTableDescriptor", [256, 0, 8])
        setattr(palette, f"{color}PaletteColorLookupTableData", bytes(range(256)))
    (folder / "1-palette.dcm").write_bytes(part10(palette))
    with ServerProcess("--no-rescue", str(folder)) as server:
        server.wait_scanned()
        yield server, signed, indices.reshape(70, 90)


def block_means(stored, block, padding=None):
    """Means of blocks one by one, halves up, without padding."""
    rows = []
    for top in range(0, stored.shape[0], block):
        row = []
        for left in range(0, stored.shape[1], block):
            part = stored[top : top + block, left : left + block].reshape(-1).tolist()
            kept = [value for value in part if value != padding]
            row.append(int(np.floor(sum(kept) / len(kept) + 0.5)) if kept else padding)
        rows.append(row)
    return rows


def test_a_coarse_frame_is_the_means_of_the_whole(coarse):
    server, signed, _ = coarse
    answer = server.get("/api/file/0/frame/0/raw?size=32")
    names = ("rows", "columns", "full-rows", "full-columns", "reduction", "bits-allocated")
    described = [answer.headers[f"x-frame-{name}"] for name in names]
    assert described == ["24", "30", "70", "90", "3", "16"]
    found = np.frombuffer(answer.body, "<i2").reshape(24, 30)
    assert found.tolist() == block_means(signed, 3, -2000)
    assert found[0, 0] == -2000
    again = server.get("/api/file/0/frame/0/raw?size=32")
    assert (again.headers["x-cache"], again.body) == ("HIT", answer.body)


def test_a_coarse_frame_can_be_sent_as_planes(coarse):
    server, signed, _ = coarse
    answer = server.get("/api/file/0/frame/0/raw?size=45&encoding=planes")
    found = np.frombuffer(undo_planes(answer.body, "<u2", 1), "<i2").reshape(35, 45)
    assert found.tolist() == block_means(signed, 2, -2000)


def test_palette_indices_are_picked_and_not_averaged(coarse):
    server, _, indices = coarse
    answer = server.get("/api/file/1/frame/0/raw?size=32")
    assert answer.body == indices[::3, ::3].tobytes()


def test_a_frame_that_fits_comes_whole(coarse):
    server, signed, _ = coarse
    answer = server.get("/api/file/0/frame/0/raw?size=90")
    assert answer.body == signed.tobytes()
    assert answer.headers["x-frame-reduction"] == "1"
    plain = server.get("/api/file/0/frame/0/raw")
    assert {**plain.headers, "x-cache": "", "date": ""} == {
        **answer.headers,
        "x-cache": "",
        "date": "",
    }


def test_a_batch_gives_coarse_frames_too(coarse):
    server, *_ = coarse
    parts = parts_of(server.get("/api/frames/raw?frames=0:0,1:0&size=32").body)
    for (head, content), index in zip(parts, (0, 1), strict=True):
        alone = server.get(f"/api/file/{index}/frame/0/raw?size=32")
        assert content == alone.body
        described = {k: v for k, v in alone.headers.items() if k.startswith("x-frame-")}
        assert head["headers"] == described


@pytest.mark.parametrize("size", ["31", "2049", "-1", "x", ""])
def test_an_impossible_coarse_size_is_400(coarse, size):
    server, *_ = coarse
    for path in ("/api/file/0/frame/0/raw?", "/api/frames/raw?frames=0:0&"):
        assert server.get(f"{path}size={size}").status == 400
