"""Signed distances, compositing and textures: what the phantoms are drawn with.

A distance is negative inside a shape. Where no closed form exists it is close to true near the
surface, which is all that compositing needs. Everything is float64: the last bit of a sine differs
between processors, and must not reach a rounded sample. Lengths are in the unit of the coordinates
given, millimetres in most phantoms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Field = NDArray[np.float64]
Box = tuple[slice, slice]
WHOLE: Box = (slice(None), slice(None))


class Canvas:
    """One plane of values and labels, painted from back to front.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.
    background : float
        Value of the empty plane.
    edge : float
        Width over which an edge passes from outside to inside; about one pixel.
    """

    def __init__(self, shape: tuple[int, int], background: float, edge: float) -> None:
        self.values = np.full(shape, background)
        self.labels = np.zeros(shape, np.uint8)
        self._edge = edge

    def paint(
        self, distance: Field, value: Field | float, label: int = 0, *, box: Box = WHOLE
    ) -> None:
        """Cover what is inside with a value and a label; partial cover mixes the values.

        Distance and value are those of the box, a part of the plane that holds the whole shape.
        """
        cover = np.clip(0.5 - distance / self._edge, 0, 1)
        self.values[box] += cover * (value - self.values[box])
        self.labels[box][cover > 0.5] = label


def ellipsoid(
    point: Sequence[Field | float], centre: Sequence[float], radii: Sequence[float]
) -> Field:
    """Give the distance to an ellipse or ellipsoid, exact to first order at its surface."""
    scaled = [(p - c) / r for p, c, r in zip(point, centre, radii, strict=True)]
    level = np.sqrt(sum(np.square(s) for s in scaled))
    gradient = np.sqrt(sum(np.square(s / r) for s, r in zip(scaled, radii, strict=True)))
    steepness = np.where(level > 1e-6, gradient / np.maximum(level, 1e-6), 1 / min(radii))
    return np.asarray((level - 1) / steepness)


def capsule(
    point: Sequence[Field | float],
    start: Sequence[float],
    end: Sequence[float],
    radius: float,
    end_radius: float | None = None,
) -> Field:
    """Give the distance to a thick line with round ends, tapered if it has a second radius."""
    axis = np.subtract(end, start)
    offset = [p - s for p, s in zip(point, start, strict=True)]
    along = sum(o * a for o, a in zip(offset, axis, strict=True)) / float(axis @ axis)
    along = np.clip(along, 0, 1)
    square = sum(np.square(o - along * a) for o, a in zip(offset, axis, strict=True))
    end_radius = radius if end_radius is None else end_radius
    return np.asarray(np.sqrt(square) - radius - along * (end_radius - radius))


def join(*distances: Field, roundness: float = 0.0) -> Field:
    """Give the union of shapes; with roundness their meeting edges are filled like a weld."""
    joined = distances[0]
    for distance in distances[1:]:
        bridge = max(roundness, 1e-9)
        blend = np.maximum(bridge - np.abs(joined - distance), 0) / bridge
        joined = np.minimum(joined, distance) - blend**2 * roundness / 4
    return np.asarray(joined)


def common(*distances: Field) -> Field:
    """Give what lies inside all shapes."""
    return np.asarray(np.maximum.reduce(distances))


@dataclass(frozen=True)
class Branch:
    """A straight piece of a vessel."""

    start: tuple[float, ...]
    end: tuple[float, ...]
    radius: float
    end_radius: float

    def distance(self, point: Sequence[Field | float]) -> Field:
        """Give the distance to the branch."""
        return capsule(point, self.start, self.end, self.radius, self.end_radius)

    def reach(self, axis: int) -> tuple[float, float]:
        """Give the lowest and the highest coordinate of the branch on an axis, edges included."""
        low, high = sorted((self.start[axis], self.end[axis]))
        return low - self.radius - 2, high + self.radius + 2


def grow_tree(
    rng: np.random.RandomState,
    start: Sequence[float],
    direction: Sequence[float],
    *,
    length: float,
    radius: float,
    levels: int,
    spread: float = 0.6,
) -> list[Branch]:
    """Grow a vessel that forks in two at each level, getting shorter and thinner.

    The cross sections after a fork add up to a little more than the one before (Murray's law).
    """
    heading = np.asarray(direction, float) / np.linalg.norm(direction)
    end = np.asarray(start, float) + heading * length
    branch = Branch(tuple(start), tuple(end), radius, radius * 0.85)
    branches = [branch]
    if levels > 0:
        across = rng.standard_normal(len(heading))
        across -= (across @ heading) * heading
        across /= np.linalg.norm(across)
        for side in (-1, 1):
            turned = heading + side * spread * rng.uniform(0.6, 1.3) * across
            branches += grow_tree(
                rng,
                tuple(end),
                turned,
                length=length * rng.uniform(0.7, 0.9),
                radius=radius * 0.78,
                levels=levels - 1,
                spread=spread,
            )
    return branches


def blur(values: Field, sigma: float | Sequence[float]) -> Field:
    """Blur with a Gaussian, sigma in pixels along each axis, edges repeated."""
    sigmas = [float(sigma)] * values.ndim if isinstance(sigma, (int, float)) else list(sigma)
    for axis, width in enumerate(sigmas):
        if width <= 0:
            continue
        reach = int(np.ceil(3 * width))
        kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
        kernel /= kernel.sum()
        padding = [(reach, reach) if a == axis else (0, 0) for a in range(values.ndim)]
        padded = np.pad(values, padding, mode="edge")
        length = values.shape[axis]
        values = sum(
            weight * np.take(padded, range(k, k + length), axis=axis)
            for k, weight in enumerate(kernel)
        )
    return values


def noise(
    rng: np.random.RandomState, shape: tuple[int, ...], sigma: float | Sequence[float] = 0.0
) -> Field:
    """Give Gaussian noise of unit deviation, smoothed over sigma pixels."""
    grain = blur(rng.standard_normal(shape), sigma)
    return np.asarray(grain / grain.std())


def clouds(
    rng: np.random.RandomState, shape: tuple[int, ...], largest: float, octaves: int
) -> Field:
    """Give noise of unit deviation with detail at every scale, as tissue has it.

    Each octave is drawn on its own grid and interpolated: a large scale costs no more than a small.
    """
    total = np.zeros(shape)
    for octave in range(octaves):
        cell = largest / 2**octave
        coarse = rng.standard_normal(tuple(int(np.ceil(size / cell)) + 3 for size in shape))
        total += interpolate(coarse, shape, cell) / 2**octave
    return np.asarray((total - total.mean()) / total.std())


def interpolate(coarse: Field, shape: tuple[int, ...], cell: float) -> Field:
    """Enlarge a grid with a cubic B-spline along each axis; cell is the enlargement."""
    values = coarse
    for axis, size in enumerate(shape):
        position = np.arange(size) / cell
        base = position.astype(int)
        part = (position - base).reshape([-1 if a == axis else 1 for a in range(values.ndim)])
        weights = (
            (1 - part) ** 3 / 6,
            (3 * part**3 - 6 * part**2 + 4) / 6,
            (-3 * part**3 + 3 * part**2 + 3 * part + 1) / 6,
            part**3 / 6,
        )
        values = sum(
            weight * np.take(values, np.minimum(base + k, values.shape[axis] - 1), axis=axis)
            for k, weight in enumerate(weights)
        )
    return values


def sample(values: Field, row: Field, column: Field) -> Field:
    """Read a grid between its points, linearly."""
    top, left = row.astype(int), column.astype(int)
    down, right = row - top, column - left
    upper = values[top, left] * (1 - right) + values[top, left + 1] * right
    lower = values[top + 1, left] * (1 - right) + values[top + 1, left + 1] * right
    return np.asarray(upper * (1 - down) + lower * down)


def inner_mask(mask: NDArray[np.bool_], margin: int) -> NDArray[np.bool_]:
    """Give the pixels at least margin pixels from the outside, along rows and columns."""
    inner = mask.copy()
    for _ in range(margin):
        padded = np.pad(inner, 1)
        inner = (
            padded[1:-1, 1:-1]
            & padded[:-2, 1:-1]
            & padded[2:, 1:-1]
            & padded[1:-1, :-2]
            & padded[1:-1, 2:]
        )
    return inner
