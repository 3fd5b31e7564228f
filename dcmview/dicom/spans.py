"""Where the top-level elements of a file lie, so that others can be put between them.

Nothing is converted, and nothing is mended: a copy of a file is to be the file,
byte for byte, so what cannot be followed to the pixel data is refused.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dcmview.dicom.chain import ChainReader
from dcmview.dicom.chain_layouts import SYNTAX_SLOT
from dcmview.dicom.sniff import HEAD_BYTES, LONG_VRS, SHORT_VRS, sniff
from dcmview.dicom.source import inflate
from dcmview.dicom.transfer import transfer_syntax
from dcmview.errors import Unreadable

if TYPE_CHECKING:
    from dcmview.dicom.sniff import Encoding
    from dcmview.dicom.source import ByteSource, MemorySource

_UNDEFINED_LENGTH = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_FIRST_PIXELS, _LAST_PIXELS = 0x7FE00001, 0x7FE00010
_SHORTEST_HEAD_BYTES, _LONGEST_HEAD_BYTES = 8, 12
_BLOCK_BYTES = 16 * 1024
_MOST_LEVELS = 32
_MOST_ELEMENTS = 1_000_000


GROUP_LENGTH, SPECIFIC_CHARACTER_SET, SOP_INSTANCE_UID = 0x00080000, 0x00080005, 0x00080018
META_LENGTH, MEDIA_STORAGE_UID = 0x00020000, 0x00020003
_WANTED = (GROUP_LENGTH, SPECIFIC_CHARACTER_SET, SOP_INSTANCE_UID)

_CHAIN_HEAD_BYTES = 16 * 1024
_CHAIN_SLOTS = {
    b"\x02\0\x10\0": (SYNTAX_SLOT, (b"UI",)),
    b"\x02\0\x00\0": (1, (b"UL",)),
    b"\x02\0\x03\0": (2, (b"UI",)),
    b"\x08\0\x05\0": (3, (b"CS",)),
    b"\x08\0\x00\0": (4, (b"UL",)),
    b"\x08\0\x18\0": (5, (b"UI",)),
}
_CHAIN_TAGS = (
    META_LENGTH,
    MEDIA_STORAGE_UID,
    SPECIFIC_CHARACTER_SET,
    GROUP_LENGTH,
    SOP_INSTANCE_UID,
)
"""Those of the slots from 1 on."""
_DECLINED = frozenset(
    (
        *(group.to_bytes(2, "little") for group in range(0x6000, 0x7FE0)),
        *(bytes((0xE0, 0x7F, number, 0)) for number in range(0x10)),
    )
)
"""What stands where planes are put, or beside them: then every element is looked at."""


@dataclass(frozen=True, slots=True)
class Spans:
    """Where elements before the pixel data begin, and how they are encoded.

    Attributes
    ----------
    begins : dict
        Offset of top-level elements by tag, in order: all from group 6000 to the pixel data,
        and of one that is there twice the first.
    values : dict
        Offset and length of the values of `GROUP_LENGTH` of group 0008,
        `SPECIFIC_CHARACTER_SET` and `SOP_INSTANCE_UID`.
    meta : dict
        The same of `META_LENGTH` and `MEDIA_STORAGE_UID`, in the file.
    explicit, little_endian : bool
        How the data set is encoded.
    dataset_offset : int
        Where the data set of a deflated file begins, in the file; 0 in any other.
    inflated : MemorySource or None
        What other offsets speak of where the file is deflated.
    """

    begins: dict[int, int]
    values: dict[int, tuple[int, int]]
    meta: dict[int, tuple[int, int]]
    explicit: bool
    little_endian: bool
    dataset_offset: int = 0
    inflated: MemorySource | None = None

    def place_of(self, tag: int) -> int:
        """The offset at which an element from group 6000 on belongs that is not there."""
        return next(begin for other, begin in self.begins.items() if other > tag)


def read_spans(source: ByteSource) -> Spans:
    """Walk from the beginning of the data set to the pixel data.

    Parameters
    ----------
    source : ByteSource
        The opened file.

    Raises
    ------
    Unreadable
        If the walk ends before pixel data: there are none, or the header is damaged.
    """
    head = source.pread(0, _CHAIN_HEAD_BYTES)
    found = _chain_spans(head, source)
    if found is not None:
        return found
    encoding = sniff(head[:HEAD_BYTES])
    if encoding is None:
        raise Unreadable("no DICOM data set")
    explicit, little, begin = encoding.explicit, encoding.little_endian, encoding.dataset_offset
    meta = _read_meta(source, encoding)
    inflated = None
    dataset_offset = 0
    data: ByteSource = source
    if transfer_syntax(encoding.transfer_syntax_uid).deflated:
        data = inflated = inflate(source, begin)
        explicit, little, begin, dataset_offset = True, True, 0, begin
        if not inflated.is_whole:
            raise Unreadable("the deflated data set ends early, or is too large")
    walk = _Walk(data, little_endian=little)
    begins: dict[int, int] = {}
    values: dict[int, tuple[int, int]] = {}
    offset = begin
    tag = -1
    while not _FIRST_PIXELS <= tag <= _LAST_PIXELS:
        tag, vr, length, value_offset = walk.element(offset, explicit=explicit)
        if begins.setdefault(tag, offset) == offset and tag in _WANTED:
            values[tag] = value_offset, length
        offset = value_offset + length
        if length == _UNDEFINED_LENGTH and not _FIRST_PIXELS <= tag <= _LAST_PIXELS:
            offset = walk.end_of_sequence(value_offset, vr, explicit=explicit, level=0)
    return Spans(begins, values, meta, explicit, little, dataset_offset, inflated)


_chains = ChainReader(_CHAIN_SLOTS, len(_CHAIN_SLOTS), _DECLINED, notes_offsets=True)


def _chain_spans(head: bytes, source: ByteSource) -> Spans | None:
    """Read a plain file, most of whose elements are like those of the last ones."""
    chain = _chains.read(head, source.size, source.pread)
    if chain is None or not chain.pixel_offset:
        return None
    explicit = chain.pixel_vr is not None
    begins: dict[int, int] = {}
    values: dict[int, tuple[int, int]] = {}
    meta: dict[int, tuple[int, int]] = {}
    for tag, found, value, offset in zip(
        _CHAIN_TAGS,
        (meta, meta, values, values, values),
        chain.values[1:],
        chain.offsets[1:],
        strict=True,
    ):
        if value is not None:
            found[tag] = offset, len(value)
            if found is values:
                begins[tag] = offset - _SHORTEST_HEAD_BYTES
    begins[_LAST_PIXELS] = chain.pixel_offset - (12 if explicit else 8)
    return Spans(begins, values, meta, explicit, little_endian=True)


def _read_meta(source: ByteSource, encoding: Encoding) -> dict[int, tuple[int, int]]:
    """Where the values of group 0002 lie, which is in Explicit VR Little Endian always."""
    found: dict[int, tuple[int, int]] = {}
    if encoding.meta_offset is None:
        return found
    walk = _Walk(source, little_endian=True)
    offset = encoding.meta_offset
    while offset < encoding.dataset_offset:
        tag, _, length, value_offset = walk.element(offset, explicit=True)
        if tag in (META_LENGTH, MEDIA_STORAGE_UID):
            found[tag] = value_offset, length
        offset = value_offset + length
    return found


_Element = tuple[int, bytes, int, int]
"""Tag, VR, length and offset of the value."""


class _Walk:
    """Steps from element to element of a data set."""

    def __init__(self, source: ByteSource, *, little_endian: bool) -> None:
        self._source = source
        order = "<" if little_endian else ">"
        self._explicit = struct.Struct(order + "HH2sH").unpack_from
        self._implicit = struct.Struct(order + "HHL").unpack_from
        self._long = struct.Struct(order + "L").unpack_from
        self._block = b""
        self._block_offset = 0
        self._left = _MOST_ELEMENTS

    def element(self, offset: int, *, explicit: bool) -> _Element:
        self._left -= 1
        at = offset - self._block_offset
        if not 0 <= at <= len(self._block) - _LONGEST_HEAD_BYTES:
            self._block = self._source.pread(offset, _BLOCK_BYTES)
            self._block_offset, at = offset, 0
            if len(self._block) < _SHORTEST_HEAD_BYTES:
                self._left = -1
        if self._left < 0:
            raise Unreadable("its header cannot be followed to the pixel data: it ends early")
        if explicit:
            group, number, vr, length = self._explicit(self._block, at)
            if vr in SHORT_VRS:
                return group << 16 | number, vr, length, offset + 8
            if group != _ITEM >> 16:
                if vr in LONG_VRS and len(self._block) - at >= _LONGEST_HEAD_BYTES:
                    return group << 16 | number, vr, self._long(self._block, at + 8)[0], offset + 12
                raise Unreadable(f"its header is damaged at ({group:04X},{number:04X}): no such VR")
        group, number, length = self._implicit(self._block, at)
        return group << 16 | number, b"", length, offset + 8

    def end_of_sequence(self, offset: int, vr: bytes, *, explicit: bool, level: int) -> int:
        """Where a sequence of undefined length ends: it has to be gone through."""
        if level > _MOST_LEVELS:
            raise Unreadable("its header has sequences in sequences without end")
        # PS3.5 6.2.2: a value of VR UN and undefined length is a sequence in implicit VR.
        explicit = explicit and vr != b"UN"
        while True:
            tag, _, length, offset = self.element(offset, explicit=explicit)
            if tag == _SEQUENCE_END:
                return offset
            if tag != _ITEM:
                raise Unreadable("its header is damaged: a sequence holds no items")
            if length != _UNDEFINED_LENGTH:
                offset += length
                continue
            while tag != _ITEM_END:
                tag, nested_vr, length, offset = self.element(offset, explicit=explicit)
                if length == _UNDEFINED_LENGTH:
                    offset = self.end_of_sequence(
                        offset, nested_vr, explicit=explicit, level=level + 1
                    )
                elif tag != _ITEM_END:
                    offset += length
