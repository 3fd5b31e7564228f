"""Files that must survive: locks, and writing that is on the disk when it returns."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import sys
from typing import NamedTuple

PIECE_BYTES = 1024 * 1024
OWNER_ONLY = 0o600
NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.ENOSYS})
"""What file systems say that sync no folders, such as those of other systems or a network."""


def write(descriptor: int, data: bytes) -> None:
    """Write all of it."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def write_beside(stem: str, suffix: str, content: bytes) -> str:
    """Write a new file that only its owner can read, and give its path.

    A file or link that is already there is never touched; a number is added
    to the name instead.

    Raises
    ------
    OSError
        If it cannot be written; nothing is left there then.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    for number in itertools.count():
        path = f"{stem}{f'-{number}' if number else ''}{suffix}"
        try:
            descriptor = os.open(path, flags, OWNER_ONLY)
        except FileExistsError:
            continue
        try:
            try:
                write(descriptor, content)
                sync(descriptor)
            finally:
                os.close(descriptor)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(path)
            raise
        return path
    raise AssertionError("itertools.count does not end")


def read_all(descriptor: int) -> bytes:
    """Read a file from its beginning."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    pieces = []
    while piece := os.read(descriptor, PIECE_BYTES):
        pieces.append(piece)
    return b"".join(pieces)


def is_at(descriptor: int, path: str) -> bool:
    """Whether an open file is still the one at a path."""
    try:
        there = os.stat(path, follow_symlinks=False)
    except OSError:
        return False
    return os.path.samestat(there, os.fstat(descriptor))


class Stamp(NamedTuple):
    """What changes when a file is written or replaced."""

    device: int
    inode: int
    size: int
    changed_ns: int


def stamp(path: str) -> Stamp | None:
    """Give the stamp of a file; None if there is none."""
    try:
        status = os.stat(path, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return Stamp(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


if sys.platform == "win32":
    import msvcrt

    LOCKED_BYTE = 0x7FFF0000  # far behind all content: other bytes of a locked range are unreadable

    def lock(descriptor: int) -> bool:
        """Keep other processes out until the file is closed; false if one was quicker."""
        os.lseek(descriptor, LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def sync_folder(folder: str) -> None:
        """A renamed file is on the disk there without further ado."""

else:
    import fcntl

    def lock(descriptor: int) -> bool:
        """Keep other processes out until the file is closed; false if one was quicker."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def sync_folder(folder: str) -> None:
        """Wait until a renamed file is on the disk under its new name."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        except OSError as exc:
            if exc.errno not in NO_FOLDER_SYNC:
                raise
        finally:
            os.close(descriptor)


def sync(descriptor: int) -> None:
    """Wait until what was written is on the disk."""
    if sys.platform == "darwin":
        import fcntl

        # fsync leaves the data in the memory of the drive there.
        with contextlib.suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
    os.fsync(descriptor)
