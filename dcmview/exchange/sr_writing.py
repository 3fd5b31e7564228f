"""ROIs as a structured report: a measurement group of DICOM PS3.16 TID 1500 an ROI.

Its points are those of SCOORD (DICOM PS3.3 C.18.6), which count as ours do:
columns and rows, 0.0 at the top left corner of the first pixel.
"""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
    VLWholeSlideMicroscopyImageStorage,
)

from dcmview.dicom.recording import recorded_warnings
from dcmview.dicom.uids import new_uid, stable_uid
from dcmview.exchange import sr_codes
from dcmview.exchange.dicom_values import plain_text
from dcmview.exchange.extra import highdicom
from dcmview.exchange.sr_points import graphic
from dcmview.exchange.studies import CHARACTER_SET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from dcmview.annotations.roi import Roi
    from dcmview.exchange.sr_codes import Code
    from dcmview.model import InstanceHeader

MOST_ROIS_PER_REPORT = 1_000
"""Each takes some 60 KB while a report is made, and 1 ms."""

_SERIES_NUMBER = 9001
_MOST_FRAMES_LISTED = 8_000
"""The list is text of at most 64 KiB."""
_LONGEST_SHORT_VALUE = 1 << 16
_FLOAT_BYTES = 4


def _nothing(_roi: Roi) -> Mapping[str, float]:
    return {}


@dataclass(frozen=True, slots=True)
class ReportedImage:
    """An image and what is drawn on it.

    ``measures`` gives numbers of an ROI by keys of `sr_codes.MEASURES`, in their units.
    """

    header: InstanceHeader
    rois: Sequence[Roi]
    measures: Callable[[Roi], Mapping[str, float]] = _nothing


def write_reports(images: Sequence[ReportedImage], patient: Dataset) -> Iterator[bytes]:
    """Write the ROIs of the images of one study, at most 1,000 to a report.

    Parameters
    ----------
    images : sequence of ReportedImage
        Images with UIDs of instance, class, series and study.
    patient : Dataset
        What `patient_and_study` gives of one of them.

    Yields
    ------
    bytes
        A Comprehensive SR, complete and not verified, as a DICOM file.

    Raises
    ------
    NotInstalled
        If the package that writes them is not there.

    References
    ----------
    DICOM PS3.16 TID 1500, TID 1410.
    """
    highdicom()
    series = new_uid()
    for number, part in enumerate(_parts(images), start=1):
        with recorded_warnings():
            content = _report(part, patient, series, number)
        yield content


def _parts(images: Sequence[ReportedImage]) -> Iterator[list[tuple[ReportedImage, Roi]]]:
    part: list[tuple[ReportedImage, Roi]] = []
    for image in images:
        for roi in image.rois:
            part.append((image, roi))
            if len(part) == MOST_ROIS_PER_REPORT:
                yield part
                part = []
    if part:
        yield part


def _report(
    rois: Sequence[tuple[ReportedImage, Roi]], patient: Dataset, series: str, number: int
) -> bytes:
    hd = highdicom()
    headers = list({id(image): image.header for image, _ in rois}.values())
    groups = [group for image, roi in rois for group in _groups(image, roi)]
    observer = hd.sr.DeviceObserverIdentifyingAttributes(uid=new_uid(), name="dcmview")
    report = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(
            observer_device_context=hd.sr.ObserverContext(
                observer_type=_concept(sr_codes.DEVICE), observer_identifying_attributes=observer
            )
        ),
        procedure_reported=_concept(sr_codes.IMAGING_PROCEDURE),
        imaging_measurements=groups[:1],
    )
    document = hd.sr.ComprehensiveSR(
        evidence=_evidence(headers, patient),
        content=report,
        series_instance_uid=series,
        series_number=_SERIES_NUMBER,
        sop_instance_uid=new_uid(),
        instance_number=number,
        manufacturer="dcmview",
        is_complete=True,
        specific_character_set=CHARACTER_SET,
        series_description="ROIs",
        transfer_syntax_uid=_transfer_syntax([roi for _, roi in rois]),
        coding_schemes=[
            hd.coding_schemes.CodingSchemeIdentificationItem(sr_codes.SCHEME, name="dcmview")
        ],
    )
    _name_classes(document, headers)
    # The constructor copies and searches all it is given, at 6 ms a group.
    measurements = document.ContentSequence[-1]
    measurements.ContentSequence.extend(group[0] for group in groups[1:])
    file = io.BytesIO()
    document.save_as(file, enforce_file_format=True)
    return file.getvalue()


def _transfer_syntax(rois: Sequence[Roi]) -> str:
    """With explicit VR, points take 64 KiB at most."""
    longest = max(len(roi.points) for roi in rois) + 1
    is_short = longest * 2 * _FLOAT_BYTES < _LONGEST_SHORT_VALUE
    return str(ExplicitVRLittleEndian if is_short else ImplicitVRLittleEndian)


def _evidence(headers: Sequence[InstanceHeader], patient: Dataset) -> list[Dataset]:
    first = Dataset()
    first.update(patient)
    found = [first] + [Dataset() for _ in headers[1:]]
    for header, image in zip(headers, found, strict=True):
        # Stands for classes that highdicom does not know, until `_name_classes`.
        image.SOPClassUID = SecondaryCaptureImageStorage
        image.SOPInstanceUID = header.sop_instance_uid
        image.SeriesInstanceUID = header.shared.series_instance_uid
        image.StudyInstanceUID = header.shared.study_instance_uid
    return found


def _name_classes(document: Dataset, headers: Sequence[InstanceHeader]) -> None:
    classes = {header.sop_instance_uid: header.shared.sop_class_uid for header in headers}
    for study in document.CurrentRequestedProcedureEvidenceSequence:
        for series in study.ReferencedSeriesSequence:
            for reference in series.ReferencedSOPSequence:
                reference.ReferencedSOPClassUID = classes[reference.ReferencedSOPInstanceUID]


def _groups(image: ReportedImage, roi: Roi) -> Iterator[Any]:
    measures = image.measures(roi)
    for frames in _frame_lists(image.header, roi):
        yield _group(image.header, roi, frames, measures)


def _frame_lists(header: InstanceHeader, roi: Roi) -> Iterator[list[int] | None]:
    """Frame numbers from 1, in lists that DICOM can hold; None for all frames."""
    is_slide = header.shared.sop_class_uid == VLWholeSlideMicroscopyImageStorage
    is_all = roi.frames == "all" or len(roi.frames) == header.shared.frame_count
    if header.shared.frame_count == 1 or (is_all and not is_slide):
        yield None
        return
    indices = range(header.shared.frame_count) if roi.frames == "all" else roi.frames
    numbers = [index + 1 for index in indices]
    for begin in range(0, len(numbers), _MOST_FRAMES_LISTED):
        yield numbers[begin : begin + _MOST_FRAMES_LISTED]


def _group(
    header: InstanceHeader, roi: Roi, frames: list[int] | None, measures: Mapping[str, float]
) -> Any:
    hd = highdicom()
    source = hd.sr.SourceImageForRegion(
        SecondaryCaptureImageStorage, header.sop_instance_uid, frames
    )
    graphic_type, points = graphic(roi)
    label = plain_text(roi.label)
    region = hd.sr.ImageRegion(graphic_type, np.array(points, dtype=np.float32), source)
    reference = region.ContentSequence[0].ReferencedSOPSequence[0]
    reference.ReferencedSOPClassUID = header.shared.sop_class_uid
    if header.shared.sop_class_uid == VLWholeSlideMicroscopyImageStorage:
        # Each frame is a tile with points of its own (DICOM PS3.3 C.18.6).
        region.PixelOriginInterpretation = "FRAME"
    group = hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(
            uid=stable_uid(header.sop_instance_uid, roi.id), identifier=roi.id
        ),
        referenced_region=region,
        finding_type=_concept(sr_codes.label_code(label)) if label.rstrip(" ") else None,
        measurements=_measurements(roi.score, measures),
        qualitative_evaluations=[
            hd.sr.QualitativeEvaluation(
                _concept(sr_codes.SHAPE), _concept(sr_codes.KINDS[roi.kind])
            )
        ],
    )
    for name, text in _texts(roi):
        item = hd.sr.TextContentItem(_concept(name), text, hd.sr.RelationshipTypeValues.CONTAINS)
        group[0].ContentSequence.append(item)
    return group


def _measurements(score: float | None, measures: Mapping[str, float]) -> list[Any] | None:
    found = [(*sr_codes.MEASURES[name], value) for name, value in measures.items()]
    if score is not None:
        found.append((sr_codes.SCORE, sr_codes.NO_UNITS, score))
    measurement = highdicom().sr.Measurement
    return [
        measurement(_concept(name), float(value), _concept(unit)) for name, unit, value in found
    ] or None


def _texts(roi: Roi) -> Iterator[tuple[Code, str]]:
    """What an ROI says in words, as far as DICOM text can hold it."""
    for name, code in sr_codes.TEXTS.items():
        text = plain_text(getattr(roi, name))
        is_coded = name == "label" and sr_codes.meaning_of(text) == text
        if text.rstrip(" ") and not is_coded:
            yield code, text
    if roi.note.rstrip(" "):
        yield sr_codes.COMMENT, plain_text(roi.note)


@functools.lru_cache(maxsize=256)
def _concept(code: Code) -> Any:
    return highdicom().sr.CodedConcept(code.value, code.scheme, code.meaning)
