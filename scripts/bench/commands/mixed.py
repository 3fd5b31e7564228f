"""Files for the benchmarks of commands: many small ones, some large, one long."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from corpus import SYNTAXES, Shape, make_file

VERSION = 1

CT = Shape("512x512", 512, 512, 1, 12, "CT", 0)
MR = Shape("256x256", 256, 256, 1, 12, "CT", 0)
DX = Shape("2140x1760", 2140, 1760, 1, 12, "DX", 0)
MG = Shape("4096x3328", 4096, 3328, 1, 12, "MG", 0)
SQUARE = Shape("4096x4096", 4096, 4096, 1, 12, "DX", 0)
LONG = Shape("300 frames", 512, 512, 300, 12, "OT", 0)

KINDS = {
    # As files of a research archive are: mostly slices without compression.
    "small": (
        *((CT, "native", 56),) * 10,
        *((MR, "native", 20),) * 5,
        (CT, "JPEG 2000", 80),
        (CT, "JPEG lossless", 80),
        (CT, "JPEG-LS", 60),
        (CT, "RLE", 60),
    ),
    "large": (
        (DX, "native", 16),
        (DX, "JPEG lossless", 12),
        (DX, "JPEG 2000", 12),
        (MG, "native", 8),
        (MG, "JPEG-LS", 6),
        (MG, "JPEG 2000", 6),
    ),
    "square": ((SQUARE, "native", 4),),
    "long": ((LONG, "native", 1),),
}
"""Shapes, syntaxes and numbers of files; 1,000 of the first two together."""


def folder() -> Path:
    """Where the files are kept."""
    place = os.environ.get("DCMVIEW_BENCH_CORPUS") or f"{tempfile.gettempdir()}/dcmview-bench"
    return Path(f"{place}-commands")


def files(kind: str, scale: float = 1.0) -> list[Path]:
    """Give the files of a kind, made on first use; with a scale, so many of them."""
    place = folder() / kind
    index = place / "index.json"
    if not index.is_file() or json.loads(index.read_text())["version"] != VERSION:
        _make(kind, place)
    names: list[str] = json.loads(index.read_text())["files"]
    count = max(1, round(len(names) * scale))
    step = len(names) / count
    return [place / names[int(number * step)] for number in range(count)]


def _make(kind: str, place: Path) -> None:
    print(f"making the files of {kind}, once", file=sys.stderr)
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    names = []
    with tempfile.TemporaryDirectory(dir=place.parent) as work:
        whole = Path(work) / kind
        whole.mkdir()
        number = 0
        for shape, syntax, count in KINDS[kind]:
            assert syntax in SYNTAXES
            for _ in range(count):
                names.append(f"{number:04}-{shape.name}-{syntax}.dcm".replace(" ", "_"))
                make_file(whole / names[-1], shape, syntax, number, None)
                number += 1
        (whole / "index.json").write_text(json.dumps({"version": VERSION, "files": names}))
        whole.rename(place)
