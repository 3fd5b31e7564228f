"""Cells of one frame -> RLE Lossless (DICOM PS3.5 Annex G)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from dcmview.errors import CannotTranscode

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HEADER_BYTES = 64
_MOST_SEGMENTS = 15


def encode_rle(cells: NDArray[np.integer[Any]]) -> bytes:
    """Encode a frame, one segment for each byte of each sample.

    No run crosses the end of a row, and segments are of even length.

    Parameters
    ----------
    cells : ndarray of integers, shape (rows, columns) or (rows, columns, samples)
        Samples interleaved by pixel.

    Raises
    ------
    CannotTranscode
        If that takes more than 15 segments.

    References
    ----------
    DICOM PS3.5 G.3.1, The RLE Encoder.
    DICOM PS3.5 G.5, Organization of RLE Compressed Frame.

    Examples
    --------
    >>> encode_rle(np.array([[7, 7, 7]], np.uint8))[64:].hex()
    'fe07'
    """
    rows, columns = cells.shape[:2]
    big_endian = cells.astype(cells.dtype.newbyteorder(">"), copy=False)
    by_byte = np.ascontiguousarray(big_endian).view(np.uint8).reshape(rows, columns, -1)
    # A copy has the strides of its shape, which imagecodecs wants also of single columns.
    return _joined([_packed(by_byte[:, :, index].copy()) for index in range(by_byte.shape[2])])


def encode_rle_bits(bits: NDArray[np.integer[Any]]) -> bytes:
    """Encode a frame of 0 and 1 as one segment, eight pixels a byte, the first lowest."""
    return _joined([_packed(np.packbits(bits != 0, bitorder="little"))])


def _packed(plane: NDArray[np.uint8]) -> bytes:
    import imagecodecs

    # Along the last axis: each row for itself.
    segment = bytes(imagecodecs.packbits_encode(plane, axis=-1))
    return segment + b"\0" if len(segment) % 2 else segment


def _joined(segments: list[bytes]) -> bytes:
    if len(segments) > _MOST_SEGMENTS:
        raise CannotTranscode(
            f"RLE Lossless holds {_MOST_SEGMENTS} bytes a pixel, this frame has {len(segments)}"
        )
    offsets = [0] * _MOST_SEGMENTS
    position = _HEADER_BYTES
    for index, segment in enumerate(segments):
        offsets[index] = position
        position += len(segment)
    return struct.pack("<16I", len(segments), *offsets) + b"".join(segments)
