"""Whether an output that is there is what a run would make of a file.

What a run writes is marked in the fraction of the second of its modification time: a number
that follows from the file, the settings, and the name and size of the output. An output
that bears its mark is finished; any other is compared with what is made.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import time
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from dcmview.errors import OutputExists

if TYPE_CHECKING:
    from typing import NoReturn

    from dcmview.registry.registry import Entry

_SECOND_NS = 1_000_000_000
_COARSE_NS = 100
"""What the times of NTFS and SMB are multiples of."""
_PIECE_BYTES = 1 << 20

_encode = msgspec.msgpack.Encoder(enc_hook=repr).encode


class FinishedBefore(Exception):
    """What was made is there already, byte for byte."""


def origin_of(entry: Entry, made_with: str, extra: Any = None) -> bytes:
    """Give the hash of all that an output follows from: the file as it is, and the settings."""
    stamp = entry.stamp
    path, uid = os.fsencode(entry.path), entry.header.sop_instance_uid
    about = (made_with, path, stamp.size_bytes, stamp.mtime_ns, uid, extra)
    try:
        content = _encode(about)
    except UnicodeEncodeError:  # names of files need not be text
        content = repr(about).encode("utf-8", "backslashreplace")
    return hashlib.blake2b(content, digest_size=16).digest()


def is_finished(path: str, origin: bytes) -> bool:
    """Whether a file is there and bears the mark of its origin."""
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return is_marked(found, path, origin)


def is_marked(found: os.stat_result, path: str, origin: bytes) -> bool:
    """Whether a file that was found bears the mark of its origin."""
    if not stat.S_ISREG(found.st_mode):
        return False
    fraction = found.st_mtime_ns % _SECOND_NS
    mark = _mark(path, found.st_size, origin)
    return fraction in (mark, mark - mark % _COARSE_NS)


def put_mark(
    descriptor: int, partial: str | None, path: str, origin: bytes, *, not_before_ns: int = 0
) -> None:
    """Mark an output that is written but has not got its name; its time stays right to a second.

    For programs that make again what is older than that which it was made of, it is
    not before ``not_before_ns``.
    """
    mark = _mark(path, os.fstat(descriptor).st_size, origin)
    now = time.time_ns()
    marked = now - now % _SECOND_NS + mark
    if marked > now and marked - _SECOND_NS >= not_before_ns:
        marked -= _SECOND_NS
    elif marked < not_before_ns <= now:
        marked += _SECOND_NS
    is_open_enough = os.utime in os.supports_fd
    # Without a mark an output is compared with what is made, which takes longer.
    with contextlib.suppress(OSError):
        os.utime(descriptor if is_open_enough else partial or path, ns=(marked, marked))


def _mark(path: str, size_bytes: int, origin: bytes) -> int:
    name = os.fsencode(os.path.basename(path))
    digest = hashlib.blake2b(b"%d/%s" % (size_bytes, name), key=origin, digest_size=8).digest()
    # Not 0, even where times are coarse: file systems without fractions have nothing else.
    return _COARSE_NS + int.from_bytes(digest) % (_SECOND_NS - _COARSE_NS)


def compare(made: BinaryIO, path: str) -> NoReturn:
    """Compare what was made with the file that has its name.

    Raises
    ------
    FinishedBefore
        If they are the same.
    OutputExists
        If they are not, or cannot be compared.
    """
    try:
        is_same = _is_same(made, path)
    except OSError as exc:
        raise OutputExists(
            f"there is a file of that name, which cannot be compared ({exc.strerror}); "
            f"--overwrite replaces it: {path}"
        ) from exc
    if is_same:
        raise FinishedBefore
    raise OutputExists(
        "there is another file of that name, made of something else or in another way; "
        f"--overwrite replaces it: {path}"
    )


def _is_same(made: BinaryIO, path: str) -> bool:
    size_bytes = os.fstat(made.fileno()).st_size
    if not os.path.isfile(path) or os.path.getsize(path) != size_bytes:
        return False
    made.seek(0)
    with open(path, "rb") as other:
        while piece := made.read(_PIECE_BYTES):
            if other.read(len(piece)) != piece:
                return False
    return True
