"""One function for each codec of each library: a codestream -> samples.

Every decoder takes the codestream, its header, the layout and a number of
threads (or of halves), and gives samples with the photometric
interpretation that they have then. Codecs are imported when first called:
together they take a quarter of a second to load, and most files need none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from dcmview.dicom.codestream import (
    JPEG_LOSSLESS,
    JpegHeader,
    is_reversible,
    most_bit_planes,
    wavelet_levels,
    with_sample_depth,
)
from dcmview.dicom.transfer import Codec
from dcmview.errors import DecodeFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dcmview.dicom.codestream import CodestreamHeader
    from dcmview.dicom.transfer import TransferSyntax
    from dcmview.model import PixelLayout

_Decoded = tuple["NDArray[np.generic]", str]
_ReducedDecoder: TypeAlias = (
    "Callable[[bytes, CodestreamHeader, PixelLayout, int], _Decoded | None]"
)
_Decoder: TypeAlias = "Callable[[bytes, CodestreamHeader, PixelLayout, int], _Decoded]"


def without_subsampling(interpretation: str) -> str:
    """Decoders give full resolution, so the values are YBR_FULL."""
    return "YBR_FULL" if interpretation == "YBR_FULL_422" else interpretation


def run_decoders(
    frame: bytes,
    header: CodestreamHeader,
    layout: PixelLayout,
    transfer_syntax: TransferSyntax,
    *,
    threads: int,
    decoders: tuple[_Decoder, ...],
) -> _Decoded:
    """Decode with the first decoder that gives a picture.

    Raises
    ------
    DecodeFailed
        In the words of the first one, where none does.
    """
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
        return values, without_subsampling(layout.photometric_interpretation)
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
    return values, without_subsampling(layout.photometric_interpretation)


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
    return values, without_subsampling(layout.photometric_interpretation)


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
    return without_subsampling(interpretation)


def _jpeg_xl_imagecodecs(
    frame: bytes, header: CodestreamHeader, layout: PixelLayout, threads: int
) -> _Decoded:
    import imagecodecs

    values = imagecodecs.jpegxl_decode(frame, numthreads=threads)
    # XYB and recompressed YCbCr are undone by the codec.
    return values, "RGB" if layout.samples_per_pixel == 3 else layout.photometric_interpretation


DECODERS: dict[Codec, tuple[_Decoder, ...]] = {
    Codec.JPEG: (_jpeg_imagecodecs, _jpeg_pillow),
    Codec.JPEG_LS: (_jpeg_ls_imagecodecs,),
    Codec.JPEG_2000: (_jpeg_2000_imagecodecs, _jpeg_2000_openjpeg),
    # OpenJPH wraps white to black in lossy frames, so it is kept for what OpenJPEG refuses.
    Codec.HTJ2K: (_jpeg_2000_imagecodecs, _jpeg_2000_openjpeg, _htj2k_deep),
    Codec.JPEG_XL: (_jpeg_xl_imagecodecs,),
}


CUT_SHORT_DECODERS: dict[Codec, tuple[_Decoder, ...]] = {
    Codec.JPEG_LS: (_jpeg_ls_cut_short,),
    Codec.HTJ2K: (_jpeg_2000_imagecodecs, _htj2k_cut_short),
}
"""Instead of those above, for frames that end early."""


def _jpeg_2000_reduced(
    frame: bytes, header: CodestreamHeader, layout: PixelLayout, halves: int
) -> _Decoded | None:
    import io

    from PIL import Image

    if header.precision > 16 or header.components not in (1, 3):
        return None
    if header.components == 3 and (header.precision != 8 or header.is_signed):
        return None
    if halves > wavelet_levels(frame):
        return None
    image: Any
    with Image.open(io.BytesIO(frame), formats=("JPEG2000",)) as image:
        # Not image.reduce: it rounds the size to the nearest, the codec rounds up.
        size = -(-layout.columns >> halves), -(-layout.rows >> halves)
        codec, _, *others = image.tile[0].args
        arguments = (codec, halves, *others)
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
    frame: bytes, header: CodestreamHeader, layout: PixelLayout, halves: int
) -> _Decoded | None:
    import io

    from PIL import Image

    assert isinstance(header, JpegHeader)
    if header.precision != 8 or header.process > 2 or header.components not in (1, 3):
        return None
    if halves > 3:
        return None
    with Image.open(io.BytesIO(frame), formats=("JPEG",)) as image:
        mode = "L" if header.components == 1 else _mode_as_coded(header)
        if image.draft(mode, (layout.columns >> halves, layout.rows >> halves)) is None:
            return None
        values = np.asarray(image)
    if header.components == 1:
        return values, layout.photometric_interpretation
    return values, "YBR_FULL" if _is_coded_as_ycbcr(header, layout) else "RGB"


REDUCED_DECODERS: dict[Codec, _ReducedDecoder] = {
    Codec.JPEG: _jpeg_reduced,
    Codec.JPEG_2000: _jpeg_2000_reduced,
    Codec.HTJ2K: _jpeg_2000_reduced,
}
