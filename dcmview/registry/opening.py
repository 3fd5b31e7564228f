"""The bytes of a listed file, wherever it lies, and whether it has what is wanted of it."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from dcmview.dicom.members import open_member, read_member
from dcmview.dicom.source import open_source
from dcmview.errors import FrameOutOfRange, NoPixelData

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from dcmview.dicom.source import StampedSource
    from dcmview.registry.registry import Entry

_PIECE_BYTES = 1 << 20


def open_entry(entry: Entry) -> AbstractContextManager[StampedSource]:
    """Open a file, or the member of an archive.

    Raises
    ------
    FileGone, FileChanged, Unreadable
        If it is not the file that was listed.
    """
    member, stamp = entry.member, entry.stamp
    if member is None:
        return open_source(entry.path, expected=stamp)
    if member.is_compressed:
        return nullcontext(read_member(member, expected=stamp))
    return open_member(member, expected=stamp)


def entry_pieces(entry: Entry) -> Iterator[bytes]:
    """Give the bytes of a file as they are, a piece at a time.

    Raises
    ------
    FileGone, FileChanged, Unreadable
        If it is not the file that was listed.
    """
    with open_entry(entry) as source:
        offset = 0
        while piece := source.pread(offset, _PIECE_BYTES):
            yield piece
            offset += len(piece)


def require_frame(entry: Entry, frame_index: int) -> None:
    """Refuse what a file does not have; the message leaves it to others to name the file.

    Raises
    ------
    NoPixelData
        If it holds no image.
    FrameOutOfRange
        If it has no such frame.
    """
    header = entry.header.shared
    if not header.has_pixels:
        raise NoPixelData(f"holds no image: {header.kind or 'no pixel data'}")
    if not 0 <= frame_index < header.frame_count:
        raise FrameOutOfRange(
            f"has {header.frame_count} frame(s) counted from 0, no frame {frame_index}",
            frame_count=header.frame_count,
        )
