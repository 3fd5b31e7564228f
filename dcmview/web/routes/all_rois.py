"""ROIs of many files at once: which have any, all of some, and edits that touch many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.endpoints import HTTPEndpoint

from dcmview.errors import DcmviewError, NotSaved, RequestError, StaleRevision
from dcmview.web import roi_schemas
from dcmview.web.context import context
from dcmview.web.errors import STATUS_BY_CLASS, error_body, error_status
from dcmview.web.params import MOST_FILES_AT_ONCE, file_list, json_object, revision_asked_for
from dcmview.web.respond import json_response, list_response, safe_text
from dcmview.web.routes.rois import revision_name, revision_numbers, roi_list

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.requests import Request
    from starlette.responses import Response

    from dcmview.library import Library

MOST_POINTS_AT_ONCE = 200_000
"""About 6 MB of JSON; a list of files ends where there are more, but not before its first."""


class AllRois(HTTPEndpoint):
    """``/api/rois``."""

    def get(self, request: Request) -> Response:
        """Say which files have ROIs, and whether all is saved."""
        book = context(request).library.rois
        saving = context(request).library.saving
        state = book.overview(revision_asked_for(request.query_params))
        body = roi_schemas.RoiOverview(
            revision=state.clock,
            files=[
                roi_schemas.RoiCount(
                    index=each.index,
                    revision=f"{book.instance}-{each.revision}",
                    count=each.count,
                    labels=list(each.labels),
                    series=each.series,
                    frame_count=each.frame_count,
                )
                for each in state.files
            ],
            unlisted_files=state.unlisted_files,
            labels=list(state.labels),
            saved_in=None if saving.path is None else safe_text(saving.path),
            unsaved_files=saving.unsaved_files,
            save_error=safe_text(saving.error),
        )
        return list_response(request, body)

    async def patch(self, request: Request) -> Response:
        """Carry out operations on many files, each on its own."""
        library, content = context(request).library, await request.body()
        return await run_in_threadpool(_edit_many, library, content)


def some_files(request: Request) -> Response:
    """``GET /api/rois/files``: all ROIs of some files."""
    library = context(request).library
    indices = file_list(request.query_params)
    files: list[roi_schemas.RoiList] = []
    points = 0
    for index in indices:
        state = roi_list(library, index)
        points += sum(len(roi.points) for roi in state.rois)
        if files and points > MOST_POINTS_AT_ONCE:
            break
        files.append(state)
    end = None if len(files) == len(indices) else len(files)
    return list_response(request, roi_schemas.RoiLists(files, end))


def _edit_many(library: Library, content: bytes) -> Response:
    files = json_object(content).get("files")
    if not isinstance(files, list) or len(files) > MOST_FILES_AT_ONCE:
        raise RequestError(f"files must be a list of at most {MOST_FILES_AT_ONCE:,}")
    edits = [_parsed(each, number, library.rois.instance) for number, each in enumerate(files)]
    done, not_saved = library.rois.edit_many(edits)
    outcomes = []
    for (index, _, _), outcome in zip(edits, done, strict=True):
        if isinstance(outcome, DcmviewError):
            outcomes.append(_failed(library, index, outcome))
            continue
        state, put_in = outcome
        revision = revision_name(library, state)
        outcomes.append(roi_schemas.RoiFileOutcome(index, 200, revision, len(state.shown), put_in))
    body = roi_schemas.RoiBulkEdit(outcomes)
    if not_saved:
        body.error, body.code = safe_text(not_saved), NotSaved.code
    return json_response(body, status_code=STATUS_BY_CLASS[NotSaved] if not_saved else 200)


def _failed(library: Library, index: int, error: DcmviewError) -> roi_schemas.RoiFileOutcome:
    plain = error_body(error)
    outcome = roi_schemas.RoiFileOutcome(
        index, error_status(error), error=plain.error, code=plain.code
    )
    if isinstance(error, StaleRevision):
        outcome.current = roi_list(library, index)
    return outcome


def _parsed(edit: Any, number: int, instance: str) -> tuple[int, Any, Collection[int] | None]:
    where = f"file {number} of the list"
    if not isinstance(edit, dict) or "revision" not in edit:
        raise RequestError(f"{where} must have index, revision (null for any) and operations")
    index, revision = edit.get("index"), edit["revision"]
    if type(index) is not int or index < 0:
        raise RequestError(f"{where}: index must be a whole number from 0")
    if not isinstance(revision, str | None):
        raise RequestError(f"{where}: revision must be text, or null for any")
    expected = None if revision is None else revision_numbers([revision], instance)
    return index, edit.get("operations"), expected
