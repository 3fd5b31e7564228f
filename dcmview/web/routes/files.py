"""Health, the list of files and what is known of one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcmview import __version__
from dcmview.dicom.uids import uid_name
from dcmview.model import FileDetails, FileEnd
from dcmview.web import schemas
from dcmview.web.context import context
from dcmview.web.params import revision_asked_for
from dcmview.web.respond import json_response, list_response, safe_text

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from dcmview.library import Library
    from dcmview.model import Repair, Window
    from dcmview.registry.registry import Entry, ScanSummary
    from dcmview.web.context import AppContext

_STATUS_BY_END: dict[FileEnd, schemas.FileStatus] = {
    FileEnd.SHOWN: "shown",
    FileEnd.PARTIAL: "partial",
    FileEnd.NO_PIXELS: "no_pixels",
    FileEnd.CHANGED: "changed",
    FileEnd.GONE: "gone",
}


async def health(request: Request) -> Response:
    """``GET /api/health``."""
    ctx = context(request)
    return json_response(
        schemas.Health(
            status="ok",
            file_count=ctx.library.file_count(),
            server_start_ms=ctx.status.server_start_ms,
            version=__version__,
            unsaved_files=ctx.library.saving.unsaved_files,
            save_error=safe_text(ctx.library.saving.error),
        )
    )


def list_files(request: Request) -> Response:
    """``GET /api/files``: all that is listed so far, in order of the indices.

    With ``since=<revision>``, only the files that are new or lost since then.
    """
    ctx = context(request)
    since = revision_asked_for(request.query_params)
    summary = ctx.library.scan_summary()  # before the entries: complete must not be said too early
    entries, revision = ctx.library.entries_since(since)

    def body() -> schemas.FileList:
        return schemas.FileList(
            files=[file_entry(entry, ctx.library) for entry in entries],
            revision=revision,
            tunnelled=ctx.status.tunnelled,
            tunnel_host=ctx.status.tunnel_host,
            server_start_ms=ctx.status.server_start_ms,
            scan_complete=summary.complete,
            scanned=summary.scanned,
            skipped=summary.not_dicom + summary.unreadable,
            filtered=summary.filtered,
            skipped_files=[
                schemas.SkippedFile(
                    path=safe_text(skipped.path),
                    status="not_dicom" if skipped.end is FileEnd.NOT_DICOM else "unreadable",
                    reason=safe_text(skipped.reason),
                )
                for skipped in summary.skipped
            ],
            warnings=page_warnings(ctx),
        )

    return list_response(request, body, list_version(ctx, summary, f"{since}-{revision}"))


def page_warnings(ctx: AppContext) -> list[str]:
    """Say what the reader of the page should know."""
    return [safe_text(text) for text in (*ctx.status.warnings, *ctx.library.warnings())]


def list_version(ctx: AppContext, summary: ScanSummary, revision: str) -> str:
    """Name all that an answer about the list depends on."""
    warnings = len(ctx.status.warnings) + len(ctx.library.warnings())
    return (
        f"{ctx.status.server_start_ms}-{revision}-{summary.changes}-{int(summary.complete)}"
        f"-{warnings}-{int(ctx.status.tunnelled)}"
    )


def file_info(request: Request) -> Response:
    """``GET /api/file/{index}/info``."""
    library = context(request).library
    index = request.path_params["index"]
    own = library.entry(index).header
    header = own.shared
    details = library.details(index) or FileDetails()
    return json_response(
        schemas.FileInfo(
            frame_count=header.frame_count,
            rows=header.rows,
            columns=header.columns,
            transfer_syntax=header.transfer_syntax_uid,
            transfer_syntax_name=uid_name(header.transfer_syntax_uid),
            has_pixels=header.has_pixels,
            default_window=window_pair(own.default_window),
            series=library.series_of(index),
            sop_class=uid_name(header.sop_class_uid),
            frame_rate=details.frame_rate,
            frame_rate_source=details.frame_rate_source,
            frame_times_ms=list(details.frame_times_ms),
            lossy=details.lossy,
            repairs=repair_notes(library.repairs(index)),
        )
    )


def file_entry(entry: Entry, library: Library) -> schemas.FileEntry:
    """Write one listed file."""
    own = entry.header
    header = own.shared
    return schemas.FileEntry(
        index=entry.index,
        path=safe_text(entry.path),
        label=safe_text(entry.label),
        patient_id=header.patient_id,
        patient_name=header.patient_name,
        study_instance_uid=header.study_instance_uid,
        study_date=header.study_date,
        study_description=header.study_description,
        series_instance_uid=header.series_instance_uid,
        series_number=header.series_number,
        series_description=header.series_description,
        modality=header.modality,
        instance_number=own.instance_number,
        sop_instance_uid=own.sop_instance_uid,
        has_pixels=header.has_pixels,
        frame_count=header.frame_count,
        rows=header.rows,
        columns=header.columns,
        transfer_syntax_uid=header.transfer_syntax_uid,
        default_window=window_pair(own.default_window),
        status=file_status(entry, library),
        note=safe_text(entry.note),
    )


def file_status(entry: Entry, library: Library) -> schemas.FileStatus:
    """Say what became of a listed file."""
    return _STATUS_BY_END[library.lost(entry.index) or entry.end]


def window_pair(window: Window | None) -> schemas.WindowPair | None:
    """Write Window Center and Width, null where there are none."""
    return None if window is None else schemas.WindowPair(window.center, window.width)


def repair_notes(repairs: tuple[Repair, ...]) -> list[schemas.RepairNote]:
    """Write what was mended."""
    return [
        schemas.RepairNote(
            code=repair.code,
            element=repair.element,
            found=safe_text(repair.found),
            used=safe_text(repair.used),
        )
        for repair in repairs
    ]
