"""What a stored value means: Modality LUT or rescale, dose, units, real world values.

Each reader says where it found what it gives, so that the explanation of a
picture can name the element; writing the way to it is left to whoever asks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from dcmview.dicom import elements
from dcmview.dicom.functional import Place
from dcmview.model import LookupTable, RealWorldMapping, Repair, Rescale, SampleKind

if TYPE_CHECKING:
    from dcmview.dicom.instance import Instance
    from dcmview.model import PixelLayout

# These store X-ray intensity with a Modality LUT that is not for display (PS3.3 C.8.7.1.1.2).
NO_MODALITY_LUT_SOP_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.12.1",  # X-Ray Angiographic Image Storage
    "1.2.840.10008.5.1.4.1.1.12.1.1",  # Enhanced XA Image Storage
    "1.2.840.10008.5.1.4.1.1.12.2",  # X-Ray Radiofluoroscopic Image Storage
    "1.2.840.10008.5.1.4.1.1.12.2.1",  # Enhanced XRF Image Storage
)
HOUNSFIELD_SOP_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.2",  # CT Image Storage: Rescale Type absent means HU
)

# Units (0054,1001) of PET and Dose Units (3004,0002), as people write them.
_UNITS = {
    "BQML": "Bq/ml",
    "CNTS": "counts",
    "CPS": "counts/s",
    "CM2": "cm2",
    "CM2ML": "cm2/ml",
    "GML": "g/ml",
    "1CM": "1/cm",
    "MGMINML": "mg/min/ml",
    "MLG": "ml/g",
    "MLMING": "ml/min/g",
    "MLMINML": "ml/min/ml",
    "MLML": "ml/ml",
    "PCNT": "%",
    "UMOLML": "umol/ml",
    "UMOLMINML": "umol/min/ml",
    "GY": "Gy",
    "NONE": "",
    "RELATIVE": "",
    "US": "",  # the Standard's word for unspecified
    "UNSPECIFIED": "",
}
_MOST_ENTRIES = 65536


@dataclass(frozen=True, slots=True, eq=False)
class ModalityFound:
    """The modality transform of a frame, and where it comes from.

    ``place`` holds *keyword*, the element that decided; both are empty where
    the identity holds because the file says nothing. ``unit_keyword`` names
    what decided on the unit.
    """

    value: Rescale | LookupTable
    unit: str = ""
    place: Place | None = None
    keyword: str = ""
    unit_place: Place | None = None
    unit_keyword: str = ""
    repairs: tuple[Repair, ...] = ()


def read_modality(instance: Instance, frame_index: int) -> ModalityFound:
    """Find what makes modality values of the stored values of a frame.

    A Modality LUT replaces slope and intercept, except in X-ray angiography,
    where it leads back to the intensity and is not for display. A dose grid is
    scaled to its unit, unless the file has windows, which are for stored values.

    Parameters
    ----------
    instance : Instance
        As `open_instance` gives it.
    frame_index : int
        0-based.

    Returns
    -------
    ModalityFound
        The identity where the file says nothing.

    References
    ----------
    DICOM PS3.3 C.11.1, Modality LUT Module; C.7.6.16.2.9, Pixel Value
    Transformation Macro; C.8.7.1.1.2, Pixel Intensity Relationship; C.8.8.3, RT
    Dose Module.
    """
    top = Place(instance.dataset)
    repairs: list[Repair] = []
    if elements.text(top.dataset, "SOPClassUID") not in NO_MODALITY_LUT_SOP_CLASSES:
        table = _table(top, instance.layout, repairs)
        if table is not None:
            return table
    dose = _dose(top, repairs)
    if dose is not None and not has_voi(top):
        return dose
    return _rescale(instance, frame_index, top, repairs)


def has_voi(place: Place) -> bool:
    """Whether a data set has a window or VOI LUT of its own."""
    return any(
        elements.stored_element(place.dataset, keyword) is not None
        for keyword in ("WindowCenter", "VOILUTSequence")
    )


def read_real_world(
    instance: Instance, frame_index: int
) -> tuple[tuple[RealWorldMapping, ...], tuple[Repair, ...]]:
    """Read what stored values are in the real world, beside what the display shows.

    Parameters
    ----------
    instance : Instance
        As `open_instance` gives it.
    frame_index : int
        0-based.

    Returns
    -------
    tuple of mappings and repairs
        In the order of the file, those of the frame before those of all
        frames. A dose grid that keeps its stored values for the sake of its
        windows gives its dose here.

    References
    ----------
    DICOM PS3.3 C.7.6.16.2.11, Real World Value Mapping Macro.
    """
    repairs: list[Repair] = []
    macros = instance.groups.macros(frame_index, "RealWorldValueMappingSequence")
    found = [_mapping(place, instance.layout, repairs) for place in next(macros, ())]
    top = Place(instance.dataset)
    dose = _dose(top, repairs)
    if dose is not None and has_voi(top):
        assert isinstance(dose.value, Rescale)
        first, last = stored_range(instance.layout)
        found.append(
            RealWorldMapping(first, last, dose.value.slope, 0.0, unit=dose.unit, label="dose")
        )
    return tuple(mapping for mapping in found if mapping is not None), tuple(repairs)


def stored_range(layout: PixelLayout) -> tuple[float, float]:
    """Lowest and highest stored value that the Image Pixel Module allows."""
    if layout.kind is not SampleKind.INTEGER:
        return float("-inf"), float("inf")
    return layout.stored_range


def stored_value(value: float, layout: PixelLayout) -> float:
    """Read a stored value in a US or SS element with the sign of the samples.

    The VR of such an element is often the other one.
    """
    if layout.kind is not SampleKind.INTEGER:
        return value
    word = int(value) & 0xFFFF  # whatever the samples are, the element has 16 bits
    if layout.pixel_representation == 0:
        return word
    half = 1 << max(layout.bits_stored - 1, 0)
    if half <= word < 2 * half:  # not extended beyond Bits Stored
        return word - 2 * half
    return word - 0x10000 if word > 0x7FFF else word


def _table(top: Place, layout: PixelLayout, repairs: list[Repair]) -> ModalityFound | None:
    for place in top.items("ModalityLUTSequence")[:1]:
        table, found = elements.read_lut(
            place.dataset, "LUTDescriptor", "LUTData", input_range=stored_range(layout)
        )
        repairs.extend(found or (() if table is not None else (no_table(place),)))
        if table is not None:
            return ModalityFound(
                replace(table, explanation=elements.text(place.dataset, "LUTExplanation")),
                _unit(elements.text(place.dataset, "ModalityLUTType")),
                place,
                "LUTData",
                place,
                "ModalityLUTType",
                tuple(repairs),
            )
    return None


def no_table(place: Place) -> Repair:
    """Say that an item of a LUT sequence holds no table."""
    sequence = place.path[-1][0]
    return Repair("lut-missing", elements.element_name(sequence), "no table", "left out")


def _dose(top: Place, repairs: list[Repair]) -> ModalityFound | None:
    scaling, found = elements.number(top.dataset, "DoseGridScaling")
    repairs.extend(found)
    if scaling is None:
        return None
    if scaling == 0:
        repairs.append(Repair("dose-scaling", top.element("DoseGridScaling"), "0", "1"))
        scaling = 1.0
    unit = _unit(elements.text(top.dataset, "DoseUnits"))
    return ModalityFound(
        Rescale(scaling, 0.0), unit, top, "DoseGridScaling", top, "DoseUnits", tuple(repairs)
    )


def _rescale(
    instance: Instance, frame_index: int, top: Place, repairs: list[Repair]
) -> ModalityFound:
    for place in rescale_places(instance, frame_index, top):
        slope, found = elements.number(place.dataset, "RescaleSlope")
        repairs.extend(found)
        intercept, found = elements.number(place.dataset, "RescaleIntercept")
        repairs.extend(found)
        if slope is None and intercept is None:
            continue
        if slope == 0:
            name = elements.element_name("RescaleSlope")
            repairs.append(Repair("rescale-slope", name, "0", "1"))
            slope = 1.0
        unit, unit_place, unit_keyword = _rescale_unit(place, top, intercept)
        return ModalityFound(
            Rescale(1.0 if slope is None else slope, 0.0 if intercept is None else intercept),
            unit,
            place,
            "RescaleSlope" if slope is not None else "RescaleIntercept",
            unit_place,
            unit_keyword,
            tuple(repairs),
        )
    return ModalityFound(
        Rescale(), _unit(elements.text(top.dataset, "RescaleType")), repairs=tuple(repairs)
    )


def rescale_places(instance: Instance, frame_index: int, top: Place) -> list[Place]:
    """Where slope and intercept of a frame may be, what comes first first."""
    macros = instance.groups.macros(frame_index, "PixelValueTransformationSequence")
    return [*(places[0] for places in macros), top]


def _rescale_unit(
    place: Place, top: Place, intercept: float | None
) -> tuple[str, Place | None, str]:
    """Give the unit, and the element that says so."""
    unit = _unit(elements.text(place.dataset, "RescaleType"))
    if unit:
        return unit, place, "RescaleType"
    unit = _unit(elements.text(top.dataset, "Units"))
    if unit:
        return unit, top, "Units"
    is_ct = elements.text(top.dataset, "SOPClassUID") in HOUNSFIELD_SOP_CLASSES
    if is_ct and intercept is not None:
        return "HU", top, "SOPClassUID"
    return "", None, ""


def _unit(name: str) -> str:
    return _UNITS.get(name.upper(), name)


def _mapping(place: Place, layout: PixelLayout, repairs: list[Repair]) -> RealWorldMapping | None:
    item = place.dataset
    ends: list[float] = []
    for end, default in zip(("First", "Last"), stored_range(layout), strict=True):
        value, found = elements.number(item, f"DoubleFloatRealWorldValue{end}ValueMapped")
        repairs.extend(found)
        if value is None:
            value, found = elements.number(item, f"RealWorldValue{end}ValueMapped")
            repairs.extend(found)
            value = default if value is None else stored_value(value, layout)
        ends.append(value)
    slope, found = elements.number(item, "RealWorldValueSlope")
    repairs.extend(found)
    intercept, found = elements.number(item, "RealWorldValueIntercept")
    repairs.extend(found)
    values = _real_world_values(place) if slope is None else ()
    if slope is None and not values:
        name = elements.element_name("RealWorldValueMappingSequence")
        repairs.append(Repair("real-world-mapping", name, "neither slope nor table", "left out"))
        return None
    unit = ""
    for units in place.items("MeasurementUnitsCodeSequence")[:1]:
        unit = elements.text(units.dataset, "CodeValue") or elements.text(
            units.dataset, "LongCodeValue"
        )
    return RealWorldMapping(
        first=min(ends),
        last=max(ends),
        slope=slope,
        intercept=None if slope is None else intercept or 0.0,
        values=values,
        unit=unit,
        label=elements.text(item, "LUTLabel"),
        explanation=elements.text(item, "LUTExplanation"),
    )


def _real_world_values(place: Place) -> tuple[float, ...]:
    """The table of a mapping; too long for the readers of short values."""
    raw = elements.raw_bytes(place.dataset, "RealWorldValueLUTData")
    if raw is None:
        found, _ = elements.numbers(place.dataset, "RealWorldValueLUTData")
        return tuple(float("nan") if value is None else value for value in found[:_MOST_ENTRIES])
    content, little_endian = raw
    whole = content[: len(content) // 8 * 8]
    values: list[float] = np.frombuffer(whole, "<f8" if little_endian else ">f8").tolist()
    return tuple(values[:_MOST_ENTRIES])
