"""The kernel's word on who owns the other end of a loopback connection."""

from __future__ import annotations

import os
import socket
import sys

import pytest

from dcmview.web.peer_uid import can_tell, owner_uid

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel")


@pytest.fixture(params=["IPv4", "IPv6", "dual stack, IPv4 client", "dual stack, IPv6 client"])
def connection(request):
    """Accepted and connecting socket of one connection."""
    family = socket.AF_INET if request.param == "IPv4" else socket.AF_INET6
    address = {"IPv4": "127.0.0.1", "IPv6": "::1"}.get(request.param, "::")
    with socket.socket(family) as server:
        if address == "::":
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        server.bind((address, 0))
        server.listen()
        target = "::1" if request.param.endswith(("IPv6", "IPv6 client")) else "127.0.0.1"
        with socket.create_connection((target, server.getsockname()[1])) as client:
            accepted, peer = server.accept()
            with accepted:
                yield accepted, client, peer


def test_an_open_connection_is_ours(connection):
    accepted, _, peer = connection
    assert owner_uid(peer, accepted.getsockname()) == os.geteuid()


def test_a_half_closed_connection_is_still_ours(connection):
    accepted, client, peer = connection
    client.shutdown(socket.SHUT_WR)
    assert owner_uid(peer, accepted.getsockname()) == os.geteuid()


def test_a_closed_connection_is_nobodys_and_not_roots(connection):
    accepted, client, peer = connection
    client.close()
    assert owner_uid(peer, accepted.getsockname()) is None


def test_a_port_that_nobody_connects_from_is_nobodys(connection):
    accepted, client, _ = connection
    other = (client.getsockname()[0], 1)
    assert owner_uid(other, accepted.getsockname()) is None


def test_the_self_test_agrees_with_the_system():
    assert can_tell()


def test_a_system_without_the_question_cannot_tell(monkeypatch):
    monkeypatch.delattr(socket, "AF_NETLINK")
    assert not can_tell()
