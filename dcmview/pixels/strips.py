"""Large pictures in strips: numpy and zlib let threads run beside each other."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Value = TypeVar("Value")

STRIP_BYTES = 512 * 1024
"""Smaller strips are not worth handing to a thread, which takes 0.1 ms."""
MOST_STRIPS = 4
"""On every computer, since the strips of a PNG show in its bytes."""


def in_strips(work: Callable[[int, int], Value], length: int, size_bytes: int) -> list[Value]:
    """Do work on strips of something that has a length and a size.

    Parameters
    ----------
    work : callable
        Gets the begin and end of its strip; called from several threads.
    length : int
        Rows, or bytes.
    size_bytes : int
        Decides how many strips there are: one for what is small.

    Returns
    -------
    list
        What the calls gave, in the order of the strips.
    """
    count = max(1, min(MOST_STRIPS, size_bytes // STRIP_BYTES, length))
    bounds = [length * number // count for number in range(count + 1)]
    if count == 1:
        return [work(0, length)]
    others = [_threads().submit(work, *bounds[n : n + 2]) for n in range(1, count)]
    return [work(*bounds[:2]), *(other.result() for other in others)]


@cache
def _threads() -> ThreadPoolExecutor:
    cores = min(MOST_STRIPS, os.cpu_count() or 1)
    return ThreadPoolExecutor(cores, thread_name_prefix="dcmview-strips")
