"""Values of data elements that are just as the Standard wants them.

What is not plain is declined: pydicom then reads it, warns of it and mends it.
So nothing here is tolerant, and what it gives is what pydicom would give.
"""

from __future__ import annotations

import re
import struct
from typing import Any


class Declined(Exception):
    """Something is not plain."""


# Single-byte character sets and UTF-8: nothing in them can be taken for a backslash.
CODECS = {
    b"": "ascii",
    b"ISO_IR 6": "ascii",
    b"ISO_IR 100": "latin-1",
    b"ISO_IR 101": "iso8859-2",
    b"ISO_IR 126": "iso8859-7",
    b"ISO_IR 144": "iso8859-5",
    b"ISO_IR 192": "utf-8",
}

_DATE = rb"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
UI = re.compile(rb"(?=[0-9.]{1,64}\0?\Z)((?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))*)\0?")
IS = re.compile(rb"(?=.{1,12}\Z)(-?[0-9]{1,9}) *")
CS = re.compile(rb"(?=.{1,16}\Z)([A-Z0-9_](?:[A-Z0-9 _]*[A-Z0-9_])?)? *")
DA = re.compile(rb"(" + _DATE + rb")")
TM = re.compile(rb"((?:[01][0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9](?:\.[0-9]{1,6})?)?) ?")
DT = re.compile(rb"(" + _DATE + rb"(?:[01][0-9]|2[0-3])[0-5][0-9][0-5][0-9](?:\.[0-9]{1,6})?) ?")
_NUMBER = rb"[+-]?(?:[0-9]{1,15}(?:\.[0-9]{0,15})?|\.[0-9]{1,15})(?:[eE][+-]?[0-9]{1,2})?"
_DS = re.compile(rb" *" + _NUMBER + rb" *(?:\\ *" + _NUMBER + rb" *)*")
ONE_DS = re.compile(rb"(?=.{1,16}\Z)(" + _NUMBER + rb") *")
_AS = re.compile(rb"([0-9]{3}[DWMY])")
_TEXT = re.compile(r"[^\x00-\x1f\x7f-\x9f\\]*")
_NAME = re.compile(r"[^^=]*(?:\^[^^=]*){0,4}")
_LONGEST = 64  # characters of LO and of a component group of PN
_LONGEST_SHORT = 16
_PATTERN_BY_VR = {
    "AS": _AS,
    "CS": CS,
    "DA": DA,
    "DS": ONE_DS,
    "DT": DT,
    "IS": IS,
    "TM": TM,
    "UI": UI,
}
_LARGEST = 1e12  # of what is measured here; written out, it has no exponent


def code(raw: bytes | None, pattern: re.Pattern[bytes]) -> str:
    """Give the one value of a VR that is ASCII by its nature, empty where absent."""
    if not raw:
        return ""
    match = pattern.fullmatch(raw)
    if match is None:
        raise Declined
    return (match[1] or b"").decode("ascii")


def text(raw: bytes | None, codec: str) -> str:
    """Give the one value of an LO."""
    if not raw:
        return ""
    found = raw.decode(codec)
    if len(found) > _LONGEST:
        raise Declined
    found = found.rstrip(" \0")
    if _TEXT.fullmatch(found) is None:
        raise Declined
    return found.strip(" ")


def name(raw: bytes | None, codec: str) -> str:
    """Give the one value of a PN that has no ideographic or phonetic group."""
    found = text(raw, codec)
    if _NAME.fullmatch(found) is None:
        raise Declined
    return found


def text_of(raw: bytes | None, vr: str, codec: str) -> str:
    """Give the text of an element by its VR, as far as that is simple."""
    if not raw:
        return ""
    if vr in _PATTERN_BY_VR:
        return code(raw, _PATTERN_BY_VR[vr])
    if vr == "PN":
        return name(raw, codec)
    if vr == "US":
        return str(whole(raw))
    if vr == "LO" or (vr == "SH" and len(raw) <= _LONGEST_SHORT):
        return text(raw, codec)
    raise Declined


def whole(raw: bytes | None) -> int:
    """Give the one value of a US."""
    if raw is None or len(raw) != 2:
        raise Declined
    return raw[0] | raw[1] << 8


def double(raw: bytes | None) -> float | None:
    """Give the one value of an FD, None where absent."""
    if not raw:
        return None
    if len(raw) != 8:
        raise Declined
    value: float = struct.unpack("<d", raw)[0]
    if not abs(value) < _LARGEST:
        raise Declined
    return value


def decimals(raw: bytes | None) -> list[float]:
    """Give the values of a DS."""
    if not raw:
        return []
    if _DS.fullmatch(raw) is None:
        raise Declined
    return [float(part) for part in raw.split(b"\\")]


def decimal(raw: bytes | None) -> float | None:
    """Give the first value of a DS, None where absent."""
    return decimals(raw)[0] if raw else None


def several(raw: bytes | None, count: int) -> Any:
    """Give the values of a DS if there are as many as there must be."""
    values = decimals(raw)
    return tuple(values) if len(values) == count else None


def vector(raw: bytes | None) -> tuple[float, float, float] | None:
    """Give the three values of a DS; None where there are others."""
    values = decimals(raw)
    return (values[0], values[1], values[2]) if len(values) == 3 else None
