"""Overlays and shutters in a picture."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dcmview.model import OverlayPlane, OverlaySummary, Shutter
from dcmview.pixels.overlay import burn, place
from dcmview.pixels.shutter import apply_shutter, shut_mask


def plane(
    bits: list[list[int]], row: int = 1, column: int = 1, group: int = 0x6000
) -> OverlayPlane:
    array = np.array(bits, np.bool_)
    summary = OverlaySummary(group, *array.shape, origin_row=row, origin_column=column)
    return OverlayPlane(summary, array)


@pytest.mark.parametrize(
    ("row", "column", "expected"),
    [
        (1, 1, [[1, 1, 0], [0, 1, 0]]),
        (2, 2, [[0, 0, 0], [0, 1, 1]]),
        (0, 1, [[0, 1, 0], [0, 0, 0]]),
        (1, 0, [[1, 0, 0], [1, 0, 0]]),
        (-5, -5, [[0, 0, 0], [0, 0, 0]]),
        (9, 9, [[0, 0, 0], [0, 0, 0]]),
    ],
)
def test_a_plane_lies_at_its_origin_and_is_cut_at_the_edges(
    row: int, column: int, expected: list[list[int]]
) -> None:
    placed = place(plane([[1, 1], [0, 1]], row, column), 2, 3)
    assert placed.astype(int).tolist() == expected


def test_a_plane_larger_than_the_image_is_cut() -> None:
    placed = place(plane([[0, 0, 0, 0], [0, 1, 1, 1], [0, 1, 1, 1]], 0, 0), 2, 2)
    assert placed.tolist() == [[True, True], [True, True]]


def test_overlays_are_white_in_a_copy() -> None:
    display = np.zeros((2, 2), np.uint8)
    drawn = burn(display, [plane([[1, 0], [0, 0]]), plane([[0, 0], [0, 1]])])
    assert drawn.tolist() == [[255, 0], [0, 255]]
    assert not display.any()


def test_overlays_are_white_in_colour() -> None:
    drawn = burn(np.zeros((1, 2, 3), np.uint8), [plane([[0, 1]])])
    assert drawn.tolist() == [[[0, 0, 0], [255, 255, 255]]]


def test_the_edges_of_a_rectangle_are_seen() -> None:
    mask = shut_mask(Shutter(edges=(2, 3, 2, 2)), 3, 4)
    assert mask.astype(int).tolist() == [[1, 1, 1, 1], [1, 0, 0, 1], [1, 1, 1, 1]]


def test_a_circle_is_seen_up_to_its_radius() -> None:
    mask = shut_mask(Shutter(circle=(2, 2, 1)), 3, 3)
    assert mask.astype(int).tolist() == [[1, 0, 1], [0, 0, 0], [1, 0, 1]]


@pytest.mark.parametrize(
    "circle", [(20, 30, 17), (1, 1, 25), (-8, 70, 40), (20, 30, 5), (90, 9, 3)]
)
def test_a_circle_is_all_that_is_no_farther_than_its_radius(circle: tuple[int, int, int]) -> None:
    row, column, radius = circle
    mask = shut_mask(Shutter(circle=circle), 40, 60)
    expected = [
        [math.hypot(r - row, c - column) > radius for c in range(1, 61)] for r in range(1, 41)
    ]
    assert mask.tolist() == expected


def test_a_polygon_is_seen_with_its_outline() -> None:
    mask = shut_mask(Shutter(polygon=((1, 1), (1, 4), (4, 1))), 4, 4)
    assert (~mask).astype(int).tolist() == [
        [1, 1, 1, 1],
        [1, 1, 1, 0],
        [1, 1, 0, 0],
        [1, 0, 0, 0],
    ]


def test_a_bitmap_shuts_where_it_is_set() -> None:
    planes = [plane([[1, 0]], group=0x6000), plane([[0, 1]], group=0x6002)]
    assert shut_mask(Shutter(overlay_group=0x6002), 1, 2, planes).tolist() == [[False, True]]


def test_several_shapes_show_what_all_of_them_show() -> None:
    mask = shut_mask(Shutter(edges=(1, 2, 1, 3), circle=(2, 2, 1)), 3, 3)
    assert mask.astype(int).tolist() == [[1, 0, 1], [0, 0, 1], [1, 0, 1]]


def test_what_is_shut_has_the_level_of_the_shutter() -> None:
    display = np.full((1, 3), 100, np.uint8)
    shown = apply_shutter(display, Shutter(edges=(2, 2, 1, 1), grey_level=7), ())
    assert shown.tolist() == [[7, 100, 7]]
    assert display.tolist() == [[100, 100, 100]]
