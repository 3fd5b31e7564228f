"""Frames of one series put together into stacks that a person scrolls.

Frames are pooled by what makes them comparable: size, orientation, spacing and
frame of reference. A pool with positions is ordered along its normal, the rest
by what is left to order it. No frame is dropped, whatever is wrong with it.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dcmview.errors import InvalidGeometry
from dcmview.geometry.plane import (
    check_orientation,
    direction_words,
    normal_of,
    orientation_word,
)
from dcmview.geometry.spacing import (
    are_equal_spacings,
    choose_pixel_spacing,
    choose_slice_spacing,
)
from dcmview.geometry.stack import (
    BESIDE_PIXELS,
    describe,
    distances_along,
    group_near,
    measure_stack,
    offsets_in_plane,
    same_position_mm,
)
from dcmview.registry.dimension import Dimension, Split, find_dimension, natural_key

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from numpy.typing import NDArray

    from dcmview.geometry.plane import Orientation
    from dcmview.geometry.spacing import PixelSpacing
    from dcmview.model import Acquisition, InstanceHeader, Placement

SAME_ORIENTATION_COSINE = float(np.cos(np.radians(0.5)))
"""Planes that meet at less than half a degree are parallel.

Prospective motion correction turns them by tenths of a degree from volume to volume;
planes turned on purpose differ by degrees.
"""

TURNING_FROM = 4
"""As many planes with one frame each are turned around an axis and scrolled as one stack."""

MOST_BESIDE = 8
"""Slabs beside each other; more of them are no slabs, but planes that wander."""

UNEVEN_FROM = 0.9
"""Part of the neighbours whose numbers have to run one way for the order to be theirs."""

PROJECTIONS = frozenset({"CR", "DX", "MG", "RG", "XA", "RF", "IO", "PX"})
"""Modalities whose images are projections, where size depends on depth."""

_UID_AT, _ORIENTATION_AT = 4, 6
"""Where the key of a pool of planes has its frame of reference and its orientation."""

_OWN_FRAME_OF_REFERENCE = (
    "Each image names a frame of reference of its own; positions are taken as if they shared one"
)
_TURNING = "Each image has a plane of its own; ordered by Instance Number"

_CROSS_SECTIONS = frozenset({"CT", "MR", "PT"})


@dataclass(frozen=True, slots=True)
class SeriesInstance:
    """One listed file of a series; ``index`` is that of the registry."""

    index: int
    path: str
    header: InstanceHeader


@dataclass(slots=True)
class SeriesFrame:
    """One frame of a series; ``number`` is the Instance Number where that is one."""

    file: int
    frame_index: int
    instance: SeriesInstance
    acquisition: Acquisition
    placement: Placement
    number: int | None


@dataclass(frozen=True, slots=True)
class StackDimension:
    """What tells the frames at one position of a stack from each other."""

    name: str
    unit: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StackGeometry:
    """Where the planes of a stack lie, in mm of the patient coordinate system.

    ``orientation``, ``normal`` and ``origin`` are empty where frames have no
    position; spacings are None where the file does not give them or frames differ.
    ``origin`` is the centre of the first pixel of the first frame.
    ``gantry_tilt_deg`` is measured, else that of the file.
    """

    orientation: tuple[float, ...] = ()
    orientation_name: str = ""
    normal: tuple[float, ...] = ()
    origin: tuple[float, ...] = ()
    row_spacing_mm: float | None = None
    column_spacing_mm: float | None = None
    spacing_source: str = ""
    is_spacing_in_patient: bool = False
    slice_spacing_mm: float | None = None
    slice_spacing_source: str = ""
    slice_thickness_mm: float | None = None
    gantry_tilt_deg: float | None = None
    frame_of_reference_uid: str = ""


@dataclass(frozen=True, slots=True)
class Stack:
    """Frames that are scrolled through as one, or one object without an image.

    ``files`` and ``frames`` are parallel and in reading order: all positions of
    the first value of the dimension, then those of the next; an object
    without an image has one entry and frame 0. ``position_index`` is parallel,
    and so are ``dimension_index``, empty without a dimension, and
    ``distances_mm`` along the normal from the first frame, empty where frames
    have no position. ``ordered_by`` is ``position``, ``in_stack_position``,
    ``temporal_position``, ``dimension_index``, ``instance_number``, ``name`` or
    ``stored``; ``direction`` says where a stack by position leads in the patient.
    """

    key: str
    label: str
    has_pixels: bool
    files: tuple[int, ...]
    frames: tuple[int, ...]
    position_index: tuple[int, ...]
    dimension_index: tuple[int, ...] = ()
    dimension: StackDimension | None = None
    ordered_by: str = "stored"
    direction: str = ""
    distances_mm: tuple[float, ...] = ()
    geometry: StackGeometry | None = None
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class _Pool:
    """Frames that can be compared, with what tells the pool from others of the series.

    ``traits`` are words by kind; those in which stacks differ make their labels.
    """

    identity: tuple[Hashable, ...]
    traits: dict[str, str]
    orientation: Orientation | None = None
    frames: list[SeriesFrame] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    is_localizer: bool = False
    keeps_stored_order: bool = False
    positions: NDArray[np.intp] | None = None
    """Number of the position of each frame, rising along the normal."""
    dimension: Dimension | None = None

    def part(
        self, kind: str, label: str, frames: list[SeriesFrame], identity: Hashable = None
    ) -> _Pool:
        """A part of these frames that is to be a stack of its own."""
        return replace(
            self,
            identity=(*self.identity, kind, label if identity is None else identity),
            traits={**self.traits, kind: f"{self.traits.get(kind, '')} {label}".strip()},
            frames=frames,
            warnings=list(self.warnings),
        )


def build_stacks(
    instances: Sequence[SeriesInstance],
    frames_of: Callable[[int], Sequence[tuple[Acquisition, Placement]] | None],
) -> tuple[Stack, ...]:
    """Put the frames of one series together into stacks.

    Parameters
    ----------
    instances : sequence of SeriesInstance
        All files of the series.
    frames_of : callable
        Gives how each frame of a file with functional groups was taken and
        lies, by the index of the file; None where that cannot be read.

    Returns
    -------
    tuple of Stack
        Images first, localizers after them and objects without an image last.
        Each frame of each file is in exactly one stack.

    References
    ----------
    DICOM PS3.3 C.7.6.2.1.1, Image Position and Image Orientation;
    DICOM PS3.3 C.7.6.16.1.2, Multi-frame Functional Groups Module.
    """
    pooling = _Pooling(frames_of)
    objects = []
    for instance in instances:
        if instance.header.shared.has_pixels:
            pooling.add(instance)
        else:
            objects.append(_object_stack(instance))
    pools = [part for pool in pooling.pools() for part in _parts(pool)]
    pools.sort(key=lambda pool: pool.is_localizer)
    labels = _labels([pool.traits for pool in pools])
    keys = _keys([pool.identity for pool in pools])
    built = [_build(pool, key, label) for pool, key, label in zip(pools, keys, labels, strict=True)]
    return (*built, *objects)


def _object_stack(instance: SeriesInstance) -> Stack:
    return Stack(
        key=f"file-{instance.index}",
        label=instance.header.shared.kind,
        has_pixels=False,
        files=(instance.index,),
        frames=(0,),
        position_index=(0,),
    )


class _Pooling:
    """Sorts frames into pools, in the order in which their first frames come."""

    def __init__(
        self, frames_of: Callable[[int], Sequence[tuple[Acquisition, Placement]] | None]
    ) -> None:
        self._frames_of = frames_of
        self._pools: dict[Hashable, _Pool] = {}
        self._by_header: dict[tuple[int, int], _Pool] = {}
        self._orientations: list[Orientation] = []
        self._orientation_of: dict[Orientation, int | None] = {}
        self._spacings: list[tuple[float, float]] = []

    def add(self, instance: SeriesInstance) -> None:
        """Sort the frames of a file in."""
        header = instance.header
        shared = header.shared
        number = _whole(header.instance_number)
        if shared.has_frame_groups:
            self._add_groups(instance, number)
        elif shared.frame_count > 1:
            self._add_stored(instance, number, "")
        else:
            frame = SeriesFrame(
                instance.index, 0, instance, shared.acquisition, header.placement, number
            )
            self._pool_of(frame, is_single=True).frames.append(frame)

    def pools(self) -> list[_Pool]:
        """Give the pools; planes of one frame each that turn around an axis are in one."""
        pools = _joined(self._pools, _UID_AT, _OWN_FRAME_OF_REFERENCE, keeps_plane=True)
        return list(_joined(pools, _ORIENTATION_AT, _TURNING, keeps_plane=False).values())

    def _add_groups(self, instance: SeriesInstance, number: int | None) -> None:
        placements = self._frames_of(instance.index)
        count = instance.header.shared.frame_count
        if placements is None or len(placements) < count:
            self._add_stored(instance, number, "Where frames lie cannot be read; order as stored")
            return
        for frame_index, (acquisition, placement) in enumerate(placements[:count]):
            frame = SeriesFrame(
                instance.index, frame_index, instance, acquisition, placement, number
            )
            self._pool_of(frame, is_single=False).frames.append(frame)

    def _add_stored(self, instance: SeriesInstance, number: int | None, warning: str) -> None:
        """Keep frames of which nothing is known in a pool of their file."""
        shared, placement = instance.header.shared, instance.header.placement
        pool = self._file_pool(instance, shared.acquisition)
        pool.keeps_stored_order = True
        if warning and warning not in pool.warnings:
            pool.warnings.append(warning)
        pool.frames.extend(
            SeriesFrame(
                instance.index, frame_index, instance, shared.acquisition, placement, number
            )
            for frame_index in range(shared.frame_count)
        )

    def _file_pool(self, instance: SeriesInstance, acquisition: Acquisition) -> _Pool:
        """The pool of a file, or of a concatenation that is stored in several files."""
        shared = instance.header.shared
        size = (shared.rows, shared.columns)
        key: tuple[Hashable, ...] = ("file", acquisition.concatenation_uid or instance.index, size)
        pool = self._pools.get(key)
        if pool is None:
            number = instance.header.instance_number or os.path.basename(instance.path)
            pool = _Pool(key, {"size": _size_words(size), "file": f"Image {number}"})
            pool.is_localizer = _is_localizer(acquisition)
            self._pools[key] = pool
        return pool

    def _pool_of(self, frame: SeriesFrame, *, is_single: bool) -> _Pool:
        header, acquisition, placement = frame.instance.header, frame.acquisition, frame.placement
        quick = (id(header.shared), id(acquisition))
        has_plane = placement.position is not None
        if is_single and has_plane:
            known = self._by_header.get(quick)
            if known is not None:
                return known
        orientation = acquisition.orientation
        number = None if orientation is None or not has_plane else self._number_of(orientation)
        if number is None and not is_single:
            return self._file_pool(frame.instance, acquisition)
        shared = header.shared
        is_localizer = _is_localizer(acquisition)
        size = (shared.rows, shared.columns)
        key: tuple[Hashable, ...] = ("flat", size, is_localizer)
        if number is not None:
            spacing = self._spacing_number(acquisition.pixel_spacing)
            uid, stack_id = acquisition.frame_of_reference_uid, placement.stack_id
            key = ("plane", size, is_localizer, spacing, uid, stack_id, number)
        pool = self._pools.get(key)
        if pool is None:
            pool = self._new_pool(key, size, number, frame, is_localizer=is_localizer)
            self._pools[key] = pool
        if is_single and has_plane:
            self._by_header[quick] = pool
        return pool

    def _new_pool(
        self,
        key: tuple[Hashable, ...],
        size: tuple[int, int],
        number: int | None,
        frame: SeriesFrame,
        *,
        is_localizer: bool,
    ) -> _Pool:
        traits = {"kind": "Localizer" if is_localizer else ""}
        orientation = None
        if number is None:
            traits["plane"] = "no position"
        else:
            orientation = self._orientations[number]
            traits["plane"] = orientation_word(orientation).capitalize()
            if frame.placement.stack_id:
                traits["stack"] = f"Stack {frame.placement.stack_id}"
        traits["size"] = _size_words(size)
        spacing = frame.acquisition.pixel_spacing
        if spacing is not None:
            traits["spacing"] = f"{spacing[0]:.4g} mm pixels"
        return _Pool(key, traits, orientation, is_localizer=is_localizer)

    def _number_of(self, orientation: Orientation) -> int | None:
        """Number an orientation, nearly parallel ones alike; None for one that makes no sense."""
        if orientation in self._orientation_of:
            return self._orientation_of[orientation]
        try:
            unit = check_orientation(orientation)
        except InvalidGeometry:
            self._orientation_of[orientation] = None
            return None
        number = next(
            (known for known, other in enumerate(self._orientations) if _are_parallel(unit, other)),
            len(self._orientations),
        )
        if number == len(self._orientations):
            self._orientations.append(unit)
        self._orientation_of[orientation] = number
        return number

    def _spacing_number(self, spacing: tuple[float, float] | None) -> int | None:
        if spacing is None:
            return None
        for number, other in enumerate(self._spacings):
            if are_equal_spacings(spacing, other):
                return number
        self._spacings.append(spacing)
        return len(self._spacings) - 1


def _joined(
    pools: dict[Hashable, _Pool], at: int, warning: str, *, keeps_plane: bool
) -> dict[Hashable, _Pool]:
    """Join pools of one frame each that differ in one part of their keys only."""
    alike: dict[Hashable, list[Hashable]] = {}
    for key, pool in pools.items():
        if isinstance(key, tuple) and key[0] == "plane" and len(pool.frames) == 1:
            alike.setdefault((*key[:at], *key[at + 1 :]), []).append(key)
    joined = dict(pools)
    for keys in alike.values():
        if len(keys) < TURNING_FROM:
            continue
        first = joined[keys[0]]
        for key in keys[1:]:
            first.frames.extend(joined.pop(key).frames)
        first.warnings.append(warning)
        if not keeps_plane:
            first.orientation = None
            first.traits["plane"] = "Turning"
    return joined


def _parts(pool: _Pool) -> list[_Pool]:
    """Split a pool until positions, or positions and a dimension, tell its frames apart."""
    if pool.orientation is None:
        return [pool]
    frames = pool.frames
    places = np.array([frame.placement.position for frame in frames], np.float64)
    spacing = frames[0].acquisition.pixel_spacing
    groups = group_near(
        distances_along(pool.orientation, places),
        same_position_mm(min(spacing) if spacing else None),
    )
    pool.positions = groups
    if int(groups.max()) + 1 == len(frames):
        return [pool]
    split = _beside(pool.orientation, places, groups, max(spacing) if spacing else 1.0)
    if split is None:
        split = _image_types(frames, groups)
    if split is None:
        found = find_dimension(frames, groups)
        if not isinstance(found, Split):
            pool.dimension = found
            return [pool]
        split = ("value", found)
    kind, split_by = split
    parts = []
    for number, label in enumerate(split_by.labels):
        members = np.flatnonzero(split_by.parts == number)
        part = pool.part(kind, label, [frames[member] for member in members], number)
        parts.extend(_parts(part))
    return parts


def _beside(
    orientation: Orientation,
    places: NDArray[np.float64],
    groups: NDArray[np.intp],
    pixel_mm: float,
) -> tuple[str, Split] | None:
    """Split slabs that lie beside each other at the same distances along the normal."""
    offsets = offsets_in_plane(orientation, places)
    order = np.argsort(groups, kind="stable")
    begins = np.searchsorted(groups[order], np.arange(int(groups.max()) + 1))
    spread = np.maximum.reduceat(offsets[order], begins) - np.minimum.reduceat(
        offsets[order], begins
    )
    apart_mm = BESIDE_PIXELS * pixel_mm
    if spread.max() <= apart_mm:
        return None
    slabs = np.stack([group_near(offsets[:, axis], apart_mm) for axis in (0, 1)], axis=1)
    distinct, parts = np.unique(slabs, axis=0, return_inverse=True)
    if not 1 < len(distinct) <= MOST_BESIDE:
        return None
    labels = tuple(f"slab {number + 1}" for number in range(len(distinct)))
    return "slab", Split(labels, parts.reshape(-1))


def _image_types(
    frames: Sequence[SeriesFrame], groups: NDArray[np.intp]
) -> tuple[str, Split] | None:
    """Split frames that show different things at the same positions, such as water and fat."""
    types = list(dict.fromkeys(frame.acquisition.image_type for frame in frames))
    if len(types) == 1:
        return None
    number_of = {image_type: number for number, image_type in enumerate(types)}
    parts = np.array([number_of[frame.acquisition.image_type] for frame in frames], np.intp)
    pairs = np.unique(groups * len(types) + parts)
    if len(pairs) == int(groups.max()) + 1:
        return None  # each position has one type
    return "type", Split(tuple(map(_type_words, types)), parts)


def _build(pool: _Pool, key: str, label: str) -> Stack:
    if pool.orientation is None:
        return _flat_stack(pool, key, label)
    return _plane_stack(pool, pool.orientation, key, label)


def _plane_stack(pool: _Pool, orientation: Orientation, key: str, label: str) -> Stack:
    frames, groups, dimension = pool.frames, pool.positions, pool.dimension
    assert groups is not None
    count = int(groups.max()) + 1
    values = np.zeros(len(frames), np.intp) if dimension is None else dimension.indices
    if _runs_down(frames, groups, count):
        groups = count - 1 - groups
    files = np.array([frame.file for frame in frames])
    order = np.lexsort((files, _numbers_of(frames), groups, values))
    ordered = [frames[at] for at in order]
    _, firsts = np.unique(groups, return_index=True)
    places = [frames[at].placement.position for at in firsts]
    measure = measure_stack(orientation, places)
    ordered_groups, ordered_values = groups[order], values[order]
    distances = [measure.distances_mm[group] for group in ordered_groups]
    warnings = [*pool.warnings, *(finding.words for finding in describe(measure))]
    warnings += _grid_warnings(ordered, ordered_groups, ordered_values, dimension, count)
    normal = normal_of(orientation)
    going = normal if measure.distances_mm[-1] >= 0 else -normal
    return Stack(
        key=key,
        label=label,
        has_pixels=True,
        files=tuple(frame.file for frame in ordered),
        frames=tuple(frame.frame_index for frame in ordered),
        position_index=tuple(ordered_groups.tolist()),
        dimension_index=() if dimension is None else tuple(ordered_values.tolist()),
        dimension=None
        if dimension is None
        else StackDimension(dimension.name, dimension.unit, dimension.labels),
        ordered_by="position",
        direction=direction_words(going) if count > 1 else "",
        distances_mm=tuple(distances),
        geometry=replace(
            _spacing(ordered, measure.spacing_mm),
            orientation=orientation,
            orientation_name=orientation_word(orientation),
            normal=tuple(normal.tolist()),
            origin=ordered[0].placement.position or (),
            gantry_tilt_deg=measure.tilt_deg or ordered[0].acquisition.gantry_tilt_deg,
        ),
        warnings=tuple(warnings),
    )


def _grid_warnings(
    frames: Sequence[SeriesFrame],
    groups: NDArray[np.intp],
    values: NDArray[np.intp],
    dimension: Dimension | None,
    count: int,
) -> list[str]:
    """Say where several frames lie in one place, and where values lack positions."""
    warnings = []
    cells = len(np.unique(values * count + groups))
    extra = len(frames) - cells
    if extra:
        uids = Counter(frame.instance.header.sop_instance_uid for frame in frames)
        is_single = all(frame.instance.header.shared.frame_count == 1 for frame in frames)
        copies = sum(number - 1 for uid, number in uids.items() if uid) if is_single else 0
        if copies == extra:
            images = "1 image is a copy" if extra == 1 else f"{extra:,} images are copies"
            warnings.append(f"{images} of another one; all are kept, next to each other")
        else:
            lie = "1 image lies" if extra == 1 else f"{extra:,} images lie"
            warnings.append(
                f"{lie} where another one does and nothing tells them apart; "
                f"all are kept, next to each other"
            )
    if dimension is not None and cells < count * len(dimension.labels):
        present = [
            len(np.unique(groups[values == number])) for number in range(len(dimension.labels))
        ]
        short = [number for number, positions in enumerate(present) if positions < count]
        number = short[0]
        unit = f" {dimension.unit}" if dimension.unit else ""
        value = f"{dimension.name} {dimension.labels[number]}{unit}"
        words = f"{value} has {present[number]} of {count} positions"
        more = len(short) - 1
        warnings.append(words + (f", and {more:,} more values lack some" if more else ""))
    return warnings


def _flat_stack(pool: _Pool, key: str, label: str) -> Stack:
    """A stack of frames without positions, ordered by what there is."""
    frames = pool.frames
    ordered_by, ordered = _order_flat(pool)
    warnings = list(pool.warnings)
    modality = frames[0].instance.header.shared.modality
    if len(frames) > 1:
        if ordered_by == "name":
            warnings.append("No position and no Instance Number; ordered by file name")
        elif ordered_by == "instance_number" and modality in _CROSS_SECTIONS and not warnings:
            warnings.append("No position in the patient; ordered by Instance Number")
    geometry = _spacing(ordered, None)
    return Stack(
        key=key,
        label=label,
        has_pixels=True,
        files=tuple(frame.file for frame in ordered),
        frames=tuple(frame.frame_index for frame in ordered),
        position_index=tuple(range(len(ordered))),
        ordered_by=ordered_by,
        geometry=None if geometry == StackGeometry() else geometry,
        warnings=tuple(warnings),
    )


def _order_flat(pool: _Pool) -> tuple[str, list[SeriesFrame]]:
    frames = pool.frames
    if pool.identity[0] == "file":
        stored = sorted(frames, key=_stored_place)
        if not pool.keeps_stored_order:
            for name, read in _PLACES_IN_FILE:
                places = [read(frame) for frame in stored]
                if all(places) and len(set(places)) > 1:
                    order = sorted(range(len(stored)), key=lambda at: places[at])
                    return name, [stored[at] for at in order]
        return "stored", stored
    numbers = {frame.number for frame in frames}
    if len(numbers) > 1 or len(frames) == 1:

        def by_number(frame: SeriesFrame) -> tuple[bool, int, Any]:
            number = frame.number
            return number is None, number or 0, natural_key(frame.instance.path)

        return "instance_number", sorted(frames, key=by_number)
    return "name", sorted(frames, key=lambda frame: natural_key(frame.instance.path))


# What tells the place of frames without a position, the strongest first.
_PLACES_IN_FILE: tuple[tuple[str, Callable[[SeriesFrame], Any]], ...] = (
    (
        "in_stack_position",
        lambda frame: (
            frame.placement.in_stack_position
            and (
                natural_key(frame.placement.stack_id),
                frame.acquisition.temporal_position or 0,
                frame.placement.in_stack_position,
            )
        ),
    ),
    ("temporal_position", lambda frame: frame.acquisition.temporal_position),
    ("dimension_index", lambda frame: frame.placement.dimension_index_values),
)


def _stored_place(frame: SeriesFrame) -> tuple[int, int, int, int]:
    """Files of a concatenation in their order, and frames as stored.

    DICOM PS3.3 C.7.6.16.2.2.4, Concatenations and Stacks.
    """
    acquisition = frame.acquisition
    return (
        acquisition.in_concatenation_number or 0,
        acquisition.concatenation_frame_offset or 0,
        frame.file,
        frame.frame_index,
    )


def _spacing(frames: Sequence[SeriesFrame], measured_mm: float | None) -> StackGeometry:
    """Spacings that all frames have in common, and where they come from."""
    shared = frames[0].instance.header.shared
    found = list(dict.fromkeys(map(_pixel_spacing, _distinct_acquisitions(frames))))
    first = found[0]
    is_same = all(
        other is not None and first is not None and are_equal_spacings(_pair(first), _pair(other))
        for other in found[1:]
    )
    acquisition = frames[0].acquisition
    slices = choose_slice_spacing(
        measured_mm,
        spacing_between_slices_mm=acquisition.spacing_between_slices_mm,
        slice_thickness_mm=acquisition.slice_thickness_mm,
    )
    is_flat = shared.modality in PROJECTIONS
    geometry = StackGeometry(
        slice_spacing_mm=None if slices is None or is_flat else slices.spacing_mm,
        slice_spacing_source="" if slices is None or is_flat else slices.source,
        slice_thickness_mm=acquisition.slice_thickness_mm,
        gantry_tilt_deg=acquisition.gantry_tilt_deg,
        frame_of_reference_uid=acquisition.frame_of_reference_uid,
    )
    if first is None or not is_same:
        return replace(geometry, spacing_source="" if is_same else "differs between images")
    return replace(
        geometry,
        row_spacing_mm=first.row_spacing_mm,
        column_spacing_mm=first.column_spacing_mm,
        spacing_source=first.source,
        is_spacing_in_patient=first.is_in_patient,
    )


def _distinct_acquisitions(frames: Sequence[SeriesFrame]) -> list[tuple[Acquisition, str]]:
    """What frames say of their spacing, once for all that share it."""
    found = {
        id(frame.acquisition): (frame.acquisition, frame.instance.header.shared.modality)
        for frame in frames
    }
    return list(found.values())


def _pixel_spacing(of: tuple[Acquisition, str]) -> PixelSpacing | None:
    acquisition, modality = of
    try:
        return choose_pixel_spacing(
            acquisition.pixel_spacing,
            acquisition.imager_pixel_spacing,
            calibration_type=acquisition.pixel_spacing_calibration_type,
            magnification=acquisition.estimated_magnification,
            is_projection=modality in PROJECTIONS,
        )
    except InvalidGeometry:
        return None


def _pair(spacing: PixelSpacing) -> tuple[float, float]:
    return spacing.row_spacing_mm, spacing.column_spacing_mm


def _runs_down(frames: Sequence[SeriesFrame], groups: NDArray[np.intp], count: int) -> bool:
    """Whether the numbers of frames run against the normal, and do so throughout."""
    if count == 1:
        return False
    numbers = _numbers_of(frames)
    means = np.bincount(groups, weights=numbers) / np.bincount(groups)
    steps = np.diff(means)
    down, up = int((steps < 0).sum()), int((steps > 0).sum())
    return down > 0 and down >= UNEVEN_FROM * (down + up)


def _numbers_of(frames: Sequence[SeriesFrame]) -> NDArray[np.float64]:
    """The numbers by which the scanner counts these frames."""
    numbers = [frame.number or 0 for frame in frames]
    if len(set(numbers)) == 1:
        numbers = [frame.placement.in_stack_position or 0 for frame in frames]
    if len(set(numbers)) == 1:
        numbers = [frame.frame_index for frame in frames]
    return np.array(numbers, np.float64)


def _labels(traits: Sequence[dict[str, str]]) -> list[str]:
    """Label each stack by what tells it from the others of its series."""
    kinds = list(dict.fromkeys(kind for each in traits for kind in each))
    differing = [kind for kind in kinds if len({each.get(kind, "") for each in traits}) > 1]
    labels = []
    for each in traits:
        words = [each[kind] for kind in differing if each.get(kind)]
        labels.append(" · ".join(words) or each.get("file") or each.get("plane") or each["size"])
    seen: Counter[str] = Counter()
    for at, label in enumerate(labels):
        seen[label] += 1
        if seen[label] > 1:
            labels[at] = f"{label} ({seen[label]})"
    return labels


def _keys(identities: Sequence[tuple[Hashable, ...]]) -> list[str]:
    """Name each stack by what it holds, so that a name stays as files are added."""
    keys = [
        hashlib.blake2s(
            repr(identity).encode("utf-8", "backslashreplace"), digest_size=6
        ).hexdigest()
        for identity in identities
    ]
    assert len(set(keys)) == len(keys)
    return keys


def _are_parallel(first: Orientation, second: Orientation) -> bool:
    rows = sum(a * b for a, b in zip(first[:3], second[:3], strict=True))
    columns = sum(a * b for a, b in zip(first[3:], second[3:], strict=True))
    return min(rows, columns) >= SAME_ORIENTATION_COSINE


def _is_localizer(acquisition: Acquisition) -> bool:
    return "LOCALIZER" in acquisition.image_type


def _type_words(image_type: tuple[str, ...]) -> str:
    """What an Image Type says beyond original and primary (DICOM PS3.3 C.7.6.1.1.2)."""
    return "\\".join(image_type[2:] or image_type) or "no Image Type"


def _size_words(size: tuple[int, int]) -> str:
    rows, columns = size
    return f"{columns} × {rows}"


def _whole(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None
