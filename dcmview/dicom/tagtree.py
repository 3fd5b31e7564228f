"""Data elements as the JSON tree of the tag panel.

Each element is converted on its own, so one that cannot be read is an error
node and leaves its neighbours alone. Numbers and items are taken from the
bytes, no more of them than are shown: a value may hold millions. Long values
say that they were cut, the rest is had with `tag_node_at`. Bytes are never given.
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

from dcmview.dicom.elements import stored_element
from dcmview.dicom.parse import PIXEL_ELEMENTS, one_line
from dcmview.dicom.recording import recorded_warnings
from dcmview.dicom.sequences import sequence_items
from dcmview.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydicom.dataset import Dataset

    from dcmview.dicom.instance import Instance

MOST_NUMBERS = 64
MOST_CHARACTERS = 1024
MOST_ITEMS = 100
MOST_LEVELS = 32
LONG_TEXT_BYTES = 1024 * 1024  # decoded on request only: escapes make 20 MB take 6 s
MOST_NODES = 100_000  # of one tree; 100 items a level would else make millions

_BINARY_VRS = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "UN"))
_DECIMAL_VRS = frozenset(("DS", "IS"))
_NUMBER_TYPES = {
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
_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")

Node = dict[str, Any]
Value = dict[str, Any]


def tag_tree(instance: Instance) -> list[Node]:
    """Give the elements of a file, group 0002 first and the pixel data last.

    Returns
    -------
    list of dict
        Nodes with ``tag``, ``vr``, ``keyword`` and ``value`` in the JSON form
        of the API.
    """
    tree = _Tree()
    with recorded_warnings():
        return [
            *tree.nodes(instance.dataset.file_meta, level=0),
            *tree.nodes(instance.dataset, level=0),
            *_pixel_nodes(instance),
        ]


def tag_node_at(instance: Instance, path: str, *, offset: int, limit: int) -> Node:
    """Give one node with the part ``[offset, offset + limit)`` of its value.

    Parameters
    ----------
    instance : Instance
        As `open_instance` gives it.
    path : str
        Eight hex digits of a tag, then item numbers (from 0) and tags in turn:
        ``52009230/0/00289132``.
    offset, limit : int
        Counted in numbers, characters or items.

    Raises
    ------
    NotFound
        If the path leads nowhere.
    """
    *above, last = path.split("/")
    with recorded_warnings():
        try:
            tag = _parse_tag(last)
            dataset = instance.dataset
            if not above and tag.group == 2:
                dataset = dataset.file_meta
            for tag_step, item_step in zip(above[0::2], above[1::2], strict=True):
                dataset = sequence_items(dataset, _parse_tag(tag_step))[_parse_index(item_step)]
        except (ValueError, IndexError) as exc:
            raise NotFound(f"no element {path}", path=path) from exc
        if tag in dataset:
            return _Tree().node(dataset, tag, level=0, part=_Part(offset, limit))
    for node in () if above else _pixel_nodes(instance):
        if node["tag"] == _tag_name(tag):
            return node
    raise NotFound(f"no element {path}", path=path)


@dataclass(frozen=True, slots=True)
class _Part:
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


_FIRST_NUMBERS = _Part(0, MOST_NUMBERS)
_FIRST_CHARACTERS = _Part(0, MOST_CHARACTERS)
_FIRST_ITEMS = _Part(0, MOST_ITEMS)


class _Tree:
    """Makes nodes, no more than a tree may have."""

    def __init__(self) -> None:
        self._nodes_left = MOST_NODES

    def nodes(self, dataset: Dataset, *, level: int) -> Iterator[Node]:
        for tag in sorted(dataset.keys()):
            yield self.node(dataset, tag, level=level)

    def node(
        self, dataset: Dataset, tag: BaseTag, *, level: int, part: _Part | None = None
    ) -> Node:
        self._nodes_left -= 1
        vr, keyword = "UN", ""
        try:
            element = stored_element(dataset, tag)
            creator = _private_creator(dataset, tag)
            keyword = _keyword(tag, creator)
            vr = _known_vr(dataset, tag, element.VR, creator)
            if vr == "SQ":
                value = self._sequence(sequence_items(dataset, tag), level, part or _FIRST_ITEMS)
            elif isinstance(element, RawDataElement):
                value = _raw_value(dataset, element, vr, part)
            else:
                value = _converted_value(element.value, vr, part)
        except Exception as exc:  # pydicom raises anything for a damaged element
            value = {"type": "error", "message": one_line(exc)}
        return {"tag": _tag_name(tag), "vr": vr, "keyword": keyword, "value": value}

    def _sequence(self, items: Sequence[Dataset], level: int, part: _Part) -> Value:
        total = len(items)
        shown: list[list[Node]] = []
        if level < MOST_LEVELS:
            for index in range(part.offset, min(part.end, total)):
                if self._nodes_left <= 0:
                    break
                shown.append(list(self.nodes(items[index], level=level + 1)))
        is_whole = len(shown) == total
        said = {} if is_whole else {"truncated": True, "total": total}
        return {"type": "sequence", "items": shown, **said}


def _pixel_nodes(instance: Instance) -> Iterator[Node]:
    """The node of the pixel data, which the data set ends before."""
    location = instance.pixel_location
    if location is not None:
        tag = next(tag for tag, kind in PIXEL_ELEMENTS.items() if kind is instance.layout.kind)
        yield {
            "tag": _tag_name(Tag(tag)),
            "vr": location.vr[:2],
            "keyword": keyword_for_tag(tag),
            "value": {"type": "binary", "length": instance.pixel_bytes},
        }


def _raw_value(dataset: Dataset, element: RawDataElement, vr: str, part: _Part | None) -> Value:
    content = element.value or b""
    if vr in _BINARY_VRS:
        is_undefined = element.length == _UNDEFINED_LENGTH
        return {"type": "binary", "length": len(content) if is_undefined else element.length}
    order = "<" if element.is_little_endian else ">"
    if vr in _NUMBER_TYPES:
        return _binary_numbers(content, np.dtype(order + _NUMBER_TYPES[vr]), part or _FIRST_NUMBERS)
    if vr == "AT":
        words = np.frombuffer(content[: len(content) // 4 * 4], order + "u2").reshape(-1, 2)
        return _tags(words[: (part or _FIRST_CHARACTERS).end], len(words), part)
    if vr in _DECIMAL_VRS:
        return _decimals(content.decode("latin-1"), part)
    if part is None and len(content) > LONG_TEXT_BYTES:
        return _start_of_text(dataset, element, vr)
    return _converted_value(dataset[element.tag].value, vr, part)


def _start_of_text(dataset: Dataset, element: RawDataElement, vr: str) -> Value:
    """The first characters of a text that takes long to decode; its total is in bytes."""
    start = (element.value or b"")[: MOST_CHARACTERS * _MOST_BYTES_PER_CHARACTER]
    shortened = element._replace(value=start, length=len(start))
    character_set = dataset.original_character_set
    value = convert_raw_data_element(shortened, encoding=character_set, ds=dataset).value
    return {**_converted_value(value, vr, None), "truncated": True, "total": element.length}


def _converted_value(value: Any, vr: str, part: _Part | None) -> Value:
    if vr in _BINARY_VRS or isinstance(value, bytes):
        return {"type": "binary", "length": len(value or b"")}
    values = list(value) if isinstance(value, MultiValue | list | tuple) else [value]
    if value is None or value == "":
        values = []
    if vr == "AT":
        return _text("\\".join(_tag_name(Tag(tag)) for tag in values), part)
    if vr in _NUMBER_TYPES and values:
        wanted = part or _FIRST_NUMBERS
        return _numbers(
            [_number(v) for v in values[wanted.offset : wanted.end]], len(values), wanted
        )
    content = "\\".join(str(v) for v in values)
    return _decimals(content, part) if vr in _DECIMAL_VRS else _text(content, part)


def _binary_numbers(content: bytes, number_type: np.dtype[Any], part: _Part) -> Value:
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


def _decimals(content: str, part: _Part | None) -> Value:
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


def _numbers(values: list[int | float | str], total: int, part: _Part) -> Value:
    if total == 1 and values:
        return {"type": "number", "value": values[0]}
    return {"type": "numbers", "value": values, **part.said(total)}


def _number(value: float) -> int | float | str:
    """JSON has no words for what is not finite."""
    if isinstance(value, int):
        return int(value)
    return float(value) if math.isfinite(value) else str(float(value))


def _tags(words: Any, total: int, part: _Part | None) -> Value:
    """Attribute tags as text; ``words`` are those that may be shown, of ``total``."""
    length = max(total * len("(gggg,eeee)\\") - 1, 0)
    wanted = part or _FIRST_CHARACTERS
    content = "\\".join(f"({group:04X},{element:04X})" for group, element in words.tolist())
    return {"type": "string", "value": content[wanted.offset : wanted.end], **wanted.said(length)}


def _text(content: str, part: _Part | None) -> Value:
    # Lone surrogates cannot be written as JSON; show what they are.
    content = content.encode("utf-8", "backslashreplace").decode()
    wanted = part or _FIRST_CHARACTERS
    cut = content[wanted.offset : wanted.end]
    return {"type": "string", "value": cut, **wanted.said(len(content))}


def _known_vr(dataset: Dataset, tag: BaseTag, vr: str | None, creator: str) -> str:
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


def _private_creator(dataset: Dataset, tag: BaseTag) -> str:
    if not tag.is_private or tag.element < 0x1000:
        return ""
    try:
        return str(dataset[tag.group, tag.element >> 8].value)
    except Exception:  # absent or damaged
        return ""


def _keyword(tag: BaseTag, creator: str) -> str:
    if not tag.is_private:
        return keyword_for_tag(tag)
    if tag.is_private_creator:
        return "PrivateCreator"
    try:
        return private_dictionary_description(tag, creator)
    except KeyError:
        return ""


def _tag_name(tag: BaseTag) -> str:
    return f"({tag.group:04X},{tag.element:04X})"


def _parse_tag(step: str) -> BaseTag:
    if len(step) != 8 or not set(step) <= _HEX_DIGITS:
        raise ValueError(step)
    return Tag(int(step, 16))


def _parse_index(step: str) -> int:
    if not (step.isascii() and step.isdigit()):
        raise ValueError(step)
    return int(step)
