"""The pixels of a mask out of a PNG or NumPy file, which may claim any size or be damaged."""

from __future__ import annotations

import io
import math
import struct
import tokenize
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from dcmview.errors import InvalidAnnotation
from dcmview.exchange.masks import MOST_LABELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_BYTES = 1 << 29
"""Of one mask, all its frames together. A small archive can claim any size."""
MOST_PACKED_BYTES = 1 << 26
"""Of a PNG file or a legend; what is longer is cut, and then damaged."""
_NPY_MAGIC = b"\x93NUMPY"
_PNG_HEAD = struct.Struct(">8s4x4s2L")
_NO_HEADER = (ValueError, KeyError, TypeError, SyntaxError, tokenize.TokenError, RecursionError)
"""NumPy reads the head as Python source."""
_GREY_MODES = frozenset({"1", "L", "P", "I;16", "I"})


def read_mask_array(file: IO[bytes]) -> NDArray[Any]:
    """Give the values of a mask: shape (rows, columns) or (frames, rows, columns).

    Raises
    ------
    InvalidAnnotation
        If it is none.
    """
    head = file.read(_PNG_HEAD.size)
    array = _read_npy(head, file) if head.startswith(_NPY_MAGIC) else _read_png(head, file)
    if array.ndim not in (2, 3):
        raise InvalidAnnotation(
            f"has the shape {array.shape}, not (rows, columns) or (frames, rows, columns)"
        )
    check_labels(array)
    return array


def check_labels(array: NDArray[Any]) -> None:
    """Refuse what holds other values than labels and 0, with ``InvalidAnnotation``."""
    lowest, highest = array.min(), array.max()
    if np.isnan(lowest):
        raise InvalidAnnotation(f"holds what is no number; labels are 1 to {MOST_LABELS:,}")
    if not (lowest >= 0 and highest <= MOST_LABELS):
        raise InvalidAnnotation(
            f"holds values from {lowest} to {highest}; labels are 1 to {MOST_LABELS:,}"
        )
    # Plane by plane: a copy of all would take as much room again.
    if array.dtype.kind == "f" and any((plane != np.floor(plane)).any() for plane in array):
        raise InvalidAnnotation(f"holds {array.dtype}, not whole numbers")


def _read_png(head: bytes, file: IO[bytes]) -> NDArray[Any]:
    try:
        signature, kind, columns, rows = _PNG_HEAD.unpack(head)
    except struct.error as exc:
        raise InvalidAnnotation("is neither PNG nor NPY") from exc
    if signature != b"\x89PNG\r\n\x1a\n" or kind != b"IHDR":
        raise InvalidAnnotation("is neither PNG nor NPY")
    _check_size(2 * rows * columns)
    try:
        whole = io.BytesIO(head + file.read(MOST_PACKED_BYTES))
        with Image.open(whole, formats=("PNG",)) as picture:
            if picture.mode not in _GREY_MODES:
                raise InvalidAnnotation("is a colour picture; a mask has one value a pixel")
            return np.asarray(picture)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as exc:
        raise InvalidAnnotation(f"cannot be read: {exc}") from exc


def _read_npy(head: bytes, file: IO[bytes]) -> NDArray[Any]:
    numpy_format = np.lib.format
    whole = _Joined(head, file)
    try:
        version = numpy_format.read_magic(whole)
        read = {
            (1, 0): numpy_format.read_array_header_1_0,
            (2, 0): numpy_format.read_array_header_2_0,
        }[version]
        shape, is_fortran, dtype = read(whole)
    except _NO_HEADER as exc:
        raise InvalidAnnotation(f"is no NPY file: {exc}") from exc
    if dtype.kind not in "buif":
        raise InvalidAnnotation(f"holds {dtype}, not whole numbers")
    if any(length < 0 for length in shape):
        raise InvalidAnnotation(f"claims the shape {shape}")
    size_bytes = math.prod(shape) * dtype.itemsize
    _check_size(size_bytes)
    content = whole.read(size_bytes)
    if len(content) < size_bytes:
        raise InvalidAnnotation(f"ends after {len(content):,} of {size_bytes:,} bytes")
    return np.frombuffer(content, dtype).reshape(shape, order="F" if is_fortran else "C")


def _check_size(size_bytes: int) -> None:
    if not 0 < size_bytes <= MOST_BYTES:
        raise InvalidAnnotation(f"claims {size_bytes:,} bytes; a mask has 1 to {MOST_BYTES:,}")


class _Joined(io.RawIOBase):
    """A file with its first bytes put back."""

    def __init__(self, head: bytes, file: IO[bytes]) -> None:
        self._head, self._file = head, file

    def read(self, size: int = -1, /) -> bytes:
        taken, self._head = self._head[:size], self._head[size:]
        return taken + self._file.read(size - len(taken))
