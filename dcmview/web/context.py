"""What an endpoint works with, found on the application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from starlette.requests import Request

    from dcmview.library import Library
    from dcmview.web.status import ServerStatus


@dataclass(frozen=True, slots=True)
class AppContext:
    """The library that is served and the state of the process that serves it."""

    library: Library
    status: ServerStatus


def context(request: Request) -> AppContext:
    """Give what ``create_app`` was called with."""
    return cast("AppContext", request.app.state.context)
