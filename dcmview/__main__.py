"""Entry point of ``dcmview`` and ``python -m dcmview``.

The plain command line takes a short way that opens the port some 10 ms after
Python is up; typer is imported for everything else.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from dcmview.cli import console
from dcmview.cli.commands import run_parsed
from dcmview.cli.plain import parse_plain
from dcmview.errors import DcmviewError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn


def main() -> NoReturn:
    """Run the command line of this process and end it with its exit code."""
    _open_standard_streams()
    code = run(sys.argv[1:])
    # Not sys.exit: it would wait for threads that may still be decoding, and complain when
    # standard output has lost its reader.
    console.flush()
    os._exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run a command line and give its exit code."""
    try:
        plain = parse_plain(arguments)
        if plain is None:
            from dcmview.cli.main import run_command

            return run_command(arguments)
        return run_parsed(plain.command, plain.options)
    except DcmviewError as exc:
        return console.report_error(exc)
    except KeyboardInterrupt:
        return console.EXIT_INTERRUPTED
    except SystemExit as exc:  # typer, when the reader of its help has gone
        return exc.code if isinstance(exc.code, int) else console.EXIT_OK


def _open_standard_streams() -> None:
    """Fill closed descriptors 0 to 2, lest the listening socket take the place of one."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)


if __name__ == "__main__":
    main()
