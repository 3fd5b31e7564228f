"""The built frontend, served from an in-memory table of known names.

Only files that were there at the start can be asked for, so no path of a
request ever reaches the file system.
"""

from __future__ import annotations

import gzip
import mimetypes
import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from dcmview.web.built_page import STATIC_FOLDER, require_built_page

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request

COMPRESSIBLE = ("text/", "application/javascript", "application/json", "image/svg+xml")


@dataclass(frozen=True)
class Asset:
    """One built file."""

    content: bytes
    media_type: str
    built_gzip: bytes | None = None

    @cached_property
    def gzipped(self) -> bytes:
        """The content for clients that accept gzip: as built, or made at the first request."""
        return self.built_gzip or gzip.compress(self.content, compresslevel=6, mtime=0)


def load_assets(folder: str = STATIC_FOLDER) -> dict[str, Asset]:
    """Read the built frontend: URL path without leading slash to content.

    Raises
    ------
    StartError
        If it was not built.
    """
    require_built_page(folder)
    contents: dict[str, bytes] = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            with open(path, "rb") as file:
                contents[os.path.relpath(path, folder).replace(os.sep, "/")] = file.read()
    return {
        name: Asset(
            content,
            mimetypes.guess_type(name)[0] or "application/octet-stream",
            contents.get(f"{name}.gz"),
        )
        for name, content in contents.items()
        if not name.endswith(".gz")
    }


def page_routes(assets: Mapping[str, Asset]) -> list[Route]:
    """Make a route for each built file, and ``/`` for the page itself."""
    names = {"": "index.html", **{name: name for name in assets}}
    return [Route(f"/{path}", _endpoint(assets[name], name)) for path, name in names.items()]


def _endpoint(asset: Asset, name: str) -> Callable[[Request], Awaitable[Response]]:
    # The build puts a hash of the content into the names below assets/.
    lasting = name.startswith("assets/")
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable" if lasting else "no-cache",
        "Vary": "Accept-Encoding",
    }
    compressible = asset.media_type.startswith(COMPRESSIBLE)

    async def serve(request: Request) -> Response:
        if compressible and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(
                asset.gzipped,
                media_type=asset.media_type,
                headers={**headers, "Content-Encoding": "gzip"},
            )
        return Response(asset.content, media_type=asset.media_type, headers=headers)

    return serve
