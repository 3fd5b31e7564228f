"""``docs/cli.md`` follows the tables in the code."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import dcmview
from dcmview.cli import console
from dcmview.cli.options import OPTIONS, ViewOptions
from dcmview.registry.filters import FILTER_FIELDS

DOCUMENT = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
ROWS = [line.split(" | ") for line in DOCUMENT.splitlines() if line.startswith("| `")]
SHOWN = [option for option in OPTIONS if option.panel]


@pytest.mark.parametrize("option", SHOWN, ids=lambda option: option.name)
def test_every_option_is_documented_with_its_default(option):
    flag = f"--{option.name.replace('_', '-')}"
    (row,) = (row for row in ROWS if row[0].split("`")[-2].split()[0] == flag)
    for flag in option.flags:
        assert flag in row[0]
    assert option.metavar in row[0]
    default = ViewOptions._field_defaults[option.name]
    if default not in (None, False, ()):
        assert row[1] == f"`{default}`"


def test_no_option_is_documented_that_is_not_there():
    assert len(ROWS) == len(SHOWN)


@pytest.mark.parametrize("panel", sorted({option.panel for option in SHOWN}))
def test_every_panel_is_a_table(panel):
    assert f"\n{panel}\n\n| Option |" in DOCUMENT


def test_hidden_options_stay_hidden():
    hidden = [option for option in OPTIONS if not option.panel]
    assert hidden
    for option in hidden:
        assert option.flags[0] not in DOCUMENT


def test_every_exit_code_is_documented():
    codes = {*console.EXIT_CODE_BY_CLASS.values(), console.EXIT_OK, console.EXIT_INTERRUPTED}
    for code in codes:
        assert f"\n| {code} | " in DOCUMENT


def test_every_filter_field_is_named_in_help_and_documentation():
    (option,) = (option for option in OPTIONS if option.name == "filter")
    for field in FILTER_FIELDS:
        assert field in option.help
        assert f"`{field}`" in DOCUMENT


def test_the_signature_of_view_is_documented():
    for name, parameter in inspect.signature(dcmview.view).parameters.items():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            assert f"{name}={parameter.default!r}".replace("'", '"') in DOCUMENT
