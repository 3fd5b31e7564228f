"""Processes of this computer for the jobs of a run."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from concurrent.futures import Future, ProcessPoolExecutor
from types import ModuleType
from typing import TYPE_CHECKING, Any

from dcmview.bulk.interrupts import interrupts_held_back
from dcmview.dicom.interrupts import deaf_children
from dcmview.errors import StartError, one_line

if TYPE_CHECKING:
    from collections.abc import Callable

_PRELOADED = ["dcmview.bulk.task", "dcmview.engine.engine"]
_MOST_ON_WINDOWS = 61
"""It can wait for 64 handles at once, of which a pool needs three."""


class _Processes(ProcessPoolExecutor):
    """Processes of dcmview alone, none of which is half started when Ctrl+C comes."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Hand in a job, for which a process may be started."""
        with interrupts_held_back(), hidden_main:
            return super().submit(fn, *args, **kwargs)

    def _spawn_process(self) -> None:
        try:
            super()._spawn_process()  # type: ignore[misc]  # typeshed has it not
        except (OSError, EOFError) as exc:
            if not self._processes:
                raise _none_started(exc) from exc
            self._max_workers = len(self._processes)  # those that are there do it all


def start_processes(size: int) -> ProcessPoolExecutor:
    """Start processes on this computer, which end when this one does.

    There are fewer where the system gives no more. Raises ``StartError`` where it gives
    none, also when the first job is handed in.
    """
    if sys.platform == "win32":
        size = min(size, _MOST_ON_WINDOWS)
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    if "forkserver" in methods:
        context.set_forkserver_preload(_PRELOADED)
        try:
            _start_fork_server()
        except (OSError, EOFError) as exc:
            raise _none_started(exc) from exc
    return _Processes(size, mp_context=context, initializer=_begin_worker)


def _none_started(exc: Exception) -> StartError:
    return StartError(f"no process can be started ({one_line(exc)}); --jobs 1 needs none")


def _start_fork_server() -> None:
    """Start what starts processes."""
    from multiprocessing import forkserver, resource_tracker  # not on Windows

    # The tracker first: starting it lets signals through again.
    resource_tracker.ensure_running()
    with deaf_children():
        forkserver.ensure_running()


class _HiddenMain:
    """A block in which processes start without the program that started this one.

    They would run it once more: a script in which nothing says ``__name__ == "__main__"``
    would do all its work again in each of them, and start processes in turn. For many
    threads: the first that comes hides it, and the last that goes brings it back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._main: ModuleType | None = None

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._main = sys.modules["__main__"]
                sys.modules["__main__"] = ModuleType("__main__")
            self._inside += 1

    def __exit__(self, *_exc: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside and self._main is not None:
                sys.modules["__main__"], self._main = self._main, None


hidden_main = _HiddenMain()


def _begin_worker() -> None:
    """In a process of the pool: Ctrl+C is for the one that hands out the jobs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def end_with_parent() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=end_with_parent, name="dcmview-parent", daemon=True).start()
