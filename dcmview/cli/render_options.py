"""The options of ``dcmview render``, read before anything heavy is loaded."""

from __future__ import annotations

from dataclasses import dataclass

from dcmview.cli.bulk_options import BULK_OPTIONS, NAMES, BulkOptions
from dcmview.cli.options import ANNOTATIONS_COLUMNS, Option
from dcmview.cli.windows import window_options

OUTPUT = "Output"
FRAMES = "Frames"
PICTURE = "The picture"
TOLD = "What is told"

FORM_BY_ENDING = {
    ".json": "json",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".png": "png",
    ".webp": "webp",
    ".tif": "tiff16",
    ".tiff": "tiff16",
    ".npy": "npy",
}
OTHER_PICTURES = frozenset(
    (".avif", ".bmp", ".exr", ".gif", ".heic", ".jp2", ".jxl", ".pgm", ".pnm", ".ppm", ".svg")
)
"""Whose names a file of JSON must not have."""
FORMS = tuple(dict.fromkeys(FORM_BY_ENDING.values()))
VALUES = ("stored", "modality", "display")
ENCODINGS = ("array", "base64")
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
class RenderOptions(BulkOptions):
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
    NAMES._replace(panel=OUTPUT),
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
    *window_options(PICTURE),
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
        "Draw the ROIs that FILE, or a folder, has for the image, in every form that the viewer "
        "loads; colours are those of the page.",
        PICTURE,
    ),
    ANNOTATIONS_COLUMNS._replace(panel=PICTURE),
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
        "of the picture; as JSON with --output json, or in a FILE that is called so.",
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
