"""Make the files of fixtures/ and their manifest, or check that they are what would be made.

scripts/fixtures            write all files
scripts/fixtures --check    make them again and compare; changes nothing
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from make_fixtures import ct, enhanced, mr, projections, report, segmentation
from make_fixtures.compare import difference
from make_fixtures.manifest import manifest_toml

if TYPE_CHECKING:
    from make_fixtures.objects import Fixture

ROOT = Path(__file__).resolve().parents[2] / "fixtures"


def main() -> int:
    """Write or check the files; the return value is the exit code."""
    fixtures = all_fixtures()
    manifest = {"manifest.toml": manifest_toml(fixtures).encode()}
    files = {name: content for fixture in fixtures for name, content in fixture.files.items()}
    if "--check" in sys.argv[1:]:
        return check(files | manifest)
    for name, content in (files | manifest).items():
        path = ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return 0


def check(files: dict[str, bytes]) -> int:
    """Compare with what is there and say what differs."""
    differences = 0
    for name, content in files.items():
        path = ROOT / name
        found = difference(path.read_bytes(), content) if path.exists() else "is missing"
        if found:
            differences += 1
            print(f"fixtures/{name} {found}", file=sys.stderr)
    if differences:
        print(f"{differences} of {len(files)} files differ; run scripts/fixtures", file=sys.stderr)
    return 1 if differences else 0


def all_fixtures() -> list[Fixture]:
    """Make every fixture, in the order of the manifest."""
    return [
        ct.series_fixture(),
        enhanced.enhanced_fixture(),
        segmentation.segmentation_fixture(),
        report.report_fixture(),
        projections.mammogram_fixture(),
        projections.cine_fixture(),
        projections.bone_scan_fixture(),
        mr.series_fixture(),
        *ct.syntax_fixtures(),
        ct.truncated_fixture(),
    ]


if __name__ == "__main__":
    sys.exit(main())
