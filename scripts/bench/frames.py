"""Measure how fast servers of the dcmview HTTP contract answer frames, side by side in one run.

All servers are up at the same time and take turns, request by request; only
one is asked at a time. So noise of the machine hits all alike, and a ratio is
the median of the ratios of such neighbours. Each round starts the servers
afresh. Standard library only; `corpus.py` makes the files. What is printed is
JSON, and a table of it on standard error.
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
import zlib
from collections import Counter, defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clients import FrameClient, ManyClients, Sample
from contract_server import Server, named_command, warm_page_cache

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = {"PNG": "", "raw": "/raw"}
RESERVED_FILES = 2
"""The last files of each kind of single frames: to wake a server up, and for previews."""
WINDOWS = 6
SLICES = 4
"""An object is read by many clients in so many turns."""
HIT_BLOCKS, HITS_PER_BLOCK = 4, 50
SIZES_PX = {"below 0.2 Mpx": 0, "0.2 to 1 Mpx": 200_000, "1 Mpx and more": 1_000_000}


class Corpus:
    """What the files are: those of the index that `corpus.py` writes, and those given beside."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.index: list[dict[str, Any]] = json.loads((folder / "index.json").read_text())["files"]
        self.given: dict[str, dict[str, Any]] = {}

    def single_shapes(self) -> list[str]:
        """Names of the shapes of files with one frame."""
        return list(dict.fromkeys(e["shape"] for e in self.index if e["frame_count"] == 1))

    def singles(self, shape: str) -> dict[str, list[str]]:
        """Paths of the files of one shape, as servers list them, by syntax."""
        found = defaultdict(list)
        for entry in self.index:
            if entry["shape"] == shape:
                found[entry["syntax"]].append(str(self.folder / entry["name"]))
        return found

    def objects(self) -> list[tuple[str, str, int]]:
        """Syntax, path and number of frames of each multi-frame object."""
        return [
            (e["syntax"], str(self.folder / e["name"]), e["frame_count"])
            for e in self.index
            if e["frame_count"] > 1
        ]

    def find_given(self, listings: list[dict[str, dict[str, Any]]]) -> None:
        """Note the files with pixels outside the corpus folder that all servers list."""
        everywhere = set.intersection(*map(set, listings))
        self.given = {
            path: entry
            for path, entry in sorted(listings[0].items())
            if path in everywhere and entry["has_pixels"] and Path(path).parent != self.folder
        }


@dataclass
class Figure:
    """What the servers gave in one case: samples by what was asked, and refusals by status."""

    samples: dict[str, dict[str, Sample]] = field(default_factory=lambda: defaultdict(dict))
    refused: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))

    def note(self, name: str, asked: str, statuses: Counter[int], sample: Sample) -> None:
        """Keep the sample of a server if all was answered, else how it was refused."""
        refused = Counter({s: n for s, n in statuses.items() if s != HTTPStatus.OK})
        self.refused[name] += refused
        if not refused:
            self.samples[name][asked] = sample


class Bench:
    """The servers of one round, and the figures of all rounds."""

    def __init__(self, many: ManyClients) -> None:
        self.many = many
        self.clients: dict[str, FrameClient] = {}
        self.figures: dict[str, Figure] = defaultdict(Figure)
        self.raw_differs: set[str] = set()
        self.round = 0
        self._turn = 0

    def turns(self) -> Iterator[tuple[str, FrameClient]]:
        """All servers, another one first each time."""
        names = list(self.clients)
        self._turn += 1
        for place in range(len(names)):
            name = names[(self._turn + place) % len(names)]
            yield name, self.clients[name]

    def kind(self, number: int) -> tuple[str, str]:
        """PNG or raw, in turns; what is one in this round is the other in the next."""
        return list(KINDS.items())[(number + self.round) % len(KINDS)]

    def prepare(self, path: str, *rests: str) -> None:
        """Ask for the first frame of a file, and note nothing."""
        for _, client in self.turns():
            for rest in rests:
                client.get(client.url(path, 0, rest))
            client.server.settle()

    def ask(self, case: str, path: str, frame_index: int, rest: str = "") -> None:
        """Ask every server for one frame."""
        checksums = set()
        for name, client in self.turns():
            status, body, sample = client.measure(client.url(path, frame_index, rest))
            asked = f"{self.round} {path} {frame_index}{rest}"
            self.figures[case].note(name, asked, Counter([status]), sample)
            if status == HTTPStatus.OK and rest == KINDS["raw"]:
                checksums.add(zlib.crc32(body))
        if len(checksums) > 1:
            self.raw_differs.add(f"{Path(path).name} frame {frame_index}")

    def ask_again(self, case: str, path: str, rest: str) -> None:
        """Ask every server for the same frame in blocks of requests."""
        for block in range(HIT_BLOCKS):
            for name, client in self.turns():
                statuses, sample = client.measure_again(client.url(path, 0, rest), HITS_PER_BLOCK)
                self.figures[case].note(name, f"{self.round} {block}", statuses, sample)

    def ask_by_many(self, case: str, path: str, frame_indices: list[int], rest: str) -> None:
        """Let all clients ask each server for these frames."""
        for name, client in self.turns():
            urls = [client.url(path, index, rest) for index in frame_indices]
            statuses, sample = self.many.measure(client.server, urls)
            asked = f"{self.round} {path} {frame_indices[0]}{rest}"
            self.figures[case].note(name, asked, statuses, sample)


def wake(bench: Bench, corpus: Corpus) -> None:
    """Let the servers load what they load late: each decoder, each kind, for many clients."""
    for paths in corpus.singles("512x512").values():
        bench.prepare(paths[-1], *KINDS.values())
        for _, client in bench.turns():
            bench.many.measure(client.server, [client.url(paths[-2], 0)] * 8)


def measure_cold(bench: Bench, corpus: Corpus) -> None:
    """Frames that nobody has asked for."""
    for shape in corpus.single_shapes():
        for syntax, paths in corpus.singles(shape).items():
            for number, path in enumerate(paths[:-RESERVED_FILES]):
                kind, rest = bench.kind(number)
                bench.ask(f"cold {kind}, {shape} {syntax}", path, 0, rest)


def measure_window(bench: Bench, corpus: Corpus) -> None:
    """Another window each time on a frame that was shown before."""
    for syntax, paths in corpus.singles("2140x1760").items():
        bench.prepare(paths[0], KINDS["PNG"])
        for number in range(WINDOWS):
            window = f"?wc={1500 + 37 * number + bench.round}&ww={900 + 91 * number}"
            bench.ask(f"new window, 2140x1760 {syntax}", paths[0], 0, window)


def measure_objects(bench: Bench, corpus: Corpus) -> None:
    """First, middle and last frame of a long object, then all others by many clients."""
    for syntax, path, frame_count in corpus.objects():
        first, opening, middle, last = 0, 1, frame_count // 2, frame_count - 1
        bench.ask(f"opening 300 frames {syntax}", path, opening)
        places = [("first", first), ("middle", middle), ("last", last)]
        for turn in range(len(places)):
            place, frame_index = places[(turn + bench.round) % len(places)]
            bench.ask(f"{place} of 300 frames {syntax}", path, frame_index)
        others = [n for n in range(frame_count) if n not in {first, opening, middle, last}]
        length = len(others) // SLICES
        for number in range(SLICES):
            kind, rest = bench.kind(number)
            part = others[number * length : (number + 1) * length]
            bench.ask_by_many(f"cold {kind} by many, 300 frames {syntax}", path, part, rest)


def measure_hits(bench: Bench, corpus: Corpus) -> None:
    """The same request again and again, by one client and by many."""
    for shape in ("512x512", "2140x1760"):
        path = corpus.singles(shape)["native"][0]
        bench.prepare(path, *KINDS.values())
        for kind, rest in KINDS.items():
            bench.ask_again(f"again {kind}, {shape}", path, rest)
            same = [0] * HIT_BLOCKS * HITS_PER_BLOCK
            bench.ask_by_many(f"again {kind} by many, {shape}", path, same, rest)


def measure_preview(bench: Bench, corpus: Corpus) -> None:
    """The reduced picture of a frame that nobody has asked for, where there is such a thing."""
    for syntax, paths in corpus.singles("4096x3328").items():
        for path in paths[-RESERVED_FILES:]:
            bench.ask(f"preview, 4096x3328 {syntax}", path, 0, "/preview")


def measure_given(bench: Bench, corpus: Corpus) -> None:
    """The middle frame of each file of the folders given beside the corpus."""
    for number, (path, entry) in enumerate(corpus.given.items()):
        size_px = entry["rows"] * entry["columns"]
        group = [name for name, least_px in SIZES_PX.items() if size_px >= least_px][-1]
        kind, rest = bench.kind(number)
        bench.ask(f"cold {kind}, given {group}", path, entry["frame_count"] // 2, rest)


MEASURES = {
    "cold": measure_cold,
    "window": measure_window,
    "objects": measure_objects,
    "hits": measure_hits,
    "preview": measure_preview,
    "given": measure_given,
}


def run_round(
    bench: Bench, corpus: Corpus, folders: list[Path], commands: dict[str, str], parts: list[str]
) -> None:
    """Start all servers, measure the parts, end the servers."""
    with ExitStack() as stack:
        bench.clients = {}
        for name, command in commands.items():
            server = stack.enter_context(Server(command, corpus.folder, *folders))
            server.wait_for_answer()
            files = {entry["path"]: entry for entry in server.wait_for_scan()["files"]}
            bench.clients[name] = FrameClient(server, files)
        corpus.find_given([client.files for client in bench.clients.values()])
        wake(bench, corpus)
        for part in parts:
            begin = time.perf_counter()
            MEASURES[part](bench, corpus)
            seconds = time.perf_counter() - begin
            print(f"round {bench.round + 1}: {part} {seconds:.0f} s", file=sys.stderr)


def summary(figure: Figure, base: str) -> dict[str, Any]:
    """Medians by server, and ratios to the base."""
    names = dict.fromkeys([*figure.samples, *figure.refused])
    return {
        "servers": {name: server_summary(figure, name) for name in names},
        "ratios": {name: ratios(figure, name, base) for name in names if name != base},
    }


def server_summary(figure: Figure, name: str) -> dict[str, Any]:
    """Medians of one server over its samples; None for what was not measured."""
    samples = list(figure.samples[name].values())
    walls_ms = sorted(sample.wall_ms for sample in samples)
    return {
        "wall_ms": median(walls_ms),
        "p95_ms": round(walls_ms[math.ceil(0.95 * len(walls_ms)) - 1], 3) if walls_ms else None,
        "cpu_ms": median([sample.cpu_ms for sample in samples]),
        "per_s": median([sample.per_s for sample in samples]),
        "client_cpu_ms": median([sample.client_cpu_ms for sample in samples]),
        "kilobytes": median([sample.size_bytes / 1000 for sample in samples]),
        "samples": len(samples),
        "refused": {str(status): n for status, n in sorted(figure.refused[name].items())},
    }


def median(values: list[float] | list[float | None]) -> float | None:
    """Median of the values that are there."""
    present = [value for value in values if value is not None]
    return round(statistics.median(present), 3) if present else None


def ratios(figure: Figure, name: str, base: str) -> dict[str, float]:
    """Medians of the ratios of what both servers answered, asked side by side."""
    ours, theirs = figure.samples[name], figure.samples[base]
    pairs = [(ours[asked], theirs[asked]) for asked in ours.keys() & theirs.keys()]
    found = {
        "wall_ms": [a.wall_ms / b.wall_ms for a, b in pairs],
        "cpu_ms": [a.cpu_ms / b.cpu_ms for a, b in pairs if b.cpu_ms],
        "per_s": [a.per_s / b.per_s for a, b in pairs if a.per_s and b.per_s],
    }
    return {key: round(statistics.median(values), 3) for key, values in found.items() if values}


def table(report: dict[str, Any]) -> str:
    """Lines for reading: milliseconds or answers a second, CPU milliseconds, and their ratios."""
    names, base = list(report["servers"]), report["base"]
    others = [name for name in names if name != base]
    width = max(map(len, report["figures"]), default=0) + 2
    head = "".join(f"{name:>14}{'cpu ms':>9}" for name in names)
    head += "".join(f"{f'{name}/{base}':>18}{'cpu':>7}" for name in others)
    lines = [f"{'':{width}}{head}"]
    for case, figure in report["figures"].items():
        cells = [f"{case:{width}}"]
        servers, found = figure["servers"], figure["ratios"]
        unit = "/s" if any(each["per_s"] for each in servers.values()) else "ms"
        key = "per_s" if unit == "/s" else "wall_ms"
        for name in names:
            each = servers[name]
            if each["samples"]:
                cells.append(f"{each[key]:>11.4g} {unit}{each['cpu_ms']:>9.2f}")
            else:
                cells.append(f"{' '.join(each['refused']):>14}{'':9}")
        for name in others:
            cells += (f"{found[name].get(k, ''):>{w}}" for k, w in ((key, 18), ("cpu_ms", 7)))
        lines.append("".join(cells).rstrip())
    return "\n".join(lines)


def main() -> int:
    """Measure the servers named on the command line; print JSON, and a table on stderr."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("corpus", type=Path, help="folder that corpus.py has made")
    parser.add_argument("folders", type=Path, nargs="*", help="more files, each asked for cold")
    parser.add_argument(
        "--server",
        action="append",
        required=True,
        type=named_command,
        metavar="NAME=COMMAND",
        help="a command with {port} and {corpus}; repeatable",
    )
    parser.add_argument("--base", help="ratios are to this server (default: the last)")
    parser.add_argument("--rounds", type=int, default=3, help="starts of each (default 3)")
    parser.add_argument("--clients", type=int, default=8, help="how many are many (default 8)")
    parser.add_argument("--only", action="append", choices=MEASURES, help="repeatable")
    options = parser.parse_intermixed_args()
    commands = dict(options.server)
    base = options.base or options.server[-1][0]
    if base not in commands:
        parser.error(f"--base {base} is the name of no --server")
    if not (options.corpus / "index.json").is_file():
        parser.error(f"{options.corpus} was not made by corpus.py")
    folders = [folder.resolve() for folder in options.folders]
    corpus = Corpus(options.corpus.resolve())
    for folder in (corpus.folder, *folders):
        warm_page_cache(folder)

    with ManyClients(options.clients) as many:
        bench = Bench(many)
        for bench.round in range(options.rounds):
            run_round(bench, corpus, folders, commands, options.only or list(MEASURES))
    report = {
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "rounds": options.rounds,
        "clients": options.clients,
        "base": base,
        "servers": commands,
        "figures": {case: summary(figure, base) for case, figure in bench.figures.items()},
        "raw_differs": sorted(bench.raw_differs),
    }
    print(table(report), file=sys.stderr)
    json.dump(report, sys.stdout, indent=2)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
