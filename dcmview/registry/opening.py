"""The bytes of a listed file, wherever it lies."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from dcmview.dicom.source import open_member, open_source, read_member

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from dcmview.dicom.source import StampedSource
    from dcmview.registry.registry import Entry


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
