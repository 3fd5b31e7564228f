"""ROIs as DICOM objects, a zip archive of them: what goes into which, and what they cannot hold."""

from __future__ import annotations

import functools
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from dcmview.annotations.losses import Carries, Loss
from dcmview.dicom.loading import load_pydicom
from dcmview.errors import DcmviewError
from dcmview.exchange import sr_codes
from dcmview.exchange.dicom_values import is_plain_text, is_single, single
from dcmview.exchange.extra import INSTALL, highdicom
from dcmview.exchange.zipped import Member, stream_zip
from dcmview.model import Acquisition, Placement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pydicom.dataset import Dataset

    from dcmview.annotations.roi import Roi
    from dcmview.engine.engine import Engine
    from dcmview.exchange.forms import ExportRequest
    from dcmview.exchange.raster import Region
    from dcmview.exchange.seg_stacks import MarkedFrame
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


def _segment_losses(roi: Roi) -> Iterator[Loss]:
    yield Loss("shapes as such; they become pixels", True)
    if any(sr_codes.meaning_of(name) != name for name in (roi.label, roi.group)):
        yield Loss("labels and layers beyond 64 characters, or of more than one line", True)


SEG = Carries(
    frozenset({"rectangle", "ellipse", "polygon", "freehand"}),
    frozenset({"label", "group", "color"}),
    _segment_losses,
)


def missing() -> str:
    """Say what has to be installed before such objects can be written."""
    return "" if find_spec("highdicom") else INSTALL


def has_uids(entry: Entry) -> bool:
    """Whether an object can refer to a file."""
    shared = entry.header.shared
    return bool(
        entry.header.sop_instance_uid
        and shared.sop_class_uid
        and shared.series_instance_uid
        and shared.study_instance_uid
    )


def write_sr(request: ExportRequest) -> Iterator[bytes]:
    """Write the structured reports of all listed files, some a study."""
    load_pydicom()
    from dcmview.exchange.sr_writing import ReportedImage, write_reports
    from dcmview.exchange.studies import patient_and_study

    studies: dict[str, list[tuple[Entry, tuple[Roi, ...]]]] = {}
    for entry, rois in request.listed():
        if rois and has_uids(entry):
            studies.setdefault(entry.header.shared.study_instance_uid, []).append((entry, rois))

    def members() -> Iterator[Member]:
        for number, found in enumerate(studies.values(), start=1):
            patient = patient_and_study(_dataset_of(found[0][0]))
            images = [
                ReportedImage(
                    entry.header, rois, functools.partial(measures, entry, request.engine)
                )
                for entry, rois in found
            ]
            for part, content in enumerate(write_reports(images, patient), start=1):
                yield Member(f"study-{number:03}-report-{part:02}.dcm", (content,))

    highdicom()
    return stream_zip(members())


def measures(entry: Entry, engine: Callable[[], Engine], roi: Roi) -> dict[str, float]:
    """Give length or area in millimetres of the patient, and angles, on the first frame of an ROI.

    There is none where the file gives no such distances, or cannot be read.
    """
    from dcmview.exchange.rulers import measure, ruler_for

    try:
        recipe = engine().recipe(entry, 0 if roi.frames == "all" else roi.frames[0])
    except DcmviewError:
        return {}
    ruler = ruler_for(recipe, roi)
    extent = measure(roi, ruler)
    # What is measured along the outline of a region is no length of it.
    found = {"area": extent.area, "angle_deg": extent.angle_deg}
    if extent.area is None and roi.kind in ("length", "polyline"):
        found["length"] = extent.length
    is_true = ruler.plane == "patient"
    return {
        name: value
        for name, value in found.items()
        if value is not None and (is_true or name == "angle_deg")
    }


def write_seg(request: ExportRequest) -> Iterator[bytes]:
    """Write the segmentations of all listed files, one or more a series and layer."""
    load_pydicom()
    from dcmview.exchange.seg_writing import SeriesFacts, write_segmentations
    from dcmview.exchange.studies import lossy_compression, patient_and_study

    found: dict[str, list[_Marked]] = {}
    for entry, rois in request.listed():
        regions = [roi for roi in rois if roi.kind in SEG.kinds]
        if regions and has_uids(entry):
            places = _frame_places(entry, request.engine)
            uid = entry.header.shared.series_instance_uid
            found.setdefault(uid, []).append(_Marked(entry, regions, places))

    def members() -> Iterator[Member]:
        for number, files in enumerate(found.values(), start=1):
            dataset = _dataset_of(files[0].entry)
            rois = [roi for file in files for roi in file.regions]
            for layer_number, layer in enumerate(sorted({roi.group for roi in rois}), start=1):
                facts = SeriesFacts(
                    patient_and_study(dataset),
                    lossy_compression(dataset),
                    layer,
                    {roi.label: roi.color for roi in reversed(rois) if roi.color},
                )
                frames = [frame for file in files for frame in _marked_frames(file, layer)]
                for part, content in enumerate(write_segmentations(frames, facts), start=1):
                    name = f"series-{number:03}-layer-{layer_number}-segmentation-{part:02}.dcm"
                    yield Member(name, (content,))

    highdicom()
    return stream_zip(members())


class _Marked(NamedTuple):
    """A file with its regions, and where its frames lie if they do not lie together."""

    entry: Entry
    regions: list[Roi]
    places: Sequence[tuple[Acquisition, Placement]]


def _frame_places(
    entry: Entry, engine: Callable[[], Engine]
) -> Sequence[tuple[Acquisition, Placement]]:
    header = entry.header
    if header.shared.has_frame_groups:
        return engine().frame_placements(entry)
    if header.shared.frame_count == 1:
        return ((header.shared.acquisition, header.placement),)
    # One position cannot be that of all frames.
    return ((Acquisition(), Placement()),) * header.shared.frame_count


def _marked_frames(file: _Marked, layer: str) -> Iterator[MarkedFrame]:
    from dcmview.exchange.raster import region_of
    from dcmview.exchange.seg_stacks import MarkedFrame

    header = file.entry.header
    rois = sorted((roi for roi in file.regions if roi.group == layer), key=lambda roi: roi.label)
    drawn = [(roi, region_of(roi, header.shared.rows, header.shared.columns)) for roi in rois]
    drawn = [(roi, region) for roi, region in drawn if region.inside.any()]
    for frame_index, (acquisition, placement) in enumerate(file.places):
        marks: dict[str, list[Region]] = {}
        for roi, region in drawn:
            if roi.frames == "all" or frame_index in roi.frames:
                marks.setdefault(roi.label, []).append(region)
        if marks:
            yield MarkedFrame(header, frame_index, acquisition, placement, marks)


def _dataset_of(entry: Entry) -> Dataset:
    """Give the elements of a file, or what the list knows of it if the file is gone."""
    from dcmview.dicom.instance import open_instance
    from dcmview.exchange.studies import listed_facts

    try:
        return open_instance(entry.path, expected=entry.stamp, member=entry.member).dataset
    except DcmviewError:
        return listed_facts(entry.header.shared)
