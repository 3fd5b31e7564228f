"""Decoder processes as their supervisor sees them: started, asked, waited for and ended.

The other end of the line is `worker`. What is decoded where and tried again, `workers` decides.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from dcmview import errors
from dcmview.errors import Busy, DecodeFailed
from dcmview.model import StoredFrame

if TYPE_CHECKING:
    from collections.abc import Callable

    from dcmview.dicom.worker import DecodeAnswer, DecodeJob

WALL_LIMIT_S = 60.0
"""A backstop for a worker that waits instead of computing; shared servers are slow."""

ABANDONED_AFTER_S = 1.0
"""A decode that nobody waits for any more may end by itself until then; the result is kept."""

_START_LIMIT_S = 30.0
_TICK_S = 0.2
_KEPT_MEMORY_BYTES = 32 * 1024 * 1024
_ERRORS = {
    cls.__name__: cls
    for cls in (
        errors.DecodeFailed,
        errors.Truncated,
        errors.UnsupportedTransferSyntax,
        errors.UnsupportedPixelFormat,
    )
}

# sys.path comes as an argument, so that a child finds what its parent found. Imports make no
# garbage, and looking for it takes a twentieth of them.
_BOOT = (
    "import gc, sys, json, socket; gc.disable(); sys.path[:] = json.loads(sys.argv[2]);"
    "from dcmview.dicom.worker import tend; tend(socket.socket(fileno=int(sys.argv[1])))"
)


class WorkerDied(Exception):
    """The process is gone, by its own fault or by our hand."""

    def __init__(
        self, *, had_begun: bool = True, out_of_time: bool = False, abandoned: bool = False
    ) -> None:
        super().__init__("the decoder process has ended")
        self.had_begun = had_begun
        self.out_of_time = out_of_time
        self.abandoned = abandoned


class Nursery:
    """The process that has loaded the codecs and forks the workers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._closed = False

    def worker(self) -> Worker:
        """Give a new worker that is ready.

        Raises
        ------
        Busy
            If none can be started now: what is short may be there in a moment.
        """
        problem: Exception | None = None
        for _ in range(2):  # the second time with a new nursery
            try:
                with self._lock:
                    if self._closed:
                        break
                    return self._spawn(self._control or self._start())
            except OSError as exc:
                problem = exc
                self._end()
        raise Busy(f"the decoder process cannot be started: {problem or 'the viewer ends'}")

    def close(self) -> None:
        """End the nursery for good; its workers end with it."""
        # Without the lock, which is held while a worker starts: its end ends that too.
        self._closed = True
        process = self._process
        if process is not None:
            process.kill()
        self._end()

    def _end(self) -> None:
        with self._lock:
            if self._control is not None:
                self._control.close()
                self._control = None
            if self._process is not None:
                self._process.kill()
                self._process.wait()
                self._process = None

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-S", "-c", _BOOT, str(theirs.fileno()), json.dumps(sys.path)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,  # C libraries print
                stderr=subprocess.DEVNULL,
                # One thread a worker; numpy would start as many as there are cores.
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            )
        self._control = ours
        return ours

    @staticmethod
    def _spawn(control: socket.socket) -> Worker:
        from dcmview.dicom.worker import SPAWN, receive

        ours, theirs = socket.socketpair()
        memory = os.memfd_create("dcmview-frame", os.MFD_CLOEXEC)
        try:
            with theirs:
                socket.send_fds(control, [SPAWN], [theirs.fileno(), memory])
            ours.settimeout(_START_LIMIT_S)
            hello = receive(ours)
            if not hello:
                raise ConnectionError("it ended at its start")
            return Worker(ours, memory, int(hello))
        except BaseException:
            ours.close()
            os.close(memory)
            raise


class Worker:
    """One decoder process as its supervisor sees it."""

    def __init__(self, connection: socket.socket, memory: int, pid: int) -> None:
        connection.setblocking(True)
        self._connection = connection
        self._memory = memory
        self._memory_bytes = 0
        self._poll = select.poll()
        self._poll.register(connection, select.POLLIN)
        # Its number may be another process by the time it is to be killed.
        self._handle = os.pidfd_open(pid)
        self.pid = pid
        self.is_retiring = False

    def decode(self, job: DecodeJob, frame: bytes, is_wanted: Callable[[], bool]) -> StoredFrame:
        """Have one frame decoded; raises `WorkerDied` where that was the end of it."""
        from dcmview.dicom.worker import DecodeAnswer, receive, send, shared_bytes

        self._make_room(max(len(frame), shared_bytes(job.layout)) + 1)
        os.pwrite(self._memory, b"\0", self._memory_bytes - 1)
        _write(self._memory, frame)
        begin = time.monotonic()
        try:
            send(self._connection, pickle.dumps(job))
            deadline = begin + max(WALL_LIMIT_S, 2 * job.cpu_limit_s)
            self._wait(deadline, is_wanted)
            self._connection.settimeout(max(_TICK_S, deadline - time.monotonic()))
            message = receive(self._connection)
        except OSError as exc:
            self.kill()
            raise WorkerDied(had_begun=self._has_begun()) from exc
        if not message:
            # The kernel's timer looks at CPU time; on the wall more has passed.
            raise WorkerDied(
                had_begun=self._has_begun(),
                out_of_time=time.monotonic() - begin >= job.cpu_limit_s / job.threads,
            )
        try:
            answer = msgspec.msgpack.decode(message, type=DecodeAnswer)
        except msgspec.MsgspecError as exc:
            self.kill()
            raise WorkerDied from exc
        self.is_retiring = answer.retiring
        return self._stored_frame(answer, job)

    def _has_begun(self) -> bool:
        from dcmview.dicom.worker import BEGUN

        return os.pread(self._memory, 1, self._memory_bytes - 1) == bytes([BEGUN])

    def is_alive(self) -> bool:
        """Whether a resting process still listens: it has nothing to say until it is asked."""
        return not self._poll.poll(0)

    def kill(self) -> None:
        """End the process whatever it does."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def end(self) -> None:
        """End the process and give back what it used."""
        self.kill()
        self._connection.close()
        os.close(self._memory)
        os.close(self._handle)

    def _wait(self, deadline: float, is_wanted: Callable[[], bool]) -> None:
        """Wait for an answer, and kill the worker where none is wanted or to be hoped for."""
        abandoned_s = 0.0
        while not self._poll.poll(_TICK_S * 1000):
            abandoned_s = 0.0 if is_wanted() else abandoned_s + _TICK_S
            is_abandoned = abandoned_s >= ABANDONED_AFTER_S
            if is_abandoned or time.monotonic() > deadline:
                self.kill()
                raise WorkerDied(out_of_time=not is_abandoned, abandoned=is_abandoned)

    def _make_room(self, needed: int) -> None:
        if self._memory_bytes > _KEPT_MEMORY_BYTES:
            os.ftruncate(self._memory, 0)  # gives the pages back
            self._memory_bytes = 0
        if needed > self._memory_bytes:
            os.ftruncate(self._memory, needed)
            self._memory_bytes = needed

    def _stored_frame(self, answer: DecodeAnswer, job: DecodeJob) -> StoredFrame:
        if answer.error:
            raise _ERRORS.get(answer.error, DecodeFailed)(answer.message)
        layout = answer.layout
        dtype = np.dtype(answer.dtype) if answer.dtype in _DTYPES else None
        if layout is None or dtype is None or not _is_expected(answer.shape, job):
            raise DecodeFailed("the decoder gave something else than this frame")
        # Read, never mapped: a mapping of memory that somebody else may cut short
        # can end this process.
        values: np.ndarray[Any, Any] = np.empty(answer.shape, dtype)
        if _read(self._memory, values.reshape(-1).data.cast("B")) != values.nbytes:
            raise DecodeFailed("the decoder gave less than this frame")
        return StoredFrame(values, layout, answer.truncated, answer.repairs)


_DTYPES = frozenset(
    np.dtype(code).newbyteorder("<").str
    for code in ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8")
)


def _is_expected(shape: tuple[int, ...], job: DecodeJob) -> bool:
    """Whether a frame of this shape was asked for; a reduced one is smaller."""
    layout = job.layout
    if len(shape) not in (2, 3) or not 1 <= (shape[2] if len(shape) == 3 else 1) <= 4:
        return False
    if job.halves:
        return 1 <= shape[0] <= layout.rows and 1 <= shape[1] <= layout.columns
    return shape[:2] == (layout.rows, layout.columns)


def _write(descriptor: int, content: bytes) -> None:
    view, written = memoryview(content), 0
    while written < len(view):
        written += os.pwrite(descriptor, view[written:], written)


def _read(descriptor: int, into: memoryview) -> int:
    count = 0
    while count < len(into):
        got = os.preadv(descriptor, [into[count:]], count)
        if not got:
            break
        count += got
    return count
