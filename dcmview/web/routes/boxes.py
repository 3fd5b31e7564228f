"""Rectangles of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.endpoints import HTTPEndpoint

from dcmview.errors import InvalidAnnotation
from dcmview.web import roi_schemas
from dcmview.web.context import context
from dcmview.web.params import json_object
from dcmview.web.respond import json_response

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from dcmview.annotations.rectangle import Rectangle
    from dcmview.library import Library


class Annotations(HTTPEndpoint):
    """``/api/file/{index}/annotations``."""

    def get(self, request: Request) -> Response:
        """Give the rectangles of a file."""
        return json_response(roi_set(context(request).library.rois.boxes(_index(request))))

    async def put(self, request: Request) -> Response:
        """Replace the rectangles of a file and give them in canonical form.

        Needs no If-Match: this is the way of scripts, and other kinds of ROIs stay.
        """
        library = context(request).library
        library.entry(_index(request))
        body = await request.body()
        # Parsing megabytes of JSON would hold up everybody else.
        return await run_in_threadpool(_replace, library, _index(request), body)


def roi_set(rectangles: Sequence[Rectangle]) -> roi_schemas.RoiSet:
    """Write rectangles in the form of the contract."""
    return roi_schemas.RoiSet(
        num_roi=len(rectangles),
        roi_coords=[box.coordinates for box in rectangles],
        roi_frames=[list(box.frames) for box in rectangles],
    )


def _replace(library: Library, index: int, content: bytes) -> Response:
    body = json_object(content)
    coordinates = body.get("roi_coords")
    count = body.get("num_roi")
    if isinstance(coordinates, list) and count not in (None, len(coordinates)):
        raise InvalidAnnotation(f"num_roi says {count!r}, but there are {len(coordinates)} boxes")
    boxes = library.rois.replace_boxes(index, coordinates, body.get("roi_frames"))
    return json_response(roi_set(boxes))


def _index(request: Request) -> int:
    return int(request.path_params["index"])
