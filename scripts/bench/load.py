"""Load one server from many clients: memory of all its processes, and gaps of its event loop.

Sixteen clients page through a multi-frame object, each from another place, and
one more asks ``/api/health`` all the time. What is printed is JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import multiprocessing
import os
import statistics
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from contract_server import Server, named_command

HEALTH_PAUSE_S = 0.005
MEMORY_PAUSE_S = 0.25


def page_through(
    port: int, path: str, *, frame_count: int, first: int, seconds: float, answers: Any
) -> None:
    """Ask for frame after frame until the time is up, and hand over how often each status came."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    statuses: Counter[int] = Counter()
    end, frame = time.monotonic() + seconds, first
    while time.monotonic() < end:
        connection.request("GET", f"{path}/frame/{frame % frame_count}")
        answer = connection.getresponse()
        answer.read()
        statuses[answer.status] += 1
        frame += 1
    answers.put(dict(statuses))


def watch_health(port: int, ended: threading.Event, times_ms: list[float]) -> None:
    """Time a request that needs nothing but the event loop."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    while not ended.wait(HEALTH_PAUSE_S):
        begin = time.perf_counter()
        connection.request("GET", "/api/health")
        connection.getresponse().read()
        times_ms.append((time.perf_counter() - begin) * 1000)


def watch_memory(session: int, ended: threading.Event, peaks_mib: list[float]) -> None:
    """Sum the proportional set sizes of all processes of a session; shared pages count once."""
    while not ended.wait(MEMORY_PAUSE_S):
        kilobytes = 0
        for rollup in Path("/proc").glob("[0-9]*/smaps_rollup"):
            with contextlib.suppress(OSError):
                if os.getsid(int(rollup.parent.name)) == session:
                    line = next(
                        each for each in rollup.read_text().splitlines() if each.startswith("Pss:")
                    )
                    kilobytes += int(line.split()[1])
        peaks_mib.append(kilobytes / 1024)


def measure(command: str, file: Path, *, clients: int, seconds: float) -> dict[str, Any]:
    """Start a server on one file, load it, and say what came of it."""
    with Server(command, file) as server:
        server.wait_for_answer()
        listing = server.wait_for_scan()
        entry = listing["files"][0]
        path, frame_count = f"/api/file/{entry['index']}", entry["frame_count"]
        time.sleep(1)
        answers: Any = multiprocessing.Queue()
        processes = [
            multiprocessing.Process(
                target=page_through,
                args=(server.port, path),
                kwargs={
                    "frame_count": frame_count,
                    "first": number * frame_count // clients,
                    "seconds": seconds,
                    "answers": answers,
                },
            )
            for number in range(clients)
        ]
        ended = threading.Event()
        health_ms: list[float] = []
        memory_mib: list[float] = []
        watchers = [
            threading.Thread(target=watch_health, args=(server.port, ended, health_ms)),
            threading.Thread(target=watch_memory, args=(server.process.pid, ended, memory_mib)),
        ]
        for each in processes:
            each.start()
        for watcher in watchers:
            watcher.start()
        statuses: Counter[str] = Counter()
        for _ in processes:
            statuses.update({str(status): count for status, count in answers.get().items()})
        ended.set()
        for each in processes:
            each.join()
        for watcher in watchers:
            watcher.join()
    health_ms.sort()
    return {
        "frames_per_s": round(statuses["200"] / seconds, 1),
        "statuses": dict(statuses),
        "peak_pss_mib": round(max(memory_mib, default=0.0)),
        "health_median_ms": round(statistics.median(health_ms), 2),
        "health_p99_ms": round(health_ms[int(0.99 * len(health_ms))], 1),
        "health_worst_ms": round(health_ms[-1], 1),
    }


def main() -> int:
    """Load the servers named on the command line, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path, help="a multi-frame object; corpus.py makes some")
    parser.add_argument("--server", action="append", required=True, type=named_command)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    report = {
        name: measure(
            command, options.file.resolve(), clients=options.clients, seconds=options.seconds
        )
        for name, command in options.server
    }
    json.dump(report, sys.stdout, indent=2)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
