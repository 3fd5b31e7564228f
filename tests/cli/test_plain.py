"""The plain parser and typer read a command line alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmview.cli import main as typer_side
from dcmview.cli import view as view_module
from dcmview.cli.options import OPTIONS, ViewOptions
from dcmview.cli.plain import parse_plain
from dcmview.errors import UsageError


def parse_with_typer(arguments):
    """Give the options that typer hands to the viewer, or None if it does not start it."""
    handed = []

    def note(options):
        handed.append(options)
        return 0

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(view_module, "view", note)
        try:
            typer_side.run_command(arguments)
        except UsageError:
            return None
    return handed[0] if handed else None


def words():
    """Arguments as people and scripts write them, with mistakes among them."""
    flags = st.sampled_from([flag for option in OPTIONS for flag in option.flags])
    odd = st.sampled_from(["--", "-", "view", "-p8", "-p=8", "--por", "--no-browser=1", "-x", ""])
    value = st.sampled_from(["0", "8888", "1.5", "nan", "1e3", "-1", " 7", "1_0", "a=b", "a b"])
    attached = st.builds("{}={}".format, flags, value)
    return st.lists(st.one_of(flags, value, attached, odd), max_size=6)


@given(words())
def test_whatever_is_parsed_plainly_typer_parses_alike(arguments):
    plain = parse_plain(arguments)
    if plain is not None:
        # repr, for nan is unequal to itself
        assert repr(plain) == repr(parse_with_typer(arguments))


def test_every_option_is_parsed_plainly():
    arguments = []
    for option in OPTIONS:
        value = {bool: [], int: ["7"], float: ["2.5"], str: ["x=y"]}[option.type]
        arguments += [option.flags[0], *value]
    plain = parse_plain([*arguments, "study", "more"])
    assert plain is not None
    assert plain == parse_with_typer([*arguments, "study", "more"])
    assert plain.paths == ("study", "more")
    assert plain.filter == ("x=y",)


def test_the_table_names_every_field_once():
    assert ("paths", *sorted(option.name for option in OPTIONS)) == (
        "paths",
        *sorted(set(ViewOptions._fields) - {"paths"}),
    )


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--help"],
        ["study", "--version"],
        ["view", "study"],
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
    assert parse_plain(["./view"]).paths == ("./view",)
    assert parse_plain(["--", "view"]).paths == ("view",)
    assert parse_plain(["--no-browser", "view"]).paths == ("view",)


def test_the_viewer_has_a_name_too():
    assert parse_with_typer(["view", "study", "-p", "1"]) == ViewOptions(paths=("study",), port=1)


def test_an_option_after_the_paths_counts():
    assert parse_plain(["study", "-p", "8888"]).port == 8888


def test_typers_errors_are_one_line_and_name_the_option():
    with pytest.raises(UsageError, match="'--port'") as caught:
        typer_side.run_command(["--port", "many", "study"])
    assert "\n" not in caught.value.message
