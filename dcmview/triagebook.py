"""Triage as use cases: which listed files are kept, rejected or in doubt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from dcmview.annotations.loading import TableLoader
from dcmview.annotations.triage import VERDICTS
from dcmview.annotations.triage_store import TriageStore
from dcmview.registry.keys import KnownFiles, file_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dcmview.annotations.imports import ImportTable
    from dcmview.annotations.native import FileKey
    from dcmview.annotations.saving import Saving
    from dcmview.annotations.triage import Mark, MarkChange, Verdict
    from dcmview.registry.registry import Entry, Registry


class MarkState(NamedTuple):
    """A file that has a mark or had one; without entry if this run does not list it."""

    key: FileKey
    entry: Entry | None
    mark: Mark

    @property
    def path(self) -> str:
        """As it was given, else as it was saved."""
        return self.key.path if self.entry is None else self.entry.path


@dataclass(frozen=True, slots=True)
class TriageOverview:
    """Which files are marked how, and how far a person has come.

    ``clock`` names the moment; ``images`` is how many images are listed.
    """

    clock: int
    marks: tuple[tuple[int, Mark], ...]
    counts: dict[Verdict, int]
    """Of listed files, by verdict."""
    images: int
    unlisted_files: int


class TriageBook:
    """The marks of the files of a registry."""

    def __init__(
        self, registry: Registry, saving: Saving, tables: Iterable[ImportTable] = ()
    ) -> None:
        self._registry = registry
        self._loader = TableLoader(tables)
        self._store = TriageStore(saving)
        self._known = KnownFiles(registry, self._store, self._store.snapshot()[0])
        self._counted = (-1, 0)

    # Files come in

    def attach(self, entry: Entry) -> None:
        """Find the mark that belongs to a file that was just listed."""
        if not (self._known or self._loader):
            return
        key = self._known.attach(entry)
        if key in self._store:
            self._store.note_listed(key)
        for _, row in self._loader.rows_of_path(key):
            self._load(entry, row.mark)

    def note_scan_end(self, warnings: list[str]) -> None:
        """Find the files that tables name otherwise than by path, and say which rows have none."""
        if not self._loader:
            return
        listed = [(entry.index, file_key(entry)) for entry in self._registry.entries()]
        for index, rows in self._loader.other_rows(listed, warnings).items():
            for _, row in rows:
                self._load(self._registry.get(index), row.mark)

    # Reading

    def get(self, index: int) -> Mark:
        """Give the mark of a file, or raise ``UnknownFile``."""
        return self._store.get(file_key(self._registry.get(index)))

    def overview(self, since: int) -> TriageOverview:
        """Say what is marked; with ``since``, only what has changed or was listed since."""
        states, clock = self._store.snapshot()
        if since > clock:  # a moment of another run
            since = 0
        marks: list[tuple[int, Mark]] = []
        counts = dict.fromkeys(VERDICTS, 0)
        unlisted = 0
        for key, state in states.items():
            index = self._known.index_of(key)
            if index is None:
                unlisted += bool(state.mark)
                continue
            if state.mark.mark:
                counts[state.mark.mark] += 1
            if state.clock > since and (state.mark or since > 0):
                marks.append((index, state.mark))
        marks.sort(key=lambda each: each[0])
        return TriageOverview(clock, tuple(marks), counts, self._image_count(), unlisted)

    def states(self) -> tuple[list[MarkState], int]:
        """Give everything, and the moment of the last change in it."""
        states, clock = self._store.snapshot()
        return [
            MarkState(key, self._known.entry_of(key), state.mark) for key, state in states.items()
        ], clock

    @property
    def is_empty(self) -> bool:
        """Whether there is no mark at all."""
        return not any(state.mark for state in self._store.snapshot()[0].values())

    # Changes

    def change(self, indices: Iterable[int], change: MarkChange) -> None:
        """Say the same of many files.

        Raises
        ------
        UnknownFile
            If one of them is not there; then nothing is done.
        NotSaved
            If that was done and could not be saved; so does the next one.
        """
        self._store.change(
            [self._known.note(self._registry.get(index)) for index in indices], change
        )

    def put(self, marks: Mapping[int, Mark]) -> None:
        """Set the marks of files."""
        self._store.put(
            {self._known.note(self._registry.get(index)): mark for index, mark in marks.items()}
        )

    def mark_exported(self, clock: int) -> None:
        """Note that everything up to this moment has left the process."""
        self._store.mark_exported(clock)

    # Inside

    def _load(self, entry: Entry, mark: Mark | None) -> None:
        if mark is not None and self._store.load(file_key(entry), mark):
            self._known.note(entry)

    def _image_count(self) -> int:
        """Count the listed images that are neither changed nor gone; counted anew after changes."""
        revision = self._registry.revision
        if self._counted[0] != revision:
            images = sum(
                entry.header.shared.has_pixels and self._registry.lost(entry.index) is None
                for entry in self._registry.entries()
            )
            self._counted = revision, images
        return self._counted[1]
