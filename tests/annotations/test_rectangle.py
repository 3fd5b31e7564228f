"""Rectangles: order, emptiness, image limits, frames."""

import pytest

from dcmview.annotations.rectangle import Rectangle, check_against_image, parse_rectangles
from dcmview.errors import InvalidAnnotation
from dcmview.model import SharedHeader

IMAGE = SharedHeader(has_pixels=True, rows=100, columns=200, frame_count=3)


def test_box_given_as_max_min_is_put_in_order():
    assert parse_rectangles([[50, 60, 10, 20]]) == (Rectangle(10, 20, 50, 60),)


def test_whole_numbers_stay_whole_and_fractions_stay_exact():
    (box,) = parse_rectangles([[1, 2.25, 3, 4.5]])
    assert [type(value) for value in box.coordinates] == [int, float, int, float]


def test_absent_frames_mean_all_frames():
    assert parse_rectangles([[0, 0, 1, 1]])[0].frames == ()
    assert parse_rectangles([[0, 0, 1, 1]], [])[0].frames == ()
    assert parse_rectangles([[0, 0, 1, 1]], [[]])[0].frames == ()


def test_frames_are_sorted_and_named_once():
    assert parse_rectangles([[0, 0, 1, 1]], [[2, 0, 2]])[0].frames == (0, 2)


@pytest.mark.parametrize(
    ("coordinates", "frames"),
    [
        ("not a list", None),
        (None, None),
        ([[1, 2, 3]], None),
        ([[1, 2, 3, "4"]], None),
        ([[1, 2, 3, float("nan")]], None),
        ([[True, 2, 3, 4]], None),
        ([[5, 2, 5, 4]], None),
        ([[1, 2, 3, 2]], None),
        ([[1, 2, 3, 4]], [[0], [1]]),
        ([[1, 2, 3, 4]], [0]),
        ([[1, 2, 3, 4]], [[-1]]),
        ([[1, 2, 3, 4]], [[1.0]]),
        ([[1, 2, 3, 4]], {"0": []}),
    ],
)
def test_malformed_rectangles_are_refused(coordinates, frames):
    with pytest.raises(InvalidAnnotation):
        parse_rectangles(coordinates, frames)


def test_box_over_the_whole_image_is_inside():
    check_against_image([Rectangle(0, 0, 100, 200, (0, 2))], IMAGE)


@pytest.mark.parametrize(
    "box",
    [
        Rectangle(-0.5, 0, 10, 10),
        Rectangle(0, 0, 100.5, 10),
        Rectangle(0, -1, 10, 10),
        Rectangle(0, 0, 10, 201),
        Rectangle(0, 0, 10, 10, (3,)),
    ],
)
def test_box_beyond_the_image_or_its_frames_is_refused(box):
    with pytest.raises(InvalidAnnotation):
        check_against_image([box], IMAGE)
