"""Tasks for runs over many files; a module of its own, since they travel to other processes."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field

from dcmview.bulk.result import Result, Status
from dcmview.bulk.task import output_of, worker_engine
from dcmview.errors import DecodeFailed, NoPixelData
from dcmview.model import DisplayRequest
from dcmview.registry.opening import open_entry


@dataclass(frozen=True)
class Copy:
    """Copies a file."""

    pause_s: float = 0.0

    def __call__(self, job):
        time.sleep(self.pause_s)
        with open_entry(job.entry) as source, output_of(job) as out:
            out.write(source.pread(0, source.size))
        return Result(job.entry.path, Status.DONE, (job.output,), figures={"bytes": source.size})


@dataclass(frozen=True)
class Picture:
    """Writes the picture of the first frame."""

    def __call__(self, job):
        if not job.entry.header.shared.has_pixels:
            raise NoPixelData("no image")
        picture, _ = worker_engine().picture(job.entry, 0, DisplayRequest())
        with output_of(job) as out:
            out.write(picture.content)
        return Result(job.entry.path, Status.DONE, (job.output,))


@dataclass(frozen=True)
class Trouble(Copy):
    """Copies, unless the name of a file says what is to go wrong."""

    def __call__(self, job):
        name = os.path.basename(job.entry.path)
        if "kill" in name:
            os.kill(os.getpid(), signal.SIGKILL)
        if "bug" in name:
            raise ZeroDivisionError("a mistake of ours")
        if "refuse" in name:
            raise DecodeFailed("not this one")
        if "half" in name:
            with output_of(job) as out:
                out.write(b"half of it")
                raise OSError(28, "No space left on device")
        return super().__call__(job)


@dataclass(frozen=True)
class Told:
    """Does nothing but say what it was told of the file."""

    def __call__(self, job):
        return Result(job.entry.path, Status.DONE, reason=job.extra)


@dataclass(frozen=True)
class Batched(Told):
    """Notes what it is asked to do, and is interrupted where the name of a file says so."""

    calls: list[list[str] | str] = field(default_factory=list)

    def begin(self, jobs):
        self.calls.append([os.path.basename(job.entry.path) for job in jobs])

    def __call__(self, job):
        name = os.path.basename(job.entry.path)
        self.calls.append(name)
        if "interrupt" in name:
            raise KeyboardInterrupt
        return super().__call__(job)


class AtOnce(Executor):
    """As processes would be: jobs travel together, and are done when they are handed in."""

    def __init__(self, signal_number=None):
        self.signal_number = signal_number
        self.results = []

    def submit(self, fn, /, *args):
        future = Future()
        future.set_result(fn(*args))
        self.results += future.result()
        if self.signal_number is not None:
            signal.raise_signal(self.signal_number)
        return future
