"""Response shapes of how a frame becomes a picture: its recipe, and why it looks as it does."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from dcmview.web.schemas import RepairNote  # noqa: TC001 - msgspec looks it up


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
