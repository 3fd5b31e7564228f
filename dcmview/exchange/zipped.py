"""A zip archive as it goes out: no more than a piece of it is held at a time."""

from __future__ import annotations

import io
import lzma
import os
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from dcmview.dicom.uids import is_uid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

UNREADABLE_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    KeyError,
    ValueError,
    struct.error,
    NotImplementedError,  # a way of compression that Python does not know
    RuntimeError,  # encrypted
)
"""What `zipfile` raises for archives that are damaged, or made to harm."""

# The earliest that a zip can say: the same content gives the same archive.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


class Member(NamedTuple):
    """A file of an archive; its pieces are gone through once."""

    name: str
    pieces: Iterable[bytes | memoryview]
    is_compressed: bool = False
    """Whether it is to be compressed, for what is not yet."""


def stream_zip(members: Iterable[Member]) -> Iterator[bytes]:
    """Write an archive piece by piece.

    A member that fails breaks the archive off: it has no directory then, and
    every program refuses it.
    """
    out = _Pipe()
    with zipfile.ZipFile(out, "w", allowZip64=True) as archive:
        for member in members:
            info = zipfile.ZipInfo(member.name, _NO_TIME)
            info.compress_type = (
                zipfile.ZIP_DEFLATED if member.is_compressed else zipfile.ZIP_STORED
            )
            info.external_attr = 0o644 << 16
            # Its size is not known yet, so there is room for one beyond 4 GiB.
            with archive.open(info, "w", force_zip64=True) as file:
                for piece in member.pieces:
                    file.write(piece)
                    if written := out.take():
                        yield written
    yield out.take()


class _Pipe(io.RawIOBase):
    """What an archive is written to, which cannot go back in it."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, content: Any, /) -> int:
        piece = bytes(content)
        self._pieces.append(piece)
        return len(piece)

    def take(self) -> bytes:
        """Give what was written since the last time."""
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


def archive_stem(index: int, sop_instance_uid: str, taken: set[str]) -> str:
    """How what belongs to a file is called in an archive: by its UID, which names nobody.

    ``taken`` holds the names that are in use, and gets this one.
    """
    is_usable = is_uid(sop_instance_uid) and sop_instance_uid not in taken
    stem = sop_instance_uid if is_usable else f"file-{index}"
    taken.add(stem)
    return stem


def text_of_path(path: str) -> str:
    """A path for JSON, which is UTF-8; where that loses bytes, a UID still finds the file."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
