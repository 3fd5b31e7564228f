"""Samples -> JPEG 2000 and HTJ2K."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from dcmview.dicom.codestream import with_sample_depth
from dcmview.errors import CannotTranscode

if TYPE_CHECKING:
    from collections.abc import Callable

    from dcmview.transcoding.coding import Coding, Content, Samples


def encode_jpeg_2000(samples: Samples, coding: Coding) -> Content:
    """Encode as a bare JPEG 2000 codestream: one tile, one layer, five wavelet levels."""
    if coding.options.ratio is None:
        return _jpeg_2000(samples, coding, coding.options.quality)
    if min(samples.shape[:2]) >= _LEAST_PX_OF_FIVE_LEVELS:
        return _encode_jpeg_2000_to_ratio(samples, coding, coding.options.ratio)
    most_bytes = _most_bytes(samples, coding, coding.options.ratio)
    return _finest(lambda noise_ratio: _jpeg_2000(samples, coding, noise_ratio), 1, 128, most_bytes)


def _jpeg_2000(samples: Samples, coding: Coding, noise_ratio: int | None) -> Content:
    """Encode to this peak signal-to-noise ratio in dB, or reversibly."""
    import imagecodecs

    return imagecodecs.jpeg2k_encode(
        samples,
        level=noise_ratio,
        codecformat="J2K",
        bitspersample=coding.bits,
        reversible=coding.lossless,
        mct=coding.interpretation == "RGB",
        numthreads=1,
    )


_LEAST_PX_OF_FIVE_LEVELS = 32
"""Rate control comes with five wavelet levels, and no smaller frame has so many."""


def _encode_jpeg_2000_to_ratio(samples: Samples, coding: Coding, ratio: float) -> Content:
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


_NOISE_OF_ICT = 2.9
"""By how much the way back to RGB multiplies the noise of luma and chroma, on average."""


def encode_htj2k(samples: Samples, coding: Coding) -> Content:
    """Encode as a bare HTJ2K codestream, in the order RPCL whatever the target."""
    if coding.lossless:
        return _openjph(samples, coding, None)
    if coding.options.quality is not None:
        noise = 10 ** (-coding.options.quality / 10)
        if coding.interpretation == "RGB":
            noise /= _NOISE_OF_ICT
        # What lies in the dead zone of the quantiser is off by a third of its squared step.
        return _openjph(samples, coding, math.sqrt(3 * noise))
    assert coding.options.ratio is not None
    # OpenJPH has no rate control, and is fast: the finest step of 64 to a decade that fits.
    most_bytes = _most_bytes(samples, coding, coding.options.ratio)
    return _finest(
        lambda step: _openjph(samples, coding, 10 ** (step / 64)), -1, -6 * 64, most_bytes
    )


def _most_bytes(samples: Samples, coding: Coding, ratio: float) -> float:
    return samples.size * (coding.cell_bits // 8) / ratio


def _finest(encode: Callable[[int], Content], coarse: int, fine: int, most_bytes: float) -> Content:
    """Encode as finely as fits into so many bytes, between two settings.

    Raises
    ------
    CannotTranscode
        If not even the coarsest fits: it would ruin the frame for nothing.
    """
    content = encode(coarse)
    if len(content) > most_bytes:
        raise CannotTranscode(
            f"its codestream takes {len(content):,} bytes at least, and by the ratio "
            f"{most_bytes:,.0f} are left"
        )
    while abs(coarse - fine) > 1:
        middle = (fine + coarse) // 2
        attempt = encode(middle)
        if len(attempt) <= most_bytes:
            coarse, content = middle, attempt
        else:
            fine = middle
    return content


def _openjph(samples: Samples, coding: Coding, step: float | None) -> bytes:
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
