"""Samples -> JPEG and JPEG-LS, which know no sign and only some precisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dcmview.errors import CannotTranscode

if TYPE_CHECKING:
    from dcmview.transcoding.coding import Coding, Content, Samples


def _bit_patterns(samples: Samples, bits: int) -> Samples:
    """Samples of a codec that knows no sign: two's complement of this many bits."""
    if samples.dtype.kind == "u":
        return samples
    unsigned = np.dtype(f"u{samples.dtype.itemsize}")
    patterns: Samples = samples.view(unsigned)
    if bits < unsigned.itemsize * 8:
        patterns = patterns & unsigned.type((1 << bits) - 1)
    return patterns


_JPEG_COLOURS = {"RGB": "RGB", "YBR_FULL": "YCBCR"}


def encode_jpeg(samples: Samples, coding: Coding) -> Content:
    """Encode as the JPEG process of the target; colours that are lossy become 4:2:2."""
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


def _as_extended(codestream: Content) -> bytes:
    """Process 2 instead of 1: what is baseline is extended, too, but for its marker (SOF1)."""
    position = 2
    while codestream[position + 1] != 0xC0:
        position += 2 + int.from_bytes(codestream[position + 2 : position + 4], "big")
    return bytes(codestream[: position + 1] + b"\xc1" + codestream[position + 2 :])


def encode_jpeg_ls(samples: Samples, coding: Coding) -> Content:
    """Encode as JPEG-LS, samples interleaved, with no error above ``near``."""
    patterns = _bit_patterns(samples, coding.bits)
    near = coding.options.near or 0
    if near:
        _require_room(samples, coding, near)
    if coding.bits <= 8 < coding.cell_bits:
        # Precision says of what size the decoded cells are, to DCMTK and to GDCM.
        return _encode_whole_cells(_whole_cells(samples, 16), near)
    if coding.bits == patterns.dtype.itemsize * 8:
        return _encode_whole_cells(patterns, near)
    try:
        return _encode_part_of_cells(patterns, coding.bits, near)
    except (ImportError, RuntimeError):
        if near:
            raise  # errors would pass the limits of the bits
        return _encode_whole_cells(_whole_cells(samples, samples.dtype.itemsize * 8), near)


def _whole_cells(samples: Samples, bits: int) -> Samples:
    """Patterns of full cells: with the sign in all bits above, which not every reader looks for."""
    cells: Samples = samples.astype(f"{samples.dtype.kind}{bits // 8}", copy=False)
    return _bit_patterns(cells, bits)


_HEADER_BYTES = 1024


def _encode_whole_cells(patterns: Samples, near: int) -> Content:
    import imagecodecs

    # Noise gets longer, for which it makes no room by itself.
    most_bytes = 2 * patterns.nbytes + _HEADER_BYTES
    return _without_spiff(imagecodecs.jpegls_encode(patterns, level=near, out=most_bytes))


def _encode_part_of_cells(patterns: Samples, bits: int, near: int) -> Content:
    """JPEG-LS of a precision that imagecodecs does not write.

    pyjpegls gives up where the codestream is longer than the frame.
    """
    import jpeg_ls

    rows, columns = patterns.shape[:2]
    content: bytearray = jpeg_ls.encode_buffer(
        patterns.astype(patterns.dtype.newbyteorder("<"), copy=False).tobytes(),
        rows,
        columns,
        1 if patterns.ndim == 2 else patterns.shape[2],
        bits,
        lossy_error=near,
        interleave_mode=2,
    )
    return content


def _require_room(samples: Samples, coding: Coding, near: int) -> None:
    """JPEG-LS knows no sign: beyond the largest value an error would make the least one."""
    if not coding.is_signed:
        return
    half = 1 << coding.bits - 1
    if int(samples.min()) < near - half or int(samples.max()) > half - 1 - near:
        raise CannotTranscode(
            f"signed samples within {near} of the limits of {coding.bits} bits would change sign "
            "in near-lossless JPEG-LS"
        )


def _without_spiff(codestream: Content) -> Content:
    """Leave out the SPIFF header (APP8), which repeats what the frame header says."""
    position = 2
    while codestream[position : position + 2] == b"\xff\xe8":
        position += 2 + int.from_bytes(codestream[position + 2 : position + 4], "big")
    return codestream[:2] + codestream[position:]
