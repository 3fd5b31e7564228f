"""Why the server ends, and the signals that ask for it.

Read before the port opens, so it imports next to nothing.
"""

from __future__ import annotations

import enum
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

SIGNAL_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # the last is Ctrl+Break on Windows


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
