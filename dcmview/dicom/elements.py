"""Tolerant readers of data elements: what real files get wrong is mended here and said.

Each reader gives ``(value, repairs)`` and never raises. Numbers are parsed
from the bytes of DS and IS, because pydicom refuses what half the world's
scanners write.
"""

from __future__ import annotations

import functools
import math
from collections.abc import MutableSequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dcmview.dicom.keywords import KEYWORDS
from dcmview.dicom.loading import load_pydicom
from dcmview.model import LookupTable, Repair

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

_FULL_TABLE = 65536

# What is read here is short by its nature; a hostile value may hold millions.
_LONGEST_VALUE_BYTES = 16 * 1024


def element_name(keyword: str) -> str:
    """Write an element as *(gggg,eeee) Name*, the form of repairs and messages."""
    tag, name = KEYWORDS.get(keyword) or _from_dictionary(keyword)
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X}) {name}"


def is_several(value: Any) -> bool:
    """Whether an element has several values."""
    return isinstance(value, MutableSequence | tuple)


def stored_element(dataset: Dataset, element: str | int) -> Any:
    """Give an element as pydicom holds it, raw if it was not converted; None where absent."""
    # Without this flag pydicom converts an empty element, and that may fail.
    tag = _tag(element) if isinstance(element, str) else element
    return dataset.get_item(tag, keep_deferred=True)


@functools.cache
def _tag(keyword: str) -> int:
    """Look a keyword up once: pydicom searches its dictionary each time."""
    return (KEYWORDS.get(keyword) or _from_dictionary(keyword))[0]


def _from_dictionary(keyword: str) -> tuple[int, str]:
    """Give tag and name of a keyword that is not asked for in most files."""
    load_pydicom()
    from pydicom.datadict import dictionary_description
    from pydicom.tag import Tag

    tag = Tag(keyword)
    return tag, dictionary_description(tag)


def text(dataset: Dataset, keyword: str) -> str:
    """Give an element as text in its character set, several values joined with a backslash."""
    element = stored_element(dataset, keyword)
    if element is None:
        return ""
    value = element.value
    if element.is_raw and value and len(value) > _LONGEST_VALUE_BYTES:
        return _raw_text(dataset, keyword)
    try:
        converted = dataset[element.tag]
    except Exception:
        return _raw_text(dataset, keyword)
    value = converted.value
    if value is None or converted.VR == "SQ":
        return ""
    if is_several(value):
        return "\\".join(str(part) for part in value).strip()
    return str(value).strip("\0 \t\r\n")


def long_text(dataset: Dataset, keyword: str) -> str:
    """Give an element of one value as text of many lines, which keeps its spaces at the front."""
    element = stored_element(dataset, keyword)
    if element is None:
        return ""
    try:
        value = dataset[element.tag].value
    except Exception:
        return _raw_text(dataset, keyword)
    return value.rstrip("\0 ") if isinstance(value, str) else text(dataset, keyword)


def numbers(dataset: Dataset, keyword: str) -> tuple[tuple[float | None, ...], tuple[Repair, ...]]:
    """Give the finite numbers of an element.

    Returns
    -------
    tuple of values and repairs
        A value a position, None where there is no number, so that several
        elements still match; no values where the element is absent or empty.
    """
    element = stored_element(dataset, keyword)
    if element is None or element.value in (None, b"", ""):
        return (), ()
    if element.is_raw and _is_text_number(element):
        return _parse_numbers(keyword, element.value[:_LONGEST_VALUE_BYTES].decode("latin-1"))
    try:
        converted = dataset[element.tag]
    except Exception as exc:
        return (), (Repair("unreadable-element", element_name(keyword), str(exc), "left out"),)
    value = converted.value
    if converted.VR == "SQ":
        found = "a sequence"
        return (), (Repair("unreadable-element", element_name(keyword), found, "left out"),)
    parts = value if is_several(value) else [value]
    return _parse_numbers(keyword, "\\".join("" if part is None else str(part) for part in parts))


def number(
    dataset: Dataset, keyword: str, default: float | None = None
) -> tuple[float | None, tuple[Repair, ...]]:
    """Give the first number of an element, or the default."""
    found, repairs = numbers(dataset, keyword)
    return (default if not found or found[0] is None else found[0]), repairs


def integer(dataset: Dataset, keyword: str, default: int) -> tuple[int, tuple[Repair, ...]]:
    """Give the first number of an element as a whole number, or the default."""
    found, repairs = number(dataset, keyword)
    return (default if found is None else int(found)), repairs


def raw_bytes(dataset: Dataset, keyword: str) -> tuple[bytes, bool] | None:
    """Give the bytes of an element not converted yet, and whether they are little endian."""
    element = stored_element(dataset, keyword)
    if element is not None and element.is_raw and isinstance(element.value, bytes):
        return element.value, element.is_little_endian
    return None


def read_lut(
    dataset: Dataset, descriptor: str, data: str, *, input_range: tuple[float, float]
) -> tuple[LookupTable | None, tuple[Repair, ...]]:
    """Read a lookup table with its descriptor.

    Parameters
    ----------
    dataset : Dataset
        Holds descriptor and data, an item or the data set itself.
    descriptor, data : str
        Keywords of the descriptor and of the entries.
    input_range : tuple of float
        Lowest and highest value that may be looked up. It decides whether the
        second value of the descriptor is signed, for its VR is often the wrong
        one. The entries never are.

    Returns
    -------
    tuple of LookupTable or None, and repairs
        None where table or descriptor is missing or cannot be understood; the
        repairs say so where the element is there.

    References
    ----------
    DICOM PS3.3 C.11.1.1.1 and C.11.2.1.1, LUT Descriptor.
    """
    described = _descriptor(dataset, descriptor, input_range)
    found = _entry_bytes(dataset, data)
    if described is None:
        if stored_element(dataset, descriptor) is None:
            return None, ()
        return None, (Repair("lut-descriptor", element_name(descriptor), "not three", "no table"),)
    if found is None:
        return None, ()
    count, first_mapped, bits = described
    content, little_endian = found
    repairs: list[Repair] = []
    # 8-bit entries are packed two a word, or sit in a word each.
    is_packed = count <= len(content) < 2 * count
    table = _units(content, packed=is_packed, little_endian=little_endian)[:count]
    if table.size == 0:
        return None, (Repair("lut-empty", element_name(data), "no entries", "no table"),)
    if table.size < count:
        repairs.append(
            Repair("lut-short", element_name(data), f"{table.size} entries", f"not {count}")
        )
    if not 1 <= bits <= 16 or (is_packed and bits > 8):
        used = 8 if int(table.max()) < 256 else 16
        repairs.append(Repair("lut-bits", element_name(descriptor), f"{bits} bits", f"{used}"))
        bits = used
    return LookupTable(first_mapped, table.astype(np.uint16), bits), tuple(repairs)


def read_segmented_lut(
    dataset: Dataset, descriptor: str, data: str, *, input_range: tuple[float, float]
) -> LookupTable | None:
    """Read a palette LUT that is written as segments (DICOM PS3.3 C.7.9.2)."""
    described = _descriptor(dataset, descriptor, input_range)
    found = _entry_bytes(dataset, data)
    if described is None or found is None:
        return None
    count, first_mapped, bits = described
    content, little_endian = found
    is_packed = bits <= 8
    units: list[int] = _units(content, packed=is_packed, little_endian=little_endian).tolist()
    entries: list[int] = []
    _expand(units, 0, None, entries, count, unit_bytes=1 if is_packed else 2)
    if not entries:
        return None
    return LookupTable(first_mapped, np.array(entries[:count], np.uint16), bits)


def _descriptor(
    dataset: Dataset, keyword: str, input_range: tuple[float, float]
) -> tuple[int, int, int] | None:
    """Give number of entries, first mapped value and bits of an entry."""
    words = _words(dataset, keyword)
    if words is None or len(words) < 3:
        return None
    count, first_mapped, bits = words[0] or _FULL_TABLE, words[1], words[2]
    if first_mapped > 0x7FFF:
        low, high = input_range

        def meets(start: int) -> float:
            return min(start + count - 1, high) - max(start, low)

        # US or SS: of the two, the start whose table meets more of the input is meant.
        gain = meets(first_mapped - 0x10000) - meets(first_mapped)
        if gain > 0 or (gain == 0 and low < 0):
            first_mapped -= 0x10000
    return count, first_mapped, bits


def _expand(
    units: list[int],
    offset: int,
    segments: int | None,
    entries: list[int],
    count: int,
    *,
    unit_bytes: int,
) -> None:
    """Carry out segments from an offset, as many as ``segments`` or all."""
    done = 0
    while offset + 2 < len(units) and len(entries) < count and done != segments:
        opcode, length = units[offset], units[offset + 1]
        if opcode == 0:  # discrete
            entries.extend(units[offset + 2 : offset + 2 + length])
            offset += 2 + length
        elif opcode == 1 and length:  # linear
            start, end = entries[-1] if entries else 0, units[offset + 2]
            entries.extend(
                round(start + (end - start) * step / length) for step in range(1, length + 1)
            )
            offset += 3
        elif opcode == 2 and segments is None:  # indirect: earlier segments again
            size = 4 // unit_bytes
            target = sum(
                unit << 8 * unit_bytes * place
                for place, unit in enumerate(units[offset + 2 : offset + 2 + size])
            )
            _expand(units, target // unit_bytes, length, entries, count, unit_bytes=unit_bytes)
            offset += 2 + size
        else:
            return
        done += 1


def _units(content: bytes, *, packed: bool, little_endian: bool) -> NDArray[np.generic]:
    """Give bytes or words as numbers; big endian words hold their two bytes swapped."""
    words = np.frombuffer(content[: len(content) // 2 * 2], "<u2" if little_endian else ">u2")
    if not packed:
        return words
    if little_endian:
        return np.frombuffer(content, np.uint8)
    return words.astype("<u2").view(np.uint8)


def _words(dataset: Dataset, keyword: str) -> list[int] | None:
    raw = raw_bytes(dataset, keyword)
    if raw is not None:
        words: list[int] = _units(raw[0], packed=False, little_endian=raw[1]).tolist()
        return words
    found, _ = numbers(dataset, keyword)
    return [int(value or 0) & 0xFFFF for value in found] or None


def _entry_bytes(dataset: Dataset, keyword: str) -> tuple[bytes, bool] | None:
    raw = raw_bytes(dataset, keyword)
    if raw is not None:
        return raw
    try:
        value: Any = dataset.get(keyword)
        if value is None:
            return None
        if isinstance(value, bytes):
            return value, dataset.original_encoding[1] is not False
        parts = value if is_several(value) else [value]
        return np.array([int(part) & 0xFFFF for part in parts], "<u2").tobytes(), True
    except Exception:
        return None


def _is_text_number(element: Any) -> bool:
    vr = element.VR
    if vr is None or vr == "UN":  # implicit VR, or a writer that did not know better
        from pydicom.datadict import dictionary_VR

        vr = dictionary_VR(element.tag)
    return vr in ("DS", "IS")


def _raw_text(dataset: Dataset, keyword: str) -> str:
    raw = raw_bytes(dataset, keyword)
    return "" if raw is None else raw[0][:_LONGEST_VALUE_BYTES].decode("latin-1").strip("\0 ")


def _parse_numbers(
    keyword: str, content: str
) -> tuple[tuple[float | None, ...], tuple[Repair, ...]]:
    values: list[float | None] = []
    repairs: list[Repair] = []
    for part in content.rstrip("\0 ").split("\\"):
        word = part.strip("\0 \t\r\n")
        value = _parse_number(word) if word else None
        if word and value is None:
            repairs.append(Repair("not-a-number", element_name(keyword), word[:64], "left out"))
        values.append(value)
    return tuple(values), tuple(repairs)


def _parse_number(word: str) -> float | None:
    for candidate in (word, word.replace(",", "."), word.rstrip(".")):
        try:
            value = float(candidate)
        except ValueError:
            continue
        if math.isfinite(value) and "_" not in word:
            return value
    return None
