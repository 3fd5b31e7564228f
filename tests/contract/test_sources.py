"""Rules about the text of the project's own files."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import standard_clauses

ROOT = Path(__file__).resolve().parents[2]
BINARY_SUFFIXES = {".png", ".dcm", ".jpg", ".webp", ".ico", ".woff2"}

MACHINE_PATH = re.compile(r"(?<![\w.)}$>/-])/(?:root|work|home/\w+|Users/\w+)/\w")
REGISTRY_HOST = re.compile(
    r"registry\.(?:npmjs|yarnpkg)\.|files\.pythonhosted\.|pypi\.org/simple|deb\.debian\."
)
ROOT_RELATIVE_API = re.compile(r"""["'`(]/api\b""")


def tracked_text_files() -> dict[str, str]:
    """Text of each file that git tracks, by its path below the root."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listing.returncode != 0:
        pytest.skip("not a git checkout: nothing says which files are the project's own")
    paths = [ROOT / name for name in listing.stdout.split("\0") if name]
    texts = {}
    for path in paths:
        if path.suffix in BINARY_SUFFIXES or path == Path(__file__) or not path.is_file():
            continue
        content = path.read_bytes()
        if b"\0" not in content:
            texts[path.relative_to(ROOT).as_posix()] = content.decode()
    return texts


@pytest.mark.parametrize("pattern", [MACHINE_PATH, REGISTRY_HOST], ids=["path", "host"])
def test_no_file_names_a_machine_or_a_registry(pattern: re.Pattern[str]) -> None:
    found = [
        f"{name}: {match[0]}"
        for name, text in tracked_text_files().items()
        for match in pattern.finditer(text)
    ]

    assert found == []


def test_page_never_asks_for_an_api_path_from_the_root() -> None:
    sources = [
        path
        for path in (ROOT / "frontend/src").rglob("*")
        if path.suffix in {".ts", ".svelte"} and ".test." not in path.name
    ]

    assert [
        path.relative_to(ROOT).as_posix()
        for path in sources
        if ROOT_RELATIVE_API.search(path.read_text())
    ] == []
    assert sources


def test_every_cited_clause_is_explained_in_the_documents() -> None:
    written = (ROOT / "docs/standard.md").read_text()
    explained = {clause for clause, meaning in standard_clauses.ROW.findall(written) if meaning}
    cited = set(standard_clauses.cited_clauses(ROOT))

    assert cited - explained == set()
    assert explained - cited == set()


@pytest.mark.parametrize(
    ("source", "clauses"),
    [
        ("(DICOM PS3.3 C.7.6.3.1.2).", {"PS3.3 C.7.6.3.1.2"}),
        ("PS3.5 Annex G, and later", {"PS3.5 Annex G"}),
        ("PS3.3 C.11.1, C.11.2 and C.7.6.3.", {"PS3.3 C.11.1", "PS3.3 C.11.2", "PS3.3 C.7.6.3"}),
        ("# broken as in PS3.3\n    # C.10.5, so", {"PS3.3 C.10.5"}),
        ("PS3.5 A frame of it", set()),
    ],
)
def test_clauses_are_found_as_they_are_written(source: str, clauses: set[str]) -> None:
    assert standard_clauses.clauses_in(source) == clauses


def test_typescript_types_of_the_api_are_fresh() -> None:
    check = subprocess.run(
        [sys.executable, "scripts/api_types.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert check.returncode == 0, check.stderr
