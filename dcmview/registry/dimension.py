"""What tells frames at the same position from each other: the fourth dimension of a stack."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from dcmview.registry.pools import SeriesFrame

GRID_FILL = 0.75
"""From here on positions times values are one grid, holes and all.

A time series that was stopped in its last volume has few holes. Where half of
the grid would be empty, two stacks are easier to scroll.
"""

FOLLOWS_FROM = 0.9
"""Part of the neighbours that have to be in the order of their Instance Numbers."""

_NOT_GIVEN = "not given"
_NUMBERS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Attribute:
    """Something that may differ between frames at one position.

    ``is_ordinal`` is true where the order of values counts, because each slice
    may have values of its own, as times have. ``is_measured`` is true where the
    middle of such values says more than their number in the order.
    ``from_first`` values are told as the difference to the first.
    """

    name: str
    unit: str
    read: Callable[[SeriesFrame], Any]
    is_ordinal: bool = False
    is_measured: bool = False
    from_first: bool = False


@dataclass(frozen=True, slots=True)
class Dimension:
    """A fourth dimension: its name, unit and values, and the value of each frame."""

    name: str
    unit: str
    labels: tuple[str, ...]
    indices: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Split:
    """Frames that are better apart: the words of each part, and which part has each frame."""

    labels: tuple[str, ...]
    parts: NDArray[np.intp]


def find_dimension(
    frames: Sequence[SeriesFrame], positions: NDArray[np.intp]
) -> Dimension | Split | None:
    """Find what tells frames at the same position apart.

    Parameters
    ----------
    frames : sequence of SeriesFrame
        Frames of one orientation and size.
    positions : ndarray of int, shape (frames,)
        Number of the position of each frame, from 0.

    Returns
    -------
    Dimension, Split or None
        None where nothing differs, or each position has one frame. Frames
        that share position and value differ in nothing that is known.
    """
    position_count = int(positions.max()) + 1
    if position_count == len(frames):
        return None
    chosen: list[_Codes] = []
    # Dimensions that files name may count all frames through, and so may instance numbers.
    for attributes in (_attributes_of(frames), _ATTRIBUTES, _ATTRIBUTES[:-1]):
        chosen = _choose(frames, positions, attributes)
        if not chosen:
            return None
        indices, combinations = _combine(chosen)
        filled = len(np.unique(positions * len(combinations) + indices))
        if filled >= GRID_FILL * position_count * len(combinations):
            return _dimension(chosen, indices, combinations)
    first = chosen[0]
    unit = f" {first.unit}" if first.unit else ""
    return Split(tuple(f"{first.name} {label}{unit}" for label in first.labels), first.codes)


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts numbers inside text by their value: image2 before image10."""
    parts = _NUMBERS.split(text)
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part)


@dataclass(frozen=True, slots=True)
class _Codes:
    """An attribute as a number for each frame, rising with its value, and words for each."""

    name: str
    unit: str
    labels: tuple[str, ...]
    codes: NDArray[np.intp]


def _choose(
    frames: Sequence[SeriesFrame], positions: NDArray[np.intp], attributes: Sequence[Attribute]
) -> list[_Codes]:
    """Choose attributes until each frame is told apart, or nothing more does."""
    chosen: list[_Codes] = []
    classes = positions
    count = int(positions.max()) + 1
    for attribute in attributes:
        if attribute.is_ordinal or count == len(frames):
            continue
        codes = _codes_of(attribute, frames)
        refined, refined_count = _refine(classes, codes.codes)
        if refined_count > count:
            chosen.append(codes)
            classes, count = refined, refined_count
    if count < len(frames):
        ordinal = _choose_ordinal(frames, positions, classes, attributes)
        if ordinal is not None:
            chosen.append(ordinal)
    return chosen


def _choose_ordinal(
    frames: Sequence[SeriesFrame],
    positions: NDArray[np.intp],
    classes: NDArray[np.intp],
    attributes: Sequence[Attribute],
) -> _Codes | None:
    """The ordinal that tells most apart: by its values, or where slices have their own, by rank."""
    before = int(classes.max()) + 1
    found: list[tuple[int, Attribute, _Codes]] = []
    for attribute in attributes:
        if attribute.is_ordinal:
            codes = _codes_of(attribute, frames)
            count = _refine(classes, codes.codes)[1]
            if count > before:
                found.append((count, attribute, codes))
    if not found:
        return None
    most = max(count for count, _, _ in found)
    best = [(attribute, codes) for count, attribute, codes in found if count == most]
    # Trigger times that jitter from beat to beat tell frames apart and say nothing of their order.
    best = [each for each in best if _follows_numbers(each[1], classes, frames)] or best
    deepest = int(np.bincount(classes).max())
    for _, codes in best:
        combined = _refine(classes, codes.codes)[1]
        # Values that are those of whole volumes are few: no more than frames at a position.
        if len(codes.labels) <= deepest or combined >= GRID_FILL * _grid(positions, codes):
            return codes
    attribute, codes = best[0]
    return _ranked(attribute, codes, classes, frames)


def _follows_numbers(
    codes: _Codes, classes: NDArray[np.intp], frames: Sequence[SeriesFrame]
) -> bool:
    """Whether values rise, or fall, as the scanner numbered the frames of each class."""
    numbers = np.array([frame.number or frame.frame_index for frame in frames], np.float64)
    order = np.lexsort((numbers, codes.codes, classes))
    is_pair = (np.diff(classes[order]) == 0) & (np.diff(codes.codes[order]) > 0)
    steps = np.diff(numbers[order])[is_pair]
    up, down = int((steps > 0).sum()), int((steps < 0).sum())
    return max(up, down) >= FOLLOWS_FROM * (up + down)


def _grid(positions: NDArray[np.intp], codes: _Codes) -> int:
    return (int(positions.max()) + 1) * len(codes.labels)


def _ranked(
    attribute: Attribute,
    codes: _Codes,
    classes: NDArray[np.intp],
    frames: Sequence[SeriesFrame],
) -> _Codes:
    """Number the values of each class from 0: the first time at this position, the second..."""
    distinct, inverse = np.unique(classes * len(codes.labels) + codes.codes, return_inverse=True)
    owners = distinct // len(codes.labels)
    begins = np.searchsorted(owners, owners)
    ranks = (np.arange(len(distinct)) - begins)[inverse.reshape(-1)]
    count = int(ranks.max()) + 1
    if not attribute.is_measured:
        labels = tuple(str(rank + 1) for rank in range(count))
        return _Codes("Repetition", "", labels, ranks)
    values = [attribute.read(frame) for frame in frames]
    numbers = np.array([np.nan if value is None else value for value in values], np.float64)
    first = float(np.nanmin(numbers)) if attribute.from_first else 0.0
    labels = tuple(_middle(numbers[ranks == rank], first) for rank in range(count))
    return _Codes(attribute.name, attribute.unit, labels, ranks)


def _middle(numbers: NDArray[np.float64], first: float) -> str:
    """The middle of the values at many positions, as the difference to the first of all."""
    known = numbers[np.isfinite(numbers)]
    return _number(float(np.median(known)) - first) if known.size else _NOT_GIVEN


def _refine(classes: NDArray[np.intp], codes: NDArray[np.intp]) -> tuple[NDArray[np.intp], int]:
    """Tell the members of each class apart by a further number."""
    pairs = classes * (int(codes.max()) + 1) + codes
    distinct, inverse = np.unique(pairs, return_inverse=True)
    return inverse.reshape(-1), len(distinct)


def _codes_of(attribute: Attribute, frames: Sequence[SeriesFrame]) -> _Codes:
    values = [attribute.read(frame) for frame in frames]
    distinct = sorted(set(values), key=_sort_key)
    number_of = {value: number for number, value in enumerate(distinct)}
    codes = np.fromiter((number_of[value] for value in values), np.intp, len(values))
    first = next((value for value in distinct if value is not None), None)
    labels = tuple(
        _label(value - first if attribute.from_first and value is not None else value)
        for value in distinct
    )
    return _Codes(attribute.name, attribute.unit, labels, codes)


def _combine(
    chosen: Sequence[_Codes],
) -> tuple[NDArray[np.intp], list[tuple[int, ...]]]:
    """Number the combinations of values that there are, the first attribute leading."""
    rows = np.stack([codes.codes for codes in chosen], axis=1)
    distinct, inverse = np.unique(rows, axis=0, return_inverse=True)
    return inverse.reshape(-1), [tuple(row) for row in distinct.tolist()]


def _dimension(
    chosen: Sequence[_Codes], indices: NDArray[np.intp], combinations: Sequence[tuple[int, ...]]
) -> Dimension:
    if len(chosen) == 1:
        return Dimension(chosen[0].name, chosen[0].unit, chosen[0].labels, indices)
    labels = tuple(
        ", ".join(
            f"{codes.labels[number]} {codes.unit}".rstrip()
            for codes, number in zip(chosen, combination, strict=True)
        )
        for combination in combinations
    )
    return Dimension(", ".join(codes.name for codes in chosen), "", labels, indices)


def _sort_key(value: Any) -> tuple[int, Any]:
    if value is None or value == "":
        return 0, ()
    return (1, value) if isinstance(value, int | float) else (2, natural_key(str(value)))


def _label(value: Any) -> str:
    if value is None or value == "":
        return _NOT_GIVEN
    return _number(value) if isinstance(value, int | float) else str(value)


def _number(value: float) -> str:
    return f"{round(value, 3):.10g}"


def seconds(text: str) -> float | None:
    """Give a TM or DT value as seconds, a DT counted from year 1; None for what is neither.

    Examples
    --------
    >>> seconds("101530.5")
    36930.5
    """
    digits = text.split("+", maxsplit=1)[0].split("-", maxsplit=1)[0].strip().replace(":", "")
    whole, _, fraction = digits.partition(".")
    if not whole.isdecimal() or len(whole) not in (6, 14):
        return None
    days = 0
    if len(whole) == 14:
        try:
            days = date(int(whole[:4]), int(whole[4:6]), int(whole[6:8])).toordinal()
        except ValueError:
            return None
    hours, minutes, secs = (int(whole[-6:][at : at + 2]) for at in (0, 2, 4))
    part = float(f"0.{fraction}") if fraction.isdecimal() else 0.0
    return ((days * 24 + hours) * 60 + minutes) * 60 + secs + part


_VALUES = (
    Attribute("Segment", "", lambda frame: frame.acquisition.segment),
    Attribute("Echo Time", "ms", lambda frame: frame.acquisition.echo_time_ms),
    Attribute("Echo", "", lambda frame: frame.acquisition.echo_number),
    Attribute("b-value", "s/mm²", lambda frame: frame.acquisition.b_value),
    Attribute("Inversion Time", "ms", lambda frame: frame.acquisition.inversion_time_ms),
    Attribute("Cardiac Phase", "%", lambda frame: frame.acquisition.cardiac_phase_percent),
)
_ORDINALS = (
    Attribute("Temporal Position", "", lambda frame: frame.acquisition.temporal_position, True),
    Attribute("Trigger Time", "ms", lambda frame: frame.placement.trigger_time_ms, True, True),
    Attribute("Acquisition", "", lambda frame: frame.placement.acquisition_number, True),
    Attribute(
        "Acquisition Time",
        "s",
        lambda frame: seconds(frame.placement.acquisition_time),
        is_ordinal=True,
        is_measured=True,
        from_first=True,
    ),
    Attribute(
        "Content Time",
        "s",
        lambda frame: seconds(frame.placement.content_time),
        is_ordinal=True,
        is_measured=True,
        from_first=True,
    ),
    Attribute("Instance Number", "", lambda frame: frame.number, is_ordinal=True),
)
_ATTRIBUTES = (*_VALUES, *_ORDINALS)


def _attributes_of(frames: Sequence[SeriesFrame]) -> tuple[Attribute, ...]:
    """The attributes, and among them the dimensions that the files name themselves."""
    names = frames[0].acquisition.dimension_names
    return (*_VALUES, *_named(names), *_ORDINALS)


def _named(names: Sequence[str]) -> Iterator[Attribute]:
    for column, name in enumerate(names):
        yield Attribute(name or f"Dimension {column + 1}", "", _index_reader(column))


def _index_reader(column: int) -> Callable[[SeriesFrame], int | None]:
    def read(frame: SeriesFrame) -> int | None:
        values = frame.placement.dimension_index_values
        return values[column] if column < len(values) else None

    return read
