"""Open the listening socket, before anything heavy is imported.

From here on a browser may connect: its request waits in the backlog until
the application is there.
"""

from __future__ import annotations

import errno
import socket
import sys
from typing import NamedTuple

from dcmview.errors import StartError

BACKLOG = 512


class Listener(NamedTuple):
    """A listening socket and the name under which people reach it."""

    socket: socket.socket
    host: str
    port: int

    @property
    def browser_host(self) -> str:
        """Address that a program on this computer can connect to."""
        address: str = self.socket.getsockname()[0]
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104

    @property
    def url(self) -> str:
        """Address to type into a browser on this computer, without a slash at the end."""
        host = self.browser_host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only programs on this computer can connect."""
        address = self.socket.getsockname()[0]
        return bool(address == "::1" or address.startswith("127."))


def listen(host: str, port: int) -> Listener:
    """Listen on one address and one port.

    Parameters
    ----------
    host : str
        IPv4 or IPv6 address, or a name that has one.
    port : int
        0 lets the system choose.

    Raises
    ------
    StartError
        If the name is unknown, the address is not of this computer, or the
        port is taken or reserved.
    """
    try:
        name = host.strip("[]")
        # A str would load the IDNA tables, even for an address.
        node = name.encode("ascii" if name.isascii() else "idna")
        found = socket.getaddrinfo(node, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as exc:
        reason = getattr(exc, "strerror", None) or "not a host name"
        raise StartError(f"cannot listen on {host}: {reason}") from exc
    # "localhost" has two addresses on most systems; the printed line speaks of IPv4.
    family, kind, protocol, _, address = min(found, key=lambda row: row[0] != socket.AF_INET)
    listening = socket.socket(family, kind, protocol)
    try:
        if sys.platform != "win32":
            # Frees the port of a process that has just ended. Never SO_REUSEPORT, and not this
            # on Windows, where it means the same: both let another user listen beside us.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as exc:
        listening.close()
        raise StartError(_why_not(exc, host, port)) from exc
    listening.setblocking(False)
    return Listener(listening, host, listening.getsockname()[1])


def _why_not(exc: OSError, host: str, port: int) -> str:
    if exc.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is taken; choose another with --port, or --port 0 for any"
    if exc.errno in (errno.EACCES, errno.EPERM):
        return f"port {port} is reserved for the system; choose one above 1023, or --port 0 for any"
    if exc.errno == errno.EADDRNOTAVAIL:
        return f"cannot listen on {host}: not an address of this computer"
    return f"cannot listen on {host} port {port}: {exc.strerror}"
