"""Parse one file up to its pixel data, within budgets, and find where that lies.

pydicom reads the elements. This module decides where the data set begins and
how it is encoded, bounds what reading may cost, passes over what is damaged,
and stops at the pixel data.
"""

from __future__ import annotations

import contextlib
import io
import struct
from dataclasses import dataclass
from typing import BinaryIO, cast

from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import read_dataset
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32, STANDARD_VR

from dcmview.dicom import elements
from dcmview.dicom.bounded import HEADER_BUDGET, HEADER_LIMIT_BYTES, BoundedFile, Budget
from dcmview.dicom.recording import recorded_warnings
from dcmview.dicom.sniff import (
    ENCAPSULATED_UNCOMPRESSED,
    EXPLICIT_BIG_ENDIAN,
    EXPLICIT_LITTLE_ENDIAN,
    HEAD_BYTES,
    IMPLICIT_LITTLE_ENDIAN,
    PREAMBLE_BYTES,
    PREFIX,
    Encoding,
    sniff,
)
from dcmview.dicom.source import (
    INFLATED_LIMIT_BYTES,
    ByteSource,
    MemorySource,
    PixelLocation,
    inflate,
)
from dcmview.dicom.transfer import TRANSFER_SYNTAXES, transfer_syntax
from dcmview.errors import NotDicom, Unreadable, one_line
from dcmview.model import Repair, SampleKind

# Documents, spectra and raw data are not for show: beyond this only their length is kept.
BINARY_LIMIT_BYTES = 4 * 1024 * 1024
# Overlays are: this holds twenty planes of a mammogram.
OVERLAY_LIMIT_BYTES = 32 * 1024 * 1024
_BINARY_VRS = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "UN", "OB or OW"))

PIXEL_ELEMENTS = {
    0x7FE00008: SampleKind.FLOAT,
    0x7FE00009: SampleKind.DOUBLE,
    0x7FE00010: SampleKind.INTEGER,
}
_PIXEL_DATA = 0x7FE00010
_PIXEL_MODULE = (0x00280002, 0x00280010, 0x00280011, 0x00280100)
_UNDEFINED_LENGTH = 0xFFFFFFFF
_SHORTEST_HEADER_BYTES = 8
_ITEM = b"\xfe\xff\x00\xe0"

_MOST_PASSES = 4  # readings of a damaged header before it is given up
_MOST_STARTS = 8  # places behind damage at which reading on is tried

# Start markers of codestreams, the more telling ones first.
_SYNTAX_BY_MARKER = (
    (b"\xff\x4f\xff\x51", "1.2.840.10008.1.2.4.90"),
    (b"\xff\xf7\x00", "1.2.840.10008.1.2.4.80"),
    (b"\xff\xc3\x00", "1.2.840.10008.1.2.4.57"),
    (b"\xff\xc1\x00", "1.2.840.10008.1.2.4.51"),
    (b"\xff\xd8\xff", "1.2.840.10008.1.2.4.50"),
)


@dataclass(slots=True)
class ParsedFile:
    """A data set up to the pixel data, and where that lies.

    ``inflated`` holds the bytes that ``location`` speaks of where the file is
    deflated. ``problem`` says what is damaged, empty when nothing is.
    """

    dataset: Dataset
    transfer_syntax_uid: str
    location: PixelLocation | None
    kind: SampleKind
    problem: str
    repairs: tuple[Repair, ...]
    inflated: MemorySource | None


def parse_file(
    source: ByteSource,
    *,
    inflated_limit_bytes: int = INFLATED_LIMIT_BYTES,
    budget: Budget = HEADER_BUDGET,
) -> ParsedFile:
    """Read the elements before the pixel data.

    Parameters
    ----------
    source : ByteSource
        The opened file.
    inflated_limit_bytes : int
        How much of a deflated data set is kept.
    budget : Budget
        What reading the elements may cost.

    Raises
    ------
    NotDicom
        If it is no DICOM file.
    Unreadable
        If nothing of it can be read.
    """
    head = source.pread(0, HEAD_BYTES)
    encoding = sniff(head)
    if encoding is None:
        if head[PREAMBLE_BYTES : PREAMBLE_BYTES + len(PREFIX)] == PREFIX:
            raise Unreadable("begins like a DICOM file, but no data set follows")
        raise NotDicom("empty file" if not head else "no DICOM data set")
    uid = encoding.transfer_syntax_uid
    syntax = transfer_syntax(uid)
    repairs: list[Repair] = []
    problem = ""
    inflated: MemorySource | None = None
    data: ByteSource = source
    offset = encoding.dataset_offset
    explicit, little_endian = encoding.explicit, encoding.little_endian
    if syntax.deflated:
        data = inflated = inflate(source, offset, limit_bytes=inflated_limit_bytes)
        offset, explicit, little_endian = 0, True, True
        if not inflated.is_whole and inflated.size < inflated_limit_bytes:
            problem = f"the deflated data ends early: {inflated.size:,} bytes could be inflated"
    elif encoding.meta_offset is not None and uid in TRANSFER_SYNTAXES:
        explicit, little_endian, found = _reconcile(encoding)
        repairs.extend(found)
    with recorded_warnings() as messages:
        header = _read_elements(
            data, offset, budget, explicit=explicit, little_endian=little_endian
        )
        header.dataset.file_meta = _read_meta(source, encoding)
    repairs.extend(Repair("pydicom", "", message, "as pydicom reads it") for message in messages)
    repairs.extend(header.repairs)
    location, kind = _pixel_location(header, data, uid)
    if not uid or _contradicts(uid, location):
        used = _guess_syntax(location, header.dataset, data)
        element = elements.element_name("TransferSyntaxUID")
        repairs.append(Repair("transfer-syntax", element, uid or "absent", used))
        uid = used
    return ParsedFile(
        dataset=header.dataset,
        transfer_syntax_uid=uid,
        location=location,
        kind=kind,
        problem=header.problem or problem,
        repairs=tuple(repairs),
        inflated=inflated,
    )


def _reconcile(encoding: Encoding) -> tuple[bool, bool, tuple[Repair, ...]]:
    """Believe the data set about its byte order; pydicom mends a wrong VR encoding itself."""
    syntax = transfer_syntax(encoding.transfer_syntax_uid)
    explicit, little_endian = encoding.explicit, encoding.little_endian
    if little_endian == syntax.little_endian:
        return syntax.explicit, syntax.little_endian, ()
    repair = Repair(
        "byte-order",
        elements.element_name("TransferSyntaxUID"),
        syntax.uid,
        "little endian" if little_endian else "big endian",
    )
    return explicit, little_endian, (repair,)


@dataclass(frozen=True, slots=True)
class _Element:
    """A top-level element as its header has it."""

    tag: int
    vr: str | None
    length: int
    value_offset: int

    @property
    def name(self) -> str:
        return f"({self.tag >> 16:04X},{self.tag & 0xFFFF:04X})"

    @property
    def begin(self) -> int:
        return self.value_offset - (12 if self.vr in EXPLICIT_VR_LENGTH_32 else 8)

    @property
    def has_known_vr(self) -> bool:
        """Whether the VR is one of the Standard's, or none as in implicit VR."""
        return self.vr is None or self.vr in STANDARD_VR

    @property
    def is_undefined(self) -> bool:
        return self.length == _UNDEFINED_LENGTH

    @property
    def end(self) -> int:
        """Where its value ends, as far as the element says."""
        return self.value_offset + (0 if self.is_undefined else self.length)


class _Pass:
    """One reading of a data set: pydicom tells it of every top-level element.

    Elements whose tag is in ``passed_over`` get no value. Reading ends before
    pixel data, and with an element that claims more bytes than there are.
    ``suspect`` is the first element that looks like none, as if a wrong length
    had led there; ``before_suspect`` would have that length.
    """

    def __init__(self, file: BoundedFile, passed_over: set[int]) -> None:
        self._file = file
        self._passed_over = passed_over
        self.last: _Element | None = None
        self.pixels: _Element | None = None
        self.overrun: _Element | None = None
        self.suspect: _Element | None = None
        self.before_suspect: _Element | None = None

    def __call__(self, tag: int, vr: str | None, length: int) -> bool:
        """Say whether reading ends here; the file stands at the value."""
        if self._file.tell() < _SHORTEST_HEADER_BYTES:
            return False  # pydicom is still looking at the first VR
        element = _Element(int(tag), vr, length, self._file.offset)
        if tag in PIXEL_ELEMENTS:
            self.pixels = element
            return True
        is_overrun = not element.is_undefined and length > self._file.left
        if self.suspect is None and (is_overrun or not self._follows(element)):
            self.suspect, self.before_suspect = element, self.last
        if is_overrun:
            self.overrun = element
            # What is there of it may be worth reading, but not all the rest of a large file.
            return self._file.left > BINARY_LIMIT_BYTES
        limit_bytes = OVERLAY_LIMIT_BYTES if _is_overlay_data(tag) else BINARY_LIMIT_BYTES
        is_long_binary = length > limit_bytes and _is_binary(tag, vr)
        if not element.is_undefined and (is_long_binary or tag in self._passed_over):
            self._file.pass_over_next()
        self.last = element
        return False

    def _follows(self, element: _Element) -> bool:
        """Whether an element is what may follow the last one."""
        if self.last is None:
            return element.has_known_vr
        is_same_encoding = (element.vr is None) == (self.last.vr is None)
        return element.tag > self.last.tag and is_same_encoding and element.has_known_vr


@dataclass(slots=True)
class _Header:
    """What was read of the elements before pixel data.

    ``damaged`` is the element behind which nothing more could be read.
    """

    dataset: Dataset
    pixels: _Element | None
    suspect: _Element | None
    before_suspect: _Element | None
    damaged: _Element | None = None
    problem: str = ""
    repairs: tuple[Repair, ...] = ()


def _read_elements(
    source: ByteSource, begin: int, budget: Budget, *, explicit: bool, little_endian: bool
) -> _Header:
    """Read up to pixel data, and look behind damage for what it hides."""
    header = _read_up_to(
        source, begin, None, budget, explicit=explicit, little_endian=little_endian
    )
    if header.pixels is None:
        header = _read_on(
            source, begin, header, budget, explicit=explicit, little_endian=little_endian
        )
    if not len(header.dataset) and header.pixels is None:
        raise Unreadable(header.problem or "no data elements")
    return header


def _read_up_to(
    source: ByteSource,
    begin: int,
    end: int | None,
    budget: Budget,
    *,
    explicit: bool,
    little_endian: bool,
) -> _Header:
    """Read up to pixel data or an end, again without what turned out to be damaged."""
    passed_over: set[int] = set()
    repairs: list[Repair] = []
    damaged: _Element | None = None
    problem = failure = ""
    for _ in range(_MOST_PASSES):
        file = BoundedFile(source, begin, budget)
        if end is not None:
            file.end_at(end)
        reading = _Pass(file, passed_over)
        try:
            dataset = _read(file, reading, explicit=explicit, little_endian=little_endian)
            break
        except Exception as exc:
            last, failure = reading.last, one_line(exc)
            if last is None or (isinstance(exc, Unreadable) and not last.is_undefined):
                raise Unreadable(f"the header cannot be read: {failure}") from exc
            if last.is_undefined:  # where it would end is unknown
                damaged, end = last, last.begin
                problem = f"header damaged at {last.name}: {failure}"
            elif file.offset > last.end:
                damaged, end = last, last.end
                problem = f"header damaged after {last.name}: {failure}"
            else:
                passed_over.add(last.tag)
                repairs.append(Repair("damaged-element", last.name, failure, "left out"))
    else:
        raise Unreadable(f"the header cannot be read: {failure}")
    last = reading.last
    if reading.overrun is not None:
        damaged = reading.overrun
        left = source.size - damaged.value_offset
        problem = f"header damaged at {damaged.name}: {left:,} of {damaged.length:,} bytes"
    elif damaged is None and last is not None and last.tag not in dataset:
        damaged = last  # pydicom only warns of an early end within an element
        problem = f"header damaged at {last.name}: it ends early"
    return _Header(
        dataset,
        reading.pixels,
        reading.suspect,
        reading.before_suspect,
        damaged,
        problem,
        tuple(repairs),
    )


def _read_on(
    source: ByteSource,
    begin: int,
    header: _Header,
    budget: Budget,
    *,
    explicit: bool,
    little_endian: bool,
) -> _Header:
    """Look behind damage for the elements that describe pixel data, and read on from there.

    A damaged element hides all that follows it, an image as a rule.
    """
    suspect = header.suspect
    damaged = header.damaged if suspect is None else header.before_suspect
    if damaged is None and suspect is None:
        return header
    implicit = header.dataset.original_encoding[0]
    found = _find_pixels(
        source,
        damaged.value_offset if damaged else begin,
        after_tag=damaged.tag if damaged else 0,
        explicit=not implicit,
        little_endian=little_endian,
    )
    if suspect is not None and found is not None:
        # What was read from there on is no element.
        problem = header.problem
        header = _read_up_to(
            source, begin, suspect.begin, budget, explicit=explicit, little_endian=little_endian
        )
        header.problem = problem
    if suspect is not None and not header.problem and (found or not suspect.has_known_vr):
        header.problem = f"header damaged before {suspect.name}, which is no data element"
    if found is not None:
        more, header.pixels = found
        for tag in more.keys():  # noqa: SIM118 - a data set iterates over converted elements
            with contextlib.suppress(Exception):  # an unknown VR, in what may be anything
                header.dataset[tag] = more.get_item(tag)
    return header


def _find_pixels(
    source: ByteSource, begin: int, *, after_tag: int, explicit: bool, little_endian: bool
) -> tuple[Dataset, _Element] | None:
    """Find elements behind damage that lead up to pixel data."""
    content = source.pread(begin, HEADER_LIMIT_BYTES)
    for tag, pattern in _anchors(explicit=explicit, little_endian=little_endian):
        at = content.find(pattern) if tag > after_tag else -1
        for _ in range(_MOST_STARTS):
            if at < 0:
                break
            found = _read_from(source, begin + at, explicit=explicit, little_endian=little_endian)
            if found is not None:
                return found
            at = content.find(pattern, at + 1)
    return None


def _anchors(*, explicit: bool, little_endian: bool) -> list[tuple[int, bytes]]:
    """Tags with the bytes by which they are found: an image has them all, in this order."""
    order = "<" if little_endian else ">"
    # Their value is one US, so VR and length are known.
    rest = b"US" + struct.pack(order + "H", 2) if explicit else struct.pack(order + "L", 2)
    anchors = [
        (tag, struct.pack(order + "HH", tag >> 16, tag & 0xFFFF) + rest) for tag in _PIXEL_MODULE
    ]
    pixel_tag = struct.pack(order + "HH", _PIXEL_DATA >> 16, _PIXEL_DATA & 0xFFFF)
    return [*anchors, (_PIXEL_DATA, pixel_tag + (b"O" if explicit else b""))]


def _read_from(
    source: ByteSource, begin: int, *, explicit: bool, little_endian: bool
) -> tuple[Dataset, _Element] | None:
    """Read elements up to pixel data, None if these bytes only looked like elements."""
    file = BoundedFile(source, begin)
    reading = _Pass(file, set())
    try:
        dataset = _read(file, reading, explicit=explicit, little_endian=little_endian)
    except Exception:
        return None
    pixels = reading.pixels
    if pixels is None:
        return None
    if pixels.is_undefined:
        is_plausible = source.pread(pixels.value_offset, len(_ITEM)) == _ITEM
    else:  # cut short, if the elements before it are there to say so
        is_plausible = len(dataset) > 0 or pixels.length <= source.size - pixels.value_offset
    return (dataset, pixels) if is_plausible else None


def _read(file: BoundedFile, reading: _Pass, *, explicit: bool, little_endian: bool) -> Dataset:
    return read_dataset(
        cast("BinaryIO", file),  # pydicom asks for read, seek and tell alone
        is_implicit_VR=not explicit,
        is_little_endian=little_endian,
        stop_when=reading,
    )


def _is_overlay_data(tag: int) -> bool:
    """Whether this is Overlay Data (60xx,3000)."""
    return tag & 0xFF01FFFF == 0x60003000


def _is_binary(tag: int, vr: str | None) -> bool:
    if vr is None:
        vr = dictionary_VR(tag) if dictionary_has_tag(tag) else "UN"
    return vr in _BINARY_VRS


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


def _pixel_location(
    header: _Header, source: ByteSource, uid: str
) -> tuple[PixelLocation | None, SampleKind]:
    pixels = header.pixels
    if pixels is None:
        return None, SampleKind.INTEGER
    # Some writers fill in the length of encapsulated data, others leave out that of native data.
    is_encapsulated = pixels.is_undefined
    if pixels.is_undefined != transfer_syntax(uid).encapsulated:
        is_encapsulated = source.pread(pixels.value_offset, len(_ITEM)) == _ITEM
    location = PixelLocation(
        offset=pixels.value_offset,
        length=None if pixels.is_undefined else pixels.length,
        encapsulated=is_encapsulated,
        little_endian=header.dataset.original_encoding[1] is not False,
        vr=pixels.vr or "OW",
        extended_offsets=_table_bytes(header.dataset, "ExtendedOffsetTable"),
        extended_lengths=_table_bytes(header.dataset, "ExtendedOffsetTableLengths"),
    )
    return location, PIXEL_ELEMENTS[pixels.tag]


def _table_bytes(dataset: Dataset, keyword: str) -> bytes | None:
    raw = elements.raw_bytes(dataset, keyword)
    return raw[0] if raw is not None and raw[0] else None


def _contradicts(uid: str, location: PixelLocation | None) -> bool:
    """Whether a file that calls itself native holds fragments."""
    syntax = transfer_syntax(uid)
    return location is not None and location.encapsulated and not syntax.encapsulated


def _guess_syntax(location: PixelLocation | None, dataset: Dataset, source: ByteSource) -> str:
    """Name the transfer syntax of a file that does not, by its encoding and codestream."""
    if location is not None and location.encapsulated:
        head = source.pread(location.offset, HEAD_BYTES)
        for marker, uid in _SYNTAX_BY_MARKER:
            if marker in head:
                return uid
        return ENCAPSULATED_UNCOMPRESSED
    implicit, little_endian = dataset.original_encoding
    if implicit:
        return IMPLICIT_LITTLE_ENDIAN
    return EXPLICIT_BIG_ENDIAN if little_endian is False else EXPLICIT_LITTLE_ENDIAN
