"""Frames as arrays: stored, modality or display values, for NPY and TIFF files."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from dcmview.errors import UnsupportedPixelFormat
from dcmview.model import LookupTable, Rescale
from dcmview.pixels.modality import apply_modality
from dcmview.pixels.pipeline import is_color

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcmview.model import DisplayRecipe, PixelLayout, StoredFrame

_INTEGERS = (np.int16, np.int32, np.int64)


def modality_type(stored_type: np.dtype[Any], layout: PixelLayout, recipe: DisplayRecipe) -> Any:
    """Give the type of modality values, which depends on no sample.

    Returns
    -------
    dtype
        That of the stored values where nothing is done to them, the first of int16, int32
        and int64 that holds all there can be where all steps are whole numbers, else
        float64: every value is exact.

    Raises
    ------
    UnsupportedPixelFormat
        If the frame has colours.
    """
    modality = recipe.modality
    if is_color(layout):
        raise UnsupportedPixelFormat("a picture with colours has no modality values")
    if isinstance(modality, LookupTable):
        return np.dtype(np.uint16)
    if modality == Rescale():
        return stored_type
    is_whole = modality.slope.is_integer() and modality.intercept.is_integer()
    if stored_type.kind not in "iu" or not is_whole:
        return np.dtype(np.float64)
    ends = [end * int(modality.slope) + int(modality.intercept) for end in layout.stored_range]
    for kind in _INTEGERS:
        limits = np.iinfo(kind)
        if limits.min <= min(ends) and max(ends) <= limits.max:
            return np.dtype(kind)
    return np.dtype(np.float64)


def modality_values(stored: StoredFrame, recipe: DisplayRecipe) -> NDArray[np.generic]:
    """Give the modality values of a grey frame in their `modality_type`, shape (rows, columns)."""
    kind = modality_type(stored.values.dtype, stored.layout, recipe)
    values: NDArray[np.generic] = apply_modality(stored.values, recipe.modality).astype(kind)
    return values


def sixteen_bits(values: NDArray[Any]) -> NDArray[np.generic]:
    """Give grey values as uint16 or int16, each as it is.

    Raises
    ------
    UnsupportedPixelFormat
        If one of them would be lost.
    """
    if values.ndim != 2:
        raise UnsupportedPixelFormat("tiff16 holds grey values, and this picture has colours")
    if values.dtype.kind not in "iu":
        raise UnsupportedPixelFormat(
            f"tiff16 holds whole numbers, and these are {values.dtype.name}; ask for npy, "
            "or for display values"
        )
    kind = np.dtype(np.int16 if values.dtype.kind == "i" else np.uint16)
    limits = np.iinfo(kind)
    if values.dtype.itemsize > 2 and (values.min() < limits.min or values.max() > limits.max):
        raise UnsupportedPixelFormat(
            f"tiff16 holds {limits.min} to {limits.max}, and there are values from "
            f"{values.min()} to {values.max()}; ask for npy, or for display values"
        )
    return values.astype(kind, copy=False)


def npy_header(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bytes:
    """Write what begins an NPY file whose values follow row by row, little-endian."""
    content = io.BytesIO()
    fields = {"descr": little_endian(dtype).str, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(content, fields)
    return content.getvalue()


def little_bytes(values: NDArray[np.generic]) -> bytes:
    """Give values row by row, little-endian."""
    little: Any = np.ascontiguousarray(values, little_endian(values.dtype))
    return bytes(little.tobytes())


def little_endian(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Give a type of values as files hold it."""
    return dtype.newbyteorder("<")
