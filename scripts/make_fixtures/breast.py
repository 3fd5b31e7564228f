"""A breast in the craniocaudal view: 12-bit values, dark where high (MONOCHROME1)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from make_fixtures.shapes import Field, blur, capsule, clouds, ellipsoid, noise, sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS, COLUMNS = 1024, 768
PIXEL_SPACING_MM = 0.2
PADDING_VALUE = 4095
"""Outside the breast contour; the darkest value of a MONOCHROME1 image."""

SEED = 20240229
NIPPLE = (500, 612)
"""Row and column of the nipple."""

MASS_CENTRE = (610, 250)
"""Row and column of a round mass."""

CALCIFICATIONS_CENTRE = (400, 420)
"""Row and column of a cluster of fine calcifications."""


@cache
def breast() -> NDArray[np.uint16]:
    """Give the stored values, [row, column]; the chest wall is the left edge."""
    rng = np.random.RandomState(SEED)
    rows, columns = np.mgrid[0:ROWS, 0:COLUMNS].astype(float)
    # The contour: an egg that bulges towards the nipple, lightly uneven.
    down, out = rows - NIPPLE[0], columns + 30
    level = ((out / 640) ** 2.2 + np.abs(down / 432) ** 2.2) ** (1 / 2.2)
    # Pixels under the skin.
    depth = (1 - level) * np.hypot(down, out) / level + 5 * np.sin(down / 70)
    depth = np.maximum(depth, -ellipsoid((rows, columns), NIPPLE, (24, 22)))

    # Compressed to an even thickness, thinning over the last centimetre.
    thickness = np.sqrt(np.clip(depth / 90, 0, 1))
    glandular = gland(rng, rows, columns, depth)
    fat = 0.30 + 0.022 * clouds(rng, rows.shape, 90.0, 6)
    attenuation = thickness * (fat + 0.40 * glandular)
    attenuation += 0.05 * np.exp(-(((depth - 5) / 4) ** 2))  # skin
    for line in vessels(rng):
        attenuation += 0.035 * np.clip(1 - distance_to(line, rows, columns) / 4, 0, 1)
    mass = ellipsoid((rows, columns), MASS_CENTRE, (34, 30))
    mass += 5 * clouds(rng, mass.shape, 28.0, 2)
    attenuation += 0.11 * np.clip(0.5 - mass / 16, 0, 1)
    attenuation = blur(attenuation, 0.8)
    attenuation += calcifications(rng, rows, columns)

    values = 3350 - 3100 * attenuation + 7 * noise(rng, attenuation.shape, 0.5)
    values = np.clip(np.floor(values + 0.5), 0, PADDING_VALUE - 1)
    return np.where(depth > 0, values, PADDING_VALUE).astype(np.uint16)


def gland(rng: np.random.RandomState, rows: Field, columns: Field, depth: Field) -> Field:
    """Give the share of glandular tissue: a cone towards the nipple, streaked with fat."""
    texture = clouds(rng, rows.shape, 130.0, 8)
    # Ducts and ligaments run towards the nipple: stretch a second texture along that direction.
    down, back = rows - NIPPLE[0], NIPPLE[1] + 120 - columns
    angle = np.clip(np.arctan2(down, back) * 760 + 320, 0, 638)
    fibres = sample(
        clouds(rng, (640, 360), 60.0, 7), angle, np.clip(np.hypot(down, back) / 2.2, 0, 358)
    )
    cone = 1 - np.hypot((rows - 490) / 330, (columns - 300) / 330) ** 2
    cone = np.clip(cone * 1.4, 0, 1) * np.clip((depth - 24) / 60, 0, 1)
    lobules = 0.5 + 0.19 * texture + 0.16 * fibres
    return np.asarray(np.clip(lobules * 1.6 + cone - 1.1, 0, 1.3) * cone**0.7)


def vessels(rng: np.random.RandomState) -> list[NDArray[np.float64]]:
    """Give the shapes of a few veins from the chest wall towards the nipple."""
    starts = (190.0, 330.0, 640.0, 790.0)
    return [np.array([start, (500 - start) * 0.9, *rng.uniform(-60, 60, 2)]) for start in starts]


def distance_to(line: NDArray[np.float64], rows: Field, columns: Field) -> Field:
    """Give the distance to a vein, which ends before the nipple."""
    t = columns / 580
    start, drop, bend, ripple = line
    row = start + drop * t**2 + bend * t * (1 - t) + 0.3 * ripple * np.sin(7 * t)
    return np.asarray(np.abs(rows - row) * 0.85 + np.clip(columns - 470, 0, None))


def calcifications(rng: np.random.RandomState, rows: Field, columns: Field) -> Field:
    """Give specks of calcium: a cluster of fine ones and a large benign ring."""
    specks = np.zeros(rows.shape)
    for _ in range(26):
        row = CALCIFICATIONS_CENTRE[0] + 20 * rng.standard_normal()
        column = CALCIFICATIONS_CENTRE[1] + 20 * rng.standard_normal()
        end = (row + rng.uniform(-1.5, 1.5), column + rng.uniform(-2, 2))
        near = (slice(int(row) - 16, int(row) + 16), slice(int(column) - 16, int(column) + 16))
        grain = capsule((rows[near], columns[near]), (row, column), end, rng.uniform(0.5, 1.1))
        specks[near] += rng.uniform(0.10, 0.26) * np.clip(0.5 - grain / 1.2, 0, 1)
    ring = np.abs(ellipsoid((rows, columns), (680, 210), (7, 6))) - 1.6
    return np.asarray(specks + 0.2 * np.clip(0.5 - ring / 3, 0, 1))
