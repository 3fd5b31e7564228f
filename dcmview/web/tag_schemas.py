"""Response shapes of the API for tags, in the manner of `schemas`."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType


class StringValue(Struct, tag="string", tag_field="type"):
    """Text, cut after 1,024 characters."""

    value: str
    truncated: bool | UnsetType = UNSET
    total: int | UnsetType = UNSET
    offset: int | UnsetType = UNSET
    """Where this part begins, if a search found something behind the start."""


class NumberValue(Struct, tag="number", tag_field="type"):
    """One number; NaN and infinity are written as text."""

    value: float | int | str


class NumbersValue(Struct, tag="numbers", tag_field="type"):
    """Several numbers, cut after 64."""

    value: list[float | int | str]
    truncated: bool | UnsetType = UNSET
    total: int | UnsetType = UNSET
    offset: int | UnsetType = UNSET


class BinaryValue(Struct, tag="binary", tag_field="type"):
    """Bytes that are never sent."""

    length: int


class SequenceValue(Struct, tag="sequence", tag_field="type"):
    """Items of a sequence, cut after 100 items or 32 levels."""

    items: list[list[TagNode]]
    truncated: bool | UnsetType = UNSET
    total: int | UnsetType = UNSET
    item_indices: list[int] | UnsetType = UNSET
    """Which items these are, from 0, where a search leaves out the others."""


class ErrorValue(Struct, tag="error", tag_field="type"):
    """An element that cannot be read."""

    message: str


class TagNode(Struct):
    """One data element."""

    tag: str
    vr: str
    keyword: str
    value: StringValue | NumberValue | NumbersValue | BinaryValue | SequenceValue | ErrorValue
    creator: str | UnsetType = UNSET
    """Who reserved the block of a private element."""
    meaning: str | UnsetType = UNSET
    """What a UID of the Standard is called."""
    hit: bool | UnsetType = UNSET
    """True for what a search was for; its parents have no such field."""


class TagSearch(Struct):
    """The answer of ``GET /api/file/{index}/tags?search=``: what was found, inside its parents."""

    hits: int
    truncated: bool
    """Whether the search ended early: too many hits, too large a file, or too long a text."""
    nodes: list[TagNode]


class FrameGroups(Struct):
    """The answer of ``GET /api/file/{index}/frame/{frame}/groups``; empty where there are none."""

    shared: list[TagNode]
    """Of all frames; their paths begin with ``52009229/0/``."""
    per_frame: list[TagNode]
    """Of this one; their paths begin with ``52009230/{frame}/``."""


class TagText(Struct):
    """A value as text, cut after 256 characters or 64 binary numbers."""

    text: str
    total: int | UnsetType = UNSET
    """Where it was cut: its characters, or its binary numbers."""
    by_length: bool | UnsetType = UNSET
    """True for bytes that were not read: values of one length count as the same."""


class TagSide(Struct):
    """An element as one of two files has it."""

    vr: str
    value: TagText


class TagDifference(Struct):
    """One element of two files, either of which may lack it."""

    path: str
    """As ``?path=`` takes it: in the first file, or the only one that has it."""
    name: str
    """Keywords all the way, as one would write it with pydicom: ``BeamSequence[0].BeamName``."""
    tag: str
    keyword: str
    state: Literal["same", "changed", "only_first", "only_second"]
    first: TagSide | None
    second: TagSide | None


class TagComparison(Struct):
    """The answer of ``GET /api/tags/compare``."""

    same: int
    changed: int
    only_first: int
    only_second: int
    truncated: bool
    """Whether one of the files has more elements than are compared."""
    rows: list[TagDifference]


class ConstantTag(Struct):
    """An element that all files or frames have with one value."""

    path: str
    name: str
    tag: str
    vr: str
    keyword: str
    value: TagText


class VaryingTag(Struct):
    """An element that files or frames have with different values, or some do not have."""

    path: str
    name: str
    tag: str
    vr: str
    keyword: str
    values: list[TagText]
    """Each value once, in the order of appearance."""
    which: list[int]
    """Index into ``values`` for each file or frame; -1 where it is absent."""


class UnreadFile(Struct):
    """A file that could not be read, with the reason."""

    file: int
    reason: str


class TagVariation(Struct):
    """The answer of ``GET /api/tags/varying``."""

    by: Literal["file", "frame"]
    """By frame, paths and names begin inside the functional groups of a frame."""
    files: list[int]
    """The file of each place in ``which``."""
    frames: list[int]
    """The frame of each, if by frame."""
    asked: int
    """Files or frames that were asked for."""
    truncated: bool
    note: str
    """What was left out, in words."""
    unread: list[UnreadFile]
    constant: list[ConstantTag]
    varying: list[VaryingTag]
