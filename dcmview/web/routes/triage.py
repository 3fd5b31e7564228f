"""Marks of triage: what is kept, rejected or in doubt, and how far a person has come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.endpoints import HTTPEndpoint

from dcmview.annotations.triage import parse_change
from dcmview.errors import NotSaved, RequestError
from dcmview.exchange.readers import read_table
from dcmview.exchange.triage_forms import export_triage, marks_alone
from dcmview.web import roi_schemas
from dcmview.web.context import context
from dcmview.web.download import download
from dcmview.web.params import LARGEST_NUMBER, json_object, revision_asked_for
from dcmview.web.respond import json_response, list_response
from dcmview.web.routes.exchange import import_report

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from dcmview.exchange.importing import ImportReport
    from dcmview.library import Library


class Triage(HTTPEndpoint):
    """``/api/triage``."""

    def get(self, request: Request) -> Response:
        """Give all marks, or those that changed since a revision."""
        since = revision_asked_for(request.query_params)
        return list_response(request, _overview(context(request).library, since))

    async def patch(self, request: Request) -> Response:
        """Mark files or a series, and answer like ``GET``."""
        since = revision_asked_for(request.query_params)
        library, content = context(request).library, await request.body()

        def change() -> Response:
            body = json_object(content)
            library.triage.change(_files(library, body), parse_change(body))
            return json_response(_overview(library, since))

        return await run_in_threadpool(change)


async def export_csv(request: Request) -> Response:
    """``GET /api/triage/export.csv``: all marks."""
    triage = context(request).library.triage
    content, clock = await run_in_threadpool(export_triage, triage)
    return download(
        request,
        content,
        "dcmview-triage.csv",
        "text/csv; charset=utf-8",
        on_taken=lambda: triage.mark_exported(clock),
    )


async def import_marks(request: Request) -> Response:
    """``POST /api/triage/import``: take the marks of a file in any form, and nothing else."""
    content = await request.body()
    exchange = context(request).library.exchange

    def take_in() -> ImportReport:
        return exchange.take_in(marks_alone(read_table(content, "import")))

    report = await run_in_threadpool(take_in)
    body = import_report(report)
    if report.not_saved:
        raise NotSaved(report.not_saved, **msgspec.to_builtins(body))
    return json_response(body)


def _overview(library: Library, since: int) -> roi_schemas.TriageOverview:
    state = library.triage.overview(since)
    return roi_schemas.TriageOverview(
        revision=state.clock,
        marks=[
            roi_schemas.TriageMark(
                index, library.series_of(index), mark.mark, mark.note, mark.modified
            )
            for index, mark in state.marks
        ],
        counts=roi_schemas.TriageCounts(**state.counts),
        images=state.images,
        unlisted_files=state.unlisted_files,
    )


def _files(library: Library, body: dict[str, Any]) -> list[int]:
    if ("files" in body) == ("series" in body):
        raise RequestError("exactly one of files and series must be given")
    if "series" in body:
        _, entries = library.series(_index(body["series"], "series"))
        return [entry.index for entry in entries if library.lost(entry.index) is None]
    if not isinstance(body["files"], list):
        raise RequestError("files must be a list of indices")
    return [_index(each, "files") for each in body["files"]]


def _index(value: Any, name: str) -> int:
    if type(value) is not int or not 0 <= value <= LARGEST_NUMBER:
        raise RequestError(f"{name}: not an index from 0: {value!r:.40}")
    return value
