"""ROIs as 60xx overlay planes in copies of their files.

The planes are put between the elements of the file; every other byte stays
what it is, and no file is ever written to.
"""

from __future__ import annotations

import math
import struct
import zlib
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydicom.charset import convert_encodings, default_encoding, encode_string

from dcmview.annotations.losses import LONGEST_OVERLAY_TEXT
from dcmview.dicom.recording import recorded_warnings
from dcmview.dicom.source import open_member, open_source, read_member
from dcmview.dicom.spans import read_spans
from dcmview.errors import Unreadable
from dcmview.exchange.raster import REGION_KINDS, union_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from dcmview.annotations.roi import Roi
    from dcmview.dicom.source import ByteSource
    from dcmview.dicom.spans import Spans
    from dcmview.registry.registry import Entry

GROUPS = range(0x6000, 0x6020, 2)
_SPECIFIC_CHARACTER_SET = 0x00080005
_MOST_DATA_BYTES = 0xFFFFFFFE
_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class RoiPlane:
    """What becomes an overlay: ROIs of one label and layer.

    ``first_frame`` and ``frame_count`` say which frames it lies over; without a
    count it is one plane for all of them.
    """

    label: str
    description: str
    rois: tuple[Roi, ...]
    rows: int
    columns: int
    first_frame: int = 0
    frame_count: int | None = None

    @property
    def data_bytes(self) -> int:
        """Length of the data, padded to be even."""
        bits = self.rows * self.columns * (self.frame_count or 1)
        return -(-bits // 16) * 2

    def bits(self, frame_index: int) -> NDArray[np.bool_]:
        """The pixels of its ROIs on a frame."""
        present = [roi for roi in self.rois if roi.frames == "all" or frame_index in roi.frames]
        return union_of(present, self.rows, self.columns)


def planes_of(entry: Entry, rois: Sequence[Roi]) -> list[RoiPlane]:
    """Give a plane for each label of each layer of the ROIs of a file that have an inside."""
    header = entry.header.shared
    together: dict[tuple[str, str], list[Roi]] = {}
    for roi in rois:
        if roi.kind in REGION_KINDS:
            together.setdefault((roi.group, roi.label), []).append(roi)
    planes = []
    for (group, label), some in sorted(together.items()):
        first, count = 0, None
        if header.frame_count > 1 and any(roi.frames != "all" for roi in some):
            listed = [frame for roi in some if roi.frames != "all" for frame in roi.frames]
            is_everywhere = any(roi.frames == "all" for roi in some)
            first = 0 if is_everywhere else min(listed)
            last = header.frame_count - 1 if is_everywhere else max(listed)
            count = last - first + 1
        planes.append(
            RoiPlane(label, group, tuple(some), header.rows, header.columns, first, count)
        )
    return planes


class OverlayCopy:
    """A copy of a file with planes in it, planned and not yet read.

    Parameters
    ----------
    entry : Entry
        The file.
    planes : sequence of RoiPlane
        What is to be put in.

    Attributes
    ----------
    groups : dict
        The group that each plane gets.
    left_out : list of RoiPlane
        Those for which no group is free: a file can have sixteen.

    Raises
    ------
    FileGone, FileChanged, Unreadable
        If it is not the file that was listed, or its header is damaged.

    References
    ----------
    DICOM PS3.3 C.9.2, Overlay Plane Module.
    DICOM PS3.5 8.1.2, Overlay Data Encoding.
    """

    def __init__(self, entry: Entry, planes: Sequence[RoiPlane]) -> None:
        self._entry = entry
        with self._open() as source:
            self._spans = read_spans(source, frozenset([_SPECIFIC_CHARACTER_SET]))
            self._encodings = _encodings(self._spans, source)
        taken = {tag >> 16 for tag in self._spans.begins}
        free = [group for group in GROUPS if group not in taken]
        self.groups = dict(zip(free, planes, strict=False))
        self.left_out = list(planes[len(free) :])
        for plane in self.groups.values():
            if plane.data_bytes > _MOST_DATA_BYTES:
                raise Unreadable(
                    f"an overlay over {plane.frame_count:,} frames would be longer than an element"
                )

    def pieces(self) -> Iterator[bytes]:
        """Give the bytes of the copy.

        Raises
        ------
        FileGone, FileChanged, Unreadable
            If the file cannot be read any more.
        """
        with self._open() as source:
            begin = self._spans.dataset_offset
            if self._spans.inflated is None:
                yield from self._spliced(source, 0, source.size)
                return
            yield source.pread(0, begin)
            inflated = self._spans.inflated
            yield from _deflated(self._spliced(inflated, 0, inflated.size))

    def _spliced(self, source: ByteSource, begin: int, end: int) -> Iterator[bytes]:
        for group, plane in self.groups.items():
            place = self._spans.place_of(group << 16 | 0xFFFF)
            yield from _read(source, begin, place)
            yield from self._elements(group, plane)
            begin = place
        yield from _read(source, begin, end)

    def _open(self) -> AbstractContextManager[ByteSource]:
        member, stamp = self._entry.member, self._entry.stamp
        if member is None:
            return open_source(self._entry.path, expected=stamp)
        if member.is_compressed:
            return nullcontext(read_member(member, expected=stamp))
        return open_member(member, expected=stamp)

    def _elements(self, group: int, plane: RoiPlane) -> Iterator[bytes]:
        order = "<" if self._spans.little_endian else ">"

        def words(*values: int) -> bytes:
            return struct.pack(f"{order}{len(values)}H", *values)

        def element(number: int, vr: str, value: bytes, length: int | None = None) -> bytes:
            pad = b"" if len(value) % 2 == 0 else b" "
            length = len(value + pad) if length is None else length
            tag = words(group, number)
            if not self._spans.explicit:
                return tag + struct.pack(order + "L", length) + value + pad
            if vr in ("OB", "OW"):
                return tag + vr.encode() + words(0) + struct.pack(order + "L", length)
            return tag + vr.encode() + words(length) + value + pad

        yield element(0x0010, "US", words(plane.rows))
        yield element(0x0011, "US", words(plane.columns))
        if plane.frame_count is not None:
            yield element(0x0015, "IS", b"%d" % plane.frame_count)
        if plane.description:
            yield element(0x0022, "LO", self._text(plane.description))
        yield element(0x0040, "CS", b"R")
        yield element(0x0050, "SS", words(1, 1))
        if plane.frame_count is not None:
            yield element(0x0051, "US", words(plane.first_frame + 1))
        yield element(0x0100, "US", words(1))
        yield element(0x0102, "US", words(0))
        if plane.label:
            yield element(0x1500, "LO", self._text(plane.label))
        # In OB the order of bytes is the same in every transfer syntax; implicit VR has OW.
        vr = "OW" if self._spans.little_endian else "OB"
        yield element(0x3000, vr, b"", plane.data_bytes)
        yield from _packed(plane)

    def _text(self, text: str) -> bytes:
        """A text as the character set of the file has it, what it has not as question marks."""
        plain = "".join("?" if char == "\\" or not char.isprintable() else char for char in text)
        plain = plain[:LONGEST_OVERLAY_TEXT].strip()
        with recorded_warnings():
            try:
                return encode_string(plain, self._encodings)
            except UnicodeEncodeError:
                return plain.encode("ascii", "replace")


def _encodings(spans: Spans, source: ByteSource) -> list[str]:
    offset, length = spans.values.get(_SPECIFIC_CHARACTER_SET, (0, 0))
    value = (spans.inflated or source).pread(offset, length).decode("ascii", "replace")
    with recorded_warnings():
        encodings = convert_encodings([part.strip(" \0") for part in value.split("\\")])
    # pydicom reads more than the default repertoire as Latin-1; nobody else need do so.
    return ["ascii" if each == default_encoding else each for each in encodings]


def _packed(plane: RoiPlane) -> Iterator[bytes]:
    """The bits of frame after frame without gaps, the first pixel in the lowest bit of a byte."""
    end = plane.first_frame + (plane.frame_count or 1)
    left = plane.data_bytes
    # So many frames fill whole bytes.
    batch = 8 // math.gcd(8, plane.rows * plane.columns)
    for first in range(plane.first_frame, end, batch):
        frames = [plane.bits(frame_index) for frame_index in range(first, min(first + batch, end))]
        packed = np.packbits(np.concatenate(frames), bitorder="little").tobytes()
        left -= len(packed)
        yield packed
    yield bytes(left)


def _deflated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    packing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    length = 0
    for piece in pieces:
        packed = packing.compress(piece)
        length += len(packed)
        yield packed
    rest = packing.flush()
    # PS3.5 A.5: the stream is padded to an even length.
    yield rest + bytes((length + len(rest)) % 2)


def _read(source: ByteSource, begin: int, end: int) -> Iterator[bytes]:
    while begin < end:
        piece = source.pread(begin, min(_PIECE_BYTES, end - begin))
        if not piece:
            raise Unreadable("the file ends before its end")
        begin += len(piece)
        yield piece
