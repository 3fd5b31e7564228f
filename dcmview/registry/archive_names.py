"""What the readers of all kinds of archives share: names, order, refusals and limits."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dcmview.model import FileEnd

MOST_MEMBERS = 1_000_000
LARGE_BYTES = 64 * 1024 * 1024
"""Above this, ratios are looked at."""
MOST_RATIO = 1000
"""Deflate itself ends at 1032, which nothing but a run of one value comes near."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file in an archive that is not read; the archive itself where ``name`` is empty."""

    name: str
    end: FileEnd
    reason: str


class Refused(Exception):
    """No more of an archive is read, for the reason in words."""


def safe_name(name: str) -> str:
    """Make of a name in an archive one that cannot lead out of it, should it be taken for a path.

    Examples
    --------
    >>> safe_name("../../etc/passwd"), safe_name("/abs//./x"), safe_name("C:\\\\scans\\\\1.dcm")
    ('__/__/etc/passwd', 'abs/x', 'C:/scans/1.dcm')
    """
    name = name.split("\0", 1)[0]
    if "\\" in name and "/" not in name:  # made on Windows
        name = name.replace("\\", "/")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    return "/".join("__" if part == ".." else part for part in parts) or "(no name)"


def walk_order(name: str) -> str:
    """Give what sorts names as the walk does: the files of a folder, then its subfolders.

    Examples
    --------
    >>> sorted(["b/1", "a", "ab/2", "ab/c/1", "ab/d", "c"], key=walk_order)
    ['a', 'c', 'ab/2', 'ab/d', 'ab/c/1', 'b/1']
    """
    folder, _, file = name.rpartition("/")
    return ("\1" + folder.replace("/", "\1") if folder else "") + "\0" + file


def name_of_its_own(shown: str, taken: dict[str, int]) -> str:
    """Give a path that no other member has: archives can hold several of one name.

    ``taken`` holds the paths that are in use and how often each was asked for.

    Examples
    --------
    >>> taken = {}
    >>> [name_of_its_own("a.zip/1.dcm", taken) for _ in range(3)]
    ['a.zip/1.dcm', 'a.zip/1-2.dcm', 'a.zip/1-3.dcm']
    """
    stem, extension = os.path.splitext(shown)
    path = shown
    while path in taken:
        taken[shown] += 1
        path = f"{stem}-{taken[shown]}{extension}"
    taken[path] = 1
    return path
