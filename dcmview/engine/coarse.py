"""Stored values of blocks of a frame, for views that are smaller than the frame."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dcmview.cache import ByteCache
from dcmview.engine.frames import DecodedFrame
from dcmview.engine.short_ways import coarse_halves
from dcmview.errors import InstanceError
from dcmview.pixels.reduce import reduce_stored

if TYPE_CHECKING:
    from collections.abc import Callable

    from dcmview.engine.files import Files
    from dcmview.engine.frames import Frames
    from dcmview.model import RawFrame
    from dcmview.registry.registry import Entry


class CoarseFrames:
    """Reduces frames and keeps what was used last. For many threads.

    A frame that fits is its own coarse frame.

    Parameters
    ----------
    files : Files
        Where the frames lie.
    frames : Frames
        Where they are decoded.
    budget_bytes : int
        What all that are kept may hold.
    """

    def __init__(self, files: Files, frames: Frames, budget_bytes: int) -> None:
        self._files = files
        self._frames = frames
        self._kept: ByteCache[tuple[int, int, int], RawFrame] = ByteCache(
            budget_bytes, lambda frame: frame.samples.nbytes
        )

    def kept(self, entry: Entry, frame_index: int, size_px: int) -> RawFrame | None:
        """Give what `reduced` gives if it is still there."""
        reduction = _reduction(entry, size_px)
        if reduction == 1:
            whole = self._frames.kept(entry, frame_index)
            return None if whole is None else whole.raw
        return self._kept.peek((entry.index, frame_index, reduction))

    def reduced(
        self, entry: Entry, frame_index: int, size_px: int, is_wanted: Callable[[], bool]
    ) -> tuple[RawFrame, bool]:
        """Give one stored value for every block of a frame, and whether it was there."""
        reduction = _reduction(entry, size_px)
        if reduction == 1:
            whole, hit = self._frames.decoded(entry, frame_index, is_wanted)
            return whole.raw, hit
        return self._kept.get_or_compute(
            (entry.index, frame_index, reduction),
            lambda: self._reduce(entry, frame_index, reduction, is_wanted),
        )

    def _reduce(
        self, entry: Entry, frame_index: int, reduction: int, is_wanted: Callable[[], bool]
    ) -> RawFrame:
        frame, block = self._nearly_reduced(entry, frame_index, reduction, is_wanted)
        stored, layout, header = frame.stored, frame.stored.layout, entry.header.shared
        is_index = layout.photometric_interpretation == "PALETTE COLOR" or layout.bits_stored == 1
        values = reduce_stored(
            stored.values, block, padding=frame.recipe.padding, as_means=not is_index
        )
        layout = replace(layout, rows=values.shape[0], columns=values.shape[1])
        coarse = DecodedFrame.of(replace(stored, values=values, layout=layout), frame.recipe)
        return replace(
            coarse.raw,
            full_rows=header.rows,
            full_columns=header.columns,
            reduction=reduction,
        )

    def _nearly_reduced(
        self, entry: Entry, frame_index: int, reduction: int, is_wanted: Callable[[], bool]
    ) -> tuple[DecodedFrame, int]:
        """A frame from which a coarse one is made, and the blocks that are left to be reduced.

        Of a large frame that nobody has decoded, a codec with a short way gives a part.
        """
        image = self._files.image(entry)
        halves = coarse_halves(image.layout, image.syntax, reduction)
        is_there = self._frames.kept(entry, frame_index) is not None
        if halves and not is_there and self._files.recipe(entry, frame_index).padding is None:
            try:
                frame = self._frames.decoded(entry, frame_index, is_wanted, halves)[0]
            except InstanceError:
                pass  # this codestream has none
            else:
                return frame, reduction >> halves
        return self._frames.decoded(entry, frame_index, is_wanted)[0], reduction


def _reduction(entry: Entry, size_px: int) -> int:
    """Rows and columns of the blocks that make the longer side of a frame fit."""
    header = entry.header.shared
    return -(-max(header.rows, header.columns) // size_px)
