"""Random access to the bytes of one file or of a member of an archive, without mapping it.

A file that shrinks under a mapping kills the process (SIGBUS); a read that
comes back short does not. Whoever listed a file passes its stamp, so a file
that was replaced since is noticed before a byte of it is believed. Nothing of
an archive is ever written to disk.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
import threading
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, Self

from dcmview.errors import FileChanged, FileGone, Unreadable
from dcmview.model import FileStamp

if TYPE_CHECKING:
    from types import TracebackType

    from dcmview.dicom.compressed import CompressedStream

INFLATED_LIMIT_BYTES = 1024 * 1024 * 1024
_DEFLATED_BLOCK_BYTES = 1024 * 1024
_INFLATED_BLOCK_BYTES = 16 * 1024 * 1024
"""A block may inflate to a thousand times its size, and is there twice for a moment."""
HEAD_LIMIT_BYTES = 128 * 1024 * 1024
"""Of a compressed member for its header, which itself may have 64 MiB."""

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

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


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

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
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


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive and where its bytes lie.

    Parameters
    ----------
    archive : str
        Path of the archive file.
    name : str
        Name in the archive as it is shown; never used as a path.
    offset : int
        Of the data of a slice, of the local header of a zip member.
    size_bytes, compressed_bytes : int
        As the archive declares them.
    method : str
        ``slice``: plain bytes of the archive. ``stored``: plain bytes behind a
        local header. ``deflate``, ``bzip2``, ``lzma``: compressed behind a local
        header. ``held``: in ``content``.
    crc : int, optional
        CRC-32 of the data, where the archive has it.
    content : bytes
        The data of a held member.
    """

    archive: str
    name: str
    offset: int
    size_bytes: int
    compressed_bytes: int
    method: str
    crc: int | None = None
    content: bytes = field(default=b"", repr=False)

    @property
    def is_compressed(self) -> bool:
        """Whether reading its end means to decompress all of it."""
        return self.method not in ("slice", "stored", "held")


LOCAL_HEADER = struct.Struct("<4s5H3L2H")
LOCAL_MAGIC = b"PK\x03\x04"


def open_member(
    member: Member,
    *,
    expected: FileStamp | None = None,
    archive: FileSource | None = None,
    limit_bytes: int = HEAD_LIMIT_BYTES,
) -> StampedSource:
    """Open a member of an archive for reading.

    Plain members are read in place. Of a compressed one no more is decompressed
    than up to the place that is read, and all of that is kept: good for a
    header, while `read_member` serves frames. A held member stays valid when its
    archive changes, since its bytes are of one version.

    Parameters
    ----------
    member : Member
        As `registry.archives.members` gives it.
    expected : FileStamp, optional
        What the archive was when it was listed.
    archive : FileSource, optional
        The opened archive, which stays open; for many members in a row.
    limit_bytes : int
        How much of a compressed member may be decompressed.

    Raises
    ------
    FileGone, FileChanged
        If the archive is not the expected one any more.
    Unreadable
        If it cannot be opened, or the member is not where the archive says.
    """
    if member.method == "held":
        return HeldSource(member.content, expected or FileStamp(0, 0, member.size_bytes, 0))
    if archive is not None:
        return _member_source(archive, member, limit_bytes)
    archive = open_source(member.archive, expected=expected)
    try:
        source = _member_source(archive, member, limit_bytes)
    except BaseException:
        archive.close()
        raise
    # The archive is closed with its only member.
    archive._is_owner, source._is_owner = False, True
    return source


def read_member(member: Member, *, expected: FileStamp | None = None) -> HeldSource:
    """Read all of a member into memory, to be kept for as long as its frames are wanted.

    Data that ends early or is damaged on the way gives what is before.

    Raises
    ------
    FileGone, FileChanged
        If the archive is not the expected one any more.
    Unreadable
        If the data is not what the archive has the checksum of.
    """
    source = open_member(member, expected=expected, limit_bytes=INFLATED_LIMIT_BYTES)
    with source:
        content: bytes | bytearray
        if isinstance(source, DecompressedSource):
            content = source.read_all()
        else:
            content = source.pread(0, source.size)
    is_whole = len(content) == member.size_bytes
    if is_whole and member.crc is not None and zlib.crc32(content) != member.crc:
        raise Unreadable(
            f"damaged in its archive, the checksum is another: {member.name}", path=member.archive
        )
    return HeldSource(content, source.stamp, is_whole=is_whole)


class HeldSource(MemorySource):
    """A member whose bytes are in memory."""

    def __init__(
        self, content: bytes | bytearray, stamp: FileStamp, *, is_whole: bool = True
    ) -> None:
        super().__init__(content, is_whole=is_whole)
        self.stamp = stamp

    def close(self) -> None:
        """Keep the bytes: others read them too."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pass


class DecompressedSource(FileSource):
    """A compressed member, decompressed up to the place that is read."""

    def __init__(
        self, part: FileSource, stream: CompressedStream, member: Member, limit_bytes: int
    ) -> None:
        super().__init__(part._descriptor, part.stamp)
        self._is_owner = False
        self._stream = stream
        self._content = bytearray()
        self._lock = threading.Lock()
        self._limit_bytes = limit_bytes
        self._size = member.size_bytes
        if part.size < member.compressed_bytes:  # cut off: only decompressing tells its length
            self._size = len(self.read_all())

    def pread(self, offset: int, length: int) -> bytes:
        """Read bytes, fewer where the data ends or is damaged first.

        Raises
        ------
        Unreadable
            If more than the limit would have to be decompressed for it.
        """
        end = min(offset + length, self._size)
        with self._lock:
            self._decompress(min(end, self._limit_bytes))
            content = bytes(self._content[offset:end])
            is_limited = len(self._content) == self._limit_bytes < end
        if is_limited and not content and offset < end:
            limit = f"{self._limit_bytes // 2**20} MiB"
            raise Unreadable(f"its header reaches beyond the first {limit} of a compressed file")
        return content

    def read_all(self) -> bytearray:
        """Give as much as there is and the limit allows; the source goes on using these bytes."""
        with self._lock:
            self._decompress(min(self._size, self._limit_bytes))
            return self._content

    def _decompress(self, end: int) -> None:
        while len(self._content) < end:
            piece = self._stream.read(min(end - len(self._content), _DEFLATED_BLOCK_BYTES))
            if not piece:
                break
            self._content += piece

    def read_into(self, offset: int, target: memoryview) -> int:
        """Fill memory from a place of the data and give the number of bytes that were there."""
        content = self.pread(offset, len(target))
        target[: len(content)] = content
        return len(content)


def _member_source(archive: FileSource, member: Member, limit_bytes: int) -> FileSource:
    if member.method == "slice":
        return archive.part(member.offset, member.size_bytes)
    head = archive.pread(member.offset, LOCAL_HEADER.size)
    if len(head) < LOCAL_HEADER.size or not head.startswith(LOCAL_MAGIC):
        raise Unreadable("the archive is damaged: no file where it says", path=member.archive)
    # Its name and extra field may be longer here than in the list of members.
    begin = member.offset + LOCAL_HEADER.size + sum(LOCAL_HEADER.unpack(head)[-2:])
    part = archive.part(begin, member.compressed_bytes)
    if member.method == "stored":
        return part
    from dcmview.dicom import compressed

    begin = 0
    if member.method == "lzma":
        decoder, begin = compressed.lzma_of_zip(part.pread(0, 16))
        stream = compressed.CompressedStream(part, begin, part.size, lambda: decoder)
    else:
        make = {"deflate": compressed.deflate, "bzip2": compressed.bzip2}[member.method]
        stream = compressed.CompressedStream(part, begin, part.size, make)
    return DecompressedSource(part, stream, member, limit_bytes)
