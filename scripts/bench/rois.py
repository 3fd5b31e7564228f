"""Measure our own server with very many ROIs: on one file, on very many files, and in one import.

What is printed is JSON, and a table of it on standard error. Memory is read
from /proc, so it is for Linux.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import platform
import random
import statistics
import sys
import tempfile
import threading
import time
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import scan_tree
from contract_server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROIS_ON_ONE_FILE = 5_000
SIDE_PX = scan_tree.SIDE_PX
MIB = 1024 * 1024
CASES = ("one", "many", "import")
DEFAULT_COMMAND = f"{sys.executable} -m dcmview --no-browser --no-rescue --port {{port}} {{corpus}}"

Figures = dict[str, float]


class Client:
    """One connection to a server."""

    def __init__(self, server: Server) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[bytes, float]:
        """Give the body of an answer and how many milliseconds it took; stop at a refusal."""
        begin_s = time.perf_counter()
        self._connection.request(method, path, body, {"If-Match": "*"})
        answer = self._connection.getresponse()
        content = answer.read()
        took_ms = (time.perf_counter() - begin_s) * 1000
        if answer.status != HTTPStatus.OK:
            raise SystemExit(f"{method} {path} answered {answer.status}: {content[:300]!r}")
        return content, took_ms

    def json(self, path: str) -> Any:
        """Give an answer as JSON."""
        return json.loads(self.ask("GET", path)[0])


class Peak:
    """The most memory that a process has had since the beginning of a ``with`` block."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.before_mib = self.grown_mib = 0.0

    def __enter__(self) -> Self:
        self.before_mib = resident_mib(self._server)
        Path(f"/proc/{self._server.process.pid}/clear_refs").write_text("5")  # begins anew
        return self

    def __exit__(self, *_: object) -> None:
        self.grown_mib = resident_mib(self._server, "VmHWM") - self.before_mib


def resident_mib(server: Server, name: str = "VmRSS") -> float:
    """Memory of the process of a server, without its decoders."""
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


class Listener:
    """How long others wait for an answer of a few bytes meanwhile."""

    def __init__(self, server: Server) -> None:
        self._client = Client(server)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self.longest_ms = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _listen(self) -> None:
        while not self._stopping.wait(0.02):
            self.longest_ms = max(self.longest_ms, self._client.ask("GET", "/api/health")[1])


def polygon(number: int, chance: random.Random) -> dict[str, Any]:
    """An ROI as people draw them, of a dozen points."""
    points = [
        {"x": round(chance.uniform(0, SIDE_PX), 2), "y": round(chance.uniform(0, SIDE_PX), 2)}
        for _ in range(12)
    ]
    label = ("mass", "cyst", "calcification")[number % 3]
    return {"id": f"r{number}", "kind": "polygon", "points": points, "label": label}


def edit_one_by_one(client: Client, index: int, rois: list[dict[str, Any]], edits: int) -> Figures:
    """Replace one ROI after the other."""
    times_ms = []
    for number in range(edits):
        roi = {**rois[number % len(rois)], "note": f"edit {number}"}
        body = json.dumps({"operations": [{"op": "replace", "roi": roi}]}).encode()
        times_ms.append(client.ask("PATCH", f"/api/file/{index}/rois", body)[1])
    times_ms.sort()
    return {
        "patch_p50_ms": statistics.median(times_ms),
        "patch_p95_ms": times_ms[int(0.95 * len(times_ms))],
    }


def one_file(command: str, tree: Path, folder: Path, edits: int) -> Iterator[tuple[str, Figures]]:
    """5,000 ROIs on one file, kept in memory and saved."""
    chance = random.Random(1)
    rois = [polygon(number, chance) for number in range(ROIS_ON_ONE_FILE)]
    body = json.dumps({"rois": rois}).encode()
    for name, options in (
        ("in memory", ""),
        ("saved", f" --save-annotations {folder / 'one.json'}"),
    ):
        with Server(command + options, tree) as server:
            server.wait_for_answer()
            index = images(server.wait_for_scan())[0]["index"]
            client = Client(server)
            figures = {"put_ms": client.ask("PUT", f"/api/file/{index}/rois", body)[1]}
            content, figures["get_ms"] = client.ask("GET", f"/api/file/{index}/rois")
            figures["get_mb"] = len(content) / 1e6
            figures |= edit_one_by_one(client, index, rois, edits)
            yield f"{ROIS_ON_ONE_FILE:,} ROIs on one file, {name}", figures


def many_files(command: str, tree: Path, folder: Path, edits: int) -> Iterator[tuple[str, Figures]]:
    """ROIs on each of very many files, in a file that was saved."""
    chance = random.Random(2)
    with Server(command, tree) as server:
        server.wait_for_answer()
        files = images(server.wait_for_scan())
        figures = {"scanned_ms": server.elapsed_ms()}
        figures["rss_mib"] = resident_mib(server)
    yield f"{len(files):,} files, no ROIs", figures

    saved = folder / "many.json"
    with saved.open("w") as out:
        out.write('{"format":"dcmview-rois","version":1,"files":[\n')
        for number, file in enumerate(files):
            rois = [polygon(2 * number + each, chance) for each in range(2)]
            entry = {"path": file["path"], "rois": rois}
            if file.get("sop_instance_uid"):
                entry["sop_instance_uid"] = file["sop_instance_uid"]
            out.write(("," if number else "") + json.dumps(entry) + "\n")
        out.write("]}\n")
    size_mb = saved.stat().st_size / 1e6
    with Server(f"{command} --save-annotations {saved}", tree) as server:
        server.wait_for_answer()
        server.wait_for_scan()
        client = Client(server)
        figures = {"saved_mb": size_mb, "scanned_ms": server.elapsed_ms()}
        overview, figures["overview_ms"] = client.ask("GET", "/api/rois")
        figures["overview_mb"] = len(overview) / 1e6
        revision = json.loads(overview)["revision"]
        figures["overview_since_ms"] = client.ask("GET", f"/api/rois?since={revision}")[1]
        figures["listed"] = len(json.loads(overview)["files"])
        figures["rss_mib"] = resident_mib(server)
        index = files[0]["index"]
        figures |= edit_one_by_one(client, index, [polygon(0, chance), polygon(1, chance)], edits)
        for form in ("json", "embed", "csv", "coco"):
            with Peak(server) as peak, Listener(server) as listener:
                path = f"/api/annotations/export?format={form}"
                figures[f"{form}_ms"] = client.ask("GET", path)[1]
            figures[f"{form}_grown_mib"] = peak.grown_mib
            figures[f"{form}_others_ms"] = listener.longest_ms
    yield f"{len(files):,} files, 2 ROIs each", figures


def imports(command: str, tree: Path, most_bytes: int) -> Iterator[tuple[str, Figures]]:
    """One long file of ROIs, in each form that other programs write."""
    with Server(command, tree) as server:
        server.wait_for_answer()
        paths = [file["path"] for file in images(server.wait_for_scan())]
    for name, form in FORMS.items():
        content = content_of(form, paths, most_bytes)
        with Server(command, tree) as server:
            server.wait_for_answer()
            server.wait_for_scan()
            client = Client(server)
            with Peak(server) as peak, Listener(server) as listener:
                report, took_ms = client.ask("POST", "/api/annotations/import", content)
            yield (
                f"import of {name}",
                {
                    "body_mib": len(content) / MIB,
                    "import_ms": took_ms,
                    "added": json.loads(report)["added"],
                    "grown_mib": peak.grown_mib,
                    "grown_by_body": peak.grown_mib * MIB / len(content),
                    "kept_mib": resident_mib(server) - peak.before_mib,
                    "others_ms": listener.longest_ms,
                },
            )


class Form(NamedTuple):
    """How a file of ROIs begins, goes on and ends."""

    head: Callable[[list[str]], str]
    item: Callable[[str, int, int, random.Random], str]
    """Of a path, the number of its image, that of the item, and chance."""
    separator: str
    tail: str


def content_of(form: Form, paths: list[str], most_bytes: int) -> bytes:
    """Write a file as long as it may be, its ROIs spread over the files."""
    chance = random.Random(3)
    pieces = [form.head(paths).encode()]
    size = len(pieces[0]) + len(form.tail)
    for number in itertools.count():
        image = number % len(paths)
        piece = form.item(paths[image], image, number, chance).encode()
        size += len(piece) + len(form.separator)
        if size > most_bytes:
            break
        pieces += (piece, form.separator.encode())
    pieces[-1] = form.tail.encode()
    return b"".join(pieces)


def coco_head(paths: list[str]) -> str:
    images = [
        {"id": n, "file_name": path, "width": SIDE_PX, "height": SIDE_PX}
        for n, path in enumerate(paths)
    ]
    head = {"images": images, "categories": [{"id": 1, "name": "mass"}]}
    return json.dumps(head)[:-1] + ', "annotations": ['


def coco_item(_path: str, image: int, number: int, chance: random.Random) -> str:
    outline = [round(chance.uniform(0, SIDE_PX), 2) for _ in range(24)]
    return json.dumps(
        {
            "id": number,
            "image_id": image,
            "category_id": 1,
            "segmentation": [outline],
            "score": round(chance.random(), 3),
        }
    )


def json_item(path: str, _image: int, number: int, chance: random.Random) -> str:
    return json.dumps({"path": path, "rois": [polygon(number, chance)]})


def box(chance: random.Random) -> list[float]:
    low = [round(chance.uniform(0, SIDE_PX / 2), 2) for _ in range(2)]
    return [*low, *(round(each + chance.uniform(1, SIDE_PX / 2), 2) for each in low)]


def table_item(path: str, _image: int, _number: int, chance: random.Random) -> str:
    return ",".join(map(str, (path, *box(chance), "mass", round(chance.random(), 3))))


def embed_item(path: str, _image: int, _number: int, chance: random.Random) -> str:
    return f'{path},"{json.dumps([box(chance) for _ in range(4)])}"'


FORMS = {
    "coco": Form(coco_head, coco_item, ", ", "]}"),
    "json": Form(
        lambda _: '{"format": "dcmview-rois", "version": 1, "files": [', json_item, ", ", "]}"
    ),
    "table": Form(lambda _: "file,x1,y1,x2,y2,label,score\n", table_item, "\n", "\n"),
    "embed": Form(lambda _: "anon_dicom_path,ROI_coords\n", embed_item, "\n", "\n"),
}


def images(listing: dict[str, Any]) -> list[dict[str, Any]]:
    """The files of ``/api/files`` that have an image."""
    return [file for file in listing["files"] if file["has_pixels"]]


def make_tree(folder: Path, count: int) -> Path:
    """Make a tree of the scan benchmark where it is missing."""
    tree = folder / str(count)
    scan_tree.make(tree, count)
    return tree


def put_table(results: dict[str, Figures]) -> None:
    for name, figures in results.items():
        print(f"{name}", file=sys.stderr)
        for figure, value in figures.items():
            print(f"    {figure:<20}{value:>14,.1f}", file=sys.stderr)


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trees", type=Path, required=True, help="where trees of files are kept")
    parser.add_argument("--command", default=DEFAULT_COMMAND, help="with {port} and {corpus}")
    parser.add_argument("--files", type=int, default=50_000, help="of the tree with ROIs on each")
    parser.add_argument("--edits", type=int, default=300, help="of which p50 and p95 are given")
    parser.add_argument("--import-files", type=int, default=1_000, help="that imports spread over")
    parser.add_argument("--import-mib", type=float, default=64, help="size of imported files")
    parser.add_argument("--only", choices=CASES, action="append", help="measure no other")
    options = parser.parse_args()
    small = make_tree(options.trees, options.import_files)
    results: dict[str, Figures] = {}
    with tempfile.TemporaryDirectory(prefix="dcmview-bench-") as scratch:
        folder = Path(scratch)
        cases: dict[str, Callable[[], Iterator[tuple[str, Figures]]]] = {
            "one": lambda: one_file(options.command, small, folder, options.edits),
            "many": lambda: many_files(
                options.command, make_tree(options.trees, options.files), folder, options.edits
            ),
            "import": lambda: imports(options.command, small, int(options.import_mib * MIB)),
        }
        for case in options.only or CASES:
            for name, figures in cases[case]():
                results[name] = figures
                put_table({name: figures})
    machine = {"python": platform.python_version(), "cpus": os.cpu_count()}
    json.dump({"machine": machine, "results": results}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
