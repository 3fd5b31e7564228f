"""The words on thumbnails, and where they are."""

from __future__ import annotations

import numpy as np
import pytest

from dcmview.model import InstanceHeader, SharedHeader
from dcmview.thumbnails.label import burn_label, label_of


@pytest.mark.parametrize(
    ("modality", "number", "label"),
    [
        (" MR ", " 12 ", "MR 12"),
        ("mr", "12", "12"),
        ("DOE", "-3", "-3"),
        ("CT", "", "CT"),
        ("CT", "12 DOE", "CT"),
        ("CT", "DOE 12", "CT"),
        ("CT", "1234567890123", "CT"),
        ("CT", "\u0661\u0662", "CT"),  # digits of another script
        ("", "", ""),
    ],
)
def test_a_label_is_a_term_and_a_number_and_nothing_else(modality, number, label):
    shared = SharedHeader(modality=modality, series_number=number)
    assert label_of(InstanceHeader(shared)) == label


@pytest.mark.parametrize("background", [0, 128, 255])
def test_letters_are_white_with_a_black_edge_at_the_lower_left(background):
    levels = np.full((100, 100), background, np.uint8)
    written = burn_label(levels, "MR 12", 100)
    assert written.shape == levels.shape
    assert written.max() >= 230
    assert written.min() <= 20
    rows, columns = np.nonzero(written != background)
    assert (rows.min() > 80, columns.max() < 50) == (True, True)
    assert (levels == background).all()


def test_letters_grow_with_the_thumbnail():
    def height(size_px):
        written = burn_label(np.zeros((size_px, size_px), np.uint8), "MR 12", size_px)
        rows = np.nonzero(written.any(axis=1))[0]
        return np.ptp(rows)

    assert height(840) > 3 * height(200)
    assert height(8) == height(100)  # and are never too small to be read


def test_letters_on_colours_are_white_too():
    written = burn_label(np.full((60, 60, 3), (0, 0, 200), np.uint8), "MR", 400)
    brightest = written.reshape(-1, 3)[written.sum(axis=-1).argmax()]
    assert brightest.min() >= 230
    assert written.sum(axis=-1).min() <= 20
    assert written[0, 0].tolist() == [0, 0, 200]


def test_a_picture_too_small_for_its_words_gets_black_beside_and_above_it():
    written = burn_label(np.full((5, 3), 100, np.uint8), "MR 12", 8)
    rows, columns = written.shape
    assert (rows > 8, columns > 20) == (True, True)
    assert written[:2, 3:].max() == 0


def test_no_words_leave_a_picture_as_it_is():
    levels = np.zeros((4, 4), np.uint8)
    assert burn_label(levels, "", 200) is levels
