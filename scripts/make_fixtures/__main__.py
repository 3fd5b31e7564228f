"""Make the files of fixtures/ and their manifest, or check that they are what would be made.

    scripts/fixtures            write all files
    scripts/fixtures --check    make them again beside the real ones and compare; changes nothing
"""

from __future__ import annotations

import sys
from pathlib import Path

from make_fixtures import ct
from make_fixtures.manifest import manifest_toml
from make_fixtures.objects import Fixture

ROOT = Path(__file__).resolve().parents[2] / "fixtures"


def all_fixtures() -> list[Fixture]:
    return [ct.series_fixture(), *ct.syntax_fixtures(), ct.truncated_fixture()]


def main() -> int:
    for fixture in all_fixtures():
        for name, content in fixture.files.items():
            path = ROOT / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        print(fixture.path, sum(map(len, fixture.files.values())))
    (ROOT / "manifest.toml").write_text(manifest_toml(all_fixtures()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
