"""The files that a DICOMDIR names, found below its folder and nowhere else.

File IDs are in capitals and without version numbers, while files on a copied
medium often are neither. Nothing that a DICOMDIR says is opened as a path: its
words are looked up among the names that the folders have.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from dcmview.errors import DcmviewError
from dcmview.model import FileEnd
from dcmview.registry.archive_names import safe_name
from dcmview.registry.registry import SkippedPath

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydicom.dataset import Dataset

MOST_FILE_ID_BYTES = 4096
_VERSION = re.compile(r"(;\d+)?$")
_INACTIVE = 0x0000
_LEAVES_BY_LINK = "where a link leaves its folder"


@dataclass(frozen=True)
class DicomDir:
    """What a DICOMDIR names.

    Parameters
    ----------
    path : str
        Of the DICOMDIR.
    file_ids : tuple of str
        Referenced File IDs in the order of their records, components joined
        with a backslash.
    problem : str
        Why it, or the rest of it, could not be read; empty where nothing is wrong.
    """

    path: str
    file_ids: tuple[str, ...]
    problem: str = ""

    @cached_property
    def files(self) -> tuple[str | SkippedPath, ...]:
        """The named files in order, each once, with the reason where there is none to open."""
        folder = _Folder(os.path.dirname(os.path.abspath(self.path)))
        return tuple(folder.find(file_id) for file_id in dict.fromkeys(self.file_ids))

    @cached_property
    def missing(self) -> tuple[SkippedPath, ...]:
        """What is named and cannot be opened."""
        return tuple(file for file in self.files if isinstance(file, SkippedPath))


def read_dicomdir(path: str) -> DicomDir:
    """Read the files that a DICOMDIR names, within the budgets of a header.

    A damaged one gives what could be read, and its problem.

    References
    ----------
    DICOM PS3.3 F.3.2.2, Directory Information Module.
    """
    from dcmview.dicom.instance import open_instance
    from dcmview.dicom.recording import recorded_warnings
    from dcmview.dicom.sequences import MAX_ITEMS, sequence_items

    try:
        instance = open_instance(path)
    except DcmviewError as exc:
        return DicomDir(path, (), exc.message)
    problem = instance.header.problem
    if "DirectoryRecordSequence" not in instance.dataset:
        return DicomDir(path, (), problem or "it has no directory records")
    records = sequence_items(instance.dataset, "DirectoryRecordSequence")
    if len(records) >= MAX_ITEMS:
        problem = problem or f"only its first {MAX_ITEMS:,} records are read"
    with recorded_warnings():  # names in small letters are worth no word each
        return DicomDir(path, tuple(_file_ids(records)), problem)


def _file_ids(records: Iterable[Dataset]) -> Iterator[str]:
    from dcmview.dicom import elements

    for record in records:
        in_use, _ = elements.integer(record, "RecordInUseFlag", 0xFFFF)
        file_id = elements.text(record, "ReferencedFileID")
        if file_id and in_use != _INACTIVE:
            yield file_id


class _Folder:
    """Looks up File IDs below the folder of a DICOMDIR."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._real_root = os.path.realpath(root)
        self._listings: dict[str, _Listing] = {}

    def find(self, file_id: str) -> str | SkippedPath:
        """Give the path of a file, or why there is none."""
        parts = re.split(r"[\\/]", file_id[:MOST_FILE_ID_BYTES])
        if any(part in ("", "..") for part in parts):
            return self._skipped(file_id, "which leaves its folder")
        path = self._root
        for part in parts:
            listing = self._listing(path)
            name = listing.find(part)
            if name is None:
                what = "and not there" if listing.is_inside else _LEAVES_BY_LINK
                return self._skipped(file_id, what)
            path = os.path.join(path, name)
        if os.path.islink(path) and not self._is_inside(path):
            return self._skipped(file_id, _LEAVES_BY_LINK)
        return path

    def _listing(self, folder: str) -> _Listing:
        if folder not in self._listings:
            self._listings[folder] = _Listing(folder, is_inside=self._is_inside(folder))
        return self._listings[folder]

    def _is_inside(self, path: str) -> bool:
        real_path = os.path.realpath(path)
        return real_path == self._real_root or real_path.startswith(
            os.path.join(self._real_root, "")
        )

    def _skipped(self, file_id: str, what: str) -> SkippedPath:
        shown = os.path.join(self._root, *safe_name(file_id).split("/"))
        words = ascii(file_id[:100])[1:-1].replace("\\\\", "\\")
        reason = f"named by the DICOMDIR as {words}, {what}"
        return SkippedPath(shown, FileEnd.UNREADABLE, reason)


class _Listing:
    """The names in a folder, found also in other capitals or with a version number.

    ISO 9660 adds ``;1`` to the name of a file, and a dot where it has no extension.
    """

    def __init__(self, folder: str, *, is_inside: bool) -> None:
        self.is_inside = is_inside
        try:
            names = sorted(os.listdir(folder)) if is_inside else []
        except OSError:
            names = []
        self._exact = frozenset(names)
        self._alike: dict[str, str] = {}
        for name in names:
            self._alike.setdefault(_plain(name), name)

    def find(self, part: str) -> str | None:
        return part if part in self._exact else self._alike.get(_plain(part))


def _plain(name: str) -> str:
    return _VERSION.sub("", name).rstrip(".").casefold()
