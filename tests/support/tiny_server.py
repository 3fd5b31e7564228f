"""A server process around a tiny application, for tests of its socket, guards and end.

Prints its port. Arguments: ``--timeout S``, ``--scan S`` (how long the scan
takes), ``--dirty``, ``--ask``, ``--token T``, ``--token-for-all``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import threading
import time
from typing import TYPE_CHECKING

from dcmview.server.lifetime import Lifetime
from dcmview.server.listen import listen
from dcmview.server.serve import serve
from dcmview.server.signals import EndReason, on_end_signals
from dcmview.web.access import AccessMiddleware, AccessPolicy
from dcmview.web.status import ServerStatus

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


async def tiny_app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the request as JSON; ``/api/stream`` and ``/api/events`` never end."""
    path = scope["path"]
    endless = path in ("/api/stream", "/api/events")
    kind = b"application/x-ndjson" if path == "/api/events" else b"application/json"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
    if path == "/api/block":
        time.sleep(30)
    while endless:
        await send({"type": "http.response.body", "body": b"\n", "more_body": True})
        await asyncio.sleep(0.05)
    body = json.dumps({"client": scope["client"], "path": path}).encode()
    await send({"type": "http.response.body", "body": body})


def say(line: str) -> None:
    """Write a line to standard output at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Serve until the end and say why it came."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--timeout", type=float)
    parser.add_argument("--scan", type=float, default=0.0)
    parser.add_argument("--dirty", action="store_true")
    parser.add_argument("--ask", action="store_true")
    parser.add_argument("--token")
    parser.add_argument("--token-for-all", action="store_true")
    args = parser.parse_args()

    status = ServerStatus()
    listener = listen(args.host, 0)
    lifetime = Lifetime(
        status,
        idle_limit_s=args.timeout,
        has_unsaved_edits=lambda: args.dirty,
        ask_again=(lambda: say("asked")) if args.ask else None,
    )
    on_end_signals(lifetime.request_end)

    def on_started() -> None:
        say(str(listener.port))
        threading.Timer(args.scan, lifetime.note_scan_end).start()

    def finish(reason: EndReason) -> None:
        say(f"finish {reason.name}")

    policy = AccessPolicy(args.token, args.token_for_all)
    serve(
        AccessMiddleware(tiny_app, policy, status),
        listener.socket,
        lifetime,
        check_users=not args.token_for_all,
        on_started=on_started,
        finish=finish,
    )
    sys.exit(0)


if __name__ == "__main__":
    main()
