"""Windows as commands are given them."""

from __future__ import annotations

import math

from dcmview.errors import UsageError


def read_window(text: str) -> tuple[float, float]:
    """Read ``C,W``.

    Raises
    ------
    UsageError
        If it is not a centre and a width above 0.
    """
    try:
        center, width = (float(part) for part in text.split(","))
    except ValueError as exc:
        raise UsageError(f"--window must be a centre and a width like 40,400, not {text}") from exc
    if not (math.isfinite(center) and math.isfinite(width) and width > 0):
        raise UsageError(f"--window needs finite numbers and a width above 0, not {text}")
    return center, width
