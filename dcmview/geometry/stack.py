"""Many parallel planes: their order, their distances, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dcmview.errors import InvalidGeometry
from dcmview.geometry.plane import normal_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

SAME_POSITION_MM = 0.01
"""Frames this near along the normal lie at the same position.

Positions of one slice differ by the digits they are written with, 1e-4 to
5e-3 mm; no scanner of patients makes slices 0.01 mm apart.
"""

WANDERING_FRACTION = 0.1
"""Part of the slice spacing by which a slice may move from one volume to the next.

Where a scanner follows the patient, or each volume rounds for itself, positions
are not repeated exactly; what is a tenth of a slice away is that slice.
"""

SAME_POSITION_PIXELS = 0.05
"""The same in pixels, for what is finer: micro-CT has slices 0.005 mm apart."""

BESIDE_PIXELS = 2.0
"""Frames at one distance along the normal are beside each other from here on.

Moved by less than two pixels they show the same: a scanner that follows the head of
the patient shifts planes by that.
"""

EVEN_FRACTION = 0.02
"""Distances are even that differ from the usual one by no more than this part of it.

Rounding of positions to 0.1 mm is lost in 5 mm slices; a slice that lies one
part in fifty from its place is drawn there without a visible step.
"""

EVEN_MM = 0.01
"""Distances are even, too, that differ by no more than positions are rounded."""

MOST_GAPS_FRACTION = 0.2
"""With more gaps than this part of the distances the spacing is uneven, not interrupted."""

GAP_FROM = 1.5
"""A distance from here on, in spacings, is one where slices are missing."""

TILT_FROM_DEG = 0.2
"""Origins that leave the normal by less are rounded: 0.5 mm over 150 mm."""

STRAIGHT_MM = 0.1
"""How far origins may lie beside their straight line, or run along the plane without a tilt."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A place where slices are missing: after which one (0-based), how wide, how many."""

    after: int
    width_mm: float
    missing: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a stack that its reader should know: stable code, and words."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class StackMeasure:
    """What a stack of planes measures, in the order it was given.

    ``distances_mm`` are along the normal from the first plane and negative
    where the order runs against it. ``spacing_mm`` is the median distance of
    neighbours, None for a single plane. ``narrowest_mm`` and ``widest_mm``
    are the extremes of the distances that are no gap. ``tilt_deg`` is the angle
    between the line of origins and the normal; ``shift_mm`` says how far
    origins lie from that line where it is not straight.
    """

    distances_mm: tuple[float, ...]
    spacing_mm: float | None = None
    narrowest_mm: float = 0.0
    widest_mm: float = 0.0
    is_even: bool = True
    gaps: tuple[Gap, ...] = ()
    tilt_deg: float = 0.0
    shift_mm: float = 0.0


def distances_along(orientation: Sequence[float], positions: ArrayLike) -> NDArray[np.float64]:
    """Give the signed distance of each plane from the origin, along the normal.

    It is along the normal and not between origins, which differ where a
    gantry is tilted.

    Parameters
    ----------
    orientation : sequence of six floats
        Direction cosines of rows and columns, common to all planes.
    positions : array_like, shape (planes, 3)
        Image Position (Patient) (0020,0032) of each plane, mm.

    Examples
    --------
    >>> distances_along((1, 0, 0, 0, 1, 0), [[0, 0, 5], [9, 9, -2.5]]).tolist()
    [5.0, -2.5]
    """
    found: NDArray[np.float64] = checked_positions(positions) @ normal_of(orientation)
    return found


def checked_positions(positions: ArrayLike) -> NDArray[np.float64]:
    """Give positions as an array of shape (planes, 3), or raise ``InvalidGeometry``."""
    array = np.asarray(positions, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 3 or not np.isfinite(array).all():
        raise InvalidGeometry("a position in the patient is not three numbers")
    return array


def same_position_mm(pixel_spacing_mm: float | None) -> float:
    """Give the distance within which frames lie at the same position."""
    if pixel_spacing_mm is None:
        return SAME_POSITION_MM
    return min(SAME_POSITION_MM, SAME_POSITION_PIXELS * pixel_spacing_mm)


def group_near(values: ArrayLike, tolerance: float) -> NDArray[np.intp]:
    """Number values by groups of near ones, from the lowest group up.

    Neighbours in order belong together if they are at most ``tolerance`` apart.

    Examples
    --------
    >>> group_near([5.0, 1.0, 5.004, 2.0], 0.01).tolist()
    [2, 0, 2, 1]
    """
    array = np.asarray(values, dtype=np.float64)
    order = np.argsort(array, kind="stable")
    steps = np.diff(array[order]) > tolerance
    groups = np.empty(array.shape, dtype=np.intp)
    groups[order] = np.concatenate(([0], np.cumsum(steps))) if array.size else 0
    return groups


def group_positions(distances: ArrayLike, tolerance: float) -> tuple[NDArray[np.intp], float]:
    """Number the positions of planes by their distances along the normal.

    Returns
    -------
    tuple of ndarray of int and float
        The position of each plane, from the lowest up, and how far planes of one
        position are from each other: 0 unless volumes that are all complete lie
        a little apart, up to `WANDERING_FRACTION` of the slice spacing.
    """
    array = np.asarray(distances, dtype=np.float64)
    groups = group_near(array, tolerance)
    steps = np.diff(np.sort(array))
    if not steps.size or steps.max() <= tolerance or _are_equal_counts(groups, least=2):
        return groups, 0.0
    # Steps within a position are small, those to the next one large.
    spacing = float(np.median(steps[steps > steps.max() / 4]))
    wider = group_near(array, WANDERING_FRACTION * spacing)
    if not _are_equal_counts(wider, least=2):
        return groups, 0.0
    ordered = np.sort(array).reshape(int(wider.max()) + 1, -1)
    return wider, float((ordered[:, -1] - ordered[:, 0]).max())


def _are_equal_counts(groups: NDArray[np.intp], *, least: int) -> bool:
    counts = np.bincount(groups)
    return bool(counts.min() >= least and counts.min() == counts.max())


def offsets_in_plane(orientation: Sequence[float], positions: ArrayLike) -> NDArray[np.float64]:
    """Give where origins lie along rows and along columns, mm: shape (planes, 2)."""
    cosines = np.asarray(orientation, dtype=np.float64).reshape(2, 3)
    found: NDArray[np.float64] = checked_positions(positions) @ cosines.T
    return found


def measure_stack(orientation: Sequence[float], positions: ArrayLike) -> StackMeasure:
    """Measure planes that are in order and each at a position of its own.

    Parameters
    ----------
    orientation : sequence of six floats
        Direction cosines of rows and columns, common to all planes.
    positions : array_like, shape (planes, 3)
        Image Position (Patient) (0020,0032) in order, rising or falling along
        the normal, mm.

    Raises
    ------
    InvalidGeometry
        If there is no plane, a position is not three numbers, or the planes
        are not in order.
    """
    places = checked_positions(positions)
    if not len(places):
        raise InvalidGeometry("a stack without planes")
    distances = distances_along(orientation, places)
    distances = distances - distances[0]
    if len(places) == 1:
        return StackMeasure((0.0,))
    signed_steps = np.diff(distances)
    steps = np.abs(signed_steps)
    if not ((signed_steps > 0).all() or (signed_steps < 0).all()):
        raise InvalidGeometry("planes are not in order along their normal")
    spacing = _usual(steps)
    allowed = max(EVEN_FRACTION * spacing, min(EVEN_MM, spacing / 10))
    is_gap = steps >= GAP_FROM * spacing
    near = steps[~is_gap]
    tilt_deg, shift_mm = _line_of_origins(orientation, places, distances)
    return StackMeasure(
        distances_mm=tuple(distances.tolist()),
        spacing_mm=spacing,
        narrowest_mm=float(near.min()),
        widest_mm=float(near.max()),
        is_even=bool((np.abs(steps - spacing) <= allowed).all()),
        gaps=tuple(
            Gap(int(after), float(steps[after]), round(float(steps[after]) / spacing) - 1)
            for after in np.flatnonzero(is_gap)
        ),
        tilt_deg=tilt_deg,
        shift_mm=shift_mm,
    )


def describe(measure: StackMeasure) -> tuple[Finding, ...]:
    """Say in words what is not as in a plain stack; slices are counted from 1."""
    findings = []
    spacing = measure.spacing_mm
    if spacing is not None and not measure.is_even:
        gaps = measure.gaps
        steps = len(measure.distances_mm) - 1
        if gaps and len(gaps) <= max(MOST_GAPS_FRACTION * steps, 1):
            findings.append(_gap_finding(gaps, spacing))
        widest = max([measure.widest_mm, *(gap.width_mm for gap in gaps)])
        is_uneven_beside = measure.widest_mm - measure.narrowest_mm > 2 * EVEN_FRACTION * spacing
        if not findings or is_uneven_beside:
            widest = measure.widest_mm if findings else widest
            findings.append(
                Finding(
                    "uneven-spacing",
                    f"Slices are unevenly spaced, {_mm(measure.narrowest_mm)} "
                    f"to {_mm(widest)} mm apart",
                )
            )
    if measure.tilt_deg:
        findings.append(
            Finding(
                "gantry-tilt",
                f"Slices are sheared by {measure.tilt_deg:.1f}°, as with a tilted gantry",
            )
        )
    if measure.shift_mm:
        findings.append(
            Finding(
                "shifted-origins",
                f"Slices are shifted against each other by up to {_mm(measure.shift_mm)} mm",
            )
        )
    return tuple(findings)


def _gap_finding(gaps: Sequence[Gap], spacing: float) -> Finding:
    missing = sum(gap.missing for gap in gaps)
    first = gaps[0]
    slices = "1 slice is" if missing == 1 else f"{missing} slices are"
    if len(gaps) == 1:
        where = f"after slice {first.after + 1}"
    else:
        where = f"at {len(gaps)} places, the first after slice {first.after + 1}"
    words = f"{slices} missing {where} ({_mm(first.width_mm)} mm instead of {_mm(spacing)} mm)"
    return Finding("missing-slices", words)


def _mm(value: float) -> str:
    return f"{value:.4g}"


def _usual(steps: NDArray[np.float64]) -> float:
    """The usual distance of neighbours: their median, of two in the middle the smaller."""
    return float(np.sort(steps)[(len(steps) - 1) // 2])


def _line_of_origins(
    orientation: Sequence[float], places: NDArray[np.float64], distances: NDArray[np.float64]
) -> tuple[float, float]:
    """Angle between the line of origins and the normal, and how far from it origins lie."""
    offsets = offsets_in_plane(orientation, places)
    along = distances - distances.mean()
    beside = offsets - offsets.mean(axis=0)
    slopes = along @ beside / (along @ along)
    shift = float(np.linalg.norm(beside - np.outer(along, slopes), axis=1).max())
    travel = float(np.linalg.norm(slopes) * np.ptp(along))
    tilt = float(np.degrees(np.arctan(np.linalg.norm(slopes))))
    if shift > max(STRAIGHT_MM, travel / 10):
        return 0.0, float(np.linalg.norm(beside - beside[0], axis=1).max())
    return (tilt if tilt >= TILT_FROM_DEG and travel >= STRAIGHT_MM else 0.0), 0.0
