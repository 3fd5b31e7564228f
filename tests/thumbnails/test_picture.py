"""Thumbnails are the viewer's own frames made smaller, in every syntax and window."""

from __future__ import annotations

import io
import warnings
from dataclasses import replace

import numpy as np
import pydicom
import pytest
from PIL import Image, ImageCms
from support.datasets import image, part10
from support.paths import FIXTURES
from support.pixel_files import WG04, pixel_files

from dcmview.bulk.inputs import entry_of
from dcmview.bulk.task import fresh_entry
from dcmview.engine.engine import Engine
from dcmview.errors import DcmviewError, NoPixelData
from dcmview.model import DisplayRequest, PictureFormat
from dcmview.thumbnails.picture import centred, small_frame
from dcmview.thumbnails.settings import ThumbnailSettings, make_settings, read_color


def one_of_each_kind():
    """A file for each modality, transfer syntax and kind of samples that there is."""
    found = {}
    names = "Modality", "PhotometricInterpretation", "BitsAllocated", "SamplesPerPixel"
    for path in sorted([*pixel_files(), *FIXTURES.rglob("*.dcm"), *WG04.rglob("*_*")]):
        if path.is_dir():
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            head = pydicom.dcmread(path, force=True, stop_before_pixels=True)
        if "Rows" in head:
            syntax = head.file_meta.get("TransferSyntaxUID", "")
            found.setdefault((syntax, *(head.get(name) for name in names)), path)
    return list(found.values())


FILES = one_of_each_kind()
WINDOWS = {
    "of the file": {},
    "percentiles": {"percentile": True},
    "the whole range": {"full_dynamic": True},
    "given": {"window": (60.0, 350.0)},
}


@pytest.fixture(scope="module")
def engine():
    engine = Engine(64 * 1024 * 1024)
    yield engine
    engine.close()


def listed(path):
    """The file with an index that no engine has seen: nothing of it is in a cache."""
    return fresh_entry(entry_of(str(path)))


def shown(content):
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture)


def reference(whole, aspect, size_px):
    """The whole frame made smaller by Pillow alone, in square pixels."""
    height, width = map(float, whole.shape[:2])
    if aspect.vertical > aspect.horizontal:
        width *= aspect.horizontal / aspect.vertical
    else:
        height *= aspect.vertical / aspect.horizontal
    factor = min(1.0, size_px / max(height, width))
    size = max(1, round(width * factor)), max(1, round(height * factor))
    if size == whole.shape[1::-1]:
        return whole
    return np.asarray(Image.fromarray(whole).resize(size, Image.Resampling.BICUBIC))


@pytest.mark.parametrize("size_px", [200, 64])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_thumbnail_is_the_frame_of_the_viewer_made_smaller(engine, path, size_px):
    seen = listed(path)
    for window in WINDOWS.values() if size_px == 200 else [{}]:
        request = DisplayRequest(**window)
        small_request = replace(request, size_px=size_px)
        fresh = listed(path)
        try:
            small = small_frame(engine, fresh, ThumbnailSettings(small_request, 0)).levels
        except DcmviewError as refused:
            # What the viewer does not show has no thumbnail either, for the same reason.
            with pytest.raises(type(refused)):
                engine.picture(seen, 0, request)
            continue
        is_whole = engine.cached_raw_frame(fresh, 0) is not None
        whole = shown(engine.picture(seen, 0, request)[0].content)
        expected = reference(whole, engine.recipe(seen, 0).pixel_aspect, size_px)
        assert small.shape == expected.shape
        off = np.abs(small.astype(int) - expected)
        # Whole frames differ by what the filter saves, which averages blocks first.
        mean, most = (1.5, 13) if is_whole else (2.0, 45)
        assert off.mean() <= mean
        assert np.percentile(off, 99) <= most


def test_most_of_these_files_take_a_short_way_or_are_shown(engine):
    """Lest the test above compares nothing."""
    shown_files = short_ways = 0
    for path in FILES:
        entry = listed(path)
        try:
            small_frame(engine, entry, make_settings(size_px=64))
        except DcmviewError:
            continue
        shown_files += 1
        short_ways += entry.header.shared.frame_count == 1 and (
            engine.cached_raw_frame(entry, 0) is None
        )
    assert shown_files > 0.9 * len(FILES)
    assert short_ways >= 6


def test_a_report_has_no_thumbnail(engine):
    entry = listed(FIXTURES / "report/measurements.dcm")
    with pytest.raises(NoPixelData, match=r"holds no image: .*SR"):
        small_frame(engine, entry, make_settings())


def test_monochrome1_is_white_where_values_are_low(engine, tmp_path):
    path = tmp_path / "a.dcm"
    path.write_bytes(
        part10(
            image(
                2,
                2,
                PhotometricInterpretation="MONOCHROME1",
                PixelData=np.array([0, 85, 170, 255], "<u2").tobytes(),
                WindowCenter=128,
                WindowWidth=256,
            )
        )
    )
    levels = small_frame(engine, listed(path), make_settings()).levels
    assert levels.tolist() == [[255, 170], [85, 0]]


def test_pixels_become_square(engine, tmp_path):
    path = tmp_path / "a.dcm"
    path.write_bytes(part10(image(300, 100, PixelAspectRatio=["1", "2"])))  # twice as wide as high
    assert small_frame(engine, listed(path), make_settings(size_px=50)).levels.shape == (50, 33)


def test_a_frame_that_ends_early_is_shown_and_said(engine):
    made = small_frame(engine, listed(FIXTURES / "odd/cut-short.dcm"), make_settings()).thumbnail()
    assert made.truncated
    assert shown(made.content).any()


@pytest.mark.parametrize(("name", "filling"), [("white", 255), ("#808080", 128)])
def test_a_background_makes_a_square(engine, name, filling):
    entry = listed(FIXTURES / "mammogram/left-cc.dcm")
    png = {"picture_format": PictureFormat.PNG, "size_px": 90}
    plain = shown(small_frame(engine, entry, make_settings(**png)).thumbnail().content)
    made = small_frame(engine, entry, make_settings(**png, background=name)).thumbnail()
    square = shown(made.content)
    assert (made.rows, made.columns) == square.shape == (90, 90)
    left = (90 - plain.shape[1]) // 2
    assert left > 5
    assert np.array_equal(square[:, left : left + plain.shape[1]], plain)
    assert set(np.unique(square[:, :left])) == {filling}


def test_colours_keep_their_profile_and_grey_has_none(engine, tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    layout = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "PlanarConfiguration": 0}
    layout |= {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB"}
    files = {
        "color.dcm": image(8, 8, PixelData=bytes(192), ICCProfile=profile, **layout),
        "grey.dcm": image(8, 8, PixelData=bytes(128), ICCProfile=profile),
    }
    found = {}
    for name, dataset in files.items():
        (tmp_path / name).write_bytes(part10(dataset))
        made = small_frame(engine, listed(tmp_path / name), make_settings(background="#000001"))
        with Image.open(io.BytesIO(made.thumbnail().content)) as picture:
            found[name] = picture.info.get("icc_profile")
    assert found == {"color.dcm": profile, "grey.dcm": None}


def test_grey_on_a_colour_becomes_colour():
    square = centred(np.full((1, 3), 9, np.uint8), 3, read_color("#0000ff"))
    assert square.shape == (3, 3, 3)
    assert square[0, 0].tolist() == [0, 0, 255]
    assert square[1, 1].tolist() == [9, 9, 9]


@pytest.mark.parametrize("picture_format", list(PictureFormat))
@pytest.mark.parametrize("label", [False, True])
def test_nothing_of_the_patient_is_in_the_file(engine, picture_format, label):
    entry = listed(FIXTURES / "ultrasound/heart-beat.dcm")
    settings = make_settings(picture_format=picture_format, label=label)
    content = small_frame(engine, entry, settings).thumbnail().content
    head = pydicom.dcmread(FIXTURES / "ultrasound/heart-beat.dcm", stop_before_pixels=True)
    words = [str(value) for value in (head.PatientName, head.PatientID, head.StudyDate)]
    words += [head.SOPInstanceUID, head.StudyInstanceUID, head.Modality]
    for word in words:
        assert len(word) >= 2
        for encoding in ("utf-8", "utf-16-le"):
            assert len(word) < 4 or word.encode(encoding) not in content
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.format == picture_format.name
        assert not picture.getexif()
        usual = {"jfif", "jfif_version", "jfif_unit", "jfif_density", "icc_profile"}
        assert set(picture.info) - usual <= {"loop", "background", "timestamp", "duration"}
        assert "comment" not in picture.info


def test_only_a_code_and_a_number_are_written_on_a_picture(engine):
    """The label changes the lower left, and is the same for whoever the patient is."""
    entry = listed(FIXTURES / "mr/slice-08.dcm")
    png = {"picture_format": PictureFormat.PNG}
    plain = shown(small_frame(engine, entry, make_settings(**png)).thumbnail().content)
    marked = shown(small_frame(engine, entry, make_settings(**png, label=True)).thumbnail().content)
    rows, columns = np.nonzero(plain != marked)
    assert rows.min() > plain.shape[0] * 0.8
    assert columns.max() < plain.shape[1] * 0.4
    assert marked[rows, columns].max() == 255
