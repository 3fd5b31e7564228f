"""What reaches the terminal, and what each error class makes of the exit code."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import sys
import termios

import pytest

from dcmview import errors
from dcmview.cli import console
from dcmview.errors import DcmviewError


def subclasses(cls):
    for child in cls.__subclasses__():
        yield child
        yield from subclasses(child)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.NothingToShow, 1),
        (errors.UsageError, 2),
        (errors.InvalidWindow, 2),
        (errors.StartError, 3),
        (errors.DecodeFailed, 4),
        (errors.FileGone, 4),
    ],
)
def test_the_exit_code_follows_the_class(error, code):
    assert console.exit_code(error("why")) == code


def test_every_error_has_an_exit_code():
    assert {console.exit_code(cls("why")) for cls in subclasses(DcmviewError)} == {1, 2, 3, 4}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 日本", "plain é 日本"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("two\nlines\r", r"two\nlines\r"),
        ("bidi \u202e txt", r"bidi \u202e txt"),
        ("bytes \udcff", r"bytes \xff"),
        ("\x9b31m", r"\x9b31m"),  # CSI in one byte
    ],
)
def test_nothing_printed_steers_the_terminal(text, shown):
    assert console.printable(text) == shown


def test_an_error_is_one_line_on_standard_error(capsys):
    assert console.report_error(errors.StartError("port 1\nis taken")) == 3
    assert capsys.readouterr() == ("", "dcmview: error: port 1\\nis taken\n")


@pytest.mark.parametrize("stream", [None, io.StringIO()])
def test_a_missing_or_closed_stream_is_no_error(monkeypatch, stream):
    if stream is not None:
        stream.close()
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, stream)
    console.put_stdout("line")
    console.tell("line")
    console.flush()
    assert not console.stderr_is_terminal()


@pytest.mark.parametrize(
    ("columns", "shown"), [(10, "123456789"), (80, "1234567890abc"), (0, None)]
)
def test_a_line_that_is_replaced_takes_one_line_of_the_terminal(monkeypatch, columns, shown):
    primary, secondary = pty.openpty()
    fcntl.ioctl(secondary, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
    with os.fdopen(primary, "rb", 0) as screen, os.fdopen(secondary, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        console.put_transient("1234567890abc")
        assert screen.read(80).decode() == f"\r{shown or '1234567890abc'}\x1b[K"
