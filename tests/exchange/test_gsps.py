"""Presentation states: graphics and texts as ROIs, those of another writer, and damage."""

from __future__ import annotations

import io
import math

import highdicom as hd
import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from support.datasets import item, part10

from dcmview.errors import InvalidAnnotation
from dcmview.exchange import gsps
from dcmview.exchange.readers import read_table
from dcmview.library import Library, LibrarySettings

GSPS = "1.2.840.10008.5.1.4.1.1.11.1"


def graphic(graphic_type, values, units="PIXEL"):
    return item(
        GraphicAnnotationUnits=units,
        GraphicDimensions=2,
        NumberOfGraphicPoints=len(values) // 2,
        GraphicData=[float(value) for value in values],
        GraphicType=graphic_type,
        GraphicFilled="N",
    )[0]


def text(words, anchor=None, box=None, units="PIXEL"):
    found = Dataset()
    found.UnformattedTextValue = words
    if anchor:
        found.AnchorPointAnnotationUnits = units
        found.AnchorPoint = [float(value) for value in anchor]
    if box:
        found.BoundingBoxAnnotationUnits = units
        found.BoundingBoxTopLeftHandCorner = [float(value) for value in box[:2]]
        found.BoundingBoxBottomRightHandCorner = [float(value) for value in box[2:]]
    return found


def images(*uids, frames=None):
    more = {} if frames is None else {"ReferencedFrameNumber": frames}
    return Sequence(
        item(ReferencedSOPClassUID="1.2", ReferencedSOPInstanceUID=uid, **more)[0] for uid in uids
    )


def annotation(*graphics, texts=(), layer="", on=None):
    found = Dataset()
    if on is not None:
        found.ReferencedImageSequence = on
    found.GraphicLayer = layer
    found.GraphicObjectSequence = Sequence(graphics)
    found.TextObjectSequence = Sequence(texts)
    return found


def state(*annotations, on=None, **elements):
    dataset = Dataset()
    dataset.SOPClassUID = GSPS
    dataset.SOPInstanceUID = "1.9"
    dataset.ReferencedSeriesSequence = item(
        SeriesInstanceUID="1.1", ReferencedImageSequence=on or images("1.2.3")
    )
    dataset.GraphicAnnotationSequence = Sequence(annotations)
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return part10(dataset)


def area(left, top, right, bottom, on=None):
    found = item(
        DisplayedAreaTopLeftHandCorner=[left, top],
        DisplayedAreaBottomRightHandCorner=[right, bottom],
    )
    if on is not None:
        found[0].ReferencedImageSequence = on
    return found


def read(content):
    table = read_table(content, "state.dcm")
    assert table.format == "gsps"
    return table


def rois(content):
    return [roi for row in read(content).rows for roi in row.rois]


def corners(roi):
    return [(point.x, point.y) for point in roi.points]


@pytest.mark.parametrize(
    ("graphic_type", "values", "kind", "points"),
    [
        ("POINT", [5, 6.5], "point", [(5, 6.5)]),
        ("POLYLINE", [0, 0, 3, 4], "length", [(0, 0), (3, 4)]),
        ("POLYLINE", [0, 0, 3, 4, 5, 0], "polyline", [(0, 0), (3, 4), (5, 0)]),
        ("POLYLINE", [0, 0, 3, 4, 5, 0, 0, 0], "polygon", [(0, 0), (3, 4), (5, 0)]),
        ("POLYLINE", [1, 1, 4, 1, 4, 3, 1, 3, 1, 1], "rectangle", [(1, 1), (4, 3)]),
        ("CIRCLE", [5, 6, 5, 8], "ellipse", [(3, 4), (7, 8)]),
        ("ELLIPSE", [0, 3, 10, 3, 5, 1, 5, 5], "ellipse", [(0, 1), (10, 5)]),
    ],
)
def test_each_graphic_becomes_the_shape_that_it_is(graphic_type, values, kind, points):
    (roi,) = rois(state(annotation(graphic(graphic_type, values))))
    assert (roi.kind, corners(roi), roi.frames) == (kind, points, "all")


def test_a_curve_passes_through_its_points():
    turns = [2 * math.pi * n / 12 for n in range(13)]
    values = [
        value for turn in turns for value in (50 + 40 * math.cos(turn), 50 + 40 * math.sin(turn))
    ]
    values[-2:] = values[:2]
    closed, opened = rois(
        state(
            annotation(graphic("INTERPOLATED", values), graphic("INTERPOLATED", [0, 0, 4, 4, 8, 0]))
        )
    )
    assert (closed.kind, len(closed.points)) == ("freehand", 12 * 8)
    through = [number for corner in corners(closed)[::8] for number in corner]
    assert through == pytest.approx(values[:-2], abs=1e-4)
    # On a circle, straight pieces would be 1.4 px inside of it.
    assert [math.dist(corner, (50, 50)) for corner in corners(closed)] == pytest.approx(
        [40] * 96, abs=0.1
    )
    assert opened.kind == "polyline"
    assert corners(opened)[0::8] == [(0, 0), (4, 4), (8, 0)]


def test_layers_colours_frames_and_images_are_kept():
    (content,) = [
        state(
            annotation(
                graphic("POINT", [1, 1]),
                layer="LESIONS",
                on=images("1.2.4", "1.2.5", frames=[2, 3]),
            ),
            annotation(graphic("POINT", [2, 2])),
            on=images("1.2.3", "1.2.4"),
            GraphicLayerSequence=item(
                GraphicLayer="LESIONS",
                GraphicLayerOrder=1,
                GraphicLayerRecommendedDisplayCIELabValue=[65535, 32896, 32896],
            ),
        )
    ]
    found = [
        (row.sop_instance_uid, row.place, roi.group, roi.color, roi.frames)
        for row in read(content).rows
        for roi in row.rois
    ]
    assert found == [
        ("1.2.4", "annotation 1", "LESIONS", "#ffffff", (1, 2)),
        ("1.2.5", "annotation 1", "LESIONS", "#ffffff", (1, 2)),
        ("1.2.3", "annotation 2", "", "", "all"),
        ("1.2.4", "annotation 2", "", "", "all"),
    ]


def test_the_only_text_of_the_only_graphic_is_its_label():
    (roi,) = rois(
        state(annotation(graphic("POINT", [1, 1]), texts=[text("mass\r\nspiculated", [9, 9])]))
    )
    assert (roi.kind, corners(roi)) == ("point", [(1, 1)])
    assert (roi.label, roi.note) == ("mass", "mass\nspiculated")


def test_other_texts_are_points_where_they_point_to():
    found = rois(
        state(
            annotation(
                graphic("POINT", [1, 1]),
                texts=[text("A", anchor=[2, 3], box=[8, 8, 9, 9]), text("B", box=[4, 4, 8, 6])],
            )
        )
    )
    assert [(roi.kind, roi.label, corners(roi)) for roi in found] == [
        ("point", "", [(1, 1)]),
        ("point", "A", [(2, 3)]),
        ("point", "B", [(6, 5)]),
    ]


def test_what_is_placed_on_the_screen_lies_in_the_area_that_it_shows():
    drawn = annotation(graphic("POLYLINE", [0, 0, 1, 0.5], "DISPLAY"))
    # Columns 11 to 30 and rows 21 to 60, counted from 1.
    (roi,) = rois(state(drawn, DisplayedAreaSelectionSequence=area(11, 21, 30, 60)))
    assert corners(roi) == [(10, 20), (30, 40)]


@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        ({}, "is placed on the screen, of which the image is an unknown part"),
        (
            {
                "DisplayedAreaSelectionSequence": area(1, 1, 9, 9),
                "ImageRotation": 90,
                "ImageHorizontalFlip": "N",
            },
            "is placed on the screen, where the image is turned",
        ),
        (
            {
                "DisplayedAreaSelectionSequence": [
                    *area(1, 1, 9, 9, images("1.2.3")),
                    *area(1, 1, 5, 5, images("1.2.4")),
                ]
            },
            "is placed on the screen, of which the image is an unknown part",
        ),
    ],
)
def test_what_has_no_place_on_the_image_is_left_out(elements, reason):
    drawn = annotation(graphic("POINT", [0.5, 0.5], "DISPLAY"), graphic("POINT", [1, 1]))
    table = read(state(drawn, on=images("1.2.3", "1.2.4"), **elements))
    assert table.left_out == (("annotation 1, graphic 1", reason),)
    assert len(table.rows) == 2


@pytest.mark.parametrize(
    ("drawn", "reason"),
    [
        (graphic("POINT", [1, 2], "MATRIX"), "counts in 'MATRIX', not in pixels of an image"),
        (graphic("POLYLINE", [1, 2, 3]), "has coordinates that are no pairs of numbers"),
        (graphic("CIRCLE", [1, 2]), "is no graphic: 'CIRCLE' with 1 point(s)"),
        (graphic("POINT", [float("nan"), 2]), "has coordinates that are no pairs of numbers"),
        (Dataset(), "has coordinates that are no pairs of numbers"),
    ],
)
def test_a_damaged_graphic_is_left_out_alone(drawn, reason):
    table = read(state(annotation(drawn, graphic("POINT", [1, 1]))))
    assert table.left_out == (("annotation 1, graphic 1", reason),)
    assert len(table.rows) == 1


def test_an_annotation_of_no_image_is_left_out():
    content = state(annotation(graphic("POINT", [1, 1])), ReferencedSeriesSequence=Sequence())
    assert read(content).left_out == (("annotation 1", "names no image"),)


def test_a_state_without_graphics_is_refused():
    with pytest.raises(InvalidAnnotation, match="the presentation state has no graphics"):
        read(state())


def test_more_than_people_draw_is_refused(monkeypatch):
    monkeypatch.setattr(gsps, "MOST_POINTS_TOGETHER", 5)
    content = state(
        annotation(graphic("POLYLINE", [0, 0, 1, 1, 2, 2])), on=images("1.2.3", "1.2.4")
    )
    with pytest.raises(InvalidAnnotation, match="annotation 1: the presentation state draws more"):
        read(content)


def test_a_state_of_highdicom_is_read_onto_its_image(tmp_path):
    path = get_testdata_file("CT_small.dcm", download=False)
    ct = pydicom.dcmread(path)
    layer = hd.pr.GraphicLayer("LESIONS", order=1)
    units = hd.pr.AnnotationUnitsValues.PIXEL
    kinds = hd.pr.GraphicTypeValues
    graphics = [
        hd.pr.GraphicObject(kinds.CIRCLE, np.array([[30, 40], [30, 50]]), units=units),
        hd.pr.GraphicObject(
            kinds.POLYLINE, np.array([[1, 1], [9, 1], [9, 9.5], [1, 1]]), units=units
        ),
    ]
    words = hd.pr.TextObject("seen", units=units, anchor_point=(60.5, 70.25))
    presentation = hd.pr.GrayscaleSoftcopyPresentationState(
        referenced_images=[ct],
        series_instance_uid=hd.UID(),
        series_number=1,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer="x",
        manufacturer_model_name="x",
        software_versions="1",
        device_serial_number="1",
        content_label="A",
        graphic_layers=[layer],
        graphic_annotations=[
            hd.pr.GraphicAnnotation([ct], layer, graphic_objects=graphics, text_objects=[words])
        ],
    )
    out = io.BytesIO()
    presentation.save_as(out)
    library = Library(LibrarySettings(paths=(path,)))
    library.start_scan()
    assert library.wait_scan(30)
    report = library.exchange.take_in(read(out.getvalue()))
    found = library.rois.get(0).rois
    library.close()
    assert (report.by_uid, report.added, report.left_out) == (1, 3, [])
    assert [(roi.kind, corners(roi), roi.label, roi.group) for roi in found] == [
        ("ellipse", [(20, 30), (40, 50)], "", "LESIONS"),
        ("polygon", [(1, 1), (9, 1), (9, 9.5)], "", "LESIONS"),
        ("point", [(60.5, 70.25)], "seen", "LESIONS"),
    ]
