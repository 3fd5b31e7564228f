"""Measure how the page feels: the first picture, stepping, windows and jumps, near and far.

A server is started on each kind of data and Chromium opens its page, straight
and through a line of a given bandwidth and round trip. Pictures are counted as
they are painted on a canvas, so any viewer that paints on 2D canvases and
steps with the same keys can be measured. JSON goes to standard output, a table
of it to standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import stack_data
from chromium import SIZE, launch
from contract_server import Server
from playwright.sync_api import sync_playwright
from shaping import Shaper

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

DEFAULT_SERVER = f"{sys.executable} -m dcmview --no-browser --no-token --port {{port}} {{corpus}}"
PROBE = (Path(__file__).parent / "probe.js").read_text()
LIMIT_MS = 30_000
QUIET_MS = 1_500
"""When nothing has been painted for so long, no better picture follows."""
KEY_HZ = 30
DRAG_S = 3
PREFETCH_S = 1.5
"""How long the page is left alone before a jump: prefetch runs."""

Figures = dict[str, float]


@dataclass
class Bench:
    """One browser, one kind of server, one line."""

    browser: Browser
    command: str
    folder: Path
    line: tuple[float, float] | None
    rounds: int = 3
    figures: Figures = field(default_factory=dict)

    @contextmanager
    def page(self, kind: str) -> Iterator[Page]:
        """Open the page of a fresh server on one kind of data, in an empty browser."""
        with ExitStack() as stack:
            server = stack.enter_context(Server(self.command, self.folder / kind))
            server.wait_for_answer()
            server.wait_for_scan()
            port = server.port
            if self.line is not None:
                port = stack.enter_context(Shaper(port, *self.line)).port
            context = self.browser.new_context(viewport=SIZE, bypass_csp=True)
            stack.callback(context.close)
            context.add_init_script(PROBE)
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{port}/", wait_until="commit")
            page.wait_for_function("probe.paints.length > 0", timeout=LIMIT_MS, polling=20)
            yield page

    def note(self, **figures: float) -> None:
        for name, value in figures.items():
            worst = self.figures.get(name, 0) if name.endswith("task_ms") else value
            self.figures[name] = round(max(value, worst), 1)


def paint_times(page: Page, since: float = 0) -> list[float]:
    """Give the times of pictures since a moment; several before a frame of the screen are one."""
    times: list[float] = page.evaluate(
        "(since) => probe.paints.map(({ time }) => time).filter((time) => time >= since)", since
    )
    return [time for index, time in enumerate(times) if not index or time - times[index - 1] > 4]


def wait_until_quiet(page: Page) -> None:
    """Wait until nothing better follows; our own page says when a frame is there in full."""
    page.wait_for_function(
        "(quiet) => performance.now() - probe.paints.at(-1).time > quiet"
        " && (probe.marks.at(-1)?.isFull ?? true)",
        arg=QUIET_MS,
        timeout=LIMIT_MS,
    )


def longest_task_ms(page: Page) -> float:
    """Give the longest task since the last call; below 50 ms the browser reports none."""
    page.wait_for_timeout(100)
    durations: list[float] = page.evaluate("probe.tasks.splice(0).map(({ duration }) => duration)")
    return max(durations, default=0.0)


def opening(bench: Bench, kind: str, name: str) -> None:
    """First picture, last picture, and what the page itself weighs."""
    first, full = [], []
    for _ in range(bench.rounds):
        with bench.page(kind) as page:
            wait_until_quiet(page)
            times = paint_times(page)
            first.append(times[0])
            full.append(times[-1])
            bench.note(loading_task_ms=longest_task_ms(page))
            weight = page.evaluate(
                "performance.getEntries().filter((entry) => entry.transferSize"
                " && /(\\/|assets\\/[^/]*(js|css))$/.test(entry.name))"
                ".reduce((sum, entry) => sum + entry.encodedBodySize, 0)"
            )
    bench.note(**{f"{name}_first_ms": statistics.median(first)})
    bench.note(**{f"{name}_full_ms": statistics.median(full), "page_kb": weight / 1000})


def hold_key(page: Page, name: str, bench: Bench, *, hz: int, count: int) -> None:
    """Hold the key of the next frame: distinct pictures a second, and the longest wait for one."""
    longest_task_ms(page)
    span = page.evaluate(
        "([key, count, hz]) => probe.hold(key, count, hz)", ["ArrowRight", count, hz]
    )
    page.wait_for_timeout(100)
    inside = [time for time in paint_times(page, span["begin"]) if time <= span["end"]]
    marks: list[dict[str, Any]] = page.evaluate("probe.marks")
    full = {mark["frame"] for mark in marks if mark["isFull"] and mark["time"] <= span["end"]}
    moments = [span["begin"], *inside, span["end"]]
    longest = max(after - before for before, after in pairwise(moments))
    rate = len(inside) / (span["end"] - span["begin"]) * 1000
    bench.note(**{f"{name}_fps": rate, f"{name}_gap_ms": longest})
    if name == "cold" and marks:
        bench.note(full_fps=len(full) / (span["end"] - span["begin"]) * 1000)
    bench.note(stepping_task_ms=longest_task_ms(page))


# A mouse of 125 Hz. Driven from outside it would wait for the answer to every move, and the figure
# would be that of the driver.
MOVE = """
async ([x, y, duration]) => {
  const begin = performance.now();
  const target = document.elementFromPoint(x, y);
  for (let step = 1; performance.now() - begin < duration; step++) {
    await new Promise((next) => setTimeout(next, 8));
    const place = { clientX: x + step % 120, clientY: y + step % 70, buttons: 1, bubbles: true };
    const pointer = { ...place, pointerId: 1, pointerType: 'mouse', isPrimary: true };
    target.dispatchEvent(new PointerEvent('pointermove', pointer));
    target.dispatchEvent(new MouseEvent('mousemove', place));
  }
  return begin;
}
"""


def drag_window(page: Page, seconds: float = DRAG_S) -> tuple[float, int]:
    """Drag the window with the mouse: pictures a second, and requests meanwhile."""
    x, y = SIZE["width"] * 0.45, SIZE["height"] * 0.5
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate("performance.clearResourceTimings()")
    begin: float = page.evaluate(MOVE, [x, y, seconds * 1000])
    now, requests = page.evaluate(
        "[performance.now(), performance.getEntriesByType('resource').filter((entry) =>"
        " entry.transferSize > 0 && !entry.name.includes('/api/frames/raw')).length]"
    )
    painted = paint_times(page, begin)
    page.mouse.up()
    return len(painted) / (now - begin) * 1000, requests


def dragging(bench: Bench, kind: str, name: str) -> None:
    with bench.page(kind) as page:
        wait_until_quiet(page)
        longest_task_ms(page)
        page.wait_for_timeout(2_000)
        rate, requests = drag_window(page)
        bench.note(**{f"{name}_drag_fps": rate, f"{name}_drag_requests": requests})
        bench.note(drag_task_ms=longest_task_ms(page))


def stepping(bench: Bench, kind: str) -> None:
    """Go through the stack as it comes, and where the line is short once more when it is there."""
    with bench.page(kind) as page:
        hold_key(page, "cold", bench, hz=KEY_HZ, count=299)
        if bench.line is None:
            wait_until_quiet(page)
            page.keyboard.press("Home")
            page.wait_for_timeout(500)
            hold_key(page, "warm", bench, hz=0, count=299)
            bench.note(heap_mb=page.evaluate("performance.memory.usedJSHeapSize") / 1e6)
    with bench.page(kind) as page:
        drag_window(page, 0.5)
        hold_key(page, "touched", bench, hz=KEY_HZ, count=299)


def jumping(bench: Bench, kind: str) -> None:
    """Go to the far end while frames nearby are fetched."""
    first, full = [], []
    for _ in range(bench.rounds):
        with bench.page(kind) as page:
            page.wait_for_timeout(PREFETCH_S * 1000)
            begin: float = page.evaluate("performance.now()")
            page.keyboard.press("End")
            page.wait_for_timeout(QUIET_MS)
            wait_until_quiet(page)
            times = paint_times(page, begin)
            if not times:
                return  # a viewer without that key
            first.append(times[0] - begin)
            full.append(times[-1] - begin)
    bench.note(jump_first_ms=statistics.median(first), jump_full_ms=statistics.median(full))


CASES: dict[str, Callable[[Bench, str], None]] = {
    "opening": lambda bench, stack: opening(bench, stack, "stack"),
    "mammogram": lambda bench, _: opening(bench, "mammogram", "mammogram"),
    "mammogram-j2k": lambda bench, _: opening(bench, "mammogram-j2k", "mammogram_j2k"),
    "stepping": stepping,
    "jumping": jumping,
    "dragging": lambda bench, stack: dragging(bench, stack, "stack"),
    "dragging-large": lambda bench, _: dragging(bench, "radiograph", "radiograph"),
}

TITLES = {
    "stack_first_ms": "ms to the first picture, stack",
    "stack_full_ms": "ms to the last picture, stack",
    "page_kb": "kB of page, script and style as sent",
    "mammogram_first_ms": "ms to the first picture, 14 Mpx",
    "mammogram_full_ms": "ms to the last picture, 14 Mpx",
    "mammogram_j2k_first_ms": "ms to the first picture, 14 Mpx JPEG 2000",
    "mammogram_j2k_full_ms": "ms to the last picture, 14 Mpx JPEG 2000",
    "cold_fps": "pictures/s, key held from the start",
    "cold_gap_ms": "longest wait for one, ms",
    "full_fps": "of them in full resolution",
    "touched_fps": "pictures/s, window touched before",
    "touched_gap_ms": "longest wait for one, ms",
    "warm_fps": "pictures/s, frames there, a key a frame",
    "warm_gap_ms": "longest wait for one, ms",
    "jump_first_ms": "ms to the first picture after End",
    "jump_full_ms": "ms to the last picture after End",
    "stack_drag_fps": "pictures/s, window drag, 512x512",
    "stack_drag_requests": "requests meanwhile",
    "radiograph_drag_fps": "pictures/s, window drag, 2487x2048",
    "radiograph_drag_requests": "requests meanwhile",
    "loading_task_ms": "longest task, loading",
    "stepping_task_ms": "longest task, stepping",
    "drag_task_ms": "longest task, window drag",
    "heap_mb": "MB of JavaScript heap after the stack",
}


def print_table(result: dict[str, dict[str, Figures]]) -> None:
    columns = [(name, line) for name, lines in result.items() for line in lines]
    print(f"{'':46}" + "".join(f"{' '.join(each):>16}" for each in columns), file=sys.stderr)
    for figure, title in TITLES.items():
        values = [result[name][line].get(figure) for name, line in columns]
        if any(value is not None for value in values):
            cells = "".join(f"{'-' if value is None else value:>16}" for value in values)
            print(f"{title:46}{cells}", file=sys.stderr)


def named(text: str) -> tuple[str, str]:
    name, _, command = text.partition("=")
    return name, command


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--server", action="append", type=named, metavar="NAME=COMMAND")
    parser.add_argument("--case", action="append", choices=CASES, help="this alone (repeatable)")
    parser.add_argument("--line", choices=("near", "far"), help="this alone")
    parser.add_argument("--mbit", type=float, default=20, help="of the far line, Mbit/s")
    parser.add_argument("--rtt", type=float, default=40, help="of the far line, ms")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--stack", choices=("stack", "object"), default="stack", help="300 files, or one object"
    )
    options = parser.parse_args()
    scratch = os.environ.get("DCMVIEW_BENCH_CORPUS", f"{tempfile.gettempdir()}/dcmview-bench")
    folder = stack_data.make(Path(f"{scratch}-page"))
    result: dict[str, dict[str, Figures]] = {}
    lines: dict[str, Any] = {"near": None, "far": (options.mbit, options.rtt)}
    with sync_playwright() as playwright, launch(playwright) as browser:
        for name, command in options.server or [("dcmview", DEFAULT_SERVER)]:
            for line_name, line in lines.items():
                if options.line not in (None, line_name):
                    continue
                bench = Bench(browser, command, folder, line, options.rounds)
                result.setdefault(name, {})[line_name] = bench.figures
                for case in options.case or CASES:
                    CASES[case](bench, options.stack)
                    print(f"{name} {line_name} {case}: done", file=sys.stderr)
    json.dump(result, sys.stdout, indent=2)
    print()
    print_table(result)


if __name__ == "__main__":
    main()
