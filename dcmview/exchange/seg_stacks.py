"""Which frames go into one segmentation: those of one orientation and size, each at its place.

Frames without a certain place in a patient go together if they have one size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from dcmview.exchange.raster import Region
    from dcmview.model import Acquisition, InstanceHeader, Placement

MOST_BYTES = 256 * 1024 * 1024
"""Of the arrays that one object is made of; what is more makes several objects."""

_COUNTED_BYTES = 8
"""A pixel, where highdicom counts the segments that overlap in it."""
_PLACE_DIGITS = 4
"""Of millimetres; frames that agree in these lie at one place."""
_COSINE_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class MarkedFrame:
    """A frame of an image, and the pixels that are marked in it by label."""

    header: InstanceHeader
    frame_index: int
    acquisition: Acquisition
    placement: Placement
    marks: dict[str, list[Region]]
    """In the order of the labels; none of them is empty."""

    @property
    def pixels(self) -> int:
        """How many there are in the frame."""
        return self.header.shared.rows * self.header.shared.columns


class Plane(NamedTuple):
    """What frames have in common that are in one object.

    What follows the size is empty where they have no certain place in a patient.
    """

    rows: int
    columns: int
    frame_of_reference_uid: str = ""
    orientation: tuple[float, ...] = ()
    spacing: tuple[float, ...] = ()
    thickness: float | None = None

    @property
    def is_placed(self) -> bool:
        """Whether the frames have a place in a patient."""
        return bool(self.frame_of_reference_uid)


def stacks_of(frames: Iterable[MarkedFrame]) -> Iterator[list[MarkedFrame]]:
    """Put frames of one plane together, and a second one at the same place apart."""
    planes: dict[Plane, list[dict[tuple[float, ...], MarkedFrame]]] = {}
    for number, frame in enumerate(frames):
        plane = plane_of(frame)
        stacks = planes.setdefault(plane, [])
        place = _rounded(frame.placement.position or ()) if plane.is_placed else (number,)
        free = next((stack for stack in stacks if place not in stack), None)
        if free is None:
            free = {}
            stacks.append(free)
        free[place] = frame
    for stacks in planes.values():
        yield from (list(stack.values()) for stack in stacks)


def plane_of(frame: MarkedFrame) -> Plane:
    """Give what a frame must have in common with others to be in one object with them."""
    rows, columns = frame.header.shared.rows, frame.header.shared.columns
    found = frame.acquisition
    spacing, orientation = found.pixel_spacing or (), found.orientation or ()
    is_placed = (
        found.frame_of_reference_uid
        and frame.placement.position is not None
        and all(math.isfinite(value) and value > 0 for value in spacing)
        and spacing
        and orientation
        and _is_orthonormal(orientation)
    )
    if not is_placed:
        return Plane(rows, columns)
    return Plane(
        rows=rows,
        columns=columns,
        frame_of_reference_uid=found.frame_of_reference_uid,
        orientation=_rounded(orientation),
        spacing=spacing,
        thickness=found.slice_thickness_mm,
    )


def _is_orthonormal(orientation: Sequence[float]) -> bool:
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    products = (row @ row - 1, column @ column - 1, row @ column)
    return all(abs(product) <= _COSINE_TOLERANCE for product in products)


def _rounded(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(round(value, _PLACE_DIGITS) + 0.0 for value in values)


def parts_of(frames: list[MarkedFrame]) -> Iterator[list[MarkedFrame]]:
    """Split frames that would need too much memory, and at last their labels."""
    labels = list(dict.fromkeys(label for frame in frames for label in frame.marks))
    pixels = sum(frame.pixels for frame in frames)
    needed = pixels * np.dtype(np.uint16).itemsize
    if len(labels) > 1 and any(map(has_overlap, frames)):
        needed = pixels * (_COUNTED_BYTES + len(labels))
    if needed <= MOST_BYTES or (len(frames) == 1 and len(labels) == 1):
        yield frames
    elif len(frames) > 1:
        half = len(frames) // 2
        yield from parts_of(frames[:half])
        yield from parts_of(frames[half:])
    else:
        half = len(labels) // 2
        for some in (labels[:half], labels[half:]):
            yield from parts_of([_with_labels(frames[0], some)])


def _with_labels(frame: MarkedFrame, labels: Sequence[str]) -> MarkedFrame:
    marks = {label: frame.marks[label] for label in labels}
    return MarkedFrame(frame.header, frame.frame_index, frame.acquisition, frame.placement, marks)


def has_overlap(frame: MarkedFrame) -> bool:
    """Whether a pixel of a frame has several labels."""
    if len(frame.marks) < 2:
        return False
    taken = np.zeros((frame.header.shared.rows, frame.header.shared.columns), np.bool_)
    for regions in frame.marks.values():
        marked = joined(regions, taken.shape)
        if (taken & marked).any():
            return True
        taken |= marked
    return False


def joined(regions: Iterable[Region], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Give the pixels of any of some regions, in an array of (rows, columns)."""
    mask = np.zeros(shape, np.bool_)
    for region in regions:
        mask[region.window] |= region.inside
    return mask
