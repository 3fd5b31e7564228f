"""What a file says of the range of its samples, without a parse where that does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcmview.dicom.chain import ChainReader
from dcmview.dicom.chain_layouts import SYNTAX_SLOT
from dcmview.dicom.header import HEAD_BYTES
from dcmview.dicom.header_slots import tag_bytes

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from dcmview.dicom.source import ByteSource

_KEYWORDS = ("SmallestImagePixelValue", "LargestImagePixelValue")
_VRS = (b"US", b"SS")
_WANTED = {
    tag_bytes("00020010"): (SYNTAX_SLOT, (b"UI",)),
    tag_bytes("00280106"): (1, _VRS),
    tag_bytes("00280107"): (2, _VRS),
}

_chains = ChainReader(_WANTED, 3, frozenset())

DeclaredRange = tuple[int | None, int | None]
"""*Smallest Image Pixel Value* (0028,0106) and *Largest Image Pixel Value* (0028,0107)."""


def walked_range(source: ByteSource, *, is_signed: bool) -> DeclaredRange | None:
    """Read the range from the head of a file; None where it has to be parsed."""
    head = source.pread(0, HEAD_BYTES)
    chain = _chains.read(head, source.size, source.pread)
    if chain is None:
        return None
    smallest, largest = (_number(value, is_signed=is_signed) for value in chain.values[1:])
    return smallest, largest


def parsed_range(dataset: Dataset, *, is_signed: bool) -> DeclaredRange:
    """Read the range from a parsed file.

    The VR, US or SS, follows *Pixel Representation* (0028,0103), whatever it says itself.
    """
    from dcmview.dicom import elements

    found: list[int | None] = []
    for keyword in _KEYWORDS:
        raw = elements.raw_bytes(dataset, keyword)
        if raw is not None:
            found.append(_number(raw[0], is_signed=is_signed, is_little=raw[1]))
            continue
        value, _ = elements.number(dataset, keyword)
        found.append(None if value is None else int(value))
    return found[0], found[1]


def _number(value: bytes | None, *, is_signed: bool, is_little: bool = True) -> int | None:
    if value is None or len(value) != 2:
        return None
    return int.from_bytes(value, "little" if is_little else "big", signed=is_signed)
