"""TIFF files as Pillow reads them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageSequence

from dcmview.errors import UnsupportedPixelFormat
from dcmview.rendering.tiff import Tiff16

SAMPLE_FORMAT, PHOTOMETRIC_INTERPRETATION = 339, 262


def read(frames, *, white_is_zero=False):
    tiff = Tiff16(frames[0].shape, len(frames), white_is_zero=white_is_zero)
    content = b"".join(tiff.page(number, frame) for number, frame in enumerate(frames))
    return Image.open(io.BytesIO(content))


def test_unsigned_values_are_read_as_they_were():
    values = np.array([[0, 1, 65535], [256, 32768, 7]], np.uint16)
    assert np.asarray(read([values])).tolist() == values.tolist()


def test_signed_values_are_read_with_their_sign():
    values = np.array([[-32768, -1, 0], [1, 32767, -1024]], np.int16)
    picture = read([values])
    assert picture.tag_v2[SAMPLE_FORMAT] == (2,)
    assert np.asarray(picture).astype(np.int64).tolist() == values.tolist()


def test_every_frame_is_a_page():
    frames = [np.full((3, 5), number, np.uint16) + np.arange(5, dtype="u2") for number in range(4)]
    pages = [np.asarray(page).tolist() for page in ImageSequence.Iterator(read(frames))]
    assert pages == [frame.tolist() for frame in frames]


@pytest.mark.parametrize(("white_is_zero", "marked"), [(True, 0), (False, 1)])
def test_how_values_are_shown_is_marked_and_does_not_change_them(white_is_zero, marked):
    picture = read([np.array([[1, 2]], np.uint16)], white_is_zero=white_is_zero)
    assert picture.tag_v2[PHOTOMETRIC_INTERPRETATION] == marked
    assert np.asarray(picture).tolist() == [[1, 2]]


def test_a_file_beyond_its_offsets_is_refused():
    with pytest.raises(UnsupportedPixelFormat, match="4 GiB"):
        Tiff16((65_535, 65_535), 1, white_is_zero=False)
