"""The order of the stages between stored values and the picture, in one place.

The browser, the API, the commands and the notebook all show what
`display_frame` gives: stored -> Modality LUT -> VOI -> inversion (DICOM PS3.4
N.2), or stored -> RGB for colour.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from dcmview.errors import RequestError, UnsupportedPixelFormat
from dcmview.model import (
    DisplayRequest,
    LookupTable,
    PixelLayout,
    SampleKind,
    VoiFunction,
    Window,
)
from dcmview.pixels.color import color_to_rgb, palette_to_rgb
from dcmview.pixels.modality import apply_modality
from dcmview.pixels.percentile import measure_range
from dcmview.pixels.strips import in_strips
from dcmview.pixels.voi import DEEP_MAX, apply_voi, apply_voi_deep

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dcmview.model import DisplayRecipe, Rescale, StoredFrame

_CHUNK_ROWS = 64  # indices of 64 rows stay in the cache while numpy widens them
_LARGEST_TABLE_BITS = 16
_TABLES_KEPT = 64  # of 64 KiB at most: the frames of a series share one
_THE_FILES_WAY = DisplayRequest()


def is_color(layout: PixelLayout) -> bool:
    """Whether the picture is RGB: windows are for grey values and do not apply to it."""
    return layout.samples_per_pixel > 1 or layout.photometric_interpretation == "PALETTE COLOR"


def choose_voi(
    stored: StoredFrame, recipe: DisplayRecipe, request: DisplayRequest = _THE_FILES_WAY
) -> Window | LookupTable | None:
    """Choose what maps the modality values of a frame to grey levels.

    Parameters
    ----------
    stored : StoredFrame
        Measured where neither caller nor file name a window.
    recipe : DisplayRecipe
        Its first window or VOI LUT is the default.
    request : DisplayRequest
        A window given by the user is read with the function that was given
        with it, or that of the file's first window.

    Returns
    -------
    Window, LookupTable or None
        In this order: the full dynamic range or the percentiles if asked for, the window given,
        the choice of the file that was picked or its first, the 1st to the
        99th percentile of the frame. None for a colour frame, which is never
        windowed.

    Raises
    ------
    RequestError
        If the file has no such choice.
    """
    if is_color(stored.layout):
        return None
    if request.full_dynamic:
        return _measured_window(stored, recipe, whole=True)
    if request.percentile:
        return _measured_window(stored, recipe, whole=False)
    if request.window is not None:
        center, width = request.window
        function = request.window_function or _usual_function(stored.layout, recipe)
        return _given_window(center, width, function)
    if request.voi is not None:
        if request.voi >= len(recipe.voi):
            raise RequestError(
                f"voi={request.voi} does not exist, this frame has {len(recipe.voi)} counted from 0"
            )
        return recipe.voi[request.voi]
    if recipe.voi:
        return recipe.voi[0]
    return _measured_window(stored, recipe, whole=False)


def as_requested(recipe: DisplayRecipe, request: DisplayRequest) -> DisplayRecipe:
    """Turn the grey levels over where that was asked for."""
    if not request.inverted:
        return recipe
    return replace(recipe, inverted=not recipe.inverted)


def display_frame(
    stored: StoredFrame, recipe: DisplayRecipe, voi: Window | LookupTable | None
) -> NDArray[np.uint8]:
    """Make the picture of one frame.

    Padding is shown as the grey level of its value. MONOCHROME1 is inverted
    after the window, once; a negative slope is not undone.

    Parameters
    ----------
    stored : StoredFrame
        Stored values with the layout that describes them.
    recipe : DisplayRecipe
        Modality LUT, inversion and palette of the frame.
    voi : Window, LookupTable or None
        What `choose_voi` gave; not looked at for colour.

    Returns
    -------
    ndarray of uint8, shape (rows, columns) or (rows, columns, 3)
        Grey levels with 0 as black, or red, green, blue.

    Raises
    ------
    UnsupportedPixelFormat
        If the samples have no defined colours, or a palette is missing.
    InvalidWindow
        If the window is one that its function does not allow.

    References
    ----------
    DICOM PS3.3 C.11.1, C.11.2 and C.7.6.3.1.2.
    """
    layout = stored.layout
    rows_of = grey_rows(stored, recipe, voi)
    if rows_of is not None:
        display = np.empty(stored.values.shape, np.uint8)

        def fill(first: int, end: int) -> None:
            for begin in range(first, end, _CHUNK_ROWS):
                last = min(begin + _CHUNK_ROWS, end)
                display[begin:last] = rows_of(begin, last)

        in_strips(fill, layout.rows, stored.values.nbytes)
        return display
    if layout.photometric_interpretation == "PALETTE COLOR":
        if recipe.palette is None or layout.samples_per_pixel != 1:
            raise UnsupportedPixelFormat("PALETTE COLOR without a palette of one index a pixel")
        return palette_to_rgb(stored.values, recipe.palette)
    return color_to_rgb(stored.values, layout)


def deep_frame(
    stored: StoredFrame, recipe: DisplayRecipe, voi: Window | LookupTable
) -> NDArray[np.uint16]:
    """Make the picture of one grey frame in 65,536 levels.

    Takes what `display_frame` takes, and does the same to it.

    Returns
    -------
    ndarray of uint16, shape (rows, columns)
        Grey levels with 0 as black.
    """
    levels = np.empty(stored.values.shape, np.uint16)
    for begin in range(0, len(levels), _CHUNK_ROWS):
        rows = slice(begin, begin + _CHUNK_ROWS)
        deep = apply_voi_deep(apply_modality(stored.values[rows], recipe.modality), voi)
        levels[rows] = np.subtract(DEEP_MAX, deep, dtype=np.uint16) if recipe.inverted else deep
    return levels


def grey_rows(
    stored: StoredFrame, recipe: DisplayRecipe, voi: Window | LookupTable | None
) -> Callable[[int, int], NDArray[np.uint8]] | None:
    """Give the function that makes some rows of a grey picture, None for colour.

    It takes the first row and the one behind the last, and may be called from
    several threads. All grey pictures are made by it.
    """
    layout, values = stored.layout, stored.values
    if is_color(layout):
        return None
    if voi is None:
        voi = choose_voi(stored, recipe)
        assert voi is not None
    if layout.kind is SampleKind.INTEGER and layout.bits_stored <= _LARGEST_TABLE_BITS:
        return _table_rows(values, recipe, voi, layout)
    return lambda begin, end: _grey_levels(values[begin:end], recipe.modality, voi, recipe.inverted)


def build_display_lut(
    modality: Rescale | LookupTable,
    voi: Window | LookupTable,
    inverted: bool,
    layout: PixelLayout,
) -> NDArray[np.uint8]:
    """Grey level of every stored value: Modality LUT, VOI and inversion in one table.

    Parameters
    ----------
    modality : Rescale or LookupTable
        From stored to modality values.
    voi : Window or LookupTable
        The chosen window or VOI LUT.
    inverted : bool
        Whether the lowest value is white.
    layout : PixelLayout
        *Bits Stored* (0028,0101), at most 16, and *Pixel Representation*
        (0028,0103) give the stored values there can be.

    Returns
    -------
    ndarray of uint8, shape (2 ** bits_stored,)
        From the lowest stored value upwards: 0, or ``-2 ** (bits_stored - 1)``
        for signed ones.
    """
    lowest, highest = layout.stored_range
    return _grey_levels(np.arange(lowest, highest + 1), modality, voi, inverted)


def _grey_levels(
    stored: NDArray[np.generic],
    modality: Rescale | LookupTable,
    voi: Window | LookupTable,
    inverted: bool,
) -> NDArray[np.uint8]:
    """The stages themselves."""
    display = apply_voi(apply_modality(stored, modality), voi)
    return np.subtract(255, display, dtype=np.uint8) if inverted else display


@lru_cache(maxsize=_TABLES_KEPT)
def _table_by_pattern(
    modality: Rescale | LookupTable,
    voi: Window | LookupTable,
    inverted: bool,
    layout: PixelLayout,
    pattern_bits: int,
) -> NDArray[np.uint8]:
    """The display LUT in the order of the bit patterns of stored values.

    An index by pattern needs no addition: the negative half of the table moves
    behind the positive one, to where their patterns count from.
    """
    table = build_display_lut(modality, voi, inverted, layout)
    if layout.stored_range[0] < 0:
        half = table.size // 2
        by_pattern = np.zeros(1 << pattern_bits, np.uint8)
        by_pattern[:half] = table[half:]
        by_pattern[-half:] = table[:half]
        table = by_pattern
    table.flags.writeable = False
    return table


def _table_rows(
    values: NDArray[np.generic],
    recipe: DisplayRecipe,
    voi: Window | LookupTable,
    layout: PixelLayout,
) -> Callable[[int, int], NDArray[np.uint8]]:
    if values.dtype.itemsize > 2:
        # Up to 16 bits in wider cells: the table is as long as the patterns of its index.
        values = values.astype(f"{values.dtype.kind}2")
    # What does not change the table must not make it a different one.
    essence = PixelLayout(
        1, 1, bits_stored=layout.bits_stored, pixel_representation=layout.pixel_representation
    )
    pattern_bits = 8 * values.dtype.itemsize
    table = _table_by_pattern(recipe.modality, voi, recipe.inverted, essence, pattern_bits)
    indices = cast("NDArray[np.unsignedinteger[Any]]", values.view(f"u{values.dtype.itemsize}"))

    def look_up(begin: int, end: int) -> NDArray[np.uint8]:
        # Not table[...], which checks every index first and takes half as long again.
        return table.take(indices[begin:end], mode="clip")

    return look_up


def _usual_function(layout: PixelLayout, recipe: DisplayRecipe) -> VoiFunction:
    for choice in recipe.voi:
        if isinstance(choice, Window):
            return choice.function
    # LINEAR counts whole values, of which a dose in Gy or a parameter has none.
    is_whole = _has_whole_values(layout, recipe.modality)
    return VoiFunction.LINEAR if is_whole else VoiFunction.LINEAR_EXACT


def _given_window(center: float, width: float, function: VoiFunction) -> Window:
    if function is VoiFunction.LINEAR and 0 < width < 1:
        # LINEAR allows no width below 1, but values of tiny slopes need one.
        function = VoiFunction.LINEAR_EXACT
    return Window(center, width, function)


def _has_whole_values(layout: PixelLayout, modality: Rescale | LookupTable) -> bool:
    if layout.kind is not SampleKind.INTEGER:
        return False
    if isinstance(modality, LookupTable):
        return True
    return float(modality.slope).is_integer() and float(modality.intercept).is_integer()


def _measured_window(stored: StoredFrame, recipe: DisplayRecipe, *, whole: bool) -> Window:
    values, padding = stored.values, recipe.padding
    if stored.layout.bits_stored == 1:
        # 0 is black and 1 is white also where a mask is all 0, or nearly so.
        values, padding = np.array(stored.layout.stored_range, np.int8), None
        whole = True
    measured = measure_range(values, recipe.modality, padding)
    low, high = (measured.minimum, measured.maximum) if whole else (measured.p1, measured.p99)
    # A frame of one value has no range; a width of 1 shows it as mid grey.
    # Halved first, and bounded: the ends may be the largest floats there are.
    width = min(high - low, sys.float_info.max) or 1.0
    return Window(low / 2 + high / 2, width, VoiFunction.LINEAR_EXACT)
