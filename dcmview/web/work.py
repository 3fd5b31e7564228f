"""Blocking work for a request: done in a thread, dropped when the client goes away."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from dcmview.web.context import context

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from starlette.requests import Request

Value = TypeVar("Value")

PRIORITY_HEADER = "X-Dcmview-Priority"
BACKGROUND = "background"


class ClientGone(Exception):
    """Nobody is left to read the answer."""


def is_urgent(request: Request) -> bool:
    """Whether somebody looks at what is asked for; ``X-Dcmview-Priority: background`` denies it."""
    return request.headers.get(PRIORITY_HEADER) != BACKGROUND


async def in_thread(
    request: Request, key: Hashable, compute: Callable[[Callable[[], bool]], Value]
) -> Value:
    """Compute in a thread of the scheduler while watching the client.

    Parameters
    ----------
    request : Request
        Its body is of no account.
    key : hashable
        Requests with equal keys share one computation.
    compute : callable
        Gets a function that says whether anybody still waits.

    Raises
    ------
    Busy
        If too much is waiting already.
    ClientGone
        If the connection was closed before there was a result.
    """
    work = asyncio.ensure_future(unwatched(request, key, compute))
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
        raise ClientGone
    finally:
        for task in (work, gone):
            if not task.done():
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


async def unwatched(
    request: Request, key: Hashable, compute: Callable[[Callable[[], bool]], Value]
) -> Value:
    """Compute as `in_thread` does, for a response that watches the client itself."""
    return await context(request).scheduler.run(key, compute, urgent=is_urgent(request))


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
