"""Measure how quickly the page shows a tree of files, and how long it ever stands still.

A server is started on a folder and Chromium opens its page, while the server
scans and again when it is done. What is printed is JSON, and a table of it on
standard error: medians over the rounds, of the longest task the longest.

    scripts/bench/page/lists FOLDER --server '.venv/bin/dcmview --no-browser --port {port} {corpus}'
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chromium import SIZE, launch
from contract_server import Server
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DEFAULT_SERVER = f"{sys.executable} -m dcmview --no-browser --port {{port}} {{corpus}}"
LIMIT_MS = 120_000
QUIET_MS = 1_500
"""When no row has changed for so long, the list is taken to be complete."""

# Runs before the page: when rows and pictures are there first, and tasks above 50 ms.
OBSERVE = """
const seen = { tasks: [], firstRow: null, firstPicture: null, lastChange: 0 };
window.benchmark = seen;
new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries()) seen.tasks.push({ startTime, duration });
}).observe({ type: 'longtask', buffered: true });
const look = () => {
  const now = performance.now();
  seen.lastChange = now;
  if (seen.firstRow === null && document.querySelector('[role=treeitem]')) seen.firstRow = now;
  if (seen.firstPicture === null && document.querySelector('[data-shown*="/"]')) {
    seen.firstPicture = now;
  }
};
new MutationObserver(look).observe(document, {
  childList: true, subtree: true, attributes: true, attributeFilter: ['data-shown', 'style'],
});
"""

FIGURES = {
    "first_row_ms": "ms to the first row",
    "first_picture_ms": "ms to the first picture",
    "loading_task_ms": "longest task, loading",
    "scrolling_task_ms": "longest task, scrolling the tree",
    "typing_task_ms": "longest task, typing in the filter",
    "walking_task_ms": "longest task, next series",
}


def longest_task_ms(page: Page) -> float:
    """Give the longest task since the last call; below 50 ms the browser reports none."""
    page.wait_for_timeout(150)
    durations: list[float] = page.evaluate(
        "benchmark.tasks.splice(0).map(({ duration }) => duration)"
    )
    return max(durations, default=0.0)


def use_page(page: Page, url: str, filter_text: str) -> dict[str, float]:
    """Open the page, scroll, type and walk as a person in a hurry does."""
    page.goto(url)
    page.wait_for_function("benchmark.firstPicture !== null", timeout=LIMIT_MS)
    page.wait_for_function(
        "(quiet) => /^[0-9]/.test(document.querySelector('[data-field=scan]')?.textContent ?? '')"
        " && performance.now() - benchmark.lastChange > quiet",
        arg=QUIET_MS,
        timeout=LIMIT_MS,
    )
    figures = {
        "first_row_ms": page.evaluate("benchmark.firstRow"),
        "first_picture_ms": page.evaluate("benchmark.firstPicture"),
        "loading_task_ms": longest_task_ms(page),
    }
    tree = page.get_by_role("tree")
    tree.hover()
    for _ in range(60):
        page.mouse.wheel(0, 1_500)
    tree.evaluate("(list) => { list.scrollTop = list.scrollHeight / 2; }")
    figures["scrolling_task_ms"] = longest_task_ms(page)
    page.keyboard.press("/")
    for letter in filter_text:
        page.keyboard.type(letter)
        page.wait_for_timeout(60)
    for _ in filter_text:
        page.keyboard.press("Backspace")
    figures["typing_task_ms"] = longest_task_ms(page)
    page.get_by_role("region", name="Viewport").focus()
    for _ in range(20):
        page.keyboard.press("ArrowDown")
        page.wait_for_timeout(100)
    figures["walking_task_ms"] = longest_task_ms(page)
    return figures


def measure(browser: Browser, url: str, filter_text: str) -> dict[str, float]:
    context = browser.new_context(viewport=SIZE, bypass_csp=True)
    context.add_init_script(OBSERVE)
    try:
        return use_page(context.new_page(), url, filter_text)
    finally:
        context.close()


def wait_for_scan(server: Server) -> int:
    """Give the number of listed files once the scan is over."""
    while True:
        _, body = server.get("/api/series")
        answer: dict[str, Any] = json.loads(body)
        if answer["scan_complete"]:
            return int(answer["listed"])
        time.sleep(0.2)


def run(folder: Path, command: str, rounds: int, filter_text: str) -> dict[str, Any]:
    cases: dict[str, list[dict[str, float]]] = {"while scanning": [], "scanned": []}
    listed = 0
    with sync_playwright() as playwright, launch(playwright) as browser:
        for _ in range(rounds):
            with Server(command, folder) as server:
                server.wait_for_answer()
                url = f"http://127.0.0.1:{server.port}/"
                cases["while scanning"].append(measure(browser, url, filter_text))
                listed = wait_for_scan(server)
                cases["scanned"].append(measure(browser, url, filter_text))
    return {
        "files": listed,
        "rounds": rounds,
        "cases": {name: summary(figures) for name, figures in cases.items()},
    }


def summary(figures: list[dict[str, float]]) -> dict[str, float]:
    return {
        name: round(
            (max if "task" in name else statistics.median)([each[name] for each in figures])
        )
        for name in FIGURES
    }


def print_table(result: dict[str, Any]) -> None:
    cases = result["cases"]
    print(f"{result['files']:,} files, {result['rounds']} rounds", file=sys.stderr)
    print(f"{'':36}" + "".join(f"{name:>16}" for name in cases), file=sys.stderr)
    for name, title in FIGURES.items():
        cells = "".join(f"{case[name] or '< 50':>16}" for case in cases.values())
        print(f"{title:36}{cells}", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--server", default=DEFAULT_SERVER, help="command line of the server")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--filter", default="p0 ct 2", help="what is typed into the filter")
    arguments = parser.parse_args()
    result = run(arguments.folder, arguments.server, arguments.rounds, arguments.filter)
    json.dump(result, sys.stdout, indent=2)
    print()
    print_table(result)


if __name__ == "__main__":
    main()
