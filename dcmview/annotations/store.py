"""The ROIs of all files, in memory, and whether somebody would lose them.

Source files and the CSV that was loaded are never written.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcmview.annotations.roi import Rectangle


class RoiStore:
    """Rectangles by file index, for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_file: dict[int, tuple[Rectangle, ...]] = {}
        self._edits = 0
        self._exported_edits = 0

    def get(self, file_index: int) -> tuple[Rectangle, ...]:
        """Give the rectangles of a file in the order they were put."""
        with self._lock:
            return self._by_file.get(file_index, ())

    def load(self, file_index: int, rectangles: Sequence[Rectangle]) -> None:
        """Set rectangles that exist elsewhere already; not an edit, and never over one."""
        with self._lock:
            # The file was listed a moment ago, and somebody may have been quick.
            self._by_file.setdefault(file_index, tuple(rectangles))

    def replace(self, file_index: int, rectangles: Sequence[Rectangle]) -> None:
        """Set the rectangles of a file as an edit that would be lost with the process."""
        with self._lock:
            self._by_file[file_index] = tuple(rectangles)
            self._edits += 1

    def snapshot(self) -> tuple[dict[int, tuple[Rectangle, ...]], int]:
        """Give all rectangles and the number of the last edit among them."""
        with self._lock:
            return dict(self._by_file), self._edits

    def mark_exported(self, edit_number: int) -> None:
        """Note that everything up to this edit has left the process."""
        with self._lock:
            self._exported_edits = max(self._exported_edits, edit_number)

    @property
    def has_unexported_edits(self) -> bool:
        """Whether ending the process now would lose an edit."""
        with self._lock:
            return self._edits > self._exported_edits
