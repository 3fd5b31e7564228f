"""Compressed parts of archives, decompressed from their beginning, never more than is asked for.

What a part claims to hold is not believed: whoever reads says how many bytes
he takes, and the memory of a decoder is bounded too.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from dcmview.errors import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable

    from dcmview.dicom.source import ByteSource

_FIRST_BLOCK_BYTES = 16 * 1024
"""Enough for the head of most files."""
_BLOCK_BYTES = 64 * 1024
_PIECE_BYTES = 16 * 1024
"""What one call of a decoder gives, and what is lost where it meets damage."""

DECODER_MEMORY_BYTES = 256 * 1024 * 1024
"""A dictionary of LZMA may claim 4 GiB; the strongest preset takes 64 MiB."""

ENDS_EARLY = "the compressed data ends early"

_LZMA_HEADER = struct.Struct("<2xHBL")  # version, size of what follows, lc-lp-pb, dictionary


class Format(NamedTuple):
    """A way of compression: how its stream begins, and what reads it."""

    magic: bytes
    make: Callable[[], _Decoder]


class _Damaged(Exception):
    """The words of a decoder."""


class _Decoder:
    """zlib, bz2 and lzma behind one interface."""

    def __init__(self, engine: Any, errors: tuple[type[Exception], ...]) -> None:
        self._engine = engine
        self._errors = errors

    @property
    def is_ended(self) -> bool:
        return bool(self._engine.eof)

    @property
    def unused(self) -> bytes:
        """What came after the end."""
        content: bytes = self._engine.unused_data
        return content

    @property
    def needs_input(self) -> bool:
        return bool(self._engine.needs_input)

    def decompress(self, block: bytes, most: int) -> bytes:
        try:
            content: bytes = self._engine.decompress(block, most)
        except self._errors as exc:
            raise _Damaged(str(exc)) from exc
        return content


class _Deflate(_Decoder):
    """zlib gives back what it did not use; the others keep it."""

    def __init__(self, wbits: int) -> None:
        super().__init__(zlib.decompressobj(wbits=wbits), (zlib.error,))

    @property
    def needs_input(self) -> bool:
        return not self._engine.unconsumed_tail

    def decompress(self, block: bytes, most: int) -> bytes:
        tail: bytes = self._engine.unconsumed_tail
        return super().decompress(tail + block if tail else block, most)


class CompressedStream:
    """What a compressed part of a source gives, read once from its beginning.

    Parameters
    ----------
    source : ByteSource
        Holds the part between the offsets ``begin`` and ``end``.
    make : callable
        Makes the decoder.
    magic : bytes, optional
        How a stream begins, where several may follow each other.

    Attributes
    ----------
    is_ended : bool
        Whether nothing more comes.
    problem : str
        Why it ended too early, empty where it did not.
    position : int
        How far the source was read; where the part ends once it has ended.
    """

    def __init__(
        self,
        source: ByteSource,
        begin: int,
        end: int,
        make: Callable[[], _Decoder],
        magic: bytes = b"",
    ) -> None:
        self._source = source
        self.position = begin
        self._end = end
        self._make = make
        self._magic = magic
        self._decoder = make()
        self._block_bytes = _FIRST_BLOCK_BYTES
        self.is_ended = False
        self.problem = ""

    def read(self, length: int) -> bytes:
        """Give the next bytes, fewer at the end."""
        if length <= 0 or self.is_ended:
            return b""
        pieces: list[bytes] = []
        count = 0
        while count < length and not self.is_ended:
            pieces.append(self._step(min(length - count, _PIECE_BYTES)))
            count += len(pieces[-1])
        return b"".join(pieces)

    def _step(self, most: int) -> bytes:
        block = b""
        if self._decoder.needs_input:
            wanted = min(self._block_bytes, self._end - self.position)
            block = self._source.pread(self.position, wanted)
            self.position += len(block)
            self._block_bytes = _BLOCK_BYTES
        try:
            piece = self._decoder.decompress(block, most)
        except _Damaged as exc:
            self._stop(f"the compressed data is damaged: {exc}")
            return b""
        if self._decoder.is_ended:
            self._next_stream()
        elif not piece and not block:
            self._stop(ENDS_EARLY)
        return piece

    def _next_stream(self) -> None:
        self.position -= len(self._decoder.unused)
        head = self._source.pread(self.position, len(self._magic))
        if self._magic and head == self._magic:
            self._decoder = self._make()
        else:
            self._stop("")

    def _stop(self, problem: str) -> None:
        self.is_ended = True
        self.problem = problem


def deflate() -> _Decoder:
    """Make a decoder for the deflated members of a zip."""
    return _Deflate(-zlib.MAX_WBITS)


def gzip() -> _Decoder:
    """Make a decoder that also checks the checksum of gzip."""
    return _Deflate(16 + zlib.MAX_WBITS)


def bzip2() -> _Decoder:
    """Make a decoder for bzip2."""
    import bz2

    return _Decoder(bz2.BZ2Decompressor(), (OSError, EOFError, ValueError))


def xz() -> _Decoder:
    """Make a decoder for xz."""
    import lzma

    engine = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=DECODER_MEMORY_BYTES)
    return _Decoder(engine, (lzma.LZMAError, EOFError, ValueError))


def lzma_of_zip(head: bytes) -> tuple[_Decoder, int]:
    """Make a decoder for a zip member from its first bytes, and give their number.

    Raises
    ------
    Unreadable
        If they make no sense or ask for too much memory.
    """
    import lzma

    if len(head) < _LZMA_HEADER.size:
        raise Unreadable(ENDS_EARLY)
    length, packed, dictionary_bytes = _LZMA_HEADER.unpack_from(head)
    literal_bits, position_bits = packed % 9, packed // 9
    if length != 5 or position_bits >= 25:
        raise Unreadable("the compressed data is damaged: no properties of LZMA")
    if dictionary_bytes > DECODER_MEMORY_BYTES:
        raise Unreadable(f"decompressing it takes {dictionary_bytes:,} bytes of memory")
    chain = {
        "id": lzma.FILTER_LZMA1,
        "dict_size": dictionary_bytes,
        "lc": literal_bits,
        "lp": position_bits % 5,
        "pb": position_bits // 5,
    }
    try:
        engine = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[chain])
    except (lzma.LZMAError, ValueError) as exc:
        raise Unreadable(f"the compressed data is damaged: {exc}") from exc
    return _Decoder(engine, (lzma.LZMAError, EOFError, ValueError)), _LZMA_HEADER.size


FORMATS = {
    "gzip": Format(b"\x1f\x8b\x08", gzip),
    "bzip2": Format(b"BZh", bzip2),
    "xz": Format(b"\xfd7zXZ\x00", xz),
}
"""Streams that may follow each other in one file, by name."""
