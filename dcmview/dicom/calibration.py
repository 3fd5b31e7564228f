"""What a pixel measures: its spacing, and the regions of an ultrasound image."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from dcmview.dicom import elements
from dcmview.dicom.functional import Place
from dcmview.errors import InvalidGeometry
from dcmview.geometry.spacing import PROJECTIONS, choose_pixel_spacing
from dcmview.model import PixelSpacing, Repair, UltrasoundRegion

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from dcmview.dicom.instance import Instance

# Physical Units X and Y Direction (0018,6024) and (0018,6026), PS3.3 C.8.5.5.1.15.
_UNITS = ("", "%", "dB", "cm", "s", "Hz", "dB/s", "cm/s", "cm2", "cm2/s", "cm3", "cm3/s", "deg")
_MM_PER_UNIT = {"cm": 10.0}
_TOMOGRAPHIC = 1  # Region Spatial Format (0018,6012) of 2D
_LOW_PRIORITY = 1  # bit 0 of Region Flags (0018,6016)
_MOST_REGIONS = 64


def read_spacing(instance: Instance, frame_index: int) -> PixelSpacing | None:
    """Read the distances between the pixels of a frame; None where there are none to rely on.

    Images with an orientation in the patient are no projections, whatever the
    modality: tomosynthesis and cone beam reconstructions are cross-sections.

    References
    ----------
    DICOM PS3.3 10.7.1, Basic Pixel Spacing Calibration Macro.
    DICOM PS3.3 C.7.6.16.2.1, Pixel Measures Macro.
    """
    dataset = instance.dataset
    place = Place(dataset)
    spacing = _pair(dataset, "PixelSpacing")
    for places in instance.groups.macros(frame_index, "PixelMeasuresSequence"):
        own = _pair(places[0].dataset, "PixelSpacing")
        if own is not None:
            place, spacing = places[0], own
            break
    magnification = elements.number(dataset, "EstimatedRadiographicMagnificationFactor")[0]
    is_projection = elements.text(dataset, "Modality") in PROJECTIONS
    try:
        found = choose_pixel_spacing(
            spacing,
            _pair(dataset, "ImagerPixelSpacing"),
            _pair(dataset, "NominalScannedPixelSpacing"),
            calibration_type=elements.text(dataset, "PixelSpacingCalibrationType"),
            magnification=magnification if magnification and magnification > 0 else None,
            is_projection=is_projection and not _has_orientation(instance, frame_index),
        )
    except InvalidGeometry:  # positive, and yet no number is left of it
        return None
    if found is not None and place.path:
        found = replace(found, element=place.element("PixelSpacing"))
    return found


def read_regions(
    instance: Instance,
) -> tuple[tuple[UltrasoundRegion, ...], tuple[Repair, ...]]:
    """Read the regions of an ultrasound image, with what a pixel measures in each.

    Returns
    -------
    tuple of regions and repairs
        Where regions overlap, the first that holds a pixel is the one that
        counts. A region without a place in the image is left out.

    References
    ----------
    DICOM PS3.3 C.8.5.5, US Region Calibration Module.
    """
    found: list[tuple[bool, UltrasoundRegion]] = []
    repairs: list[Repair] = []
    places = Place(instance.dataset).items("SequenceOfUltrasoundRegions")
    for place in places[:_MOST_REGIONS]:
        region = _region(place.dataset, instance.layout.rows, instance.layout.columns)
        if region is None:
            name = place.element("RegionLocationMinX0")
            repairs.append(Repair("ultrasound-region", name, "not in the image", "left out"))
            continue
        flags = elements.integer(place.dataset, "RegionFlags", 0)[0]
        found.append((bool(flags & _LOW_PRIORITY), region))
    found.sort(key=lambda each: each[0])  # stable: those of high priority before the others
    return tuple(region for _, region in found), tuple(repairs)


def _region(item: Dataset, rows: int, columns: int) -> UltrasoundRegion | None:
    corners = (
        elements.number(item, keyword)[0]
        for keyword in (
            "RegionLocationMinX0",
            "RegionLocationMinY0",
            "RegionLocationMaxX1",
            "RegionLocationMaxY1",
        )
    )
    left, top, last_column, last_row = corners
    if left is None or top is None or last_column is None or last_row is None:
        return None
    left, top = max(left, 0), max(top, 0)
    # The last pixel belongs to the region; some writers give the one behind it.
    right, bottom = min(last_column + 1, columns), min(last_row + 1, rows)
    if left >= right or top >= bottom:
        return None
    unit_x, unit_y = _unit(item, "PhysicalUnitsXDirection"), _unit(item, "PhysicalUnitsYDirection")
    delta_x = elements.number(item, "PhysicalDeltaX")[0] or None
    delta_y = elements.number(item, "PhysicalDeltaY")[0] or None
    is_image = elements.integer(item, "RegionSpatialFormat", 0)[0] == _TOMOGRAPHIC
    return UltrasoundRegion(
        left=int(left),
        top=int(top),
        right=int(right),
        bottom=int(bottom),
        kind="2d" if is_image else "other",
        x_mm=_in_mm(delta_x, unit_x),
        y_mm=_in_mm(delta_y, unit_y),
        unit_x=unit_x,
        unit_y=unit_y,
        delta_x=delta_x,
        delta_y=delta_y,
    )


def _unit(item: Dataset, keyword: str) -> str:
    code = elements.integer(item, keyword, 0)[0]
    return _UNITS[code] if 0 <= code < len(_UNITS) else ""


def _in_mm(delta: float | None, unit: str) -> float | None:
    if delta is None or unit not in _MM_PER_UNIT:
        return None
    found_mm = abs(delta) * _MM_PER_UNIT[unit]
    return found_mm if math.isfinite(found_mm) else None


def _has_orientation(instance: Instance, frame_index: int) -> bool:
    macros = instance.groups.macros(frame_index, "PlaneOrientationSequence")
    holders = (*(places[0].dataset for places in macros), instance.dataset)
    return any(len(elements.numbers(each, "ImageOrientationPatient")[0]) == 6 for each in holders)


def _pair(dataset: Dataset, keyword: str) -> tuple[float, float] | None:
    """Two positive numbers; None where an element has others."""
    values = elements.numbers(dataset, keyword)[0]
    row_mm, column_mm = values if len(values) == 2 else (None, None)
    if row_mm is None or column_mm is None or min(row_mm, column_mm) <= 0:
        return None
    return row_mm, column_mm
