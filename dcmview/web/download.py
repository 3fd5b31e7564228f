"""Files to be saved by the browser, and whether all of one was taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import iterate_in_threadpool
from starlette.responses import StreamingResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from starlette.requests import Request

PIECE_BYTES = 64 * 1024
"""Small, so that little of a file is on its way unseen when it counts as taken."""


def download(
    request: Request,
    content: bytes | Iterator[bytes],
    file_name: str,
    media_type: str,
    *,
    on_taken: Callable[[], None],
) -> StreamingResponse:
    """Answer a file; ``on_taken`` is called if it went out whole, so never for HEAD."""
    headers = {"Content-Disposition": f'attachment; filename="{file_name}"'}
    if isinstance(content, bytes):
        headers["Content-Length"] = str(len(content))

    async def pieces() -> AsyncIterator[bytes | memoryview]:
        if isinstance(content, bytes):
            for start in range(0, len(content), PIECE_BYTES):
                yield memoryview(content)[start : start + PIECE_BYTES]
        else:
            async for piece in iterate_in_threadpool(content):
                yield piece
        # A broken download saves nobody's edits.
        if not await request.is_disconnected():
            on_taken()

    body = pieces() if request.method == "GET" else iter(())
    return StreamingResponse(body, media_type=media_type, headers=headers)
