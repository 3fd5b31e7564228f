"""HTTP as uvicorn speaks it, with the limits that its fast parser leaves to others."""

from __future__ import annotations

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_LIMIT_BYTES = 64 * 1024
"""Request line and headers; browsers and proxies send a few kilobytes."""


class BoundedProtocol(HttpToolsProtocol):
    """Refuse endless heads and trailers, and requests that name no host or more than one."""

    _loose_bytes = 0
    """What came since the parser last had a whole head, a piece of a body or an end."""

    def on_headers_complete(self) -> None:
        """Check the head as a whole; what is raised here is answered with 400."""
        self._loose_bytes = 0
        hosts = sum(name == b"host" for name, _ in self.headers)
        # RFC 9112 3.2: two of them may be read differently here and in a proxy.
        if hosts > 1 or (hosts == 0 and self.parser.get_http_version() == "1.1"):
            raise httptools.HttpParserError("a request names its host once")
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body, which has a limit of its own."""
        self._loose_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Make ready for the next request."""
        super().on_message_complete()
        self._loose_bytes = 0

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless too much has come to nothing."""
        self._loose_bytes += len(data)
        super().data_received(data)
        if self._loose_bytes > HEAD_LIMIT_BYTES:
            self.send_400_response(f"the head of a request is at most {HEAD_LIMIT_BYTES} bytes")
