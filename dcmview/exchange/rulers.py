"""Lengths, areas and angles of ROIs, by the rules of ``frontend/src/dicom/spacing.ts`` and
``shapeMeasures.ts``: both say the same of a shape.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from dcmview.exchange.raster import REGION_KINDS, batches, expanded
from dcmview.model import SpacingPlane

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from dcmview.annotations.roi import Roi
    from dcmview.model import DisplayRecipe

_LEAST_WITH_CUT = 10
"""Fewer corners make no outline with a hole and a cut to it."""
Plane = Literal["patient", "detector", ""]


@dataclass(frozen=True, slots=True)
class Ruler:
    """How long a step of one column (x) and of one row (y) is, and where that holds.

    In pixels it is 1, and the height of a pixel in widths.
    """

    unit: Literal["mm", "px"]
    x: float
    y: float
    plane: Plane = ""
    source: str = ""
    """The element that says so, or why there is none."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What a shape measures; None for what it has not.

    ``length`` is that of a line or of the outline of a region. ``area`` is None
    for an outline that crosses itself.
    """

    length: float | None = None
    area: float | None = None
    angle_deg: float | None = None


def ruler_for(recipe: DisplayRecipe, roi: Roi) -> Ruler:
    """Choose what distances of an ROI are made of.

    Millimetres of the patient only where the file says so: a radiograph is
    magnified, and each part of an ultrasound image has its own scale.

    References
    ----------
    DICOM PS3.3 10.7.1, Basic Pixel Spacing Calibration Macro.
    DICOM PS3.3 C.8.5.5, US Region Calibration Module.
    """
    if recipe.regions:
        return _ultrasound_ruler(recipe, roi)
    spacing = recipe.spacing
    if spacing is None:
        return _pixel_ruler(recipe, "the file gives no distance between pixels")
    if not _are_scales(spacing.column_mm, spacing.row_mm):
        return _pixel_ruler(recipe, f"{spacing.source} cannot be used")
    if spacing.plane is SpacingPlane.UNKNOWN:
        return _pixel_ruler(recipe, spacing.source)
    plane: Plane = "patient" if spacing.plane is SpacingPlane.PATIENT else "detector"
    return Ruler("mm", spacing.column_mm, spacing.row_mm, plane, spacing.source)


def measure(roi: Roi, ruler: Ruler) -> Extent:
    """Give length, area and angle of an ROI as far as its kind has them."""
    points = np.array([(point.x * ruler.x, point.y * ruler.y) for point in roi.points])
    if roi.kind in ("angle", "cobb"):
        return Extent(angle_deg=_angle(roi.kind, points))
    if roi.kind in ("length", "polyline"):
        return Extent(length=_path(points))
    if roi.kind not in REGION_KINDS:
        return Extent()
    width, height = (points.max(axis=0) - points.min(axis=0)).tolist()
    if roi.kind == "rectangle":
        return Extent(2 * (width + height), width * height)
    if roi.kind == "ellipse":
        return Extent(_ellipse_outline(width / 2, height / 2), width * height * math.pi / 4)
    raw = np.array([(point.x, point.y) for point in roi.points])
    area = None if crosses_itself(raw) else _polygon_area(raw) * ruler.x * ruler.y
    return Extent(_outline(points), area)


def crosses_itself(points: NDArray[np.float64]) -> bool:
    """Whether a closed outline meets itself anywhere but where neighbours join."""
    begin, end = points, np.roll(points, -1, axis=0)
    for one, other in _near_pairs(np.minimum(begin, end), np.maximum(begin, end)):
        a, b, c, d = begin[one], end[one], begin[other], end[other]
        apart = _side(a, b, c) * _side(a, b, d) < 0
        if (apart & (_side(c, d, a) * _side(c, d, b) < 0)).any():
            return True
    return False


def _near_pairs(
    low: NDArray[np.float64], high: NDArray[np.float64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Sides whose boxes touch, by number; neighbours are among them, and never cross."""
    by_left = np.argsort(low[:, 0])
    # Behind a side come those that begin further right, the first ones before it ends.
    first = np.arange(1, len(low) + 1)
    counts = np.searchsorted(low[by_left, 0], high[by_left, 0], side="right") - first
    for some in batches(counts):
        one, ordinal = expanded(some, counts[some])
        other = by_left[first[one] + ordinal]
        one = by_left[one]
        is_near = (low[one, 1] <= high[other, 1]) & (high[one, 1] >= low[other, 1])
        yield one[is_near], other[is_near]


def _side(
    p: NDArray[np.float64], q: NDArray[np.float64], r: NDArray[np.float64]
) -> NDArray[np.float64]:
    turn = (q - p)[:, 0] * (r - p)[:, 1] - (q - p)[:, 1] * (r - p)[:, 0]
    return np.sign(turn)


def _ultrasound_ruler(recipe: DisplayRecipe, roi: Roi) -> Ruler:
    xs, ys = [point.x for point in roi.points], [point.y for point in roi.points]
    for region in recipe.regions:
        if not (region.left <= min(xs) and max(xs) <= region.right):
            continue
        if not (region.top <= min(ys) and max(ys) <= region.bottom):
            continue
        if region.x_mm is None or region.y_mm is None or not _are_scales(region.x_mm, region.y_mm):
            return _pixel_ruler(recipe, "the region it lies in shows no distances")
        return Ruler("mm", region.x_mm, region.y_mm, "patient", "SequenceOfUltrasoundRegions")
    return _pixel_ruler(recipe, "it does not lie within one calibrated region of the image")


def _pixel_ruler(recipe: DisplayRecipe, reason: str) -> Ruler:
    aspect = recipe.pixel_aspect.vertical / recipe.pixel_aspect.horizontal
    if aspect == 1 or not _are_scales(aspect):
        return Ruler("px", 1, 1, source=reason)
    return Ruler("px", 1, aspect, source=f"{reason}; pixels are not square, in widths of one")


def _are_scales(*steps: float) -> bool:
    return all(math.isfinite(step) and step > 0 for step in steps)


def _path(points: NDArray[np.float64]) -> float:
    steps = np.diff(points, axis=0)
    return float(np.hypot(steps[:, 0], steps[:, 1]).sum())


def _outline(points: NDArray[np.float64]) -> float:
    """Length of a closed outline, without the cuts to its holes, which are gone there and back."""
    begin, end = points, np.roll(points, -1, axis=0)
    lengths = np.hypot(*(end - begin).T)
    if len(points) >= _LEAST_WITH_CUT:
        sides = np.hstack([begin, end])
        back = set(map(tuple, np.hstack([end, begin]).tolist()))
        lengths = lengths[[tuple(side) not in back for side in sides.tolist()]]
    return float(lengths.sum())


def _ellipse_outline(a: float, b: float) -> float:
    """Ramanujan's second approximation; a flat ellipse, its worst case, is 0.04 % short."""
    h = 3 * ((a - b) / (a + b)) ** 2
    return math.pi * (a + b) * (1 + h / (10 + math.sqrt(4 - h)))


def _polygon_area(points: NDArray[np.float64]) -> float:
    # About the first point, so that a far corner of the image costs no digits.
    to = points - points[0]
    before = np.roll(to, 1, axis=0)
    return abs(float((before[:, 0] * to[:, 1] - to[:, 0] * before[:, 1]).sum())) / 2


def _angle(kind: str, points: NDArray[np.float64]) -> float:
    if kind == "angle":
        return _between(points[0] - points[1], points[2] - points[1])
    angle = _between(points[1] - points[0], points[3] - points[2])
    # It does not matter from which end each line was drawn.
    return min(angle, 180 - angle)


def _between(one: Sequence[float], other: Sequence[float]) -> float:
    # Exact near 0 and 180, where an arc cosine is not.
    cross = one[0] * other[1] - one[1] * other[0]
    dot = one[0] * other[0] + one[1] * other[1]
    return math.degrees(abs(math.atan2(cross, dot)))
