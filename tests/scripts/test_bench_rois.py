"""The benchmark of ROIs: its files are what they say, and one short run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from bench import rois

from dcmview.exchange.readers import read_table

SCRIPT = Path(rois.__file__)
PATHS = [f"/data/{number}.dcm" for number in range(50)]


@pytest.mark.parametrize("form", rois.FORMS)
def test_an_imported_file_is_whole_and_as_long_as_was_asked(form):
    content = rois.content_of(rois.FORMS[form], PATHS, 200_000)
    assert 198_000 < len(content) <= 200_000
    table = read_table(content, "x")
    assert table.format == form
    assert table.left_out == ()
    assert {row.path for row in table.rows} <= set(PATHS)


@pytest.mark.skipif(sys.platform != "linux", reason="reads memory from /proc")
def test_a_short_run_measures_every_case(tmp_path):
    command = [sys.executable, str(SCRIPT), "--trees", str(tmp_path / "trees")]
    command += ["--files", "60", "--import-mib", "0.2", "--import-files", "40", "--edits", "5"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    results = json.loads(ended.stdout)["results"]
    one = results["5,000 ROIs on one file, saved"]
    assert one["patch_p95_ms"] >= one["patch_p50_ms"] > 0
    many = next(figures for name, figures in results.items() if name.endswith("2 ROIs each"))
    assert many["listed"] > 20
    assert min(many[f"{form}_ms"] for form in ("json", "embed", "csv", "coco")) > 0
    for form in rois.FORMS:
        assert results[f"import of {form}"]["added"] > 100
    assert "patch_p95_ms" in ended.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["trees"]
