"""Where the output for a file goes: decided in one process, so that no two get one name."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from enum import StrEnum
from typing import TYPE_CHECKING

from dcmview.bulk.files import check_name, stamps_of
from dcmview.dicom.uids import is_uid
from dcmview.errors import OutputExists, UsageError
from dcmview.registry.real_paths import RealPaths

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dcmview.registry.registry import Entry

HASH_MARK = "{sha256}"
"""Stands in a planned name for the hash of the content, which the worker puts there."""

_REFUSED = '<>:"|?*' if os.name == "nt" else ""
"""What names cannot hold. On Windows a letter and a colon would lead to another drive."""
_LONGEST_NAME_BYTES = 240  # of 255 that file systems take, with room for a number


class NameStyle(StrEnum):
    """What outputs are called by."""

    UID = "uid"  # SOP Instance UID
    PATH = "path"  # the path below the folder that was given
    HASH = "hash"  # SHA-256 of the file's bytes


class Naming:
    """Names for outputs in one folder.

    Parameters
    ----------
    folder : str
        Where outputs go.
    style : NameStyle
        What they are called by.
    extension : str
        With its dot; empty keeps that of the file (`path`), or gives ``.dcm``.
    roots : iterable of str
        The paths that the user gave: those below a folder, in an archive and of a
        DICOMDIR are mirrored.
    suffix : str
        Put between name and extension.
    """

    def __init__(
        self,
        folder: str,
        style: NameStyle,
        extension: str,
        roots: Iterable[str] = (),
        suffix: str = "",
    ) -> None:
        self._folder = os.path.abspath(folder)
        self._style = style
        self._extension = extension
        self._suffix = suffix
        self._roots = {_folder_of(root) for root in roots}  # a file is one where it is an archive
        self._taken: set[str] = set()
        self._numbers: dict[tuple[str, str], int] = {}
        self._planned: dict[str, str] = {}

    def plan(self, entry: Entry) -> str:
        """Give the path for a file: another one for each file, the same if one comes again."""
        path = self._planned.get(entry.path)
        if path is None:
            path = self._planned[entry.path] = self._name(entry)
        return path

    def _name(self, entry: Entry) -> str:
        if self._style is NameStyle.HASH:
            return self._join(HASH_MARK, self._extension or ".dcm")
        if self._style is NameStyle.UID:
            uid = entry.header.sop_instance_uid
            stem = uid if is_uid(uid) else _hashed_path(entry.path)
            return self._unique(stem, self._extension or ".dcm")
        stem, extension = os.path.splitext(self._relative(entry.path))
        if not self._extension:
            return self._unique(stem, extension)
        is_usual = extension.lower() in (".dcm", ".dicom", ".ima", ".dic")
        return self._unique(stem if is_usual else stem + extension, self._extension)

    def _relative(self, path: str) -> str:
        parts = [os.path.basename(path)]
        folder, inner = os.path.dirname(path), path
        while folder != inner:  # upwards: of roots in each other it is the innermost
            if folder in self._roots:
                parts = os.path.relpath(path, folder).split(os.sep)
                break
            folder, inner = os.path.dirname(folder), folder
        return os.path.join(*map(_usable, parts))

    def _unique(self, stem: str, extension: str) -> str:
        while True:
            # Counted on from the last of the name: a hundred thousand may be called IM.dcm.
            number = self._numbers[stem, extension] = self._numbers.get((stem, extension), 0) + 1
            tail = "" if number == 1 else f"-{number}"
            path = self._join(stem + tail, extension)
            # File systems that do not tell case apart, or ways to write an accent, must lose none.
            alike = unicodedata.normalize("NFC", path.casefold())
            if alike not in self._taken:
                self._taken.add(alike)
                return path

    def _join(self, stem: str, extension: str) -> str:
        return os.path.join(self._folder, f"{stem}{self._suffix}{extension}")


def check_output_folder(folder: str, paths: Iterable[str], *, overwrite: bool = False) -> None:
    """Refuse a folder that cannot be one, or in which outputs would be among the inputs.

    Raises
    ------
    UsageError
        If it has no name or lies below a file; if it is one of the folders that are read or
        lies in one; if it holds one of the files that are read, and files are replaced.
    """
    if not folder:
        raise UsageError("the output folder has no name")  # of the current one it is a dot
    there = os.path.abspath(folder)
    while not os.path.lexists(there) and there != os.path.dirname(there):
        there = os.path.dirname(there)
    if not os.path.isdir(there):
        raise UsageError(f"the output folder {folder} cannot be made: {there} is no folder")
    target, real_paths = os.path.realpath(folder), RealPaths()
    for path in paths:
        real = real_paths.of(path)
        if os.path.isdir(real):
            if _is_below(target, real):
                raise UsageError(f"the output folder {folder} lies in {path}, which is read")
        elif overwrite and _is_below(real, target):
            raise UsageError(f"the output folder {folder} holds {path}, which is read")


def check_output_file(path: str, paths: Iterable[str]) -> None:
    """Refuse a file that cannot be one or is one of those that are read, before the work.

    Raises
    ------
    UsageError
        If so.
    """
    try:
        check_name(path, stamps_of(paths), may_be_there=True)
    except OutputExists as exc:
        raise UsageError(exc.message) from exc


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _folder_of(root: str) -> str:
    """Below what the files lie that a path stands for."""
    root = os.path.abspath(root)
    is_directory = os.path.basename(root).upper() == "DICOMDIR" and os.path.isfile(root)
    return os.path.dirname(root) if is_directory else root


def _hashed_path(path: str) -> str:
    return "file-" + hashlib.sha256(os.fsencode(path)).hexdigest()[:20]


def _usable(part: str) -> str:
    """A part of a path that the file system takes; archives can hold any."""
    if part in ("", ".", ".."):
        return "_"
    part = part.translate(dict.fromkeys(map(ord, _REFUSED), "_"))
    if len(os.fsencode(part)) > _LONGEST_NAME_BYTES:
        stem, extension = os.path.splitext(part)
        return _hashed_path(stem) + extension[:16]
    return part
