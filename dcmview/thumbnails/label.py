"""The only words that a thumbnail may carry: modality and series number."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import ImageFont

    from dcmview.model import InstanceHeader

# The Defined Terms of Modality (0008,0060), retired ones too, DICOM PS3.3 C.7.3.1.1.1.
_MODALITIES = frozenset(
    """
    AR AS ASMT AU BDUS BI BMD CD CF CFM CP CR CS CT CTPROTOCOL DD DF DG DM DMS DOC DS DX EC ECG EEG
    EMG EOG EPS ES FA FID FS GM HC HD IO IOL IVOCT IVUS KER KO LEN LP LS M3D MA MG MR MS NM OAM OCT
    OP OPM OPR OPT OPTBSV OPTENF OPV OSS OT PA PLAN POS PR PT PX REG RESP RF RG RTDOSE RTIMAGE
    RTINTENT RTPLAN RTRAD RTRECORD RTSEGANN RTSTRUCT RWV SEG SM SMR SR SRF ST STAIN TEXTUREMAP TG US
    VA VF XA XAPROTOCOL XC
    """.split()  # noqa: SIM905, a list would be a page long
)
_SERIES_NUMBER = re.compile(r"[+-]?[0-9]{1,12}")
_FONT_SHARE = 1 / 14  # of the size of a thumbnail
_SMALLEST_FONT_PX = 9


def label_of(header: InstanceHeader) -> str:
    """Give modality and series number; what is none is left out.

    Nothing else can get in: a name in the wrong element is neither a term of the Standard
    nor a number.

    References
    ----------
    DICOM PS3.3 C.7.3.1.1.1, Modality.

    Examples
    --------
    >>> from dcmview.model import InstanceHeader, SharedHeader
    >>> label_of(InstanceHeader(SharedHeader(modality="MR", series_number="12")))
    'MR 12'
    >>> label_of(InstanceHeader(SharedHeader(modality="SMITH", series_number="3")))
    '3'
    """
    modality, number = header.shared.modality.strip(), header.shared.series_number.strip()
    parts = [modality] if modality in _MODALITIES else []
    if _SERIES_NUMBER.fullmatch(number):
        parts.append(number)
    return " ".join(parts)


@lru_cache(maxsize=8)
def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font that comes with Pillow, which takes a millisecond to load."""
    from PIL import ImageFont

    return ImageFont.load_default(size_px)


def burn_label(levels: NDArray[np.uint8], text: str, size_px: int) -> NDArray[np.uint8]:
    """Write white letters with a black edge at the lower left, whatever is behind them.

    Parameters
    ----------
    levels : ndarray of uint8, shape (rows, columns) or (rows, columns, 3)
        The picture; one too small for the words gets black beside and below it.
    text : str
        The words.
    size_px : int
        Size of the thumbnails, which decides that of the letters.

    Returns
    -------
    ndarray of uint8
        A new picture.
    """
    if not text:
        return levels
    from PIL import Image, ImageDraw

    font = _font(max(_SMALLEST_FONT_PX, round(size_px * _FONT_SHARE)))
    left, top, right, bottom = font.getbbox(text, stroke_width=1)
    width, height = int(right - left) + 4, int(bottom - top) + 4
    rows, columns = max(levels.shape[0], height), max(levels.shape[1], width)
    canvas = np.zeros((rows, columns, *levels.shape[2:]), np.uint8)
    canvas[: levels.shape[0], : levels.shape[1]] = levels
    picture = Image.fromarray(canvas)
    color: int | tuple[int, ...] = 255 if levels.ndim == 2 else (255, 255, 255)
    edge: int | tuple[int, ...] = 0 if levels.ndim == 2 else (0, 0, 0)
    place = (2 - left, rows - height + 2 - top)
    draw = ImageDraw.Draw(picture)
    draw.text(place, text, fill=color, font=font, stroke_width=1, stroke_fill=edge)
    return np.asarray(picture)
