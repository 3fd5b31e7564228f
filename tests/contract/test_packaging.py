"""Rules about pyproject.toml, the scripts and the layers."""

from __future__ import annotations

import os
import re
import subprocess
import sysconfig
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENT_LINE = re.compile(r'^  "(?P<requirement>[A-Za-z][\w.-]*[^"]*)",(?P<rest>.*)$', re.M)


def test_every_dependency_says_why_it_is_there() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    project = tomllib.loads(text)["project"]
    requirements = [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
    ]
    reasons = {
        match["requirement"]: match["rest"].partition("#")[2].strip()
        for match in REQUIREMENT_LINE.finditer(text)
    }

    assert [each for each in requirements if not reasons.get(each)] == []


def test_scripts_readme_lists_every_script() -> None:
    readme = (ROOT / "scripts/README.md").read_text()
    scripts = [
        path.name
        for path in (ROOT / "scripts").iterdir()
        if path.is_file() and not path.suffix and not path.name.startswith(".")
    ]

    assert [name for name in scripts if f"| `scripts/{name}" not in readme] == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no executable bit")
def test_scripts_can_be_run() -> None:
    scripts = [path for path in (ROOT / "scripts").iterdir() if path.is_file() and not path.suffix]

    assert [path.name for path in scripts if not os.access(path, os.X_OK)] == []


def test_import_contracts_hold() -> None:
    lint_imports = Path(sysconfig.get_path("scripts"), "lint-imports")

    linter = subprocess.run(
        [lint_imports, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert linter.returncode == 0, linter.stdout + linter.stderr
