"""Files on their way out, whole before the first byte goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

HELD_BYTES = 64 * 1024 * 1024
"""Of a file that is on its way; what is longer lies in a file without a name."""

_PIECE_BYTES = 1 << 20


def spool() -> BinaryIO:
    """Give a place for one file, which is gone when it is closed."""
    import tempfile

    return cast("BinaryIO", tempfile.SpooledTemporaryFile(HELD_BYTES))


def pieces_of(stream: BinaryIO) -> Iterator[bytes]:
    """Give what was written into a spool, and close it."""
    with stream:
        stream.seek(0)
        while piece := stream.read(_PIECE_BYTES):
            yield piece
