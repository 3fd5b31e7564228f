"""From values to response bodies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

encode_json = msgspec.json.Encoder().encode


def json_response(body: Any, headers: Mapping[str, str] | None = None) -> Response:
    """Answer 200 with a schema, or anything else that msgspec can write, as JSON."""
    return Response(encode_json(body), media_type="application/json", headers=dict(headers or {}))


def safe_text(text: str) -> str:
    r"""Make text that UTF-8 can hold: undecodable bytes of a file name show as ``\xNN``.

    One such name would otherwise make the JSON of the whole list fail.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return text
