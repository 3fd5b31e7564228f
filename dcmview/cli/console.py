"""What is written to the terminal, and the one table of exit codes.

Standard output carries the address of the server and nothing else; all that
is meant for people goes to standard error, one line a message, without
control characters: names from files must not steer a terminal.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from dcmview import errors
from dcmview.errors import DcmviewError
from dcmview.server.announce import ERROR_PREFIX

if TYPE_CHECKING:
    from typing import TextIO

EXIT_OK = 0
EXIT_FILE_FAILED = 4
EXIT_INTERRUPTED = 130

EXIT_CODE_BY_CLASS: dict[type[DcmviewError], int] = {
    errors.NothingToShow: 1,
    errors.UsageError: 2,
    errors.RequestError: 2,
    errors.StartError: 3,
    errors.NotInstalled: 3,
    DcmviewError: EXIT_FILE_FAILED,
}


def exit_code(error: DcmviewError) -> int:
    """Find the exit code of the nearest class in the table."""
    return next(EXIT_CODE_BY_CLASS[cls] for cls in type(error).__mro__ if cls in EXIT_CODE_BY_CLASS)


def printable(text: str) -> str:
    r"""Make one line that cannot steer a terminal.

    Control and format characters (escape sequences, bidirectional overrides) are shown as
    ``\xNN`` or ``\uNNNN``, undecodable bytes of a file name as ``\xNN``.

    Examples
    --------
    >>> printable("a\x1b[31mb"), printable("a\udcffb")
    ('a\\x1b[31mb', 'a\\xffb')
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # what Python makes of a byte that is no text
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def put_stdout(line: str) -> None:
    """Write a line to standard output at once; a reader that has gone is no error."""
    _put(sys.stdout, line + "\n")


def put_stderr(line: str) -> None:
    """Write a line for people to standard error."""
    _put(sys.stderr, printable(line) + "\n")


def tell(message: str) -> None:
    """Write a message of the program to standard error."""
    put_stderr(f"dcmview: {message}")


def warn(message: str) -> None:
    """Write a warning to standard error."""
    tell(f"warning: {message}")


def report_error(error: DcmviewError) -> int:
    """Write an error as one line and give the exit code it stands for."""
    put_stderr(ERROR_PREFIX + error.message)
    return exit_code(error)


def stderr_is_terminal() -> bool:
    """Whether a person sees standard error as it is written."""
    return _is_terminal(sys.stderr)


def put_transient(text: str) -> None:
    """Replace the current line of a terminal, without ending it.

    What is wider than the terminal is cut: of two lines only the last would be replaced.
    """
    _put(sys.stderr, f"\r{printable(text)[: _most_characters()]}\x1b[K")


def flush() -> None:
    """Write out what is buffered, before an end that does not do so by itself."""
    _put(sys.stdout, "")
    _put(sys.stderr, "")


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def _most_characters() -> int | None:
    """Give how many fit on a line without its end, None where the terminal does not know."""
    try:
        columns = os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError, AttributeError):
        return None
    return columns - 1 if columns > 1 else None


def _put(stream: TextIO | None, text: str) -> None:
    try:
        if stream is not None:  # None: started with the descriptor closed
            stream.write(text)
            stream.flush()
    except (OSError, ValueError):  # the reader has gone, or the stream was closed
        pass
