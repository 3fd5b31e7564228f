"""Which frames need not be decoded whole for a small picture, and how much smaller they may be.

JPEG, JPEG 2000 and HTJ2K give a frame halved in much less time than the whole; the engine
asks here whether such a frame is as good for a picture.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dcmview.dicom.transfer import Codec
from dcmview.pixels.pipeline import is_color
from dcmview.pixels.resize import Sampling

if TYPE_CHECKING:
    from dcmview.dicom.transfer import TransferSyntax
    from dcmview.model import DisplayRecipe, DisplayRequest, PixelLayout

LARGE_PX = 2 * 1024 * 1024
"""Smaller frames are decoded whole for a coarse one: the whole is wanted next, and nearly there."""
EXACT_SPARE, LAST_SPARE = 2.0, 1.25
"""How many times the size of a picture are decoded; the picture is the mean of what is there."""
MOST_FINE_HALVES = 1
"""Of a wavelet, in small frames: a CT slice of 512 rows is 3 grey levels off after two, else 1."""
_MOST_HALVES = {Codec.JPEG: 3, Codec.JPEG_2000: 5, Codec.HTJ2K: 5}


def picture_halves(
    layout: PixelLayout,
    syntax: TransferSyntax,
    recipe: DisplayRecipe,
    request: DisplayRequest,
    size_px: int,
    *,
    is_last: bool,
) -> int:
    """Say how many times a frame may be halved for a picture of a size; 0 for the whole frame.

    A picture that is to be exact gets a reduced frame only of a large one, with twice the
    size to be averaged and a window that is given. The last picture of a frame may also be
    made of less, in the window of the file: in a narrow one samples are far from means.
    """
    is_measured = _is_measured(layout, recipe, request)
    # Of palette indices there is no mean; near padding one is neither.
    is_mean = recipe.palette is None and (recipe.padding is None or not is_measured)
    is_large = _is_large(layout)
    is_worth = is_large or (is_last and request.window is None)
    is_near = request.preview or (not is_measured and is_worth)
    if not (is_mean and is_near):
        return 0
    spare = 1.0 if request.preview else EXACT_SPARE if is_large else LAST_SPARE
    halves = _codec_halves(layout, syntax, is_fine=not (request.preview or is_large))
    return min(_fitting_halves(layout, math.ceil(spare * size_px)), halves)


def coarse_halves(layout: PixelLayout, syntax: TransferSyntax, reduction: int) -> int:
    """Say how many times the codec of a large frame can halve it on the way to a reduction."""
    is_index = layout.photometric_interpretation == "PALETTE COLOR"
    if not _is_large(layout) or is_index:
        return 0
    halves = (reduction & -reduction).bit_length() - 1
    return min(halves, _codec_halves(layout, syntax))


def reduced_sampling(layout: PixelLayout, syntax: TransferSyntax, halves: int) -> Sampling:
    """Say where the pixels of a frame that its codec made smaller lie on the whole one."""
    step = 1 << halves
    # JPEG gives the means of blocks; the filters of JPEG 2000 keep to every second sample.
    first = step / 2 if syntax.codec is Codec.JPEG else 0.5
    return Sampling(layout.rows, layout.columns, step, first)


def _is_large(layout: PixelLayout) -> bool:
    return layout.rows * layout.columns >= LARGE_PX


def _is_measured(layout: PixelLayout, recipe: DisplayRecipe, request: DisplayRequest) -> bool:
    """Whether the window comes from the samples of the frame."""
    if is_color(layout):
        return False
    is_given = request.window is not None or bool(recipe.voi)
    return request.full_dynamic or request.percentile or not is_given


def _fitting_halves(layout: PixelLayout, size_px: int) -> int:
    """How often a frame can be halved and still fill the size."""
    halves = 0
    while max(layout.rows, layout.columns) >> (halves + 1) >= size_px and halves < 5:
        halves += 1
    return halves


def _codec_halves(layout: PixelLayout, syntax: TransferSyntax, *, is_fine: bool = False) -> int:
    """How many times a codec can halve frames like these, or should where detail is fine."""
    most = _MOST_HALVES.get(syntax.codec, 0)
    if syntax.codec is Codec.JPEG:
        return most if syntax.lossy and layout.bits_stored <= 8 else 0
    return min(most, MOST_FINE_HALVES) if is_fine else most
