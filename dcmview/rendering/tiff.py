"""TIFF files of 16-bit grey values, one page a frame (TIFF 6.0, baseline, not compressed)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from dcmview.errors import UnsupportedPixelFormat
from dcmview.rendering.arrays import little_bytes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SHORT, _LONG = 3, 4
_HEADER = struct.pack("<2sHL", b"II", 42, 8)
_FIELDS = 10
_DIRECTORY_BYTES = 2 + 12 * _FIELDS + 4
_LARGEST_BYTES = (1 << 32) - 1
_UNSIGNED, _SIGNED = 1, 2
_BLACK_IS_ZERO, _WHITE_IS_ZERO = 1, 0


class Tiff16:
    """The parts of a TIFF file of pages of one size, to be written one after the other.

    Parameters
    ----------
    size : tuple of int
        Rows and columns of each page.
    pages : int
        How many there are.
    white_is_zero : bool
        How the values are to be shown; they stay as they are.

    Raises
    ------
    UnsupportedPixelFormat
        If the file would be larger than its offsets reach.
    """

    def __init__(self, size: tuple[int, int], pages: int, *, white_is_zero: bool) -> None:
        self._rows, self._columns = size
        self._frame_bytes = 2 * size[0] * size[1]
        self._pages = pages
        self._meaning = _WHITE_IS_ZERO if white_is_zero else _BLACK_IS_ZERO
        total = len(_HEADER) + pages * (self._frame_bytes + _DIRECTORY_BYTES)
        if total > _LARGEST_BYTES:
            raise UnsupportedPixelFormat(
                f"a TIFF file of {total:,} bytes is beyond its 4 GiB; ask for npy, or for one frame"
            )

    def page(self, number: int, values: NDArray[np.generic]) -> bytes:
        """Give a page: its directory, and its values as one strip.

        Parameters
        ----------
        number : int
            From 0; the pages are written in order.
        values : ndarray of uint16 or int16, shape (rows, columns)
            Signed values are marked by SampleFormat.
        """
        offset = len(_HEADER) + number * (self._frame_bytes + _DIRECTORY_BYTES)
        begin = offset + _DIRECTORY_BYTES
        following = begin + self._frame_bytes if number + 1 < self._pages else 0
        fields = (
            (256, _LONG, self._columns),  # ImageWidth
            (257, _LONG, self._rows),  # ImageLength
            (258, _SHORT, 16),  # BitsPerSample
            (259, _SHORT, 1),  # Compression: none
            (262, _SHORT, self._meaning),  # PhotometricInterpretation
            (273, _LONG, begin),  # StripOffsets
            (277, _SHORT, 1),  # SamplesPerPixel
            (278, _LONG, self._rows),  # RowsPerStrip
            (279, _LONG, self._frame_bytes),  # StripByteCounts
            (339, _SHORT, _SIGNED if values.dtype.kind == "i" else _UNSIGNED),  # SampleFormat
        )
        # A short value lies in the first bytes of its field, where little endian puts it anyway.
        packed = b"".join(struct.pack("<HHLL", tag, kind, 1, value) for tag, kind, value in fields)
        directory = struct.pack("<H", _FIELDS) + packed + struct.pack("<L", following)
        return b"".join((b"" if number else _HEADER, directory, little_bytes(values)))
