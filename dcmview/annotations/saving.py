"""Keeps edits: written to the journal before they are acknowledged, counted while they are not."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from dcmview.annotations.native import Contents
from dcmview.errors import NotSaved

if TYPE_CHECKING:
    from collections.abc import Collection

    from dcmview.annotations.journal import Journal
    from dcmview.annotations.native import FileKey
    from dcmview.annotations.operations import Operation
    from dcmview.annotations.roi import Roi
    from dcmview.annotations.triage import Mark

FIRST_RETRY_S = 1.0
LONGEST_RETRY_S = 30.0


class Part(Protocol):
    """Something that is edited and saved."""

    def unsaved(self) -> Collection[FileKey]:
        """Give the files with edits that would be lost with the process."""

    def note_saved(self) -> None:
        """Take it that nothing would be lost."""

    def note_lost(self) -> None:
        """Take it that nothing is saved."""

    def put_into(self, contents: Contents) -> None:
        """Add all that the journal knows of."""


class Saving:
    """One journal for all that is edited, or none.

    Parameters
    ----------
    journal : Journal, optional
        Where edits are saved.
    first_retry_s : float
        How long after a failure saving is tried again.

    Attributes
    ----------
    editing : Lock
        One edit at a time, up to the disk. Whoever edits holds it.
    found : Contents
        What was there at the start, until parts take it out.
    path : str or None
        Where edits are saved; None where they are kept in memory.
    """

    def __init__(
        self, journal: Journal | None = None, *, first_retry_s: float = FIRST_RETRY_S
    ) -> None:
        self.editing = threading.Lock()
        self.found = Contents() if journal is None else journal.found
        self.path = None if journal is None else journal.path
        self._warnings = [] if journal is None else journal.warnings
        self._journal = journal
        self._first_retry_s = first_retry_s
        self._parts: list[Part] = []
        self._stopping = threading.Event()
        self._error = ""
        self._is_retrying = False

    def add(self, part: Part) -> None:
        """Take on something that is edited."""
        self._parts.append(part)

    # State

    @property
    def has_journal(self) -> bool:
        """Whether edits are saved."""
        return self._journal is not None

    @property
    def unsaved_files(self) -> int:
        """How many files have edits that would be lost with the process."""
        return len(set().union(*(part.unsaved() for part in self._parts)))

    @property
    def error(self) -> str:
        """Why edits cannot be saved at present; empty where all is well."""
        return self._error

    def warnings(self) -> list[str]:
        """Say what was damaged at the start, and what cannot be saved now."""
        failure = [f"{self.path}: edits are not saved: {self._error}"] if self._error else []
        return failure + self._warnings

    # Edits, with the lock held

    def check_open(self) -> None:
        """Refuse an edit that nobody would save any more."""
        if self._stopping.is_set():
            raise NotSaved("the edit was not made: the viewer is ending")

    def append(
        self, key: FileKey, rois: tuple[Roi, ...] | None, operations: tuple[Operation, ...] = ()
    ) -> None:
        """Take all ROIs of a file, or what was done to them, to be saved."""
        if self._journal is not None:
            self._journal.append(key, rois=rois, operations=operations)

    def append_mark(self, key: FileKey, mark: Mark) -> None:
        """Take the mark of a file, to be saved."""
        if self._journal is not None:
            self._journal.append_mark(key, mark)

    def note_move(self, old: FileKey, new: FileKey) -> None:
        """Remember that a file is known under another name from now on."""
        if self._journal is not None:
            self._journal.note_move(old, new)

    def save(self) -> None:
        """Write what was appended.

        Raises
        ------
        NotSaved
            If that cannot be done; it is tried again by itself.
        """
        if self._journal is None:
            return
        try:
            self._write(self._journal)
        except OSError as exc:
            self._note_failure(exc)
            raise NotSaved(f"the edit is kept in memory and not saved: {_reason(exc)}") from exc
        self._note_saved()
        if self._journal.should_fold:
            try:
                self._journal.fold(self._contents())
            except OSError as exc:
                if self._journal.is_behind:
                    self._note_failure(exc)

    def close(self) -> None:
        """Save what is not saved yet, and give up the journal; no edit is taken from here on."""
        self._stopping.set()
        with self.editing:
            if self._journal is None:
                return
            is_whole = self._journal.is_whole
            try:
                if is_whole:
                    self._write(self._journal)
                else:
                    self._journal.renew(self._contents())
                self._journal.close(self._contents)
            except OSError as exc:
                self._error = _reason(exc)
                if not is_whole:
                    self._note_lost()
            else:
                self._note_saved()
            self._journal = None

    # Inside

    def _contents(self) -> Contents:
        contents = Contents()
        for part in self._parts:
            part.put_into(contents)
        return contents

    def _write(self, journal: Journal) -> None:
        """Write what was appended, or everything if one of the files has gone."""
        try:
            journal.flush()
        except OSError:
            if journal.is_in_place or not self._is_renewed(journal):
                raise

    def _is_renewed(self, journal: Journal) -> bool:
        try:
            journal.renew(self._contents())
        except OSError:
            return False
        return True

    def _note_saved(self) -> None:
        for part in self._parts:
            part.note_saved()
        self._error = ""

    def _note_lost(self) -> None:
        for part in self._parts:
            part.note_lost()

    def _note_failure(self, exc: OSError) -> None:
        self._error = _reason(exc)
        if not self._is_retrying:
            self._is_retrying = True
            threading.Thread(target=self._retry, name="dcmview-save", daemon=True).start()

    def _retry(self) -> None:
        wait_s = self._first_retry_s
        while not self._stopping.wait(wait_s):
            wait_s = min(2 * wait_s, LONGEST_RETRY_S)
            with self.editing:
                if self._is_saved_now():
                    self._is_retrying = False
                    return

    def _is_saved_now(self) -> bool:
        if self._journal is None:
            return True
        try:
            self._write(self._journal)
        except OSError as exc:
            self._error = _reason(exc)
            return False
        self._note_saved()
        return True


def _reason(exc: OSError) -> str:
    return f"{exc.strerror or exc}{f': {exc.filename}' if exc.filename else ''}"
