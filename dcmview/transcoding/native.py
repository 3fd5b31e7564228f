"""Pixel data without compression: copied from a file that has it so, or made of frames.

References
----------
DICOM PS3.5 8.1.1, Pixel Data Encoding of Related Data Elements.
DICOM PS3.5 A.2 and A.3, Explicit VR Little Endian and Big Endian.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dcmview.dicom.decode import decode_frame
from dcmview.dicom.frames import frame_table
from dcmview.dicom.source import inflate
from dcmview.errors import CannotTranscode
from dcmview.transcoding.elements import PIXEL_DATA, PIXEL_TAGS, Walk
from dcmview.transcoding.writing import MOST_ELEMENT_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

    from dcmview.dicom.source import ByteSource
    from dcmview.dicom.transfer import TransferSyntax
    from dcmview.transcoding.dataset import DatasetCopy, Encoding
    from dcmview.transcoding.elements import Element
    from dcmview.transcoding.original import Original
    from dcmview.transcoding.writing import Sink

_WHOLE_CELLS = (16, 32, 64)


class FileBytes:
    """An open file as a source, from one of its places on."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.size = stream.seek(0, 2)

    def pread(self, offset: int, length: int) -> bytes:
        """Read bytes, fewer where the end comes first."""
        self._stream.seek(offset)
        return self._stream.read(max(min(length, self.size - offset), 0))


def pixel_vr(tag: int, bits_allocated: int) -> str:
    """Give the VR of uncompressed pixel data: OB has no byte order to be mistaken."""
    if tag != PIXEL_DATA:
        return {0x7FE00008: "OF", 0x7FE00009: "OD"}[tag]
    return "OW" if bits_allocated > 8 else "OB"


def copied_pixels(original: Original, copy: DatasetCopy, to: Encoding) -> Iterator[bytes]:
    """Give pixel data as it is in the file; cells change their byte order and nothing else.

    A cell of more than 16 bits is turned around as a whole, as pydicom and we
    read it; DCMTK turns around its words. An odd length becomes even (PS3.5 7.1.1): of
    words that are not whole DCMTK and others drop the last one, which is pixels.
    """
    element, encoding = original.pixels, original.encoding
    assert element is not None
    bits = original.layout.bits_allocated
    if original.is_compressed:
        raise CannotTranscode("its pixel data is compressed, and describes no image")
    vr = element.vr if encoding == to else pixel_vr(element.tag, bits)
    assert element.length is not None
    pad = bytes(element.length % 2)
    yield to.head(element.tag, vr, element.length + len(pad))
    yield from copy.value(element, _swap_unit(element, encoding, bits))
    yield pad


def _swap_unit(element: Element, encoding: Encoding, bits_allocated: int) -> int:
    if bits_allocated in _WHOLE_CELLS:
        return bits_allocated // 8
    if bits_allocated > 8:
        return 2
    # Small cells lie in turned words only in a big endian file that says so; we write OB.
    return 2 if element.vr == "OW" and not encoding.little_endian else 1


def prove_copy(original: Original, out: BinaryIO, begin: int, syntax: TransferSyntax) -> None:
    """Read copied pixel data back and compare each frame with that of the source.

    Parameters
    ----------
    original : Original
        The source.
    out : BinaryIO
        What was written.
    begin : int
        Where the data set begins in it.
    syntax : TransferSyntax
        In which it was written.

    Raises
    ------
    CannotTranscode
        If a frame differs, which would be a fault of ours or of the disk.
    """
    location = original.location
    if location is None:
        return
    written: ByteSource = FileBytes(out)
    if syntax.deflated:
        inflated = inflate(written, begin)
        if not inflated.is_whole:
            raise CannotTranscode("too large to be inflated again for the proof")
        written, begin = inflated, 0
    walk = Walk(
        written, explicit=syntax.explicit, little_endian=syntax.little_endian, is_deep=False
    )
    found = next(each for each in walk.dataset(begin) if each.tag in PIXEL_TAGS)
    there = replace(
        location, offset=found.value, little_endian=syntax.little_endian, vr=found.vr or "OW"
    )
    layout = original.layout
    ours = frame_table(written, there, layout, syntax)
    theirs = frame_table(original.data, location, layout, original.syntax)
    for frame_index in range(theirs.frame_count):
        before, after = (
            decode_frame(
                table.frame_bytes(source, frame_index),
                layout,
                syntax,
                little_endian=place.little_endian,
                bit_offset=table.bit_offset(frame_index),
            ).values
            for table, source, place in (
                (theirs, original.data, location),
                (ours, written, there),
            )
        )
        if before.tobytes() != after.tobytes():
            raise CannotTranscode(f"proof failed: frame {frame_index} is not what it was")


def write_cells(
    sink: Sink,
    to: Encoding,
    bits_allocated: int,
    size: int,
    frames: Iterable[bytes | memoryview],
) -> None:
    """Write frames as uncompressed pixel data of a size that is known beforehand.

    Raises
    ------
    CannotTranscode
        If they are longer than an element can be, or not as long as they should be.
    """
    length = size + size % 2
    if length > MOST_ELEMENT_BYTES:
        raise CannotTranscode(
            f"uncompressed it would take {size:,} bytes, more than an element can have"
        )
    sink.write(to.head(PIXEL_DATA, pixel_vr(PIXEL_DATA, bits_allocated), length))
    for content in frames:
        sink.write(content)
        length -= len(content)
    if length not in (0, 1):
        raise CannotTranscode("its frames do not add up to its size")
    sink.write(bytes(length))
