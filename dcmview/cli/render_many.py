"""``dcmview render`` of many files, into a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from dcmview.bulk.files import stamps_of
from dcmview.bulk.naming import NameStyle, Naming, check_output_folder
from dcmview.bulk.run import BulkPlan
from dcmview.cli.bulk import check_options, run_bulk
from dcmview.cli.render_request import render_settings
from dcmview.commands.render import FRAME_SUFFIX, RenderTask
from dcmview.errors import UsageError

if TYPE_CHECKING:
    from typing import BinaryIO

    from dcmview.bulk.result import Result
    from dcmview.cli.render_options import RenderOptions
    from dcmview.rendering.settings import RenderSettings


def render_many(
    options: RenderOptions, standard_input: BinaryIO | None = None, *, input_name: str = ""
) -> int:
    """Render files into a folder; give the exit code.

    ``standard_input`` is a list of paths, ``input_name`` what the only file is called
    where it came through a pipe.
    """
    if options.output_dir is None:
        is_pipe = standard_input is not None
        raise UsageError(
            "standard input is not DICOM; for a list of paths --output-dir is needed"
            if is_pipe
            else "more than one file needs --output-dir"
        )
    if options.explain:
        raise UsageError("--explain is for one file")
    rois = _annotation_files(options)
    named = options.named_paths
    check_output_folder(options.output_dir, [*named, *rois], overwrite=options.overwrite)
    settings = render_settings(options)
    is_many = options.all_frames and settings.form.is_picture
    naming = Naming(
        options.output_dir,
        NameStyle(options.names),
        _extension(options, settings),
        named,
        FRAME_SUFFIX if is_many else "",
    )
    task = RenderTask(settings, None if options.all_frames else options.frame or 0)
    plan = BulkPlan(
        task,
        naming.plan,
        overwrite=options.overwrite,
        jobs=options.jobs,
        cluster=options.cluster,
        made_with=repr((task, stamps_of(rois))),
    )
    check_options(options)

    def told_as(result: Result) -> Result:
        return structs.replace(result, input=input_name) if input_name else result

    return run_bulk(options, plan, standard_input=standard_input, told_as=told_as)


def _annotation_files(options: RenderOptions) -> list[str]:
    """Read the files of ROIs, which is done once for all images, and name them.

    Raises
    ------
    StartError, NotInstalled, InvalidAnnotation
        If that cannot be done.
    """
    if options.annotations is None:
        return []
    from dcmview.exchange.assignment import files_of
    from dcmview.rendering.roi_files import roi_file

    roi_file(options.annotations, options.annotations_columns)
    return files_of(options.annotations)


def _extension(options: RenderOptions, settings: RenderSettings) -> str:
    """Lines of JSON are no JSON file."""
    is_lines = options.all_frames and settings.form == "json"
    return ".jsonl" if is_lines else settings.form.extension
