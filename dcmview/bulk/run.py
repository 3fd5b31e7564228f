"""One task over many files: results come in the order of the files, whatever goes wrong."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from concurrent.futures import BrokenExecutor, Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dcmview.bulk.chunks import Chunk, Pending, pixels_of
from dcmview.bulk.executors import InlineExecutor, cluster, core_count, local_processes
from dcmview.bulk.finished import is_marked, origin_of
from dcmview.bulk.result import BatchedTask, Job, Result, Status
from dcmview.bulk.task import (
    FINISHED,
    close_worker_engine,
    engine_in_use,
    run_task,
    set_spare_threads,
)
from dcmview.errors import UsageError
from dcmview.model import FileEnd
from dcmview.registry.registry import Entry, SkippedPath
from dcmview.registry.scan import MEDIA_STORAGE_DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from dcmview.bulk.inputs import Inputs
    from dcmview.bulk.result import Task

JOBS_AHEAD = 32
"""For each process: jobs that may be done before an earlier one, which takes long."""
HANDFUL_FILES, HANDFUL_PIXELS = 64, 8_000_000
"""With fewer of both, all is done here: it takes as long to start processes."""
_MOST_IDLE_TICKS = 10


@dataclass(frozen=True, slots=True)
class BulkPlan:
    """How a task is carried out over the files of a run.

    ``output_for`` names the output of a file, which is finished when it is there as
    it would be made; without it tasks name their own. ``jobs`` is the number of processes, 0
    for one a core if there is enough to do; with ``cluster`` the jobs run on a
    Dask cluster instead.
    ``extra_for`` gives what else the task has to know of a file, which travels with
    it. ``prepare`` is called with all files before the first is worked on, for who
    has to know them all. ``made_with`` is all but the file that outputs follow from,
    as text; without it the task says itself what it does.

    Raises
    ------
    UsageError
        If there cannot be so many processes.
    """

    task: Task
    output_for: Callable[[Entry], str] | None = None
    overwrite: bool = False
    jobs: int = 1
    cluster: str | None = None
    extra_for: Callable[[Entry], Any] | None = None
    prepare: Callable[[Sequence[Entry]], None] | None = None
    made_with: str = ""

    def __post_init__(self) -> None:
        """Refuse a number of processes that there cannot be."""
        if self.jobs < 0:
            raise UsageError(f"jobs must be 0 or more, not {self.jobs}")


class BulkRun:
    """A run that gives its results one after the other.

    Parameters
    ----------
    inputs : Inputs
        The files.
    plan : BulkPlan
        What is done to them.
    """

    def __init__(self, inputs: Inputs, plan: BulkPlan) -> None:
        self._inputs = inputs
        self._plan = plan
        self._size = plan.jobs or core_count()
        self._executor: Executor | None = None
        self._pending: deque[Pending] = deque()
        self._early: list[Pending] = []
        self._early_pixels = 0
        self._filling = Chunk()
        self._idle_ticks = 0
        self._input_files: set[tuple[int, int]] = set()
        self._is_batched = isinstance(plan.task, BatchedTask)
        self._made_with = plan.made_with or repr(plan.task)

    def results(self) -> Generator[Result | None, None, None]:
        """Do all jobs; None is given when nothing has come for a moment.

        On Ctrl+C, what has begun is finished and given before the interrupt goes on.

        Raises
        ------
        NotInstalled, StartError
            If there is no such cluster, or no process can be started.
        """
        plan = self._plan
        if plan.cluster is not None:
            self._executor = cluster(plan.cluster)
            self._size = max(self._size, core_count())
        elif self._size == 1:
            self._executor = InlineExecutor()
        try:
            with engine_in_use():
                yield from self._all()
        except KeyboardInterrupt:
            self._break_off()
            # What had been begun is finished, and is to be in the report.
            yield from self._what_is_done()
            raise
        except BaseException:
            self._break_off()
            raise
        finally:
            if self._executor is not None:
                self._executor.shutdown()
            set_spare_threads(1)
            close_worker_engine()

    def _all(self) -> Iterator[Result | None]:
        for found in self._found():
            if isinstance(found, SkippedPath):
                self._pending.append(Pending(None, self._skipped(found)))
            elif found is not None:
                self._take(found)
            yield from self._finished(JOBS_AHEAD * self._size)
            if found is None:
                self._idle()
                yield None
        if self._executor is None:
            set_spare_threads(self._size)
            self._start(InlineExecutor())
        yield from self._finished(0)

    def _found(self) -> Iterator[Entry | SkippedPath | None]:
        """What the inputs give; all files at the end where somebody has to know them all."""
        # What may replace files has to know which of them are still to be read.
        may_replace = self._plan.overwrite and not self._inputs.is_endless
        if self._plan.prepare is None and not may_replace:
            for found in self._inputs:
                self._note_input(found)
                yield found
            return
        entries: list[Entry] = []
        skipped: list[SkippedPath] = []
        for found in self._inputs:
            self._note_input(found)
            if isinstance(found, Entry):
                entries.append(found)
            elif found is not None:
                skipped.append(found)
            else:
                yield None
        if self._plan.prepare is not None:
            self._plan.prepare(entries)
        yield from entries
        yield from skipped

    def _note_input(self, found: Entry | SkippedPath | None) -> None:
        if isinstance(found, Entry):
            self._input_files.add((found.stamp.device, found.stamp.inode))

    def _break_off(self) -> None:
        """Finish what has begun, and nothing else."""
        self._inputs.stop()
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None

    def _what_is_done(self) -> Iterator[Result]:
        for pending in self._pending:
            if pending.is_done and not pending.is_cancelled:
                with contextlib.suppress(BrokenExecutor):
                    yield pending.wait()

    def _take(self, entry: Entry) -> None:
        plan = self._plan
        output = plan.output_for(entry) if plan.output_for is not None else ""
        extra = plan.extra_for(entry) if plan.extra_for is not None else None
        origin = origin_of(entry, self._made_with, extra)
        # A DICOMDIR was named for the files that it names.
        is_directory = entry.header.shared.sop_class_uid == MEDIA_STORAGE_DIRECTORY
        is_given = self._inputs.is_given(entry.path) and not is_directory
        job = Job(entry, output, plan.overwrite, is_given, extra, origin)
        if output and (ended := self._end_without_work(job)) is not None:
            self._pending.append(Pending(None, ended))
            return
        pending = Pending(job)
        self._pending.append(pending)
        if self._executor is not None:
            self._submit(pending)
            return
        self._early.append(pending)
        self._early_pixels += pixels_of(job)
        is_handful = len(self._early) < HANDFUL_FILES and self._early_pixels < HANDFUL_PIXELS
        if len(self._early) > 1 and (plan.jobs > 1 or not is_handful):
            self._start(local_processes(self._size))

    def _end_without_work(self, job: Job) -> Result | None:
        """What bears its mark is finished; a file that is read is no output."""
        entry, output = job.entry, job.output
        try:
            found = os.lstat(output)
        except OSError:
            return None
        if (found.st_dev, found.st_ino) in self._input_files:
            reason = f"the output would be one of the files that are read: {output}"
            return Result(entry.path, Status.FAILED, reason=reason)
        if self._plan.overwrite or not is_marked(found, output, job.origin):
            return None
        return Result(entry.path, Status.SKIPPED, (output,), FINISHED)

    def _idle(self) -> None:
        """Do what is there if the scan has paused: on a slow disk, or watching a folder."""
        self._idle_ticks += 1
        if self._early and self._executor is None and self._idle_ticks >= _MOST_IDLE_TICKS:
            self._start(local_processes(self._size))
        self._send()

    def _start(self, executor: Executor) -> None:
        self._executor = executor
        for pending in self._early:
            self._submit(pending)
        self._early.clear()

    def _submit(self, pending: Pending) -> None:
        self._filling.add(pending)
        is_single = isinstance(self._executor, InlineExecutor) and not self._is_batched
        if self._filling.is_full or is_single:
            self._send()

    def _send(self) -> None:
        """Let the jobs be done that wait for others to travel with."""
        if self._executor is not None and self._filling.jobs:
            chunk, self._filling = self._filling, Chunk()
            if isinstance(self._executor, InlineExecutor):
                chunk.stay(self._executor, self._plan.task)
            else:
                chunk.send(self._executor, self._plan.task)

    def _finished(self, most_pending: int) -> Iterator[Result]:
        """Give results that are there, and wait for some while too many are not."""
        while self._pending:
            first = self._pending[0]
            is_waited_for = len(self._pending) > most_pending and first not in self._early
            if not (first.is_done or is_waited_for):
                return
            if first.chunk is self._filling:
                self._send()
            try:
                result = first.wait()
            except BrokenExecutor:
                self._mend()
                continue
            self._pending.popleft()
            yield result

    def _mend(self) -> None:
        """A process died, and nobody knows which job it was: each is tried by itself."""
        self._send()
        alone = local_processes(1)
        for pending in self._pending:
            if pending.result is not None or pending.job is None:
                continue
            if pending.is_done:
                with contextlib.suppress(BrokenExecutor):
                    pending.result = pending.wait()
                    continue
            try:
                pending.result = alone.submit(run_task, self._plan.task, pending.job).result()
            except BrokenExecutor:
                reason = "the process that worked on it died"
                pending.result = Result(pending.job.entry.path, Status.FAILED, reason=reason)
                alone = local_processes(1)
        alone.shutdown()
        if self._executor is not None:
            self._executor.shutdown(wait=False)
        self._executor = local_processes(self._size)

    def _skipped(self, found: SkippedPath) -> Result:
        is_failure = found.end is FileEnd.UNREADABLE or self._inputs.is_given(found.path)
        status = Status.FAILED if is_failure else Status.SKIPPED
        if found.end is FileEnd.FILTERED:
            status = Status.SKIPPED
        return Result(found.path, status, reason=found.reason)
