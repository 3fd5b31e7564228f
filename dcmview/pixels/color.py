"""Colour samples and palette indices -> 8-bit RGB (DICOM PS3.3 C.7.6.3.1.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from dcmview.errors import UnsupportedPixelFormat

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcmview.model import LookupTable, Palette, PixelLayout

_CHUNK_ROWS = 64
_FRACTION_BITS = 16


@dataclass(frozen=True, slots=True)
class _YbrMatrix:
    """How RGB follows from luma and the two chroma samples, which are 128 for grey."""

    black: int
    luma: float
    cr_to_red: float
    cb_to_green: float
    cr_to_green: float
    cb_to_blue: float


# The inverses of the equations in the clause, which are those of ITU-R BT.601.
_YBR_FULL = _YbrMatrix(0, 1.0, 1.402, -0.344136, -0.714136, 1.772)
_YBR_PARTIAL = _YbrMatrix(16, 255 / 219, 1.596027, -0.391762, -0.812968, 2.017232)
_MATRICES = {
    "YBR_FULL": _YBR_FULL,
    "YBR_FULL_422": _YBR_FULL,
    "YBR_ICT": _YBR_FULL,
    "YBR_PARTIAL": _YBR_PARTIAL,
    "YBR_PARTIAL_420": _YBR_PARTIAL,
    "YBR_PARTIAL_422": _YBR_PARTIAL,
}


def color_to_rgb(stored: NDArray[np.generic], layout: PixelLayout) -> NDArray[np.uint8]:
    """Convert a frame of several samples to RGB.

    The alpha of ARGB and whatever follows three colours is left out, and of
    two samples the first is shown as grey: no interpretation has two.

    Parameters
    ----------
    stored : ndarray of integers, shape (rows, columns, samples)
        Samples as *Photometric Interpretation* (0028,0004) of the layout has them.
    layout : PixelLayout
        Describes the samples; those of more or less than 8 bits are scaled
        from the whole range of *Bits Stored* (0028,0101).

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 3)
        Red, green, blue.

    Raises
    ------
    UnsupportedPixelFormat
        If the interpretation defines no colours for these samples.
    """
    interpretation = layout.photometric_interpretation
    if stored.ndim != 3 or not 2 <= stored.shape[2] <= 4 or stored.dtype.kind not in "iu":
        raise UnsupportedPixelFormat(
            f"Photometric Interpretation (0028,0004) {interpretation} with "
            f"{layout.samples_per_pixel} {layout.kind} samples a pixel cannot be shown"
        )
    count = stored.shape[2]
    if count == 2:
        return np.repeat(_to_eight_bits(stored[:, :, :1], layout), 3, axis=2)
    if count == 4:
        if interpretation == "CMYK":
            return _cmyk_to_rgb(_to_eight_bits(stored, layout))
        first = 1 if interpretation == "ARGB" else 0
        stored = np.ascontiguousarray(stored[:, :, first : first + 3])
    if interpretation in ("RGB", "ARGB"):
        return _to_eight_bits(stored, layout)
    matrix = _MATRICES.get(interpretation)
    if matrix is None:
        raise UnsupportedPixelFormat(
            f"Photometric Interpretation (0028,0004) {interpretation} of three samples has no "
            "defined colours"
        )
    if stored.dtype == np.uint8 and layout.bits_stored == 8:
        return _ybr_to_rgb(cast("NDArray[np.uint8]", stored), matrix)
    return _deep_ybr_to_rgb(stored, layout, matrix)


def _cmyk_to_rgb(samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Inks take light away: each its colour, black all of them; a retired interpretation."""
    light = 255 - samples.astype(np.uint16)
    rgb = (light[:, :, :3] * light[:, :, 3:] + 127) // 255
    return rgb.astype(np.uint8)


def palette_to_rgb(indices: NDArray[np.generic], palette: Palette) -> NDArray[np.uint8]:
    """Look up the colours of palette indices.

    Parameters
    ----------
    indices : ndarray of integers, shape (rows, columns)
        Stored values of a PALETTE COLOR frame.
    palette : Palette
        Indices below the first mapped one take the first colour, above the end
        the last. Of entries of more than 8 bits the highest 8 are shown.

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 3)
        Red, green, blue.

    References
    ----------
    DICOM PS3.3 C.7.6.3.1.5, Palette Color Lookup Table Descriptor.
    """
    if indices.dtype.kind not in "iu":
        raise UnsupportedPixelFormat(f"palette indices of type {indices.dtype}")
    rgb = np.empty((*indices.shape, 3), np.uint8)
    for channel, table in enumerate((palette.red, palette.green, palette.blue)):
        colors = _eight_bit_entries(table)
        for begin in range(0, indices.shape[0], _CHUNK_ROWS):
            rows = slice(begin, begin + _CHUNK_ROWS)
            positions = indices[rows].astype(np.intp) - table.first_mapped
            rgb[rows, :, channel] = np.take(colors, positions, mode="clip")
    return rgb


def _eight_bit_entries(table: LookupTable) -> NDArray[np.uint8]:
    if table.bits < 8:
        top = (1 << table.bits) - 1
        levels = np.minimum(table.entries, top).astype(np.uint32) * 255 // top
    else:
        levels = np.minimum(table.entries >> (table.bits - 8), 255)
    return levels.astype(np.uint8)


def _to_eight_bits(stored: NDArray[np.generic], layout: PixelLayout) -> NDArray[np.uint8]:
    """Scale the whole range of Bits Stored to 0..255, halves rounded up."""
    if stored.dtype == np.uint8 and layout.bits_stored == 8:
        return cast("NDArray[np.uint8]", stored)
    lowest, highest = layout.stored_range
    scaled = np.empty(stored.shape, np.uint8)
    for begin in range(0, stored.shape[0], _CHUNK_ROWS):
        rows = slice(begin, begin + _CHUNK_ROWS)
        levels = (stored[rows].astype(np.float64) - lowest) * 255 / (highest - lowest)
        scaled[rows] = np.floor(levels + 0.5)
    return scaled


def _ybr_to_rgb(samples: NDArray[np.uint8], matrix: _YbrMatrix) -> NDArray[np.uint8]:
    """Add up tables of the three samples in fixed point, a few rows at a time."""
    unit = 1 << _FRACTION_BITS
    chroma = np.arange(256) - 128

    def table(values: NDArray[np.signedinteger[Any]], factor: float) -> NDArray[np.int32]:
        scaled: NDArray[np.int32] = np.floor(values * (factor * unit) + 0.5).astype(np.int32)
        return scaled

    # Half a unit in the luma rounds the sum to the nearest.
    luma_table = table(np.arange(256) - matrix.black, matrix.luma) + np.int32(unit // 2)
    cr_to_red = table(chroma, matrix.cr_to_red)
    cb_to_green = table(chroma, matrix.cb_to_green)
    cr_to_green = table(chroma, matrix.cr_to_green)
    cb_to_blue = table(chroma, matrix.cb_to_blue)
    rgb = np.empty(samples.shape, np.uint8)
    for begin in range(0, samples.shape[0], _CHUNK_ROWS):
        rows = slice(begin, begin + _CHUNK_ROWS)
        luma = luma_table[samples[rows, :, 0]]
        cb, cr = samples[rows, :, 1], samples[rows, :, 2]
        for channel, level in enumerate(
            (
                luma + cr_to_red[cr],
                luma + cb_to_green[cb] + cr_to_green[cr],
                luma + cb_to_blue[cb],
            )
        ):
            rgb[rows, :, channel] = np.clip(level >> _FRACTION_BITS, 0, 255)
    return rgb


def _deep_ybr_to_rgb(
    samples: NDArray[np.generic], layout: PixelLayout, matrix: _YbrMatrix
) -> NDArray[np.uint8]:
    """Convert in the unit of the samples, for grey lies at half of their range, then scale."""
    top = (1 << layout.bits_stored) - 1
    unit = (top + 1) / 256
    rgb = np.empty(samples.shape, np.uint8)
    for begin in range(0, samples.shape[0], _CHUNK_ROWS):
        rows = slice(begin, begin + _CHUNK_ROWS)
        ybr = samples[rows].astype(np.float64) - layout.stored_range[0]
        luma = (ybr[:, :, 0] - matrix.black * unit) * matrix.luma
        cb, cr = ybr[:, :, 1] - 128 * unit, ybr[:, :, 2] - 128 * unit
        for channel, level in enumerate(
            (
                luma + matrix.cr_to_red * cr,
                luma + matrix.cb_to_green * cb + matrix.cr_to_green * cr,
                luma + matrix.cb_to_blue * cb,
            )
        ):
            rgb[rows, :, channel] = np.clip(np.floor(level * 255 / top + 0.5), 0, 255)
    return rgb
