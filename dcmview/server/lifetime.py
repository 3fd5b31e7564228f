"""When the server ends: one place that hears of every reason and decides.

Signals, the idle time, the end of the scan and a parent that has gone all
end up in one queue. A thread of its own reads it, so a busy event loop or a
lock held by the main thread cannot keep the server from ending.
"""

from __future__ import annotations

import queue
import time
from typing import TYPE_CHECKING

from dcmview.server.signals import EndReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from dcmview.web.status import ServerStatus

IDLE_CHECK_S = 0.5


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
