"""What a new object takes over from the images that it belongs to: patient, study, references."""

from __future__ import annotations

import re
import uuid

from pydicom import config
from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset
from pydicom.valuerep import validate_value

from dcmview.dicom import elements

# Type 2 in every object: present, and empty where nothing is known.
_ALWAYS = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
)
_WHERE_KNOWN = (
    "IssuerOfPatientID",
    "OtherPatientIDs",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "StudyDescription",
    "ClinicalTrialSubjectID",
)
_SEXES = frozenset(("M", "F", "O"))
_NAMESPACE = uuid.UUID("3f1d8c52-6a0e-4c37-9c14-52a7f5d0c8be")
CHARACTER_SET = "ISO_IR 192"
_NOT_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_LOST_IN_TEXT = re.compile(_NOT_IN_TEXT.pattern + r"| \Z")


def patient_and_study(source: Dataset) -> Dataset:
    """Copy what says whose images these are; values that break their VR are left out."""
    result = Dataset()
    for keyword in (*_ALWAYS, *_WHERE_KNOWN):
        value = _valid(source, keyword)
        if value or keyword in _ALWAYS:
            setattr(result, keyword, value)
    if result.PatientSex not in _SEXES:
        result.PatientSex = ""
    method = _valid(source, "DeidentificationMethod")
    if method and elements.text(source, "PatientIdentityRemoved").upper() == "YES":
        result.PatientIdentityRemoved = "YES"
        result.DeidentificationMethod = method
    return result


def new_uid() -> str:
    """Make a UID that nothing else has, from a random UUID."""
    return f"2.25.{uuid.uuid4().int}"


def stable_uid(*parts: str) -> str:
    """Make the same UID of the same parts."""
    return f"2.25.{uuid.uuid5(_NAMESPACE, chr(0).join(parts)).int}"


def plain_text(text: str) -> str:
    """Give a text without the control characters that DICOM text cannot hold."""
    return _NOT_IN_TEXT.sub("\N{REPLACEMENT CHARACTER}", text)


def is_plain_text(text: str) -> bool:
    """Whether a text comes back from DICOM as it is; spaces at its end do not count there."""
    return _LOST_IN_TEXT.search(text) is None


def _valid(source: Dataset, keyword: str) -> str:
    value = elements.text(source, keyword)
    try:
        validate_value(dictionary_VR(keyword), value, config.RAISE)
    except ValueError:
        return ""
    return value
