"""One data element as its names and its value in the JSON form of the API.

Numbers are taken from the bytes, no more of them than are shown: a value may
hold millions. Long values say that they were cut. Bytes are never given.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.datadict import (
    dictionary_has_tag,
    dictionary_VR,
    keyword_for_tag,
    private_dictionary_description,
    private_dictionary_VR,
)
from pydicom.dataelem import RawDataElement, convert_raw_data_element
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag, Tag

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MOST_NUMBERS = 64
MOST_CHARACTERS = 1024
LONG_TEXT_BYTES = 1024 * 1024  # decoded on request only: escapes make 20 MB take 6 s

BINARY_VRS = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "UN"))
DECIMAL_VRS = frozenset(("DS", "IS"))
NUMBER_TYPES = {
    "FD": "f8",
    "FL": "f4",
    "SL": "i4",
    "SS": "i2",
    "SV": "i8",
    "UL": "u4",
    "US": "u2",
    "UV": "u8",
}
_UNDEFINED_LENGTH = 0xFFFFFFFF
_MOST_BYTES_PER_CHARACTER = 8  # an escape sequence to each, in ISO 2022

Value = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a value is wanted."""

    offset: int
    limit: int

    @property
    def end(self) -> int:
        return self.offset + self.limit

    def said(self, total: int) -> Value:
        """Give what says that a value was cut, nothing if it was not."""
        is_whole = self.offset == 0 and total <= self.limit
        return {} if is_whole else {"truncated": True, "total": total}


_FIRST_NUMBERS = Part(0, MOST_NUMBERS)
_FIRST_CHARACTERS = Part(0, MOST_CHARACTERS)


def element_value(dataset: Dataset, element: Any, vr: str, part: Part | None = None) -> Value:
    """Give the value of an element that `stored_element` gave, with its VR as `known_vr` has it.

    Raises
    ------
    Exception
        Anything, where the value is damaged.
    """
    if isinstance(element, RawDataElement):
        return _raw_value(dataset, element, vr, part)
    return _converted_value(element.value, vr, part)


def _raw_value(dataset: Dataset, element: RawDataElement, vr: str, part: Part | None) -> Value:
    content = element.value or b""
    if vr in BINARY_VRS:
        is_undefined = element.length == _UNDEFINED_LENGTH
        return {"type": "binary", "length": len(content) if is_undefined else element.length}
    order = "<" if element.is_little_endian else ">"
    if vr in NUMBER_TYPES:
        return _binary_numbers(content, np.dtype(order + NUMBER_TYPES[vr]), part or _FIRST_NUMBERS)
    if vr == "AT":
        words = np.frombuffer(content[: len(content) // 4 * 4], order + "u2").reshape(-1, 2)
        return _tags(words[: (part or _FIRST_CHARACTERS).end], len(words), part)
    if vr in DECIMAL_VRS:
        return _decimals(content.decode("latin-1"), part)
    if part is None and len(content) > LONG_TEXT_BYTES:
        return start_of_text(dataset, element, vr)
    return _converted_value(dataset[element.tag].value, vr, part)


def start_of_text(dataset: Dataset, element: RawDataElement, vr: str) -> Value:
    """Give the first characters of a text that takes long to decode; its total is in bytes."""
    start = (element.value or b"")[: MOST_CHARACTERS * _MOST_BYTES_PER_CHARACTER]
    shortened = element._replace(value=start, length=len(start))
    character_set = dataset.original_character_set
    value = convert_raw_data_element(shortened, encoding=character_set, ds=dataset).value
    return {**_converted_value(value, vr, None), "truncated": True, "total": element.length}


def _converted_value(value: Any, vr: str, part: Part | None) -> Value:
    if vr in BINARY_VRS or isinstance(value, bytes):
        return {"type": "binary", "length": len(value or b"")}
    values = list(value) if isinstance(value, MultiValue | list | tuple) else [value]
    if value is None or value == "":
        values = []
    if vr == "AT":
        return _text("\\".join(tag_name(Tag(tag)) for tag in values), part)
    if vr in NUMBER_TYPES and values:
        wanted = part or _FIRST_NUMBERS
        return _numbers(
            [_number(v) for v in values[wanted.offset : wanted.end]], len(values), wanted
        )
    content = "\\".join(str(v) for v in values)
    return _decimals(content, part) if vr in DECIMAL_VRS else _text(content, part)


def _binary_numbers(content: bytes, number_type: np.dtype[Any], part: Part) -> Value:
    total, rest = divmod(len(content), number_type.itemsize)
    if rest:
        raise ValueError(f"{len(content)} bytes are no whole number of values")
    if not total:
        return _text("", None)
    size = number_type.itemsize
    found = np.frombuffer(content[part.offset * size : part.end * size], number_type)
    if number_type.kind == "f" and size == 4:
        # As few digits as tell the 32-bit number, not those of its 64-bit image.
        return _numbers([_number(float(str(value))) for value in found], total, part)
    return _numbers([_number(value) for value in found.tolist()], total, part)


def _decimals(content: str, part: Part | None) -> Value:
    """Values of DS or IS; as text where one of them is no number."""
    content = content.strip("\0 ")
    total = content.count("\\") + 1
    wanted = part or _FIRST_NUMBERS
    words = content.split("\\", wanted.end)[wanted.offset : wanted.end]
    try:
        return _numbers([_number(_decimal(word)) for word in words], total, wanted)
    except ValueError:
        return _text(content, part)


def _decimal(word: str) -> int | float:
    if "_" in word:  # Python's own way to group digits
        raise ValueError(word)
    try:
        return int(word)
    except ValueError:
        return float(word)


def _numbers(values: list[int | float | str], total: int, part: Part) -> Value:
    if total == 1 and values:
        return {"type": "number", "value": values[0]}
    return {"type": "numbers", "value": values, **part.said(total)}


def _number(value: float) -> int | float | str:
    """JSON has no words for what is not finite."""
    if isinstance(value, int):
        return int(value)
    return float(value) if math.isfinite(value) else str(float(value))


def _tags(words: Any, total: int, part: Part | None) -> Value:
    """Attribute tags as text; ``words`` are those that may be shown, of ``total``."""
    length = max(total * len("(gggg,eeee)\\") - 1, 0)
    wanted = part or _FIRST_CHARACTERS
    content = "\\".join(f"({group:04X},{element:04X})" for group, element in words.tolist())
    return {"type": "string", "value": content[wanted.offset : wanted.end], **wanted.said(length)}


def _text(content: str, part: Part | None) -> Value:
    # Lone surrogates cannot be written as JSON; show what they are.
    content = content.encode("utf-8", "backslashreplace").decode()
    wanted = part or _FIRST_CHARACTERS
    cut = content[wanted.offset : wanted.end]
    return {"type": "string", "value": cut, **wanted.said(len(content))}


def known_vr(dataset: Dataset, tag: BaseTag, vr: str | None, creator: str) -> str:
    """Look a VR up that the file does not give, and decide where the dictionary leaves a choice."""
    if vr is None or vr == "UN":
        vr = "UN"
        if tag.is_private_creator:
            vr = "LO"
        elif creator:
            try:
                vr = private_dictionary_VR(tag, creator)
            except KeyError:
                vr = "UN"
        elif dictionary_has_tag(tag):
            vr = dictionary_VR(tag)
        elif tag.element == 0:
            vr = "UL"  # group length
    if vr == "US or SS":
        return "SS" if dataset.get("PixelRepresentation") == 1 else "US"
    return "OW" if " or " in vr else vr


def private_creator(dataset: Dataset, tag: BaseTag) -> str:
    """Give who reserved the block of a private element, empty where nobody did."""
    if not tag.is_private or tag.element < 0x1000:
        return ""
    try:
        return str(dataset[tag.group, tag.element >> 8].value)
    except Exception:  # absent or damaged
        return ""


def element_keyword(tag: BaseTag, creator: str) -> str:
    """Give the keyword of an element, or the name that pydicom knows for a private one."""
    if not tag.is_private:
        return keyword_for_tag(tag)
    if tag.is_private_creator:
        return "PrivateCreator"
    try:
        return private_dictionary_description(tag, creator)
    except KeyError:
        return ""


def tag_name(tag: BaseTag) -> str:
    """Write a tag as *(gggg,eeee)*."""
    return f"({tag.group:04X},{tag.element:04X})"
