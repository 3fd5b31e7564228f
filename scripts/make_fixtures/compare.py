"""Whether a file is the same as the one made again, whatever release of a codec made it."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import imagecodecs
import numpy as np
from pydicom import dcmread
from pydicom.encaps import generate_frames
from pydicom.uid import JPEGBaseline8Bit, RLELossless

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

JPEG_MEAN_DIFFERENCE = 1.0
"""Grey levels; encoders of baseline JPEG differ in the last bit of their transform."""


def difference(there: bytes, made: bytes) -> str:
    """Say how a file differs from the one made again; nothing if it is the same.

    Other releases of a codec or of zlib may write other bytes for the same values, so compressed
    pixels are compared after decoding. JPEG's lossy ratio is among what may change with them.
    """
    if there == made:
        return ""
    if made[128:132] != b"DICM":
        return "differs"
    found, expected = dcmread(BytesIO(there)), dcmread(BytesIO(made))
    syntax = expected.file_meta.TransferSyntaxUID
    if found.file_meta != expected.file_meta:
        return "differs in its meta group"
    if not syntax.is_encapsulated and not syntax.is_deflated:
        return "differs in its bytes"
    left, right = frames(found), frames(expected)
    if syntax == JPEGBaseline8Bit:
        same = bool(np.abs(left.astype(float) - right).mean() <= JPEG_MEAN_DIFFERENCE)
    else:
        same = np.array_equal(left, right)
    if not same:
        return "differs in its pixels"
    for ds in (found, expected):
        del ds.PixelData
        ds.pop("LossyImageCompressionRatio", None)
    return "" if found == expected else "differs in its elements"


def frames(ds: Dataset) -> NDArray[np.generic]:
    """Give the stored values of all frames of a compressed object."""
    syntax = ds.file_meta.TransferSyntaxUID
    if syntax.is_deflated or syntax == RLELossless:
        return ds.pixel_array
    count = int(ds.get("NumberOfFrames", 1))
    encoded = generate_frames(ds.PixelData, number_of_frames=count)
    return np.stack([decode(frame, syntax.name) for frame in encoded])


def decode(frame: bytes, syntax: str) -> NDArray[np.generic]:
    """Decode a frame with the codec that its transfer syntax is named after."""
    if syntax.startswith("JPEG-LS"):
        return imagecodecs.jpegls_decode(frame)
    if syntax.startswith("High-Throughput"):
        return imagecodecs.htj2k_decode(frame)
    if syntax.startswith("JPEG 2000"):
        return imagecodecs.jpeg2k_decode(frame)
    return imagecodecs.jpeg8_decode(frame)
