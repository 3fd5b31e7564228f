"""Where frames lie in the patient and in the dimensions of their series."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import structs

from dcmview.dicom import elements
from dcmview.dicom.sequences import sequence_items
from dcmview.errors import Unreadable
from dcmview.model import Acquisition, Placement

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydicom.dataset import Dataset

    from dcmview.dicom.instance import Instance

Facts = dict[str, Any]
"""Fields of Acquisition and Placement that a functional group gives."""

Field: TypeAlias = "tuple[str, Callable[[Dataset], Any]]"

READ_LIMIT_S = 10.0
"""Time for the groups of one file: 5,000 frames take 0.6 s, hostile ones any time."""

_MOST_REMEMBERED = 4096
_MOST_DIMENSIONS = 32


def read_acquisition(dataset: Dataset) -> Acquisition:
    """Read what the top level of a data set says of all its frames."""
    number, whole = _number, _whole
    return Acquisition(
        orientation=_numbers(dataset, "ImageOrientationPatient", 6),
        pixel_spacing=_numbers(dataset, "PixelSpacing", 2),
        imager_pixel_spacing=_numbers(dataset, "ImagerPixelSpacing", 2),
        pixel_spacing_calibration_type=elements.text(dataset, "PixelSpacingCalibrationType"),
        estimated_magnification=number(dataset, "EstimatedRadiographicMagnificationFactor"),
        slice_thickness_mm=number(dataset, "SliceThickness"),
        spacing_between_slices_mm=number(dataset, "SpacingBetweenSlices"),
        gantry_tilt_deg=number(dataset, "GantryDetectorTilt"),
        frame_of_reference_uid=elements.text(dataset, "FrameOfReferenceUID"),
        image_type=_image_type(dataset, "ImageType"),
        echo_number=elements.text(dataset, "EchoNumbers"),
        echo_time_ms=number(dataset, "EchoTime"),
        inversion_time_ms=number(dataset, "InversionTime"),
        b_value=number(dataset, "DiffusionBValue"),
        temporal_position=whole(dataset, "TemporalPositionIdentifier"),
        cardiac_phase_percent=number(dataset, "NominalPercentageOfCardiacPhase"),
        concatenation_uid=elements.text(dataset, "ConcatenationUID"),
        in_concatenation_number=whole(dataset, "InConcatenationNumber"),
        concatenation_frame_offset=whole(dataset, "ConcatenationFrameOffsetNumber"),
    )


def read_placement(dataset: Dataset) -> Placement:
    """Read where the top level of a data set places its first frame."""
    return Placement(
        position=_numbers(dataset, "ImagePositionPatient", 3),
        slice_location_mm=_number(dataset, "SliceLocation"),
        trigger_time_ms=_number(dataset, "TriggerTime"),
        acquisition_time=elements.text(dataset, "AcquisitionDateTime")
        or elements.text(dataset, "AcquisitionTime"),
        content_time=elements.text(dataset, "ContentTime"),
        acquisition_number=elements.text(dataset, "AcquisitionNumber"),
    )


def frame_placements(instance: Instance) -> tuple[tuple[Acquisition, Placement], ...]:
    """Read how each frame of a file with functional groups was taken and where it lies.

    Returns
    -------
    tuple of pairs
        One for each frame in stored order. What its own groups do not say is
        taken from the shared groups and then from the top level; frames that
        were taken alike share one Acquisition.

    Raises
    ------
    Unreadable
        If that takes longer than `READ_LIMIT_S`.

    References
    ----------
    DICOM PS3.3 C.7.6.16.1.2, Multi-frame Functional Groups Module;
    DICOM PS3.3 C.7.6.17, Multi-frame Dimension Module.
    """
    dataset = instance.dataset
    reader = _GroupReader(_segment_names(dataset))
    common: Facts = {}
    for group in sequence_items(dataset, "SharedFunctionalGroupsSequence")[:1]:
        common.update(reader.read(group))
    dimensions = _dimension_names(dataset)
    acquisition, placement = instance.header.shared.acquisition, instance.header.placement
    acquisition = structs.replace(acquisition, dimension_names=dimensions)
    joined = _Joiner(acquisition, placement, common)
    groups = sequence_items(dataset, "PerFrameFunctionalGroupsSequence")
    count = instance.layout.frame_count
    deadline = time.monotonic() + READ_LIMIT_S
    found = []
    for index in range(min(len(groups), count)):
        found.append(joined.join(reader.read(groups[index])))
        if time.monotonic() > deadline:
            raise Unreadable(f"functional groups of {count:,} frames take too long to read")
    found += [joined.join({})] * (count - len(found))
    return tuple(found)


class _Joiner:
    """Puts what a frame says of itself before what all frames have in common."""

    def __init__(self, acquisition: Acquisition, placement: Placement, common: Facts) -> None:
        self._acquisition = _replaced(acquisition, common, _ACQUISITION_FIELDS)
        self._placement = _replaced(placement, common, _PLACEMENT_FIELDS)
        self._known: dict[tuple[tuple[str, Any], ...], Acquisition] = {}

    def join(self, facts: Facts) -> tuple[Acquisition, Placement]:
        own = tuple((name, value) for name, value in facts.items() if name in _ACQUISITION_FIELDS)
        acquisition = self._known.get(own)
        if acquisition is None:
            acquisition = _replaced(self._acquisition, facts, _ACQUISITION_FIELDS)
            self._known[own] = acquisition
        return acquisition, _replaced(self._placement, facts, _PLACEMENT_FIELDS)


class _GroupReader:
    """Reads functional groups, and each macro that frames have in common only once."""

    def __init__(self, segments: dict[int, str]) -> None:
        self._segments = segments
        self._known: dict[tuple[str, bytes], Facts] = {}

    def read(self, group: Dataset) -> Facts:
        """Give what a group says; nothing of what it holds and cannot be understood."""
        facts: Facts = {}
        for keyword, fields in _MACROS.items():
            raw = elements.stored_element(group, keyword)
            if raw is None:
                continue
            content = raw.value if raw.is_raw else None
            key = (keyword, content) if content else None
            found = None if key is None else self._known.get(key)
            if found is None:
                items = sequence_items(group, keyword)
                found = self._read_macro(items[0], fields) if items else {}
                if key is not None and len(self._known) < _MOST_REMEMBERED:
                    self._known[key] = found
            facts.update(found)
        return facts

    def _read_macro(self, item: Dataset, fields: tuple[Field, ...]) -> Facts:
        found: Facts = {}
        for name, read in fields:
            value = read(item)
            if name == "segment" and value is not None:
                value = self._segments.get(value, str(value))
            if value not in (None, "", ()):
                found[name] = value
        return found


def _number(dataset: Dataset, keyword: str) -> float | None:
    return elements.number(dataset, keyword)[0]


def _whole(dataset: Dataset, keyword: str) -> int | None:
    value = _number(dataset, keyword)
    return None if value is None else int(value)


def _numbers(dataset: Dataset, keyword: str, count: int) -> Any:
    """As many numbers as the element must have, None where it has others."""
    values = elements.numbers(dataset, keyword)[0]
    if len(values) != count or any(value is None for value in values):
        return None
    return tuple(value for value in values if value is not None)


def _image_type(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    parts = (part.strip() for part in elements.text(dataset, keyword).split("\\"))
    return tuple(filter(None, parts))


def _dimension_index_values(item: Dataset) -> tuple[int, ...]:
    values = elements.numbers(item, "DimensionIndexValues")[0][:_MOST_DIMENSIONS]
    return tuple(int(value) if value is not None else 0 for value in values)


def _first_of(read: Callable[[Dataset, str], Any], *keywords: str) -> Callable[[Dataset], Any]:
    """A reader of the first of several elements that holds something."""

    def first(item: Dataset) -> Any:
        for keyword in keywords:
            value = read(item, keyword)
            if value not in (None, ""):
                return value
        return None

    return first


_FRAME_TYPE: tuple[Field, ...] = (("image_type", lambda item: _image_type(item, "FrameType")),)

# What a macro says goes before what the ones above it say.
_MACROS: dict[str, tuple[Field, ...]] = {
    "PlanePositionSequence": (
        ("position", lambda item: _numbers(item, "ImagePositionPatient", 3)),
    ),
    "PlaneOrientationSequence": (
        ("orientation", lambda item: _numbers(item, "ImageOrientationPatient", 6)),
    ),
    "PixelMeasuresSequence": (
        ("pixel_spacing", lambda item: _numbers(item, "PixelSpacing", 2)),
        ("slice_thickness_mm", _first_of(_number, "SliceThickness")),
        ("spacing_between_slices_mm", _first_of(_number, "SpacingBetweenSlices")),
    ),
    "FrameContentSequence": (
        ("dimension_index_values", _dimension_index_values),
        ("stack_id", _first_of(elements.text, "StackID")),
        ("in_stack_position", _first_of(_whole, "InStackPositionNumber")),
        ("temporal_position", _first_of(_whole, "TemporalPositionIndex")),
        ("acquisition_number", _first_of(elements.text, "FrameAcquisitionNumber")),
        (
            "acquisition_time",
            _first_of(elements.text, "FrameAcquisitionDateTime", "FrameReferenceDateTime"),
        ),
    ),
    "MREchoSequence": (("echo_time_ms", _first_of(_number, "EffectiveEchoTime")),),
    "MRModifierSequence": (("inversion_time_ms", _first_of(_number, "InversionTimes")),),
    "MRDiffusionSequence": (("b_value", _first_of(_number, "DiffusionBValue")),),
    "CardiacSynchronizationSequence": (
        ("cardiac_phase_percent", _first_of(_number, "NominalPercentageOfCardiacPhase")),
        (
            "trigger_time_ms",
            _first_of(_number, "NominalCardiacTriggerDelayTime", "ActualCardiacTriggerDelayTime"),
        ),
    ),
    "CTAcquisitionDetailsSequence": (
        ("gantry_tilt_deg", _first_of(_number, "GantryDetectorTilt")),
    ),
    "SegmentIdentificationSequence": (("segment", _first_of(_whole, "ReferencedSegmentNumber")),),
    "CTImageFrameTypeSequence": _FRAME_TYPE,
    "MRImageFrameTypeSequence": _FRAME_TYPE,
    "PETFrameTypeSequence": _FRAME_TYPE,
    "XRay3DFrameTypeSequence": _FRAME_TYPE,
    "ParametricMapFrameTypeSequence": _FRAME_TYPE,
}

_ACQUISITION_FIELDS = frozenset(Acquisition.__struct_fields__)
_PLACEMENT_FIELDS = frozenset(Placement.__struct_fields__)


def _replaced(struct: Any, facts: Facts, fields: frozenset[str]) -> Any:
    changes = {name: value for name, value in facts.items() if name in fields}
    return structs.replace(struct, **changes) if changes else struct


def _dimension_names(dataset: Dataset) -> tuple[str, ...]:
    """Say what each of the Dimension Index Values of a frame counts."""
    names = []
    for item in sequence_items(dataset, "DimensionIndexSequence")[:_MOST_DIMENSIONS]:
        pointer = _pointer(item)
        from pydicom.datadict import dictionary_description, dictionary_has_tag

        is_known = isinstance(pointer, int) and dictionary_has_tag(pointer)
        name = dictionary_description(pointer) if is_known else ""
        names.append(name or elements.text(item, "DimensionDescriptionLabel"))
    return tuple(names)


def _pointer(item: Dataset) -> Any:
    try:
        return item.get("DimensionIndexPointer")
    except Exception:  # a damaged element, which pydicom cannot convert
        return None


def _segment_names(dataset: Dataset) -> dict[int, str]:
    """Number and label of each segment, by its number."""
    names: dict[int, str] = {}
    for item in sequence_items(dataset, "SegmentSequence")[:_MOST_REMEMBERED]:
        number = _whole(item, "SegmentNumber")
        if number is not None:
            names[number] = f"{number} {elements.text(item, 'SegmentLabel')}".strip()
    return names
