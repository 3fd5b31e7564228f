"""The public surface, and what importing it costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import dcmview
from dcmview import errors

HEAVY = {"asyncio", "dataclasses", "numpy", "pydicom", "starlette", "typer", "uvicorn"}
PRINT_MODULES = "import sys; print(*sys.modules)"


def modules_after(statement):
    program = f"{statement}\n{PRINT_MODULES}"
    ended = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True
    )
    return set(ended.stdout.split())


@pytest.mark.parametrize("name", dcmview.__all__)
def test_every_public_name_is_there(name):
    assert getattr(dcmview, name)
    assert name in dir(dcmview)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'open'"):
        _ = dcmview.open


def test_the_errors_are_those_of_the_core():
    assert dcmview.StartError is errors.StartError


def test_importing_the_package_imports_nothing_else():
    before = modules_after("import __future__, typing")
    assert modules_after("import dcmview") - before == {"dcmview"}


@pytest.mark.parametrize("module", ["dcmview.__main__", "dcmview.cli.view"])
def test_nothing_heavy_is_imported_before_the_port_opens(module):
    assert not modules_after(f"import {module}") & HEAVY


def test_view_imports_nothing_heavy_into_the_caller():
    assert not modules_after("from dcmview import view") & (HEAVY - {"dataclasses"})


def test_neither_numpy_nor_pydicom_is_imported_before_the_page_is_served():
    assert not modules_after("import dcmview.cli.session") & {"numpy", "pydicom", "PIL"}
