"""Data elements as the JSON tree of the tag panel.

Each element is converted on its own, so one that cannot be read is an error
node and leaves its neighbours alone. Long values are cut and say so; the rest
is had with `tag_node_at`. Bytes are never given.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pydicom.datadict import (
    dictionary_has_tag,
    dictionary_VR,
    keyword_for_tag,
    private_dictionary_description,
)
from pydicom.dataelem import RawDataElement
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag, Tag

from dcmview.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydicom.dataelem import DataElement
    from pydicom.dataset import Dataset

    from dcmview.dicom.header import Instance

MOST_NUMBERS = 64
MOST_CHARACTERS = 1024
MOST_ITEMS = 100
MOST_LEVELS = 32

_BINARY_VRS = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "UN", "OB or OW"))
_NUMBER_VRS = frozenset(("DS", "IS", "FL", "FD", "SL", "SS", "SV", "UL", "US", "UV", "US or SS"))
_PIXEL_TAGS = {"float": 0x7FE00008, "double": 0x7FE00009, "integer": 0x7FE00010}

Node = dict[str, Any]


def tag_tree(instance: Instance) -> list[Node]:
    """Give the elements of a file, group 0002 first and the pixel data last.

    Returns
    -------
    list of dict
        Nodes with ``tag``, ``vr``, ``keyword`` and ``value`` in the JSON form
        of the API.
    """
    nodes = [
        *_nodes(instance.dataset.file_meta, level=0),
        *_nodes(instance.dataset, level=0),
    ]
    if instance.pixel_location is not None:
        tag = Tag(_PIXEL_TAGS[instance.layout.kind])
        value = {"type": "binary", "length": instance.pixel_bytes}
        nodes.append(_node(tag, instance.pixel_location.vr, keyword_for_tag(tag), value))
    return nodes


def tag_node_at(instance: Instance, path: str, *, offset: int, limit: int) -> Node:
    """Give one node with the part ``[offset, offset + limit)`` of its value.

    Parameters
    ----------
    instance : Instance
        As `open_instance` gives it.
    path : str
        Eight hex digits of a tag, then item numbers and tags in turn:
        ``52009230/0/00289132``.
    offset, limit : int
        Counted in numbers, characters or items.

    Raises
    ------
    NotFound
        If the path leads nowhere.
    """
    steps = path.split("/")
    dataset = instance.dataset.file_meta if path.startswith("0002") else instance.dataset
    try:
        for tag_step, item_step in zip(steps[0:-1:2], steps[1::2], strict=True):
            dataset = dataset[_parse_tag(tag_step)].value[int(item_step)]
        tag = _parse_tag(steps[-1])
        if tag not in dataset:
            raise NotFound(f"no element {path}")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as exc:
        raise NotFound(f"no element {path}") from exc
    return _element_node(dataset, tag, level=0, part=_Part(offset, limit))


class _Part:
    """Which part of a value is wanted, instead of the usual limits."""

    def __init__(self, offset: int, limit: int) -> None:
        self.offset = offset
        self.limit = limit

    def of(self, values: Sequence[Any]) -> tuple[Any, dict[str, Any]]:
        """Cut a value and give what says so."""
        part = values[self.offset : self.offset + self.limit]
        return part, {} if len(part) == len(values) else {"truncated": True, "total": len(values)}


_FIRST_NUMBERS = _Part(0, MOST_NUMBERS)
_FIRST_CHARACTERS = _Part(0, MOST_CHARACTERS)
_FIRST_ITEMS = _Part(0, MOST_ITEMS)


def _nodes(dataset: Dataset, *, level: int) -> Iterator[Node]:
    for tag in sorted(dataset.keys()):
        yield _element_node(dataset, tag, level=level)


def _element_node(dataset: Dataset, tag: BaseTag, *, level: int, part: _Part | None = None) -> Node:
    vr, keyword = "UN", ""
    try:
        raw: Any = dataset.get_item(tag)
        keyword = _keyword(dataset, tag)
        if isinstance(raw, RawDataElement):
            vr = raw.VR or vr
            if raw.VR in _BINARY_VRS and not _is_known_sequence(tag):
                return _node(tag, vr, keyword, _binary(raw.value))
        element = dataset[tag]
        vr = str(element.VR)
        return _node(tag, vr, keyword, _value(element, level=level, part=part))
    except Exception as exc:  # pydicom raises anything for a damaged element
        message = " ".join(str(exc).split())[:200] or type(exc).__name__
        return _node(tag, vr, keyword, {"type": "error", "message": message})


def _node(tag: BaseTag, vr: str, keyword: str, value: dict[str, Any]) -> Node:
    name = f"({tag.group:04X},{tag.element:04X})"
    return {"tag": name, "vr": vr[:2], "keyword": keyword, "value": value}


def _value(element: DataElement, *, level: int, part: _Part | None) -> dict[str, Any]:
    vr, value = str(element.VR), element.value
    if vr == "SQ":
        return _sequence(value, level=level, part=part or _FIRST_ITEMS)
    if vr in _BINARY_VRS or isinstance(value, bytes):
        return _binary(value)
    values = _values(value)
    if vr == "AT":
        return _text("\\".join(f"({Tag(v).group:04X},{Tag(v).element:04X})" for v in values), part)
    if (
        vr in _NUMBER_VRS
        and values
        and all(isinstance(v, int | float) or _is_decimal(v) for v in values)
    ):
        numbers = [_number(v) for v in values]
        if len(numbers) == 1:
            return {"type": "number", "value": numbers[0]}
        cut, said = (part or _FIRST_NUMBERS).of(numbers)
        return {"type": "numbers", "value": cut, **said}
    return _text("\\".join(str(v) for v in values), part)


def _sequence(items: Sequence[Dataset], *, level: int, part: _Part) -> dict[str, Any]:
    if level >= MOST_LEVELS:
        return {"type": "sequence", "items": [], "truncated": True, "total": len(items)}
    cut, said = part.of(items)
    nodes = [list(_nodes(item, level=level + 1)) for item in cut]
    return {"type": "sequence", "items": nodes, **said}


def _text(text: str, part: _Part | None) -> dict[str, Any]:
    cut, said = (part or _FIRST_CHARACTERS).of(_encodable(text))
    return {"type": "string", "value": cut, **said}


def _encodable(text: str) -> str:
    """Show what is no character at all, so that the JSON can be written."""
    return text.encode("utf-8", "backslashreplace").decode()


def _binary(value: Any) -> dict[str, Any]:
    return {"type": "binary", "length": len(value) if value is not None else 0}


def _values(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, MultiValue | list | tuple) else [value]


def _is_decimal(value: Any) -> bool:
    return hasattr(value, "as_tuple")  # pydicom's DSdecimal


def _number(value: Any) -> int | float | str:
    if isinstance(value, int):
        return int(value)
    number = float(value)
    return number if math.isfinite(number) else str(number)


def _keyword(dataset: Dataset, tag: BaseTag) -> str:
    if not tag.is_private:
        return keyword_for_tag(tag)
    if tag.is_private_creator:
        return "PrivateCreator"
    creator = Tag(tag.group, tag.element >> 8)
    try:
        return private_dictionary_description(tag, str(dataset[creator].value))
    except KeyError:
        return ""


def _is_known_sequence(tag: BaseTag) -> bool:
    """UN in an explicit file may hide a sequence that the dictionary knows (CP-246)."""
    return dictionary_has_tag(tag) and dictionary_VR(tag) not in _BINARY_VRS


def _parse_tag(step: str) -> BaseTag:
    if len(step) != 8:
        raise ValueError(step)
    return Tag(int(step, 16))
