"""Samples straight from uncompressed bytes, as DICOM PS3.5 8.1 lays them out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


@dataclass(frozen=True)
class Samples:
    """One frame as a reader gives it.

    ``values`` has shape (rows, columns) or (rows, columns, samples). The first
    ``present`` pixels are from the file; a file cut short has no more.
    """

    reader: str
    values: NDArray[Any]
    interpretation: str
    present: int


def pixel_keyword(ds: Dataset) -> str | None:
    """Name the element that holds the samples."""
    return next((keyword for keyword in PIXEL_KEYWORDS if keyword in ds), None)


def frame_count(ds: Dataset) -> int:
    """Number of frames that the data set declares, 1 where it makes no sense."""
    words = str(ds.get("NumberOfFrames") or 1)
    return max(int(words), 1) if words.isdecimal() else 1


def samples_of(ds: Dataset, frame_index: int, reader: str) -> Samples:
    """Read one frame of an uncompressed data set."""
    keyword = pixel_keyword(ds)
    if keyword is None:
        raise ValueError("no pixel data")
    element = ds[keyword]
    content: bytes = element.value
    little_endian = ds.original_encoding[1] is not False
    if not little_endian and element.VR == "OW" and ds.BitsAllocated <= 8:
        words = np.frombuffer(content[: len(content) // 2 * 2], ">u2")
        content = words.astype("<u2").tobytes()
    return frame_of(content, ds, frame_index, reader, little_endian=little_endian)


def frame_of(
    content: bytes, ds: Dataset, frame_index: int, reader: str, *, little_endian: bool
) -> Samples:
    """Read one of the frames that lie one after the other in some bytes."""
    rows, columns, samples = int(ds.Rows), int(ds.Columns), int(ds.get("SamplesPerPixel") or 1)
    interpretation = str(ds.get("PhotometricInterpretation", "MONOCHROME2"))
    pixels = rows * columns
    if "PixelData" in ds and ds.BitsAllocated == 1:
        bits = np.unpackbits(np.frombuffer(content, np.uint8), bitorder="little")
        cells = bits[frame_index * pixels :][:pixels]
        return Samples(
            reader, _padded(cells, pixels).reshape(rows, columns), interpretation, cells.size
        )
    dtype = _cell_type(ds, little_endian=little_endian)
    subsampled = interpretation in ("YBR_FULL_422", "YBR_PARTIAL_422") and samples == 3
    whole_cells = frame_count(ds) * pixels * samples
    if subsampled and len(content) < whole_cells * dtype.itemsize:
        return _subsampled(content, ds, frame_index, reader, dtype)
    per_frame = pixels * samples
    begin = frame_index * per_frame * dtype.itemsize
    part = content[begin : begin + per_frame * dtype.itemsize]
    cells = np.frombuffer(part[: len(part) // dtype.itemsize * dtype.itemsize], dtype)
    present = cells.size // samples
    values = significant_bits(_padded(cells, per_frame), ds)
    if samples == 1:
        values = values.reshape(rows, columns)
    elif ds.get("PlanarConfiguration") == 1:
        values = np.moveaxis(values.reshape(samples, rows, columns), 0, -1)
        present = pixels if cells.size == per_frame else 0
    else:
        values = values.reshape(rows, columns, samples)
    return Samples(reader, values, interpretation, present)


def significant_bits(cells: NDArray[Any], ds: Dataset) -> NDArray[Any]:
    """Cut Bits Stored below High Bit out of the cells and extend their sign."""
    if cells.dtype.kind == "f":
        return cells.astype(np.float64)
    stored = int(ds.get("BitsStored") or ds.BitsAllocated)
    high = int(ds.get("HighBit", stored - 1))
    patterns = cells.astype(np.int64) >> max(high + 1 - stored, 0) & (1 << stored) - 1
    if ds.get("PixelRepresentation") == 1:
        patterns = np.where(patterns >> stored - 1 & 1, patterns - (1 << stored), patterns)
    return patterns


def _cell_type(ds: Dataset, *, little_endian: bool) -> np.dtype[Any]:
    order = "<" if little_endian else ">"
    if "FloatPixelData" in ds:
        return np.dtype(f"{order}f4")
    if "DoubleFloatPixelData" in ds:
        return np.dtype(f"{order}f8")
    return np.dtype(f"{order}u{int(ds.BitsAllocated) // 8}")


def _subsampled(
    content: bytes, ds: Dataset, frame_index: int, reader: str, dtype: np.dtype[Any]
) -> Samples:
    """Y1 Y2 Cb Cr for two pixels beside each other; the two share their colour."""
    rows, columns = int(ds.Rows), int(ds.Columns)
    per_frame = rows * columns * 2
    cells = np.frombuffer(content, dtype)[frame_index * per_frame :][:per_frame]
    present = cells.size // 2
    quads = _padded(cells, per_frame).reshape(rows, columns // 2, 4)
    values = np.empty((rows, columns, 3), np.int64)
    values[:, 0::2, 0], values[:, 1::2, 0] = quads[..., 0], quads[..., 1]
    for channel in (1, 2):
        values[:, 0::2, channel] = values[:, 1::2, channel] = quads[..., channel + 1]
    return Samples(reader, values, "YBR_FULL", present)


def _padded(cells: NDArray[Any], size: int) -> NDArray[Any]:
    if cells.size == size:
        return cells
    padded = np.zeros(size, cells.dtype)
    padded[: cells.size] = cells[:size]
    return padded
