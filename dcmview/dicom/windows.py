"""Windows and VOI LUTs of a frame, mended where they break rules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING

from dcmview.dicom import elements
from dcmview.dicom.functional import Place
from dcmview.dicom.modality import no_table, stored_range
from dcmview.model import LookupTable, Repair, Rescale, VoiFunction, Window

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from dcmview.dicom.instance import Instance
    from dcmview.model import PixelLayout


@dataclass(frozen=True, slots=True, eq=False)
class VoiFound:
    """The choices of a file for one frame, windows first, and where they come from.

    ``numbers`` holds, for each choice, which value of *Window Center*
    (0028,1050) or which item of *VOI LUT Sequence* (0028,3010) it is, from 1.
    """

    choices: tuple[Window | LookupTable, ...] = ()
    numbers: tuple[int, ...] = ()
    place: Place | None = None
    repairs: tuple[Repair, ...] = ()


def read_voi(instance: Instance, modality: Rescale | LookupTable, frame_index: int) -> VoiFound:
    """Collect the windows and VOI LUTs that a file offers for one frame.

    Parameters
    ----------
    instance : Instance
        As `open_instance` gives it.
    modality : Rescale or LookupTable
        Makes the values that a VOI LUT is looked up with.
    frame_index : int
        0-based.

    Returns
    -------
    VoiFound
        From the first of the frame's own group, the shared group and the data
        set that has any; empty where none has.

    References
    ----------
    DICOM PS3.3 C.11.2, VOI LUT Module; C.7.6.16.2.10, Frame VOI LUT Macro.
    """
    repairs: list[Repair] = []
    for place in voi_places(instance, frame_index):
        windows, found = _numbered_windows(place.dataset)
        repairs.extend(found)
        tables, found = _numbered_tables(place, instance.layout, modality)
        repairs.extend(found)
        if windows or tables:
            choices: tuple[Window | LookupTable, ...] = (*windows.values(), *tables.values())
            return VoiFound(choices, (*windows, *tables), place, tuple(repairs))
    return VoiFound(repairs=tuple(repairs))


def voi_places(instance: Instance, frame_index: int) -> list[Place]:
    """Where the windows of a frame may be, what comes first first."""
    macros = instance.groups.macros(frame_index, "FrameVOILUTSequence")
    return [*(places[0] for places in macros), Place(instance.dataset)]


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
    windows, repairs = _numbered_windows(holder)
    return tuple(windows.values()), repairs


def _numbered_windows(holder: Dataset) -> tuple[dict[int, Window], tuple[Repair, ...]]:
    """Windows by the number of their value, from 1."""
    centers, repairs_of_centers = elements.numbers(holder, "WindowCenter")
    widths, repairs_of_widths = elements.numbers(holder, "WindowWidth")
    repairs = [*repairs_of_centers, *repairs_of_widths]
    if not centers and not widths:
        return {}, tuple(repairs)
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
    windows: dict[int, Window] = {}
    pairs = list(zip(centers, widths, strict=False))
    numbered = enumerate(zip_longest(pairs, explanations[: len(pairs)]), 1)
    for number, ((center, width), explanation) in numbered:
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
        windows[number] = Window(center, width, used, (explanation or "").strip())
    return windows, tuple(repairs)


def _numbered_tables(
    place: Place, layout: PixelLayout, modality: Rescale | LookupTable
) -> tuple[dict[int, LookupTable], tuple[Repair, ...]]:
    """VOI LUTs by the number of their item, from 1."""
    tables: dict[int, LookupTable] = {}
    repairs: list[Repair] = []
    items = place.items("VOILUTSequence")
    input_range = _modality_range(layout, modality) if items else (0.0, 0.0)
    for number, holder in enumerate(items, 1):
        table, found = elements.read_lut(
            holder.dataset, "LUTDescriptor", "LUTData", input_range=input_range
        )
        repairs.extend(found or (() if table is not None else (no_table(holder),)))
        if table is not None:
            explanation = elements.text(holder.dataset, "LUTExplanation")
            tables[number] = replace(table, explanation=explanation)
    return tables, tuple(repairs)


def _modality_range(layout: PixelLayout, modality: Rescale | LookupTable) -> tuple[float, float]:
    """Lowest and highest modality value there can be."""
    if isinstance(modality, LookupTable):
        return float(modality.entries.min()), float(modality.entries.max())
    ends = sorted(end * modality.slope + modality.intercept for end in stored_range(layout))
    return ends[0], ends[1]


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
