"""What DICOM elements can hold of our texts and numbers."""

from __future__ import annotations

import re
import struct

_NOT_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_LOST_IN_TEXT = re.compile(_NOT_IN_TEXT.pattern + r"| \Z")
_DIGITS_OF_SINGLE = 9
_TINY = 1e-37
"""Below, 32 bits have fewer digits."""


def plain_text(text: str) -> str:
    """Give a text without the control characters that DICOM text cannot hold."""
    return _NOT_IN_TEXT.sub("\N{REPLACEMENT CHARACTER}", text)


def is_plain_text(text: str) -> bool:
    """Whether a text comes back from DICOM as it is; spaces at its end do not count there."""
    return _LOST_IN_TEXT.search(text) is None


def single(value: float) -> int | float:
    """Give a number as DICOM keeps it in 32 bits, in as few digits as name it.

    Examples
    --------
    >>> single(0.1), single(16777217), single(1 / 3)
    (0.1, 16777216, 0.33333334)
    """
    kept = _in_32_bits(value)
    if kept.is_integer():
        return int(kept)
    for digits in range(1, _DIGITS_OF_SINGLE):
        short = float(f"{kept:.{digits}g}")
        if _in_32_bits(short) == kept:
            return short
    return float(f"{kept:.{_DIGITS_OF_SINGLE}g}")


def is_single(value: float) -> bool:
    """Whether a number comes back from 32 bits as it is; any of 6 digits does that is not tiny."""
    is_short = float(f"{value:.6g}") == value and abs(value) > _TINY
    return is_short or single(value) == value


def _in_32_bits(value: float) -> float:
    try:
        kept: float = struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return float(value)
    return kept
