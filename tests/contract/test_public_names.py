"""What scripts may rely on: public names, error codes, statuses and exit codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dcmview
from dcmview import errors
from dcmview.cli.console import exit_code
from dcmview.errors import DcmviewError
from dcmview.web.errors import STATUS_BY_CLASS, error_status

ROOT = Path(__file__).resolve().parents[2]

PUBLIC_NAMES = {
    "DcmviewError",
    "NothingToShow",
    "Rendering",
    "StartError",
    "UsageError",
    "Viewer",
    "__version__",
    "overlay",
    "render",
    "thumbnail",
    "transcode",
    "view",
}
"""Changes only together with a line in CHANGELOG.md."""

NEVER_SENT = {errors.UsageError, errors.StartError, errors.NothingToShow}
"""Raised where no request is being answered."""

EXIT_CODES = {
    errors.NothingToShow: 1,
    errors.UsageError: 2,
    errors.NotInstalled: 3,
    errors.RequestError: 2,
    errors.StartError: 3,
    errors.NotFound: 4,
    errors.InstanceError: 4,
}


def error_classes(base: type[DcmviewError] = DcmviewError) -> list[type[DcmviewError]]:
    """All classes below ``base``, which is left out."""
    below = [each for child in base.__subclasses__() for each in (child, *error_classes(child))]
    return [each for each in below if each.__module__ == errors.__name__]


def test_public_names_are_the_stored_list() -> None:
    assert set(dcmview.__all__) == PUBLIC_NAMES


def test_every_public_name_can_be_had() -> None:
    assert [name for name in PUBLIC_NAMES if not hasattr(dcmview, name)] == []


def test_importing_dcmview_imports_nothing_heavy() -> None:
    program = "import sys, dcmview; print(*(name.partition('.')[0] for name in sys.modules))"

    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()

    heavy = {"numpy", "pydicom", "PIL", "imagecodecs", "starlette", "uvicorn", "typer", "asyncio"}
    assert heavy & set(loaded) == set()


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [each.code for each in (DcmviewError, *error_classes())]

    assert sorted(codes) == sorted(set(codes))


def test_every_error_code_is_documented() -> None:
    documents = "".join(path.read_text() for path in (ROOT / "docs").glob("*.md"))

    undocumented = [each.code for each in error_classes() if f"`{each.code}`" not in documents]

    assert undocumented == []


def test_every_error_that_is_sent_has_a_status_of_its_kind() -> None:
    fallback = STATUS_BY_CLASS[DcmviewError]
    without = [
        each.__name__
        for each in error_classes()
        if not NEVER_SENT & set(each.__mro__) and error_status(each("")) == fallback
    ]

    assert without == []


def test_exit_codes_are_those_of_the_contract() -> None:
    for base, expected in EXIT_CODES.items():
        for each in (base, *error_classes(base)):
            assert exit_code(each("")) == expected, each.__name__
