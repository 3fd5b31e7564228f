"""Pictures made smaller, in display values, so that they look like the whole seen from afar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dcmview.pixels.bicubic import Box, shrink

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcmview.model import PixelAspect


_SPARE = 2.0
"""Whole blocks are averaged first, down to so many times what is wanted, which takes a tenth of the
time of the filter alone; with less than twice, lines and letters suffer."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """Where the pixels of a picture that was decoded smaller lie on the whole one.

    The whole has ``rows`` and ``columns``. Pixels are ``step`` of its pixels apart, and the
    centre of the first is at the image point (``first``, ``first``): half a step where each is
    the mean of a block, 0.5 where each is a sample of the whole, as wavelets leave it.
    """

    rows: int
    columns: int
    step: int
    first: float


def reduce_to(
    display: NDArray[np.uint8],
    size_px: int,
    *,
    aspect: PixelAspect | None = None,
    sampling: Sampling | None = None,
) -> NDArray[np.uint8]:
    """Reduce a picture until its longer side fits.

    Parameters
    ----------
    display : ndarray of uint8, shape (rows, columns) or (rows, columns, 3)
        Grey levels, or red, green, blue.
    size_px : int
        The most pixels of the longer side.
    aspect : PixelAspect, optional
        Shape of a pixel; the reduced picture has square ones.
    sampling : Sampling, optional
        Of a picture that is part of the way there; nothing is shifted by it.

    Returns
    -------
    ndarray of uint8
        At least one pixel high and wide; the picture itself where it fits
        already and its pixels are square.
    """
    rows, columns = display.shape[:2]
    if sampling is None:
        sampling = Sampling(rows, columns, 1, 0.5)
    height, width = reduced_size(sampling.rows, sampling.columns, size_px, aspect)
    if (height, width) == (sampling.rows, sampling.columns):
        return display

    begin = 0.5 - sampling.first / sampling.step
    box = Box(
        begin,
        begin,
        begin + sampling.columns / sampling.step,
        begin + sampling.rows / sampling.step,
    )
    if box.right > columns or box.bottom > rows:
        edges = ((0, box.bottom > rows), (0, box.right > columns), (0, 0))
        display = np.pad(display, edges[: display.ndim], mode="edge")
    # Not Lanczos, which takes half as long again and puts dark rims around what is bright.
    blocks = (
        max(1, int((box.right - box.left) / width / _SPARE)),
        max(1, int((box.bottom - box.top) / height / _SPARE)),
    )
    if blocks != (1, 1):
        display = _block_means(display, blocks)
        across, down = blocks
        box = Box(box.left / across, box.top / down, box.right / across, box.bottom / down)
    return shrink(display, height, width, box)


def _block_means(display: NDArray[np.uint8], blocks: tuple[int, int]) -> NDArray[np.uint8]:
    from PIL import Image

    return np.asarray(Image.fromarray(display).reduce(blocks))


def reduced_size(
    rows: int, columns: int, size_px: int, aspect: PixelAspect | None = None
) -> tuple[int, int]:
    """Give height and width of the reduced picture, neither larger than the picture.

    Examples
    --------
    >>> from dcmview.model import PixelAspect
    >>> reduced_size(1000, 2000, 500), reduced_size(100, 100, 500)
    ((250, 500), (100, 100))
    >>> reduced_size(100, 100, 50, PixelAspect(2, 1))
    (50, 25)
    """
    height, width = float(rows), float(columns)
    if aspect is not None and aspect.vertical != aspect.horizontal:
        # Square pixels by shrinking the narrower side: nothing is ever enlarged.
        if aspect.vertical > aspect.horizontal:
            width *= aspect.horizontal / aspect.vertical
        else:
            height *= aspect.vertical / aspect.horizontal
    factor = min(1.0, size_px / max(height, width))
    return max(1, round(height * factor)), max(1, round(width * factor))
