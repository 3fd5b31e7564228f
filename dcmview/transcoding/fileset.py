"""A DICOM File-set: names that every medium can have, and the DICOMDIR that lists them.

pydicom's own File-set writes every file anew, which ours must not be; its
records are used, its copying is not.

References
----------
DICOM PS3.3 F.3.2.2, Basic Directory Information Object.
DICOM PS3.10 8.2, File IDs.
"""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.errors import InvalidDicomError
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import dcmread
from pydicom.fileset import DIRECTORY_RECORDERS
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence as DatasetSequence
from pydicom.uid import UID, ExplicitVRLittleEndian, MediaStorageDirectoryStorage

from dcmview.dicom.recording import recorded_warnings
from dcmview.dicom.source import MemorySource
from dcmview.dicom.uids import stable_uid
from dcmview.errors import CannotTranscode
from dcmview.transcoding.elements import Walk
from dcmview.transcoding.meta import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from dcmview.registry.registry import Entry

DICOMDIR = "DICOMDIR"
MOST_OF_A_LEVEL = 999_999
_UNLISTED = "not to be listed in a DICOMDIR"

_FIRST_ROOT, _LAST_ROOT, _RECORDS = 0x00041200, 0x00041202, 0x00041220
_NEXT, _IN_USE, _LOWER = 0x00041400, 0x00041410, 0x00041420

_STORAGE = "1.2.840.10008.5.1.4.1.1."
# PS3.3 F.4: what stands for an object, by the longest part that its SOP class begins with.
_RECORD_TYPES = {
    "11.": "PRESENTATION",
    "481.2": "RT DOSE",
    "481.3": "RT STRUCTURE SET",
    "481.4": "RT TREAT RECORD",
    "481.5": "RT PLAN",
    "481.6": "RT TREAT RECORD",
    "481.7": "RT TREAT RECORD",
    "481.8": "RT PLAN",
    "481.9": "RT TREAT RECORD",
    "9.": "WAVEFORM",
    "88.": "SR DOCUMENT",
    "88.59": "KEY OBJECT DOC",
    "4.2": "SPECTROSCOPY",
    "66": "RAW DATA",
    "66.1": "REGISTRATION",
    "66.2": "FIDUCIAL",
    "66.3": "REGISTRATION",
    "66.4": "IMAGE",
    "66.5": "SURFACE",
    "66.6": "TRACT",
    "66.7": "IMAGE",
    "67": "VALUE MAP",
    "77.1.5.3": "STEREOMETRIC",
    "78.": "MEASUREMENT",
    "104.": "ENCAP DOC",
}


@dataclass(eq=False)
class _Record:
    dataset: Dataset
    lower: dict[str, _Record] = field(default_factory=dict)


class FileSet:
    """Files by patient, study and series, in the order in which they come."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, ...], str] = {}
        self._counts: dict[tuple[str, ...], int] = {}
        self._roots: dict[str, _Record] = {}
        self._uids: list[str] = []

    def place(self, entry: Entry) -> tuple[str, ...]:
        """Give the File ID of a file; each call gives another one.

        Raises
        ------
        CannotTranscode
            If a patient, study or series has more than a name can count.
        """
        header = entry.header.shared
        keys = (
            f"{header.patient_id}\0{header.patient_name}",
            header.study_instance_uid,
            header.series_instance_uid,
        )
        components: list[str] = []
        for level, prefix in enumerate(("PT", "ST", "SE")):
            key = keys[: level + 1]
            if key not in self._names:
                self._names[key] = self._numbered(keys[:level], prefix)
            components.append(self._names[key])
        return (*components, self._numbered(keys, "IM"))

    def _numbered(self, above: tuple[str, ...], prefix: str) -> str:
        number = self._counts[above] = self._counts.get(above, 0) + 1
        if number > MOST_OF_A_LEVEL:
            raise CannotTranscode(f"a File-set can have {MOST_OF_A_LEVEL:,} files in a folder")
        return f"{prefix}{number:06}"

    def add(self, file_id: tuple[str, ...], content: BinaryIO) -> None:
        """Make the records of a file that is in the set.

        What the Standard demands and the file does not have gets a value from
        its File ID, or the one that says the least.

        Raises
        ------
        CannotTranscode
            If there is no record for such an object.
        """
        with recorded_warnings():
            try:
                records, uid = _records(content, file_id)
            except InvalidDicomError as exc:
                raise CannotTranscode(f"{_UNLISTED}: it has no File Meta Information") from exc
            except Exception as exc:  # pydicom raises anything for a damaged file
                words = " ".join(str(exc).split()) or type(exc).__name__
                raise CannotTranscode(f"{_UNLISTED}: {words}") from exc
        level = self._roots
        for component, record in zip(file_id, records, strict=True):
            level = level.setdefault(component, _Record(record)).lower
        self._uids.append(uid)

    def encoded(self) -> bytes:
        """Give the DICOMDIR; the same files give the same bytes."""
        uid = UID(stable_uid("file-set", *self._uids))
        directory = Dataset()
        directory.FileSetID = ""
        directory.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = 0
        directory.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity = 0
        directory.FileSetConsistencyFlag = 0
        records = list(_in_order(self._roots))
        directory.DirectoryRecordSequence = DatasetSequence(each.dataset for each in records)
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
        meta.MediaStorageSOPInstanceUID = uid
        meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
        meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
        directory.file_meta = meta
        buffer = BytesIO()
        with recorded_warnings():
            directory.save_as(buffer, enforce_file_format=True)
        return self._linked(bytearray(buffer.getvalue()), records)

    def _linked(self, content: bytearray, records: list[_Record]) -> bytes:
        """Put the places of the records into what points at them."""
        begin = content.index(struct.pack("<HH2s", 0x0004, 0x1130, b"CS"))
        walk = Walk(MemorySource(bytes(content)), explicit=True, little_endian=True, is_deep=True)
        elements = {element.tag: element for element in walk.dataset(begin)}
        items = elements[_RECORDS].items or []
        places = {
            record: {element.tag: element for element in item.elements}
            for record, item in zip(records, items, strict=True)
        }
        # An item begins 8 bytes before its first element.
        offsets = {
            record: min(element.begin for element in found.values()) - 8
            for record, found in places.items()
        }

        def point(value: int, at: int) -> None:
            struct.pack_into("<L", content, at, value)

        def link(level: dict[str, _Record]) -> None:
            siblings = list(level.values())
            for record, following in itertools.pairwise(siblings):
                point(offsets[following], places[record][_NEXT].value)
            for record in siblings:
                if record.lower:
                    first = next(iter(record.lower.values()))
                    point(offsets[first], places[record][_LOWER].value)
                    link(record.lower)

        link(self._roots)
        roots = list(self._roots.values())
        if roots:
            point(offsets[roots[0]], elements[_FIRST_ROOT].value)
            point(offsets[roots[-1]], elements[_LAST_ROOT].value)
        return bytes(content)


def _records(content: BinaryIO, file_id: tuple[str, ...]) -> tuple[list[Dataset], str]:
    """The records of patient, study, series and file, and the UID of the file."""
    dataset = dcmread(content, stop_before_pixels=True)
    for keyword in ("SOPClassUID", "SOPInstanceUID"):
        if not dataset.get(keyword):
            raise ValueError(f"its {keyword} is missing")
    _invent(dataset, file_id)
    kinds = ("PATIENT", "STUDY", "SERIES", _record_type(str(dataset.get("SOPClassUID", ""))))
    records = []
    for kind in kinds:
        record = DIRECTORY_RECORDERS[kind](dataset)
        record.DirectoryRecordType = kind
        record.RecordInUseFlag = 0xFFFF
        record.OffsetOfTheNextDirectoryRecord = 0
        record.OffsetOfReferencedLowerLevelDirectoryEntity = 0
        if "SpecificCharacterSet" in dataset:
            record.SpecificCharacterSet = dataset.SpecificCharacterSet
        records.append(record)
    leaf = records[-1]
    # PS3.3 F.5.24: of a report's content only what qualifies its title.
    modifiers = [
        each
        for each in leaf.get("ContentSequence", ())
        if each.get("RelationshipType") == "HAS CONCEPT MOD"
    ]
    leaf.pop("ContentSequence", None)
    if modifiers:
        leaf.ContentSequence = DatasetSequence(modifiers)
    leaf.ReferencedFileID = list(file_id)
    leaf.ReferencedSOPClassUIDInFile = dataset.SOPClassUID
    leaf.ReferencedSOPInstanceUIDInFile = dataset.SOPInstanceUID
    leaf.ReferencedTransferSyntaxUIDInFile = dataset.file_meta.TransferSyntaxUID
    for record in records:
        # One that cannot be written must not keep all others from their DICOMDIR.
        trial = DicomBytesIO()
        trial.is_little_endian, trial.is_implicit_VR = True, False
        write_dataset(trial, record)
    return records, str(dataset.SOPInstanceUID)


def _in_order(level: dict[str, _Record]) -> Iterator[_Record]:
    for record in level.values():
        yield record
        yield from _in_order(record.lower)


def _record_type(sop_class_uid: str) -> str:
    number = sop_class_uid.removeprefix(_STORAGE)
    if number == sop_class_uid:
        return "IMAGE"
    fitting = [
        start
        for start in _RECORD_TYPES
        if number == start or number.startswith(start if start.endswith(".") else f"{start}.")
    ]
    return _RECORD_TYPES[max(fitting, key=len)] if fitting else "IMAGE"


def _invent(dataset: Dataset, file_id: tuple[str, ...]) -> None:
    """Fill what is Type 1 in the records and may be empty or absent in a file."""
    values = {
        "PatientID": file_id[0],
        "StudyDate": "19000101",
        "StudyTime": "000000",
        "StudyID": file_id[1],
        "Modality": "OT",
        "SeriesNumber": str(int(file_id[2][2:])),
        "InstanceNumber": str(int(file_id[3][2:])),
    }
    for keyword, value in values.items():
        if not dataset.get(keyword):
            setattr(dataset, keyword, value)
