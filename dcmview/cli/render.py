"""``dcmview render``: what its options ask for, checked, and who does it; nothing heavy."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

from dcmview import __version__
from dcmview.cli import console
from dcmview.cli.options import STANDARD_INPUT, Command
from dcmview.cli.render_options import (
    ENCODINGS,
    FORM_BY_ENDING,
    FORMS,
    OPTIONS,
    OTHER_PICTURES,
    RenderOptions,
)
from dcmview.cli.standard_streams import is_stream
from dcmview.cli.windows import read_window
from dcmview.errors import UsageError

PROTOCOL_VERSION = 1
"""Of the JSON form: raised when a field changes its meaning or goes."""

_STANDARD_OUTPUT = ("-", "/dev/stdout")
_OF_A_RUN = ("report", "filter", "cluster")
_OF_A_PICTURE = ("window", "voi", "full_dynamic", "invert")
_OF_8_BITS = ("overlay", "annotations", "size", "colormap")


def run(options: RenderOptions) -> int:
    """Render, and give the exit code."""
    if options.pipeline:
        console.put_stdout(
            f'{{"pipeline": "dcmview-v{__version__}", "protocol_version": {PROTOCOL_VERSION}}}'
        )
        return console.EXIT_OK
    options = _with_input(options)
    if options.output_file in _STANDARD_OUTPUT:
        options = replace(options, output_file=None)
    check(options)
    if len(options.paths) == 1 and not options.file_list:
        (path,) = options.paths
        if path == STANDARD_INPUT or is_stream(path):
            from dcmview.cli.render_single import render_pipe

            return render_pipe(options, path)
        if options.output_dir is None and os.path.isfile(path):
            from dcmview.cli.render_single import render_single

            return render_single(options, path)
    from dcmview.cli.render_many import render_many

    return render_many(options)


def _with_input(options: RenderOptions) -> RenderOptions:
    """Read standard input where no path is given and it is no terminal."""
    if options.paths or options.file_list:
        return options
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("no PATH given, and nothing comes on standard input")
    return replace(options, paths=(STANDARD_INPUT,))


def check(options: RenderOptions) -> None:
    """Refuse values that no option parser knows to be wrong.

    Raises
    ------
    UsageError, RequestError
        Naming the option.
    """
    if options.frame is not None and options.frame < 0:
        raise UsageError(f"--frame must be 0 or more, not {options.frame}")
    if options.frame is not None and options.all_frames:
        raise UsageError("only one of --frame and --all-frames can be had")
    read_window(options)
    if options.size is not None and options.size < 1:
        raise UsageError(f"--size must be 1 or more, not {options.size}")
    if not 1 <= options.quality <= 100:
        raise UsageError(f"--quality must be from 1 to 100, not {options.quality}")
    if options.output_file == "":
        raise UsageError("--output-file has no name")
    if options.output_file is not None and options.output_dir is not None:
        raise UsageError("only one of --output-file and --output-dir can be had")
    for name in _OF_A_RUN:
        if getattr(options, name) and options.output_dir is None:
            raise UsageError(f"--{name} is for files in --output-dir")
    form = form_of(options)
    if options.annotations is not None and not os.path.exists(options.annotations):
        raise UsageError(f"--annotations: no such file: {options.annotations}")
    if options.explain:
        _check_explanation(options)
    elif options.values is not None and form not in ("npy", "tiff16"):
        raise UsageError(f"--values is for npy and tiff16, not for {form}")
    elif options.encoding != ENCODINGS[0] and form != "json":
        raise UsageError(f"--encoding is for json, not for {form}")
    given = _picture_options(options)
    if form == "tiff16":
        for name in _OF_8_BITS:
            if name in given:
                raise UsageError(f"--{name} is for pictures of 8 bits, not for tiff16")
    if form in ("tiff16", "npy") and options.values in ("stored", "modality") and given:
        name = given[0].replace("_", "-")
        raise UsageError(f"--{name} has no meaning for --values {options.values}")
    for path in options.paths:
        if path != STANDARD_INPUT and not os.path.exists(path):
            raise UsageError(f"no such file or folder: {path}")


def _check_explanation(options: RenderOptions) -> None:
    if options.all_frames:
        raise UsageError("--explain is for one frame")
    named = _named_form(options)
    if named not in (None, "json"):
        raise UsageError(f"--explain writes text or JSON, not {named}: {options.output_file}")


def explains_in_json(options: RenderOptions) -> bool:
    """Whether an explanation is wanted as JSON: by option, or by the name of its file."""
    return "json" in (options.output, _named_form(options))


def form_of(options: RenderOptions) -> str:
    """Give the form of the output, by the name of its file where nothing else is said.

    Raises
    ------
    UsageError
        If the file is called like a picture of another form.
    """
    if options.output is not None:
        return options.output
    return _named_form(options) or "json"


def _named_form(options: RenderOptions) -> str | None:
    """The form that the name of the output file ends in."""
    if options.output_file is None:
        return None
    ending = os.path.splitext(options.output_file)[1].lower()
    if ending in OTHER_PICTURES:
        raise UsageError(f"{ending} is not among the forms of --output: {', '.join(FORMS)}")
    return FORM_BY_ENDING.get(ending)


def values_of(options: RenderOptions) -> str:
    """Give the stage of the values of an array: options of the picture ask for display values."""
    if options.values is not None:
        return options.values
    return "display" if _picture_options(options) else "stored"


def _picture_options(options: RenderOptions) -> list[str]:
    """Name the options of the picture that are given; a number of 0 is."""
    values = {name: getattr(options, name) for name in (*_OF_A_PICTURE, *_OF_8_BITS)}
    return [name for name, value in values.items() if value is not None and value is not False]


COMMAND = Command(
    name="render",
    help="Turn DICOM frames into JSON, pictures and arrays, as the viewer shows them.",
    path_metavar="[PATH]...",
    path_help="A DICOM file, also through a pipe; - or nothing reads one from standard input. Or "
    "many files, folders and archives, with --output-dir; - then reads a list.",
    options_type=RenderOptions,
    options=OPTIONS,
    run=run,
    examples=(
        ("cat scan.dcm | dcmview render > scan.json", "samples and picture as numbers"),
        ("dcmview render scan.dcm -o scan.png", "a picture"),
        ("dcmview render scan.dcm --window 40,400 -f jpeg > scan.jpg", "with another window"),
        ("dcmview render cine.dcm --all-frames -f npy > cine.npy", "one array of all frames"),
        ("dcmview render study/ -f png --output-dir pictures/", "all files of a folder"),
        ("dcmview render scan.dcm --explain", "why it looks as it does"),
    ),
    needs_path=False,
)
