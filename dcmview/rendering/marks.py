"""ROIs drawn into a picture, as outlines in the colours of the page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dcmview.annotations.roi import Roi

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
    scale = width / size[1], height / size[0]
    picture = Image.fromarray(display).convert("RGB")
    draw = ImageDraw.Draw(picture)
    line = max(1, round(max(height, width) / _SIDE_A_LINE_PX))
    for roi in rois:
        color = roi_color(roi, labels)
        if roi.kind in ("rectangle", "ellipse"):
            low, high = roi.points
            box = (
                math.floor(low.x * scale[0]),
                math.floor(low.y * scale[1]),
                max(math.ceil(high.x * scale[0]) - 1, math.floor(low.x * scale[0])),
                max(math.ceil(high.y * scale[1]) - 1, math.floor(low.y * scale[1])),
            )
            outline = draw.rectangle if roi.kind == "rectangle" else draw.ellipse
            outline(box, outline=color, width=line)
            continue
        points = [
            (
                min(math.floor(point.x * scale[0]), width - 1),
                min(math.floor(point.y * scale[1]), height - 1),
            )
            for point in roi.points
        ]
        if roi.kind == "point":
            (column, row), arm = points[0], _CROSS_LINES * line
            draw.line([(column - arm, row), (column + arm, row)], fill=color, width=line)
            draw.line([(column, row - arm), (column, row + arm)], fill=color, width=line)
        elif roi.kind in _SIDES:
            for begin, end in _SIDES[roi.kind]:
                draw.line([points[begin], points[end]], fill=color, width=line)
        else:
            is_closed = roi.kind in ("polygon", "freehand")
            draw.line(points + points[:1] if is_closed else points, fill=color, width=line)
    return np.asarray(picture)


def roi_color(roi: Roi, labels: Sequence[str]) -> str:
    """Give the colour of an ROI: its own, that of its label, or the usual one."""
    if roi.color or roi.label not in labels:
        return roi.color or USUAL_COLOR
    return LABEL_COLORS[labels.index(roi.label) % len(LABEL_COLORS)]
