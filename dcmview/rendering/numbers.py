"""Samples as JSON: arrays of numbers, or base64 of their bytes."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CHUNK_SAMPLES = 1 << 20
_FEW_TEXTS = 256
"""So many texts are made in no time, however few samples there are."""


def number_array(values: NDArray[np.generic]) -> bytes:
    """Write samples as a JSON array, in the order in which they lie.

    Whole numbers are looked up in a table of their texts, which takes a third of the
    time of writing each. What is not a finite number becomes null.

    Examples
    --------
    >>> number_array(np.array([[-1, 20], [3, 0]], np.int16))
    b'[-1,20,3,0]'
    >>> number_array(np.array([0.5, np.nan]))
    b'[0.5,null]'
    """
    flat: NDArray[Any] = values.reshape(-1)
    if flat.dtype.kind in "iu" and flat.size:
        low, high = int(flat.min()), int(flat.max())
        if high - low < max(_FEW_TEXTS, flat.size // 2):
            return b"[" + _looked_up(flat, low, high)[:-1] + b"]"
    return msgspec.json.encode(flat.tolist())


def _looked_up(flat: NDArray[Any], low: int, high: int) -> bytes:
    """The texts of the numbers with a comma after each: padded, gathered, the padding taken out."""
    texts = np.array([b"%d," % number for number in range(low, high + 1)])
    parts = []
    for begin in range(0, flat.size, _CHUNK_SAMPLES):
        positions = flat[begin : begin + _CHUNK_SAMPLES].astype(np.intp) - low
        parts.append(texts[positions].tobytes().translate(None, b"\0"))
    return b"".join(parts)


def base64_text(values: NDArray[np.generic]) -> bytes:
    """Write the little-endian bytes of samples as a JSON string.

    Examples
    --------
    >>> base64_text(np.array([1, 2], np.uint16))
    b'"AQACAA=="'
    """
    little: Any = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
    return b'"' + base64.b64encode(little.reshape(-1).view(np.uint8).data) + b'"'
