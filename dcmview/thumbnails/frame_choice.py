"""The frame of several that stands for a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dcmview.model import Rescale
from dcmview.pixels.modality import apply_modality
from dcmview.pixels.pipeline import display_frame, is_color
from dcmview.pixels.stored import padding_mask
from dcmview.registry.opening import require_frame
from dcmview.thumbnails.settings import FrameChoice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dcmview.engine.engine import Engine
    from dcmview.model import DisplayRecipe, StoredFrame
    from dcmview.registry.registry import Entry


def choose_frame(
    engine: Engine,
    entry: Entry,
    choice: FrameChoice | int,
    is_wanted: Callable[[], bool] = lambda: True,
) -> int:
    """Give the index of the frame that stands for a file.

    ``max`` and ``median`` decode every frame, whole: the means of frames that a codec
    made smaller are near, but may be in another order.

    Raises
    ------
    NoPixelData
        If the file has no image.
    FrameOutOfRange
        If it has no such frame.
    InstanceError
        If a frame that has to be looked at cannot be decoded.
    CancelledError
        If ``is_wanted`` says that nobody waits any more.
    """
    require_frame(entry, choice if isinstance(choice, int) else 0)
    count = entry.header.shared.frame_count
    if isinstance(choice, int):
        return choice
    if choice is FrameChoice.FIRST or count == 1:
        return 0
    if choice is FrameChoice.MIDDLE:
        return count // 2
    means = [frame_mean(*engine.stored_frame(entry, index, is_wanted)) for index in range(count)]
    return highest(means) if choice is FrameChoice.MAX else middle(means)


def frame_mean(stored: StoredFrame, recipe: DisplayRecipe) -> float | None:
    """Give the mean of the modality values of a frame, of colour that of red, green and blue.

    Padding and what is no number are left out; None if nothing is left. A palette
    gives colours. MONOCHROME1 is not turned around: a mean is of values, not of greys.

    Examples
    --------
    >>> from dcmview.model import DisplayRecipe, PixelLayout, Rescale, StoredFrame
    >>> values = np.array([[0, 1], [2, 9]], np.uint16)
    >>> recipe = DisplayRecipe("MONOCHROME2", modality=Rescale(2, -10))
    >>> frame_mean(StoredFrame(values, PixelLayout(2, 2)), recipe)
    -4.0
    """
    if is_color(stored.layout):
        return float(display_frame(stored, recipe, None).mean())
    values = stored.values
    if recipe.padding is not None:
        values = values[~padding_mask(values, recipe.padding)]
    if values.dtype.kind in "iu" and isinstance(recipe.modality, Rescale):
        if not values.size:
            return None
        # The sum is exact, so that frames of the same mean have the same mean.
        mean = int(values.sum(dtype=np.int64)) / values.size
        return mean * recipe.modality.slope + recipe.modality.intercept
    modality = apply_modality(values, recipe.modality)
    modality = modality[np.isfinite(modality)]
    return float(modality.mean()) if modality.size else None


def highest(means: Sequence[float | None]) -> int:
    """Give the index of the highest mean, the first of equal ones.

    Examples
    --------
    >>> highest([1.0, None, 7.0, 7.0])
    2
    """
    ranked = _ranked(means)
    return min((each for each in ranked if means[each] == means[ranked[-1]]), default=0)


def middle(means: Sequence[float | None]) -> int:
    """Give the index of the median mean: the lower one of two, the first of equal ones.

    Examples
    --------
    >>> middle([9.0, 1.0, 5.0]), middle([4.0, 1.0, 3.0, 2.0])
    (2, 3)
    """
    ranked = _ranked(means)
    if not ranked:
        return 0
    median = means[ranked[(len(ranked) - 1) // 2]]
    return min(each for each in ranked if means[each] == median)


def _ranked(means: Sequence[float | None]) -> list[int]:
    """Frames that have a mean, from the lowest to the highest."""
    known = [(mean, index) for index, mean in enumerate(means) if mean is not None]
    return [index for _, index in sorted(known)]
