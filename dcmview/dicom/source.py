"""Random access to the bytes of a file, without mapping it.

A file that shrinks under a mapping kills the process (SIGBUS); a read that
comes back short does not. Whoever listed a file passes its stamp, so a file
that was replaced since is noticed before a byte of it is believed. Nothing of
an archive is ever written to disk.
"""

from __future__ import annotations

import errno
import os
import stat
import threading
import zlib
from dataclasses import dataclass
from typing import Protocol, Self

from dcmview.errors import FileChanged, FileGone, Unreadable
from dcmview.model import FileStamp

INFLATED_LIMIT_BYTES = 1024 * 1024 * 1024
_DEFLATED_BLOCK_BYTES = 1024 * 1024
_INFLATED_BLOCK_BYTES = 16 * 1024 * 1024
"""A block may inflate to a thousand times its size, and is there twice for a moment."""

# A named pipe would otherwise hold the open for ever.
_OPEN_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


@dataclass(frozen=True, slots=True)
class PixelLocation:
    """Where the value of the pixel data element lies in its source.

    ``length`` is the declared length in bytes, None where it is undefined.
    The extended offsets are the raw values of (7FE0,0001) and (7FE0,0002).
    """

    offset: int
    length: int | None
    encapsulated: bool
    little_endian: bool
    vr: str
    extended_offsets: bytes | None = None
    extended_lengths: bytes | None = None


class ByteSource(Protocol):
    """Bytes that can be read at any place."""

    @property
    def size(self) -> int:
        """Length in bytes."""
        ...

    def pread(self, offset: int, length: int) -> bytes:
        """Read bytes, fewer where the end comes first."""
        ...


class StampedSource(ByteSource, Protocol):
    """Bytes of a file or of a member; ``stamp`` is that of the file they lie in."""

    @property
    def stamp(self) -> FileStamp:
        """The version of the file."""
        ...

    def close(self) -> None:
        """Give back what reading needs."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_exc: object) -> None: ...


class FileSource:
    """An open file or a part of it, read at given places by any number of threads.

    Parameters
    ----------
    descriptor : int
        Of the opened file; closed with the source.
    stamp : FileStamp
        What the whole file was when it was opened.
    begin, size_bytes : int, optional
        Where the part lies that offsets speak of, by default all of the file.
    """

    def __init__(
        self, descriptor: int, stamp: FileStamp, *, begin: int = 0, size_bytes: int | None = None
    ) -> None:
        self._descriptor = descriptor
        self._seek_lock = threading.Lock()
        self._begin = begin
        left = max(stamp.size_bytes - begin, 0)
        self._size = left if size_bytes is None else min(size_bytes, left)
        self._is_owner = True
        self.stamp = stamp

    @property
    def size(self) -> int:
        """Length in bytes when the file was opened."""
        return self._size

    def part(self, begin: int, size_bytes: int) -> FileSource:
        """Give a part as a source of its own, to be used while this one is open."""
        part = FileSource(
            self._descriptor, self.stamp, begin=self._begin + begin, size_bytes=size_bytes
        )
        part._seek_lock = self._seek_lock
        part._is_owner = False
        return part

    def leave_to(self, part: FileSource) -> None:
        """Let a part close the file at its own end."""
        self._is_owner, part._is_owner = False, True

    def pread(self, offset: int, length: int) -> bytes:
        """Read bytes, fewer where the file ends first."""
        # The declared length of a hostile element may be 4 GB in a file of 1 kB.
        length = min(length, max(self._size - offset, 0))
        offset += self._begin
        try:
            content = self._read_at(offset, length)
            while 0 < len(content) < length:  # a single read gives 2 GiB at most
                more = self._read_at(offset + len(content), length - len(content))
                if not more:
                    break
                content += more
        except OSError as exc:
            raise Unreadable(f"reading failed: {exc.strerror}") from exc
        return content

    def read_into(self, offset: int, target: memoryview) -> int:
        """Fill memory from a place of the file and give the number of bytes that were there."""
        if not hasattr(os, "preadv"):
            content = self.pread(offset, len(target))
            target[: len(content)] = content
            return len(content)
        target = target[: max(self._size - offset, 0)]
        offset += self._begin
        count = 0
        try:
            while count < len(target):
                got = os.preadv(self._descriptor, [target[count:]], offset + count)
                if not got:
                    break
                count += got
        except OSError as exc:
            raise Unreadable(f"reading failed: {exc.strerror}") from exc
        return count

    def _read_at(self, offset: int, length: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._descriptor, length, offset)
        with self._seek_lock:  # Windows has no pread
            os.lseek(self._descriptor, offset, os.SEEK_SET)
            return os.read(self._descriptor, length)

    def close(self) -> None:
        """Give the descriptor back."""
        if self._is_owner:
            os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


class MemorySource:
    """Bytes in memory, for the inflated part of a deflated file.

    ``is_whole`` is false where inflating ended before the data did.
    """

    def __init__(self, content: bytes | bytearray, *, is_whole: bool = True) -> None:
        self._content = memoryview(content)
        self.is_whole = is_whole

    @property
    def size(self) -> int:
        """Length in bytes."""
        return len(self._content)

    def pread(self, offset: int, length: int) -> bytes:
        """Read bytes, fewer where the end comes first."""
        return bytes(self._content[offset : offset + length])

    def view(self, begin: int, end: int) -> memoryview:
        """Give bytes without a copy."""
        return self._content[begin:end]


def open_source(path: str, *, expected: FileStamp | None = None) -> FileSource:
    """Open a regular file for reading.

    Parameters
    ----------
    path : str
        Links are followed.
    expected : FileStamp, optional
        What the file was when it was listed.

    Raises
    ------
    FileGone, FileChanged
        If the file is not the expected one any more.
    Unreadable
        If it cannot be opened or is not a regular file.
    """
    try:
        descriptor = os.open(path, _OPEN_FLAGS)
    except OSError as exc:
        if expected is not None and exc.errno in (errno.ENOENT, errno.ENOTDIR):
            raise FileGone(f"the file is gone: {path}", path=path) from exc
        raise Unreadable(f"cannot be opened: {exc.strerror}", path=path) from exc
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            raise Unreadable("not a regular file", path=path)
        stamp = FileStamp(info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns)
        if expected is not None and stamp != expected:
            raise FileChanged(f"the file has changed since it was listed: {path}", path=path)
    except BaseException:
        os.close(descriptor)
        raise
    return FileSource(descriptor, stamp)


def inflate(
    source: ByteSource, offset: int, *, limit_bytes: int = INFLATED_LIMIT_BYTES
) -> MemorySource:
    """Undo the deflate of everything from an offset on (DICOM PS3.5 A.5).

    Data that is damaged, ends early or is larger than the limit gives what
    could be inflated.

    Raises
    ------
    Unreadable
        If nothing can be inflated.
    """
    engine = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    content = bytearray()
    try:
        while not engine.eof and len(content) < limit_bytes:
            # What did not fit the limit comes back as the unconsumed tail.
            block = engine.unconsumed_tail or source.pread(offset, _DEFLATED_BLOCK_BYTES)
            if not engine.unconsumed_tail:
                offset += len(block)
            most = min(limit_bytes - len(content), _INFLATED_BLOCK_BYTES)
            piece = engine.decompress(block, most)
            if not block and not piece:
                break
            content += piece
    except zlib.error as exc:
        if not content:
            raise Unreadable(f"the deflated data set cannot be inflated: {exc}") from exc
    return MemorySource(content, is_whole=engine.eof)
