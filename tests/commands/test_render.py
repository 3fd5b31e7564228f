"""``render()`` and what the command does to each of many files."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

import msgspec
import nibabel
import numpy as np
import pydicom
import pytest
from PIL import Image
from support.datasets import groups, image, item, part10
from support.pixel_files import pixel_file_named

from dcmview import Rendering, render
from dcmview.bulk.inputs import entry_of
from dcmview.bulk.result import Job, Status
from dcmview.bulk.task import close_worker_engine, run_task
from dcmview.commands.render import RenderTask, frame_paths
from dcmview.engine.engine import Engine
from dcmview.errors import (
    FrameOutOfRange,
    InvalidAnnotation,
    InvalidWindow,
    NoPixelData,
    NotDicom,
    RequestError,
    StartError,
    UnsupportedPixelFormat,
    UsageError,
)
from dcmview.model import DisplayRequest, PictureFormat
from dcmview.rendering.settings import OutputForm, RenderSettings, Values

FIXTURES = Path(__file__).parents[2] / "fixtures"
CT = "CT_small.dcm"


@pytest.fixture(autouse=True)
def _engines_end():
    yield
    close_worker_engine()


def read(content):
    return np.asarray(Image.open(io.BytesIO(content)))


@pytest.mark.parametrize(
    "make",
    [
        str,
        lambda path: path,
        lambda path: path.read_bytes(),
        lambda path: memoryview(path.read_bytes()),
        lambda path: path.open("rb"),
        pydicom.dcmread,
    ],
    ids=["path", "Path", "bytes", "memory", "file", "dataset"],
)
def test_a_source_of_any_kind_gives_the_same_picture(make):
    path = pixel_file_named(CT)
    expected = pydicom.dcmread(path).pixel_array
    source = make(path)
    found = render(source)
    if hasattr(source, "close"):
        source.close()
    assert isinstance(found, Rendering)
    assert (found.stored == expected).all()
    assert (found.modality == expected.astype(int) - 1024).all()
    assert (read(found.png()) == found.pixels).all()


def test_bytes_leave_no_file_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    descriptors = len(os.listdir("/proc/self/fd"))
    render(pixel_file_named(CT).read_bytes())
    assert list(tmp_path.iterdir()) == []
    assert len(os.listdir("/proc/self/fd")) == descriptors


@pytest.mark.parametrize(
    ("options", "request_"),
    [
        ({}, DisplayRequest()),
        ({"window": (0, 100)}, DisplayRequest(window=(0, 100))),
        ({"full_dynamic": True}, DisplayRequest(full_dynamic=True)),
        ({"invert": True}, DisplayRequest(inverted=True)),
        ({"colormap": "viridis"}, DisplayRequest(color_map="viridis")),
        ({"size": 50}, DisplayRequest(size_px=50)),
        ({"overlay": True}, DisplayRequest(overlays=True)),
    ],
)
def test_a_png_has_the_bytes_that_the_viewer_sends(options, request_):
    path = str(pixel_file_named("MR-SIEMENS-DICOM-WithOverlays.dcm"))
    engine = Engine()
    sent, _ = engine.picture(entry_of(path), 0, request_)
    engine.close()
    assert render(path, **options).png() == sent.content


@pytest.mark.parametrize("source", [None, 5, ["a.dcm"]])
def test_what_is_no_source_is_told_in_words(source):
    with pytest.raises(TypeError, match=f"not {type(source).__name__}$"):
        render(source)


def test_jpeg_and_webp_come_in_the_quality_asked_for():
    picture = render(pixel_file_named(CT))
    for encode, kind in ((picture.jpeg, "JPEG"), (picture.webp, "WEBP")):
        assert Image.open(io.BytesIO(encode())).format == kind
        assert len(encode(10)) < len(encode(95))


def test_rois_of_the_file_are_drawn_and_those_of_others_are_not(tmp_path):
    path = tmp_path / "a.dcm"
    path.write_bytes(part10(image(20, 20)))
    table = tmp_path / "rois.csv"
    table.write_text(
        "anon_dicom_path,ROI_coords\n"
        'a.dcm,"[[2, 3, 9, 8]]"\n'  # ymin, xmin, ymax, xmax
        'b.dcm,"[[0, 0, 20, 20]]"\n'
    )
    drawn = render(path, annotations=table).pixels
    rows, columns = np.nonzero((drawn == [255, 216, 77]).all(axis=-1))
    assert (rows.min(), columns.min(), rows.max(), columns.max()) == (2, 3, 8, 7)
    assert len(rows) == 2 * 5 + 2 * 5


def test_rois_are_drawn_on_their_frames_alone(tmp_path):
    path = tmp_path / "a.dcm"
    path.write_bytes(part10(image(8, 8, NumberOfFrames=2, PixelData=bytes(2 * 8 * 8 * 2))))
    table = tmp_path / "rois.csv"
    table.write_text('anon_dicom_path,ROI_coords,ROI_frames\na.dcm,"[[1, 1, 5, 5]]","[[1]]"\n')
    pixels = [render(path, frame=frame, annotations=table).pixels for frame in (0, 1)]
    assert [bool((each == [255, 216, 77]).all(axis=-1).any()) for each in pixels] == [False, True]


@pytest.fixture
def slices(tmp_path):
    """Two slices with a mask over them: label 1 lies on the first, label 2 on the second."""
    for number in range(2):
        place = {
            "ImagePositionPatient": [0, 0, number],
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
            "PixelSpacing": [1, 1],
            "SOPInstanceUID": f"1.2.3.{number}",
        }
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(part10(image(9, 8, PixelData=bytes(144), **place)))
    labels = np.zeros((8, 9, 2), np.uint8)
    labels[2:5, 3:7, 0], labels[:, :, 1] = 1, 2
    nibabel.Nifti1Image(labels, np.diag([-1, -1, 1, 1])).to_filename(tmp_path / "mask.nii.gz")
    return tmp_path


def test_a_volume_is_drawn_on_the_slice_on_which_it_lies_in_the_colors_of_its_labels(slices):
    pixels = [render(slices / f"{n}.dcm", annotations=slices / "mask.nii.gz").pixels for n in "01"]
    # The first two colours of labels; a part of three columns and four rows has this outline.
    first = np.argwhere((pixels[0] == [255, 107, 107]).all(axis=-1))
    assert (first.min(axis=0).tolist(), first.max(axis=0).tolist()) == ([3, 2], [7, 5])
    assert (pixels[1][0] == [99, 224, 139]).all()


def test_rois_of_a_folder_are_drawn_and_read_again_where_one_has_changed(slices):
    folder = slices / "rois"
    folder.mkdir()
    shutil.move(slices / "mask.nii.gz", folder)
    table = folder / "boxes.csv"
    colors = []
    for box in ("[[1, 1, 5, 5]]", "[]"):
        table.write_text(f'anon_dicom_path,ROI_coords\n0.dcm,"{box}"\n')
        os.utime(table, ns=(0, len(box)))
        pixels = render(slices / "0.dcm", annotations=folder).pixels
        colors.append({tuple(color) for color in pixels.reshape(-1, 3).tolist()})
    boxes, labels = (255, 216, 77), (255, 107, 107)
    assert [boxes in found for found in colors] == [True, False]
    assert [labels in found for found in colors] == [True, True]


def test_a_table_of_another_program_says_which_column_has_what(tmp_path):
    path = tmp_path / "a.dcm"
    path.write_bytes(part10(image(8, 8, PixelData=bytes(2 * 8 * 8))))
    table = tmp_path / "boxes.csv"
    table.write_text("picture,left,top,right,bottom\na.dcm,1,2,5,6\n")
    columns = "file=picture,xmin=left,ymin=top,xmax=right,ymax=bottom"
    pixels = render(path, annotations=table, annotations_columns=columns).pixels
    drawn = np.argwhere((pixels == [255, 216, 77]).all(axis=-1))
    assert (drawn.min(axis=0).tolist(), drawn.max(axis=0).tolist()) == ([2, 1], [5, 4])
    with pytest.raises(InvalidAnnotation):
        render(path, annotations=table, annotations_columns="nothing")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"frame": 1}, FrameOutOfRange),
        ({"frame": -1}, FrameOutOfRange),
        ({"window": (0, 0)}, InvalidWindow),
        ({"window": (float("nan"), 1)}, InvalidWindow),
        ({"window": (1, float("inf"))}, InvalidWindow),
        ({"window": ("wide", 1)}, InvalidWindow),
        ({"window": (1, 2, 3)}, InvalidWindow),
        ({"voi": 9}, RequestError),
        ({"voi": -1}, RequestError),
        ({"voi": 0, "window": (40, 400)}, RequestError),
        ({"voi": 0, "full_dynamic": True}, RequestError),
        ({"size": 0}, RequestError),
        ({"colormap": "jet"}, RequestError),
        ({"annotations": "no-such-file.csv"}, StartError),
    ],
)
def test_what_cannot_be_had_is_an_error_of_its_kind(options, error):
    with pytest.raises(error):
        render(pixel_file_named(CT), **options)


def test_an_error_names_a_file_that_is_called_like_a_word_of_it(tmp_path, monkeypatch):
    (tmp_path / "image").write_bytes((FIXTURES / "report/measurements.dcm").read_bytes())
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NoPixelData) as caught:
        render("image")
    assert str(caught.value) == "image: holds no image: Enhanced SR Storage"


def test_a_data_set_that_is_no_file_is_refused():
    with pytest.raises(RequestError, match="cannot be written as a file"):
        render(image())  # without a transfer syntax


def test_what_is_no_image_is_an_error_of_its_kind():
    with pytest.raises(NotDicom, match="the data: no DICOM data set"):
        render(b"hello")
    with pytest.raises(NoPixelData, match="Enhanced SR"):
        render(FIXTURES / "report/measurements.dcm")
    with pytest.raises(UnsupportedPixelFormat):
        _ = render(pixel_file_named("SC_rgb.dcm")).modality


def test_json_has_its_samples_in_one_of_two_encodings():
    picture = render(pixel_file_named(CT))
    assert len(picture.json("base64")) < len(picture.json())
    with pytest.raises(UsageError, match="encoding must be one of array, base64, not 'text'"):
        picture.json("text")


# Arrays and files


def run(path, settings, output, *, frame=None, **job):
    made = Job(entry_of(str(path)), str(output), origin=b"of this file", **job)
    return run_task(RenderTask(settings, frame), made)


def settings(form, values="stored", **request):
    return RenderSettings(OutputForm(form), DisplayRequest(**request), Values(values))


def test_all_frames_are_one_array(tmp_path):
    path, output = pixel_file_named("emri_small.dcm"), tmp_path / "a.npy"
    assert run(path, settings("npy"), output).status is Status.DONE
    found, expected = np.load(output), pydicom.dcmread(path).pixel_array
    assert (found.dtype, found.shape) == (np.dtype("<u2"), (10, 64, 64))
    assert (found == expected).all()


def test_one_frame_of_colour_has_its_samples_last(tmp_path):
    path, output = pixel_file_named("SC_rgb.dcm"), tmp_path / "a.npy"
    run(path, settings("npy"), output, frame=0)
    assert (np.load(output) == pydicom.dcmread(path).pixel_array).all()


def test_modality_values_of_frames_with_rescales_of_their_own_have_one_type(tmp_path):
    def rescaled(slope, intercept):
        value = {"RescaleSlope": slope, "RescaleIntercept": intercept, "RescaleType": "US"}
        return {"PixelValueTransformationSequence": item(**value)}

    dataset = image(
        1,
        2,
        NumberOfFrames=2,
        SOPClassUID="1.2.840.10008.5.1.4.1.1.2.1",
        PixelData=np.array([1, 2, 3, 4], "<u2").tobytes(),
        PerFrameFunctionalGroupsSequence=groups(rescaled("1", "-10"), rescaled("0.5", "0")),
    )
    path, output = tmp_path / "a.dcm", tmp_path / "a.npy"
    path.write_bytes(part10(dataset))
    assert run(path, settings("npy", "modality"), output).reason == ""
    assert np.load(output).tolist() == [[[-9, -8]], [[1.5, 2]]]


@pytest.mark.parametrize(
    ("slope", "intercept", "kind"),
    [("1", "0", "u2"), ("1", "-1024", "i4"), ("2", "0", "i4"), ("0.5", "0", "f8")],
)
def test_modality_values_are_exact_and_no_wider_than_they_must_be(tmp_path, slope, intercept, kind):
    stored = np.array([[0, 1, 65535]], "<u2")
    path, output = tmp_path / "a.dcm", tmp_path / "a.npy"
    rescale = {"RescaleSlope": slope, "RescaleIntercept": intercept}
    path.write_bytes(part10(image(1, 3, PixelData=stored.tobytes(), **rescale)))
    run(path, settings("npy", "modality"), output, frame=0)
    found = np.load(output)
    assert found.dtype == np.dtype(kind)
    assert (found == stored.astype(float) * float(slope) + float(intercept)).all()


def test_modality_values_of_a_lut_are_its_entries(tmp_path):
    table = item(LUTDescriptor=[2, 0, 16], LUTData=b"\x07\0\xff\xff", ModalityLUTType="US")
    path, output = tmp_path / "a.dcm", tmp_path / "a.npy"
    path.write_bytes(
        part10(image(1, 2, PixelData=b"\1\0\0\0", ModalityLUTSequence=table)),
    )
    run(path, settings("npy", "modality"), output, frame=0)
    found = np.load(output)
    assert (found.dtype, found.tolist()) == (np.dtype("<u2"), [[65535, 7]])


def test_modality_values_of_fractions_are_fractions_and_no_tiff_file(tmp_path):
    dataset = image(1, 2, BitsAllocated=32, RescaleSlope="2", RescaleIntercept="1")
    for keyword in ("BitsStored", "HighBit", "PixelRepresentation", "PixelData"):
        delattr(dataset, keyword)
    dataset.FloatPixelData = np.array([0.25, -1], "<f4").tobytes()
    path = tmp_path / "a.dcm"
    path.write_bytes(part10(dataset))
    run(path, settings("npy", "modality"), tmp_path / "a.npy", frame=0)
    assert np.load(tmp_path / "a.npy").tolist() == [[1.5, -1]]
    refused = run(path, settings("tiff16"), tmp_path / "a.tif", frame=0)
    assert "whole numbers, and these are float32" in refused.reason


@pytest.mark.parametrize(
    ("intercept", "found"), [("-1", "-32769 to 32766"), ("1", "-32767 to 32768")]
)
def test_values_beyond_either_end_of_16_bits_are_refused(tmp_path, intercept, found):
    stored = np.array([[-32768, 32767]], "<i2")
    path = tmp_path / "a.dcm"
    rescale = {"RescaleSlope": "1", "RescaleIntercept": intercept, "PixelRepresentation": 1}
    path.write_bytes(part10(image(1, 2, PixelData=stored.tobytes(), **rescale)))
    result = run(path, settings("tiff16", "modality"), tmp_path / "a.tif", frame=0)
    assert f"there are values from {found}" in result.reason


def test_hounsfield_units_of_12_bits_fit_a_tiff_file(tmp_path):
    stored = np.array([[0, 1024, 4095]], "<u2")
    path, output = tmp_path / "a.dcm", tmp_path / "a.tif"
    bits = {"BitsStored": 12, "HighBit": 11, "RescaleSlope": "1", "RescaleIntercept": "-1024"}
    path.write_bytes(part10(image(1, 3, PixelData=stored.tobytes(), **bits)))
    run(path, settings("tiff16", "modality"), output, frame=0)
    assert np.asarray(Image.open(output)).astype(int).tolist() == [[-1024, 0, 3071]]


def test_what_16_bits_would_lose_is_refused(tmp_path):
    dose = pixel_file_named("rtdose.dcm")  # 32 bits
    result = run(dose, settings("tiff16"), tmp_path / "a.tif", frame=0)
    assert result.status is Status.FAILED
    assert "npy" in result.reason
    assert list(tmp_path.iterdir()) == []
    colour = run(pixel_file_named("SC_rgb.dcm"), settings("tiff16"), tmp_path / "b.tif", frame=0)
    assert "colours" in colour.reason


def test_a_deep_picture_is_the_window_in_65536_levels(tmp_path):
    stored = np.arange(0, 256, dtype="<u2")
    path, output = tmp_path / "a.dcm", tmp_path / "a.tif"
    inverted = {"PhotometricInterpretation": "MONOCHROME1"}
    path.write_bytes(part10(image(1, 256, PixelData=stored.tobytes(), **inverted)))
    run(path, settings("tiff16", "display", window=(128, 256)), output, frame=0)
    # PS3.3 C.11.2.1.2.1: ((x - 127.5) / 255 + 0.5) x 65535 is 257 x, then inverted.
    assert np.asarray(Image.open(output)).tolist() == [[65535 - 257 * x for x in range(256)]]


def test_stored_values_of_monochrome1_say_that_white_is_zero(tmp_path):
    path, output = tmp_path / "a.dcm", tmp_path / "a.tif"
    path.write_bytes(part10(image(PhotometricInterpretation="MONOCHROME1")))
    run(path, settings("tiff16"), output, frame=0)
    with Image.open(output) as picture:
        assert picture.tag_v2[262] == 0


def test_frames_of_a_file_get_a_picture_each_and_those_that_are_there_are_left(tmp_path):
    path, output = pixel_file_named("emri_small.dcm"), tmp_path / "a.f.png"
    first = run(path, settings("png"), output)
    assert [os.path.basename(each) for each in first.outputs] == [
        f"a.f{frame:04}.png" for frame in range(10)
    ]
    assert first.figures["bytes"] == sum(each.stat().st_size for each in tmp_path.iterdir())
    (tmp_path / "a.f0003.png").unlink()
    times = {each: each.stat().st_mtime_ns for each in tmp_path.iterdir()}
    assert run(path, settings("png"), output).status is Status.DONE
    assert run(path, settings("png"), output).status is Status.SKIPPED
    assert {each: each.stat().st_mtime_ns for each in times} == times
    assert (tmp_path / "a.f0003.png").exists()


def test_frames_that_are_there_are_made_again_only_where_that_is_asked_for(tmp_path):
    path, output = pixel_file_named("emri_small.dcm"), tmp_path / "a.f.png"
    run(path, settings("png"), output)
    first = tmp_path / "a.f0000.png"
    before = first.stat().st_ino
    assert run(path, settings("png"), output, overwrite=True).status is Status.DONE
    assert first.stat().st_ino != before
    # A copy of what would be made, without the mark of having been made here, is finished, too.
    for frame in range(10):
        made = tmp_path / f"a.f{frame:04}.png"
        os.utime(made, ns=(0, made.stat().st_mtime_ns + 5))
    assert run(path, settings("png"), output).status is Status.SKIPPED
    first.write_bytes(b"mine")
    failed = run(path, settings("png"), output)
    assert (failed.status, first.read_bytes()) == (Status.FAILED, b"mine")


@pytest.mark.parametrize("form", ["png", "npy"])
def test_what_has_no_such_frame_has_failed_and_what_has_none_is_skipped(tmp_path, form):
    output = tmp_path / f"a.{form}"
    failed = run(pixel_file_named(CT), settings(form), output, frame=1)
    assert failed.status is Status.FAILED
    assert failed.reason == "has 1 frame(s) counted from 0, no frame 1"
    for frame in (0, None):
        skipped = run(FIXTURES / "report/measurements.dcm", settings(form), output, frame=frame)
        assert skipped.status is Status.SKIPPED
        assert skipped.reason == "holds no image: Enhanced SR Storage"


@pytest.mark.parametrize(("form", "frame"), [("png", 0), ("png", None), ("json", 0)])
def test_a_frame_that_ends_early_is_the_reason_of_its_result(tmp_path, form, frame):
    path = pixel_file_named("MR_truncated.dcm")
    result = run(path, settings(form), tmp_path / f"a.f.{form}", frame=frame)
    assert (result.status, result.reason) == (Status.DONE, "the data of a frame ends early")


def test_frames_of_long_films_have_numbers_of_one_length():
    paths = frame_paths("a.f.png", 10_001)
    assert (paths[7], paths[-1]) == ("a.f00007.png", "a.f10000.png")
    assert frame_paths("a.f.png", 10_000)[7] == "a.f0007.png"


def test_frames_as_json_are_lines(tmp_path):
    path, output = pixel_file_named("emri_small.dcm"), tmp_path / "a.jsonl"
    run(path, settings("json"), output)
    lines = [msgspec.json.decode(line) for line in output.read_bytes().splitlines()]
    assert [line["frame"] for line in lines] == list(range(10))
    expected = pydicom.dcmread(path).pixel_array
    assert all(
        line["pixelData"] == frame.reshape(-1).tolist()
        for line, frame in zip(lines, expected, strict=True)
    )


def test_an_output_never_replaces_the_input(tmp_path):
    path = tmp_path / "a.dcm"
    path.write_bytes(part10(image()))
    before = path.read_bytes()
    result = run(path, settings("png"), path, frame=0, overwrite=True)
    assert result.status is Status.FAILED
    assert path.read_bytes() == before


def test_of_many_files_a_name_alone_gives_no_roi(tmp_path):
    (tmp_path / "one").mkdir()
    path = tmp_path / "one/a.dcm"
    path.write_bytes(part10(image(8, 8)))
    table = tmp_path / "rois.csv"
    drawing = RenderSettings(OutputForm.PNG, DisplayRequest(), annotations=str(table))
    for named, rois in (("elsewhere/a.dcm", 0), ("one/a.dcm", 1)):
        table.write_text(f'anon_dicom_path,ROI_coords\n{named},"[[1, 1, 5, 5]]"\n')
        os.utime(table, ns=(0, rois))
        result = run(path, drawing, tmp_path / f"{rois}.png", frame=0)
        assert result.figures["rois"] == rois


def test_the_format_of_a_picture_is_that_of_the_settings(tmp_path):
    for form in ("png", "jpeg", "webp"):
        output = tmp_path / f"a.{form}"
        run(pixel_file_named(CT), settings(form, format=PictureFormat.PNG), output, frame=0)
        with Image.open(output) as picture:
            assert picture.format == form.upper()
