"""Which Value Representation an element has where the file does not say.

References
----------
DICOM PS3.5 6.2, Value Representation.
DICOM PS3.6 6, Registry of DICOM Data Elements.
"""

from __future__ import annotations

from functools import cache

from dcmview.dicom.loading import load_pydicom

SWAP_UNITS = {
    **dict.fromkeys(("AT", "OW", "SS", "US"), 2),
    **dict.fromkeys(("FL", "OF", "OL", "SL", "UL"), 4),
    **dict.fromkeys(("FD", "OD", "OV", "SV", "UV"), 8),
}
"""Bytes that change places with the byte order; of all other VRs, none do."""

_VALUE_BYTES = {**SWAP_UNITS, "AT": 4}
MOST_SHORT_BYTES = 0xFFFE
"""Longer values of a VR with a 16-bit length can only be UN (DICOM PS3.5 6.2.2)."""


class PrivateBlocks:
    """Whom the private blocks of one data set or item belong to (DICOM PS3.5 7.8)."""

    def __init__(self) -> None:
        self._creators: dict[int, str] = {}

    def reserve(self, tag: int, creator: bytes) -> None:
        """Note a private creator element."""
        block = tag & 0xFFFF0000 | (tag & 0xFF) << 8
        self._creators[block] = creator.decode("latin-1").strip(" \0")

    def creator_of(self, tag: int) -> str:
        """Give the creator of the block that an element lies in, if there is one."""
        return self._creators.get(tag & 0xFFFFFF00, "")


def dictionary_vr(tag: int, blocks: PrivateBlocks) -> str:
    """Give the VR of an element by the dictionaries, UN where they do not know it.

    It is a choice such as ``US or SS`` where other elements decide.
    """
    if not tag >> 16 & 1:
        return "UL" if tag & 0xFFFF == 0 else _standard_vr(tag)
    if 0x10 <= tag & 0xFFFF <= 0xFF:
        return "LO"
    creator = blocks.creator_of(tag)
    return _private_vr(tag, creator) if creator else "UN"


def fits(vr: str, length: int) -> bool:
    """Whether a value of this length can be of a VR: a file may know better than a dictionary."""
    return length % _VALUE_BYTES.get(vr, 1) == 0


@cache
def _standard_vr(tag: int) -> str:
    load_pydicom()
    from pydicom.datadict import dictionary_VR

    try:
        return str(dictionary_VR(tag))
    except KeyError:
        return "UN"


@cache
def _private_vr(tag: int, creator: str) -> str:
    load_pydicom()
    from pydicom.datadict import private_dictionary_VR

    try:
        vr = str(private_dictionary_VR(tag, creator))
    except KeyError:
        return "UN"
    return vr if " " not in vr else "UN"
