"""Ctrl+C, which a terminal sends to all processes that it started."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def deaf_children() -> Iterator[None]:
    """Let processes that this thread starts in the block never see Ctrl+C.

    One that is only now loading its modules would die of it with many words; all of them
    end when nobody has work for them any more.
    """
    if not hasattr(signal, "pthread_sigmask"):  # on Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
