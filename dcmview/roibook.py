"""ROIs as use cases: joins what is drawn, loaded and saved with the files that are listed.

A file is known by the UID of its object and its path, so that a later run,
which gives other indices, finds what belongs to it.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dcmview.annotations.native import FileKey, write_native
from dcmview.annotations.operations import AddRoi, ReplaceRoi, parse_operations
from dcmview.annotations.rectangle import check_against_image, parse_rectangles
from dcmview.annotations.roi import checked, parse_rois, rectangles, roi_of_rectangle
from dcmview.annotations.roi_csv import write_roi_csv
from dcmview.annotations.store import RoiStore
from dcmview.errors import InvalidAnnotation

if TYPE_CHECKING:
    from collections.abc import Collection

    from dcmview.annotations.journal import Journal
    from dcmview.annotations.rectangle import Rectangle
    from dcmview.annotations.roi import Roi
    from dcmview.annotations.roi_csv import RoiTable
    from dcmview.annotations.store import FileRois
    from dcmview.registry.registry import Entry, Registry

MOST_LABELS = 20


@dataclass(frozen=True, slots=True)
class RoiCount:
    """What there is of one file, in short."""

    index: int
    revision: int
    count: int
    labels: tuple[str, ...]
    """At most the first 20 in order of the alphabet."""


@dataclass(frozen=True, slots=True)
class RoiOverview:
    """Which files have ROIs, and whether anything of them could be lost.

    ``clock`` names the moment; ``unlisted_files`` are files with saved ROIs
    that this run does not list.
    """

    clock: int
    files: tuple[RoiCount, ...]
    unlisted_files: int


class RoiBook:
    """The ROIs of the files of a registry.

    Attributes
    ----------
    instance : str
        Tells this process from others: revisions and indices mean nothing to another one.
    """

    def __init__(
        self, registry: Registry, table: RoiTable | None = None, journal: Journal | None = None
    ) -> None:
        self.instance = secrets.token_hex(4)
        self._registry = registry
        self._table = table
        self._journal_path = None if journal is None else journal.path
        self._warnings = [] if journal is None else list(journal.warnings)
        self._matched_rows: set[int] = set()
        self._store = RoiStore(journal)
        self._indices: dict[FileKey, int] = {}
        self._saved_by_uid: dict[str, list[FileKey]] = {}
        for key in self._store.files():
            self._saved_by_uid.setdefault(key.sop_instance_uid, []).append(key)

    # Files come in

    def attach(self, entry: Entry) -> None:
        """Find the ROIs that belong to a file that was just listed."""
        if not (self._saved_by_uid or self._table or self._indices):
            return
        key = file_key(entry)
        if key not in self._store:
            moved = self._moved_here(key)
            if moved is not None:
                self._store.adopt(moved, key)
        is_saved = key in self._store
        loaded = self._table_rois(entry)
        if is_saved:
            self._indices[key] = entry.index
            self._store.note_listed(key)
            self._check_saved(entry, self._store.get(key).rois)
        elif loaded:
            self._indices[key] = entry.index
            self._store.load(key, loaded)

    def note_scan_end(self) -> None:
        """Say which rows of the table have found no file."""
        if self._table is None:
            return
        self._warnings.extend(
            f"{self._table.source}: row {row.row_number} matches no listed file: {row.path}"
            for row in self._table.rows
            if row.row_number not in self._matched_rows
        )

    def warnings(self) -> list[str]:
        """Say what was left out and why, and what could not be saved."""
        error = self._store.save_error
        failure = [f"{self._journal_path}: ROI edits are not saved: {error}"] if error else []
        return failure + self._warnings

    # Reading

    def get(self, index: int) -> FileRois:
        """Give the ROIs of a file, or raise ``UnknownFile``."""
        return self._store.get(file_key(self._registry.get(index)))

    def boxes(self, index: int) -> tuple[Rectangle, ...]:
        """Give the rectangles of a file, or raise ``UnknownFile``."""
        return rectangles(self.get(index).rois)

    def overview(self, since: int) -> RoiOverview:
        """Say what has ROIs; with ``since``, only the files that were edited or listed since."""
        states, clock = self._store.snapshot()
        files: list[RoiCount] = []
        unlisted = 0
        for key, state in states.items():
            index = self._indices.get(key)
            if index is None:
                unlisted += bool(state.rois)
            elif state.clock > since and (state.rois or since > 0):
                labels = sorted({roi.label for roi in state.rois if roi.label})
                files.append(
                    RoiCount(index, state.revision, len(state.rois), tuple(labels[:MOST_LABELS]))
                )
        files.sort(key=lambda each: each.index)
        return RoiOverview(clock, tuple(files), unlisted)

    # Edits

    def replace_boxes(self, index: int, coordinates: Any, frames: Any) -> tuple[Rectangle, ...]:
        """Replace the rectangles of a file by decoded JSON and give them in order.

        Raises
        ------
        InvalidAnnotation
            If a box is empty, outside the image or names a frame that is not there.
        NotSaved
            If the edit was made and could not be saved; so do the next two.
        """
        entry = self._registry.get(index)
        boxes = parse_rectangles(coordinates, frames)
        check_against_image(boxes, entry.header.shared)
        return rectangles(self._store.replace_rectangles(self._key_of(entry), boxes).rois)

    def replace(
        self, index: int, rois: Any, if_revisions: Collection[int] | None = None
    ) -> FileRois:
        """Replace all ROIs of a file by decoded JSON.

        Raises
        ------
        InvalidAnnotation
            Naming the first ROI that is wrong, and why.
        StaleRevision
            If the file has none of the revisions named.
        """
        entry = self._registry.get(index)
        parsed = parse_rois(rois, entry.header.shared)
        return self._store.replace(self._key_of(entry), parsed, if_revisions=if_revisions)

    def edit(
        self, index: int, operations: Any, if_revisions: Collection[int] | None = None
    ) -> tuple[FileRois, tuple[Roi, ...]]:
        """Carry out operations in decoded JSON; give all ROIs, and those that were put in.

        Raises
        ------
        InvalidAnnotation
            Naming the first operation that is wrong, and why; then none is carried out.
        StaleRevision
            If the file has none of the revisions named.
        """
        entry = self._registry.get(index)
        parsed = parse_operations(operations, entry.header.shared)
        state = self._store.edit(self._key_of(entry), parsed, if_revisions=if_revisions)
        put_in = (each.roi for each in parsed if isinstance(each, AddRoi | ReplaceRoi))
        return state, tuple(put_in)

    # Saving and exporting

    @property
    def unsaved_files(self) -> int:
        """How many files have edits that were neither saved nor exported."""
        return self._store.unsaved_files

    @property
    def save_error(self) -> str:
        """Why edits cannot be saved at present; empty where all is well."""
        return self._store.save_error

    @property
    def journal_path(self) -> str | None:
        """Where edits are saved; None where they are kept in memory."""
        return self._journal_path

    @property
    def boxes_say_all(self) -> bool:
        """Whether an EMBED table would carry all that a person would miss."""
        return self._store.is_all_boxes()

    def export_csv(self) -> tuple[str, int]:
        """Write the rectangles as an EMBED table, and give the moment of the last edit in it.

        Once the table has reached somebody, `mark_exported` takes that moment.
        """
        states, clock = self._store.snapshot()
        rows = (
            (self._registry.get(self._indices[key]).path, rectangles(state.rois))
            for key, state in states.items()
            if key in self._indices
        )
        return write_roi_csv(rows), clock

    def export_native(self, folder: str | None = None) -> tuple[bytes, int]:
        """Write everything as JSON, for a file in a folder or for anywhere."""
        states, clock = self._store.snapshot()
        return write_native(((key, state.rois) for key, state in states.items()), folder), clock

    def mark_exported(self, clock: int, *, boxes_alone: bool) -> None:
        """Note that everything up to this moment has left the process, or its boxes have."""
        self._store.mark_exported(clock, boxes_alone=boxes_alone)

    def close(self) -> None:
        """Save what is not saved yet; no edit is taken from here on."""
        self._store.close()

    # Inside

    def _key_of(self, entry: Entry) -> FileKey:
        key = file_key(entry)
        self._indices.setdefault(key, entry.index)
        return key

    def _moved_here(self, key: FileKey) -> FileKey | None:
        """Find saved ROIs of the same object under a path where there is nothing any more."""
        for saved in self._saved_by_uid.get(key.sop_instance_uid, ()) if key[0] else ():
            if saved not in self._indices and not _is_there(saved.path):
                return saved
        return None

    def _check_saved(self, entry: Entry, rois: tuple[Roi, ...]) -> None:
        try:
            for number, roi in enumerate(rois):
                checked(roi, entry.header.shared, f"ROI {number}")
        except InvalidAnnotation as exc:
            self._warnings.append(
                f"{entry.path}: its saved ROIs do not fit its image any more: {exc.message}"
            )

    def _table_rois(self, entry: Entry) -> tuple[Roi, ...]:
        if self._table is None:
            return ()
        accepted: list[Rectangle] = []
        for row in self._table.rows_for(entry.path):
            self._matched_rows.add(row.row_number)
            try:
                check_against_image(row.rectangles, entry.header.shared)
            except InvalidAnnotation as exc:
                self._warnings.append(
                    f"{self._table.source}: row {row.row_number} left out: {exc.message}"
                )
            else:
                accepted.extend(row.rectangles)
        return tuple(
            roi_of_rectangle(box, f"box-{number}") for number, box in enumerate(accepted, start=1)
        )


def file_key(entry: Entry) -> FileKey:
    """Give what a listed file is known by."""
    return FileKey(entry.header.sop_instance_uid, os.path.abspath(entry.path))


def _is_there(path: str) -> bool:
    """Whether there is such a file, or an archive in which it may lie."""
    if os.path.lexists(path):
        return True
    parent = os.path.dirname(path)
    while parent != path:
        if os.path.isfile(parent):
            return True
        path, parent = parent, os.path.dirname(parent)
    return False
