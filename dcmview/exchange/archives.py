"""ROIs from zip archives of other files, as exports of DICOM objects are."""

from __future__ import annotations

import io
import os
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

from dcmview.annotations.imports import LeftOut
from dcmview.errors import InvalidAnnotation
from dcmview.exchange.zipped import UNREADABLE_ZIP

if TYPE_CHECKING:
    from collections.abc import Callable

    from dcmview.annotations.imports import ImportRow

MOST_MEMBERS = 10_000
MOST_BYTES = 64 * 1024 * 1024
"""Of one file in it, as much as of a file that comes alone."""
MOST_BYTES_TOGETHER = 1 << 30
"""A small archive can claim any size."""


def member_names(data: bytes) -> tuple[str, ...]:
    """Name the files in a zip archive; none where it is no archive."""
    if not data.startswith(b"PK"):
        return ()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return tuple(archive.namelist())
    except UNREADABLE_ZIP:
        return ()


def is_litter(name: str) -> bool:
    """Whether a name is a folder, or what an archiver leaves behind."""
    return (
        name.endswith("/") or os.path.basename(name).startswith(".") or name.startswith("__MACOSX")
    )


def read_archive(
    data: bytes,
    read: Callable[[bytes, str], tuple[tuple[ImportRow, ...], tuple[LeftOut, ...]]],
) -> tuple[tuple[ImportRow, ...], tuple[LeftOut, ...]]:
    """Read every file of an archive; what cannot be read is left out with the reason.

    Parameters
    ----------
    data : bytes
        The archive.
    read : callable
        Reads the content of one file, given with its name; raises ``InvalidAnnotation``.

    Raises
    ------
    InvalidAnnotation
        If the archive is damaged, or claims to hold far too much.
    """
    rows: list[ImportRow] = []
    left_out: list[LeftOut] = []
    with _opened(data) as archive:
        members = [each for each in archive.infolist() if not is_litter(each.filename)]
        if len(members) > MOST_MEMBERS or (
            sum(each.file_size for each in members) > MOST_BYTES_TOGETHER
        ):
            raise InvalidAnnotation(
                f"the archive holds more than {MOST_MEMBERS:,} files or "
                f"{MOST_BYTES_TOGETHER >> 30} GiB"
            )
        for member in members:
            name = member.filename
            try:
                found, others = read(_content(archive, member), name)
            except InvalidAnnotation as exc:
                left_out.append(LeftOut(name, exc.message))
                continue
            rows.extend(replace(row, place=f"{name}, {row.place}") for row in found)
            left_out.extend(LeftOut(f"{name}, {place}", why) for place, why in others)
    return tuple(rows), tuple(left_out)


def _opened(data: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except UNREADABLE_ZIP as exc:
        raise InvalidAnnotation(f"the archive cannot be read: {exc}") from exc


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(member) as file:
            content = file.read(MOST_BYTES + 1)
    except UNREADABLE_ZIP as exc:
        raise InvalidAnnotation(f"cannot be read: {exc}") from exc
    if len(content) > MOST_BYTES:
        raise InvalidAnnotation(f"is larger than {MOST_BYTES >> 20} MiB")
    return content
