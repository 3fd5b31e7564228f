"""The commands by name; the module of one is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dcmview.cli.options import VIEW
from dcmview.errors import UsageError

if TYPE_CHECKING:
    from dcmview.cli.options import Command

_MODULES: dict[str, str] = {
    "render": "dcmview.cli.render",
    "thumbnail": "dcmview.cli.thumbnail",
    "transcode": "dcmview.cli.transcode",
    "overlay": "dcmview.cli.overlay",
}
"""Each has a ``COMMAND``."""

COMMAND_NAMES = (VIEW.name, *_MODULES)
"""First arguments that name a command; ``./view`` is the folder of that name."""


def find_command(name: str) -> Command:
    """Give the command of a name out of `COMMAND_NAMES`."""
    if name == VIEW.name:
        return VIEW
    command: Command = import_module(_MODULES[name]).COMMAND
    return command


def run_parsed(command: Command, options: Any) -> int:
    """Run a command; give its exit code.

    Raises
    ------
    UsageError
        If an option has none of the values that it can have.
    """
    for option in command.options:
        value = getattr(options, option.name)
        if not option.choices or value is None:
            continue
        for each in value if option.repeatable else (value,):
            if each not in option.choices:
                known = ", ".join(option.choices)
                raise UsageError(f"{option.flags[0]} must be one of {known}, not {each}")
    return command.run(options)
