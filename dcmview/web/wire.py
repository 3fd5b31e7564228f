"""Raw samples made small for the wire, and quickly so: differences, zigzag, byte planes.

Neighbouring samples differ little, so the differences are small; zigzag makes
small negative ones small numbers too, and then one of the two byte planes is
nearly all zeros. deflate finds what is left. Undone in the page in one pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcmview.web.compression import gzip_compressor

if TYPE_CHECKING:
    from dcmview.model import RawFrame

PLANES = "planes"


def encode_planes(frame: RawFrame) -> tuple[bytes | memoryview, str]:
    """Turn the samples of a frame into planes of differences.

    Samples of 8 bits become differences to the sample before in the same
    component, modulo 256. Those of 16 bits become differences modulo 65,536,
    zigzag-coded, all low bytes before all high bytes. Others stay as they are.

    Returns
    -------
    tuple of bytes and str
        The body, and ``planes`` or an empty string where it stays as it is.
    """
    import numpy as np  # late: the page is served before numpy is needed

    if frame.bits_allocated not in (8, 16):
        return frame.samples, ""
    dtype = np.dtype(f"<u{frame.bits_allocated // 8}")
    samples = np.frombuffer(frame.samples, dtype)
    step = frame.layout.samples_per_pixel
    differences = np.empty_like(samples)
    differences[:step] = samples[:step]
    np.subtract(samples[step:], samples[:-step], out=differences[step:])
    if frame.bits_allocated == 8:
        return differences.data.cast("B"), PLANES
    sign = (differences.view("<i2") >> 15).view("<u2")
    differences <<= 1
    differences ^= sign
    return differences.view(np.uint8).reshape(-1, 2).T.tobytes(), PLANES


def encode_for_wire(frame: RawFrame, *, gzip: bool) -> tuple[bytes | memoryview, str]:
    """Encode as `encode_planes` does, and compress where the client undoes that."""
    body, encoding = encode_planes(frame)
    if gzip:
        compressor = gzip_compressor()
        body = compressor.compress(body) + compressor.flush()
    return body, encoding
