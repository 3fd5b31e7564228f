"""Read one file up to its pixel data.

`read_header` gives what the list shows, `open_instance` what pictures and
tags are made of. pydicom parses; this module decides where the data set
begins, bounds what parsing may cost, finds the pixel data, and keeps what can
be read of a damaged header.
"""

from __future__ import annotations

import io
import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import read_dataset
from pydicom.uid import UID

from dcmview.dicom import elements
from dcmview.dicom.functional import functional_item
from dcmview.dicom.sniff import (
    EXPLICIT_BIG_ENDIAN,
    EXPLICIT_LITTLE_ENDIAN,
    HEAD_BYTES,
    IMPLICIT_LITTLE_ENDIAN,
    Encoding,
    guess_encoding,
    sniff,
)
from dcmview.dicom.source import ByteSource, FileSource, PixelLocation, inflate, open_source
from dcmview.dicom.transfer import TRANSFER_SYNTAXES, transfer_syntax
from dcmview.errors import NotDicom, Unreadable
from dcmview.model import InstanceHeader, PixelLayout, Repair, SampleKind, VoiFunction, Window

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

    from dcmview.model import FileStamp

# What a header may cost; real ones stay far below (large enhanced objects: 40 MiB).
HEADER_LIMIT_BYTES = 64 * 1024 * 1024
READ_LIMIT = 400_000
TIME_LIMIT_S = 5.0
BLOCK_BYTES = 16 * 1024

_PIXEL_ELEMENTS = {
    0x7FE00008: SampleKind.FLOAT,
    0x7FE00009: SampleKind.DOUBLE,
    0x7FE00010: SampleKind.INTEGER,
}
_UNDEFINED_LENGTH = 0xFFFFFFFF

# Start markers of codestreams, the more telling ones first.
_SYNTAX_BY_MARKER = (
    (b"\xff\x4f\xff\x51", "1.2.840.10008.1.2.4.90"),
    (b"\xff\xf7\x00", "1.2.840.10008.1.2.4.80"),
    (b"\xff\xc3\x00", "1.2.840.10008.1.2.4.57"),
    (b"\xff\xc1\x00", "1.2.840.10008.1.2.4.51"),
    (b"\xff\xd8\xff", "1.2.840.10008.1.2.4.50"),
)


@dataclass(slots=True)
class Parsed:
    """A data set up to the pixel data, and where that lies."""

    dataset: Dataset
    encoding: Encoding
    transfer_syntax_uid: str
    location: PixelLocation | None
    kind: SampleKind
    problem: str
    repairs: tuple[Repair, ...]
    inflated: ByteSource | None


@dataclass(slots=True)
class Instance:
    """A parsed file, without an open descriptor.

    ``dataset`` holds the elements before the pixel data and is only read.
    ``pixel_location`` is None for an object without pixels.
    """

    path: str
    stamp: FileStamp
    dataset: Dataset
    transfer_syntax_uid: str
    layout: PixelLayout
    pixel_location: PixelLocation | None
    pixel_bytes: int
    header: InstanceHeader
    repairs: tuple[Repair, ...]
    inflated: ByteSource | None = None

    @property
    def size_bytes(self) -> int:
        """Size of the file."""
        return self.stamp.size_bytes

    def open(self) -> AbstractContextManager[ByteSource]:
        """Open the bytes that `pixel_location` speaks of.

        Raises
        ------
        FileGone, FileChanged, Unreadable
            If the file is not what was parsed.
        """
        if self.inflated is not None:
            return _Opened(self.inflated)
        return open_source(self.path, expected=self.stamp)


class _Opened:
    """A source that needs no closing."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source

    def __enter__(self) -> ByteSource:
        return self._source

    def __exit__(self, *_: object) -> None:
        pass


def read_header(source: FileSource) -> InstanceHeader:
    """Read what the list shows of a file.

    Raises
    ------
    NotDicom
        If it is none.
    Unreadable
        If nothing of its header can be read.
    """
    return _header(_parse(source), source)


def open_instance(path: str, *, expected: FileStamp | None = None) -> Instance:
    """Parse a file for its pictures and tags.

    Raises
    ------
    FileGone, FileChanged
        If it is not the file that was listed.
    NotDicom, Unreadable
        If it cannot be parsed.
    """
    with open_source(path, expected=expected) as source:
        parsed = _parse(source)
        header = _header(parsed, source)
        layout, repairs = read_layout(parsed.dataset, parsed.kind)
        size = parsed.inflated.size if parsed.inflated else source.size
        pixel_bytes = 0
        if parsed.location is not None:
            present = max(size - parsed.location.offset, 0)
            declared = parsed.location.length
            pixel_bytes = present if declared is None else declared
        return Instance(
            path=path,
            stamp=source.stamp,
            dataset=parsed.dataset,
            transfer_syntax_uid=parsed.transfer_syntax_uid,
            layout=layout,
            pixel_location=parsed.location if header.has_pixels else None,
            pixel_bytes=pixel_bytes,
            header=header,
            repairs=_unique((*parsed.repairs, *repairs)),
            inflated=parsed.inflated,
        )


def read_layout(dataset: Dataset, kind: SampleKind) -> tuple[PixelLayout, tuple[Repair, ...]]:
    """Read the Image Pixel Module, with the Standard's own defaults for what is absent.

    References
    ----------
    DICOM PS3.3 C.7.6.3, Image Pixel Module.
    """
    repairs: list[Repair] = []

    def whole(keyword: str, default: int) -> int:
        value, found = elements.integer(dataset, keyword, default)
        repairs.extend(found)
        return value

    bits_allocated = whole("BitsAllocated", {"float": 32, "double": 64}.get(kind, 16))
    bits_stored = whole("BitsStored", bits_allocated)
    if kind is not SampleKind.INTEGER or not 1 <= bits_stored <= bits_allocated:
        if kind is SampleKind.INTEGER:
            repairs.append(
                Repair(
                    "bits-stored",
                    elements.element_name("BitsStored"),
                    f"{bits_stored} of {bits_allocated} allocated",
                    str(bits_allocated),
                )
            )
        bits_stored = bits_allocated
    high_bit = whole("HighBit", bits_stored - 1)
    if not bits_stored - 1 <= high_bit < bits_allocated:
        if kind is SampleKind.INTEGER:
            repairs.append(
                Repair(
                    "high-bit",
                    elements.element_name("HighBit"),
                    f"{high_bit} with {bits_stored} bits stored",
                    str(bits_stored - 1),
                )
            )
        high_bit = bits_stored - 1
    samples = whole("SamplesPerPixel", 1)
    interpretation = elements.text(dataset, "PhotometricInterpretation").upper().replace("\0", "")
    if not interpretation:
        interpretation = "RGB" if samples == 3 else "MONOCHROME2"
        repairs.append(
            Repair(
                "no-photometric-interpretation",
                elements.element_name("PhotometricInterpretation"),
                "absent",
                interpretation,
            )
        )
    layout = PixelLayout(
        rows=whole("Rows", 0),
        columns=whole("Columns", 0),
        frame_count=max(whole("NumberOfFrames", 1), 1),
        samples_per_pixel=samples,
        bits_allocated=bits_allocated,
        bits_stored=bits_stored,
        high_bit=high_bit,
        pixel_representation=whole("PixelRepresentation", 0),
        planar_configuration=whole("PlanarConfiguration", 0),
        photometric_interpretation=interpretation,
        kind=kind,
    )
    return layout, tuple(repairs)


def first_window(dataset: Dataset) -> Window | None:
    """Give the first window of the top level, or else of the first frame."""
    for holder in (dataset, functional_item(dataset, 0, "FrameVOILUTSequence")):
        if holder is None:
            continue
        center, _ = elements.number(holder, "WindowCenter")
        width, _ = elements.number(holder, "WindowWidth")
        if center is not None and width is not None and width > 0:
            return Window(center, width, voi_function(holder))
    return None


def voi_function(holder: Dataset) -> VoiFunction:
    """Read VOI LUT Function (0028,1056); LINEAR where it is absent or unknown."""
    name = elements.text(holder, "VOILUTFunction").upper().strip("\0 ")
    return VoiFunction(name) if name in set(VoiFunction) else VoiFunction.LINEAR


def _header(parsed: Parsed, source: FileSource) -> InstanceHeader:
    dataset = parsed.dataset
    layout, repairs = read_layout(dataset, parsed.kind)
    has_pixels = parsed.location is not None and layout.rows > 0 and layout.columns > 0
    sop_class = elements.text(dataset, "SOPClassUID") or elements.text(
        dataset.file_meta, "MediaStorageSOPClassUID"
    )
    problem = parsed.problem
    if has_pixels and not problem:
        problem = _pixel_problem(parsed, layout, source)
    return InstanceHeader(
        patient_id=elements.text(dataset, "PatientID"),
        patient_name=elements.text(dataset, "PatientName"),
        study_instance_uid=elements.text(dataset, "StudyInstanceUID"),
        study_date=elements.text(dataset, "StudyDate"),
        study_description=elements.text(dataset, "StudyDescription"),
        series_instance_uid=elements.text(dataset, "SeriesInstanceUID"),
        series_number=elements.text(dataset, "SeriesNumber"),
        series_description=elements.text(dataset, "SeriesDescription"),
        modality=elements.text(dataset, "Modality"),
        instance_number=elements.text(dataset, "InstanceNumber"),
        sop_class_uid=sop_class,
        sop_instance_uid=elements.text(dataset, "SOPInstanceUID"),
        transfer_syntax_uid=parsed.transfer_syntax_uid,
        has_pixels=has_pixels,
        frame_count=layout.frame_count if has_pixels else 0,
        rows=layout.rows if has_pixels else 0,
        columns=layout.columns if has_pixels else 0,
        default_window=first_window(dataset) if has_pixels else None,
        kind="" if has_pixels else UID(sop_class).name or "DICOM object",
        problem=problem,
        repairs=_unique((*parsed.repairs, *repairs)) if has_pixels else parsed.repairs,
    )


def _pixel_problem(parsed: Parsed, layout: PixelLayout, source: FileSource) -> str:
    location = parsed.location
    assert location is not None
    size = parsed.inflated.size if parsed.inflated else source.size
    present = max(size - location.offset, 0)
    if location.length is not None and location.length > present:
        return f"pixel data ends early: {present:,} of {location.length:,} bytes"
    if location.encapsulated:
        return ""
    present = present if location.length is None else location.length
    samples = layout.samples_per_pixel
    bits = layout.rows * layout.columns * samples * layout.bits_allocated
    if layout.photometric_interpretation == "YBR_FULL_422" and samples == 3:
        bits = bits * 2 // 3
    needed = -(-bits * layout.frame_count // 8)
    if present < needed:
        return f"pixel data ends early: {present:,} of {needed:,} bytes"
    return ""


def _parse(source: FileSource) -> Parsed:
    head = source.pread(0, HEAD_BYTES)
    encoding = sniff(head)
    if encoding is None:
        raise NotDicom("empty file" if not head else "no DICOM data set")
    uid = encoding.transfer_syntax_uid
    repairs: list[Repair] = []
    data: ByteSource = source
    offset = encoding.dataset_offset
    inflated: ByteSource | None = None
    syntax = transfer_syntax(uid)
    if syntax.deflated:
        inflated = data = inflate(source, offset)
        offset = 0
    explicit, little = syntax.explicit, syntax.little_endian
    if encoding.meta_offset is None or syntax.uid not in TRANSFER_SYNTAXES:
        explicit, little = encoding.explicit, encoding.little_endian
    elif not syntax.deflated:
        # The data set itself tells better than the label; pydicom mends only the VR part.
        guess = guess_encoding(head, offset, is_marked=True)
        if guess is not None and guess[1] != little:
            explicit, little = guess
            repairs.append(
                Repair(
                    "byte-order",
                    elements.element_name("TransferSyntaxUID"),
                    uid,
                    "little endian" if little else "big endian",
                )
            )
    meta = _read_meta(source, encoding)
    stop = _StopAtPixels()
    problem = ""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            dataset = _read(data, offset, stop, explicit=explicit, little=little)
        except Exception as exc:
            dataset, problem = _salvage(data, offset, stop, exc, explicit=explicit, little=little)
    dataset.file_meta = meta
    repairs.extend(
        Repair("pydicom", "", " ".join(str(warning.message).split())[:200], "as pydicom reads it")
        for warning in caught
    )
    location, kind = _location(dataset, stop, little=little)
    if not uid:
        uid = _guessed_syntax(location, data, explicit=explicit, little=little)
        repairs.append(
            Repair("no-transfer-syntax", elements.element_name("TransferSyntaxUID"), "absent", uid)
        )
    return Parsed(dataset, encoding, uid, location, kind, problem, tuple(repairs), inflated)


class _StopAtPixels:
    """Told of every top-level element; stops at pixel data and remembers where that was."""

    def __init__(self, stop_before: int | None = None) -> None:
        self._stop_before = stop_before
        self.last_tag = 0
        self.found: tuple[int, str | None, int] | None = None
        self.value_offset = 0
        self.file: _BoundedFile | None = None

    def __call__(self, tag: int, vr: str | None, length: int) -> bool:
        if tag in _PIXEL_ELEMENTS:
            assert self.file is not None
            self.found = (int(tag), vr, length)
            self.value_offset = self.file.offset + self.file.tell()
            return True
        self.last_tag = int(tag)
        return tag == self._stop_before


class _BoundedFile:
    """A part of a source as a file for pydicom, within the budgets of a header."""

    def __init__(self, source: ByteSource, offset: int) -> None:
        self._source = source
        self.offset = offset
        self._size = max(source.size - offset, 0)
        self._position = 0
        self._block = b""
        self._block_begin = 0
        self._reads = 0
        self._bytes = 0
        self._deadline = time.monotonic() + TIME_LIMIT_S

    def read(self, size: int = -1) -> bytes:
        """Read bytes, never more than are left: a declared length may be a lie."""
        left = max(self._size - self._position, 0)
        length = left if size < 0 else min(size, left)
        self._charge(length)
        begin = self._position - self._block_begin
        if begin < 0 or begin + length > len(self._block):
            self._block = self._source.pread(self.offset + self._position, max(length, BLOCK_BYTES))
            self._block_begin, begin = self._position, 0
        content = self._block[begin : begin + length]
        self._position += len(content)
        return content

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move as files do."""
        base = (0, self._position, self._size)[whence]
        self._position = max(base + offset, 0)
        return self._position

    def tell(self) -> int:
        """Give the position from the start of the data set."""
        return self._position

    def _charge(self, length: int) -> None:
        self._reads += 1
        self._bytes += length
        if self._reads > READ_LIMIT:
            raise Unreadable(f"the header has more than {READ_LIMIT:,} parts")
        if self._bytes > HEADER_LIMIT_BYTES:
            raise Unreadable(f"the header is larger than {HEADER_LIMIT_BYTES // 2**20} MiB")
        if self._reads % 1024 == 0 and time.monotonic() > self._deadline:
            raise Unreadable(f"the header takes longer than {TIME_LIMIT_S:g} s to read")


def _read(
    source: ByteSource, offset: int, stop: _StopAtPixels, *, explicit: bool, little: bool
) -> Dataset:
    stop.file = _BoundedFile(source, offset)
    # pydicom asks for read, seek and tell alone.
    return read_dataset(
        cast("BinaryIO", stop.file),
        is_implicit_VR=not explicit,
        is_little_endian=little,
        stop_when=stop,
    )


def _salvage(
    source: ByteSource,
    offset: int,
    stop: _StopAtPixels,
    failure: Exception,
    *,
    explicit: bool,
    little: bool,
) -> tuple[Dataset, str]:
    """Read again up to the element that failed; everything before it is good."""
    failed_tag = stop.last_tag
    group, element = failed_tag >> 16, failed_tag & 0xFFFF
    again = _StopAtPixels(stop_before=failed_tag)
    try:
        dataset = _read(source, offset, again, explicit=explicit, little=little)
    except Exception as exc:
        raise Unreadable(f"the header cannot be read: {one_line(exc)}") from exc
    if not len(dataset):
        raise Unreadable(f"the header cannot be read: {one_line(failure)}") from failure
    return dataset, f"header damaged at ({group:04X},{element:04X}): {one_line(failure)}"


def one_line(exc: BaseException) -> str:
    """Give the words of a foreign exception as one short line."""
    return " ".join(str(exc).split())[:200] or type(exc).__name__


def _read_meta(source: ByteSource, encoding: Encoding) -> FileMetaDataset:
    """Read group 0002, empty where there is none or it is damaged."""
    if encoding.meta_offset is None:
        return FileMetaDataset()
    length = encoding.dataset_offset - encoding.meta_offset
    content = io.BytesIO(source.pread(encoding.meta_offset, length))
    try:
        return FileMetaDataset(
            read_dataset(content, is_implicit_VR=False, is_little_endian=True, bytelength=length)
        )
    except Exception:
        return FileMetaDataset()


def _location(
    dataset: Dataset, stop: _StopAtPixels, *, little: bool
) -> tuple[PixelLocation | None, SampleKind]:
    if stop.found is None or stop.file is None:
        return None, SampleKind.INTEGER
    tag, vr, length = stop.found
    undefined = length == _UNDEFINED_LENGTH
    return (
        PixelLocation(
            offset=stop.value_offset,
            length=None if undefined else length,
            encapsulated=undefined,
            little_endian=little,
            vr=vr or "OW",
            extended_offsets=_table_bytes(dataset, "ExtendedOffsetTable"),
            extended_lengths=_table_bytes(dataset, "ExtendedOffsetTableLengths"),
        ),
        _PIXEL_ELEMENTS[tag],
    )


def _table_bytes(dataset: Dataset, keyword: str) -> bytes | None:
    raw = elements.raw_bytes(dataset, keyword)
    return raw[0] if raw is not None and raw[0] else None


def _guessed_syntax(
    location: PixelLocation | None, source: ByteSource, *, explicit: bool, little: bool
) -> str:
    """Name the transfer syntax of a file that does not, by its encoding and codestream."""
    if location is not None and location.encapsulated:
        head = source.pread(location.offset, 4096)
        for marker, uid in _SYNTAX_BY_MARKER:
            if marker in head:
                return uid
    if not explicit:
        return IMPLICIT_LITTLE_ENDIAN
    return EXPLICIT_LITTLE_ENDIAN if little else EXPLICIT_BIG_ENDIAN


def _unique(repairs: Iterable[Repair]) -> tuple[Repair, ...]:
    return tuple(dict.fromkeys(repairs))
