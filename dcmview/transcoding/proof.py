"""Decode what was encoded, and compare.

With the decoders of the viewer: for HTJ2K that is another library than the
encoder's, elsewhere the same one, called as for any file.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from dcmview.dicom.decode import decode_frame
from dcmview.dicom.transfer import Codec
from dcmview.errors import CannotTranscode, DcmviewError
from dcmview.pixels.color import color_to_rgb

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcmview.model import StoredFrame
    from dcmview.transcoding.pixels import PixelResult
    from dcmview.transcoding.targets import Target

_ROWS_AT_ONCE = 256


def prove_frame(
    content: bytes | memoryview,
    stored: StoredFrame,
    result: PixelResult,
    target: Target,
    *,
    near: int | None = None,
) -> tuple[float, float]:
    """Decode an encoded frame as the new data set describes it, and compare.

    Parameters
    ----------
    content : bytes or memoryview
        The encoded frame, or the cells of one without compression.
    stored : StoredFrame
        What was encoded.
    result : PixelResult
        What the new data set says of it.
    target : Target
        The syntax that it is in.
    near : int, optional
        Largest error that is allowed.

    Returns
    -------
    tuple of float
        Maximum and mean of the absolute differences of stored values, both 0
        for a lossless target. Colours that came as YBR_FULL and are decoded as
        RGB are compared as RGB.

    Raises
    ------
    CannotTranscode
        If the frame cannot be decoded, is not described by the data set, or
        differs more than it may.
    """
    decoded = _decoded(content, stored, result, target)
    if target.lossless:
        is_float = stored.values.dtype.kind == "f"
        is_same = decoded.layout.photometric_interpretation == (
            stored.layout.photometric_interpretation
        ) and np.array_equal(decoded.values, stored.values, equal_nan=is_float)
        if not is_same:
            raise CannotTranscode("the proof failed: decoded values differ from the original ones")
        return 0.0, 0.0
    original = stored.values
    if decoded.layout.photometric_interpretation != stored.layout.photometric_interpretation:
        original = color_to_rgb(original, stored.layout)
    worst, mean = _errors(original, decoded.values)
    if near is not None and worst > near:
        raise CannotTranscode(f"the proof failed: an error of {worst:g}, allowed are {near}")
    return worst, mean


def _decoded(
    content: bytes | memoryview, stored: StoredFrame, result: PixelResult, target: Target
) -> StoredFrame:
    layout = replace(
        stored.layout,
        photometric_interpretation=result.photometric_interpretation,
        planar_configuration=result.planar_configuration or 0,
        bits_allocated=result.bits_allocated,
        bits_stored=result.bits_stored,
        high_bit=result.high_bit,
        pixel_representation=result.pixel_representation,
    )
    try:
        decoded = decode_frame(
            np.frombuffer(content, np.uint8)
            if target.syntax.codec is Codec.NATIVE
            else bytes(content),
            layout,
            target.syntax,
            little_endian=target.syntax.little_endian,
        )
    except DcmviewError as exc:
        raise CannotTranscode(f"the proof failed: {exc.message}") from exc
    if decoded.repairs:
        raise CannotTranscode(
            "the proof failed: the encoded frame is not as its data set says: "
            + "; ".join(f"{repair.element}: {repair.found}" for repair in decoded.repairs)
        )
    return decoded


def _errors(original: NDArray[np.generic], decoded: NDArray[np.generic]) -> tuple[float, float]:
    """Maximum and mean absolute difference, a strip of rows at a time."""
    worst, total = 0, 0
    for begin in range(0, original.shape[0], _ROWS_AT_ONCE):
        before = cast("NDArray[np.integer[Any]]", original[begin : begin + _ROWS_AT_ONCE])
        after = cast("NDArray[np.integer[Any]]", decoded[begin : begin + _ROWS_AT_ONCE])
        difference = np.abs(np.subtract(before, after, dtype=np.int64))
        worst = max(worst, int(difference.max()))
        total += int(difference.sum())
    return float(worst), total / original.size
