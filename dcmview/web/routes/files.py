"""Health, the list of files and what is known of one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from dcmview import __version__
from dcmview.model import FileEnd
from dcmview.web import schemas
from dcmview.web.context import context
from dcmview.web.respond import json_response, safe_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from dcmview.model import Repair, Window
    from dcmview.registry.registry import Entry

MOST_SKIPPED_FILES = 1_000

_STATUS_BY_END: dict[FileEnd, Literal["shown", "partial", "no_pixels"]] = {
    FileEnd.SHOWN: "shown",
    FileEnd.PARTIAL: "partial",
    FileEnd.NO_PIXELS: "no_pixels",
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
        )
    )


def list_files(request: Request) -> Response:
    """``GET /api/files``: all that is listed so far, in order of the indices."""
    ctx = context(request)
    summary = ctx.library.scan_summary()  # before the entries: complete must not be said too early
    return json_response(
        schemas.FileList(
            files=[file_entry(entry) for entry in ctx.library.entries()],
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
                for skipped in summary.skipped[:MOST_SKIPPED_FILES]
            ],
            warnings=[safe_text(text) for text in (*ctx.status.warnings, *ctx.library.warnings())],
        )
    )


def file_info(request: Request) -> Response:
    """``GET /api/file/{index}/info``."""
    library = context(request).library
    index = request.path_params["index"]
    own = library.entry(index).header
    header = own.shared
    uid_name = _uid_names()
    return json_response(
        schemas.FileInfo(
            frame_count=header.frame_count,
            rows=header.rows,
            columns=header.columns,
            transfer_syntax=header.transfer_syntax_uid,
            transfer_syntax_name=uid_name(header.transfer_syntax_uid),
            has_pixels=header.has_pixels,
            default_window=window_pair(own.default_window),
            sop_class=uid_name(header.sop_class_uid),
            repairs=repair_notes(library.repairs(index)),
        )
    )


def file_entry(entry: Entry) -> schemas.FileEntry:
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
        status=_STATUS_BY_END[entry.end],
        note=safe_text(own.problem or ("" if header.has_pixels else header.kind)),
    )


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


def _uid_names() -> Callable[[str], str]:
    # pydicom takes 0.1 s to import, so not while the first page waits.
    from pydicom.uid import UID

    return lambda uid: UID(uid).name
