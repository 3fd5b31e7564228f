"""Measure how fast servers of the dcmview HTTP contract list trees of files, and what that costs.

A server is started afresh on a tree and asked for nothing but `/api/health`
until it has listed all that is there; servers take turns, and another one
begins each round. `scan_tree.py` makes the trees. What is printed is JSON, and
a table of it on standard error. For Linux, since memory and CPU time are those
of all processes of a server.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import statistics
import sys
import time
from collections import Counter
from http import HTTPStatus
from pathlib import Path
from typing import Any

import scan_tree
from contract_server import Server, named_command, warm_page_cache

DEFAULT_FILES = (1_000, 10_000, 50_000)
FIRST_STEP_S, HEALTH_STEP_S, STEP_SHARE = 0.005, 0.02, 0.02
"""Asked often at first, then seldom: a share of the time so far, inside these bounds."""
PROCESSES_STEP_S = 0.1
"""Walking /proc and adding up pages takes milliseconds, so it is done less often."""
STALL_MS = 5_000
"""A count that stands still for so long is final, though it is not the one expected."""
REST_STEP_S, REST_CPU_S, REST_LIMIT_S = 0.1, 0.003, 15
"""Processes rest when all of them together use less than this in one step."""
CLOCK_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100

FIGURES = {
    "files_per_s": "files/s",
    "files_per_s_from_line": "files/s from the line",
    "ready_line_ms": "printed line, ms",
    "first_answer_ms": "first answer, ms",
    "first_file_ms": "first file listed, ms",
    "listed_ms": "all files listed, ms",
    "rest_ms": "at rest, ms",
    "cpu_s": "CPU until rest, s",
    "bench_cpu_s": "CPU of this benchmark, s",
    "pss_peak_mib": "PSS peak, MiB",
    "pss_scanned_mib": "PSS at rest, MiB",
    "pss_end_mib": "PSS after the lists, MiB",
    "series_ms": "/api/series, ms",
    "series_mb": "/api/series, MB",
    "files_ms": "/api/files, ms",
    "files_mb": "/api/files, MB",
    "listed": "listed files",
}


class Watch:
    """CPU time and memory of all processes of a server, also of those that have ended."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.peak_mib = 0.0
        self._process_ids: list[int] = []
        self._cpu_s: dict[int, float] = {}
        self._due_s = 0.0

    def sample(self) -> None:
        """Read the clocks of the processes; now and then look for new ones, and add up pages."""
        if time.perf_counter() >= self._due_s:
            self._process_ids = self.server.process_ids()
            self.peak_mib = max(self.peak_mib, self.pss_mib())
            self._due_s = time.perf_counter() + PROCESSES_STEP_S
        for process_id in self._process_ids:
            with contextlib.suppress(OSError):
                # The kernel's clock of that process counts nanoseconds; /proc/*/stat 10 ms.
                self._cpu_s[process_id] = time.clock_gettime((~process_id << 3) | 2)

    def pss_mib(self) -> float:
        """Proportional set sizes of the processes; pages they share count once."""
        kilobytes = 0
        for process_id in self._process_ids:
            with contextlib.suppress(OSError):
                rollup = Path(f"/proc/{process_id}/smaps_rollup").read_text()
                kilobytes += int(rollup.partition("\nPss:")[2].split()[0])
        return kilobytes / 1024

    def cpu_s(self) -> float:
        """CPU time, user and system, of all processes there have been."""
        self.sample()
        alive_s = ended_s = 0.0
        for process_id in self._process_ids:
            with contextlib.suppress(OSError):
                # Fields 16 and 17, counted behind the name: what children that ended have used.
                stat = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
                ended_s += (int(stat[13]) + int(stat[14])) / CLOCK_TICKS
                alive_s += self._cpu_s.get(process_id, 0.0)
        # Either can miss a little: the last moments of a child, or a child nobody waited for.
        return max(alive_s + ended_s, sum(self._cpu_s.values()))

    def wait_for_rest(self) -> float:
        """Wait until the processes do nothing; gives the moment since when, ms from the start."""
        limit = time.perf_counter() + REST_LIMIT_S
        before_s, before_ms = self.cpu_s(), self.server.elapsed_ms()
        while time.perf_counter() < limit:
            time.sleep(REST_STEP_S)
            now_s, now_ms = self.cpu_s(), self.server.elapsed_ms()
            if now_s - before_s < REST_CPU_S:
                return before_ms
            before_s, before_ms = now_s, now_ms
        return before_ms


def measure(command: str, tree: Path, expected: int) -> dict[str, float]:
    """Start a server once on a tree with so many DICOM files and take all figures."""
    figures: dict[str, float] = {}
    with Server(command, tree) as server:
        watch = Watch(server)
        bench_begin_s = time.process_time()
        server.wait_for_answer()
        figures["first_answer_ms"] = server.elapsed_ms()
        figures |= wait_for_count(server, watch, expected)
        figures["rest_ms"] = watch.wait_for_rest()
        figures["cpu_s"] = watch.cpu_s()
        figures["bench_cpu_s"] = time.process_time() - bench_begin_s
        figures["pss_scanned_mib"] = watch.pss_mib()
        figures["pss_peak_mib"] = watch.peak_mib

        begin_ms = server.elapsed_ms()
        status, body = server.get("/api/series")
        if status == HTTPStatus.OK:
            figures["series_ms"] = server.elapsed_ms() - begin_ms
            figures["series_mb"] = len(body) / 1e6
        begin_ms = server.elapsed_ms()
        _, body = server.get("/api/files")
        figures["files_ms"] = server.elapsed_ms() - begin_ms
        figures["files_mb"] = len(body) / 1e6
        listing = json.loads(body)
        if not listing["scan_complete"]:
            # At rest and not complete: a slow disk, or a server that waits for something.
            listing = server.wait_for_scan()
            figures["listed_ms"] = figures["rest_ms"] = server.elapsed_ms()
        watch.sample()
        figures["pss_end_mib"] = watch.pss_mib()
        figures["listed"] = len(listing["files"])
        figures |= server.line_ms

    listed_s = figures["listed_ms"] / 1000
    figures["files_per_s"] = figures["listed"] / listed_s
    if "ready_line_ms" in figures:
        after_line_s = max(listed_s - figures["ready_line_ms"] / 1000, HEALTH_STEP_S)
        figures["files_per_s_from_line"] = figures["listed"] / after_line_s
    return figures


def wait_for_count(server: Server, watch: Watch, expected: int) -> dict[str, float]:
    """Ask how many files are listed until it is all of them, or no more come."""
    count = 0
    figures = {"listed_ms": server.elapsed_ms()}
    while count < expected and server.elapsed_ms() < figures["listed_ms"] + STALL_MS:
        begin_s = time.perf_counter()
        _, body = server.get("/api/health")
        now_ms = server.elapsed_ms()
        before, count = count, json.loads(body)["file_count"]
        if count:
            figures.setdefault("first_file_ms", now_ms)
        if count != before:
            figures["listed_ms"] = now_ms
        watch.sample()
        step_s = min(max(FIRST_STEP_S, STEP_SHARE * now_ms / 1000), HEALTH_STEP_S)
        time.sleep(max(0.0, begin_s + step_s - time.perf_counter()))
    return figures


def summary(rounds: list[dict[str, dict[str, float]]], base: str) -> dict[str, Any]:
    """Medians by server, and medians of the ratios to the base inside each round."""
    names = list(rounds[0])
    return {
        "servers": {name: medians([figures[name] for figures in rounds]) for name in names},
        "ratios": {
            name: medians([ratios(figures[name], figures[base]) for figures in rounds])
            for name in names
            if name != base
        },
    }


def medians(runs: list[dict[str, float]]) -> dict[str, float | None]:
    """Median of each figure over the runs that have it, None where none has."""
    found: dict[str, float | None] = {}
    for key in FIGURES:
        values = [run[key] for run in runs if key in run]
        found[key] = float(f"{statistics.median(values):.4g}") if values else None
    return found


def ratios(run: dict[str, float], base: dict[str, float]) -> dict[str, float]:
    """Each figure as a multiple of the other server's in the same round."""
    return {key: run[key] / base[key] for key in run.keys() & base.keys() if base[key]}


def table(report: dict[str, Any]) -> str:
    """Lines for reading: what each server gave on each tree, and the ratios."""
    names, base = list(report["servers"]), report["base"]
    others = [name for name in names if name != base]
    width = max(map(len, FIGURES.values())) + 2
    head = "".join(f"{name:>14}" for name in names)
    head += "".join(f"{f'{name}/{base}':>18}" for name in others)
    lines = []
    for tree in report["trees"]:
        lines += ["", f"{tree['files']} files, {tree['dicom_files']} of them DICOM"]
        lines.append(f"{'':{width}}{head}")
        for key, title in FIGURES.items():
            cells = [f"{title:{width}}"]
            cells += (cell(tree["figures"]["servers"][name][key], 14) for name in names)
            cells += (cell(tree["figures"]["ratios"][name][key], 18) for name in others)
            lines.append("".join(cells))
        lines += (
            f"{name} did not list {tree['dicom_files']} files in {count} round(s)"
            for name, count in tree["rounds_of_other_count"].items()
        )
    return "\n".join(lines)


def cell(value: float | None, width: int) -> str:
    """One number of the table; a dash where a server has no such thing."""
    text = "-" if value is None else f"{value:.0f}" if value >= 1000 else f"{value:.3g}"
    return f"{text:>{width}}"


def main() -> int:
    """Make what trees are missing and measure the servers named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trees", type=Path, help="folder where trees are made and kept")
    parser.add_argument(
        "--files",
        action="append",
        type=int,
        metavar="N",
        help="files of a tree; repeatable (default 1000, 10000 and 50000)",
    )
    parser.add_argument(
        "--like",
        action="append",
        type=Path,
        metavar="FOLDER",
        help="DICOM files that serve as examples; repeatable (default: pydicom's and fixtures/)",
    )
    parser.add_argument("--make", type=Path, metavar="FOLDER", help="only make this tree")
    parser.add_argument(
        "--server",
        action="append",
        type=named_command,
        metavar="NAME=COMMAND",
        help="a command with {port} and {corpus}; repeatable",
    )
    parser.add_argument("--base", help="ratios are to this server (default: the last)")
    parser.add_argument("--rounds", type=int, default=5, help="starts of each (default 5)")
    options = parser.parse_args()
    sizes = options.files or list(DEFAULT_FILES)
    if min(sizes) < 2 * scan_tree.OTHER_SHARE:
        parser.error(f"--files has to be {2 * scan_tree.OTHER_SHARE} or more")
    for folder in options.like or []:
        if not folder.is_dir():
            parser.error(f"--like {folder} is no folder")
    if options.make:
        if len(sizes) > 1:
            parser.error("--make needs one --files N")
        scan_tree.make(options.make.absolute(), sizes[0], options.like)
        return 0
    if not options.server or not options.trees:
        parser.error("give --server and --trees, or --make")
    commands = dict(options.server)
    base = options.base or options.server[-1][0]
    if base not in commands:
        parser.error(f"--base {base} is the name of no --server")

    trees = []
    for size in sizes:
        folder = options.trees.absolute() / str(size)
        index = scan_tree.make(folder, size, options.like)
        warm_page_cache(folder)
        expected = index["dicom_files"]
        rounds = run_rounds(commands, folder, expected, options.rounds)
        # Less work, or more: such figures say little, so nobody should miss that.
        odd = Counter(n for each in rounds for n, f in each.items() if f["listed"] != expected)
        about = {key: value for key, value in index.items() if key not in {"like", "templates"}}
        trees.append({**about, "rounds_of_other_count": odd, "figures": summary(rounds, base)})
    report = {
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "rounds": options.rounds,
        "base": base,
        "servers": commands,
        "trees": trees,
    }
    print(table(report), file=sys.stderr)
    json.dump(report, sys.stdout, indent=2)
    print()
    return 0


def run_rounds(
    commands: dict[str, str], tree: Path, expected: int, count: int
) -> list[dict[str, dict[str, float]]]:
    """Figures of each server in each round, another server first each time."""
    rounds = []
    names = list(commands)
    for number in range(count):
        figures: dict[str, dict[str, float]] = {}
        for place in range(len(names)):
            name = names[(number + place) % len(names)]
            figures[name] = measure(commands[name], tree, expected)
            listed, seconds = figures[name]["listed"], figures[name]["listed_ms"] / 1000
            progress = f"{name} {listed:.0f} of {expected} in {seconds:.2f} s"
            print(f"round {number + 1}: {progress}", file=sys.stderr)
        rounds.append({name: figures[name] for name in names})
    return rounds


if __name__ == "__main__":
    sys.exit(main())
