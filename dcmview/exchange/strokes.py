"""Which pixels a line or a point holds where it is drawn one pixel wide."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from dcmview.exchange.raster import Region

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dcmview.annotations.roi import ImagePoint, Roi


def stroke_of(roi: Roi, rows: int, columns: int) -> Region:
    """Give the pixels of an ROI that has no inside, and no more of the image than the box.

    A pixel that holds a corner is in; between them each row or column, whichever
    the line crosses more of, has one pixel. Both lines of a Cobb angle are drawn
    and nothing between them.

    Examples
    --------
    >>> from dcmview.annotations.roi import ImagePoint, Roi
    >>> line = Roi(kind="length", points=(ImagePoint(1.5, 0.5), ImagePoint(4.5, 2.5)))
    >>> stroke_of(line, 5, 8).inside.astype(int).tolist()
    [[1, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]]
    """
    lines = (roi.points[:2], roi.points[2:]) if roi.kind == "cobb" else (roi.points,)
    pixels = np.concatenate([_line(points, rows, columns) for points in lines])
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    width, height = (high - low + 1).tolist()
    inside = np.zeros((height, width), np.bool_)
    column, row = (pixels - low).T
    inside[row, column] = True
    return Region(int(low[1]), int(low[0]), inside)


def _line(points: Sequence[ImagePoint], rows: int, columns: int) -> NDArray[np.int64]:
    """The (column, row) of pixels from corner to corner."""
    corners = np.floor([(point.x, point.y) for point in points]).astype(np.int64)
    # What lies on the last edge is in the last pixel.
    corners = np.clip(corners, 0, (columns - 1, rows - 1))
    pieces = [corners[:1]]
    for begin, end in itertools.pairwise(corners):
        count = max(int(np.abs(end - begin).max()), 1)
        steps = np.arange(1, count + 1)[:, None]
        pieces.append(begin + (2 * steps * (end - begin) + count) // (2 * count))
    return np.concatenate(pieces)
