"""Jobs on their way: small ones travel together, for the way costs more than they take."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dcmview.bulk.interrupts import interrupts_held_back
from dcmview.bulk.result import Result, Status
from dcmview.bulk.task import begin_tasks, run_task, run_tasks
from dcmview.errors import one_line

if TYPE_CHECKING:
    from dcmview.bulk.result import Job, Task

MOST_FILES, MOST_PIXELS = 8, 2_000_000
"""A chunk with as many of either is full."""


@dataclass(slots=True, eq=False)
class Pending:
    """A job, or a result that needed none, in the order of the files."""

    job: Job | None
    result: Result | None = None
    chunk: Chunk | None = None
    position: int = 0

    @property
    def is_done(self) -> bool:
        """Whether `wait` would not have to."""
        return self.result is not None or (
            self.chunk is not None and self.chunk.is_done(self.position)
        )

    @property
    def is_cancelled(self) -> bool:
        """Whether nobody will begin it any more."""
        future = None if self.chunk is None else self.chunk.future
        return self.result is None and future is not None and future.cancelled()

    def wait(self) -> Result:
        """Give the result; a job that ended without one has failed.

        Raises
        ------
        BrokenExecutor
            If a process died, of this job or of another.
        """
        if self.result is not None:
            return self.result
        assert self.chunk is not None
        assert self.job is not None
        try:
            return self.chunk.wait(self.position)
        except BrokenExecutor:
            raise
        except CancelledError:
            reason = "not done: the Dask scheduler gave it up"
        except Exception as exc:  # noqa: BLE001, of the cluster: its worker died again and again
            reason = f"not done: {one_line(exc)}"
        return Result(self.job.entry.path, Status.FAILED, reason=reason)


@dataclass(slots=True, eq=False)
class Chunk:
    """Jobs that travel together, or stay and are begun together."""

    jobs: list[Job] = field(default_factory=list)
    pixels: int = 0
    future: Future[list[Result]] | None = None
    ended: list[Future[Result]] = field(default_factory=list)
    """Those of jobs that stay."""

    @property
    def is_full(self) -> bool:
        """Whether it is worth the way."""
        return len(self.jobs) >= MOST_FILES or self.pixels >= MOST_PIXELS

    def is_done(self, position: int) -> bool:
        """Whether one of its jobs has ended."""
        return position < len(self.ended) or (self.future is not None and self.future.done())

    def wait(self, position: int) -> Result:
        """Give the result of one of its jobs; raises what that has raised."""
        if position < len(self.ended):
            return self.ended[position].result()
        assert self.future is not None
        return self.future.result()[position]

    def add(self, pending: Pending) -> None:
        """Take a job along."""
        assert pending.job is not None
        pending.chunk, pending.position = self, len(self.jobs)
        self.jobs.append(pending.job)
        self.pixels += pixels_of(pending.job)

    def stay(self, executor: Executor, task: Task) -> None:
        """Let the jobs be done here: an interrupt between them leaves those that have ended."""
        begin_tasks(task, self.jobs)
        for job in self.jobs:
            self.ended.append(executor.submit(run_task, task, job))

    def send(self, executor: Executor, task: Task) -> None:
        """Let the jobs be done."""
        try:
            # Where it comes between submission and assignment, the results would be lost.
            with interrupts_held_back():
                self.future = executor.submit(run_tasks, task, self.jobs)
        except BrokenExecutor as exc:
            self.future = Future()
            self.future.set_exception(exc)


def pixels_of(job: Job) -> int:
    """Count the pixels of all frames of a file: how much there is to do."""
    header = job.entry.header.shared
    return header.rows * header.columns * header.frame_count
