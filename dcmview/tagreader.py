"""Tags searched and compared, over many files where need be.

Each file is opened for itself and dropped again: pictures then neither wait
for a long comparison nor lose their place in the caches to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from dcmview.dicom.instance import open_instance
from dcmview.dicom.tagdiff import Variation, add_file, compare_files, frame_variation
from dcmview.dicom.tagsearch import search_tags
from dcmview.dicom.tagtext import TextReader
from dcmview.dicom.tagwalk import WalkBudget
from dcmview.errors import DcmviewError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dcmview.dicom.instance import Instance
    from dcmview.dicom.tagdiff import Difference, Variable
    from dcmview.dicom.tagsearch import TagHits
    from dcmview.registry.registry import Entry

SEARCH_LIMIT_S = 5.0
COMPARE_LIMIT_S = 10.0
VARY_LIMIT_S = 20.0

MOST_ELEMENTS_SEARCHED = 1_000_000
MOST_ELEMENTS_COMPARED = 100_000
MOST_ELEMENTS_VARYING = 20_000
"""Of one file among many."""

MOST_FILES = 2_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two files side by side; ``truncated`` where one has more elements than are compared."""

    differences: list[Difference]
    truncated: bool


@dataclass(slots=True)
class VariationReport:
    """What varies over files or frames.

    ``files`` and ``frames`` name what the rows speak of, of the ``asked``
    ones; ``frames`` is empty where it is files. ``notes`` say what was left
    out, ``unread`` which files could not be read and why.
    """

    asked: int
    files: list[int] = field(default_factory=list)
    frames: list[int] = field(default_factory=list)
    rows: list[Variable] = field(default_factory=list)
    unread: list[tuple[int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def search(entry: Entry, query: str, is_wanted: Callable[[], bool]) -> TagHits:
    """Give the elements of a file that hold all words of a query."""
    budget = WalkBudget(MOST_ELEMENTS_SEARCHED, SEARCH_LIMIT_S, is_wanted)
    return search_tags(_opened(entry), query, budget)


def compare(
    first: Entry,
    second: Entry,
    frames: tuple[int | None, int | None],
    is_wanted: Callable[[], bool],
) -> Comparison:
    """Put two files side by side, with the functional groups of one frame each or of all."""
    budget = WalkBudget(0, COMPARE_LIMIT_S, is_wanted)
    return Comparison(
        *compare_files(
            _opened(first), _opened(second), budget, elements=MOST_ELEMENTS_COMPARED, frames=frames
        )
    )


def vary_files(
    entries: Iterable[Entry], asked: int, is_wanted: Callable[[], bool]
) -> VariationReport:
    """Say what varies over files; the first `MOST_FILES` of them, as far as time allows."""
    report = VariationReport(asked)
    variation, reader = Variation(), TextReader()
    budget = WalkBudget(0, VARY_LIMIT_S, is_wanted)
    cut_files = 0
    for entry in islice(entries, MOST_FILES):
        budget.check()
        if budget.is_late or variation.is_full:
            break
        part = budget.part(MOST_ELEMENTS_VARYING)
        try:
            is_added = add_file(variation, _opened(entry), reader, part)
        except DcmviewError as exc:
            report.unread.append((entry.index, exc.message))
            continue
        if not is_added:
            break
        report.files.append(entry.index)
        cut_files += part.is_spent
    report.rows = variation.rows()
    done = len(report.files) + len(report.unread)
    report.notes = _notes(done, asked, "files", variation, is_late=budget.is_late)
    if cut_files:
        files = "1 file has" if cut_files == 1 else f"{cut_files:,} files have"
        report.notes.append(f"{files} more elements than are compared")
    return report


def vary_frames(entry: Entry, is_wanted: Callable[[], bool]) -> VariationReport:
    """Say what varies over the functional groups of the frames of one file."""
    frame_count = entry.header.shared.frame_count
    budget = WalkBudget(MOST_ELEMENTS_SEARCHED, VARY_LIMIT_S, is_wanted)
    variation, done = frame_variation(_opened(entry), frame_count, budget)
    return VariationReport(
        asked=frame_count,
        files=[entry.index] * done,
        frames=list(range(done)),
        rows=variation.rows(),
        notes=_notes(done, frame_count, "frames", variation, is_late=budget.is_late),
    )


def _notes(done: int, asked: int, what: str, variation: Variation, *, is_late: bool) -> list[str]:
    if done == asked:
        return []
    if variation.is_full:
        reason = "their tags vary more than can be held"
    elif is_late:
        reason = f"the others would take longer than {VARY_LIMIT_S:g} s"
    else:
        reason = "no more are compared at once"
    return [f"the first {done:,} of {asked:,} {what}: {reason}"]


def _opened(entry: Entry) -> Instance:
    return open_instance(entry.path, expected=entry.stamp, member=entry.member)
