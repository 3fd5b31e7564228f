"""Least-recently-used caches that count bytes and compute each key once.

A slow decode that several requests wait for runs once; the others get its
result (or its error). Nothing here knows what it caches.
"""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

from cachetools import LRUCache

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

K = TypeVar("K", bound="Hashable")
V = TypeVar("V")


class ByteCache(Generic[K, V]):
    """Keep the values used last, up to a number of bytes, for many threads.

    Parameters
    ----------
    capacity_bytes : int
        Sum of the sizes that are kept. A value larger than half of this is
        handed out and not kept, so one huge frame never evicts everything.
    size_of : callable
        Size of a value in bytes.
    """

    def __init__(self, capacity_bytes: int, size_of: Callable[[V], int]) -> None:
        self._values: LRUCache[K, V] = LRUCache(capacity_bytes, getsizeof=size_of)
        self._size_of = size_of
        self._running: dict[K, Future[V]] = {}
        self._lock = threading.Lock()

    def peek(self, key: K) -> V | None:
        """Give the value of a key if it is there, and count that as a use."""
        with self._lock:
            return self._values.get(key)

    def get_or_compute(self, key: K, compute: Callable[[], V]) -> tuple[V, bool]:
        """Give the value of a key and whether it was already there.

        Callers that ask for a key while another computes it wait for that
        one computation and share its result. An error is raised to all of
        them and not kept: the next call tries again.
        """
        while True:
            with self._lock:
                if key in self._values:
                    return self._values[key], True
                running = self._running.get(key)
                if running is None:
                    mine: Future[V] = Future()
                    self._running[key] = mine
                    break
            try:
                return running.result(), False
            except CancelledError:
                continue  # whoever computed it lost interest; we have not

        try:
            value = compute()
        except BaseException as exc:
            with self._lock:
                del self._running[key]
            mine.set_exception(exc)
            raise
        with self._lock:
            if self._size_of(value) <= self._values.maxsize // 2:
                self._values[key] = value
            del self._running[key]
        mine.set_result(value)
        return value, False


class Interests(Generic[K]):
    """Who still waits for what is computed under a key; for many threads."""

    def __init__(self) -> None:
        self._asked: dict[K, list[Callable[[], bool]]] = {}
        self._lock = threading.Lock()

    @contextmanager
    def of(self, key: K, is_wanted: Callable[[], bool]) -> Iterator[Callable[[], bool]]:
        """Wait for a key, and give a function that says whether anybody does.

        Also those who come while it is computed count.
        """
        with self._lock:
            asked = self._asked.setdefault(key, [])
            asked.append(is_wanted)
        try:
            yield lambda: any(each() for each in tuple(asked))
        finally:
            with self._lock:
                asked.remove(is_wanted)
                if not asked and self._asked.get(key) is asked:
                    del self._asked[key]
