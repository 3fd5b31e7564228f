"""HTTP as uvicorn speaks it, with the limits that its fast parser leaves to others."""

from __future__ import annotations

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_LIMIT_BYTES = 64 * 1024
"""Request line and headers; browsers and proxies send a few kilobytes."""


class BoundedProtocol(HttpToolsProtocol):
    """Refuse endless heads, and requests that name no host or more than one."""

    _head_bytes = 0
    _in_head = True

    def on_message_begin(self) -> None:
        """Begin to count the head of a request."""
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        """Check the head as a whole; what is raised here is answered with 400."""
        self._in_head = False
        hosts = sum(name == b"host" for name, _ in self.headers)
        # RFC 9112 3.2: two of them may be read differently here and in a proxy.
        if hosts > 1 or (hosts == 0 and self.parser.get_http_version() == "1.1"):
            raise httptools.HttpParserError("a request names its host once")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Make ready for the head of the next request."""
        super().on_message_complete()
        self._head_bytes, self._in_head = 0, True

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless the head has become too long."""
        self._head_bytes += len(data) if self._in_head else 0
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_LIMIT_BYTES:
            self.send_400_response(f"the head of a request is at most {HEAD_LIMIT_BYTES} bytes")
