"""Overlay planes as files for other programs: masks and ROIs, in one table of forms."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dcmview.annotations.native import Contents, FileKey, write_native
from dcmview.annotations.rectangle import Rectangle
from dcmview.annotations.roi_csv import write_roi_csv
from dcmview.annotations.roi_table import write_roi_table
from dcmview.errors import InvalidGeometry
from dcmview.exchange.masks import write_npy, write_png
from dcmview.exchange.nifti import LPS_OF_RAS, nibabel, planes_of_frames
from dcmview.exchange.plane_reading import placed_planes, rois_of_planes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from dcmview.annotations.roi import Roi
    from dcmview.dicom.instance import Instance
    from dcmview.exchange.plane_reading import PlaneNotes
    from dcmview.geometry.plane import Plane

STEP_TOLERANCE_MM = 1e-2
"""How far a frame may lie from where even steps would put it."""
_WHITE = 255


class PlaneFile(NamedTuple):
    """A file to be written: what stands between its stem and its extension, and its bytes."""

    suffix: str
    content: bytes


class PlaneForm(NamedTuple):
    """A form: its extension, and who makes the files of one DICOM file in it.

    A writer gives nothing where there are no planes. ``suffix`` is what the suffixes of
    files begin with where there may be several.
    """

    extension: str
    files: Callable[[Instance, PlaneNotes], Iterator[PlaneFile]]
    suffix: str = ""


def _json(instance: Instance, notes: PlaneNotes) -> Iterator[PlaneFile]:
    if rois := rois_of_planes(instance, notes):
        key = FileKey(instance.header.sop_instance_uid, instance.path)
        yield PlaneFile("", write_native(Contents({key: rois})))


def _table(instance: Instance, notes: PlaneNotes) -> Iterator[PlaneFile]:
    if rois := rois_of_planes(instance, notes):
        row = instance.path, instance.header.sop_instance_uid, rois
        yield PlaneFile("", write_roi_table([row]).encode("utf-8", "surrogateescape"))


def _boxes(instance: Instance, notes: PlaneNotes) -> Iterator[PlaneFile]:
    if rois := rois_of_planes(instance, notes):
        table = write_roi_csv([(instance.path, [_box(roi) for roi in rois])])
        yield PlaneFile("", table.encode("utf-8", "surrogateescape"))


def _box(roi: Roi) -> Rectangle:
    xs, ys = [point.x for point in roi.points], [point.y for point in roi.points]
    frames = () if roi.frames == "all" else roi.frames
    return Rectangle(min(ys), min(xs), max(ys), max(xs), frames)


def _pictures(instance: Instance, notes: PlaneNotes) -> Iterator[PlaneFile]:
    count: dict[int, int] = {}
    for plane in placed_planes(instance, notes):
        number = count[plane.frame_index] = count.get(plane.frame_index, 0) + 1
        mask = plane.mask.astype(np.uint8) * np.uint8(_WHITE)
        yield PlaneFile(_suffix(plane.frame_index, number), write_png(mask))


def _arrays(instance: Instance, notes: PlaneNotes) -> Iterator[PlaneFile]:
    for number, mask in enumerate(_stacked(instance, notes), start=1):
        flat = mask[0] if len(mask) == 1 else mask
        yield PlaneFile(_suffix(0, number), write_npy(flat.astype(np.uint8)))


def _volumes(instance: Instance, notes: PlaneNotes) -> Iterator[PlaneFile]:
    package = nibabel()
    affine = None
    for number, mask in enumerate(_stacked(instance, notes), start=1):
        if number == 1:
            affine = _affine(planes_of_frames(instance))
        voxels = np.asfortranarray(mask.astype(np.uint8).transpose(2, 1, 0))
        image = package.Nifti1Image(voxels, affine)  # without an affine it lies nowhere
        yield PlaneFile(_suffix(0, number), gzip.compress(image.to_bytes(), mtime=0))


def _stacked(instance: Instance, notes: PlaneNotes) -> Iterator[NDArray[np.bool_]]:
    """The masks of each plane over all frames, one plane after the other."""
    layout = instance.layout
    stacks: dict[int, NDArray[np.bool_]] = {}
    shape = (layout.frame_count, layout.rows, layout.columns)
    for plane in placed_planes(instance, notes):
        group = plane.summary.group
        if group not in stacks:
            stacks[group] = np.zeros(shape, np.bool_)
        stacks[group][plane.frame_index] = plane.mask
    for group in sorted(stacks):
        yield stacks.pop(group)


def _suffix(frame_index: int, number: int) -> str:
    """As masks are named that are read again: frame, and which of several."""
    return f"_{frame_index}" if number == 1 else f"_{frame_index}_{number}"


def _affine(planes: Sequence[Plane | None]) -> NDArray[np.float64] | None:
    """From voxels of (column, row, frame) to mm as NIfTI counts them; None without positions.

    Raises
    ------
    InvalidGeometry
        If frames do not lie at even distances, which an affine cannot say.
    """
    if any(plane is None for plane in planes):
        return None
    known = [plane for plane in planes if plane is not None]
    first = known[0]
    positions = np.array([plane.position for plane in known])
    step = first.normal
    if len(known) > 1:
        step = (positions[-1] - positions[0]) / (len(known) - 1)
        even = positions[0] + step * np.arange(len(known))[:, None]
        is_alike = all(
            plane.orientation == first.orientation
            and plane.row_spacing_mm == first.row_spacing_mm
            and plane.column_spacing_mm == first.column_spacing_mm
            for plane in known
        )
        off = np.abs(positions - even).max()
        if not is_alike or off > STEP_TOLERANCE_MM or np.linalg.norm(step) < STEP_TOLERANCE_MM:
            raise InvalidGeometry("its frames do not lie at even distances: NIfTI cannot say where")
    affine = np.eye(4)
    origin, right, down = first.index_to_mm([(0, 0), (1, 0), (0, 1)])
    affine[:3, 0], affine[:3, 1] = right - origin, down - origin
    affine[:3, 2], affine[:3, 3] = step, origin
    found: NDArray[np.float64] = LPS_OF_RAS @ affine
    return found


PLANE_FORMS: dict[str, PlaneForm] = {
    "json": PlaneForm(".json", _json),
    "csv": PlaneForm(".csv", _table),
    "embed": PlaneForm(".csv", _boxes),
    "png": PlaneForm(".png", _pictures, "_"),
    "npy": PlaneForm(".npy", _arrays, "_"),
    "nii": PlaneForm(".nii.gz", _volumes, "_"),
}
