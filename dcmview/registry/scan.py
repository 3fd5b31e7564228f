"""Walk the given paths in a fixed order and read the header of every file.

Links to files are followed, links to folders below a given root are not, so
a loop of links cannot hold the walk; only regular files are opened. Every
path ends in the registry, listed or skipped with its reason.
"""

from __future__ import annotations

import logging
import os
import stat
from typing import TYPE_CHECKING

from dcmview.dicom.facts import FactsReader
from dcmview.dicom.instance import scan_instance
from dcmview.dicom.source import open_source
from dcmview.errors import InstanceError, NotDicom, NotFound
from dcmview.model import FileEnd
from dcmview.registry.filters import matches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dcmview.registry.registry import Entry, Registry

logger = logging.getLogger(__name__)

SPECIAL_FILES = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
}


def scan(
    registry: Registry,
    roots: Sequence[str],
    *,
    recursive: bool,
    filters: Sequence[tuple[str, str]],
    on_entry: Callable[[Entry], None],
    should_stop: Callable[[], bool],
) -> None:
    """Fill the registry from files and folders.

    Parameters
    ----------
    registry : Registry
        Gets every path, listed or skipped.
    roots : sequence of str
        Files and folders in the order the user gave them.
    recursive : bool
        Whether folders below the given ones are entered.
    filters : sequence of (field, value)
        All must match, see ``filters.matches``.
    on_entry : callable
        Called with each newly listed file.
    should_stop : callable
        Asked before each file.
    """
    facts = FactsReader()
    for path in _Walk(registry, recursive).files(roots):
        if should_stop():
            return
        _read_file(registry, path, filters, facts, on_entry)


def _read_file(
    registry: Registry,
    path: str,
    filters: Sequence[tuple[str, str]],
    facts_reader: FactsReader,
    on_entry: Callable[[Entry], None],
) -> None:
    try:
        with open_source(path) as source:
            instance = scan_instance(source, path)
        facts = facts_reader.read(instance)
    except NotDicom as exc:
        registry.skip(path, FileEnd.NOT_DICOM, exc.message)
    except (InstanceError, NotFound) as exc:
        registry.skip(path, FileEnd.UNREADABLE, exc.message)
    except Exception as exc:  # one bad file must not end the scan
        logger.exception("reading %r failed", path)
        registry.skip(path, FileEnd.UNREADABLE, f"internal error: {type(exc).__name__}: {exc}")
    else:
        if matches(instance.header.shared, filters):
            on_entry(registry.add(path, instance.stamp, instance.header, facts))
        else:
            registry.count_filtered()


class _Walk:
    """Regular files below the roots, each once, in the order of their names."""

    def __init__(self, registry: Registry, recursive: bool) -> None:
        self._registry = registry
        self._recursive = recursive
        self._seen: set[str] = set()

    def files(self, roots: Sequence[str]) -> Iterator[str]:
        for root in map(os.path.abspath, roots):
            try:
                is_folder = stat.S_ISDIR(os.stat(root).st_mode)
            except OSError as exc:
                self._skip(root, FileEnd.UNREADABLE, _reason(exc))
                continue
            if is_folder:
                yield from self._folder(root)
            else:
                yield from self._file(root, os.path.realpath(root))

    def _folder(self, root: str) -> Iterator[str]:
        pending = [root]
        while pending:
            folder = pending.pop()
            real_folder = os.path.realpath(folder)
            if real_folder in self._seen:
                continue
            self._seen.add(real_folder)
            try:
                with os.scandir(folder) as iterator:
                    children = sorted(iterator, key=lambda child: child.name)
            except OSError as exc:
                self._skip(folder, FileEnd.UNREADABLE, _reason(exc))
                continue
            subfolders: list[str] = []
            for child in children:
                try:  # network file systems may fail here, and for one entry alone
                    is_folder, is_link = child.is_dir(follow_symlinks=False), child.is_symlink()
                except OSError as exc:
                    self._skip(child.path, FileEnd.UNREADABLE, _reason(exc))
                    continue
                if is_folder:
                    subfolders.append(child.path)
                elif is_link:
                    yield from self._link(child.path)
                else:
                    yield from self._file(child.path, os.path.join(real_folder, child.name))
            if self._recursive:
                pending.extend(reversed(subfolders))

    def _link(self, path: str) -> Iterator[str]:
        if os.path.isdir(path):
            self._skip(path, FileEnd.NOT_DICOM, "a link to a folder, which is not followed")
        else:
            yield from self._file(path, os.path.realpath(path))

    def _file(self, path: str, real_path: str) -> Iterator[str]:
        if real_path in self._seen:
            return
        self._seen.add(real_path)
        try:
            mode = os.stat(path).st_mode
        except OSError as exc:
            reason = "a broken link" if os.path.islink(path) and _is_missing(exc) else _reason(exc)
            self._skip(path, FileEnd.UNREADABLE, reason)
            return
        if stat.S_ISREG(mode):
            yield path
        else:
            kind = SPECIAL_FILES.get(stat.S_IFMT(mode), "not a regular file")
            self._skip(path, FileEnd.NOT_DICOM, kind)

    def _skip(self, path: str, end: FileEnd, reason: str) -> None:
        self._registry.skip(path, end, reason)


def _is_missing(exc: OSError) -> bool:
    return isinstance(exc, FileNotFoundError)


def _reason(exc: OSError) -> str:
    return exc.strerror or type(exc).__name__
