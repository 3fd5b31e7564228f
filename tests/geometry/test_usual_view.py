"""Slices turned as they are usually looked at."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from dcmview.geometry.usual_view import AS_STORED, Turn, turn_to_usual

AXES = {
    "left": (1, 0, 0),
    "right": (-1, 0, 0),
    "back": (0, 1, 0),
    "front": (0, -1, 0),
    "head": (0, 0, 1),
    "feet": (0, 0, -1),
}
# What is at the right edge and at the bottom of a picture that lies as usual.
USUAL = {frozenset("xy"): ("left", "back"), frozenset("xz"): ("left", "feet")}
USUAL[frozenset("yz")] = ("back", "feet")
AXIS_OF = dict(zip(AXES, "xxyyzz", strict=True))
OPPOSITE = {"left": "right", "back": "front", "head": "feet"}
OPPOSITE |= {there: here for here, there in OPPOSITE.items()}


def stored_slice(row, column):
    """A slice whose four corners are named by where in the patient they are."""
    return [
        [frozenset((OPPOSITE[row], OPPOSITE[column])), frozenset((row, OPPOSITE[column]))],
        [frozenset((OPPOSITE[row], column)), frozenset((row, column))],
    ]


@pytest.mark.parametrize(
    ("row", "column"),
    [pair for pair in itertools.permutations(AXES, 2) if AXIS_OF[pair[0]] != AXIS_OF[pair[1]]],
)
def test_however_a_slice_is_stored_it_comes_to_lie_as_usual(row, column):
    corners = stored_slice(row, column)
    numbers = np.arange(4, dtype=np.uint8).reshape(2, 2)
    turned = turn_to_usual((*AXES[row], *AXES[column])).apply(numbers)
    found = [[corners[number // 2][number % 2] for number in line] for line in turned.tolist()]
    assert found == stored_slice(*USUAL[frozenset((AXIS_OF[row], AXIS_OF[column]))])


@pytest.mark.parametrize("angle_deg", [-44, -20, 20, 44])
def test_an_oblique_slice_is_taken_for_the_nearest_plane(angle_deg):
    angle = np.radians(angle_deg)
    # A coronal slice leaned back, stored upside down.
    column = (0.0, -float(np.sin(angle)), float(np.cos(angle)))
    assert turn_to_usual((1, 0, 0, *column)) == Turn(upside_down=True)


def test_a_slice_turned_in_its_plane_is_turned_by_right_angles_only():
    cosine, sine = np.cos(np.radians(100)), np.sin(np.radians(100))
    # Rows lead to the back nearly: exchanged, and what leads to the right turned around.
    turn = turn_to_usual((cosine, sine, 0, -sine, cosine, 0))
    assert turn == Turn(exchanged=True, left_to_right=True)


@pytest.mark.parametrize("orientation", [None, (1, 0, 0, 1, 0, 0), (0,) * 6, (float("nan"),) * 6])
def test_without_a_usable_orientation_nothing_is_turned(orientation):
    assert turn_to_usual(orientation) == AS_STORED


def test_colours_are_not_turned_with_the_pixels():
    picture = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    turned = Turn(exchanged=True, upside_down=True).apply(picture)
    assert turned[0].tolist() == [picture[0, 1].tolist(), picture[1, 1].tolist()]
