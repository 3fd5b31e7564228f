"""Files to take away: as they are, or in another transfer syntax."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from dcmview.dicom.decoding import always_wanted
from dcmview.dicom.uids import is_uid
from dcmview.errors import Busy
from dcmview.exchange.zipped import archive_stem, stream_zip
from dcmview.registry.opening import entry_pieces
from dcmview.transcoding.spooling import full_disk_told, pieces_of, spool
from dcmview.web.context import context
from dcmview.web.transcode_request import (
    archive_request,
    download_request,
    entries_of,
    order_of,
)
from dcmview.web.work import in_thread, unwatched

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from dcmview.library import Library
    from dcmview.registry.registry import Entry
    from dcmview.transcoding.policy import Order
    from dcmview.transcoding.transcode import TranscodeReport

DICOM, ZIP = "application/dicom", "application/zip"
ARCHIVE_NAME = "dcmview-transcoded.zip"

_BUSY_PAUSE_S = 0.5


async def download_file(request: Request) -> Response:
    """``GET /api/file/{index}/download``: the file as it is, or in another syntax."""
    library, index = context(request).library, request.path_params["index"]
    entry = library.entry(index)
    wanted = download_request(request.query_params)
    if wanted is None:
        return await _as_it_is(request, entry)
    target, options = wanted

    def make(is_wanted: Callable[[], bool]) -> tuple[BinaryIO, TranscodeReport]:
        decoder = library.decoder  # before anything else imports pydicom
        from dcmview.transcoding.transcode import transcode_entry

        stream = spool()
        try:
            with full_disk_told():
                report = transcode_entry(
                    entry, target, options, stream, decoder=decoder, is_wanted=is_wanted
                )
        except BaseException:
            stream.close()
            raise
        return stream, report

    # Nobody shares a stream that is read once.
    stream, report = await in_thread(request, ("download", object()), make, in_background=True)
    uid = report.sop_instance_uid
    headers = {
        "Content-Length": str(stream.seek(0, 2)),
        "X-Sop-Instance-Uid": uid if is_uid(uid) else "",
        "X-Max-Error": "" if report.max_error is None else f"{report.max_error:g}",
        "X-Mean-Error": "" if report.mean_error is None else f"{report.mean_error:g}",
    }
    name = archive_stem(index, uid, set())
    return _streamed(request, pieces_of(stream), f"{name}.dcm", DICOM, headers)


async def _as_it_is(request: Request, entry: Entry) -> Response:
    pieces = entry_pieces(entry)
    # The first piece tells whether the file is still there, before the answer has begun.
    first = await run_in_threadpool(next, pieces, b"")

    def all_pieces() -> Iterator[bytes]:
        yield first
        yield from pieces

    name = archive_stem(entry.index, entry.header.sop_instance_uid, set())
    headers = {"Content-Length": str(entry.size_bytes)}
    return _streamed(request, all_pieces(), f"{name}.dcm", DICOM, headers)


async def download_archive(request: Request) -> Response:
    """``POST /api/transcode``: many files in another syntax, as a zip archive."""
    library = context(request).library
    wanted = archive_request(await request.body())
    order, entries = order_of(wanted), entries_of(wanted, library)
    archive = _Archive(library, entries, order)
    # What is wrong with the first file is told as any error is.
    first = await in_thread(request, ("archive", object()), archive.piece, in_background=True)

    async def pieces() -> AsyncIterator[bytes]:
        piece = first
        while piece:
            yield piece
            piece = await _next_piece(request, archive)

    headers = {"Content-Disposition": f'attachment; filename="{ARCHIVE_NAME}"'}
    return StreamingResponse(pieces(), media_type=ZIP, headers=headers)


async def _next_piece(request: Request, archive: _Archive) -> bytes:
    while True:
        try:
            return await unwatched(
                request, ("archive", object()), archive.piece, in_background=True
            )
        except Busy:
            await asyncio.sleep(_BUSY_PAUSE_S)


class _Archive:
    """The bytes of an archive, piece by piece."""

    def __init__(self, library: Library, entries: list[Entry], order: Order) -> None:
        self._library, self._entries, self._order = library, entries, order
        self._pieces: Iterator[bytes] | None = None
        self._is_wanted: Callable[[], bool] = always_wanted

    def piece(self, is_wanted: Callable[[], bool]) -> bytes:
        """Give the next bytes, none at the end."""
        self._is_wanted = is_wanted
        if self._pieces is None:
            decoder = self._library.decoder  # before anything else imports pydicom
            from dcmview.transcoding.archive import archive_members

            members = archive_members(self._entries, self._order, decoder, self._is_still_wanted)
            self._pieces = stream_zip(members)
        return next(self._pieces, b"")

    def _is_still_wanted(self) -> bool:
        return self._is_wanted()


def _streamed(
    request: Request,
    pieces: Iterator[bytes],
    name: str,
    media_type: str,
    headers: Mapping[str, str],
) -> Response:
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    body = pieces if request.method == "GET" else iter(())
    return StreamingResponse(body, media_type=media_type, headers={**disposition, **headers})
