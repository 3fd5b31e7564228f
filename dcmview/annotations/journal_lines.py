"""The lines of a journal: one edit each, in JSON behind its checksum."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from dcmview.annotations.native import StoredKey, encode_json

# msgspec looks these two up.
from dcmview.annotations.operations import Operation  # noqa: TC001
from dcmview.annotations.roi import Roi  # noqa: TC001
from dcmview.annotations.triage import Mark

if TYPE_CHECKING:
    from collections.abc import Iterator

CRC_DIGITS = 8


class Head(Struct, frozen=True, tag="dcmview-journal", tag_field="format", omit_defaults=True):
    """The first line of a journal."""

    log: str
    base: str = ""
    """Digest of the snapshot that it begins with, if that one names no log."""
    version: int = 1


class Edit(Struct, frozen=True, tag="edit", tag_field="format", omit_defaults=True):
    """All ROIs of a file, or what was done to them."""

    sequence: int
    file: StoredKey
    was: StoredKey | None = None
    """Under what the file was known before it was moved."""
    rois: tuple[Roi, ...] | None = None
    operations: tuple[Operation, ...] = ()


class MarkEdit(Struct, frozen=True, tag="mark", tag_field="format", omit_defaults=True):
    """What was decided about a file."""

    sequence: int
    file: StoredKey
    was: StoredKey | None = None
    mark: Mark = Mark()


_decode_line = msgspec.json.Decoder(Head | Edit | MarkEdit).decode


@dataclass(slots=True)
class Lines:
    """What a journal holds, readable or not."""

    head: Head | None = None
    edits: list[Edit | MarkEdit] = field(default_factory=list)
    bad: int = 0
    good_end: int = 0
    is_torn: bool = False
    """Ends in the midst of the line that was being written when the process died."""


def encode_line(value: Head | Edit | MarkEdit) -> bytes:
    """Give the line of a value, with its checksum."""
    text = encode_json(value)
    return b"%0*x %s\n" % (CRC_DIGITS, zlib.crc32(text), text)


def read_lines(content: bytes) -> Lines:
    """Read what can be read of a journal."""
    found = Lines()
    position = 0
    for line in _split(content):
        position += len(line)
        value = _decoded(line)
        if isinstance(value, Edit | MarkEdit):
            found.edits.append(value)
        elif value is not None:
            found.head = value
        elif position == len(content) and not line.endswith(b"\n"):
            found.is_torn = True
            break
        else:
            found.bad += 1
        found.good_end = position
    return found


def _split(content: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(content):
        end = content.find(b"\n", start) + 1 or len(content)
        yield content[start:end]
        start = end


def _decoded(line: bytes) -> Head | Edit | MarkEdit | None:
    text = line[CRC_DIGITS + 1 : -1]
    if not line.endswith(b"\n") or line[: CRC_DIGITS + 1] != b"%0*x " % (
        CRC_DIGITS,
        zlib.crc32(text),
    ):
        return None
    try:
        value: Head | Edit | MarkEdit = _decode_line(text)
    except msgspec.DecodeError:
        return None
    return value
