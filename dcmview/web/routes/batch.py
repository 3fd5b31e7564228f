"""Many raw frames in one response, in the order asked for.

A prefetch is then one request that can be aborted as a whole, and frames of a
few kilobytes do not cost a round trip each.
"""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.responses import StreamingResponse

from dcmview.errors import Busy, DcmviewError
from dcmview.web.compression import accepts_gzip, gzip_compressor
from dcmview.web.context import context
from dcmview.web.errors import error_body, error_status
from dcmview.web.params import coarse_size, frame_list, wire_encoding
from dcmview.web.respond import encode_json
from dcmview.web.routes.frames import frame_headers
from dcmview.web.wire import encode_planes
from dcmview.web.work import unwatched

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from dcmview.model import RawFrame

_LENGTH = struct.Struct("<I")
_SYNC_FLUSH = 2  # Z_SYNC_FLUSH: all that was put in can be read at the other end

AHEAD = 2
"""Frames that are decoded while an earlier one is sent."""
BUSY_PAUSE_S = 0.5
BUSY_ATTEMPTS = 20

_Part = tuple[bytes, bytes | memoryview]


class _Form(NamedTuple):
    """How frames are to be sent: as planes, and how long their longer side may be."""

    as_planes: bool
    size_px: int | None


async def raw_frames(request: Request) -> Response:
    """``GET /api/frames/raw?frames=3:0-9,4:0``: raw frames one after the other.

    Each is a 32-bit little-endian length, a JSON header of that length and a
    body of the length that the header names. A frame that cannot be given is a
    part too, with its status and the JSON of the error.
    """
    gzip = accepts_gzip(request)
    return StreamingResponse(
        _stream(
            request,
            frame_list(request.query_params),
            _Form(wire_encoding(request.query_params), coarse_size(request.query_params)),
            gzip=gzip,
        ),
        media_type="application/octet-stream",
        headers={"Content-Encoding": "gzip"} if gzip else None,
    )


async def _stream(
    request: Request, wanted: list[tuple[int, int]], form: _Form, *, gzip: bool
) -> AsyncIterator[bytes | memoryview]:
    compressor = gzip_compressor() if gzip else None
    addresses = iter(wanted)
    coming: deque[asyncio.Task[_Part]] = deque()

    def begin_next() -> None:
        address = next(addresses, None)
        if address is not None:
            coming.append(asyncio.ensure_future(_part(request, *address, form)))

    try:
        for _ in range(AHEAD):
            begin_next()
        while coming:
            head, body = await coming[0]
            coming.popleft()
            begin_next()
            if compressor is None:
                yield head
                yield body
            else:
                yield await asyncio.to_thread(_packed, compressor, head, body)
        if compressor is not None:
            yield compressor.flush()
    finally:
        for task in coming:
            task.cancel()


def _packed(compressor: Any, head: bytes, body: bytes | memoryview) -> bytes:
    packed: bytes = compressor.compress(head)
    packed += compressor.compress(body)
    packed += compressor.flush(_SYNC_FLUSH)
    return packed


async def _part(request: Request, index: int, frame_index: int, form: _Form) -> _Part:
    """Header and body of one frame."""
    library = context(request).library
    key = ("part", index, frame_index, form)

    def compute(is_wanted: Callable[[], bool]) -> tuple[dict[str, str], bytes | memoryview]:
        frame, _ = library.raw_frame(index, frame_index, is_wanted, size_px=form.size_px)
        return _encoded(frame, as_planes=form.as_planes)

    status, attempts_left = 200, BUSY_ATTEMPTS
    body: bytes | memoryview
    while True:
        try:
            headers, body = await unwatched(request, key, compute)
        except DcmviewError as exc:
            if isinstance(exc, Busy) and attempts_left:
                attempts_left -= 1
                await asyncio.sleep(BUSY_PAUSE_S)
                continue
            status, headers, body = error_status(exc), {}, encode_json(error_body(exc))
        break
    head = encode_json(
        {
            "file": index,
            "frame": frame_index,
            "status": status,
            "length": len(body),
            "headers": headers,
        }
    )
    return _LENGTH.pack(len(head)) + head, body


def _encoded(frame: RawFrame, *, as_planes: bool) -> tuple[dict[str, str], bytes | memoryview]:
    headers = {name.lower(): value for name, value in frame_headers(frame).items()}
    if not as_planes:
        return headers, frame.samples
    body, encoding = encode_planes(frame)
    if encoding:
        headers["x-frame-encoding"] = encoding
    return headers, body
