"""Which files there are below the given paths, in the same order in every run.

Files of a folder come by name, then its subfolders by name. Links to files
are followed, links to folders below a given root are not, so a loop of links
cannot hold the walk. Only regular files are read; everything else is skipped
with its reason.
"""

from __future__ import annotations

import os
import stat
from operator import attrgetter
from typing import TYPE_CHECKING, TypeAlias

from dcmview.model import FileEnd
from dcmview.registry.real_paths import RealPaths
from dcmview.registry.registry import SkippedPath

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SPECIAL_FILES = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
}

DICOMDIR_NAME = "DICOMDIR"

_by_name = attrgetter("name")

Root: TypeAlias = str | SkippedPath | None


class Walk:
    """Files below the roots, each once; paths that are not read come as `SkippedPath`.

    Parameters
    ----------
    roots : iterable
        Files and folders; a DICOMDIR stands for what it names and its folder. Where they
        come slowly, None among them says that the next is being waited for.
    recursive : bool
        Whether folders below the given ones are entered.

    Attributes
    ----------
    dicomdirs : set of str
        The given paths that were read as a DICOMDIR, so far.
    """

    def __init__(self, roots: Iterable[Root], *, recursive: bool) -> None:
        self._roots = roots
        self._recursive = recursive
        self.dicomdirs: set[str] = set()
        self._folders: set[str] = set()
        # Files that were reached by a link or as a root, and may be met again in their folder.
        self._reached: set[str] = set()
        self._real_paths = RealPaths()

    def __iter__(self) -> Iterator[Root]:
        for given in self._roots:
            if not isinstance(given, str):
                yield given
                continue
            root = os.path.abspath(given)
            try:
                mode = os.stat(root).st_mode
            except OSError as exc:
                yield SkippedPath(root, FileEnd.UNREADABLE, reason_of(exc))
                continue
            except ValueError:  # a list may hold what no file system takes
                yield SkippedPath(root, FileEnd.UNREADABLE, "no name that a file can have")
                continue
            if stat.S_ISDIR(mode):
                yield from self._folder(root)
            elif stat.S_ISREG(mode) and os.path.basename(root).upper() == DICOMDIR_NAME:
                yield from self._dicomdir(root)
            else:
                yield from self._elsewhere(root)

    def _folder(self, root: str) -> Iterator[str | SkippedPath]:
        # A folder that is no link lies really where its parent does.
        pending = [(root, os.path.realpath(root))]
        while pending:
            folder, real_folder = pending.pop()
            if real_folder in self._folders:
                continue
            self._folders.add(real_folder)
            subfolders: list[tuple[str, str]] = []
            try:
                with os.scandir(folder) as iterator:
                    children = sorted(iterator, key=_by_name)
            except OSError as exc:
                self._folders.discard(real_folder)  # a link may still lead to a file in it
                yield SkippedPath(folder, FileEnd.UNREADABLE, reason_of(exc))
                continue
            for child in children:
                path = child.path
                try:  # network file systems may fail here, and for one entry alone
                    if child.is_file(follow_symlinks=False):
                        if self._reached and os.path.join(real_folder, child.name) in self._reached:
                            continue
                        yield path
                    elif child.is_dir(follow_symlinks=False):
                        subfolders.append((path, os.path.join(real_folder, child.name)))
                    elif child.is_symlink() and os.path.isdir(path):
                        reason = "a link to a folder, which is not followed"
                        yield SkippedPath(path, FileEnd.NOT_DICOM, reason)
                    else:
                        yield from self._elsewhere(path)
                except OSError as exc:
                    yield SkippedPath(path, FileEnd.UNREADABLE, reason_of(exc))
            if self._recursive:
                pending.extend(reversed(subfolders))

    def _elsewhere(self, path: str) -> Iterator[str | SkippedPath]:
        """A root, a link, or something that is no file: its folder may be walked too."""
        real_path = self._real_paths.of(path)
        if real_path in self._reached:
            return
        try:
            mode = os.stat(path).st_mode
        except OSError as exc:
            is_broken = os.path.islink(path) and isinstance(exc, FileNotFoundError)
            reason = "a broken link" if is_broken else reason_of(exc)
            yield SkippedPath(path, FileEnd.UNREADABLE, reason)
            return
        if not stat.S_ISREG(mode):
            kind = SPECIAL_FILES.get(stat.S_IFMT(mode), "not a regular file")
            yield SkippedPath(path, FileEnd.NOT_DICOM, kind)
        elif os.path.dirname(real_path) not in self._folders:
            self._reached.add(real_path)
            yield path

    def _dicomdir(self, path: str) -> Iterator[str | SkippedPath]:
        """The files a DICOMDIR names, in its order, then those of its folder that it forgot."""
        from dcmview.registry.dicomdir import read_dicomdir

        named = read_dicomdir(path)
        self.dicomdirs.add(path)
        yield from self._elsewhere(path)
        if named.problem:
            yield SkippedPath(path, FileEnd.UNREADABLE, named.problem)
        for file in named.files:
            if isinstance(file, str):
                yield from self._elsewhere(file)
            else:
                yield file
        yield from self._folder(os.path.dirname(path))


def in_chunks(items: Iterable[Root], *, first: int, most: int) -> Iterator[list[str | SkippedPath]]:
    """Cut into lists that grow from ``first`` to ``most``, so that the first are there soon.

    Where an item is waited for, what has come is given, and be it nothing.
    """
    size = first
    chunk: list[str | SkippedPath] = []
    for item in items:
        if item is not None:
            chunk.append(item)
        if item is None or len(chunk) >= size:
            yield chunk
            chunk = []
            size = min(size * 2, most)
    if chunk:
        yield chunk


def reason_of(exc: OSError) -> str:
    """Give the words of the system."""
    return exc.strerror or type(exc).__name__
