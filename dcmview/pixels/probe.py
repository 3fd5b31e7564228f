"""One pixel at each step from stored value to grey level."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dcmview.errors import RequestError
from dcmview.pixels.modality import apply_modality
from dcmview.pixels.pipeline import display_frame
from dcmview.pixels.stored import padding_mask
from dcmview.pixels.voi import apply_voi

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcmview.model import DisplayRecipe, LookupTable, RealWorldMapping, StoredFrame, Window


@dataclass(frozen=True, slots=True)
class StageValue:
    """The value of a pixel after one step: a number, or one for each colour."""

    step: str
    values: tuple[float, ...]
    unit: str = ""


@dataclass(frozen=True, slots=True)
class PixelProbe:
    """What one pixel is at each step; ``row`` and ``column`` count from 0."""

    row: int
    column: int
    is_padding: bool
    stages: tuple[StageValue, ...]


def probe_pixel(
    stored: StoredFrame,
    recipe: DisplayRecipe,
    voi: Window | LookupTable | None,
    column: int,
    row: int,
) -> PixelProbe:
    """Say what a pixel is at each step; ``voi`` is None for a frame with colours.

    Raises
    ------
    RequestError
        If the image has no such pixel.
    UnsupportedPixelFormat, InvalidWindow
        What `display_frame` raises.
    """
    rows, columns = stored.values.shape[:2]
    if not (0 <= row < rows and 0 <= column < columns):
        raise RequestError(
            f"there is no pixel in column {column}, row {row}: the image has"
            f" {columns} columns and {rows} rows",
            column=column,
            row=row,
        )
    values = stored.values[row : row + 1, column : column + 1]
    alone = replace(stored, values=values, layout=replace(stored.layout, rows=1, columns=1))
    shown = StageValue("output", _numbers(display_frame(alone, recipe, voi)))
    stages = [StageValue("samples", _numbers(values))]
    if voi is None:
        return PixelProbe(row, column, is_padding=False, stages=(*stages, shown))
    modality = apply_modality(values, recipe.modality)
    stages.append(StageValue("modality", _numbers(modality), recipe.unit))
    stages.append(StageValue("voi", _numbers(apply_voi(modality, voi))))
    stages.append(shown)
    for mapping in recipe.real_world:
        value = real_world_value(float(values[0, 0]), mapping)
        if value is not None:
            stages.append(StageValue("real_world", (value,), mapping.unit))
    is_padding = bool(padding_mask(values, recipe.padding)[0, 0])
    return PixelProbe(row, column, is_padding, tuple(stages))


def real_world_value(stored_value: float, mapping: RealWorldMapping) -> float | None:
    """Give what a stored value is in the real world, None outside the mapping.

    Parameters
    ----------
    stored_value : float
        Before any rescale.
    mapping : RealWorldMapping
        With slope and intercept, or a table that begins at ``first``.

    Returns
    -------
    float or None
        In ``mapping.unit``.

    References
    ----------
    DICOM PS3.3 C.7.6.16.2.11, Real World Value Mapping Macro.

    Examples
    --------
    >>> from dcmview.model import RealWorldMapping
    >>> real_world_value(100, RealWorldMapping(0, 4095, slope=2.0, intercept=-1024.0))
    -824.0
    """
    if not mapping.first <= stored_value <= mapping.last:
        return None
    if mapping.slope is not None:
        return stored_value * mapping.slope + (mapping.intercept or 0.0)
    position = int(stored_value - mapping.first)
    return mapping.values[position] if position < len(mapping.values) else None


def _numbers(values: NDArray[Any]) -> tuple[float, ...]:
    return tuple(float(value) for value in values.reshape(-1))
