"""Response shapes of the API, one class a shape.

``docs/api.md`` describes them, ``scripts/api-types`` makes the TypeScript of
the page from them, so a field is named in one place only.
"""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

FileStatus = Literal["shown", "partial", "no_pixels", "changed", "gone"]
"""``no_pixels``: a DICOM object that is not an image; ``partial``: damaged or cut short;
``changed`` and ``gone``: no more what was listed."""


class ErrorBody(Struct):
    """Every answer that is not a success."""

    error: str
    code: str
    detail: dict[str, str | int | float | bool | None] | UnsetType = UNSET


class Health(Struct):
    """The answer of ``GET /api/health``."""

    status: Literal["ok"]
    file_count: int
    server_start_ms: int
    version: str
    unsaved_files: int
    """Files with ROI edits that were neither saved nor exported."""
    save_error: str
    """Why ROI edits cannot be saved at present; empty where all is well."""


class WindowPair(Struct):
    """Window Center and Window Width, in modality values."""

    center: float
    width: float


class FileEntry(Struct):
    """One listed file."""

    index: int
    path: str
    label: str
    patient_id: str
    patient_name: str
    study_instance_uid: str
    study_date: str
    study_description: str
    series_instance_uid: str
    series_number: str
    series_description: str
    modality: str
    instance_number: str
    sop_instance_uid: str
    has_pixels: bool
    frame_count: int
    rows: int
    columns: int
    transfer_syntax_uid: str
    default_window: WindowPair | None
    status: FileStatus
    note: str
    """What is damaged, or what an object without pixels is; empty for a plain image."""


class SkippedFile(Struct):
    """One path that is not listed, with the reason."""

    path: str
    status: Literal["not_dicom", "unreadable"]
    reason: str


class FileList(Struct):
    """The answer of ``GET /api/files``."""

    files: list[FileEntry]
    revision: int
    """To be named as ``since`` in the next request, for what is new by then."""
    tunnelled: bool
    tunnel_host: str | None
    server_start_ms: int
    scan_complete: bool
    scanned: int
    skipped: int
    filtered: int
    skipped_files: list[SkippedFile]
    """The skipped paths, at most the first 1,000 of them."""
    warnings: list[str]
    """What the reader of the page should know: annotation rows left out, a tunnel that failed."""


class PatientRow(Struct):
    """One patient. Rows refer to each other by ``index``, which never changes."""

    index: int
    patient_id: str
    patient_name: str


class StudyRow(Struct):
    """One study of a patient."""

    index: int
    patient: int
    study_instance_uid: str
    study_date: str
    study_time: str
    study_description: str


class FrameAddress(Struct):
    """A frame: index of its file, and of the frame in it from 0."""

    file: int
    frame_index: int


class SeriesRow(Struct):
    """One series of a study, or what is listed like one: a file that names no series."""

    index: int
    study: int | None
    """null for an object that is no image and belongs to no study, such as a DICOMDIR."""
    series_instance_uid: str
    series_number: str
    series_description: str
    modality: str
    file_count: int
    image_count: int
    """Files that hold an image."""
    frame_count: int
    rows: int
    columns: int
    """Size of the first image; other images of the series may differ."""
    size_bytes: int
    folder: str
    """The folder that holds all its files, deep down."""
    file_name: str
    """Name of its first file."""
    thumbnail: FrameAddress | None
    damaged: int
    """Files that are damaged or cut short."""
    note: str
    """What the first object without an image is, or what is damaged; empty for plain images."""
    warnings: list[str]


class SeriesList(Struct):
    """The answer of ``GET /api/series``, and each line of its stream.

    A line of the stream holds the rows that are new or have changed since the
    line before; a row replaces the one of the same index.
    """

    revision: int
    patients: list[PatientRow]
    studies: list[StudyRow]
    series: list[SeriesRow]
    scan_complete: bool
    scanned: int
    listed: int
    skipped: int
    filtered: int
    tunnelled: bool
    tunnel_host: str | None
    server_start_ms: int
    warnings: list[str]
    """What the reader of the page should know: annotation rows left out, a tunnel that failed."""


class InstanceTable(Struct):
    """The files of a series by columns: the k-th member of each list is about the k-th file."""

    index: list[int]
    path: list[str]
    """Below the folder of the series."""
    sop_instance_uid: list[str]
    instance_number: list[str]
    transfer_syntax_uid: list[str]
    frame_count: list[int]
    rows: list[int]
    columns: list[int]
    has_pixels: list[bool]
    status: list[FileStatus]
    note: list[str]


class StackDimension(Struct):
    """What tells the frames at one position of a stack from each other."""

    name: str
    unit: str
    values: list[str]


class StackGeometry(Struct):
    """Where the planes of a stack lie, in mm of the patient coordinate system."""

    orientation: list[float]
    """Direction cosines of a row and of a column, as in Image Orientation (Patient)."""
    orientation_name: str
    normal: list[float]
    origin: list[float]
    """Centre of the first pixel of the first frame."""
    row_spacing_mm: float | None
    column_spacing_mm: float | None
    spacing_source: str
    is_spacing_in_patient: bool
    """False for distances at the detector, which are larger than in the patient."""
    slice_spacing_mm: float | None
    slice_spacing_source: str
    slice_thickness_mm: float | None
    gantry_tilt_deg: float | None
    frame_of_reference_uid: str


class StackRow(Struct):
    """Frames that are scrolled through as one, or one object without an image.

    ``files`` and ``frames`` are parallel and in reading order: all positions
    of the first value of the dimension, then those of the next.
    """

    key: str
    label: str
    has_pixels: bool
    files: list[int]
    frames: list[int]
    position_index: list[int]
    dimension_index: list[int]
    """Empty where there is no dimension."""
    dimension: StackDimension | None
    ordered_by: str
    direction: str
    """Where a stack in order of position leads in the patient, in words."""
    distances_mm: list[float]
    """Along the normal from the first frame; empty where frames have no position."""
    positions_mm: list[list[float]]
    """Centre of the first pixel of each frame, Image Position (Patient); empty like distances."""
    geometry: StackGeometry | None
    warnings: list[str]


class SeriesDetail(Struct):
    """The answer of ``GET /api/series/{index}``."""

    series: SeriesRow
    instances: InstanceTable
    stacks: list[StackRow]


class ReportRow(Struct):
    """How one path ended."""

    path: str
    end: str
    """``shown``, ``partial``, ``no_pixels``, ``not_dicom``, ``unreadable`` or ``filtered``."""
    reason: str
    index: int | None
    """Index of the file where it is listed."""


class Report(Struct):
    """The answer of ``GET /api/report``: every path with its end."""

    complete: bool
    counts: dict[str, int]
    total: int
    """Paths that the query asks for; ``paths`` may hold a part of them."""
    paths: list[ReportRow]


class FileInfo(Struct):
    """The answer of ``GET /api/file/{index}/info``."""

    frame_count: int
    rows: int
    columns: int
    transfer_syntax: str
    transfer_syntax_name: str
    has_pixels: bool
    default_window: WindowPair | None
    series: int
    """Index of the series row that it belongs to."""
    sop_class: str
    """Name of the SOP Class, or its UID where it has no known name."""
    frame_rate: float | None
    """Frames a second, as the file has it; null where it says nothing of use."""
    frame_rate_source: str
    """Keyword of the element that gives it."""
    frame_times_ms: list[float]
    """How long each frame stands, where Frame Time Vector has different times; else empty."""
    lossy: str
    """``JPEG, ratio 12:1`` or the like; empty for an image that lost nothing."""
    repairs: list[RepairNote]


class RepairNote(Struct):
    """A rule that the file breaks, and what was used instead."""

    code: str
    element: str
    found: str
    used: str
