"""The asking side of the frame benchmark: one connection that measures, or many at once."""

from __future__ import annotations

import http.client
import multiprocessing
import statistics
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from contract_server import Server

BUFFER_BYTES = 64 << 20
"""Bodies are read into memory that is already there, so that the client stays cheap."""
ANSWER_LIMIT_S = 300


@dataclass(frozen=True)
class Sample:
    """One answer, or the mean of one block of answers."""

    wall_ms: float
    cpu_ms: float
    """Of the server and its children, until they rest again."""
    size_bytes: int = 0
    per_s: float | None = None
    client_cpu_ms: float | None = None


class FrameClient:
    """One connection to a server, which measures what it asks."""

    def __init__(self, server: Server, files: dict[str, dict[str, Any]]) -> None:
        self.server, self.files = server, files
        self._connection = connect(server.port)
        self._buffer = memoryview(bytearray(BUFFER_BYTES))

    def url(self, path: str, frame_index: int, rest: str = "") -> str:
        """Address of a frame of a file; each server gives its own file indices."""
        return f"/api/file/{self.files[path]['index']}/frame/{frame_index}{rest}"

    def get(self, url: str) -> tuple[int, memoryview, float]:
        """Status, body (valid until the next call) and milliseconds."""
        begin = time.perf_counter()
        status, size = fetch(self._connection, url, self._buffer)
        return status, self._buffer[:size], (time.perf_counter() - begin) * 1000

    def measure(self, url: str) -> tuple[int, memoryview, Sample]:
        """Ask once."""
        before_ms = self.server.cpu_ms()
        status, body, wall_ms = self.get(url)
        return status, body, Sample(wall_ms, self.server.settle() - before_ms, len(body))

    def measure_again(self, url: str, times: int) -> tuple[Counter[int], Sample]:
        """Ask for the same many times; gives the median wall time and the mean CPU time."""
        before_ms = self.server.cpu_ms()
        answers = [self.get(url) for _ in range(times)]
        cpu_ms = (self.server.settle() - before_ms) / times
        wall_ms = statistics.median(ms for _, _, ms in answers)
        sample = Sample(wall_ms, cpu_ms, len(answers[-1][1]))
        return Counter(status for status, _, _ in answers), sample


class ManyClients:
    """Client processes that ask at the same time; processes, so that Python's lock is no limit."""

    def __init__(self, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._ends: list[Connection] = []
        for _ in range(count):
            ours, theirs = context.Pipe()
            context.Process(target=serve_orders, args=(theirs,), daemon=True).start()
            self._ends.append(ours)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for end in self._ends:
            end.send(None)

    def measure(self, server: Server, urls: list[str]) -> tuple[Counter[int], Sample]:
        """Share the requests out; gives the median wall time and means of the rest."""
        before_ms = server.cpu_ms()
        for number, end in enumerate(self._ends):
            end.send((server.port, urls[number :: len(self._ends)]))
        answers = [end.recv() for end in self._ends]
        begins, ends, sizes, statuses, client_cpu_ms, wall_ms = zip(*answers, strict=True)
        sample = Sample(
            wall_ms=statistics.median(ms for each in wall_ms for ms in each),
            cpu_ms=(server.settle() - before_ms) / len(urls),
            size_bytes=sum(sizes) // len(urls),
            per_s=len(urls) / (max(ends) - min(begins)),
            client_cpu_ms=sum(client_cpu_ms) / len(urls),
        )
        return sum(statuses, Counter()), sample


def serve_orders(orders: Connection) -> None:
    """Be one of many clients: fetch what is ordered until there is no more."""
    buffer = memoryview(bytearray(BUFFER_BYTES))
    connections: dict[int, http.client.HTTPConnection] = {}
    while order := orders.recv():
        port, urls = order
        connection = connections.setdefault(port, connect(port))
        statuses: Counter[int] = Counter()
        total_bytes, wall_ms = 0, []
        cpu_s, begin = time.process_time(), time.monotonic()
        for url in urls:
            asked = time.monotonic()
            status, size = fetch(connection, url, buffer)
            statuses[status] += 1
            total_bytes += size
            wall_ms.append((time.monotonic() - asked) * 1000)
        cpu_ms = (time.process_time() - cpu_s) * 1000
        orders.send((begin, time.monotonic(), total_bytes, statuses, cpu_ms, wall_ms))


def connect(port: int) -> http.client.HTTPConnection:
    """Give a connection that is opened by the first request and kept."""
    return http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_LIMIT_S)


def fetch(connection: http.client.HTTPConnection, url: str, buffer: memoryview) -> tuple[int, int]:
    """Read the whole body into the buffer; gives the status and the number of bytes."""
    connection.request("GET", url)
    answer = connection.getresponse()
    size = 0
    while count := answer.readinto(buffer[size:]):
        size += count
    return answer.status, size
