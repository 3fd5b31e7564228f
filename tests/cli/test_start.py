"""What a command over one plain file does not load: its start is most of what it takes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.paths import FIXTURES

PLAIN = str(FIXTURES / "ct/slice-13.dcm")
PROGRAM = """
import sys
from dcmview.__main__ import run
code = run(sys.argv[1:])
print(*sys.modules)
sys.exit(code)
"""
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
SPARED = {
    "PIL",
    "asyncio",
    "concurrent.futures.process",
    "http",
    "multiprocessing",
    "pydicom",
    "rich",
    "socket",
    "ssl",
    "subprocess",
    "typer",
    "zipfile",
}


def modules_after(*command):
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, *command],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return set(ended.stdout.split())


@pytest.mark.parametrize(
    "command",
    [
        ("render", PLAIN, "-o", "{folder}/a.png"),
        ("thumbnail", PLAIN, "-o", "{folder}"),
        ("thumbnail", "--file-list", "{folder}/list", "-o", "{folder}/out"),
        ("transcode", PLAIN, "--to", "RLELossless", "-o", "{folder}"),
    ],
    ids=("render", "thumbnail", "thumbnail of a list", "transcode"),
)
def test_a_plain_file_is_done_with_what_it_needs_alone(command, tmp_path):
    (tmp_path / "list").write_text(f"{PLAIN}\n")
    loaded = modules_after(*(part.replace("{folder}", str(tmp_path)) for part in command))
    assert "numpy" in loaded
    assert not loaded & SPARED
    assert list(tmp_path.rglob("*.*"))  # lest nothing was done
