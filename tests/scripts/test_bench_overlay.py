"""The benchmark of overlays: one short run, which compares what comes out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts/bench/commands/overlay.py"


def test_a_short_run_measures_all_and_finds_equal_files(tmp_path):
    command = [sys.executable, str(SCRIPT), "--rounds", "1", "--slices", "2"]
    ended = subprocess.run(
        [*command, "--folder", str(tmp_path)], capture_output=True, text=True, check=True
    )
    results = json.loads(ended.stdout)
    for name in ("ours", "pydicom", "pydicom, no planes", "read and write"):
        assert results[name]["disk_ms"] > results[name]["wall_ms"] > 0
        assert results[name]["ours_to_its_wall"] > 0
    assert list(tmp_path.iterdir()) == []
