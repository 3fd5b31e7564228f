"""Windows of a data set or of a Frame VOI LUT item, mended where they break rules."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from dcmview.dicom import elements
from dcmview.model import Repair, VoiFunction, Window

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


def read_windows(holder: Dataset) -> tuple[tuple[Window, ...], tuple[Repair, ...]]:
    """Pair Window Center and Width with their explanations and the VOI LUT Function.

    Parameters
    ----------
    holder : Dataset
        Has *Window Center* (0028,1050) and *Window Width* (0028,1051).

    Returns
    -------
    tuple of windows and repairs
        In the order of the file, without those that no function allows.

    References
    ----------
    DICOM PS3.3 C.11.2, VOI LUT Module.
    """
    centers, repairs_of_centers = elements.numbers(holder, "WindowCenter")
    widths, repairs_of_widths = elements.numbers(holder, "WindowWidth")
    repairs = [*repairs_of_centers, *repairs_of_widths]
    if not centers and not widths:
        return (), tuple(repairs)
    if len(centers) != len(widths):
        repairs.append(
            Repair(
                "window-count-mismatch",
                elements.element_name("WindowCenter"),
                f"{len(centers)} centers, {len(widths)} widths",
                f"the first {min(len(centers), len(widths))}",
            )
        )
    function, found = _function(holder)
    repairs.extend(found)
    explanations = elements.text(holder, "WindowCenterWidthExplanation").split("\\")
    windows: list[Window] = []
    pairs = list(zip(centers, widths, strict=False))
    for (center, width), explanation in zip_longest(pairs, explanations[: len(pairs)]):
        if center is None or width is None:
            continue
        if width <= 0:
            repairs.append(_width_repair(f"{width:g}", "left out"))
            continue
        used = function
        if function is VoiFunction.LINEAR and width < 1:
            # Real where the rescale slope is tiny, though LINEAR allows no width below 1.
            used = VoiFunction.LINEAR_EXACT
            repairs.append(_width_repair(f"{width:g} with LINEAR", "LINEAR_EXACT"))
        windows.append(Window(center, width, used, (explanation or "").strip()))
    return tuple(windows), tuple(repairs)


def _function(holder: Dataset) -> tuple[VoiFunction, tuple[Repair, ...]]:
    """VOI LUT Function (0028,1056); LINEAR where it is absent or unknown."""
    name = elements.text(holder, "VOILUTFunction").upper()
    if name in set(VoiFunction):
        return VoiFunction(name), ()
    if not name:
        return VoiFunction.LINEAR, ()
    element = elements.element_name("VOILUTFunction")
    return VoiFunction.LINEAR, (Repair("voi-lut-function", element, name[:64], "LINEAR"),)


def _width_repair(found: str, used: str) -> Repair:
    return Repair("window-width", elements.element_name("WindowWidth"), found, used)
