"""What a thumbnail is to be like: the same for commands, API and Python."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from dcmview.errors import RequestError
from dcmview.model import DisplayRequest, PictureFormat

if TYPE_CHECKING:
    from dcmview.model import VoiFunction

DEFAULT_SIZE_PX = 200
DEFAULT_QUALITY = 85
SIZES_PX = (8, 4096)

_NAMED_COLORS = {"black": (0, 0, 0), "white": (255, 255, 255), "grey": (128, 128, 128)}
_HEX_COLOR = re.compile(r"#?([0-9a-fA-F]{6})")

Color = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""


class FrameChoice(StrEnum):
    """Which frame of several stands for a file."""

    FIRST = "first"
    MIDDLE = "middle"
    MAX = "max"
    """The one with the highest mean."""
    MEDIAN = "median"
    """The one whose mean is the median of all frames' means."""


@dataclass(frozen=True, slots=True)
class ThumbnailSettings:
    """What a thumbnail is to be like; travels to other processes, and is part of cache keys.

    ``request`` holds window, size, format and quality. With a ``background`` the
    picture is put in the middle of a square of the whole size. ``label`` burns modality
    and series number in.
    """

    request: DisplayRequest = field(
        default_factory=lambda: DisplayRequest(
            format=PictureFormat.JPEG, size_px=DEFAULT_SIZE_PX, quality=DEFAULT_QUALITY
        )
    )
    frame: FrameChoice | int = FrameChoice.MIDDLE
    background: Color | None = None
    label: bool = False

    @property
    def size_px(self) -> int:
        """The most pixels of the longer side."""
        assert self.request.size_px is not None
        return self.request.size_px


def make_settings(
    *,
    size_px: int = DEFAULT_SIZE_PX,
    picture_format: PictureFormat = PictureFormat.JPEG,
    quality: int = DEFAULT_QUALITY,
    frame: str | int = FrameChoice.MIDDLE,
    background: str | None = None,
    window: tuple[float, float] | None = None,
    window_function: VoiFunction | None = None,
    voi: int | None = None,
    full_dynamic: bool = False,
    label: bool = False,
) -> ThumbnailSettings:
    """Check what was asked for.

    Raises
    ------
    RequestError
        If there is no such size, quality, frame or colour.
    """
    request = DisplayRequest(
        window=window,
        window_function=window_function,
        voi=voi,
        full_dynamic=full_dynamic,
        format=picture_format,
    )
    settings = ThumbnailSettings(
        frame=read_frame_choice(frame),
        background=None if background is None else read_color(background),
        label=label,
    )
    return with_request(settings, request, size_px=size_px, quality=quality)


def with_request(
    settings: ThumbnailSettings, request: DisplayRequest, *, size_px: int, quality: int
) -> ThumbnailSettings:
    """Give settings with a request of a checked size and quality."""
    least, most = SIZES_PX
    if not least <= size_px <= most:
        raise RequestError(f"size must be from {least} to {most}, not {size_px}")
    if not 1 <= quality <= 100:
        raise RequestError(f"quality must be from 1 to 100, not {quality}")
    # PNG has no quality, and the same picture must not have two keys.
    is_exact = request.format is PictureFormat.PNG
    request = replace(request, size_px=size_px, quality=None if is_exact else quality)
    return replace(settings, request=request)


def read_frame_choice(text: str | int) -> FrameChoice | int:
    """Read a frame index, or the name of a choice.

    Examples
    --------
    >>> read_frame_choice("7"), read_frame_choice("median")
    (7, <FrameChoice.MEDIAN: 'median'>)
    """
    if isinstance(text, FrameChoice):
        return text
    if str(text).isascii() and str(text).isdigit() and len(str(text)) < 10:
        return int(text)
    try:
        return FrameChoice(str(text))
    except ValueError as exc:
        known = ", ".join(FrameChoice)
        raise RequestError(f"frame must be one of {known}, or an index, not {text!r}") from exc


def read_color(text: str) -> Color:
    """Read a colour.

    Examples
    --------
    >>> read_color("white"), read_color("#0a0B0c")
    ((255, 255, 255), (10, 11, 12))
    """
    named = _NAMED_COLORS.get(text.lower())
    if named is not None:
        return named
    match = _HEX_COLOR.fullmatch(text)
    if match is None:
        known = ", ".join(_NAMED_COLORS)
        raise RequestError(f"a colour is one of {known} or like #20242a, not {text!r}")
    red, green, blue = bytes.fromhex(match[1])
    return red, green, blue
