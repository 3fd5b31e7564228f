"""What the terminal says of the scan: a line that moves, then a summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dcmview.registry.registry import ScanSummary

MOST_REASONS = 10


def progress_line(summary: ScanSummary) -> str:
    """Say how far a running scan is."""
    return f"dcmview: scanning, {_files(summary.scanned)} seen, {summary.listed:,} listed"


def summary_lines(summary: ScanSummary) -> Iterator[str]:
    """Say how a scan ended: one line of counts, then the skipped paths with their reasons."""
    yield f"{_files(summary.scanned)}: {counts(summary)}"
    for skipped in summary.skipped[:MOST_REASONS]:
        yield f"skipped {skipped.path}: {skipped.reason}"
    more = len(summary.skipped) - MOST_REASONS
    if more > 0:
        yield f"and {more:,} more skipped; the page lists them"


def counts(summary: ScanSummary) -> str:
    """Say how many paths ended how, leaving out what did not occur."""
    named = (
        (summary.shown, "shown"),
        (summary.partial, "partial (damaged or cut short)"),
        (summary.no_pixels, "DICOM objects that are not images"),
        (summary.not_dicom, "skipped as not DICOM"),
        (summary.unreadable, "skipped as unreadable"),
        (summary.filtered, "left out by --filter"),
    )
    return ", ".join(f"{count:,} {name}" for count, name in named if count) or "no files there"


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"
