"""A head in T1-weighted magnetic resonance: fat and white matter bright, water dark."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from make_fixtures.shapes import (
    Canvas,
    Field,
    blur,
    capsule,
    clouds,
    common,
    ellipsoid,
    join,
    noise,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

SIZE = 192
PIXEL_SPACING_MM = 1.25
SLICE_THICKNESS_MM = 5.0
SLICE_SPACING_MM = 6.0
SLICES = 16
TILT_DEG = 12.0
"""Planes follow the base of the skull: the forehead is higher than the back of the head."""

FIRST_OFFSET_MM = -34.0
SEED = 20240311

SKIN, BONE, WATER, GREY, WHITE, FAT, MUSCLE = 420.0, 55.0, 120.0, 440.0, 640.0, 900.0, 360.0

Point = tuple[Field, Field, Field]


@cache
def brain() -> NDArray[np.int16]:
    """Give the stored values, [slice, row, column], from the feet to the head."""
    rng = np.random.RandomState(SEED)
    # As fine between the slices as in them, so that furrows go on from one slice to the next.
    step = round(SLICE_SPACING_MM / PIXEL_SPACING_MM)
    folds = clouds(rng, (SLICES * step, SIZE, SIZE), 8.5, 2)[::step]
    folds = folds + 0.6 * folds[:, :, ::-1]  # the halves of a brain are much alike, not the same
    marbling = clouds(rng, (SLICES, SIZE, SIZE), 30.0, 4)
    slices = [
        draw_plane(offset_mm(index), folds[index], marbling[index]) for index in range(SLICES)
    ]
    values = blur(np.stack(slices), (0, 0.6, 0.6))
    # The coil hears best what is near: brighter at the back. Magnitude noise is Rician.
    rows = np.linspace(-1, 1, SIZE)[:, None]
    values *= 1 + 0.10 * rows - 0.06 * (rows**2)
    real = values + 7 * noise(rng, values.shape, 0.4)
    imaginary = 7 * noise(rng, values.shape, 0.4)
    return np.floor(np.hypot(real, imaginary) + 0.5).astype(np.int16)


def offset_mm(index: int) -> float:
    """Give how far above the middle of the brain a slice lies, along its normal."""
    return FIRST_OFFSET_MM + SLICE_SPACING_MM * index


def draw_plane(offset: float, folds: Field, marbling: Field) -> Field:
    """Draw the plane at an offset along the normal."""
    centres = (np.arange(SIZE) + 0.5 - SIZE / 2) * PIXEL_SPACING_MM
    x, along = np.meshgrid(centres, centres)
    tilt = np.deg2rad(TILT_DEG)
    y = along * np.cos(tilt) + offset * np.sin(tilt)
    z = offset * np.cos(tilt) - along * np.sin(tilt)
    canvas = Canvas((SIZE, SIZE), 0.0, PIXEL_SPACING_MM)
    head = Head((x, y, z), (np.abs(x), y, z), canvas.paint, folds, marbling)
    draw_scalp(head)
    draw_face(head)
    draw_cerebrum(head)
    draw_deep_nuclei(head)
    draw_hindbrain(head)
    return canvas.values


@dataclass(frozen=True)
class Head:
    """One plane while it is drawn; side is the point with both halves folded onto the left one."""

    point: Point
    side: Point
    paint: Callable[[Field, Field | float], None]
    folds: Field
    marbling: Field


def draw_scalp(head: Head) -> None:
    """Draw skin, fat, muscle, skull with marrow between its tables, and the water inside."""
    point, paint, marbling = head.point, head.paint, head.marbling
    outline = join(
        ellipsoid(point, (0, 4, 6), (79, 99, 84)),
        ellipsoid(point, (0, -22, -44), (66, 76, 70)),
        capsule(point, (0, -104, -46), (0, -94, -14), 10, 5),  # nose
        roundness=14,
    )
    paint(outline, SKIN)
    paint(outline + 2.4, FAT + 25 * marbling)
    paint(outline + 5.2 + 0.5 * marbling, MUSCLE)
    skull = join(
        ellipsoid(point, (0, 4, 6), (72, 91, 77)),
        ellipsoid(point, (0, -10, -34), (60, 72, 46)),
        roundness=10,
    )
    paint(skull, BONE)
    paint(common(skull + 2.4, -skull - 4.6), 300 + 40 * marbling)
    inside = join(
        ellipsoid(point, (0, 5, 6), (66, 84, 71)),
        common(ellipsoid(point, (0, 34, -34), (52, 44, 32)), skull + 6),
        roundness=8,
    )
    paint(inside, WATER)


def draw_face(head: Head) -> None:
    """Draw the eyes in the fat of their sockets, and the air of the nose."""
    side, paint = head.side, head.paint
    paint(ellipsoid(side, (31, -62, -36), (17, 26, 17)), FAT - 60)
    paint(ellipsoid(side, (32, -74, -36), (12.5, 12.5, 12.5)), WATER + 40)
    paint(ellipsoid(side, (32, -83, -36), (4.5, 2.5, 4.5)), GREY)
    paint(capsule(side, (30, -61, -36), (14, -34, -32), 2.6), GREY + 40)
    paint(ellipsoid(side, (9, -70, -44), (8, 20, 20)), 15.0)


def draw_cerebrum(head: Head) -> None:
    """Draw both halves with their furrows: a ribbon of grey matter around the white."""
    (x, y, z), side = head.point, head.side
    hemispheres = common(ellipsoid(head.point, (0, 5, 6), (63.5, 81, 68)), -(z + 26))
    temporal = ellipsoid(side, (38, -14, -26), (24, 38, 24))
    middle = common(
        np.abs(x + 1.2 * np.sin(y / 15)) - 1.3,
        -ellipsoid(head.point, (0, 6, 6), (30, 42, 24)),
    )
    brain = common(join(hemispheres, temporal, roundness=6), -middle)
    # Furrows: where a smooth random field crosses zero, from the surface some 16 mm inwards.
    slopes = np.gradient(head.folds, PIXEL_SPACING_MM)
    crossing = np.abs(head.folds) / np.maximum(np.hypot(*slopes), 0.04)
    furrows = common(crossing - 0.9, -brain - 16)
    # Between frontal and temporal lobe a cleft reaches the island.
    cleft = join(
        common(
            np.abs(side[0] - 39 - (y + 4) ** 2 / 160) - 1.1, np.abs(y + 4) - 20, np.abs(z - 4) - 14
        ),
        capsule(side, (41, -14, 2), (68, -20, -2), 1.6, 2.6),
    )
    surface = common(brain, -furrows, -cleft)
    head.paint(surface, GREY + 10 * head.marbling)
    head.paint(surface + 3.4, WHITE + 10 * head.marbling)


def draw_deep_nuclei(head: Head) -> None:
    """Draw the grey nuclei and the ventricles between them."""
    side, paint = head.side, head.paint
    nuclei = (
        ((12, -20, 12), (6, 11, 12)),  # caudate
        ((10, 12, 6), (9, 14, 10)),  # thalamus
        ((26, -4, 4), (5, 16, 11)),  # putamen
    )
    for centre, radii in nuclei:
        paint(ellipsoid(side, centre, radii), GREY + 30)
    horns = join(
        capsule(side, (5, -30, 14), (9, 2, 24), 4.5, 4.5),
        capsule(side, (9, 2, 24), (22, 36, 12), 4.5, 6.0),
        capsule(side, (22, 36, 12), (18, 54, 8), 5.0, 2.0),
        roundness=4,
    )
    paint(horns, WATER)
    paint(ellipsoid(head.point, (0, 10, 4), (2.0, 13, 9)), WATER)


def draw_hindbrain(head: Head) -> None:
    """Draw the cerebellum with its leaves, the brain stem and the water around it."""
    (x, y, z), side, paint = head.point, head.side, head.paint
    cerebellum = ellipsoid(side, (20, 48, -38), (30, 30, 22))
    paint(cerebellum - 2.5, WATER)
    paint(cerebellum, GREY + 40)
    leaves = np.sin((np.hypot(x * 0.6, y - 20) + 1.2 * head.folds) * 1.25) * 1.6 + 0.3
    paint(common(cerebellum + 2.5, leaves), WHITE - 90)
    paint(ellipsoid(side, (15, 40, -38), (14, 11, 12)), WHITE + 10 * head.marbling)
    stem = join(
        capsule(head.point, (0, 8, -20), (0, 24, -76), 14, 11),
        capsule(side, (3, 2, -6), (11, -4, 2), 9, 5),
        roundness=6,
    )
    stem = common(stem, z - 2)
    paint(common(stem - 2.5, z + 12), WATER)
    paint(stem, WHITE - 40 + 10 * head.marbling)
    paint(ellipsoid(head.point, (0, 29, -38), (7, 4, 12)), WATER)
