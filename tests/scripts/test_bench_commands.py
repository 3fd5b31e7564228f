"""The benchmark of commands: who takes part is told apart, and does the same files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

FOLDER = Path(__file__).parents[2] / "scripts" / "bench" / "commands"


@pytest.fixture
def contest(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    import contest

    yield contest
    del sys.modules["contest"]


def test_all_make_what_they_can_of_the_same_files(contest, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", "")  # put back what a contest sets
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    names = ("CT_small.dcm", "MR_small.dcm", "SC_rgb_rle.dcm")
    files = [Path(get_testdata_file(name, download=False)) for name in names]
    entrants = [
        contest.Entrant("ours", contest.dcmview("thumbnail", "--output-dir", "{out}")),
        contest.Entrant("a loop", contest.loop("thumbnails")),
        contest.Entrant("a program", contest.each("cp", "{in}", "{out}", ending=".dcm")),
        contest.Entrant("one that fails", contest.each("false", ending="")),
    ]
    results = contest.compete("all", entrants, files, tmp_path, rounds=2)
    assert [results[name]["made"] for name in results] == [3, 3, 3, 0]
    assert results["ours"]["times_ours"] == 1
    assert all(figures["wall_s"] > 0 for figures in results.values())


@pytest.mark.parametrize("script", ["thumbnails", "transcode"])
def test_each_benchmark_says_what_it_can_do(script):
    command = [str(FOLDER / "measure"), script, "--help"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "--rounds" in ended.stdout
