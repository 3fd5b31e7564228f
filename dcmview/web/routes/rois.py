"""ROIs of all kinds with revisions, so that two pages do not undo each other's work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET
from starlette.concurrency import run_in_threadpool
from starlette.endpoints import HTTPEndpoint
from starlette.responses import Response

from dcmview.errors import DcmviewError, NotSaved, PreconditionRequired, StaleRevision
from dcmview.web import roi_schemas
from dcmview.web.context import context
from dcmview.web.errors import error_body, error_status
from dcmview.web.params import json_object
from dcmview.web.respond import encode_json, json_response, list_response, safe_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.requests import Request

    from dcmview.annotations.store import FileRois
    from dcmview.library import Library


class Rois(HTTPEndpoint):
    """``/api/file/{index}/rois``."""

    def get(self, request: Request) -> Response:
        """Give all ROIs of a file."""
        state = roi_list(context(request).library, _index(request))
        return list_response(request, state, state.revision)

    async def put(self, request: Request) -> Response:
        """Replace all ROIs of a file and give them in canonical form."""
        return await _edit(request, _replace)

    async def patch(self, request: Request) -> Response:
        """Carry out a few operations and give the ROIs that were put in."""
        return await _edit(request, _operate)


def roi_list(library: Library, index: int) -> roi_schemas.RoiList:
    """Write the ROIs of a file as they are now."""
    entry = library.entry(index)
    state = library.rois.get(index)
    return roi_schemas.RoiList(
        index=index,
        path=safe_text(entry.path),
        sop_instance_uid=entry.header.sop_instance_uid,
        revision=revision_name(library, state),
        rois=state.shown,
        read_only=[roi.id for roi in state.read_only] or UNSET,
    )


async def _edit(
    request: Request, edit: Callable[[Library, int, bytes, frozenset[int] | None], Response]
) -> Response:
    library, index = context(request).library, _index(request)
    library.entry(index)
    expected = _expected_revisions(request, library.rois.instance)
    content = await request.body()
    # Parsing megabytes of JSON would hold up everybody else, and so would a slow disk.
    return await run_in_threadpool(_answer, edit, library, index, content, expected)


def _answer(
    edit: Callable[[Library, int, bytes, frozenset[int] | None], Response],
    library: Library,
    index: int,
    content: bytes,
    expected: frozenset[int] | None,
) -> Response:
    try:
        return edit(library, index, content, expected)
    except StaleRevision as exc:
        # With all that is needed to merge, and to see whether it is still the same file.
        return _refusal(exc, roi_list(library, index))
    except NotSaved as exc:
        return _refusal(exc, roi_list(library, index))


def _replace(
    library: Library, index: int, content: bytes, expected: frozenset[int] | None
) -> Response:
    library.rois.replace(index, json_object(content).get("rois"), expected)
    state = roi_list(library, index)
    return json_response(state, {"ETag": f'"{state.revision}"'})


def _operate(
    library: Library, index: int, content: bytes, expected: frozenset[int] | None
) -> Response:
    state, put_in = library.rois.edit(index, json_object(content).get("operations"), expected)
    revision = revision_name(library, state)
    body = roi_schemas.RoiEdit(index=index, revision=revision, count=len(state.shown), rois=put_in)
    return json_response(body, {"ETag": f'"{revision}"'})


def _refusal(error: DcmviewError, current: roi_schemas.RoiList) -> Response:
    plain = error_body(error)
    body = roi_schemas.RoiRefusal(error=plain.error, code=plain.code, current=current)
    return Response(
        encode_json(body),
        status_code=error_status(error),
        headers={"ETag": f'"{current.revision}"'},
        media_type="application/json",
    )


def _expected_revisions(request: Request, instance: str) -> frozenset[int] | None:
    """Read If-Match: revisions of this process, None for any; those of another match nothing."""
    header = request.headers.get("if-match")
    if header is None:
        raise PreconditionRequired(
            "If-Match must name the revision that the edit builds on, or be * for any"
        )
    if header.strip() == "*":
        return None
    # A proxy that compresses makes tags weak.
    tags = (tag.strip().removeprefix("W/").strip('"') for tag in header.split(","))
    return revision_numbers(tags, instance)


def revision_name(library: Library, state: FileRois) -> str:
    """Name a revision so that another process does not take it for its own."""
    return f"{library.rois.instance}-{state.revision}"


def revision_numbers(names: Iterable[str], instance: str) -> frozenset[int]:
    """Give the numbers of those revisions that are of this process."""
    found = set()
    for name in names:
        number = name.removeprefix(f"{instance}-")
        if number != name and number.isascii() and number.isdecimal() and len(number) < 16:
            found.add(int(number))
    return frozenset(found)


def _index(request: Request) -> int:
    return int(request.path_params["index"])
