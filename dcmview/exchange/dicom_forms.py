"""ROIs as DICOM objects, a zip archive of them: what goes into which, and what they cannot hold."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from dcmview.annotations.losses import Carries, Loss
from dcmview.dicom.loading import load_pydicom
from dcmview.errors import DcmviewError
from dcmview.exchange import sr_codes
from dcmview.exchange.dicom_values import is_plain_text, is_single, single
from dcmview.exchange.extra import INSTALL, highdicom
from dcmview.exchange.zipped import Member, stream_zip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom.dataset import Dataset

    from dcmview.annotations.roi import Roi
    from dcmview.exchange.forms import ExportRequest
    from dcmview.registry.registry import Entry


def _report_losses(roi: Roi) -> Iterator[Loss]:
    if not all(is_single(value) for point in roi.points for value in (point.x, point.y)):
        yield Loss("digits of coordinates beyond the 7 that DICOM keeps", False)
    if roi.kind in ("rectangle", "ellipse"):
        low, high = roi.points
        if single(low.x) == single(high.x) or single(low.y) == single(high.y):
            yield Loss("boxes too thin for the digits that DICOM keeps", True)
    if not all(map(is_plain_text, (roi.note, *(getattr(roi, name) for name in sr_codes.TEXTS)))):
        yield Loss("control characters, and spaces at the end of texts", False)


SR = Carries(fields=frozenset({"score", "note", *sr_codes.TEXTS}), further_losses=_report_losses)


def missing() -> str:
    """Say what has to be installed before such objects can be written."""
    return "" if find_spec("highdicom") else INSTALL


def write_sr(request: ExportRequest) -> Iterator[bytes]:
    """Write the structured reports of all listed files, some a study."""
    load_pydicom()
    from dcmview.exchange.sr_writing import ReportedImage, write_reports

    studies: dict[str, list[tuple[Entry, tuple[Roi, ...]]]] = {}
    for entry, rois in request.listed():
        if rois:
            studies.setdefault(entry.header.shared.study_instance_uid, []).append((entry, rois))
    patients = [patient_of(found[0][0]) for found in studies.values()]

    def members() -> Iterator[Member]:
        for number, (found, patient) in enumerate(zip(studies.values(), patients, strict=True), 1):
            images = [ReportedImage(entry.header, rois) for entry, rois in found]
            for part, content in enumerate(write_reports(images, patient), 1):
                yield Member(f"study-{number:03}-report-{part:02}.dcm", (content,))

    highdicom()
    return stream_zip(members())


def patient_of(entry: Entry) -> Dataset:
    """Give what an object takes over from a file, or from the list if the file is gone."""
    from dcmview.dicom.instance import open_instance
    from dcmview.exchange.studies import listed_patient, patient_and_study

    try:
        instance = open_instance(entry.path, expected=entry.stamp, member=entry.member)
    except DcmviewError:
        return listed_patient(entry.header.shared)
    return patient_and_study(instance.dataset)
