"""An explanation for people to read, as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dcmview.pixels.explain import Explanation, Range


def explanation_text(explanation: Explanation) -> str:
    """Write every step, what was mended and what was passed over."""
    lines = []
    for number, step in enumerate(explanation.steps, 1):
        lines.append(f"{number}. {step.title}: {step.meaning}")
        if step.element:
            lines.append(f"   decided by {step.element}: {step.value}")
        elif step.value:
            lines.append(f"   {step.value}")
        ranges = [_range_text(each) for each in (step.input_range, step.output_range)]
        if ranges[0] and ranges[1]:
            lines.append(f"   {ranges[0]} becomes {ranges[1]}")
        elif ranges[1]:
            lines.append(f"   values {ranges[1]}")
    lines += [
        f"mended {repair.element or repair.code}: {repair.found}; used: {repair.used}"
        for repair in explanation.repairs
    ]
    lines += [
        f"passed over {ignored.element}: {ignored.value}: {ignored.reason}"
        for ignored in explanation.ignored
    ]
    return "\n".join(map(_one_line, lines)) + "\n"


def _range_text(ends: Range | None) -> str:
    return "" if ends is None else f"{ends[0]:g} to {ends[1]:g}"


def _one_line(text: str) -> str:
    """Values come from files: they must not steer a terminal."""
    return "".join(c if c.isprintable() else " " for c in text)
