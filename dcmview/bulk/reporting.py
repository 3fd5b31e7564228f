"""What a run tells: counts while it lasts, and a line a file for other programs."""

from __future__ import annotations

import os
import time
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from dcmview.bulk.result import Result, Status

if TYPE_CHECKING:
    from typing import BinaryIO

_NAMES = {
    Status.DONE: "done",
    Status.KEPT: "kept as they were",
    Status.SKIPPED: "skipped",
    Status.FAILED: "failed",
}


REPORT_BEGIN = b'{"input":'
"""What a report begins with: any other file is not replaced by one."""


class Tally:
    """Counts of a run."""

    def __init__(self) -> None:
        self._begin = time.monotonic()
        self.counts: Counter[Status] = Counter()

    def add(self, result: Result) -> None:
        """Count a result."""
        self.counts[result.status] += 1

    @property
    def total(self) -> int:
        """Files that have ended."""
        return self.counts.total()

    def progress(self, seen: int, *, is_complete: bool) -> str:
        """Say how far a run is that has seen so many paths."""
        failed = self.counts[Status.FAILED]
        of_all = f" of {max(seen, self.total):,}{'' if is_complete else ' or more'}"
        parts = [f"{self.total:,}{of_all} files"]
        if failed:
            parts.append(f"{failed:,} failed")
        parts.append(self._rate())
        return ", ".join(parts)

    def summary(self) -> str:
        """Say how a run ended."""
        named = [f"{self.counts[status]:,} {name}" for status, name in _NAMES.items()]
        shown = [text for text, status in zip(named, _NAMES, strict=True) if self.counts[status]]
        files = "1 file" if self.total == 1 else f"{self.total:,} files"
        seconds = time.monotonic() - self._begin
        return f"{files}: {', '.join(shown) or 'nothing done'}; {seconds:.1f} s, {self._rate()}"

    def _rate(self) -> str:
        rate = self.total / max(time.monotonic() - self._begin, 1e-3)
        return f"{rate:,.0f} a second" if rate >= 10 else f"{rate:.1f} a second"


def write_line(stream: BinaryIO, result: Result) -> None:
    """Write a result as a line of JSON, at once."""
    stream.write(msgspec.json.encode(_as_text(result)) + b"\n")
    stream.flush()


def _as_text(result: Result) -> Result:
    """Paths for JSON, which is UTF-8: bytes that are not are written with a backslash."""
    return msgspec.structs.replace(
        result,
        input=_text(result.input),
        outputs=tuple(map(_text, result.outputs)),
        reason=_text(result.reason),
    )


def _text(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")
