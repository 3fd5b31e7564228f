"""Keep docs/standard.md in step with the DICOM PS3 clauses that the code cites.

Clauses and places come from the code; what we take from a clause is written by
hand in the table and kept. With --check nothing is written, and the exit code
says whether the table is complete.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs/standard.md"
SOURCES = {"dcmview": (".py",), "frontend/src": (".ts", ".svelte", ".glsl")}

SECTION = r"(?:TID\s\d+|Annex\s[A-Z]|[A-Z](?:\.\d+)+|\d+(?:\.\d+)+)"
CITATION = re.compile(rf"PS3\.(\d+)\s({SECTION}(?:(?:,|\sand|,\sand)\s{SECTION})*)")
COMMENT_BREAK = re.compile(r"\s*\n\s*(?:#|//|\*)?\s*")
ROW = re.compile(r"\| (PS3\.\d+ [^|]+?) \| ([^|]*?) ?\|")

HEAD = """\
# The DICOM Standard, clause by clause

Which clauses the code implements or leans on, and where. `scripts/standard` finds the clauses
and the places in the code; what we take from a clause is written by hand here. A clause is named
by part and section, without an edition: sections keep their numbers.

| Clause | What we take from it | Where |
|---|---|---|
"""


def main(arguments: list[str]) -> int:
    """Write or check the table; the return value is the exit code."""
    places = cited_clauses(ROOT)
    written = TARGET.read_text() if TARGET.exists() else ""
    meanings = dict(ROW.findall(written))
    text = HEAD + "".join(
        f"| {clause} | {meanings.get(clause, '')} | `{'`, `'.join(places[clause])}` |\n"
        for clause in sorted(places, key=natural_order)
    )
    if arguments != ["--check"]:
        TARGET.write_text(text)
    elif text != written:
        print("docs/standard.md is stale; run scripts/standard", file=sys.stderr)
        return 1
    empty = [clause for clause in places if not meanings.get(clause)]
    if empty:
        print(f"docs/standard.md: say what we take from {', '.join(empty)}", file=sys.stderr)
    return 1 if empty else 0


def cited_clauses(root: Path) -> dict[str, list[str]]:
    """Map each cited clause to the files that cite it, by path below ``root``."""
    places: dict[str, list[str]] = defaultdict(list)
    for folder, suffixes in SOURCES.items():
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in suffixes:
                for clause in sorted(clauses_in(path.read_text(encoding="utf-8"))):
                    places[clause].append(path.relative_to(root).as_posix())
    return dict(places)


def clauses_in(text: str) -> set[str]:
    """Find the clauses cited in a source text, each written ``PS3.<part> <section>``."""
    return {
        f"PS3.{part} {section}"
        for part, sections in CITATION.findall(COMMENT_BREAK.sub(" ", text))
        for section in re.findall(SECTION, sections)
    }


def natural_order(clause: str) -> list[tuple[int, str]]:
    """Sort key that puts C.7 before C.11."""
    return [
        (int(word), "") if word.isdigit() else (0, word) for word in re.findall(r"\d+|\D+", clause)
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
