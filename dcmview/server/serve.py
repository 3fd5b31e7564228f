"""Run the application on our socket until its lifetime is over.

The main thread runs the event loop. A second thread waits for the end, tells
the loop, and ends the process itself should the loop not obey in time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
from typing import TYPE_CHECKING

import uvicorn

from dcmview.server.guard import GuardedProtocol
from dcmview.server.protocol import BoundedProtocol

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp

    from dcmview.server.lifetime import Lifetime
    from dcmview.server.signals import EndReason

# The end is promised within 2 s; what is left of them is for finish().
CONNECTION_GRACE_S = 0.5
"""For answers under way; then they are cut short."""
LOOP_GRACE_S = 0.6
"""For the event loop to obey; then the process ends without it."""

KEEP_ALIVE_S = 75
"""A new connection through a tunnel costs a round trip or two."""


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers, telling when it accepts connections."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_started()


def serve(
    app: ASGIApp,
    listening: socket.socket,
    lifetime: Lifetime,
    *,
    check_users: bool,
    on_started: Callable[[], None],
    finish: Callable[[EndReason], None],
) -> EndReason:
    """Serve until the lifetime is over, then finish; needs the main thread.

    Parameters
    ----------
    app : ASGI application
        Gets HTTP alone: no lifespan events, no WebSockets.
    listening : socket
        Already listening; closed at the end.
    lifetime : Lifetime
        Says when to end.
    check_users : bool
        Whether other local users are refused by their user id.
    on_started : callable
        Called in the main thread once connections are accepted.
    finish : callable
        Called once, when no request is served any more, or from another
        thread if the event loop hangs. The process ends after that call at
        the latest.

    Returns
    -------
    EndReason
        Why it ended.
    """
    server = _Server(
        uvicorn.Config(
            app,
            http=GuardedProtocol if check_users else BoundedProtocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # X-Forwarded-For is anybody's claim
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=1,  # whole seconds only; force_exit below comes earlier
        ),
        on_started,
    )
    ended = threading.Event()
    reasons: list[EndReason] = []
    finishing = threading.Lock()

    def wait_for_end() -> None:
        reason = lifetime.wait()
        reasons.append(reason)
        # From here on uvicorn would complain about the answers that it cuts short.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        server.should_exit = True
        if ended.wait(CONNECTION_GRACE_S):
            return
        server.force_exit = True
        if not ended.wait(LOOP_GRACE_S) and finishing.acquire(blocking=False):
            finish(reason)
            os._exit(0)

    threading.Thread(target=wait_for_end, name="dcmview-lifetime", daemon=True).start()
    # Not asyncio.run: it waits for threads that may still be decoding.
    loop = new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(server.serve([listening]))
    ended.set()
    finishing.acquire()  # never given back: if the other thread has it, the process ends there
    finish(reasons[0])
    loop.close()
    return reasons[0]


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Make the event loop of the server; uvloop takes half the CPU time a request."""
    try:
        import uvloop
    except ImportError:  # no wheel for this platform
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
