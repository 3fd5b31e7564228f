"""The words about a scan."""

from __future__ import annotations

from dcmview.cli.progress import counts, progress_line, summary_lines
from dcmview.model import FileEnd
from dcmview.registry.registry import ScanSummary, SkippedPath


def summary(**numbers):
    names = ("shown", "partial", "no_pixels", "not_dicom", "unreadable", "filtered")
    skipped = tuple(
        SkippedPath(f"f{i}", FileEnd.NOT_DICOM, "not DICOM")
        for i in range(numbers.get("not_dicom", 0))
    )
    return ScanSummary(
        **{name: numbers.get(name, 0) for name in names}, skipped=skipped, complete=True
    )


def test_the_summary_counts_each_end_that_occurred():
    lines = list(summary_lines(summary(shown=1200, partial=1, no_pixels=2, filtered=3)))
    assert len(lines) == 1
    assert lines[0].startswith("1,206 files: 1,200 shown, 1 partial (damaged or cut short), ")
    assert lines[0].endswith("2 DICOM objects that are not images, 3 left out by --filter")


def test_skipped_paths_are_named_up_to_ten():
    lines = list(summary_lines(summary(shown=1, not_dicom=12)))
    assert lines[1] == "skipped f0: not DICOM"
    assert lines[10] == "skipped f9: not DICOM"
    assert lines[11].startswith("and 2 more")
    assert len(lines) == 12


def test_an_empty_folder_has_nothing_to_count():
    assert counts(summary()) == "no files there"


def test_the_progress_line_says_how_many_were_seen_and_listed():
    assert progress_line(summary(shown=3, not_dicom=1)) == (
        "dcmview: scanning, 4 files seen, 3 listed"
    )
