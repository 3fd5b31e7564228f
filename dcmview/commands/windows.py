"""Which window a picture is to have: the check that commands and Python functions share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dcmview.errors import InvalidWindow, RequestError

if TYPE_CHECKING:
    from collections.abc import Callable


def checked_window(
    window: tuple[float, float] | None,
    voi: int | None,
    *,
    full_dynamic: bool,
    name_of: Callable[[str], str] = str,
) -> tuple[float, float] | None:
    """Give the window that is asked for, if it and what else is asked for can be had.

    Parameters
    ----------
    window : tuple of float, optional
        Center and width in modality values.
    voi : int, optional
        Which of the windows and VOI LUTs of the file, from 0.
    full_dynamic : bool
        From the least to the greatest value of the frame.
    name_of : callable
        What the caller calls an argument.

    Raises
    ------
    InvalidWindow
        If there are not two finite numbers, or the width is not above 0.
    RequestError
        If the index is below 0, or more than one of the three is asked for.
    """
    named = {"window": window is not None, "voi": voi is not None, "full_dynamic": full_dynamic}
    if sum(named.values()) > 1:
        *first, last = map(name_of, named)
        raise RequestError(f"only one of {', '.join(first)} and {last} can be had")
    if voi is not None and voi < 0:
        raise RequestError(f"{name_of('voi')} must be 0 or more, not {voi}")
    if window is None:
        return None
    try:
        center, width = map(float, window)
    except (TypeError, ValueError) as exc:
        raise InvalidWindow(f"{name_of('window')} is a center and a width, not {window!r}") from exc
    if not (width > 0 and math.isfinite(center) and math.isfinite(width)):
        raise InvalidWindow(
            f"{name_of('window')} needs finite numbers and a width above 0, not "
            f"{center:g},{width:g}"
        )
    return center, width
