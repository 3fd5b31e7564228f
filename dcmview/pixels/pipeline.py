"""The order of the stages between stored values and the picture, in one place.

The browser, the API, the commands and the notebook all show what
`display_frame` gives: stored -> Modality LUT -> VOI -> inversion (DICOM PS3.4
N.2), or stored -> RGB for colour.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from dcmview.errors import UnsupportedPixelFormat
from dcmview.model import SampleKind, VoiFunction, Window
from dcmview.pixels.color import color_to_rgb, palette_to_rgb
from dcmview.pixels.modality import apply_modality
from dcmview.pixels.percentile import measure_range
from dcmview.pixels.voi import apply_voi

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcmview.model import DisplayRecipe, LookupTable, PixelLayout, StoredFrame

_CHUNK_ROWS = 64  # indices of 64 rows stay in the cache while numpy widens them
_LARGEST_TABLE_BITS = 16


def is_color(layout: PixelLayout) -> bool:
    """Whether the picture is RGB: windows are for grey values and do not apply to it."""
    return layout.samples_per_pixel > 1 or layout.photometric_interpretation == "PALETTE COLOR"


def choose_voi(
    stored: StoredFrame,
    recipe: DisplayRecipe,
    *,
    window: tuple[float, float] | None = None,
    full_dynamic: bool = False,
) -> Window | LookupTable | None:
    """Choose what maps the modality values of a frame to grey levels.

    Parameters
    ----------
    stored : StoredFrame
        Measured where neither caller nor file name a window.
    recipe : DisplayRecipe
        Its first window or VOI LUT is the default.
    window : tuple of float, optional
        Window Center and Window Width given by the user; read with the function
        of the file's first window.
    full_dynamic : bool, default False
        Minimum to maximum of this frame, whatever else is given.

    Returns
    -------
    Window, LookupTable or None
        In this order: the full dynamic range if asked for, the window given,
        the file's first choice, the 1st to the 99th percentile of the frame.
        None for a colour frame, which is never windowed.
    """
    if is_color(stored.layout):
        return None
    if full_dynamic:
        return _measured_window(stored, recipe, whole=True)
    if window is not None:
        return _given_window(recipe, *window)
    if recipe.voi:
        return recipe.voi[0]
    return _measured_window(stored, recipe, whole=False)


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
    if layout.photometric_interpretation == "PALETTE COLOR":
        if recipe.palette is None or layout.samples_per_pixel != 1:
            raise UnsupportedPixelFormat("PALETTE COLOR without a palette of one index a pixel")
        return palette_to_rgb(stored.values, recipe.palette)
    if layout.samples_per_pixel > 1:
        return color_to_rgb(stored.values, layout)
    if voi is None:
        voi = choose_voi(stored, recipe)
        assert voi is not None
    if layout.kind is SampleKind.INTEGER and layout.bits_stored <= _LARGEST_TABLE_BITS:
        return _apply_table(stored.values, build_display_lut(recipe, voi, layout), layout)
    return _compute(stored.values, recipe, voi)


def build_display_lut(
    recipe: DisplayRecipe, voi: Window | LookupTable, layout: PixelLayout
) -> NDArray[np.uint8]:
    """Grey level of every stored value: Modality LUT, VOI and inversion in one table.

    Parameters
    ----------
    recipe : DisplayRecipe
        Modality LUT and inversion.
    voi : Window or LookupTable
        The chosen window or VOI LUT.
    layout : PixelLayout
        *Bits Stored* (0028,0101), at most 16, and *Pixel Representation*
        (0028,0103) give the stored values there can be.

    Returns
    -------
    ndarray of uint8, shape (2 ** bits_stored,)
        From the lowest stored value upwards: 0, or ``-2 ** (bits_stored - 1)``
        for signed ones.
    """
    lowest, highest = _stored_range(layout)
    stored = np.arange(lowest, highest + 1)
    return _grey_levels(stored, recipe, voi)


def _grey_levels(
    stored: NDArray[np.generic], recipe: DisplayRecipe, voi: Window | LookupTable
) -> NDArray[np.uint8]:
    """The stages themselves."""
    modality_values = apply_modality(stored, recipe.modality)
    display = apply_voi(modality_values, voi)
    return np.subtract(255, display, dtype=np.uint8) if recipe.inverted else display


def _stored_range(layout: PixelLayout) -> tuple[int, int]:
    if layout.pixel_representation == 1 and layout.bits_stored > 1:
        half = 1 << layout.bits_stored - 1
        return -half, half - 1
    return 0, (1 << layout.bits_stored) - 1


def _apply_table(
    values: NDArray[np.generic], table: NDArray[np.uint8], layout: PixelLayout
) -> NDArray[np.uint8]:
    if values.dtype.kind == "i":
        # Index by bit pattern, which needs no addition: the negative half of the
        # table moves behind the positive one, to where their patterns count from.
        half = table.size // 2
        by_pattern = np.zeros(1 << 8 * values.dtype.itemsize, np.uint8)
        by_pattern[:half] = table[half:]
        by_pattern[-half:] = table[:half]
        table = by_pattern
        values = values.view(f"u{values.dtype.itemsize}")
    indices = cast("NDArray[np.unsignedinteger[Any]]", values)
    display = np.empty(values.shape, np.uint8)
    for begin in range(0, values.shape[0], _CHUNK_ROWS):
        rows = slice(begin, begin + _CHUNK_ROWS)
        np.take(table, indices[rows], out=display[rows], mode="clip")
    return display


def _compute(
    values: NDArray[np.generic], recipe: DisplayRecipe, voi: Window | LookupTable
) -> NDArray[np.uint8]:
    """For samples with more values than a table can hold."""
    display = np.empty(values.shape, np.uint8)
    for begin in range(0, values.shape[0], _CHUNK_ROWS):
        rows = slice(begin, begin + _CHUNK_ROWS)
        display[rows] = _grey_levels(values[rows], recipe, voi)
    return display


def _given_window(recipe: DisplayRecipe, center: float, width: float) -> Window:
    functions = (choice.function for choice in recipe.voi if isinstance(choice, Window))
    function = next(functions, VoiFunction.LINEAR)
    if function is VoiFunction.LINEAR and 0 < width < 1:
        # LINEAR allows no width below 1, but values of tiny slopes need one.
        function = VoiFunction.LINEAR_EXACT
    return Window(center, width, function)


def _measured_window(stored: StoredFrame, recipe: DisplayRecipe, *, whole: bool) -> Window:
    values, padding = stored.values, recipe.padding
    if stored.layout.bits_stored == 1:
        # 0 is black and 1 is white also where a mask is all 0, or nearly so.
        values, padding = np.array(_stored_range(stored.layout), np.int8), None
        whole = True
    measured = measure_range(values, recipe.modality, padding)
    low, high = (measured.minimum, measured.maximum) if whole else (measured.p1, measured.p99)
    # A frame of one value has no range; a width of 1 shows it as mid grey.
    # Halved first, and bounded: the ends may be the largest floats there are.
    width = min(high - low, sys.float_info.max) or 1.0
    return Window(low / 2 + high / 2, width, VoiFunction.LINEAR_EXACT)
