"""Begin to look for files while the rest of the server is still being imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcmview.cli import console
from dcmview.cli.paths import given_paths
from dcmview.cli.progress import progress_line
from dcmview.library import Library, LibrarySettings

if TYPE_CHECKING:
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
            volumes=start.volumes,
            journal=start.journal,
            labels=start.labels,
            cache_budget_bytes=start.cache_budget_bytes,
            watch_interval_s=WATCH_INTERVAL_S if options.watch else None,
        )
    )
    library.start_scan(_show_progress if console.stderr_is_terminal() else None)
    return library


def _show_progress(summary: ScanSummary) -> None:
    console.put_transient(progress_line(summary))
