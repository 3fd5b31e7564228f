"""The data elements of a file as they lie in it: nothing is converted, nothing is mended.

What cannot be followed to its end is refused, since a copy that leaves something
out would do so silently.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dcmview.dicom.sniff import LONG_VRS, SHORT_VRS
from dcmview.errors import Truncated, Unreadable
from dcmview.transcoding.vrs import PrivateBlocks, dictionary_vr

if TYPE_CHECKING:
    from dcmview.dicom.source import ByteSource

ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
UNDEFINED_LENGTH = 0xFFFFFFFF
PIXEL_DATA = 0x7FE00010
PIXEL_TAGS = frozenset((PIXEL_DATA, 0x7FE00008, 0x7FE00009))
"""Pixel Data, Float Pixel Data and Double Float Pixel Data."""
ICON_IMAGE_SEQUENCE = 0x00880200

_BLOCK_BYTES = 64 * 1024
_MOST_LEVELS = 32
_MOST_ELEMENTS = 4_000_000
"""An enhanced object of ten thousand frames has one million."""


@dataclass(slots=True, eq=False)
class Element:
    """One data element, by its place in the source.

    ``vr`` is empty for items and may be a choice (``US or SS``) where the
    source does not write it, as ``is_implicit`` says. ``length`` is None where it
    is undefined. Only sequences that were gone through have ``items``.
    """

    tag: int
    vr: str
    begin: int
    value: int
    length: int | None
    end: int
    items: list[Item] | None = None
    is_encapsulated: bool = False
    is_implicit: bool = False


@dataclass(slots=True, eq=False)
class Item:
    """One item of a sequence; without length, its end is marked."""

    elements: list[Element]
    has_length: bool


class Walk:
    """Steps from element to element of a data set.

    Parameters
    ----------
    source : ByteSource
        The file, or the inflated part of it.
    explicit, little_endian : bool
        How it is encoded.
    is_deep : bool
        Whether all sequences are gone through, not only those without a length.
    knows_unknown : bool
        Whether UN is taken for what the dictionaries know it to be.

    References
    ----------
    DICOM PS3.5 7.1, Data Elements.
    DICOM PS3.5 7.5, Nesting of Data Sets.
    """

    def __init__(
        self,
        source: ByteSource,
        *,
        explicit: bool,
        little_endian: bool,
        is_deep: bool,
        knows_unknown: bool = False,
    ) -> None:
        self._source = source
        self._knows_unknown = knows_unknown
        self._little_endian = little_endian
        self._explicit = explicit
        self._is_deep = is_deep
        self._set_order(little_endian)
        self._block = b""
        self._block_offset = 0
        self._left = _MOST_ELEMENTS

    def _set_order(self, little_endian: bool) -> None:
        order = "<" if little_endian else ">"
        self._tag = struct.Struct(order + "HH")
        self._short, self._long = struct.Struct(order + "H"), struct.Struct(order + "L")

    def dataset(self, begin: int, end: int | None = None) -> list[Element]:
        """Give the elements from an offset to an end, or to that of the source.

        Zeros after the last element are no part of the data set.

        Raises
        ------
        Unreadable
            If the elements cannot be followed to the end.
        Truncated
            If the last one ends early.
        """
        elements: list[Element] = []
        blocks = PrivateBlocks()
        offset = begin
        end = self._source.size if end is None else end
        while offset < end:
            if elements and self._is_padding(offset):
                break
            element = self._element(offset, blocks, self._explicit, 0)
            if element.tag >> 16 == ITEM >> 16:
                raise _damaged(element.tag, "an item outside a sequence")
            elements.append(element)
            offset = element.end
        return elements

    def _is_padding(self, offset: int) -> bool:
        if self._read(offset, 4).strip(b"\0"):
            return False
        while piece := self._source.pread(offset, _BLOCK_BYTES):
            if piece.strip(b"\0"):
                return False
            offset += len(piece)
        return True

    def _element(self, offset: int, blocks: PrivateBlocks, explicit: bool, level: int) -> Element:
        tag, vr, length, value = self._head(offset, explicit)
        if tag >> 16 == ITEM >> 16:
            return Element(tag, "", offset, value, length, value)
        if not explicit:
            vr = dictionary_vr(tag, blocks) if tag != PIXEL_DATA else "OB or OW"
        is_private_creator = tag >> 16 & 1 and 0x10 <= tag & 0xFFFF <= 0xFF
        if is_private_creator and length is not None:
            blocks.reserve(tag, self._source.pread(value, min(length, 64)))
        if length is None:
            element = Element(tag, vr, offset, value, None, value, is_implicit=not explicit)
            self._find_end(element, explicit, level)
            return element
        end = value + length
        if end > self._source.size:
            raise Truncated(f"the file ends within ({tag >> 16:04X},{tag & 0xFFFF:04X})")
        element = Element(tag, vr, offset, value, length, end, is_implicit=not explicit)
        if vr == "UN" and explicit and self._knows_unknown:
            self._know(element, blocks, level)
        elif vr == "SQ" and (self._is_deep or tag == ICON_IMAGE_SEQUENCE):
            self._go_through(element, explicit, level)
        return element

    def _go_through(self, element: Element, explicit: bool, level: int) -> None:
        try:
            element.items, end = self._items(element.value, element.end, explicit, level)
        except (Truncated, Unreadable):
            if explicit:
                raise
            element.vr = "UN"  # the dictionary is wrong about what the file holds
            return
        if end != element.end:
            if explicit:
                raise _damaged(element.tag, "its items do not fill it")
            element.items, element.vr = None, "UN"

    def _find_end(self, element: Element, explicit: bool, level: int) -> None:
        """Go through an element of undefined length."""
        vr = element.vr
        # Some writers compress in a data set of implicit VR, which has no such syntax.
        is_pixel_data = element.tag == PIXEL_DATA and level == 0
        if is_pixel_data or (explicit and vr in ("OB", "OW")):
            element.is_encapsulated = True
            element.end = self._end_of_fragments(element, is_last=level == 0)
        elif explicit and vr == "UN":
            items, element.end = self._unknown_items(element.value, None, level)
            if self._knows_unknown:
                element.vr, element.items, element.is_implicit = "SQ", items, True
        elif explicit and vr != "SQ":
            raise _damaged(element.tag, f"{vr} of undefined length")
        else:
            element.vr = "SQ"
            element.items, element.end = self._items(element.value, None, explicit, level)

    def _know(self, element: Element, blocks: PrivateBlocks, level: int) -> None:
        """Take a value that a writer did not know for what it is."""
        vr = dictionary_vr(element.tag, blocks)
        if vr == "SQ":
            try:
                element.items, end = self._unknown_items(element.value, element.end, level)
            except (Truncated, Unreadable):
                return
            if end != element.end:
                element.items = None
                return
        element.vr, element.is_implicit = vr, True

    def _unknown_items(self, offset: int, end: int | None, level: int) -> tuple[list[Item], int]:
        """Items in VR UN: in implicit VR little endian, whatever is around them (PS3.5 6.2.2)."""
        self._set_order(True)
        try:
            return self._items(offset, end, False, level)
        finally:
            self._set_order(self._little_endian)

    def _items(
        self, offset: int, end: int | None, explicit: bool, level: int
    ) -> tuple[list[Item], int]:
        """Items up to an end, or to the delimiter where none is given, and where they end."""
        if level >= _MOST_LEVELS:
            raise Unreadable("its header has sequences in sequences without end")
        items: list[Item] = []
        while end is None or offset < end:
            tag, _, length, value = self._head(offset, False)
            if tag == SEQUENCE_END:
                return items, value
            if tag != ITEM:
                raise _damaged(tag, "a sequence holds no items")
            elements, offset = self._item(value, length, explicit, level)
            items.append(Item(elements, length is not None))
        return items, offset

    def _item(
        self, offset: int, length: int | None, explicit: bool, level: int
    ) -> tuple[list[Element], int]:
        elements: list[Element] = []
        blocks = PrivateBlocks()
        end = None if length is None else offset + length
        while end is None or offset < end:
            element = self._element(offset, blocks, explicit, level + 1)
            if element.tag == ITEM_END and end is None:
                return elements, element.value
            if element.tag >> 16 == ITEM >> 16:
                raise _damaged(element.tag, "an item outside a sequence")
            elements.append(element)
            offset = element.end
        if offset != end:
            raise Unreadable("its header is damaged: the elements of an item do not fill it")
        return elements, offset

    def _end_of_fragments(self, element: Element, *, is_last: bool) -> int:
        """Where an encapsulated value ends; the last of a file may lack its delimiter."""
        offset = element.value
        is_odd = False
        while True:
            if is_last and offset + 8 > self._source.size:
                return self._source.size
            tag, _, length, value = self._head(offset, False)
            if tag == SEQUENCE_END:
                return value
            if tag != ITEM or length is None:
                if not is_odd:
                    raise _damaged(element.tag, "its fragments cannot be followed")
                offset, is_odd = offset + 1, False  # a pad byte that an odd length left out
                continue
            offset = value + length
            is_odd = length % 2 == 1

    def _head(self, offset: int, explicit: bool) -> tuple[int, str, int | None, int]:
        """Tag, VR, length and offset of the value of what begins at an offset."""
        self._left -= 1
        if self._left < 0:
            raise Unreadable(f"its header has more than {_MOST_ELEMENTS:,} elements")
        head = self._read(offset, 12)
        if len(head) < 8:
            raise Truncated("its header ends early")
        group, number = self._tag.unpack_from(head)
        tag = group << 16 | number
        if not explicit or group == ITEM >> 16:
            length = self._long.unpack_from(head, 4)[0]
            return tag, "", None if length == UNDEFINED_LENGTH else length, offset + 8
        vr = head[4:6]
        if vr in SHORT_VRS:
            return tag, vr.decode(), self._short.unpack_from(head, 6)[0], offset + 8
        if vr in LONG_VRS and len(head) == 12:
            length = self._long.unpack_from(head, 8)[0]
            return tag, vr.decode(), None if length == UNDEFINED_LENGTH else length, offset + 12
        raise _damaged(tag, "no such VR")

    def _read(self, offset: int, length: int) -> bytes:
        at = offset - self._block_offset
        if not 0 <= at <= len(self._block) - length:
            self._block = self._source.pread(offset, _BLOCK_BYTES)
            self._block_offset, at = offset, 0
        return self._block[at : at + length]


def _damaged(tag: int, how: str) -> Unreadable:
    return Unreadable(f"its header is damaged at ({tag >> 16:04X},{tag & 0xFFFF:04X}): {how}")
