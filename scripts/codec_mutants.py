"""Feed damaged codestreams to the decoder processes: nothing but the frame may be lost.

Every mutant is made from a seed number alone, so a finding can be repeated:
``scripts/fuzz --first N --count 1``. Healthy frames are decoded beside the
damaged ones all the time, and must stay right and quick.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import threading
import time
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom

from dcmview.dicom.decode import decode_frame
from dcmview.dicom.frames import frame_table
from dcmview.dicom.instance import open_instance
from dcmview.dicom.transfer import Codec, transfer_syntax
from dcmview.dicom.workers import WorkerPool, cpu_limit_s
from dcmview.errors import DcmviewError, InstanceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dcmview.model import PixelLayout, StoredFrame

ROOT = Path(__file__).resolve().parent.parent
LARGEST_SEED_BYTES = 300_000
"""Small seeds give more mutants a second, and their headers are as large as any."""
SEEDS_PER_CODEC = 8
GRACE_S = 1.0
"""What an answer may come later than the deadline of its frame."""
_BOUNDARY_VALUES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)


@dataclass(frozen=True)
class Seed:
    """A frame that decodes."""

    name: str
    frame: bytes
    layout: PixelLayout
    transfer_syntax_uid: str

    @property
    def codec(self) -> Codec:
        """The family of decoders that reads it."""
        return transfer_syntax(self.transfer_syntax_uid).codec


@dataclass
class Findings:
    """What a run of mutants came to."""

    outcomes: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    late: list[int] = field(default_factory=list)
    bugs: list[str] = field(default_factory=list)
    healthy_ms: list[float] = field(default_factory=list)
    healthy_idle_ms: list[float] = field(default_factory=list)
    unhealthy: list[str] = field(default_factory=list)

    def report(self) -> dict[str, object]:
        """Write it down for people and scripts."""
        return {
            "outcomes": dict(self.outcomes.most_common()),
            "slowest_s": round(self.slowest_s, 3),
            "late": self.late,
            "bugs": self.bugs,
            "healthy": {
                "decoded": len(self.healthy_ms),
                "wrong": self.unhealthy,
                "median_ms": round(statistics.median(self.healthy_ms or [0.0]), 2),
                "median_idle_ms": round(statistics.median(self.healthy_idle_ms), 2),
                "worst_ms": round(max(self.healthy_ms, default=0.0), 1),
            },
        }


def seeds(folders: Iterable[Path]) -> list[Seed]:
    """First frames of all compressed files in some folders, some of each codec, smallest first."""
    found: dict[Codec, list[Seed]] = {}
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.is_file()):
        seed = _seed(path)
        if seed is not None:
            found.setdefault(seed.codec, []).append(seed)
    return [
        seed
        for codec in sorted(found)
        for seed in sorted(found[codec], key=lambda seed: (len(seed.frame), seed.name))[
            :SEEDS_PER_CODEC
        ]
    ]


def _seed(path: Path) -> Seed | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            instance = open_instance(str(path))
            syntax = transfer_syntax(instance.transfer_syntax_uid)
            location = instance.pixel_location
            if location is None or syntax.codec in (Codec.NATIVE, Codec.DEFLATED_FRAME):
                return None
            with instance.open() as source:
                table = frame_table(source, location, instance.layout, syntax)
                frame = table.frame_bytes(source, 0)
            if (
                len(frame) > LARGEST_SEED_BYTES
                or decode_frame(frame, instance.layout, syntax).truncated
            ):
                return None
        except DcmviewError:
            return None
    return Seed(path.name, bytes(frame), instance.layout, syntax.uid)


def mutant(number: int, of: list[Seed]) -> tuple[Seed, bytes, PixelLayout]:
    """Damage one of the seeds in one of eight ways, all decided by the number."""
    rng = random.Random(f"mutant-{number}")
    seed = of[number % len(of)]
    damage = _DAMAGE[number // len(of) % len(_DAMAGE)]
    frame, layout = damage(bytearray(seed.frame), seed.layout, rng)
    return seed, bytes(frame), layout


def _flip_bits(
    frame: bytearray, layout: PixelLayout, rng: random.Random
) -> tuple[bytearray, PixelLayout]:
    frame[rng.randrange(len(frame))] ^= 1 << rng.randrange(8)
    return frame, layout


def _change_bytes(
    frame: bytearray, layout: PixelLayout, rng: random.Random
) -> tuple[bytearray, PixelLayout]:
    for _ in range(rng.randint(1, 8)):
        frame[rng.randrange(len(frame))] = rng.randrange(256)
    return frame, layout


def _change_header(
    frame: bytearray, layout: PixelLayout, rng: random.Random
) -> tuple[bytearray, PixelLayout]:
    for _ in range(rng.randint(1, 4)):
        frame[rng.randrange(min(len(frame), 200))] = rng.randrange(256)
    return frame, layout


def _cut(
    frame: bytearray, layout: PixelLayout, rng: random.Random
) -> tuple[bytearray, PixelLayout]:
    return frame[: rng.randrange(1, len(frame))], layout


def _boundary_numbers(
    frame: bytearray, layout: PixelLayout, rng: random.Random
) -> tuple[bytearray, PixelLayout]:
    value, size = rng.choice(_BOUNDARY_VALUES), rng.choice((1, 2, 4))
    place = rng.randrange(max(1, min(len(frame) - size, 400)))
    frame[place : place + size] = (value & (1 << 8 * size) - 1).to_bytes(size, "big")
    return frame, layout


def _move_chunks(
    frame: bytearray, layout: PixelLayout, rng: random.Random
) -> tuple[bytearray, PixelLayout]:
    begin, size = rng.randrange(len(frame)), rng.randint(1, 500)
    chunk = frame[begin : begin + size]
    if rng.random() < 0.5:
        del frame[begin : begin + size]
    if rng.random() < 0.7:
        place = rng.randrange(len(frame) + 1)
        frame[place:place] = chunk
    return frame or bytearray(b"\0"), layout


def _fill(
    frame: bytearray, layout: PixelLayout, rng: random.Random
) -> tuple[bytearray, PixelLayout]:
    begin, size = rng.randrange(len(frame)), rng.randint(1, 2_000)
    frame[begin : begin + size] = bytes([rng.choice((0, 0x7F, 0xFF))]) * len(
        frame[begin : begin + size]
    )
    return frame, layout


def _disagree(
    frame: bytearray, layout: PixelLayout, rng: random.Random
) -> tuple[bytearray, PixelLayout]:
    """Attributes of the data set that do not describe the codestream."""
    sizes = (1, 7, 64, 511, 4_000, 65_535)
    bits = rng.choice((1, 8, 16, 32))
    changes: list[dict[str, Any]] = [
        {"rows": rng.choice(sizes)},
        {"columns": rng.choice(sizes)},
        {"samples_per_pixel": rng.choice((1, 2, 3, 4))},
        {"bits_allocated": bits, "bits_stored": bits, "high_bit": bits - 1},
        {"pixel_representation": 1 - layout.pixel_representation},
        {"planar_configuration": 1 - layout.planar_configuration},
    ]
    return frame, replace(layout, **rng.choice(changes))


_DAMAGE = (
    _flip_bits,
    _change_bytes,
    _change_header,
    _cut,
    _boundary_numbers,
    _move_chunks,
    _fill,
    _disagree,
)


def run(of: list[Seed], numbers: Iterable[int], *, workers: int = 2) -> Findings:
    """Decode mutants in decoder processes, and healthy frames beside them.

    Nothing that a mutant does may end this process, come later than its
    deadline, raise anything but an `InstanceError`, or harm a healthy frame.
    """
    findings = Findings()
    pool = WorkerPool(workers + 1)  # one for what is healthy, as the server keeps one
    ended = threading.Event()
    try:
        check = _healthy_check(pool, of, findings)
        for _ in range(3):
            check(findings.healthy_idle_ms)
        healthy = threading.Thread(target=_watch, args=(check, findings, ended))
        healthy.start()
        with ThreadPoolExecutor(workers) as threads:
            list(threads.map(lambda number: _try(pool, number, of, findings), numbers))
        ended.set()
        healthy.join()
    finally:
        ended.set()
        pool.close()
    return findings


def _try(pool: WorkerPool, number: int, of: list[Seed], findings: Findings) -> None:
    seed, frame, layout = mutant(number, of)
    begin = time.monotonic()
    try:
        stored = pool.decode(frame, layout, seed.transfer_syntax_uid)
    except InstanceError as exc:
        outcome = f"refused: {exc.code}"
        if "crashed" in exc.message or "took too long" in exc.message:
            outcome = f"worker lost: {exc.message}"
    except BaseException as exc:  # noqa: BLE001 - this is what we look for
        outcome = "bug"
        findings.bugs.append(f"mutant {number} of {seed.name}: {type(exc).__name__}: {exc}")
    else:
        outcome = _outcome(stored)
        if stored.values.shape[:2] != (layout.rows, layout.columns):
            findings.bugs.append(f"mutant {number} of {seed.name}: {stored.values.shape}")
    took_s = time.monotonic() - begin
    findings.outcomes[outcome] += 1
    findings.slowest_s = max(findings.slowest_s, took_s)
    if took_s > cpu_limit_s(layout) + GRACE_S:
        findings.late.append(number)


def _outcome(stored: StoredFrame) -> str:
    if stored.truncated:
        return "shown, marked truncated"
    return "shown, marked repaired" if stored.repairs else "shown"


def _healthy_check(
    pool: WorkerPool, of: list[Seed], findings: Findings
) -> Callable[[list[float]], None]:
    """A function that decodes the next healthy frame, compares it and notes its time."""
    expected = [pool.decode(seed.frame, seed.layout, seed.transfer_syntax_uid) for seed in of]
    turn = iter(range(sys.maxsize))

    def check(times_ms: list[float]) -> None:
        position = next(turn) % len(of)
        seed = of[position]
        begin = time.perf_counter()
        try:
            values = pool.decode(seed.frame, seed.layout, seed.transfer_syntax_uid).values
        except DcmviewError as exc:
            findings.unhealthy.append(f"{seed.name}: {exc.message}")
            return
        times_ms.append((time.perf_counter() - begin) * 1000)
        if not np.array_equal(values, expected[position].values):
            findings.unhealthy.append(f"{seed.name}: other samples than before")

    return check


def _watch(
    check: Callable[[list[float]], None], findings: Findings, ended: threading.Event
) -> None:
    while not ended.wait(0.02):
        check(findings.healthy_ms)


def default_folders() -> list[Path]:
    """The fixtures and the files that pydicom brings."""
    folders = [ROOT / "fixtures", Path(pydicom.__file__).parent / "data" / "test_files"]
    beside = ROOT.parent / "shared" / "data"
    return [*folders, beside] if beside.exists() else folders


def main() -> int:
    """Run mutants and print what they came to as JSON; 1 if anything but a frame was lost."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=200_000, help="mutants (default 200,000)")
    parser.add_argument("--first", type=int, default=0, help="number of the first mutant")
    parser.add_argument("--seeds", type=Path, action="append", help="folder of DICOM files")
    options = parser.parse_args()
    of = seeds(options.seeds or default_folders())
    findings = run(
        of,
        range(options.first, options.first + options.count),
        workers=max(2, os.cpu_count() or 1),
    )
    report = {"seeds": len(of), "mutants": options.count, **findings.report()}
    json.dump(report, sys.stdout, indent=2)
    print()
    return 1 if findings.late or findings.bugs or findings.unhealthy else 0


if __name__ == "__main__":
    sys.exit(main())
