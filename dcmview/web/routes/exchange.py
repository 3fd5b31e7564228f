"""ROIs of all files in and out, in the forms of other programs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from starlette.concurrency import run_in_threadpool

from dcmview.annotations.plain_csv import TableHead, parse_columns, read_head
from dcmview.annotations.roi import LONGEST_NAME, LONGEST_SOURCE
from dcmview.errors import NotSaved
from dcmview.exchange.forms import EXPORT_FORMS
from dcmview.exchange.readers import IMPORT_FORMS, Content, read_table, shown_form
from dcmview.web import roi_schemas
from dcmview.web.context import context
from dcmview.web.download import download
from dcmview.web.params import flag, one_of, text_of
from dcmview.web.respond import json_response, safe_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from dcmview.annotations.imports import LeftOut
    from dcmview.exchange.importing import ImportReport

MOST_NAMED = 1_000
AUTO = "auto"


async def import_rois(request: Request) -> Response:
    """``POST /api/annotations/import``: add the ROIs of a file, and say what became of each."""
    query = request.query_params
    form = None
    if query.get("format", AUTO) != AUTO:
        form = one_of(query, "format", tuple(IMPORT_FORMS))
    columns = parse_columns(query.get("columns", ""))
    group = text_of(query, "group", LONGEST_NAME)
    locked = flag(query, "locked")
    # The name of a file on the other computer, without the folders that some browsers send.
    name = re.split(r"[/\\]", query.get("name", ""))[-1][:LONGEST_SOURCE]
    content = b"".join([piece async for piece in request.stream()])
    exchange = context(request).library.exchange

    def take_in() -> ImportReport:
        table = read_table(content, name or "import", form=form, columns=columns)
        return exchange.take_in(table, group=group, source=name, locked=locked)

    report = await run_in_threadpool(take_in)
    body = import_report(report)
    if report.not_saved:
        raise NotSaved(report.not_saved, **msgspec.to_builtins(body))
    return json_response(body)


async def table_columns(request: Request) -> Response:
    """``POST /api/annotations/import/columns``: what columns a table has, from its beginning."""
    content = Content(await request.body(), request.query_params.get("name", "import"))
    # To see the form of JSON or of DICOM takes reading it.
    return await run_in_threadpool(_table_head, content)


def _table_head(content: Content) -> Response:
    form = shown_form(content)
    head = read_head(content.table) if form == "table" else TableHead((), {}, ())
    return json_response(
        roi_schemas.RoiTableHead(
            format=form,
            columns=[safe_text(name) for name in head.columns],
            known=[
                roi_schemas.KnownColumn(what, safe_text(name)) for what, name in head.known.items()
            ],
            rows=[[safe_text(text) for text in row] for row in head.rows],
        )
    )


async def export(request: Request) -> Response:
    """``GET /api/annotations/export``: all ROIs in a form."""
    return await _download(request, one_of(request.query_params, "format", tuple(EXPORT_FORMS)))


async def export_csv(request: Request) -> Response:
    """``GET /api/annotations/export.csv``: the rectangles."""
    return await _download(request, "embed")


async def export_json(request: Request) -> Response:
    """``GET /api/annotations/export.json``: everything."""
    return await _download(request, "json")


def preview(request: Request) -> Response:
    """``GET /api/annotations/export/preview``: what a form, or each, would not carry."""
    if "format" in request.query_params:
        form = one_of(request.query_params, "format", tuple(EXPORT_FORMS))
        return json_response(_preview(request, form))
    return json_response(
        roi_schemas.RoiExportPreviews([_preview(request, form) for form in EXPORT_FORMS])
    )


def _preview(request: Request, form: str) -> roi_schemas.RoiExportPreview:
    with_predictions = flag(request.query_params, "predictions")
    exchange = context(request).library.exchange
    found = exchange.preview(form, with_predictions=with_predictions)
    return roi_schemas.RoiExportPreview(
        format=form,
        rois=found.rois,
        carried=found.carried,
        lost=[roi_schemas.RoiLoss(what, count) for what, count in found.lost.items()],
        missing=found.missing,
    )


async def _download(request: Request, form: str) -> Response:
    exchange = context(request).library.exchange
    kind = EXPORT_FORMS[form]
    exported = await run_in_threadpool(
        exchange.export,
        form,
        with_predictions=flag(request.query_params, "predictions"),
        options=dict(request.query_params),
    )
    return download(
        request,
        exported.content,
        f"dcmview-annotations{kind.suffix}",
        kind.media_type,
        on_taken=lambda: exchange.mark_exported(exported, form),
    )


def import_report(report: ImportReport) -> roi_schemas.RoiImport:
    return roi_schemas.RoiImport(
        format=report.format,
        rows=report.rows,
        matched=roi_schemas.RoiMatches(
            path=report.by_path, sop_instance_uid=report.by_uid, name=report.by_name
        ),
        files=report.files,
        added=report.added,
        already_there=report.already_there,
        marked=report.marked,
        unmatched_count=len(report.unmatched),
        unmatched=_named(report.unmatched),
        left_out_count=len(report.left_out),
        left_out=_named(report.left_out),
        warnings=[safe_text(warning) for warning in report.warnings],
    )


def _named(found: Sequence[LeftOut]) -> list[roi_schemas.RoiLeftOut]:
    return [
        roi_schemas.RoiLeftOut(safe_text(place), safe_text(reason))
        for place, reason in found[:MOST_NAMED]
    ]
