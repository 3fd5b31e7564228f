"""Real files for the frame and decoder tests, taken apart by pydicom."""

from __future__ import annotations

import functools
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import data_store
import pydicom

from dcmview.dicom.frames import frame_table
from dcmview.dicom.source import PixelLocation
from dcmview.dicom.transfer import transfer_syntax
from dcmview.model import PixelLayout, SampleKind

if TYPE_CHECKING:
    from dcmview.dicom.frames import FrameTable
    from dcmview.dicom.transfer import TransferSyntax

WG04 = Path(__file__).parents[3] / "shared" / "data" / "wg04"

_ELEMENTS = {
    "PixelData": SampleKind.INTEGER,
    "FloatPixelData": SampleKind.FLOAT,
    "DoubleFloatPixelData": SampleKind.DOUBLE,
}


class BytesSource:
    """A ByteSource over bytes in memory, which also counts how it is read."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.size = len(content)
        self.reads: list[tuple[int, int]] = []

    def pread(self, offset: int, length: int) -> bytes:
        self.reads.append((offset, length))
        return self.content[offset : offset + length]


@dataclass(frozen=True)
class PixelFile:
    """Pixel data of one file and what pydicom says about it."""

    dataset: Any
    source: BytesSource
    location: PixelLocation
    layout: PixelLayout
    syntax: TransferSyntax

    def table(self) -> FrameTable:
        return frame_table(self.source, self.location, self.layout, self.syntax)


@functools.cache
def pixel_files() -> list[Path]:
    """Files of the pydicom wheel and of pydicom-data that have a frame."""
    folders = (
        Path(pydicom.__file__).parent / "data" / "test_files",
        Path(data_store.__file__).parent,
    )
    paths = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return sorted({path.name: path for path in paths if _has_frame(path)}.values())


def pixel_file_named(name: str) -> Path:
    """One of them by its name."""
    return next(path for path in pixel_files() if path.name == name)


def _has_frame(path: Path) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return bool(pydicom.dcmread(path, force=True, stop_before_pixels=True).get("Rows"))
        except Exception:  # noqa: BLE001 - whatever is wrong with it, it holds no frame for us
            return False


def read_pixel_file(path: Path) -> PixelFile:
    """Read a file with pydicom and put its pixel data where `frame_table` finds it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom warns of values when they are first read
        return _take_apart(pydicom.dcmread(path, force=True))


def _take_apart(dataset: Any) -> PixelFile:
    name = next(name for name in _ELEMENTS if name in dataset)
    kind = _ELEMENTS[name]
    syntax = transfer_syntax(
        str(dataset.file_meta.get("TransferSyntaxUID") or "1.2.840.10008.1.2.1")
    )
    value = dataset[name].value
    if syntax.encapsulated:
        value += b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"
    allocated = int(dataset.BitsAllocated)
    stored = int(dataset.get("BitsStored") or allocated)
    # Whether the value is cut short is lost when pydicom reads it, so its length is
    # that of the frames.
    layout = PixelLayout(
        rows=int(dataset.Rows),
        columns=int(dataset.Columns),
        frame_count=int(dataset.get("NumberOfFrames") or 1),
        samples_per_pixel=int(dataset.SamplesPerPixel),
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=int(dataset.get("HighBit", stored - 1)),
        pixel_representation=int(dataset.get("PixelRepresentation") or 0),
        planar_configuration=int(dataset.get("PlanarConfiguration") or 0),
        photometric_interpretation=dataset.PhotometricInterpretation,
        kind=kind,
    )
    location = PixelLocation(
        offset=0,
        length=None if syntax.encapsulated else len(value),
        encapsulated=syntax.encapsulated,
        little_endian=syntax.little_endian,
        vr=dataset[name].VR,
        extended_offsets=dataset.get("ExtendedOffsetTable"),
        extended_lengths=dataset.get("ExtendedOffsetTableLengths"),
    )
    return PixelFile(dataset, BytesSource(value), location, layout, syntax)
