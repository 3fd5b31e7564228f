"""One compressed frame's bytes -> stored values, and the smaller pictures that codecs can give."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from dcmview.dicom.codestream import (
    JPEG_LOSSLESS,
    JPEG_LS,
    JpegHeader,
    complete_j2k,
    is_complete,
    read_header,
    require_agreement,
)
from dcmview.dicom.decoders import (
    CUT_SHORT_DECODERS,
    DECODERS,
    REDUCED_DECODERS,
    run_decoders,
    without_subsampling,
)
from dcmview.dicom.rle import decode_rle
from dcmview.dicom.samples import check_layout, frame_bits, stored_values
from dcmview.dicom.transfer import Codec
from dcmview.errors import DecodeFailed, one_line
from dcmview.model import Repair, SampleKind, StoredFrame

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcmview.dicom.codestream import CodestreamHeader
    from dcmview.dicom.transfer import TransferSyntax
    from dcmview.model import PixelLayout

_END_MARKER = b"\xff\xd9"


def decode_rle_frame(frame: bytes, layout: PixelLayout) -> StoredFrame:
    """Decode runs; what a segment lacks is filled."""
    cells, complete = decode_rle(frame, layout)
    values, layout_of_values = stored_values(cells, layout)
    layout_of_values = replace(
        layout_of_values,
        planar_configuration=0,
        photometric_interpretation=without_subsampling(layout.photometric_interpretation),
    )
    repairs = () if complete else (_cut_short("an RLE segment ends before its plane"),)
    return StoredFrame(values, layout_of_values, truncated=not complete, repairs=repairs)


def decode_codestream(
    frame: bytes,
    layout: PixelLayout,
    transfer_syntax: TransferSyntax,
    *,
    threads: int,
    first_decoder: int,
) -> StoredFrame:
    """Decode what agrees with its data set, with the decoders of the codec one after the other."""
    codec = transfer_syntax.codec
    header = read_header(frame, codec)
    require_agreement(header, layout)
    repairs: list[Repair] = []
    frame = frame[header.offset :]
    truncated = not is_complete(frame, codec)
    if truncated:
        repairs.append(_cut_short("the codestream has no end marker"))
        if codec is Codec.JPEG_LS:
            # CharLS reads 2^31 bits beyond the end where no marker stops it.
            frame += _END_MARKER
        elif codec is Codec.JPEG_2000:
            frame = complete_j2k(frame, limit=frame_bits(layout) // 8 + 65536)
    decoders = DECODERS[codec]
    if truncated:
        decoders = CUT_SHORT_DECODERS.get(codec, decoders)
    decoded, interpretation = run_decoders(
        frame, header, layout, transfer_syntax, threads=threads, decoders=decoders[first_decoder:]
    )
    shape: tuple[int, ...] = (layout.rows, layout.columns)
    if layout.samples_per_pixel > 1:
        shape = (*shape, layout.samples_per_pixel)
    if decoded.ndim == 3 and decoded.shape[2] == 1:
        decoded = decoded[:, :, 0]
    if decoded.shape != shape or decoded.dtype.kind not in "iu":
        raise DecodeFailed(
            f"the decoder gave {decoded.dtype} samples of shape {decoded.shape}, expected {shape}"
        )
    values, layout_of_values = _as_declared(decoded, header, layout, repairs)
    return StoredFrame(
        values,
        replace(
            layout_of_values, planar_configuration=0, photometric_interpretation=interpretation
        ),
        truncated=truncated,
        repairs=tuple(repairs),
    )


def _cut_short(found: str) -> Repair:
    return Repair("truncated", "(7FE0,0010) Pixel Data", found, "the picture as far as it goes")


def _as_declared(
    decoded: NDArray[np.generic],
    header: CodestreamHeader,
    layout: PixelLayout,
    repairs: list[Repair],
) -> tuple[NDArray[np.generic], PixelLayout]:
    """Give decoded samples the sign and cell size of the data set.

    JPEG and JPEG-LS know no sign, and JPEG 2000 may name the wrong one: the bits
    are those of the data set all the same.
    """
    if (
        isinstance(header, JpegHeader)
        and header.process in (JPEG_LOSSLESS, JPEG_LS)
        and header.precision == layout.bits_allocated > layout.bits_stored
    ):
        # The whole cell was coded, with whatever lies beside the sample.
        return stored_values(decoded, layout)
    precision = header.precision or decoded.dtype.itemsize * 8
    is_signed = layout.pixel_representation == 1
    stream_is_signed = decoded.dtype.kind == "i"
    if header.is_signed is not None and header.is_signed != is_signed:
        repairs.append(
            Repair(
                "codestream-sign",
                "(0028,0103) Pixel Representation",
                f"{layout.pixel_representation}, the codestream is "
                f"{'signed' if header.is_signed else 'unsigned'}",
                f"{layout.pixel_representation}",
            )
        )
    bits_stored = layout.bits_stored
    if precision > bits_stored and not _fits(decoded, bits_stored):
        repairs.append(
            Repair(
                "bits-stored",
                "(0028,0101) Bits Stored",
                f"{bits_stored}, the codestream has samples of {precision} bits",
                f"{precision}",
            )
        )
        bits_stored = precision
    cell_bytes = 1 if layout.bits_allocated <= 8 else 2 if layout.bits_allocated <= 16 else 4
    cell_bytes = max(cell_bytes, -(-bits_stored // 8))
    kind = "i" if is_signed else "u"
    dtype = np.dtype(f"{kind}{4 if cell_bytes == 3 else cell_bytes}")
    values = decoded.astype(dtype, copy=False)
    bits = dtype.itemsize * 8
    if is_signed and not stream_is_signed:
        values = np.left_shift(values, bits - bits_stored)
        values = np.right_shift(values, bits - bits_stored, out=values)
    elif stream_is_signed and not is_signed:
        values = np.bitwise_and(values, dtype.type((1 << bits_stored) - 1))
    return values, replace(
        layout, bits_allocated=bits, bits_stored=bits_stored, high_bit=bits_stored - 1
    )


def _fits(decoded: NDArray[np.generic], bits: int) -> bool:
    """Whether samples need no more than this many bits."""
    samples = cast("NDArray[np.integer[Any]]", decoded)
    if samples.dtype.kind == "u":
        return int(samples.max()) < 1 << bits
    half = 1 << bits - 1
    return -half <= int(samples.min()) and int(samples.max()) < half


def decoder_names(transfer_syntax: TransferSyntax) -> tuple[str, ...]:
    """Name the decoders of a syntax in the order in which they are tried."""
    return tuple(each.__name__ for each in DECODERS.get(transfer_syntax.codec, ()))


def decode_reduced(
    frame: bytes, layout: PixelLayout, transfer_syntax: TransferSyntax, *, halves: int
) -> StoredFrame | None:
    """Decode a smaller picture of a frame, in much less time than the whole.

    JPEG 2000 leaves out its finest wavelet levels, JPEG its finest frequencies.
    The samples are those of a picture seen from afar, not exact ones.

    Parameters
    ----------
    frame : bytes
        One frame as `FrameTable.frame_bytes` reads it.
    layout : PixelLayout
        The Image Pixel Module of the instance.
    transfer_syntax : TransferSyntax
        Names the codec.
    halves : int
        How many times rows and columns are halved, rounded up.

    Returns
    -------
    StoredFrame or None
        With the smaller size in its layout; None where codec or frame have no
        short way.

    Raises
    ------
    DecodeFailed
        If codestream and data set disagree, or the decoder refuses the data.
    """
    check_layout(layout)
    decoder = REDUCED_DECODERS.get(transfer_syntax.codec)
    if decoder is None or layout.kind is not SampleKind.INTEGER:
        return None
    header = read_header(frame, transfer_syntax.codec)
    require_agreement(header, layout)
    frame = frame[header.offset :]
    if not is_complete(frame, transfer_syntax.codec):
        return None
    if header.is_signed not in (None, layout.pixel_representation == 1):
        return None  # values wrapped before the transformation have no mean
    rows, columns = (-(-side >> halves) for side in (layout.rows, layout.columns))
    try:
        found = decoder(frame, header, layout, halves)
    except (ImportError, RuntimeError, ValueError, OSError, TypeError) as exc:
        raise DecodeFailed(f"{transfer_syntax.name}, reduced: {one_line(exc)}") from exc
    if found is None:
        return None
    decoded, interpretation = found
    shape = (rows, columns) if layout.samples_per_pixel == 1 else (rows, columns, 3)
    if decoded.shape != shape:
        raise DecodeFailed(f"the reduced picture has shape {decoded.shape}, expected {shape}")
    layout = replace(layout, rows=rows, columns=columns)
    repairs: list[Repair] = []
    values, layout = _as_declared(decoded, header, layout, repairs)
    layout = replace(layout, planar_configuration=0, photometric_interpretation=interpretation)
    return StoredFrame(values, layout, repairs=tuple(repairs))
