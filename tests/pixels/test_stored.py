from __future__ import annotations

import numpy as np

from dcmview.model import PaddingRange
from dcmview.pixels.stored import padding_mask


def test_without_padding_everything_is_image() -> None:
    assert not padding_mask(np.zeros((2, 2), np.int16), None).any()


def test_padding_is_compared_with_signed_values() -> None:
    stored = np.array([-2000, 2000, 63536 - 65536], np.int16)
    assert padding_mask(stored, PaddingRange(-2000, -2000)).tolist() == [True, False, True]
