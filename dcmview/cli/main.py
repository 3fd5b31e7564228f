"""The command line as typer sees it: help, mistakes and all that is not plain.

The viewer is the command without a name. Named commands stand beside it and
are chosen by the first argument alone, so ``./view`` and ``-- view`` are the
folder of that name. The options come from ``cli.options``, the table that the
plain parser follows too.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from dcmview import __version__
from dcmview.cli import console
from dcmview.cli.options import OPTIONS, ViewOptions
from dcmview.cli.plain import COMMANDS
from dcmview.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcmview.cli.options import Option

PROGRAM = "dcmview"

HELP = "Look at DICOM files in the browser: whole folders, every frame, nothing written to disk."

EXAMPLES = """
[bold]Examples[/bold]

dcmview study/  [dim]a folder and all below it[/dim]

dcmview --no-browser --port 8888 study/  [dim]on a server; then, at home:[/dim]

ssh -N -L 8888:127.0.0.1:8888 server  [dim]and open http://127.0.0.1:8888[/dim]

dcmview --filter modality=MG --filter study_date=2024 study/  [dim]mammograms of 2024[/dim]

dcmview --annotations rois.csv study/  [dim]with ROIs[/dim]

dcmview ./view  [dim]a folder that is called like a command[/dim]
"""


def run_command(arguments: Sequence[str]) -> int:
    """Parse a command line with typer, run it and give its exit code.

    Raises
    ------
    UsageError
        If typer does not understand it.
    """
    if arguments and arguments[0] in COMMANDS:
        arguments = arguments[1:]
    app = typer.Typer(add_completion=False, rich_markup_mode="rich")
    app.command(
        help=HELP, epilog=EXAMPLES, context_settings={"help_option_names": ["--help", "-h"]}
    )(_view_function())
    try:
        code = get_command(app).main(list(arguments), prog_name=PROGRAM, standalone_mode=False)
    except TyperException as exc:
        raise UsageError(f"{exc.format_message().rstrip('.')}; see dcmview --help") from exc
    return int(code or console.EXIT_OK)


def _view_function() -> Any:
    """Make the function whose signature typer reads, from the table of options."""

    def view(**values: Any) -> int:
        from dcmview.cli.view import view

        del values["version"]
        return view(_options_from_values(values))

    parameters = [_path_parameter(), *map(_option_parameter, OPTIONS), _version_parameter()]
    function: Any = view
    function.__signature__ = inspect.Signature(parameters)
    function.__annotations__ = {p.name: p.annotation for p in parameters}
    return function


def _options_from_values(values: dict[str, Any]) -> ViewOptions:
    """Make options of what typer parsed: its lists become tuples."""
    tuples: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
    }
    return ViewOptions(**tuples)


def _path_parameter() -> inspect.Parameter:
    argument = typer.Argument(
        metavar="PATH...",
        help="DICOM files, folders and archives; - reads a list from standard input.",
        show_default=False,
    )
    return _parameter("paths", list[str], argument, default=[])


def _option_parameter(option: Option) -> inspect.Parameter:
    default = ViewOptions._field_defaults[option.name]
    kind: Any = list[str] if option.repeatable else option.type
    if default is None:
        kind |= None
    info = typer.Option(
        *option.flags,
        help=option.help,
        metavar=option.metavar or None,
        show_default=default not in (None, False, ()),
        rich_help_panel=option.panel or None,
        hidden=not option.panel,
    )
    return _parameter(option.name, kind, info, default=list(default) if default == () else default)


def _version_parameter() -> inspect.Parameter:
    def show_version(wanted: bool) -> None:
        if wanted:
            console.put_stdout(f"{PROGRAM} {__version__}")
            raise typer.Exit

    info = typer.Option(
        "--version", "-V", help="Print the version.", is_eager=True, callback=show_version
    )
    return _parameter("version", bool, info, default=False)


def _parameter(name: str, kind: Any, info: Any, *, default: Any) -> inspect.Parameter:
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[kind, info],
    )
