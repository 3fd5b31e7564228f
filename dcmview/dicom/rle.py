"""RLE Lossless: PackBits segments, one for each byte of each sample (DICOM PS3.5 Annex G)."""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from dcmview.errors import DecodeFailed, UnsupportedPixelFormat

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcmview.model import PixelLayout

_HEADER_BYTES = 64
_MAX_SEGMENTS = 15


def decode_rle(frame: bytes, layout: PixelLayout) -> tuple[NDArray[np.generic], bool]:
    """Decode one frame into cells interleaved by pixel.

    Segments are bounded by the size of the frame and by each other: a damaged
    one cannot read another's bytes nor write beyond its plane.

    Returns
    -------
    cells : ndarray of uint8, uint16 or uint32, shape (rows, columns[, samples])
        Zero where a segment ends early.
    complete : bool
        Whether every segment filled its plane.

    Raises
    ------
    DecodeFailed
        If the header is not that of this many samples.
    UnsupportedPixelFormat
        If *Bits Allocated* (0028,0100) is neither 1 nor a whole number of bytes.
    """
    if layout.bits_allocated == 1 and layout.samples_per_pixel == 1:
        return _decode_bits(frame, layout)
    sample_bytes, odd_bits = divmod(layout.bits_allocated, 8)
    if odd_bits:
        raise UnsupportedPixelFormat(
            f"RLE with Bits Allocated (0028,0100) {layout.bits_allocated}, "
            "1, 8, 16, 24 or 32 can be read"
        )
    segments = _segments(frame, layout.samples_per_pixel * sample_bytes)
    pixels = layout.rows * layout.columns
    dtype = np.dtype(f"u{sample_bytes if sample_bytes != 3 else 4}")
    planes: list[NDArray[np.unsignedinteger[Any]]] = []
    complete = True
    # Segments hold the most significant byte first, sample after sample.
    for first in range(0, len(segments), sample_bytes):
        plane, written = _unpack_bits(segments[first], pixels)
        values: NDArray[np.unsignedinteger[Any]] = plane.astype(dtype, copy=False)
        complete = complete and written == pixels
        for segment in segments[first + 1 : first + sample_bytes]:
            plane, written = _unpack_bits(segment, pixels)
            complete = complete and written == pixels
            values <<= 8
            values |= plane
        planes.append(values)
    if len(planes) == 1:
        return planes[0].reshape(layout.rows, layout.columns), complete
    cells = np.stack(planes, axis=-1)
    return cells.reshape(layout.rows, layout.columns, layout.samples_per_pixel), complete


def _decode_bits(frame: bytes, layout: PixelLayout) -> tuple[NDArray[np.uint8], bool]:
    """One segment of eight pixels a byte, the first in the lowest bit; or of a pixel a byte.

    The Standard packs the bits as it does without compression; encoders that
    know bytes alone do not.
    """
    (segment,) = _segments(frame, 1)
    shape = (layout.rows, layout.columns)
    pixels = layout.rows * layout.columns
    packed = -(-pixels // 8)
    plane, written = _unpack_bits(segment, packed)
    if np.isin(plane, (0, 1, 255)).all():
        cells, written_cells = _unpack_bits(segment, pixels)
        if written_cells > packed + 1:  # one more may pad a segment to an even length
            return np.minimum(cells, 1).reshape(shape), written_cells == pixels
    bits = np.unpackbits(plane, count=pixels, bitorder="little")
    return bits.reshape(shape), written == packed


def _segments(frame: bytes, expected: int) -> list[bytes]:
    if len(frame) < _HEADER_BYTES:
        raise DecodeFailed(f"an RLE frame of {len(frame)} bytes is shorter than its header")
    count, *offsets = struct.unpack("<16I", frame[:_HEADER_BYTES])
    if count != expected or count > _MAX_SEGMENTS:
        raise DecodeFailed(
            f"the RLE header names {count} segments, the data set asks for {expected}"
        )
    bounds = [*offsets[:count], max(len(frame), offsets[count - 1])]
    if bounds[0] < _HEADER_BYTES or any(begin > end for begin, end in pairwise(bounds)):
        raise DecodeFailed("the RLE header has segment offsets that are out of order")
    return [frame[begin:end] for begin, end in pairwise(bounds)]


def _unpack_bits(segment: bytes, length: int) -> tuple[NDArray[np.uint8], int]:
    """One plane of exactly ``length`` bytes and how many of them the segment gave."""
    # Not zeros: for those numpy does not ask the system for large pages. What is
    # given out was written, below or here.
    plane = np.empty(length, np.uint8)
    try:
        import imagecodecs

        # Thirty times faster, but it gives nothing at all for a damaged segment.
        written = len(imagecodecs.packbits_decode(segment, out=plane.data))
    except (ImportError, RuntimeError):
        pass
    else:
        if written == length:
            return plane, written
    unpacked = _unpack_bits_tolerant(segment, length)
    plane[: len(unpacked)] = np.frombuffer(unpacked, np.uint8)
    plane[len(unpacked) :] = 0
    return plane, len(unpacked)


def _unpack_bits_tolerant(segment: bytes, length: int) -> bytes:
    """As many of ``length`` bytes as a segment gives, whatever it holds (DICOM PS3.5 G.3.2)."""
    unpacked = bytearray()
    position = 0
    end = len(segment)
    while position < end and len(unpacked) < length:
        control = segment[position]
        position += 1
        if control < 128:
            unpacked += segment[position : position + control + 1]
            position += control + 1
        elif control > 128:
            unpacked += segment[position : position + 1] * (257 - control)
            position += 1
    return bytes(unpacked[:length])
