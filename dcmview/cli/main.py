"""The command line as typer sees it: help, mistakes and all that is not plain.

The viewer is the command without a name. Named commands stand beside it and
are chosen by the first argument alone, so ``./view`` and ``-- view`` are the
folder of that name. The options come from the tables of the commands, which the
plain parser follows too.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from typer.exceptions import TyperException
from typer.main import get_command

from dcmview import __version__
from dcmview.cli import console
from dcmview.cli.commands import COMMAND_NAMES, find_command, run_parsed
from dcmview.cli.options import VIEW
from dcmview.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcmview.cli.options import Command, Option

PROGRAM = "dcmview"


def run_command(arguments: Sequence[str]) -> int:
    """Parse a command line with typer, run it and give its exit code.

    Raises
    ------
    UsageError
        If typer does not understand it.
    """
    command, program = VIEW, PROGRAM
    if arguments and arguments[0] in COMMAND_NAMES:
        command, arguments = find_command(arguments[0]), arguments[1:]
        program = PROGRAM if command is VIEW else f"{PROGRAM} {command.name}"
    app = typer.Typer(add_completion=False, rich_markup_mode="rich")
    app.command(
        help=command.help,
        epilog=_epilog(command),
        context_settings={"help_option_names": ["--help", "-h"]},
    )(_function(command))
    try:
        code = get_command(app).main(list(arguments), prog_name=program, standalone_mode=False)
    except TyperException as exc:
        raise UsageError(f"{exc.format_message().rstrip('.')}; see {program} --help") from exc
    return int(code or console.EXIT_OK)


def _epilog(command: Command) -> str:
    lines = ["[bold]Examples[/bold]"]
    lines += [f"{escape(line)}  [dim]{escape(meaning)}[/dim]" for line, meaning in command.examples]
    if command is VIEW:
        lines.append("[bold]Commands[/bold]")
        for name in COMMAND_NAMES[1:]:
            lines.append(f"{PROGRAM} {name}  [dim]{escape(find_command(name).help)}[/dim]")
    return "\n\n".join(lines)


def _function(command: Command) -> Any:
    """Make the function whose signature typer reads, from the table of options."""

    def run(**values: Any) -> int:
        del values["version"]
        tuples = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
        return run_parsed(command, command.options_type(**tuples))

    defaults = command.options_type()
    parameters = [
        _path_parameter(command),
        *(_option_parameter(option, getattr(defaults, option.name)) for option in command.options),
        _version_parameter(),
    ]
    function: Any = run
    function.__signature__ = inspect.Signature(parameters)
    function.__annotations__ = {p.name: p.annotation for p in parameters}
    return function


def _path_parameter(command: Command) -> inspect.Parameter:
    argument = typer.Argument(
        metavar=command.path_metavar, help=command.path_help, show_default=False
    )
    return _parameter("paths", list[str], argument, default=[])


def _option_parameter(option: Option, default: Any) -> inspect.Parameter:
    kind: Any = list[str] if option.repeatable else option.type
    if default is None:
        kind |= None
    info = typer.Option(
        *option.flags,
        help=option.help,
        metavar=option.metavar or None,
        # A number of 0 is a default, and equal to False.
        show_default=default is not False and default not in (None, (), ""),
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
