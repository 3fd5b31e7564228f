"""pydicom data sets for tests, so that a test says only what it is about."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import TYPE_CHECKING, Any

from pydicom import uid
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from dcmview.dicom.instance import Instance, open_instance

if TYPE_CHECKING:
    from pathlib import Path

CT_IMAGE = uid.CTImageStorage


def image(rows: int = 2, columns: int = 3, **elements: Any) -> Dataset:
    """A 16-bit MONOCHROME2 image of zeros; ``elements`` replace or add to it."""
    dataset = Dataset()
    dataset.SOPClassUID = CT_IMAGE
    dataset.SOPInstanceUID = "1.2.3.4"
    dataset.Modality = "CT"
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows = rows
    dataset.Columns = columns
    dataset.BitsAllocated = 16
    dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelRepresentation = 0
    dataset.PixelData = bytes(rows * columns * 2)
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset


def item(**elements: Any) -> Sequence:
    """A sequence of one item."""
    dataset = Dataset()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return Sequence([dataset])


def groups(*values: dict[str, Any]) -> Sequence:
    """Functional groups, one item for each dict of sequences."""
    items = []
    for value in values:
        dataset = Dataset()
        for keyword, sequence in value.items():
            setattr(dataset, keyword, sequence)
        items.append(dataset)
    return Sequence(items)


def add_raw(
    dataset: Dataset, keyword: str, vr: str | None, value: bytes, *, little_endian: bool = True
) -> Dataset:
    """Add an element as it is read from a file, not checked and not converted."""
    tag = Tag(keyword)
    dataset[tag] = RawDataElement(tag, vr, len(value), value, 0, vr is None, little_endian)
    return dataset


def part10(dataset: Dataset, transfer_syntax_uid: str = uid.ExplicitVRLittleEndian) -> bytes:
    """The data set as a file with preamble and File Meta Information."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = transfer_syntax_uid
    meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", CT_IMAGE)
    meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", "1.2.3.4")
    if "PixelData" in dataset:
        dataset["PixelData"].VR = "OW"
    dataset.file_meta = meta
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def element(tag: int, vr: str, value: bytes, length: int | None = None) -> bytes:
    """One element in Explicit VR Little Endian, of any declared length."""
    length = len(value) if length is None else length
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
    if vr in ("OB", "OW", "OF", "SQ", "UN", "UT", "UC", "OV"):
        return head + struct.pack("<HL", 0, length) + value
    return head + struct.pack("<H", length) + value


def bare(*elements: bytes) -> bytes:
    """A file of the given elements in Explicit VR Little Endian, after its meta information."""
    syntax = element(0x00020010, "UI", b"1.2.840.10008.1.2.1\0")
    size = element(0x00020000, "UL", struct.pack("<L", len(syntax)))
    return bytes(128) + b"DICM" + size + syntax + b"".join(elements)


def opened(folder: Path, content: Dataset | bytes) -> Instance:
    """The data set or file as dcmview opens it."""
    path = folder / "file.dcm"
    path.write_bytes(content if isinstance(content, bytes) else part10(content))
    return open_instance(str(path))
