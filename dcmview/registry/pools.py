"""Frames of a series sorted into pools, each of which is shown as one stack.

Frames are pooled by what makes them comparable: size, orientation, spacing and
frame of reference. A pool is split further where its frames would cover each
other and nothing but two stacks keeps them apart.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from dcmview.errors import InvalidGeometry
from dcmview.geometry.plane import check_orientation, orientation_word
from dcmview.geometry.spacing import SPACING_TOLERANCE
from dcmview.geometry.stack import (
    BESIDE_PIXELS,
    distances_along,
    group_near,
    group_positions,
    offsets_in_plane,
    same_position_mm,
)
from dcmview.registry.dimension import Dimension, Split, find_dimension

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from numpy.typing import NDArray

    from dcmview.geometry.plane import Orientation
    from dcmview.model import Acquisition, Placement
    from dcmview.registry.stacks import SeriesInstance

SAME_ORIENTATION_COSINE = float(np.cos(np.radians(0.5)))
"""Planes that meet at less than half a degree are parallel.

Prospective motion correction turns them by tenths of a degree from volume to volume;
planes turned on purpose differ by degrees.
"""

TURNING_FROM = 4
"""As many planes with one frame each are turned around an axis and scrolled as one stack."""

MOST_ORIENTATIONS = 1000
"""Orientations that one is compared with; a real series has fewer."""

MOST_BESIDE = 8
"""Slabs beside each other; more of them are no slabs, but planes that wander."""

FARTHEST_MM = 1e6
"""A position beyond a kilometre is none."""

_LARGEST_NUMBER = 2**31
_UID_AT, _ORIENTATION_AT = 4, 6
"""Where the key of a pool of planes has its frame of reference and its orientation."""

_OWN_FRAME_OF_REFERENCE = (
    "Each image names a frame of reference of its own; positions are taken as if they shared one"
)
_TURNING = "Each image has a plane of its own, as if turned around an axis"
_NO_GROUPS = "Where frames lie cannot be read; they are in stored order"
_BESIDE = "Images at the same distance lie beside each other"


@dataclass(slots=True)
class SeriesFrame:
    """One frame of a series; ``number`` is the Instance Number where that is one."""

    file: int
    frame_index: int
    instance: SeriesInstance
    acquisition: Acquisition
    placement: Placement
    number: int | None


@dataclass(slots=True)
class Pool:
    """Frames that can be compared, with what tells the pool from others of the series.

    ``traits`` are words by kind; those in which stacks differ make their labels.
    """

    identity: tuple[Hashable, ...]
    traits: dict[str, str]
    orientation: Orientation | None = None
    frames: list[SeriesFrame] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    is_localizer: bool = False
    is_turning: bool = False
    keeps_stored_order: bool = False
    positions: NDArray[np.intp] | None = None
    """Number of the position of each frame, rising along the normal."""
    dimension: Dimension | None = None

    def part(self, kind: str, label: str, again: int, frames: list[SeriesFrame]) -> Pool:
        """A part of these frames that is to be a stack of its own.

        ``again`` counts the parts before it that have the same label.
        """
        return replace(
            self,
            identity=(*self.identity, kind, label, again),
            traits={**self.traits, kind: f"{self.traits.get(kind, '')} {label}".strip()},
            frames=frames,
            warnings=list(self.warnings),
        )


class Pooling:
    """Sorts frames into pools, in the order in which their first frames come."""

    def __init__(
        self, frames_of: Callable[[int], Sequence[tuple[Acquisition, Placement]] | None]
    ) -> None:
        self._frames_of = frames_of
        self._pools: dict[Hashable, Pool] = {}
        self._by_header: dict[tuple[int, int, str], Pool] = {}
        self._orientations: list[Orientation] = []
        self._cosines = np.zeros((16, 6))
        self._orientation_of: dict[Orientation, int | None] = {}
        self._spacings: dict[tuple[int, int], int] = {}
        self._frames_of_reference: dict[str, int] = {}

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

    def pools(self) -> list[Pool]:
        """Give the pools; planes of one frame each that turn around an axis are in one."""
        pools = _joined(self._pools, _UID_AT, _OWN_FRAME_OF_REFERENCE, keeps_plane=True)
        return list(_joined(pools, _ORIENTATION_AT, _TURNING, keeps_plane=False).values())

    def _add_groups(self, instance: SeriesInstance, number: int | None) -> None:
        placements = self._frames_of(instance.index)
        count = instance.header.shared.frame_count
        if placements is None or len(placements) < count:
            self._add_stored(instance, number, _NO_GROUPS)
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

    def _file_pool(self, instance: SeriesInstance, acquisition: Acquisition) -> Pool:
        """The pool of a file, or of a concatenation that is stored in several files."""
        shared = instance.header.shared
        size = (shared.rows, shared.columns)
        key: tuple[Hashable, ...] = ("file", acquisition.concatenation_uid or instance.index, size)
        pool = self._pools.get(key)
        if pool is None:
            number = instance.header.instance_number or os.path.basename(instance.path)
            pool = Pool(key, {"size": _size_words(size), "file": f"Image {number}"})
            pool.is_localizer = _is_localizer(acquisition)
            self._pools[key] = pool
        return pool

    def _pool_of(self, frame: SeriesFrame, *, is_single: bool) -> Pool:
        header, acquisition, placement = frame.instance.header, frame.acquisition, frame.placement
        has_plane = placement.position is not None and _is_near(placement.position)
        # Most frames share these objects with others, which their pool keeps alive.
        quick = (id(header.shared), id(acquisition), placement.stack_id)
        known = self._by_header.get(quick) if has_plane else None
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
        if has_plane:
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
    ) -> Pool:
        traits = {"kind": "Localizer" if is_localizer else ""}
        orientation = None
        if number is not None:
            orientation = self._orientations[number]
            traits["plane"] = orientation_word(orientation).capitalize()
            uid = frame.acquisition.frame_of_reference_uid
            self._frames_of_reference.setdefault(uid, len(self._frames_of_reference) + 1)
            traits["frame"] = f"Frame of reference {self._frames_of_reference[uid]}"
            if frame.placement.stack_id:
                traits["stack"] = f"Stack {frame.placement.stack_id}"
        traits["size"] = _size_words(size)
        spacing = frame.acquisition.pixel_spacing
        if number is not None and spacing is not None:
            traits["spacing"] = f"{spacing[0]:.4g} mm pixels"
        return Pool(key, traits, orientation, is_localizer=is_localizer)

    def _number_of(self, orientation: Orientation) -> int | None:
        """Number an orientation, nearly parallel ones alike; None for one that makes no sense."""
        if orientation in self._orientation_of:
            return self._orientation_of[orientation]
        try:
            unit = check_orientation(orientation)
        except InvalidGeometry:
            self._orientation_of[orientation] = None
            return None
        number = self._parallel_to(unit)
        if number is None:
            number = len(self._orientations)
            self._orientations.append(unit)
            if number == len(self._cosines):
                self._cosines = np.concatenate((self._cosines, np.zeros_like(self._cosines)))
            self._cosines[number] = unit
        self._orientation_of[orientation] = number
        return number

    def _parallel_to(self, orientation: Orientation) -> int | None:
        """The number of the first orientation, of the latest ones, that is nearly the same."""
        count = len(self._orientations)
        begin = max(count - MOST_ORIENTATIONS, 0)
        known, cosines = self._cosines[begin:count], np.array(orientation)
        same = np.minimum(known[:, :3] @ cosines[:3], known[:, 3:] @ cosines[3:])
        found = np.flatnonzero(same >= SAME_ORIENTATION_COSINE)
        return begin + int(found[0]) if found.size else None

    def _spacing_number(self, spacing: tuple[float, float] | None) -> int | None:
        """Number a pixel spacing, those that differ by their last digits alike."""
        if spacing is None or min(spacing) <= 0:
            return None
        # Equal spacings are in the same cell or in one beside it, so none has to be searched for.
        row, column = (round(math.log(each) / SPACING_TOLERANCE) for each in spacing)
        for place in ((row + i, column + j) for i in (0, -1, 1) for j in (0, -1, 1)):
            number = self._spacings.get(place)
            if number is not None:
                return number
        self._spacings[row, column] = len(self._spacings)
        return len(self._spacings) - 1


def _joined(
    pools: dict[Hashable, Pool], at: int, warning: str, *, keeps_plane: bool
) -> dict[Hashable, Pool]:
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
            first.is_turning = True
    return joined


def split_pool(pool: Pool) -> list[Pool]:
    """Split a pool until positions, or positions and a dimension, tell its frames apart."""
    if pool.orientation is None:
        return [pool]
    frames = pool.frames
    places = np.array([frame.placement.position for frame in frames], np.float64)
    spacing = frames[0].acquisition.pixel_spacing
    if spacing is not None and min(spacing) <= 0:
        spacing = None
    groups, wandering_mm = group_positions(
        distances_along(pool.orientation, places),
        same_position_mm(min(spacing) if spacing else None),
    )
    warnings = []
    if wandering_mm:
        warnings.append(
            f"Images that are taken as one position lie up to {wandering_mm:.2g} mm apart"
        )
    pool.positions = groups
    if int(groups.max()) + 1 == len(frames):
        return [pool]
    offsets = offsets_in_plane(pool.orientation, places)
    apart_mm = BESIDE_PIXELS * (max(spacing) if spacing else 1.0)
    split = None
    if _are_beside(offsets, groups, apart_mm):
        split = _slabs(offsets, apart_mm)
        if split is None:
            warnings.append(_BESIDE)
    if split is None:
        split = _image_types(frames, groups)
    if split is None:
        found = find_dimension(frames, groups)
        if not isinstance(found, Split):
            pool.dimension = found
            pool.warnings.extend(warnings)
            return [pool]
        split = ("value", found)
    kind, split_by = split
    members: list[list[SeriesFrame]] = [[] for _ in split_by.labels]
    for frame, number in zip(frames, split_by.parts.tolist(), strict=True):
        members[number].append(frame)
    seen: Counter[str] = Counter()
    parts = []
    for label, of_part in zip(split_by.labels, members, strict=True):
        parts.extend(split_pool(pool.part(kind, label, seen[label], of_part)))
        seen[label] += 1
    return parts


def _are_beside(offsets: NDArray[np.float64], groups: NDArray[np.intp], apart_mm: float) -> bool:
    """Whether frames at the same distance along the normal lie beside each other."""
    order = np.argsort(groups, kind="stable")
    begins = np.searchsorted(groups[order], np.arange(int(groups.max()) + 1))
    highest = np.maximum.reduceat(offsets[order], begins)
    lowest = np.minimum.reduceat(offsets[order], begins)
    return bool((highest - lowest).max() > apart_mm)


def _slabs(offsets: NDArray[np.float64], apart_mm: float) -> tuple[str, Split] | None:
    """Split frames by where they lie in their planes; None where that makes no slabs."""
    places = np.stack([group_near(offsets[:, axis], apart_mm) for axis in (0, 1)], axis=1)
    distinct, parts = np.unique(places, axis=0, return_inverse=True)
    if not 1 < len(distinct) <= MOST_BESIDE:
        return None
    labels = tuple(f"Slab {number + 1}" for number in range(len(distinct)))
    return "slab", Split(labels, parts.reshape(-1))


def _image_types(
    frames: Sequence[SeriesFrame], groups: NDArray[np.intp]
) -> tuple[str, Split] | None:
    """Split frames that show different things at the same positions, such as water and fat."""
    types = list(dict.fromkeys(map(_image_type, frames)))
    if len(types) == 1:
        return None
    number_of = {image_type: number for number, image_type in enumerate(types)}
    parts = np.array([number_of[_image_type(frame)] for frame in frames], np.intp)
    pairs = np.unique(groups * len(types) + parts)
    if len(pairs) == int(groups.max()) + 1:
        return None  # each position has one type
    labels = tuple("\\".join(image_type[2:]) for image_type in types)
    if len(set(labels)) < len(labels) or not all(labels):
        labels = tuple("\\".join(image_type) or "no Image Type" for image_type in types)
    return "type", Split(labels, parts)


def _image_type(frame: SeriesFrame) -> tuple[str, ...]:
    return tuple(value.strip() for value in frame.acquisition.image_type)


def _is_near(position: tuple[float, float, float]) -> bool:
    return max(position) < FARTHEST_MM and min(position) > -FARTHEST_MM


def _is_localizer(acquisition: Acquisition) -> bool:
    return any("LOCALIZER" in value for value in acquisition.image_type)


def _size_words(size: tuple[int, int]) -> str:
    rows, columns = size
    return f"{columns} × {rows}"


def _whole(text: str) -> int | None:
    try:
        number = int(text)
    except ValueError:
        return None
    return number if abs(number) <= _LARGEST_NUMBER else None
