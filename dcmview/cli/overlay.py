"""``dcmview overlay``: ROIs as overlay planes in copies of files, and back."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dcmview.cli import console
from dcmview.cli.bulk_options import BULK_OPTIONS, NAMES, OUTPUT_DIR, OUTPUTS, BulkOptions
from dcmview.cli.options import ANNOTATIONS_COLUMNS, Command, Option
from dcmview.errors import UsageError

if TYPE_CHECKING:
    from dcmview.bulk.result import Result

PLANES = "The planes"
EXTRACTED = "The other way round"

MOST_WARNINGS_TOLD = 20
FORMS = ("json", "csv", "embed", "png", "npy", "nii")
KINDS = ("R", "G")


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayOptions(BulkOptions):
    """What ``dcmview overlay`` was asked for, not yet checked."""

    annotations: tuple[str, ...] = ()
    annotations_columns: str | None = None
    output_dir: str | None = None
    names: str = "path"
    copy_all: bool = False
    keep_uid: bool = False
    one_plane: bool = False
    type: str = "R"
    label: str | None = None
    description: str | None = None
    crop: bool = False
    lines: bool = False
    outline: bool = False
    extract: str | None = None


OPTIONS = (
    Option(
        "annotations",
        ("--annotations", "-a"),
        str,
        "FILE",
        "The ROIs: EMBED CSV, dcmview's JSON or CSV, COCO, masks as PNG or NPY, a zip of these, "
        "DICOM SR, SEG or GSPS, a CSV table with a row a box, or masks as NIfTI. A folder stands "
        "for the files in it. Repeatable.",
        PLANES,
        repeatable=True,
    ),
    ANNOTATIONS_COLUMNS._replace(panel=PLANES),
    Option(
        "one_plane",
        ("--one-plane",),
        bool,
        "",
        "All ROIs of a file in one plane, not a plane for each label of each layer.",
        PLANES,
    ),
    Option(
        "type",
        ("--type",),
        str,
        "KIND",
        "Overlay Type: R for regions of interest, G for graphics.",
        PLANES,
        choices=KINDS,
    ),
    Option(
        "label",
        ("--label",),
        str,
        "TEXT",
        "Overlay Label of all planes; without it, that of the ROIs.",
        PLANES,
    ),
    Option(
        "description",
        ("--description",),
        str,
        "TEXT",
        "Overlay Description of all planes; without it, the layer of the ROIs.",
        PLANES,
    ),
    Option(
        "crop",
        ("--crop",),
        bool,
        "",
        "Let a plane end where its ROIs do. Smaller, but some programs take every plane to be as "
        "large as the image.",
        PLANES,
    ),
    Option(
        "lines",
        ("--lines",),
        bool,
        "",
        "Draw points, lines and angles too, one pixel wide. Without it they are left out and "
        "counted.",
        PLANES,
    ),
    Option(
        "outline",
        ("--outline",),
        bool,
        "",
        "Draw only the border of regions, one pixel wide, so that the image is seen in them.",
        PLANES,
    ),
    OUTPUT_DIR,
    NAMES,
    Option(
        "copy_all",
        ("--copy-all",),
        bool,
        "",
        "Copy files without ROIs as they are; without it they are skipped.",
        OUTPUTS,
    ),
    Option(
        "keep_uid",
        ("--keep-uid",),
        bool,
        "",
        "Keep the SOP Instance UID. Without it a copy has one of its own, which follows from that "
        "of the file and the planes: archives take two objects with one UID for the same.",
        OUTPUTS,
    ),
    Option(
        "extract",
        ("--extract",),
        str,
        "FORM",
        "Take overlay planes out of files instead: as ROIs (json or csv of dcmview, or embed, "
        "boxes alone) or as masks (png, npy, or nii for NIfTI). Each input gets files of its own, "
        "never one table for all.",
        EXTRACTED,
        choices=FORMS,
    ),
    *BULK_OPTIONS,
)


def run(options: OverlayOptions) -> int:
    """Write copies, masks or ROIs; give the exit code.

    Raises
    ------
    UsageError
        If the options make no sense together.
    """
    if options.output_dir is None:
        raise UsageError("--output-dir is missing: no file is ever changed in place")
    if options.extract is None and not options.annotations:
        raise UsageError("--annotations is missing: a file with ROIs, or --extract")
    _check_extract(options)
    from dcmview.cli.bulk import check_options, run_bulk
    from dcmview.commands.overlay import overlay_plan
    from dcmview.commands.overlay_tasks import ExtractPlanes, PutPlanes
    from dcmview.exchange.planes import PlaneStyle

    check_options(options)
    style = PlaneStyle(
        one_plane=options.one_plane,
        kind="G" if options.type == "G" else "R",
        label=options.label or "",
        description=options.description or "",
        crop=options.crop,
        lines=options.lines,
        outline=options.outline,
    )
    task: PutPlanes | ExtractPlanes = PutPlanes(style, options.keep_uid, options.copy_all)
    if options.extract is not None:
        task = ExtractPlanes(options.extract)
    warnings = _Warnings(is_quiet=options.quiet)
    plan = overlay_plan(
        options.named_paths,
        options.output_dir,
        task=task,
        annotations=options.annotations,
        annotations_columns=options.annotations_columns or "",
        names=options.names,
        warn=warnings.warn,
        overwrite=options.overwrite,
        jobs=options.jobs,
        cluster=options.cluster,
    )
    lost = Counter[str]()
    code = run_bulk(options, plan, on_result=lambda result: _count_losses(result, lost))
    warnings.sum_up([f"{lost[name]:,} {words}" for name, words in _LOSSES.items() if lost[name]])
    return code


class _Warnings:
    """What was left out, on the screen: the first of it, and how much more there is."""

    def __init__(self, *, is_quiet: bool) -> None:
        self._is_quiet = is_quiet
        self._count = 0

    def warn(self, message: str) -> None:
        """Tell it, if not too much was told already."""
        self._count += 1
        if not self._is_quiet and self._count <= MOST_WARNINGS_TOLD:
            console.warn(message)

    def sum_up(self, messages: list[str]) -> None:
        """Tell of the run as a whole."""
        more = self._count - MOST_WARNINGS_TOLD
        if more > 0:
            messages.insert(0, f"and {more:,} more of the kind above")
        for message in () if self._is_quiet else messages:
            console.warn(message)


_LOSSES = {
    "no_inside": "ROI(s) have no inside and are not drawn; --lines draws them",
    "no_pixel": "ROI(s) hold the centre of no pixel and show nothing",
    "no_group": "plane(s) found no free group: a file can have sixteen; --one-plane needs one",
    "outside": "pixel(s) of planes lie outside their images and are left out",
}
"""Figures of results that a person has to know of, in words."""


def _count_losses(result: Result, lost: Counter[str]) -> None:
    for name in _LOSSES:
        value = result.figures.get(name, 0)
        if isinstance(value, int):
            lost[name] += value


def _check_extract(options: OverlayOptions) -> None:
    """Refuse options about putting planes in where they are taken out."""
    if options.extract is None:
        return
    defaults = OverlayOptions()
    for option in OPTIONS:
        is_about_planes = option.panel == PLANES or option.name in ("copy_all", "keep_uid")
        if is_about_planes and getattr(options, option.name) != getattr(defaults, option.name):
            raise UsageError(f"{option.flags[0]} makes no sense with --extract")


COMMAND = Command(
    name="overlay",
    help="ROIs and masks into copies of DICOM files as overlay planes (60xx), and back.",
    path_metavar="PATH...",
    path_help="DICOM files, folders and archives; - reads a list from standard input.",
    options_type=OverlayOptions,
    options=OPTIONS,
    run=run,
    examples=(
        ("dcmview overlay study/ -a rois.json -o copies/", "a plane for each label"),
        ("dcmview overlay study/ -a lesion.nii.gz -o copies/", "a mask over a series"),
        ("dcmview overlay copies/ --extract png -o masks/", "planes as masks"),
    ),
)
