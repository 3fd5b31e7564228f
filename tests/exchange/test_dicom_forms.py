"""DICOM objects of ROIs as forms: what they need, what they refuse, and whose they are."""

from __future__ import annotations

import io
import math
import sys
import zipfile
from pathlib import Path

import highdicom.sr
import pydicom
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from support.datasets import add_raw, image, part10
from support.rois import box

from dcmview.annotations.losses import count_losses
from dcmview.annotations.roi import ImagePoint, Roi
from dcmview.dicom.uids import stable_uid
from dcmview.errors import NotInstalled
from dcmview.exchange import dicom_forms, extra
from dcmview.exchange.readers import read_table
from dcmview.exchange.sr_writing import ReportedImage, write_reports
from dcmview.exchange.studies import listed_facts, patient_and_study
from dcmview.library import Library, LibrarySettings
from dcmview.model import InstanceHeader, SharedHeader

BOX = {"id": "a", "kind": "rectangle", "points": [{"x": 0, "y": 0}, {"x": 2, "y": 1}]}
UIDS = {"StudyInstanceUID": "1.2.1", "SeriesInstanceUID": "1.2.2"}


@pytest.fixture
def without_highdicom(monkeypatch):
    monkeypatch.setitem(sys.modules, "highdicom", None)
    extra.highdicom.cache_clear()
    yield
    extra.highdicom.cache_clear()


@pytest.fixture
def open_library(tmp_path):
    libraries = []

    def opened(**files):
        for name, dataset in files.items():
            (tmp_path / f"{name}.dcm").write_bytes(part10(dataset))
        library = Library(LibrarySettings(paths=[str(tmp_path)]))
        libraries.append(library)
        library.start_scan()
        assert library.wait_scan(10)
        for entry in library.entries():
            library.rois.replace(entry.index, [BOX])
        return library

    yield opened
    for library in libraries:
        library.close()


def members(library, form):
    archive = zipfile.ZipFile(io.BytesIO(library.exchange.export(form).whole()))
    return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("form", ["sr", "seg"])
def test_without_the_extra_an_export_says_how_to_get_it(open_library, without_highdicom, form):
    library = open_library(image=image(**UIDS))
    assert library.exchange.preview(form).missing == "pip install 'dcmview[dicom-export]'"
    with pytest.raises(NotInstalled, match=r"pip install 'dcmview\[dicom-export\]'"):
        library.exchange.export(form)


def test_without_the_extra_segmentations_are_read(without_highdicom):
    content = Path(get_testdata_file("liver.dcm")).read_bytes()
    assert len(read_table(content, "").rows) == 3


@pytest.mark.parametrize("form", ["sr", "seg"])
def test_each_study_or_series_has_objects_of_its_own(open_library, form):
    library = open_library(
        first=image(SOPInstanceUID="1.2.3.1", StudyInstanceUID="1.1", SeriesInstanceUID="1.1.1"),
        second=image(SOPInstanceUID="1.2.3.2", StudyInstanceUID="1.2", SeriesInstanceUID="1.2.1"),
    )
    contents = members(library, form).values()
    written = [pydicom.dcmread(io.BytesIO(content)) for content in contents]
    assert sorted(each.StudyInstanceUID for each in written) == ["1.1", "1.2"]
    uids = [{row.sop_instance_uid for row in read_table(each, "").rows} for each in contents]
    assert sorted(map(sorted, uids)) == [["1.2.3.1"], ["1.2.3.2"]]


def test_a_report_says_what_shapes_measure_in_the_patient(open_library):
    library = open_library(
        measured=image(rows=4, columns=4, PixelSpacing=[0.5, 2], **UIDS),
        unmeasured=image(rows=4, columns=4, SOPInstanceUID="1.2.3.5", **UIDS),
    )
    drawn = {
        "length": [(0, 0), (2, 0)],
        "rectangle": [(1, 1), (3, 4)],
        "angle": [(0, 4), (0, 0), (1, 4)],
        "freehand": [(0, 0), (2, 2), (2, 0), (0, 2)],
        "point": [(1, 1)],
    }
    sent = [
        {"id": kind, "kind": kind, "points": [{"x": x, "y": y} for x, y in points]}
        for kind, points in drawn.items()
    ]
    for index in (0, 1):
        library.rois.replace(index, sent)
    (content,) = members(library, "sr").values()
    report = highdicom.sr.srread(io.BytesIO(content))
    found = [
        [(each.name.meaning, each.value, each.unit.value) for each in group.get_measurements()]
        for group in report.content.get_planar_roi_measurement_groups()
    ]
    assert found == [
        [("Length", 4, "mm")],
        [("Area", 6, "mm2")],
        [("Angle", 45, "deg")],  # 1 px is 2 mm across and 0.5 mm down
        [],
        [],
        *([], [], [("Angle", pytest.approx(math.degrees(math.atan(1 / 4))), "deg")], [], []),
    ]
    rows = read_table(content, "").rows
    assert {roi.note for row in rows for roi in row.rois} == {""}


@pytest.mark.parametrize("form", ["sr", "seg"])
def test_files_without_uids_are_said_not_to_be_in_it_and_stay_unsaved(open_library, form):
    nameless = image(SOPInstanceUID="1.2.3.5", SeriesInstanceUID="1.2.2")
    library = open_library(named=image(**UIDS), nameless=nameless)
    preview = library.exchange.preview(form)
    assert (preview.rois, preview.carried) == (2, 1)
    assert preview.lost["ROIs of files without UIDs"] == 1
    ((_, content),) = members(library, form).items()
    assert [row.sop_instance_uid for row in read_table(content, "").rows] == ["1.2.3.4"]
    library.exchange.mark_exported(library.exchange.export(form), form)
    assert library.saving.unsaved_files == {"sr": 1, "seg": 2}[form]  # a mask is not what was drawn


@pytest.mark.parametrize("form", ["sr", "seg"])
def test_an_export_without_rois_is_an_empty_archive(open_library, form):
    library = open_library(image=image(**UIDS))
    library.rois.replace(0, [])
    assert members(library, form) == {}


def test_an_object_of_a_file_that_is_gone_has_what_the_list_knows(open_library, tmp_path):
    library = open_library(image=image(PatientID="42", StudyDate="20240131", **UIDS))
    (tmp_path / "image.dcm").unlink()
    (content,) = members(library, "sr").values()
    report = pydicom.dcmread(io.BytesIO(content))
    assert (report.PatientID, report.StudyDate) == ("42", "20240131")


def header():
    shared = SharedHeader(
        study_instance_uid="1.1",
        series_instance_uid="1.2",
        sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
        has_pixels=True,
        frame_count=1,
        rows=100,
        columns=200,
    )
    return InstanceHeader(shared=shared, sop_instance_uid="1.3")


@example(values={"PatientBirthDate": "19900101-19910101", "PatientSex": "m"})
@example(values={"StudyTime": "24:61:99", "PatientAge": "old", "PatientName": "a=b=c=d^^^^^^"})
@given(
    values=st.dictionaries(
        st.sampled_from(
            [
                "PatientName",
                "PatientID",
                "PatientBirthDate",
                "PatientSex",
                "PatientAge",
                "PatientSize",
                "StudyDate",
                "StudyTime",
                "StudyID",
                "AccessionNumber",
                "ReferringPhysicianName",
                "StudyDescription",
            ]
        ),
        st.text(max_size=80),
    )
)
def test_a_report_can_be_written_whatever_the_images_say_of_the_patient(values):
    source = Dataset()
    source.SpecificCharacterSet = "ISO_IR 192"
    for keyword, value in values.items():
        vr = pydicom.datadict.dictionary_VR(keyword)
        add_raw(source, keyword, vr, value.encode(errors="replace"))
    source.set_original_encoding(
        is_implicit_vr=False, is_little_endian=True, character_encoding="utf8"
    )
    (content,) = write_reports([ReportedImage(header(), [box("a")])], patient_and_study(source))
    report = pydicom.dcmread(io.BytesIO(content))
    assert report.StudyInstanceUID == "1.1"
    assert report.PatientSex in ("", "M", "F", "O")


def test_what_is_valid_of_the_patient_is_taken_over():
    source = Dataset()
    source.PatientName, source.PatientSex, source.PatientBirthDate = "Doe^Jane", "F", "19600229"
    source.PatientIdentityRemoved, source.DeidentificationMethod = "YES", "by hand"
    found = patient_and_study(source)
    assert (found.PatientName, found.PatientSex) == ("Doe^Jane", "F")
    assert (found.PatientBirthDate, found.StudyID) == ("19600229", "")
    assert (found.PatientIdentityRemoved, found.DeidentificationMethod) == ("YES", "by hand")


def test_what_the_list_knows_makes_a_patient():
    shared = SharedHeader(patient_id="7", patient_name="A^B", study_description="CT")
    found = patient_and_study(listed_facts(shared))
    assert (found.PatientID, found.PatientName, found.StudyDescription) == ("7", "A^B", "CT")


def test_a_stable_uid_depends_on_all_its_parts_and_on_nothing_else():
    assert stable_uid("1.2", "a") == stable_uid("1.2", "a")
    assert len({stable_uid("1.2", "a"), stable_uid("1.2", "b"), stable_uid("1.2a", "")}) == 3


def test_what_a_report_cannot_keep_is_said():
    def points(*values):
        return tuple(ImagePoint(*value) for value in values)

    fine = Roi(id="f", kind="point", points=points((0.1, 16777216)), note="a\n\tb", label=" x")
    assert count_losses([fine], dicom_forms.SR) == {}
    exact = Roi(id="e", kind="point", points=points((0.123456789, 1)))
    thin = Roi(id="t", kind="rectangle", points=points((1, 1), (1.000000001, 2)))
    texts = [Roi(id="c", kind="point", points=points((1, 1)), note=note) for note in ("\x1b", "a ")]
    assert count_losses([exact, thin, *texts], dicom_forms.SR) == {
        "digits of coordinates beyond the 7 that DICOM keeps": 2,
        "boxes too thin for the digits that DICOM keeps": 1,
        "control characters, and spaces at the end of texts": 2,
    }
