"""One frame's bytes -> stored values.

`decode_frame` takes and returns plain values and opens no file, so that it can
run in another process. What codecs do is in ``coded_frames``, which is
loaded when it is needed, and which library decodes what in ``decoders``.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from dcmview.dicom.samples import check_layout, frame_bits, native_frame
from dcmview.dicom.transfer import Codec, require_supported
from dcmview.errors import DecodeFailed, UnsupportedPixelFormat
from dcmview.model import SampleKind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dcmview.dicom.transfer import TransferSyntax
    from dcmview.model import PixelLayout, StoredFrame


def decode_frame(
    frame: bytes | NDArray[np.uint8],
    layout: PixelLayout,
    transfer_syntax: TransferSyntax,
    *,
    little_endian: bool = True,
    bit_offset: int = 0,
    threads: int = 1,
    first_decoder: int = 0,
) -> StoredFrame:
    """Decode one frame into stored values.

    Before a decoder sees compressed data, the header of its codestream has to
    agree with the data set. What differs without harm (sign, precision) is
    mended and listed in ``repairs``. Data that ends early gives the picture as
    far as it goes, marked ``truncated``.

    Parameters
    ----------
    frame : bytes or ndarray of uint8
        One frame as `FrameTable.frame_bytes` reads it.
    layout : PixelLayout
        The Image Pixel Module of the instance.
    transfer_syntax : TransferSyntax
        Names the decoder.
    little_endian : bool, default True
        Byte order of uncompressed samples; compressed data has its own.
    bit_offset : int, default 0
        `FrameTable.bit_offset` of the frame.
    threads : int, default 1
        How many threads a JPEG 2000 decoder may use for this frame.
    first_decoder : int, default 0
        Decoders before this one are left out: they have crashed on the frame.

    Returns
    -------
    StoredFrame
        Values of shape (rows, columns) or (rows, columns, samples), interleaved
        by pixel whatever *Planar Configuration* (0028,0006) says, with a layout
        that describes them.

    Raises
    ------
    UnsupportedTransferSyntax
        If no decoder reads this syntax.
    UnsupportedPixelFormat
        If the layout describes samples that cannot be held.
    Truncated
        If not even one row is there.
    DecodeFailed
        If codestream and data set disagree, or the decoder refuses the data.

    References
    ----------
    DICOM PS3.5 8.2, Native or Encapsulated Format Encoding.
    DICOM PS3.3 C.7.6.3.1.2, Photometric Interpretation.
    """
    require_supported(transfer_syntax)
    check_layout(layout)
    codec = transfer_syntax.codec
    if codec is Codec.NATIVE:
        return native_frame(frame, layout, little_endian=little_endian, bit_offset=bit_offset)
    frame = bytes(frame)
    if codec is Codec.DEFLATED_FRAME:
        return native_frame(_inflate(frame, layout), layout, little_endian=True)
    if layout.kind is not SampleKind.INTEGER:
        raise UnsupportedPixelFormat(f"{layout.kind} samples compressed as {transfer_syntax.name}")
    from dcmview.dicom.coded_frames import decode_codestream, decode_rle_frame

    if codec is Codec.RLE:
        return decode_rle_frame(frame, layout)
    return decode_codestream(
        frame, layout, transfer_syntax, threads=threads, first_decoder=first_decoder
    )


def _inflate(frame: bytes, layout: PixelLayout) -> bytes:
    """Undo raw deflate, never to more bytes than the frame has (DICOM PS3.5 A.4)."""
    limit = -(-frame_bits(layout) // 8)
    try:
        return zlib.decompressobj(wbits=-zlib.MAX_WBITS).decompress(frame, limit)
    except zlib.error as exc:
        raise DecodeFailed(f"the deflated frame cannot be inflated: {exc}") from exc
