"""``dcmview thumbnail``: its options and their checks, read before anything heavy is loaded."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dcmview.cli import console
from dcmview.cli.bulk_options import BULK_OPTIONS, NAMES, OUTPUT_DIR, OUTPUTS, BulkOptions
from dcmview.cli.options import Command, Option
from dcmview.cli.windows import read_window, window_options

if TYPE_CHECKING:
    from dcmview.bulk.result import Result

PICTURES = "The pictures"
FORMATS = ("jpeg", "png", "webp")


@dataclass(frozen=True, slots=True, kw_only=True)
class ThumbnailOptions(BulkOptions):
    """What ``dcmview thumbnail`` was asked for, not yet checked."""

    output_dir: str | None = None
    sheet: str | None = None
    names: str = "uid"
    cache: str | None = None
    size: int = 200
    format: str = "jpeg"
    quality: int = 85
    frame: str = "middle"
    background: str | None = None
    window: str | None = None
    voi: int | None = None
    full_dynamic: bool = False
    label: bool = False


OPTIONS = (
    OUTPUT_DIR,
    Option(
        "sheet",
        ("--sheet",),
        str,
        "FILE",
        "A contact sheet, FILE.png: series in the order of the list, slices by their place in "
        "the patient and turned as slices of their plane usually lie.",
        OUTPUTS,
    ),
    NAMES,
    Option(
        "cache",
        ("--cache",),
        str,
        "DIR",
        "Keep thumbnails in this folder too, by SOP Instance UID, content and settings, under "
        "names that tell nothing: another run makes only what has changed.",
        OUTPUTS,
    ),
    Option(
        "size",
        ("--size", "-s"),
        int,
        "PIXELS",
        "The longer side, 8 to 4096. Nothing is enlarged; pixels become square.",
        PICTURES,
    ),
    Option(
        "format",
        ("--format", "-f"),
        str,
        "FORMAT",
        "jpeg, png or webp.",
        PICTURES,
        choices=FORMATS,
    ),
    Option(
        "quality",
        ("--quality",),
        int,
        "NUMBER",
        "That of JPEG and WebP, 1 to 100.",
        PICTURES,
    ),
    Option(
        "frame",
        ("--frame",),
        str,
        "WHICH",
        "Which frame of several: first, middle, max (the highest mean of modality values), median "
        "(the one whose mean is the median of all) or an index that counts from 0. max and median "
        "decode every frame.",
        PICTURES,
    ),
    Option(
        "background",
        ("--background",),
        str,
        "COLOR",
        "Make every thumbnail a square of the whole size, filled with black, white, grey or a "
        "colour like #20242a. Also that of the contact sheet, which is black without it.",
        PICTURES,
    ),
    *window_options(PICTURES),
    Option(
        "label",
        ("--label",),
        bool,
        "",
        "Write modality and series number on the pictures. Without it no word is added to them, "
        "and never any other.",
        PICTURES,
    ),
    *BULK_OPTIONS,
)


def run(options: ThumbnailOptions) -> int:
    """Make thumbnails, and give the exit code."""
    from dcmview.cli.bulk import check_options, interrupting, run_bulk

    check_options(options)
    window = read_window(options)
    from dcmview.bulk.naming import NameStyle
    from dcmview.commands.thumbnail import UNKEPT, ThumbnailRun
    from dcmview.model import PictureFormat
    from dcmview.thumbnails.settings import make_settings

    wanted = make_settings(
        size_px=options.size,
        picture_format=PictureFormat(options.format),
        quality=options.quality,
        frame=options.frame,
        background=options.background,
        window=window,
        voi=options.voi,
        full_dynamic=options.full_dynamic,
        label=options.label,
    )
    with (
        interrupting(),
        ThumbnailRun(
            wanted,
            options.named_paths,
            output_dir=options.output_dir,
            sheet=options.sheet,
            names=NameStyle(options.names),
            cache=options.cache,
            overwrite=options.overwrite,
        ) as thumbnails,
    ):
        plan = thumbnails.plan(jobs=options.jobs, cluster=options.cluster)
        unkept: Counter[str] = Counter()

        def note(result: Result) -> None:
            if result.figures.get("cache") == UNKEPT:
                unkept[result.reason.rpartition(": ")[2]] += 1

        code = run_bulk(options, plan, on_result=note)
        if unkept and not options.quiet:
            count, ((reason, _),) = unkept.total(), unkept.most_common(1)
            console.warn(f"{count:,} not kept in the cache {options.cache}: {reason}")
        if code != console.EXIT_INTERRUPTED:
            tiles = thumbnails.finish()
            if options.sheet is not None and not tiles:
                console.tell("no contact sheet: there is no thumbnail to put on it")
    return code


COMMAND = Command(
    name="thumbnail",
    help="Make small pictures of DICOM files, and contact sheets of them.",
    path_metavar="PATH...",
    path_help="DICOM files, folders and archives; - reads a list from standard input.",
    options_type=ThumbnailOptions,
    options=OPTIONS,
    run=run,
    examples=(
        ("dcmview thumbnail study/ -o thumbnails/", "a JPEG for every image"),
        ("dcmview thumbnail --sheet overview.png study/", "all of them on one page"),
        ("dcmview thumbnail --frame median -f webp -o out/ cine/", "of many frames, a usual one"),
        ("dcmview thumbnail --cache ~/.thumbs -o out/ study/", "fast the second time"),
    ),
)
