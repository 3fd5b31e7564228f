"""Bounds what computations under way may take together, by what they declare."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Admission:
    """Lets work begin in the order in which it comes, while there is room.

    What is larger than all the room waits until it is alone.

    Parameters
    ----------
    most_bytes : int
        What all work under way may declare together.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._count = 0
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()

    def is_alone(self) -> bool:
        """Whether one piece of work is under way and no other."""
        return self._count <= 1

    @contextmanager
    def of(self, size_bytes: int) -> Iterator[None]:
        """Wait until work of this size may begin; the room is given back at the end."""
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            # First come first served: a large frame would wait for ever behind small ones.
            self._changed.wait_for(
                lambda: self._waiting[0] is ticket and self._has_room(size_bytes)
            )
            self._waiting.popleft()
            self._bytes += size_bytes
            self._count += 1
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._bytes -= size_bytes
                self._count -= 1
                self._changed.notify_all()

    def _has_room(self, size_bytes: int) -> bool:
        return not self._count or self._bytes + size_bytes <= self._most_bytes
