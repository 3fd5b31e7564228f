"""Is this DICOM at all, and how is it encoded: answered from the first bytes.

Part 10 files say so; others are recognised by a chain of data elements that
fit together (traps of files without preamble or File Meta Information). Nothing
else passes: a text, a picture or an archive has no such chain.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

HEAD_BYTES = 4096
"""How much of a file is looked at."""

PREAMBLE_BYTES = 128
PREFIX = b"DICM"

EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
IMPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2"
EXPLICIT_BIG_ENDIAN = "1.2.840.10008.1.2.2"
ENCAPSULATED_UNCOMPRESSED = "1.2.840.10008.1.2.1.98"

SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_VRS = SHORT_VRS | LONG_VRS
_UNDEFINED_LENGTH = 0xFFFFFFFF
_LAST_GROUP = 0xFFFC  # beyond are items and delimiters

# Elements that must follow each other before a file without a prefix passes, by the group of
# the first. Implicit VR needs more: two small integers make an element.
_ELEMENTS_NEEDED = {0x0002: 2, 0x0004: 3, 0x0008: 2, 0x0010: 4}
_MORE_IF_IMPLICIT = 2
_ELEMENTS_AFTER_STRAY_BYTE = 4


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a file is laid out.

    ``meta_offset`` is None without File Meta Information, then the transfer
    syntax is a guess; ``transfer_syntax_uid`` is empty where meta information
    names none.
    """

    dataset_offset: int
    explicit: bool
    little_endian: bool
    has_preamble: bool
    meta_offset: int | None = None
    transfer_syntax_uid: str = ""


def sniff(head: bytes) -> Encoding | None:
    """Recognise a DICOM file by its first bytes.

    Parameters
    ----------
    head : bytes
        The first `HEAD_BYTES` of the file, or all of it.

    Returns
    -------
    Encoding or None
        None if this is no DICOM file.

    References
    ----------
    DICOM PS3.10 7.1, DICOM File Meta Information.
    """
    has_preamble = head[PREAMBLE_BYTES : PREAMBLE_BYTES + 4] == PREFIX
    if has_preamble:
        begin = PREAMBLE_BYTES + 4
    elif head[:4] == PREFIX:
        begin = 4
    else:
        begin = 0
    is_marked = begin > 0
    if _is_meta(head, begin):
        dataset_offset, uid = _read_meta(head, begin)
        guess = guess_encoding(head, dataset_offset, is_marked=True)
        explicit, little = _likelier(head, dataset_offset, guess, uid)
        return Encoding(dataset_offset, explicit, little, has_preamble, begin, uid)
    guess = guess_encoding(head, begin, is_marked=is_marked)
    if guess is None and not is_marked and _has_stray_byte(head):
        begin, guess = 1, (True, True)
    if guess is None:
        return None
    explicit, little = guess
    uid = IMPLICIT_LITTLE_ENDIAN
    if explicit:
        uid = EXPLICIT_LITTLE_ENDIAN if little else EXPLICIT_BIG_ENDIAN
    return Encoding(begin, explicit, little, has_preamble, None, uid)


def _likelier(
    head: bytes, offset: int, guess: tuple[bool, bool] | None, uid: str
) -> tuple[bool, bool]:
    """What the transfer syntax says, unless the elements speak clearly for the guess.

    Elements out of order, or zeros behind them, make no chain at all. A sequence
    of undefined length looks the same in both byte orders.
    """
    said = (uid != IMPLICIT_LITTLE_ENDIAN, uid != EXPLICIT_BIG_ENDIAN)
    if guess is None or guess == said:
        return said
    of_said, of_guess = (
        _chain_length(head, offset, explicit=explicit, little=little)
        for explicit, little in (said, guess)
    )
    return said if of_said >= of_guess else guess


def guess_encoding(head: bytes, offset: int, *, is_marked: bool) -> tuple[bool, bool] | None:
    """Find (explicit, little endian) of the data set at an offset, None if there is none.

    ``is_marked`` says that something else already speaks for DICOM, so one
    plausible element is enough.
    """
    for little in (True, False):
        group = _unpack(head, offset, "H", little=little) or 0
        if not is_marked and group not in _ELEMENTS_NEEDED:
            continue
        for explicit in (True, False):
            needed = 1
            if not is_marked:
                needed = _ELEMENTS_NEEDED[group] + (0 if explicit else _MORE_IF_IMPLICIT)
            if _chain_length(head, offset, explicit=explicit, little=little) >= needed:
                return explicit, little
    return None


def _has_stray_byte(head: bytes) -> bool:
    """Whether meta information was cut off one byte too early: its last pad byte is left."""
    return (
        head[1:3] == b"\x08\x00"
        and _chain_length(head, 1, explicit=True, little=True) >= _ELEMENTS_AFTER_STRAY_BYTE
    )


def _is_meta(head: bytes, offset: int) -> bool:
    return head[offset : offset + 2] == b"\x02\x00" and head[offset + 4 : offset + 6] in _VRS


def _read_meta(head: bytes, offset: int) -> tuple[int, str]:
    """Walk group 0002, always explicit little endian; give its end and the transfer syntax."""
    uid = ""
    while head[offset : offset + 2] == b"\x02\x00" and offset + 8 <= len(head):
        element = _unpack(head, offset + 2, "H", little=True)
        value_offset, length = _value(head, offset, explicit=True, little=True)
        if length == _UNDEFINED_LENGTH:
            break
        if element == 0x0010:
            value = head[value_offset : value_offset + length]
            uid = _leading_uid(value)
        offset = value_offset + length
    return offset, uid


def _leading_uid(value: bytes) -> str:
    """The UID that a value begins with; a wrong length may add what follows."""
    match = re.match(rb"\s*([0-9.]{1,64})", value)
    return match[1].decode() if match else ""


def _chain_length(head: bytes, offset: int, *, explicit: bool, little: bool) -> int:
    """Count elements in rising order from an offset; 0 if what should be one is none."""
    order = "<" if little else ">"
    unpack_tag = struct.Struct(f"{order}HH").unpack_from
    end = len(head)
    count = 0
    last = -1
    while offset + 8 <= end:
        group, element = unpack_tag(head, offset)
        tag = group << 16 | element
        if tag <= last or group > _LAST_GROUP:
            return 0
        if explicit and head[offset + 4 : offset + 6] not in _VRS:
            return 0
        value_offset, length = _value(head, offset, explicit=explicit, little=little)
        if length == _UNDEFINED_LENGTH:
            return count + 1
        if value_offset + length > end:
            return count  # what leaves the head may be anything
        if not explicit and length % 2:
            return 0
        count += 1
        last = tag
        offset = value_offset + length
    return count


def _value(head: bytes, offset: int, *, explicit: bool, little: bool) -> tuple[int, int]:
    """Give offset and length of the value of the element at an offset."""
    if not explicit:
        return offset + 8, _unpack(head, offset + 4, "L", little=little) or 0
    if head[offset + 4 : offset + 6] in LONG_VRS:
        return offset + 12, _unpack(head, offset + 8, "L", little=little) or 0
    return offset + 8, _unpack(head, offset + 6, "H", little=little) or 0


def _unpack(head: bytes, offset: int, kind: str, *, little: bool) -> int | None:
    size = {"H": 2, "L": 4}[kind]
    if offset + size > len(head):
        return None
    value: int = struct.unpack_from(("<" if little else ">") + kind, head, offset)[0]
    return value
