"""Parse the plain command lines without typer, which costs 40 ms.

Understands options spelled in full, each with its value as the next
argument or after ``=``, and paths. Everything else (help, commands,
abbreviations, mistakes) is left to typer, which also words the errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dcmview.cli.options import OPTIONS, ViewOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = ("view",)
"""First arguments that name a command; ``./view`` is the folder of that name."""

_OPTION_BY_FLAG = {flag: option for option in OPTIONS for flag in option.flags}


def parse_plain(arguments: Sequence[str]) -> ViewOptions | None:
    """Parse arguments, or give None for whatever is not plain.

    Whenever this gives options, typer gives the same ones.
    """
    if not arguments or arguments[0] in COMMANDS:
        return None
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
            option = _OPTION_BY_FLAG.get(flag)
            if option is None or (equals and (option.type is bool or not flag.startswith("--"))):
                return None
            if option.type is bool:
                values[option.name] = True
                continue
            text = attached if equals else next(waiting, None)
            if text is None or text.startswith("-"):
                return None
            try:
                value = option.type(text)
            except ValueError:
                return None
            if option.repeatable:
                values.setdefault(option.name, []).append(value)
            else:
                values[option.name] = value
    if not paths:
        return None
    for name, value in values.items():
        if isinstance(value, list):
            values[name] = tuple(value)
    return ViewOptions(paths=tuple(paths), **values)
