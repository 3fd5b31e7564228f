"""A server of the HTTP contract as a benchmark sees it: start it, ask it, weigh it, end it.

Standard library only, and on Linux also memory and CPU time of all its processes.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import shlex
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, Self

READY_LINE = "server running at http"
LIMIT_S = 300
"""A start or a scan that takes longer has failed."""


class Server:
    """A server process in a session of its own, ended with all its children."""

    def __init__(self, command: str, *paths: Path) -> None:
        self.port = free_port()
        self.line_ms: dict[str, float] = {}
        self._cpu_s: dict[int, float] = {}
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT_S)
        self._started = time.perf_counter()
        self.process = subprocess.Popen(
            command_words(command, self.port, *paths),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        # In a thread, since a server must not wait for its output to be read.
        threading.Thread(target=self._read_lines, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        # The first process only: a launcher should end and reap what it started.
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _read_lines(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.line_ms.setdefault("first_line_ms", self.elapsed_ms())
                if READY_LINE in line.decode(errors="replace"):
                    self.line_ms.setdefault("ready_line_ms", self.elapsed_ms())

    def elapsed_ms(self) -> float:
        """Milliseconds since the process was started."""
        return (time.perf_counter() - self._started) * 1000

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body of a GET, over one kept connection."""
        try:
            self._connection.request("GET", path)
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise

    def wait_for_answer(self) -> None:
        """Wait until /api/health answers."""
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException):
                status, _ = self.get("/api/health")
                if status != http.HTTPStatus.OK:
                    raise SystemExit(f"/api/health answered {status}")
                return
            self._give_up_in_time("no answer from /api/health")
            time.sleep(0.001)

    def wait_for_scan(self) -> dict[str, Any]:
        """Wait until the scan is complete; gives the last answer of /api/files."""
        while True:
            listing: dict[str, Any] = json.loads(self.get("/api/files")[1])
            if listing["scan_complete"]:
                return listing
            self._give_up_in_time("the scan is not complete")
            # Often enough to be exact to some per cent, seldom enough not to be a load itself.
            time.sleep(max(0.005, 0.02 * self.elapsed_ms() / 1000))

    def _give_up_in_time(self, what: str) -> None:
        if self.process.poll() is not None:
            raise SystemExit(f"the server ended with {self.process.returncode}: {what}")
        if self.elapsed_ms() > LIMIT_S * 1000:
            raise SystemExit(f"{what} after {LIMIT_S} s")

    def process_ids(self) -> list[int]:
        """Ids of the server and its children, as they share the session made for it (Linux)."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if os.getsid(int(entry.name)) == self.process.pid:
                    found.append(int(entry.name))
        return found

    def rss_mib(self) -> float | None:
        """Resident memory of the server and its children; None where there is no /proc."""
        kilobytes = 0
        for process_id in self.process_ids():
            with contextlib.suppress(OSError):
                status = Path(f"/proc/{process_id}/status").read_text()
                fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
                kilobytes += int(fields.get("VmRSS", "0 kB").split()[0])
        return kilobytes / 1024 or None

    def cpu_ms(self) -> float:
        """CPU time, user and system, that the server and its children have used (Linux)."""
        for process_id in self.process_ids():
            with contextlib.suppress(OSError):
                # The kernel's clock of that process counts nanoseconds; /proc/*/stat 10 ms.
                self._cpu_s[process_id] = time.clock_gettime((~process_id << 3) | 2)
        return sum(self._cpu_s.values()) * 1000

    def settle(self) -> float:
        """Wait until the server rests, for half a second at most; gives its CPU time then."""
        end = time.perf_counter() + 0.5
        used_ms = self.cpu_ms()
        while time.perf_counter() < end:
            time.sleep(0.003)
            before_ms, used_ms = used_ms, self.cpu_ms()
            if used_ms - before_ms < 0.3:  # a timer of an idle server may tick
                break
        return used_ms


def command_words(command: str, port: int, *paths: Path) -> list[str]:
    """Split a command and fill in its port and its paths; a path with a space stays one word."""
    words: list[str] = []
    for word in shlex.split(command):
        if word == "{corpus}":
            words += map(str, paths)
        else:
            words.append(word.replace("{port}", str(port)).replace("{corpus}", str(paths[0])))
    return words


def warm_page_cache(corpus: Path) -> None:
    """Read every file once, so that the first server does not pay for the disk."""
    for path in [corpus, *corpus.rglob("*")]:
        if path.is_file():
            with path.open("rb") as file:
                while file.read(1 << 20):
                    pass


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def named_command(text: str) -> tuple[str, str]:
    """Split ``NAME=COMMAND``."""
    name, equals, command = text.partition("=")
    if not (name and equals and "{port}" in command and "{corpus}" in command):
        raise argparse.ArgumentTypeError("write NAME='COMMAND with {port} and {corpus}'")
    return name, command
