"""What the list shows of a file, and what its pictures and tags are made of.

`scan_instance` serves the scan, `open_instance` everything after it. Both stop
at the pixel data.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from msgspec import structs

from dcmview.dicom import elements
from dcmview.dicom.bounded import HEADER_LIMIT_BYTES
from dcmview.dicom.functional import FunctionalGroups
from dcmview.dicom.layout import read_layout
from dcmview.dicom.loading import load_pydicom
from dcmview.dicom.members import open_member, read_member
from dcmview.dicom.recording import recorded_warnings
from dcmview.dicom.samples import frame_bits
from dcmview.dicom.source import (
    INFLATED_LIMIT_BYTES,
    ByteSource,
    MemorySource,
    PixelLocation,
    StampedSource,
    open_source,
)
from dcmview.dicom.uids import uid_name
from dcmview.dicom.windows import read_windows
from dcmview.model import (
    Acquisition,
    InstanceHeader,
    PixelLayout,
    Placement,
    Repair,
    SharedHeader,
    Window,
)

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from pydicom.dataset import Dataset

    from dcmview.dicom.members import Member
    from dcmview.dicom.parse import ParsedFile
    from dcmview.model import FileStamp

_ITEM_HEADER_BYTES = 8


@dataclass(slots=True)
class Instance:
    """A parsed file, without an open descriptor.

    ``dataset`` holds the elements before the pixel data and is only read;
    pydicom converts elements as they are touched, so one thread at a time.
    ``pixel_location`` is None for an object without an image, ``pixel_bytes``
    the length of its value, to the end of the file where that is undefined.
    ``inflated`` holds the data set of a deflated file, and all of a compressed
    ``member`` of an archive, whose stamp is that of the archive.
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
    inflated: MemorySource | None = None
    member: Member | None = None
    groups: FunctionalGroups = field(init=False)

    def __post_init__(self) -> None:
        self.groups = FunctionalGroups(self.dataset)

    @property
    def size_bytes(self) -> int:
        """Size of the file, not of the archive it may be in."""
        return self.stamp.size_bytes if self.member is None else self.member.size_bytes

    def open(self) -> AbstractContextManager[ByteSource]:
        """Open the bytes that `pixel_location` speaks of.

        Raises
        ------
        FileGone, FileChanged, Unreadable
            If the file is not what was parsed.
        """
        if self.inflated is not None:
            return nullcontext(self.inflated)
        if self.member is not None:
            return open_member(self.member, expected=self.stamp)
        return open_source(self.path, expected=self.stamp)


def scan_instance(source: StampedSource, path: str) -> Instance:
    """Parse an opened file for the list; a deflated one no further than its header.

    Raises
    ------
    NotDicom
        If it is none.
    Unreadable
        If nothing of its header can be read.
    """
    return _instance(_parsed(source, inflated_limit_bytes=HEADER_LIMIT_BYTES), source, path)


def open_instance(
    path: str, *, expected: FileStamp | None = None, member: Member | None = None
) -> Instance:
    """Parse a file for its pictures and tags, or the member of an archive that is shown as it.

    Raises
    ------
    FileGone, FileChanged
        If it is not the file that was listed.
    NotDicom, Unreadable
        If it cannot be parsed.
    """
    if member is None:
        with open_source(path, expected=expected) as source:
            return read_instance(source, path)
    if not member.is_compressed:
        with open_member(member, expected=expected) as part:
            return replace(read_instance(part, path), member=member)
    # Each frame would else decompress all that is before it.
    content = read_member(member, expected=expected)
    instance = read_instance(content, path)
    return replace(instance, member=member, inflated=instance.inflated or content)


def read_instance(source: StampedSource, path: str) -> Instance:
    """Parse an opened file for its pictures and tags; the source stays open.

    Raises
    ------
    NotDicom, Unreadable
        If it cannot be parsed.
    """
    return _instance(_parsed(source), source, path)


def first_window(dataset: Dataset) -> Window | None:
    """Give the first window of the first frame."""
    group = FunctionalGroups(dataset).item(0, "FrameVOILUTSequence")
    for holder in (group, dataset):
        windows = read_windows(holder)[0] if holder is not None else ()
        if windows:
            return windows[0]
    return None


def _parsed(
    source: StampedSource, *, inflated_limit_bytes: int = INFLATED_LIMIT_BYTES
) -> ParsedFile:
    load_pydicom()
    from dcmview.dicom.parse import parse_file

    return parse_file(source, inflated_limit_bytes=inflated_limit_bytes)


def _instance(parsed: ParsedFile, source: StampedSource, path: str) -> Instance:
    with recorded_warnings() as messages:
        instance = _collect(parsed, source, path)
    if messages:
        found = (Repair("pydicom", "", message, "as pydicom reads it") for message in messages)
        instance.repairs = tuple(dict.fromkeys((*instance.repairs, *found)))
        instance.header = structs.replace(instance.header, repairs=instance.repairs)
    return instance


def _collect(parsed: ParsedFile, source: StampedSource, path: str) -> Instance:
    from dcmview.dicom.placement import read_placement

    dataset, location = parsed.dataset, parsed.location
    data: ByteSource = parsed.inflated or source
    layout, repairs = read_layout(dataset, parsed.kind)
    if layout.rows <= 0 or layout.columns <= 0:
        location = None
    problem = parsed.problem
    pixel_bytes = 0
    if location is not None:
        present = max(data.size - location.offset, 0)
        pixel_bytes = present if location.length is None else location.length
        if not problem and (parsed.inflated is None or parsed.inflated.is_whole):
            problem = _pixel_problem(location, layout, pixel_bytes, present)
        layout, found = _bounded_frame_count(layout, location, pixel_bytes)
        repairs = (*repairs, *found)
    has_pixels = location is not None
    shared = _shared_header(parsed, layout, has_pixels=has_pixels)
    header = InstanceHeader(
        shared=shared,
        sop_instance_uid=elements.text(dataset, "SOPInstanceUID"),
        instance_number=elements.text(dataset, "InstanceNumber"),
        default_window=first_window(dataset) if has_pixels else None,
        placement=read_placement(dataset) if has_pixels else Placement(),
        problem=problem,
        repairs=(*parsed.repairs, *repairs) if has_pixels else parsed.repairs,
    )
    return Instance(
        path=path,
        stamp=source.stamp,
        dataset=dataset,
        transfer_syntax_uid=parsed.transfer_syntax_uid,
        layout=layout,
        pixel_location=location,
        pixel_bytes=pixel_bytes,
        header=header,
        repairs=header.repairs,
        inflated=parsed.inflated,
    )


def _shared_header(parsed: ParsedFile, layout: PixelLayout, *, has_pixels: bool) -> SharedHeader:
    """What most files of a series have in common."""
    from dcmview.dicom.placement import read_acquisition

    dataset = parsed.dataset
    sop_class = elements.text(dataset, "SOPClassUID") or elements.text(
        dataset.file_meta, "MediaStorageSOPClassUID"
    )
    return SharedHeader(
        patient_id=elements.text(dataset, "PatientID"),
        patient_name=elements.text(dataset, "PatientName"),
        study_instance_uid=elements.text(dataset, "StudyInstanceUID"),
        study_date=elements.text(dataset, "StudyDate"),
        study_time=elements.text(dataset, "StudyTime"),
        study_description=elements.text(dataset, "StudyDescription"),
        series_instance_uid=elements.text(dataset, "SeriesInstanceUID"),
        series_number=elements.text(dataset, "SeriesNumber"),
        series_description=elements.text(dataset, "SeriesDescription"),
        modality=elements.text(dataset, "Modality"),
        sop_class_uid=sop_class,
        transfer_syntax_uid=parsed.transfer_syntax_uid,
        has_pixels=has_pixels,
        frame_count=layout.frame_count if has_pixels else 0,
        rows=layout.rows if has_pixels else 0,
        columns=layout.columns if has_pixels else 0,
        kind="" if has_pixels else uid_name(sop_class) or "DICOM object",
        acquisition=read_acquisition(dataset) if has_pixels else Acquisition(),
        has_frame_groups=has_pixels and "PerFrameFunctionalGroupsSequence" in dataset,
    )


def _bounded_frame_count(
    layout: PixelLayout, location: PixelLocation, pixel_bytes: int
) -> tuple[PixelLayout, tuple[Repair, ...]]:
    """Hold Number of Frames to what the bytes of the value could be at most."""
    if location.encapsulated:
        most = pixel_bytes // _ITEM_HEADER_BYTES
    else:
        most = -(-pixel_bytes * 8 // max(frame_bits(layout), 1))
    most = max(most, 1)
    if layout.frame_count <= most:
        return layout, ()
    repair = Repair(
        "frame-count",
        elements.element_name("NumberOfFrames"),
        str(layout.frame_count),
        f"{most}, as the data may hold",
    )
    return replace(layout, frame_count=most), (repair,)


def _pixel_problem(
    location: PixelLocation, layout: PixelLayout, pixel_bytes: int, present: int
) -> str:
    needed = pixel_bytes
    if not location.encapsulated:
        needed = max(needed, -(-frame_bits(layout) * layout.frame_count // 8))
    if present < needed or pixel_bytes < needed:
        return f"pixel data ends early: {min(present, pixel_bytes):,} of {needed:,} bytes"
    return ""
