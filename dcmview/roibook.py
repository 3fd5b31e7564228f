"""ROIs as use cases: joins what is drawn, loaded and saved with the files that are listed.

A file is known by the UID of its object and its path, so that a later run,
which gives other indices, finds what belongs to it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from dcmview.annotations.imports import fitting, with_added
from dcmview.annotations.loading import TableLoader, loaded_rois
from dcmview.annotations.losses import is_carried
from dcmview.annotations.operations import AddRoi, RemoveRoi, ReplaceRoi, parse_operations
from dcmview.annotations.rectangle import check_against_image, parse_rectangles
from dcmview.annotations.roi import checked, parse_rois, rectangles
from dcmview.annotations.store import FileEdit, FileRois, RoiStore
from dcmview.errors import InvalidAnnotation, UnknownFile
from dcmview.registry.keys import KnownFiles, file_key

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from dcmview.annotations.imports import ImportRow, ImportTable
    from dcmview.annotations.losses import Carries
    from dcmview.annotations.native import FileKey
    from dcmview.annotations.operations import Operation
    from dcmview.annotations.rectangle import Rectangle
    from dcmview.annotations.roi import Roi
    from dcmview.annotations.saving import Saving
    from dcmview.errors import DcmviewError
    from dcmview.registry.registry import Entry, Registry

MOST_LABELS = 20
MOST_KNOWN_LABELS = 1_000


@dataclass(frozen=True, slots=True)
class RoiCount:
    """What there is of one file, in short."""

    index: int
    revision: int
    count: int
    labels: tuple[str, ...]
    """At most the first 20 in order of the alphabet."""
    series: int
    """Number of the series that the file is in."""
    frame_count: int


@dataclass(frozen=True, slots=True)
class RoiOverview:
    """Which files have ROIs, and whether anything of them could be lost.

    ``clock`` names the moment; ``unlisted_files`` are files with saved ROIs
    that this run does not list.
    """

    clock: int
    files: tuple[RoiCount, ...]
    unlisted_files: int
    labels: tuple[str, ...]
    """Those that the user named first, then those of all ROIs as they first appeared."""


class FileState(NamedTuple):
    """A file that has ROIs or had some; without entry if this run does not list it.

    ``rois`` are those that can be edited, and those that were asked for with them;
    ``left_out`` counts the read-only ones that nobody asked for.
    """

    key: FileKey
    entry: Entry | None
    rois: tuple[Roi, ...]
    left_out: int = 0

    @property
    def path(self) -> str:
        """As it was given, else as it was saved."""
        return self.key.path if self.entry is None else self.entry.path


class RoiBook:
    """The ROIs of the files of a registry.

    Attributes
    ----------
    instance : str
        Tells this process from others: revisions and indices mean nothing to another one.
    """

    def __init__(
        self,
        registry: Registry,
        tables: Iterable[ImportTable] = (),
        saving: Saving | None = None,
        labels: Iterable[str] = (),
    ) -> None:
        self.instance = secrets.token_hex(4)
        self._registry = registry
        self._loader = TableLoader(tables)
        self._labels = tuple(labels)
        self._warnings: list[str] = []
        self._store = RoiStore(saving)
        self._passed_over: dict[str, set[FileKey]] = {}
        self._known = KnownFiles(registry, self._store, self._store.files())

    # Files come in

    def attach(self, entry: Entry) -> None:
        """Find the ROIs that belong to a file that was just listed."""
        if not (self._known or self._loader):
            return
        key = self._known.attach(entry)
        rows = self._loader.rows_of_path(key)
        if key in self._store:
            self._store.note_listed(key)
            self._check_saved(entry, self._store.get(key).rois)
            self._pass_over(entry, key, [row for row in rows if not row[0].read_only])
            rows = [(table, row) for table, row in rows if table.read_only]
        if rows:
            self._load(entry, rows)

    def note_scan_end(self, late: Iterable[ImportTable] = ()) -> None:
        """Find the files that tables name otherwise than by path, and say which rows have none.

        ``late`` are tables that could not be had before all files were listed.
        """
        for loader in filter(None, (self._loader, TableLoader(late))):
            others = loader.other_rows(self.listed_keys(), self._warnings)
            for index, rows in others.items():
                self._load(self._registry.get(index), rows, is_late=True)
        self._warnings.extend(
            f"{source}: what it says of {len(files)} file(s) with saved or edited ROIs is left "
            "out; import it to have both"
            for source, files in self._passed_over.items()
        )

    def warnings(self) -> list[str]:
        """Say what was left out and why."""
        return self._warnings

    # Reading

    def get(self, index: int) -> FileRois:
        """Give the ROIs of a file, read-only ones too, or raise ``UnknownFile``."""
        return self._store.get(file_key(self._registry.get(index)))

    def boxes(self, index: int) -> tuple[Rectangle, ...]:
        """Give the rectangles of a file that can be edited, or raise ``UnknownFile``."""
        return rectangles(self.get(index).rois)

    def overview(self, since: int) -> RoiOverview:
        """Say what has ROIs; with ``since``, only the files that were edited or listed since."""
        states, clock = self._store.snapshot()
        if since > clock:  # a moment of another run
            since = 0
        files: list[RoiCount] = []
        unlisted = 0
        for key, state in states.items():
            index = self._known.index_of(key)
            if index is None:
                unlisted += bool(state.rois)
            elif state.clock > since and (state.shown or since > 0):
                labels = sorted({roi.label for roi in state.shown if roi.label})
                files.append(
                    RoiCount(
                        index=index,
                        revision=state.revision,
                        count=len(state.shown),
                        labels=tuple(labels[:MOST_LABELS]),
                        series=self._registry.series_of(index),
                        frame_count=self._registry.get(index).header.shared.frame_count,
                    )
                )
        files.sort(key=lambda each: each.index)
        known = tuple(dict.fromkeys((*self._labels, *self._store.labels())))
        return RoiOverview(clock, tuple(files), unlisted, known[:MOST_KNOWN_LABELS])

    def states(self, *, with_read_only: bool = False) -> tuple[list[FileState], int]:
        """Give everything, and the moment of the last edit in it."""
        states, clock = self._store.snapshot()
        return [
            FileState(key, self._known.entry_of(key), state.shown)
            if with_read_only
            else FileState(key, self._known.entry_of(key), state.rois, len(state.read_only))
            for key, state in states.items()
        ], clock

    @property
    def is_empty(self) -> bool:
        """Whether no file has or had any ROIs."""
        return not self._store.files()

    @property
    def has_unlisted(self) -> bool:
        """Whether files have ROIs that this run does not list."""
        states, _ = self._store.snapshot()
        return any(
            state.rois and self._known.index_of(key) is None for key, state in states.items()
        )

    def listed_keys(self) -> list[tuple[int, FileKey]]:
        """Give what all listed files are known by."""
        return [(entry.index, file_key(entry)) for entry in self._registry.entries()]

    # Edits

    def replace_boxes(self, index: int, coordinates: Any, frames: Any) -> tuple[Rectangle, ...]:
        """Replace the rectangles of a file by decoded JSON and give them in order.

        Raises
        ------
        InvalidAnnotation
            If a box is empty, outside the image or names a frame that is not there, or there
            are too many.
        NotSaved
            If the edit was made and could not be saved; so do the next two.
        """
        entry = self._registry.get(index)
        boxes = parse_rectangles(coordinates, frames)
        check_against_image(boxes, entry.header.shared)
        return rectangles(self._store.replace_rectangles(self._known.note(entry), boxes).rois)

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
        key = self._known.note(entry)
        parsed = self._editable(key, parse_rois(rois, entry.header.shared))
        return self._store.replace(key, parsed, if_revisions=if_revisions)

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
        key, parsed = self._parsed(index, operations)
        state = self._store.edit(key, parsed, if_revisions=if_revisions)
        return state, _put_in(parsed)

    def edit_many(
        self, edits: Iterable[tuple[int, Any, Collection[int] | None]]
    ) -> tuple[list[tuple[FileRois, tuple[Roi, ...]] | DcmviewError], str]:
        """Carry out operations on many files, each on its own, and save them together.

        Parameters
        ----------
        edits : iterable of (int, decoded JSON, collection of int or None)
            What `edit` takes.

        Returns
        -------
        tuple of list and str
            What `edit` gives or raises for each; and why what was done could not be saved.
        """
        outcomes: list[tuple[FileRois, tuple[Roi, ...]] | DcmviewError] = []
        parsed: list[FileEdit] = []
        places: list[int] = []
        for place, (index, operations, if_revisions) in enumerate(edits):
            try:
                parsed.append(FileEdit(*self._parsed(index, operations), if_revisions))
            except (InvalidAnnotation, UnknownFile) as exc:
                outcomes.append(exc)
            else:
                outcomes.append((FileRois(), ()))
                places.append(place)
        done, not_saved = self._store.edit_many(parsed)
        for place, edit, outcome in zip(places, parsed, done, strict=True):
            if isinstance(outcome, FileRois):
                outcomes[place] = outcome, _put_in(edit.operations)
            else:
                outcomes[place] = outcome
        return outcomes, not_saved

    def add_many(
        self, additions: Iterable[tuple[int, Sequence[Roi]]], *, any_source: str = ""
    ) -> tuple[list[int | DcmviewError], str]:
        """Add checked ROIs that are not there yet, whatever their id, and save them together.

        Those from ``any_source`` are there if they came from elsewhere, too. Gives how many were
        new to each file, or why it takes none; and why what was added could not be saved.
        """
        return self._store.add_many(
            ((key, self._with_free_ids(key, rois)) for key, rois in self._keyed(additions)),
            any_source=any_source,
        )

    # Exporting

    def are_carried(self, carries: Carries) -> bool:
        """Whether a form carries all that a person would miss."""
        return self._store.are_all(lambda roi: is_carried(roi, carries))

    def mark_exported(
        self, clock: int, carries: Carries, can_name: Callable[[Entry], bool]
    ) -> None:
        """Note that what a form carries of everything up to this moment has left the process.

        ``can_name`` says of which files it can carry anything.
        """
        left_out = {key for key, entry in self._known.entries() if not can_name(entry)}
        self._store.mark_exported(clock, lambda roi: is_carried(roi, carries), left_out)

    # Inside

    def _check_saved(self, entry: Entry, rois: tuple[Roi, ...]) -> None:
        try:
            for number, roi in enumerate(rois):
                checked(roi, entry.header.shared, f"ROI {number}")
        except InvalidAnnotation as exc:
            self._warnings.append(
                f"{entry.path}: its saved ROIs do not fit its image any more: {exc.message}"
            )

    def _keyed(
        self, additions: Iterable[tuple[int, Sequence[Roi]]]
    ) -> Iterator[tuple[FileKey, Sequence[Roi]]]:
        for index, rois in additions:
            yield self._known.note(self._registry.get(index)), rois

    def _with_free_ids(self, key: FileKey, rois: Sequence[Roi]) -> list[Roi]:
        taken = {roi.id for roi in self._store.get(key).read_only}
        return [msgspec.structs.replace(roi, id="") if roi.id in taken else roi for roi in rois]

    def _parsed(self, index: int, operations: Any) -> tuple[FileKey, tuple[Operation, ...]]:
        entry = self._registry.get(index)
        key = self._known.note(entry)
        parsed = parse_operations(operations, entry.header.shared)
        read_only = {roi.id for roi in self._store.get(key).read_only}
        for number, each in enumerate(parsed):
            if (each.id if isinstance(each, RemoveRoi) else each.roi.id) in read_only:
                raise _read_only_error(f"operation {number}")
        return key, parsed

    def _editable(self, key: FileKey, rois: tuple[Roi, ...]) -> tuple[Roi, ...]:
        """Leave out the read-only ones, which stay anyway; refuse them if they were edited."""
        read_only = {roi.id: roi for roi in self._store.get(key).read_only}
        for number, roi in enumerate(rois):
            if read_only.get(roi.id, roi) != roi:
                raise _read_only_error(f"ROI {number}")
        return tuple(roi for roi in rois if roi.id not in read_only)

    def _load(
        self, entry: Entry, rows: list[tuple[ImportTable, ImportRow]], *, is_late: bool = False
    ) -> None:
        key = self._known.note(entry)
        editable = [(table, row) for table, row in rows if not table.read_only]
        read_only = [(table, row) for table, row in rows if table.read_only]
        if not self._load_editable(
            entry, key, self._fitting(entry, key, editable), is_late=is_late
        ):
            self._pass_over(entry, key, editable)
        if rois := self._fitting(entry, key, read_only):
            try:
                self._store.load_read_only(key, rois, is_late=is_late)
            except InvalidAnnotation as exc:
                self._warnings.append(f"{entry.path}: {len(rois)} loaded ROIs left out: {exc}")

    def _fitting(
        self, entry: Entry, key: FileKey, rows: list[tuple[ImportTable, ImportRow]]
    ) -> tuple[Roi, ...]:
        present = self._store.get(key).shown
        return loaded_rois(rows, entry.header.shared, self._warnings, present)

    def _load_editable(
        self, entry: Entry, key: FileKey, rois: tuple[Roi, ...], *, is_late: bool
    ) -> bool:
        try:
            return not rois or self._store.load(key, rois, is_late=is_late)
        except InvalidAnnotation as exc:
            self._warnings.append(f"{entry.path}: {len(rois)} loaded ROIs left out: {exc.message}")
            return True

    def _pass_over(
        self, entry: Entry, key: FileKey, rows: list[tuple[ImportTable, ImportRow]]
    ) -> None:
        """Note which tables say more than what is saved or edited, which goes before."""
        there = self._store.get(key).rois
        for table, row in rows:
            rois, _ = fitting(row, entry.header.shared)
            try:
                is_more = len(with_added(there, rois)) > len(there)
            except InvalidAnnotation:  # too many
                is_more = True
            if is_more:
                self._passed_over.setdefault(table.source, set()).add(key)


def _put_in(operations: tuple[Operation, ...]) -> tuple[Roi, ...]:
    return tuple(each.roi for each in operations if isinstance(each, AddRoi | ReplaceRoi))


def _read_only_error(where: str) -> InvalidAnnotation:
    return InvalidAnnotation(f"{where}: the ROI is of a read-only layer")
