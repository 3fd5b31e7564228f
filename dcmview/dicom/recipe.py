"""From the elements of an instance to a `DisplayRecipe` of plain numbers.

Everything here forgives: an element that makes no sense is mended or left out,
and the recipe says so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dcmview.dicom import elements
from dcmview.dicom.calibration import read_regions, read_spacing
from dcmview.dicom.modality import read_modality, read_real_world, stored_range, stored_value
from dcmview.dicom.overlays import read_overlay_summaries
from dcmview.dicom.presentation import (
    read_icc_profile,
    read_patient_orientation,
    read_pixel_aspect,
    read_shutter,
)
from dcmview.dicom.recording import recorded_warnings
from dcmview.dicom.windows import read_voi
from dcmview.model import DisplayRecipe, PaddingRange, Palette, Repair, SampleKind

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from dcmview.dicom.instance import Instance
    from dcmview.dicom.modality import ModalityFound
    from dcmview.dicom.windows import VoiFound
    from dcmview.model import LookupTable, PixelLayout, Suv

# Images for presentation, whose Presentation LUT Shape is INVERSE for MONOCHROME1 and
# IDENTITY for MONOCHROME2 (PS3.3 C.8.11.3). Known files have it the other way round.
_FIXED_SHAPE_SOP_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.1.1",  # Digital X-Ray Image Storage - For Presentation
    "1.2.840.10008.5.1.4.1.1.1.1.1",  # ... For Processing
    "1.2.840.10008.5.1.4.1.1.1.2",  # Digital Mammography X-Ray Image Storage - For Presentation
    "1.2.840.10008.5.1.4.1.1.1.2.1",  # ... For Processing
    "1.2.840.10008.5.1.4.1.1.1.3",  # Digital Intra-Oral X-Ray Image Storage - For Presentation
    "1.2.840.10008.5.1.4.1.1.1.3.1",  # ... For Processing
)


def display_recipe(instance: Instance, frame_index: int, *, explain: bool = False) -> DisplayRecipe:
    """Collect all that lies between stored values and picture for one frame.

    Parameters
    ----------
    instance : Instance
        As `open_instance` gives it.
    frame_index : int
        0-based; functional groups may differ from frame to frame.
    explain : bool, default False
        Fill ``decisions`` and ``ignored``, which takes several times as long.

    References
    ----------
    DICOM PS3.3 C.11.1 Modality LUT Module, C.11.2 VOI LUT Module, C.7.6.3 Image
    Pixel Module, C.7.6.16.2.9 Pixel Value Transformation, C.7.6.16.2.10 Frame VOI
    LUT, C.7.6.16.2.11 Real World Value Mapping, C.9.2 Overlay Plane.
    """
    with recorded_warnings():  # what they warn of was said when the header was read
        recipe, modality, voi = _collect(instance, frame_index)
        recipe = _with_surroundings(recipe, instance, frame_index)
        if explain:
            from dcmview.dicom.explain import explain_recipe

            decisions, ignored = explain_recipe(instance, frame_index, recipe, modality, voi)
            recipe = replace(recipe, decisions=decisions, ignored=ignored)
    return replace(recipe, repairs=tuple(dict.fromkeys((*instance.repairs, *recipe.repairs))))


def _collect(
    instance: Instance, frame_index: int
) -> tuple[DisplayRecipe, ModalityFound | None, VoiFound | None]:
    dataset, layout = instance.dataset, instance.layout
    interpretation = layout.photometric_interpretation
    if interpretation == "PALETTE COLOR":
        palette, repairs = _palette(dataset, layout)
        recipe = DisplayRecipe(interpretation, palette=palette, repairs=tuple(repairs))
        return recipe, None, None
    if not interpretation.startswith("MONOCHROME"):
        # Windows are for grey values, colour has none.
        return DisplayRecipe(interpretation), None, None
    modality = read_modality(instance, frame_index)
    voi = read_voi(instance, modality.value, frame_index)
    inverted, of_shape = _inverted(dataset, interpretation)
    padding, of_padding = _padding(dataset, layout)
    real_world, of_real_world = read_real_world(instance, frame_index)
    suv, suv_note = _suv(dataset)
    recipe = DisplayRecipe(
        interpretation,
        modality=modality.value,
        unit=modality.unit,
        voi=voi.choices,
        inverted=inverted,
        padding=padding,
        real_world=real_world,
        suv=suv,
        suv_note=suv_note,
        repairs=(*modality.repairs, *voi.repairs, *of_shape, *of_padding, *of_real_world),
    )
    return recipe, modality, voi


def _with_surroundings(
    recipe: DisplayRecipe, instance: Instance, frame_index: int
) -> DisplayRecipe:
    """Add what lies on the picture and around it."""
    overlays, of_overlays = read_overlay_summaries(instance, frame_index)
    shutter, of_shutter = read_shutter(instance, frame_index)
    pixel_aspect, of_aspect = read_pixel_aspect(instance, frame_index)
    regions, of_regions = read_regions(instance)
    icc_profile: bytes | None = None
    of_profile: tuple[Repair, ...] = ()
    if not recipe.photometric_interpretation.startswith("MONOCHROME"):
        icc_profile, of_profile = read_icc_profile(instance, frame_index)
    return replace(
        recipe,
        overlays=overlays,
        shutter=shutter,
        pixel_aspect=pixel_aspect,
        icc_profile=icc_profile,
        patient_orientation=read_patient_orientation(instance),
        spacing=read_spacing(instance, frame_index),
        regions=regions,
        repairs=(*recipe.repairs, *of_overlays, *of_shutter, *of_aspect, *of_profile, *of_regions),
    )


def _suv(dataset: Dataset) -> tuple[Suv | None, str]:
    if elements.text(dataset, "Modality") != "PT":
        return None, ""
    from dcmview.dicom.suv import read_suv

    return read_suv(dataset)


def _inverted(dataset: Dataset, interpretation: str) -> tuple[bool, tuple[Repair, ...]]:
    """MONOCHROME1 shows its lowest value white; a Shape that contradicts it loses.

    INVERSE inverts MONOCHROME2 where the Standard does not fix the Shape.
    """
    shape = elements.text(dataset, "PresentationLUTShape").upper()
    by_interpretation = interpretation == "MONOCHROME1"
    if shape not in ("IDENTITY", "INVERSE") or (shape == "INVERSE") == by_interpretation:
        return by_interpretation, ()
    sop_class = elements.text(dataset, "SOPClassUID")
    if shape == "INVERSE" and sop_class not in _FIXED_SHAPE_SOP_CLASSES:
        return True, ()
    repair = Repair(
        "presentation-lut-shape",
        elements.element_name("PresentationLUTShape"),
        f"{shape} with {interpretation}",
        "INVERSE" if by_interpretation else "IDENTITY",
    )
    return by_interpretation, (repair,)


def _padding(
    dataset: Dataset, layout: PixelLayout
) -> tuple[PaddingRange | None, tuple[Repair, ...]]:
    prefix = padding_prefix(layout)
    value, repairs_of_value = elements.number(dataset, f"{prefix}Value")
    if value is None:
        return None, repairs_of_value
    limit, repairs_of_limit = elements.number(dataset, f"{prefix}RangeLimit")
    ends = sorted(stored_value(end, layout) for end in (value, value if limit is None else limit))
    return PaddingRange(ends[0], ends[1]), (*repairs_of_value, *repairs_of_limit)


def padding_prefix(layout: PixelLayout) -> str:
    """Begin the keywords of the padding elements that belong to the samples."""
    return {
        SampleKind.INTEGER: "PixelPadding",
        SampleKind.FLOAT: "FloatPixelPadding",
        SampleKind.DOUBLE: "DoubleFloatPixelPadding",
    }[layout.kind]


def _palette(dataset: Dataset, layout: PixelLayout) -> tuple[Palette | None, list[Repair]]:
    tables: list[LookupTable] = []
    repairs: list[Repair] = []
    input_range = stored_range(layout)
    for color in ("Red", "Green", "Blue"):
        descriptor = f"{color}PaletteColorLookupTableDescriptor"
        data = f"{color}PaletteColorLookupTableData"
        table, found = elements.read_lut(dataset, descriptor, data, input_range=input_range)
        repairs.extend(found)
        if table is None:
            table = elements.read_segmented_lut(
                dataset, descriptor, f"Segmented{data}", input_range=input_range
            )
        if table is None:
            return None, repairs
        tables.append(table)
    return Palette(*tables), repairs
