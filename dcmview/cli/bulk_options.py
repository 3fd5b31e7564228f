"""The options that all commands over many files have, read before anything heavy is loaded."""

from __future__ import annotations

from dataclasses import dataclass

from dcmview.cli.options import FILE_LIST, FILTER, NO_RECURSIVE, STANDARD_INPUT, Option

OUTPUTS = "Where they go"
RUN = "The run"

OUTPUT_DIR = Option(
    "output_dir",
    ("--output-dir", "-o"),
    str,
    "DIR",
    "Folder for what is written; made if it is not there.",
    OUTPUTS,
)
NAMES = Option(
    "names",
    ("--names",),
    str,
    "KIND",
    "What outputs are called by: path (below the folder or in the archive that was given), uid "
    "(SOP Instance UID of the input) or hash (SHA-256 of the input).",
    OUTPUTS,
    choices=("path", "uid", "hash"),
)
"""For commands that have outputs with a name each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkOptions:
    """What all commands over many files are asked for."""

    paths: tuple[str, ...] = ()
    file_list: tuple[str, ...] = ()
    no_recursive: bool = False
    filter: tuple[str, ...] = ()
    overwrite: bool = False
    jobs: int = 0
    cluster: str | None = None
    report: str | None = None
    quiet: bool = False

    @property
    def named_paths(self) -> tuple[str, ...]:
        """The paths of the command line; those of lists come later."""
        return tuple(path for path in self.paths if path != STANDARD_INPUT)


BULK_OPTIONS = (
    FILE_LIST,
    NO_RECURSIVE,
    FILTER,
    Option(
        "overwrite",
        ("--overwrite",),
        bool,
        "",
        "Make all outputs again and replace what has their names. Without it an output that was "
        "made of the same file in the same way is finished, and where something else has its name "
        "the file fails. An input is never replaced.",
        RUN,
    ),
    Option(
        "jobs",
        ("--jobs", "-j"),
        int,
        "N",
        "Processes that work at the same time; 0 is one for each processor.",
        RUN,
    ),
    Option(
        "cluster",
        ("--cluster",),
        str,
        "ADDRESS",
        "Work on the Dask cluster of this scheduler, such as tcp://host:8786, whose workers see "
        "the same files under the same paths.",
        RUN,
    ),
    Option(
        "report",
        ("--report",),
        str,
        "FILE",
        "Write how every file ended, a line of JSON each: input, status, outputs, reason, figures.",
        RUN,
    ),
    Option(
        "quiet",
        ("--quiet", "-q"),
        bool,
        "",
        "Tell nothing but errors.",
        RUN,
    ),
)
