"""A line as it is far away: TCP through a fixed bandwidth and a fixed round trip.

All connections share the bandwidth, each direction has its own, and a delay of
half the round trip lies on either. To connect costs a round trip. What the far
end sends waits there until the line is free, so an aborted answer stops.

    python scripts/bench/page/shaping.py --to 127.0.0.1:8888 --mbit 20 --rtt 40
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import Self

PIECE_BYTES = 8 * 1024
"""Connections take turns piece by piece, as packets of several streams do."""
HELD_BYTES = 64 * 1024
"""What a socket may hold of either end: a line keeps no more under way than about this."""
READY = "shaping on port"


class Direction:
    """One direction of the line: pieces one after the other, each for as long as its bytes take."""

    def __init__(self, bytes_per_s: float, delay_s: float) -> None:
        self._bytes_per_s = bytes_per_s
        self._delay_s = delay_s
        self._free_at = 0.0
        self._turn = asyncio.Lock()

    async def send(self, size: int) -> float:
        """Wait until a piece is on its way; gives the time of the loop at which it arrives."""
        async with self._turn:
            loop = asyncio.get_running_loop()
            start = max(loop.time(), self._free_at)
            self._free_at = start + size / self._bytes_per_s
            # Timers are late by about a millisecond: the rate holds on average.
            await asyncio.sleep(self._free_at - loop.time())
            return self._free_at + self._delay_s


async def carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: Direction
) -> None:
    """Carry one way until that end closes."""
    loop = asyncio.get_running_loop()
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def deliver() -> None:
        while True:
            arrival, piece = await under_way.get()
            await asyncio.sleep(arrival - loop.time())
            if not piece:
                return
            writer.write(piece)
            await writer.drain()

    delivery = asyncio.create_task(deliver())
    try:
        while piece := await reader.read(PIECE_BYTES):
            under_way.put_nowait((await direction.send(len(piece)), piece))
            if delivery.done():
                break
        under_way.put_nowait((await direction.send(0), b""))
        await delivery
    finally:
        delivery.cancel()


@dataclass
class Line:
    """A line to one server."""

    host: str
    port: int
    bytes_per_s: float
    round_trip_s: float

    def __post_init__(self) -> None:
        self.up = Direction(self.bytes_per_s, self.round_trip_s / 2)
        self.down = Direction(self.bytes_per_s, self.round_trip_s / 2)

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection both ways; the end of one way is the end of it."""
        limit_held(writer)
        await asyncio.sleep(self.round_trip_s)
        far_writer: asyncio.StreamWriter | None = None
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection(
                self.host, self.port, limit=HELD_BYTES
            )
            limit_held(far_writer)
            ways = [
                asyncio.create_task(carry(reader, far_writer, self.up)),
                asyncio.create_task(carry(far_reader, writer, self.down)),
            ]
            _, open_ways = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in open_ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        for end in (writer, far_writer):
            if end is not None:
                end.transport.abort()

    async def serve(self, port: int) -> None:
        """Take connections for ever."""
        server = await asyncio.start_server(self.connect, "127.0.0.1", port, limit=HELD_BYTES)
        print(READY, server.sockets[0].getsockname()[1], flush=True)
        async with server:
            await server.serve_forever()


def limit_held(writer: asyncio.StreamWriter) -> None:
    """Keep the kernel from taking in what a real line would not have carried yet."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, HELD_BYTES)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class Shaper:
    """A line in a process of its own, which ends with the block."""

    def __init__(self, port: int, mbit_per_s: float, round_trip_ms: float) -> None:
        self._process = subprocess.Popen(
            [
                *(sys.executable, __file__, "--to", f"127.0.0.1:{port}"),
                *("--mbit", str(mbit_per_s), "--rtt", str(round_trip_ms)),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith(READY):
            raise SystemExit("shaping.py did not start")
        self.port = int(line.removeprefix(READY))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--to", required=True, metavar="HOST:PORT", help="the server")
    parser.add_argument("--port", type=int, default=0, help="where to listen; 0 takes a free one")
    parser.add_argument("--mbit", type=float, default=20, help="Mbit/s in each direction")
    parser.add_argument("--rtt", type=float, default=40, help="milliseconds there and back")
    options = parser.parse_args()
    host, _, port = options.to.rpartition(":")
    line = Line(host, int(port), options.mbit * 1e6 / 8, options.rtt / 1000)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(line.serve(options.port))


if __name__ == "__main__":
    main()
