"""When the server ends: one place that hears of every reason and decides.

Signals, the idle time, the end of the scan and a parent that has gone all
end up in one queue. A thread of its own reads it, so a busy event loop or a
lock held by the main thread cannot keep the server from ending.
"""

from __future__ import annotations

import enum
import queue
import signal
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from dcmview.web.status import ServerStatus

SIGNAL_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # the last is Ctrl+Break on Windows
IDLE_CHECK_S = 0.5


class EndReason(enum.Enum):
    """Why the server ends."""

    INTERRUPT = "interrupt"
    """Ctrl+C."""
    TERMINATE = "terminate"
    """A signal, or the process that started us has gone."""
    IDLE = "idle"
    """``--timeout`` has run out."""
    NOTHING_TO_SHOW = "nothing to show"


def on_end_signals(handle: Callable[[EndReason], None]) -> None:
    """Call a function for every signal that asks for the end.

    A signal that is ignored stays ignored: that is how ``nohup`` works, and
    how a shell keeps Ctrl+C from its background jobs.
    """
    for name in SIGNAL_NAMES:
        number = getattr(signal, name, None)
        if number is None or signal.getsignal(number) is signal.SIG_IGN:
            continue
        signal.signal(number, _handler(handle, name))


def _handler(
    handle: Callable[[EndReason], None], name: str
) -> Callable[[int, FrameType | None], None]:
    reason = EndReason.INTERRUPT if name == "SIGINT" else EndReason.TERMINATE
    return lambda _number, _frame: handle(reason)


class Lifetime:
    """Waits for the end of the server.

    Parameters
    ----------
    status : ServerStatus
        Tells when the last request came.
    idle_limit_s : float or None
        End after this long without a request; the scan does not count.
    has_unsaved_edits : callable
        Whether ending now would lose something.
    ask_again : callable or None
        Called at the first Ctrl+C with unsaved edits, which then does not
        end the server. None where nobody would read the question.
    """

    def __init__(
        self,
        status: ServerStatus,
        *,
        idle_limit_s: float | None,
        has_unsaved_edits: Callable[[], bool],
        ask_again: Callable[[], None] | None,
    ) -> None:
        self._status = status
        self._idle_limit_s = idle_limit_s
        self._has_unsaved_edits = has_unsaved_edits
        self._ask_again = ask_again
        self._scan_end: float | None = None
        # SimpleQueue.put may be called from a signal handler that interrupts another put.
        self._requests: queue.SimpleQueue[EndReason] = queue.SimpleQueue()

    def request_end(self, reason: EndReason) -> None:
        """Ask for the end; safe in a signal handler."""
        self._requests.put(reason)

    def note_scan_end(self) -> None:
        """Let the idle time begin."""
        self._scan_end = time.monotonic()

    def wait(self) -> EndReason:
        """Block until the server is to end, and say why.

        Ctrl+C counts as ``INTERRUPT`` only where a person was or would have
        been asked about unsaved edits; elsewhere it is ``TERMINATE``.
        """
        asked = False
        while True:
            try:
                reason = self._requests.get(timeout=IDLE_CHECK_S)
            except queue.Empty:
                if self._is_idle():
                    return EndReason.IDLE
                continue
            if reason is EndReason.INTERRUPT:
                if self._ask_again is None:
                    return EndReason.TERMINATE
                if not asked and self._has_unsaved_edits():
                    asked = True
                    self._ask_again()
                    continue
            return reason

    def _is_idle(self) -> bool:
        if self._idle_limit_s is None or self._scan_end is None:
            return False
        idle_since = max(self._scan_end, self._status.last_request)
        return time.monotonic() - idle_since >= self._idle_limit_s
