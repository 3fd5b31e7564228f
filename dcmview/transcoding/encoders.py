"""The encoder of each codec: samples of a frame -> a codestream.

The precision in the codestream is *Bits Stored* (0028,0101), and its sign that
of *Pixel Representation* (0028,0103) where the format knows one. Codecs are
imported when first called.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from dcmview.dicom.transfer import Codec
from dcmview.errors import CannotTranscode, one_line
from dcmview.transcoding.jpeg import encode_jpeg, encode_jpeg_ls
from dcmview.transcoding.rle import encode_rle, encode_rle_bits
from dcmview.transcoding.wavelets import encode_htj2k, encode_jpeg_2000

if TYPE_CHECKING:
    from collections.abc import Callable

    from dcmview.transcoding.coding import Coding, Content, Samples


def encode_codestream(samples: Samples, coding: Coding) -> bytes:
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
        raise CannotTranscode(f"the encoder refuses this frame: {one_line(exc)}") from exc


def _encode_rle(samples: Samples, coding: Coding) -> Content:
    return encode_rle_bits(samples) if coding.cell_bits == 1 else encode_rle(samples)


def _encode_deflated(samples: Samples, coding: Coding) -> Content:
    if coding.cell_bits == 1:
        content: Any = np.packbits(samples != 0, bitorder="little")
    else:
        content = samples.astype(samples.dtype.newbyteorder("<"), copy=False)
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflate.compress(content.data) + deflate.flush()


def _encode_jpeg_xl(samples: Samples, coding: Coding) -> Content:
    import imagecodecs

    return imagecodecs.jpegxl_encode(
        samples,
        level=coding.options.quality,
        lossless=coding.lossless,
        bitspersample=coding.bits,
        usecontainer=False,
        numthreads=1,
    )


_ENCODERS: dict[Codec, Callable[[Samples, Coding], Content]] = {
    Codec.RLE: _encode_rle,
    Codec.DEFLATED_FRAME: _encode_deflated,
    Codec.JPEG: encode_jpeg,
    Codec.JPEG_LS: encode_jpeg_ls,
    Codec.JPEG_2000: encode_jpeg_2000,
    Codec.HTJ2K: encode_htj2k,
    Codec.JPEG_XL: _encode_jpeg_xl,
}
