"""What every object shares: identity, patient, study, series, and the way it becomes bytes."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import KW_ONLY, dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING

from pydicom.datadict import dictionary_description
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.tag import Tag
from pydicom.uid import UID, ExplicitVRLittleEndian

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

NAMESPACE = uuid.UUID("6f1d5c1e-3a55-5c0e-9d1c-0a4d5f3d7a11")
"""Any fixed value does; it keeps our UIDs apart from everyone else's."""


def uid(*names: object) -> UID:
    """Give the same UID for the same names, for ever (DICOM PS3.5 B.2, derived from a UUID)."""
    return UID(f"2.25.{uuid.uuid5(NAMESPACE, '/'.join(map(str, names))).int}")


@dataclass(frozen=True)
class Study:
    """One made-up patient and the examination."""

    key: str
    patient_name: str
    patient_id: str
    birth_date: str
    sex: str
    age: str
    date: str
    time: str
    description: str
    accession_number: str


@dataclass(frozen=True)
class Series:
    """One series of a study."""

    study: Study
    key: str
    number: int
    modality: str
    description: str
    body_part: str
    model_name: str


THORAX = Study(
    key="thorax",
    patient_name="Phantom^Thorax",
    patient_id="DCMVIEW-CT-01",
    birth_date="19580412",
    sex="M",
    age="065Y",
    date="20240117",
    time="091500",
    description="CT chest and upper abdomen with contrast",
    accession_number="DV240117",
)
BRAIN = Study(
    key="brain",
    patient_name="Phantom^Brain",
    patient_id="DCMVIEW-MR-01",
    birth_date="19710930",
    sex="F",
    age="052Y",
    date="20240311",
    time="143000",
    description="MR head",
    accession_number="DV240311",
)
BREAST = Study(
    key="breast",
    patient_name="Phantom^Breast",
    patient_id="DCMVIEW-MG-01",
    birth_date="19660521",
    sex="F",
    age="057Y",
    date="20240229",
    time="101500",
    description="Screening mammogram",
    accession_number="DV240229",
)
HEART = Study(
    key="heart",
    patient_name="Phantom^Heart",
    patient_id="DCMVIEW-US-01",
    birth_date="19491103",
    sex="M",
    age="074Y",
    date="20240405",
    time="080500",
    description="Echocardiogram",
    accession_number="DV240405",
)
SKELETON = Study(
    key="skeleton",
    patient_name="Phantom^Skeleton",
    patient_id="DCMVIEW-NM-01",
    birth_date="19530718",
    sex="M",
    age="070Y",
    date="20240422",
    time="132000",
    description="Whole body bone scan",
    accession_number="DV240422",
)


def new_object(series: Series, sop_class_uid: UID, instance_number: int) -> Dataset:
    """Start an object with all that does not depend on its kind."""
    study = series.study
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.InstanceCreationDate, ds.InstanceCreationTime = study.date, study.time
    ds.SOPClassUID = sop_class_uid
    ds.SOPInstanceUID = uid(study.key, series.key, instance_number)
    ds.StudyDate = ds.SeriesDate = ds.ContentDate = study.date
    ds.StudyTime = ds.SeriesTime = ds.ContentTime = study.time
    ds.AccessionNumber = study.accession_number
    ds.Modality = series.modality
    ds.Manufacturer = "dcmview phantom"
    ds.InstitutionName = "Clinique des Fantômes"
    ds.ReferringPhysicianName = "Nobody^Really"
    ds.StudyDescription = study.description
    ds.SeriesDescription = series.description
    ds.ManufacturerModelName = series.model_name
    ds.PatientName = study.patient_name
    ds.PatientID = study.patient_id
    ds.PatientBirthDate, ds.PatientSex, ds.PatientAge = study.birth_date, study.sex, study.age
    ds.PatientIdentityRemoved = "YES"
    ds.DeidentificationMethod = "Synthetic: no person was imaged"
    if series.body_part:
        ds.BodyPartExamined = series.body_part
    ds.DeviceSerialNumber = "000001"
    ds.SoftwareVersions = "1"
    ds.StudyInstanceUID = uid(study.key)
    ds.SeriesInstanceUID = uid(study.key, series.key)
    ds.StudyID = study.key.upper()[:16]
    ds.SeriesNumber = series.number
    ds.InstanceNumber = instance_number
    return ds


def item(**values: object) -> Dataset:
    """Make a sequence item from keywords."""
    ds = Dataset()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """Make a coded concept."""
    return item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


def dimensions(organization_uid: UID, groups: dict[str, str]) -> Dataset:
    """Say what orders the frames: keywords of indices with those of their functional groups."""
    return item(
        DimensionOrganizationSequence=[item(DimensionOrganizationUID=organization_uid)],
        DimensionIndexSequence=[
            item(
                DimensionIndexPointer=Tag(keyword),
                FunctionalGroupPointer=Tag(group),
                DimensionOrganizationUID=organization_uid,
                DimensionDescriptionLabel=dictionary_description(keyword),
            )
            for keyword, group in groups.items()
        ],
    )


def set_pixel_layout(
    ds: Dataset,
    stored: NDArray[np.generic],
    photometric_interpretation: str,
    *,
    bits_stored: int,
    samples_per_pixel: int = 1,
) -> None:
    """Describe stored values: the last axes are rows, columns and, with colour, samples."""
    rows, columns = stored.shape[-2:] if samples_per_pixel == 1 else stored.shape[-3:-1]
    ds.SamplesPerPixel = samples_per_pixel
    ds.PhotometricInterpretation = photometric_interpretation
    if samples_per_pixel > 1:
        ds.PlanarConfiguration = 0
    ds.Rows, ds.Columns = int(rows), int(columns)
    ds.BitsAllocated = stored.dtype.itemsize * 8
    ds.BitsStored, ds.HighBit = bits_stored, bits_stored - 1
    ds.PixelRepresentation = int(stored.dtype.kind == "i")


def set_native(ds: Dataset, stored: NDArray[np.generic]) -> None:
    """Store values as they are, little endian."""
    ds["PixelData"] = _pixel_data(
        "OB" if ds.BitsAllocated == 8 else "OW", little_endian(stored), undefined_length=False
    )


def set_encapsulated(ds: Dataset, frames: Iterable[bytes]) -> None:
    """Store compressed frames, one fragment each, with a Basic Offset Table."""
    ds["PixelData"] = _pixel_data(
        "OB", encapsulate(list(frames), has_bot=True), undefined_length=True
    )


def _pixel_data(vr: str, value: bytes, *, undefined_length: bool) -> DataElement:
    """Make the element Pixel Data (7FE0,0010), of even length."""
    if len(value) % 2:
        value += b"\0"
    element = DataElement("PixelData", vr, value)
    element.is_undefined_length = undefined_length
    return element


def little_endian(stored: NDArray[np.generic]) -> bytes:
    """Give the bytes of an array as native Pixel Data has them."""
    return stored.astype(stored.dtype.newbyteorder("<")).tobytes()


def to_bytes(ds: Dataset, transfer_syntax_uid: UID = ExplicitVRLittleEndian) -> bytes:
    """Write an object with preamble and meta group."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = transfer_syntax_uid
    # Our own, or the files would change with each release of pydicom.
    meta.ImplementationClassUID = uid("implementation")
    meta.ImplementationVersionName = "DCMVIEW_FIXTURES"
    ds.file_meta = meta
    buffer = BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


@dataclass(frozen=True)
class Probe:
    """A value that the phantom's drawing tells beforehand; column and row count from 0."""

    file: str
    frame_index: int = 0
    _: KW_ONLY
    column: int
    row: int
    value: float
    tolerance: float
    unit: str = "stored"
    why: str


@dataclass(frozen=True)
class Fixture:
    """One entry of the manifest: a file or the files of a series, with what is known of them."""

    path: str
    title: str
    proves: Sequence[str]
    files: dict[str, bytes]
    facts: dict[str, object] = field(default_factory=dict)
    sha256: dict[str, list[str]] = field(default_factory=dict)
    probes: Sequence[Probe] = ()


FACT_KEYWORDS = {
    "sop_class": "SOPClassUID",
    "modality": "Modality",
    "rows": "Rows",
    "columns": "Columns",
    "number_of_frames": "NumberOfFrames",
    "photometric_interpretation": "PhotometricInterpretation",
    "bits_stored": "BitsStored",
}


def facts(ds: Dataset) -> dict[str, object]:
    """Give what a reader has to find in an object."""
    found: dict[str, object] = {"transfer_syntax": ds.file_meta.TransferSyntaxUID.name}
    for name, keyword in FACT_KEYWORDS.items():
        if keyword in ds:
            value = ds[keyword].value
            found[name] = value.name if isinstance(value, UID) else value
    return found


def digests(frames: NDArray[np.generic]) -> list[str]:
    """Give the SHA-256 of each frame's stored values, little endian; the first axis is frames."""
    return [hashlib.sha256(little_endian(frame)).hexdigest() for frame in frames]
