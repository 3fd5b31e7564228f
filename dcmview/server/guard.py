"""The HTTP protocol that turns other local users away before it parses a byte."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from dcmview.server.protocol import BoundedProtocol
from dcmview.web.access import is_loopback_peer
from dcmview.web.peer_uid import owner_uid

if TYPE_CHECKING:
    import asyncio

REFUSAL_BODY = (
    b'{"error":"this viewer belongs to another user of this computer; '
    b'its owner can let you in with --token","code":"access_denied"}'
)
REFUSAL = (
    b"HTTP/1.1 403 Forbidden\r\ncontent-type: application/json\r\ncache-control: no-store\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%s" % (len(REFUSAL_BODY), REFUSAL_BODY)
)

LINGER_S = 1.0
"""Closing at once would reset the connection, and the client would never see the answer."""


class GuardedProtocol(BoundedProtocol):
    """Serve connections of our own user and of root, refuse those of other local users."""

    _refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Ask the kernel who connects; peers beyond loopback are left to the token."""
        peer = transport.get_extra_info("peername")
        if is_loopback_peer(peer) and not _is_trusted(peer, transport.get_extra_info("sockname")):
            self._refused = True
            self.transport = transport
            self.loop.call_later(LINGER_S, transport.close)
            transport.write(REFUSAL)
            with contextlib.suppress(OSError):  # the peer has gone already
                transport.write_eof()
            return
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the peer was refused: then what it sends is dropped unread."""
        if not self._refused:
            super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        if not self._refused:
            super().connection_lost(exc)


def _is_trusted(peer: tuple[str, int], own: tuple[str, int]) -> bool:
    try:
        uid = owner_uid(peer, own)
    except OSError:
        return False
    # Root can read our memory anyway, and forwards of container runtimes arrive as root.
    return uid is not None and uid in (os.geteuid(), 0)
