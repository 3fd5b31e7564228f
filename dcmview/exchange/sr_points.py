"""Points of ROIs as those of SCOORD, the graphics of structured reports (DICOM PS3.3 C.18.6).

Both count columns and rows with 0.0 at the top left corner of the first pixel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dcmview.annotations.roi import Roi

_CLOSED = frozenset(("rectangle", "polygon", "freehand"))


def graphic(roi: Roi) -> tuple[str, list[tuple[float, float]]]:
    """Give type and points of SCOORD; closed outlines end where they begin.

    An ellipse is given by the ends of its major and its minor axis.
    """
    points: list[tuple[float, float]] = [(point.x, point.y) for point in roi.points]
    if roi.kind == "point":
        return "POINT", points
    if roi.kind == "rectangle":
        (x0, y0), (x1, y1) = points
        points = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    elif roi.kind == "ellipse":
        (x0, y0), (x1, y1) = points
        across = [(x0, (y0 + y1) / 2), (x1, (y0 + y1) / 2)]
        down = [((x0 + x1) / 2, y0), ((x0 + x1) / 2, y1)]
        return "ELLIPSE", across + down if x1 - x0 >= y1 - y0 else down + across
    if roi.kind in _CLOSED:
        points.append(points[0])
    return "POLYLINE", points
