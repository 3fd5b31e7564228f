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
        If *Bits Allocated* (0028,0100) is no whole number of bytes.
    """
    sample_bytes, odd_bits = divmod(layout.bits_allocated, 8)
    if odd_bits or sample_bytes not in (1, 2, 4):
        raise UnsupportedPixelFormat(
            f"RLE with Bits Allocated (0028,0100) {layout.bits_allocated}, 8, 16 or 32 can be read"
        )
    segments = _segments(frame, layout.samples_per_pixel * sample_bytes)
    pixels = layout.rows * layout.columns
    dtype = np.dtype(f"u{sample_bytes}")
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
