"""The plain parser and typer read a command line alike."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmview.cli import main as typer_side
from dcmview.cli.commands import COMMAND_NAMES, find_command
from dcmview.cli.plain import parse_plain
from dcmview.errors import UsageError

COMMANDS = [find_command(name) for name in COMMAND_NAMES]


def parse_with_typer(arguments):
    """Give the command and options that typer would run, or None if it runs none."""
    handed = []

    def note(command, options):
        handed.append((command, options))
        return 0

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer_side, "run_parsed", note)
        try:
            typer_side.run_command(arguments)
        except UsageError:
            return None
    return handed[0] if handed else None


@st.composite
def command_lines(draw):
    """Arguments as people and scripts write them, with mistakes among them."""
    command = draw(st.sampled_from(COMMANDS))
    flags = st.sampled_from([flag for option in command.options for flag in option.flags])
    odd = st.sampled_from(["--", "-", "view", "-p8", "-p=8", "--por", "--no-browser=1", "-x", ""])
    value = st.sampled_from(["0", "8888", "1.5", "nan", "1e3", "-1", "-6,5", " 7", "1_0", "a=b"])
    attached = st.builds("{}={}".format, flags, value)
    words = draw(st.lists(st.one_of(flags, value, attached, odd), max_size=6))
    return words if command.name == "view" and draw(st.booleans()) else [command.name, *words]


@given(command_lines())
def test_whatever_is_parsed_plainly_typer_parses_alike(arguments):
    plain = parse_plain(arguments)
    if plain is not None:
        # repr, for nan is unequal to itself
        assert repr(tuple(plain)) == repr(parse_with_typer(arguments))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_option_is_parsed_plainly(command):
    arguments = [command.name]
    for option in command.options:
        value = {bool: [], int: ["7"], float: ["2.5"], str: ["x=y"]}[option.type]
        arguments += [option.flags[0], *value]
    plain = parse_plain([*arguments, "study", "more"])
    assert plain is not None
    assert tuple(plain) == parse_with_typer([*arguments, "study", "more"])
    assert plain.options.paths == ("study", "more")
    assert plain.options.filter == ("x=y",)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_table_names_every_field_once(command):
    options = command.options_type()
    fields = getattr(options, "_fields", None) or [
        field.name for field in dataclasses.fields(options)
    ]
    assert sorted(option.name for option in command.options) == sorted(set(fields) - {"paths"})


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_flag_belongs_to_one_option(command):
    flags = [flag for option in command.options for flag in option.flags]
    assert len(flags) == len(set(flags))


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--help"],
        ["study", "--version"],
        ["--no-browser"],  # no path
        ["--port", "many", "study"],
        ["--port"],
        ["-p8888", "study"],
        ["--prot", "1", "study"],
        ["--host", "--port", "study"],
    ],
)
def test_what_is_not_plain_is_left_to_typer(arguments):
    assert parse_plain(arguments) is None


def test_a_folder_that_is_called_like_a_command_is_reachable():
    assert parse_plain(["./view"]).options.paths == ("./view",)
    assert parse_plain(["--", "view"]).options.paths == ("view",)
    assert parse_plain(["--no-browser", "view"]).options.paths == ("view",)


def test_the_viewer_has_a_name_too():
    plain = parse_plain(["view", "study", "-p", "1"])
    assert plain == parse_plain(["study", "-p", "1"])
    assert parse_with_typer(["view", "study", "-p", "1"]) == tuple(plain)


def test_an_option_after_the_paths_counts():
    assert parse_plain(["study", "-p", "8888"]).options.port == 8888


def test_typers_errors_are_one_line_and_name_the_option():
    with pytest.raises(UsageError, match="'--port'") as caught:
        typer_side.run_command(["--port", "many", "study"])
    assert "\n" not in caught.value.message
