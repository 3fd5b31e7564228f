"""Write the tables of options in docs/cli.md from the tables of the commands.

Each lies between ``<!-- options of NAME -->`` and ``<!-- end of options -->``; the text
around them is written by hand. With --check nothing is written and the exit code says
whether they are fresh.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dcmview.cli.bulk_options import BULK_OPTIONS, BulkOptions
from dcmview.cli.commands import COMMAND_NAMES, find_command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcmview.cli.options import Option

DOCUMENT = Path(__file__).resolve().parent.parent / "docs/cli.md"
BEGIN, END = "<!-- options of {} -->", "<!-- end of options -->"
ALL = "all commands"
"""Those of commands over many files are written once."""
_BLOCK = re.compile(r"<!-- options of ([\w ]+) -->\n.*?<!-- end of options -->", re.DOTALL)
# Flags, names with an underscore, endings of files, and what is typed as it stands.
_CODE = re.compile(
    r"(?<![\w`-])(--[a-z][a-z-]*|\w+=[\w=,.]+|\w+_\w+|[\w-]*\.[a-z]{2,5}\b|ssh(?: -\w)?(?: HOST)?)"
)


def main() -> int:
    """Write or check the document; the return value is the exit code."""
    before = DOCUMENT.read_text()
    missing = [name for name in (*COMMAND_NAMES, ALL) if BEGIN.format(name) not in before]
    if missing:
        print(f"docs/cli.md has no place for the options of {', '.join(missing)}", file=sys.stderr)
        return 1
    after = _BLOCK.sub(lambda match: block(match[1]), before)
    if "--check" not in sys.argv[1:]:
        DOCUMENT.write_text(after)
    elif after != before:
        print("docs/cli.md is not fresh: run scripts/cli-docs", file=sys.stderr)
        return 1
    return 0


def block(name: str) -> str:
    """Give the tables of a command, or of what all commands have, with the marks around them."""
    if name == ALL:
        return tables(name, BULK_OPTIONS, BulkOptions())
    command = find_command(name)
    is_bulk = set(BULK_OPTIONS) <= set(command.options)
    own = [each for each in command.options if not (is_bulk and each in BULK_OPTIONS)]
    return tables(name, own, command.options_type())


def tables(name: str, options: Sequence[Option], defaults: object) -> str:
    """Give tables, one a panel."""
    panels: dict[str, list[Option]] = {}
    for option in options:
        if option.panel:
            panels.setdefault(option.panel, []).append(option)
    lines = [BEGIN.format(name)]
    for panel, listed in panels.items():
        lines += [panel, "", "| Option | Default | Meaning |", "|---|---|---|"]
        lines += [_row(option, getattr(defaults, option.name)) for option in listed]
        lines.append("")
    return "\n".join([*lines, END])


def _row(option: Option, default: object) -> str:
    # Short names first, as people type them.
    flags = sorted(option.flags, key=len)
    names = [f"`{flag}`" for flag in flags[:-1]]
    names.append(f"`{flags[-1]} {option.metavar}`" if option.metavar else f"`{flags[-1]}`")
    is_absent = default is None or default is False or default in ((), "")
    shown = f"`{default}`" if not is_absent else ("" if option.type is bool else "none")
    meaning = _CODE.sub(r"`\1`", option.help).replace("|", "\\|")
    return f"| {', '.join(names)} | {shown} | {meaning} |".replace("|  |", "| |")


if __name__ == "__main__":
    sys.exit(main())
