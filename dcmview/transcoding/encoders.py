"""One function for each codec: samples of a frame -> a codestream.

The precision in the codestream is *Bits Stored* (0028,0101), and its sign that
of *Pixel Representation* (0028,0103) where the format knows one. Codecs are
imported when first called.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from dcmview.dicom.codestream import with_sample_depth
from dcmview.dicom.transfer import Codec
from dcmview.errors import CannotTranscode
from dcmview.transcoding.rle import encode_rle, encode_rle_bits

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dcmview.transcoding.targets import EncodeOptions, Target

_Samples: TypeAlias = "NDArray[np.integer[Any]]"
_Content: TypeAlias = "bytes | bytearray"


@dataclass(frozen=True, slots=True)
class Coding:
    """How the samples of a file are coded.

    ``bits`` is *Bits Stored*, ``cell_bits`` *Bits Allocated*.
    ``interpretation`` names the colours of the samples that are given, not
    those in the codestream.
    """

    bits: int
    cell_bits: int
    is_signed: bool
    interpretation: str
    target: Target
    options: EncodeOptions

    @property
    def lossless(self) -> bool:
        return self.target.lossless

    @property
    def is_rpcl(self) -> bool:
        return self.target.keyword == "HTJ2KLosslessRPCL"


def encode_codestream(samples: _Samples, coding: Coding) -> bytes:
    """Encode one frame.

    Parameters
    ----------
    samples : ndarray of integers, shape (rows, columns) or (rows, columns, samples)
        Of the smallest type that holds *Bits Stored* (0028,0101), contiguous;
        for RLE and deflated frames of that of *Bits Allocated* (0028,0100).
    coding : Coding
        What the codestream has to say.

    Raises
    ------
    CannotTranscode
        If the encoder refuses, in its own words.
    """
    try:
        return bytes(_ENCODERS[coding.target.syntax.codec](samples, coding))
    except (ImportError, RuntimeError, ValueError, OSError, TypeError) as exc:
        words = " ".join(str(exc).split()) or type(exc).__name__
        raise CannotTranscode(f"the encoder refuses this frame: {words}") from exc


def _bit_patterns(samples: _Samples, bits: int) -> _Samples:
    """Samples of a codec that knows no sign: two's complement of this many bits."""
    if samples.dtype.kind == "u":
        return samples
    unsigned = np.dtype(f"u{samples.dtype.itemsize}")
    patterns: _Samples = samples.view(unsigned)
    if bits < unsigned.itemsize * 8:
        patterns = patterns & unsigned.type((1 << bits) - 1)
    return patterns


def _encode_rle(samples: _Samples, coding: Coding) -> _Content:
    return encode_rle_bits(samples) if coding.cell_bits == 1 else encode_rle(samples)


def _encode_deflated(samples: _Samples, coding: Coding) -> _Content:
    if coding.cell_bits == 1:
        content: Any = np.packbits(samples != 0, bitorder="little")
    else:
        content = samples.astype(samples.dtype.newbyteorder("<"), copy=False)
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflate.compress(content.data) + deflate.flush()


_JPEG_COLOURS = {"RGB": "RGB", "YBR_FULL": "YCBCR"}


def _encode_jpeg(samples: _Samples, coding: Coding) -> _Content:
    import imagecodecs

    samples = _bit_patterns(samples, coding.bits)
    colours = _JPEG_COLOURS.get(coding.interpretation, "GRAYSCALE")
    if coding.lossless:
        # libjpeg thins out chroma that it knows as such.
        colours = "UNKNOWN" if colours == "YCBCR" else colours
        return imagecodecs.jpeg8_encode(
            samples,
            lossless=True,
            predictor=1,
            bitspersample=max(coding.bits, 2),
            colorspace=colours,
            outcolorspace=colours,
        )
    is_deep = samples.dtype.itemsize == 2
    content = imagecodecs.jpeg8_encode(
        samples,
        level=coding.options.quality,
        bitspersample=12 if is_deep else 8,
        colorspace=colours,
        outcolorspace="GRAYSCALE" if samples.ndim == 2 else "YCBCR",
        subsampling="422" if samples.ndim == 3 else None,
    )
    is_extended = coding.target.keyword == "JPEGExtended12Bit"
    return content if is_deep or not is_extended else _as_extended(content)


def _as_extended(codestream: _Content) -> bytes:
    """Process 2 instead of 1: what is baseline is extended, too, but for its marker (SOF1)."""
    position = 2
    while codestream[position + 1] != 0xC0:
        position += 2 + int.from_bytes(codestream[position + 2 : position + 4], "big")
    return bytes(codestream[: position + 1] + b"\xc1" + codestream[position + 2 :])


def _encode_jpeg_ls(samples: _Samples, coding: Coding) -> _Content:
    import imagecodecs

    patterns = _bit_patterns(samples, coding.bits)
    near = coding.options.near or 0
    if near:
        _require_room(samples, coding, near)
    if coding.bits == patterns.dtype.itemsize * 8:
        return _without_spiff(imagecodecs.jpegls_encode(patterns, level=near))
    # imagecodecs codes whole cells; a codestream of fewer bits takes this one.
    try:
        import jpeg_ls
    except ImportError:
        if near:
            raise  # errors would pass the limits of the bits
        return _without_spiff(imagecodecs.jpegls_encode(patterns))
    rows, columns = patterns.shape[:2]
    little = patterns.astype(patterns.dtype.newbyteorder("<"), copy=False)
    content: bytearray = jpeg_ls.encode_buffer(
        little.tobytes(),
        rows,
        columns,
        1 if patterns.ndim == 2 else patterns.shape[2],
        coding.bits,
        lossy_error=near,
        interleave_mode=2,
    )
    return content


def _require_room(samples: _Samples, coding: Coding, near: int) -> None:
    """JPEG-LS knows no sign: beyond the largest value an error would make the least one."""
    if not coding.is_signed:
        return
    half = 1 << coding.bits - 1
    if int(samples.min()) < near - half or int(samples.max()) > half - 1 - near:
        raise CannotTranscode(
            f"signed samples within {near} of the limits of {coding.bits} bits would change sign "
            "in near-lossless JPEG-LS"
        )


def _without_spiff(codestream: _Content) -> _Content:
    """Leave out the SPIFF header (APP8), which repeats what the frame header says."""
    position = 2
    while codestream[position : position + 2] == b"\xff\xe8":
        position += 2 + int.from_bytes(codestream[position + 2 : position + 4], "big")
    return codestream[:2] + codestream[position:]


def _encode_jpeg_2000(samples: _Samples, coding: Coding) -> _Content:
    if coding.options.ratio is not None:
        return _encode_jpeg_2000_to_ratio(samples, coding, coding.options.ratio)
    import imagecodecs

    return imagecodecs.jpeg2k_encode(
        samples,
        level=coding.options.quality,  # peak signal-to-noise ratio in dB
        codecformat="J2K",
        bitspersample=coding.bits,
        reversible=coding.lossless,
        mct=coding.interpretation == "RGB",
        numthreads=1,
    )


def _encode_jpeg_2000_to_ratio(samples: _Samples, coding: Coding, ratio: float) -> _Content:
    import openjpeg.utils

    # OpenJPEG counts the bits of samples, we the bytes of cells.
    ratio_of_bits = max(ratio * coding.bits / coding.cell_bits, 1.0)
    is_rgb = coding.interpretation == "RGB"
    content: bytes = openjpeg.utils.encode_array(
        samples,
        bits_stored=coding.bits,
        photometric_interpretation=1 if is_rgb else 0,
        use_mct=is_rgb,
        compression_ratios=[ratio_of_bits],
    )
    return content


def _encode_htj2k(samples: _Samples, coding: Coding) -> _Content:
    if coding.lossless:
        return _openjph(samples, coding, None)
    if coding.options.quality is not None:
        # The noise of a uniform quantiser is a twelfth of the square of its step.
        return _openjph(samples, coding, math.sqrt(12) * 10 ** (-coding.options.quality / 20))
    assert coding.options.ratio is not None
    most_bytes = samples.size * (coding.cell_bits // 8) / coding.options.ratio
    # OpenJPH has no rate control, and is fast: the finest step of 64 to a decade that fits.
    fine, coarse = -6 * 64, -1
    content = _openjph(samples, coding, 10 ** (coarse / 64))
    while coarse - fine > 1:
        middle = (fine + coarse) // 2
        attempt = _openjph(samples, coding, 10 ** (middle / 64))
        if len(attempt) <= most_bytes:
            coarse, content = middle, attempt
        else:
            fine = middle
    return content


def _openjph(samples: _Samples, coding: Coding, step: float | None) -> bytes:
    """Encode with this quantisation step, part of the range of the samples, or reversibly.

    imagecodecs codes whole cells. So samples are moved about zero, where a
    codestream of fewer bits is the same but for what its header says.
    """
    import imagecodecs

    signed = np.dtype(f"i{samples.dtype.itemsize}")
    spare = signed.itemsize * 8 - coding.bits
    if not coding.is_signed:
        # Wraps on purpose: the upper half of the range becomes the positive one.
        half = samples.dtype.type(1 << coding.bits - 1)
        samples = np.subtract(samples, half).view(signed)
    if step is not None and spare:
        samples = np.left_shift(samples, spare)  # a step is relative to the range
    coded = imagecodecs.htj2k_encode(
        samples,
        level=step,
        reversible=step is None,
        rgb=coding.interpretation == "RGB" if samples.ndim == 3 else None,
        resolutions=_wavelet_levels(samples.shape[0], samples.shape[1]),
        tlm=coding.is_rpcl,
        tilepart=1 if coding.is_rpcl else None,  # one for each resolution
    )
    content = with_sample_depth(bytes(coded), coding.bits, is_signed=coding.is_signed)
    if coding.is_rpcl:
        _require_rpcl(content)
    return content


_MOST_THUMBNAIL_PX = 64
_RPCL = 2


def _wavelet_levels(rows: int, columns: int) -> int:
    """Five, and as many as leave at most 64 rows or columns in the smallest picture."""
    levels = 5
    while -(-min(rows, columns) >> levels) > _MOST_THUMBNAIL_PX:
        levels += 1
    return levels


def _require_rpcl(codestream: bytes) -> None:
    """See that the codestream says what DICOM PS3.5 10.18 asks of it."""
    position, progression, has_lengths = 2, -1, False
    while codestream[position + 1] != 0x90:  # up to the first tile-part
        marker = codestream[position + 1]
        if marker == 0x52:  # COD
            progression = codestream[position + 5]
        has_lengths = has_lengths or marker == 0x55  # TLM
        position += 2 + int.from_bytes(codestream[position + 2 : position + 4], "big")
    if progression != _RPCL or not has_lengths:
        raise CannotTranscode(
            f"the encoder gave progression order {progression}"
            f"{'' if has_lengths else ' and no tile-part lengths'}; "
            "HTJ2KLosslessRPCL needs order 2 (RPCL) and tile-part lengths (TLM)"
        )


_JXL_EFFORT = 3
"""Modular coding at twenty times the speed of the default, for files 3 % larger."""


def _encode_jpeg_xl(samples: _Samples, coding: Coding) -> _Content:
    import imagecodecs

    return imagecodecs.jpegxl_encode(
        samples,
        level=coding.options.quality,
        lossless=coding.lossless,
        effort=_JXL_EFFORT,
        bitspersample=coding.bits,
        usecontainer=False,
        numthreads=1,
    )


_ENCODERS: dict[Codec, Callable[[_Samples, Coding], _Content]] = {
    Codec.RLE: _encode_rle,
    Codec.DEFLATED_FRAME: _encode_deflated,
    Codec.JPEG: _encode_jpeg,
    Codec.JPEG_LS: _encode_jpeg_ls,
    Codec.JPEG_2000: _encode_jpeg_2000,
    Codec.HTJ2K: _encode_htj2k,
    Codec.JPEG_XL: _encode_jpeg_xl,
}
