"""The options that say in which window a picture is shown."""

from __future__ import annotations

from typing import Protocol

from dcmview.cli.options import Option
from dcmview.commands.windows import checked_window
from dcmview.errors import UsageError


class WindowOptions(Protocol):
    """What these options are parsed into."""

    @property
    def window(self) -> str | None: ...

    @property
    def voi(self) -> int | None: ...

    @property
    def full_dynamic(self) -> bool: ...


def window_options(panel: str) -> tuple[Option, ...]:
    """Give the rows of the table."""
    return (
        Option(
            "window",
            ("--window",),
            str,
            "C,W",
            "Window centre and width in modality values for grey pictures, in place of that of the "
            "file: -600,1500.",
            panel,
        ),
        Option(
            "voi",
            ("--voi",),
            int,
            "K",
            "The window or VOI LUT of the file with this index, from 0.",
            panel,
        ),
        Option(
            "full_dynamic",
            ("--full-dynamic",),
            bool,
            "",
            "From the lowest to the highest value of the frame.",
            panel,
        ),
    )


def read_window(options: WindowOptions) -> tuple[float, float] | None:
    """Give centre and width where they are asked for.

    Raises
    ------
    UsageError
        If ``--window`` does not hold two numbers.
    RequestError
        If the options make no sense, see `checked_window`.
    """
    window = None if options.window is None else _two_numbers(options.window)
    return checked_window(window, options.voi, full_dynamic=options.full_dynamic, name_of=_flag_of)


def _two_numbers(text: str) -> tuple[float, float]:
    try:
        center, width = (float(part) for part in text.split(","))
    except ValueError as exc:
        raise UsageError(f"--window must be a centre and a width like 40,400, not {text}") from exc
    return center, width


def _flag_of(name: str) -> str:
    return f"--{name.replace('_', '-')}"
