"""What the Python functions of the commands have in common: their arguments and their runs."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from dcmview.bulk.inputs import Inputs
from dcmview.bulk.run import BulkRun
from dcmview.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dcmview.bulk.result import Result
    from dcmview.bulk.run import BulkPlan

AnyPath = str | os.PathLike[str]

_Choice = TypeVar("_Choice", bound=StrEnum)


def path_list(paths: AnyPath | Iterable[AnyPath]) -> list[str]:
    """Give one path or several as a list."""
    several = [paths] if isinstance(paths, str | os.PathLike) else paths
    return [os.fspath(path) for path in several]


def optional_path(path: AnyPath | None) -> str | None:
    """Give a path as text, and None as it is."""
    return None if path is None else os.fspath(path)


def choice(kind: type[_Choice], name: str, text: str) -> _Choice:
    """Read an argument that has few values.

    Raises
    ------
    UsageError
        If it is none of them.
    """
    try:
        return kind(text)
    except ValueError as exc:
        raise UsageError(f"{name} must be one of {', '.join(kind)}, not {text!r}") from exc


def results_of(paths: Sequence[str], plan: BulkPlan, *, recursive: bool) -> list[Result]:
    """Carry a plan out over all files below some paths; give how each file ended, in order."""
    inputs = Inputs(paths, recursive=recursive, workers=0 if plan.jobs == 1 else None)
    return [result for result in BulkRun(inputs, plan).results() if result is not None]
