"""Outlines out of a segmentation: polygons on the edges of pixels, which give its masks back.

A part with holes becomes one polygon that is cut to them, see `contours`.
Frames that are not of one image alone, or not of its size, are left out.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec
import numpy as np

from dcmview.annotations.imports import ImportRow, LeftOut
from dcmview.annotations.roi import ImagePoint, Roi
from dcmview.dicom import elements
from dcmview.dicom.functional import FunctionalGroups
from dcmview.dicom.sequences import sequence_items
from dcmview.errors import InvalidAnnotation
from dcmview.exchange.contours import rois_of_mask
from dcmview.exchange.references import referenced_frames
from dcmview.exchange.segment_color import color_of_lab
from dcmview.exchange.sr_codes import UNLABELLED
from dcmview.exchange.sr_tree import read_code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from dcmview.exchange.dicom_content import DicomContent

MOST_PIXELS = 1 << 27
"""Of a frame; an array of bool has a byte for each."""
MOST_PIXELS_TOGETHER = 1 << 32
MOST_POINTS_TOGETHER = 4_000_000
"""Of all outlines: 200 bytes each while they are taken in."""
_MOST_SEGMENTS = 65_535
_MOST_SOURCES = 1_000
_LONGEST_NAME = 256
_NO_SEGMENT = Roi(kind="polygon", points=(ImagePoint(0, 0),))


class _Source(NamedTuple):
    """The image that a frame lies on."""

    sop_instance_uid: str
    frames: tuple[int, ...] | Literal["all"]


class _LeftOut(Exception):
    """A frame that gives no outlines, and why."""


def read_segmentation(content: DicomContent) -> tuple[tuple[ImportRow, ...], tuple[LeftOut, ...]]:
    """Give a row for each frame and segment, and what was left out.

    Fractions count from half of their largest value on.

    Raises
    ------
    InvalidAnnotation
        If its frames are larger or more than those of images.

    References
    ----------
    DICOM PS3.3 C.8.20.2, Segmentation Image Module.
    """
    reader = _Reader(content)
    rows: list[ImportRow] = []
    left_out: list[LeftOut] = []
    points = 0
    for frame_index in range(content.layout.frame_count):
        place = f"frame {frame_index + 1}"
        if points > MOST_POINTS_TOGETHER:
            reason = (
                f"and all behind it: the outlines have more than {MOST_POINTS_TOGETHER:,} points"
            )
            left_out.append(LeftOut(place, reason))
            break
        try:
            for row in reader.rows(frame_index, place):
                rows.append(row)
                points += sum(len(roi.points) for roi in row.rois)
        except (_LeftOut, InvalidAnnotation) as exc:
            left_out.append(LeftOut(place, str(exc)))
    return tuple(rows), tuple(left_out)


class _Reader:
    """A segmentation with what is looked up once."""

    def __init__(self, content: DicomContent) -> None:
        layout = content.layout
        pixels = layout.rows * layout.columns
        if pixels > MOST_PIXELS or pixels * layout.frame_count > MOST_PIXELS_TOGETHER:
            raise InvalidAnnotation(
                f"{layout.frame_count:,} frames of {layout.columns:,} by {layout.rows:,} pixels "
                "are more than can be outlined"
            )
        self._content = content
        self._size = layout.columns, layout.rows
        self._groups = FunctionalGroups(content.dataset)
        self._segments = _read_segments(content.dataset)
        kind = elements.text(content.dataset, "SegmentationType").upper()
        self._is_label_map = kind == "LABELMAP"
        most, _ = elements.integer(content.dataset, "MaximumFractionalValue", 255)
        self._least = max(math.ceil(most / 2), 1) if kind == "FRACTIONAL" else 1
        self._only_image = _only_image(content.dataset, layout.frame_count)

    def rows(self, frame_index: int, place: str) -> Iterator[ImportRow]:
        """Give the outlines of a frame, a row a segment."""
        source = self._source(frame_index)
        values = self._content.stored_frame(frame_index)
        if values.ndim != 2:
            raise _LeftOut("has more than one sample a pixel")
        for number, mask in self._masks(frame_index, values):
            segment = self._segments.get(number, _NO_SEGMENT)
            template = msgspec.structs.replace(segment, frames=source.frames)
            rois = rois_of_mask(mask, template)
            if rois:
                name = f"{place}, segment {number}"
                uid = source.sop_instance_uid
                yield ImportRow(name, "", tuple(rois), uid, self._size)

    def _masks(
        self, frame_index: int, values: NDArray[np.generic]
    ) -> Iterator[tuple[int, NDArray[np.bool_]]]:
        if self._is_label_map:
            background, _ = elements.integer(self._content.dataset, "PixelPaddingValue", 0)
            for number in np.unique(values).tolist():
                if number != background:
                    yield int(number), values == number
            return
        item = self._groups.item(frame_index, "SegmentIdentificationSequence")
        number = 0
        if item is not None:
            number, _ = elements.integer(item, "ReferencedSegmentNumber", 0)
        yield number, np.greater_equal(values, self._least)

    def _source(self, frame_index: int) -> _Source:
        found = {
            _Source(elements.text(image, "ReferencedSOPInstanceUID"), referenced_frames(image))
            for place in next(self._groups.macros(frame_index, "DerivationImageSequence"), ())
            for image in sequence_items(place.dataset, "SourceImageSequence")[:_MOST_SOURCES]
        }
        if not found and self._only_image is not None:
            return self._only_image
        if len(found) != 1:
            raise _LeftOut(f"lies on {len(found)} images" if found else "names no image")
        return found.pop()


def _read_segments(dataset: Dataset) -> dict[int, Roi]:
    """Give what is said of each segment, as an ROI without a shape."""
    is_ours = elements.text(dataset, "Manufacturer") == "dcmview"
    layer = elements.text(dataset, "ContentDescription")[:_LONGEST_NAME] if is_ours else ""
    segments: dict[int, Roi] = {}
    for item in sequence_items(dataset, "SegmentSequence")[:_MOST_SEGMENTS]:
        number, _ = elements.integer(item, "SegmentNumber", 0)
        lab, _ = elements.numbers(item, "RecommendedDisplayCIELabValue")
        is_unlabelled = read_code(item, "SegmentedPropertyTypeCodeSequence") == UNLABELLED
        segments[number] = msgspec.structs.replace(
            _NO_SEGMENT,
            label="" if is_unlabelled else elements.text(item, "SegmentLabel")[:_LONGEST_NAME],
            group=layer,
            source=elements.text(item, "SegmentAlgorithmName")[:_LONGEST_NAME],
            color=color_of_lab(lab),
        )
    return segments


def _only_image(dataset: Dataset, frame_count: int) -> _Source | None:
    """Give the image of a segmentation that has a frame a segment and refers to one image."""
    if frame_count > len(sequence_items(dataset, "SegmentSequence")):
        return None
    found = [
        elements.text(instance, "ReferencedSOPInstanceUID")
        for series in sequence_items(dataset, "ReferencedSeriesSequence")[:2]
        for instance in sequence_items(series, "ReferencedInstanceSequence")[:2]
    ]
    return _Source(found[0], "all") if len(found) == 1 else None
