"""One thumbnail: the frame as the viewer shows it, smaller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from dcmview.errors import DcmviewError
from dcmview.geometry.usual_view import turn_to_usual
from dcmview.pixels.encode import encode_picture, encode_png
from dcmview.thumbnails.frame_choice import choose_frame
from dcmview.thumbnails.label import burn_label, label_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dcmview.engine.engine import Engine
    from dcmview.geometry.usual_view import Turn
    from dcmview.registry.registry import Entry
    from dcmview.thumbnails.settings import Color, ThumbnailSettings


class Thumbnail(msgspec.Struct, frozen=True, array_like=True):
    """A thumbnail as a file; ``truncated`` says that the data of the frame ends early."""

    content: bytes
    frame_index: int
    rows: int
    columns: int
    truncated: bool


@dataclass(frozen=True, slots=True)
class SmallFrame:
    """A frame in the size of a thumbnail, not yet a file.

    ``levels`` are those of the whole picture made smaller, as it is stored.
    """

    entry: Entry
    settings: ThumbnailSettings
    frame_index: int
    levels: NDArray[np.uint8]
    icc_profile: bytes | None
    truncated: bool

    def thumbnail(self) -> Thumbnail:
        """Make a file of it, with background and label where they are asked for.

        Nothing is in it but the picture and the colour profile of the frame.
        """
        settings, levels = self.settings, self.levels
        if settings.background is not None:
            levels = centred(levels, settings.size_px, settings.background)
        if settings.label:
            levels = burn_label(levels, label_of(self.entry.header), settings.size_px)
        content = encode_picture(
            levels,
            settings.request.format,
            quality=settings.request.quality,
            icc_profile=self.icc_profile if levels.ndim == 3 else None,
        )
        return self._as_thumbnail(content, levels)

    def tile(self, turn: Turn) -> Thumbnail:
        """Make a PNG of it for a contact sheet, turned; the sheet writes the labels."""
        levels = turn.apply(self.levels)
        return self._as_thumbnail(encode_png(levels), levels)

    def _as_thumbnail(self, content: bytes, levels: NDArray[np.uint8]) -> Thumbnail:
        rows, columns = levels.shape[:2]
        return Thumbnail(content, self.frame_index, rows, columns, self.truncated)


def small_frame(
    engine: Engine,
    entry: Entry,
    settings: ThumbnailSettings,
    is_wanted: Callable[[], bool] = lambda: True,
) -> SmallFrame:
    """Choose the frame that stands for a file, and show it small.

    Raises
    ------
    NotFound
        If the file has no image, or no such frame.
    RequestError
        If the frame has no such VOI.
    InstanceError
        If it cannot be decoded or has no defined display.
    CancelledError
        If ``is_wanted`` says that nobody waits any more.
    """
    frame_index = choose_frame(engine, entry, settings.frame, is_wanted)
    shown = engine.shown_frame(entry, frame_index, settings.request, is_wanted, is_last=True)
    return SmallFrame(
        entry,
        settings,
        frame_index,
        shown.display,
        shown.recipe.icc_profile,
        shown.stored.truncated,
    )


def usual_turn(engine: Engine, entry: Entry, frame_index: int) -> Turn:
    """Say how a frame is turned on a contact sheet."""
    orientation = entry.header.shared.acquisition.orientation
    if entry.header.shared.has_frame_groups:
        try:
            orientation = engine.frame_placements(entry)[frame_index][0].orientation
        except (DcmviewError, IndexError):
            orientation = None
    return turn_to_usual(orientation)


def centred(levels: NDArray[np.uint8], size_px: int, background: Color) -> NDArray[np.uint8]:
    """Put a picture in the middle of a square; one of grey stays grey on a grey one.

    Examples
    --------
    >>> centred(np.full((1, 3), 9, np.uint8), 3, (0, 0, 0)).tolist()
    [[0, 0, 0], [9, 9, 9], [0, 0, 0]]
    """
    if levels.ndim == 2 and len(set(background)) > 1:
        levels = np.repeat(levels[:, :, None], 3, axis=2)
    rows, columns = levels.shape[:2]
    filling = background if levels.ndim == 3 else background[0]
    canvas = np.empty((size_px, size_px, *levels.shape[2:]), np.uint8)
    canvas[...] = filling
    top, left = (size_px - rows) // 2, (size_px - columns) // 2
    canvas[top : top + rows, left : left + columns] = levels
    return canvas
