"""The command and the function: what is written where, what is not, and what a second run does."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pydicom
import pytest
from msgspec import structs
from PIL import Image
from support.datasets import groups, image, item, part10
from support.paths import FIXTURES
from support.pixel_files import pixel_file_named

import dcmview
from dcmview.__main__ import run
from dcmview.bulk.result import Status
from dcmview.errors import NotSaved, RequestError, StartError, UsageError
from dcmview.thumbnails import sheet as sheet_module
from dcmview.thumbnails.cache import ThumbnailCache
from dcmview.thumbnails.picture import SmallFrame

CT = FIXTURES / "ct/slice-13.dcm"
MR = FIXTURES / "mr/slice-08.dcm"
HEART = FIXTURES / "ultrasound/heart-beat.dcm"
REPORT = FIXTURES / "report/measurements.dcm"


@pytest.fixture
def study(tmp_path):
    folder = tmp_path / "study"
    (folder / "below").mkdir(parents=True)
    shutil.copy(CT, folder / "a.dcm")
    shutil.copy(HEART, folder / "below/b.dcm")
    shutil.copy(REPORT, folder / "below/c.dcm")
    (folder / "notes.txt").write_text("not DICOM")
    return folder


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def written(folder):
    """All files below a folder, hidden ones too."""
    if not folder.exists():
        return []
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def by_name(results):
    return {os.path.basename(result.input): result for result in results}


def test_every_image_gets_a_thumbnail_and_what_is_none_a_reason(study, out):
    before = {path: path.read_bytes() for path in study.rglob("*") if path.is_file()}
    results = by_name(dcmview.thumbnail(study, out, names="path"))
    assert written(out) == ["a.jpg", "below/b.jpg"]
    assert {name: result.status for name, result in results.items()} == {
        "a.dcm": Status.DONE,
        "b.dcm": Status.DONE,
        "c.dcm": Status.SKIPPED,
        "notes.txt": Status.SKIPPED,
    }
    assert results["a.dcm"].outputs == (str(out / "a.jpg"),)
    assert "holds no image" in results["c.dcm"].reason
    with Image.open(out / "a.jpg") as picture:
        assert (picture.format, max(picture.size)) == ("JPEG", 200)
        size = picture.size
    figures = results["a.dcm"].figures
    assert (figures["columns"], figures["rows"]) == size
    assert figures["bytes"] == os.path.getsize(out / "a.jpg")
    assert results["b.dcm"].figures["frame"] == 10  # of 20
    assert {path: path.read_bytes() for path in before} == before


def test_names_are_uids_paths_or_hashes(study, out):
    uid = pydicom.dcmread(CT, stop_before_pixels=True).SOPInstanceUID
    digest = hashlib.sha256(CT.read_bytes()).hexdigest()
    for names, expected in (("uid", uid), ("path", "a"), ("hash", digest)):
        dcmview.thumbnail(study / "a.dcm", out / names, names=names, format="webp")
        assert written(out / names) == [f"{expected}.webp"]


def test_a_given_file_without_an_image_and_a_frame_that_is_not_there_have_failed(out):
    (report,) = dcmview.thumbnail(REPORT, out)
    (heart,) = dcmview.thumbnail(HEART, out, frame=20)
    assert (report.status, heart.status) == (Status.FAILED, Status.FAILED)
    assert heart.reason == "has 20 frame(s) counted from 0, no frame 20"
    assert written(out) == []


def test_a_frame_that_cannot_be_decoded_leaves_no_picture(tmp_path, out):
    broken = image(64, 64, PixelData=pydicom.encaps.encapsulate([b"\xff\x4f\xff\x51" + bytes(99)]))
    (tmp_path / "a.dcm").write_bytes(part10(broken, pydicom.uid.JPEG2000Lossless))
    (result,) = dcmview.thumbnail(tmp_path / "a.dcm", out, sheet=out / "sheet.png")
    assert result.status is Status.FAILED
    assert result.reason
    assert written(out) == []


def test_a_frame_that_ends_early_is_said_in_the_report(out):
    (result,) = dcmview.thumbnail(FIXTURES / "odd/cut-short.dcm", out)
    assert (result.status, result.reason) == (Status.DONE, "the data of the frame ends early")


def test_a_window_is_used(out):
    """Water (0) in windows below and above it: white and black."""
    for name, window in {"low": (-500, 100), "high": (2000, 100)}.items():
        dcmview.thumbnail(CT, out / name, window=window, format="png", names="path")
    with Image.open(out / "low/slice-13.png") as low, Image.open(out / "high/slice-13.png") as high:
        middle = (100, 100)
        assert low.getpixel(middle) == 255
        assert high.getpixel(middle) == 0


def test_processes_write_what_one_does(study, out):
    shutil.copy(MR, study / "below/d.dcm")
    one = {"sheet": out / "one.png", "jobs": 1}
    two = {"sheet": out / "two.png", "jobs": 2}
    first = dcmview.thumbnail(study, out / "one", **one)
    second = dcmview.thumbnail(study, out / "two", **two)
    assert by_name(first) == {
        name: structs.replace(result, outputs=by_name(first)[name].outputs)
        for name, result in by_name(second).items()
    }
    assert (out / "one.png").read_bytes() == (out / "two.png").read_bytes()
    assert written(out / "one") == written(out / "two")
    for name in written(out / "one"):
        assert (out / "one" / name).read_bytes() == (out / "two" / name).read_bytes()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"output_dir": None}, UsageError, "nowhere to write to"),
        ({"format": "tiff"}, UsageError, "format must be one of png, jpeg, webp, not 'tiff'"),
        ({"names": "patient"}, UsageError, "names must be one of uid, path, hash"),
        ({"size": 7}, RequestError, "size must be from 8 to 4096, not 7"),
        ({"quality": 0}, RequestError, "quality must be from 1 to 100, not 0"),
        ({"frame": "best"}, RequestError, "frame must be one of"),
        ({"background": "rainbow"}, RequestError, "a colour is one of"),
        ({"sheet": "sheet.jpg"}, UsageError, "a contact sheet is a PNG"),
        ({"window": (40, 0)}, RequestError, "window needs .* a width above 0, not 40,0"),
        ({"voi": -1}, RequestError, "voi must be 0 or more, not -1"),
        ({"voi": 0, "full_dynamic": True}, RequestError, "only one of window, voi"),
        ({"sheet": "/dev/null/sheet.png"}, StartError, "there can be no contact sheet"),
        ({"jobs": -1}, UsageError, "jobs must be 0 or more, not -1"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_written(out, options, error, words):
    with pytest.raises(error, match=words):
        dcmview.thumbnail(CT, **{"output_dir": out, **options})
    assert written(out) == []


def test_thumbnails_never_go_among_their_inputs(study):
    for options in ({"output_dir": study / "thumbs"}, {"output_dir": "/x", "cache": study / "c"}):
        with pytest.raises(UsageError, match="lies in"):
            dcmview.thumbnail(study, **options)


# Again


def test_a_second_run_leaves_what_is_there(study, out):
    dcmview.thumbnail(study / "a.dcm", out, names="path")
    (again,) = dcmview.thumbnail(study / "a.dcm", out, names="path")
    assert (again.status, again.reason) == (Status.SKIPPED, "finished before")
    (out / "a.jpg").write_bytes(b"mine")
    (again,) = dcmview.thumbnail(study / "a.dcm", out, names="path")
    assert (again.status, (out / "a.jpg").read_bytes()) == (Status.FAILED, b"mine")
    (anew,) = dcmview.thumbnail(study / "a.dcm", out, names="path", overwrite=True)
    assert anew.status is Status.DONE
    assert (out / "a.jpg").read_bytes() != b"mine"


def test_what_is_there_already_is_on_the_sheet_all_the_same(study, out):
    dcmview.thumbnail(study, out, names="path")
    (out / "a.jpg").write_bytes(b"mine")
    dcmview.thumbnail(study, out, names="path", sheet=out / "sheet.png")
    assert (out / "a.jpg").read_bytes() == b"mine"
    dcmview.thumbnail(study, sheet=out / "alone.png")
    assert (out / "sheet.png").read_bytes() == (out / "alone.png").read_bytes()


def test_a_thumbnail_of_other_settings_is_not_finished(study, out):
    for size, status in ((100, Status.DONE), (100, Status.SKIPPED), (50, Status.FAILED)):
        (result, *_) = dcmview.thumbnail(study / "a.dcm", out, size=size)
        assert result.status is status


@pytest.fixture
def made(monkeypatch):
    """The files of which a thumbnail was made and not found."""
    found = []
    original = SmallFrame.thumbnail

    def thumbnail(self):
        found.append(os.path.basename(self.entry.path))
        return original(self)

    monkeypatch.setattr(SmallFrame, "thumbnail", thumbnail)
    return found


def test_the_cache_has_what_has_not_changed(study, out, tmp_path, made):
    cache = tmp_path / "cache"

    def run_again(number, **settings):
        made.clear()
        return dcmview.thumbnail(study, out / str(number), names="path", cache=cache, **settings)

    first = run_again(1)
    assert made == ["a.dcm", "b.dcm"]
    second = run_again(2)
    assert made == []
    assert [each.figures.pop("cache", "") for each in first] == ["miss", "miss", "", ""]
    assert [each.figures.pop("cache", "") for each in second] == ["hit", "hit", "", ""]
    assert [each.figures for each in first] == [each.figures for each in second]
    assert (out / "1/a.jpg").read_bytes() == (out / "2/a.jpg").read_bytes()

    os.utime(study / "a.dcm", (1, 1))
    shutil.move(study / "below/b.dcm", study / "moved.dcm")
    run_again(3)
    assert made == []

    stamp = os.stat(study / "a.dcm")
    content = bytearray((study / "a.dcm").read_bytes())
    content[-1] ^= 1
    (study / "a.dcm").write_bytes(content)
    os.utime(study / "a.dcm", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    run_again(4)
    assert made == ["a.dcm"]

    for number, settings in enumerate(({"size": 100}, {"window": (0, 9)}, {"label": True}), 5):
        run_again(number, **settings)
        assert made == ["a.dcm", "moved.dcm"]
        run_again(f"{number}again", **settings)
        assert made == []


def test_a_damaged_cache_is_made_again(study, out, tmp_path, made):
    cache = tmp_path / "cache"
    dcmview.thumbnail(study / "a.dcm", out / "1", names="path", cache=cache)
    (kept,) = [path for path in cache.rglob("*") if path.is_file()]
    kept.write_bytes(kept.read_bytes()[:-1])
    dcmview.thumbnail(study / "a.dcm", out / "2", names="path", cache=cache)
    assert made == ["a.dcm", "a.dcm"]
    assert (out / "1/a.jpg").read_bytes() == (out / "2/a.jpg").read_bytes()


def test_a_cache_that_cannot_be_written_costs_no_thumbnail(
    study, out, tmp_path, monkeypatch, capfd
):
    def fail(*_arguments):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(ThumbnailCache, "put", fail)
    cache = tmp_path / "cache"
    first = dcmview.thumbnail(study / "a.dcm", out, names="path", cache=cache)[0]
    assert (first.status, first.figures["cache"]) == (Status.DONE, "unkept")
    assert first.reason == "not kept in the cache: Read-only file system"
    assert written(out) == ["a.jpg"]
    words = ["-o", str(out / "again"), "--cache", str(cache), "-j", "1", str(study)]
    assert run(["thumbnail", *words]) == 0
    warning = f"dcmview: warning: 2 not kept in the cache {cache}: Read-only file system\n"
    assert capfd.readouterr().err.endswith(warning)


def test_the_cache_tells_nothing_of_the_patient(study, out, tmp_path):
    cache = tmp_path / "cache"
    dcmview.thumbnail(study, out, sheet=out / "sheet.png", cache=cache)
    head = pydicom.dcmread(CT, stop_before_pixels=True)
    words = [str(head.PatientName), head.PatientID, head.SOPInstanceUID, "study", "a.dcm"]
    paths = [path for path in cache.rglob("*") if path.is_file()]
    assert len(paths) == 4  # picture and tile of two files
    for path in paths:
        content = path.read_bytes() + str(path.relative_to(cache)).encode()
        assert not [word for word in words if word.encode() in content]


# Contact sheets


def slices(folder, count=9, *, orientation=(1, 0, 0, 0, 1, 0), shuffled=True):
    """Axial slices of 16 by 16 pixels, each as bright as it lies high, with a white corner.

    The corner is at the front right of the patient, whatever the orientation.
    """
    folder.mkdir()
    order = np.random.default_rng(1).permutation(count) if shuffled else np.arange(count)
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    for place in range(count):
        stored = np.full((16, 16), 20 * place + 20, "<u2")
        corner = np.s_[:4, :4] if row[0] > 0 else np.s_[:4, -4:]
        stored[corner] = 255
        origin = -7.5 * (row + column) + (0, 0, 5.0 * place)
        dataset = image(
            16,
            16,
            PixelData=stored.tobytes(),
            WindowCenter=128,
            WindowWidth=256,
            SOPInstanceUID=f"1.2.3.{place}",
            StudyInstanceUID="1.2.4",
            SeriesInstanceUID="1.2.5",
            FrameOfReferenceUID="1.2.6",
            InstanceNumber=str(order[place]),
            SeriesNumber="7",
            PatientName="Doe^Jane",
            ImagePositionPatient=[float(value) for value in origin],
            ImageOrientationPatient=list(orientation),
            PixelSpacing=[1, 1],
        )
        (folder / f"{order[place]:02}.dcm").write_bytes(part10(dataset))
    return folder


def cells(path, rows, columns, size=16):
    """The tiles of a sheet, row by row."""
    with Image.open(path) as picture:
        sheet = np.asarray(picture)
    gap = sheet_module.GAP_PX
    assert sheet.shape[:2] == (rows * (size + gap) + gap, columns * (size + gap) + gap)
    tops, lefts = (range(gap, side - gap, size + gap) for side in sheet.shape[:2])
    return [sheet[top : top + size, left : left + size] for top in tops for left in lefts]


def test_slices_are_on_the_sheet_in_the_order_of_their_place(tmp_path):
    folder = slices(tmp_path / "study")
    results = dcmview.thumbnail(folder, sheet=tmp_path / "sheet.png")
    assert {result.status for result in results} == {Status.DONE}
    tiles = cells(tmp_path / "sheet.png", 3, 3)
    levels = [int(tile[8, 8]) for tile in tiles]
    assert levels in ([20 * k for k in range(1, 10)], [20 * k for k in range(9, 0, -1)])
    assert [int(tile[0, 0]) for tile in tiles] == [255] * 9


@pytest.mark.parametrize("sheet_row", [(1, 0, 0), (-1, 0, 0)])
def test_mirrored_slices_look_like_the_others(tmp_path, sheet_row):
    """The corner at the front right of the patient is at the upper left of every tile."""
    folder = slices(tmp_path / "study", orientation=(*sheet_row, 0, 1, 0))
    dcmview.thumbnail(folder, tmp_path / "out", sheet=tmp_path / "sheet.png", format="png")
    for tile in cells(tmp_path / "sheet.png", 3, 3):
        assert (tile[:4, :4] == 255).all()
        assert (tile[:4, -4:] != 255).all()
    with Image.open(tmp_path / "out/1.2.3.0.png") as picture:
        thumbnail = np.asarray(picture)
    # Thumbnails themselves are as the frame is stored.
    assert thumbnail[0, 0 if sheet_row[0] > 0 else -1] == 255


def test_frames_with_functional_groups_are_turned_by_their_own_orientation(tmp_path):
    """Frame 0 is stored as usual, frame 1 upside down: white is at the front of both."""
    stored = np.zeros((2, 16, 16), "<u2")
    stored[0, :4] = stored[1, -4:] = 255
    dataset = image(16, 16, PixelData=stored.tobytes(), NumberOfFrames=2, PatientName="Doe^Jane")
    dataset.WindowCenter, dataset.WindowWidth = 128, 256
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2.1"
    dataset.PerFrameFunctionalGroupsSequence = groups(
        *(
            {
                "PlanePositionSequence": item(ImagePositionPatient=[0, 0, 5 * frame]),
                "PlaneOrientationSequence": item(ImageOrientationPatient=[1, 0, 0, 0, down, 0]),
            }
            for frame, down in enumerate((1, -1))
        )
    )
    (tmp_path / "a.dcm").write_bytes(part10(dataset))
    for frame in (0, 1):
        sheet = tmp_path / f"{frame}.png"
        dcmview.thumbnail(tmp_path / "a.dcm", sheet=sheet, frame=frame)
        (tile,) = cells(sheet, 1, 1)
        assert (tile[:4] == 255).all()
        assert not tile[4:].any()


def test_series_follow_each_other_in_the_order_of_the_list(tmp_path):
    slices(tmp_path / "b", 2)
    shutil.copy(HEART, tmp_path / "c.dcm")
    shutil.copy(pixel_file_named("MR_small.dcm"), tmp_path / "a.dcm")
    paths = [tmp_path / "c.dcm", tmp_path / "b", tmp_path / "a.dcm"]
    dcmview.thumbnail(paths, sheet=tmp_path / "sheet.png", size=64)
    first, *middle, last = cells(tmp_path / "sheet.png", 2, 2, 64)
    assert {int(tile[32, 32].max()) for tile in middle} == {20, 40}
    dcmview.thumbnail(paths[0], tmp_path / "out", size=64, format="png", names="path")
    with Image.open(tmp_path / "out/c.png") as picture:
        heart = np.asarray(picture)
    top = (64 - heart.shape[0]) // 2
    assert np.array_equal(first[top : top + heart.shape[0]], heart)
    assert last.std() > 0


def test_what_failed_has_no_tile(tmp_path):
    folder = slices(tmp_path / "study", 4)
    (folder / "99.dcm").write_bytes((folder / "01.dcm").read_bytes()[:-500])
    shutil.copy(REPORT, folder / "98.dcm")
    results = by_name(dcmview.thumbnail(folder, sheet=tmp_path / "sheet.png"))
    assert results["99.dcm"].status is Status.FAILED
    assert results["98.dcm"].status is Status.SKIPPED
    tiles = cells(tmp_path / "sheet.png", 2, 2)
    assert sorted(int(tile[8, 8]) for tile in tiles) == [20, 40, 60, 80]


def test_the_sheet_is_a_grey_png_without_words_unless_labels_are_asked_for(tmp_path):
    folder = slices(tmp_path / "study", 4)
    for name, label in (("plain", False), ("label", True)):
        dcmview.thumbnail(folder, sheet=tmp_path / f"{name}.png", label=label)
        content = (tmp_path / f"{name}.png").read_bytes()
        assert b"Doe" not in content
        with Image.open(io.BytesIO(content)) as picture:
            assert (picture.mode, picture.info) == ("L", {})
    assert (tmp_path / "plain.png").read_bytes() != (tmp_path / "label.png").read_bytes()
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_colour_and_background_make_a_sheet_in_colour(tmp_path):
    slices(tmp_path / "study", 3)
    sheet = tmp_path / "sheet.png"
    dcmview.thumbnail(tmp_path / "study", sheet=sheet, background="#102030")
    with Image.open(sheet) as picture:
        assert picture.mode == "RGB"
        assert picture.getpixel((0, 0)) == (16, 32, 48)
        # The fourth cell is empty.
        assert picture.getpixel((picture.width - 10, picture.height - 10)) == (16, 32, 48)


def test_a_sheet_beyond_all_measure_is_refused_in_words(tmp_path, monkeypatch):
    folder = slices(tmp_path / "study", 4)
    monkeypatch.setattr(sheet_module, "MOST_SHEET_PX", 3 * 204 * 204)
    with pytest.raises(UsageError, match=r"4 tiles or more of 200 pixels.*smaller --size"):
        dcmview.thumbnail(folder, sheet=tmp_path / "sheet.png")
    assert written(tmp_path) == [f"study/{number:02}.dcm" for number in range(4)]


def test_a_sheet_is_not_replaced_unless_that_is_asked_for(tmp_path):
    folder, sheet = slices(tmp_path / "study", 2), tmp_path / "sheet.png"
    sheet.write_bytes(b"mine")
    with pytest.raises(UsageError, match="there is a file of that name"):
        dcmview.thumbnail(folder, sheet=sheet)
    assert sheet.read_bytes() == b"mine"
    dcmview.thumbnail(folder, sheet=sheet, overwrite=True)
    with Image.open(sheet) as picture:
        assert picture.format == "PNG"


def test_a_sheet_is_never_put_where_an_input_or_a_folder_is(tmp_path):
    image = tmp_path / "image.png"
    shutil.copy(CT, image)
    before = image.read_bytes()
    with pytest.raises(UsageError, match="would replace the input"):
        dcmview.thumbnail(image, sheet=image, overwrite=True)
    assert image.read_bytes() == before
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(UsageError, match="is no file"):
        dcmview.thumbnail(image, sheet=tmp_path / "folder.png", overwrite=True)


def test_a_sheet_takes_no_name_of_a_thumbnail(study, out):
    words = {"names": "path", "format": "png", "overwrite": True}
    with pytest.raises(UsageError, match="a thumbnail has the name of the contact sheet"):
        dcmview.thumbnail(study, out, sheet=out / "a.png", **words)
    assert written(out) == []


# The command line


def test_the_command_does_what_the_function_does(study, out, tmp_path, capfd):
    options = ["--size", "90", "--format", "webp", "--quality", "60", "--frame", "max"]
    options += ["--background", "#112233", "--full-dynamic", "--label", "--names", "hash"]
    places = ["-o", str(out / "command"), "--sheet", str(out / "command.png")]
    report = tmp_path / "report.jsonl"
    code = run(["thumbnail", *options, *places, "--report", str(report), "-j", "1", str(study)])
    assert code == 0
    words = {"size": 90, "format": "webp", "quality": 60, "frame": "max", "names": "hash"}
    words |= {"background": "#112233", "full_dynamic": True, "label": True}
    results = dcmview.thumbnail(study, out / "function", sheet=out / "function.png", **words)
    assert written(out / "command") == written(out / "function")
    for name in written(out / "command"):
        assert (out / "command" / name).read_bytes() == (out / "function" / name).read_bytes()
    assert (out / "command.png").read_bytes() == (out / "function.png").read_bytes()
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    assert {line["input"]: line["figures"] for line in lines} == {
        result.input: result.figures for result in results
    }
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--window", "40"], "--window must be a centre and a width like 40,400"),
        (["--window", "40,0"], "a width above 0"),
        (["--window", "40,nan"], "finite numbers"),
        (["--window", "40,80", "--voi", "1"], "only one of --window, --voi and --full-dynamic"),
        (["--voi", "-1"], "--voi must be 0 or more"),
        (["--format", "gif"], "--format must be one of"),
        (["--size", "5"], "size must be from 8"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(out, capfd, arguments, words):
    assert run(["thumbnail", "-o", str(out), str(CT), *arguments]) == 2
    captured = capfd.readouterr()
    assert captured.out == ""
    assert words in captured.err
    assert captured.err.count("\n") == 1
    assert written(out) == []


def test_a_voi_that_is_not_there_is_a_failed_file_and_exit_code_4(out, capfd):
    assert run(["thumbnail", "-o", str(out), "--voi", "9", "-j", "1", str(CT)]) == 4
    assert "voi=9 does not exist" in capfd.readouterr().err


def test_a_list_of_paths_comes_through_a_pipe(study, out):
    command = [sys.executable, "-m", "dcmview", "thumbnail", "-o", str(out), "--names", "path"]
    paths = f"{study / 'a.dcm'}\n{study / 'below/b.dcm'}\n"
    ended = subprocess.run(
        [*command, "-j", "1", "-"], input=paths, capture_output=True, text=True, check=True
    )
    assert written(out) == ["a.jpg", "b.jpg"]
    assert ended.stdout == ""


def test_a_sheet_that_cannot_be_written_is_an_error_of_one_line(
    study, tmp_path, capfd, monkeypatch
):
    def fail(*_arguments, **_options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(sheet_module, "write_png", fail)
    sheet = tmp_path / "sheet.png"
    with pytest.raises(NotSaved, match="No space left"):
        dcmview.thumbnail(study, sheet=sheet)
    assert run(["thumbnail", str(study), "--sheet", str(sheet), "-q"]) == 4
    assert capfd.readouterr().err == (
        f"dcmview: error: {sheet} cannot be written: No space left on device\n"
    )
    assert os.listdir(tmp_path) == ["study"]


def test_ending_a_run_that_writes_its_sheet_leaves_nothing_of_it(study, tmp_path, monkeypatch):
    def end(*_arguments, **_options):
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(sheet_module, "write_png", end)
    arguments = ["thumbnail", str(study), "--sheet", str(tmp_path / "sheet.png"), "-j", "1"]
    assert run(arguments) == 130
    assert os.listdir(tmp_path) == ["study"]


def test_a_script_that_asks_for_processes_is_not_run_again_by_them(tmp_path):
    folder = slices(tmp_path / "study", 4)
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, dcmview\n"
        "print('begin', flush=True)\n"
        "results = dcmview.thumbnail(sys.argv[1], sys.argv[2], jobs=2)\n"
        "print(*(result.status for result in results))\n"
    )
    done = subprocess.run(
        [sys.executable, script, folder, tmp_path / "out"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("begin\ndone done done done\n", "")
