"""The paths of a command line, with the lists that it names."""

from __future__ import annotations

import functools
import queue
import sys
import threading
from typing import TYPE_CHECKING, BinaryIO, Protocol

from dcmview.cli.options import STANDARD_INPUT
from dcmview.errors import DcmviewError
from dcmview.model import FileEnd
from dcmview.registry.path_list import read_path_list
from dcmview.registry.registry import SkippedPath

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIST_WAIT_S = 0.1
"""What has come of a slow list is listed after this long."""


class PathOptions(Protocol):
    """The options of every command that say which files."""

    @property
    def paths(self) -> tuple[str, ...]: ...

    @property
    def file_list(self) -> tuple[str, ...]: ...


def given_paths(
    options: PathOptions, standard_input: BinaryIO | None = None
) -> Iterator[str | SkippedPath | None]:
    """Give all paths in the order of the command line, lists last.

    None stands for a path that is waited for, a skipped one for a list that cannot be read.
    """
    for path in options.paths:
        if path == STANDARD_INPUT:
            yield from _listed_paths(lambda: standard_input or sys.stdin.buffer, "standard input")
        else:
            yield path
    for path in options.file_list:
        yield from _listed_paths(functools.partial(_open_list, path), path)


def _listed_paths(
    open_list: Callable[[], BinaryIO], name: str
) -> Iterator[str | SkippedPath | None]:
    """Read a list in a thread of its own, so that nobody else waits for it."""
    paths: queue.SimpleQueue[str | SkippedPath | None] = queue.SimpleQueue()

    def read() -> None:
        try:
            with open_list() as stream:
                for path in read_path_list(stream, name):
                    paths.put(path)
        except (DcmviewError, OSError, ValueError) as exc:
            reason = f"the list cannot be read on: {exc}"
            paths.put(SkippedPath(name, FileEnd.UNREADABLE, reason))
        finally:
            paths.put(None)

    threading.Thread(target=read, name="dcmview-path-list", daemon=True).start()
    while True:
        try:
            path = paths.get(timeout=LIST_WAIT_S)
        except queue.Empty:
            yield None
            continue
        if path is None:
            return
        yield path


def _open_list(path: str) -> BinaryIO:
    return open(path, "rb")
