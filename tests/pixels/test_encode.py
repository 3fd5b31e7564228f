from __future__ import annotations

import builtins
import io
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from dcmview.pixels.encode import encode_png

if TYPE_CHECKING:
    import pytest

sides = st.integers(1, 40)
pictures = hnp.arrays(
    np.uint8, st.one_of(st.tuples(sides, sides), st.tuples(sides, sides, st.just(3)))
)


@settings(max_examples=60, deadline=None)
@given(pictures)
def test_pillow_reads_back_what_was_encoded(display: np.ndarray[Any, np.dtype[np.uint8]]) -> None:
    with Image.open(io.BytesIO(encode_png(display)), formats=("PNG",)) as image:
        assert image.mode == ("L" if display.ndim == 2 else "RGB")
        np.testing.assert_array_equal(np.asarray(image), display)


def test_a_picture_larger_than_the_window_of_deflate_reads_back() -> None:
    display = np.random.default_rng(1).integers(0, 256, (300, 400), np.uint8)
    with Image.open(io.BytesIO(encode_png(display))) as image:
        np.testing.assert_array_equal(np.asarray(image), display)


def test_png_is_written_where_isal_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def without_isal(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("isal"):
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_isal)
    png = encode_png(np.array([[7, 9]], np.uint8))
    monkeypatch.undo()
    length = int.from_bytes(png[33:37])
    assert zlib.decompress(png[41 : 41 + length]) == bytes([2, 7, 9])
    with Image.open(io.BytesIO(png)) as image:
        assert np.asarray(image).tolist() == [[7, 9]]
