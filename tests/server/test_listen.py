"""The listening socket: what it takes, what it refuses and how it is named."""

from __future__ import annotations

import os
import socket

import pytest

from dcmview.errors import StartError
from dcmview.server.listen import listen


def test_port_zero_takes_a_free_port():
    listener = listen("127.0.0.1", 0)
    with listener.socket, socket.create_connection(("127.0.0.1", listener.port)):
        assert listener.url == f"http://127.0.0.1:{listener.port}"
        assert listener.is_loopback


@pytest.mark.parametrize(
    ("host", "url_host", "is_loopback"),
    [
        ("localhost", "127.0.0.1", True),
        ("0.0.0.0", "127.0.0.1", False),
        ("::", "[::1]", False),
        ("::1", "[::1]", True),
        ("[::1]", "[::1]", True),
        ("127.0.0.2", "127.0.0.2", True),
    ],
)
def test_the_url_names_an_address_that_a_browser_here_can_open(host, url_host, is_loopback):
    listener = listen(host, 0)
    with listener.socket:
        assert listener.url == f"http://{url_host}:{listener.port}"
        assert listener.is_loopback is is_loopback


def test_a_taken_port_is_named_with_the_remedy():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(StartError, match=rf"port {port} of 127.0.0.1 is taken.*--port"):
            listen("127.0.0.1", port)


def test_a_port_is_never_shared_with_a_second_listener():
    first = listen("127.0.0.1", 0)
    with first.socket, pytest.raises(StartError, match="taken"):
        listen("127.0.0.1", first.port)


@pytest.mark.skipif(not hasattr(os, "fork") or os.geteuid() != 0, reason="needs root to drop it")
def test_a_reserved_port_is_named_as_such():
    child = os.fork()
    if child == 0:  # as nobody, in a process that ends at once
        os.setgid(65534)
        os.setuid(65534)
        try:
            listen("127.0.0.1", 81)
        except StartError as exc:
            os._exit(0 if "port 81 is reserved" in exc.message else 1)
        os._exit(2)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == 2:
        pytest.skip("this system reserves no ports")
    assert status == 0


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("no-such-host.invalid", "cannot listen on no-such-host.invalid"),
        ("192.0.2.1", "not an address of this computer"),  # TEST-NET-1, RFC 5737
        ("a" * 70 + "é", "not a host name"),
    ],
)
def test_an_impossible_address_is_named(host, reason):
    with pytest.raises(StartError, match=reason):
        listen(host, 0)
