"""Colour maps for display values: the palettes of the Standard and perceptual ones.

The same names and colours as on the page (``frontend/src/dicom/colorMaps.ts``);
both are held to ``fixtures/vectors/color_maps.json``.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from dcmview.errors import RequestError

if TYPE_CHECKING:
    from numpy.typing import NDArray

GREY = "grey"

# Corners, `position red green blue` as two hexadecimal digits each; linear between them.
_CORNERS = {
    GREY: "00000000 ffffffff",
    "hot-iron": "00000000 7efc0000 80ff0000 bfff7e00 fefffcfc ffffffff",
    "pet": (
        "00000000 01000201 3e007d7b 3f00807d 40017e7f 562d52ab 69532dd1 6b5629d5 7f7e01fd "
        "808000ff 828404f8 a8cf5060 c0ff8000 d4ffa850 d5ffaa55 fefffcfa ffffffff"
    ),
    "hot-metal-blue": (
        "00000000 1000001f 22000043 44000085 550000a7 663200c8 775a0096 888c2032 99be4000 "
        "aaff6000 eeffe0c8 ffffffff"
    ),
    "pet-20-step": (
        "00000000 0c000000 0d600050 19600050 1a303050 26303050 27303070 32303070 33505080 "
        "3f505080 406060b0 4c6060b0 4d7070c0 597070c0 5a8080e0 658080e0 66306030 72306030 "
        "73309030 7f309030 8050c050 8c50c050 8d40e040 9840e040 99e0e050 a5e0e050 a6d0d060 "
        "b2d0d060 b3d0b040 bfd0b040 c0d09000 cbd09000 ccc06000 d8c06000 d9b03000 e5b03000 "
        "e6ff0000 f2ff0000 f3ffffff ffffffff"
    ),
    "spring": "00ff00ff ffffff00",
    "summer": "0000ff00 7f00c000 8000bf02 be00a07d ff0080fe",
    "fall": "00ffff00 ffff0000",
    "winter": "000000ff 7f007fc0 800180bf ff7fff80",
    "viridis": (
        "00440154 11481a6c 2346307e 3a3e4c8a 5d2d708e 8120928c 901fa088 9d25ac82 ac38b977 "
        "b84ec36b cb77d153 e9c5e021 f2dde318 f8ece51b fffde725"
    ),
    "inferno": (
        "00000004 0602020e 15110a30 23260c51 2d380962 3a4d0d6c 5071196e 67952667 7eb93556 "
        "96d94d3d acef6c23 c2fa9207 c9fc9f07 cffcaa0f dcfac42a e8f5db4c f1f1ec6d f8f3f68a "
        "fffcffa4"
    ),
    "magma": (
        "00000004 02010106 0c06051a 1d19103f 2a2c115f 36400f74 4254137d 5a792282 78aa337d "
        "8fcf4070 9fe55064 acf2645c bbfa7f5e cefea36f e3feca8d fffcfdbf"
    ),
    "cividis": (
        "0000224e 11002e6c 17013271 1a0c3470 201a386f 2f31436d 53555c6d 827e7d78 a29d9576 "
        "c3bfb06b e0dec958 f1f1d945 fbfde334 fffee838"
    ),
    "turbo": (
        "0030123b 01321543 093a2d79 114143a7 194559cb 21476ee6 294682f8 2f4391fe 353ba0fd "
        "3f2ab9ee 4a1ad2d2 5218e0bd 5920eaac 6238f491 706dfe62 7b96fe44 84affa37 8dc6f034 "
        "9ae3db38 a5f5c53a affdae35 bcfd8a26 caf26014 d5e4450a e2cc2b04 f1a71401 ff7a0403"
    ),
}

COLOR_MAPS = tuple(_CORNERS)
"""Names in the order in which they are offered."""


@cache
def color_map_table(name: str) -> NDArray[np.uint8]:
    """Give red, green and blue of the 256 display values.

    Returns
    -------
    ndarray of uint8, shape (256, 3)
        Not to be written to. The palettes of DICOM PS3.6 B.1 exactly, viridis to turbo
        within 1 of 255 of the tables in Matplotlib.

    Raises
    ------
    RequestError
        If there is no such map.

    Examples
    --------
    >>> color_map_table("hot-iron")[[0, 127, 255]].tolist()
    [[0, 0, 0], [254, 0, 0], [255, 255, 255]]
    """
    corners = _CORNERS.get(name)
    if corners is None:
        raise RequestError(f"colormap must be one of {', '.join(COLOR_MAPS)}, not {name!r:.40}")
    points = np.array([list(bytes.fromhex(corner)) for corner in corners.split()], np.float64)
    levels = np.arange(256)
    channels = [np.interp(levels, points[:, 0], points[:, channel]) for channel in (1, 2, 3)]
    table = np.floor(np.stack(channels, axis=1) + 0.5).astype(np.uint8)
    table.flags.writeable = False
    return table


def colored(display: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    """Give a grey picture its colours; one that has colours of its own is left as it is."""
    if name == GREY or display.ndim == 3:
        return display
    return np.take(color_map_table(name), display, axis=0, mode="clip")
