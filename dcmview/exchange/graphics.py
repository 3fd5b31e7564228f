"""Graphics of DICOM objects as shapes: those of structured reports and presentation states.

Both count columns and rows from 0.0 at the top left corner of the first pixel.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from dcmview.annotations.roi import MOST_POINTS, ImagePoint, RoiKind
from dcmview.dicom import elements
from dcmview.exchange.dicom_values import single

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydicom.dataset import Dataset

Point = tuple[float, float]
Shape = tuple[RoiKind, tuple[ImagePoint, ...]]

ELLIPSE_CORNERS = 72
"""Of a polygon that stands for an ellipse whose axes are not those of the image."""
CURVE_PIECES = 8
"""Straight ones from point to point of a curve."""
_NUMBER_BYTES = 4
_MOST_BYTES = 2 * _NUMBER_BYTES * (MOST_POINTS + 1)
"""A pair of numbers a point, and the first one again where an outline is closed."""
_AXIS_TOLERANCE_PX = 1e-3
"""Ends of axes are often given with few digits."""
_OPEN_POINTS: dict[RoiKind, range] = {
    "length": range(2, 3),
    "angle": range(3, 4),
    "cobb": range(4, 5),
    "polyline": range(2, MOST_POINTS + 1),
}


class UnusableGraphic(Exception):
    """What makes no ROI, and why."""


def shapes_of(
    graphic_type: str, points: list[Point], kind: RoiKind | None = None
) -> Iterator[Shape]:
    """Give kinds with points; several of them where one graphic stands for several ROIs.

    Parameters
    ----------
    graphic_type : str
        *Graphic Type* (0070,0023).
    points : list of (x, y)
        Its points in pixels of the image.
    kind : str, optional
        What the shape was before, where that is said.

    Raises
    ------
    UnusableGraphic
        If it is no graphic.

    References
    ----------
    DICOM PS3.3 C.10.5, Graphic Annotation Module.
    """
    if graphic_type in ("POINT", "MULTIPOINT"):
        for point in points:
            yield "point", _image_points([point])
    elif graphic_type == "POLYLINE" and len(points) > 1:
        yield _outline(points, kind)
    elif graphic_type == "INTERPOLATED" and len(points) > 1:
        yield _curve(points)
    elif graphic_type == "CIRCLE" and len(points) == 2:
        (x, y), edge = points
        radius = math.dist(points[0], edge)
        yield "ellipse", _image_points([(x - radius, y - radius), (x + radius, y + radius)])
    elif graphic_type == "ELLIPSE" and len(points) == 4:
        yield _ellipse(points)
    else:
        raise UnusableGraphic(f"is no graphic: {graphic_type[:20]!r} with {len(points)} point(s)")


def graphic_points(dataset: Dataset) -> list[Point]:
    """Give the pairs of *Graphic Data* (0070,0022), or raise `UnusableGraphic`."""
    values = _graphic_data(dataset)
    if not values or len(values) % 2 or not all(map(math.isfinite, values)):
        raise UnusableGraphic("has coordinates that are no pairs of numbers")
    return list(zip(values[::2], values[1::2], strict=True))


def _graphic_data(dataset: Dataset) -> list[float]:
    raw = elements.raw_bytes(dataset, "GraphicData")
    if raw is None:
        numbers, _ = elements.numbers(dataset, "GraphicData")
        return [math.nan if number is None else number for number in numbers]
    content, is_little_endian = raw
    if len(content) > _MOST_BYTES:
        raise UnusableGraphic(f"has more than {MOST_POINTS:,} points")
    if len(content) % _NUMBER_BYTES:
        return []
    # Not by pydicom: beyond 64 KiB explicit VR has UN in the place of FL, in little endian.
    found: list[float] = np.frombuffer(content, "<f4" if is_little_endian else ">f4").tolist()
    return found


def _outline(points: list[Point], kind: RoiKind | None) -> Shape:
    is_closed = len(points) > 3 and points[0] == points[-1]
    if kind is not None and len(points) in _OPEN_POINTS.get(kind, ()):
        return kind, _image_points(points)
    if not is_closed:
        return ("length" if len(points) == 2 else "polyline"), _image_points(points)
    corners = points[:-1]
    if kind in ("polygon", "freehand"):
        return kind, _image_points(corners)
    if len(corners) == 4 and _is_rectangle(corners):
        return "rectangle", _image_points([corners[0], corners[2]])
    return "polygon", _image_points(corners)


def _curve(points: list[Point]) -> Shape:
    """A curve through points; which one is not said, so it is that of Catmull and Rom."""
    is_closed = len(points) > 3 and points[0] == points[-1]
    if len(points) * CURVE_PIECES > MOST_POINTS or len(points) == 2:
        return _outline(points, None)
    through = np.array(points)
    if is_closed:
        around = np.vstack([through[-2], through, through[1]])
    else:
        around = np.vstack([through[0], through, through[-1]])
    a, b, c, d = (around[n : len(around) - 3 + n, None] for n in range(4))
    step = (np.arange(CURVE_PIECES) / CURVE_PIECES)[:, None]
    drawn = (
        2 * b
        + (c - a) * step
        + (2 * a - 5 * b + 4 * c - d) * step**2
        + (3 * b - a - 3 * c + d) * step**3
    ) / 2
    smooth = [(x, y) for x, y in drawn.reshape(-1, 2).tolist()]
    if is_closed:
        return "freehand", _image_points(smooth)
    return "polyline", _image_points([*smooth, points[-1]])


def _is_rectangle(corners: Sequence[Point]) -> bool:
    xs, ys = ({corner[axis] for corner in corners} for axis in (0, 1))
    is_turning = all(
        (a[0] == b[0]) != (a[1] == b[1])
        for a, b in zip(corners, [*corners[1:], corners[0]], strict=True)
    )
    return len(xs) == len(ys) == 2 and is_turning


def _ellipse(points: list[Point]) -> Shape:
    """Give the box around an ellipse, or corners where its axes are not those of the image."""
    for first, second in ((points[:2], points[2:]), (points[2:], points[:2])):
        (x0, y0), (x1, y1) = first
        (x2, y2), (x3, y3) = second
        if abs(y0 - y1) <= _AXIS_TOLERANCE_PX >= abs(x2 - x3):
            return "ellipse", _image_points([(x0, y2), (x1, y3)])
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = points
    centre_x, centre_y = (x0 + x1) / 2, (y0 + y1) / 2
    steps = [2 * math.pi * number / ELLIPSE_CORNERS for number in range(ELLIPSE_CORNERS)]
    corners = [
        (
            centre_x + math.cos(step) * (x1 - x0) / 2 + math.sin(step) * (x3 - x2) / 2,
            centre_y + math.cos(step) * (y1 - y0) / 2 + math.sin(step) * (y3 - y2) / 2,
        )
        for step in steps
    ]
    return "polygon", _image_points(corners)


def _image_points(points: Sequence[Point]) -> tuple[ImagePoint, ...]:
    return tuple(ImagePoint(single(x), single(y)) for x, y in points)
