"""Structured reports of others: graphics of every type, what is said of them, and damage."""

from __future__ import annotations

import math
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from support.datasets import item as sequence_of
from support.datasets import part10

from dcmview.annotations.roi import ImagePoint
from dcmview.dicom.bounded import HEADER_BUDGET, Budget
from dcmview.errors import InvalidAnnotation
from dcmview.exchange import dicom_content, sr_reading, sr_tree
from dcmview.exchange.raster import mask_of
from dcmview.exchange.readers import read_table

COMPREHENSIVE_SR = "1.2.840.10008.5.1.4.1.1.88.33"
CT = "1.2.840.10008.5.1.4.1.1.2"
SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"


def code(value, scheme, meaning):
    return sequence_of(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


def content(value_type, name, *children, **elements):
    """A content item of any type."""
    dataset = Dataset()
    dataset.RelationshipType = "CONTAINS"
    dataset.ValueType = value_type
    dataset.ConceptNameCodeSequence = code(*name)
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    if children:
        dataset.ContentSequence = list(children)
    return dataset


def image(uid="1.2.3", frames=None, sop_class=CT):
    reference = {"ReferencedSOPClassUID": sop_class, "ReferencedSOPInstanceUID": uid}
    if frames is not None:
        reference["ReferencedFrameNumber"] = frames
    return content(
        "IMAGE", ("121112", "DCM", "Source"), ReferencedSOPSequence=sequence_of(**reference)
    )


def graphic(graphic_type, values, *children, **elements):
    return content(
        "SCOORD",
        ("111030", "DCM", "Image Region"),
        *(children or (image(),)),
        GraphicType=graphic_type,
        GraphicData=values,
        **elements,
    )


def report(*children, syntax=ExplicitVRLittleEndian):
    """A report of some content items, as a file."""
    root = content("CONTAINER", ("126000", "DCM", "Imaging Measurement Report"), *children)
    root.SOPClassUID, root.SOPInstanceUID = COMPREHENSIVE_SR, "1.9"
    root["ContentSequence"].is_undefined_length = children[0].is_undefined_length_sequence_item
    return part10(root, syntax)


def group(*children):
    return content("CONTAINER", ("125007", "DCM", "Measurement Group"), *children)


def read(*children):
    table = read_table(report(*children), "")
    assert table.left_out == ()
    return table.rows


def only_roi(*children):
    ((roi,),) = (row.rois for row in read(*children))
    return roi


def left_out(*children, **how):
    table = read_table(report(*children, **how), "")
    assert table.rows == ()
    return [(each.place, each.reason) for each in table.left_out]


@pytest.mark.parametrize(
    ("graphic_type", "values", "kind", "points"),
    [
        ("POINT", [3, 4.5], "point", [(3, 4.5)]),
        ("POLYLINE", [0, 0, 5, 5], "length", [(0, 0), (5, 5)]),
        ("POLYLINE", [0, 0, 5, 5, 5, 0], "polyline", [(0, 0), (5, 5), (5, 0)]),
        ("POLYLINE", [0, 0, 5, 5, 5, 0, 0, 0], "polygon", [(0, 0), (5, 5), (5, 0)]),
        ("POLYLINE", [5, 6, 1, 6, 1, 2, 5, 2, 5, 6], "rectangle", [(5, 6), (1, 2)]),
        ("POLYLINE", [1, 2, 5, 2, 5, 7, 1, 6, 1, 2], "polygon", [(1, 2), (5, 2), (5, 7), (1, 6)]),
        ("CIRCLE", [10, 10, 13, 14], "ellipse", [(5, 5), (15, 15)]),
        ("ELLIPSE", [0, 5, 20, 5, 10, 1, 10, 9], "ellipse", [(0, 1), (20, 9)]),
        ("ELLIPSE", [10, 1, 10, 19, 5, 10, 15, 10], "ellipse", [(5, 1), (15, 19)]),
    ],
)
def test_a_graphic_of_any_program_is_the_nearest_kind(graphic_type, values, kind, points):
    roi = only_roi(group(graphic(graphic_type, values)))
    assert (roi.kind, roi.frames) == (kind, "all")
    assert roi.points == tuple(ImagePoint(*point) for point in points)


def test_an_ellipse_that_is_turned_becomes_a_polygon_of_the_same_pixels():
    # Half axes 30 and 12 px, turned by 30 degrees about (50.5, 50.5).
    along, across = np.array([math.cos(0.5236), math.sin(0.5236)]), np.array([-0.5, 0.86603])
    centre = np.array([50.5, 50.5])
    ends = [centre - 30 * along, centre + 30 * along, centre - 12 * across, centre + 12 * across]
    roi = only_roi(graphic("ELLIPSE", np.concatenate(ends).tolist()))
    rows, columns = np.mgrid[0:101, 0:101] + 0.5
    u = ((columns - 50.5) * along[0] + (rows - 50.5) * along[1]) / 30
    v = ((columns - 50.5) * across[0] + (rows - 50.5) * across[1]) / 12
    inside = u**2 + v**2 < 1
    differing = np.count_nonzero(mask_of(roi, 101, 101) != inside)
    assert (roi.kind, len(roi.points)) == ("polygon", 72)
    assert differing < 0.01 * np.count_nonzero(inside)


def test_each_of_several_points_is_an_roi():
    (row,) = read(graphic("MULTIPOINT", [1, 2, 3, 4]))
    assert [(roi.kind, roi.points) for roi in row.rois] == [
        ("point", (ImagePoint(1, 2),)),
        ("point", (ImagePoint(3, 4),)),
    ]


def test_a_graphic_on_several_images_is_an_roi_on_each():
    rows = read(graphic("POINT", [1, 2], image("1.2.3", [3, 1]), image("1.2.4")))
    assert [(row.sop_instance_uid, row.rois[0].frames) for row in rows] == [
        ("1.2.3", (0, 2)),
        ("1.2.4", "all"),
    ]


def test_an_image_named_elsewhere_in_the_report_is_found():
    reference = Dataset()
    reference.RelationshipType = "SELECTED FROM"
    reference.ReferencedContentItemIdentifier = [1, 1, 2]
    library = content("CONTAINER", ("111028", "DCM", "Image Library"), image("1.1"), image("1.2"))
    (row,) = read(library, graphic("POINT", [1, 2], reference))
    assert (row.place, row.sop_instance_uid) == ("item 1.2", "1.2")


def test_what_a_measurement_group_says_belongs_to_its_outline():
    millimetres = sequence_of(
        NumericValue="12.5", MeasurementUnitsCodeSequence=code("mm", "UCUM", "mm")
    )
    roi = only_roi(
        group(
            content("TEXT", ("112039", "DCM", "Tracking Identifier"), TextValue="lesion-1"),
            content(
                "CODE",
                ("121071", "DCM", "Finding"),
                ConceptCodeSequence=code("4147007", "SCT", "Mass"),
            ),
            content(
                "CODE",
                ("363698007", "SCT", "Finding Site"),
                ConceptCodeSequence=code("10200004", "SCT", "Liver"),
            ),
            content("NUM", ("103339001", "SCT", "Long Axis"), MeasuredValueSequence=millimetres),
            content("TEXT", ("121106", "DCM", "Comment"), TextValue="  as before\n"),
            graphic("POLYLINE", [0, 0, 12.5, 0]),
        )
    )
    assert (roi.id, roi.label, roi.score) == ("lesion-1", "Mass", None)
    assert roi.note == "  as before\n\nFinding Site: Liver\nLong Axis: 12.5 mm"


def test_an_outline_below_a_measurement_or_a_finding_is_found():
    measured = content("NUM", ("103339001", "SCT", "Long Axis"), graphic("POINT", [1, 1]))
    marked = content(
        "CODE",
        ("111059", "DCM", "Single Image Finding"),
        graphic("POINT", [2, 2]),
        ConceptCodeSequence=code("F-01796", "SRT", "Mammography breast density"),
    )
    first, second = read(group(measured), marked)
    assert [first.rois[0].label, second.rois[0].label] == ["", "Mammography breast density"]


def test_words_that_no_roi_may_have_are_left_out_and_the_outline_kept():
    roi = only_roi(
        group(
            content("TEXT", ("112039", "DCM", "Tracking Identifier"), TextValue="with spaces"),
            content("TEXT", ("color", "99DCMVIEW", "Colour"), TextValue="red"),
            content("TEXT", ("layer", "99DCMVIEW", "Layer"), TextValue="reader 1"),
            graphic("POINT", [1, 1]),
        )
    )
    assert (roi.id, roi.color, roi.group) == ("", "", "reader 1")


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (graphic("POINT", [1, 2, 3]), "has coordinates that are no pairs of numbers"),
        (graphic("POINT", [1, math.nan]), "has coordinates that are no pairs of numbers"),
        (graphic("CIRCLE", [1, 2]), "is no graphic: 'CIRCLE' with 1 point(s)"),
        (graphic("SPLINE", [1, 2, 3, 4]), "is no graphic: 'SPLINE' with 2 point(s)"),
        (graphic("POINT", [1, 2], image(frames=[0])), "names a frame that cannot be"),
        (
            graphic("POINT", [1, 2], content("TEXT", ("1", "2", "3"), TextValue="")),
            "names no image",
        ),
        (
            graphic("POINT", [1, 2], image(sop_class=SLIDE, frames=[1])),
            "counts in the total pixel matrix of a slide, not in a frame",
        ),
        (
            content("SCOORD3D", ("111030", "DCM", "Image Region"), GraphicType="POINT"),
            "is in millimetres of the patient, not in pixels of an image",
        ),
        (
            content("IMAGE", ("121191", "DCM", "Referenced Segment")),
            "is part of a segmentation: import that file as well",
        ),
    ],
)
def test_what_cannot_be_an_roi_is_left_out_with_the_reason(item, reason):
    assert left_out(item) == [("item 1.1", reason)]


def test_graphics_of_too_many_points_or_rois_are_left_out():
    line = graphic("POLYLINE", [1.0] * 40_004)
    points = graphic("MULTIPOINT", [1.0] * 40_000, *(image(f"1.{n}") for n in range(2)))
    assert left_out(line, points, syntax=ImplicitVRLittleEndian) == [
        ("item 1.1", "has more than 20,000 points"),
        ("item 1.2", "stands for more than 20,000 ROIs"),
    ]


def test_a_long_outline_is_read_from_the_unknown_vr_that_its_length_asks_for():
    with pytest.warns(UserWarning, match="exceeds the size of 64 kByte"):
        content = report(graphic("POLYLINE", [float(n % 50) for n in range(18_000)]))
    assert b"\x70\x00\x22\x00UN" in content
    ((roi,),) = (row.rois for row in read_table(content, "").rows)
    assert roi.points[:26] == tuple(ImagePoint(2 * n % 50, (2 * n + 1) % 50) for n in range(26))
    assert len(roi.points) == 9_000


def test_the_tile_of_a_slide_is_a_frame_where_the_report_says_so():
    slide = image(sop_class=SLIDE, frames=[7])
    roi = only_roi(graphic("POINT", [1, 2], slide, PixelOriginInterpretation="FRAME"))
    assert roi.frames == (6,)


def without_lengths(dataset):
    """Sequences that end with a delimiter, as some archives write them."""
    dataset.is_undefined_length_sequence_item = True
    for element in dataset:
        if element.VR == "SQ":
            element.is_undefined_length = True
            for part in element.value:
                without_lengths(part)
    return dataset


def test_a_report_that_says_no_lengths_is_read_within_a_budget_of_its_own(monkeypatch):
    points = [without_lengths(graphic("POINT", [number, 1])) for number in range(200)]
    assert [row.rois[0].points[0].x for row in read(*points)] == list(range(200))
    assert dicom_content.BUDGET.reads >= 10 * HEADER_BUDGET.reads  # 1,000 ROIs need 500,000
    monkeypatch.setattr(dicom_content, "BUDGET", Budget(reads=5_000))
    with pytest.raises(InvalidAnnotation, match="more than 5,000 parts"):
        read(*points)


def test_a_report_without_outlines_is_refused_as_one():
    with pytest.raises(InvalidAnnotation, match="the report has no outlines"):
        read_table(report(content("TEXT", ("121106", "DCM", "Comment"), TextValue="fine")), "")


def test_outlines_behind_very_many_others_are_left_out(monkeypatch):
    monkeypatch.setattr(sr_reading, "MOST_ROIS", 3)
    table = read_table(report(*(graphic("POINT", [1, 1]) for _ in range(6))), "")
    assert len(table.rows) == 4
    assert table.left_out == tuple(
        (f"item 1.{number}", "lies behind 3 others") for number in (5, 6)
    )


def test_a_report_of_too_many_items_is_refused(monkeypatch):
    monkeypatch.setattr(sr_tree, "MOST_ITEMS", 20)
    with pytest.raises(InvalidAnnotation, match="more than 20 content items"):
        read_table(report(*(graphic("POINT", [1, 1]) for _ in range(10))), "")


def test_a_report_of_too_many_levels_is_refused():
    item = graphic("POINT", [1, 1])
    for _ in range(40):
        item = group(item)
    with pytest.raises(InvalidAnnotation, match="more than 32 levels"):
        read_table(report(item), "")


def test_levels_without_end_are_refused():
    # An item of undefined length in a sequence of undefined length, 5,000 times.
    opening = b"\x40\x00\x30\xa7SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    content = report(group(graphic("POINT", [1, 1])))
    with pytest.raises(InvalidAnnotation):
        read_table(content[: content.index(b"\x40\x00\x30\xa7")] + opening * 5_000, "")


def test_damage_to_a_report_gives_a_message_and_never_anything_else():
    whole = report(
        group(
            content("TEXT", ("121106", "DCM", "Comment"), TextValue="a"),
            graphic("POLYLINE", [1, 2, 3, 4, 1, 2], image(frames=[1, 2])),
        )
    )
    random = np.random.default_rng(11)
    for _ in range(400):
        damaged = bytearray(whole)
        for place in random.integers(200, len(whole), 3):
            damaged[place] = random.integers(256)
        with suppress(InvalidAnnotation):
            read_table(bytes(damaged[: random.integers(300, len(whole) + 1)]), "")


def test_a_graphic_without_image_in_a_real_report_is_named():
    table = read_table(Path(get_testdata_file("test-SR.dcm")).read_bytes(), "")
    assert table.left_out == (("item 1.3.2", "names no image"),)
