"""``docs/cli.md`` follows the tables in the code."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from pathlib import Path

import pytest

import dcmview
from dcmview.__main__ import run
from dcmview.cli import console
from dcmview.cli.bulk_options import BULK_OPTIONS
from dcmview.cli.commands import COMMAND_NAMES, find_command
from dcmview.cli.options import OPTIONS
from dcmview.registry.filters import FILTER_FIELDS

DOCUMENT = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
COMMANDS = [find_command(name) for name in COMMAND_NAMES]


def section(name):
    """The tables of a command in the document, or of all commands over many files."""
    after = DOCUMENT.split(f"<!-- options of {name} -->\n")[1]
    return after.split("<!-- end of options -->")[0]


def sections(command):
    is_bulk = set(BULK_OPTIONS) <= set(command.options)
    return section(command.name) + (section("all commands") if is_bulk else "")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_option_is_documented_with_its_default(command):
    defaults = command.options_type()
    lines = sections(command).splitlines()
    rows = [line.split(" | ") for line in lines if line.startswith("| `")]
    shown = [option for option in command.options if option.panel]
    assert len(rows) == len(shown)
    for option in shown:
        (row,) = (row for row in rows if row[0].split("`")[-2].split()[0] in option.flags)
        for flag in option.flags:
            assert f"`{flag}" in row[0]
        assert option.metavar in row[0]
        default = getattr(defaults, option.name)
        if default not in (None, ()) and default is not False and default != "":
            assert row[1] == f"`{default}`"
        assert f"\n{option.panel}\n\n| Option |" in f"\n{sections(command)}"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_help_shows_every_default_that_is_a_number(command, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert run([command.name, "--help"]) == 0
    shown = Counter(re.findall(r"\[default: (\d+)\]", capsys.readouterr().out))
    defaults = command.options_type()
    values = [getattr(defaults, option.name) for option in command.options if option.panel]
    numbers = [value for value in values if type(value) is int]
    assert 0 in numbers
    assert shown == Counter(map(str, numbers))


def test_hidden_options_stay_hidden():
    hidden = [option for command in COMMANDS for option in command.options if not option.panel]
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
        assert field in DOCUMENT


def test_the_signature_of_view_is_documented():
    for name, parameter in inspect.signature(dcmview.view).parameters.items():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            assert f"{name}={parameter.default!r}".replace("'", '"') in DOCUMENT
