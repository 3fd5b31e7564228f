"""Items of a sequence, parsed one at a time.

pydicom parses all items when a sequence is first touched. An enhanced object
may hold ten thousand, of which a frame needs one and the tag panel a hundred;
a hostile one holds a million.
"""

from __future__ import annotations

import io
import struct
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

from dcmview.dicom.elements import stored_element

if TYPE_CHECKING:
    from pydicom.dataelem import RawDataElement
    from pydicom.dataset import Dataset

MAX_ITEMS = 100_000
_WALK_LIMIT_S = 5.0

_ITEM = 0xFFFEE000
_UNDEFINED_LENGTH = 0xFFFFFFFF


def sequence_items(dataset: Dataset, element: str | int) -> Sequence[Dataset]:
    """Give the items of a sequence; none where it is absent, damaged or no sequence.

    Parameters
    ----------
    dataset : Dataset
        Holds the sequence.
    element : str or int
        Keyword or tag of the sequence.

    Returns
    -------
    sequence of Dataset
        Parsed when indexed, so ask for each item once. A damaged item is
        empty, those that cannot be found behind damage or follow the first
        `MAX_ITEMS` are missing.
    """
    try:
        raw = stored_element(dataset, element)
        if raw is None:
            return ()
        if raw.is_raw and _is_sequence(raw):
            return _RawItems(raw, dataset.original_character_set)
        converted = dataset[raw.tag]
    except Exception:  # a damaged sequence must not hide the rest
        return ()
    items: Sequence[Dataset] = converted.value
    return items if converted.VR == "SQ" else ()


class _RawItems(Sequence["Dataset"]):
    """Items of a sequence that pydicom has not converted."""

    def __init__(self, raw: RawDataElement, character_set: Any) -> None:
        self._file = io.BytesIO(raw.value or b"")
        self._is_implicit = raw.is_implicit_VR
        self._is_little = raw.is_little_endian
        self._character_set = character_set
        self._begins = self._walk(raw.value or b"")

    def __len__(self) -> int:
        return len(self._begins)

    @overload
    def __getitem__(self, index: int) -> Dataset: ...

    @overload
    def __getitem__(self, index: slice) -> list[Dataset]: ...

    def __getitem__(self, index: int | slice) -> Dataset | list[Dataset]:
        if isinstance(index, slice):
            return [self._item(begin) for begin in self._begins[index]]
        return self._item(self._begins[index])

    def _item(self, begin: int) -> Dataset:
        try:
            return self._parse(begin)
        except Exception:  # the items beside a damaged one are good
            from pydicom.dataset import Dataset

            return Dataset()

    def _parse(self, begin: int) -> Dataset:
        from pydicom.filereader import read_sequence_item

        self._file.seek(begin)
        item = read_sequence_item(
            self._file, self._is_implicit, self._is_little, self._character_set
        )
        assert item is not None  # the walk found an item here
        return item

    def _walk(self, content: bytes) -> list[int]:
        """Find where the items begin, up to the first that is damaged."""
        header = struct.Struct("<HHL" if self._is_little else ">HHL")
        deadline = time.monotonic() + _WALK_LIMIT_S
        begins: list[int] = []
        position = 0
        while position + header.size <= len(content) and len(begins) < MAX_ITEMS:
            group, element, length = header.unpack_from(content, position)
            if group << 16 | element != _ITEM:
                break
            begins.append(position)
            if length != _UNDEFINED_LENGTH:
                position += header.size + length
                continue
            try:
                self._parse(position)  # only parsing finds its end
            except Exception:
                begins.pop()
                break
            position = self._file.tell()
            if time.monotonic() > deadline:
                break
        return begins


def _is_sequence(raw: RawDataElement) -> bool:
    if raw.VR is None or raw.VR == "UN":  # implicit VR, or a writer that did not know better
        from pydicom.datadict import dictionary_has_tag, dictionary_VR

        return dictionary_has_tag(raw.tag) and dictionary_VR(raw.tag) == "SQ"
    return raw.VR == "SQ"
