"""What listed files are known by in every run, and finding those that were moved."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from dcmview.annotations.native import FileKey

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from dcmview.registry.registry import Entry


def file_key(entry: Entry) -> FileKey:
    """Give what a listed file is known by."""
    return FileKey(entry.header.sop_instance_uid, os.path.abspath(entry.path))


class SavedFiles:
    """Files of which something was saved, some of them under a path that is no more."""

    def __init__(self, keys: Iterable[FileKey]) -> None:
        self._by_uid: dict[str, list[FileKey]] = {}
        for key in keys:
            self._by_uid.setdefault(key.sop_instance_uid, []).append(key)

    def __bool__(self) -> bool:
        return bool(self._by_uid)

    def moved_to(self, key: FileKey, listed: Container[FileKey]) -> FileKey | None:
        """Find the same object under a path that is not listed.

        Nothing is there any more, or it is another way to the same file.
        """
        for saved in self._by_uid.get(key.sop_instance_uid, ()) if key.sop_instance_uid else ():
            if saved in listed:
                continue
            if not _is_there(saved.path) or _is_same(saved.path, key.path):
                return saved
        return None


def _is_same(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _is_there(path: str) -> bool:
    """Whether there is such a file, or an archive in which it may lie."""
    if os.path.lexists(path):
        return True
    parent = os.path.dirname(path)
    while parent != path:
        if os.path.isfile(parent):
            return True
        path, parent = parent, os.path.dirname(parent)
    return False
