"""The tree of patients, studies and series, and what one series holds."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import msgspec
from starlette.responses import Response, StreamingResponse

from dcmview.web import schemas
from dcmview.web.compression import accepts_gzip, gzip_compressor
from dcmview.web.context import context
from dcmview.web.params import report_request, revision_asked_for, wants_to_follow
from dcmview.web.respond import encode_json, list_response, safe_text
from dcmview.web.routes.files import file_status, list_version, page_warnings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from starlette.requests import Request

    from dcmview.library import Library
    from dcmview.registry.grouping import SeriesChanges, SeriesView, Study
    from dcmview.registry.registry import Entry, ScanSummary
    from dcmview.registry.stacks import Stack
    from dcmview.web.context import AppContext

ALL = 2**31 - 1
SERIES_A_LINE = 1_000
"""What a page can take in without standing still."""
LINE_INTERVAL_S = 0.2
IDLE_CHECK_S = 0.5

NDJSON = "application/x-ndjson"
_SYNC_FLUSH = 2  # Z_SYNC_FLUSH: all that was put in can be read at the other end


async def list_series(request: Request) -> Response:
    """``GET /api/series``: all that is known; with ``follow=1`` all that comes too, in lines."""
    since = revision_asked_for(request.query_params)
    if not wants_to_follow(request.query_params):
        return await asyncio.to_thread(_whole_list, request, since)
    if request.method == "HEAD":
        return Response(media_type=NDJSON)
    gzip = accepts_gzip(request)
    return StreamingResponse(
        _lines(request, since, gzip=gzip),
        media_type=NDJSON,
        headers={"Content-Encoding": "gzip"} if gzip else None,
    )


def one_series(request: Request) -> Response:
    """``GET /api/series/{series}``: files and stacks of one series."""
    library = context(request).library
    view, entries = library.series(request.path_params["series"])
    return list_response(
        request,
        schemas.SeriesDetail(
            series=_series_row(view, library),
            instances=_instances(view, entries, library),
            stacks=[_stack_row(stack) for stack in library.stacks(view.index)],
        ),
    )


def report(request: Request) -> Response:
    """``GET /api/report``: every path with its end and the reason."""
    library = context(request).library
    ends, offset, limit = report_request(request.query_params)
    summary = library.scan_summary()
    lines = library.report(ends)
    return list_response(
        request,
        schemas.Report(
            complete=summary.complete,
            counts={end.value: count for end, count in summary.counts.items()},
            total=len(lines),
            paths=[
                schemas.ReportRow(
                    safe_text(line.path), line.end.value, safe_text(line.reason), line.index
                )
                for line in lines[offset : offset + limit]
            ],
        ),
    )


def _whole_list(request: Request, since: int) -> Response:
    ctx = context(request)
    summary = ctx.library.scan_summary()  # before the series: complete must not be said too early
    changes = ctx.library.series_since(since, ALL)
    version = list_version(ctx, summary, f"series-{since}-{changes.revision}")
    return list_response(request, lambda: _list(ctx, summary, changes), version)


async def _lines(request: Request, since: int, *, gzip: bool) -> AsyncIterator[bytes]:
    """A line for all that changed, as often as it pays, until nothing more can come."""
    ctx = context(request)
    compressor = gzip_compressor() if gzip else None
    revision, last_version = since, ""
    while True:
        summary = ctx.library.scan_summary()
        changes = ctx.library.series_since(revision, SERIES_A_LINE)
        version = list_version(ctx, summary, str(changes.revision))
        if version != last_version:
            line = await asyncio.to_thread(_line, ctx, summary, changes)
            yield (
                line
                if compressor is None
                else compressor.compress(line) + compressor.flush(_SYNC_FLUSH)
            )
            revision, last_version = changes.revision, version
        if not changes.is_all:
            continue
        if summary.complete and not ctx.library.is_watching:
            break
        await asyncio.sleep(IDLE_CHECK_S if summary.complete else LINE_INTERVAL_S)
    if compressor is not None:
        yield compressor.flush()


def _line(ctx: AppContext, summary: ScanSummary, changes: SeriesChanges) -> bytes:
    body = _list(ctx, summary, changes)
    if not changes.is_all:
        body.scan_complete = False  # more of it is in the lines that follow
    return encode_json(body) + b"\n"


def _list(ctx: AppContext, summary: ScanSummary, changes: SeriesChanges) -> schemas.SeriesList:
    return schemas.SeriesList(
        revision=changes.revision,
        patients=[
            schemas.PatientRow(
                patient.index, patient.header.patient_id, patient.header.patient_name
            )
            for patient in changes.patients
        ],
        studies=[_study_row(study) for study in changes.studies],
        series=[_series_row(series, ctx.library) for series in changes.series],
        scan_complete=summary.complete,
        scanned=summary.scanned,
        listed=summary.listed,
        skipped=summary.not_dicom + summary.unreadable,
        filtered=summary.filtered,
        tunnelled=ctx.status.tunnelled,
        tunnel_host=ctx.status.tunnel_host,
        server_start_ms=ctx.status.server_start_ms,
        warnings=page_warnings(ctx),
    )


def _study_row(study: Study) -> schemas.StudyRow:
    return schemas.StudyRow(
        index=study.index,
        patient=study.patient,
        study_instance_uid=study.study_instance_uid,
        study_date=study.date,
        study_time=study.time,
        study_description=study.description,
    )


def _series_row(series: SeriesView, library: Library) -> schemas.SeriesRow:
    header = series.header
    thumbnail = None
    if series.middle_image is not None:
        frame_count = library.entry(series.middle_image).header.shared.frame_count
        thumbnail = schemas.FrameAddress(series.middle_image, frame_count // 2)
    return schemas.SeriesRow(
        index=series.index,
        study=series.study,
        series_instance_uid=header.series_instance_uid,
        series_number=header.series_number,
        series_description=header.series_description,
        modality=header.modality,
        file_count=series.file_count,
        image_count=series.image_count,
        frame_count=series.frame_count,
        rows=header.rows,
        columns=header.columns,
        size_bytes=series.size_bytes,
        folder=safe_text(series.folder),
        file_name=safe_text(series.file_name),
        thumbnail=thumbnail,
        damaged=series.damaged,
        note=safe_text(series.note),
        warnings=_warnings(series),
    )


def _warnings(series: SeriesView) -> list[str]:
    warnings = []
    if series.damaged:
        files = "1 file is" if series.damaged == 1 else f"{series.damaged:,} files are"
        warnings.append(f"{files} damaged or cut short")
    if series.has_mixed_sizes:
        warnings.append("images of different sizes")
    return warnings


def _instances(
    series: SeriesView, entries: Sequence[Entry], library: Library
) -> schemas.InstanceTable:
    shared = [entry.header.shared for entry in entries]
    # Without a common folder, as on two drives, paths stay whole.
    begin = len(os.path.join(series.folder, "")) if series.folder else 0
    return schemas.InstanceTable(
        index=[entry.index for entry in entries],
        path=[safe_text(entry.path[begin:]) for entry in entries],
        sop_instance_uid=[entry.header.sop_instance_uid for entry in entries],
        instance_number=[entry.header.instance_number for entry in entries],
        transfer_syntax_uid=[header.transfer_syntax_uid for header in shared],
        frame_count=[header.frame_count for header in shared],
        rows=[header.rows for header in shared],
        columns=[header.columns for header in shared],
        has_pixels=[header.has_pixels for header in shared],
        status=[file_status(entry, library) for entry in entries],
        note=[safe_text(entry.note) for entry in entries],
    )


def _stack_row(stack: Stack) -> schemas.StackRow:
    geometry, dimension = stack.geometry, stack.dimension
    return schemas.StackRow(
        key=stack.key,
        label=safe_text(stack.label),
        has_pixels=stack.has_pixels,
        files=list(stack.files),
        frames=list(stack.frames),
        position_index=list(stack.position_index),
        dimension_index=list(stack.dimension_index),
        dimension=None
        if dimension is None
        else schemas.StackDimension(dimension.name, dimension.unit, list(dimension.values)),
        ordered_by=stack.ordered_by,
        direction=stack.direction,
        distances_mm=list(stack.distances_mm),
        positions_mm=[list(position) for position in stack.positions_mm],
        geometry=None
        if geometry is None
        else msgspec.convert(geometry, schemas.StackGeometry, from_attributes=True),
        warnings=list(stack.warnings),
    )
