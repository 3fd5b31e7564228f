"""ROIs drawn into a picture, as outlines in the colours of the page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from PIL import ImageDraw

    from dcmview.annotations.roi import ImagePoint, Roi

USUAL_COLOR = "#ffd84d"
LABEL_COLORS = (
    "#ff6b6b",
    "#63e08b",
    "#c79bff",
    "#ff9f45",
    "#35d6c5",
    "#ff8ad8",
    "#b9e04a",
    "#8fb0ff",
    "#d8a878",
)
"""Those of ``frontend/src/dicom/labelColors.ts``, in the order of the labels."""

_SIDE_A_LINE_PX = 512
"""A line is a pixel wide, and one more for each of these that the picture is long."""
_CROSS_LINES = 4
_SIDES = {
    "angle": ((0, 1), (1, 2)),
    "cobb": ((0, 1), (2, 3)),
    "length": ((0, 1),),
}


def draw_rois(
    display: NDArray[np.uint8],
    rois: Sequence[Roi],
    size: tuple[int, int],
    labels: Sequence[str] = (),
) -> NDArray[np.uint8]:
    """Draw the outlines of ROIs into a copy of a picture.

    Parameters
    ----------
    display : ndarray of uint8, shape (height, width) or (height, width, 3)
        The picture, in the size in which it goes out.
    rois : sequence of Roi
        Those of its frame; their points are those of the image.
    size : tuple of int
        Rows and columns of the image.
    labels : sequence of str
        All labels in order: their place gives the colour of an ROI that has none of its own.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        In colour also where there is nothing to draw.
    """
    from PIL import Image, ImageDraw

    height, width = display.shape[:2]
    picture = Image.fromarray(display).convert("RGB")
    pen = _Pen(
        ImageDraw.Draw(picture),
        (width / size[1], height / size[0]),
        (width, height),
        max(1, round(max(height, width) / _SIDE_A_LINE_PX)),
    )
    for roi in rois:
        pen.draw(roi, roi_color(roi, labels))
    return np.asarray(picture)


class _Pen(NamedTuple):
    """Draws in a picture what has points of the image; pairs are (column, row)."""

    canvas: ImageDraw.ImageDraw
    scale: tuple[float, float]
    size: tuple[int, int]
    line_px: int

    def draw(self, roi: Roi, color: str) -> None:
        if roi.kind in ("rectangle", "ellipse"):
            outline = self.canvas.rectangle if roi.kind == "rectangle" else self.canvas.ellipse
            outline(self._box(*roi.points), outline=color, width=self.line_px)
            return
        points = [self._pixel(point) for point in roi.points]
        if roi.kind == "point":
            (column, row), arm = points[0], _CROSS_LINES * self.line_px
            self._line([(column - arm, row), (column + arm, row)], color)
            self._line([(column, row - arm), (column, row + arm)], color)
        elif roi.kind in _SIDES:
            for begin, end in _SIDES[roi.kind]:
                self._line([points[begin], points[end]], color)
        else:
            is_closed = roi.kind in ("polygon", "freehand")
            self._line(points + points[:1] if is_closed else points, color)

    def _line(self, points: list[tuple[int, int]], color: str) -> None:
        self.canvas.line(points, fill=color, width=self.line_px)

    def _pixel(self, point: ImagePoint) -> tuple[int, int]:
        """The pixel that holds a point; the last edge is in the last pixel."""
        return (
            min(math.floor(point.x * self.scale[0]), self.size[0] - 1),
            min(math.floor(point.y * self.scale[1]), self.size[1] - 1),
        )

    def _box(self, low: ImagePoint, high: ImagePoint) -> tuple[int, int, int, int]:
        """First and last column and row that a box holds a part of."""
        left, top = math.floor(low.x * self.scale[0]), math.floor(low.y * self.scale[1])
        right, bottom = math.ceil(high.x * self.scale[0]), math.ceil(high.y * self.scale[1])
        return left, top, max(right - 1, left), max(bottom - 1, top)


def roi_color(roi: Roi, labels: Sequence[str]) -> str:
    """Give the colour of an ROI: its own, that of its label, or the usual one."""
    if roi.color or roi.label not in labels:
        return roi.color or USUAL_COLOR
    return LABEL_COLORS[labels.index(roi.label) % len(LABEL_COLORS)]
