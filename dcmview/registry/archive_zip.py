"""The members of a zip, from its central directory or, where that is cut off, from local headers.

Python's zipfile takes 7 s and 540 MB for a million members, loses all of them
to one damaged record and reads nothing of an archive without its end; here
the directory stays as bytes, and a member is made when it is asked for.
"""

from __future__ import annotations

import stat
import struct
import zlib
from array import array
from typing import TYPE_CHECKING, NamedTuple

from dcmview.dicom.members import LOCAL_HEADER, LOCAL_MAGIC, Member
from dcmview.dicom.source import INFLATED_LIMIT_BYTES
from dcmview.model import FileEnd
from dcmview.registry.archive_names import (
    LARGE_BYTES,
    MOST_MEMBERS,
    MOST_RATIO,
    Refusal,
    Refused,
    safe_name,
    walk_order,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dcmview.dicom.source import FileSource

DIRECTORY_LIMIT_BYTES = 256 * 1024 * 1024
"""A million members with names of 200 bytes."""

_RECORD = struct.Struct("<4s6H3L5H2L")
_RECORD_MAGIC = b"PK\x01\x02"
_END = struct.Struct("<4s4H2LH")
_END_MAGIC = b"PK\x05\x06"
_END64 = struct.Struct("<4sQ2H2L4Q")
_END64_MAGIC = b"PK\x06\x06"
_LOCATOR64 = struct.Struct("<4sLQL")
_LOCATOR64_MAGIC = b"PK\x06\x07"
_LONGEST_COMMENT_BYTES = 0xFFFF
_IN_64_BITS = 0xFFFFFFFF

_ENCRYPTED = 0x0001
_SIZES_FOLLOW = 0x0008
_UTF8_NAME = 0x0800
_UNIX = 3

_METHODS = {0: "stored", 8: "deflate", 12: "bzip2", 14: "lzma"}
_OTHER_METHODS = {9: "deflate64", 93: "zstandard", 95: "xz", 98: "PPMd"}
_AES = 99


class _Record(NamedTuple):
    """What is said of a member, in the directory or its local header."""

    name: str
    flags: int
    method: int
    crc: int
    compressed_bytes: int
    size_bytes: int
    offset: int
    unix_mode: int = 0


class _End(NamedTuple):
    """Where the central directory lies, and by how much all offsets are to be moved."""

    begin: int
    size_bytes: int
    member_count: int
    shift: int


def zip_members(archive: FileSource, path: str) -> Iterator[Member | Refusal]:
    """Give the members in the order of the walk, and what cannot be read of the archive last.

    Raises
    ------
    Refused
        If the archive as a whole is not read.
    """
    end = _find_end(archive)
    if end is None:
        yield from _without_directory(archive, path)
        return
    if end.size_bytes > DIRECTORY_LIMIT_BYTES:
        raise Refused(f"its list of members has {end.size_bytes:,} bytes, more than is read")
    content = archive.pread(end.begin, end.size_bytes)
    records, problem = _record_offsets(content)
    members = array("L", (at for at in records if not _is_folder(content, at)))
    overlapping = _overlapping(content, records, end)
    for at in sorted(members, key=lambda at: walk_order(safe_name(_name(content, at)))):
        record = _record(content, at)
        if at in overlapping:
            reason = "it overlaps another file in the archive"
            yield Refusal(safe_name(record.name), FileEnd.UNREADABLE, reason)
        else:
            yield _member(record, path, end.shift)
    if problem:
        yield Refusal("", FileEnd.UNREADABLE, problem)
    elif len(records) < end.member_count:
        reason = f"its list of members ends after {len(records):,} of {end.member_count:,}"
        yield Refusal("", FileEnd.UNREADABLE, reason)


def _find_end(archive: FileSource) -> _End | None:
    """Find the end record, which a comment may follow."""
    begin = max(archive.size - _LONGEST_COMMENT_BYTES - _END.size, 0)
    tail = archive.pread(begin, archive.size - begin)
    at = tail.rfind(_END_MAGIC)
    while at >= 0:
        if at + _END.size <= len(tail):
            end = _end_at(archive, begin + at, tail[at : at + _END.size])
            if end is not None:
                return end
        at = tail.rfind(_END_MAGIC, 0, at)
    return None


def _end_at(archive: FileSource, at: int, record: bytes) -> _End | None:
    """Read an end record; None where no directory lies before it."""
    _, disk, directory_disk, _, count, size_bytes, offset, comment_bytes = _END.unpack(record)
    is_last = at + _END.size + comment_bytes == archive.size  # a comment may hold its like
    locator = archive.pread(at - _LOCATOR64.size, _LOCATOR64.size) if at > _LOCATOR64.size else b""
    if locator.startswith(_LOCATOR64_MAGIC):
        # What lies before the archive moves all offsets, but not this record, which comes
        # just before its locator unless it has been extended.
        said = _LOCATOR64.unpack(locator)[2]
        for place in (at - _LOCATOR64.size - _END64.size, said):
            record = archive.pread(place, _END64.size) if place >= 0 else b""
            if len(record) == _END64.size and record.startswith(_END64_MAGIC):
                _, _, _, _, disk, directory_disk, _, count, size_bytes, offset = _END64.unpack(
                    record
                )
                at = place
                break
    if disk not in (0, 0xFFFF) or directory_disk not in (0, 0xFFFF):
        if is_last:
            raise Refused("it is one of several parts of an archive; put them together first")
        return None
    begin = at - size_bytes
    shift = begin - offset
    if shift < 0:
        return None
    if size_bytes and archive.pread(begin, 4) != _RECORD_MAGIC:
        return None
    return _End(begin, size_bytes, count, shift)


def _record_offsets(content: bytes) -> tuple[array[int], str]:
    """Find the records of the directory, and say what is damaged."""
    offsets = array("L")
    at = 0
    while at + _RECORD.size <= len(content):
        if content[at : at + 4] != _RECORD_MAGIC:
            return offsets, f"its list of members is damaged after {len(offsets):,}"
        if len(offsets) == MOST_MEMBERS:
            raise Refused(f"it has more than {MOST_MEMBERS:,} files")
        offsets.append(at)
        name, extra, comment = struct.unpack_from("<3H", content, at + 28)
        at += _RECORD.size + name + extra + comment
    if at != len(content):
        if at > len(content) and len(offsets):
            offsets.pop()  # its name is cut off
        return offsets, f"its list of members is damaged after {len(offsets):,}"
    return offsets, ""


def _is_folder(content: bytes, at: int) -> bool:
    length = int.from_bytes(content[at + 28 : at + 30], "little")
    return length > 0 and content[at + _RECORD.size + length - 1] in b"/"


def _name(content: bytes, at: int) -> str:
    begin = at + _RECORD.size
    length = int.from_bytes(content[at + 28 : at + 30], "little")
    flags = int.from_bytes(content[at + 8 : at + 10], "little")
    return _decode_name(content[begin : begin + length], flags)


def _decode_name(name: bytes, flags: int) -> str:
    """Names are in UTF-8 where a flag says so, else in the code page of DOS."""
    if name.isascii():
        return name.decode("ascii")
    return name.decode("utf-8", "surrogateescape") if flags & _UTF8_NAME else name.decode("cp437")


def _record(content: bytes, at: int) -> _Record:
    fields = _RECORD.unpack_from(content, at)
    flags, method, crc = fields[3], fields[4], fields[7]
    name_length, extra_length = fields[10], fields[11]
    begin = at + _RECORD.size + name_length
    compressed_bytes, size_bytes, offset = _wide(
        content[begin : begin + extra_length], fields[8], fields[9], fields[16]
    )
    unix_mode = fields[15] >> 16 if fields[1] >> 8 == _UNIX else 0
    name = _name(content, at)
    return _Record(name, flags, method, crc, compressed_bytes, size_bytes, offset, unix_mode)


def _wide(
    extra: bytes, compressed_bytes: int, size_bytes: int, offset: int
) -> tuple[int, int, int]:
    """Take from the extra field what did not fit 32 bits, in the order of that field."""
    values = [size_bytes, compressed_bytes, offset]
    if _IN_64_BITS in values:
        at = 0
        while at + 4 <= len(extra):
            kind, length = struct.unpack_from("<2H", extra, at)
            if kind == 1:
                wide = extra[at + 4 : at + 4 + length]
                for index, value in enumerate(values):
                    if value == _IN_64_BITS and len(wide) >= 8:
                        values[index] = int.from_bytes(wide[:8], "little")
                        wide = wide[8:]
                break
            at += 4 + length
    return values[1], values[0], values[2]


def _overlapping(content: bytes, records: array[int], end: _End) -> set[int]:
    """Find the members that begin inside another one or reach into the directory.

    A bomb shares the data of one member among many.
    """
    limit = end.begin - end.shift
    found = _out_of_order(_spans(content, records), limit)
    if found:  # not written in this order, or a bomb
        found = _out_of_order(sorted(_spans(content, records)), limit)
    return found


def _spans(content: bytes, records: array[int]) -> Iterator[tuple[int, int, int]]:
    """Give where members begin and end at the least, and their records."""
    for at in records:
        fields = _RECORD.unpack_from(content, at)
        compressed_bytes, offset = fields[8], fields[16]
        if _IN_64_BITS in (compressed_bytes, offset, fields[9]):
            record = _record(content, at)
            compressed_bytes, offset = record.compressed_bytes, record.offset
        yield offset, offset + LOCAL_HEADER.size + fields[10] + compressed_bytes, at


def _out_of_order(spans: Iterable[tuple[int, int, int]], limit: int) -> set[int]:
    found: set[int] = set()
    reached = 0
    for begin, end, at in spans:
        if begin < reached or end > limit:
            found.add(at)
        else:
            reached = end
    return found


def _member(record: _Record, path: str, shift: int) -> Member | Refusal:
    name = safe_name(record.name)
    if stat.S_ISLNK(record.unix_mode):
        return Refusal(name, FileEnd.NOT_DICOM, "a link in an archive, which is not followed")
    reason = _reason_against(record)
    if reason:
        return Refusal(name, FileEnd.UNREADABLE, reason)
    return Member(
        archive=path,
        name=name,
        offset=record.offset + shift,
        size_bytes=record.size_bytes,
        compressed_bytes=record.compressed_bytes,
        method=_METHODS[record.method],
        crc=record.crc,
    )


def _reason_against(record: _Record) -> str:
    """Say why a member is not read, empty if it is."""
    if record.flags & _ENCRYPTED or record.method == _AES:
        return "encrypted; unpack the archive with its password first"
    if record.method not in _METHODS:
        name = _OTHER_METHODS.get(record.method, f"method {record.method}")
        return f"compressed with {name}, which is not read in an archive; unpack it first"
    if record.method == 0:
        return "" if record.size_bytes == record.compressed_bytes else "its sizes contradict"
    if record.size_bytes > INFLATED_LIMIT_BYTES:
        limit = f"{INFLATED_LIMIT_BYTES // 2**30} GiB"
        return f"{record.size_bytes:,} bytes when decompressed, more than {limit}; unpack it first"
    if record.size_bytes > LARGE_BYTES and record.size_bytes > MOST_RATIO * record.compressed_bytes:
        sizes = f"{record.compressed_bytes:,} bytes for {record.size_bytes:,}"
        return f"compressed beyond belief: {sizes}"
    return ""


# Without a directory


def _without_directory(archive: FileSource, path: str) -> Iterator[Member | Refusal]:
    """Follow the local headers of an archive whose end is missing."""
    found: list[Member | Refusal] = []
    at, left = 0, INFLATED_LIMIT_BYTES
    while len(found) < MOST_MEMBERS:
        record, data = _local_record(archive, at)
        if record is None:
            break
        if record.flags & _SIZES_FOLLOW and not record.compressed_bytes:
            if _METHODS.get(record.method) != "deflate" or record.flags & _ENCRYPTED:
                reason = "the archive is cut off, and only its end would tell the size"
                found.append(Refusal(safe_name(record.name), FileEnd.UNREADABLE, reason))
                break
            record, at = _measured(archive, record, data, left)
            left -= record.size_bytes
        else:
            at = data + record.compressed_bytes
        if not record.name.endswith("/"):
            found.append(_member(record, path, 0))
        if left <= 0:
            break
    yield from sorted(found, key=lambda member: walk_order(member.name))
    reason = "cut off or damaged, its list of members is missing"
    yield Refusal("", FileEnd.UNREADABLE, f"{reason}; {len(found):,} files are there without it")


def _local_record(archive: FileSource, at: int) -> tuple[_Record | None, int]:
    """Read a local header, and give where the data begins."""
    head = archive.pread(at, LOCAL_HEADER.size)
    if len(head) < LOCAL_HEADER.size or not head.startswith(LOCAL_MAGIC):
        return None, at
    fields = LOCAL_HEADER.unpack(head)
    flags, method, crc, compressed_bytes, size_bytes = (fields[i] for i in (2, 3, 6, 7, 8))
    rest = archive.pread(at + LOCAL_HEADER.size, fields[9] + fields[10])
    name, extra = rest[: fields[9]], rest[fields[9] :]
    compressed_bytes, size_bytes, _ = _wide(extra, compressed_bytes, size_bytes, 0)
    record = _Record(
        _decode_name(name, flags), flags, method, crc, compressed_bytes, size_bytes, at
    )
    return record, at + LOCAL_HEADER.size + len(rest)


def _measured(
    archive: FileSource, record: _Record, begin: int, limit_bytes: int
) -> tuple[_Record, int]:
    """Decompress a member whose header does not say its sizes, to learn them and its end."""
    from dcmview.dicom.compressed import CompressedStream, deflate

    stream = CompressedStream(archive, begin, archive.size, deflate)
    size_bytes = crc = 0
    while size_bytes < limit_bytes:
        piece = stream.read(min(LARGE_BYTES // 64, limit_bytes - size_bytes))
        if not piece:
            break
        size_bytes += len(piece)
        crc = zlib.crc32(piece, crc)
    end = stream.position
    measured = record._replace(compressed_bytes=end - begin, size_bytes=size_bytes, crc=crc)
    for length in (16, 24, 12, 20):  # checksum and two sizes, with or without a mark, 4 or 8 bytes
        if archive.pread(end + length, 4) in (LOCAL_MAGIC, _RECORD_MAGIC):
            return measured, end + length
    return measured, archive.size
