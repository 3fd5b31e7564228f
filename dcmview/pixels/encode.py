"""Display values -> the bytes of an image file."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GRAYSCALE, _TRUECOLOR = 0, 2
_SUB, _UP = 1, 2
_LEVEL = 1  # higher levels take up to 30 times as long for about the same size


def encode_png(display: NDArray[np.uint8]) -> bytes:
    """Encode a picture as PNG.

    One filter serves all rows, chosen by what compresses medical images best
    for its cost: the difference to the pixel above for grey, to the left for
    colour.

    Parameters
    ----------
    display : ndarray of uint8, shape (rows, columns) or (rows, columns, 3)
        Grey levels, or red, green, blue.

    Returns
    -------
    bytes
        A complete PNG file of 8 bits a sample.
    """
    rows, columns = display.shape[:2]
    if display.ndim == 2:
        color_type, filtered = _GRAYSCALE, _filter_up(display)
    else:
        color_type, filtered = _TRUECOLOR, _filter_sub(display)
    header = struct.pack(">IIBBBBB", columns, rows, 8, color_type, 0, 0, 0)
    return b"".join(
        (
            _SIGNATURE,
            *_chunk(b"IHDR", header),
            *_chunk(b"IDAT", _deflate()(filtered.data, _LEVEL)),
            *_chunk(b"IEND", b""),
        )
    )


def _filter_up(display: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rows, columns = display.shape
    filtered = np.empty((rows, columns + 1), np.uint8)
    filtered[:, 0] = _UP
    filtered[0, 1:] = display[0]
    np.subtract(display[1:], display[:-1], out=filtered[1:, 1:])
    return filtered


def _filter_sub(display: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rows, columns, samples = display.shape
    flat = display.reshape(rows, columns * samples)
    filtered = np.empty((rows, columns * samples + 1), np.uint8)
    filtered[:, 0] = _SUB
    filtered[:, 1 : samples + 1] = flat[:, :samples]
    np.subtract(flat[:, samples:], flat[:, :-samples], out=filtered[:, samples + 1 :])
    return filtered


def _deflate() -> Callable[[memoryview, int], bytes]:
    """The fastest zlib at hand; isal has no wheel for every platform."""
    try:
        from isal import isal_zlib
    except ImportError:
        return zlib.compress
    return isal_zlib.compress


def _chunk(kind: bytes, content: bytes) -> tuple[bytes, ...]:
    checksum = zlib.crc32(content, zlib.crc32(kind))
    return struct.pack(">I", len(content)), kind, content, struct.pack(">I", checksum)
