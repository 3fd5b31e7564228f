"""Ctrl+C and its like in the process that hands out the jobs."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

ENDING_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)

_put_off: list[int] = []
_is_noting = False


def interrupt(number: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt, as a handler of signals: at once, or at the end of `noting`.

    What is raised in a callback of Python's own import is printed and lost.
    """
    is_importing = frame is not None and frame.f_code.co_filename.startswith("<frozen importlib")
    if _is_noting or is_importing:
        _put_off.append(number)
        return
    raise KeyboardInterrupt


@contextlib.contextmanager
def noting() -> Iterator[None]:
    """Let what has `interrupt` for a handler wait for the end of the block.

    In a small part of the time that `interrupts_held_back` takes, for blocks that come often.
    """
    global _is_noting  # noqa: PLW0603
    _is_noting = True
    try:
        yield
    finally:
        _is_noting = False
    if _put_off:
        _put_off.clear()
        raise KeyboardInterrupt


@contextlib.contextmanager
def interrupts_held_back() -> Iterator[None]:
    """Let Ctrl+C and its like wait for the end of the block.

    A process that has been half started when this one goes dies with many words, and of one
    whose job nobody has noted down nobody asks for the result.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _frame: came.append(number))
        for number in ENDING_SIGNALS
        if signal.getsignal(number) is not None
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in dict.fromkeys(came):
            signal.raise_signal(number)
