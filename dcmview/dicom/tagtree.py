"""Data elements as the JSON tree of the tag panel.

Each element is converted on its own, so one that cannot be read is an error
node and leaves its neighbours alone. Items are parsed as they are shown; the
rest of what was cut is had with `tag_node_at`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom.datadict import keyword_for_tag
from pydicom.tag import BaseTag, Tag

from dcmview.dicom.elements import stored_element
from dcmview.dicom.parse import PIXEL_ELEMENTS
from dcmview.dicom.recording import recorded_warnings
from dcmview.dicom.sequences import sequence_items
from dcmview.dicom.tagvalues import (
    Part,
    Value,
    element_keyword,
    element_value,
    known_vr,
    private_creator,
    tag_name,
)
from dcmview.dicom.uids import uid_name
from dcmview.errors import NotFound, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydicom.dataset import Dataset

    from dcmview.dicom.instance import Instance

MOST_ITEMS = 100
MOST_LEVELS = 32
MOST_NODES = 100_000  # of one tree; 100 items a level would else make millions

_FIRST_ITEMS = Part(0, MOST_ITEMS)
_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")

Node = dict[str, Any]


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
            *pixel_nodes(instance),
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
            return _Tree().node(dataset, tag, level=0, part=Part(offset, limit))
    for node in () if above else pixel_nodes(instance):
        if node["tag"] == tag_name(tag):
            return node
    raise NotFound(f"no element {path}", path=path)


def frame_group_nodes(instance: Instance, frame_index: int) -> tuple[list[Node], list[Node]]:
    """Give the functional groups that hold for one frame.

    Returns
    -------
    tuple of two lists of dict
        Nodes of the shared groups and of those of the frame, as `tag_tree`
        has them; empty where the file has no such groups.
    """
    tree = _Tree()

    def nodes(keyword: str, index: int) -> list[Node]:
        items = sequence_items(instance.dataset, keyword)
        return list(tree.nodes(items[index], level=2)) if index < len(items) else []

    with recorded_warnings():
        return (
            nodes("SharedFunctionalGroupsSequence", 0),
            nodes("PerFrameFunctionalGroupsSequence", frame_index),
        )


def tag_node(tag: BaseTag, vr: str, keyword: str, value: Value, creator: str) -> Node:
    """Give one node, with who made a private element and with what a UID is called."""
    node: Node = {"tag": tag_name(tag), "vr": vr, "keyword": keyword, "value": value}
    if creator:
        node["creator"] = creator
    if vr == "UI" and value["type"] == "string":
        name = uid_name(value["value"])
        if name != value["value"]:
            node["meaning"] = name
    return node


class _Tree:
    """Makes nodes, no more than a tree may have."""

    def __init__(self) -> None:
        self._nodes_left = MOST_NODES

    def nodes(self, dataset: Dataset, *, level: int) -> Iterator[Node]:
        for tag in sorted(dataset.keys()):
            yield self.node(dataset, tag, level=level)

    def node(self, dataset: Dataset, tag: BaseTag, *, level: int, part: Part | None = None) -> Node:
        self._nodes_left -= 1
        vr, keyword, creator = "UN", "", ""
        try:
            element = stored_element(dataset, tag)
            creator = private_creator(dataset, tag)
            keyword = element_keyword(tag, creator)
            vr = known_vr(dataset, tag, element.VR, creator)
            if vr == "SQ":
                value = self._sequence(sequence_items(dataset, tag), level, part or _FIRST_ITEMS)
            else:
                value = element_value(dataset, element, vr, part)
        except Exception as exc:  # pydicom raises anything for a damaged element
            value = {"type": "error", "message": one_line(exc)}
        return tag_node(tag, vr, keyword, value, creator)

    def _sequence(self, items: Sequence[Dataset], level: int, part: Part) -> Value:
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


def pixel_nodes(instance: Instance) -> Iterator[Node]:
    """Give the node of the pixel data, which the data set ends before; none without an image."""
    location = instance.pixel_location
    if location is not None:
        tag = next(tag for tag, kind in PIXEL_ELEMENTS.items() if kind is instance.layout.kind)
        yield {
            "tag": tag_name(Tag(tag)),
            "vr": location.vr[:2],
            "keyword": keyword_for_tag(tag),
            "value": {"type": "binary", "length": instance.pixel_bytes},
        }


def _parse_tag(step: str) -> BaseTag:
    if len(step) != 8 or not set(step) <= _HEX_DIGITS:
        raise ValueError(step)
    return Tag(int(step, 16))


def _parse_index(step: str) -> int:
    if not (step.isascii() and step.isdigit()):
        raise ValueError(step)
    return int(step)
