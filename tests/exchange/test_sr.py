"""ROIs as structured reports: valid, equal for highdicom, and the same ROIs when read again."""

from __future__ import annotations

import io
from pathlib import Path

import highdicom.sr
import msgspec
import numpy as np
import pydicom
import pytest
from hypothesis import given
from pydicom.data import get_testdata_file
from support.dciodvfy import problems
from support.rois import FRAMES, IMAGE, box, roi_lists

from dcmview.annotations.losses import count_losses
from dcmview.annotations.roi import ImagePoint, Roi, canonical
from dcmview.dicom.instance import open_instance
from dcmview.exchange.dicom_forms import SR
from dcmview.exchange.dicom_values import plain_text, single
from dcmview.exchange.sr_reading import read_report
from dcmview.exchange.sr_writing import ReportedImage, write_reports
from dcmview.exchange.studies import patient_and_study
from dcmview.model import InstanceHeader

HEADER = InstanceHeader(
    shared=msgspec.structs.replace(
        IMAGE,
        study_instance_uid="1.2.3",
        series_instance_uid="1.2.3.4",
        sop_class_uid="1.2.840.10008.5.1.4.1.1.2.1",
    ),
    sop_instance_uid="1.2.3.4.5",
)
NOBODY = patient_and_study(pydicom.Dataset())
EVERY_KIND = (
    ("rectangle", [(1, 2), (5, 4.5)]),
    ("ellipse", [(1, 2), (5, 3)]),
    ("ellipse", [(1, 2), (2, 9)]),
    ("polygon", [(0, 0), (3, 0), (3, 3), (0, 3)]),
    ("freehand", [(0, 0), (3.25, 0), (1, 3)]),
    ("polyline", [(0, 0), (3, 1)]),
    ("polyline", [(0, 0), (3, 1), (2, 2), (0, 0)]),
    ("point", [(0.5, 0.1)]),
    ("length", [(0, 0), (16, 16)]),
    ("angle", [(0, 0), (3, 1), (2, 2)]),
    ("cobb", [(0, 0), (3, 1), (2, 2), (5, 5)]),
)


def every_kind():
    return tuple(
        Roi(
            id=f"{kind}-{number}",
            kind=kind,
            points=tuple(ImagePoint(*point) for point in points),
            label="lesion",
            group="reader 1",
            note="first line\nsecond",
            score=0.1,
        )
        for number, (kind, points) in enumerate(EVERY_KIND)
    )


def reports_of(*images: ReportedImage, patient=NOBODY):
    return [pydicom.dcmread(io.BytesIO(each)) for each in write_reports(images, patient)]


def found_in(report):
    rows, left_out = read_report(report)
    assert left_out == ()
    return tuple(roi for row in rows for roi in row.rois)


def as_dicom_keeps(roi: Roi) -> Roi:
    """An ROI with what the preview says of a report taken from it."""
    texts = {
        name: plain_text(getattr(roi, name)).rstrip(" ") for name in ("label", "group", "note")
    } | {name: plain_text(getattr(roi, name)).rstrip(" ") for name in ("author", "source")}
    points = tuple(ImagePoint(single(point.x), single(point.y)) for point in roi.points)
    frames = "all" if roi.frames == tuple(range(FRAMES)) else roi.frames
    return msgspec.structs.replace(roi, points=points, frames=frames, locked=False, **texts)


@given(drawn=roi_lists())
def test_a_report_gives_back_what_the_preview_does_not_call_lost(drawn):
    rois = [each for each in drawn if not any("thin" in loss for loss in count_losses([each], SR))]
    expected = tuple(map(as_dicom_keeps, rois))
    found = [found_in(each) for each in reports_of(ReportedImage(HEADER, rois))] if rois else [()]
    assert tuple(canonical(roi, "ROI") for roi in found[0]) == expected
    for before, after in zip(rois, expected, strict=True):
        whole = msgspec.structs.replace(before, locked=False)
        is_listed = before.frames == "all" or len(before.frames) < FRAMES
        assert not is_listed or (whole == after) == (not count_losses([whole], SR))


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small.dcm", "emri_small.dcm", "OBXXXX1A.dcm"])
def test_reports_of_real_images_are_valid_and_belong_to_their_study(name, tmp_path):
    source = Path(get_testdata_file(name))
    before = source.read_bytes()
    instance = open_instance(str(source))
    patient = patient_and_study(instance.dataset)
    rois = every_kind()
    (content,) = write_reports([ReportedImage(instance.header, rois)], patient)
    path = tmp_path / "report.dcm"
    path.write_bytes(content)
    assert problems(path) == ("ComprehensiveSR", [])

    report = pydicom.dcmread(path)
    original = pydicom.dcmread(source, stop_before_pixels=True)
    for keyword in ("StudyInstanceUID", "PatientID", "PatientName", "StudyDate"):
        assert report[keyword].value == original.get(keyword, report[keyword].value)
    (study,) = report.CurrentRequestedProcedureEvidenceSequence
    (reference,) = study.ReferencedSeriesSequence[0].ReferencedSOPSequence
    assert reference.ReferencedSOPClassUID == original.SOPClassUID
    assert reference.ReferencedSOPInstanceUID == original.SOPInstanceUID
    assert found_in(report) == rois
    assert source.read_bytes() == before


def test_highdicom_reads_the_groups_as_they_were_drawn():
    (report,) = reports_of(ReportedImage(HEADER, every_kind()))
    document = highdicom.sr.ComprehensiveSR.from_dataset(report)
    groups = document.content.get_planar_roi_measurement_groups()
    assert [group.tracking_identifier for group in groups] == [roi.id for roi in every_kind()]
    assert {group.finding_type.meaning for group in groups} == {"lesion"}
    assert {group.get_measurements()[0].value for group in groups} == {0.1}
    types = [group.roi.graphic_type.value for group in groups]
    assert types == ["POLYLINE", "ELLIPSE", "ELLIPSE"] + 4 * ["POLYLINE"] + ["POINT"] + types[8:]
    corners = [[1, 2], [5, 2], [5, 4.5], [1, 4.5], [1, 2]]
    np.testing.assert_array_equal(groups[0].roi.value, corners)
    across = [[1, 2.5], [5, 2.5], [3, 2], [3, 3]]  # major axis first
    np.testing.assert_array_equal(groups[1].roi.value, across)
    down = [[1.5, 2], [1.5, 9], [1, 5.5], [2, 5.5]]
    np.testing.assert_array_equal(groups[2].roi.value, down)


def test_frames_are_numbers_from_one_and_all_frames_are_none():
    rois = [box("a", frames=(0, 3)), box("b"), box("c", frames=tuple(range(FRAMES)))]
    (report,) = reports_of(ReportedImage(HEADER, rois))
    groups = report.ContentSequence[-1].ContentSequence
    images = [group.ContentSequence[-1].ContentSequence[0] for group in groups]
    references = [image.ReferencedSOPSequence[0] for image in images]
    assert [each.get("ReferencedFrameNumber") for each in references] == [[1, 4], None, None]
    assert [roi.frames for roi in found_in(report)] == [(0, 3), "all", "all"]


def test_a_label_has_the_same_code_in_every_report_and_comes_back_whole():
    labels = ["mass", "Architektur-Störung " * 8, " \\ odd ", "50%"]
    rois = [box(f"r{n}", label=label) for n, label in enumerate(labels)]
    reports = [reports_of(ReportedImage(HEADER, rois))[0] for _ in range(2)]
    codes = [
        [
            item.ConceptCodeSequence[0].CodeValue
            for group in report.ContentSequence[-1].ContentSequence
            for item in group.ContentSequence
            if item.ConceptNameCodeSequence[0].CodeValue == "121071"
        ]
        for report in reports
    ]
    assert codes[0] == codes[1]
    assert len(set(codes[0])) == 4
    assert [roi.label for roi in found_in(reports[0])] == [
        "mass",
        labels[1].rstrip(),
        " \\ odd",
        "50%",
    ]


def test_many_rois_make_several_reports_of_one_series(monkeypatch):
    monkeypatch.setattr("dcmview.exchange.sr_writing.MOST_ROIS_PER_REPORT", 2)
    other = msgspec.structs.replace(HEADER, sop_instance_uid="1.2.3.4.6")
    images = [
        ReportedImage(HEADER, [box("a"), box("b"), box("c")]),
        ReportedImage(other, [box("a")]),
    ]
    reports = reports_of(*images)
    assert len({report.SeriesInstanceUID for report in reports}) == 1
    assert [report.InstanceNumber for report in reports] == [1, 2]
    rows = [row for report in reports for row in read_report(report)[0]]
    assert [row.sop_instance_uid for row in rows] == 3 * ["1.2.3.4.5"] + ["1.2.3.4.6"]
    tracked = [
        group.ContentSequence[1].UID
        for report in reports
        for group in report.ContentSequence[-1].ContentSequence
    ]
    assert len(set(tracked)) == 4


def test_an_outline_of_many_points_comes_back(tmp_path):
    points = tuple(ImagePoint(n % 200, n / 200) for n in range(20_000))
    long = Roi(id="long", kind="freehand", points=points)
    (report,) = reports_of(ReportedImage(HEADER, [long]))
    path = tmp_path / "report.dcm"
    report.save_as(path)
    assert problems(path)[1] == []
    (found,) = found_in(pydicom.dcmread(path))
    assert found == as_dicom_keeps(long)
