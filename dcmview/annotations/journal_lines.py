"""The lines of a journal: one edit each, in JSON behind its checksum; and carrying them out."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from dcmview.annotations.native import StoredKey, encode_json, file_key

# msgspec looks Operation and Roi up.
from dcmview.annotations.operations import Operation, repeat_operations
from dcmview.annotations.roi import Roi  # noqa: TC001
from dcmview.annotations.triage import Mark

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dcmview.annotations.native import Contents, FileKey

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


def repeat_edits(
    contents: Contents, edits: Sequence[Edit | MarkEdit], *, since: int, folder: str
) -> tuple[int, int]:
    """Carry out the edits after a snapshot.

    Parameters
    ----------
    contents : Contents
        Those of the snapshot, which are changed.
    edits : sequence of Edit or MarkEdit
        All of the journal; those that the snapshot has are passed over.
    since : int
        Number of the last edit in the snapshot.
    folder : str
        Where the snapshot lies.

    Returns
    -------
    tuple of int
        How many edits are missing among them, and the number of the last one.
    """
    missed, last = 0, since
    edited: dict[FileKey, dict[str, Roi]] = {}

    def take(key: FileKey) -> dict[str, Roi]:
        rois = edited.pop(key, None)
        return {roi.id: roi for roi in contents.rois.pop(key, ())} if rois is None else rois

    for edit in edits:
        if edit.sequence <= last:
            continue
        missed += edit.sequence - last - 1
        last = edit.sequence
        key = file_key(edit.file, folder)
        if edit.was is not None:
            was = file_key(edit.was, folder)
            if moved := take(was):
                edited[key] = moved
            if was in contents.marks:
                contents.marks[key] = contents.marks.pop(was)
        if isinstance(edit, MarkEdit):
            contents.marks[key] = edit.mark
            continue
        rois = take(key)
        if edit.rois is not None:
            rois = {roi.id: roi for roi in edit.rois}
        edited[key] = repeat_operations(rois, edit.operations)
    contents.rois.update((key, tuple(rois.values())) for key, rois in edited.items())
    return missed, last
