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


def test_lines_are_wider_in_long_pictures():
    # A pixel for each 512 that the longer side has, halves to the even number.
    for columns, width in ((512, 1), (1000, 2), (1536, 3)):
        picture = draw_rois(
            np.zeros((20, columns), np.uint8),
            [roi("length", (0, 10), (columns, 10))],
            (20, columns),
        )
        assert np.count_nonzero(picture[:, columns // 2].any(axis=-1)) == width


def test_outlines_are_where_the_image_is_in_a_picture_of_another_shape():
    # Pixels twice as high as wide: the picture has half as many columns.
    assert drawn([roi("rectangle", (4, 1), (12, 4))], size=(5, 12), shape=(5, 6)) == [
        "......",
        "..####",
        "..#..#",
        "..####",
        "......",
    ]


def test_a_rectangle_holds_the_pixels_of_which_it_has_a_part():
    assert drawn([roi("rectangle", (1.5, 0.2), (4.1, 3.5))]) == [
        ".####.",
        ".#..#.",
        ".#..#.",
        ".####.",
        "......",
    ]
    assert drawn([roi("rectangle", (2, 2), (2, 2))])[2] == "..#..."


def test_an_ellipse_leaves_the_corners_of_its_box():
    rows = drawn([roi("ellipse", (1, 1), (10, 8))], size=(9, 11))
    assert [rows[row][column] for row in (1, 7) for column in (1, 9)] == ["."] * 4
    assert [rows[1][5], rows[7][5], rows[4][1], rows[4][9]] == ["#"] * 4
    assert rows[4][5] == "."


@pytest.mark.parametrize(
    ("kind", "points", "lit", "dark"),
    [
        # An angle has its vertex in the middle, Cobb's two lines that do not touch.
        ("angle", ((0.5, 0.5), (0.5, 4.5), (5.5, 4.5)), [(2, 0), (4, 3)], [(2, 2)]),
        ("cobb", ((0.5, 0.5), (5.5, 0.5), (5.5, 4.5), (0.5, 4.5)), [(0, 3), (4, 3)], [(2, 5)]),
        ("freehand", ((0.5, 0.5), (4.5, 0.5), (4.5, 4.5), (0.5, 4.5)), [(2, 0), (2, 4)], [(2, 2)]),
    ],
)
def test_lines_join_the_points_that_belong_together(kind, points, lit, dark):
    rows = drawn([roi(kind, *points)])
    assert [rows[row][column] for row, column in lit] == ["#"] * len(lit)
    assert [rows[row][column] for row, column in dark] == ["."] * len(dark)


def test_labels_beyond_the_last_color_begin_again():
    labels = [f"label {number}" for number in range(len(LABEL_COLORS) + 2)]
    assert roi_color(roi("point", (1, 1), label=labels[-1]), labels) == LABEL_COLORS[1]
