"""Look again and again: list what is new, mark what changed or went.

By asking the file system, not by its events: those do not come from network
file systems, where the files of researchers are. The pause grows with the
time that a look takes, so a large tree costs a twentieth of a core.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from typing import TYPE_CHECKING

from dcmview.model import REPORTED_ENDS, FileEnd
from dcmview.registry.registry import SkippedPath
from dcmview.registry.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dcmview.registry.registry import Registry

REST_FOR_WORK = 20
"""Seconds of rest for a second of looking."""

_Version = tuple[int, int, int, int]
_UNREAD: _Version = (0, 0, 0, 0)


class Watch:
    """Keeps a registry up to date with the paths it was filled from.

    Parameters
    ----------
    registry : Registry
        Is complete.
    roots : sequence of str
        Those of the scan.
    recursive : bool
        As for the scan.
    read : callable
        Reads paths and lists or skips them.
    """

    def __init__(
        self,
        registry: Registry,
        roots: Sequence[str],
        *,
        recursive: bool,
        read: Callable[[list[str]], None],
    ) -> None:
        self._registry = registry
        self._roots = roots
        self._recursive = recursive
        self._read = read
        self._entries_seen = 0
        self._indices: dict[str, list[int]] = defaultdict(list)
        self._known: dict[str, _Version] = {}
        self._unsettled: dict[str, _Version] = {}
        self._gone: dict[str, tuple[_Version, list[int]]] = {}
        self._note_new_entries()
        for skipped in registry.skipped(REPORTED_ENDS):
            self._known[skipped.file] = _version_of(skipped.file) or _UNREAD

    def run(self, interval_s: float, wait: Callable[[float], bool]) -> None:
        """Look until ``wait``, called with seconds to rest, says that it is enough."""
        pause_s = interval_s
        while not wait(pause_s):
            pause_s = max(interval_s, self.look() * REST_FOR_WORK)

    def look(self) -> float:
        """Compare the files that are there with those that are known.

        A new or changed file is read once two looks found it the same: it may
        be in the middle of being written.

        Returns
        -------
        float
            The seconds that it took; those to read what is new are no part of them.
        """
        begin = time.monotonic()
        settled: list[str] = []
        seen: set[str] = set()
        for path, version in self._versions():
            seen.add(path)
            known = self._known.get(path)
            if known == version:
                self._unsettled.pop(path, None)
                continue
            if known is None and self._is_back(path, version):
                continue
            if known is not None:
                self._mark(path, FileEnd.CHANGED)
                self._known[path] = _UNREAD  # so that it is listed anew even if it is put back
            if self._unsettled.get(path) == version:
                del self._unsettled[path]
                settled.append(path)
                self._known[path] = version
            else:
                self._unsettled[path] = version
        gone = self._known.keys() - seen
        for path in gone:
            if path in self._indices:
                self._gone[path] = self._known[path], self._indices[path]
            self._mark(path, FileEnd.GONE)
            del self._known[path]
        if gone or settled:
            self._registry.forget_skipped({*gone, *settled})
        took_s = time.monotonic() - begin
        if settled:
            self._read(settled)
            self._note_new_entries()
        return took_s

    def _versions(self) -> Iterator[tuple[str, _Version]]:
        for item in Walk(self._roots, recursive=self._recursive):
            if isinstance(item, SkippedPath):
                if item.path not in self._known:
                    self._registry.skip(item)
                    self._known[item.path] = _UNREAD
                yield item.path, self._known[item.path]
            if not isinstance(item, str):
                continue
            version = _version_of(item)
            if version is not None:
                yield item, version

    def _is_back(self, path: str, version: _Version) -> bool:
        """Whether a file that was gone is there again as it was, as after a network hiccup."""
        gone_version, indices = self._gone.pop(path, (_UNREAD, []))
        if gone_version != version:
            return False
        for index in indices:
            self._registry.mark_found(index)
        self._indices[path], self._known[path] = indices, version
        return True

    def _mark(self, path: str, end: FileEnd) -> None:
        for index in self._indices.pop(path, ()):
            self._registry.mark_lost(index, end)

    def _note_new_entries(self) -> None:
        for entry in self._registry.entries()[self._entries_seen :]:
            path = entry.path if entry.member is None else entry.member.archive
            stamp = entry.stamp
            self._indices[path].append(entry.index)
            self._known[path] = (stamp.device, stamp.inode, stamp.size_bytes, stamp.mtime_ns)
            self._entries_seen += 1


def _version_of(path: str) -> _Version | None:
    try:
        info = os.stat(path)
    except OSError:
        return None
    return info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns
