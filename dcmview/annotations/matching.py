"""Which listed file a row of an imported table means: by SOP Instance UID, path or file name.

A name alone decides only where it leaves no doubt, on either side: with 1.dcm of
patient 7 listed alone, a table about 1.dcm of a hundred patients must not end up on it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from dcmview.annotations.imports import LeftOut

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dcmview.annotations.imports import ImportRow
    from dcmview.annotations.native import FileKey

How = Literal["path", "uid", "name"]
NAMED_IN_DOUBT = 3

_WHOLE_PATH = 1_000_000
"""Stands for more common parts than any two different paths have."""


@dataclass(slots=True)
class Matches:
    """What was found for the rows of a table."""

    found: list[tuple[ImportRow, int, How]] = field(default_factory=list)
    """Rows with the index of their file and how it was found, in the order of the table."""
    unmatched: list[LeftOut] = field(default_factory=list)


class _Hit(NamedTuple):
    file: int
    how: How
    common: int
    """How many parts of the two paths are the same, counted from the end."""


@dataclass(slots=True)
class _Claim:
    """The paths of a table that fit a file best."""

    common: int
    paths: set[str] = field(default_factory=set)
    named: list[str] = field(default_factory=list)
    """The first of them in order of the alphabet."""

    def accepts(self, hit: _Hit) -> bool:
        """Whether a row fits as well as the best, and no other path does."""
        # Two spellings of the whole path mean the same file.
        return hit.common == self.common and (hit.common == _WHOLE_PATH or len(self.paths) == 1)


def match_rows(
    rows: Iterable[ImportRow],
    files: Iterable[tuple[int, FileKey]],
    folders: Sequence[str] = (),
) -> Matches:
    """Find the file of each row.

    Parameters
    ----------
    rows : iterable of ImportRow
        All rows of one table.
    files : iterable of (int, FileKey)
        The listed files; of two with one path the later one counts.
    folders : sequence of str
        Where a relative path may begin, beside the current folder.
    """
    finder = _Finder(files)
    hits = [(row, finder.find(row, folders)) for row in rows]
    claims = _claims(hits)
    matches = Matches()
    for row, hit in hits:
        if isinstance(hit, str):
            matches.unmatched.append(LeftOut(row.place, hit))
        elif hit.how != "uid" and not claims[hit.file].accepts(hit):
            others = [path for path in claims[hit.file].named if path != row.path]
            reason = (
                f"matches no listed file: {row.path}; the one of that name is "
                f"claimed by {', '.join(others[:NAMED_IN_DOUBT])}, too"
            )
            matches.unmatched.append(LeftOut(row.place, reason))
        else:
            matches.found.append((row, hit.file, hit.how))
    return matches


def normalise_path(path: str) -> str:
    """Make one spelling of a path: absolute, without ``.``, ``..`` and doubled separators."""
    return os.path.normcase(os.path.abspath(path))


def spellings(path: str, folders: Sequence[str]) -> tuple[str, ...]:
    """Give what a path may mean, from the current folder and from others."""
    places = ("", *folders)
    return tuple(dict.fromkeys(normalise_path(os.path.join(place, path)) for place in places))


class _Finder:
    """Listed files by what a table may call them."""

    def __init__(self, files: Iterable[tuple[int, FileKey]]) -> None:
        self._by_path: dict[str, int] = {}
        self._paths: dict[int, str] = {}
        self._ends: dict[int, dict[tuple[str, ...], list[int]]] = {}
        by_uid: dict[str, list[int]] = {}
        for index, key in files:
            path = normalise_path(key.path)
            replaced = self._by_path.get(path)
            if replaced is not None:
                del self._paths[replaced]
            self._by_path[path] = index
            self._paths[index] = path
            by_uid.setdefault(key.sop_instance_uid, []).append(index)
        self._by_uid = {
            uid: [index for index in indices if index in self._paths]
            for uid, indices in by_uid.items()
            if uid
        }
        self._by_name: dict[str, list[int]] = {}
        self._by_stem: dict[str, list[int]] = {}
        for index, path in self._paths.items():
            name = os.path.basename(path)
            self._by_name.setdefault(name, []).append(index)
            self._by_stem.setdefault(os.path.splitext(name)[0], []).append(index)

    def find(self, row: ImportRow, folders: Sequence[str]) -> _Hit | str:
        """Give the file of a row, or why there is none."""
        uid = row.sop_instance_uid
        if uid:
            same = self._by_uid.get(uid)
            if not same:
                named = f" ({row.path})" if row.path else ""
                return f"matches no listed file: SOP Instance UID {uid}{named}"
            if len(same) == 1:
                return _Hit(same[0], "uid", _WHOLE_PATH)
            return self._one_of(same, row.path, folders, f"SOP Instance UID {uid}", "uid")
        if not row.path:
            return "names no file"
        candidates = self._by_name.get(_parts(row.path)[-1], [])
        if not candidates:
            exact = self._exact(row.path, folders, self._paths)
            if exact is not None:
                return _Hit(exact, "path", _WHOLE_PATH)
            return self._by_picture_name(row.path, folders)
        return self._one_of(candidates, row.path, folders, row.path, "name")

    def _by_picture_name(self, path: str, folders: Sequence[str]) -> _Hit | str:
        """Find what a picture was made of: such are named by UID or like the file."""
        *folder, name = _parts(path)
        stem = os.path.splitext(name)[0]
        named_by = self._by_uid.get(stem, [])
        if len(named_by) == 1:
            return _Hit(named_by[0], "uid", _WHOLE_PATH)
        candidates = self._by_name.get(stem) or self._by_stem.get(stem, [])
        if not candidates:
            return f"matches no listed file: {path}"
        names = {os.path.basename(self._paths[index]) for index in candidates}
        like_file = "/".join((*folder, names.pop() if len(names) == 1 else name))
        return self._one_of(candidates, like_file, folders, path, "name")

    def _one_of(
        self, candidates: list[int], path: str, folders: Sequence[str], what: str, how: How
    ) -> _Hit | str:
        among = self._paths if how == "name" else candidates
        exact = self._exact(path, folders, among) if path else None
        if exact is not None:
            return _Hit(exact, "uid" if how == "uid" else "path", _WHOLE_PATH)
        wanted = _parts(path)
        ends = self._ends_of(candidates)
        nearest, common = candidates, 0
        while common < len(wanted) and (ending := tuple(wanted[-common - 1 :])) in ends:
            nearest, common = ends[ending], common + 1
        if len(nearest) > 1:
            some = ", ".join(self._paths[index] for index in nearest[:NAMED_IN_DOUBT])
            more = ", …" if len(nearest) > NAMED_IN_DOUBT else ""
            return f"could mean {len(nearest)} listed files: {what}: {some}{more}"
        is_whole = common == len(wanted) > 1
        return _Hit(nearest[0], "path" if is_whole and how == "name" else how, common)

    def _ends_of(self, candidates: list[int]) -> dict[tuple[str, ...], list[int]]:
        """Give files by every end of their paths: a folder may hold thousands of 000001.dcm."""
        ends = self._ends.get(id(candidates), {})
        if not ends:
            for index in candidates:
                parts = _parts(self._paths[index])
                for start in range(len(parts)):
                    ends.setdefault(tuple(parts[start:]), []).append(index)
            self._ends[id(candidates)] = ends
        return ends

    def _exact(self, path: str, folders: Sequence[str], among: Iterable[int]) -> int | None:
        for spelling in spellings(path, folders):
            index = self._by_path.get(spelling)
            if index is not None and index in among:
                return index
        return None


def _claims(hits: Iterable[tuple[ImportRow, _Hit | str]]) -> dict[int, _Claim]:
    claims: dict[int, _Claim] = {}
    for row, hit in hits:
        if isinstance(hit, str) or hit.how == "uid":
            continue
        claim = claims.get(hit.file)
        if claim is None or hit.common > claim.common:
            claim = claims[hit.file] = _Claim(hit.common)
        if hit.common == claim.common:
            claim.paths.add(row.path)
    for claim in claims.values():
        claim.named = sorted(claim.paths)[: NAMED_IN_DOUBT + 1]
    return claims


def _parts(path: str) -> list[str]:
    """Split a path; tables made on Windows have backslashes."""
    if "/" not in path:
        path = path.replace("\\", "/")
    return [part for part in os.path.normcase(path).replace(os.sep, "/").split("/") if part] or [""]
