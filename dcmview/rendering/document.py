"""The JSON form of a frame: what the file says of its samples, the samples, and the picture.

The first fields have names and meaning of Radiopaedia's dicom-render, so that its
users read them as before; those behind them are our own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from dcmview.model import LookupTable, Rescale, Window
from dcmview.pixels.pipeline import display_frame, is_color
from dcmview.rendering.numbers import base64_text, number_array
from dcmview.rendering.settings import Encoding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcmview.dicom.declared import DeclaredRange
    from dcmview.model import ShownFrame


def frame_document(
    shown: ShownFrame,
    frame_index: int,
    declared: DeclaredRange,
    *,
    encoding: Encoding = Encoding.ARRAY,
    performance: str = "",
) -> bytes:
    """Write a frame as one JSON object, without a line end.

    Parameters
    ----------
    shown : ShownFrame
        The frame as the engine gives it, with what is to be drawn into it.
    frame_index : int
        0-based.
    declared : tuple
        What the file says of its smallest and largest value.
    encoding : Encoding
        How samples are written.
    performance : str
        What ``_perf`` holds; left out where it is empty.
    """
    fields = document_fields(shown, frame_index, declared)
    write = number_array if encoding is Encoding.ARRAY else base64_text
    for name in ("pixelData", "windowedPixelData"):
        fields[name] = msgspec.Raw(write(fields[name]))
    if performance:
        fields["_perf"] = performance
    return msgspec.json.encode(fields)


def document_fields(shown: ShownFrame, frame_index: int, declared: DeclaredRange) -> dict[str, Any]:
    """Give the fields of the JSON form in order, with samples as arrays."""
    layout, recipe, stored = shown.file_layout, shown.recipe, shown.stored
    has_colors = is_color(stored.layout)
    samples = _plain_colors(shown) if has_colors else stored.values
    low, high = _extremes(samples)
    rescale = recipe.modality if isinstance(recipe.modality, Rescale) else Rescale()
    window = shown.voi if isinstance(shown.voi, Window) else None
    spacing = recipe.spacing
    picture = shown.display
    return {
        "samplesPerPixel": layout.samples_per_pixel,
        "photometricInterpretation": layout.photometric_interpretation,
        "rows": layout.rows,
        "columns": layout.columns,
        "bitsAllocated": layout.bits_allocated,
        "bitsStored": layout.bits_stored,
        "highBit": layout.high_bit,
        "pixelRepresentation": layout.pixel_representation,
        "smallestPixelValue": declared[0],
        "largestPixelValue": declared[1],
        "minPixelValue": low,
        "maxPixelValue": high,
        "color": has_colors,
        "invert": recipe.inverted and not has_colors,
        "columnPixelSpacing": None if spacing is None else spacing.column_mm,
        "rowPixelSpacing": None if spacing is None else spacing.row_mm,
        "intercept": _plain_number(rescale.intercept),
        "slope": _plain_number(rescale.slope),
        "windowCenter": None if window is None else _plain_number(window.center),
        "windowWidth": None if window is None else _plain_number(window.width),
        "pixelData": samples,
        "windowedPixelData": picture,
        "frame": frame_index,
        "numberOfFrames": layout.frame_count,
        "pixelDataType": samples.dtype.name,
        "pixelDataSamplesPerPixel": 3 if has_colors else 1,
        "windowedRows": picture.shape[0],
        "windowedColumns": picture.shape[1],
        "windowedSamplesPerPixel": 1 if picture.ndim == 2 else 3,
        "voiLutFunction": _function_name(shown.voi),
        "modalityLut": isinstance(recipe.modality, LookupTable),
        "rescaleType": recipe.unit or None,
        "pixelSpacingSource": None if spacing is None else spacing.source,
        "truncated": stored.truncated,
    }


def _plain_colors(shown: ShownFrame) -> NDArray[np.uint8]:
    """Red, green and blue without what was drawn into the picture."""
    return display_frame(shown.stored, shown.recipe, None)


def _extremes(values: NDArray[Any]) -> tuple[float | None, float | None]:
    """The least and the greatest number of a frame."""
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
    if not values.size:
        return None, None
    return values.min().item(), values.max().item()


def _plain_number(value: float) -> float:
    """A whole number without a fraction."""
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _function_name(voi: Window | LookupTable | None) -> str | None:
    if voi is None:
        return None
    return voi.function.value if isinstance(voi, Window) else "LUT"
