"""Output files that are there as a whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from typing import TYPE_CHECKING, BinaryIO

from dcmview.bulk.finished import compare, put_mark
from dcmview.errors import OutputExists
from dcmview.model import FileStamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PARTIAL_SUFFIX = ".dcmview-partial"
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK)
"""What file systems without links say."""
_NO_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS)
"""What those say that cannot be told when to write."""


@contextlib.contextmanager
def new_file(
    path: str,
    *,
    overwrite: bool = False,
    inputs: tuple[FileStamp, ...] = (),
    origin: bytes = b"",
    is_durable: bool = False,
) -> Iterator[BinaryIO]:
    """Open a file for writing and reading that gets its name when the block ends well.

    Folders above it are made. Until then the content has a name that no
    other program takes for a result, or none where the system allows that.

    Parameters
    ----------
    path : str
        The final name.
    overwrite : bool
        Whether a file that is there may be replaced.
    inputs : tuple of FileStamp
        Files that are never replaced.
    origin : bytes
        What it follows from, see `origin_of`: a file that is there is compared with what
        was written, where it may not be replaced.
    is_durable : bool
        Whether the content is on the disk before it gets its name, so that no power cut
        leaves a name without it.

    Raises
    ------
    FinishedBefore
        If it is the same.
    OutputExists
        If there is a file of that name and it may not be replaced; folders, pipes and
        devices never are.
    OSError
        If it cannot be written.
    """
    _check(path, overwrite=overwrite or bool(origin), inputs=inputs)
    folder = os.path.dirname(path) or "."
    try:
        descriptor, partial = _open_partial(folder)
    except FileNotFoundError:
        os.makedirs(folder, exist_ok=True)
        descriptor, partial = _open_partial(folder)
    try:
        with os.fdopen(descriptor, "w+b") as stream:
            yield stream
            stream.flush()
            if origin:
                newest = max((stamp.mtime_ns for stamp in inputs), default=0)
                put_mark(stream, partial, path, origin, not_before_ns=newest)
                # Without links, a rename would replace what is there.
                if not overwrite and os.path.lexists(path):
                    compare(stream, path)
            if is_durable:
                _put_on_disk(stream.fileno())
            if partial is None and not overwrite:
                with _other_compared(stream, path, origin):
                    _name_open_file(stream.fileno(), path)
                return
            if partial is None:
                partial = os.path.join(folder, _partial_name())
                _name_open_file(stream.fileno(), partial)
        if overwrite:
            _check(path, overwrite=overwrite, inputs=inputs)
            os.replace(partial, path)
        else:
            _move(partial, path, origin)
    except BaseException:
        if partial is not None:
            with contextlib.suppress(OSError):
                os.unlink(partial)
        raise


def put_names_on_disk(paths: Iterable[str]) -> None:
    """Let the names of files outlast a power cut, as far as folders can be told to."""
    for folder in {os.path.dirname(path) or "." for path in paths}:
        with contextlib.suppress(OSError):  # Windows opens no folders
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def is_stream(path: str) -> bool:
    """Whether a path is a pipe or a device, which is written to in place of a new file."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


def stamps_of(paths: Iterable[str]) -> tuple[FileStamp, ...]:
    """Give the stamps of those files that are there."""
    stamps = []
    for path in paths:
        with contextlib.suppress(OSError):
            found = os.stat(path)
            stamps.append(FileStamp(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns))
    return tuple(stamps)


def _check(path: str, *, overwrite: bool, inputs: tuple[FileStamp, ...]) -> None:
    try:
        found = os.stat(path)
    except OSError:
        if os.path.lexists(path) and not overwrite:
            raise OutputExists(f"there is a file of that name: {path}") from None
        return
    if any((found.st_dev, found.st_ino) == (stamp.device, stamp.inode) for stamp in inputs):
        raise OutputExists(f"the output would replace the input: {path}")
    if not stat.S_ISREG(found.st_mode):
        raise OutputExists(f"there is something of that name that is no file: {path}")
    if not overwrite:
        raise OutputExists(f"there is a file of that name: {path}")


def _open_partial(folder: str) -> tuple[int, str | None]:
    """A file without a name, which a killed process does not leave behind; else one with."""
    flag = getattr(os, "O_TMPFILE", 0)
    if flag:
        with contextlib.suppress(OSError):  # not every file system has them
            return os.open(folder, flag | os.O_RDWR | os.O_CLOEXEC, 0o666), None
    partial = os.path.join(folder, _partial_name())
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    return os.open(partial, flags | getattr(os, "O_CLOEXEC", 0), 0o666), partial


def _put_on_disk(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as exc:
        if exc.errno not in _NO_SYNC:
            raise


def _partial_name() -> str:
    return f".{secrets.token_hex(12)}{_PARTIAL_SUFFIX}"


def _name_open_file(descriptor: int, path: str) -> None:
    try:
        # Only with a descriptor is the link in /proc followed.
        os.link(f"/proc/self/fd/{descriptor}", path, src_dir_fd=descriptor)
    except FileExistsError:
        raise OutputExists(f"there is a file of that name: {path}") from None


@contextlib.contextmanager
def _other_compared(made: BinaryIO, path: str, origin: bytes) -> Iterator[None]:
    """Compare what another process has made just now."""
    try:
        yield
    except OutputExists:
        if origin:
            compare(made, path)
        raise


def _move(partial: str, path: str, origin: bytes) -> None:
    try:
        os.link(partial, path)  # a rename would replace what is there
    except FileExistsError:
        with open(partial, "rb") as made, _other_compared(made, path, origin):
            raise OutputExists(f"there is a file of that name: {path}") from None
    except OSError as exc:
        if exc.errno not in _NO_LINKS:
            raise
        os.rename(partial, path)
    else:
        os.unlink(partial)
