"""The frame benchmark: its files, its arithmetic, and one short run against our own server."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench import contract_server, corpus, frames
from bench.clients import Sample
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.pixels import pixel_array

ROOT = Path(__file__).resolve().parents[2]
OK = Counter([200])
SMALL = corpus.Shape("small", 21, 33, 3, 16, "OT", 1)


def figure_of(**wall_ms: list[float]) -> frames.Figure:
    """A figure in which servers took these times, request by request."""
    figure = frames.Figure()
    for name, times in wall_ms.items():
        for number, ms in enumerate(times):
            figure.note(name, str(number), OK, Sample(wall_ms=ms, cpu_ms=ms / 2))
    return figure


@pytest.mark.parametrize("syntax", ["native", "RLE", "JPEG 2000"])
def test_frames_of_the_corpus_are_what_was_painted(tmp_path: Path, syntax: str) -> None:
    corpus.make_file(tmp_path / "small.dcm", SMALL, syntax, 0, None)

    painted = np.stack([corpus.paint(SMALL, number) for number in range(3)])
    np.testing.assert_array_equal(pixel_array(tmp_path / "small.dcm"), painted)


@pytest.mark.parametrize(
    ("syntax", "tool"), [("JPEG lossless", "dcmdjpeg"), ("JPEG-LS", "dcmdjpls")]
)
def test_dcmtk_reads_what_was_painted(tmp_path: Path, syntax: str, tool: str) -> None:
    if not shutil.which(tool):
        pytest.skip(f"{tool} of DCMTK is not installed")
    corpus.make_file(tmp_path / "small.dcm", SMALL, syntax, 0, None)

    subprocess.run([tool, tmp_path / "small.dcm", tmp_path / "plain.dcm"], check=True)

    painted = np.stack([corpus.paint(SMALL, number) for number in range(3)])
    np.testing.assert_array_equal(pixel_array(tmp_path / "plain.dcm"), painted)


def test_pictures_of_the_corpus_all_differ() -> None:
    pictures = {corpus.paint(shape, n).tobytes() for shape in corpus.TINY_SHAPES for n in range(4)}

    assert len(pictures) == 4 * len(corpus.TINY_SHAPES)


def test_corpus_that_fits_is_left_as_it_is_and_another_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    corpus.make(folder, (SMALL,))
    (folder / "note").touch()

    index = corpus.make(folder, (SMALL,))
    assert [each["syntax"] for each in index["files"]] == list(corpus.SYNTAXES)
    assert (folder / "note").exists()

    corpus.make(folder, (replace(SMALL, rows=22),))
    assert not (folder / "note").exists()
    assert {dcmread(path).Rows for path in folder.glob("*.dcm")} == {22}


def test_corpus_can_take_its_content_from_a_file(tmp_path: Path) -> None:
    like = tmp_path / "like.dcm"
    corpus.make_file(like, replace(SMALL, frame_count=1), "native", 0, None)

    corpus.make(tmp_path / "corpus", (replace(SMALL, frame_count=1, rows=4, columns=5),), like)

    taken = pixel_array(tmp_path / "corpus" / "small-native-0.dcm")
    from_zero = pixel_array(like) - pixel_array(like).min()
    corners = np.lib.stride_tricks.sliding_window_view(np.pad(from_zero, 5, "symmetric"), (4, 5))
    assert (corners == taken).all(axis=(2, 3)).any()


def test_ratio_is_of_requests_side_by_side() -> None:
    # The third request met a busy machine on both sides; medians of each side would say 2 / 10.
    figure = figure_of(ours=[1.0, 2.0, 300.0], other=[10.0, 4.0, 100.0])

    assert frames.summary(figure, "other")["ratios"] == {"ours": {"wall_ms": 0.5, "cpu_ms": 0.5}}


def test_refused_requests_are_counted_and_make_no_ratio() -> None:
    figure = figure_of(ours=[1.0, 2.0], other=[10.0])
    figure.note("other", "1", Counter({200: 3, 422: 1}), Sample(0.1, 0.1))

    summary = frames.summary(figure, "other")

    assert summary["servers"]["other"]["refused"] == {"422": 1}
    assert summary["servers"]["other"]["samples"] == 1
    assert summary["ratios"]["ours"]["wall_ms"] == 0.1


def test_rates_are_compared_as_rates() -> None:
    figure = frames.Figure()
    figure.note("ours", "slice", OK, Sample(wall_ms=8, cpu_ms=2, per_s=300))
    figure.note("other", "slice", OK, Sample(wall_ms=9, cpu_ms=4, per_s=200))

    assert frames.summary(figure, "other")["ratios"]["ours"]["per_s"] == 1.5


def test_table_shows_the_status_of_who_answered_nothing() -> None:
    figure = figure_of(ours=[1.5])
    figure.note("other", "0", Counter([404]), Sample(0.1, 0.1))
    report = {
        "servers": {"ours": "", "other": ""},
        "base": "other",
        "figures": {"preview": frames.summary(figure, "other")},
    }

    head, line = frames.table(report).splitlines()

    assert head.split() == ["ours", "cpu", "ms", "other", "cpu", "ms", "ours/other", "cpu"]
    assert line.split() == ["preview", "1.5", "ms", "0.75", "404"]


def test_command_gets_all_paths_where_the_corpus_is_a_word(tmp_path: Path) -> None:
    words = contract_server.command_words(
        "view --port={port} {corpus}", 80, tmp_path, tmp_path / "b c"
    )

    assert words == ["view", "--port=80", str(tmp_path), str(tmp_path / "b c")]


@pytest.mark.skipif(sys.platform == "win32", reason="sessions of processes are POSIX")
def test_two_servers_are_measured_in_all_cases(tmp_path: Path) -> None:
    corpus.make(tmp_path / "corpus", corpus.TINY_SHAPES)
    given = tmp_path / "given"
    given.mkdir()
    for name in ("CT_small.dcm", "MR_small.dcm"):
        shutil.copy(str(get_testdata_file(name, download=False)), given)
    command = f"{shlex.quote(sys.executable)} -m dcmview --no-browser --port {{port}} {{corpus}}"
    servers = ["--server", f"ours={command}", "--server", f"same={command}"]

    bench = subprocess.run(
        [
            sys.executable,
            frames.__file__,
            tmp_path / "corpus",
            *servers,
            given,
            *("--rounds", "1", "--clients", "2"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert bench.returncode == 0, bench.stderr
    report = json.loads(bench.stdout)
    assert report["base"] == "same"
    assert report["raw_differs"] == []
    figures = report["figures"]
    for kind in frames.KINDS:
        for syntax in corpus.SYNTAXES:
            assert figures[f"cold {kind}, 2140x1760 {syntax}"]["servers"]["ours"]["samples"] == 1
            many = figures[f"cold {kind} by many, 300 frames {syntax}"]["servers"]["same"]
            assert many["per_s"] > 0
        assert figures[f"cold {kind}, given below 0.2 Mpx"]["ratios"]["ours"]["wall_ms"] > 0
    hit = figures["again raw, 2140x1760"]["servers"]["ours"]
    assert hit["kilobytes"] == 2 * 40 * 30 / 1000
    assert hit["cpu_ms"] > 0
    assert all(not s["refused"] for figure in figures.values() for s in figure["servers"].values())
    assert "preview, 4096x3328 JPEG 2000" in bench.stderr
