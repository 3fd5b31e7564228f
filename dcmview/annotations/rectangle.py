"""Rectangles as CSV files and ``/annotations`` have them.

Read before the port opens, so it imports next to nothing. An image point is
(column, row) with 0.0 at the top left corner of the image (DICOM PS3.3
C.10.5), so a box over the whole image is ``[0, 0, rows, columns]``. On the
wire and in CSV files a box is written ``[ymin, xmin, ymax, xmax]``.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dcmview.errors import InvalidAnnotation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcmview.model import SharedHeader


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A box with the frames it belongs to; no frames means all frames.

    Coordinates keep the type they were given in, so whole numbers stay whole
    through a round trip.
    """

    ymin: float
    xmin: float
    ymax: float
    xmax: float
    frames: tuple[int, ...] = ()

    @property
    def coordinates(self) -> list[float]:
        """``[ymin, xmin, ymax, xmax]``, the order of the wire and of CSV files."""
        return [self.ymin, self.xmin, self.ymax, self.xmax]


def parse_rectangles(coordinates: Any, frames: Any = None) -> tuple[Rectangle, ...]:
    """Make rectangles of decoded JSON, checking all that needs no image.

    Parameters
    ----------
    coordinates : list of [ymin, xmin, ymax, xmax]
        Corners in either order are put in order.
    frames : list of lists of int, optional
        Zero-based frame indices, one list a box. None or an empty list
        means that every box belongs to all frames.

    Raises
    ------
    InvalidAnnotation
        If the shape is wrong, a number is not finite, a box is empty or a
        frame index is negative.
    """
    if not isinstance(coordinates, list):
        raise InvalidAnnotation("ROI coordinates must be a list of [ymin, xmin, ymax, xmax] boxes")
    if not frames:
        frames = [[] for _ in coordinates]
    if not isinstance(frames, list) or len(frames) != len(coordinates):
        raise InvalidAnnotation(
            f"ROI frames must be a list with one entry for each of the {len(coordinates)} boxes"
        )
    return tuple(
        _parse_rectangle(number, box, box_frames)
        for number, (box, box_frames) in enumerate(zip(coordinates, frames, strict=True))
    )


def check_against_image(rectangles: Sequence[Rectangle], header: SharedHeader) -> None:
    """Refuse a box that is not wholly inside the image or names a frame that is not there.

    Raises
    ------
    InvalidAnnotation
        Naming the box, its coordinates and the limit it breaks.
    """
    for number, box in enumerate(rectangles):
        inside = (
            box.ymin >= 0
            and box.xmin >= 0
            and box.ymax <= header.rows
            and box.xmax <= header.columns
        )
        if not inside:
            raise InvalidAnnotation(
                f"ROI {number} {box.coordinates} is outside the image of "
                f"{header.rows} rows and {header.columns} columns"
            )
        for frame_index in box.frames:
            if frame_index >= header.frame_count:
                raise InvalidAnnotation(
                    f"ROI {number} names frame {frame_index}, the file has "
                    f"{header.frame_count} frame(s) counted from 0"
                )


def _parse_rectangle(number: int, box: Any, frames: Any) -> Rectangle:
    if not isinstance(box, list) or len(box) != 4 or not all(map(_is_finite_number, box)):
        raise InvalidAnnotation(
            f"ROI {number} must be four finite numbers [ymin, xmin, ymax, xmax], not {box!r:.80}"
        )
    ymin, ymax = sorted((box[0], box[2]))
    xmin, xmax = sorted((box[1], box[3]))
    if ymin == ymax or xmin == xmax:
        raise InvalidAnnotation(f"ROI {number} {box} is empty")
    if not isinstance(frames, list) or not all(map(_is_frame_index, frames)):
        raise InvalidAnnotation(
            f"the frames of ROI {number} must be a list of indices from 0, not {frames!r:.80}"
        )
    return Rectangle(ymin, xmin, ymax, xmax, tuple(sorted(set(frames))))


def _is_finite_number(value: Any) -> bool:
    # Compared, not converted: JSON may hold whole numbers that no float can.
    return type(value) in (int, float) and abs(value) <= sys.float_info.max


def _is_frame_index(value: Any) -> bool:
    return type(value) is int and value >= 0
