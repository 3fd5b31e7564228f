"""What the documents point at is there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)\s#]+)")


def documents() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    # Without git, in an sdist say, those at the top.
    return listed.stdout.split() or [path.name for path in ROOT.glob("*.md")]


@pytest.mark.parametrize("document", documents())
def test_links_of_a_document_lead_to_files(document: str) -> None:
    path = ROOT / document
    links = LINK.findall(path.read_text())

    assert [link for link in links if not (path.parent / link).exists()] == []
