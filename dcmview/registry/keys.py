"""What listed files are known by in every run, and finding those that were moved."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from dcmview.annotations.native import FileKey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dcmview.registry.registry import Entry, Registry


def file_key(entry: Entry) -> FileKey:
    """Give what a listed file is known by."""
    return FileKey(entry.header.sop_instance_uid, os.path.abspath(entry.path))


class Store(Protocol):
    """What is kept by file."""

    def __contains__(self, key: FileKey, /) -> bool: ...

    def adopt(self, old: FileKey, new: FileKey) -> None:
        """Know what there is of a file under its new name."""
        ...


class KnownFiles:
    """Which listed files have something in a store, or had.

    Parameters
    ----------
    registry : Registry
        The listed files.
    store : Store
        What is kept of them.
    saved : iterable of FileKey
        Files of which something was saved, some of them under a path that is no more.
    """

    def __init__(self, registry: Registry, store: Store, saved: Iterable[FileKey]) -> None:
        self._registry = registry
        self._store = store
        self._saved_by_uid: dict[str, list[FileKey]] = {}
        for key in saved:
            self._saved_by_uid.setdefault(key.sop_instance_uid, []).append(key)
        self._indices: dict[FileKey, int] = {}

    def __bool__(self) -> bool:
        return bool(self._saved_by_uid or self._indices)

    def attach(self, entry: Entry) -> FileKey:
        """Give the key of a file that was just listed; what was saved of it elsewhere is its own.

        A file that was known before, perhaps moved since, has this index from now on.
        """
        key = file_key(entry)
        if key not in self._store:
            moved = self._moved_to(key)
            if moved is not None:
                self._store.adopt(moved, key)
        if key in self._store or key in self._indices:
            self._indices[key] = entry.index
        return key

    def note(self, entry: Entry) -> FileKey:
        """Know a file from now on; give its key."""
        key = file_key(entry)
        self._indices.setdefault(key, entry.index)
        return key

    def index_of(self, key: FileKey) -> int | None:
        """Give the index of a file; None if this run does not list it."""
        return self._indices.get(key)

    def entry_of(self, key: FileKey) -> Entry | None:
        """Give a file; None if this run does not list it."""
        index = self._indices.get(key)
        return None if index is None else self._registry.get(index)

    def entries(self) -> list[tuple[FileKey, Entry]]:
        """Give those that this run lists."""
        return [(key, self._registry.get(index)) for key, index in list(self._indices.items())]

    def _moved_to(self, key: FileKey) -> FileKey | None:
        """Find the same object under a path that is not listed.

        Nothing is there any more, or it is another way to the same file.
        """
        uid = key.sop_instance_uid
        for saved in self._saved_by_uid.get(uid, ()) if uid else ():
            if saved in self._indices:
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
