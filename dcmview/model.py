"""What every layer shares: plain frozen values without behaviour of their own.

``dicom`` fills these from bytes, ``pixels`` computes with them, ``registry``
keeps them and ``web`` writes them out. Nothing here reads a file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Repair:
    """Something in a file that breaks a rule, and what was used instead.

    ``element`` is written *(gggg,eeee) Name*; ``found`` and ``used`` are for
    people to read.
    """

    code: str
    element: str
    found: str
    used: str


class VoiFunction(StrEnum):
    """VOI LUT Function (0028,1056), DICOM PS3.3 C.11.2.1.2."""

    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"


@dataclass(frozen=True, slots=True)
class Window:
    """Window Center and Width in modality values, with the function that reads them."""

    center: float
    width: float
    function: VoiFunction = VoiFunction.LINEAR
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class Rescale:
    """Modality value = stored value x slope + intercept (DICOM PS3.3 C.11.1)."""

    slope: float = 1.0
    intercept: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class LookupTable:
    """A Modality, VOI or palette LUT.

    ``entries`` is a one-dimensional uint16 array that is always unsigned;
    input values below ``first_mapped`` take the first entry, above the end
    the last. ``bits`` is the number of significant bits of an entry.
    """

    first_mapped: int
    entries: NDArray[np.uint16]
    bits: int
    explanation: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Palette:
    """Red, green and blue Palette Color LUTs (DICOM PS3.3 C.7.6.3.1.5)."""

    red: LookupTable
    green: LookupTable
    blue: LookupTable


@dataclass(frozen=True, slots=True)
class PaddingRange:
    """Pixel Padding Value and Range Limit, both ends included, in stored values."""

    low: float
    high: float


class SampleKind(StrEnum):
    """Which of the three pixel data elements holds the samples."""

    INTEGER = "integer"  # Pixel Data (7FE0,0010)
    FLOAT = "float"  # Float Pixel Data (7FE0,0008), 32 bits
    DOUBLE = "double"  # Double Float Pixel Data (7FE0,0009), 64 bits


@dataclass(frozen=True, slots=True)
class PixelLayout:
    """The Image Pixel Module of an instance as plain numbers (DICOM PS3.3 C.7.6.3)."""

    rows: int
    columns: int
    frame_count: int = 1
    samples_per_pixel: int = 1
    bits_allocated: int = 16
    bits_stored: int = 16
    high_bit: int = 15
    pixel_representation: int = 0
    planar_configuration: int = 0
    photometric_interpretation: str = "MONOCHROME2"
    kind: SampleKind = SampleKind.INTEGER

    @property
    def stored_range(self) -> tuple[int, int]:
        """Lowest and highest stored value that integer samples can have."""
        bits = min(max(self.bits_stored, 1), 64)  # a damaged header may say 0, or 65535
        if self.pixel_representation == 1 and bits > 1:  # one bit has no room for a sign
            return -(1 << bits - 1), (1 << bits - 1) - 1
        return 0, (1 << bits) - 1


@dataclass(frozen=True, slots=True, eq=False)
class StoredFrame:
    """One frame after decompression and before any rescale.

    ``values`` has shape (rows, columns) or (rows, columns, samples) and the
    smallest of uint8, int8, uint16, int16, uint32, int32, float32, float64 that
    Bits Allocated asks for; bits above High Bit are masked away and signed
    values are sign-extended. ``layout`` describes these values, not the file:
    after a colour conversion by the codec it says RGB.
    """

    values: NDArray[np.generic]
    layout: PixelLayout
    truncated: bool = False
    repairs: tuple[Repair, ...] = ()


@dataclass(frozen=True, slots=True)
class OverlaySummary:
    """What is known of an overlay plane without its bits (DICOM PS3.3 C.9.2).

    ``origin_row`` and ``origin_column`` count from 1 and may lie outside the
    image; ``kind`` is G for graphics and R for a region of interest.
    """

    group: int
    rows: int
    columns: int
    origin_row: int = 1
    origin_column: int = 1
    kind: str = "G"
    label: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class OverlayPlane:
    """An overlay of one frame: ``bits`` is bool of shape (rows, columns)."""

    summary: OverlaySummary
    bits: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Shutter:
    """What of an image is to be seen (DICOM PS3.3 C.7.6.11, C.7.6.15).

    A shape that is absent is None. ``edges`` are the first and last visible
    column and row (left, right, upper, lower), ``circle`` is (centre row, centre
    column, radius) and ``polygon``
    holds (row, column) vertices, all counted from 1. ``overlay_group`` names the
    60xx group whose bits are shut. ``grey_level`` is the level of what is shut.
    """

    edges: tuple[int, int, int, int] | None = None
    circle: tuple[int, int, int] | None = None
    polygon: tuple[tuple[int, int], ...] = ()
    overlay_group: int | None = None
    grey_level: int = 0


@dataclass(frozen=True, slots=True)
class PixelAspect:
    """Height to width of a pixel, as in Pixel Aspect Ratio (0028,0034)."""

    vertical: float = 1.0
    horizontal: float = 1.0


class SpacingPlane(StrEnum):
    """Where distances between pixels hold."""

    PATIENT = "patient"
    DETECTOR = "detector"  # or on the film that was scanned: larger than in the patient
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PixelSpacing:
    """Distances between the centres of neighbouring pixels, and where they hold.

    ``row_mm`` is that of rows, downwards, ``column_mm`` that of columns.
    ``element`` gives them, ``note`` says in words what is to be known of them.
    """

    row_mm: float
    column_mm: float
    plane: SpacingPlane
    element: str
    note: str = ""

    @property
    def source(self) -> str:
        """Element and note, for people to read."""
        return f"{self.element}, {self.note}" if self.note else self.element


@dataclass(frozen=True, slots=True)
class UltrasoundRegion:
    """A part of an ultrasound image with a scale of its own (DICOM PS3.3 C.8.5.5).

    The part begins at pixel (left, top), counted from 0, and ends before
    (right, bottom). ``kind`` is ``2d`` for a tomographic image and ``other``
    for curves, charts and bars. A pixel is ``delta_x`` of ``unit_x`` wide and
    ``delta_y`` of ``unit_y`` high, where negative ones count leftwards or
    upwards; ``x_mm`` and ``y_mm`` are that in mm, None where the unit is no length.
    """

    left: int
    top: int
    right: int
    bottom: int
    kind: str
    x_mm: float | None
    y_mm: float | None
    unit_x: str
    unit_y: str
    delta_x: float | None
    delta_y: float | None


@dataclass(frozen=True, slots=True)
class Suv:
    """Standardised uptake value = modality value x ``factor``, in ``unit``.

    ``kind`` is ``SUVbw`` for one by body weight. ``decay_reference`` names the
    time to which the dose was decayed, ``elements`` what the factor is made of.
    """

    factor: float
    kind: str
    unit: str
    decay_reference: str
    elements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RealWorldMapping:
    """Real world value = stored value x slope + intercept between two stored values.

    DICOM PS3.3 C.7.6.16.2.11. ``unit`` is the code value of the units (UCUM),
    ``values`` holds the table of a mapping that is not linear.
    """

    first: float
    last: float
    slope: float | None = None
    intercept: float | None = None
    values: tuple[float, ...] = ()
    unit: str = ""
    label: str = ""
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What decided one step between stored value and picture.

    ``step`` is a stage (``samples``, ``modality``, ``voi``, ``presentation``,
    ``palette``, ``padding``, ``overlays``, ``shutter``, ``pixel_aspect``,
    ``icc_profile``, ``real_world``), ``element`` the path of the element from
    the top of the data set, empty where the Standard's default decided.
    """

    step: str
    element: str
    value: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """An element that could have changed the picture and did not, and why."""

    element: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class DisplayRecipe:
    """Everything between the stored values of one frame and its picture.

    ``dicom`` makes it from the file, ``pixels`` carries it out and the browser
    gets the same numbers. ``voi`` holds the choices of the file, windows
    first, and its first member is the default.
    """

    photometric_interpretation: str
    modality: Rescale | LookupTable = field(default_factory=Rescale)
    unit: str = ""
    voi: tuple[Window | LookupTable, ...] = ()
    inverted: bool = False
    padding: PaddingRange | None = None
    palette: Palette | None = None
    repairs: tuple[Repair, ...] = ()
    overlays: tuple[OverlaySummary, ...] = ()
    shutter: Shutter | None = None
    pixel_aspect: PixelAspect = field(default_factory=PixelAspect)
    icc_profile: bytes | None = None
    real_world: tuple[RealWorldMapping, ...] = ()
    patient_orientation: tuple[str, ...] = ()
    """Direction of rows, then of columns, in letters: what projections say of it."""
    spacing: PixelSpacing | None = None
    regions: tuple[UltrasoundRegion, ...] = ()
    suv: Suv | None = None
    suv_note: str = ""
    """Why a PET image has no SUV."""
    decisions: tuple[Decision, ...] = ()
    ignored: tuple[Ignored, ...] = ()


@dataclass(frozen=True, slots=True)
class FileDetails:
    """What is known of a file only once it is parsed.

    ``frame_rate`` is in frames a second and given by ``frame_rate_source``, a
    keyword; ``frame_times_ms`` holds how long each frame stands where they
    differ. ``lossy`` is empty, or says how the image was compressed with loss.
    """

    frame_rate: float | None = None
    frame_rate_source: str = ""
    frame_times_ms: tuple[float, ...] = ()
    lossy: str = ""


class PictureFormat(StrEnum):
    """The file format of a display frame."""

    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"

    @property
    def extension(self) -> str:
        """How files of the format are called, with the dot."""
        return ".jpg" if self is PictureFormat.JPEG else f".{self.value}"


@dataclass(frozen=True, slots=True)
class DisplayRequest:
    """How a frame is to be shown: the file's way unless something else is asked for.

    ``window_function`` reads ``window``, the function of the file's first window
    if it is None. ``percentile`` measures as for a file without a window. ``voi``
    picks the k-th window or LUT of the recipe; ``size_px`` bounds the
    longer side of a reduced picture; ``preview`` allows a reduced decode, which
    is faster and not exact. ``quality`` is that of JPEG and WebP, 1 to 100, the usual
    one if it is None. ``inverted`` turns the greys around once more, ``color_map``
    names one of ``pixels.color_maps``; neither touches a picture that has colours.
    """

    window: tuple[float, float] | None = None
    window_function: VoiFunction | None = None
    full_dynamic: bool = False
    percentile: bool = False
    voi: int | None = None
    overlays: bool = False
    shutter: bool = False
    format: PictureFormat = PictureFormat.PNG
    size_px: int | None = None
    preview: bool = False
    quality: int | None = None
    inverted: bool = False
    color_map: str = "grey"

    @property
    def is_plain_png(self) -> bool:
        """Whether it is the frame alone, whole, in grey, and exact."""
        is_layered = self.overlays or self.shutter or self.color_map != "grey"
        is_reduced = self.preview or self.size_px is not None
        return self.format is PictureFormat.PNG and not (is_layered or is_reduced)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A display frame as a file; ``truncated`` says that its data ends early."""

    content: bytes
    format: PictureFormat
    truncated: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ShownFrame:
    """The pixels of a picture and what they were made of.

    ``display`` is uint8 of shape (rows, columns) or (rows, columns, 3), ``voi`` None for
    colour. ``recipe`` is turned around where that was asked for; ``file_layout`` is what
    the file says of its samples, that of ``stored`` what was decoded.
    """

    display: NDArray[np.uint8]
    stored: StoredFrame
    recipe: DisplayRecipe
    voi: Window | LookupTable | None
    file_layout: PixelLayout


@dataclass(frozen=True, slots=True, eq=False)
class RawFrame:
    """The stored values of a frame as they are sent, with what describes them.

    ``samples`` are little-endian, by rows, colour interleaved by pixel. Of a
    coarse frame each stands for a square of ``reduction`` rows and columns, and
    ``layout`` describes what is sent; ``full_rows`` and ``full_columns`` are
    those of the whole frame.
    """

    samples: memoryview
    bits_allocated: int
    is_signed: bool
    layout: PixelLayout
    truncated: bool
    recipe: DisplayRecipe
    full_rows: int
    full_columns: int
    reduction: int = 1


class FileEnd(StrEnum):
    """How a path that was given to dcmview ended up."""

    SHOWN = "shown"
    PARTIAL = "partial"  # listed, but damaged or cut short
    NO_PIXELS = "no_pixels"  # a DICOM object that is not an image
    NOT_DICOM = "not_dicom"
    UNREADABLE = "unreadable"
    FILTERED = "filtered"
    CHANGED = "changed"  # listed, and rewritten since
    GONE = "gone"  # listed, and removed since


REPORTED_ENDS = tuple(end for end in FileEnd if end not in (FileEnd.CHANGED, FileEnd.GONE))
"""How the scan can end for a path."""


class FileStamp(Struct, frozen=True, array_like=True, gc=False):
    """What tells one version of a file from another."""

    device: int
    inode: int
    size_bytes: int
    mtime_ns: int


Vector = tuple[float, float, float]
"""x, y, z in the patient coordinate system, mm (DICOM PS3.3 C.7.6.2.1.1)."""


class Acquisition(Struct, frozen=True, array_like=True, gc=False):
    """How frames were taken and lie: what most frames of a series have in common.

    What is absent or makes no sense is None, zero or empty. ``orientation`` is
    Image Orientation (Patient) (0020,0037), the direction cosines of a row and
    of a column. Spacings are (row_spacing_mm, column_spacing_mm) as in Pixel
    Spacing (0028,0030) and Imager Pixel Spacing (0018,1164).
    """

    orientation: tuple[float, float, float, float, float, float] | None = None
    pixel_spacing: tuple[float, float] | None = None
    imager_pixel_spacing: tuple[float, float] | None = None
    pixel_spacing_calibration_type: str = ""
    estimated_magnification: float | None = None
    slice_thickness_mm: float | None = None
    spacing_between_slices_mm: float | None = None
    gantry_tilt_deg: float | None = None
    frame_of_reference_uid: str = ""
    image_type: tuple[str, ...] = ()
    echo_number: str = ""
    echo_time_ms: float | None = None
    inversion_time_ms: float | None = None
    b_value: float | None = None
    """Diffusion b-value (0018,9087), s/mm2."""
    temporal_position: int | None = None
    """Temporal Position Identifier (0020,0100), or Index (0020,9128) in functional groups."""
    cardiac_phase_percent: float | None = None
    """Nominal Percentage of Cardiac Phase (0020,9241)."""
    concatenation_uid: str = ""
    in_concatenation_number: int | None = None
    concatenation_frame_offset: int | None = None
    dimension_names: tuple[str, ...] = ()
    """What Dimension Index Values (0020,9157) count; only functional groups say it."""
    segment: str = ""
    """Number and label of the segment that frames show; only functional groups say it."""


class Placement(Struct, frozen=True, array_like=True, gc=False):
    """Where one frame lies in the patient, and when it was taken.

    Times are the raw TM or DT text of their element.
    """

    position: Vector | None = None
    """Image Position (Patient) (0020,0032): the centre of the first pixel, mm."""
    slice_location_mm: float | None = None
    trigger_time_ms: float | None = None
    acquisition_time: str = ""
    """Acquisition DateTime (0008,002A), else Acquisition Time (0008,0032)."""
    content_time: str = ""
    acquisition_number: str = ""
    dimension_index_values: tuple[int, ...] = ()
    stack_id: str = ""
    in_stack_position: int | None = None


class SharedHeader(Struct, frozen=True, array_like=True, gc=False):
    """What most files of a series have in common, kept once for all of them.

    Text is decoded with the character set of the file; absent elements are
    empty strings or zero. ``kind`` names what an object without pixels is.
    """

    patient_id: str = ""
    patient_name: str = ""
    study_instance_uid: str = ""
    study_date: str = ""
    study_time: str = ""
    study_description: str = ""
    series_instance_uid: str = ""
    series_number: str = ""
    series_description: str = ""
    modality: str = ""
    sop_class_uid: str = ""
    transfer_syntax_uid: str = ""
    has_pixels: bool = False
    frame_count: int = 0
    rows: int = 0
    columns: int = 0
    kind: str = ""
    acquisition: Acquisition = Acquisition()
    has_frame_groups: bool = False
    """Whether frames are placed by Per-Frame Functional Groups (5200,9230)."""


class InstanceHeader(Struct, frozen=True, gc=False):
    """What the list shows of one instance, read from the elements before Pixel Data.

    ``problem`` says what is damaged, empty when nothing is.
    """

    shared: SharedHeader = SharedHeader()
    sop_instance_uid: str = ""
    instance_number: str = ""
    default_window: Window | None = None
    placement: Placement = Placement()
    problem: str = ""
    repairs: tuple[Repair, ...] = ()
