"""What goes in and out as use cases: any form, what it loses, and what has left the process."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from dcmview.annotations.imports import stamped
from dcmview.annotations.losses import count_losses
from dcmview.exchange.forms import EXPORT_FORMS, ExportRequest
from dcmview.exchange.importing import take_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from dcmview.annotations.imports import ImportTable
    from dcmview.annotations.roi import Roi
    from dcmview.engine.engine import Engine
    from dcmview.exchange.importing import ImportReport
    from dcmview.registry.registry import Registry
    from dcmview.roibook import RoiBook
    from dcmview.triagebook import TriageBook


class Export(NamedTuple):
    """The content of a file to be saved, and the moments of the last edits in it."""

    content: bytes | Iterator[bytes]
    clock: int
    marks_clock: int

    def whole(self) -> bytes:
        """Give the content, once."""
        return self.content if isinstance(self.content, bytes) else b"".join(self.content)


@dataclass(frozen=True, slots=True)
class ExportPreview:
    """What an export would hold of all ROIs, and what it would not.

    ``carried`` counts the ROIs that are in it at all, ``lost`` what is not, in
    words; ``missing`` is what has to be installed first.
    """

    rois: int
    carried: int
    lost: dict[str, int]
    missing: str


class RoiExchange:
    """The ROIs of a run in the forms of other programs."""

    def __init__(
        self,
        registry: Registry,
        book: RoiBook,
        triage: TriageBook,
        engine: Callable[[], Engine],
    ) -> None:
        self._registry = registry
        self._book = book
        self._triage = triage
        self._engine = engine

    def export(
        self,
        form: str,
        *,
        folder: str | None = None,
        with_predictions: bool = False,
        options: Mapping[str, str] | None = None,
    ) -> Export:
        """Write the ROIs in a form of `EXPORT_FORMS`, without read-only ones unless asked for.

        Once the content has reached somebody, `mark_exported` takes it.
        Paths keep bytes that are not UTF-8, except in JSON of COCO.
        ``folder`` is where the file will lie, for the paths in our JSON.
        """
        files, clock = self._book.states(with_read_only=with_predictions)
        marks, marks_clock = self._triage.states()
        request = ExportRequest(files, marks, self._engine, folder, options or {})
        return Export(EXPORT_FORMS[form].write(request), clock, marks_clock)

    def preview(self, form: str, *, with_predictions: bool = False) -> ExportPreview:
        """Say what an export in a form would not carry."""
        wanted = EXPORT_FORMS[form]
        files, _ = self._book.states(with_read_only=with_predictions)
        held: list[Roi] = []
        left_out: Counter[str] = Counter()
        for each in files:
            left_out["predictions, which have files of their own"] += each.left_out
            if each.entry is None and not wanted.holds_unlisted:
                left_out["ROIs of files that are not listed"] += len(each.rois)
            elif each.entry is not None and not wanted.can_name(each.entry):
                left_out["ROIs of files without UIDs"] += len(each.rois)
            else:
                held.extend(each.rois)
        lost = dict(count_losses(held, wanted.carries) + left_out)
        total = sum(len(each.rois) for each in files)
        carried = sum(roi.kind in wanted.carries.kinds for roi in held)
        return ExportPreview(total, carried, lost, wanted.missing())

    def carries_all(self, form: str) -> bool:
        """Whether a form would carry all that a person would miss."""
        wanted = EXPORT_FORMS[form]
        return (
            self._book.are_carried(wanted.carries)
            and (wanted.holds_unlisted or not self._book.has_unlisted)
            and (wanted.holds_marks or self._triage.is_empty)
        )

    def mark_exported(self, export: Export, form: str) -> None:
        """Note that what a form carries of what was exported has left the process."""
        wanted = EXPORT_FORMS[form]
        self._book.mark_exported(export.clock, wanted.carries, wanted.can_name)
        if wanted.holds_marks:
            self._triage.mark_exported(export.marks_clock)

    def take_in(
        self, table: ImportTable, *, group: str = "", source: str = "", locked: bool = False
    ) -> ImportReport:
        """Add the ROIs of a table to those that are there, as edits.

        ``group`` and ``source`` are for those that name none; with ``locked`` all get locked.
        """
        wanted = stamped(table, group=group, source=source, locked=locked)
        return take_in(self._registry, self._book, self._triage, wanted, any_source=source)
