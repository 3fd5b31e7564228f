"""A frame, or all frames of a file, as the bytes of an output."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dcmview.errors import UnsupportedPixelFormat
from dcmview.model import PictureFormat
from dcmview.pixels.encode import encode_picture
from dcmview.pixels.pipeline import as_requested, choose_voi, deep_frame, is_color
from dcmview.registry.opening import require_frame
from dcmview.rendering.arrays import (
    little_bytes,
    modality_type,
    modality_values,
    npy_header,
    sixteen_bits,
)
from dcmview.rendering.document import frame_document
from dcmview.rendering.phases import Phases
from dcmview.rendering.settings import OutputForm, Values
from dcmview.rendering.tiff import Tiff16

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from dcmview.annotations.roi import Roi
    from dcmview.engine.engine import Engine
    from dcmview.model import DisplayRecipe, ShownFrame, StoredFrame
    from dcmview.pixels.explain import Explanation
    from dcmview.registry.registry import Entry
    from dcmview.rendering.settings import RenderSettings


class Renderer:
    """Makes outputs of one file.

    Parameters
    ----------
    engine : Engine
        Gives the frames.
    entry : Entry
        The file.
    settings : RenderSettings
        What is made of it.
    is_alone : bool
        Whether no other file is meant by the annotations.
    phases : Phases, optional
        Is told what has been done; JSON then holds it as ``_perf``.
    """

    def __init__(
        self,
        engine: Engine,
        entry: Entry,
        settings: RenderSettings,
        *,
        is_alone: bool = True,
        phases: Phases | None = None,
    ) -> None:
        self._engine = engine
        self._entry = entry
        self._settings = settings
        self._is_measured = phases is not None
        self._phases = phases or Phases()
        self.rois: list[Roi] = []
        self._labels: tuple[str, ...] = ()
        self.has_truncated = False
        """Whether the data of a frame that was made ended early."""
        self.drawn = 0
        """How many ROIs were drawn into frames."""
        if settings.annotations is not None:
            from dcmview.rendering.roi_files import roi_file

            file = roi_file(settings.annotations, settings.annotations_columns)
            self.rois = file.rois_of(entry, is_alone=is_alone)
            self._labels = file.labels

    def frame(self, frame_index: int) -> bytes:
        """Give one frame in the form that is asked for; raises what `Engine.picture` raises."""
        require_frame(self._entry, frame_index)
        form = self._settings.form
        if form is OutputForm.JSON:
            return self._document(frame_index) + b"\n"
        if form.is_picture:
            return self._picture(frame_index)
        content = b"".join(self._array_file([frame_index]))
        self._phases.end("result-ready")
        return content

    def all_frames(self) -> Iterator[bytes]:
        """Give all frames as parts of one output: lines of JSON, an array, or pages."""
        require_frame(self._entry, 0)
        frames = range(self._entry.header.shared.frame_count)
        if self._settings.form is OutputForm.JSON:
            for frame_index in frames:
                yield self._document(frame_index) + b"\n"
        else:
            yield from self._array_file(frames)

    def _picture(self, frame_index: int) -> bytes:
        request = replace(self._settings.request, format=PictureFormat(self._settings.form.value))
        if not self.rois:
            picture, _ = self._engine.picture(self._entry, frame_index, request)
            self._phases.end("picture-encoded")
            self.has_truncated |= picture.truncated
            return picture.content
        shown = self.shown(frame_index)
        content = encode_picture(
            shown.display,
            request.format,
            quality=request.quality,
            icc_profile=shown.recipe.icc_profile,
        )
        self._phases.end("picture-encoded")
        return content

    def _document(self, frame_index: int) -> bytes:
        # `pixelData` is of the whole frame, whatever the size of the picture.
        decoded = self._engine.stored_frame(self._entry, frame_index)
        self._phases.end("frame-decoded")
        shown = self.shown(frame_index, decoded)
        self._phases.end("frame-rendered")
        declared = self._engine.declared_range(self._entry)
        self._phases.end("metadata-fetched")
        performance = self._phases.summary() if self._is_measured else ""
        document = frame_document(
            shown,
            frame_index,
            declared,
            encoding=self._settings.encoding,
            performance=performance,
        )
        self._phases.end("result-ready")
        return document

    def shown(
        self, frame_index: int, decoded: tuple[StoredFrame, DisplayRecipe] | None = None
    ) -> ShownFrame:
        """Give the pixels of a picture with its ROIs; takes and raises what `Engine` does."""
        shown = self._engine.shown_frame(
            self._entry, frame_index, self._settings.request, decoded=decoded
        )
        self.has_truncated |= shown.stored.truncated
        if not self.rois:
            return shown
        from dcmview.rendering.marks import draw_rois
        from dcmview.rendering.roi_files import rois_of_frame

        rois = rois_of_frame(self.rois, frame_index)
        self.drawn += len(rois)
        layout = shown.file_layout
        size = layout.rows, layout.columns
        return replace(shown, display=draw_rois(shown.display, rois, size, self._labels))

    def explanation(self, frame_index: int) -> Explanation:
        """Give every step to the picture, ROIs too; takes and raises what `Engine` does."""
        explanation = self._engine.explanation(self._entry, frame_index, self._settings.request)
        if not self.rois:
            return explanation
        from dcmview.rendering.roi_files import rois_of_frame

        count = len(rois_of_frame(self.rois, frame_index))
        words = f"{count} ROI{'' if count == 1 else 's'} drawn in colour"
        *steps, last = explanation.steps
        last = replace(last, meaning=f"{last.meaning}; {words}")
        return replace(explanation, steps=(*steps, last))

    def _array_file(self, frames: Sequence[int]) -> Iterator[bytes]:
        first = self._values(frames[0])
        self._phases.end("frame-decoded")
        if self._settings.form is OutputForm.NPY:
            dtype = self._common_type(frames, first)
            stack = (len(frames),) if isinstance(frames, range) else ()
            yield npy_header((*stack, *first.shape), dtype)
            yield little_bytes(first.astype(dtype, copy=False))
            for frame_index in frames[1:]:
                yield little_bytes(self._values(frame_index).astype(dtype, copy=False))
            return
        # Display values are turned around already, and those before them are not.
        is_inverted = self._engine.recipe(self._entry, frames[0]).inverted
        white_is_zero = is_inverted and self._settings.values is not Values.DISPLAY
        page = sixteen_bits(first)
        tiff = Tiff16(page.shape, len(frames), white_is_zero=white_is_zero)
        yield tiff.page(0, page)
        for number, frame_index in enumerate(frames[1:], 1):
            yield tiff.page(number, sixteen_bits(self._values(frame_index)))

    def _common_type(self, frames: Sequence[int], first: NDArray[Any]) -> np.dtype[Any]:
        """The type that holds the values of all frames: each may have a rescale of its own."""
        if self._settings.values is not Values.MODALITY:
            return first.dtype
        stored, _ = self._engine.stored_frame(self._entry, frames[0])
        recipes = [self._engine.recipe(self._entry, frame_index) for frame_index in frames]
        kinds = {modality_type(stored.values.dtype, stored.layout, recipe) for recipe in recipes}
        return np.result_type(*kinds)

    def _values(self, frame_index: int) -> NDArray[np.generic]:
        values, form = self._settings.values, self._settings.form
        if values is Values.DISPLAY and form is OutputForm.NPY:
            return self.shown(frame_index).display
        stored, recipe = self._engine.stored_frame(self._entry, frame_index)
        self.has_truncated |= stored.truncated
        if form is OutputForm.TIFF16 and is_color(stored.layout):
            raise UnsupportedPixelFormat("tiff16 holds grey values, and this picture has colours")
        if values is Values.STORED:
            return stored.values
        if values is Values.MODALITY:
            return modality_values(stored, recipe)
        request = self._settings.request
        recipe = as_requested(recipe, request)
        voi = choose_voi(stored, recipe, request)
        assert voi is not None, "grey pictures have one"
        return deep_frame(stored, recipe, voi)
