"""From the elements of an instance to a `DisplayRecipe` of plain numbers.

Everything here forgives: an element that makes no sense is mended or left out,
and the recipe says so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dcmview.dicom import elements
from dcmview.dicom.recording import recorded_warnings
from dcmview.dicom.sequences import sequence_items
from dcmview.dicom.windows import read_windows
from dcmview.model import (
    DisplayRecipe,
    LookupTable,
    PaddingRange,
    Palette,
    Repair,
    Rescale,
    SampleKind,
    Window,
)

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from dcmview.dicom.header import Instance
    from dcmview.model import PixelLayout

# These store X-ray intensity with a Modality LUT that is not for display (PS3.3 C.8.7.1.1.2).
_NO_MODALITY_LUT_SOP_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.12.1",  # X-Ray Angiographic Image Storage
    "1.2.840.10008.5.1.4.1.1.12.2",  # X-Ray Radiofluoroscopic Image Storage
)
_HOUNSFIELD_SOP_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.2",  # CT Image Storage: Rescale Type absent means HU
)


def display_recipe(instance: Instance, frame_index: int) -> DisplayRecipe:
    """Collect all that lies between stored values and picture for one frame.

    Parameters
    ----------
    instance : Instance
        As `open_instance` gives it.
    frame_index : int
        0-based; functional groups may differ from frame to frame.

    References
    ----------
    DICOM PS3.3 C.11.1 Modality LUT Module, C.11.2 VOI LUT Module, C.7.6.3 Image
    Pixel Module, C.7.6.16.2.9 Pixel Value Transformation, C.7.6.16.2.10 Frame VOI
    LUT.
    """
    with recorded_warnings():  # what they warn of was said when the header was read
        recipe = _collect(instance, frame_index)
    return replace(recipe, repairs=tuple(dict.fromkeys((*instance.repairs, *recipe.repairs))))


def _collect(instance: Instance, frame_index: int) -> DisplayRecipe:
    dataset, layout = instance.dataset, instance.layout
    interpretation = layout.photometric_interpretation
    if interpretation == "PALETTE COLOR":
        palette, repairs = _palette(dataset, layout)
        return DisplayRecipe(interpretation, palette=palette, repairs=tuple(repairs))
    if not interpretation.startswith("MONOCHROME"):
        return DisplayRecipe(interpretation)  # windows are for grey values, colour has none
    modality, unit, repairs = _modality(instance, frame_index)
    voi, found = _voi(instance, modality, frame_index)
    repairs.extend(found)
    inverted, found = _inverted(dataset, interpretation)
    repairs.extend(found)
    padding, found = _padding(dataset, layout)
    repairs.extend(found)
    return DisplayRecipe(
        interpretation,
        modality=modality,
        unit=unit,
        voi=voi,
        inverted=inverted,
        padding=padding,
        repairs=tuple(repairs),
    )


def _modality(
    instance: Instance, frame_index: int
) -> tuple[Rescale | LookupTable, str, list[Repair]]:
    dataset, layout = instance.dataset, instance.layout
    repairs: list[Repair] = []
    sop_class = elements.text(dataset, "SOPClassUID")
    for item in sequence_items(dataset, "ModalityLUTSequence")[:1]:
        if sop_class in _NO_MODALITY_LUT_SOP_CLASSES:
            return Rescale(), "", repairs
        table, found = elements.read_lut(
            item, "LUTDescriptor", "LUTData", signed_input=layout.pixel_representation == 1
        )
        repairs.extend(found)
        if table is not None:
            explanation = elements.text(item, "LUTExplanation")
            unit = _unit(elements.text(item, "ModalityLUTType"))
            return replace(table, explanation=explanation), unit, repairs
    holder = instance.groups.item(frame_index, "PixelValueTransformationSequence") or dataset
    slope, found = elements.number(holder, "RescaleSlope")
    repairs.extend(found)
    intercept, found = elements.number(holder, "RescaleIntercept")
    repairs.extend(found)
    if slope == 0:
        repairs.append(Repair("rescale-slope", elements.element_name("RescaleSlope"), "0", "1"))
        slope = 1.0
    unit = _unit(elements.text(holder, "RescaleType"))
    if not unit and sop_class in _HOUNSFIELD_SOP_CLASSES and intercept is not None:
        unit = "HU"
    rescale = Rescale(1.0 if slope is None else slope, 0.0 if intercept is None else intercept)
    return rescale, unit, repairs


def _unit(rescale_type: str) -> str:
    """US is the Standard's word for unspecified."""
    return "" if rescale_type.upper() in ("US", "UNSPECIFIED") else rescale_type


def _voi(
    instance: Instance, modality: Rescale | LookupTable, frame_index: int
) -> tuple[tuple[Window | LookupTable, ...], list[Repair]]:
    repairs: list[Repair] = []
    for holder in (instance.groups.item(frame_index, "FrameVOILUTSequence"), instance.dataset):
        if holder is None:
            continue
        windows, found = read_windows(holder)
        repairs.extend(found)
        tables, found_in_tables = _voi_tables(holder, instance.layout, modality)
        repairs.extend(found_in_tables)
        if windows or tables:
            return (*windows, *tables), repairs
    return (), repairs


def _voi_tables(
    holder: Dataset, layout: PixelLayout, modality: Rescale | LookupTable
) -> tuple[list[LookupTable], list[Repair]]:
    # The table is looked up with modality values, so those decide on the sign of its start.
    if isinstance(modality, Rescale):
        bits = layout.bits_stored
        lowest = -(1 << (bits - 1)) if layout.pixel_representation == 1 else 0
        highest = lowest + (1 << bits) - 1
        ends = (lowest * modality.slope, highest * modality.slope)
        signed_input = min(ends) + modality.intercept < 0
    else:
        signed_input = False
    tables: list[LookupTable] = []
    repairs: list[Repair] = []
    for item in sequence_items(holder, "VOILUTSequence"):
        table, found = elements.read_lut(
            item, "LUTDescriptor", "LUTData", signed_input=signed_input
        )
        repairs.extend(found)
        if table is not None:
            tables.append(replace(table, explanation=elements.text(item, "LUTExplanation")))
    return tables, repairs


def _inverted(dataset: Dataset, interpretation: str) -> tuple[bool, list[Repair]]:
    """MONOCHROME1 shows its lowest value white; a Shape that contradicts it loses."""
    shape = elements.text(dataset, "PresentationLUTShape").upper()
    if interpretation == "MONOCHROME1":
        if shape == "IDENTITY":
            repair = Repair(
                "presentation-lut-shape",
                elements.element_name("PresentationLUTShape"),
                "IDENTITY with MONOCHROME1",
                "INVERSE",
            )
            return True, [repair]
        return True, []
    return shape == "INVERSE", []


def _padding(dataset: Dataset, layout: PixelLayout) -> tuple[PaddingRange | None, list[Repair]]:
    prefix = {
        SampleKind.INTEGER: "PixelPadding",
        SampleKind.FLOAT: "FloatPixelPadding",
        SampleKind.DOUBLE: "DoubleFloatPixelPadding",
    }[layout.kind]
    value, repairs_of_value = elements.number(dataset, f"{prefix}Value")
    limit, repairs_of_limit = elements.number(dataset, f"{prefix}RangeLimit")
    repairs = [*repairs_of_value, *repairs_of_limit]
    if value is None:
        return None, repairs
    ends = sorted(_with_sign(end, layout) for end in (value, value if limit is None else limit))
    return PaddingRange(ends[0], ends[1]), repairs


def _with_sign(value: float, layout: PixelLayout) -> float:
    """Read a padding value with the sign of the samples; its VR is often the other one."""
    if layout.kind is not SampleKind.INTEGER:
        return value
    word = int(value) & 0xFFFF  # the elements are US or SS, whatever the samples are
    if layout.pixel_representation == 0:
        return word
    half = 1 << (layout.bits_stored - 1)
    if half <= word < 2 * half:  # not extended beyond Bits Stored
        return word - 2 * half
    return word - 0x10000 if word > 0x7FFF else word


def _palette(dataset: Dataset, layout: PixelLayout) -> tuple[Palette | None, list[Repair]]:
    tables: list[LookupTable] = []
    repairs: list[Repair] = []
    is_signed = layout.pixel_representation == 1
    for color in ("Red", "Green", "Blue"):
        descriptor = f"{color}PaletteColorLookupTableDescriptor"
        data = f"{color}PaletteColorLookupTableData"
        table, found = elements.read_lut(dataset, descriptor, data, signed_input=is_signed)
        repairs.extend(found)
        if table is None:
            table = elements.read_segmented_lut(
                dataset, descriptor, f"Segmented{data}", signed_input=is_signed
            )
        if table is None:
            return None, repairs
        tables.append(table)
    return Palette(*tables), repairs
