"""Ask the kernel which user owns the other end of a loopback connection.

On a shared computer every user can connect to 127.0.0.1. Linux tells who did:
``NETLINK_SOCK_DIAG`` finds the client's own socket by its four-tuple, in 14 us.
A forward by sshd counts as the user who logged in.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeAlias

    SocketAddress: TypeAlias = tuple[str, int] | tuple[str, int, int, int]

# linux/netlink.h, linux/sock_diag.h, linux/inet_diag.h
NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
NLM_F_REQUEST = 1
ANY_STATE = 0xFFFFFFFF
NO_COOKIE = b"\xff" * 8

_NETLINK_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port id
_REQUEST_HEAD = struct.Struct("=BBBBI")  # family, protocol, extensions, padding, states
_RESPONSE_HEAD = struct.Struct("=BBBB")  # family, state, timer, retransmits
_SOCKET_ID_BYTES = 48  # ports, addresses, interface, cookie
_RESPONSE_TAIL = struct.Struct("=IIIII")  # expires, receive queue, send queue, uid, inode

REPLY_TIMEOUT_S = 1.0
REPLY_LIMIT_BYTES = 8192


def owner_uid(local: SocketAddress, remote: SocketAddress) -> int | None:
    """Give the user id that owns a local TCP socket.

    Parameters
    ----------
    local, remote : (address, port, ...)
        The socket's own end and its other end, as ``getsockname`` and
        ``getpeername`` of the owner would give them.

    Returns
    -------
    int or None
        None if no live socket has these ends: it is of another computer, or
        was closed already. A closed socket must not be taken for root's,
        whose uid 0 the kernel reports for it.

    Raises
    ------
    OSError
        If the kernel does not answer such questions.
    """
    is_ipv6 = ":" in local[0]
    families = [socket.AF_INET6 if is_ipv6 else socket.AF_INET]
    if is_ipv6 and _is_mapped(local[0]):
        # We listen on both families and the client on IPv4 alone, or the other way round.
        families.append(socket.AF_INET)
    for family in families:
        uid = _ask(family, local, remote)
        if uid is not None:
            return uid
    return None


def can_tell() -> bool:
    """Whether the kernel names the right owner of a connection made for this test."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(REPLY_TIMEOUT_S)
            with socket.create_connection(server.getsockname(), REPLY_TIMEOUT_S) as client:
                own, other = client.getsockname(), client.getpeername()
                return owner_uid(own, other) == os.geteuid()
    except (OSError, AttributeError):  # AttributeError: no netlink, no user ids
        return False


def _ask(family: int, local: SocketAddress, remote: SocketAddress) -> int | None:
    socket_id = (
        struct.pack("!HH", local[1], remote[1])
        + _packed(family, local[0])
        + _packed(family, remote[0])
        + struct.pack("=I", _scope_id(local))
        + NO_COOKIE
    )
    body = _REQUEST_HEAD.pack(family, socket.IPPROTO_TCP, 0, 0, ANY_STATE) + socket_id
    head = _NETLINK_HEADER.pack(
        _NETLINK_HEADER.size + len(body), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 1, 0
    )
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as netlink:
        netlink.settimeout(REPLY_TIMEOUT_S)
        netlink.sendto(head + body, (0, 0))
        reply = netlink.recv(REPLY_LIMIT_BYTES)
    _, kind, _, _, _ = _NETLINK_HEADER.unpack_from(reply)
    if kind != SOCK_DIAG_BY_FAMILY:  # NLMSG_ERROR: there is no such socket
        return None
    tail_offset = _NETLINK_HEADER.size + _RESPONSE_HEAD.size + _SOCKET_ID_BYTES
    *_, uid, inode = _RESPONSE_TAIL.unpack_from(reply, tail_offset)
    return int(uid) if inode else None


def _packed(family: int, address: str) -> bytes:
    """Give the 16 bytes of an address in the form of a family."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if family == socket.AF_INET:
        mapped = getattr(parsed, "ipv4_mapped", None)
        return (mapped or parsed).packed.ljust(16, b"\0")
    if parsed.version == 4:
        return ipaddress.ip_address(f"::ffff:{parsed}").packed
    return parsed.packed


def _is_mapped(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return getattr(parsed, "ipv4_mapped", None) is not None


def _scope_id(address: SocketAddress) -> int:
    return address[3] if len(address) == 4 else 0
