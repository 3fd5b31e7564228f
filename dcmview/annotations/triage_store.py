"""The marks of all files: kept in memory, saved if asked to."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dcmview.annotations.triage import NO_MARK, now

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from dcmview.annotations.native import Contents, FileKey
    from dcmview.annotations.saving import Saving
    from dcmview.annotations.triage import Mark, MarkChange


@dataclass(frozen=True, slots=True)
class FileMark:
    """The mark of one file, and the moment of its last change among those of all files."""

    mark: Mark = NO_MARK
    clock: int = 0
    is_journaled: bool = False


_NOTHING = FileMark()


class TriageStore:
    """Marks by file, for many threads."""

    def __init__(self, saving: Saving) -> None:
        self._saving = saving
        self._saving.add(self)
        self._lock = threading.Lock()
        self._clock = 0
        self._files: dict[FileKey, FileMark] = {
            key: FileMark(mark, is_journaled=True) for key, mark in saving.found.marks.items()
        }
        saving.found.marks.clear()
        self._unsaved: dict[FileKey, int] = {}

    def __contains__(self, key: FileKey) -> bool:
        return key in self._files

    def get(self, key: FileKey) -> Mark:
        """Give the mark of a file."""
        return self._files.get(key, _NOTHING).mark

    def snapshot(self) -> tuple[dict[FileKey, FileMark], int]:
        """Give everything, and the moment of the last change in it."""
        with self._lock:
            return dict(self._files), self._clock

    # Changes

    def load(self, key: FileKey, mark: Mark) -> bool:
        """Take a mark that exists elsewhere already, unless the file has or had one."""
        with self._saving.editing, self._lock:
            if key in self._files:
                return False
            self._put(key, mark, is_journaled=False)
            return True

    def note_listed(self, key: FileKey) -> None:
        """Say that something of a file is new to those who look, though its mark is not."""
        with self._lock:
            old = self._files[key]
            self._put(key, old.mark, is_journaled=old.is_journaled)

    def adopt(self, old: FileKey, new: FileKey) -> None:
        """Know the mark of a file under its new name."""
        with self._saving.editing, self._lock:
            if old in self._files and new not in self._files:
                self._files[new] = self._files.pop(old)
                self._saving.note_move(old, new)

    def change(self, keys: Iterable[FileKey], change: MarkChange) -> None:
        """Say the same of many files; raises what `put` raises."""
        moment = now()
        with self._saving.editing:
            self._edit({key: change.of(self.get(key), moment) for key in keys})

    def put(self, marks: dict[FileKey, Mark]) -> None:
        """Set the marks of files.

        Raises
        ------
        NotSaved
            If that was done and could not be saved.
        """
        with self._saving.editing:
            self._edit(marks)

    def mark_exported(self, clock: int) -> None:
        """Note that everything up to this moment has left the process."""
        with self._lock:
            for key, edited in list(self._unsaved.items()):
                if edited <= clock:
                    del self._unsaved[key]

    # Being saved

    def unsaved(self) -> Collection[FileKey]:
        """Give the files with marks that would be lost with the process."""
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
        contents.marks.update(
            (key, state.mark) for key, state in states.items() if state.is_journaled
        )

    # Inside

    def _edit(self, marks: dict[FileKey, Mark]) -> None:
        self._saving.check_open()
        changed = {key: mark for key, mark in marks.items() if mark != self.get(key)}
        if not changed:
            return
        with self._lock:
            for key, mark in changed.items():
                self._put(key, mark, is_journaled=self._saving.has_journal)
                self._unsaved[key] = self._clock
        for key, mark in changed.items():
            self._saving.append_mark(key, mark)
        self._saving.save()

    def _put(self, key: FileKey, mark: Mark, *, is_journaled: bool) -> None:
        self._clock += 1
        self._files[key] = FileMark(mark, self._clock, is_journaled)
