"""The members of a tar, in place or, where it is compressed, held in memory.

Python's tarfile takes 25 us a header, keeps an object for each, and reads
extended headers of any size; here a header takes a fraction of that and no
more than is bounded is read.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, NamedTuple, Protocol

from dcmview.dicom.members import Member
from dcmview.dicom.sniff import HEAD_BYTES, PREAMBLE_BYTES, PREFIX, sniff
from dcmview.model import FileEnd
from dcmview.registry.archive_names import (
    MOST_MEMBERS,
    Refusal,
    Refused,
    safe_name,
    walk_order,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dcmview.dicom.compressed import CompressedStream
    from dcmview.dicom.source import FileSource

BLOCK_BYTES = 512
EXTENDED_LIMIT_BYTES = 1024 * 1024
"""Of an extended header, which holds little more than a long name."""

_ZEROS = bytes(BLOCK_BYTES)
_READ_BYTES = 16 * 1024
_DISCARDED_BYTES = 1024 * 1024
_AHEAD_BYTES = 128 * 1024

_FOLDERS = frozenset(b"5D")
_NOT_READ = {
    ord("1"): "a link in an archive, which is not followed",
    ord("2"): "a link in an archive, which is not followed",
    ord("3"): "a character device in an archive",
    ord("4"): "a block device in an archive",
    ord("6"): "a named pipe in an archive",
}
_UNREADABLE = {
    ord("M"): "a part of a file that begins in another archive",
    ord("S"): "a sparse file in an archive, which is not read; unpack it first",
}
_LONG_NAME, _LONG_LINK, _VOLUME = b"LKV"
_EXTENDED, _GLOBAL = b"xg"


class _Tape(Protocol):
    """An archive that is read from its beginning on."""

    position: int

    def read(self, length: int) -> bytes: ...

    def skip(self, length: int) -> None: ...

    def why_it_ends(self) -> str: ...


class _PlainTape:
    """A tar as it is."""

    def __init__(self, archive: FileSource) -> None:
        self._archive = archive
        self.position = 0
        self._block = b""
        self._block_begin = 0

    def read(self, length: int) -> bytes:
        begin = self.position - self._block_begin
        if begin + length > len(self._block):
            self._block = self._archive.pread(self.position, max(length, _READ_BYTES))
            self._block_begin, begin = self.position, 0
        content = self._block[begin : begin + length]
        self.position += len(content)
        return content

    def skip(self, length: int) -> None:
        self.position += length

    def why_it_ends(self) -> str:
        return "it ends early"


class _CompressedTape:
    """A tar that is decompressed on the way, up to a limit in all."""

    def __init__(self, stream: CompressedStream, limit_bytes: int) -> None:
        self._stream = stream
        self._left = limit_bytes
        self._limit = f"{limit_bytes // 2**20:,} MiB"
        # Decoders give large pieces several times faster than small ones.
        self._block = b""
        self._at = 0
        self.position = 0

    def read(self, length: int) -> bytes:
        begin, end = self._at, self._at + length
        if end <= len(self._block):
            self._at = end
            content = self._block[begin:end]
        else:
            content = self._block[begin:]
            missing = length - len(content)
            block = self._decompress(max(missing, _AHEAD_BYTES))
            if missing < _AHEAD_BYTES:
                content, self._block, self._at = content + block[:missing], block, missing
            else:
                content, self._block, self._at = content + block, b"", 0
            if len(content) < length and not self._stream.is_ended:
                raise Refused(
                    f"more than {self._limit} when decompressed, which is not held in memory;"
                    " unpack it, or make a zip of it"
                )
        self.position += len(content)
        return content

    def skip(self, length: int) -> None:
        while length:
            content = self.read(min(length, _DISCARDED_BYTES))
            if not content:
                return
            length -= len(content)

    def why_it_ends(self) -> str:
        return self._stream.problem or "it ends early"

    def _decompress(self, length: int) -> bytes:
        content = self._stream.read(min(length, self._left))
        self._left -= len(content)
        return content


class _Header(NamedTuple):
    """One member: ``size_bytes`` follow, ``reason`` is why they are not read."""

    name: str
    size_bytes: int
    reason: str
    end: FileEnd = FileEnd.NOT_DICOM


class _Damaged(Exception):
    """What follows is no header."""


def plain_members(archive: FileSource, path: str) -> Iterator[Member | Refusal]:
    """Give the members of a tar in the order of the walk, where they lie.

    Raises
    ------
    Refused
        If the archive as a whole is not read.
    """
    tape = _PlainTape(archive)
    names: list[str] = []
    # A million of members are a few numbers each, and become objects when they are asked for.
    offsets, sizes = array("Q"), array("Q")
    refusals: dict[int, Refusal] = {}

    def note(header: _Header) -> None:
        if header.reason:
            refusals[len(names)] = Refusal(header.name, header.end, header.reason)
        names.append(header.name)
        offsets.append(tape.position)
        sizes.append(header.size_bytes)
        tape.skip(header.size_bytes)

    problem = _walk(tape, note)
    for index in sorted(range(len(names)), key=lambda index: walk_order(names[index])):
        if index in refusals:
            yield refusals[index]
        else:
            size_bytes = sizes[index]
            yield Member(path, names[index], offsets[index], size_bytes, size_bytes, "slice")
    if problem:
        yield Refusal("", FileEnd.UNREADABLE, problem)


def held_members(
    stream: CompressedStream,
    path: str,
    limit_bytes: int,
    not_dicom: Callable[[bytes], str],
) -> Iterator[Member | Refusal]:
    """Give the members of a compressed tar in the order of the walk, in memory where DICOM.

    Parameters
    ----------
    stream : CompressedStream
        The tar, decompressed once.
    path : str
        Of the archive.
    limit_bytes : int
        How much is decompressed in all.
    not_dicom : callable
        Says by its head what a member is that is not kept.

    Raises
    ------
    Refused
        If the archive as a whole is not read.
    """
    tape = _CompressedTape(stream, limit_bytes)
    found: list[Member | Refusal] = []

    def note(header: _Header) -> None:
        name, size_bytes, reason, end = header
        head = b"" if reason else tape.read(min(size_bytes, HEAD_BYTES))
        # The prefix alone is quicker found than data elements are.
        is_marked = head[PREAMBLE_BYTES : PREAMBLE_BYTES + len(PREFIX)] == PREFIX
        if not reason and not is_marked and sniff(head) is None:
            reason = not_dicom(head)
        if reason:
            tape.skip(size_bytes - len(head))
            found.append(Refusal(name, end, reason))
            return
        offset = tape.position - len(head)
        content = head + tape.read(size_bytes - len(head))
        found.append(Member(path, name, offset, size_bytes, len(content), "held", None, content))

    problem = _walk(tape, note)
    yield from sorted(found, key=lambda member: walk_order(member.name))
    if not found and problem and not stream.problem and tape.position <= BLOCK_BYTES:
        yield Refusal("", FileEnd.NOT_DICOM, "no DICOM data set")  # compressed, and no tar
    elif problem:
        yield Refusal("", FileEnd.UNREADABLE, problem)


def is_tar(head: bytes, name: str) -> bool:
    """Whether a file begins with a header of tar; the oldest have no mark and need the name."""
    block = head[:BLOCK_BYTES]
    is_named = block[257:262] == b"ustar" or name.lower().endswith(".tar")
    return is_named and len(block) == BLOCK_BYTES and _is_sound(block)


def _walk(tape: _Tape, note: Callable[[_Header], None]) -> str:
    """Tell of every file, each of whose data is passed by then; give why it ended too early."""
    count = 0
    try:
        while True:
            header = _next_header(tape)
            if header is None:
                return ""
            if count == MOST_MEMBERS:
                raise Refused(f"it has more than {MOST_MEMBERS:,} files")
            count += 1
            begin = tape.position
            note(header)
            tape.skip(_padded(header.size_bytes) - (tape.position - begin))
    except _Damaged as exc:
        return f"{exc}, after {count:,} files"


def _next_header(tape: _Tape) -> _Header | None:
    """Read on to the header of a file; None at the end."""
    long_name: bytes | None = None
    extended: dict[bytes, bytes] = {}
    while True:
        block = tape.read(BLOCK_BYTES)
        if block == _ZEROS:
            return None
        if len(block) < BLOCK_BYTES:
            raise _Damaged(tape.why_it_ends())
        if not _is_sound(block):
            raise _Damaged("it is damaged")
        kind = block[156]
        size_bytes = _number(block[124:136])
        if kind in (_LONG_NAME, _LONG_LINK, _EXTENDED):
            content = _extension(tape, size_bytes)
            if kind == _LONG_NAME:
                long_name = content.split(b"\0", 1)[0]
            elif kind == _EXTENDED:
                extended = _records(content)
            continue
        if kind in (_GLOBAL, _VOLUME):
            tape.skip(_padded(size_bytes))
            continue
        if extended.get(b"size", b"").isdigit():
            size_bytes = int(extended[b"size"][:20])
        name = extended.get(b"GNU.sparse.name") or extended.get(b"path")
        name = name or long_name or _short_name(block)
        if any(key.startswith(b"GNU.sparse.") for key in extended):
            kind = ord("S")
        elif kind == ord("S"):
            _skip_sparse_map(tape, block)
        if kind in _NOT_READ:
            size_bytes = 0  # nothing follows, whatever it says
        if kind in _FOLDERS or name.endswith(b"/"):
            tape.skip(_padded(size_bytes) if kind == ord("D") else 0)
            long_name, extended = None, {}
            continue
        shown = safe_name(name.decode("utf-8", "surrogateescape"))
        if kind in _UNREADABLE:
            return _Header(shown, size_bytes, _UNREADABLE[kind], FileEnd.UNREADABLE)
        return _Header(shown, size_bytes, _NOT_READ.get(kind, ""))


def _is_sound(block: bytes) -> bool:
    """Whether the checksum fits, which some old writers took of signed bytes."""
    try:
        said = int(block[148:156].strip(b" \0") or b"0", 8)
    except ValueError:
        return False
    field = sum(block[148:156])
    unsigned = sum(block) - field + 8 * ord(" ")
    if said == unsigned:
        return True
    others = block[:148] + block[156:]
    return said == unsigned - 256 * sum(byte > 127 for byte in others)


def _number(field: bytes) -> int:
    """Read a size: octal digits, or binary where it is large."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    try:
        size = int(field.split(b"\0", 1)[0].strip() or b"0", 8)
    except ValueError as exc:
        raise _Damaged("it is damaged") from exc
    if size < 0:
        raise _Damaged("it is damaged")
    return size


def _extension(tape: _Tape, size_bytes: int) -> bytes:
    if size_bytes > EXTENDED_LIMIT_BYTES:
        raise _Damaged(f"it is damaged: a name of {size_bytes:,} bytes")
    content = tape.read(_padded(size_bytes))
    if len(content) < size_bytes:
        raise _Damaged(tape.why_it_ends())
    return content[:size_bytes]


def _records(content: bytes) -> dict[bytes, bytes]:
    """Read an extended header: ``length key=value`` and a line feed, again and again."""
    records: dict[bytes, bytes] = {}
    at = 0
    while at < len(content):
        blank = content.find(b" ", at, at + 20)
        digits = content[at:blank]
        if blank < 0 or not digits.isdigit():
            break
        end = at + int(digits)
        if not blank < end <= len(content):
            break
        key, _, value = content[blank + 1 : end - 1].partition(b"=")
        records[key] = value
        at = end
    return records


def _skip_sparse_map(tape: _Tape, block: bytes) -> None:
    """Pass over the blocks that continue the list of an old sparse file."""
    more = block[482]
    while more:
        block = tape.read(BLOCK_BYTES)
        if len(block) < BLOCK_BYTES:
            raise _Damaged(tape.why_it_ends())
        more = block[504]


def _short_name(block: bytes) -> bytes:
    name = block[:100].split(b"\0", 1)[0]
    if block[257:263] == b"ustar\0":  # GNU keeps something else there
        prefix = block[345:500].split(b"\0", 1)[0]
        name = prefix + b"/" + name if prefix else name
    return name


def _padded(size_bytes: int) -> int:
    return -(-size_bytes // BLOCK_BYTES) * BLOCK_BYTES
