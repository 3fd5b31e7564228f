"""ROIs of another file put beside those that are there, and what became of each of its rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dcmview.annotations.imports import LeftOut, fitting
from dcmview.annotations.matching import match_rows
from dcmview.errors import DcmviewError, NotSaved

if TYPE_CHECKING:
    from dcmview.annotations.imports import ImportRow, ImportTable
    from dcmview.annotations.roi import Roi
    from dcmview.annotations.triage import Mark
    from dcmview.registry.registry import Entry, Registry
    from dcmview.roibook import RoiBook
    from dcmview.triagebook import TriageBook

FILES_A_SYNC = 500
"""Nobody else can edit meanwhile, and a sync takes some milliseconds."""


@dataclass(slots=True)
class ImportReport:
    """What became of an imported file of ROIs."""

    format: str
    rows: int
    by_path: int = 0
    by_uid: int = 0
    by_name: int = 0
    files: int = 0
    """How many files got ROIs."""
    added: int = 0
    marked: int = 0
    """How many files got another mark of triage."""
    already_there: int = 0
    unmatched: list[LeftOut] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    not_saved: str = ""
    """Why what was added could not be saved; empty where it was, or nobody asked for it."""


def take_in(
    registry: Registry,
    book: RoiBook,
    triage: TriageBook,
    table: ImportTable,
    *,
    any_source: str = "",
) -> ImportReport:
    """Add the ROIs of a table to those that are there, as edits.

    What is there already is not added again, so an import can be repeated;
    what has ``any_source`` as its source is there if it came from elsewhere, too.
    """
    matches = match_rows(table.rows, book.listed_keys(), table.folders)
    report = ImportReport(table.format, len(table.rows) + len(table.left_out))
    report.unmatched = matches.unmatched
    report.left_out = list(table.left_out)
    if not registry.summary().complete:
        report.warnings.append("not all files were listed yet; import again when they are")
    by_file: dict[int, list[ImportRow]] = {}
    for row, index, how in matches.found:
        report.by_path += how == "path"
        report.by_uid += how == "uid"
        report.by_name += how == "name"
        by_file.setdefault(index, []).append(row)
    marks = {index: row.mark for row, index, _ in matches.found if row.mark is not None}
    if marks:
        _take_in_marks(triage, marks, report)
    indices = list(by_file)
    for start in range(0, len(indices), FILES_A_SYNC):
        batch = {index: by_file[index] for index in indices[start : start + FILES_A_SYNC]}
        _take_in_files(registry, book, batch, report, any_source)
    return report


def _take_in_files(
    registry: Registry,
    book: RoiBook,
    files: dict[int, list[ImportRow]],
    report: ImportReport,
    any_source: str,
) -> None:
    fit = {index: _fitting(registry.get(index), rows, report) for index, rows in files.items()}
    additions = [(index, rois) for index, rois in fit.items() if rois]
    outcomes, not_saved = book.add_many(additions, any_source=any_source)
    report.not_saved = not_saved or report.not_saved
    for (index, rois), added in zip(additions, outcomes, strict=True):
        if isinstance(added, DcmviewError):
            report.left_out.extend(LeftOut(row.place, added.message) for row in files[index])
            continue
        report.added += added
        report.already_there += len(rois) - added
        report.files += added > 0


def _fitting(entry: Entry, rows: list[ImportRow], report: ImportReport) -> list[Roi]:
    fit: list[Roi] = []
    for row in rows:
        accepted, left_out = fitting(row, entry.header.shared)
        fit.extend(accepted)
        report.left_out.extend(left_out)
    return fit


def _take_in_marks(triage: TriageBook, marks: dict[int, Mark], report: ImportReport) -> None:
    before = {index: triage.get(index) for index in marks}
    try:
        triage.put(marks)
    except NotSaved as exc:
        report.not_saved = exc.message
    report.marked = sum(triage.get(index) != mark for index, mark in before.items())
