"""``dcmview render`` over many files, and the function of the same name."""

from __future__ import annotations

import io
import os
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from dcmview.bulk.finished import FinishedBefore, is_finished
from dcmview.bulk.inputs import entry_of
from dcmview.bulk.memory import held_file
from dcmview.bulk.result import Job, Result, Status
from dcmview.bulk.task import FINISHED, engine_in_use, fresh_entry, output_of, worker_engine
from dcmview.commands.arguments import choice, optional_path
from dcmview.commands.windows import checked_window
from dcmview.errors import InstanceError, NotFound, RequestError
from dcmview.model import DisplayRequest, PictureFormat
from dcmview.pixels.encode import encode_picture
from dcmview.registry.opening import require_frame
from dcmview.rendering.arrays import modality_values
from dcmview.rendering.document import document_fields, frame_document
from dcmview.rendering.product import Renderer
from dcmview.rendering.settings import Encoding, OutputForm, RenderSettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from dcmview.bulk.result import Figures
    from dcmview.commands.arguments import AnyPath
    from dcmview.dicom.declared import DeclaredRange
    from dcmview.model import DisplayRecipe, ShownFrame

FRAME_SUFFIX = ".f"
"""Before the number of a frame in the name of its picture; no picture of one frame has it."""

_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class RenderTask:
    """Renders one frame of a file, or all of them, into files.

    ``frame`` is that of every file, None for all frames: those of a picture form get a
    file each, with the number of the frame behind the `FRAME_SUFFIX` of the planned name.
    """

    settings: RenderSettings
    frame: int | None = 0

    def __call__(self, job: Job) -> Result:
        """Do it for one file."""
        entry, form = job.entry, self.settings.form
        require_frame(entry, self.frame or 0)
        renderer = Renderer(worker_engine(), entry, self.settings, is_alone=False)
        if self.frame is None and form.is_picture:
            return self._pictures(job, renderer)
        with output_of(job) as stream:
            if self.frame is None:
                stream.writelines(renderer.all_frames())
            else:
                stream.write(renderer.frame(self.frame))
        return self._result(job, renderer, [job.output], made=1)

    def _pictures(self, job: Job, renderer: Renderer) -> Result:
        outputs = frame_paths(job.output, job.entry.header.shared.frame_count)
        made = 0
        for frame_index, path in enumerate(outputs):
            if not job.overwrite and is_finished(path, job.origin):
                continue
            content = renderer.frame(frame_index)
            try:
                with output_of(job, path) as stream:
                    stream.write(content)
            except FinishedBefore:
                continue
            made += 1
        return self._result(job, renderer, outputs, made=made)

    def _result(self, job: Job, renderer: Renderer, outputs: list[str], *, made: int) -> Result:
        path = job.entry.path
        if not made:
            return Result(path, Status.SKIPPED, tuple(outputs), FINISHED)
        figures: Figures = {"bytes": sum(map(os.path.getsize, outputs))}
        if self.settings.annotations is not None:
            figures["rois"] = renderer.drawn
        reason = "the data of a frame ends early" if renderer.has_truncated else ""
        return Result(path, Status.DONE, tuple(outputs), reason, figures)


def frame_paths(output: str, count: int) -> list[str]:
    """Name the pictures of the frames of a file after the one that was planned for it.

    Examples
    --------
    >>> frame_paths("out/a.f.png", 2)
    ['out/a.f0000.png', 'out/a.f0001.png']
    """
    stem, extension = os.path.splitext(output)
    digits = max(4, len(str(count - 1)))
    return [f"{stem}{frame_index:0{digits}}{extension}" for frame_index in range(count)]


class ReadableFile(Protocol):
    """What has bytes to read."""

    def read(self, size: int = -1, /) -> bytes:
        """Read some bytes."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Rendering:
    """One frame as `render` gives it.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (rows, columns) or (rows, columns, 3)
        The picture: grey levels with 0 as black, or red, green, blue.
    stored : ndarray, shape (rows, columns) or (rows, columns, samples)
        Stored values, before any rescale.
    recipe : DisplayRecipe
        What lies between the two, as plain numbers.
    """

    pixels: NDArray[np.uint8]
    stored: NDArray[np.generic]
    recipe: DisplayRecipe
    _shown: ShownFrame
    _frame_index: int
    _declared: DeclaredRange

    @property
    def modality(self) -> NDArray[np.generic]:
        """Modality values, such as HU: exact, as integers where they are whole.

        Raises
        ------
        UnsupportedPixelFormat
            If the frame has colours.
        """
        return modality_values(self._shown.stored, self.recipe)

    @property
    def truncated(self) -> bool:
        """Whether the data of the frame ends early; what is missing is filled."""
        return self._shown.stored.truncated

    def png(self) -> bytes:
        """Give the picture as a PNG file."""
        return self._encoded(PictureFormat.PNG)

    def jpeg(self, quality: int | None = None) -> bytes:
        """Give the picture as a JPEG file; the quality is 1 to 100."""
        return self._encoded(PictureFormat.JPEG, quality)

    def webp(self, quality: int | None = None) -> bytes:
        """Give the picture as a WebP file; the quality is 1 to 100."""
        return self._encoded(PictureFormat.WEBP, quality)

    def document(self) -> dict[str, Any]:
        """Give the fields of the JSON form, samples as flat arrays in row order."""
        fields = document_fields(self._shown, self._frame_index, self._declared)
        return fields | {
            name: fields[name].reshape(-1) for name in ("pixelData", "windowedPixelData")
        }

    def json(self, encoding: str = Encoding.ARRAY) -> bytes:
        """Give the JSON form as ``dcmview render`` writes it; samples as array or base64.

        Raises
        ------
        UsageError
            If ``encoding`` is another word.
        """
        kind = choice(Encoding, "encoding", encoding)
        return frame_document(self._shown, self._frame_index, self._declared, encoding=kind)

    def _encoded(self, kind: PictureFormat, quality: int | None = None) -> bytes:
        profile = self.recipe.icc_profile
        return encode_picture(self.pixels, kind, quality=quality, icc_profile=profile)


def render(
    source: AnyPath | bytes | ReadableFile | Dataset,
    *,
    frame: int = 0,
    window: tuple[float, float] | None = None,
    voi: int | None = None,
    full_dynamic: bool = False,
    invert: bool = False,
    overlay: bool = False,
    annotations: AnyPath | None = None,
    annotations_columns: str = "",
    colormap: str = "grey",
    size: int | None = None,
) -> Rendering:
    """Render a frame as the viewer shows it.

    Parameters
    ----------
    source : path, bytes, binary file or pydicom Dataset
        A whole DICOM file, however it is there.
    frame : int
        0-based.
    window : tuple of float, optional
        Center and width in modality values.
    voi : int, optional
        Instead of it: which of the windows and VOI LUTs of the file, from 0.
    full_dynamic : bool
        Instead of both: from the least to the greatest value of the frame.
    invert : bool
        Turn the greys around.
    overlay : bool
        Draw the overlay planes of the file.
    annotations : path, optional
        A file of ROIs in any form that dcmview reads; those of this file are drawn.
    annotations_columns : str
        Which column of another CSV table has what: ``file=image_path,xmin=x1,...``
    colormap : str
        A name such as ``viridis`` in the place of the greys.
    size : int, optional
        The longer side of the picture, in pixels; it is never enlarged.

    Raises
    ------
    RequestError
        If there is no such window, VOI or colour map, or more than one is asked for; or the
        columns are not understood.
    NotFound
        If the file has no such frame, or no image.
    InstanceError
        If it is no DICOM file, or the frame cannot be decoded.
    StartError
        If the file of annotations cannot be read.

    Examples
    --------
    >>> from dcmview import render
    >>> picture = render("fixtures/ct/slice-01.dcm", window=(40, 400))
    >>> picture.pixels.shape, picture.pixels.dtype, picture.png()[:4]
    ((256, 256), dtype('uint8'), b'\\x89PNG')
    """
    window = checked_window(window, voi, full_dynamic=full_dynamic)
    if size is not None and size < 1:
        raise RequestError(f"size must be 1 or more, not {size}")
    request = DisplayRequest(
        window=window,
        voi=voi,
        full_dynamic=full_dynamic,
        overlays=overlay,
        size_px=size,
        inverted=invert,
        color_map=colormap,
    )
    settings = RenderSettings(
        OutputForm.PNG,
        request,
        annotations=optional_path(annotations),
        annotations_columns=annotations_columns or None,
    )
    with ExitStack() as stack:
        path = _path_of(source, stack)
        try:
            with engine_in_use():
                return _rendering(path, frame, settings)
        except (InstanceError, NotFound) as exc:
            given = os.fspath(source) if isinstance(source, str | os.PathLike) else "the data"
            exc.name_file(path, given)
            raise


def _rendering(path: str, frame: int, settings: RenderSettings) -> Rendering:
    entry = fresh_entry(entry_of(path))
    require_frame(entry, frame)
    # Of this process, for all calls: a codec that crashes must not end a notebook.
    engine = worker_engine()
    renderer = Renderer(engine, entry, settings)
    shown = renderer.shown(frame, engine.stored_frame(entry, frame))
    declared = engine.declared_range(entry)
    return Rendering(shown.display, shown.stored.values, shown.recipe, shown, frame, declared)


def _path_of(source: Any, stack: ExitStack) -> str:
    if isinstance(source, str | os.PathLike):
        return os.path.abspath(os.fspath(source))
    if isinstance(source, bytes | bytearray | memoryview):
        return stack.enter_context(held_file([bytes(source)]))
    if hasattr(source, "save_as"):
        content = io.BytesIO()
        try:
            source.save_as(content)
        except (ValueError, AttributeError, TypeError, KeyError, NotImplementedError) as exc:
            raise RequestError(f"the data set cannot be written as a file: {exc}") from exc
        return stack.enter_context(held_file([content.getvalue()]))
    if not hasattr(source, "read"):
        kind = type(source).__name__
        raise TypeError(f"source is a path, bytes, a binary file or a Dataset, not {kind}")
    return stack.enter_context(held_file(iter(lambda: source.read(_PIECE_BYTES), b"")))
