"""A walk along the chain of elements: the bytes around where it is, and what it has found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcmview.dicom.chain_layouts import BLOCK_BYTES, MOST_BLOCKS
from dcmview.dicom.plain import Declined

if TYPE_CHECKING:
    from dcmview.dicom.chain_layouts import Entry, PRead

ITEM = b"\xfe\xff\x00\xe0"
_NUMBER_BYTES = {b"US": 2, b"SS": 2, b"FD": 8}


class FileWalk:
    """A walk along the elements of a file, and what it has found."""

    def __init__(self, head: bytes, size_bytes: int, pread: PRead) -> None:
        self._head = head
        self._block, self._begin = head, 0
        self._pread = pread
        self._blocks = 0
        self.size_bytes = size_bytes
        self.is_little = True
        self.values: list[bytes | None] = []
        self.offsets: list[int] = []
        self.entries: list[Entry] = []

    def note(self, entry: Entry) -> None:
        """Keep an entry that has no value, and that it is there if somebody wants to know."""
        self.entries.append(entry)
        if entry.slot >= 0:
            self.values[entry.slot] = b""

    def header(self, offset: int) -> bytes:
        """Give the first 8 bytes of an element or item as a little endian file has them."""
        header = self.at(offset, 8)
        if self.is_little:
            return header
        tag = header[1::-1] + header[3:1:-1]
        if tag[:2] == ITEM[:2]:
            return tag + header[7:3:-1]
        return tag + header[4:6] + header[7:5:-1]

    def long_header(self, offset: int) -> bytes:
        """Give the 12 bytes of an element whose VR has a long length."""
        header = self.at(offset, 12)
        if self.is_little:
            return header
        return header[1::-1] + header[3:1:-1] + header[4:8] + header[11:7:-1]

    def value(self, offset: int, length: int, vr: bytes) -> bytes:
        """Give a value as a little endian file has it."""
        value = self.at(offset, length)
        if self.is_little or vr not in _NUMBER_BYTES:
            return value
        size = _NUMBER_BYTES[vr]
        return b"".join(value[at : at + size][::-1] for at in range(0, length, size))

    def at(self, offset: int, length: int) -> bytes:
        """Give bytes, fewer where the file ends."""
        if offset + length <= len(self._head):
            return self._head[offset : offset + length]
        begin = offset - self._begin
        is_inside = begin >= 0 and begin + length <= len(self._block)
        if not is_inside and self._begin + len(self._block) < self.size_bytes:
            self._blocks += 1
            if self._blocks > 2 * MOST_BLOCKS or length > BLOCK_BYTES:
                raise Declined
            self._block, self._begin, begin = self._pread(offset, BLOCK_BYTES), offset, 0
        if begin < 0:
            raise Declined
        return self._block[begin : begin + length]
