"""The data elements of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from dcmview.web.context import context
from dcmview.web.params import slice_request
from dcmview.web.respond import json_response
from dcmview.web.work import in_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from dcmview.dicom.tagsearch import TagHits


async def tags(request: Request) -> Response:
    """``GET /api/file/{index}/tags``; ``?path=`` gives one node, ``?search=`` what holds words."""
    library = context(request).library
    index = request.path_params["index"]
    query = request.query_params
    if "search" in query:
        return await _search(request, index, query["search"])
    path = query.get("path")
    if path is None:
        return json_response(await run_in_threadpool(library.tags, index))
    offset, limit = slice_request(query)
    return json_response(
        await run_in_threadpool(library.tag, index, path, offset=offset, limit=limit)
    )


async def _search(request: Request, index: int, words: str) -> Response:
    ctx = context(request)

    def compute(is_wanted: Callable[[], bool]) -> TagHits:
        return ctx.library.search_tags(index, words, is_wanted)

    found = await in_thread(request, ("search", index, words), compute, ctx.tag_scheduler)
    return json_response({"hits": found.hits, "truncated": found.truncated, "nodes": found.nodes})


def frame_groups(request: Request) -> Response:
    """``GET /api/file/{index}/frame/{frame}/groups``: the functional groups of one frame."""
    library = context(request).library
    shared, per_frame = library.frame_groups(
        request.path_params["index"], request.path_params["frame"]
    )
    return json_response({"shared": shared, "per_frame": per_frame})
