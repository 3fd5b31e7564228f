"""Outlines of masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from dcmview.annotations.roi import ImagePoint, Roi
from dcmview.errors import InvalidAnnotation
from dcmview.exchange.contours import contours_of, rois_of_mask
from dcmview.exchange.raster import mask_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

TEMPLATE = Roi(kind="polygon", points=(ImagePoint(0, 0),), label="liver", frames=(2,))

any_mask = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=12))


def as_mask(*rows: str) -> NDArray[np.bool_]:
    return np.array([[cell == "#" for cell in row] for row in rows])


def drawn(outlines: list[NDArray[np.int32]], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """How many of the outlines hold each pixel."""
    total = np.zeros(shape, np.int64)
    for outline in outlines:
        points = tuple(ImagePoint(x, y) for x, y in outline.tolist())
        total += mask_of(Roi(kind="polygon", points=points), *shape)
    return total


def parts(mask: NDArray[np.bool_]) -> int:
    """How many groups of pixels are joined by sides, by flooding."""
    left = set(zip(*(axis.tolist() for axis in np.nonzero(mask)), strict=True))
    count = 0
    while left:
        count += 1
        flood = [left.pop()]
        while flood:
            row, column = flood.pop()
            for near in (
                (row + 1, column),
                (row - 1, column),
                (row, column + 1),
                (row, column - 1),
            ):
                if near in left:
                    left.remove(near)
                    flood.append(near)
    return count


def test_a_square_has_its_four_corners() -> None:
    outlines = contours_of(as_mask("....", ".##.", ".##."))
    assert [outline.tolist() for outline in outlines] == [[[1, 1], [3, 1], [3, 3], [1, 3]]]


def test_pixels_that_touch_at_a_corner_are_two_parts() -> None:
    outlines = contours_of(as_mask("#.", ".#"))
    assert [outline.tolist() for outline in outlines] == [
        [[0, 0], [1, 0], [1, 1], [0, 1]],
        [[1, 1], [2, 1], [2, 2], [1, 2]],
    ]


def test_nothing_has_no_outline() -> None:
    assert contours_of(as_mask("...", "...")) == []


@given(any_mask)
def test_outlines_drawn_again_give_the_mask_back(mask: NDArray[np.bool_]) -> None:
    outlines = contours_of(mask)
    assert drawn(outlines, mask.shape).tolist() == mask.astype(int).tolist()
    assert len(outlines) == parts(mask)


@given(any_mask, st.integers(4, 12))
def test_long_outlines_are_cut_and_still_give_the_mask_back(
    mask: NDArray[np.bool_], most_points: int
) -> None:
    outlines = contours_of(mask, most_points)
    assert drawn(outlines, mask.shape).tolist() == mask.astype(int).tolist()
    assert all(len(outline) <= most_points for outline in outlines)


def test_holes_behind_and_within_each_other_are_cut_in() -> None:
    mask = as_mask(
        "############",
        "#.##.#....##",
        "#.####.##.##",
        "####.#.##.##",
        "#.##.#....#.",
        "############",
    )
    outlines = contours_of(mask)
    assert len(outlines) == 2
    assert drawn(outlines, mask.shape).tolist() == mask.astype(int).tolist()


def test_a_whole_mammogram_is_outlined_at_once() -> None:
    rows, columns = np.ogrid[:4096, :3328]
    mask = (rows - 2048) ** 2 / 2000**2 + (columns - 1664) ** 2 / 1600**2 < 1
    (outline,) = contours_of(mask)
    assert drawn([outline], mask.shape).sum() == mask.sum()


def test_noise_has_no_outlines() -> None:
    noise = np.indices((1500, 1500)).sum(axis=0) % 2 == 1
    with pytest.raises(InvalidAnnotation, match="1500 by 1500 pixels has more than 2,000,000"):
        contours_of(noise)


def test_rois_of_a_mask_are_polygons_like_their_template() -> None:
    first, second = rois_of_mask(as_mask("##.#"), TEMPLATE)
    assert [(point.x, point.y) for point in second.points] == [(3, 0), (4, 0), (4, 1), (3, 1)]
    assert (first.kind, first.label, first.frames) == ("polygon", "liver", (2,))
