"""Colours of segments: ``#rrggbb`` of the page, and CIELab as DICOM keeps it.

References
----------
DICOM PS3.3 C.10.7.1.1, Encoding of CIELab Values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# sRGB to XYZ under D50, the white of profile connection spaces.
_XYZ_OF_RGB = np.array(
    [
        [0.4360747, 0.3850649, 0.1430804],
        [0.2225045, 0.7168786, 0.0606169],
        [0.0139322, 0.0971045, 0.7141733],
    ]
)
_RGB_OF_XYZ = np.linalg.inv(_XYZ_OF_RGB)
_WHITE = _XYZ_OF_RGB.sum(axis=1)
_EDGE = 6 / 29
_L_SCALE, _AB_SCALE, _AB_OFFSET = 65535 / 100, 65535 / 255, 128


def lab_of_color(color: str) -> tuple[float, float, float]:
    """Give L*, a* and b* of ``#rrggbb``.

    Examples
    --------
    >>> [round(value, 2) + 0.0 for value in lab_of_color("#ffffff")]
    [100.0, 0.0, 0.0]
    """
    rgb = np.array([int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    share = _XYZ_OF_RGB @ linear / _WHITE
    x, y, z = np.where(share > _EDGE**3, np.cbrt(share), share / (3 * _EDGE**2) + 4 / 29).tolist()
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def color_of_lab(stored: Sequence[float | None]) -> str:
    """Give ``#rrggbb`` of *Recommended Display CIELab Value* (0062,000D); nothing if it is none.

    Colours that screens cannot show become the nearest in each of red, green and blue.
    """
    values = [value for value in stored if value is not None and 0 <= value <= 65535]
    if len(values) != 3:
        return ""
    lightness = values[0] / _L_SCALE
    a, b = (value / _AB_SCALE - _AB_OFFSET for value in values[1:])
    y = (lightness + 16) / 116
    found = np.array([y + a / 500, y, y - b / 200])
    share = np.where(found > _EDGE, found**3, 3 * _EDGE**2 * (found - 4 / 29))
    linear: NDArray[np.float64] = np.clip(_RGB_OF_XYZ @ (share * _WHITE), 0, 1)
    rgb = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return "#" + "".join(f"{round(value * 255):02x}" for value in rgb.tolist())
