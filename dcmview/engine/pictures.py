"""Display frames: what a picture is made of, its layers, its size and its file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dcmview.cache import ByteCache
from dcmview.engine.frames import DecodedFrame
from dcmview.engine.short_ways import picture_halves, reduced_sampling
from dcmview.errors import InstanceError
from dcmview.model import Picture, ShownFrame
from dcmview.pixels.color_maps import colored
from dcmview.pixels.encode import encode_grey_png, encode_picture
from dcmview.pixels.overlay import burn
from dcmview.pixels.pipeline import as_requested, choose_voi, display_frame, grey_rows
from dcmview.pixels.resize import Sampling, reduce_to
from dcmview.pixels.shutter import apply_shutter

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dcmview.engine.files import Files
    from dcmview.engine.frames import Frames
    from dcmview.model import DisplayRecipe, DisplayRequest, LookupTable, StoredFrame, Window
    from dcmview.registry.registry import Entry

PREVIEW_PX = 512


class Pictures:
    """Renders frames and keeps the pictures used last. For many threads.

    Parameters
    ----------
    files : Files
        Where the overlays are read, and what is known of a frame that is not decoded yet.
    frames : Frames
        Where the frames are decoded.
    budget_bytes : int
        What all pictures that are kept may hold.
    """

    def __init__(self, files: Files, frames: Frames, budget_bytes: int) -> None:
        self._files = files
        self._frames = frames
        self._kept: ByteCache[tuple[int, int, DisplayRequest], Picture] = ByteCache(
            budget_bytes, lambda picture: len(picture.content)
        )

    def kept(self, entry: Entry, frame_index: int, request: DisplayRequest) -> Picture | None:
        """Give a picture if it is still there."""
        return self._kept.peek((entry.index, frame_index, request))

    def picture(
        self,
        entry: Entry,
        frame_index: int,
        request: DisplayRequest,
        is_wanted: Callable[[], bool],
    ) -> tuple[Picture, bool]:
        """Give a display frame as a file, and whether it was there."""
        return self._kept.get_or_compute(
            (entry.index, frame_index, request),
            lambda: self._render(entry, frame_index, request, is_wanted),
        )

    def shown_frame(
        self,
        entry: Entry,
        frame_index: int,
        request: DisplayRequest,
        is_wanted: Callable[[], bool],
        *,
        is_last: bool,
        decoded: tuple[StoredFrame, DisplayRecipe] | None,
    ) -> ShownFrame:
        """Give the pixels of a picture with all that they were made of; nothing is kept of them."""
        if decoded is None:
            frame = self._frame_for(entry, frame_index, request, is_wanted, is_last=is_last)
        else:
            stored, recipe = decoded
            frame = DecodedFrame.of(stored, as_requested(recipe, request))
        voi = choose_voi(frame.stored, frame.recipe, request)
        display = self._displayed(entry, frame_index, request, frame, voi)
        layout = self._files.image(entry).layout
        return ShownFrame(display, frame.stored, frame.recipe, voi, layout)

    def _render(
        self,
        entry: Entry,
        frame_index: int,
        request: DisplayRequest,
        is_wanted: Callable[[], bool],
    ) -> Picture:
        frame = self._frame_for(entry, frame_index, request, is_wanted, is_last=False)
        stored, recipe = frame.stored, frame.recipe
        voi = choose_voi(stored, recipe, request)
        if request.is_plain_png:
            rows_of = grey_rows(stored, recipe, voi)
            if rows_of is not None:
                content = encode_grey_png(rows_of, stored.layout.rows, stored.layout.columns)
                return Picture(content, request.format, stored.truncated)
        display = self._displayed(entry, frame_index, request, frame, voi)
        content = encode_picture(
            display, request.format, quality=request.quality, icc_profile=recipe.icc_profile
        )
        return Picture(content, request.format, stored.truncated)

    def _displayed(
        self,
        entry: Entry,
        frame_index: int,
        request: DisplayRequest,
        frame: DecodedFrame,
        voi: Window | LookupTable | None,
    ) -> NDArray[np.uint8]:
        """The pixels of a picture, with its layers and in its size."""
        stored, recipe = frame.stored, frame.recipe
        display = colored(display_frame(stored, recipe, voi), request.color_map)
        if request.shutter and recipe.shutter is not None:
            overlays = self._files.overlays(entry, frame_index)
            display = apply_shutter(display, recipe.shutter, overlays)
        if request.overlays and recipe.overlays:
            display = burn(display, self._files.overlays(entry, frame_index))
        size_px = _size_px(request)
        if size_px is not None:
            display = reduce_to(
                display, size_px, aspect=recipe.pixel_aspect, sampling=frame.sampling
            )
        return display

    def _frame_for(
        self,
        entry: Entry,
        frame_index: int,
        request: DisplayRequest,
        is_wanted: Callable[[], bool],
        *,
        is_last: bool,
    ) -> DecodedFrame:
        """What a picture is made of, with the recipe as it was asked for."""
        frame = self._large_enough(entry, frame_index, request, is_wanted, is_last=is_last)
        recipe = as_requested(frame.recipe, request)
        return frame if recipe is frame.recipe else replace(frame, recipe=recipe)

    def _large_enough(
        self,
        entry: Entry,
        frame_index: int,
        request: DisplayRequest,
        is_wanted: Callable[[], bool],
        *,
        is_last: bool,
    ) -> DecodedFrame:
        """The whole frame, or one that its codec made smaller where that does for the picture."""
        size_px = _size_px(request)
        is_layered = request.overlays or request.shutter  # they are in pixels of the whole frame
        if size_px is None or is_layered:
            return self._frames.decoded(entry, frame_index, is_wanted)[0]
        if self._frames.kept(entry, frame_index) is None:
            image = self._files.image(entry)
            recipe = self._files.recipe(entry, frame_index)
            layout, syntax = image.layout, image.syntax
            most = picture_halves(layout, syntax, recipe, request, size_px, is_last=is_last)
            for halves in range(most, 0, -1):
                try:
                    frame = self._frames.decoded(entry, frame_index, is_wanted, halves)[0]
                except InstanceError:
                    continue  # this frame has none, or fewer levels
                return replace(frame, sampling=reduced_sampling(layout, syntax, halves))
        frame = self._frames.decoded(entry, frame_index, is_wanted)[0]
        return _thinned(frame, size_px) if request.preview else frame


def _size_px(request: DisplayRequest) -> int | None:
    return request.size_px or (PREVIEW_PX if request.preview else None)


def _thinned(frame: DecodedFrame, size_px: int) -> DecodedFrame:
    """Leave rows and columns out, down to twice the size: what is left is averaged later."""
    values, layout = frame.stored.values, frame.stored.layout
    step = max(layout.rows, layout.columns) // (2 * size_px)
    if step < 2:
        return frame
    sampling = Sampling(layout.rows, layout.columns, step, 0.5)
    values = np.ascontiguousarray(values[::step, ::step])
    layout = replace(layout, rows=values.shape[0], columns=values.shape[1])
    stored = replace(frame.stored, values=values, layout=layout)
    return replace(frame, stored=stored, sampling=sampling)
