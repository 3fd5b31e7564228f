"""The parent side of the scan: hands out chunks of paths and gives the outcomes in order.

Workers take some 0.1 s to come up. The calling thread reads the first chunk
itself, so the first files are listed at once, and more where workers do not
come. A worker that dies is replaced, and the file that killed it, found by
asking for one at a time, is unreadable.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import time
from collections import deque
from typing import IO, TYPE_CHECKING, NamedTuple

import msgspec

from dcmview.dicom.interrupts import deaf_children
from dcmview.model import FileEnd, InstanceHeader
from dcmview.registry.reading import Archive, FileReader, Listed, Outcome, Skipped
from dcmview.registry.registry import SkippedPath
from dcmview.registry.scan_worker import ChunkAnswer, Hello, receive, send

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Sequence

    from dcmview.model import SharedHeader, Window

logger = logging.getLogger(__name__)

MOST_WORKERS = 8
CHUNKS_AHEAD = 32
"""Chunks that may wait for an earlier one that takes long."""
HANDFUL_FILES = 4
"""A first chunk of fewer is all there is, and pays for no process."""
WORKERS_COME_WITHIN_S = 0.5
WALL_LIMIT_S = 60.0
WALL_LIMIT_PER_FILE_S = 6.0
"""Reading a single header may take 5 s, see `dcmview.dicom.bounded`."""
DEADLY = "the process that read its header ended"

CLOSE_WITHIN_S = 0.5

_TICK_S = 0.5

# sys.path comes as an argument, so that a child finds what its parent found.
_BOOT = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]);"
    "from dcmview.registry.scan_worker import main; main()"
)

Item = str | SkippedPath


class PathOutcome(NamedTuple):
    """How one path ended."""

    path: str
    outcome: Outcome


class ScanPool:
    """Reads chunks of paths in several processes; one thread consumes.

    Parameters
    ----------
    chunks : iterator of lists
        Paths, and paths that are skipped already; drawn as readers get free.
    filters : sequence of (field, value)
        See `FileReader`.
    size : int, optional
        Worker processes at most, by default one a core; 0 reads everything in the calling thread.
    """

    def __init__(
        self,
        chunks: Iterator[list[Item]],
        filters: Sequence[tuple[str, str]],
        *,
        size: int | None = None,
    ) -> None:
        self._chunks = chunks
        self._chunks_lock = threading.Lock()
        self._filters = tuple(filters)
        self._size = min(os.cpu_count() or 1, MOST_WORKERS) if size is None else size
        self._reader = FileReader(filters)
        self._threads: list[threading.Thread] = []
        self._workers: list[_Worker] = []
        # All that follows is guarded by this.
        self._changed = threading.Condition()
        self._drawn = 0
        self._is_exhausted = False
        self._given = 0
        self._results: dict[int, list[PathOutcome]] = {}
        self._apart: deque[_Apart] = deque()
        self._serving = 0
        self._expected_until = 0.0
        self._is_closed = False

    def outcomes(self) -> Iterator[list[PathOutcome]]:
        """Give the outcomes chunk by chunk, in order of the chunks."""
        try:
            while (done := self._wait()) is not None:
                if done:
                    yield done
                else:
                    self._read_chunk_here()
        finally:
            self.close()

    def close(self) -> None:
        """End all workers."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        for worker in self._workers:
            worker.end()
        deadline = time.monotonic() + CLOSE_WITHIN_S
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(deadline - time.monotonic(), 0))

    def _wait(self) -> list[PathOutcome] | None:
        """The next outcomes; empty where this thread may read, None after the last."""
        with self._changed:
            while True:
                done = self._results.pop(self._given, None)
                if done is not None:
                    self._given += 1
                    self._changed.notify_all()
                    return done
                is_drawn = self._given < self._drawn
                if not is_drawn and self._is_exhausted:
                    return None
                if not is_drawn and not self._serving and not self._are_expected():
                    return []
                self._changed.wait(_TICK_S)
                self._end_stuck_workers()

    def _are_expected(self) -> bool:
        """Whether workers are about to come: reading here now would slow the server's own start."""
        return self._drawn > 0 and time.monotonic() < self._expected_until

    def _draw(self) -> tuple[int, list[Item]] | None:
        with self._chunks_lock:
            items = next(self._chunks, None)
            with self._changed:
                if items is None:
                    self._is_exhausted = True
                    self._changed.notify_all()
                    return None
                if not items:  # the next path is waited for
                    return None
                number = self._drawn
                self._drawn += 1
                return number, items

    def _put(self, number: int, outcomes: list[PathOutcome]) -> None:
        with self._changed:
            self._results[number] = outcomes
            self._changed.notify_all()

    def _read_chunk_here(self) -> None:
        """Read the next chunk in the calling thread, all but what needs pydicom."""
        chunk = self._draw()
        if chunk is None:
            return
        number, items = chunk
        if number or len(items) >= HANDFUL_FILES:  # there is more
            self._start_workers()
        outcomes: list[PathOutcome] = []
        for item in items:
            if isinstance(item, SkippedPath):
                outcomes.append(_skipped(item))
            else:
                outcome = self._reader.read_quickly(item) or self._read_apart(item)
                outcomes.append(PathOutcome(item, outcome))
        self._put(number, outcomes)

    def _read_apart(self, path: str) -> Outcome:
        """Have a worker read one file now; a header for pydicom may be hostile."""
        self._start_workers()
        apart = _Apart(path)
        with self._changed:
            self._apart.append(apart)
            self._changed.notify_all()
            while apart.outcome is None and any(thread.is_alive() for thread in self._threads):
                self._changed.wait(_TICK_S)
                self._end_stuck_workers()
        return apart.outcome or self._reader.read(path)

    # Workers, each with a thread here

    def _start_workers(self) -> None:
        if self._threads or not self._size:
            return
        for number in range(self._size):
            name = f"dcmview-scan-{number}"
            self._threads.append(threading.Thread(target=self._tend, name=name, daemon=True))
        self._expected_until = time.monotonic() + WORKERS_COME_WITHIN_S
        for thread in self._threads:
            thread.start()

    def _tend(self) -> None:
        """Keep one worker busy until the scan is over."""
        worker = _Worker(self._filters)
        self._workers.append(worker)
        if self._is_closed or not worker.start():
            worker.close()
            with self._changed:
                self._changed.notify_all()
            return
        with self._changed:
            self._serving += 1
            self._changed.notify_all()
        try:
            while (job := self._next_job()) is not None:
                if isinstance(job, _Apart):
                    (outcome,) = self._ask(worker, [job.path])
                    with self._changed:
                        job.outcome = outcome
                        self._changed.notify_all()
                else:
                    self._put(job[0], self._read_items(worker, job[1]))
        finally:
            with self._changed:
                self._serving -= 1
                self._changed.notify_all()
            worker.close()

    def _next_job(self) -> _Apart | tuple[int, list[Item]] | None:
        while True:
            with self._changed:
                if self._is_closed:
                    return None
                if self._apart:
                    return self._apart.popleft()
                if self._is_exhausted or self._drawn - self._given >= CHUNKS_AHEAD:
                    self._changed.wait()
                    continue
            chunk = self._draw()
            if chunk is not None:
                return chunk

    def _read_items(self, worker: _Worker, items: list[Item]) -> list[PathOutcome]:
        paths = [item for item in items if isinstance(item, str)]
        outcomes = iter(self._ask(worker, paths) if paths else ())
        return [
            PathOutcome(item, next(outcomes)) if isinstance(item, str) else _skipped(item)
            for item in items
        ]

    def _ask(self, worker: _Worker, paths: list[str]) -> list[Outcome]:
        """Have files read, whatever happens: somebody waits for an outcome of each."""
        try:
            return self._read_by_worker(worker, paths)
        except Exception as exc:
            logger.exception("a scan thread failed")
            reason = f"internal error: {type(exc).__name__}: {exc}"
            return [Skipped(FileEnd.UNREADABLE, reason)] * len(paths)

    def _read_by_worker(self, worker: _Worker, paths: list[str]) -> list[Outcome]:
        """Have files read; one by one where the worker dies of one of them."""
        outcomes = worker.read(paths)
        if outcomes is not None:
            return outcomes
        if self._is_closed:
            return [Skipped(FileEnd.UNREADABLE, "the scan was ended")] * len(paths)
        found = [self._read_alone(worker, path) for path in paths]
        worker.start()
        return found

    def _read_alone(self, worker: _Worker, path: str) -> Outcome:
        """Read one file that may be deadly; twice, since a worker may die of something else."""
        for _ in range(2):
            if not worker.start():  # no process can be had
                return FileReader(self._filters).read(path)
            outcomes = worker.read([path])
            if outcomes is not None:
                return outcomes[0]
        return Skipped(FileEnd.UNREADABLE, DEADLY)

    def _end_stuck_workers(self) -> None:
        now = time.monotonic()
        for worker in self._workers:
            if worker.deadline is not None and now > worker.deadline:
                worker.kill()


class _Apart:
    """A file that is read before any chunk."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.outcome: Outcome | None = None


class _Worker:
    """One scan process; used by one thread, ended by any."""

    def __init__(self, filters: tuple[tuple[str, str], ...]) -> None:
        self._filters = filters
        self._process: subprocess.Popen[bytes] | None = None
        self._shared: list[SharedHeader] = []
        self._windows: list[Window] = []
        self._decode = msgspec.msgpack.Decoder(ChunkAnswer).decode
        self._encode = msgspec.msgpack.Encoder().encode
        self._ended = threading.Event()
        self.deadline: float | None = None

    def start(self) -> bool:
        """Start the process unless it runs; false where that is not possible."""
        if self._ended.is_set():
            return False
        if self._process is not None and self._process.poll() is None:
            return True
        import json
        import subprocess  # a run of few files starts nobody

        self.close()
        self._shared, self._windows = [], []
        command = [sys.executable, "-S", "-c", _BOOT, json.dumps(sys.path)]
        try:
            with deaf_children():
                self._process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=True
                )
            if self._ended.is_set():  # while it was started, when there was nothing to kill
                return False
            send(self._pipe_in, msgspec.msgpack.encode(Hello(self._filters)))
            return len(self._pipe_out.read(4)) == 4
        except OSError:
            logger.warning("no process for the scan can be started", exc_info=True)
            return False

    def read(self, paths: list[str]) -> list[Outcome] | None:
        """Have headers read; None where the process ended instead of answering."""
        self.deadline = time.monotonic() + WALL_LIMIT_S + WALL_LIMIT_PER_FILE_S * len(paths)
        try:
            send(self._pipe_in, self._encode([os.fsencode(path) for path in paths]))
            message = receive(self._pipe_out)
        except (OSError, ValueError):  # a closed pipe
            message = b""
        finally:
            self.deadline = None
        if not message:
            self.close()
            return None
        return self._outcomes(self._decode(message), len(paths))

    def kill(self) -> None:
        """End the process now; whoever waits for it is told so."""
        process = self._process
        if process is not None:
            process.kill()

    def end(self) -> None:
        """End the process for good; from any thread."""
        self._ended.set()
        self.kill()

    def close(self) -> None:
        """End the process and its pipes."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):  # what was not sent yet
                    if pipe is not None:
                        pipe.close()

    @property
    def _pipe_in(self) -> IO[bytes]:
        process = self._process
        if process is None or process.stdin is None:
            raise BrokenPipeError
        return process.stdin

    @property
    def _pipe_out(self) -> IO[bytes]:
        process = self._process
        if process is None or process.stdout is None:
            raise BrokenPipeError
        return process.stdout

    def _outcomes(self, answer: ChunkAnswer, count: int) -> list[Outcome]:
        self._shared += answer.shared
        self._windows += answer.windows
        shared, windows = self._shared, self._windows
        outcomes: list[Outcome] = [Skipped(FileEnd.UNREADABLE, DEADLY)] * count
        for record in answer.listed:
            header = InstanceHeader(
                shared[record.shared],
                record.sop_instance_uid,
                record.instance_number,
                None if record.window < 0 else windows[record.window],
                record.placement,
                record.problem,
                record.repairs,
            )
            outcomes[record.position] = Listed(record.stamp, header)
        for other in answer.others:
            if other.stamp is not None:
                outcomes[other.position] = Archive(other.reason, other.stamp)
            else:
                outcomes[other.position] = Skipped(FileEnd(other.end), other.reason)
        return outcomes


def _skipped(item: SkippedPath) -> PathOutcome:
    return PathOutcome(item.path, Skipped(item.end, item.reason))
