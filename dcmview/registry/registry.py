"""What is known now about the paths that were given.

Files are appended by one scan thread and read by many request threads. An
index is given at insertion and never changes. A revision counts what
happened, so a reader can ask for what is new since it last looked.
"""

from __future__ import annotations

import itertools
import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from dcmview.errors import UnknownFile
from dcmview.model import REPORTED_ENDS, FileEnd, FileStamp, InstanceHeader

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from dcmview.dicom.members import Member
    from dcmview.registry.grouping import SeriesChanges, SeriesView


MOST_SKIPPED_IN_SUMMARY = 1_000
"""The rest is in the report."""


class Entry(Struct, frozen=True, gc=False):
    """One listed file; ``member`` says where its bytes lie in an archive.

    A Struct, since there are many: it is made five times as fast as a frozen dataclass.
    """

    index: int
    path: str
    stamp: FileStamp
    header: InstanceHeader
    member: Member | None = None

    @property
    def size_bytes(self) -> int:
        """Size of the file itself, not of the archive that it lies in."""
        return self.stamp.size_bytes if self.member is None else self.member.size_bytes

    @property
    def end(self) -> FileEnd:
        """Shown, partial, or a DICOM object that is not an image."""
        if self.header.problem:
            return FileEnd.PARTIAL
        return FileEnd.SHOWN if self.header.shared.has_pixels else FileEnd.NO_PIXELS

    @property
    def note(self) -> str:
        """What is damaged, or what an object without an image is; empty for a plain image."""
        return self.header.problem or self.header.shared.kind

    @property
    def label(self) -> str:
        """PatientID, Modality and StudyDate where present, else the file name."""
        header = self.header.shared
        parts = [part for part in (header.patient_id, header.modality, header.study_date) if part]
        return " - ".join(parts) or os.path.basename(self.path)


class ReadFile(NamedTuple):
    """A file whose header was read, before it is listed."""

    path: str
    stamp: FileStamp
    header: InstanceHeader
    member: Member | None = None


@dataclass(frozen=True, slots=True)
class SkippedPath:
    """A path that is not listed, with the reason.

    ``container`` is the archive that it lies in, or the DICOMDIR that names it.
    """

    path: str
    end: FileEnd
    reason: str
    container: str = ""

    @property
    def file(self) -> str:
        """The path of the file system that has to change for this to change."""
        return self.container or self.path


@dataclass(frozen=True, slots=True)
class ScanSummary:
    """How many paths ended how, and which were skipped why."""

    shown: int
    partial: int
    no_pixels: int
    not_dicom: int
    unreadable: int
    filtered: int
    skipped: tuple[SkippedPath, ...]
    complete: bool
    changes: int = 0
    """How often anything of this has changed."""

    @property
    def counts(self) -> dict[FileEnd, int]:
        """The counts by the way a path can end."""
        return {end: getattr(self, end.value) for end in REPORTED_ENDS}

    @property
    def listed(self) -> int:
        """Files that have an index."""
        return self.shown + self.partial + self.no_pixels

    @property
    def scanned(self) -> int:
        """Paths that have been looked at."""
        return self.listed + self.not_dicom + self.unreadable + self.filtered


class Registry:
    """The listed files in order of insertion, and the paths that were skipped."""

    def __init__(self) -> None:
        from dcmview.registry.grouping import SeriesIndex

        self._lock = threading.Lock()
        self._entries: list[Entry] = []
        self._skipped: list[SkippedPath] = []
        self._skip_changes = 0
        self._counts = dict.fromkeys(FileEnd, 0)
        self._series = SeriesIndex()
        # Which file each revision was about, from the first on: a listed one, or one that was lost.
        self._log: list[int] = []
        self._lost: dict[int, FileEnd] = {}
        self._complete = threading.Event()

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, files: Iterable[ReadFile]) -> list[Entry]:
        """List files and give each the next index."""
        added: list[Entry] = []
        with self._lock:
            for path, stamp, header, member in files:
                entry = Entry(len(self._entries), path, stamp, header, member)
                self._entries.append(entry)
                self._log.append(entry.index)
                self._counts[entry.end] += 1
                self._series.add(entry, len(self._log))
                added.append(entry)
        return added

    def skip(self, skipped: SkippedPath) -> None:
        """Record a path that is not listed, or that the filters of the user leave out."""
        with self._lock:
            self._counts[skipped.end] += 1
            self._skipped.append(skipped)
            self._skip_changes += 1

    def mark_lost(self, index: int, end: FileEnd) -> None:
        """Note that a listed file has changed or is gone since it was listed."""
        with self._lock:
            if self._lost.get(index) is end:
                return
            self._lost[index] = end
            self._log.append(index)
            self._series.touch(index, len(self._log))

    def mark_found(self, index: int) -> None:
        """Take back that a listed file is gone."""
        with self._lock:
            if self._lost.pop(index, None) is not None:
                self._log.append(index)
                self._series.touch(index, len(self._log))

    def forget_skipped(self, files: Collection[str]) -> None:
        """Take back what was skipped because of these files, which have changed or are gone."""
        with self._lock:
            kept: list[SkippedPath] = []
            for skipped in self._skipped:
                if skipped.file in files:
                    self._counts[skipped.end] -= 1
                    self._skip_changes += 1
                else:
                    kept.append(skipped)
            self._skipped = kept

    def get(self, index: int) -> Entry:
        """Give the file with this index.

        Raises
        ------
        UnknownFile
            If no file has it.
        """
        if not 0 <= index < len(self._entries):
            raise UnknownFile(f"no file has index {index}", index=index)
        return self._entries[index]

    def entries(self) -> list[Entry]:
        """Give all files listed so far, in order of their indices."""
        with self._lock:
            return list(self._entries)

    @property
    def revision(self) -> int:
        """How much has happened so far."""
        return len(self._log)

    def entries_since(self, revision: int) -> tuple[list[Entry], int]:
        """Give the files that were listed or lost after a revision, and the revision of now."""
        with self._lock:
            log = self._log
            indices = sorted(set(log[max(revision, 0) :]))
            return [self._entries[index] for index in indices], len(log)

    def lost(self, index: int) -> FileEnd | None:
        """Say whether a listed file has changed or is gone, as far as somebody has looked."""
        return self._lost.get(index)

    def series_since(self, revision: int, most: int) -> SeriesChanges:
        """Give the series that changed after a revision, at most so many of the oldest changes."""
        with self._lock:
            return self._series.since(revision, most, now=len(self._log))

    def series(self, index: int) -> tuple[SeriesView, list[Entry]]:
        """Give one series, and its files in order of their indices.

        Raises
        ------
        UnknownSeries
            If there is no such series.
        """
        with self._lock:
            view, files = self._series.get(index)
            return view, [self._entries[file] for file in files]

    def series_of(self, index: int) -> int:
        """Give the number of the series of a listed file."""
        with self._lock:
            return self._series.series_of(index)

    def skipped(self, ends: Sequence[FileEnd]) -> list[SkippedPath]:
        """Give the paths that are not listed and ended in one of these ways."""
        with self._lock:
            return [skipped for skipped in self._skipped if skipped.end in ends]

    def summary(self) -> ScanSummary:
        """Give the counts of this moment; final once ``complete`` is true."""
        with self._lock:
            counts = self._counts
            shown = (each for each in self._skipped if each.end is not FileEnd.FILTERED)
            return ScanSummary(
                shown=counts[FileEnd.SHOWN],
                partial=counts[FileEnd.PARTIAL],
                no_pixels=counts[FileEnd.NO_PIXELS],
                not_dicom=counts[FileEnd.NOT_DICOM],
                unreadable=counts[FileEnd.UNREADABLE],
                filtered=counts[FileEnd.FILTERED],
                skipped=tuple(itertools.islice(shown, MOST_SKIPPED_IN_SUMMARY)),
                complete=self._complete.is_set(),
                changes=len(self._log) + self._skip_changes,
            )

    def mark_complete(self) -> None:
        """Say that the given paths have been gone through."""
        self._complete.set()

    def wait_complete(self, timeout_s: float | None = None) -> bool:
        """Wait for the end of the scan; false if the time ran out first."""
        return self._complete.wait(timeout_s)
