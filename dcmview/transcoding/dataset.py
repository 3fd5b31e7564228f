"""The elements of a file written in another encoding, or in the same with a few of them changed.

In the same encoding every element that does not change is copied byte for byte.
In another one the values stay what they are: text is never decoded, numbers only
change their byte order. Lengths are known before a byte is written, so nothing is
gathered in memory.

References
----------
DICOM PS3.5 7.1, Data Elements.
DICOM PS3.5 A, Transfer Syntax Specifications.
"""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dcmview.dicom.sniff import LONG_VRS
from dcmview.errors import CannotTranscode, Truncated
from dcmview.transcoding.elements import (
    ITEM,
    ITEM_END,
    PIXEL_DATA,
    PIXEL_TAGS,
    SEQUENCE_END,
    UNDEFINED_LENGTH,
)
from dcmview.transcoding.vrs import MOST_SHORT_BYTES, SWAP_UNITS, fits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dcmview.dicom.source import ByteSource
    from dcmview.transcoding.elements import Element, Item

PIECE_BYTES = 1 << 20  # whole units of every VR
_PIXEL_REPRESENTATION, _LUT_DESCRIPTOR = 0x00280103, 0x00283002
_BITS_ALLOCATED, _WAVEFORM_BITS_ALLOCATED = 0x00280100, 0x54001004
_WAVEFORM_TAGS = frozenset((0x54000110, 0x54000112, 0x5400100A, 0x54001010))
_LONG_VRS = frozenset(vr.decode() for vr in LONG_VRS)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a data set is encoded."""

    explicit: bool = True
    little_endian: bool = True

    @property
    def order(self) -> str:
        """The byte order in the letters of `struct`."""
        return "<" if self.little_endian else ">"

    def head(self, tag: int, vr: str, length: int | None) -> bytes:
        """Write tag, VR and length of an element or item; None is the undefined length."""
        number = UNDEFINED_LENGTH if length is None else length
        group, element = tag >> 16, tag & 0xFFFF
        if not self.explicit or group == ITEM >> 16:
            return struct.pack(f"{self.order}HHL", group, element, number)
        if vr in _LONG_VRS:
            return struct.pack(f"{self.order}HH2s2xL", group, element, vr.encode(), number)
        return struct.pack(f"{self.order}HH2sH", group, element, vr.encode(), number)

    def head_bytes(self, vr: str) -> int:
        """Length of what `head` gives."""
        return 12 if self.explicit and vr in _LONG_VRS else 8


@dataclass(frozen=True, slots=True)
class NewElement:
    """An element to be put in, with its value in little endian or with items.

    ``is_appended`` says that the items come after those that are there already.
    """

    tag: int
    vr: str
    value: bytes = b""
    items: tuple[tuple[NewElement, ...], ...] = ()
    is_appended: bool = False

    def encoded(self, encoding: Encoding) -> bytes:
        """Write the element, its value padded to an even length."""
        if self.vr == "SQ":
            content = self.encoded_items(encoding)
        else:
            content = self.value + bytes(len(self.value) % 2)
            if not encoding.little_endian:
                content = swapped(content, SWAP_UNITS.get(self.vr, 1))
        return encoding.head(self.tag, self.vr, len(content)) + content

    def encoded_items(self, encoding: Encoding) -> bytes:
        """Write the items alone."""
        content = b""
        for item in self.items:
            elements = b"".join(element.encoded(encoding) for element in item)
            content += encoding.head(ITEM, "", len(elements)) + elements
        return content


Changes = dict[int, NewElement | None]
"""What a copy has instead of the elements of its source; None takes one out."""


def swapped(content: bytes, unit: int) -> bytes:
    """Reverse the bytes of each unit; what does not fill one at the end stays."""
    if unit == 1:
        return content
    whole = len(content) - len(content) % unit
    array = np.frombuffer(content, f"<u{unit}", whole // unit).byteswap()
    return array.tobytes() + content[whole:]


class DatasetCopy:
    """The elements of a file on their way into another encoding.

    Parameters
    ----------
    source : ByteSource
        What the places of the elements speak of.
    elements : sequence of Element
        Those of the whole data set; every sequence gone through, if the encoding changes.
    encoding, target : Encoding
        That of the source, and that of the copy.
    replaced : sequence of Element
        Those that `head` will be given others for.

    Raises
    ------
    CannotTranscode
        If a value has no form in the target.
    """

    def __init__(
        self,
        source: ByteSource,
        elements: Sequence[Element],
        encoding: Encoding,
        target: Encoding,
        replaced: Sequence[Element] = (),
    ) -> None:
        self._source = source
        self._elements = elements
        self._from, self._to = encoding, target
        self._is_same = encoding == target
        self._vrs: dict[Element, str] = {}
        self._lengths: dict[Element, int | None] = {}
        self._item_lengths: dict[Item, int] = {}
        if not self._is_same:
            self._plan([each for each in elements if each not in replaced], ())

    def head(self, changes: Changes) -> Iterator[bytes]:
        """Give the elements before the pixel data, all where there are none."""
        touched = {tag >> 16 for tag in changes}
        elements = list(
            itertools.takewhile(lambda each: each.tag not in PIXEL_TAGS, self._elements)
        )
        # Some files are not in order, so what is there is changed in its place.
        there = {element.tag for element in elements}
        left = {tag for tag, change in changes.items() if change is not None}
        new = sorted(left - there)
        for element in elements:
            while new and new[0] < element.tag:
                yield from self._added(changes, new.pop(0))
            if element.tag in changes:
                if element.tag in left:
                    left.remove(element.tag)
                    yield from self._changed(changes[element.tag], element)
                continue
            is_group_length = element.tag & 0xFFFF == 0
            if is_group_length and (not self._is_same or element.tag >> 16 in touched):
                continue  # it would not be true any more, and is retired (PS3.5 7.2)
            yield from self._element(element)
        for tag in new:
            yield from self._added(changes, tag)

    def tail(self) -> Iterator[bytes]:
        """Give the elements after the pixel data."""
        is_after = False
        for element in self._elements:
            if is_after and (self._is_same or element.tag & 0xFFFF):
                yield from self._element(element)
            is_after = is_after or element.tag in PIXEL_TAGS

    def value(self, element: Element, unit: int) -> Iterator[bytes]:
        """Give a value in pieces, in the byte order of the target if that is another."""
        assert element.length is not None
        is_little = element.is_implicit or self._from.little_endian
        if is_little == self._to.little_endian:
            unit = 1
        begin, end = element.value, element.value + element.length
        while begin < end:
            piece = self._source.pread(begin, min(PIECE_BYTES, end - begin))
            begin += len(piece)
            if not piece or (len(piece) < PIECE_BYTES and begin < end):
                raise Truncated("the file ends before its end")
            yield swapped(piece, unit)

    def _added(self, changes: Changes, tag: int) -> Iterator[bytes]:
        change = changes[tag]
        assert change is not None
        yield change.encoded(self._to)

    def _changed(self, change: NewElement | None, element: Element) -> Iterator[bytes]:
        assert change is not None
        if not change.is_appended or element.items is None:
            yield change.encoded(self._to)
            return
        yield self._to.head(element.tag, "SQ", None)
        yield from self._items(element)
        yield change.encoded_items(self._to)
        yield self._to.head(SEQUENCE_END, "", 0)

    # Lengths and VRs of the copy

    def _plan(self, elements: Sequence[Element], around: tuple[Sequence[Element], ...]) -> int:
        """Find VR and length of each element of a level, and give the length of all of them."""
        levels = (elements, *around)
        total = 0
        for element in elements:
            if element.tag & 0xFFFF == 0 or (not around and element.tag in PIXEL_TAGS):
                continue
            vr = self._vrs[element] = self._vr(element, levels)
            if element.is_encapsulated:
                where = f"({element.tag >> 16:04X},{element.tag & 0xFFFF:04X})"
                raise CannotTranscode(f"compressed pixel data inside a sequence {where}")
            content = element.end - element.value
            if vr == "SQ":
                content = sum(self._plan_item(item, levels) for item in element.items or ())
                if element.length is None:
                    content += 8
            length = None if element.length is None else content
            self._lengths[element] = length
            total += self._to.head_bytes(vr) + content
        return total

    def _plan_item(self, item: Item, levels: tuple[Sequence[Element], ...]) -> int:
        content = self._item_lengths[item] = self._plan(item.elements, levels)
        return 8 + content + (0 if item.has_length else 8)

    def _vr(self, element: Element, levels: tuple[Sequence[Element], ...]) -> str:
        """The VR in the target; only what the source does not write has to be found."""
        vr, length = element.vr, element.length
        if not element.is_implicit or length is None or element.items is not None:
            return vr
        if " " in vr:
            vr = self._chosen(element, vr, levels)
        is_long = vr not in _LONG_VRS and length > MOST_SHORT_BYTES
        return "UN" if is_long or not fits(vr, length) else vr

    def _chosen(self, element: Element, vr: str, levels: tuple[Sequence[Element], ...]) -> str:
        """One of several VRs (PS3.5 A.1 and A.2; PS3.3 C.7.6.3, C.11.1, C.10.9)."""
        if vr == "US or SS":
            return "SS" if self._number(_PIXEL_REPRESENTATION, levels) == 1 else "US"
        if "US" in vr:
            return "US" if element.length == 2 and element.tag == 0x00283006 else "OW"
        if element.tag == PIXEL_DATA:
            return "OW" if (self._number(_BITS_ALLOCATED, levels[:1]) or 8) > 8 else "OB"
        if element.tag in _WAVEFORM_TAGS:
            return "OW" if (self._number(_WAVEFORM_BITS_ALLOCATED, levels) or 8) > 8 else "OB"
        if element.tag >> 24 == 0x60:
            return "OW" if self._to.little_endian else "OB"
        # The size of its words is not known; UN keeps them in little endian.
        return "OW" if self._to.little_endian else "UN"

    def _number(self, tag: int, levels: tuple[Sequence[Element], ...]) -> int | None:
        """The value of an element of two bytes in the nearest level that has it."""
        for elements in levels:
            for element in elements:
                if element.tag == tag and element.length == 2:
                    is_little = element.is_implicit or self._from.little_endian
                    value = self._source.pread(element.value, 2)
                    return int.from_bytes(value, "little" if is_little else "big")
        return None

    # Writing

    def _element(self, element: Element) -> Iterator[bytes]:
        if self._is_same:
            yield from self._raw(element.begin, element.end)
            return
        yield self._to.head(element.tag, self._vrs[element], self._lengths[element])
        if self._vrs[element] == "SQ":
            yield from self._items(element)
            if element.length is None:
                yield self._to.head(SEQUENCE_END, "", 0)
        elif element.length is None:
            yield from self._raw(element.value, element.end)  # UN: in implicit VR little endian
        else:
            yield from self.value(element, SWAP_UNITS.get(self._vrs[element], 1))

    def _items(self, element: Element) -> Iterator[bytes]:
        for item in element.items or ():
            if self._is_same:
                content = sum(each.end - each.begin for each in item.elements)
            else:
                content = self._item_lengths[item]
            yield self._to.head(ITEM, "", content if item.has_length else None)
            for each in item.elements:
                if self._is_same or each.tag & 0xFFFF:
                    yield from self._element(each)
            if not item.has_length:
                yield self._to.head(ITEM_END, "", 0)

    def _raw(self, begin: int, end: int) -> Iterator[bytes]:
        while begin < end:
            piece = self._source.pread(begin, min(PIECE_BYTES, end - begin))
            if not piece:
                raise Truncated("the file ends before its end")
            begin += len(piece)
            yield piece
