"""One beat of a heart through the short axis, as an ultrasound sector with speckle."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from make_fixtures.shapes import Canvas, Field, blur, capsule, clouds, ellipsoid, join, sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS, COLUMNS = 288, 384
FRAMES = 20
FRAME_TIME_MS = 45.0
PIXEL_SPACING_MM = 0.65
APEX = (22, 192)
"""Row and column of the transducer."""

DEPTH_MM = 158.0
HALF_ANGLE_RAD = 0.72
BEAMS, SAMPLES = 150, 400
"""Directions and depths of the echo data, before they are drawn as a sector."""

SEED = 20240405
BLOOD_PROBE_MM = (8.0, 88.0)
"""Sideways and deep, inside the left ventricle in every frame."""


@cache
def cine() -> NDArray[np.uint8]:
    """Give the frames, [frame, row, column, red-green-blue]."""
    rng = np.random.RandomState(SEED)
    patches = clouds(rng, (SAMPLES, BEAMS), 50.0, 4)
    tissue = speckle(rng)
    frames = []
    for index in range(FRAMES):
        phase = index / FRAMES
        # The scatterers of tissue go with it; a part decorrelates from frame to frame.
        moved = np.roll(tissue, round(8 * squeeze(phase)), axis=0)
        frames.append(draw_frame(echoes(phase, 0.75 * moved + 0.25 * speckle(rng), patches), phase))
    return np.stack(frames)


def speckle(rng: np.random.RandomState) -> Field:
    """Give the brightness of speckle: the logarithm of a Rayleigh field, mean 0."""
    parts = [blur(rng.standard_normal((SAMPLES, BEAMS)), (1.5, 1.2)) for _ in range(2)]
    logarithm = np.log(np.hypot(*parts) + 0.02)
    return np.asarray(logarithm - logarithm.mean())


def squeeze(phase: float) -> float:
    """Give how far the heart is contracted, 0 at the end of diastole to 1 at the end of systole."""
    if phase < 0.4:
        return float(np.sin(phase / 0.4 * np.pi / 2) ** 2)
    return float(np.cos(min((phase - 0.4) / 0.35, 1.0) * np.pi / 2) ** 2)


def echoes(phase: float, grain: Field, patches: Field) -> Field:
    """Give echo brightness over depth and beam, 0 to 255; the logarithm is already taken."""
    depth = (np.arange(SAMPLES) + 0.5)[:, None] / SAMPLES * DEPTH_MM
    angle = ((np.arange(BEAMS) + 0.5)[None, :] / BEAMS * 2 - 1) * HALF_ANGLE_RAD
    x, y = depth * np.sin(angle), depth * np.cos(angle)
    s = squeeze(phase)
    canvas = Canvas((SAMPLES, BEAMS), 78.0, 1.6)
    paint = canvas.paint
    paint(y - 32 - 3 * np.sin(x / 14), 104.0)  # the chest wall
    for layer in (7, 14, 19, 26):
        paint(np.abs(y - layer - 1.5 * np.sin(x / 9 + layer)) - 0.7, 165.0)
    paint(ellipsoid((x, y), (-20, 74), (37 - 2 * s, 42 - 3 * s)), 112.0)  # right ventricle
    paint(ellipsoid((x, y), (-20, 74), (33 - 3 * s, 37.5 - 4 * s)), 6.0)
    outer = ellipsoid((x, y), (9, 91), (46 - 2 * s, 44 - 2 * s))
    inner = ellipsoid((x, y), (9, 91), (32.5 - 10 * s, 30 - 10 * s)) + 1.1 * patches
    paint(outer - 3.2, 92.0)
    paint(np.abs(outer) - 1.1, 150 + 70 * np.clip((y - 90) / 50, 0, 1))  # pericardium
    paint(outer + 1.2, 112 + 14 * s)
    paint(inner - 1.4, 158.0)
    paint(inner, 6.0)
    muscles = join(
        ellipsoid((x, y), (27 - 6 * s, 106 - 4 * s), (6, 5.5)),
        ellipsoid((x, y), (-9 + 6 * s, 107 - 4 * s), (5.5, 5.5)),
    )
    paint(muscles, 128.0)
    moderator = capsule((x, y), (-50, 88), (-33, 97 - 3 * s), 1.6)
    paint(moderator, 120.0)
    shadow = np.exp(-(((angle - 0.62) / 0.05) ** 2)) + np.exp(-(((angle + 0.66) / 0.04) ** 2))
    fading = 26 * np.abs(np.sin(angle * 1.6)) + 12 * (depth / DEPTH_MM) ** 2 + 45 * shadow
    signal = 1.12 * canvas.values + 9 * patches - fading
    return np.asarray(np.clip(signal + 31 * grain * np.clip(canvas.values / 70, 0.25, 1), 0, 255))


def draw_frame(beams: Field, phase: float) -> NDArray[np.uint8]:
    """Draw the sector, the scale beside it, the electrocardiogram and the words burned in."""
    row, column = np.mgrid[0:ROWS, 0:COLUMNS]
    depth = np.hypot(row - APEX[0], column - APEX[1]) * PIXEL_SPACING_MM
    angle = np.arctan2(column - APEX[1], row - APEX[0])
    inside = (depth < DEPTH_MM) & (np.abs(angle) < HALF_ANGLE_RAD) & (depth > 5)
    at_sample = np.clip(depth / DEPTH_MM * SAMPLES - 0.5, 0, SAMPLES - 2)
    at_beam = np.clip((angle / HALF_ANGLE_RAD + 1) / 2 * BEAMS - 0.5, 0, BEAMS - 2)
    gray = np.where(inside, sample(beams, at_sample, at_beam), 0)
    tint = np.array([0.97, 1.0, 1.06])  # a touch of blue, as scanners offer
    frame = np.clip(np.floor(gray[:, :, None] * tint + 0.5), 0, 255).astype(np.uint8)
    picture = Image.fromarray(frame)
    annotate(ImageDraw.Draw(picture), phase)
    return np.asarray(picture)


def annotate(draw: ImageDraw.ImageDraw, phase: float) -> None:
    """Draw what scanners burn into the picture."""
    font = ImageFont.load_default_imagefont()  # a bitmap, the same in every release
    draw.text((8, 6), "DCMVIEW PHANTOM", fill=(230, 230, 120), font=font)
    draw.text((8, 18), f"PSAX  {1000 / FRAME_TIME_MS:.0f} Hz", fill=(180, 180, 180), font=font)
    for centimetre in range(int(DEPTH_MM / 10) + 1):
        y = APEX[0] + centimetre * 10 / PIXEL_SPACING_MM
        length = 8 if centimetre % 5 == 0 else 4
        draw.line([(COLUMNS - 6 - length, y), (COLUMNS - 6, y)], fill=(150, 150, 150))
    trace = [(x, 270 - 18 * ecg((x - 16) / 90)) for x in range(16, 107)]
    draw.line(trace, fill=(60, 210, 90))
    now = 16 + 90 * phase
    draw.line([(now, 246), (now, 276)], fill=(220, 60, 50))


def ecg(phase: float) -> float:
    """Give the voltage of a beat: P, QRS, T."""
    waves = (
        (0.05, 0.012, -0.15),
        (0.08, 0.014, 1.0),
        (0.11, 0.013, -0.25),
        (0.36, 0.045, 0.28),
        (0.92, 0.03, 0.15),
    )
    return float(sum(size * np.exp(-(((phase - at) / width) ** 2)) for at, width, size in waves))
