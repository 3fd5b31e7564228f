"""A torso from the heart to the kidneys, in Hounsfield units, some 70 s after contrast was given.

Drawn plane by plane from smooth shapes in the patient's axes: x to the left, y to the back, z to
the head, in millimetres, the origin in the middle of the body at the level of the diaphragm.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from make_fixtures.shapes import (
    Branch,
    Canvas,
    Field,
    blur,
    capsule,
    clouds,
    common,
    ellipsoid,
    grow_tree,
    join,
    noise,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE = 256
FIELD_OF_VIEW_MM = 360.0
PIXEL_SPACING_MM = FIELD_OF_VIEW_MM / SIZE
SLICE_SPACING_MM = 7.5
SLICE_POSITIONS_MM = tuple(70.5 - SLICE_SPACING_MM * index for index in range(22))
"""From the head downwards, the order in which a radiologist reads."""

LIVER, SPLEEN, LEFT_KIDNEY, RIGHT_KIDNEY, AORTA, LESION = range(1, 7)
"""Labels kept beside the values."""

TISSUE_HU = {
    LIVER: 108.0,
    SPLEEN: 124.0,
    LEFT_KIDNEY: 185.0,
    RIGHT_KIDNEY: 185.0,
    AORTA: 165.0,
    LESION: 22.0,
}
NOISE_HU = 8.0
SEED = 20240117

LESION_CENTRE_MM = (-82.0, 12.0, -19.5)
LESION_RADIUS_MM = 11.0


@dataclass(frozen=True)
class Torso:
    """All slices, [slice, row, column]: values as drawn, with noise, and which organ is where."""

    drawn: Field
    hounsfield: Field
    labels: NDArray[np.uint8]


@cache
def torso() -> Torso:
    """Draw the torso once."""
    rng = np.random.RandomState(SEED)  # its stream is frozen by NumPy, that of Generator is not
    trees = Trees.grow(rng)
    marbling = clouds(rng, (len(SLICE_POSITIONS_MM), SIZE, SIZE), 24.0, 4)
    slices, labels = [], []
    for index, z in enumerate(SLICE_POSITIONS_MM):
        # Slices touch; three planes in each give the partial volume of a real one.
        planes = [draw_plane(z + offset, trees, marbling[index]) for offset in (0.0, -2.5, 2.5)]
        slices.append(np.mean([plane.values for plane in planes], axis=0))
        labels.append(planes[0].labels)
    drawn = blur(np.stack(slices), (0, 0.55, 0.55))
    hounsfield = drawn + NOISE_HU * noise(rng, drawn.shape, (0, 0.6, 0.6))
    return Torso(drawn, hounsfield, np.stack(labels))


LUNG_SEGMENTS = (
    (1.0, -0.7, 0.5),
    (1.0, 0.3, 0.7),
    (0.9, 0.9, 0.1),
    (0.8, 0.2, -0.9),
    (0.7, 0.9, -0.7),
    (0.8, -0.6, -0.6),
    (1.0, -0.2, -0.3),
    (0.6, -0.9, 0.1),
)
"""Where the arteries of a lung set out to; the first number points away from the heart."""


@dataclass(frozen=True)
class Trees:
    """The vessels that branch."""

    lungs: tuple[Branch, ...]
    liver: tuple[Branch, ...]

    @classmethod
    def grow(cls, rng: np.random.RandomState) -> Trees:
        lungs: list[Branch] = []
        for side in (-1, 1):
            for aim in LUNG_SEGMENTS:
                lungs += grow_tree(
                    rng,
                    (side * 36.0, 8.0, 66.0),
                    (side * aim[0], aim[1], aim[2]),
                    length=24.0,
                    radius=5.0,
                    levels=6,
                    spread=0.6,
                )
        liver: list[Branch] = []
        for aim in ((-1.0, 0.3, -0.3), (-0.9, -0.5, 0.5), (0.2, -0.8, 0.3), (-0.8, 0.6, 0.6)):
            liver += grow_tree(
                rng, (-28.0, -4.0, -18.0), aim, length=28.0, radius=4.6, levels=4, spread=0.5
            )
        return cls(tuple(lungs), tuple(liver))


def draw_plane(z: float, trees: Trees, marbling: Field) -> Canvas:
    """Draw the plane at one height."""
    centres = (np.arange(SIZE) + 0.5) * PIXEL_SPACING_MM - FIELD_OF_VIEW_MM / 2
    x, y = np.meshgrid(centres, centres)
    canvas = Canvas((SIZE, SIZE), -1000.0, PIXEL_SPACING_MM)
    plane = Plane(x, y, z, canvas, marbling)
    draw_table(plane)
    draw_wall(plane)
    draw_abdomen(plane)
    draw_lungs(plane, trees.lungs)
    draw_mediastinum(plane)
    draw_liver(plane, trees.liver)
    draw_bowel(plane)
    draw_great_vessels(plane)
    draw_ribs(plane)
    draw_spine(plane)
    return canvas


class Plane:
    """One plane while it is drawn: coordinates, canvas and the surfaces that organs share."""

    def __init__(self, x: Field, y: Field, z: float, canvas: Canvas, marbling: Field) -> None:
        self.x, self.y, self.z = x, y, z
        self.point = (x, y, z)
        self.paint = canvas.paint
        self.marbling = marbling
        # The waist is narrower than the chest; superelliptic, as real bodies are.
        waist = 1 - 0.05 / (1 + np.exp((z + 30) / 18))
        self.body = superellipse(x, y, 157 * waist, 106 * waist, 2.35)
        self.cavity = superellipse(x, y + 5, 121 * waist, 80 * waist, 2.2)
        self.cavity = without_spine(self.cavity, x, y)
        # Two domes; lung is above them, abdomen below.
        right = 34 - ((x + 58) / 62) ** 2 * 46 - ((y + 8) / 66) ** 2 * 46
        left = 20 - ((x - 60) / 60) ** 2 * 44 - ((y + 2) / 66) ** 2 * 44
        self.dome = np.maximum(right, left)

    def paint_vessels(
        self, branches: tuple[Branch, ...], room: Field, value: float, label: int = 0
    ) -> None:
        """Paint the parts of a tree of vessels that lie in a room and in this plane."""
        for branch in branches:
            low, high = branch.reach(2)
            if low < self.z < high:
                box = (row_slice(*branch.reach(1)), row_slice(*branch.reach(0)))
                tube = branch.distance((self.x[box], self.y[box], self.z))
                self.paint(common(tube, room[box]), value, label, box=box)

    @property
    def above_dome(self) -> Field:
        """Distance to the room above the diaphragm, measured across its slope."""
        slope_row, slope_column = np.gradient(self.dome, PIXEL_SPACING_MM)
        return np.asarray((self.dome - self.z) / np.sqrt(1 + slope_row**2 + slope_column**2))


def row_slice(low_mm: float, high_mm: float) -> slice:
    """Give the rows, or columns, between two coordinates."""
    first, last = ((mm + FIELD_OF_VIEW_MM / 2) / PIXEL_SPACING_MM for mm in (low_mm, high_mm))
    return slice(max(int(first), 0), max(int(last) + 1, 0))


def superellipse(x: Field, y: Field, half_width: float, half_height: float, power: float) -> Field:
    level = (np.abs(x / half_width) ** power + np.abs(y / half_height) ** power) ** (1 / power)
    return np.asarray((level - 1) * np.hypot(x, y) / np.maximum(level, 1e-9))


def without_spine(cavity: Field, x: Field, y: Field) -> Field:
    """Take the spine and the muscles beside it out of the cavity."""
    spine = ellipsoid((x, y), (0, 78), (46, 42))
    return common(cavity, -spine)


def draw_table(plane: Plane) -> None:
    """Draw the couch: a thin shell of carbon fibre around foam."""
    top = 113 - (plane.x / 46) ** 2
    shell = common(top - plane.y, plane.y - top - 24, np.abs(plane.x) - 172)
    plane.paint(shell, -350.0)
    plane.paint(shell + 2.6, -955.0)


def draw_wall(plane: Plane) -> None:
    """Draw skin, fat under it and the muscles around the cavity."""
    x, y, z = plane.point
    plane.paint(plane.body, 25.0)
    plane.paint(plane.body + 2.2, -102 + 4 * plane.marbling)
    muscle = join(
        plane.cavity - 9,
        *(ellipsoid(plane.point, (side * 100, 40, 70), (42, 48, 90)) for side in (-1, 1)),
        *(ellipsoid((x, y), (side * 34, 74), (31, 24)) for side in (-1, 1)),
        roundness=6,
    )
    muscle = common(muscle, plane.body + 7)
    streaks = np.clip(plane.marbling - 1.1, 0, 1) * 90
    plane.paint(muscle, 58 + 3 * plane.marbling - streaks)
    # The white line of fat between chest wall and shoulder muscles.
    if z > 0:
        for side in (-1, 1):
            seam = np.abs(ellipsoid(plane.point, (side * 88, 30, 70), (46, 62, 100))) - 0.9
            plane.paint(common(seam, plane.body + 12, -(plane.cavity - 11)), -60.0)
    plane.paint(plane.cavity, -98 + 5 * plane.marbling)


def draw_abdomen(plane: Plane) -> None:
    """Draw what lies below the diaphragm, liver and bowel excepted."""
    room = common(plane.cavity + 2, 2 - plane.above_dome)
    for side in (-1, 1):  # psoas and the legs of the diaphragm
        psoas = ellipsoid(plane.point, (side * 36, 46, -110), (15, 17, 70))
        plane.paint(psoas, 60 + 2 * plane.marbling)
        crus = capsule(plane.point, (side * 13, 22, 10), (side * 20, 40, -80), 5, 4)
        plane.paint(crus, 62.0)

    spleen = common(
        ellipsoid(plane.point, (92, 34, -24), (27, 48, 46)),
        -ellipsoid(plane.point, (62, 20, -30), (22, 30, 60)),
        room,
    )
    plane.paint(spleen, TISSUE_HU[SPLEEN] + 1.5 * plane.marbling, SPLEEN)

    stomach = common(
        join(
            ellipsoid(plane.point, (58, -24, -8), (36, 36, 40)),
            capsule(plane.point, (46, -38, -34), (2, -52, -52), 17, 13),
            roundness=14,
        ),
        room,
    )
    plane.paint(stomach, 72.0)
    lumen = stomach + 4.5
    plane.paint(lumen, 14 + 3 * plane.marbling)
    plane.paint(
        common(lumen, plane.y + 38), -985.0
    )  # gas stands in front: the patient lies on the back

    draw_kidney(plane, 1, (60.0, 40.0, -72.0))
    draw_kidney(plane, -1, (-60.0, 40.0, -84.0))
    pancreas = join(
        capsule(plane.point, (-24, -14, -66), (6, -12, -50), 12, 9),
        capsule(plane.point, (6, -12, -50), (58, 14, -38), 9, 7),
        roundness=6,
    )
    lobules = 2.2 * np.clip(plane.marbling, -1, 1)
    plane.paint(pancreas + lobules, 92.0)
    splenic_vein = join(
        capsule(plane.point, (-18, -6, -44), (14, -4, -42), 4.6, 4.2),
        capsule(plane.point, (14, -4, -42), (44, 12, -38), 4.2, 3.6),
        capsule(plane.point, (44, 12, -38), (72, 30, -30), 3.6, 3.0),
    )
    plane.paint(splenic_vein, 150.0)


def draw_kidney(plane: Plane, side: int, centre: tuple[float, float, float]) -> None:
    """Draw cortex, pyramids and the fat of the sinus, open towards the middle."""
    cx, cy, cz = centre
    label = LEFT_KIDNEY if side > 0 else RIGHT_KIDNEY
    kidney = ellipsoid(plane.point, centre, (26, 31, 54))
    sinus = join(
        ellipsoid(plane.point, (cx - side * 8, cy - 5, cz), (12, 12, 30)),
        capsule(plane.point, (cx - side * 8, cy - 5, cz), (cx - side * 34, cy - 16, cz), 8),
        roundness=6,
    )
    body = common(kidney, -sinus)
    plane.paint(body, 188.0, label)
    angle = np.arctan2(plane.y - cy, plane.x - cx) + (plane.z - cz) * 0.12
    pyramids = common(kidney + 7, -sinus + 3, 2.6 - 5.2 * np.cos(angle * 7))
    plane.paint(pyramids, 168.0, label)
    pelvis = capsule(
        plane.point, (cx - side * 9, cy - 6, cz + 10), (cx - side * 26, cy - 12, cz - 22), 4
    )
    plane.paint(common(pelvis, kidney - 12), 12.0)
    vein = capsule(plane.point, (cx - side * 12, cy - 8, cz + 6), (side * 6 - 8, 8, cz + 12), 4)
    plane.paint(vein, 158.0)


def draw_bowel(plane: Plane) -> None:
    """Draw the transverse colon and loops of small bowel."""
    if plane.z > -36:
        return
    room = common(plane.cavity + 2, 2 - plane.above_dome)
    loops = (
        ((-74, -34, -100), (22, 20, 34), -870.0),
        ((-34, -58, -104), (26, 14, 22), -880.0),
        ((14, -60, -88), (28, 13, 24), 28.0),
        ((60, -48, -78), (24, 15, 30), -860.0),
        ((90, -12, -84), (16, 21, 44), 34.0),
        ((34, -30, -82), (18, 13, 19), 26.0),
        ((62, -18, -70), (15, 14, 22), 24.0),
        ((2, -32, -96), (16, 12, 20), 24.0),
        ((-30, -28, -104), (15, 13, 19), 30.0),
        ((60, -6, -102), (17, 15, 16), 22.0),
        ((32, -4, -98), (15, 12, 17), 30.0),
    )
    for centre, radii, content in loops:
        bowel = common(ellipsoid(plane.point, centre, radii), room)
        plane.paint(bowel + 0.8 * plane.marbling, 78.0)
        plane.paint(bowel + 2.6 + 0.8 * plane.marbling, content + 12 * plane.marbling)


def draw_lungs(plane: Plane, vessels: tuple[Branch, ...]) -> None:
    """Draw both lungs and the vessels in them."""
    x, y, z = plane.point
    middle = join(
        ellipsoid((x, y), (6, -8), (34, 66)),
        ellipsoid(plane.point, (22, -20, 34), (60, 50, 62)),
        ellipsoid((x, y), (0, 60), (30, 30)),
        roundness=20,
    )
    lung = common(plane.cavity + 2.5, plane.above_dome + 1.5, -middle)
    # Blood sinks: the lung is denser at the back of someone who lies on it.
    plane.paint(lung, -862 + y * 0.45 + 14 * plane.marbling)
    plane.paint_vessels(vessels, lung - 1, 45.0)
    for side, fissure in ((-1, 0.35), (1, 0.45)):
        sheet = np.abs(y - 34 + fissure * (z - 20) + 0.1 * side * x) * 0.9 - 0.35
        plane.paint(common(sheet, lung, -side * x + 30), -720.0)


def draw_mediastinum(plane: Plane) -> None:
    """Draw the heart in its fat, and the oesophagus."""
    above = plane.above_dome - 4
    sac = common(ellipsoid(plane.point, (20, -22, 40), (60, 50, 56)), above)
    plane.paint(sac, 40.0)
    plane.paint(sac + 1.6, -92 + 6 * plane.marbling)
    heart = common(ellipsoid(plane.point, (20, -22, 42), (53, 43, 50)), above + 4)
    plane.paint(heart, 104.0)
    left_chamber = capsule(plane.point, (22, -8, 62), (48, -32, 26), 17, 12)
    plane.paint(common(left_chamber, heart + 9), 172.0)
    right_chamber = capsule(plane.point, (-4, -38, 58), (28, -50, 24), 16, 10)
    plane.paint(common(right_chamber, heart + 3.5), 160.0)
    right_atrium = ellipsoid(plane.point, (-22, -20, 50), (17, 21, 26))
    plane.paint(common(right_atrium, sac + 3), 158.0)
    left_atrium = ellipsoid(plane.point, (10, 8, 70), (28, 15, 20))
    plane.paint(common(left_atrium, sac + 2), 168.0)
    septum_fat = capsule(plane.point, (-6, -14, 60), (26, -26, 64), 2.5)
    plane.paint(common(septum_fat, heart), -40.0)
    coronary = capsule(plane.point, (-6, -58, 74), (30, -64, 38), 1.8)
    plane.paint(common(coronary, sac), 175.0)
    oesophagus = capsule(plane.point, (3, 24, 90), (14, 12, -4), 7.5)
    plane.paint(oesophagus, 48.0)
    plane.paint(capsule(plane.point, (3, 24, 90), (8, 19, 40), 1.6), -600.0)


def draw_liver(plane: Plane, vessels: tuple[Branch, ...]) -> None:
    """Draw the liver with its vessels, a cyst and the gall bladder."""
    below = 1.5 - plane.above_dome
    lobes = join(
        ellipsoid(plane.point, (-64, 2, -26), (62, 76, 82)),
        ellipsoid(plane.point, (6, -46, 0), (66, 30, 42)),
        roundness=24,
    )
    fissure = capsule(plane.point, (-14, -78, -40), (-16, -34, -30), 3.0, 1.5)
    kidney_bed = ellipsoid(plane.point, (-58, 44, -88), (40, 42, 66))
    stomach_bed = ellipsoid(plane.point, (58, -22, -8), (40, 40, 44))
    hilum = ellipsoid(plane.point, (-14, -8, -56), (34, 22, 30))
    liver = common(
        lobes, plane.cavity + 1.5, below, -fissure, -kidney_bed, -hilum, -stomach_bed + 2
    )
    plane.paint(liver, TISSUE_HU[LIVER] + 2.5 * plane.marbling, LIVER)
    plane.paint_vessels(vessels, liver + 2, 148.0, LIVER)
    for end in (
        (-70, -26, -4),
        (-34, -38, 0),
        (-72, 22, 0),
    ):  # the hepatic veins meet in the vena cava
        vein = capsule(plane.point, (-22, 18, 14), end, 4.5, 2.2)
        plane.paint(common(vein, liver + 2), 146.0, LIVER)
    cyst = ellipsoid(plane.point, LESION_CENTRE_MM, (LESION_RADIUS_MM,) * 3)
    plane.paint(common(cyst, liver), TISSUE_HU[LESION], LESION)
    bladder = join(
        ellipsoid(plane.point, (-48, -44, -72), (14, 22, 22)),
        capsule(plane.point, (-44, -34, -58), (-30, -16, -50), 8, 3),
        roundness=6,
    )
    plane.paint(bladder, 60.0)
    plane.paint(bladder + 1.8, 8.0)


def draw_great_vessels(plane: Plane) -> None:
    """Draw aorta, vena cava and their large branches."""
    aorta = capsule(plane.point, (24, 34, 110), (6, 24, -120), 12.5, 9.5)
    plane.paint(aorta - 1.2, 50.0)
    plane.paint(aorta, TISSUE_HU[AORTA], AORTA)
    plaque = ellipsoid(plane.point, (4, 34, -62), (3.5, 2, 9))
    plane.paint(common(plaque, aorta - 1.5), 720.0)
    cava = join(
        capsule(plane.point, (-20, 24, -120), (-22, 18, 10), 11, 12),
        capsule(plane.point, (-22, 18, 10), (-22, -8, 46), 12, 13),
    )
    plane.paint(cava, 152.0)
    plane.paint(capsule(plane.point, (-6, 32, 100), (-5, 34, -30), 3.2), 140.0)  # azygos
    plane.paint(capsule(plane.point, (-18, -6, -44), (-34, -4, -16), 6.5), 150.0)  # portal vein
    mesenteric = capsule(plane.point, (5, 12, -40), (0, -14, -110), 4, 3)
    plane.paint(mesenteric, 162.0)
    plane.paint(capsule(plane.point, (-12, -6, -50), (-14, -18, -110), 5, 4.5), 150.0)


def draw_ribs(plane: Plane) -> None:
    """Draw the ribs, which fall from the back to the front, their cartilage and the breast bone."""
    x, y, z = plane.point
    around = np.arctan2(np.abs(x) / 128, (y + 4) / 86)  # 0 at the back, pi at the front
    level = np.hypot(x / 128, (y + 4) / 86)
    across = (level - 1) * np.hypot(x, y + 4) / np.maximum(level, 1e-9)
    for number, at_spine in enumerate(range(186, -20, -25)):
        falling = 96 * np.minimum(around, 2.45) / 2.45 - 8 * np.sin(around)
        up = (z - (at_spine - falling)) * 0.86
        last = 2.9 if number < 6 else (2.3, 1.8, 1.3)[number - 6]
        ends = (np.maximum(around - last, 0) + np.maximum(0.28 - around, 0)) * 90
        rib = np.sqrt((across / 3.9) ** 2 + (up / 6.6) ** 2 + (ends / 4) ** 2)
        rib = (rib - 1) * 4.2
        cartilage = around > 2.25
        plane.paint(rib, np.where(cartilage, 118.0, 640.0))
        plane.paint(rib + 1.9, np.where(cartilage, 100.0, 190.0))
    if z > 8:
        sternum = ellipsoid(plane.point, (0, -92, 80), (19, 7.5, 72))
        plane.paint(sternum, 480.0)
        plane.paint(sternum + 2.2, 150.0)


def draw_spine(plane: Plane) -> None:
    """Draw vertebrae with their shells, discs between them and the canal."""
    x, y, z = plane.point
    phase = (z + 11) % 30 - 15  # a vertebra each 30 mm, its disc where the phase is near 15
    waist = 1 - 0.10 * np.cos(phase / 15 * np.pi)
    front = ellipsoid((x, y), (0, 50), (21.5 * waist, 17.0 * waist))
    body = common(front, -ellipsoid((x, y), (0, 73), (15, 9)))
    if abs(phase) > 12:
        plane.paint(body, 95.0)
    else:
        plane.paint(body, 560.0)
        plate = 420.0 if abs(phase) > 9.5 else 205.0
        plane.paint(body + 1.9, plate + 16 * plane.marbling)
    arch = join(
        *(capsule((x, y), (side * 13, 60), (side * 15, 76), 4.5) for side in (-1, 1)),
        *(capsule((x, y), (side * 14, 78), (0, 86), 4) for side in (-1, 1)),
        capsule((x, y), (0, 86), (0, 101), 4.4, 3),
    )
    if abs(phase) < 8:
        wings = (capsule((x, y), (side * 16, 72), (side * 42, 78), 5, 4) for side in (-1, 1))
        arch = join(arch, *wings, roundness=3)
    canal = ellipsoid((x, y), (0, 73), (11, 8.5))
    plane.paint(common(arch, -canal), 540.0)
    plane.paint(common(arch + 2.2, -canal), 230.0)
    plane.paint(canal, 6.0)
    plane.paint(ellipsoid((x, y), (0, 73), (6.5, 4.8)), 38.0)
