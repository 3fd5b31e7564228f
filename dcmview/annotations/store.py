"""The ROIs of all files: kept in memory, saved if asked to, counted until nobody would lose them.

Source files and tables that were loaded are never written.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from dcmview.annotations.imports import with_added
from dcmview.annotations.labels import LabelCounts
from dcmview.annotations.operations import apply_operations
from dcmview.annotations.roi import MOST_ROIS, with_rectangles
from dcmview.annotations.saving import Saving
from dcmview.errors import DcmviewError, InvalidAnnotation, NotSaved, StaleRevision

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from dcmview.annotations.native import Contents, FileKey
    from dcmview.annotations.operations import Operation
    from dcmview.annotations.rectangle import Rectangle
    from dcmview.annotations.roi import Roi


@dataclass(frozen=True, slots=True)
class FileRois:
    """The ROIs of one file at one moment.

    ``revision`` counts the edits of this file, ``clock`` is the moment of the
    last one among those of all files.
    """

    rois: tuple[Roi, ...] = ()
    revision: int = 0
    clock: int = 0
    is_journaled: bool = False
    """Whether the journal knows them all, so that it can be told of changes alone."""
    read_only: tuple[Roi, ...] = ()
    """Those of other files that are looked at beside them; neither edited nor saved."""

    @property
    def shown(self) -> tuple[Roi, ...]:
        """All of them."""
        return (*self.rois, *self.read_only) if self.read_only else self.rois


_NOTHING = FileRois()


class FileEdit(NamedTuple):
    """Operations on the ROIs of a file, if it has one of the revisions; None for any."""

    key: FileKey
    operations: tuple[Operation, ...]
    if_revisions: Collection[int] | None


class RoiStore:
    """ROIs by file, for many threads.

    Parameters
    ----------
    saving : Saving, optional
        Where edits are saved; what it found is what is there at the start.
    """

    def __init__(self, saving: Saving | None = None) -> None:
        self._saving = Saving() if saving is None else saving
        self._saving.add(self)
        # Readers need this one alone, and never wait for the disk.
        self._lock = threading.Lock()
        self._clock = 0
        self._total = 0
        self._labels = LabelCounts()
        self._files: dict[FileKey, FileRois] = {}
        self._unsaved: dict[FileKey, int] = {}
        for key, rois in self._saving.found.rois.items():
            self._files[key] = FileRois(rois, is_journaled=True)
            self._total += len(rois)
            self._labels.replace((), rois)
        self._saving.found.rois.clear()

    # Reading

    def get(self, key: FileKey) -> FileRois:
        """Give the ROIs of a file in their order."""
        return self._files.get(key, _NOTHING)

    def __contains__(self, key: FileKey) -> bool:
        return key in self._files

    def files(self) -> list[FileKey]:
        """Give the files that have ROIs or had some."""
        with self._lock:
            return list(self._files)

    def snapshot(self) -> tuple[dict[FileKey, FileRois], int]:
        """Give everything, and the moment of the last edit in it."""
        with self._lock:
            return dict(self._files), self._clock

    def labels(self) -> list[str]:
        """Give the labels of all ROIs in the order in which they first appeared."""
        with self._lock:
            return self._labels.names()

    @property
    def clock(self) -> int:
        """How much has happened so far."""
        return self._clock

    def are_all(self, carries: Callable[[Roi], bool]) -> bool:
        """Whether something is true of all ROIs."""
        states, _ = self.snapshot()
        return all(carries(roi) for state in states.values() for roi in state.rois)

    # Changes

    def load(self, key: FileKey, rois: Sequence[Roi], *, is_late: bool = False) -> bool:
        """Add ROIs that exist elsewhere already; not an edit, and never to an edited or saved file.

        Parameters
        ----------
        key : FileKey
            Their file.
        rois : sequence of Roi
            What is there already is not added again.
        is_late : bool
            Whether somebody may have seen the file without them.

        Returns
        -------
        bool
            Whether the file takes them.
        """
        with self._saving.editing, self._lock:
            # The file was listed a moment ago, and somebody may have been quick.
            old = self._files.get(key, _NOTHING)
            if old.is_journaled or old.revision > 0:
                return False
            loaded = with_added(old.rois, rois)
            revision = old.revision + int(is_late)
            self._put(key, replace(old, rois=loaded, revision=revision))
            return True

    def load_read_only(self, key: FileKey, rois: Sequence[Roi], *, is_late: bool = False) -> None:
        """Add ROIs that are looked at beside those of a file, whatever happened to these.

        Raises
        ------
        InvalidAnnotation
            If there would be too many.
        """
        with self._saving.editing, self._lock:
            old = self._files.get(key, _NOTHING)
            loaded = with_added(old.read_only, rois)
            self._put(key, replace(old, read_only=loaded, revision=old.revision + int(is_late)))

    def adopt(self, old: FileKey, new: FileKey) -> None:
        """Know the ROIs of a file under its new name."""
        with self._saving.editing, self._lock:
            if old not in self._files or new in self._files:
                return
            self._files[new] = self._files.pop(old)
            self._saving.note_move(old, new)

    def note_listed(self, key: FileKey) -> None:
        """Say that something of a file is new to those who look, though its ROIs are not."""
        with self._lock:
            self._put(key, self._files[key])

    def replace(
        self, key: FileKey, rois: Sequence[Roi], *, if_revisions: Collection[int] | None = None
    ) -> FileRois:
        """Set all ROIs of a file; raises what `edit` raises."""
        return self._edit(key, lambda _: tuple(rois), if_revisions)

    def replace_rectangles(self, key: FileKey, boxes: Sequence[Rectangle]) -> FileRois:
        """Set the rectangles of a file and leave its other ROIs alone."""
        return self._edit(key, lambda rois: with_rectangles(rois, boxes))

    def add_many(
        self, additions: Iterable[tuple[FileKey, Sequence[Roi]]], *, any_source: str = ""
    ) -> tuple[list[int | DcmviewError], str]:
        """Add ROIs that are not there yet to several files, and save them together.

        With ``any_source`` as of `with_added`. What has nothing new is not edited.

        Returns
        -------
        tuple of list and str
            How many were new to each file, or why it takes none of them; and why what was added
            could not be saved.
        """
        outcomes: list[int | DcmviewError] = []
        with self._saving.editing:
            for key, rois in additions:
                old = self.get(key).rois
                try:
                    new = with_added(old, rois, any_source=any_source)
                    if len(new) > len(old):
                        self._replace(key, new)
                    outcomes.append(len(new) - len(old))
                except (InvalidAnnotation, NotSaved) as exc:
                    outcomes.append(exc)
            return outcomes, self._saved()

    def edit(
        self,
        key: FileKey,
        operations: tuple[Operation, ...],
        *,
        if_revisions: Collection[int] | None = None,
    ) -> FileRois:
        """Carry out operations, all or none.

        Raises
        ------
        StaleRevision
            If the ROIs have none of the revisions ``if_revisions``.
        InvalidAnnotation
            If an operation does not fit, or there would be too many ROIs.
        NotSaved
            If the edit was made and could not be saved.
        """
        with self._saving.editing:
            state = self._change_by(FileEdit(key, operations, if_revisions))
            self._saving.save()
            return state

    def edit_many(self, edits: Iterable[FileEdit]) -> tuple[list[FileRois | DcmviewError], str]:
        """Carry out operations on several files, each on its own, and save them together.

        Returns
        -------
        tuple of list and str
            What each file has then, or the error why it was not edited, as `edit` raises them;
            and why those that were edited could not be saved.
        """
        outcomes: list[FileRois | DcmviewError] = []
        with self._saving.editing:
            for each in edits:
                try:
                    outcomes.append(self._change_by(each))
                except (StaleRevision, InvalidAnnotation, NotSaved) as exc:
                    outcomes.append(exc)
            return outcomes, self._saved()

    def mark_exported(
        self, clock: int, carries: Callable[[Roi], bool], left_out: Collection[FileKey] = ()
    ) -> None:
        """Note that everything up to this moment that a form carries has left the process.

        That is true only of files of which it carries every ROI, and never of those left out.
        """
        with self._lock:
            for key, edited in list(self._unsaved.items()):
                is_whole = key not in left_out and all(map(carries, self._files[key].rois))
                if edited <= clock and is_whole:
                    del self._unsaved[key]

    # Being saved

    def unsaved(self) -> Collection[FileKey]:
        """Give the files with edits that would be lost with the process."""
        with self._lock:
            return list(self._unsaved)

    def note_saved(self) -> None:
        """Take it that nothing would be lost."""
        with self._lock:
            self._unsaved.clear()

    def note_lost(self) -> None:
        """Take it that nothing is saved."""
        with self._lock:
            for key, state in self._files.items():
                if state.is_journaled:
                    self._unsaved[key] = self._clock

    def put_into(self, contents: Contents) -> None:
        """Add all that the journal knows of."""
        states, _ = self.snapshot()
        contents.rois.update(
            (key, state.rois) for key, state in states.items() if state.is_journaled
        )

    # Inside

    def _edit(
        self,
        key: FileKey,
        change: Callable[[tuple[Roi, ...]], tuple[Roi, ...]],
        if_revisions: Collection[int] | None = None,
    ) -> FileRois:
        with self._saving.editing:
            state = self._change(key, change, (), if_revisions)
            self._saving.save()
            return state

    def _change(
        self,
        key: FileKey,
        change: Callable[[tuple[Roi, ...]], tuple[Roi, ...]],
        operations: tuple[Operation, ...],
        if_revisions: Collection[int] | None,
    ) -> FileRois:
        """Make an edit in memory, and tell the journal, which does not write it yet."""
        self._saving.check_open()
        old = self.get(key)
        if if_revisions is not None and old.revision not in if_revisions:
            raise StaleRevision("somebody else has changed the ROIs of this file meanwhile")
        rois = change(old.rois)
        more = len(rois) - len(old.rois)
        if more > 0 and self._total + more > MOST_ROIS:  # loaded ones may be beyond it
            raise InvalidAnnotation(f"there can be {MOST_ROIS:,} ROIs in all files together")
        if operations and old.is_journaled:
            self._saving.append(key, None, operations)
        else:
            self._saving.append(key, rois)
        changed = replace(
            old, rois=rois, revision=old.revision + 1, is_journaled=self._saving.has_journal
        )
        with self._lock:
            new = self._put(key, changed)
            self._unsaved[key] = self._clock
        return new

    def _replace(self, key: FileKey, rois: tuple[Roi, ...]) -> None:
        self._change(key, lambda _: rois, (), None)

    def _saved(self) -> str:
        """Write what was done; give why that could not be."""
        try:
            self._saving.save()
        except NotSaved as exc:
            return exc.message
        return ""

    def _change_by(self, edit: FileEdit) -> FileRois:
        key, operations, if_revisions = edit
        return self._change(
            key, lambda rois: apply_operations(rois, operations), operations, if_revisions
        )

    def _put(self, key: FileKey, state: FileRois) -> FileRois:
        """Set what there is of a file, as the latest that happened; with the lock held."""
        self._clock += 1
        old = self._files.get(key, _NOTHING)
        if state.shown is not old.shown:
            self._total += len(state.shown) - len(old.shown)
            self._labels.replace(old.shown, state.shown)
        self._files[key] = state = replace(state, clock=self._clock)
        return state
