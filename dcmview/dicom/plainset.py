"""A data set of a few plain elements, read as one of pydicom is: pydicom takes 0.1 s to import.

Holds what `FactsReader` walks over. What is not plain is declined, and pydicom reads it.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, NamedTuple

from dcmview.dicom import plain
from dcmview.dicom.plain import CODECS, Declined

if TYPE_CHECKING:
    from collections.abc import Iterable, KeysView

_CHARACTER_SET = 0x00080005
_PATTERN_BY_VR = {"CS": plain.CS, "DS": plain.ONE_DS, "IS": plain.IS, "UI": plain.UI}
_PAD_BY_VR = {"UI": b"\0"}


class PlainElement(NamedTuple):
    """An element, raw with bytes, or with its values as numbers and text."""

    tag: int
    VR: str
    value: Any
    is_raw: bool = True
    is_little_endian: bool = True


class PlainDataset:
    """What the tolerant readers ask of a data set.

    Parameters
    ----------
    elements : iterable of (tag, VR, value)
        In little endian.

    Raises
    ------
    Declined
        If a value is not plain.
    """

    def __init__(self, elements: Iterable[tuple[int, str, bytes]]) -> None:
        self._raw = {tag: PlainElement(tag, vr, value or None) for tag, vr, value in elements}
        named = self._raw.get(_CHARACTER_SET)
        codec = CODECS.get((named.value or b"").rstrip(b" ") if named is not None else b"")
        if codec is None:
            raise Declined
        self._values = {
            tag: _converted(element, codec) for tag, element in self._raw.items() if element.value
        }

    def get_item(self, tag: int, *, keep_deferred: bool = False) -> PlainElement | None:
        """Give an element with its bytes; nothing is ever deferred."""
        del keep_deferred
        return self._raw.get(tag)

    def __getitem__(self, tag: int) -> PlainElement:
        """Give an element with its values."""
        element = self._raw[tag]
        return element._replace(value=self._values.get(tag), is_raw=False)

    def keys(self) -> KeysView[int]:
        """Give the tags."""
        return self._raw.keys()


def _converted(element: PlainElement, codec: str) -> Any:
    """Give one value, or a tuple of several."""
    vr, content = element.VR, element.value
    if vr == "US":
        if len(content) % 2:
            raise Declined
        values: tuple[Any, ...] = struct.unpack(f"<{len(content) // 2}H", content)
    else:
        pad = _PAD_BY_VR.get(vr, b" ")
        parts = content.removesuffix(pad).split(b"\\")
        values = tuple(_text(part, vr, codec) for part in parts)
    return values[0] if len(values) == 1 else values


def _text(part: bytes, vr: str, codec: str) -> str:
    pattern = _PATTERN_BY_VR.get(vr)
    if pattern is not None and part and pattern.fullmatch(part) is None:
        raise Declined
    text = part.decode(codec) if pattern is None else part.decode("ascii")
    if text != text.strip() or not (text.isprintable() or not text):
        raise Declined
    return text
