"""Values that follow from others."""

from __future__ import annotations

import pytest

from dcmview.model import PixelLayout


@pytest.mark.parametrize(
    ("bits_stored", "pixel_representation", "expected"),
    [
        (8, 0, (0, 255)),
        (12, 1, (-2048, 2047)),
        (1, 1, (0, 1)),  # two's complement of one bit would be -1 and 0, and masks are not
        (0, 0, (0, 1)),
    ],
)
def test_the_range_of_stored_values_is_that_of_their_bits(
    bits_stored: int, pixel_representation: int, expected: tuple[int, int]
) -> None:
    layout = PixelLayout(1, 1, bits_stored=bits_stored, pixel_representation=pixel_representation)
    assert layout.stored_range == expected
