"""Output files that are there as a whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import TYPE_CHECKING, BinaryIO

from dcmview.bulk.finished import compare, put_mark
from dcmview.errors import NotSaved, OutputExists
from dcmview.model import FileStamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import NoReturn

_PARTIAL_SUFFIX = ".dcmview-partial"
_NO_LINKS = frozenset(
    (
        errno.EPERM,
        errno.ENOTSUP,
        errno.EOPNOTSUPP,  # another number on macOS
        errno.ENOSYS,
        errno.EMLINK,
        errno.EINVAL,  # Windows, of FAT
    )
)
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
    with (
        NewFile(
            path, overwrite=overwrite, inputs=inputs, origin=origin, is_durable=is_durable
        ) as descriptor,
        os.fdopen(descriptor, "w+b", closefd=False) as stream,
    ):
        yield stream


class NewFile:
    """The same for who writes all of it in one call: a context that gives a descriptor."""

    __slots__ = (
        "_descriptor",
        "_inputs",
        "_is_durable",
        "_origin",
        "_overwrite",
        "_partial",
        "_path",
    )

    def __init__(
        self,
        path: str,
        *,
        overwrite: bool = False,
        inputs: tuple[FileStamp, ...] = (),
        origin: bytes = b"",
        is_durable: bool = False,
    ) -> None:
        self._path = path
        self._overwrite = overwrite
        self._inputs = inputs
        self._origin = origin
        self._is_durable = is_durable
        self._descriptor = -1
        self._partial: str | None = None

    def __enter__(self) -> int:
        """Open it; raises what `new_file` raises."""
        may_be_there = self._overwrite or bool(self._origin)
        check_name(self._path, self._inputs, may_be_there=may_be_there)
        folder = os.path.dirname(self._path) or "."
        try:
            self._descriptor, self._partial = _open_partial(folder)
        except FileNotFoundError:
            os.makedirs(folder, exist_ok=True)
            self._descriptor, self._partial = _open_partial(folder)
        return self._descriptor

    def __exit__(self, exc_type: type[BaseException] | None, *_exc: object) -> None:
        """Give it its name, unless something went wrong; raises what `new_file` raises."""
        try:
            try:
                if exc_type is None:
                    self._end_writing()
            finally:
                os.close(self._descriptor)
            if exc_type is None and self._partial is not None:
                self._move(self._partial)
                self._partial = None
        finally:
            if self._partial is not None:
                with contextlib.suppress(OSError):
                    os.unlink(self._partial)

    def _end_writing(self) -> None:
        """Mark the content, and give it a name if it has none."""
        if self._origin:
            newest = max((stamp.mtime_ns for stamp in self._inputs), default=0)
            put_mark(
                self._descriptor, self._partial, self._path, self._origin, not_before_ns=newest
            )
        if self._is_durable:
            _put_on_disk(self._descriptor)
        if self._partial is not None:
            return
        if self._overwrite:
            # A link takes no other's place: it gets there under a name of its own.
            partial = os.path.join(os.path.dirname(self._path), _partial_name())
            _link_open_file(self._descriptor, partial)
            self._partial = partial
            return
        try:
            _link_open_file(self._descriptor, self._path)
        except FileExistsError:
            self._refuse(self._descriptor)

    def _move(self, partial: str) -> None:
        if self._overwrite:
            check_name(self._path, self._inputs, may_be_there=True)
            os.replace(partial, self._path)
            return
        try:
            os.link(partial, self._path)  # a rename would replace what is there
        except FileExistsError:
            self._refuse(partial)
        except OSError as exc:
            if exc.errno not in _NO_LINKS:
                raise
            if os.path.lexists(self._path):
                self._refuse(partial)
            os.rename(partial, self._path)
        else:
            os.unlink(partial)

    def _refuse(self, made: int | str) -> NoReturn:
        """Say what has the name: it was there, or another process has made it just now."""
        if self._origin:
            with open(made, "rb", closefd=isinstance(made, str)) as stream:
                compare(stream, self._path)
        raise _exists(self._path) from None


def check_name(path: str, inputs: Iterable[FileStamp], *, may_be_there: bool) -> None:
    """Refuse a name that a new file cannot have.

    Raises
    ------
    OutputExists
        If it is that of an input, of what is no file, or of a file that may not be there.
    """
    try:
        found = os.lstat(path)
    except OSError:
        return
    if stat.S_ISLNK(found.st_mode):
        try:
            found = os.stat(path)
        except OSError:
            if not may_be_there:
                raise _exists(path) from None
            return
    if any((found.st_dev, found.st_ino) == (each.device, each.inode) for each in inputs):
        raise OutputExists(f"the output would replace the input: {path}")
    if not stat.S_ISREG(found.st_mode):
        raise OutputExists(f"there is something of that name that is no file: {path}")
    if not may_be_there:
        raise _exists(path)


def put_names_on_disk(paths: Iterable[str]) -> None:
    """Let the names of files outlast a power cut, as far as folders can be told to."""
    for folder in {os.path.dirname(path) or "." for path in paths}:
        with contextlib.suppress(OSError):  # Windows opens no folders
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


@contextlib.contextmanager
def unwritten_told(path: str) -> Iterator[None]:
    """Tell in words that a file or folder cannot be written.

    Raises
    ------
    NotSaved
        If it cannot.
    """
    try:
        yield
    except OSError as exc:
        raise NotSaved(f"{path} cannot be written: {exc.strerror or exc}") from exc


def stamps_of(paths: Iterable[str | int]) -> tuple[FileStamp, ...]:
    """Give the stamps of those files that are there, by path or descriptor."""
    stamps = []
    for path in paths:
        with contextlib.suppress(OSError):
            found = os.stat(path)
            stamps.append(FileStamp(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns))
    return tuple(stamps)


def _open_partial(folder: str) -> tuple[int, str | None]:
    """A file without a name, which a killed process does not leave behind; else one with."""
    flag = getattr(os, "O_TMPFILE", 0)
    if flag:
        with contextlib.suppress(OSError):  # not every file system has them
            return os.open(folder, flag | os.O_RDWR | os.O_CLOEXEC, 0o666), None
    partial = os.path.join(folder, _partial_name())
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        return os.open(partial, flags | getattr(os, "O_CLOEXEC", 0), 0o666), partial
    except OSError as exc:
        exc.filename = folder  # nobody knows the other name
        raise


def _put_on_disk(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as exc:
        if exc.errno not in _NO_SYNC:
            raise


def _partial_name() -> str:
    return f".{os.urandom(12).hex()}{_PARTIAL_SUFFIX}"


def _link_open_file(descriptor: int, path: str) -> None:
    # Only with a descriptor is the link in /proc followed.
    os.link(f"/proc/self/fd/{descriptor}", path, src_dir_fd=descriptor)


def _exists(path: str) -> OutputExists:
    return OutputExists(f"there is a file of that name: {path}")
