"""A DICOMDIR of files of which some are damaged or lack what a directory needs."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pydicom
import pytest
from pydicom import uid
from pydicom.data import get_testdata_file
from support.datasets import image, item, part10

from dcmview.bulk.inputs import entry_of
from dcmview.dicom.decoding import ThreadDecoder, always_wanted
from dcmview.errors import CannotTranscode
from dcmview.transcoding.archive import archive_members
from dcmview.transcoding.fileset import FileSet
from dcmview.transcoding.policy import Order, Policy
from dcmview.transcoding.targets import EncodeOptions, find_target

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset


def listed(**elements: object) -> Dataset:
    return image(**{"StudyInstanceUID": "1.2.7", "SeriesInstanceUID": "1.2.8", **elements})


def without(keyword: str) -> bytes:
    dataset = listed()
    delattr(dataset, keyword)
    return part10(dataset)


NO_META = part10(listed())[128 + 4 :]
NO_CHARACTER_SET = part10(listed(SpecificCharacterSet="ISO_IR 100")).replace(b"IR 1", b"IR\x001")
UNKNOWN_VR = part10(listed(PatientName="A^B")).replace(b"\x10\x00\x10\x00PN", b"\x10\x00\x10\x00QQ")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (without("SeriesInstanceUID"), "Series Instance UID"),
        (without("SOPClassUID"), "SOPClassUID is missing"),
        (NO_META, "no File Meta Information"),
        (NO_CHARACTER_SET, "null character"),
        (UNKNOWN_VR, "not to be listed in a DICOMDIR"),
    ],
    ids=["series", "class", "meta", "characters", "vr"],
)
def test_a_file_that_cannot_be_listed_leaves_the_others_in_their_directory(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    bad, good = tmp_path / "bad.dcm", tmp_path / "good.dcm"
    bad.write_bytes(content)
    good.write_bytes(part10(listed(PatientID="good"), uid.ExplicitVRLittleEndian))
    files = FileSet()
    with pytest.raises(CannotTranscode, match=reason):
        files.add(files.place(entry_of(str(bad))), io.BytesIO(content))
    with good.open("rb") as stream:
        files.add(files.place(entry_of(str(good))), stream)
    directory = pydicom.dcmread(io.BytesIO(files.encoded()))
    kinds = [record.DirectoryRecordType for record in directory.DirectoryRecordSequence]
    assert kinds == ["PATIENT", "STUDY", "SERIES", "IMAGE"]  # none without a file below it
    assert directory.DirectoryRecordSequence[0].PatientID == "good"


def test_an_archive_that_is_a_file_set_holds_no_dicomdir_of_another_one() -> None:
    order = Order(find_target("explicit"), EncodeOptions(), Policy(), with_dicomdir=True)
    path = get_testdata_file("DICOMDIR")
    members = archive_members([entry_of(path)], order, ThreadDecoder(), always_wanted)
    found = {member.name: b"".join(member.pieces) for member in members}
    assert sorted(found) == ["DICOMDIR", "transcode.json"]
    (note,) = json.loads(found["transcode.json"])["files"]
    assert note["status"] == "left_out"
    assert "has its own" in note["reason"]
    assert pydicom.dcmread(io.BytesIO(found["DICOMDIR"])).DirectoryRecordSequence == []


def directory_of(folder: Path, *contents: bytes) -> pydicom.Dataset:
    files = FileSet()
    for number, content in enumerate(contents):
        path = folder / f"{number}.dcm"
        path.write_bytes(content)
        files.add(files.place(entry_of(str(path))), io.BytesIO(content))
    return pydicom.dcmread(io.BytesIO(files.encoded()))


def test_the_first_and_the_last_patient_are_where_the_directory_says(tmp_path: Path) -> None:
    directory = directory_of(tmp_path, *(part10(listed(PatientID=name)) for name in "abc"))
    places = [
        record.seq_item_tell
        for record in directory.DirectoryRecordSequence
        if record.DirectoryRecordType == "PATIENT"
    ]
    assert len(places) == 3
    assert directory[0x00041200].value == places[0]
    assert directory[0x00041202].value == places[2]


def test_records_say_which_characters_their_texts_are_in(tmp_path: Path) -> None:
    texts = {"SpecificCharacterSet": "ISO_IR 144", "PatientName": "Люксембург"}
    patient = directory_of(tmp_path, part10(listed(**texts))).DirectoryRecordSequence[0]
    assert patient.SpecificCharacterSet == "ISO_IR 144"
    assert patient.PatientName == "Люксембург"


def test_of_the_content_of_a_report_its_record_has_what_qualifies_the_title(tmp_path: Path) -> None:
    report = listed(SOPClassUID=uid.BasicTextSRStorage, Modality="SR", CompletionFlag="COMPLETE")
    report.VerificationFlag, report.ContentDate, report.ContentTime = (
        "UNVERIFIED",
        "20200101",
        "1200",
    )
    report.ConceptNameCodeSequence = item(CodeValue="1", CodeMeaning="title")
    report.ContentSequence = [
        *item(RelationshipType="CONTAINS", ValueType="TEXT", TextValue="finding"),
        *item(RelationshipType="HAS CONCEPT MOD", ValueType="TEXT", TextValue="language"),
    ]
    record = directory_of(tmp_path, part10(report)).DirectoryRecordSequence[-1]
    assert record.DirectoryRecordType == "SR DOCUMENT"
    assert [each.TextValue for each in record.ContentSequence] == ["language"]
    del report.ContentSequence[1]
    plain = directory_of(tmp_path, part10(report)).DirectoryRecordSequence[-1]
    assert "ContentSequence" not in plain
