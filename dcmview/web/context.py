"""What an endpoint works with, found on the application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from starlette.requests import Request

    from dcmview.library import Library
    from dcmview.schedule import Scheduler
    from dcmview.web.status import ServerStatus


@dataclass(frozen=True, slots=True)
class AppContext:
    """The library that is served, the state of the process that serves it, and who computes.

    ``tag_scheduler`` has threads of its own: comparing a thousand files takes seconds.
    """

    library: Library
    status: ServerStatus
    scheduler: Scheduler
    tag_scheduler: Scheduler


def context(request: Request) -> AppContext:
    """Give what ``create_app`` was called with."""
    return cast("AppContext", request.app.state.context)
