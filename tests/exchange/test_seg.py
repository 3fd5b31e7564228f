"""Regions as segmentations: valid, equal for highdicom, and the same pixels when read again."""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path

import highdicom.seg
import msgspec
import numpy as np
import pydicom
import pytest
from highdicom.sr import CodedConcept
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydicom.data import get_testdata_file
from support.dciodvfy import problems
from support.rois import box

from dcmview.annotations.roi import ImagePoint, Roi
from dcmview.dicom.instance import open_instance
from dcmview.dicom.placement import frame_placements
from dcmview.errors import InvalidAnnotation
from dcmview.exchange.raster import mask_of, region_of, union_of
from dcmview.exchange.readers import read_table
from dcmview.exchange.seg_stacks import MarkedFrame
from dcmview.exchange.seg_writing import SeriesFacts, write_segmentations
from dcmview.exchange.segment_color import color_of_lab, lab_of_color
from dcmview.exchange.studies import lossy_compression, patient_and_study
from dcmview.model import Acquisition, Placement

LIVER_FRAMES = 3


def corners(*points):
    return tuple(ImagePoint(*point) for point in points)


def drawn():
    """A box, an ellipse over it, an outline that crosses itself, and one more box of the first."""
    return (
        box("a", 2, 3, 20, 12, label="mass", color="#ff0000"),
        Roi(id="b", kind="ellipse", points=corners((10, 5), (30.5, 25.5)), label="cyst"),
        Roi(id="c", kind="freehand", points=corners((1, 1), (40, 40), (40, 1), (1, 40))),
        box("d", 30, 40, 50, 44, label="mass"),
    )


class Source:
    """A real image, and segmentations of ROIs on it."""

    def __init__(self, name: str) -> None:
        self.path = Path(get_testdata_file(name))
        self.instance = open_instance(str(self.path))
        self.shared = self.instance.header.shared

    def frame(self, frame_index: int, rois) -> MarkedFrame:
        """A frame of the image with what is drawn on it."""
        header = self.instance.header
        if self.shared.has_frame_groups:
            place = frame_placements(self.instance)[frame_index]
        elif self.shared.frame_count == 1:
            place = (self.shared.acquisition, header.placement)
        else:
            place = (Acquisition(), Placement())
        marks = {}
        for roi in rois:
            region = region_of(roi, self.shared.rows, self.shared.columns)
            marks.setdefault(roi.label, []).append(region)
        return MarkedFrame(header, frame_index, *place, marks)

    def segmentations(self, *frames: MarkedFrame, colors=None, layer="") -> list[bytes]:
        """The objects of some frames."""
        dataset = self.instance.dataset
        facts = SeriesFacts(
            patient_and_study(dataset), lossy_compression(dataset), layer, colors or {}
        )
        return list(write_segmentations(frames, facts))

    def masks(self, rois) -> dict[str, np.ndarray]:
        """What each label holds."""
        size = self.shared.rows, self.shared.columns
        labels = {roi.label for roi in rois}
        return {each: union_of([r for r in rois if r.label == each], *size) for each in labels}


def outlines_in(content: bytes):
    """What a segmentation says, rasterised again: masks by frame and label."""
    table = read_table(content, "seg.dcm")
    assert (table.format, table.left_out) == ("seg", ())
    found = {}
    for row in table.rows:
        (frames,) = {roi.frames for roi in row.rois}
        (label,) = {roi.label for roi in row.rois}
        columns, rows = row.size
        found[frames, label] = union_of(row.rois, rows, columns)
    return found


def same(first: dict, second: dict) -> bool:
    return first.keys() == second.keys() and all(
        np.array_equal(first[key], second[key]) for key in first
    )


@pytest.mark.parametrize(
    "name",
    [
        "CT_small.dcm",
        "MR_small.dcm",
        "RG1_UNCR.dcm",
        "US1_UNCR.dcm",
        "emri_small.dcm",
        "eCT_Supplemental.dcm",
        "color3d_jpeg_baseline.dcm",
    ],
)
def test_segmentations_of_real_images_are_valid_and_give_the_pixels_back(name, tmp_path):
    source = Source(name)
    before = source.path.read_bytes()
    is_multi_frame = source.shared.frame_count > 1
    indices = (0, 1, source.shared.frame_count - 1) if is_multi_frame else (0,)
    indices = tuple(dict.fromkeys(indices))
    drawings = {index: drawn()[: 4 - position] for position, index in enumerate(indices)}
    frames = [source.frame(index, rois) for index, rois in drawings.items()]
    (content,) = source.segmentations(*frames)
    path = tmp_path / "segmentation.dcm"
    path.write_bytes(content)
    assert problems(path) == ("Segmentation", [])
    expected = {
        ((index,) if is_multi_frame else "all", label): mask
        for index, rois in drawings.items()
        for label, mask in source.masks(rois).items()
    }
    assert same(outlines_in(content), expected)
    assert {row.sop_instance_uid for row in read_table(content, "").rows} == {
        source.instance.header.sop_instance_uid
    }
    written, original = pydicom.dcmread(path), pydicom.dcmread(source.path, stop_before_pixels=True)
    assert written.StudyInstanceUID == original.StudyInstanceUID
    is_placed = name in ("CT_small.dcm", "MR_small.dcm", "eCT_Supplemental.dcm")
    frame_of_reference = original.FrameOfReferenceUID if is_placed else None
    assert written.get("FrameOfReferenceUID") == frame_of_reference
    assert ("PlanePositionSequence" in written.PerFrameFunctionalGroupsSequence[0]) == is_placed
    assert source.path.read_bytes() == before


def test_highdicom_reads_the_pixels_of_each_source_image():
    source = Source("CT_small.dcm")
    (content,) = source.segmentations(source.frame(0, drawn()))
    document = highdicom.seg.segread(io.BytesIO(content))
    uid = source.instance.header.sop_instance_uid
    pixels = document.get_pixels_by_source_instance([uid])[0]
    masks = source.masks(drawn())
    labels = [document.get_segment_description(n).segment_label for n in (1, 2, 3)]
    assert labels == ["mass", "cyst", "unlabelled"]
    for number, label in enumerate(("mass", "cyst", "")):
        np.testing.assert_array_equal(pixels[:, :, number], masks[label])


def test_highdicom_reads_the_pixels_of_each_source_frame():
    source = Source("emri_small.dcm")
    drawings = {1: drawn()[:1], 4: drawn()[3:]}
    frames = [source.frame(index, rois) for index, rois in drawings.items()]
    (content,) = source.segmentations(*frames)
    document = highdicom.seg.segread(io.BytesIO(content))
    uid = source.instance.header.sop_instance_uid
    pixels = document.get_pixels_by_source_frame(uid, [2, 5])
    for place, rois in enumerate(drawings.values()):
        np.testing.assert_array_equal(pixels[place, :, :, 0], source.masks(rois)["mass"])


def test_frames_without_a_place_keep_their_order():
    source = Source("emri_small.dcm")
    frames = [source.frame(index, drawn()) for index in (1, 4, 5)]
    (content,) = source.segmentations(*frames)
    groups = pydicom.dcmread(io.BytesIO(content)).PerFrameFunctionalGroupsSequence
    said = [
        (
            group.SegmentIdentificationSequence[0].ReferencedSegmentNumber,
            group.FrameContentSequence[0].InStackPositionNumber,
            group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedFrameNumber,
        )
        for group in groups
    ]
    assert said == [
        (segment, place, frame)
        for segment in (1, 2, 3)
        for place, frame in enumerate((2, 5, 6), start=1)
    ]


def test_layer_colour_and_missing_label_come_back():
    source = Source("CT_small.dcm")
    frame = source.frame(0, drawn())
    (content,) = source.segmentations(frame, colors={"mass": "#ff0000"}, layer="reader 1")
    rois = [roi for row in read_table(content, "").rows for roi in row.rois]
    assert {(roi.label, roi.color, roi.group) for roi in rois} == {
        ("mass", "#ff0000", "reader 1"),
        ("cyst", "", "reader 1"),
        ("", "", "reader 1"),
    }


def test_frames_at_one_place_go_into_objects_of_their_own():
    source = Source("CT_small.dcm")
    first = source.frame(0, drawn())
    header = msgspec.structs.replace(first.header, sop_instance_uid="1.2.3")
    twin = MarkedFrame(header, 0, first.acquisition, first.placement, first.marks)
    contents = source.segmentations(first, twin)
    uids = [{row.sop_instance_uid for row in read_table(each, "").rows} for each in contents]
    assert uids == [{first.header.sop_instance_uid}, {"1.2.3"}]


def test_frames_whose_cosines_differ_in_the_last_digits_are_one_stack():
    source = Source("CT_small.dcm")
    first = source.frame(0, drawn())
    cosines = (0.866025404, 0.5, 0, -0.5, 0.866025404, 0)
    frames = []
    for number, shift in enumerate((0, 1e-7)):
        frames.append(
            MarkedFrame(
                msgspec.structs.replace(first.header, sop_instance_uid=f"1.2.{number}"),
                0,
                msgspec.structs.replace(
                    first.acquisition, orientation=(cosines[0] + shift, *cosines[1:])
                ),
                msgspec.structs.replace(first.placement, position=(0.0, 0.0, 3.0 * number)),
                first.marks,
            )
        )
    (content,) = source.segmentations(*frames)
    (shared,) = pydicom.dcmread(io.BytesIO(content)).SharedFunctionalGroupsSequence
    assert tuple(shared.PlaneOrientationSequence[0].ImageOrientationPatient) == cosines
    assert len(places_in(content)) == 2


def places_in(content: bytes):
    groups = pydicom.dcmread(io.BytesIO(content)).PerFrameFunctionalGroupsSequence
    return {tuple(group.PlanePositionSequence[0].ImagePositionPatient) for group in groups}


def test_what_needs_too_much_memory_is_split(monkeypatch):
    source = Source("emri_small.dcm")
    monkeypatch.setattr("dcmview.exchange.seg_stacks.MOST_BYTES", source.shared.rows**2 * 20)
    indices = range(source.shared.frame_count)
    contents = source.segmentations(*(source.frame(index, drawn()) for index in indices))
    assert len(contents) == source.shared.frame_count
    found = {key: mask for content in contents for key, mask in outlines_in(content).items()}
    masks = source.masks(drawn())
    expected = {((index,), label): mask for index in indices for label, mask in masks.items()}
    assert same(found, expected)


def written_by_highdicom(pixels, kind="BINARY", **more) -> bytes:
    """A segmentation of CT_small as another program writes it."""
    image = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    image.Rows, image.Columns = pixels.shape[:2]
    tissue = CodedConcept("85756007", "SCT", "Tissue")
    segments = [
        highdicom.seg.SegmentDescription(number, f"s{number}", tissue, tissue, "MANUAL")
        for number in range(1, int(more.pop("segments", 1)) + 1)
    ]
    document = highdicom.seg.Segmentation(
        [image],
        pixels[np.newaxis],
        kind,
        segments,
        highdicom.UID(),
        1,
        highdicom.UID(),
        1,
        "maker",
        "model",
        "1",
        "0",
        **more,
    )
    file = io.BytesIO()
    document.save_as(file)
    return file.getvalue()


@given(mask=arrays(np.bool_, st.tuples(st.integers(2, 12), st.integers(2, 12))))
def test_outlines_of_any_mask_give_the_mask_back(mask):
    content = written_by_highdicom(mask, omit_empty_frames=False)
    found = outlines_in(content) if mask.any() else {}
    assert same(found, {("all", "s1"): mask} if mask.any() else {})


def test_a_label_map_gives_the_outlines_of_each_value():
    pixels = np.zeros((9, 11), np.uint8)
    pixels[1:6, 1:8], pixels[2:5, 3:5], pixels[7, 2:] = 1, 3, 2
    content = written_by_highdicom(pixels, "LABELMAP", segments=3)
    expected = {("all", f"s{number}"): pixels == number for number in (1, 2, 3)}
    assert same(outlines_in(content), expected)


def test_fractions_count_from_half_on():
    pixels = np.array([[0, 0.1, 0.49], [0.51, 0.75, 1]], np.float32)
    content = written_by_highdicom(
        pixels, "FRACTIONAL", fractional_type="PROBABILITY", max_fractional_value=200
    )
    assert same(outlines_in(content), {("all", "s1"): pixels >= 0.5})


def test_a_compressed_segmentation_is_read():
    pixels = np.zeros((64, 80), np.uint8)
    pixels[3:40, 5:60] = 1
    jpeg_ls = pydicom.uid.JPEGLSLossless
    content = written_by_highdicom(
        pixels.astype(np.float32),
        "FRACTIONAL",
        fractional_type="OCCUPANCY",
        transfer_syntax_uid=jpeg_ls,
    )
    assert jpeg_ls.encode() in content
    assert same(outlines_in(content), {("all", "s1"): pixels == 1})


@pytest.mark.parametrize("name", ["liver.dcm", "liver_expb.dcm"])
def test_outlines_of_a_segmentation_of_others_give_its_pixels_back(name):
    path = get_testdata_file(name)
    document = pydicom.dcmread(path)
    found = outlines_in_by_image(Path(path).read_bytes())
    assert len(found) == LIVER_FRAMES
    for group, frame in zip(
        document.PerFrameFunctionalGroupsSequence, document.pixel_array, strict=True
    ):
        image = group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
        np.testing.assert_array_equal(found[image], frame.astype(bool))


def outlines_in_by_image(content: bytes):
    rows = read_table(content, "").rows
    assert {roi.label for row in rows for roi in row.rois} == {"Liver"}
    return {row.sop_instance_uid: union_of(row.rois, *row.size[::-1]) for row in rows}


def test_frames_of_no_certain_image_are_left_out_with_the_reason():
    document = pydicom.dcmread(get_testdata_file("liver.dcm"))
    first, second, _ = document.PerFrameFunctionalGroupsSequence
    first.DerivationImageSequence = []
    images = second.DerivationImageSequence[0].SourceImageSequence
    more = pydicom.Dataset()
    more.update(images[0])
    more.ReferencedSOPInstanceUID = "1.2.3"
    images.append(more)
    file = io.BytesIO()
    document.save_as(file)
    table = read_table(file.getvalue(), "")
    assert len(table.rows) == 1
    assert [tuple(each) for each in table.left_out] == [
        ("frame 1", "names no image"),
        ("frame 2", "lies on 2 images"),
    ]


def test_frames_behind_the_end_of_a_cut_file_are_left_out_with_the_reason():
    content = Path(get_testdata_file("liver.dcm")).read_bytes()
    table = read_table(content[:-5_000], "")
    assert len(table.rows) == 2
    assert table.left_out == (("frame 3", "the pixel data ends early"),)


@pytest.mark.parametrize("name", ["liver.dcm", "test-SR.dcm"])
def test_damage_gives_a_message_and_never_anything_else(name):
    content = Path(get_testdata_file(name)).read_bytes()
    head = content[:12_000]
    random = np.random.default_rng(7)
    for _ in range(150):
        damaged = bytearray(head)
        for place in random.integers(132, len(head), 4):
            damaged[place] = random.integers(256)
        with suppress(InvalidAnnotation):
            read_table(bytes(damaged) + content[len(head) :], "")


@pytest.mark.parametrize("color", ["#000000", "#ffffff", "#12ab9f", "#ff0000", "#0000ff"])
def test_a_colour_comes_back_from_cielab(color):
    lightness, a, b = lab_of_color(color)
    stored = [round(lightness / 100 * 65535), *(round((v + 128) / 255 * 65535) for v in (a, b))]
    assert color_of_lab(stored) == color


def test_red_is_where_the_standard_observer_sees_it_under_d50():
    # Lindbloom's calculator: sRGB red, adapted to D50 by Bradford.
    np.testing.assert_allclose(lab_of_color("#ff0000"), (54.29, 80.81, 69.89), atol=0.01)


def test_mask_of_a_part_in_a_hole_is_kept():
    mask = np.ones((7, 7), np.bool_)
    mask[1:6, 1:6] = False
    mask[3, 3] = True
    (row,) = read_table(written_by_highdicom(mask), "").rows
    assert sorted(len(roi.points) for roi in row.rois) == [4, 11]
    np.testing.assert_array_equal(union_of(row.rois, 7, 7), mask)
    np.testing.assert_array_equal(mask_of(row.rois[0], 7, 7) | mask_of(row.rois[1], 7, 7), mask)
