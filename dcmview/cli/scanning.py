"""Begin to look for files while the rest of the server is still being imported."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, BinaryIO

from dcmview.cli import console
from dcmview.cli.options import STANDARD_INPUT
from dcmview.cli.progress import progress_line
from dcmview.library import Library, LibrarySettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dcmview.cli.options import ViewOptions
    from dcmview.cli.view import Start
    from dcmview.registry.registry import ScanSummary

WATCH_INTERVAL_S = 2.0


def begin_scan(start: Start) -> Library:
    """Make the library of what the user asked to see, and let its scan begin."""
    options = start.options
    library = Library(
        LibrarySettings(
            paths=given_paths(options),
            recursive=not options.no_recursive,
            filters=start.filters,
            annotations=start.annotations,
            cache_budget_bytes=start.cache_budget_bytes,
            watch_interval_s=WATCH_INTERVAL_S if options.watch else None,
        )
    )
    library.start_scan(_show_progress if console.stderr_is_terminal() else None)
    return library


def given_paths(options: ViewOptions) -> Iterator[str]:
    """Give all paths in the order of the command line, lists last; may wait for standard input."""
    for path in options.paths:
        if path == STANDARD_INPUT:
            yield from _listed_paths(sys.stdin.buffer, "standard input")
        else:
            yield path
    for path in options.file_list:
        with open(path, "rb") as stream:
            yield from _listed_paths(stream, path)


def _listed_paths(stream: BinaryIO, name: str) -> Iterator[str]:
    from dcmview.registry.path_list import read_path_list

    return read_path_list(stream, name)


def _show_progress(summary: ScanSummary) -> None:
    console.put_transient(progress_line(summary))
