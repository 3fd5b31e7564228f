"""Planes in the patient, with numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dcmview.errors import InvalidGeometry
from dcmview.geometry.plane import (
    Plane,
    check_orientation,
    direction_words,
    normal_of,
    orientation_word,
)

# A plane turned by 30 degrees around the row: its columns run to the back and to the feet.
OBLIQUE = (1.0, 0.0, 0.0, 0.0, np.sqrt(3) / 2, -0.5)


def test_indices_of_an_oblique_plane_become_mm() -> None:
    plane = Plane((-10.0, 5.0, 100.0), OBLIQUE, row_spacing_mm=2.0, column_spacing_mm=0.5)
    # 4 columns of 0.5 mm along x; 3 rows of 2 mm are 6 mm: 6 * cos 30 back, 6 * sin 30 down.
    assert plane.index_to_mm((4, 3)) == pytest.approx([-8.0, 5.0 + 5.196152423, 97.0])


def test_the_first_index_is_the_position() -> None:
    plane = Plane((1.0, 2.0, 3.0), OBLIQUE, 0.7, 0.9)
    assert plane.index_to_mm((0, 0)).tolist() == [1.0, 2.0, 3.0]


def test_normal_is_row_cross_column() -> None:
    assert normal_of((0, 1, 0, 0, 0, -1)).tolist() == [-1, 0, 0]
    # (1, 0, 0) x (0, cos 30, -sin 30) = (0, sin 30, cos 30)
    assert normal_of(OBLIQUE) == pytest.approx([0.0, 0.5, 0.8660254038])


@pytest.mark.parametrize(
    ("orientation", "words"),
    [
        ((1, 0, 0, 0, 1), "six numbers"),
        ((1, 0, 0, 0, float("nan"), 0), "six numbers"),
        ((1, 0, 0, 0, 0.99, 0), "lengths 1.0000 and 0.9900"),
        ((0, 0, 0, 0, 0, 0), "lengths 0.0000 and 0.0000"),
        ((1, 0, 0, 0.6, 0.8, 0), "meet at 53.13 degrees"),
    ],
)
def test_cosines_that_make_no_plane_are_refused(orientation: tuple[float, ...], words: str) -> None:
    with pytest.raises(InvalidGeometry, match=words):
        check_orientation(orientation)


def test_cosines_with_four_decimals_are_taken_and_made_unit_length() -> None:
    unit = check_orientation((0.7071, 0.7071, 0, 0, 0, -1))
    assert unit == pytest.approx((0.5**0.5, 0.5**0.5, 0, 0, 0, -1), abs=1e-12)


@pytest.mark.parametrize(
    ("position", "spacings", "words"),
    [
        ((0.0, 0.0), (1.0, 1.0), "Position"),
        ((0.0, 0.0, float("inf")), (1.0, 1.0), "Position"),
        ((0.0, 0.0, 0.0), (0.0, 1.0), "0.0 by 1.0 mm"),
        ((0.0, 0.0, 0.0), (1.0, -1.0), "1.0 by -1.0 mm"),
    ],
)
def test_planes_that_make_no_sense_are_refused(
    position: tuple[float, float, float], spacings: tuple[float, float], words: str
) -> None:
    with pytest.raises(InvalidGeometry, match=words):
        Plane(position, (1, 0, 0, 0, 1, 0), *spacings)


@pytest.mark.parametrize(
    ("orientation", "word"),
    [
        ((1, 0, 0, 0, 1, 0), "axial"),
        ((1, 0, 0, 0, 0, -1), "coronal"),
        ((0, 1, 0, 0, 0, -1), "sagittal"),
        (OBLIQUE, "oblique"),  # 30 degrees from axial
        ((1, 0, 0, 0, 0.9659258, 0.2588190), "axial"),  # 15 degrees, a tilted gantry
    ],
)
def test_planes_have_the_names_that_people_use(orientation: tuple[float, ...], word: str) -> None:
    assert orientation_word(orientation) == word


@pytest.mark.parametrize(
    ("direction", "words"),
    [
        ((0, 0, 1), "feet to head"),
        ((0.1, -0.9, 0.2), "back to front"),
        ((1, 0, 0), "right to left"),
        ((-1, 0, 0), "left to right"),
    ],
)
def test_directions_are_said_in_the_patient(direction: tuple[float, ...], words: str) -> None:
    assert direction_words(direction) == words
