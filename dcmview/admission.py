"""Bounds what computations under way may take together, by what they declare."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Admission:
    """Lets work begin while there is room; what is larger than that waits until it is alone.

    Parameters
    ----------
    most_bytes : int
        What all work under way may declare together.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._count = 0
        self._changed = threading.Condition()

    def is_alone(self) -> bool:
        """Whether one piece of work is under way and no other."""
        return self._count <= 1

    @contextmanager
    def of(self, size_bytes: int) -> Iterator[None]:
        """Wait until work of this size may begin; the room is given back at the end."""
        with self._changed:
            self._changed.wait_for(
                lambda: not self._count or self._bytes + size_bytes <= self._most_bytes
            )
            self._bytes += size_bytes
            self._count += 1
        try:
            yield
        finally:
            with self._changed:
                self._bytes -= size_bytes
                self._count -= 1
                self._changed.notify_all()
