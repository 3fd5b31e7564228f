"""One frame's bytes -> stored values.

`decode_frame` takes and returns plain values and opens no file, so that it can
run in another process. Each codec is imported by the function that calls it:
together they take a quarter of a second to load, and most files need none.
"""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np

from dcmview.dicom.codestream import (
    JPEG_LOSSLESS,
    JPEG_LS,
    JpegHeader,
    complete_j2k,
    is_complete,
    is_reversible,
    most_bit_planes,
    read_header,
    require_agreement,
    wavelet_levels,
    with_sample_depth,
)
from dcmview.dicom.rle import decode_rle
from dcmview.dicom.samples import check_layout, frame_bits, native_frame, stored_values
from dcmview.dicom.transfer import Codec, require_supported
from dcmview.errors import DecodeFailed, UnsupportedPixelFormat
from dcmview.model import Repair, SampleKind, StoredFrame

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dcmview.dicom.codestream import CodestreamHeader
    from dcmview.dicom.transfer import TransferSyntax
    from dcmview.model import PixelLayout

_END_MARKER = b"\xff\xd9"


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
    if codec is Codec.RLE:
        return _decode_rle(frame, layout)
    return _decode_codestream(frame, layout, transfer_syntax, threads, first_decoder)


def _inflate(frame: bytes, layout: PixelLayout) -> bytes:
    """Undo raw deflate, never to more bytes than the frame has (DICOM PS3.5 A.4)."""
    limit = -(-frame_bits(layout) // 8)
    try:
        return zlib.decompressobj(wbits=-zlib.MAX_WBITS).decompress(frame, limit)
    except zlib.error as exc:
        raise DecodeFailed(f"the deflated frame cannot be inflated: {exc}") from exc


def _decode_rle(frame: bytes, layout: PixelLayout) -> StoredFrame:
    cells, complete = decode_rle(frame, layout)
    values, layout_of_values = stored_values(cells, layout)
    layout_of_values = replace(
        layout_of_values,
        planar_configuration=0,
        photometric_interpretation=_without_subsampling(layout.photometric_interpretation),
    )
    repairs = () if complete else (_cut_short("an RLE segment ends before its plane"),)
    return StoredFrame(values, layout_of_values, truncated=not complete, repairs=repairs)


def _decode_codestream(
    frame: bytes,
    layout: PixelLayout,
    transfer_syntax: TransferSyntax,
    threads: int,
    first_decoder: int,
) -> StoredFrame:
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
    decoders = _DECODERS[codec]
    if truncated:
        decoders = _CUT_SHORT_DECODERS.get(codec, decoders)
    decoded, interpretation = _run_decoders(
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


def _without_subsampling(interpretation: str) -> str:
    """Decoders give full resolution, so the values are YBR_FULL."""
    return "YBR_FULL" if interpretation == "YBR_FULL_422" else interpretation


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


# --- decoders -------------------------------------------------------------------------------
# Each takes the frame, its header, the layout and a number of threads, and gives
# samples with the photometric interpretation that they have then.

_Decoded = tuple["NDArray[np.generic]", str]
_ReducedDecoder: TypeAlias = (
    "Callable[[bytes, CodestreamHeader, PixelLayout, int], _Decoded | None]"
)
_Decoder: TypeAlias = "Callable[[bytes, CodestreamHeader, PixelLayout, int], _Decoded]"


def _run_decoders(
    frame: bytes,
    header: CodestreamHeader,
    layout: PixelLayout,
    transfer_syntax: TransferSyntax,
    *,
    threads: int,
    decoders: tuple[_Decoder, ...],
) -> _Decoded:
    """The first decoder that gives a picture."""
    if not decoders:
        raise DecodeFailed(f"{transfer_syntax.name}: there is no other decoder to try")
    problems: list[Exception] = []
    for decoder in decoders:
        try:
            return decoder(frame, header, layout, threads)
        except (ImportError, RuntimeError, ValueError, OSError, TypeError) as exc:
            # Not installed, or the data is refused: imagecodecs raises RuntimeError
            # and ValueError, openjpeg RuntimeError, Pillow OSError and its kin.
            problems.append(exc)
    first = problems[0]
    words = " ".join(str(first).split()) or type(first).__name__
    if isinstance(first, ImportError):
        words = f"{words}; {transfer_syntax.hint}"
    raise DecodeFailed(f"{transfer_syntax.name}: {words}") from first


def _jpeg_imagecodecs(
    frame: bytes, header: CodestreamHeader, layout: PixelLayout, threads: int
) -> _Decoded:
    import imagecodecs

    assert isinstance(header, JpegHeader)
    if header.components == 3 and header.process == JPEG_LOSSLESS:
        # A lossless frame is coded as it is; the decoder must not touch it.
        values = imagecodecs.jpeg8_decode(frame, colorspace="RGB", outcolorspace="RGB")
        return values, _without_subsampling(layout.photometric_interpretation)
    if header.components == 3:
        coded = "YCBCR" if _is_coded_as_ycbcr(header, layout) else "RGB"
        return imagecodecs.jpeg8_decode(frame, colorspace=coded, outcolorspace="RGB"), "RGB"
    coded = "GRAYSCALE" if header.components == 1 else "UNKNOWN"
    values = imagecodecs.jpeg8_decode(frame, colorspace=coded, outcolorspace=coded)
    return values, layout.photometric_interpretation


def _jpeg_pillow(
    frame: bytes, header: CodestreamHeader, layout: PixelLayout, threads: int
) -> _Decoded:
    import io

    from PIL import Image

    assert isinstance(header, JpegHeader)
    if header.precision != 8 or header.process == JPEG_LOSSLESS or header.components not in (1, 3):
        raise ValueError("Pillow reads 8-bit JPEG alone")
    with Image.open(io.BytesIO(frame), formats=("JPEG",)) as image:
        if header.components == 3 and _mode_as_coded(header) == "YCbCr":
            image.draft("YCbCr", None)
        values = np.asarray(image)
    if header.components == 1:
        return values, layout.photometric_interpretation
    return values, "YBR_FULL" if _is_coded_as_ycbcr(header, layout) else "RGB"


def _mode_as_coded(header: JpegHeader) -> str:
    """How libjpeg takes three components to be coded; asking for that leaves them so."""
    guesses_rgb = not header.has_jfif and (
        header.adobe_transform == 0
        or (header.adobe_transform is None and header.component_ids == b"RGB")
    )
    return "RGB" if guesses_rgb else "YCbCr"


def _is_coded_as_ycbcr(header: JpegHeader, layout: PixelLayout) -> bool:
    """Whether the three components are YCbCr; what the data set says comes last.

    Writers of DICOM put RGB into *Photometric Interpretation* (0028,0004) for
    frames that their JPEG library had converted, and leave the marks of the library.
    """
    if header.component_ids in (b"RGB", b"rgb"):
        return False
    if header.has_jfif:  # JFIF knows no other colours
        return True
    return layout.photometric_interpretation != "RGB"


def _jpeg_ls_imagecodecs(
    frame: bytes, header: CodestreamHeader, layout: PixelLayout, threads: int
) -> _Decoded:
    import imagecodecs

    values = imagecodecs.jpegls_decode(frame)
    return values, _without_subsampling(layout.photometric_interpretation)


def _jpeg_ls_cut_short(
    frame: bytes, header: CodestreamHeader, layout: PixelLayout, threads: int
) -> _Decoded:
    """The rows up to the cut: the decoder writes them one by one before it gives up."""
    import imagecodecs

    shape = (header.rows, header.columns, header.components)
    values = np.zeros(
        shape if header.components > 1 else shape[:2],
        np.uint8 if header.precision <= 8 else np.uint16,
    )
    try:
        imagecodecs.jpegls_decode(frame, out=values)
    except RuntimeError:
        if not values.any():
            raise
    return values, _without_subsampling(layout.photometric_interpretation)


def _jpeg_2000_imagecodecs(
    frame: bytes, header: CodestreamHeader, layout: PixelLayout, threads: int
) -> _Decoded:
    import imagecodecs

    values = imagecodecs.jpeg2k_decode(frame, planar=False, numthreads=threads)
    return values, _after_wavelet(layout)


def _jpeg_2000_openjpeg(
    frame: bytes, header: CodestreamHeader, layout: PixelLayout, threads: int
) -> _Decoded:
    import openjpeg

    values: NDArray[np.generic] = openjpeg.decode(frame)  # type: ignore[attr-defined]
    return values, _after_wavelet(layout)


def _htj2k_cut_short(
    frame: bytes, header: CodestreamHeader, layout: PixelLayout, threads: int
) -> _Decoded:
    """What OpenJPH makes of a frame that is cut short; OpenJPEG gives up at the cut.

    Near a cut values go beyond the precision, and OpenJPH wraps them: white
    spots in air. So the codestream is said to be signed and 8 bits deeper.
    """
    if header.precision > 16:
        raise ValueError(f"samples of {header.precision} bits in a frame that is cut short")
    depth = header.precision + 8
    dtype = np.dtype(np.int16 if depth <= 16 else np.int32)
    values = _openjph(with_sample_depth(frame, depth, is_signed=True), header, dtype)
    wide = values.astype(np.int32, copy=False)
    if not is_reversible(frame):
        # The range of the samples scales what the irreversible transformation gives.
        wide = (wide + (1 << 7)) >> 8
    half = 1 << header.precision - 1
    wide = np.clip(wide, -half, half - 1)
    if header.is_signed:
        return wide.astype(np.int16), _after_wavelet(layout)
    return (wide + half).astype(np.uint16), _after_wavelet(layout)


def _htj2k_deep(
    frame: bytes, header: CodestreamHeader, layout: PixelLayout, threads: int
) -> _Decoded:
    """Samples of more than 16 bits, which OpenJPEG does not read from HTJ2K."""
    if header.precision <= 16:
        raise ValueError("refused by OpenJPEG")
    dtype = np.dtype(np.int32 if header.is_signed else np.uint32)
    return _openjph(frame, header, dtype), _after_wavelet(layout)


_MOST_IRREVERSIBLE_PLANES = 26


def _openjph(
    frame: bytes, header: CodestreamHeader, dtype: np.dtype[Any]
) -> NDArray[np.integer[Any]]:
    """Decode HTJ2K with the errors that imagecodecs lets pass, and into zeros."""
    import sys

    import imagecodecs

    planes = most_bit_planes(frame)
    if planes > (header.precision + 8 if is_reversible(frame) else _MOST_IRREVERSIBLE_PLANES):
        # OpenJPH reads beyond its memory where they are more than its numbers hold.
        raise ValueError(f"{planes} bit planes for samples of {header.precision} bits")
    shape = (header.rows, header.columns, header.components)
    values = np.zeros(shape if header.components > 1 else shape[:2], dtype)
    problems: list[str] = []
    hook = sys.unraisablehook
    sys.unraisablehook = lambda passed: problems.append(str(passed.exc_value))
    try:
        imagecodecs.htj2k_decode(frame, out=values)
    finally:
        sys.unraisablehook = hook
    if problems:
        raise RuntimeError(problems[0])
    return values


def _after_wavelet(layout: PixelLayout) -> str:
    """The codec undoes YBR_ICT and YBR_RCT, but no other colour transformation."""
    interpretation = layout.photometric_interpretation
    if interpretation in ("YBR_ICT", "YBR_RCT"):
        return "RGB"
    return _without_subsampling(interpretation)


def _jpeg_xl_imagecodecs(
    frame: bytes, header: CodestreamHeader, layout: PixelLayout, threads: int
) -> _Decoded:
    import imagecodecs

    values = imagecodecs.jpegxl_decode(frame, numthreads=threads)
    # XYB and recompressed YCbCr are undone by the codec.
    return values, "RGB" if layout.samples_per_pixel == 3 else layout.photometric_interpretation


_DECODERS: dict[Codec, tuple[_Decoder, ...]] = {
    Codec.JPEG: (_jpeg_imagecodecs, _jpeg_pillow),
    Codec.JPEG_LS: (_jpeg_ls_imagecodecs,),
    Codec.JPEG_2000: (_jpeg_2000_imagecodecs, _jpeg_2000_openjpeg),
    # OpenJPH wraps white to black in lossy frames, so it is kept for what OpenJPEG refuses.
    Codec.HTJ2K: (_jpeg_2000_imagecodecs, _jpeg_2000_openjpeg, _htj2k_deep),
    Codec.JPEG_XL: (_jpeg_xl_imagecodecs,),
}


_CUT_SHORT_DECODERS: dict[Codec, tuple[_Decoder, ...]] = {
    Codec.JPEG_LS: (_jpeg_ls_cut_short,),
    Codec.HTJ2K: (_jpeg_2000_imagecodecs, _htj2k_cut_short),
}
"""Instead of those above, for frames that end early."""


def decoder_names(transfer_syntax: TransferSyntax) -> tuple[str, ...]:
    """Name the decoders of a syntax in the order in which they are tried."""
    return tuple(each.__name__ for each in _DECODERS.get(transfer_syntax.codec, ()))


def decode_reduced(
    frame: bytes, layout: PixelLayout, transfer_syntax: TransferSyntax, *, reduction: int
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
    reduction : int
        Power of two by which rows and columns shrink, rounded up.

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
    decoder = _REDUCED_DECODERS.get(transfer_syntax.codec)
    if decoder is None or layout.kind is not SampleKind.INTEGER:
        return None
    header = read_header(frame, transfer_syntax.codec)
    require_agreement(header, layout)
    frame = frame[header.offset :]
    if not is_complete(frame, transfer_syntax.codec):
        return None
    rows, columns = (-(-side >> reduction) for side in (layout.rows, layout.columns))
    try:
        found = decoder(frame, header, layout, reduction)
    except (ImportError, RuntimeError, ValueError, OSError, TypeError) as exc:
        words = " ".join(str(exc).split()) or type(exc).__name__
        raise DecodeFailed(f"{transfer_syntax.name}, reduced: {words}") from exc
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


def _jpeg_2000_reduced(
    frame: bytes, header: CodestreamHeader, layout: PixelLayout, reduction: int
) -> _Decoded | None:
    import io

    from PIL import Image

    if header.precision > 16 or header.components not in (1, 3):
        return None
    if header.components == 3 and (header.precision != 8 or header.is_signed):
        return None
    if reduction > wavelet_levels(frame):
        return None
    image: Any
    with Image.open(io.BytesIO(frame), formats=("JPEG2000",)) as image:
        # Not image.reduce: it rounds the size to the nearest, the codec rounds up.
        size = -(-layout.columns >> reduction), -(-layout.rows >> reduction)
        codec, _, *others = image.tile[0].args
        arguments = (codec, reduction, *others)
        image.tile = [image.tile[0]._replace(extents=(0, 0, *size), args=arguments)]
        image._size = size
        values: NDArray[np.generic] = np.asarray(image)
    if header.components == 1 and header.precision > 8:
        # Pillow moves samples to the top of 16 bits, and signed ones above zero.
        values = np.right_shift(values.astype(np.uint16), 16 - header.precision)
        if header.is_signed:
            values = (values.astype(np.int32) - (1 << header.precision - 1)).astype(np.int16)
    elif header.components == 1 and header.is_signed:
        values = (values.astype(np.int16) - 128).astype(np.int8)
    return values, _after_wavelet(layout)


def _jpeg_reduced(
    frame: bytes, header: CodestreamHeader, layout: PixelLayout, reduction: int
) -> _Decoded | None:
    import io

    from PIL import Image

    assert isinstance(header, JpegHeader)
    if header.precision != 8 or header.process > 2 or header.components not in (1, 3):
        return None
    if reduction > 3:
        return None
    with Image.open(io.BytesIO(frame), formats=("JPEG",)) as image:
        mode = "L" if header.components == 1 else _mode_as_coded(header)
        if image.draft(mode, (layout.columns >> reduction, layout.rows >> reduction)) is None:
            return None
        values = np.asarray(image)
    if header.components == 1:
        return values, layout.photometric_interpretation
    return values, "YBR_FULL" if _is_coded_as_ycbcr(header, layout) else "RGB"


_REDUCED_DECODERS: dict[Codec, _ReducedDecoder] = {
    Codec.JPEG: _jpeg_reduced,
    Codec.JPEG_2000: _jpeg_2000_reduced,
    Codec.HTJ2K: _jpeg_2000_reduced,
}
