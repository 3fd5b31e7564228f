"""Where jobs run: here, in processes of this computer, or on a Dask cluster.

All are a `concurrent.futures.Executor`, so nothing else knows which it is.
"""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import os
import signal
import sys
import threading
from concurrent.futures import Executor, Future, InvalidStateError, ProcessPoolExecutor
from types import ModuleType
from typing import TYPE_CHECKING, Any

from dcmview.bulk.remote import call_packed, pack_call
from dcmview.dicom.interrupts import deaf_children
from dcmview.errors import NotInstalled, StartError, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENDING_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
_PRELOADED = ["dcmview.bulk.task", "dcmview.engine.engine"]
_CLUSTER_WAIT_S = 30.0
_WATCH_INTERVAL_S = 1.0
_SCHEDULER_GONE = "the Dask scheduler is gone"
_MOST_RETRIES = 3
"""Of a job whose worker died: then the job is what kills them."""


class InlineExecutor(Executor):
    """Does each job when it is handed in; for a few, that no process is worth."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call a function and give a future that is done."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as exc:  # noqa: BLE001, told by the future
            future.set_exception(exc)
        return future


def core_count() -> int:
    """Count the processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


class _Processes(ProcessPoolExecutor):
    """Processes of dcmview alone, none of which is half started when Ctrl+C comes."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Hand in a job, for which a process may be started."""
        with _interrupts_held_back(), _without_main():
            return super().submit(fn, *args, **kwargs)


def local_processes(size: int) -> ProcessPoolExecutor:
    """Start processes on this computer, which end when this one does."""
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    if "forkserver" in methods:
        context.set_forkserver_preload(_PRELOADED)
        _start_fork_server()
    return _Processes(size, mp_context=context, initializer=_begin_worker)


def _start_fork_server() -> None:
    """Start what starts processes."""
    from multiprocessing import forkserver, resource_tracker  # not on Windows

    # The tracker first: starting it lets signals through again.
    resource_tracker.ensure_running()
    with deaf_children():
        forkserver.ensure_running()


@contextlib.contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Let Ctrl+C and its like wait for the end of the block.

    A process that has been half started when this one goes dies with many words.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _frame: came.append(number))
        for number in ENDING_SIGNALS
        if signal.getsignal(number) is not None
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in dict.fromkeys(came):
            signal.raise_signal(number)


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """Let processes start without the program that started this one.

    They would run it once more: a script in which nothing says ``__name__ == "__main__"``
    would do all its work again in each of them, and start processes in turn.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def cluster(address: str) -> Executor:
    """Connect to a Dask scheduler, whose workers see the same files under the same paths.

    Raises
    ------
    NotInstalled
        If ``dcmview[cluster]`` is not installed.
    StartError
        If nobody answers at the address.
    """
    try:
        from distributed import Client
    except ImportError as exc:
        raise NotInstalled('--cluster needs Dask: pip install "dcmview[cluster]"') from exc
    try:
        connect: Any = Client
        client = connect(address, timeout=_CLUSTER_WAIT_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as exc:
        raise StartError(f"no Dask scheduler at {address}: {one_line(exc)}") from exc
    return _ClusterExecutor(client)


class _ClusterExecutor(Executor):
    """Dask's own executor, which cannot take the same job twice, and closes with its client.

    Where Dask waits for ever for a scheduler that is gone, jobs end with an error.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._executor = client.get_executor(pure=False, retries=_MOST_RETRIES)
        self._waiting: set[Future[Any]] = set()
        self._is_ended = threading.Event()
        threading.Thread(target=self._watch, name="dcmview-cluster", daemon=True).start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        call = functools.partial(fn, **kwargs) if kwargs else fn
        try:
            future: Future[Any] = self._executor.submit(call_packed, pack_call(call, *args))
        except Exception:  # noqa: BLE001, the client is closed
            future = Future()
            future.set_exception(StartError(_SCHEDULER_GONE))
            return future
        self._waiting.add(future)
        future.add_done_callback(self._waiting.discard)
        return future

    def _watch(self) -> None:
        while not self._is_ended.wait(_WATCH_INTERVAL_S):
            if self._client.status == "closed":
                for future in self._waiting.copy():
                    with contextlib.suppress(InvalidStateError):
                        future.set_exception(StartError(_SCHEDULER_GONE))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._is_ended.set()
        # Both fail where the scheduler is gone, and then there is nothing to be closed.
        with contextlib.suppress(Exception):
            # Dask's own cancels what is not done when it does not wait.
            self._executor.shutdown(wait=wait and not cancel_futures)
        with contextlib.suppress(Exception):
            self._client.close()


def _begin_worker() -> None:
    """In a process of the pool: Ctrl+C is for the one that hands out the jobs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def end_with_parent() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=end_with_parent, name="dcmview-parent", daemon=True).start()
