"""Measure servers of the dcmview HTTP contract: start, scan, frames, memory.

Each run starts a server afresh on a port of its own, and the servers take
turns, so that a busy minute of the machine hits all of them. What is printed
is JSON: medians over the runs, and ratios to the first server. Standard
library only, so that it measures whatever Python it is started with elsewhere.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from contract_server import Server, named_command, warm_page_cache


@dataclass
class Run:
    """What one start of one server gave."""

    figures: dict[str, float] = field(default_factory=dict)
    frames_ms: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    errors: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))


def measure(command: str, corpus: Path, *, sample_size: int, first: str) -> Run:
    """Start a server once and take all figures; ``first`` is the kind asked for undecoded."""
    run = Run()
    with Server(command, corpus) as server:
        server.wait_for_answer()
        run.figures["first_answer_ms"] = server.elapsed_ms()
        listing = server.wait_for_scan()
        run.figures["scan_complete_ms"] = server.elapsed_ms()
        run.figures["files"] = len(listing["files"])
        run.figures["files_per_s"] = len(listing["files"]) / server.elapsed_ms() * 1000
        note_memory(run, "rss_scanned_mib", server)
        for entry in sample(listing["files"], sample_size):
            measure_frame(run, server, entry, first)
        note_memory(run, "rss_end_mib", server)
        run.figures |= server.line_ms
    return run


def measure_frame(run: Run, server: Server, entry: dict[str, Any], first: str) -> None:
    """Time the middle frame of a file: one kind cold, then both from what the server keeps."""
    path = f"/api/file/{entry['index']}/frame/{entry['frame_count'] // 2}"
    paths = {"png": path, "raw": f"{path}/raw"}
    second = "raw" if first == "png" else "png"
    # The first request for the second kind finds the decoded samples: neither cold nor cached.
    for name, kind in (
        (f"{first}_cold", first),
        (f"{first}_cached", first),
        (f"{second}_decoded", second),
        (f"{second}_cached", second),
    ):
        begin = time.perf_counter()
        status, _ = server.get(paths[kind])
        if status == HTTPStatus.OK:
            run.frames_ms[name][entry["path"]] = (time.perf_counter() - begin) * 1000
        else:
            run.errors[name][status] += 1


def note_memory(run: Run, name: str, server: Server) -> None:
    """Add a memory figure where the system gives one."""
    rss_mib = server.rss_mib()
    if rss_mib is not None:
        run.figures[name] = rss_mib


def sample(files: list[dict[str, Any]], size: int) -> list[dict[str, Any]]:
    """Evenly spread files with pixels, by path: each server gives its own indices."""
    with_pixels = sorted((f for f in files if f["has_pixels"]), key=lambda f: str(f["path"]))
    step = max(1, len(with_pixels) / size)
    return [with_pixels[int(i * step)] for i in range(min(size, len(with_pixels)))]


def summary(runs: list[Run]) -> dict[str, Any]:
    """Medians over the runs; frame times of all runs are pooled."""
    names = dict.fromkeys(name for run in runs for name in run.figures)
    frame_names = sorted({name for run in runs for name in (*run.frames_ms, *run.errors)})
    return {
        **{
            name: round(statistics.median(r.figures[name] for r in runs if name in r.figures), 1)
            for name in names
        },
        "frames": {name: frame_summary(runs, name) for name in frame_names},
    }


def frame_summary(runs: list[Run], name: str) -> dict[str, Any]:
    """Median, 95th percentile, number and failures of one kind of frame request."""
    times = sorted(ms for run in runs for ms in run.frames_ms[name].values())
    failures: Counter[int] = sum((run.errors[name] for run in runs), Counter())
    return {
        "median_ms": round(statistics.median(times), 2) if times else None,
        "p95_ms": round(times[math.ceil(0.95 * len(times)) - 1], 2) if times else None,
        "answered": len(times),
        "refused": {str(status): count for status, count in sorted(failures.items())},
    }


def ratios(runs: list[Run], base_runs: list[Run]) -> dict[str, float]:
    """Each figure as a multiple of the first server's; frame by frame where both answered."""
    figures, base = summary(runs), summary(base_runs)
    found = {
        name: figures[name] / base[name] for name in figures if name != "frames" and base.get(name)
    }
    for name in figures["frames"]:
        times, base_times = times_by_path(runs, name), times_by_path(base_runs, name)
        both = [times[path] / base_times[path] for path in times.keys() & base_times.keys()]
        if both:
            found[name] = statistics.median(both)
    return {name: round(ratio, 2) for name, ratio in found.items()}


def times_by_path(runs: list[Run], name: str) -> dict[str, float]:
    """Median over the runs of one kind of frame request, file by file."""
    times = defaultdict(list)
    for run in runs:
        for path, ms in run.frames_ms[name].items():
            times[path].append(ms)
    return {path: statistics.median(each) for path, each in times.items()}


def main() -> int:
    """Measure the servers named on the command line and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("corpus", type=Path, help="folder of DICOM files")
    parser.add_argument(
        "--server",
        action="append",
        required=True,
        type=named_command,
        metavar="NAME=COMMAND",
        help="a command with {port} and {corpus}; repeatable, ratios are to the first",
    )
    parser.add_argument("--runs", type=int, default=6, help="starts of each server (default 6)")
    parser.add_argument("--sample", type=int, default=20, help="files to ask for (default 20)")
    options = parser.parse_args()
    corpus = options.corpus.resolve()
    if not corpus.exists():
        parser.error(f"{corpus} does not exist")

    warm_page_cache(corpus)
    runs: dict[str, list[Run]] = defaultdict(list)
    for number in range(options.runs):
        first = ("png", "raw")[number % 2]
        for name, command in options.server:
            runs[name].append(measure(command, corpus, sample_size=options.sample, first=first))

    base_runs = runs[options.server[0][0]]
    report = {
        "corpus": str(corpus),
        "runs": options.runs,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "servers": {
            name: {
                "command": command,
                **summary(runs[name]),
                "ratios": ratios(runs[name], base_runs),
            }
            for name, command in options.server
        },
    }
    json.dump(report, sys.stdout, indent=2)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
