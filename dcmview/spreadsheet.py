"""Cells of tables that a spreadsheet opens without carrying anything out."""

from __future__ import annotations

import re

# Where a cell begins like this, spreadsheets take it for a formula, in quotes or not.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def guarded(cell: str) -> str:
    """Put an apostrophe before what a spreadsheet would carry out; numbers stay as they are.

    Examples
    --------
    >>> guarded("=1+1"), guarded("-1.5\\\\2"), guarded("-1+1")
    ("'=1+1", '-1.5\\\\2', "'-1+1")
    """
    if not cell.startswith(FORMULA_STARTS):
        return cell
    if all(_NUMBER.fullmatch(part) for part in cell.split("\\")):
        return cell
    return f"'{cell}"


def escaped(cell: str) -> str:
    """Guard a cell so that `unescaped` gives back what it was.

    Examples
    --------
    >>> escaped("=1+1"), escaped("'quoted"), escaped("-1.5")
    ("'=1+1", "''quoted", '-1.5')
    """
    return f"'{cell}" if cell.startswith("'") else guarded(cell)


def unescaped(cell: str) -> str:
    """Give back what `escaped` was given."""
    return cell.removeprefix("'")


def unguarded(cell: str) -> str:
    """Take off the apostrophe of `guarded`, and no other one.

    Examples
    --------
    >>> unguarded("'=1+1"), unguarded("'quoted"), unguarded("'-1")
    ('=1+1', "'quoted", "'-1")
    """
    bare = cell.removeprefix("'")
    return bare if guarded(bare) == cell else cell
