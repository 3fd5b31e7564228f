"""From values to response bodies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response

from dcmview.web.compression import LEAST_BYTES, coding_for, compress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

SLICE_BYTES = 16384 * 1024

encode_json = msgspec.json.Encoder().encode


def json_response(
    body: Any, headers: Mapping[str, str] | None = None, *, status_code: int = 200
) -> Response:
    """Answer with a schema, or anything else that msgspec can write, as JSON."""
    return Response(
        encode_json(body),
        status_code=status_code,
        media_type="application/json",
        headers=dict(headers or {}),
    )


def list_response(request: Request, body: Any, version: str | None = None) -> Response:
    """Answer a list that may be long: compressed, and not again to who has this version."""
    headers = {"Vary": "Accept-Encoding"}
    if version is not None:
        headers["ETag"] = f'"{version}"'
        if is_known(request, version):
            return Response(status_code=304, headers=headers)
    content = encode_json(body() if callable(body) else body)
    coding = coding_for(request) if len(content) >= LEAST_BYTES else None
    if coding is not None:
        content = compress(content, coding)
        headers["Content-Encoding"] = coding
    return BytesResponse(content, b"application/json", headers)


def is_known(request: Request, version: str) -> bool:
    """Whether If-None-Match names this version."""
    known = request.headers.get("if-none-match", "")
    return known.strip() == "*" or any(
        tag.strip().removeprefix("W/") == f'"{version}"' for tag in known.split(",")
    )


class BytesResponse(Response):
    """Answer with bytes that are handed on as they are, never copied into a response.

    Written in slices, since what the socket does not take at once is buffered.
    """

    def __init__(
        self,
        content: bytes | memoryview,
        media_type: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        status_code: int = 200,
    ) -> None:
        self.status_code = status_code
        self.background = None
        self.body = content
        self.raw_headers = [
            (b"content-type", media_type),
            (b"content-length", b"%d" % len(content)),
            *((name.lower().encode(), value.encode()) for name, value in (headers or {}).items()),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        start = {"type": "http.response.start", "status": self.status_code}
        await send({**start, "headers": self.raw_headers})
        body, sent = memoryview(self.body), 0
        while len(body) - sent > SLICE_BYTES:
            piece = body[sent : sent + SLICE_BYTES]
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            sent += SLICE_BYTES
        await send({"type": "http.response.body", "body": body[sent:] if sent else self.body})


def safe_text(text: str) -> str:
    r"""Make text that UTF-8 can hold: undecodable bytes of a file name show as ``\xNN``.

    One such name would otherwise make the JSON of the whole list fail.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return text
