"""The longest time that the event loop of the server stands still under the worst decodes.

The application runs in this process, on the event loop it has in service, and
gets its requests without a socket in between. A coroutine that wants to run
every millisecond notes how late it was. What is printed is JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from dcmview.library import Library, LibrarySettings
from dcmview.server.serve import new_event_loop
from dcmview.web.access import AccessPolicy
from dcmview.web.app import create_app
from dcmview.web.status import ServerStatus

TICK_S = 0.001
HEADERS = [(b"host", b"127.0.0.1")]


async def ask(app: Any, path: str, query: str) -> int:
    """Send one GET straight to the application and give the status of the answer."""
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()  # no body is ever sent, and the client stays
        return {}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": HEADERS,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    await app(scope, receive, send)
    return statuses[0]


async def tick(late_ms: list[float]) -> None:
    """Note how late each tick comes."""
    while True:
        begin = time.perf_counter()
        await asyncio.sleep(TICK_S)
        late_ms.append((time.perf_counter() - begin - TICK_S) * 1000)


async def measure(folder: Path, clients: int) -> dict[str, Any]:
    """Ask for every frame of a folder, as picture and raw, with several requests under way."""
    library = Library(LibrarySettings(paths=(str(folder),)))
    library.start_scan()
    await asyncio.to_thread(library.wait_scan)
    app = create_app(library, access=AccessPolicy(), status=ServerStatus())
    requests = iter(
        [
            (f"/api/file/{entry.index}/frame/{frame}{kind}", query)
            for entry in library.entries()
            for frame in range(min(entry.header.shared.frame_count, 20))
            for kind, query in (("", ""), ("", "mode=full_dynamic"), ("/raw", "encoding=planes"))
        ]
    )
    statuses: Counter[int] = Counter()
    late_ms: list[float] = []
    ticker = asyncio.ensure_future(tick(late_ms))

    async def client() -> None:
        for path, query in requests:
            statuses[await ask(app, path, query)] += 1

    begin = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    seconds = time.perf_counter() - begin
    ticker.cancel()
    library.close()
    late_ms.sort()
    return {
        "requests": statuses.total(),
        "statuses": {str(status): count for status, count in statuses.items()},
        "seconds": round(seconds, 1),
        "late_median_ms": round(late_ms[len(late_ms) // 2], 2),
        "late_p99_ms": round(late_ms[int(0.99 * len(late_ms))], 1),
        "late_worst_ms": [round(each, 1) for each in late_ms[-5:]],
    }


def main() -> int:
    """Measure one folder."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="DICOM files; corpus.py makes large ones")
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    loop = new_event_loop()
    report = loop.run_until_complete(measure(options.folder, options.clients))
    json.dump(report, sys.stdout, indent=2)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
