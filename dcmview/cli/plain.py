"""Parse the plain command lines without typer, which costs 40 ms.

Understands options spelled in full, each with its value as the next
argument or after ``=``, and paths. Everything else (help, abbreviations,
mistakes) is left to typer, which also words the errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dcmview.cli.commands import COMMAND_NAMES, find_command
from dcmview.cli.options import FILE_LIST, VIEW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcmview.cli.options import Command


class Plain(NamedTuple):
    """A command and what it was asked for."""

    command: Command
    options: Any


def parse_plain(arguments: Sequence[str]) -> Plain | None:
    """Parse arguments, or give None for whatever is not plain.

    Whenever this gives options, typer gives the same ones.
    """
    if not arguments:
        return None
    command = VIEW
    if arguments[0] in COMMAND_NAMES:
        command, arguments = find_command(arguments[0]), arguments[1:]
    option_by_flag = {flag: option for option in command.options for flag in option.flags}
    values: dict[str, Any] = {}
    paths: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        if argument == "--":
            paths.extend(waiting)
        elif argument == "-" or not argument.startswith("-"):
            paths.append(argument)
        else:
            flag, equals, attached = argument.partition("=")
            option = option_by_flag.get(flag)
            if option is None or (equals and (option.type is bool or not flag.startswith("--"))):
                return None
            if option.type is bool:
                values[option.name] = True
                continue
            text = attached if equals else next(waiting, None)
            if text is None or _looks_like_flag(text):
                return None
            try:
                value = option.type(text)
            except ValueError:
                return None
            if option.repeatable:
                values.setdefault(option.name, []).append(value)
            else:
                values[option.name] = value
    if command.needs_path and not paths and not values.get(FILE_LIST.name):
        return None
    for name, value in values.items():
        if isinstance(value, list):
            values[name] = tuple(value)
    return Plain(command, command.options_type(paths=tuple(paths), **values))


def _looks_like_flag(text: str) -> bool:
    """Whether it may be another option, not a value such as -600,1500."""
    return text.startswith("-") and not text[1:2].isdecimal()
