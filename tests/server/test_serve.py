"""The server process around a tiny application: foreign users, signals, idle time, its end."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

TINY_SERVER = Path(__file__).parents[1] / "support" / "tiny_server.py"
NOBODY = 65534
END_LIMIT_S = 8.0
"""What it must not wait for lasts half a minute, or for ever."""

needs_second_user = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="needs root to become a second user"
)


class TinyServer:
    """A process of ``support/tiny_server.py``."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, TINY_SERVER, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.port = int(self.process.stdout.readline())

    def get(self, path="/api/files", host="127.0.0.1", headers=None):
        connection = http.client.HTTPConnection(host, self.port, timeout=30)
        try:
            connection.request("GET", path, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def open_stream(self, path):
        """Begin an answer that never ends, and give its socket."""
        stream = socket.create_connection(("127.0.0.1", self.port))
        stream.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        assert stream.recv(100).startswith(b"HTTP/1.1 200")
        return stream

    def end(self, with_signal):
        """Send a signal; give the seconds until the process has gone, its code and output."""
        start = time.monotonic()
        self.process.send_signal(with_signal)
        output = self.process.communicate(timeout=30)[0]
        return time.monotonic() - start, self.process.returncode, output


@pytest.fixture
def start():
    servers = []

    def start_server(*arguments):
        servers.append(TinyServer(*arguments))
        return servers[-1]

    yield start_server
    for server in servers:
        server.process.kill()
        server.process.communicate()


def as_nobody(port, request_bytes, *, half_close=False):
    """Send bytes as another user and give what comes back."""
    program = (
        "import os, socket, sys\n"
        f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})\n"
        # Not create_connection: it imports codecs, which nobody may be unable to read.
        f"s = socket.socket(); s.connect(('127.0.0.1', {port}))\n"
        "s.sendall(sys.stdin.buffer.read())\n"
        f"{'s.shutdown(socket.SHUT_WR)' if half_close else ''}\n"
        "while data := s.recv(65536): sys.stdout.buffer.write(data)\n"
    )
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", program],
        input=request_bytes,
        capture_output=True,
        check=True,
        timeout=10,
    ).stdout


REQUEST = b"GET /api/files HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


def test_the_owner_is_answered_on_every_loopback_address(start):
    server = start("--host", "::")
    assert server.get(host="127.0.0.1")[0] == 200
    assert server.get(host="::1")[0] == 200


@needs_second_user
@pytest.mark.parametrize(
    "request_bytes", [REQUEST, REQUEST + bytes(100_000), b"", b"\xff\xfe not HTTP"]
)
def test_another_local_user_is_refused_whatever_he_sends(start, request_bytes):
    head, _, body = as_nobody(start().port, request_bytes, half_close=True).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 403 ")
    assert b'"code":"access_denied"' in body
    assert b"--token" in body


@needs_second_user
def test_refusing_another_user_leaves_the_server_to_its_owner(start):
    server = start()
    for _ in range(20):
        as_nobody(server.port, REQUEST)
    assert server.get()[0] == 200
    assert server.end(signal.SIGTERM)[0] < END_LIMIT_S


@needs_second_user
def test_another_user_who_hangs_up_leaves_no_trace(start):
    server = start()
    program = (
        "import os, socket\n"
        f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})\n"
        "for _ in range(200):\n"
        f"    s = socket.socket(); s.connect(('127.0.0.1', {server.port}))\n"
        "    s.recv(10); s.close()\n"  # with an unread rest, so the connection is reset
    )
    subprocess.run([sys.executable, "-I", "-S", "-c", program], check=True, timeout=30)
    assert server.get()[0] == 200
    server.process.terminate()
    assert server.process.communicate(timeout=30) == ("finish TERMINATE\n", "")


@needs_second_user
def test_with_a_token_for_all_it_is_the_token_that_counts(start):
    server = start("--token", "secret", "--token-for-all")
    with_token = REQUEST.replace(b"Connection", b"X-Dcmview-Token: secret\r\nConnection")
    assert as_nobody(server.port, with_token).startswith(b"HTTP/1.1 200")
    assert as_nobody(server.port, REQUEST).startswith(b"HTTP/1.1 401")
    assert server.get()[0] == 401


def test_a_forwarded_address_is_not_believed(start):
    server = start()
    _, body = server.get(headers={"X-Forwarded-For": "9.9.9.9"})
    assert b'"127.0.0.1"' in body


def test_two_host_headers_are_a_bad_request(start):
    with socket.create_connection(("127.0.0.1", start().port)) as client:
        client.sendall(b"GET /api/files HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 400")


def test_a_request_without_a_host_is_a_bad_request(start):
    with socket.create_connection(("127.0.0.1", start().port)) as client:
        client.sendall(b"GET /api/files HTTP/1.1\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("filler", [b"X: y\r\n", b"y"])
def test_an_endless_head_is_cut_off(start, filler):
    with socket.create_connection(("127.0.0.1", start().port), timeout=30) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nLong: ")
        answer = b""
        with contextlib.suppress(ConnectionError):
            for _ in range(1_000):
                client.sendall(filler * 1_000)
        with contextlib.suppress(ConnectionError):
            answer = client.recv(100)
        assert answer.startswith(b"HTTP/1.1 400") or not answer


@pytest.mark.parametrize("filler", [b"a: b\r\n", b"y"])
def test_endless_trailers_are_cut_off(start, filler):
    with socket.create_connection(("127.0.0.1", start().port), timeout=30) as client:
        head = b"PUT /api/none HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
        client.sendall(head)
        sent = 0
        with contextlib.suppress(ConnectionError):
            while sent < 50_000_000:
                client.sendall(filler * 10_000)
                sent += len(filler) * 10_000
        assert sent < 50_000_000  # the connection was closed on the way


def test_the_next_request_of_a_connection_has_a_head_of_its_own(start):
    head = b"GET /api/none HTTP/1.1\r\nHost: a\r\nLong: " + b"y" * 40_000 + b"\r\n\r\n"
    with socket.create_connection(("127.0.0.1", start().port), timeout=30) as client:
        for _ in range(3):
            client.sendall(head)
            assert b" 400 " not in client.recv(65536).splitlines()[0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_end_signal_ends_it(start, number):
    seconds, code, output = start().end(number)
    assert seconds < END_LIMIT_S
    assert (code, output) == (0, "finish TERMINATE\n")


@pytest.mark.parametrize("path", ["/api/stream", "/api/events"])
def test_it_ends_in_time_with_an_answer_under_way(start, path):
    server = start()
    with server.open_stream(path):
        seconds, code, output = server.end(signal.SIGTERM)
    assert seconds < END_LIMIT_S
    assert (code, output) == (0, "finish TERMINATE\n")


def test_it_ends_in_time_with_an_idle_connection(start):
    server = start()
    with socket.create_connection(("127.0.0.1", server.port)):
        assert server.end(signal.SIGTERM)[0] < END_LIMIT_S


def test_it_ends_in_time_while_the_event_loop_hangs(start):
    server = start()
    with server.open_stream("/api/block"):
        seconds, code, output = server.end(signal.SIGTERM)
    assert seconds < END_LIMIT_S
    assert (code, output) == (0, "finish TERMINATE\n")


def test_the_first_interrupt_asks_when_edits_would_be_lost(start):
    server = start("--dirty", "--ask")
    server.process.send_signal(signal.SIGINT)
    assert server.process.stdout.readline() == "asked\n"
    assert server.get()[0] == 200
    seconds, code, output = server.end(signal.SIGINT)
    assert seconds < END_LIMIT_S
    assert (code, output) == (0, "finish INTERRUPT\n")


def test_ignored_signals_stay_ignored():
    program = f"import os, sys; os.execv(sys.executable, [sys.executable, {str(TINY_SERVER)!r}])"
    process = subprocess.Popen(
        ["nohup", sys.executable, "-c", program],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert int(process.stdout.readline())
        process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
    finally:
        process.terminate()
        process.communicate()


def test_idle_time_ends_it(start):
    begin = time.monotonic()
    server = start("--timeout", "1")
    assert server.process.communicate(timeout=30)[0] == "finish IDLE\n"
    assert time.monotonic() - begin > 1


def test_idle_time_does_not_run_during_the_scan(start):
    begin = time.monotonic()
    server = start("--timeout", "0.3", "--scan", "1.5")
    assert server.process.communicate(timeout=30)[0] == "finish IDLE\n"
    assert time.monotonic() - begin > 1.8


def test_an_open_event_stream_is_no_request(start):
    server = start("--timeout", "1")
    with server.open_stream("/api/events"):
        assert server.process.communicate(timeout=30)[0] == "finish IDLE\n"


def test_a_running_download_is_activity(start):
    server = start("--timeout", "1")
    with server.open_stream("/api/stream"), pytest.raises(subprocess.TimeoutExpired):
        server.process.wait(2)
