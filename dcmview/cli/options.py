"""What a command is, and the options of the viewer in one table.

The plain parser, typer and ``docs/cli.md`` follow these tables, so they cannot
disagree. They are read before the port opens: no dataclasses here, they
cost 14 ms to import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

STANDARD_INPUT = "-"
"""The path that stands for a list of paths on standard input."""


class ViewOptions(NamedTuple):
    """What ``dcmview PATH...`` was asked for, parsed and not yet checked."""

    paths: tuple[str, ...] = ()
    port: int = 0
    host: str = "127.0.0.1"
    no_browser: bool = False
    timeout: float | None = None
    token: bool = False
    no_token: bool = False
    allow_host: tuple[str, ...] = ()
    no_recursive: bool = False
    filter: tuple[str, ...] = ()
    file_list: tuple[str, ...] = ()
    watch: bool = False
    report: str | None = None
    annotations: tuple[str, ...] = ()
    predictions: tuple[str, ...] = ()
    annotations_columns: str | None = None
    labels: str | None = None
    triage: tuple[str, ...] = ()
    save_annotations: str | None = None
    no_rescue: bool = False
    cache_budget: str | None = None
    tunnel: bool = False
    tunnel_host: str | None = None
    tunnel_port: int = 0
    tunnel_mode: str = "local"
    end_with_stdin: bool = False


class Option(NamedTuple):
    """One row of the table.

    ``type`` is that of a single value; an option of type bool takes none.
    ``choices`` are all values that it takes, where that is a list. An option
    without a panel is left out of help and documentation.
    """

    name: str
    flags: tuple[str, ...]
    type: type[bool] | type[int] | type[float] | type[str]
    metavar: str
    help: str
    panel: str = ""
    repeatable: bool = False
    choices: tuple[str, ...] = ()


class Command(NamedTuple):
    """A command: its first argument, its table of options and what it does.

    ``options_type`` is what the options are parsed into: it has a field for each of
    them, and ``paths``, with their defaults. ``run`` gives the exit code.
    ``examples`` are command lines with what they do.
    """

    name: str
    help: str
    path_metavar: str
    path_help: str
    options_type: Callable[..., Any]
    options: tuple[Option, ...]
    run: Callable[[Any], int]
    examples: tuple[tuple[str, str], ...] = ()
    needs_path: bool = True


SERVER = "Server"
FILES = "Files"
ACCESS = "Who gets in"
TUNNEL = "SSH tunnel"

NO_RECURSIVE = Option(
    "no_recursive",
    ("--no-recursive",),
    bool,
    "",
    "Only the top level of the given folders.",
    FILES,
)
FILTER = Option(
    "filter",
    ("--filter",),
    str,
    "FIELD=VALUE",
    "Only files whose field contains the value, as for the viewer. Repeat to narrow.",
    FILES,
    repeatable=True,
)
FILE_LIST = Option(
    "file_list",
    ("--file-list",),
    str,
    "FILE",
    "Also the files and folders that FILE names, one a line or separated by NUL bytes. Repeatable.",
    FILES,
    repeatable=True,
)
ANNOTATIONS_COLUMNS = Option(
    "annotations_columns",
    ("--annotations-columns",),
    str,
    "MAPPING",
    "Which column of another CSV table has what: file=image_path,xmin=x1,ymin=y1,...",
    FILES,
)

OPTIONS = (
    Option("port", ("--port", "-p"), int, "PORT", "Port to listen on; 0 picks a free one.", SERVER),
    Option("host", ("--host",), str, "ADDR", "Address to listen on.", SERVER),
    Option(
        "no_browser",
        ("--no-browser",),
        bool,
        "",
        "Do not open the browser, which is only done where there is a screen.",
        SERVER,
    ),
    Option(
        "timeout",
        ("--timeout",),
        float,
        "SECONDS",
        "End after this long without a request; the scan and an idle page do not count.",
        SERVER,
    ),
    NO_RECURSIVE,
    FILTER._replace(
        help="Only files whose field contains the value, whatever the case. Repeat to narrow. "
        "Fields: patient_id, patient_name, study_description, study_date, study_uid, "
        "series_description, series_number, series_uid, modality, and every DICOM keyword of the "
        "header, such as BodyPartExamined."
    ),
    FILE_LIST._replace(
        help="Also the files and folders that FILE names, one a line or separated by NUL bytes. A "
        "PATH of - reads such a list from standard input. Repeatable."
    ),
    Option(
        "watch",
        ("--watch",),
        bool,
        "",
        "Keep looking: list files that appear later, mark those that change or go.",
        FILES,
    ),
    Option(
        "report",
        ("--report",),
        str,
        "FILE",
        "When the scan is over, write how every path ended and why: CSV, or JSON if FILE ends "
        "in .json.",
        FILES,
    ),
    Option(
        "annotations",
        ("--annotations",),
        str,
        "FILE",
        "Load ROIs from a file, which is never written: EMBED CSV, dcmview's JSON or CSV, COCO, "
        "masks as PNG or NPY, a zip of these, DICOM SR, SEG or GSPS, another CSV table with a row "
        "a box, or masks as NIfTI. A folder stands for the files in it. Repeatable.",
        FILES,
        repeatable=True,
    ),
    Option(
        "predictions",
        ("--predictions",),
        str,
        "FILE",
        "Load ROIs to look at beside the others, in the forms of --annotations. They cannot be "
        "edited, and are a layer with the name of the file unless they name one. Repeatable.",
        FILES,
        repeatable=True,
    ),
    ANNOTATIONS_COLUMNS,
    Option(
        "labels",
        ("--labels",),
        str,
        "NAMES",
        "The labels that ROIs can have, joined by commas: mass,cyst,calcification.",
        FILES,
    ),
    Option(
        "triage",
        ("--triage",),
        str,
        "FILE",
        "Go on from the marks keep, reject and unsure of an earlier export, which is never "
        "written. Repeatable.",
        FILES,
        repeatable=True,
    ),
    Option(
        "save_annotations",
        ("--save-annotations",),
        str,
        "FILE",
        "Save every edit of ROIs and marks to FILE as it is made, and go on from what is there.",
        FILES,
    ),
    Option(
        "no_rescue",
        ("--no-rescue",),
        bool,
        "",
        "Do not write edits to dcmview-rescued-TIME.csv or .json when ended with unsaved ones.",
        FILES,
    ),
    Option(
        "cache_budget",
        ("--cache-budget",),
        str,
        "SIZE",
        "Memory for frames that were shown already, such as 500M or 4G; 640M if not given.",
        SERVER,
    ),
    Option(
        "token",
        ("--token",),
        bool,
        "",
        "Demand a token from everybody: DCMVIEW_TOKEN of the environment, or a random one.",
        ACCESS,
    ),
    Option(
        "no_token",
        ("--no-token",),
        bool,
        "",
        "Demand no token, not even from other computers. For use behind your own proxy.",
        ACCESS,
    ),
    Option(
        "allow_host",
        ("--allow-host",),
        str,
        "NAME",
        "Host name under which a proxy reaches the viewer. Repeatable.",
        ACCESS,
        repeatable=True,
    ),
    Option(
        "tunnel", ("--tunnel",), bool, "", "Start an SSH port forward beside the viewer.", TUNNEL
    ),
    Option(
        "tunnel_host",
        ("--tunnel-host",),
        str,
        "HOST",
        "SSH destination, as in ssh HOST.",
        TUNNEL,
    ),
    Option(
        "tunnel_port",
        ("--tunnel-port",),
        int,
        "PORT",
        "Port of the tunnel's entrance; 0 is the server's own.",
        TUNNEL,
    ),
    Option(
        "tunnel_mode",
        ("--tunnel-mode",),
        str,
        "MODE",
        "local (ssh -L): the entrance is on this computer. remote (ssh -R): it is on HOST and "
        "leads here.",
        TUNNEL,
    ),
    Option(
        "end_with_stdin",
        ("--end-with-stdin",),
        bool,
        "",
        "End when standard input closes. How view() in Python leaves no orphan.",
    ),
)


def _view(options: ViewOptions) -> int:
    from dcmview.cli.view import view

    return view(options)


VIEW = Command(
    "view",
    "Look at DICOM files in the browser: whole folders, every frame, nothing written to disk.",
    "PATH...",
    "DICOM files, folders and archives; - reads a list from standard input.",
    ViewOptions,
    OPTIONS,
    _view,
    (
        ("dcmview study/", "a folder and all below it"),
        ("dcmview --no-browser --port 8888 study/", "on a server; then, at home:"),
        ("ssh -N -L 8888:127.0.0.1:8888 server", "and open http://127.0.0.1:8888"),
        (
            "dcmview --filter modality=MG --filter study_date=2024 study/",
            "mammograms of 2024",
        ),
        ("dcmview --annotations rois.csv study/", "with ROIs"),
        ("dcmview ./view", "a folder that is called like a command"),
    ),
)
"""The command without a name, too."""
