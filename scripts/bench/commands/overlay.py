"""Annotations into DICOM: 30 slices of about 500 KB, five cycles with another annotation each.

That makes 150 files and 75 MB. In one process, on one core, and in turns: `dcmview.overlay`,
the same planes by hand with pydicom, pydicom reading and writing without them, and a loop that
reads and writes bytes. Each is timed to its last call, and until all is on the disk. What comes
out is compared with what pydicom makes.

Ours finds the files, reads the file of ROIs and draws them; the masks of the loop by hand are there
before. No figure has the start of Python and its imports, and the first round, in which dcmview
learns how these headers are laid out (2 ms), is not counted.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
from pydicom.data import get_testdata_file

from dcmview import overlay
from dcmview.annotations.native import Contents, FileKey, write_native
from dcmview.annotations.roi import ImagePoint, Roi
from dcmview.exchange.raster import mask_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

SLICES, CYCLES, SIDE_PX = 30, 5, 512
POINTS = 48
"""Of an outline."""
GROUP = 0x6000
LABEL = "lesion"

Masks = dict[tuple[int, str], "NDArray[np.bool_]"]


def main() -> int:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--slices", type=int, default=SLICES)
    parser.add_argument("--folder", type=Path, help="where files are made; a temporary one if not")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    with tempfile.TemporaryDirectory(dir=options.folder) as made:
        work = Path(made)
        paths = make_slices(work / "slices", options.slices)
        masks = make_annotations(work, paths)
        entrants = {
            "ours": lambda out: run_ours(work, out),
            "pydicom": lambda out: run_pydicom(paths, masks, out),
            "pydicom, no planes": lambda out: run_pydicom(paths, {}, out),
            "read and write": lambda out: run_bare(paths, out),
        }
        results = compete(entrants, work / "out", options.rounds)
        compare(entrants, paths, work)
    print(json.dumps({"machine": platform.platform(), **results}, indent=1))
    return 0


def make_slices(folder: Path, count: int) -> list[Path]:
    """Write slices with the header of a real CT and pixels that do not repeat."""
    folder.mkdir()
    rng = np.random.default_rng(7)
    dataset = pydicom.dcmread(str(get_testdata_file("CT_small.dcm", download=False)))
    dataset.Rows = dataset.Columns = SIDE_PX
    paths = []
    for number in range(count):
        dataset.SOPInstanceUID = f"1.2.826.0.1.3680043.10.999.{number + 1}"
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.InstanceNumber = number + 1
        dataset.ImagePositionPatient = [-150, -150, number * 2.5]
        stored = rng.integers(0, 4096, (SIDE_PX, SIDE_PX), dtype=np.uint16)
        dataset.PixelData = stored.tobytes()
        paths.append(folder / f"{number:03}.dcm")
        dataset.save_as(paths[-1])
    return paths


def make_annotations(work: Path, paths: list[Path]) -> Masks:
    """Write a file of ROIs for each cycle, and give the masks of them."""
    masks: Masks = {}
    for cycle in range(CYCLES):
        contents: dict[FileKey, tuple[Roi, ...]] = {}
        for number, path in enumerate(paths):
            roi = _outline(cycle, number)
            key = FileKey(f"1.2.826.0.1.3680043.10.999.{number + 1}", str(path))
            contents[key] = (roi,)
            masks[cycle, path.name] = mask_of(roi, SIDE_PX, SIDE_PX)
        (work / f"{cycle}.json").write_bytes(write_native(Contents(contents)))
    return masks


def run_ours(work: Path, out: Path) -> None:
    """A call for each cycle."""
    for cycle in range(CYCLES):
        overlay(work / "slices", out / str(cycle), annotations=work / f"{cycle}.json")


def run_pydicom(paths: list[Path], masks: Masks, out: Path) -> None:
    """What people write by hand; the masks are there already."""
    for cycle in range(CYCLES):
        (out / str(cycle)).mkdir(parents=True)
        for path in paths:
            dataset = pydicom.dcmread(path)
            dataset.SOPInstanceUID = pydicom.uid.generate_uid()
            dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
            if (mask := masks.get((cycle, path.name))) is not None:
                add_plane(dataset, mask)
            dataset.save_as(out / str(cycle) / path.name)


def add_plane(dataset: pydicom.Dataset, mask: NDArray[np.bool_]) -> None:
    """Put a mask into a data set, as tutorials have it."""
    dataset.add_new((GROUP, 0x0010), "US", mask.shape[0])
    dataset.add_new((GROUP, 0x0011), "US", mask.shape[1])
    dataset.add_new((GROUP, 0x0040), "CS", "R")
    dataset.add_new((GROUP, 0x0050), "SS", [1, 1])
    dataset.add_new((GROUP, 0x0100), "US", 1)
    dataset.add_new((GROUP, 0x0102), "US", 0)
    dataset.add_new((GROUP, 0x1500), "LO", LABEL)
    dataset.add_new((GROUP, 0x3000), "OW", np.packbits(mask, bitorder="little").tobytes())


def run_bare(paths: list[Path], out: Path) -> None:
    """Read and write, and nothing else."""
    for cycle in range(CYCLES):
        (out / str(cycle)).mkdir(parents=True)
        for path in paths:
            with path.open("rb") as source:
                content = source.read()
            with (out / str(cycle) / path.name).open("wb") as target:
                target.write(content)


def compete(entrants: dict[str, Callable[[Path], None]], out: Path, rounds: int) -> dict[str, Any]:
    """Let all take turns; give medians, and ratios of ours to the others as they took turns."""
    names = list(entrants)
    figures: dict[str, dict[str, list[float]]] = {
        name: {"wall": [], "disk": [], "cpu": []} for name in names
    }
    for number in range(-1, rounds):
        turn = number % len(names)
        for name in (*names[turn:], *names[:turn]):
            took = _timed(entrants[name], out)
            if number >= 0:  # the first round warms up
                for kind, seconds in took.items():
                    figures[name][kind].append(seconds)
    results: dict[str, Any] = {}
    for name in names:
        of_it = figures[name]
        results[name] = {
            f"{kind}_ms": round(statistics.median(of_it[kind]) * 1000, 1) for kind in of_it
        } | {
            f"ours_to_its_{kind}": round(
                statistics.median(
                    ours / its for ours, its in zip(figures["ours"][kind], of_it[kind], strict=True)
                ),
                2,
            )
            for kind in of_it
        }
        result = results[name]
        print(
            f"{name:20} {result['wall_ms']:8.1f} ms (cpu {result['cpu_ms']:8.1f}), on the disk "
            f"{result['disk_ms']:8.1f}; ours takes {result['ours_to_its_wall']:.2f} of it, "
            f"on the disk {result['ours_to_its_disk']:.2f}",
            file=sys.stderr,
        )
    return results


def _timed(run: Callable[[Path], None], out: Path) -> dict[str, float]:
    shutil.rmtree(out, ignore_errors=True)
    _sync()  # what the one before has written is not to be waited for by the next one
    gc.collect()
    begin, begin_cpu = time.perf_counter(), time.process_time()
    run(out)
    wall, cpu = time.perf_counter() - begin, time.process_time() - begin_cpu
    _sync()
    return {"wall": wall, "disk": time.perf_counter() - begin, "cpu": cpu}


def _sync() -> None:
    if hasattr(os, "sync"):
        os.sync()


def compare(entrants: dict[str, Callable[[Path], None]], paths: list[Path], work: Path) -> None:
    """Stop unless our files are those of pydicom but for the UID."""
    for name in ("ours", "pydicom"):
        entrants[name](work / name)
    for cycle in range(CYCLES):
        for path in paths:
            ours, its = (
                pydicom.dcmread(work / name / str(cycle) / path.name)
                for name in ("ours", "pydicom")
            )
            for dataset in (ours, its):
                del dataset.SOPInstanceUID
            if ours != its or not (ours.overlay_array(GROUP) == its.overlay_array(GROUP)).all():
                raise SystemExit(f"{path.name} of cycle {cycle} is not what pydicom makes")


def _outline(cycle: int, number: int) -> Roi:
    """An outline that moves and grows, off the grid of pixels."""
    x, y = 180.3 + 30 * cycle, 240.7 + 2 * number
    points = tuple(
        ImagePoint(
            round(x + (60 + number) * math.cos(math.tau * each / POINTS), 3),
            round(y + (45 + 3 * cycle) * math.sin(math.tau * each / POINTS), 3),
        )
        for each in range(POINTS)
    )
    return Roi(id="a", kind="freehand", points=points, label=LABEL)


if __name__ == "__main__":
    sys.exit(main())
