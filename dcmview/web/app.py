"""The application: the whole route table on one screen."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.middleware import Middleware
from starlette.routing import Route

from dcmview.schedule import Scheduler
from dcmview.web.access import AccessMiddleware
from dcmview.web.context import AppContext
from dcmview.web.errors import EXCEPTION_HANDLERS, UnexpectedErrors
from dcmview.web.routes import (
    all_rois,
    batch,
    boxes,
    exchange,
    files,
    frames,
    rois,
    series,
    tags,
    tagtables,
    transcode,
    triage,
)
from dcmview.web.routes.page import load_assets, page_routes

if TYPE_CHECKING:
    from dcmview.library import Library
    from dcmview.web.access import AccessPolicy
    from dcmview.web.status import ServerStatus


class SmallNumber(IntegerConvertor):
    """A number in a path, as long as any index can be; Python refuses to parse much longer ones."""

    regex = "[0-9]{1,9}"


register_url_convertor("small", SmallNumber())

FRAME_THREADS = min(4, os.cpu_count() or 1) + 1  # one of them is kept for what is on screen
TAG_THREADS = 2  # one of them is kept for searches, which are short


def create_app(library: Library, *, access: AccessPolicy, status: ServerStatus) -> Starlette:
    """Make the ASGI application that serves a library.

    Raises
    ------
    StartError
        If the page was not built.
    """
    app = Starlette(
        routes=[
            Route("/api/health", files.health),
            Route("/api/files", files.list_files),
            Route("/api/series", series.list_series),
            Route("/api/series/{series:small}", series.one_series),
            Route("/api/report", series.report),
            Route("/api/file/{index:small}/info", files.file_info),
            Route("/api/file/{index:small}/thumbnail", frames.thumbnail),
            Route("/api/file/{index:small}/frame/{frame:small}", frames.display_frame),
            Route("/api/file/{index:small}/frame/{frame:small}/raw", frames.raw_frame),
            Route("/api/file/{index:small}/frame/{frame:small}/preview", frames.preview),
            Route("/api/file/{index:small}/frame/{frame:small}/recipe", frames.frame_recipe),
            Route("/api/file/{index:small}/frame/{frame:small}/explain", frames.explain_frame),
            Route(
                "/api/file/{index:small}/frame/{frame:small}/overlay/{group}",
                frames.overlay_plane,
            ),
            Route("/api/file/{index:small}/frame/{frame:small}/groups", tags.frame_groups),
            Route("/api/file/{index:small}/download", transcode.download_file),
            Route("/api/transcode", transcode.download_archive, methods=["POST"]),
            Route("/api/frames/raw", batch.raw_frames),
            Route("/api/file/{index:small}/tags", tags.tags),
            Route("/api/tags/compare", tagtables.compare_tags),
            Route("/api/tags/varying", tagtables.varying_tags),
            Route("/api/file/{index:small}/annotations", boxes.Annotations),
            Route("/api/annotations/export.csv", exchange.export_csv),
            Route("/api/annotations/export.json", exchange.export_json),
            Route("/api/annotations/export", exchange.export),
            Route("/api/annotations/export/preview", exchange.preview),
            Route("/api/annotations/import", exchange.import_rois, methods=["POST"]),
            Route("/api/annotations/import/columns", exchange.table_columns, methods=["POST"]),
            Route("/api/file/{index:small}/rois", rois.Rois),
            Route("/api/rois", all_rois.AllRois),
            Route("/api/triage", triage.Triage),
            Route("/api/triage/export.csv", triage.export_csv),
            Route("/api/triage/import", triage.import_marks, methods=["POST"]),
            Route("/api/rois/files", all_rois.some_files),
            *page_routes(load_assets()),
        ],
        middleware=[
            Middleware(UnexpectedErrors),
            Middleware(AccessMiddleware, policy=access, status=status),
        ],
        exception_handlers=EXCEPTION_HANDLERS,
    )
    # A redirect to another slash would be absolute and so lose the prefix of a proxy.
    app.router.redirect_slashes = False
    app.state.context = AppContext(
        library, status, Scheduler(FRAME_THREADS), Scheduler(TAG_THREADS)
    )
    return app
