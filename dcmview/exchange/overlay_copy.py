"""Copies of files with overlay planes in them.

The planes are put between the elements of the file; every other byte stays
what it is, and no file is ever written to. A copy that is to have a UID of
its own differs in that, too.
"""

from __future__ import annotations

import os
import re
import struct
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from dcmview.annotations.losses import LONGEST_OVERLAY_TEXT
from dcmview.dicom.loading import load_pydicom
from dcmview.dicom.overlays import GROUPS
from dcmview.dicom.recording import recorded_warnings
from dcmview.dicom.source import MemorySource
from dcmview.dicom.spans import (
    GROUP_LENGTH,
    MEDIA_STORAGE_UID,
    META_LENGTH,
    SOP_INSTANCE_UID,
    SPECIFIC_CHARACTER_SET,
    read_spans,
)
from dcmview.errors import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dcmview.dicom.source import ByteSource
    from dcmview.exchange.planes import RoiPlane

_MOST_DATA_BYTES = 0xFFFFFFFE
_PIECE_BYTES = 1 << 20
_HELD_BYTES = 32 << 20
"""Files up to this length are read at once."""
_MOST_TOGETHER = 1024
"""Pieces that are handed to the system at once."""

_ASCII_TO_G0 = b"\x1b(B"
_TO_G0 = re.compile(rb"\x1b(?:\$B|\$\(D|\([BJ])")
"""PS3.5 6.1.2.5.3: a value ends in the character set with which it began."""

_ENDS_EARLY = "the file ends before its end"

Piece = bytes | memoryview


class _Edit(NamedTuple):
    """What comes in the place of some bytes."""

    begin: int
    end: int
    content: Iterable[Piece]


class OverlayCopy:
    """A copy with planes in it, planned and not yet written.

    Parameters
    ----------
    source : ByteSource
        The opened file.
    planes : sequence of RoiPlane
        What is to be put in.
    sop_instance_uid : str
        The UID that the copy gets, empty for that of the file.

    Attributes
    ----------
    groups : dict
        The group that each plane gets.
    left_out : list of RoiPlane
        Those for which no group is free: a file can have sixteen.

    Raises
    ------
    Unreadable
        If the header is damaged.

    References
    ----------
    DICOM PS3.3 C.9.2, Overlay Plane Module.
    DICOM PS3.5 8.1.2, Overlay Data Encoding.
    DICOM PS3.10 7.1, DICOM File Meta Information.
    """

    def __init__(
        self, source: ByteSource, planes: Sequence[RoiPlane], *, sop_instance_uid: str = ""
    ) -> None:
        self._spans = read_spans(source)
        offset, length = self._spans.values.get(SPECIFIC_CHARACTER_SET, (0, 0))
        character_set = (self._spans.inflated or source).pread(offset, length)
        self._encoder = _Encoder(
            self._spans.explicit, self._spans.little_endian, bytes(character_set)
        )
        self._uid = sop_instance_uid.encode()
        taken = {tag >> 16 for tag in self._spans.begins}
        free = [group for group in GROUPS if group not in taken]
        self.groups = dict(zip(free, planes, strict=False))
        self.left_out = list(planes[len(free) :])
        for plane in self.groups.values():
            if plane.data_bytes > _MOST_DATA_BYTES:
                raise Unreadable(
                    f"an overlay over {plane.frame_count:,} frames would be longer than an element"
                )

    def pieces(self, source: ByteSource) -> Iterator[Piece]:
        """Give the bytes of the copy.

        Parameters
        ----------
        source : ByteSource
            The same file, opened.

        Raises
        ------
        Unreadable
            If it cannot be read any more.
        """
        source = held(source)
        spans = self._spans
        if spans.inflated is None:
            edits = (*self._meta_edits(source), *self._dataset_edits(source))
            yield from _edited(source, edits, source.size)
            return
        yield from _edited(source, self._meta_edits(source), spans.dataset_offset)
        inflated = spans.inflated
        yield from _deflated(_edited(inflated, self._dataset_edits(inflated), inflated.size))

    def write(self, source: ByteSource, descriptor: int) -> None:
        """Write the copy into a new, empty file; raises what `pieces` raises, and ``OSError``."""
        added = sum(plane.data_bytes for plane in self.groups.values())
        pieces = list(self.pieces(source)) if source.size + added <= _HELD_BYTES else []
        if 0 < len(pieces) <= _MOST_TOGETHER and hasattr(os, "writev"):
            # In one call, from where they lie: the system lays a file out best that it sees whole.
            if os.writev(descriptor, pieces) == sum(map(len, pieces)):
                return
            os.lseek(descriptor, 0, os.SEEK_SET)
        with os.fdopen(descriptor, "wb", closefd=False) as stream:
            stream.writelines(pieces or self.pieces(source))

    def _meta_edits(self, source: ByteSource) -> Iterator[_Edit]:
        meta = self._spans.meta
        if not self._uid or MEDIA_STORAGE_UID not in meta:
            return
        begin, length = meta[MEDIA_STORAGE_UID]
        value = self._uid + b"\0" * (len(self._uid) % 2)
        if META_LENGTH in meta:
            at, size = meta[META_LENGTH]
            if size == 4:
                (before,) = struct.unpack("<L", source.pread(at, 4))
                after = before + len(value) - length
                yield _Edit(at, at + 4, (struct.pack("<L", after),))
        yield _Edit(begin - 2, begin + length, (struct.pack("<H", len(value)) + value,))

    def _dataset_edits(self, data: ByteSource) -> list[_Edit]:
        """In the order in which they lie, which is another where elements are out of theirs."""
        edits = list(self._uid_edits(data))
        for group, plane in self.groups.items():
            place = self._spans.place_of(group << 16 | 0xFFFF)
            edits.append(_Edit(place, place, self._elements(group, plane)))
        return sorted(edits, key=lambda edit: edit.begin)

    def _uid_edits(self, data: ByteSource) -> Iterator[_Edit]:
        spans = self._spans
        if not self._uid or SOP_INSTANCE_UID not in spans.values:
            return
        begin = spans.begins[SOP_INSTANCE_UID]
        value_offset, length = spans.values[SOP_INSTANCE_UID]
        end = value_offset + length
        element = self._encoder.element(SOP_INSTANCE_UID, "UI", self._uid)
        at, size = spans.values.get(GROUP_LENGTH, (0, 0))
        if size == 4:
            kind = "<L" if spans.little_endian else ">L"
            (before,) = struct.unpack(kind, data.pread(at, 4))
            after = (before + len(element) - (end - begin)) & 0xFFFFFFFF
            yield _Edit(at, at + 4, (struct.pack(kind, after),))
        yield _Edit(begin, end, (element,))

    def _elements(self, group: int, plane: RoiPlane) -> Iterator[bytes]:
        about = _About(
            plane.box.rows,
            plane.box.columns,
            plane.origin,
            plane.frame_count,
            plane.first_frame,
            plane.kind,
            plane.label,
            plane.description,
            plane.data_bytes,
        )
        yield _elements_before_data(self._encoder, group, about)
        yield from plane.packed()


class _About(NamedTuple):
    """What the elements of a plane say, all but its bits."""

    rows: int
    columns: int
    origin: tuple[int, int]
    frame_count: int | None
    first_frame: int
    kind: str
    label: str
    description: str
    data_bytes: int


class _Encoder(NamedTuple):
    """Elements as a file has them."""

    explicit: bool
    little_endian: bool
    character_set: bytes

    def words(self, *values: int) -> bytes:
        """Numbers of 16 bits."""
        return struct.pack(f"{'<' if self.little_endian else '>'}{len(values)}H", *values)

    def element(self, tag: int, vr: str, value: bytes, length: int | None = None) -> bytes:
        """An element, or its head where the value is still to come with a length."""
        if len(value) % 2:
            value += b"\0" if vr == "UI" else b" "
        length = len(value) if length is None else length
        start = self.words(tag >> 16, tag & 0xFFFF)
        long = struct.pack("<L" if self.little_endian else ">L", length)
        if not self.explicit:
            return start + long + value
        if vr in ("OB", "OW"):
            return start + vr.encode() + b"\0\0" + long
        return start + vr.encode() + self.words(length) + value

    def text(self, text: str) -> bytes:
        """A text as the character set of the file has it, what it has not as question marks."""
        plain = "".join("?" if char == "\\" or not char.isprintable() else char for char in text)
        plain = plain[:LONGEST_OVERLAY_TEXT].strip()
        if plain.isascii():
            return plain.encode()
        load_pydicom()
        from pydicom.charset import convert_encodings, default_encoding, encode_string

        named = self.character_set.decode("ascii", "replace").split("\\")
        with recorded_warnings():
            encodings = convert_encodings([part.strip(" \0") for part in named])
            # pydicom reads more than the default repertoire as Latin-1; nobody else need do so.
            encodings = ["ascii" if each == default_encoding else each for each in encodings]
            try:
                encoded = encode_string(plain, encodings)
            except UnicodeEncodeError:
                return plain.encode("ascii", "replace")
        designated = _TO_G0.findall(encoded)
        is_left = encodings[0] == "ascii" and designated and designated[-1] != _ASCII_TO_G0
        return encoded + _ASCII_TO_G0 if is_left else encoded


@lru_cache(maxsize=256)
def _elements_before_data(encoder: _Encoder, group: int, about: _About) -> bytes:
    """The elements of a plane up to its bits: the same for most files of a series."""
    element, words, text = encoder.element, encoder.words, encoder.text
    base = group << 16
    head = [
        element(base | 0x0010, "US", words(about.rows)),
        element(base | 0x0011, "US", words(about.columns)),
    ]
    if about.frame_count is not None:
        head.append(element(base | 0x0015, "IS", b"%d" % about.frame_count))
    if about.description:
        head.append(element(base | 0x0022, "LO", text(about.description)))
    head.append(element(base | 0x0040, "CS", about.kind.encode()))
    head.append(element(base | 0x0050, "SS", words(*about.origin)))
    if about.frame_count is not None:
        head.append(element(base | 0x0051, "US", words(about.first_frame + 1)))
    head.append(element(base | 0x0100, "US", words(1)))
    head.append(element(base | 0x0102, "US", words(0)))
    if about.label:
        head.append(element(base | 0x1500, "LO", text(about.label)))
    # In OB the order of bytes is the same in every transfer syntax; implicit VR has OW.
    vr = "OW" if encoder.little_endian else "OB"
    head.append(element(base | 0x3000, vr, b"", about.data_bytes))
    return b"".join(head)


def held(source: ByteSource) -> ByteSource:
    """Read a source at once, unless it is long or in memory already.

    Raises
    ------
    Unreadable
        If it is shorter than it says.
    """
    if isinstance(source, MemorySource) or source.size > _HELD_BYTES:
        return source
    content = source.pread(0, source.size)
    if len(content) < source.size:
        raise Unreadable(_ENDS_EARLY)
    return MemorySource(content)


def _edited(source: ByteSource, edits: Iterable[_Edit], size: int) -> Iterator[Piece]:
    """Give the bytes of a source up to a size, with edits made."""
    begin = 0
    for edit in edits:
        yield from _between(source, begin, edit.begin)
        yield from edit.content
        begin = edit.end
    yield from _between(source, begin, size)


def _between(source: ByteSource, begin: int, end: int) -> Iterator[Piece]:
    if isinstance(source, MemorySource):
        yield source.view(begin, end)
        return
    while begin < end:
        piece = source.pread(begin, min(_PIECE_BYTES, end - begin))
        if not piece:
            raise Unreadable(_ENDS_EARLY)
        begin += len(piece)
        yield piece


def _deflated(pieces: Iterable[Piece]) -> Iterator[bytes]:
    packing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    length = 0
    for piece in pieces:
        packed = packing.compress(piece)
        length += len(packed)
        yield packed
    rest = packing.flush()
    # PS3.5 A.5: the stream is padded to an even length.
    yield rest + bytes((length + len(rest)) % 2)
