"""Lines one pixel wide: drawn without gaps, from corner to corner, within the image."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from support.rois import rois

from dcmview.annotations.roi import ImagePoint, Roi
from dcmview.exchange.strokes import stroke_of

OPEN_KINDS = ("polyline", "point", "length", "angle", "cobb")


def drawn(roi, rows=6, columns=8):
    region = stroke_of(roi, rows, columns)
    mask = np.zeros((rows, columns), np.bool_)
    mask[region.window] = region.inside
    return np.argwhere(mask).tolist()


@pytest.mark.parametrize(
    ("kind", "points", "pixels"),
    [
        ("point", [(2.9, 3.1)], [[3, 2]]),
        ("point", [(8, 6)], [[5, 7]]),  # on the last edges: in the last pixel
        ("length", [(1.5, 0.5), (1.5, 2.5)], [[0, 1], [1, 1], [2, 1]]),
        ("length", [(2.2, 2.2), (2.8, 2.8)], [[2, 2]]),
        ("angle", [(0, 0), (2.5, 0), (2.5, 2.5)], [[0, 0], [0, 1], [0, 2], [1, 2], [2, 2]]),
        # Two lines, and nothing between them.
        ("cobb", [(0, 0), (1, 0), (0, 4), (1, 4)], [[0, 0], [0, 1], [4, 0], [4, 1]]),
    ],
)
def test_lines_hold_the_pixels_that_they_cross(kind, points, pixels):
    assert drawn(Roi(kind=kind, points=tuple(ImagePoint(x, y) for x, y in points))) == pixels


@given(rois(columns=9, rows=7, kinds=OPEN_KINDS))
def test_corners_are_in_and_lines_have_no_gaps(roi):
    pixels = {tuple(pixel) for pixel in drawn(roi, 7, 9)}
    for point in roi.points:
        assert (min(int(point.y), 6), min(int(point.x), 8)) in pixels
    seen, waiting = set(), [min(pixels)]
    while waiting:
        row, column = waiting.pop()
        seen.add((row, column))
        around = {(row + y, column + x) for y in (-1, 0, 1) for x in (-1, 0, 1)}
        waiting += around & pixels - seen
    assert roi.kind == "cobb" or seen == pixels
