"""Overlays in the unused bits of pixels, which no compressed frame can keep there.

They move into Overlay Data, where the Standard wants them since 2004.

References
----------
DICOM PS3.3 C.9.2, Overlay Plane Module.
DICOM PS3.5 8.1.2, Overlay Data Encoding.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

import numpy as np

from dcmview.dicom.frames import frame_table
from dcmview.dicom.overlays import GROUPS, embedded_plane
from dcmview.dicom.rle import decode_rle
from dcmview.dicom.samples import native_cells
from dcmview.dicom.transfer import Codec
from dcmview.errors import CannotTranscode
from dcmview.model import SampleKind
from dcmview.transcoding.dataset import NewElement
from dcmview.transcoding.writing import MOST_ELEMENT_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from dcmview.transcoding.dataset import Changes
    from dcmview.transcoding.original import Original

_ROWS, _COLUMNS, _FRAMES, _FRAME_ORIGIN = 0x0010, 0x0011, 0x0015, 0x0051
_BITS_ALLOCATED, _BIT_POSITION, _DATA = 0x0100, 0x0102, 0x3000


def overlays_moved(original: Original) -> Changes:
    """Give Overlay Data for the planes that lie in the pixels of a file.

    Raises
    ------
    CannotTranscode
        If they would be longer than an element can be.
    InstanceError
        If a frame cannot be read.
    """
    changes: Changes = {}
    layout = original.layout
    for group, position in _embedded(original):
        size = -(-layout.rows * layout.columns * layout.frame_count // 16) * 2
        if size > MOST_ELEMENT_BYTES:
            raise CannotTranscode("an overlay in its pixels would be longer than an element can be")
        content = b"".join(_packed(original, position))
        numbers = {
            _ROWS: layout.rows,
            _COLUMNS: layout.columns,
            _BITS_ALLOCATED: 1,
            _BIT_POSITION: 0,
        }
        if layout.frame_count > 1:
            numbers[_FRAME_ORIGIN] = 1
            count = b"%d" % layout.frame_count
            changes[group << 16 | _FRAMES] = NewElement(
                group << 16 | _FRAMES, "IS", count + b" " * (len(count) % 2)
            )
        for number, value in numbers.items():
            tag = group << 16 | number
            changes[tag] = NewElement(tag, "US", struct.pack("<H", value))
        tag = group << 16 | _DATA
        changes[tag] = NewElement(tag, "OW", content + bytes(size - len(content)))
    return changes


def _embedded(original: Original) -> Iterator[tuple[int, int]]:
    """Groups whose plane is a bit of each pixel, and which one."""
    layout, attributes = original.layout, original.attributes
    can_hide = (
        layout.kind is SampleKind.INTEGER
        and layout.samples_per_pixel == 1
        and layout.bits_allocated in (8, 16, 32)
        and original.syntax.codec in (Codec.NATIVE, Codec.RLE)
    )
    lowest = layout.high_bit + 1 - layout.bits_stored
    for group in GROUPS if can_hide else ():
        position = attributes.number(group << 16 | _BIT_POSITION)
        is_plane = attributes.number(group << 16 | _ROWS) and not attributes.raw(
            group << 16 | _DATA
        )
        if not is_plane or position is None or position >= layout.bits_allocated:
            continue
        if not lowest <= position <= layout.high_bit:
            yield group, position


def _packed(original: Original, position: int) -> Iterator[bytes]:
    """The bits of frame after frame without gaps, the first pixel in the lowest bit of a byte."""
    layout = original.layout
    batch = 8 // math.gcd(8, layout.rows * layout.columns)  # so many frames fill whole bytes
    waiting: list[NDArray[np.bool_]] = []
    for cells in _cells(original):
        waiting.append(embedded_plane(cells, layout, position))
        if len(waiting) == batch:
            yield np.packbits(np.concatenate(waiting), bitorder="little").tobytes()
            waiting.clear()
    if waiting:
        yield np.packbits(np.concatenate(waiting), bitorder="little").tobytes()


def _cells(original: Original) -> Iterator[NDArray[np.generic]]:
    layout, location = original.layout, original.location
    assert location is not None
    table = frame_table(original.data, location, layout, original.syntax)
    for frame_index in range(table.frame_count):
        frame = table.frame_bytes(original.data, frame_index)
        if original.syntax.codec is Codec.RLE:
            yield decode_rle(bytes(frame), layout)[0]
        else:
            yield native_cells(frame, layout, little_endian=location.little_endian)
