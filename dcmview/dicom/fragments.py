"""Fragments of encapsulated pixel data, and which of them make a frame (DICOM PS3.5 A.4)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dcmview.errors import DecodeFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcmview.dicom.source import ByteSource, PixelLocation
    from dcmview.dicom.transfer import TransferSyntax

MAX_FRAGMENTS = 200_000  # two hours of cine at 25 frames a second; a bomb holds millions

_ITEM = (0xFFFE, 0xE000)
_SEQUENCE_DELIMITATION = (0xFFFE, 0xE0DD)
_UNDEFINED_LENGTH = 0xFFFFFFFF
_ITEM_HEADER = struct.Struct("<HHI")


@dataclass(frozen=True, slots=True)
class Fragment:
    """Value of one item of encapsulated Pixel Data."""

    offset: int
    length: int


def walk_items(source: ByteSource, location: PixelLocation) -> tuple[list[Fragment], bool]:
    """Items of the value and whether a Sequence Delimitation Item ended them."""
    items: list[Fragment] = []
    position = location.offset
    end = source.size
    if location.length is not None:
        end = min(end, location.offset + location.length)
    odd = False
    while position + _ITEM_HEADER.size <= end:
        group, element, length = _ITEM_HEADER.unpack(source.pread(position, _ITEM_HEADER.size))
        if (group, element) == _SEQUENCE_DELIMITATION:
            return items, True
        if (group, element) != _ITEM or length == _UNDEFINED_LENGTH:
            if not odd:
                break
            position += 1  # a pad byte that an odd length left out
            odd = False
            continue
        if len(items) > MAX_FRAGMENTS:
            raise DecodeFailed(f"more than {MAX_FRAGMENTS} fragments in Pixel Data (7FE0,0010)")
        position += _ITEM_HEADER.size
        items.append(Fragment(position, min(length, end - position)))
        position += length
        odd = length % 2 == 1
    # A value of defined length needs no delimiter if its items fill it.
    return items, location.length is not None and position == location.offset + location.length


def table_offsets(source: ByteSource, location: PixelLocation, table: Fragment) -> tuple[int, ...]:
    """Absolute position of the first item header of each frame, as the tables have it."""
    first = table.offset + table.length
    if location.extended_offsets:
        count = len(location.extended_offsets) // 8
        relative = struct.unpack(f"<{count}Q", location.extended_offsets[: count * 8])
    else:
        count = min(table.length // 4, MAX_FRAGMENTS)
        entries = source.pread(table.offset, count * 4)
        count = len(entries) // 4
        relative = struct.unpack(f"<{count}I", entries[: count * 4])
    return tuple(first + offset for offset in relative)


def frames_by_offsets(
    fragments: Sequence[Fragment], offsets: Sequence[int]
) -> list[tuple[Fragment, ...]] | None:
    """Fragments grouped by an offset table, None where it is empty or contradicts them."""
    if not offsets or not fragments:
        return None
    position_of = {
        fragment.offset - _ITEM_HEADER.size: position for position, fragment in enumerate(fragments)
    }
    last = fragments[-1].offset + fragments[-1].length
    starts: list[int] = []
    for offset in offsets:
        if offset >= last and starts:
            break  # the file is cut short before this frame
        position = position_of.get(offset)
        if position is None or (starts and position <= starts[-1]):
            return None
        starts.append(position)
    if starts[0] != 0:
        return None
    return _split(fragments, starts)


def frames_by_markers(
    source: ByteSource,
    fragments: Sequence[Fragment],
    frame_count: int,
    transfer_syntax: TransferSyntax,
) -> list[tuple[Fragment, ...]]:
    """Group fragments without a table.

    As many fragments as frames are one each. Otherwise a frame begins where a
    fragment begins with the start marker of its codestream; bytes in the middle
    of a codestream may look so too, so where that gives another number than
    declared, the fragment before has to end with the end marker.
    """
    if len(fragments) <= frame_count:
        return [(fragment,) for fragment in fragments]
    from dcmview.dicom.codestream import ends_codestream, starts_codestream

    codec = transfer_syntax.codec
    starts = [
        position
        for position, fragment in enumerate(fragments)
        if starts_codestream(source.pread(fragment.offset, min(fragment.length, 16)), codec)
    ]
    if not starts or starts[0] != 0:
        # No marker to go by. One frame takes all; of several, RLE and the like
        # have one fragment each (DICOM PS3.5 A.4.2), so the rest is excess.
        if frame_count == 1:
            return [tuple(fragments)]
        return [(fragment,) for fragment in fragments[:frame_count]]
    if len(starts) != frame_count:
        confirmed = [
            position
            for position in starts
            if position == 0 or ends_codestream(_tail(source, fragments[position - 1]), codec)
        ]
        starts = confirmed
    return _split(fragments, starts)


def _tail(source: ByteSource, fragment: Fragment) -> bytes:
    """Last bytes of a fragment: an end marker and the padding that may follow it."""
    length = min(fragment.length, 16)
    return source.pread(fragment.offset + fragment.length - length, length)


def _split(fragments: Sequence[Fragment], starts: Sequence[int]) -> list[tuple[Fragment, ...]]:
    ends = [*starts[1:], len(fragments)]
    return [tuple(fragments[start:end]) for start, end in zip(starts, ends, strict=True)]


def without_padding(
    frames: Sequence[tuple[Fragment, ...]], extended_lengths: bytes
) -> list[tuple[Fragment, ...]]:
    """Cut frames of one fragment to the lengths of (7FE0,0002) Extended Offset Table Lengths."""
    count = len(extended_lengths) // 8
    lengths = struct.unpack(f"<{count}Q", extended_lengths[: count * 8])
    trimmed = list(frames)
    for index, (frame, length) in enumerate(zip(frames, lengths, strict=False)):
        if len(frame) == 1 and 0 < length < frame[0].length:
            trimmed[index] = (Fragment(frame[0].offset, length),)
    return trimmed
