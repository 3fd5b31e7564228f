"""Where each frame lies in a file: the structure is read once, then one read a frame.

Frames are not fragments: an encapsulated frame may be spread over several
fragments, and the tables that say which are often empty or wrong (DICOM PS3.5
A.4); `fragments` groups them. Nothing is decoded here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dcmview.dicom.fragments import (
    frames_by_markers,
    frames_by_offsets,
    table_offsets,
    walk_items,
    without_padding,
)
from dcmview.dicom.samples import CHROMA_SUBSAMPLED, check_layout, frame_bits
from dcmview.dicom.source import FileSource
from dcmview.dicom.transfer import require_supported
from dcmview.errors import DecodeFailed, FrameOutOfRange, Truncated
from dcmview.model import Repair

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcmview.dicom.fragments import Fragment
    from dcmview.dicom.source import ByteSource, PixelLocation
    from dcmview.dicom.transfer import TransferSyntax
    from dcmview.model import PixelLayout

# numpy asks the system for large pages, so that memory of this size comes at half the cost.
_LARGE_BYTES = 4 * 1024 * 1024

_NUMBER_OF_FRAMES = "(0028,0008) Number of Frames"
_PIXEL_DATA = "(7FE0,0010) Pixel Data"


@dataclass(frozen=True, slots=True)
class FrameTable(ABC):
    """Byte ranges of the frames of one instance.

    ``frame_count`` is *Number of Frames* (0028,0008) reconciled with the data;
    ``repairs`` says where the two differed.
    """

    frame_count: int
    repairs: tuple[Repair, ...]

    def frame_bytes(self, source: ByteSource, frame_index: int) -> bytes | NDArray[np.uint8]:
        """Read the encoded bytes of one frame, with a single read of the file.

        A large uncompressed frame comes as an array that may be changed: its
        memory becomes that of the samples.

        Parameters
        ----------
        source : ByteSource
            The file that the table was made of.
        frame_index : int
            0-based.

        Returns
        -------
        bytes or ndarray of uint8
            The frame without item headers; shorter than it should be where the
            file is cut short within it.

        Raises
        ------
        FrameOutOfRange
            If the instance has no such frame.
        Truncated
            If the file ends before the frame begins.
        """
        if not 0 <= frame_index < self.frame_count:
            raise FrameOutOfRange(
                f"frame {frame_index} does not exist, the file has {self.frame_count}",
                frame_index=frame_index,
                frame_count=self.frame_count,
            )
        frame = self._read(source, frame_index)
        if not len(frame):
            raise Truncated(
                f"the file ends before frame {frame_index} of {self.frame_count}",
                frame_index=frame_index,
                frame_count=self.frame_count,
            )
        return frame

    @abstractmethod
    def bit_offset(self, frame_index: int) -> int:
        """Position of the frame's first bit in its first byte, 0 to 7.

        Only native frames of 1 bit a sample (and other odd sizes) ever begin
        within a byte: they follow each other without padding (DICOM PS3.5 8.1.1).
        """

    @abstractmethod
    def _read(self, source: ByteSource, frame_index: int) -> bytes | NDArray[np.uint8]:
        """Bytes of a frame that is in range, empty where the file ends before it."""


@dataclass(frozen=True, slots=True)
class _NativeFrames(FrameTable):
    """Frames of equal size, one after the other."""

    offset: int
    length: int
    bits_per_frame: int
    swap_words: bool

    def bit_offset(self, frame_index: int) -> int:
        return frame_index * self.bits_per_frame % 8

    def _read(self, source: ByteSource, frame_index: int) -> bytes | NDArray[np.uint8]:
        begin = frame_index * self.bits_per_frame // 8
        end = min(-(-(frame_index + 1) * self.bits_per_frame // 8), self.length)
        if begin >= end:
            return b""
        if not self.swap_words:
            if isinstance(source, FileSource) and end - begin >= _LARGE_BYTES:
                array = np.empty(end - begin, np.uint8)
                return array[: source.read_into(self.offset + begin, array.data)]
            return source.pread(self.offset + begin, end - begin)
        # The bytes of a big endian OW value are swapped two by two, and a frame
        # of odd size begins in the middle of such a pair.
        aligned = begin - begin % 2
        words = bytearray(source.pread(self.offset + aligned, end + end % 2 - aligned))
        whole = len(words) - len(words) % 2
        words[0:whole:2], words[1:whole:2] = words[1:whole:2], words[0:whole:2]
        return bytes(words[begin - aligned : end - aligned])


@dataclass(frozen=True, slots=True)
class _EncapsulatedFrames(FrameTable):
    """Frames made of fragments; fewer than ``frame_count`` where the file is cut short."""

    frames: tuple[tuple[Fragment, ...], ...]

    def bit_offset(self, frame_index: int) -> int:
        return 0

    def _read(self, source: ByteSource, frame_index: int) -> bytes:
        if frame_index >= len(self.frames):
            return b""
        fragments = self.frames[frame_index]
        first, last = fragments[0], fragments[-1]
        span = source.pread(first.offset, last.offset + last.length - first.offset)
        if len(fragments) == 1:
            return span
        return b"".join(
            span[fragment.offset - first.offset :][: fragment.length] for fragment in fragments
        )


def frame_table(
    source: ByteSource,
    location: PixelLocation,
    layout: PixelLayout,
    transfer_syntax: TransferSyntax,
) -> FrameTable:
    """Find the byte range of every frame.

    Encapsulated data is walked once from item header to item header, 8 bytes
    each. The Basic or Extended Offset Table then says which fragments make a
    frame; where it is empty or contradicts the items, the number of frames and
    the markers that begin and end a codestream do.

    Parameters
    ----------
    source : ByteSource
        The opened file, or its inflated data set.
    location : PixelLocation
        Where the value of the pixel data element lies.
    layout : PixelLayout
        The Image Pixel Module, with the declared number of frames.
    transfer_syntax : TransferSyntax
        Tells which markers to look for.

    Returns
    -------
    FrameTable
        Plain numbers that hold no reference to the file.

    Raises
    ------
    UnsupportedTransferSyntax
        If no decoder reads the frames of this syntax.
    UnsupportedPixelFormat
        If the layout gives no size of a frame.
    DecodeFailed
        If encapsulated data has no items, or more than `fragments.MAX_FRAGMENTS`.

    References
    ----------
    DICOM PS3.5 8.1.1, 8.2, A.4, Pixel Data encoding and encapsulation.
    """
    require_supported(transfer_syntax)  # a video stream has no frames to look for
    check_layout(layout)
    if location.encapsulated:
        return _encapsulated_table(source, location, layout, transfer_syntax)
    return _native_table(source, location, layout)


def _native_table(source: ByteSource, location: PixelLocation, layout: PixelLayout) -> FrameTable:
    present = max(source.size - location.offset, 0)
    length = present if location.length is None else location.length
    bits = frame_bits(layout)
    repairs: list[Repair] = []
    if layout.photometric_interpretation in CHROMA_SUBSAMPLED:
        full_bits = frame_bits(layout, subsampled=False)
        if length * 8 >= full_bits * layout.frame_count:
            bits = full_bits
            repairs.append(
                Repair(
                    "not-subsampled",
                    "(0028,0004) Photometric Interpretation",
                    layout.photometric_interpretation,
                    "YBR_FULL",
                )
            )
    frame_count, found = _native_count(layout.frame_count, bits, length, is_whole=length <= present)
    repairs.extend(found)
    return _NativeFrames(
        frame_count=frame_count,
        repairs=tuple(repairs),
        offset=location.offset,
        length=min(length, present),
        bits_per_frame=bits,
        # Larger cells are read in their own byte order.
        swap_words=(
            not location.little_endian
            and location.vr == "OW"
            and layout.bits_allocated not in (16, 32, 64)
        ),
    )


def _native_count(
    declared: int, bits_per_frame: int, length: int, *, is_whole: bool
) -> tuple[int, tuple[Repair, ...]]:
    """How many frames a value of this length holds, and what is wrong with the declared number."""
    held = length * 8 // bits_per_frame
    needed = -(-bits_per_frame * declared // 8)
    if held < declared and is_whole:
        # The whole value is there and too short for the declared number: the
        # number is wrong. Where the file itself is cut short, it may be right.
        count = max(-(-length * 8 // bits_per_frame), 1)
        return count, () if count == declared else (_frame_count_repair(declared, count),)
    if held > declared and length > needed + needed % 2:  # its pad byte is no frame
        repair = Repair(
            "excess-pixel-data",
            _PIXEL_DATA,
            f"{length} bytes, enough for {held} frames",
            f"the first {declared} frames",
        )
        return declared, (repair,)
    return declared, ()


def _encapsulated_table(
    source: ByteSource,
    location: PixelLocation,
    layout: PixelLayout,
    transfer_syntax: TransferSyntax,
) -> FrameTable:
    items, delimited = walk_items(source, location)
    repairs: list[Repair] = []
    if not delimited:
        repairs.append(
            Repair(
                "sequence-delimiter-missing",
                _PIXEL_DATA,
                "no (FFFE,E0DD) after the last fragment",
                "the fragments up to the end of the file",
            )
        )
    if not items:
        raise DecodeFailed("encapsulated Pixel Data (7FE0,0010) holds no items")
    from dcmview.dicom.codestream import starts_codestream

    # The first item is the Basic Offset Table, unless a writer left it out.
    table, fragments = items[0], items[1:]
    if starts_codestream(source.pread(table.offset, 16), transfer_syntax.codec):
        fragments = items
        offsets: tuple[int, ...] = ()
        repairs.append(
            Repair("offset-table-missing", _PIXEL_DATA, "a first item with a frame", "no table")
        )
    else:
        offsets = table_offsets(source, location, table)
    frames = frames_by_offsets(fragments, offsets)
    if frames is None or len(frames) != layout.frame_count:
        by_markers = frames_by_markers(source, fragments, layout.frame_count, transfer_syntax)
        # A sound table with another number of frames than declared is right as a
        # rule, and the declared number wrong; but a lone 0 before many frames is no table.
        if frames is None or len(frames) < len(by_markers) == layout.frame_count:
            frames = by_markers
            if offsets:
                repairs.append(_wrong_table(len(offsets)))
    elif location.extended_lengths:
        frames = without_padding(frames, location.extended_lengths)
    frame_count = len(frames)
    if frame_count < layout.frame_count and not delimited:
        frame_count = layout.frame_count  # cut short: the others did exist
    elif frame_count != layout.frame_count:
        repairs.append(_frame_count_repair(layout.frame_count, frame_count))
    return _EncapsulatedFrames(frame_count, tuple(repairs), tuple(frames))


def _wrong_table(count: int) -> Repair:
    found = f"{count} offsets that do not fit the fragments"
    return Repair("offset-table-wrong", _PIXEL_DATA, found, "the fragments themselves")


def _frame_count_repair(declared: int, found: int) -> Repair:
    return Repair("frame-count", _NUMBER_OF_FRAMES, str(declared), f"{found}, as the data holds")
