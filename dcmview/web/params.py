"""Query and body parsing, and the errors they give."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from dcmview.errors import InvalidWindow, RequestError
from dcmview.model import DisplayRequest

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams

MODES = ("default", "full_dynamic")
MOST_TAG_VALUES = 10_000
LARGEST_NUMBER = 2**31 - 1


def display_request(query: QueryParams) -> DisplayRequest:
    """Read ``wc``, ``ww`` and ``mode``; ``full_dynamic`` makes the window of no account."""
    mode = query.get("mode", "default")
    if mode not in MODES:
        raise RequestError(f"mode must be one of {', '.join(MODES)}, not {mode!r}")
    window = _window(query.get("wc"), query.get("ww"))
    if mode == "full_dynamic":
        return DisplayRequest(full_dynamic=True)
    return DisplayRequest(window=window)


def slice_request(query: QueryParams) -> tuple[int, int]:
    """Read ``offset`` and ``limit`` of a tag value."""
    offset = _whole_number(query, "offset", default=0, least=0)
    limit = _whole_number(query, "limit", default=1_000, least=1)
    return offset, min(limit, MOST_TAG_VALUES)


def json_object(content: bytes) -> dict[str, Any]:
    """Read a request body as a JSON object."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError) as exc:
        raise RequestError("the body is not JSON") from exc
    if not isinstance(body, dict):
        raise RequestError("the body must be a JSON object")
    return body


def _window(wc: str | None, ww: str | None) -> tuple[float, float] | None:
    if wc is None and ww is None:
        return None
    if wc is None or ww is None:
        raise InvalidWindow("wc and ww must be given together")
    try:
        center, width = float(wc), float(ww)
    except ValueError as exc:
        raise InvalidWindow(f"wc and ww must be numbers, not {wc!r} and {ww!r}") from exc
    if not (math.isfinite(center) and math.isfinite(width)):
        raise InvalidWindow("wc and ww must be finite")
    if width <= 0:
        raise InvalidWindow(f"ww must be above 0, not {ww}")
    return center, width


def _whole_number(query: QueryParams, name: str, *, default: int, least: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    try:
        value = int(text)
    except ValueError as exc:
        raise RequestError(f"{name} must be a whole number, not {text!r}") from exc
    if not least <= value <= LARGEST_NUMBER:
        raise RequestError(f"{name} must be from {least} to {LARGEST_NUMBER}")
    return value
