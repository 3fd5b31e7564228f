"""Where frames lie in the patient and in the dimensions of their series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dcmview.dicom import elements
from dcmview.model import Acquisition, Placement

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


def read_acquisition(dataset: Dataset) -> Acquisition:
    """Read what the top level of a data set says of all its frames."""

    def number(keyword: str) -> float | None:
        return elements.number(dataset, keyword)[0]

    def whole(keyword: str) -> int | None:
        value = number(keyword)
        return None if value is None else int(value)

    return Acquisition(
        orientation=_numbers(dataset, "ImageOrientationPatient", 6),
        pixel_spacing=_numbers(dataset, "PixelSpacing", 2),
        imager_pixel_spacing=_numbers(dataset, "ImagerPixelSpacing", 2),
        pixel_spacing_calibration_type=elements.text(dataset, "PixelSpacingCalibrationType"),
        estimated_magnification=number("EstimatedRadiographicMagnificationFactor"),
        slice_thickness_mm=number("SliceThickness"),
        spacing_between_slices_mm=number("SpacingBetweenSlices"),
        gantry_tilt_deg=number("GantryDetectorTilt"),
        frame_of_reference_uid=elements.text(dataset, "FrameOfReferenceUID"),
        image_type=tuple(filter(None, elements.text(dataset, "ImageType").split("\\"))),
        acquisition_number=elements.text(dataset, "AcquisitionNumber"),
        echo_number=elements.text(dataset, "EchoNumbers"),
        echo_time_ms=number("EchoTime"),
        inversion_time_ms=number("InversionTime"),
        b_value=number("DiffusionBValue"),
        temporal_position=whole("TemporalPositionIdentifier"),
        cardiac_phase_percent=number("NominalPercentageOfCardiacPhase"),
        concatenation_uid=elements.text(dataset, "ConcatenationUID"),
        in_concatenation_number=whole("InConcatenationNumber"),
        concatenation_frame_offset=whole("ConcatenationFrameOffsetNumber"),
    )


def read_placement(dataset: Dataset) -> Placement:
    """Read where the top level of a data set places its first frame."""
    return Placement(
        position=_numbers(dataset, "ImagePositionPatient", 3),
        slice_location_mm=elements.number(dataset, "SliceLocation")[0],
        trigger_time_ms=elements.number(dataset, "TriggerTime")[0],
        acquisition_time=elements.text(dataset, "AcquisitionDateTime")
        or elements.text(dataset, "AcquisitionTime"),
        content_time=elements.text(dataset, "ContentTime"),
    )


def _numbers(dataset: Dataset, keyword: str, count: int) -> Any:
    """As many numbers as the element must have, None where it has others."""
    values = elements.numbers(dataset, keyword)[0]
    if len(values) != count or any(value is None for value in values):
        return None
    return tuple(value for value in values if value is not None)
