"""The benchmark's arithmetic, and one short run of it against our own server."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from argparse import ArgumentTypeError
from pathlib import Path

import pytest
from bench import serve
from pydicom.data import get_testdata_file

ROOT = Path(__file__).resolve().parents[2]


def run_with(cold_ms: dict[str, float], first_answer_ms: float = 1.0) -> serve.Run:
    """A run in which PNG frames took these times, by path."""
    run = serve.Run()
    run.figures["first_answer_ms"] = first_answer_ms
    run.frames_ms["png_cold"].update(cold_ms)
    return run


def test_ninety_fifth_percentile_is_a_time_that_was_measured() -> None:
    run = run_with({f"{ms}.dcm": float(ms) for ms in range(1, 101)})

    frames = serve.frame_summary([run], "png_cold")

    assert frames["median_ms"] == 50.5
    assert frames["p95_ms"] == 95.0


def test_figures_are_medians_over_runs() -> None:
    runs = [run_with({}, first_answer_ms=ms) for ms in (10.0, 900.0, 20.0)]

    assert serve.summary(runs)["first_answer_ms"] == 20.0


def test_ratio_of_frames_counts_only_files_that_both_answered() -> None:
    ours = run_with({"small.dcm": 2.0, "large.dcm": 100.0})
    base = run_with({"small.dcm": 1.0})

    assert serve.ratios([ours], [base])["png_cold"] == 2.0


def test_sample_is_spread_over_the_files_with_pixels() -> None:
    files = [{"path": f"{i:02}", "has_pixels": i != 0} for i in range(11)]

    assert [each["path"] for each in serve.sample(files, 5)] == ["01", "03", "05", "07", "09"]


@pytest.mark.parametrize("text", ["ours", "ours=dcmview --port {port}", "=x {port} {corpus}"])
def test_command_without_name_port_or_corpus_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match=r"\{port\} and \{corpus\}"):
        serve.named_command(text)


@pytest.mark.skipif(sys.platform == "win32", reason="sessions of processes are POSIX")
def test_our_server_is_measured_from_start_to_frames(tmp_path: Path) -> None:
    corpus = tmp_path / "two files"
    corpus.mkdir()
    for name in ("CT_small.dcm", "MR_small.dcm"):
        shutil.copy(str(get_testdata_file(name, download=False)), corpus)
    command = f"{shlex.quote(sys.executable)} -m dcmview --no-browser --port {{port}} {{corpus}}"

    bench = subprocess.run(
        [sys.executable, serve.__file__, corpus, "--runs", "2", "--server", f"ours={command}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert bench.returncode == 0, bench.stderr
    ours = json.loads(bench.stdout)["servers"]["ours"]
    assert ours["files"] == 2
    assert 0 < ours["ready_line_ms"] <= ours["scan_complete_ms"]
    assert {name: frame["answered"] for name, frame in ours["frames"].items()} == {
        "png_cold": 2,
        "png_cached": 4,
        "png_decoded": 2,
        "raw_cold": 2,
        "raw_cached": 4,
        "raw_decoded": 2,
    }
