"""Frames of one series put together into stacks that a person scrolls.

Frames are pooled by what makes them comparable: size, orientation, spacing and
frame of reference. A pool with positions is ordered along its normal, the rest
by what is left to order it. No frame is dropped, whatever is wrong with it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dcmview.errors import InvalidGeometry
from dcmview.geometry.plane import direction_words, normal_of, orientation_word
from dcmview.geometry.spacing import (
    PROJECTIONS,
    are_equal_spacings,
    choose_pixel_spacing,
    choose_slice_spacing,
)
from dcmview.geometry.stack import describe, measure_stack
from dcmview.model import SpacingPlane
from dcmview.registry.dimension import Dimension, natural_key
from dcmview.registry.pools import Pooling, split_pool

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from numpy.typing import NDArray

    from dcmview.geometry.plane import Orientation
    from dcmview.model import Acquisition, InstanceHeader, PixelSpacing, Placement, Vector
    from dcmview.registry.pools import Pool, SeriesFrame

FOLLOWS_NUMBERS_FROM = 0.5
"""Correlation of numbers and positions from which the order is that of the numbers.

Slices taken in turns, odd ones first, have numbers that rise and fall and still
lead one way.
"""

_MOST_PARTS = 65_535
"""In-concatenation Number (0020,9162) has 16 bits."""

_CROSS_SECTIONS = frozenset({"CT", "MR", "PT"})


@dataclass(frozen=True, slots=True)
class SeriesInstance:
    """One listed file of a series; ``index`` is that of the registry."""

    index: int
    path: str
    header: InstanceHeader


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
    and so are ``dimension_index``, empty without a dimension,
    ``distances_mm`` along the normal from the first frame and ``positions_mm`` of
    the centre of the first pixel, both empty where frames have no position. ``ordered_by``
    is ``position``, ``in_stack_position``, ``temporal_position``,
    ``dimension_index``, ``instance_number``, ``name`` or ``stored``; ``direction``
    says where a stack by position leads in the patient.
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
    positions_mm: tuple[Vector, ...] = ()
    geometry: StackGeometry | None = None
    warnings: tuple[str, ...] = ()


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
    pooling = Pooling(frames_of)
    objects = []
    for instance in instances:
        if instance.header.shared.has_pixels:
            pooling.add(instance)
        else:
            objects.append(_object_stack(instance))
    pools = [part for pool in pooling.pools() for part in split_pool(pool)]
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


def _build(pool: Pool, key: str, label: str) -> Stack:
    if pool.orientation is None:
        return _flat_stack(pool, key, label)
    return _plane_stack(pool, pool.orientation, key, label)


def _plane_stack(pool: Pool, orientation: Orientation, key: str, label: str) -> Stack:
    frames, groups, dimension = pool.frames, pool.positions, pool.dimension
    assert groups is not None
    count = int(groups.max()) + 1
    values = np.zeros(len(frames), np.intp) if dimension is None else dimension.indices
    if _runs_down(frames, groups, count):
        groups = count - 1 - groups
    places_in_file = np.array([frame.frame_index for frame in frames])
    files = np.array([frame.file for frame in frames])
    numbers = np.array([frame.number or 0 for frame in frames])
    order = np.lexsort((places_in_file, files, numbers, groups, values))
    ordered = [frames[at] for at in order]
    _, firsts = np.unique(groups, return_index=True)
    places = [frames[at].placement.position for at in firsts]
    measure = measure_stack(orientation, places)
    ordered_groups, ordered_values = groups[order], values[order]
    distances = [measure.distances_mm[group] for group in ordered_groups]
    warnings = [*pool.warnings, *(finding.words for finding in describe(measure))]
    warnings += _missing_parts(frames)
    warnings += _grid_warnings(ordered, ordered_groups, ordered_values, dimension, count)
    positions = (frame.placement.position for frame in ordered)
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
        positions_mm=tuple(each for each in positions if each is not None),  # all have one
        geometry=replace(
            _spacing(ordered, measure.spacing_mm, is_plane=True),
            orientation=orientation,
            orientation_name=orientation_word(orientation),
            normal=tuple(normal.tolist()),
            origin=ordered[0].placement.position or (),
            gantry_tilt_deg=measure.tilt_deg or ordered[0].acquisition.gantry_tilt_deg,
        ),
        warnings=tuple(warnings),
    )


def _missing_parts(frames: Sequence[SeriesFrame]) -> list[str]:
    """Say which files of a concatenation are not there."""
    parts: dict[str, set[int]] = {}
    for acquisition, _ in _distinct_acquisitions(frames):
        number = acquisition.in_concatenation_number
        if acquisition.concatenation_uid and number is not None and number <= _MOST_PARTS:
            parts.setdefault(acquisition.concatenation_uid, set()).add(number)
    warnings = []
    for numbers in parts.values():
        last = max(numbers)
        missing = max(last - len(numbers), 0)
        if missing:
            are = "1 file is" if missing == 1 else f"{missing:,} files are"
            warnings.append(f"{are} missing of {last:,} or more that belong together")
    return warnings


def _grid_warnings(
    frames: Sequence[SeriesFrame],
    groups: NDArray[np.intp],
    values: NDArray[np.intp],
    dimension: Dimension | None,
    count: int,
) -> list[str]:
    """Say where several frames lie in one place, and where values lack positions."""
    warnings = []
    cells = np.unique(values * count + groups)
    extra = len(frames) - len(cells)
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
    if dimension is not None and len(cells) < count * len(dimension.labels):
        present = np.bincount(cells // count, minlength=len(dimension.labels)).tolist()
        short = [number for number, positions in enumerate(present) if positions < count]
        number = short[0]
        unit = f" {dimension.unit}" if dimension.unit else ""
        value = f"{dimension.name} {dimension.labels[number]}{unit}"
        words = f"{value} has {present[number]} of {count} positions"
        more = len(short) - 1
        warnings.append(words + (f", and {more:,} more values lack some" if more else ""))
    return warnings


def _flat_stack(pool: Pool, key: str, label: str) -> Stack:
    """A stack of frames without positions, ordered by what there is."""
    frames = pool.frames
    ordered_by, ordered = _order_flat(pool)
    warnings = [*pool.warnings, *_missing_parts(frames)]
    modality = frames[0].instance.header.shared.modality
    if len(frames) > 1:
        if ordered_by == "name":
            lacks = "No" if pool.is_turning else "No position and no"
            warnings.append(f"{lacks} Instance Number; ordered by file name")
        elif ordered_by == "instance_number":
            if modality in _CROSS_SECTIONS and not warnings:
                warnings.append("No position in the patient; ordered by Instance Number")
            without = sum(frame.number is None for frame in frames)
            if without:
                images = "1 image has" if without == 1 else f"{without:,} images have"
                warnings.append(f"{images} no Instance Number; last, ordered by file name")
    geometry = _spacing(ordered, None, is_plane=False)
    if pool.is_turning:
        geometry = replace(geometry, slice_spacing_mm=None, slice_spacing_source="")
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


def _order_flat(pool: Pool) -> tuple[str, list[SeriesFrame]]:
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
    if len({frame.file for frame in frames}) == 1:
        return "stored", sorted(frames, key=_stored_place)
    numbers = {frame.number for frame in frames}
    if len(numbers) > 1:

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


def _spacing(
    frames: Sequence[SeriesFrame], measured_mm: float | None, *, is_plane: bool
) -> StackGeometry:
    """Spacings that all frames have in common, and where they come from."""
    found = [
        _pixel_spacing(acquisition, is_projection=not is_plane and modality in PROJECTIONS)
        for acquisition, modality in _distinct_acquisitions(frames)
    ]
    first = found[0]
    is_same = all(other is first or _are_same(first, other) for other in found)
    acquisition = frames[0].acquisition
    is_projection = frames[0].instance.header.shared.modality in PROJECTIONS and not is_plane
    slices = None
    if measured_mm is not None or (not is_plane and len(frames) > 1 and not is_projection):
        slices = choose_slice_spacing(
            measured_mm,
            spacing_between_slices_mm=acquisition.spacing_between_slices_mm,
            slice_thickness_mm=acquisition.slice_thickness_mm,
        )
    geometry = StackGeometry(
        slice_spacing_mm=slices.spacing_mm if slices else None,
        slice_spacing_source=slices.source if slices else "",
        slice_thickness_mm=acquisition.slice_thickness_mm,
        gantry_tilt_deg=acquisition.gantry_tilt_deg,
        frame_of_reference_uid=acquisition.frame_of_reference_uid,
    )
    if first is None or not is_same:
        return replace(geometry, spacing_source="" if is_same else "differs between images")
    return replace(
        geometry,
        row_spacing_mm=first.row_mm,
        column_spacing_mm=first.column_mm,
        spacing_source=first.source,
        is_spacing_in_patient=first.plane is SpacingPlane.PATIENT,
    )


def _distinct_acquisitions(frames: Sequence[SeriesFrame]) -> list[tuple[Acquisition, str]]:
    """What frames say of how they were taken, and their modality, once for all that share it."""
    found = {
        id(frame.acquisition): (frame.acquisition, frame.instance.header.shared.modality)
        for frame in frames
    }
    return list(found.values())


def _pixel_spacing(acquisition: Acquisition, *, is_projection: bool) -> PixelSpacing | None:
    try:
        return choose_pixel_spacing(
            acquisition.pixel_spacing,
            acquisition.imager_pixel_spacing,
            calibration_type=acquisition.pixel_spacing_calibration_type,
            magnification=acquisition.estimated_magnification,
            is_projection=is_projection,
        )
    except InvalidGeometry:
        return None


def _are_same(first: PixelSpacing | None, other: PixelSpacing | None) -> bool:
    if first is None or other is None:
        return first is other
    return first.plane is other.plane and are_equal_spacings(
        (first.row_mm, first.column_mm), (other.row_mm, other.column_mm)
    )


def _runs_down(frames: Sequence[SeriesFrame], groups: NDArray[np.intp], count: int) -> bool:
    """Whether the numbers that the scanner gave these frames run against the normal."""
    if count == 1:
        return False
    positions = np.arange(count) - (count - 1) / 2
    sizes = np.bincount(groups)
    for read in _NUMBERINGS:
        numbers = np.array([read(frame) for frame in frames], np.float64)
        means = np.bincount(groups, weights=numbers) / sizes
        means -= means.mean()
        length = float(np.sqrt((means @ means) * (positions @ positions)))
        if length > 0:
            return float(means @ positions) <= -FOLLOWS_NUMBERS_FROM * length
    return False


_NUMBERINGS: tuple[Callable[[SeriesFrame], float], ...] = (
    lambda frame: frame.number or 0,
    lambda frame: frame.placement.in_stack_position or 0,
    lambda frame: frame.frame_index,
)


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
