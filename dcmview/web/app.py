"""The application: the whole route table on one screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from dcmview.web.access import AccessMiddleware
from dcmview.web.context import AppContext
from dcmview.web.errors import EXCEPTION_HANDLERS, UnexpectedErrors
from dcmview.web.routes import files, frames, rois, tags
from dcmview.web.routes.page import load_assets, page_routes

if TYPE_CHECKING:
    from dcmview.library import Library
    from dcmview.web.access import AccessPolicy
    from dcmview.web.status import ServerStatus


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
            Route("/api/file/{index:int}/info", files.file_info),
            Route("/api/file/{index:int}/frame/{frame:int}", frames.display_frame),
            Route("/api/file/{index:int}/frame/{frame:int}/raw", frames.raw_frame),
            Route("/api/file/{index:int}/frame/{frame:int}/recipe", frames.frame_recipe),
            Route("/api/file/{index:int}/tags", tags.tags),
            Route("/api/file/{index:int}/annotations", rois.Annotations),
            Route("/api/annotations/export.csv", rois.export_csv),
            *page_routes(load_assets()),
        ],
        middleware=[
            Middleware(AccessMiddleware, policy=access, status=status),
            Middleware(UnexpectedErrors),
        ],
        exception_handlers=EXCEPTION_HANDLERS,
    )
    # A redirect to another slash would be absolute and so lose the prefix of a proxy.
    app.router.redirect_slashes = False
    app.state.context = AppContext(library, status)
    return app
