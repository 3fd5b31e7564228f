"""What is to be done with one file, and how it ended."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcmview.registry.registry import Entry


class Status(StrEnum):
    """How a file ended."""

    DONE = "done"
    KEPT = "kept"
    """The original went out unchanged, for the reason that is given."""
    SKIPPED = "skipped"
    """There was nothing to do: finished before, left out, or not of the kind that is wanted."""
    FAILED = "failed"


Figures = dict[str, float | int | str]
"""Numbers and short texts that belong to the command, such as sizes and errors."""


class Result(Struct, frozen=True):
    """How one file ended: a line of the report."""

    input: str
    status: Status
    outputs: tuple[str, ...] = ()
    reason: str = ""
    figures: Figures = field(default_factory=dict)


class Job(Struct, frozen=True):
    """A file and the name of what is to be made of it.

    ``output`` is a path that no other job has, empty where there is none.
    With ``is_given`` the user named the file itself, not a folder that it lies
    in: that it holds no image is a failure then. ``extra`` is what else the task
    has to know of this file, of `BulkPlan.extra_for`; ``origin`` what outputs follow
    from, of `origin_of`.
    """

    entry: Entry
    output: str = ""
    overwrite: bool = False
    is_given: bool = False
    extra: Any = None
    origin: bytes = b""


class Task(Protocol):
    """What a command does to one file; travels to other processes, so it is picklable."""

    def __call__(self, job: Job) -> Result:
        """Do it; a `DcmviewError` that is raised makes the file a failed one."""
        ...


@runtime_checkable
class BatchedTask(Task, Protocol):
    """A task that does a part of several files at once.

    Copying a file takes from the processor's cache what the next one would have found there:
    steps in Python take half the time where they do not take turns with that.
    """

    def begin(self, jobs: Sequence[Job]) -> None:
        """Do it, ahead of the call for each of them; what goes wrong is left to that call."""
        ...
