"""``dcmview render`` of one file: from its bytes to standard output, in one short process."""

from __future__ import annotations

import os
import sys
import warnings
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from dcmview.cli import console
from dcmview.cli.options import STANDARD_INPUT
from dcmview.cli.render import explains_in_json
from dcmview.cli.standard_streams import (
    EXIT_READER_GONE,
    PipedInput,
    ProductStream,
    ReaderGone,
    is_stream,
)
from dcmview.errors import InstanceError, NotFound, UsageError
from dcmview.rendering.phases import Phases

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dcmview.cli.render_options import RenderOptions
    from dcmview.engine.engine import Engine
    from dcmview.registry.registry import Entry
    from dcmview.rendering.product import Renderer

CACHE_BYTES = 64 * 1024 * 1024


def render_pipe(options: RenderOptions, path: str) -> int:
    """Render the file that comes through a pipe, or the files of a list on standard input."""
    from dcmview.bulk.memory import held_file
    from dcmview.cli.render_many import render_many

    content = PipedInput(path)
    if path == STANDARD_INPUT and content.is_list:
        return render_many(options, content.as_stream())
    content.require_dicom()
    with held_file(content.parts()) as held:
        if options.output_dir is None:
            return render_single(options, held)
        # What came through a pipe has no name of its own.
        names = "uid" if options.names == "path" else options.names
        one = replace(options, paths=(held,), names=names, jobs=1, cluster=None)
        return render_many(one, input_name=content.name)


def render_single(options: RenderOptions, path: str) -> int:
    """Render the file at a path, which is what the options call it or where it is held."""
    phases = Phases()
    with ExitStack() as stack:
        if not options.debug:
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
        try:
            return _render(options, path, stack.enter_context(ProductStream()), phases)
        except ReaderGone:
            return EXIT_READER_GONE
        except (InstanceError, NotFound) as exc:
            if options.debug:
                import traceback

                traceback.print_exc()
            given = options.paths[0]
            exc.name_file(path, "standard input" if given == STANDARD_INPUT else given)
            raise


def _render(options: RenderOptions, path: str, product: ProductStream, phases: Phases) -> int:
    # numpy would start a thread for each processor, which takes longer than a frame.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from dcmview.bulk.inputs import entry_of
    from dcmview.cli.render_request import render_settings
    from dcmview.engine.engine import Engine
    from dcmview.registry.opening import require_frame
    from dcmview.rendering.product import Renderer

    settings = render_settings(options)
    phases.end("init-done")
    entry = entry_of(path)
    phases.end("image-loaded")
    frame_index = options.frame or 0
    require_frame(entry, frame_index)
    # For one frame alone a decoder process is not worth its start.
    engine = Engine(CACHE_BYTES, isolated=options.all_frames)
    try:
        if options.debug:
            _describe(engine, entry, frame_index)
        renderer = Renderer(engine, entry, settings, phases=phases if options.perf else None)
        if options.annotations is not None and not renderer.rois and not options.quiet:
            console.warn(f"{options.annotations} has no ROI of this image")
        if options.explain:
            _put(options, product, [_explanation(renderer, frame_index, options)], entry)
            return console.EXIT_OK
        if options.all_frames:
            if settings.form.is_picture:
                raise UsageError(f"the frames of a file as {settings.form} need --output-dir")
            _put(options, product, renderer.all_frames(), entry)
        else:
            _put(options, product, [renderer.frame(frame_index)], entry)
    finally:
        engine.close()
    phases.end("result-sent")
    _tell(options, renderer, phases)
    return console.EXIT_OK


def _put(
    options: RenderOptions, product: ProductStream, parts: Iterable[bytes], entry: Entry
) -> None:
    path = options.output_file
    if path is None:
        product.write(parts)
        return
    from dcmview.bulk.files import new_file, stamps_of
    from dcmview.errors import NotSaved

    read: list[str | int] = []
    if options.paths[0] == STANDARD_INPUT:
        read.append(sys.stdin.fileno())  # the shell may have opened a file for it
    if options.annotations is not None:
        from dcmview.exchange.assignment import files_of

        read += files_of(options.annotations)
    inputs = (entry.stamp, *stamps_of(read))
    try:
        with (
            open(path, "wb")
            if is_stream(path)
            else new_file(path, overwrite=options.overwrite, inputs=inputs)
        ) as stream:
            stream.writelines(parts)
    except BrokenPipeError as exc:
        raise ReaderGone from exc
    except OSError as exc:
        raise NotSaved(f"{path} cannot be written: {exc.strerror}") from exc


def _tell(options: RenderOptions, renderer: Renderer, phases: Phases) -> None:
    if renderer.has_truncated and not options.quiet:
        console.warn("the data of the frame ends early; what is missing is filled")
    if options.perf:
        for line in phases.summary().splitlines():
            console.tell(line)


def _explanation(renderer: Renderer, frame_index: int, options: RenderOptions) -> bytes:
    explanation = renderer.explanation(frame_index)
    if explains_in_json(options):
        import msgspec

        return msgspec.json.encode(explanation) + b"\n"
    from dcmview.rendering.explanation import explanation_text

    return explanation_text(explanation).encode("utf-8", "backslashreplace")


def _describe(engine: Engine, entry: Entry, frame_index: int) -> None:
    """Tell what the file is, and what was mended in it."""
    header = entry.header.shared
    console.tell(
        f"transfer syntax {header.transfer_syntax_uid}, {header.frame_count} frame(s) of "
        f"{header.columns} x {header.rows}, SOP class {header.sop_class_uid}"
    )
    recipe = engine.recipe(entry, frame_index)
    console.tell(
        f"{recipe.photometric_interpretation}, {len(recipe.voi)} window(s) and VOI LUTs, "
        f"{len(recipe.overlays)} overlay(s)"
    )
    for repair in engine.repairs(entry):
        console.tell(f"mended {repair.element or repair.code}: {repair.found}; used: {repair.used}")
    console.tell(f"pydicom is {'loaded' if 'pydicom' in sys.modules else 'not needed'}")
