"""The data elements of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcmview.web.context import context
from dcmview.web.params import slice_request
from dcmview.web.respond import json_response

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


def tags(request: Request) -> Response:
    """``GET /api/file/{index}/tags``, with ``?path=`` one node and a part of its value."""
    library = context(request).library
    index = request.path_params["index"]
    path = request.query_params.get("path")
    if path is None:
        return json_response(library.tags(index))
    offset, limit = slice_request(request.query_params)
    return json_response(library.tag(index, path, offset=offset, limit=limit))


def frame_groups(request: Request) -> Response:
    """``GET /api/file/{index}/frame/{frame}/groups``: the functional groups of one frame."""
    library = context(request).library
    shared, per_frame = library.frame_groups(
        request.path_params["index"], request.path_params["frame"]
    )
    return json_response({"shared": shared, "per_frame": per_frame})
