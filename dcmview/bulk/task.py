"""One job in the process that works on it: nothing that a file does ends the run."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import itertools
import logging
import threading
from typing import TYPE_CHECKING

from msgspec import structs

from dcmview.bulk.files import NewFile, new_file
from dcmview.bulk.finished import FinishedBefore, is_finished
from dcmview.bulk.naming import HASH_MARK
from dcmview.bulk.result import BatchedTask, Job, Result, Status
from dcmview.errors import DcmviewError, NoPixelData
from dcmview.registry.opening import entry_pieces

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager
    from typing import BinaryIO

    from dcmview.bulk.result import Figures, Task
    from dcmview.engine.engine import Engine
    from dcmview.registry.registry import Entry

logger = logging.getLogger(__name__)

FINISHED = "finished before"
"""Why nothing was done: the output is there, as it would be made."""

WORKER_CACHE_BYTES = 96 * 1024 * 1024
"""A file is worked on once, so little is kept of it."""

_indices = itertools.count()
_engine_lock = threading.Lock()
_engine: Engine | None = None
_users = 0
_threads = 1


def worker_engine() -> Engine:
    """Give the engine of this process; entries for it need an index from `fresh_entry`."""
    global _engine  # noqa: PLW0603
    with _engine_lock:
        if _engine is None:
            from dcmview.engine.engine import Engine

            _engine = Engine(WORKER_CACHE_BYTES)
        return _engine


@contextlib.contextmanager
def engine_in_use() -> Iterator[None]:
    """Let the engine of this process last for a block, whoever else has done with it."""
    global _users  # noqa: PLW0603
    with _engine_lock:
        _users += 1
    try:
        yield
    finally:
        with _engine_lock:
            _users -= 1


def close_worker_engine() -> None:
    """End the decoder processes of this process, unless another thread uses them."""
    global _engine  # noqa: PLW0603
    with _engine_lock:
        if _engine is not None and not _users:
            _engine.close()
            _engine = None


atexit.register(close_worker_engine)


def spare_threads() -> int:
    """Give how many threads a task may use: more than one where it has the machine to itself."""
    return _threads


def set_spare_threads(count: int) -> None:
    """Say how many threads tasks of this process may use."""
    global _threads  # noqa: PLW0603
    _threads = count


def fresh_entry(entry: Entry) -> Entry:
    """Give an entry an index that the engine of this process has never seen."""
    return structs.replace(entry, index=next(_indices))


def content_hash(entry: Entry) -> str:
    """Give the SHA-256 of the bytes of a file, hexadecimal."""
    digest = hashlib.sha256()
    for piece in entry_pieces(entry):
        digest.update(piece)
    return digest.hexdigest()


def output_of(
    job: Job, path: str = "", *, is_durable: bool = False
) -> AbstractContextManager[BinaryIO]:
    """Open the output of a job for writing, or another one that it makes of its file."""
    return new_file(
        path or job.output,
        overwrite=job.overwrite,
        inputs=(job.entry.stamp,),
        origin=job.origin,
        is_durable=is_durable,
    )


def descriptor_of(job: Job) -> NewFile:
    """The same for who writes all of it in one call."""
    return NewFile(
        job.output, overwrite=job.overwrite, inputs=(job.entry.stamp,), origin=job.origin
    )


def keep_original(
    job: Job, reason: str, figures: Figures | None = None, *, is_durable: bool = False
) -> Result:
    """Write the output of a job as a copy of its file, byte for byte."""
    with output_of(job, is_durable=is_durable) as stream:
        stream.writelines(entry_pieces(job.entry))
    return Result(job.entry.path, Status.KEPT, (job.output,), reason, figures or {})


def begin_tasks(task: Task, jobs: Sequence[Job]) -> None:
    """Let a task of several jobs do at once what it can of all of them."""
    if len(jobs) > 1 and isinstance(task, BatchedTask):
        task.begin(jobs)


def run_tasks(task: Task, jobs: Sequence[Job]) -> list[Result]:
    """Do some jobs, one after the other."""
    begin_tasks(task, jobs)
    return [run_task(task, job) for job in jobs]


def run_task(task: Task, job: Job) -> Result:
    """Do a job; what goes wrong is a result, too."""
    path = job.entry.path
    try:
        job = structs.replace(job, entry=fresh_entry(job.entry))
        if HASH_MARK in job.output:
            output = job.output.replace(HASH_MARK, content_hash(job.entry))
            if not job.overwrite and is_finished(output, job.origin):
                return Result(path, Status.SKIPPED, (output,), FINISHED)
            job = structs.replace(job, output=output)
        return task(job)
    except NoPixelData as exc:
        return Result(path, Status.FAILED if job.is_given else Status.SKIPPED, reason=exc.message)
    except FinishedBefore:
        return Result(path, Status.SKIPPED, (job.output,), FINISHED)
    except DcmviewError as exc:
        return Result(path, Status.FAILED, reason=exc.message)
    except OSError as exc:
        words = exc.strerror or str(exc)
        where = f": {exc.filename}" if exc.filename else ""
        return Result(path, Status.FAILED, reason=f"{words}{where}")
    except Exception as exc:  # one bad file must not end the run
        logger.exception("working on %r failed", path)
        reason = f"internal error: {type(exc).__name__}: {exc}"
        return Result(path, Status.FAILED, reason=reason)
