"""Which pixels an ROI holds."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.vectors import vector_cases

from dcmview.annotations.roi import ImagePoint, Roi
from dcmview.exchange.raster import mask_of, packed_outlines, packed_rows, region_of, union_of

ROWS, COLUMNS = 5, 6

coordinates = st.integers(-8, 56).map(lambda eighths: eighths / 8)


def roi_of(kind: Any, points: Any) -> Roi:
    return Roi(kind=kind, points=tuple(ImagePoint(x, y) for x, y in points))


@pytest.mark.parametrize("case", vector_cases("region_pixels"))
def test_a_region_holds_the_pixels_that_the_vectors_say(case: dict[str, Any]) -> None:
    mask = mask_of(roi_of(case["kind"], case["points"]), ROWS, COLUMNS)
    assert ["".join(".#"[inside] for inside in row) for row in mask.tolist()] == case["pixels"]


@given(st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=9))
def test_a_polygon_holds_what_a_ray_leaves_an_odd_number_of_times(
    points: list[tuple[float, float]],
) -> None:
    mask = mask_of(roi_of("polygon", points), ROWS, COLUMNS)
    for row in range(ROWS):
        for column in range(COLUMNS):
            expected = _is_inside(points, column + Fraction(1, 2), row + Fraction(1, 2))
            if expected is not None:
                assert mask[row, column] == expected, (row, column)


@given(coordinates, coordinates, coordinates, coordinates)
def test_an_ellipse_holds_the_centres_that_its_equation_holds(
    x0: float, y0: float, x1: float, y1: float
) -> None:
    if x0 == x1 or y0 == y1:
        return
    mask = mask_of(roi_of("ellipse", [(x0, y0), (x1, y1)]), ROWS, COLUMNS)
    middle_x, middle_y = (Fraction(x0) + Fraction(x1)) / 2, (Fraction(y0) + Fraction(y1)) / 2
    a, b = (Fraction(x1) - Fraction(x0)) / 2, (Fraction(y1) - Fraction(y0)) / 2
    for row in range(ROWS):
        for column in range(COLUMNS):
            x, y = column + Fraction(1, 2) - middle_x, row + Fraction(1, 2) - middle_y
            distance = (x / a) ** 2 + (y / b) ** 2
            if distance != 1:
                assert mask[row, column] == (distance < 1), (row, column)


def test_a_region_lies_in_the_image_where_its_mask_lies() -> None:
    roi = roi_of("freehand", [(2, 1), (5, 1), (5, 4), (2, 3)])
    region = region_of(roi, ROWS, COLUMNS)
    placed = np.zeros((ROWS, COLUMNS), np.bool_)
    placed[region.window] = region.inside
    assert (region.row, region.column) == (1, 2)
    assert placed.tolist() == mask_of(roi, ROWS, COLUMNS).tolist()


@pytest.mark.parametrize("kind", ["polygon", "rectangle"])
@given(points=st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=9))
def test_packed_rows_are_the_pixels_of_an_image_whose_rows_fill_bytes(
    kind: str, points: list[tuple[float, float]]
) -> None:
    roi = roi_of(kind, points)
    row, bits = packed_rows(roi, ROWS, 16)
    whole = np.zeros((ROWS, 16), np.bool_)
    whole[row : row + len(bits)] = np.unpackbits(bits, axis=1, bitorder="little")
    assert whole.tolist() == mask_of(roi, ROWS, 16).tolist()


@given(
    outlines=st.lists(
        st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=5), max_size=6
    )
)
def test_outlines_drawn_together_hold_what_each_holds_alone(
    outlines: list[list[tuple[float, float]]],
) -> None:
    rois = [roi_of("polygon", points) for points in outlines]
    for roi, found in zip(rois, packed_outlines(rois, ROWS, 16), strict=True):
        if found is not None:
            whole = np.zeros((ROWS, 16), np.bool_)
            whole[found[0] : found[0] + len(found[1])] = np.unpackbits(
                found[1], axis=1, bitorder="little"
            )
            assert whole.tolist() == mask_of(roi, ROWS, 16).tolist()


def test_an_outline_is_drawn_with_others_if_it_has_one_span_in_each_row() -> None:
    corners = [(1, 0), (5, 0), (5, 4), (1, 4)]
    notched = [(1, 0), (5, 0), (5, 4), (3, 1), (1, 4)]
    outside = [(20, 0), (22, 0), (22, 3)]
    rois = [roi_of("polygon", points) for points in (notched, corners, outside, corners)]
    found = packed_outlines(rois, ROWS, 8)
    assert [each if each is None else (each[0], each[1].tolist()) for each in found] == [
        None,
        (0, [[0b11110]] * 4),
        None,
        (0, [[0b11110]] * 4),
    ]


def test_a_union_holds_the_pixels_of_every_roi() -> None:
    left, right = roi_of("rectangle", [(0, 0), (2, 2)]), roi_of("rectangle", [(1, 1), (3, 2)])
    assert union_of([left, right], 2, 4).astype(int).tolist() == [[1, 1, 0, 0], [1, 1, 1, 0]]


def test_an_outline_of_many_points_across_many_rows_is_drawn_in_parts() -> None:
    # Up and down 2,000 times between x = 0.5 and 2,000.5, over 1,000 rows: two million crossings.
    points = [(step + 0.25, 1000.0 * (step % 2)) for step in range(2000)]
    mask = mask_of(roi_of("polygon", [*points, (1999.25, 2000), (0.25, 2000)]), 2000, 2000)
    assert mask[1000:].sum() == 1000 * 1999
    # At half the height, every side crosses in the middle between two pixels.
    assert mask[500].sum() == 1000


def _is_inside(points: list[tuple[float, float]], x: Fraction, y: Fraction) -> bool | None:
    """By exact numbers; None for a point on the outline."""
    inside = False
    for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True):
        ax, ay, bx, by = map(Fraction, (x0, y0, x1, y1))
        turn = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
        in_box = min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by)
        if turn == 0 and in_box:
            return None
        if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
            inside = not inside
    return inside
