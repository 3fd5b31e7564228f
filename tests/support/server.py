"""A real dcmview process for tests: start it, talk to it, stop it."""

from __future__ import annotations

import atexit
import http.client
import json
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import os

START_LIMIT_S = 30
"""Ends a hang, no more; so do the other limits of its kind."""

ELSEWHERE = TemporaryDirectory()
"""What servers rescue at their end must not lie about."""
atexit.register(ELSEWHERE.cleanup)


@dataclass(frozen=True)
class Answer:
    """One HTTP response."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class ServerProcess:
    """``python -m dcmview --no-browser``, not where the tests were started unless that is given.

    ``prelude`` is Python that its process runs first.
    """

    def __init__(
        self,
        *arguments: str,
        cwd: str | os.PathLike[str] | None = None,
        stdin: int = subprocess.DEVNULL,
        prelude: str = "",
    ) -> None:
        how = ["-m", "dcmview"]
        if prelude:
            how = ["-c", f"{prelude}; from dcmview.__main__ import main; main()"]
        self.process = subprocess.Popen(
            [sys.executable, *how, "--no-browser", *arguments],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd or ELSEWHERE.name,
        )
        assert self.process.stdout is not None
        self.first_line = self.process.stdout.readline()
        if not self.first_line:
            raise AssertionError(f"no server: {self.process.communicate()[1]}")
        self.url = self.first_line.removeprefix("dcmview: server running at ").strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def request(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Send one request on a connection of its own; a body that is not bytes is sent as JSON."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=START_LIMIT_S)
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        try:
            connection.request(method, path, sent, headers or {})
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, answer)

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, headers=headers)

    def wait_scanned(self) -> dict[str, Any]:
        """Give ``/api/files`` once the scan is complete."""
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline:
            listing: dict[str, Any] = self.get("/api/files").json
            if listing["scan_complete"]:
                return listing
            time.sleep(0.02)
        raise AssertionError("the scan did not end")

    def wait_unsaved(self, expected: int) -> None:
        """Wait for a count of unsaved files: an export is noted a little after its last byte."""
        deadline = time.monotonic() + START_LIMIT_S
        while (found := self.get("/api/rois").json["unsaved_files"]) != expected:
            assert time.monotonic() < deadline, f"{found} unsaved files, never {expected}"
            time.sleep(0.02)

    def stop(self, with_signal: int = signal.SIGTERM) -> tuple[int, str, str]:
        """End the process and give its exit code, the rest of stdout, and stderr."""
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        out, err = self.process.communicate(timeout=START_LIMIT_S)
        return self.process.returncode, out, err
