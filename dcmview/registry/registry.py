"""What is known now about the paths that were given.

Files are appended by one scan thread and read by many request threads. An
index is given at insertion and never changes.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dcmview.errors import UnknownFile
from dcmview.model import FileEnd, FileStamp, InstanceHeader

if TYPE_CHECKING:
    from dcmview.dicom.facts import ImageFacts


@dataclass(frozen=True, slots=True)
class Entry:
    """One listed file."""

    index: int
    path: str
    stamp: FileStamp
    header: InstanceHeader
    facts: ImageFacts | None = None
    """What the first picture needs; None where the file has to be parsed again for it."""

    @property
    def end(self) -> FileEnd:
        """Shown, partial, or a DICOM object that is not an image."""
        if self.header.problem:
            return FileEnd.PARTIAL
        return FileEnd.SHOWN if self.header.shared.has_pixels else FileEnd.NO_PIXELS

    @property
    def label(self) -> str:
        """PatientID, Modality and StudyDate where present, else the file name."""
        header = self.header.shared
        parts = [part for part in (header.patient_id, header.modality, header.study_date) if part]
        return " - ".join(parts) or os.path.basename(self.path)


@dataclass(frozen=True, slots=True)
class SkippedPath:
    """A path that is not listed, with the reason."""

    path: str
    end: FileEnd
    reason: str


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
        self._lock = threading.Lock()
        self._entries: list[Entry] = []
        self._skipped: list[SkippedPath] = []
        self._counts = dict.fromkeys(FileEnd, 0)
        self._complete = threading.Event()

    def __len__(self) -> int:
        return len(self._entries)

    def add(
        self,
        path: str,
        stamp: FileStamp,
        header: InstanceHeader,
        facts: ImageFacts | None = None,
    ) -> Entry:
        """List a file and give it the next index."""
        with self._lock:
            entry = Entry(len(self._entries), path, stamp, header, facts)
            self._entries.append(entry)
            self._counts[entry.end] += 1
        return entry

    def skip(self, path: str, end: FileEnd, reason: str) -> None:
        """Record a path that is not listed."""
        with self._lock:
            self._skipped.append(SkippedPath(path, end, reason))
            self._counts[end] += 1

    def count_filtered(self) -> None:
        """Record a file that the filters of the user leave out."""
        with self._lock:
            self._counts[FileEnd.FILTERED] += 1

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

    def summary(self) -> ScanSummary:
        """Give the counts of this moment; final once ``complete`` is true."""
        with self._lock:
            counts = self._counts
            return ScanSummary(
                shown=counts[FileEnd.SHOWN],
                partial=counts[FileEnd.PARTIAL],
                no_pixels=counts[FileEnd.NO_PIXELS],
                not_dicom=counts[FileEnd.NOT_DICOM],
                unreadable=counts[FileEnd.UNREADABLE],
                filtered=counts[FileEnd.FILTERED],
                skipped=tuple(self._skipped),
                complete=self._complete.is_set(),
            )

    def mark_complete(self) -> None:
        """Say that no more files will come."""
        self._complete.set()

    def wait_complete(self, timeout_s: float | None = None) -> bool:
        """Wait for the end of the scan; false if the time ran out first."""
        return self._complete.wait(timeout_s)
