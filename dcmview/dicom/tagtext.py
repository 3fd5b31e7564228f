"""The whole value of a data element as text, or what stands for it where that is long.

Two values are equal exactly where their `TagText` is, whatever the encoding
of the files: long ones carry a digest.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from pydicom.dataelem import RawDataElement
from pydicom.multival import MultiValue

from dcmview.dicom.tagvalues import (
    BINARY_VRS,
    DECIMAL_VRS,
    LONG_TEXT_BYTES,
    NUMBER_TYPES,
    Part,
    element_value,
    start_of_text,
)
from dcmview.errors import one_line

if TYPE_CHECKING:
    from collections.abc import Hashable

    from dcmview.dicom.tagwalk import Found

MOST_CHARACTERS = 256
MOST_NUMBERS = 64

_MOST_SEARCHED_NUMBERS = 100_000
_ESCAPE = b"\x1b"
_SHORT_TEXT_BYTES = 64 * 1024
_MOST_PARTS = 10_000
_WORDS_VRS = frozenset(("OW", "OF", "OL", "OD", "OV"))
_REMEMBERED_BYTES = 256
_MOST_REMEMBERED = 50_000


class TagText(NamedTuple):
    """A value, cut where it is long.

    ``total`` counts the characters of a text that was cut, or its binary
    numbers. ``by_length`` marks bytes that are not at hand, so that those of
    one length count as equal.
    """

    text: str
    total: int | None = None
    digest: bytes = b""
    by_length: bool = False


class TextReader:
    """Reads values as text; most are the same from file to file, so it remembers short ones."""

    def __init__(self) -> None:
        self._known: dict[Hashable, TagText] = {}

    def read(self, found: Found) -> TagText:
        """Give the value of an element, what is wrong with it where it cannot be read."""
        raw = found.element
        if found.items is not None or found.error or not _is_short(raw):
            return _read(found)
        character_set = str(found.level.dataset.original_character_set)
        key = (found.vr, raw.VR, raw.value, raw.length, raw.is_little_endian, character_set)
        text = self._known.get(key)
        if text is None:
            text = _read(found)
            if len(self._known) < _MOST_REMEMBERED:
                self._known[key] = text
        return text


def searched_text(found: Found) -> tuple[str, bool]:
    """Give the text that a search looks into, and whether that is all of it.

    Bytes and sequences have none. Numbers are joined with backslashes.
    """
    if found.items is not None or found.error or found.vr in BINARY_VRS:
        return "", True
    try:
        if found.vr in NUMBER_TYPES:
            numbers, total = _numbers(found, _MOST_SEARCHED_NUMBERS)
            return "\\".join(numbers), total <= _MOST_SEARCHED_NUMBERS
        return _text(found)
    except Exception:  # what cannot be read holds no words
        return "", True


def _is_short(raw: Any) -> bool:
    return isinstance(raw, RawDataElement) and len(raw.value or b"") <= _REMEMBERED_BYTES


def _read(found: Found) -> TagText:
    if found.items is not None:
        count = len(found.items)
        return TagText("1 item" if count == 1 else f"{count:,} items")
    content = _content(found)
    try:
        if found.error:
            raise ValueError(found.error)
        if found.vr in BINARY_VRS:
            return _bytes_text(found, content)
        if found.vr in NUMBER_TYPES:
            return _numbers_text(found, content)
        text, is_whole = _text(found)
    except Exception as exc:  # pydicom raises anything for a damaged element
        return TagText(f"cannot be read: {one_line(exc)}", None, _digest(content))
    if is_whole and len(text) <= MOST_CHARACTERS:
        return TagText(text)
    written = content if not is_whole else text.encode("utf-8", "backslashreplace")
    return TagText(
        text[:MOST_CHARACTERS], len(text) if is_whole else len(content), _digest(written)
    )


def length_text(length: int, digest: bytes | None) -> TagText:
    """Write bytes as their length; without a digest they are known by that alone."""
    text = "1 byte" if length == 1 else f"{length:,} bytes"
    return TagText(text, None, digest or b"", digest is None)


def _bytes_text(found: Found, content: bytes) -> TagText:
    value = element_value(found.level.dataset, found.element, "UN")
    length = value["length"]
    if length != len(content):  # passed over, since it is long
        return length_text(length, None)
    if _is_raw(found) and not found.element.is_little_endian and found.vr in _WORDS_VRS:
        size = {"OW": 2, "OF": 4, "OL": 4}.get(found.vr, 8)
        if length % size == 0:
            content = np.frombuffer(content, f">u{size}").astype(f"<u{size}").tobytes()
    return length_text(length, _digest(content))


def _numbers_text(found: Found, content: bytes) -> TagText:
    numbers, total = _numbers(found, MOST_NUMBERS)
    text = "\\".join(numbers)
    if total <= MOST_NUMBERS:
        return TagText(text)
    size = NUMBER_TYPES[found.vr]
    if _is_raw(found):
        order = "<" if found.element.is_little_endian else ">"
        values = np.frombuffer(content, np.dtype(order + size))
    else:
        values = np.array(list(found.element.value), size)
    return TagText(text, total, _digest(values.astype(np.dtype("<" + size)).tobytes()))


def _numbers(found: Found, most: int) -> tuple[list[str], int]:
    """The first binary numbers as they are shown, and how many there are."""
    value = element_value(found.level.dataset, found.element, found.vr, Part(0, most))
    if value["type"] == "string":  # empty
        return [], 0
    numbers = value["value"] if value["type"] == "numbers" else [value["value"]]
    return [str(number) for number in numbers], value.get("total", len(numbers))


def _text(found: Found) -> tuple[str, bool]:
    """The text of a value as it is written, and whether that is all of it."""
    if found.vr in DECIMAL_VRS:
        return _decimals(found), True
    if found.vr != "AT" and _takes_long(_content(found)):
        return start_of_text(found.level.dataset, found.element, found.vr)["value"], False
    if found.vr == "AT":
        most = _MOST_SEARCHED_NUMBERS
        value = element_value(found.level.dataset, found.element, "AT", Part(0, most))
    else:
        whole = Part(0, 2**31)
        value = element_value(found.level.dataset, found.element, found.vr, whole)
    return value["value"], "truncated" not in value


def _takes_long(content: bytes) -> bool:
    """Whether pydicom takes seconds for a text: 16 us for each of many values or escapes."""
    if len(content) <= _SHORT_TEXT_BYTES:
        return False
    return content.count(_ESCAPE) > _MOST_PARTS or content.count(b"\\") > _MOST_PARTS


def _decimals(found: Found) -> str:
    """DS and IS as written, not as numbers: a comparison is about what files hold."""
    if _is_raw(found):
        text = _content(found).decode("latin-1")
    else:
        value = found.element.value
        parts = value if isinstance(value, MultiValue | list | tuple) else [value]
        text = "\\".join("" if part is None else str(part) for part in parts)
    if len(text) <= LONG_TEXT_BYTES:  # a hostile one has millions of parts
        return "\\".join(part.strip("\0 ") for part in text.split("\\"))
    return text.strip("\0 ")


def _is_raw(found: Found) -> bool:
    return isinstance(found.element, RawDataElement)


def _content(found: Found) -> bytes:
    """The bytes of a value, none where pydicom has converted them."""
    value = None if found.element is None else found.element.value
    return value if isinstance(value, bytes) else b""


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()
