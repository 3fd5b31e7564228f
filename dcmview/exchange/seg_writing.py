"""Regions as segmentations: the pixels of a label are a segment, a frame an image.

highdicom writes frames that lie in one orientation, each at a place of its
own. So it is shown stand-ins, one an image frame, whose UIDs are replaced by
the real references afterwards; where images have no place in a patient, so
have the stand-ins, and what was made of it goes again.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DatasetSequence
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from pydicom.valuerep import DS

from dcmview import __version__
from dcmview.dicom.recording import recorded_warnings
from dcmview.dicom.uids import new_uid
from dcmview.exchange import sr_codes
from dcmview.exchange.extra import highdicom
from dcmview.exchange.seg_stacks import (
    MarkedFrame,
    Plane,
    has_overlap,
    joined,
    parts_of,
    plane_of,
    stacks_of,
)
from dcmview.exchange.segment_color import lab_of_color
from dcmview.exchange.studies import CHARACTER_SET

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray


_SERIES_NUMBER = 9002


@dataclass(frozen=True, slots=True)
class SeriesFacts:
    """What segmentations take over from the images of a series.

    ``patient`` is what `patient_and_study` gives, ``lossy`` what
    `lossy_compression` does. ``layer`` names the ROIs, ``colors`` are those of labels.
    """

    patient: Dataset
    lossy: Dataset
    layer: str
    colors: dict[str, str]


_NOWHERE = Plane(0, 0, "0.0", (1, 0, 0, 0, 1, 0), (1, 1))
"""Where stand-ins lie that have no place; highdicom sorts against the normal."""


def write_segmentations(frames: Sequence[MarkedFrame], facts: SeriesFacts) -> Iterator[bytes]:
    """Write the regions of one layer on frames of one series.

    Frames of one orientation and size are in one object, unless there are
    several at one place, or too many.

    Yields
    ------
    bytes
        A binary Segmentation as a DICOM file.

    References
    ----------
    DICOM PS3.3 C.8.20.2, Segmentation Image Module.
    """
    series = new_uid()
    number = 0
    for stack in stacks_of(frames):
        for part in parts_of(stack):
            number += 1
            with recorded_warnings():
                content = _segmentation(part, facts, series, number)
            yield content


def _segmentation(
    frames: Sequence[MarkedFrame], facts: SeriesFacts, series: str, number: int
) -> bytes:
    hd = highdicom()
    labels = list(dict.fromkeys(label for frame in frames for label in frame.marks))
    layer = sr_codes.meaning_of(facts.layer)
    document = hd.seg.Segmentation(
        source_images=_stand_ins(frames, facts),
        pixel_array=_pixels(frames, labels),
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[
            _description(place, label, facts.colors.get(label, ""))
            for place, label in enumerate(labels, start=1)
        ],
        series_instance_uid=series,
        series_number=_SERIES_NUMBER,
        sop_instance_uid=new_uid(),
        instance_number=number,
        manufacturer="dcmview",
        manufacturer_model_name="dcmview",
        software_versions=__version__,
        device_serial_number="0",
        content_label="ROIS",
        content_description=layer or None,
        series_description="ROIs",
        transfer_syntax_uid=ExplicitVRLittleEndian,
        specific_character_set=CHARACTER_SET,
        coding_schemes=[
            hd.coding_schemes.CodingSchemeIdentificationItem(sr_codes.SCHEME, name="dcmview")
        ],
    )
    _name_sources(document, frames)
    if not plane_of(frames[0]).is_placed:
        _take_place_away(document)
    file = io.BytesIO()
    document.save_as(file, enforce_file_format=True)
    return file.getvalue()


def _pixels(frames: Sequence[MarkedFrame], labels: Sequence[str]) -> NDArray[np.generic]:
    """Give a map of segment numbers, or where segments overlap a mask for each."""
    shape = frames[0].header.shared.rows, frames[0].header.shared.columns
    numbers = {label: number for number, label in enumerate(labels, start=1)}
    if any(map(has_overlap, frames)):
        masks = np.zeros((len(frames), *shape, len(labels)), np.uint8)
        for place, frame in enumerate(frames):
            for label, regions in frame.marks.items():
                masks[place, :, :, numbers[label] - 1] = joined(regions, shape)
        return masks
    maps = np.zeros((len(frames), *shape), np.uint8 if len(labels) < 256 else np.uint16)
    for place, frame in enumerate(frames):
        for label, regions in frame.marks.items():
            maps[place][joined(regions, shape)] = numbers[label]
    return maps


def _description(number: int, label: str, color: str) -> Any:
    hd = highdicom()
    code = sr_codes.label_code(label) if label else sr_codes.UNLABELLED
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=code.meaning,
        segmented_property_category=hd.sr.CodedConcept(*sr_codes.REGION),
        segmented_property_type=hd.sr.CodedConcept(*code),
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.MANUAL,
        display_color=hd.color.CIELabColor(*lab_of_color(color)) if color else None,
    )


def _stand_ins(frames: Sequence[MarkedFrame], facts: SeriesFacts) -> list[Dataset]:
    # Cosines that differ in their last digits are one orientation, that of the first frame.
    orientation = frames[0].acquisition.orientation or ()
    return [_stand_in(frame, facts, place, orientation) for place, frame in enumerate(frames)]


def _stand_in(
    frame: MarkedFrame, facts: SeriesFacts, place: int, orientation: Sequence[float]
) -> Dataset:
    shared = frame.header.shared
    image = Dataset()
    image.update(facts.patient)
    image.update(facts.lossy)
    image.SOPClassUID = CTImageStorage  # has a place, whatever it is in truth
    image.SOPInstanceUID = _stand_in_uid(place)
    image.StudyInstanceUID = shared.study_instance_uid
    image.SeriesInstanceUID = shared.series_instance_uid
    image.Rows, image.Columns = shared.rows, shared.columns
    plane = plane_of(frame)
    image.FrameOfReferenceUID = plane.frame_of_reference_uid or _NOWHERE.frame_of_reference_uid
    image.ImagePositionPatient = _decimals(
        (frame.placement.position or ()) if plane.is_placed else (0, 0, -place)
    )
    image.ImageOrientationPatient = _decimals(
        orientation if plane.is_placed else _NOWHERE.orientation
    )
    image.PixelSpacing = _decimals(plane.spacing or _NOWHERE.spacing)
    image.SliceThickness = None if plane.thickness is None else _decimals([plane.thickness])[0]
    return image


def _stand_in_uid(place: int) -> str:
    return f"0.{place}"


def _decimals(values: Iterable[float]) -> list[Any]:
    return [DS(float(value), auto_format=True) for value in values]


def _name_sources(document: Dataset, frames: Sequence[MarkedFrame]) -> None:
    """Put the images and their frames where the stand-ins were."""
    by_uid = {_stand_in_uid(place): frame for place, frame in enumerate(frames)}
    for group in document.PerFrameFunctionalGroupsSequence:
        for reference in group.DerivationImageSequence[0].SourceImageSequence:
            frame = by_uid.get(reference.ReferencedSOPInstanceUID)
            if frame is None:
                continue  # segments of a frame share the reference
            _refer(reference, frame)
            if frame.header.shared.frame_count > 1:
                reference.ReferencedFrameNumber = frame.frame_index + 1
    images = {frame.header.sop_instance_uid: frame for frame in frames}
    references = DatasetSequence(_refer(Dataset(), frame) for frame in images.values())
    document.SourceImageSequence = references
    document.ReferencedSeriesSequence[0].ReferencedInstanceSequence = references


def _refer(reference: Dataset, frame: MarkedFrame) -> Dataset:
    reference.ReferencedSOPClassUID = frame.header.shared.sop_class_uid
    reference.ReferencedSOPInstanceUID = frame.header.sop_instance_uid
    return reference


def _take_place_away(document: Dataset) -> None:
    """Leave of the places of stand-ins nothing but the order of the frames."""
    for keyword in (
        "FrameOfReferenceUID",
        "PositionReferenceIndicator",
        "DimensionOrganizationType",
    ):
        if keyword in document:
            del document[keyword]
    document.PatientOrientation = None
    (shared,) = document.SharedFunctionalGroupsSequence
    del shared.PlaneOrientationSequence
    del shared.PixelMeasuresSequence
    for dimension in document.DimensionIndexSequence:
        if dimension.DimensionIndexPointer == tag_for_keyword("ImagePositionPatient"):
            dimension.DimensionIndexPointer = tag_for_keyword("InStackPositionNumber")
            dimension.FunctionalGroupPointer = tag_for_keyword("FrameContentSequence")
            dimension.DimensionDescriptionLabel = "In-Stack Position Number"
    for group in document.PerFrameFunctionalGroupsSequence:
        del group.PlanePositionSequence
        (content,) = group.FrameContentSequence
        content.StackID = "1"
        content.InStackPositionNumber = content.DimensionIndexValues[-1]
