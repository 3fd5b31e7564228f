"""Compressed icons of a file: rewritten without compression, since no other syntax has their codec.

The pixel data of an icon may be native whatever the transfer syntax of the file, and
is at most 128 by 128 pixels.

References
----------
DICOM PS3.3 C.7.6.1.1.6, Icon Image Sequence.
DICOM PS3.5 A.4, Transfer Syntaxes For Encapsulation of Encoded Pixel Data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcmview.dicom.sniff import HEAD_BYTES, PREAMBLE_BYTES, PREFIX, sniff
from dcmview.dicom.source import MemorySource
from dcmview.errors import CannotTranscode, DcmviewError
from dcmview.transcoding.dataset import Encoding, NewElement
from dcmview.transcoding.elements import ICON_IMAGE_SEQUENCE, PIXEL_TAGS, Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dcmview.dicom.source import ByteSource
    from dcmview.transcoding.elements import Element, Item

    Decompress = Callable[[bytes], bytes]
    """Makes a file in Explicit VR Little Endian of a compressed one."""

MOST_ICON_BYTES = 16 << 20
"""Icons are small; what is larger is none."""
_LOSS = frozenset((0x00282110, 0x00282112, 0x00282114))
_EXPLICIT = Encoding()


def compressed_icons(elements: Sequence[Element]) -> list[Element]:
    """Give the icon sequence of a data set, if what is in it is compressed.

    Raises
    ------
    CannotTranscode
        If another sequence that was gone through holds compressed pixel data.
    """
    found = []
    for element in elements:
        if element.tag == ICON_IMAGE_SEQUENCE and any(map(_is_compressed, element.items or ())):
            found.append(element)
        elif _holds_compressed(element.items or ()):
            where = f"({element.tag >> 16:04X},{element.tag & 0xFFFF:04X})"
            raise CannotTranscode(
                f"compressed pixel data inside a sequence {where} that is no icon of the file"
            )
    return found


def native_icons(
    source: ByteSource, element: Element, syntax_uid: str, decompress: Decompress
) -> NewElement:
    """Give an icon sequence without compression.

    Raises
    ------
    CannotTranscode
        If an icon cannot be decoded.
    """
    try:
        items = tuple(_native(source, item, syntax_uid, decompress) for item in element.items or ())
    except DcmviewError as exc:
        raise CannotTranscode(f"its icon image: {exc.message}") from exc
    return NewElement(element.tag, "SQ", items=items)


def _native(
    source: ByteSource, item: Item, syntax_uid: str, decompress: Decompress
) -> tuple[NewElement, ...]:
    """Make a file of an icon, and take from what becomes of it all but the meta information."""
    if any(element.is_implicit for element in item.elements):
        raise CannotTranscode("it is compressed in implicit VR")
    begin, end = item.elements[0].begin, item.elements[-1].end
    if end - begin > MOST_ICON_BYTES:
        raise CannotTranscode(f"it has more than {MOST_ICON_BYTES >> 20} MB")
    syntax = NewElement(0x00020010, "UI", syntax_uid.encode())
    content = decompress(
        bytes(PREAMBLE_BYTES)
        + PREFIX
        + syntax.encoded(_EXPLICIT)
        + source.pread(begin, end - begin)
    )
    made = MemorySource(content)
    found = sniff(made.pread(0, HEAD_BYTES))
    assert found is not None
    walk = Walk(made, explicit=True, little_endian=True, is_deep=True)
    told = {element.tag for element in item.elements}
    # A JPEG image has lost something, which its icon does not have to say.
    return tuple(
        _copied(made, element)
        for element in walk.dataset(found.dataset_offset)
        if element.tag in told or element.tag not in _LOSS
    )


def _copied(source: ByteSource, element: Element) -> NewElement:
    if element.items is not None:
        items = tuple(
            tuple(_copied(source, each) for each in item.elements) for item in element.items
        )
        return NewElement(element.tag, "SQ", items=items)
    value = source.pread(element.value, element.end - element.value)
    return NewElement(element.tag, element.vr, value)


def _is_compressed(item: Item) -> bool:
    return any(each.is_encapsulated and each.tag in PIXEL_TAGS for each in item.elements)


def _holds_compressed(items: Sequence[Item]) -> bool:
    return any(
        _is_compressed(item) or any(_holds_compressed(each.items or ()) for each in item.elements)
        for item in items
    )
