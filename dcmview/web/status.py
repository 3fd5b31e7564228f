"""What is known of the running server: read by the API, written by the process around it."""

from __future__ import annotations

import time


class ServerStatus:
    """Mutable state of one server. Single assignments only, so it needs no lock.

    Attributes
    ----------
    server_start_ms : int
        Start in milliseconds since 1970.
    tunnelled : bool
        Whether an SSH tunnel stands now; ``tunnel_host`` says where to.
    warnings : list of str
        What the reader of the page should know, for instance a failed tunnel.
    last_request : float
        ``time.monotonic()`` of the last admitted request or the last piece
        of an answer to it; an open event stream does not count.
    """

    def __init__(self) -> None:
        self.server_start_ms = time.time_ns() // 1_000_000
        self.tunnelled = False
        self.tunnel_host: str | None = None
        self.warnings: list[str] = []
        self.last_request = time.monotonic()

    def note_request(self) -> None:
        """Begin the idle time anew."""
        self.last_request = time.monotonic()
