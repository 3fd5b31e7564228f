"""Overlay planes of a file as masks of its image and as ROIs.

A plane may begin outside the image or be larger than it: what lies outside is
counted, since a mask of the image cannot hold it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dcmview.annotations.roi import ImagePoint, Roi, check_set
from dcmview.dicom.overlays import (
    has_planes_of_frames,
    read_overlay_summaries,
    read_overlays,
)
from dcmview.errors import InvalidAnnotation
from dcmview.exchange.contours import contours_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from dcmview.dicom.instance import Instance
    from dcmview.model import OverlayPlane, OverlaySummary


class PlacedPlane(NamedTuple):
    """A plane on a frame: its pixels in the image, and how many are outside of it."""

    summary: OverlaySummary
    frame_index: int
    mask: NDArray[np.bool_]
    outside: int


@dataclass(slots=True)
class PlaneNotes:
    """What has to be said of the planes of a file."""

    groups: set[int] = field(default_factory=set)
    outside: dict[int, int] = field(default_factory=dict)
    """Pixels outside the image by group."""
    left_out: list[str] = field(default_factory=list)

    @property
    def reason(self) -> str:
        """All of it, for people."""
        outside = (
            f"{count:,} pixels of group {group:04X} lie outside the image"
            for group, count in sorted(self.outside.items())
        )
        return "; ".join((*outside, *dict.fromkeys(self.left_out)))


def placed_planes(instance: Instance, notes: PlaneNotes) -> Iterator[PlacedPlane]:
    """Give every plane of every frame; notes get what cannot be shown, and why.

    Raises
    ------
    FileGone, FileChanged, Unreadable
        If overlays lie in the pixels and the file cannot be read.
    """
    layout = instance.layout
    for frame_index in range(layout.frame_count):
        _, repairs = read_overlay_summaries(instance, frame_index)
        notes.left_out += [
            f"{repair.element}: {repair.found}, {repair.used}"
            for repair in repairs
            if repair.code == "overlay"
        ]
        for plane in read_overlays(instance, frame_index):
            group = plane.summary.group
            mask, outside = _in_image(plane, layout.rows, layout.columns)
            notes.groups.add(group)
            if outside:
                before = notes.outside.get(group, 0)
                is_another = has_planes_of_frames(instance.dataset, group)
                notes.outside[group] = before + outside if is_another else max(before, outside)
            yield PlacedPlane(plane.summary, frame_index, mask, outside)


def rois_of_planes(instance: Instance, notes: PlaneNotes) -> tuple[Roi, ...]:
    """Give a polygon for each part of each plane, with its label and its description as layer.

    The same part on several frames is one ROI. Drawn again, they give the planes back.

    Raises
    ------
    InvalidAnnotation
        If there are more parts than a file can have ROIs.
    """
    parts: dict[tuple[int, bytes], list[int]] = {}
    summaries: dict[int, OverlaySummary] = {}
    last: dict[int, tuple[bytes, list[bytes]]] = {}
    for plane in placed_planes(instance, notes):
        group = plane.summary.group
        summaries[group] = plane.summary
        bits = np.packbits(plane.mask).tobytes()
        # Most often all frames have the same plane.
        if last.get(group, (b"", []))[0] != bits:
            last[group] = bits, _outlines(plane, notes)
        for outline in last[group][1]:
            parts.setdefault((group, outline), []).append(plane.frame_index)
    rois = tuple(
        _roi(summaries[group], number, outline, frames, instance.layout.frame_count)
        for number, ((group, outline), frames) in enumerate(sorted(parts.items()), start=1)
    )
    check_set(rois)
    return rois


def _in_image(plane: OverlayPlane, rows: int, columns: int) -> tuple[NDArray[np.bool_], int]:
    """The part of a plane that lies on the image, and how many pixels do not."""
    summary, bits = plane.summary, plane.bits
    top, left = summary.origin_row - 1, summary.origin_column - 1
    mask = np.zeros((rows, columns), np.bool_)
    first_row, end_row = max(top, 0), min(top + summary.rows, rows)
    first_column, end_column = max(left, 0), min(left + summary.columns, columns)
    if first_row < end_row and first_column < end_column:
        mask[first_row:end_row, first_column:end_column] = bits[
            first_row - top : end_row - top, first_column - left : end_column - left
        ]
    return mask, int(np.count_nonzero(bits)) - int(np.count_nonzero(mask))


def _outlines(plane: PlacedPlane, notes: PlaneNotes) -> list[bytes]:
    try:
        return [outline.tobytes() for outline in contours_of(plane.mask)]
    except InvalidAnnotation as exc:
        notes.left_out.append(f"group {plane.summary.group:04X}: {exc.message}")
        return []


def _roi(
    summary: OverlaySummary, number: int, outline: bytes, frames: list[int], frame_count: int
) -> Roi:
    pairs = np.frombuffer(outline, np.int32).reshape(-1, 2).tolist()
    return Roi(
        id=f"plane-{number}",
        kind="polygon",
        points=tuple(ImagePoint(x, y) for x, y in pairs),
        frames="all" if len(frames) == frame_count else tuple(frames),
        label=summary.label,
        group=summary.description,
    )
