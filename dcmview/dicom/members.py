"""Members of archives as sources of bytes; nothing of an archive is ever written to disk."""

from __future__ import annotations

import struct
import threading
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from dcmview.dicom.source import INFLATED_LIMIT_BYTES, FileSource, MemorySource, open_source
from dcmview.errors import Unreadable
from dcmview.model import FileStamp

if TYPE_CHECKING:
    from dcmview.dicom.compressed import CompressedStream
    from dcmview.dicom.source import StampedSource

HEAD_LIMIT_BYTES = 128 * 1024 * 1024
"""Of a compressed member for its header, which itself may have 64 MiB."""
_DECOMPRESSED_BLOCK_BYTES = 1024 * 1024

# Of zip files: what stands before the data of each member.
LOCAL_HEADER = struct.Struct("<4s5H3L2H")
LOCAL_MAGIC = b"PK\x03\x04"


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
    archive.leave_to(source)  # which is its only member
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

    def __exit__(self, *_exc: object) -> None:
        self.close()


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
            piece = self._stream.read(min(end - len(self._content), _DECOMPRESSED_BLOCK_BYTES))
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
