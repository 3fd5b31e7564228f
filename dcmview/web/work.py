"""Blocking work for a request: done in a thread, dropped when the client goes away."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from dcmview.web.context import context

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from starlette.requests import Request

    from dcmview.schedule import Scheduler

Value = TypeVar("Value")

PRIORITY_HEADER = "X-Dcmview-Priority"
BACKGROUND = "background"
WATCH_AFTER_S = 0.02


class ClientGone(Exception):
    """Nobody is left to read the answer."""


def is_urgent(request: Request) -> bool:
    """Whether somebody looks at what is asked for; ``X-Dcmview-Priority: background`` denies it."""
    return request.headers.get(PRIORITY_HEADER) != BACKGROUND


async def in_thread(
    request: Request,
    key: Hashable,
    compute: Callable[[Callable[[], bool]], Value],
    scheduler: Scheduler | None = None,
    *,
    in_background: bool = False,
) -> Value:
    """Compute in a thread of a scheduler while watching the client.

    Parameters
    ----------
    request : Request
        Its body is of no account.
    key : hashable
        Requests with equal keys share one computation.
    compute : callable
        Gets a function that says whether anybody still waits.
    scheduler : Scheduler, optional
        That of frames, if not given.
    in_background : bool, default False
        For what takes long, whatever the client says.

    Raises
    ------
    Busy
        If too much is waiting already.
    ClientGone
        If the connection was closed before there was a result.
    """
    scheduler = scheduler or context(request).scheduler
    urgent = is_urgent(request) and not in_background
    waiter = scheduler.join(key, compute, urgent=urgent)
    try:
        # Most frames are there before it would pay to watch anything.
        await asyncio.wait((waiter,), timeout=WATCH_AFTER_S)
        if not waiter.done():
            await _until_done_or_gone(request, waiter)
        return waiter.result()
    finally:
        scheduler.leave(key, waiter)


async def _until_done_or_gone(request: Request, waiter: asyncio.Future[Any]) -> None:
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait((waiter, gone), return_when=asyncio.FIRST_COMPLETED)
    finally:
        if not gone.done():
            gone.cancel()
            with suppress(asyncio.CancelledError):
                await gone
    if not waiter.done():
        gone.result()  # the request may have been refused while it was read
        raise ClientGone


async def unwatched(
    request: Request,
    key: Hashable,
    compute: Callable[[Callable[[], bool]], Value],
    *,
    in_background: bool = False,
) -> Value:
    """Compute as `in_thread` does, for a response that watches the client itself."""
    urgent = is_urgent(request) and not in_background
    return await context(request).scheduler.run(key, compute, urgent=urgent)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
