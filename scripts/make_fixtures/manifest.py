"""The manifest as TOML."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from make_fixtures.objects import Fixture

HEADER = """\
# What lies in fixtures/ and what is known of it. Made by scripts/fixtures; do not edit.
# sha256: of each frame's stored values, little endian, first sample first.
# probes: values at (column, row), counted from 0, as the drawing of the phantom tells beforehand;
# in colour the mean of red, green and blue.
"""


def manifest_toml(fixtures: Iterable[Fixture]) -> str:
    """Write the manifest."""
    return HEADER + "".join(f"\n{entry(fixture)}" for fixture in fixtures)


def entry(fixture: Fixture) -> str:
    """Write one entry: its own keys, then the table of facts, digests and probes."""
    lines = [
        "[[fixture]]",
        f"path = {text(fixture.path)}",
        f"title = {text(fixture.title)}",
        f"files = {len(fixture.files)}",
        'origin = "made by scripts/fixtures"',
        'licence = "MIT"',
        "proves = [",
        *(f"  {text(claim)}," for claim in fixture.proves),
        "]",
    ]
    if fixture.facts:
        lines += [
            "[fixture.facts]",
            *(f"{name} = {literal(v)}" for name, v in fixture.facts.items()),
        ]
    if fixture.sha256:
        lines.append("[fixture.sha256]")
        for name, values in fixture.sha256.items():
            lines += [f"{text(name)} = [", *(f"  {text(value)}," for value in values), "]"]
    for probe in fixture.probes:
        lines += ["[[fixture.probes]]", *(f"{k} = {literal(v)}" for k, v in vars(probe).items())]
    return "\n".join(lines) + "\n"


def literal(value: object) -> str:
    """Write a value."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, float):
        return f"{float(value)}"
    return f"{int(str(value))}"


def text(value: str) -> str:
    """Write a basic string."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
