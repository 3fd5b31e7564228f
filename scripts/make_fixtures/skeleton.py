"""A bone scan of the whole body: counts from the front and the back, and a colour map."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from make_fixtures.shapes import Field, blur, capsule, ellipsoid

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS, COLUMNS = 448, 160
PIXEL_SPACING_MM = 4.2
SEED = 20240422
ANTERIOR, POSTERIOR = 0, 1
HOT_SPOT = (148, 96)
"""Row and column, seen from the front, of a rib with too much uptake."""


@cache
def counts() -> NDArray[np.uint8]:
    """Give stored values, [view, row, column]: palette indices that grow with the counts."""
    rng = np.random.RandomState(SEED)
    views = []
    for view in (ANTERIOR, POSTERIOR):
        expected = blur(activity(view), 1.6)
        if view == POSTERIOR:
            expected = expected[:, ::-1]  # seen from behind, left is on the left
        detected = rng.poisson(expected)
        views.append(np.clip(detected * 2.6, 0, 255))
    return np.floor(np.stack(views) + 0.5).astype(np.uint8)


def activity(view: int) -> Field:
    """Give the counts expected, the patient facing us."""
    row, column = np.mgrid[0:ROWS, 0:COLUMNS] + 0.5
    x = np.abs(column - COLUMNS / 2)  # both halves alike
    y = row
    signed_x = column - COLUMNS / 2
    total = np.zeros((ROWS, COLUMNS))

    def add(distance: Field, amount: float, soft: float = 1.0) -> None:
        np.add(total, amount * np.clip(0.5 - distance / soft, 0, 1), out=total)

    front = view == ANTERIOR
    flesh = [
        ellipsoid((x, y), (0, 42), (18, 26)),
        capsule((x, y), (0, 60), (0, 100), 11),
        ellipsoid((x, y), (0, 148), (38, 66)),
        ellipsoid((x, y), (0, 214), (37, 32)),
        capsule((x, y), (40, 106), (56, 176), 10, 8),
        capsule((x, y), (56, 176), (64, 236), 8, 5),
        ellipsoid((x, y), (66, 250), (6, 14)),
        capsule((x, y), (18, 224), (16, 318), 18, 11),
        capsule((x, y), (16, 318), (14, 406), 11, 6),
        ellipsoid((x, y), (16, 420), (6, 14)),
    ]
    add(np.minimum.reduce(flesh), 5.0, 3.0)
    # The skull, its base and the jaw.
    add(np.abs(ellipsoid((x, y), (0, 36), (15, 20))) - 2.2, 14)
    add(ellipsoid((x, y), (0, 36), (15, 20)), 7)
    add(capsule((x, y), (0, 64), (9, 56), 2.5), 12 if front else 6)
    # The spine: vertebrae one by one, seen better from behind.
    for number in range(22):
        at = 72 + number * 6.1 + 0.03 * number**2
        add(ellipsoid((x, y), (0, at), (4 + 0.11 * number, 2.6)), 17 if front else 34)
    for number in range(10):
        top = 94 + number * 9.2
        reach = 30 - 0.35 * (number - 5) ** 2
        drop = 13 if front else 9
        rib = np.abs(
            y
            - (top + drop * (x / reach) ** 2 * (1 if not front else -0.4) + (drop if front else 0))
        )
        sides = np.maximum(rib - 1.6, np.maximum(5 - x, x - reach))
        add(sides, 12 if front else 18)
        add(capsule((x, y), (reach, top + drop * 0.6), (reach - 1, top + drop), 1.5), 10)
    add(capsule((x, y), (0, 100), (0, 148), 3.6, 2.4), 24 if front else 0)
    add(capsule((x, y), (4, 98), (32, 93), 1.9), 20 if front else 7)
    add(np.abs(ellipsoid((x, y), (25, 116), (9, 15))) - 1.8, 4 if front else 20)
    add(ellipsoid((x, y), (37, 101), (5.5, 5.5)), 30)
    # Arms.
    add(capsule((x, y), (39, 106), (54, 172), 2.4, 2.2), 11)
    add(ellipsoid((x, y), (55, 176), (4, 3.5)), 16)
    add(capsule((x, y), (55, 178), (63, 234), 2.4, 2.0), 9)
    add(ellipsoid((x, y), (66, 250), (4, 10)), 9)
    # The pelvis: wings, joints behind, sockets, and the bladder in front.
    add(np.abs(ellipsoid((x, y), (19, 214), (14, 16))) - 3.0, 16)
    add(ellipsoid((x, y), (19, 214), (14, 16)), 8)
    add(capsule((x, y), (9, 206), (12, 222), 2.6), 10 if front else 46)
    add(ellipsoid((x, y), (0, 222), (7, 13)), 12 if front else 26)
    add(np.abs(ellipsoid((x, y), (9, 243), (7, 8))) - 2.2, 13)
    add(ellipsoid((x, y), (0, 238), (9, 7.5)), 92 if front else 44, 2.0)
    add(ellipsoid((x, y), (27, 236), (5.5, 5.5)), 26)
    # Kidneys, through which the tracer leaves.
    add(ellipsoid((x, y), (17, 178), (6, 10)), 7 if front else 22, 2.0)
    # Legs.
    add(capsule((x, y), (28, 240), (18, 316), 2.6, 3.0), 12)
    add(ellipsoid((x, y), (16.5, 322), (7.5, 7)), 22)
    add(ellipsoid((x, y), (16.5, 321), (3.6, 3.6)), 14 if front else 0)
    add(capsule((x, y), (16, 328), (14, 404), 3.0, 2.2), 12)
    add(ellipsoid((x, y), (14, 409), (5, 5)), 20)
    add(ellipsoid((x, y), (16, 424), (4, 10)), 14)
    # What the examination is about, and where the tracer went in.
    at_row, at_column = HOT_SPOT
    hot = ellipsoid((signed_x, y), (at_column - COLUMNS / 2 + 0.5, at_row + 0.5), (4.0, 3.0))
    add(hot, 95 if front else 40, 2.0)
    add(ellipsoid((signed_x, y), (-56.0, 170), (2.5, 4)), 60)
    return total + 0.25


def lookup_table() -> NDArray[np.uint16]:
    """Give 256 colours of 16 bits, [index, red-green-blue], from black over red to white."""
    stops = np.array([0, 34, 76, 132, 195, 255], float)
    colours = np.array(
        [(0, 0, 0), (52, 8, 96), (168, 16, 72), (240, 92, 16), (255, 200, 40), (255, 255, 235)],
        float,
    )
    index = np.arange(256.0)
    table = np.stack([np.interp(index, stops, channel) for channel in colours.T], axis=-1)
    return np.floor(table * 257 + 0.5).astype(np.uint16)
