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


class RescaleStep(Struct, tag="rescale", tag_field="kind"):
    """Modality value = stored value x slope + intercept."""

    slope: float
    intercept: float


class LutStep(Struct, tag="lut", tag_field="kind"):
    """A lookup table; values before its start take the first entry, beyond its end the last."""

    first_mapped: int
    bits: int
    entries: list[int]
    explanation: str


class WindowStep(Struct, tag="window", tag_field="kind"):
    """A window with the function that reads it."""

    center: float
    width: float
    function: Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]
    explanation: str


class PaddingStep(Struct):
    """Stored values from ``low`` to ``high`` are padding, not image."""

    low: float
    high: float


class OverlayInfo(Struct):
    """A 60xx overlay plane without its bits; its origin counts from 1 and may lie outside."""

    group: int
    rows: int
    columns: int
    origin_row: int
    origin_column: int
    kind: str
    """``G`` for graphics, ``R`` for a region of interest."""
    label: str
    description: str


class ShutterStep(Struct):
    """What of the image is to be seen, in rows and columns that count from 1."""

    edges: list[int] | None
    """First and last visible column, first and last visible row."""
    circle: list[int] | None
    """Row and column of the centre, radius."""
    polygon: list[list[int]]
    """Rows and columns of the vertices."""
    overlay_group: int | None
    """The 60xx group whose bits are shut."""
    grey_level: int


class PixelAspectRatio(Struct):
    """Height to width of a pixel."""

    vertical: float
    horizontal: float


class SpacingNote(Struct):
    """Distances between the centres of neighbouring pixels, and where they hold."""

    row_mm: float
    """From row to row, downwards."""
    column_mm: float
    plane: Literal["patient", "detector", "unknown"]
    """Lengths are those in the patient only where it says so."""
    element: str
    note: str


class UltrasoundRegion(Struct):
    """A part of an ultrasound image with a scale of its own, right and bottom excluded."""

    left: int
    top: int
    right: int
    bottom: int
    kind: Literal["2d", "other"]
    """``other`` for curves, charts and bars."""
    x_mm: float | None
    """Width of a pixel; null where ``unit_x`` is no length."""
    y_mm: float | None
    unit_x: str
    """``cm``, ``s``, ``cm/s``, ``Hz`` or another; empty for none."""
    unit_y: str
    delta_x: float | None
    """What a pixel to the right adds, in ``unit_x``."""
    delta_y: float | None
    """What a pixel downwards adds, in ``unit_y``."""


class Suv(Struct):
    """Standardised uptake value = modality value x factor."""

    factor: float
    kind: Literal["SUVbw", "SUVbsa", "SUVlbm", "SUVibw"]
    unit: str
    decay_reference: str
    """Time to which the dose was decayed; empty where that does not matter."""
    elements: list[str]
    """What the factor is made of."""


class RealWorldStep(Struct):
    """Real world value = stored value x slope + intercept from ``first`` to ``last``."""

    first: float
    last: float
    slope: float | None
    intercept: float | None
    values: list[float]
    """The table of a mapping that is not linear."""
    unit: str
    label: str
    explanation: str


class Recipe(Struct):
    """How stored values become grey levels: ``GET /api/file/{index}/frame/{frame}/recipe``."""

    id: str
    """Hash of the content; raw frames name it in ``X-Frame-Recipe``, so a page fetches it once."""
    photometric_interpretation: str
    modality: RescaleStep | LutStep
    unit: str
    """Rescale Type or LUT type, ``HU`` for instance; empty where the file does not say."""
    voi: list[WindowStep | LutStep]
    """The choices of the file; the first is the default."""
    inverted: bool
    padding: PaddingStep | None
    overlays: list[OverlayInfo]
    """60xx planes, which ``GET .../overlay/{group}`` gives."""
    shutter: ShutterStep | None
    pixel_aspect: PixelAspectRatio
    has_icc_profile: bool
    """Whether the PNG carries a profile, by which the browser shows its colours."""
    real_world: list[RealWorldStep]
    patient_orientation: list[str]
    """Patient Orientation (0020,0020): what the right and the lower side look to, or nothing."""
    spacing: SpacingNote | None
    regions: list[UltrasoundRegion]
    """Where they overlap, the first that holds a pixel counts."""
    suv: Suv | None
    suv_note: str
    """Why a PET image has no SUV; empty for all others."""
    repairs: list[RepairNote]


class DecisionNote(Struct):
    """An element that decided a step, as a path from the top of the data set."""

    element: str
    value: str
    meaning: str


class ExplainStep(Struct):
    """One step from stored value to picture."""

    step: str
    title: str
    element: str
    """What decided; empty where the Standard's default or the viewer did."""
    value: str
    meaning: str
    input_range: list[float | None] | None
    output_range: list[float | None] | None
    decisions: list[DecisionNote]


class IgnoredNote(Struct):
    """An element that could have changed the picture and did not."""

    element: str
    value: str
    reason: str


class StageValue(Struct):
    """The value of a pixel after one step: a number, or one for each colour."""

    step: str
    values: list[float | None]
    unit: str


class PixelProbe(Struct):
    """What one pixel is at each step; row and column count from 0."""

    row: int
    column: int
    is_padding: bool
    stages: list[StageValue]


class Explanation(Struct):
    """The answer of ``GET /api/file/{index}/frame/{frame}/explain``."""

    steps: list[ExplainStep]
    repairs: list[RepairNote]
    ignored: list[IgnoredNote]
    pixel: PixelProbe | None
