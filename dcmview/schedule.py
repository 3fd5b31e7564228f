"""Who computes what first: a few threads, two queues, and work that can be dropped.

What somebody looks at goes before what is fetched ahead. The same work asked
for twice is done once, and work that nobody waits for any more is not begun.
Nothing here knows what is computed.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any, TypeVar

from dcmview.errors import Busy

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

Value = TypeVar("Value")

MOST_WAITING = 256
"""Requests that may wait in each queue; more are turned away."""


class Task:
    """One computation and everybody who waits for it."""

    def __init__(self, key: Hashable, compute: Callable[[Callable[[], bool]], Any]) -> None:
        self.key = key
        self.compute = compute
        self.waiters: set[asyncio.Future[Any]] = set()
        self.is_urgent = False
        self.is_running = False

    def is_wanted(self) -> bool:
        """Whether anybody still waits; may be asked from any thread."""
        return bool(self.waiters)


class Scheduler:
    """Runs blocking functions in threads for coroutines of one event loop.

    Parameters
    ----------
    threads : int
        At least 2: one of them never takes background work, so that what
        somebody looks at need not wait for a prefetch to end.
    """

    def __init__(self, threads: int) -> None:
        self._urgent: deque[Task] = deque()
        self._background: deque[Task] = deque()
        self._tasks: dict[Hashable, Task] = {}
        self._threads = threads
        self._started = 0
        self._resting = 0
        self._background_running = 0
        self._changed = threading.Condition()
        self._closed = False

    async def run(
        self,
        key: Hashable,
        compute: Callable[[Callable[[], bool]], Value],
        *,
        urgent: bool = True,
    ) -> Value:
        """Compute in a thread, or wait for the same computation under way.

        Parameters
        ----------
        key : hashable
            Equal keys compute equal values.
        compute : callable
            Gets a function that says whether anybody still waits.
        urgent : bool, default True
            False for what is fetched ahead.

        Raises
        ------
        Busy
            If too much is waiting already.
        """
        waiter = self.join(key, compute, urgent=urgent)
        try:
            return await waiter
        finally:
            self.leave(key, waiter)

    def waiting(self) -> int:
        """Count the computations that have not begun."""
        with self._changed:
            return len(self._urgent) + len(self._background)

    def close(self) -> None:
        """Let the threads end after what they do now; nothing else is begun."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def join(
        self, key: Hashable, compute: Callable[[Callable[[], bool]], Value], *, urgent: bool = True
    ) -> asyncio.Future[Value]:
        """Begin to wait as `run` does; whoever calls this calls `leave` in the end."""
        waiter: asyncio.Future[Value] = asyncio.get_running_loop().create_future()
        with self._changed:
            task = self._tasks.get(key)
            if task is None:
                task = Task(key, compute)
                queue = self._urgent if urgent else self._background
                if len(queue) >= MOST_WAITING:
                    raise Busy(f"{len(queue)} requests are waiting already; ask again in a moment")
                task.is_urgent = urgent
                queue.append(task)
                self._tasks[key] = task
                self._wake_one()
            elif urgent and not task.is_urgent:
                task.is_urgent = True
                if not task.is_running:
                    self._background.remove(task)
                    self._urgent.append(task)
                    self._wake_one()
            task.waiters.add(waiter)
        return waiter

    def leave(self, key: Hashable, waiter: asyncio.Future[Any]) -> None:
        """Wait no longer; what nobody waits for is not begun."""
        with self._changed:
            task = self._tasks.get(key)
            if task is None or waiter not in task.waiters:
                return
            task.waiters.discard(waiter)
            if not task.waiters and not task.is_running:
                (self._urgent if task.is_urgent else self._background).remove(task)
                del self._tasks[key]

    def _wake_one(self) -> None:
        """See that a thread looks for work; one that was woken counts as awake from now on."""
        if self._resting:
            self._resting -= 1
            self._changed.notify()
        elif self._started < self._threads:
            self._started += 1
            threading.Thread(
                target=self._work, name=f"dcmview-frames-{self._started}", daemon=True
            ).start()

    def _work(self) -> None:
        while True:
            with self._changed:
                task = self._next()
                while task is None:
                    if self._closed:
                        return
                    self._resting += 1
                    self._changed.wait()
                    task = self._next()
                task.is_running = True
                in_background = not task.is_urgent
                self._background_running += in_background
            value, problem = None, None
            try:
                value = task.compute(task.is_wanted)
            except BaseException as exc:  # noqa: BLE001 - it belongs to whoever waits
                problem = exc
            with self._changed:
                self._background_running -= in_background
                if isinstance(problem, CancelledError) and task.waiters:
                    # Dropped for want of listeners, and somebody came too late to stop that.
                    task.is_running = False
                    (self._urgent if task.is_urgent else self._background).append(task)
                    continue
                del self._tasks[task.key]
                waiters, task.waiters = task.waiters, set()
                if in_background and self._background:
                    self._wake_one()
            for waiter in waiters:
                loop = waiter.get_loop()
                try:
                    loop.call_soon_threadsafe(_settle, waiter, value, problem)
                except RuntimeError:  # the loop has ended, and its waiters with it
                    return

    def _next(self) -> Task | None:
        if self._closed:
            return None
        if self._urgent:
            return self._urgent.popleft()
        if self._background and self._background_running < self._threads - 1:
            return self._background.popleft()
        return None


def _settle(waiter: asyncio.Future[Any], value: Any, problem: BaseException | None) -> None:
    if waiter.done():
        return
    if problem is None:
        waiter.set_result(value)
    elif isinstance(problem, CancelledError):
        waiter.cancel()
    else:
        waiter.set_exception(problem)
