"""Measure the page with thousands of ROIs on one frame: pointing, dragging, zooming, stepping.

The ROIs are boxes, ellipses and outlines of 20 points, at random places that are
the same in every run, on the first three slices of the CT in ``fixtures/``. JSON
goes to standard output.
"""

from __future__ import annotations

import argparse
import http.client
import json
import math
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chromium import SIZE, launch
from contract_server import Server
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Page

CT = Path(__file__).resolve().parents[3] / "fixtures" / "ct"
DEFAULT_SERVER = f"{sys.executable} -m dcmview --no-browser --no-token --port {{port}} {{corpus}}"
FILES = 3
MOVES = 90
STEPS = 30

# One event a frame of the screen: the time to the next frame is what a hand feels.
MOVE = """
async ([x, y, count, buttons]) => {
  const target = document.elementFromPoint(x, y), times = [];
  for (let step = 1; step <= count; step++) {
    const begin = performance.now();
    const place = { clientX: x + step % 80, clientY: y + step % 50, buttons, bubbles: true };
    target.dispatchEvent(
      new PointerEvent('pointermove', { ...place, pointerId: 1, pointerType: 'mouse' }));
    await new Promise(requestAnimationFrame);
    await new Promise((next) => setTimeout(next));
    times.push(performance.now() - begin);
  }
  return times;
}
"""

ZOOM = """
async ([x, y, count]) => {
  const target = document.elementFromPoint(x, y), times = [];
  for (let step = 0; step < count; step++) {
    const begin = performance.now();
    target.dispatchEvent(new WheelEvent('wheel', { clientX: x, clientY: y, ctrlKey: true,
      deltaY: step % 20 < 10 ? -20 : 20, bubbles: true, cancelable: true }));
    await new Promise(requestAnimationFrame);
    await new Promise((next) => setTimeout(next));
    times.push(performance.now() - begin);
  }
  return times;
}
"""

STEP = """
async (count) => {
  const times = [];
  for (let step = 0; step < count; step++) {
    const begin = performance.now();
    const key = step % 2 ? 'ArrowLeft' : 'ArrowRight';
    window.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    await new Promise(requestAnimationFrame);
    await new Promise((next) => setTimeout(next));
    times.push(performance.now() - begin);
  }
  return times;
}
"""


def made_rois(count: int) -> list[dict[str, Any]]:
    """Make ROIs of three kinds at the same places in every run."""
    numbers = random.Random(5)
    rois = []
    for index in range(count):
        x, y = numbers.uniform(0, 220), numbers.uniform(0, 220)
        if index % 3 == 2:
            turns = [math.tau * corner / 20 for corner in range(20)]
            places = [(x + 16 + 14 * math.cos(t), y + 16 + 14 * math.sin(t)) for t in turns]
        else:
            places = [(x, y), (x + numbers.uniform(3, 30), y + numbers.uniform(3, 30))]
        kind = ("rectangle", "ellipse", "polygon")[index % 3]
        points = [{"x": column, "y": row} for column, row in places]
        label = ("mass", "cyst", "")[index % 3]
        rois.append({"id": f"r{index}", "kind": kind, "points": points, "label": label})
    return rois


def put_rois(port: int, file: int, rois: list[dict[str, Any]]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    body = json.dumps({"rois": rois})
    connection.request("PUT", f"/api/file/{file}/rois", body, {"If-Match": "*"})
    answer = connection.getresponse()
    if answer.status != 200:
        raise SystemExit(f"bench: the server does not take ROIs: {answer.read().decode()}")
    connection.close()


def figures(name: str, times: list[float]) -> dict[str, float]:
    """Median and 95th percentile."""
    ordered = sorted(times)
    median, high = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
    return {f"{name}_p50_ms": round(median, 1), f"{name}_p95_ms": round(high, 1)}


def measured(page: Page) -> dict[str, float]:
    """Work on the frame that is open, as a hand would."""
    box = page.locator("[data-shown]").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    result = figures("point", page.evaluate(MOVE, [x, y, MOVES, 0]))
    for offset in range(0, 300, 3):
        page.mouse.click(x + offset, y)
        if page.locator("svg g.isSelected").count() > 0:
            break
    else:
        raise SystemExit("bench: no ROI could be selected")
    page.mouse.down()
    result |= figures("drag", page.evaluate(MOVE, [x + offset, y, MOVES, 1]))
    page.mouse.up()
    result |= figures("zoom", page.evaluate(ZOOM, [x, y, MOVES]))
    page.keyboard.press("Escape")
    return result | figures("step", page.evaluate(STEP, STEPS))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=5_000, help="ROIs on each frame")
    parser.add_argument("--server", default=DEFAULT_SERVER, help="command of the server")
    options = parser.parse_args()
    with Server(options.server, CT) as server, sync_playwright() as playwright:
        server.wait_for_answer()
        server.wait_for_scan()
        rois = made_rois(options.count)
        for file in range(FILES):
            put_rois(server.port, file, rois)
        with launch(playwright) as browser:
            page = browser.new_page(viewport=SIZE)
            page.goto(f"http://127.0.0.1:{server.port}/")
            # Those that are too many to be elements of the page.
            page.wait_for_selector("canvas[aria-label*='more ROI']", timeout=30_000)
            page.wait_for_timeout(2_000)
            print(json.dumps({"count": options.count, **measured(page)}, indent=1))
        # What was exported is not rescued when the server ends.
        server.get("/api/annotations/export.json")


if __name__ == "__main__":
    main()
