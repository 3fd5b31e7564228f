"""Where outlines are drawn, pixel by pixel."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from dcmview.annotations.roi import ImagePoint, Roi
from dcmview.rendering.marks import LABEL_COLORS, USUAL_COLOR, draw_rois, roi_color

PAGE = Path(__file__).parents[2] / "frontend/src"


def roi(kind, *points, **fields):
    return Roi(kind=kind, points=tuple(ImagePoint(x, y) for x, y in points), **fields)


def drawn(rois, size=(5, 6), shape=None):
    """The pixels that are not black any more, as rows of text."""
    picture = draw_rois(np.zeros(shape or size, np.uint8), rois, size)
    return ["".join("#" if pixel.any() else "." for pixel in row) for row in picture]


def test_a_rectangle_is_drawn_on_the_pixels_that_it_begins_and_ends_with():
    # Image points are corners of pixels: x from 1 to 5 holds the pixels 1, 2, 3 and 4.
    assert drawn([roi("rectangle", (1, 1), (5, 4))]) == [
        "......",
        ".####.",
        ".#..#.",
        ".####.",
        "......",
    ]


def test_outlines_follow_the_size_of_the_picture():
    assert drawn([roi("rectangle", (2, 2), (10, 8))], size=(10, 12), shape=(5, 6)) == drawn(
        [roi("rectangle", (1, 1), (5, 4))]
    )


def test_a_polygon_is_closed_and_a_polyline_is_not():
    corners = (0.5, 0.5), (4.5, 0.5), (4.5, 4.5), (0.5, 4.5)
    closed = drawn([roi("polygon", *corners)])
    opened = drawn([roi("polyline", *corners)])
    assert closed == ["#####.", "#...#.", "#...#.", "#...#.", "#####."]
    assert opened == ["#####.", "....#.", "....#.", "....#.", "#####."]


def test_a_point_on_the_far_edge_is_on_the_last_pixel():
    assert drawn([roi("length", (6, 5), (6, 2))]) == [
        "......",
        "......",
        ".....#",
        ".....#",
        ".....#",
    ]


def test_a_point_is_a_cross_around_its_pixel():
    rows = drawn([roi("point", (6.5, 5.5))], size=(11, 13))
    assert rows[5] == "..#########.."
    assert [row[6] for row in rows] == list(".#########.")


def test_a_picture_is_in_colour_also_without_rois():
    assert draw_rois(np.full((2, 2), 7, np.uint8), [], (2, 2)).tolist() == [[[7] * 3] * 2] * 2


@pytest.mark.parametrize(
    ("fields", "color"),
    [
        ({}, USUAL_COLOR),
        ({"label": "cyst"}, LABEL_COLORS[1]),
        ({"label": "cyst", "color": "#010203"}, "#010203"),
        ({"label": "unknown"}, USUAL_COLOR),
    ],
)
def test_an_roi_has_its_own_colour_or_that_of_its_label(fields, color):
    assert roi_color(roi("point", (1, 1), **fields), ("mass", "cyst")) == color
    picture = draw_rois(
        np.zeros((3, 3), np.uint8), [roi("point", (1.5, 1.5), **fields)], (3, 3), ("mass", "cyst")
    )
    assert picture[1, 1].tolist() == list(bytes.fromhex(color[1:]))


def test_colours_are_those_of_the_page():
    labels = (PAGE / "dicom/labelColors.ts").read_text()
    assert tuple(re.findall(r"'(#[0-9a-f]{6})'", labels)) == LABEL_COLORS
    assert f"USUAL_COLOR = '{USUAL_COLOR}'" in (PAGE / "render/shapePainter.ts").read_text()
