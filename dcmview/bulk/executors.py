"""Where jobs run: here, in processes of this computer, or on a Dask cluster.

All are a `concurrent.futures.Executor`, so nothing else knows which it is.
"""

from __future__ import annotations

import contextlib
import functools
import os
import threading
from concurrent.futures import Executor, Future, InvalidStateError
from typing import TYPE_CHECKING, Any

from dcmview.bulk.remote import call_packed, pack_call
from dcmview.errors import NotInstalled, StartError, one_line

if TYPE_CHECKING:
    from collections.abc import Callable

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


def local_processes(size: int) -> Executor:
    """Start processes on this computer, which end when this one does."""
    from dcmview.bulk.processes import start_processes  # a run of one file needs none

    return start_processes(size)


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
        packed = pack_call(call, *args)
        try:
            future: Future[Any] = self._executor.submit(call_packed, packed)
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
