"""Files on their way out, whole before the first byte goes."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

from dcmview.errors import NoRoom

if TYPE_CHECKING:
    from collections.abc import Iterator

HELD_BYTES = 64 * 1024 * 1024
"""Of a file that is on its way; what is longer lies in a file without a name."""

_PIECE_BYTES = 1 << 20
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def spool() -> BinaryIO:
    """Give a place for one file, which is gone when it is closed."""
    import tempfile

    return cast("BinaryIO", tempfile.SpooledTemporaryFile(HELD_BYTES))


@contextmanager
def full_disk_told() -> Iterator[None]:
    """Tell in words that what is written into a spool finds no room.

    Raises
    ------
    NoRoom
        If it does not.
    """
    try:
        yield
    except OSError as exc:
        if exc.errno not in _FULL:
            raise
        import tempfile

        where = tempfile.gettempdir()
        raise NoRoom(f"no room for a file on its way in {where}: {exc.strerror}") from exc


def pieces_of(stream: BinaryIO) -> Iterator[bytes]:
    """Give what was written into a spool, and close it."""
    with stream:
        stream.seek(0)
        while piece := stream.read(_PIECE_BYTES):
            yield piece
