"""ROIs as 60xx overlay planes: which of them make one, and its bits.

How planes are put into a file is the matter of `overlay_copy`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from dcmview.exchange.raster import (
    OUTLINE_KINDS,
    REGION_KINDS,
    Box,
    packed_outlines,
    packed_rows,
    region_of,
)
from dcmview.exchange.strokes import stroke_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from dcmview.annotations.roi import Roi
    from dcmview.exchange.raster import PackedRows, Region
    from dcmview.model import SharedHeader


@dataclass(frozen=True, slots=True)
class PlaneStyle:
    """How ROIs become planes.

    Attributes
    ----------
    one_plane : bool
        Whether all go into one plane, not one for each label of each layer.
    kind : str
        *Overlay Type* (60xx,0040): R for regions of interest, G for graphics.
    label, description : str
        Of all planes; empty for the label of the ROIs and their layer.
    crop : bool
        Whether a plane ends where its ROIs do, not with the image.
    lines : bool
        Whether points, lines and angles are drawn, one pixel wide; else they are left out.
    outline : bool
        Whether only the border of regions is drawn, so that the image is seen in them.

    References
    ----------
    DICOM PS3.3 C.9.2.1.1, Overlay Type.
    """

    one_plane: bool = False
    kind: Literal["R", "G"] = "R"
    label: str = ""
    description: str = ""
    crop: bool = False
    lines: bool = False
    outline: bool = False

    def draws(self, roi: Roi) -> bool:
        """Whether an ROI is of a kind that gets into a plane."""
        return self.lines or roi.kind in REGION_KINDS


PLAIN_STYLE = PlaneStyle()
_LAST_ORIGIN, _LAST_FRAME_ORIGIN = 0x7FFF, 0xFFFF
"""What Overlay Origin (60xx,0050) and Image Frame Origin (60xx,0051) can say: SS and US."""
_MOST_MADE_BYTES = 1 << 18
"""Of a plane whose bits are held until its file is written."""


@dataclass(slots=True)
class RoiPlane:
    """What becomes an overlay.

    Attributes
    ----------
    label, description : str
        What it says of itself.
    rois : tuple of Roi
        What is drawn into it.
    image_rows, image_columns : int
        Size of the image.
    first_frame, frame_count : int
        Which frames it lies over; without a count it is one plane for all of them.
    kind : str
        *Overlay Type* (60xx,0040).
    outline : bool
        Whether only the border of regions is drawn.
    box : Box
        What it covers of the image.
    drawn : set of int
        Numbers of those ROIs that were found to hold a pixel while bits were made.
    made : tuple of bytes
        Bits that were made ahead of being wanted, empty if none were.
    ready : dict
        By its number, an ROI that was drawn together with those of other planes.
    """

    label: str
    description: str
    rois: tuple[Roi, ...]
    image_rows: int
    image_columns: int
    box: Box
    first_frame: int = 0
    frame_count: int | None = None
    kind: str = "R"
    outline: bool = False
    drawn: set[int] = field(default_factory=set)
    made: tuple[bytes, ...] = ()
    ready: dict[int, PackedRows] = field(default_factory=dict)

    @property
    def origin(self) -> tuple[int, int]:
        """*Overlay Origin* (60xx,0050): row and column of its first pixel, counted from 1."""
        return self.box.row + 1, self.box.column + 1

    @property
    def data_bytes(self) -> int:
        """Length of the data, padded to be even."""
        bits = self.box.rows * self.box.columns * (self.frame_count or 1)
        return -(-bits // 16) * 2

    def bits(self, frame_index: int) -> NDArray[np.bool_]:
        """The pixels of its ROIs on a frame: shape (rows, columns)."""
        return self._rows(list(self._regions(frame_index)), 0, self.box.rows)

    def packed(self) -> Iterator[bytes]:
        """The bits of frame after frame without gaps, the first pixel in the lowest bit of a byte.

        References
        ----------
        DICOM PS3.5 8.1.2, Overlay Data Encoding.
        """
        if self.made:
            yield from self.made
            return
        left = self.data_bytes
        pieces = self._packed_frames() if (self.frame_count or 1) > 1 else self._packed_frame()
        for piece in pieces:
            left -= len(piece)
            yield piece
        yield bytes(left)

    def _packed_frames(self) -> Iterator[bytes]:
        end = self.first_frame + (self.frame_count or 1)
        # So many frames fill whole bytes.
        batch = 8 // math.gcd(8, self.box.rows * self.box.columns)
        for first in range(self.first_frame, end, batch):
            frames = [self.bits(frame) for frame in range(first, min(first + batch, end))]
            yield np.packbits(np.concatenate(frames), bitorder="little").tobytes()

    def _packed_frame(self) -> Iterator[bytes]:
        """The bits of the only frame up to the last ROI; rows above the first are zero."""
        if self._fills_bytes:
            yield from self._packed_rows()
            return
        columns = self.box.columns
        regions = list(self._regions(self.first_frame))
        if not regions:
            return
        top = min(region.row for region in regions) - self.box.row
        # A row that begins with a byte.
        top -= top % (8 // math.gcd(8, columns))
        end = max(region.row + len(region.inside) for region in regions) - self.box.row
        yield bytes(top * columns // 8)
        yield np.packbits(self._rows(regions, top, end), bitorder="little").tobytes()

    @property
    def _fills_bytes(self) -> bool:
        """Whether it is as large as its image, and every row begins with a byte."""
        is_whole = self.box == (0, 0, self.image_rows, self.image_columns)
        return is_whole and self.box.columns % 8 == 0

    def outlines(self) -> Iterator[tuple[int, Roi]]:
        """Give those ROIs with their numbers that can be drawn together with others."""
        if self._fills_bytes and not self.outline and (self.frame_count or 1) == 1:
            for number, roi in self._rois_on(self.first_frame):
                if roi.kind in OUTLINE_KINDS:
                    yield number, roi

    def _packed_rows(self) -> Iterator[bytes]:
        """The same of a plane as large as its image whose rows fill whole bytes."""
        rows, columns = self.image_rows, self.image_columns
        parts: list[tuple[int, NDArray[np.uint8]]] = []
        for number, roi in self._rois_on(self.first_frame):
            if number in self.ready:
                row, bits = self.ready.pop(number)
            elif self.outline or roi.kind not in REGION_KINDS:
                region = self._region(roi)
                row, bits = region.row, region.packed(columns)
            else:
                row, bits = packed_rows(roi, rows, columns)
            if bits.any():
                self.drawn.add(number)
                parts.append((row, bits))
        if not parts:
            return
        top, together = parts[0]
        if len(parts) > 1:
            top = min(row for row, _ in parts)
            end = max(row + len(bits) for row, bits in parts)
            together = np.zeros((end - top, columns // 8), np.uint8)
            for row, bits in parts:
                together[row - top : row - top + len(bits)] |= bits
        yield bytes(top * columns // 8)
        yield together.tobytes()

    def _rows(self, regions: Sequence[Region], top: int, end: int) -> NDArray[np.bool_]:
        """Draw some rows, in which all regions are."""
        mask = np.zeros((end - top, self.box.columns), np.bool_)
        for region in regions:
            row, column = region.row - self.box.row - top, region.column - self.box.column
            height, width = region.inside.shape
            mask[row : row + height, column : column + width] |= region.inside
        return mask

    def _regions(self, frame_index: int) -> Iterator[Region]:
        for number, roi in self._rois_on(frame_index):
            region = self._region(roi)
            if region.inside.any():
                self.drawn.add(number)
                yield region

    def _rois_on(self, frame_index: int) -> Iterator[tuple[int, Roi]]:
        for number, roi in enumerate(self.rois):
            if roi.frames == "all" or frame_index in roi.frames:
                yield number, roi

    def _region(self, roi: Roi) -> Region:
        region = drawn_region(roi, self.image_rows, self.image_columns)
        if self.outline and roi.kind in REGION_KINDS:
            region = replace(region, inside=border_of(region.inside))
        return region.within(self.box)


def make_planes(planes: Sequence[RoiPlane]) -> None:
    """Make the bits of small planes before they are wanted, of all in little more time than one."""
    by_size: dict[tuple[int, int], list[tuple[RoiPlane, int, Roi]]] = {}
    for plane in planes:
        if plane.data_bytes <= _MOST_MADE_BYTES:
            some = by_size.setdefault((plane.image_rows, plane.image_columns), [])
            some += [(plane, number, roi) for number, roi in plane.outlines()]
    for (rows, columns), some in by_size.items():
        packed = packed_outlines([roi for _, _, roi in some], rows, columns)
        for (plane, number, _), rows_of_it in zip(some, packed, strict=True):
            if rows_of_it is not None:
                plane.ready[number] = rows_of_it
    for plane in planes:
        if plane.data_bytes <= _MOST_MADE_BYTES:
            plane.made = tuple(plane.packed())


def drawn_region(roi: Roi, rows: int, columns: int) -> Region:
    """Give the pixels of an ROI of any kind, lines being one pixel wide."""
    draw = region_of if roi.kind in REGION_KINDS else stroke_of
    return draw(roi, rows, columns)


def border_of(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Give the pixels of a region that have one beside, above or below them that is not of it.

    Examples
    --------
    >>> border_of(np.ones((3, 4), bool)).astype(int)
    array([[1, 1, 1, 1],
           [1, 0, 0, 1],
           [1, 1, 1, 1]])
    """
    within = np.pad(inside, 1)
    is_inner = within[:-2, 1:-1] & within[2:, 1:-1] & within[1:-1, :-2] & within[1:-1, 2:]
    return inside & ~is_inner


def planes_of(
    header: SharedHeader, rois: Sequence[Roi], style: PlaneStyle = PLAIN_STYLE
) -> list[RoiPlane]:
    """Give the planes that ROIs of a file become, one for each label of each layer by default.

    Parameters
    ----------
    header : SharedHeader
        Of the file.
    rois : sequence of Roi
        All that it has; those that the style does not draw are passed over.
    style : PlaneStyle
        How.

    References
    ----------
    DICOM PS3.3 C.9.2, Overlay Plane Module.
    """
    together: dict[tuple[str, str], list[Roi]] = {}
    for roi in rois:
        if style.draws(roi):
            key = ("", "") if style.one_plane else (roi.group, roi.label)
            together.setdefault(key, []).append(roi)
    planes = []
    for _, some in sorted(together.items()):
        first, count = _frames(header, some)
        box = Box(0, 0, header.rows, header.columns)
        planes.append(
            RoiPlane(
                label=style.label or _names(roi.label for roi in some),
                description=style.description or _names(roi.group for roi in some),
                rois=tuple(some),
                image_rows=header.rows,
                image_columns=header.columns,
                box=_cropped(some, box) if style.crop else box,
                first_frame=first,
                frame_count=count,
                kind=style.kind,
                outline=style.outline,
            )
        )
    return planes


def _names(names: Iterator[str]) -> str:
    return ", ".join(sorted({name for name in names if name}))


def _frames(header: SharedHeader, rois: Sequence[Roi]) -> tuple[int, int | None]:
    """The first frame and how many there are; no count for one plane that lies over all."""
    if header.frame_count == 1 or all(roi.frames == "all" for roi in rois):
        return 0, None
    listed = [frame for roi in rois if roi.frames != "all" for frame in roi.frames]
    is_everywhere = any(roi.frames == "all" for roi in rois)
    first = 0 if is_everywhere else min(*listed, _LAST_FRAME_ORIGIN - 1)
    last = header.frame_count - 1 if is_everywhere else max(listed)
    return first, last - first + 1


def _cropped(rois: Sequence[Roi], image: Box) -> Box:
    """The box around the pixels of ROIs; the first pixel where there are none."""
    corners = []
    for roi in rois:
        region = drawn_region(roi, image.rows, image.columns)
        rows, columns = (np.flatnonzero(region.inside.any(axis=axis)).tolist() for axis in (1, 0))
        if rows:
            top, left = region.row + rows[0], region.column + columns[0]
            corners.append((top, left, region.row + rows[-1] + 1, region.column + columns[-1] + 1))
    if not corners:
        return Box(0, 0, 1, 1)
    tops, lefts, bottoms, rights = zip(*corners, strict=True)
    top, left = min(*tops, _LAST_ORIGIN - 1), min(*lefts, _LAST_ORIGIN - 1)
    return Box(top, left, max(bottoms) - top, max(rights) - left)
