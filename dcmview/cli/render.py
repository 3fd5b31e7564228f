"""``dcmview render``: its options and their checks, read before anything heavy is loaded."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from dcmview import __version__
from dcmview.cli import console
from dcmview.cli.bulk_options import BULK_OPTIONS, BulkSettings
from dcmview.cli.options import STANDARD_INPUT, Command, Option
from dcmview.cli.windows import read_window
from dcmview.errors import UsageError

OUTPUT = "Output"
FRAMES = "Frames"
PICTURE = "The picture"
TOLD = "What is told"

PROTOCOL_VERSION = 1
"""Of the JSON form: raised when a field changes its meaning or goes."""

_FORM_BY_ENDING = {
    ".json": "json",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".png": "png",
    ".webp": "webp",
    ".tif": "tiff16",
    ".tiff": "tiff16",
    ".npy": "npy",
}
FORMS = tuple(dict.fromkeys(_FORM_BY_ENDING.values()))
VALUES = ("stored", "modality", "display")
ENCODINGS = ("array", "base64")
NAMES = ("path", "uid", "hash")
COLOR_MAPS = (
    "grey",
    "hot-iron",
    "pet",
    "hot-metal-blue",
    "pet-20-step",
    "spring",
    "summer",
    "fall",
    "winter",
    "viridis",
    "inferno",
    "magma",
    "cividis",
    "turbo",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderOptions(BulkSettings):
    """What ``dcmview render`` was asked for, not yet checked."""

    output: str | None = None
    output_file: str | None = None
    output_dir: str | None = None
    names: str = "path"
    quality: int = 90
    encoding: str = "array"
    values: str | None = None
    frame: int | None = None
    all_frames: bool = False
    window: str | None = None
    voi: int | None = None
    full_dynamic: bool = False
    invert: bool = False
    overlay: bool = False
    annotations: str | None = None
    annotations_columns: str | None = None
    size: int | None = None
    colormap: str | None = None
    explain: bool = False
    pipeline: bool = False
    debug: bool = False
    perf: bool = False


OPTIONS = (
    Option(
        "output",
        ("--output", "-f"),
        str,
        "FORM",
        "What a frame is given as: json, jpeg, png, webp, tiff16 or npy. Without it what the name "
        "of --output-file ends in, else json.",
        OUTPUT,
        choices=FORMS,
    ),
    Option(
        "output_file",
        ("--output-file", "-o"),
        str,
        "FILE",
        "Write to FILE in place of standard output.",
        OUTPUT,
    ),
    Option(
        "output_dir",
        ("--output-dir",),
        str,
        "DIR",
        "Write a file for each input to this folder, which is made if it is not there. For many "
        "files, and for the pictures of all frames.",
        OUTPUT,
    ),
    Option(
        "names",
        ("--names",),
        str,
        "KIND",
        "What files in --output-dir are called by: path (below the folder that was given), uid "
        "(SOP Instance UID) or hash (SHA-256 of the file).",
        OUTPUT,
        choices=NAMES,
    ),
    Option("quality", ("--quality",), int, "NUMBER", "That of JPEG and WebP, 1 to 100.", OUTPUT),
    Option(
        "encoding",
        ("--encoding",),
        str,
        "KIND",
        "How JSON holds samples: array (numbers, for whoever reads dicom-render) or base64 "
        "(little-endian bytes of pixelDataType: about half the size, read ten times as fast).",
        OUTPUT,
        choices=ENCODINGS,
    ),
    Option(
        "values",
        ("--values",),
        str,
        "STAGE",
        "What npy and tiff16 hold: stored values, modality values (such as HU) or display values "
        "(8 bits in npy, 16 in tiff16). Display if one of the options of the picture is given, "
        "else stored.",
        OUTPUT,
        choices=VALUES,
    ),
    Option("frame", ("--frame",), int, "N", "The frame, counted from 0; 0 if not given.", FRAMES),
    Option(
        "all_frames",
        ("--all-frames",),
        bool,
        "",
        "All frames: a line of JSON each, one array, one TIFF file of many pages, or a picture "
        "each in --output-dir.",
        FRAMES,
    ),
    Option(
        "window",
        ("--window",),
        str,
        "C,W",
        "Window centre and width in modality values, in place of that of the file: -600,1500.",
        PICTURE,
    ),
    Option(
        "voi",
        ("--voi",),
        int,
        "K",
        "The window or VOI LUT of the file with this index, from 0.",
        PICTURE,
    ),
    Option(
        "full_dynamic",
        ("--full-dynamic",),
        bool,
        "",
        "From the lowest to the highest value of the frame.",
        PICTURE,
    ),
    Option("invert", ("--invert",), bool, "", "Turn the greys around.", PICTURE),
    Option(
        "overlay",
        ("--overlay",),
        bool,
        "",
        "Draw the overlay planes of the file (60xx) in white.",
        PICTURE,
    ),
    Option(
        "annotations",
        ("--annotations",),
        str,
        "FILE",
        "Draw the ROIs that FILE has for the image, in every form that the viewer loads; colours "
        "are those of the page.",
        PICTURE,
    ),
    Option(
        "annotations_columns",
        ("--annotations-columns",),
        str,
        "MAPPING",
        "Which column of another CSV table has what: file=image_path,xmin=x1,ymin=y1,...",
        PICTURE,
    ),
    Option(
        "size",
        ("--size",),
        int,
        "PIXELS",
        "The longer side of the picture. It is never enlarged; pixels become square.",
        PICTURE,
    ),
    Option(
        "colormap",
        ("--colormap",),
        str,
        "NAME",
        "Colours in the place of greys: hot-iron, pet, hot-metal-blue, pet-20-step, spring, "
        "summer, fall, winter, viridis, inferno, magma, cividis or turbo.",
        PICTURE,
        choices=COLOR_MAPS,
    ),
    Option(
        "explain",
        ("--explain",),
        bool,
        "",
        "Print every step from stored value to picture and the element that decided it, in place "
        "of the picture; as JSON with --output json.",
        TOLD,
    ),
    Option(
        "pipeline",
        ("-v",),
        bool,
        "",
        "Print which program and which version of the JSON form this is, as JSON.",
        TOLD,
    ),
    Option(
        "debug",
        ("--debug",),
        bool,
        "",
        "Of one file: tell on standard error what is read, what libraries warn of, and where an "
        "error came from.",
        TOLD,
    ),
    Option(
        "perf",
        ("--perf",),
        bool,
        "",
        "Of one file: tell on standard error how long each phase took; JSON has it as _perf, too.",
        TOLD,
    ),
    *BULK_OPTIONS,
)

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
    check(options)
    if len(options.paths) == 1 and not options.file_list:
        (path,) = options.paths
        if path == STANDARD_INPUT:
            from dcmview.cli.render_single import render_standard_input

            return render_standard_input(options)
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
    from dataclasses import replace

    return replace(options, paths=(STANDARD_INPUT,))


def check(options: RenderOptions) -> None:
    """Refuse values that no option parser knows to be wrong.

    Raises
    ------
    UsageError
        Naming the option.
    """
    if options.frame is not None and options.frame < 0:
        raise UsageError(f"--frame must be 0 or more, not {options.frame}")
    if options.frame is not None and options.all_frames:
        raise UsageError("only one of --frame and --all-frames can be had")
    if sum((options.window is not None, options.voi is not None, options.full_dynamic)) > 1:
        raise UsageError("only one of --window, --voi and --full-dynamic can be had")
    if options.voi is not None and options.voi < 0:
        raise UsageError(f"--voi must be 0 or more, not {options.voi}")
    if options.size is not None and options.size < 1:
        raise UsageError(f"--size must be 1 or more, not {options.size}")
    if not 1 <= options.quality <= 100:
        raise UsageError(f"--quality must be from 1 to 100, not {options.quality}")
    if options.output_file is not None and options.output_dir is not None:
        raise UsageError("only one of --output-file and --output-dir can be had")
    form = form_of(options)
    if options.annotations is not None and not os.path.exists(options.annotations):
        raise UsageError(f"--annotations: no such file: {options.annotations}")
    given = [name for name in (*_OF_A_PICTURE, *_OF_8_BITS) if getattr(options, name)]
    if options.voi == 0:
        given.append("voi")
    if form == "tiff16":
        for name in _OF_8_BITS:
            if name in given:
                raise UsageError(f"--{name} is for pictures of 8 bits, not for tiff16")
    if form in ("tiff16", "npy") and options.values in ("stored", "modality") and given:
        name = given[0].replace("_", "-")
        raise UsageError(f"--{name} has no meaning for --values {options.values}")
    if options.window is not None:
        read_window(options.window)
    for path in options.paths:
        if path != STANDARD_INPUT and not os.path.exists(path):
            raise UsageError(f"no such file or folder: {path}")


def form_of(options: RenderOptions) -> str:
    """Give the form of the output, by the name of its file where nothing else is said."""
    if options.output is not None:
        return options.output
    if options.output_file is None:
        return "json"
    ending = os.path.splitext(options.output_file)[1].lower()
    return _FORM_BY_ENDING.get(ending, "json")


def values_of(options: RenderOptions) -> str:
    """Give the stage of the values of an array: options of the picture ask for display values."""
    if options.values is not None:
        return options.values
    of_picture = (getattr(options, name) for name in (*_OF_A_PICTURE, *_OF_8_BITS))
    return "display" if any(value not in (None, False) for value in of_picture) else "stored"


COMMAND = Command(
    name="render",
    help="Turn DICOM frames into JSON, pictures and arrays, as the viewer shows them.",
    path_metavar="[PATH]...",
    path_help="A DICOM file; - or nothing reads one from standard input. Or many files, folders "
    "and archives, with --output-dir; - then reads a list.",
    settings=RenderOptions,
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
