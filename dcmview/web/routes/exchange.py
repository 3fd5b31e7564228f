"""ROIs of all files in and out, in the forms of other programs."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from dcmview.annotations.formats import EXPORT_FORMATS, IMPORT_FORMATS, read_table
from dcmview.annotations.plain_csv import parse_columns
from dcmview.errors import NotSaved
from dcmview.web import schemas
from dcmview.web.context import context
from dcmview.web.params import one_of
from dcmview.web.respond import json_response, safe_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from dcmview.annotations.formats import ExportFormat
    from dcmview.annotations.imports import LeftOut
    from dcmview.roibook import ImportReport

MOST_NAMED = 1_000
AUTO = "auto"


class _FileKind(NamedTuple):
    suffix: str
    media_type: str


_FILE_KINDS: dict[ExportFormat, _FileKind] = {
    "embed": _FileKind(".csv", "text/csv; charset=utf-8"),
    "json": _FileKind(".json", "application/json"),
    "csv": _FileKind("-table.csv", "text/csv; charset=utf-8"),
    "coco": _FileKind("-coco.json", "application/json"),
}


async def import_rois(request: Request) -> Response:
    """``POST /api/annotations/import``: add the ROIs of a file, and say what became of each."""
    query = request.query_params
    form = None
    if query.get("format", AUTO) != AUTO:
        form = one_of(query, "format", IMPORT_FORMATS)
    columns = parse_columns(query.get("columns", ""))
    content = bytearray()
    async for piece in request.stream():
        content += piece
    book = context(request).library.rois

    def take_in() -> ImportReport:
        return book.take_in(read_table(bytes(content), "import", form=form, columns=columns))

    report = await run_in_threadpool(take_in)
    body = _report(report)
    if report.not_saved:
        raise NotSaved(report.not_saved, **msgspec.to_builtins(body))
    return json_response(body)


async def export(request: Request) -> Response:
    """``GET /api/annotations/export``: all ROIs in a form."""
    return await _download(request, one_of(request.query_params, "format", EXPORT_FORMATS))


async def export_csv(request: Request) -> Response:
    """``GET /api/annotations/export.csv``: the rectangles."""
    return await _download(request, "embed")


async def export_json(request: Request) -> Response:
    """``GET /api/annotations/export.json``: everything."""
    return await _download(request, "json")


def preview(request: Request) -> Response:
    """``GET /api/annotations/export/preview``: what a form would not carry."""
    form = one_of(request.query_params, "format", EXPORT_FORMATS)
    found = context(request).library.rois.preview(form)
    lost = [schemas.RoiLoss(what, count) for what, count in found.lost.items()]
    return json_response(schemas.RoiExportPreview(found.rois, lost))


async def _download(request: Request, form: ExportFormat) -> Response:
    book = context(request).library.rois
    content, clock = await run_in_threadpool(book.export, form)
    kind = _FILE_KINDS[form]
    mark = functools.partial(book.mark_exported, clock, form)
    return Response(
        content,
        media_type=kind.media_type,
        headers={"Content-Disposition": f'attachment; filename="dcmview-annotations{kind.suffix}"'},
        # After the last byte was sent: a HEAD or a broken download saves nobody's edits.
        background=BackgroundTask(mark) if request.method == "GET" else None,
    )


def _report(report: ImportReport) -> schemas.RoiImport:
    return schemas.RoiImport(
        format=report.format,
        rows=report.rows,
        matched=schemas.RoiMatches(
            path=report.by_path, sop_instance_uid=report.by_uid, name=report.by_name
        ),
        files=report.files,
        added=report.added,
        already_there=report.already_there,
        unmatched_count=len(report.unmatched),
        unmatched=_named(report.unmatched),
        left_out_count=len(report.left_out),
        left_out=_named(report.left_out),
        warnings=[safe_text(warning) for warning in report.warnings],
    )


def _named(found: Sequence[LeftOut]) -> list[schemas.RoiLeftOut]:
    return [
        schemas.RoiLeftOut(safe_text(place), safe_text(reason))
        for place, reason in found[:MOST_NAMED]
    ]
