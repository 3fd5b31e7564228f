"""Frames of one file encoded side by side, and handed out in their order."""

from __future__ import annotations

from collections import deque
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dcmview.model import StoredFrame
    from dcmview.transcoding.frames import EncodedFrame, FrameEncoder


class EncodedFrames:
    """Frames in the target syntax, gone through once, and what is known of them then.

    Parameters
    ----------
    encoder : FrameEncoder
        Encodes them.
    frames : iterator of StoredFrame
        As they are decoded.
    is_wanted : callable
        Asked before each frame; `CancelledError` is raised where nobody waits any more.
    threads : int
        How many are encoded at the same time.

    Attributes
    ----------
    count : int
        How many were handed out so far.
    """

    def __init__(
        self,
        encoder: FrameEncoder,
        frames: Iterator[StoredFrame],
        is_wanted: Callable[[], bool],
        threads: int,
    ) -> None:
        self.encoder = encoder
        self.count = 0
        self._frames = frames
        self._is_wanted = is_wanted
        self._threads = threads
        self._max_errors: list[float] = []
        self._mean_errors: list[float] = []

    @property
    def max_error(self) -> float | None:
        """The largest error of a stored value; None without proof."""
        return max(self._max_errors, default=None)

    @property
    def mean_error(self) -> float | None:
        """The mean error of a stored value; None without proof."""
        errors = self._mean_errors
        return sum(errors) / len(errors) if errors else None

    def __iter__(self) -> Iterator[bytes | memoryview]:
        for frame in self._in_order():
            self.count += 1
            if frame.max_error is not None:
                self._max_errors.append(frame.max_error)
            if frame.mean_error is not None:
                self._mean_errors.append(frame.mean_error)
            yield frame.content

    def _in_order(self) -> Iterator[EncodedFrame]:
        # Cells of single bits go on where those of the frame before end.
        if self._threads == 1 or not self.encoder.target.syntax.encapsulated:
            yield from map(self.encoder.encode, self._wanted())
            return
        coming: deque[Future[EncodedFrame]] = deque()
        with ThreadPoolExecutor(self._threads, "dcmview-encode") as pool:
            for stored in self._wanted():
                coming.append(pool.submit(self.encoder.encode, stored))
                if len(coming) > self._threads:
                    yield coming.popleft().result()
            while coming:
                yield coming.popleft().result()

    def _wanted(self) -> Iterator[StoredFrame]:
        for stored in self._frames:
            if not self._is_wanted():
                raise CancelledError
            yield stored
