"""Programs of the same job take turns on the same files; ratios are those of neighbours."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Runner = Callable[[Sequence[Path], Path], None]

HERE = Path(__file__).resolve().parent


@dataclass
class Entrant:
    """A program: ``run`` takes the files and an empty folder for what it makes.

    ``cores`` is how many processors it may use. ``suffix`` tells its products
    from others in the folder.
    """

    name: str
    run: Runner
    cores: int = 1
    wall_s: list[float] = field(default_factory=list)
    made: int = 0
    made_bytes: int = 0


def compete(
    title: str, entrants: Sequence[Entrant], files: Sequence[Path], work: Path, *, rounds: int
) -> dict[str, Any]:
    """Let all do the same files ``rounds`` times; give medians, and ratios to the first one.

    A ratio above 1 says how many times as long the other one took.
    """
    for path in files:
        path.read_bytes()  # all read from memory
    # As it is where a package is installed: nobody compiles at the start.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(work / "bytecode")
    for entrant in entrants:
        _measure(entrant, files[:1], work, counts=False)
    for number in range(rounds):
        turn = number % len(entrants)
        for entrant in (*entrants[turn:], *entrants[:turn]):
            _measure(entrant, files, work)
    first = entrants[0]
    results: dict[str, Any] = {}
    for entrant in entrants:
        pairs = zip(entrant.wall_s, first.wall_s, strict=True)
        results[entrant.name] = {
            "wall_s": round(statistics.median(entrant.wall_s), 3),
            "files_per_s": round(len(files) / statistics.median(entrant.wall_s), 1),
            "made": entrant.made,
            "made_mb": round(entrant.made_bytes / 1e6, 1),
            "times_ours": round(statistics.median(theirs / ours for theirs, ours in pairs), 2),
        }
    _print(title, len(files), results)
    return results


def on_cores(count: int, command: Sequence[str]) -> list[str]:
    """Hold a command to so many processors."""
    if shutil.which("taskset") is None:
        return list(command)
    cores = sorted(os.sched_getaffinity(0))[:count]
    return ["taskset", "--cpu-list", ",".join(map(str, cores)), *command]


def call(command: Sequence[str], *, cores: int = 1, may_fail: bool = False) -> None:
    """Run a command that is to say nothing."""
    ended = subprocess.run(on_cores(cores, command), capture_output=True, text=True, check=False)
    if ended.returncode and not may_fail:
        raise SystemExit(f"{' '.join(command[:4])}: {ended.returncode}: {ended.stderr[-500:]}")


def dcmview(*arguments: str, cores: int = 1) -> Runner:
    """A command of ours over all files; ``{out}`` stands for the folder."""

    def run(files: Sequence[Path], out: Path) -> None:
        listed = out.with_suffix(".list")
        listed.write_text("".join(f"{path}\n" for path in files))
        filled = [argument.replace("{out}", str(out)) for argument in arguments]
        command = [sys.executable, "-m", "dcmview", *filled, "--jobs", str(cores), "--quiet"]
        # Files that no program can do fail in all of them, and are counted by what is made.
        call([*command, "--file-list", str(listed)], cores=cores, may_fail=True)

    return run


def each(*command: str, ending: str, cores: int = 1) -> Runner:
    """A program that is started once a file; ``{in}`` and ``{out}`` stand for the paths."""

    def run(files: Sequence[Path], out: Path) -> None:
        for number, path in enumerate(files):
            target = out / f"{number}{ending}"
            paths = {"{in}": str(path), "{out}": str(target)}
            call([paths.get(part, part) for part in command], cores=cores, may_fail=True)

    return run


def loop(name: str, *arguments: str) -> Runner:
    """A function of `loops.py`: what people write by hand, in one process."""

    def run(files: Sequence[Path], out: Path) -> None:
        listed = out.with_suffix(".list")
        listed.write_text("".join(f"{path}\n" for path in files))
        script = [sys.executable, str(HERE / "loops.py"), name, str(listed), str(out), *arguments]
        call(script)

    return run


def _measure(entrant: Entrant, files: Sequence[Path], work: Path, *, counts: bool = True) -> None:
    out = work / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    begin = time.perf_counter()
    entrant.run(files, out)
    if not counts:
        return
    entrant.wall_s.append(time.perf_counter() - begin)
    made = [path for path in out.rglob("*") if path.is_file()]
    entrant.made, entrant.made_bytes = len(made), sum(path.stat().st_size for path in made)
    shutil.rmtree(out)


def _print(title: str, count: int, results: dict[str, Any]) -> None:
    print(f"\n{title}, {count} files", file=sys.stderr)
    for name, figures in results.items():
        print(
            f"  {name:34} {figures['wall_s']:8.2f} s "
            f"{figures['files_per_s']:8.1f} a second  {figures['made']:5} made, "
            f"{figures['made_mb']:8.1f} MB  x{figures['times_ours']:.2f}",
            file=sys.stderr,
        )
