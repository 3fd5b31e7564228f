"""pydicom's warnings, kept off the terminal and given to whoever reads a file.

``warnings.catch_warnings`` changes the whole process, so two threads that use
it at the same time undo each other. Here it is entered by the first of them
and left by the last, and each thread gets its own messages.
"""

from __future__ import annotations

import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager


class _Recorder:
    """Passes each warning to the thread that caused it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._outer = warnings.catch_warnings()
        self._show_outer = warnings.showwarning
        self._local = threading.local()

    @contextmanager
    def record(self) -> Iterator[list[str]]:
        """Collect the warnings of this thread."""
        messages: list[str] = []
        before: list[str] | None = getattr(self._local, "messages", None)
        self._enter()
        self._local.messages = messages
        try:
            yield messages
        finally:
            self._local.messages = before
            self._leave()

    def _enter(self) -> None:
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._outer = warnings.catch_warnings()
                self._outer.__enter__()
                self._show_outer = warnings.showwarning
                warnings.simplefilter("always")
                warnings.showwarning = self._show

    def _leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._outer.__exit__(None, None, None)

    def _show(  # noqa: PLR0917 - the signature of warnings.showwarning
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        messages: list[str] | None = getattr(self._local, "messages", None)
        if messages is None:
            self._show_outer(message, category, filename, lineno, file, line)
        else:
            words, _, _ = str(message).partition(" Please see <")  # pydicom links the Standard
            messages.append(" ".join(words.split())[:200])


_RECORDER = _Recorder()


def recorded_warnings() -> AbstractContextManager[list[str]]:
    """Collect the warnings of the current thread as one-line messages."""
    return _RECORDER.record()
