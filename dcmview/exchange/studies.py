"""What a new object takes over from the images that it belongs to: patient, study, references."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom import config
from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset
from pydicom.valuerep import DA, TM, validate_value

from dcmview.dicom import elements

if TYPE_CHECKING:
    from collections.abc import Callable

    from dcmview.model import SharedHeader

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
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "StudyDescription",
    "ClinicalTrialSubjectID",
)
_SEXES = frozenset(("M", "F", "O"))
_CONVERTED: dict[str, Callable[[str], object]] = {"DA": DA, "TM": TM}
CHARACTER_SET = "ISO_IR 192"


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


def lossy_compression(source: Dataset) -> Dataset:
    """Copy what says that the images have lost detail, which what is drawn on them inherits."""
    result = Dataset()
    if elements.text(source, "LossyImageCompression") != "01":
        result.LossyImageCompression = "00"
        return result
    result.LossyImageCompression = "01"
    for keyword in ("LossyImageCompressionRatio", "LossyImageCompressionMethod"):
        parts = elements.text(source, keyword).split("\\")
        if all(parts):
            setattr(result, keyword, parts)
    return result


def listed_facts(shared: SharedHeader) -> Dataset:
    """Copy what the list knows of a file that cannot be read any more."""
    source = Dataset()
    source.PatientID = shared.patient_id
    source.PatientName = shared.patient_name
    source.StudyDate = shared.study_date
    source.StudyTime = shared.study_time
    source.StudyDescription = shared.study_description
    return source


def _valid(source: Dataset, keyword: str) -> str:
    value = elements.text(source, keyword)
    vr = dictionary_VR(keyword)
    if "\\" in value:  # several values where there is one
        return ""
    try:
        validate_value(vr, value, config.RAISE)
        # Ranges of dates, for queries, pass as values.
        if value and vr in _CONVERTED:
            _CONVERTED[vr](value)
    except ValueError:
        return ""
    return value
