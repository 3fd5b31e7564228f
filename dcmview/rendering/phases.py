"""How long the phases of a command took."""

from __future__ import annotations

import time


class Phases:
    """Notes when a phase ends."""

    def __init__(self) -> None:
        self._begin_ms = _now_ms()
        self._ends: list[tuple[str, float]] = []

    def end(self, name: str) -> None:
        """Note that a phase has ended now."""
        self._ends.append((name, _now_ms()))

    def summary(self) -> str:
        """Give a line for each phase: when it ended (ms since 1970), how long it took, its name.

        The last line counts from the first.
        """
        lines, before = [], self._begin_ms
        for name, end in self._ends:
            lines.append(f"{end:.0f} (+{end - before:.1f}) {name}")
            before = end
        return "\n".join([*lines, f"{before:.0f} (+{before - self._begin_ms:.1f}) total"])


def _now_ms() -> float:
    return time.time_ns() / 1e6
