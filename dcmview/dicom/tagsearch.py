"""Which data elements hold given words, as a part of the tag tree.

Keywords, names, tags and whole values are searched, nested and private
elements included. The parents of what is found are kept, their other
elements are not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pydicom.datadict import dictionary_description, dictionary_has_tag

from dcmview.dicom.recording import recorded_warnings
from dcmview.dicom.tagtext import searched_text
from dcmview.dicom.tagtree import Node, pixel_nodes, tag_node
from dcmview.dicom.tagvalues import (
    DECIMAL_VRS,
    MOST_CHARACTERS,
    MOST_NUMBERS,
    NUMBER_TYPES,
    Part,
    Value,
    element_value,
    tag_name,
)
from dcmview.dicom.tagwalk import Found, WalkBudget, walk_file
from dcmview.errors import RequestError, one_line

if TYPE_CHECKING:
    from pydicom.tag import BaseTag

    from dcmview.dicom.instance import Instance

MOST_HITS = 500
LONGEST_QUERY = 200

_CHARACTERS_BEFORE = 64
_NUMBERS_BEFORE = 8
_VR_TERM = re.compile(r"vr:([a-z]{2})")


@dataclass(frozen=True, slots=True)
class TagHits:
    """Elements that were found, inside their parents."""

    hits: int
    truncated: bool
    nodes: list[Node]


def search_tags(instance: Instance, query: str, budget: WalkBudget) -> TagHits:
    """Give the elements that hold all words of a query.

    A word may be part of the keyword, the name, the tag with or without
    punctuation, or the value; ``vr:PN`` asks for a VR. Case is of no account.

    Returns
    -------
    TagHits
        Nodes as `tag_tree` has them, ``hit`` set on what was found, at most
        `MOST_HITS` of them. Sequences say in ``item_indices`` which items
        they show. A long value begins near the first word found in it.

    Raises
    ------
    RequestError
        If the query has no words or is longer than `LONGEST_QUERY`.
    CancelledError
        If nobody waits any more.
    """
    wanted = _Query(query)
    nodes = _Nodes()
    hits, is_cut = 0, False
    with recorded_warnings():
        for found in walk_file(instance, budget):
            match = wanted.match(found)
            is_cut = is_cut or match.is_cut
            if not match.is_hit:
                continue
            if hits == MOST_HITS:
                return TagHits(hits, True, nodes.top)
            hits += 1
            nodes.add_hit(found, match)
        for node in pixel_nodes(instance):
            names = _names_of(node["tag"], node["keyword"], "")
            if wanted.is_in(names, node["vr"]):
                hits += 1
                nodes.top.append({**node, "hit": True})
    return TagHits(hits, budget.is_spent or is_cut, nodes.top)


@dataclass(frozen=True, slots=True)
class _Match:
    """How an element answers a query; ``position`` is that of the word in its text."""

    is_hit: bool
    text: str = ""
    position: int | None = None
    is_cut: bool = False
    """Whether only a part of the text was searched, without success."""


class _Query:
    def __init__(self, query: str) -> None:
        if len(query) > LONGEST_QUERY:
            raise RequestError(f"search must not be longer than {LONGEST_QUERY} characters")
        words = query.casefold().split()
        if not words:
            raise RequestError("search must name at least one word")
        self._vrs = {match[1].upper() for word in words if (match := _VR_TERM.fullmatch(word))}
        self._words = [word.removeprefix("0x") for word in words if not _VR_TERM.fullmatch(word)]

    def is_in(self, names: str, vr: str) -> bool:
        """Whether names alone answer it."""
        return self._has_vr(vr) and not self._missing(names)

    def match(self, found: Found) -> _Match:
        if not self._has_vr(found.vr):
            return _Match(is_hit=False)
        missing = self._missing(_names(found.tag, found.keyword))
        if not missing:
            return _Match(is_hit=True)
        text, is_whole = searched_text(found)
        folded = text.casefold()
        is_hit = all(word in folded for word in missing)
        position = folded.find(missing[0]) if is_hit else None
        return _Match(is_hit, text, position, is_cut=not is_whole and not is_hit)

    def _has_vr(self, vr: str) -> bool:
        return not self._vrs or vr in self._vrs

    def _missing(self, names: str) -> list[str]:
        return [word for word in self._words if word not in names]


class _Nodes:
    """A tree of what was found and its parents, made from the top as it is needed."""

    def __init__(self) -> None:
        self.top: list[Node] = []
        self._made: dict[Found, Node] = {}

    def add_hit(self, found: Found, match: _Match) -> None:
        self._place(found, match)["hit"] = True

    def _place(self, found: Found, match: _Match | None) -> Node:
        node = self._made.get(found)
        if node is None:
            value = _value(found, match)
            node = tag_node(found.tag, found.vr, found.keyword, value, found.creator)
            self._siblings(found).append(node)
            if found.items is not None:
                self._made[found] = node
        return node

    def _siblings(self, found: Found) -> list[Node]:
        """The list that the node of an element belongs to."""
        parent, index = found.level.parent, found.level.item_index
        if parent is None:
            return self.top
        value = self._place(parent, None)["value"]
        if not value["item_indices"] or value["item_indices"][-1] != index:
            value["item_indices"].append(index)
            value["items"].append([])
        last: list[Node] = value["items"][-1]
        return last


def _value(found: Found, match: _Match | None) -> Value:
    if found.items is not None:
        total = len(found.items)
        return {
            "type": "sequence",
            "items": [],
            "item_indices": [],
            "truncated": True,
            "total": total,
        }
    try:
        if found.error:
            raise ValueError(found.error)
        part = None if match is None else _part_with(found, match)
        value = element_value(found.level.dataset, found.element, found.vr, part)
    except Exception as exc:  # pydicom raises anything for a damaged element
        return {"type": "error", "message": one_line(exc)}
    return value if part is None else {**value, "offset": part.offset}


def _part_with(found: Found, match: _Match) -> Part | None:
    """The part of a long value that shows the word, None where its start does."""
    position = match.position
    if position is None:
        return None
    if found.vr in NUMBER_TYPES or found.vr in DECIMAL_VRS:
        index = match.text.count("\\", 0, position)
        return None if index < MOST_NUMBERS else Part(index - _NUMBERS_BEFORE, MOST_NUMBERS)
    if position + LONGEST_QUERY <= MOST_CHARACTERS:
        return None
    return Part(max(position - _CHARACTERS_BEFORE, 0), MOST_CHARACTERS)


def _names(tag: BaseTag, keyword: str) -> str:
    description = dictionary_description(tag) if dictionary_has_tag(tag) else ""
    return _names_of(tag_name(tag), keyword, description)


@lru_cache(4096)
def _names_of(tag: str, keyword: str, description: str) -> str:
    """All that an element is called, in one text without case; words do not meet across lines."""
    digits = tag.strip("()").replace(",", "")
    plain = description.replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", "")
    return "\n".join((keyword, description, plain, tag, digits)).casefold()
