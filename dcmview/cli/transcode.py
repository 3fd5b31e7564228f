"""``dcmview transcode``: its options and their checks, read before anything heavy is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dcmview.cli import console
from dcmview.cli.bulk_options import BULK_OPTIONS, NAMES, OUTPUT_DIR, OUTPUTS, BulkOptions
from dcmview.cli.options import STANDARD_INPUT, Command, Option
from dcmview.errors import UsageError

if TYPE_CHECKING:
    from dcmview.bulk.result import Result
    from dcmview.commands.transcode_tasks import TranscodeTask

SYNTAX = "The transfer syntax"
WHICH = "Which files"
ON_FAILURE = ("keep", "skip", "fail")
OFFSET_TABLES = ("auto", "basic", "extended", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscodeOptions(BulkOptions):
    """What ``dcmview transcode`` was asked for, not yet checked."""

    to: str | None = None
    quality: int | None = None
    ratio: float | None = None
    near: int | None = None
    allow_recompress: bool = False
    no_proof: bool = False
    offset_table: str = "auto"
    on_failure: str = "keep"
    only_uncompressed: bool = False
    only_compressed: bool = False
    accept: tuple[str, ...] = ()
    output_dir: str | None = None
    zip: str | None = None
    dicomdir: bool = False
    names: str = "path"
    watch: bool = False


OPTIONS = (
    Option(
        "to",
        ("--to", "-t"),
        str,
        "SYNTAX",
        "The transfer syntax: its UID, its keyword (ExplicitVRLittleEndian, RLELossless, "
        "JPEGBaseline8Bit, JPEGLSLossless, JPEG2000Lossless, HTJ2KLossless and others) or a short "
        "name (explicit, rle, jpeg, jpegls, j2k, htj2kll and others).",
        SYNTAX,
    ),
    Option(
        "quality",
        ("--quality",),
        int,
        "NUMBER",
        "1 to 100, for JPEG and JPEG XL; for JPEG 2000 and HTJ2K the peak signal-to-noise ratio "
        "in dB.",
        SYNTAX,
    ),
    Option(
        "ratio",
        ("--ratio",),
        float,
        "NUMBER",
        "For JPEG 2000 and HTJ2K: bytes without compression for each byte with it.",
        SYNTAX,
    ),
    Option(
        "near",
        ("--near",),
        int,
        "NUMBER",
        "For near-lossless JPEG-LS: the largest error of a stored value.",
        SYNTAX,
    ),
    Option(
        "allow_recompress",
        ("--allow-recompress",),
        bool,
        "",
        "Let what was compressed with loss lose again; without it this is refused.",
        SYNTAX,
    ),
    Option(
        "no_proof",
        ("--no-proof",),
        bool,
        "",
        "Neither decode each frame again to compare it with what it was, nor wait until the "
        "outputs are on the disk.",
        SYNTAX,
    ),
    Option(
        "offset_table",
        ("--offset-table",),
        str,
        "KIND",
        "Where a file says at which place each of its frames begins: basic, extended, none, or "
        "auto, which is basic as long as its 32 bits are enough.",
        SYNTAX,
        choices=OFFSET_TABLES,
    ),
    Option(
        "on_failure",
        ("--on-failure",),
        str,
        "WHAT",
        "What becomes of a file that the syntax cannot hold without silent loss, or that cannot "
        "be decoded: keep (the original goes out unchanged), skip or fail. All are counted.",
        WHICH,
        choices=ON_FAILURE,
    ),
    Option(
        "only_uncompressed",
        ("--only-uncompressed",),
        bool,
        "",
        "Transcode files in Implicit VR Little Endian, Explicit VR Little Endian and Explicit VR "
        "Big Endian; others go out unchanged.",
        WHICH,
    ),
    Option(
        "only_compressed",
        ("--only-compressed",),
        bool,
        "",
        "The other way round.",
        WHICH,
    ),
    Option(
        "accept",
        ("--accept",),
        str,
        "SYNTAX",
        "Leave files of this syntax as they are, since whoever gets them reads it. Several are "
        "joined by commas. Repeatable.",
        WHICH,
        repeatable=True,
    ),
    OUTPUT_DIR,
    Option(
        "zip",
        ("--zip",),
        str,
        "FILE",
        "An archive for them instead. It is written when all files are done, so a run that was "
        "interrupted begins anew.",
        OUTPUTS,
    ),
    Option(
        "dicomdir",
        ("--dicomdir",),
        bool,
        "",
        "Make a File-set, as media have it: a DICOMDIR, and files that are called by patient, "
        "study, series and number. The folder has to be empty, or --overwrite is given.",
        OUTPUTS,
    ),
    NAMES,
    Option(
        "watch",
        ("--watch",),
        bool,
        "",
        "Go on until interrupted, and transcode what arrives in the folders once it has stopped "
        "growing.",
        WHICH,
    ),
    *BULK_OPTIONS,
)


def run(options: TranscodeOptions) -> int:
    """Transcode files, and give the exit code.

    Raises
    ------
    UsageError, RequestError
        If the options make no sense.
    """
    if options.watch and (options.zip is not None or options.dicomdir):
        raise UsageError("--watch never ends, so there is no archive and no DICOMDIR to finish")
    if options.zip == STANDARD_INPUT:
        raise UsageError("--zip: - is no name of a file, and an archive is not written to a pipe")
    from dcmview.cli.bulk import MOST_FAILURES_TOLD, check_options, interrupting, run_bulk

    check_options(options)
    from dcmview.bulk.naming import NameStyle
    from dcmview.commands.transcode import TranscodeRun
    from dcmview.commands.transcode_tasks import FAILURE

    failures = _Failures()
    with (
        interrupting(),
        TranscodeRun(
            _task(options),
            options.named_paths,
            output_dir=options.output_dir,
            zip_path=options.zip,
            names=NameStyle(options.names),
            with_dicomdir=options.dicomdir,
            overwrite=options.overwrite,
        ) as transcoding,
    ):

        def on_result(result: Result) -> None:
            if FAILURE in result.figures:
                failures.add(result)

        plan = transcoding.plan(jobs=options.jobs, cluster=options.cluster)
        code = run_bulk(
            options, plan, on_result=on_result, told_as=transcoding.take, watch=options.watch
        )
        try:
            transcoding.finish(is_whole=code != console.EXIT_INTERRUPTED)
        except KeyboardInterrupt:
            code = console.EXIT_INTERRUPTED
        if code == console.EXIT_INTERRUPTED and options.zip is not None:
            console.tell(f"no archive: {options.zip} is written when all files are done")
    failures.tell()
    for path, reason in transcoding.unlisted[:MOST_FAILURES_TOLD]:
        console.warn(f"{path}: {reason}")
    more = len(transcoding.unlisted) - MOST_FAILURES_TOLD
    if more > 0:
        console.warn(f"and {more:,} more that the DICOMDIR does not name")
    return code


def _task(options: TranscodeOptions) -> TranscodeTask:
    if options.to is None:
        raise UsageError("--to is missing: the transfer syntax, such as JPEG2000Lossless")
    from dcmview.commands.transcode_tasks import make_task

    return make_task(
        options.to,
        quality=options.quality,
        ratio=options.ratio,
        near=options.near,
        allow_recompress=options.allow_recompress,
        prove=not options.no_proof,
        on_failure=options.on_failure,
        only_uncompressed=options.only_uncompressed,
        only_compressed=options.only_compressed,
        accept=[name for names in options.accept for name in names.split(",")],
        offset_table=options.offset_table,
    )


class _Failures:
    """Files that could not be transcoded and did not end the run as failed ones."""

    def __init__(self) -> None:
        self._count = 0
        self._first: Result | None = None

    def add(self, result: Result) -> None:
        """Count a file."""
        self._count += 1
        self._first = self._first or result

    def tell(self) -> None:
        """Say how many there were, and what was wrong with the first of them."""
        if self._first is None:
            return
        first, what = self._first, "went out as they were"
        if not first.outputs:
            what = "were left out"
        console.warn(
            f"{self._count:,} file(s) could not be transcoded and {what}; the first is "
            f"{first.input}: {first.reason}"
        )


COMMAND = Command(
    name="transcode",
    help="Write DICOM files in another transfer syntax, proven frame by frame.",
    path_metavar="PATH...",
    path_help="DICOM files, folders and archives; - reads a list from standard input.",
    options_type=TranscodeOptions,
    options=OPTIONS,
    run=run,
    examples=(
        (
            "dcmview transcode study/ --to j2k -o small/",
            "lossless, and compared with the originals",
        ),
        (
            "dcmview transcode study/ --to explicit --zip study.zip --dicomdir",
            "for any workstation",
        ),
        ("dcmview transcode in/ --to jpegls --only-uncompressed --watch -o out/", "what arrives"),
    ),
)
