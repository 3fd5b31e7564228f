"""Masks as NIfTI volumes, and which pixels of which files their voxels are.

An affine says where voxels lie in the patient, with x to the right and y to the
front where DICOM has them to the left and the back. A volume is taken where its
voxels are the pixels of a series, in whatever order; nothing is resampled.
"""

from __future__ import annotations

import contextlib
import functools
import math
import os
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dcmview.annotations.imports import ImportTable, LeftOut
from dcmview.dicom.placement import frame_placements
from dcmview.errors import (
    InstanceError,
    InvalidAnnotation,
    InvalidGeometry,
    NotInstalled,
    StartError,
    one_line,
)
from dcmview.exchange.mask_files import MOST_BYTES, check_labels
from dcmview.exchange.mask_reading import MaskPlane, rows_of_planes
from dcmview.exchange.masks import MOST_LABELS
from dcmview.geometry.plane import Plane
from dcmview.registry.stacks import SeriesInstance, build_stacks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from dcmview.dicom.instance import Instance
    from dcmview.model import Acquisition, InstanceHeader, Placement
    from dcmview.registry.registry import Entry

    FramesOf = Callable[[Entry], Sequence[tuple[Acquisition, Placement]] | None]

EXTRA = "dcmview[nifti]"
TOLERANCE_VOXELS = 0.1
"""How far a pixel may lie from a voxel: affines are written in single precision."""
LPS_OF_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])

_UNREADABLE = (OSError, EOFError, zlib.error, ValueError, TypeError, OverflowError, MemoryError)


@functools.cache
def nibabel() -> Any:
    """Give the package that reads and writes NIfTI.

    Raises
    ------
    NotInstalled
        If it is not there, with the command that brings it.
    """
    try:
        import nibabel
    except ImportError as exc:
        raise NotInstalled(
            f"NIfTI is read and written by nibabel: pip install '{EXTRA}'", extra=EXTRA
        ) from exc
    return nibabel


@dataclass(frozen=True, slots=True)
class Volume:
    """A mask over the slices of a series.

    Attributes
    ----------
    source : str
        What it is called.
    labels : ndarray of uint16, shape (i, j, k)
    affine : ndarray of float64, shape (4, 4), or None
        From voxel indices to mm as DICOM counts them, where the file says that.
    values : frozenset of int
        All labels in it.
    are_predictions : bool
        Whether it is looked at beside others.
    """

    source: str
    labels: NDArray[np.uint16]
    affine: NDArray[np.float64] | None
    values: frozenset[int]
    are_predictions: bool = False


def read_volume(path: str, *, are_predictions: bool = False) -> Volume:
    """Read a mask.

    Raises
    ------
    NotInstalled
        If nibabel is not there.
    StartError
        If it cannot be read, or is no mask.
    """
    package = nibabel()
    failures = (
        *_UNREADABLE,
        package.filebasedimages.ImageFileError,
        package.spatialimages.HeaderDataError,
    )
    try:
        image = package.load(path)
        shape = tuple(int(size) for size in image.shape)
        while len(shape) > 3 and shape[-1] == 1:
            shape = shape[:-1]
        itemsize = image.get_data_dtype().itemsize
        if not 0 < math.prod(shape) * max(itemsize, 2) <= MOST_BYTES:
            raise InvalidAnnotation(f"is too large or empty: {' x '.join(map(str, shape))} voxels")
        if len(shape) not in (2, 3):
            raise InvalidAnnotation(f"has {len(shape)} dimensions; a mask has 3")
        shape = (*shape, 1)[:3]
        values = np.asanyarray(image.dataobj).reshape(shape)
        check_labels(values)
    except InvalidAnnotation as exc:
        raise StartError(f"ROI mask {path}: {exc.message}") from exc
    except failures as exc:
        raise StartError(f"ROI mask {path}: cannot be read: {one_line(exc)}") from exc
    labels = values.astype(np.uint16)
    return Volume(path, labels, _affine(image.header), _values(labels), are_predictions)


def _values(labels: NDArray[np.uint16]) -> frozenset[int]:
    is_there = np.zeros(MOST_LABELS + 1, np.bool_)
    for plane in labels.T:  # as it lies in the file
        is_there[plane] = True
    return frozenset(np.flatnonzero(is_there).tolist()) - {0}


def _affine(header: Any) -> NDArray[np.float64] | None:
    for name in ("get_sform", "get_qform"):
        matrix, code = getattr(header, name)(coded=True)
        if code and matrix is not None and np.isfinite(matrix).all():
            affine: NDArray[np.float64] = LPS_OF_RAS @ np.asarray(matrix, np.float64)
            if abs(np.linalg.det(affine[:3, :3])) > 1e-9:
                return affine
    return None


class _Frame(NamedTuple):
    entry: Entry
    frame_index: int


@dataclass(slots=True)
class _Fit:
    """What of a volume lies on a series."""

    planes: list[MaskPlane] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)
    """Why other frames have none of it, and how many."""


def table_of_volume(
    volume: Volume, entries: Sequence[Entry], frames_of: FramesOf
) -> tuple[ImportTable, str]:
    """Give the ROIs of a volume by file, and a note where a guess was needed.

    Parameters
    ----------
    volume : Volume
        As it was read.
    entries : sequence of Entry
        All files that may be meant.
    frames_of : callable
        Gives how each frame of a file with functional groups was taken and lies;
        None where that cannot be read.

    Raises
    ------
    InvalidAnnotation
        If its outlines are far too long.

    References
    ----------
    DICOM PS3.3 C.7.6.2.1.1, Image Position and Image Orientation.
    """
    by_series: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.header.shared.has_pixels:
            by_series.setdefault(entry.header.shared.series_instance_uid, []).append(entry)
    note = ""
    if volume.affine is None:
        planes, reason = _by_order(volume, list(by_series.values()), frames_of)
        note = "it does not say where it lies: its slices are taken in the order of the series"
    else:
        planes, reason = _by_place(volume, list(by_series.values()), frames_of)
    if reason:
        return ImportTable(volume.source, "nifti", (), (LeftOut("the volume", reason),)), ""
    rows, left_out = rows_of_planes(planes, os.path.basename(volume.source), volume.values)
    return ImportTable(volume.source, "nifti", rows, left_out), note


def _by_place(
    volume: Volume, series: Sequence[Sequence[Entry]], frames_of: FramesOf
) -> tuple[list[MaskPlane], str]:
    fits = [_fit(volume, entries, frames_of) for entries in series]
    hits = [fit for fit in fits if fit.planes]
    if len(hits) > 1:
        return [], f"lies on {len(hits)} series: name one with --filter series_uid=UID"
    if hits:
        return hits[0].planes, ""
    reasons: dict[str, int] = {}
    for fit in fits:
        for reason, count in fit.reasons.items():
            reasons[reason] = reasons.get(reason, 0) + count
    told = "; ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
    return [], f"lies on no image: {told or 'there are none'}"


def _fit(volume: Volume, entries: Sequence[Entry], frames_of: FramesOf) -> _Fit:
    assert volume.affine is not None
    fit = _Fit()
    to_voxels = np.linalg.inv(volume.affine)
    for entry in entries:
        for frame, plane in enumerate(_planes(entry, frames_of)):
            mask = (
                "have no position" if plane is None else _section(volume, entry, plane, to_voxels)
            )
            if isinstance(mask, str):
                fit.reasons[f"frame(s) {mask}"] = fit.reasons.get(f"frame(s) {mask}", 0) + 1
            else:
                fit.planes.append(_mask_plane(entry, frame, mask))
    return fit


def _mask_plane(entry: Entry, frame_index: int, mask: NDArray[np.uint16]) -> MaskPlane:
    header = entry.header
    count = header.shared.frame_count
    return MaskPlane(entry.path, header.sop_instance_uid, frame_index, count, mask)


def _planes(entry: Entry, frames_of: FramesOf) -> list[Plane | None]:
    """Where each frame of a file lies; None where that is not said."""
    shared = entry.header.shared
    frames = frames_of(entry) if shared.has_frame_groups else None
    return _planes_of_header(entry.header, frames)


def planes_of_frames(instance: Instance) -> list[Plane | None]:
    """Give where each frame of a parsed file lies; None where that is not said."""
    frames = None
    if instance.header.shared.has_frame_groups:
        with contextlib.suppress(InstanceError):
            frames = frame_placements(instance)
    return _planes_of_header(instance.header, frames)


def _planes_of_header(
    header: InstanceHeader, frames: Sequence[tuple[Acquisition, Placement]] | None
) -> list[Plane | None]:
    count = header.shared.frame_count
    if frames is None and count == 1:
        frames = [(header.shared.acquisition, header.placement)]
    planes = [plane_of(*frame) for frame in (frames or ())[:count]]
    return [*planes, *[None] * (count - len(planes))]


def plane_of(acquisition: Acquisition, placement: Placement) -> Plane | None:
    """Give the plane of a frame; None where the file does not say it."""
    orientation, spacing = acquisition.orientation, acquisition.pixel_spacing
    if placement.position is None or orientation is None or spacing is None:
        return None
    try:
        return Plane(placement.position, orientation, *spacing)
    except InvalidGeometry:
        return None


def _section(
    volume: Volume, entry: Entry, plane: Plane, to_voxels: NDArray[np.floating[Any]]
) -> NDArray[np.uint16] | str:
    """The voxels that are the pixels of a frame, or why none are."""
    rows, columns = entry.header.shared.rows, entry.header.shared.columns
    corners = plane.index_to_mm([(0, 0), (1, 0), (0, 1), (columns - 1, rows - 1)])
    voxels = corners @ to_voxels[:3, :3].T + to_voxels[:3, 3]
    origin, right, down = np.rint([voxels[0], voxels[1] - voxels[0], voxels[2] - voxels[0]])
    last = origin + right * (columns - 1) + down * (rows - 1)
    is_grid = np.abs(right).sum() == np.abs(down).sum() == 1 and not (right * down).any()
    off = np.abs([voxels[0] - origin, voxels[3] - last]).max()
    if not is_grid or off > TOLERANCE_VOXELS:
        return "do not lie on its voxels"
    across, along = int(np.flatnonzero(right)[0]), int(np.flatnonzero(down)[0])
    through = 3 - across - along
    depth = int(origin[through])
    size = volume.labels.shape
    if not 0 <= depth < size[through]:
        return "lie beyond it"
    column = (origin[across] + right[across] * np.arange(columns)).astype(np.int64)
    row = (origin[along] + down[along] * np.arange(rows)).astype(np.int64)
    if min(column.min(), row.min()) < 0 or column.max() >= size[across] or row.max() >= size[along]:
        return "reach beyond it"
    layer = np.take(volume.labels, depth, axis=through)
    layer = layer if along < across else layer.T
    mask: NDArray[np.uint16] = layer[np.ix_(row, column)]
    return mask


def _stacks(entries: Sequence[Entry], frames_of: FramesOf) -> Iterator[list[_Frame]]:
    """Put the frames of a series into stacks, in reading order."""
    instances = [
        SeriesInstance(number, entry.path, entry.header) for number, entry in enumerate(entries)
    ]
    for stack in build_stacks(instances, lambda number: frames_of(entries[number])):
        yield [
            _Frame(entries[file], frame)
            for file, frame in zip(stack.files, stack.frames, strict=True)
        ]


def _by_order(
    volume: Volume, series: Sequence[Sequence[Entry]], frames_of: FramesOf
) -> tuple[list[MaskPlane], str]:
    """Take slices in the order of the only stack that has as many, of the same size."""
    columns, rows, count = volume.labels.shape
    hits: list[list[_Frame]] = []
    for entries in series:
        for frames in _stacks(entries, frames_of):
            first = frames[0].entry.header.shared
            if (first.columns, first.rows, len(frames)) == (columns, rows, count):
                hits.append(frames)
    size = f"{columns} columns, {rows} rows and {count} slices"
    if not hits:
        return [], f"does not say where it lies, and no series has {size}"
    if len(hits) > 1:
        return [], f"does not say where it lies, and {len(hits)} series have {size}"
    return [
        _mask_plane(entry, frame_index, volume.labels[:, :, number].T)
        for number, (entry, frame_index) in enumerate(hits[0])
    ], ""
