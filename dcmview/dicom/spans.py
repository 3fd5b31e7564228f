"""Where the top-level elements of a file lie, so that others can be put between them.

Nothing is converted, and nothing is mended: a copy of a file is to be the file,
byte for byte, so what cannot be followed to the pixel data is refused.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dcmview.dicom.sniff import HEAD_BYTES, LONG_VRS, SHORT_VRS, sniff
from dcmview.dicom.source import inflate
from dcmview.dicom.transfer import transfer_syntax
from dcmview.errors import Unreadable

if TYPE_CHECKING:
    from dcmview.dicom.source import ByteSource, MemorySource

_UNDEFINED_LENGTH = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_FIRST_PIXELS, _LAST_PIXELS = 0x7FE00001, 0x7FE00010
_BLOCK_BYTES = 64 * 1024
_MOST_LEVELS = 32
_MOST_ELEMENTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Spans:
    """Where the elements before the pixel data begin, and how they are encoded.

    Attributes
    ----------
    begins : dict
        Offset of each top-level element up to the pixel data, by tag, in order.
    values : dict
        Offset and length of the values of those that are asked for.
    dataset_offset : int
        Where the data set begins; of a deflated file, in the file.
    inflated : MemorySource or None
        What offsets speak of where the file is deflated.
    """

    begins: dict[int, int]
    values: dict[int, tuple[int, int]]
    explicit: bool
    little_endian: bool
    dataset_offset: int
    inflated: MemorySource | None = None

    def place_of(self, tag: int) -> int:
        """The offset at which an element belongs that is not there."""
        return next(begin for other, begin in self.begins.items() if other > tag)


def read_spans(source: ByteSource, wanted: frozenset[int] = frozenset()) -> Spans:
    """Walk from the beginning of the data set to the pixel data.

    Parameters
    ----------
    source : ByteSource
        The opened file.
    wanted : frozenset of int
        Tags whose values are to be found.

    Raises
    ------
    Unreadable
        If the walk ends before pixel data: there are none, or the header is damaged.
    """
    encoding = sniff(source.pread(0, HEAD_BYTES))
    if encoding is None:
        raise Unreadable("no DICOM data set")
    explicit, little, begin = encoding.explicit, encoding.little_endian, encoding.dataset_offset
    inflated = None
    data: ByteSource = source
    if transfer_syntax(encoding.transfer_syntax_uid).deflated:
        data = inflated = inflate(source, begin)
        explicit, little, begin = True, True, 0
        if not inflated.is_whole:
            raise Unreadable("the deflated data set ends early, or is too large")
    walk = _Walk(data, little_endian=little)
    begins: dict[int, int] = {}
    values: dict[int, tuple[int, int]] = {}
    offset = begin
    while True:
        element = walk.element(offset, explicit=explicit)
        begins[element.tag] = offset
        if element.tag in wanted:
            values[element.tag] = element.value_offset, element.length
        if _FIRST_PIXELS <= element.tag <= _LAST_PIXELS:
            break
        offset = walk.end_of(element, explicit=explicit, level=0)
    return Spans(begins, values, explicit, little, encoding.dataset_offset, inflated)


@dataclass(frozen=True, slots=True)
class _Element:
    tag: int
    vr: bytes
    length: int
    value_offset: int


class _Walk:
    """Steps from element to element of a data set."""

    def __init__(self, source: ByteSource, *, little_endian: bool) -> None:
        self._source = source
        order = "<" if little_endian else ">"
        self._tag = struct.Struct(order + "HH")
        self._short, self._long = struct.Struct(order + "H"), struct.Struct(order + "L")
        self._block = b""
        self._block_offset = 0
        self._left = _MOST_ELEMENTS

    def element(self, offset: int, *, explicit: bool) -> _Element:
        self._left -= 1
        head = self._read(offset, 12)
        if len(head) < 8 or self._left < 0:
            raise Unreadable("its header cannot be followed to the pixel data: it ends early")
        group, number = self._tag.unpack_from(head)
        tag = group << 16 | number
        if not explicit or group == _ITEM >> 16:
            return _Element(tag, b"", self._long.unpack_from(head, 4)[0], offset + 8)
        vr = head[4:6]
        if vr in SHORT_VRS:
            return _Element(tag, vr, self._short.unpack_from(head, 6)[0], offset + 8)
        if vr in LONG_VRS and len(head) == 12:
            return _Element(tag, vr, self._long.unpack_from(head, 8)[0], offset + 12)
        raise Unreadable(f"its header is damaged at ({group:04X},{number:04X}): no such VR")

    def end_of(self, element: _Element, *, explicit: bool, level: int) -> int:
        """Where an element ends; one of undefined length has to be gone through."""
        if element.length != _UNDEFINED_LENGTH:
            return element.value_offset + element.length
        if level > _MOST_LEVELS:
            raise Unreadable("its header has sequences in sequences without end")
        # PS3.5 6.2.2: a value of VR UN and undefined length is a sequence in implicit VR.
        explicit = explicit and element.vr != b"UN"
        offset = element.value_offset
        while True:
            item = self.element(offset, explicit=explicit)
            offset = item.value_offset
            if item.tag == _SEQUENCE_END:
                return offset
            if item.tag != _ITEM:
                raise Unreadable("its header is damaged: a sequence holds no items")
            if item.length != _UNDEFINED_LENGTH:
                offset += item.length
                continue
            while (nested := self.element(offset, explicit=explicit)).tag != _ITEM_END:
                offset = self.end_of(nested, explicit=explicit, level=level + 1)
            offset = nested.value_offset

    def _read(self, offset: int, length: int) -> bytes:
        at = offset - self._block_offset
        if not 0 <= at <= len(self._block) - length:
            self._block = self._source.pread(offset, _BLOCK_BYTES)
            self._block_offset, at = offset, 0
        return self._block[at : at + length]
