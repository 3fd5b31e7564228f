"""Pixel data as it goes out: fragments with their offset tables, or plain cells.

References
----------
DICOM PS3.5 A.4, Transfer Syntaxes for Encapsulation of Encoded Pixel Data.
"""

from __future__ import annotations

import struct
import zlib
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO, Protocol

from dcmview.errors import CannotTranscode
from dcmview.transcoding.attributes import offset_tables
from dcmview.transcoding.dataset import Encoding
from dcmview.transcoding.elements import ITEM, PIXEL_DATA, SEQUENCE_END

if TYPE_CHECKING:
    from dcmview.transcoding.dataset import Changes

MOST_ELEMENT_BYTES = 0xFFFFFFFE
_MOST_BASIC_OFFSET = 0xFFFFFFFF
_EXPLICIT_LITTLE = Encoding()
_ITEM_HEAD_BYTES = 8

GROWTH = 1.25
"""Noise may get larger by compression, though never by this much."""


class OffsetTable(StrEnum):
    """Where a file says at which place each of its frames begins."""

    AUTO = "auto"  # basic, extended where its offsets might not do
    BASIC = "basic"
    EXTENDED = "extended"
    NONE = "none"


class Sink(Protocol):
    """What a data set is written to."""

    def write(self, content: bytes | memoryview, /) -> object:
        """Take the next bytes."""
        ...


class Deflating:
    """Bytes on their way through deflate (DICOM PS3.5 A.5)."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._packing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        self._length = 0

    def write(self, content: bytes | memoryview, /) -> None:
        """Take the next bytes of the data set."""
        self._put(self._packing.compress(content))

    def end(self) -> None:
        """Write what is left, and a byte to make the length even."""
        self._put(self._packing.flush())
        self._put(bytes(self._length % 2))

    def _put(self, packed: bytes) -> None:
        self._length += len(packed)
        self._out.write(packed)


class Fragments:
    """Encapsulated frames, one fragment each.

    Parameters
    ----------
    kind : OffsetTable
        Which table the file gets.
    frame_count : int
        How many frames there will be.
    native_bytes : int
        What they take without compression.
    """

    def __init__(self, kind: OffsetTable, frame_count: int, native_bytes: int) -> None:
        if kind is OffsetTable.AUTO:
            might_pass = native_bytes * GROWTH > _MOST_BASIC_OFFSET
            kind = OffsetTable.EXTENDED if might_pass else OffsetTable.BASIC
        self.kind = kind
        self._frame_count = frame_count
        self._offsets: list[int] = []
        self._lengths: list[int] = []
        self._next = 0
        self._table_at = 0

    @property
    def encoded_bytes(self) -> int:
        """What the frames take so far, without padding."""
        return sum(self._lengths)

    def tables(self) -> Changes:
        """Give the elements of the extended table: zeros as long as the frames are not there."""
        if self.kind is not OffsetTable.EXTENDED:
            return {}
        missing = [0] * (self._frame_count - len(self._offsets))
        return offset_tables(self._offsets + missing, self._lengths + missing)

    def begin(self, out: BinaryIO) -> None:
        """Write the head of the element and room for the basic table."""
        out.write(_EXPLICIT_LITTLE.head(PIXEL_DATA, "OB", None))
        length = 4 * self._frame_count if self.kind is OffsetTable.BASIC else 0
        out.write(_EXPLICIT_LITTLE.head(ITEM, "", length))
        self._table_at = out.tell()
        out.write(bytes(length))

    def add(self, out: BinaryIO, content: bytes | memoryview) -> None:
        """Write a frame.

        Raises
        ------
        CannotTranscode
            If it is too long for a fragment, or lies too far for its offset table.
        """
        if len(content) > MOST_ELEMENT_BYTES:
            raise CannotTranscode(f"a compressed frame takes {len(content):,} bytes: too many")
        if self.kind is OffsetTable.BASIC and self._next > _MOST_BASIC_OFFSET:
            raise CannotTranscode("its frames take more than 4 GiB: needs an extended offset table")
        length = len(content) + len(content) % 2
        out.write(_EXPLICIT_LITTLE.head(ITEM, "", length))
        out.write(content)
        out.write(bytes(len(content) % 2))
        self._offsets.append(self._next)
        self._lengths.append(len(content))
        self._next += _ITEM_HEAD_BYTES + length

    def end(self, out: BinaryIO) -> None:
        """Write the delimiter, and the basic table into its room."""
        out.write(_EXPLICIT_LITTLE.head(SEQUENCE_END, "", 0))
        if self.kind is OffsetTable.BASIC:
            end = out.tell()
            out.seek(self._table_at)
            out.write(struct.pack(f"<{len(self._offsets)}L", *self._offsets))
            out.seek(end)
