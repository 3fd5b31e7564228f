"""Rules about pyproject.toml, the scripts and the layers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path

import frontend_build
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


def build(target: str, folder: Path) -> Path:
    """Build a wheel or an sdist of this checkout, whose page has to be fresh."""
    if not frontend_build.is_fresh(ROOT):
        pytest.skip("the page is stale: run scripts/frontend")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = folder.iterdir()
    return built


def test_wheel_carries_the_page_and_the_package_alone(tmp_path: Path) -> None:
    with zipfile.ZipFile(build("wheel", tmp_path)) as wheel:
        names = wheel.namelist()

    assert {"dcmview/static/index.html", "dcmview/py.typed"} <= set(names)
    assert any(name.startswith("dcmview/static/assets/") for name in names)
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"dcmview"}


def test_sdist_carries_the_page_and_its_sources_without_npm_packages(tmp_path: Path) -> None:
    with tarfile.open(build("sdist", tmp_path)) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}

    assert {
        "dcmview/static/index.html",
        f"dcmview/static/{frontend_build.STAMP}",
        "frontend/package-lock.json",
        "hatch_build.py",
        "scripts/frontend_build.py",
        "LICENSE",
    } <= names
    assert not any("node_modules" in name or name.startswith(".venv") for name in names)
