"""What files an archive holds: listed where they lie, nothing is unpacked.

Whatever an archive says of itself may be a lie. Names are only shown, sizes
and numbers are bounded, and what is refused is told in words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcmview.dicom.compressed import ENDS_EARLY, FORMATS, CompressedStream
from dcmview.dicom.sniff import PREAMBLE_BYTES, PREFIX
from dcmview.dicom.source import MemorySource, open_source
from dcmview.errors import DcmviewError
from dcmview.model import FileEnd
from dcmview.registry.archive_names import Refusal, Refused
from dcmview.registry.archive_tar import BLOCK_BYTES, held_members, is_tar, plain_members
from dcmview.registry.archive_zip import zip_members

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dcmview.dicom.members import Member
    from dcmview.dicom.source import FileSource
    from dcmview.model import FileStamp

HELD_LIMIT_BYTES = 1024 * 1024 * 1024
"""Of a compressed tar, which cannot be read at random."""

_ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08PK\x03\x04")


def archive_kind(head: bytes, name: str = "") -> str | None:
    """Recognise an archive by its first bytes.

    Parameters
    ----------
    head : bytes
        The first 512 bytes of the file or more.
    name : str, optional
        Of the file, which tars of the oldest kind need.

    Returns
    -------
    str or None
        ``zip``, ``tar``, or a compressed ``tar.gzip``, ``tar.bzip2``, ``tar.xz``;
        None for anything else, and for DICOM with such a preamble. Whether
        bzip2 and xz hold a tar may only show when more is read.
    """
    if head[PREAMBLE_BYTES : PREAMBLE_BYTES + len(PREFIX)] == PREFIX:
        return None
    if head.startswith(_ZIP_MAGICS):
        return "zip"
    if is_tar(head, name):
        return "tar"
    for compression, (magic, make) in FORMATS.items():
        if head.startswith(magic):
            stream = CompressedStream(MemorySource(head), 0, len(head), make)
            block = stream.read(BLOCK_BYTES)
            # A block of bzip2 has up to 900 kB, and gives nothing before its end.
            is_undecided = not block and stream.problem == ENDS_EARLY
            return f"tar.{compression}" if is_undecided or is_tar(block, "") else None
    return None


def members(
    path: str,
    kind: str,
    *,
    expected: FileStamp | None = None,
    held_limit_bytes: int = HELD_LIMIT_BYTES,
) -> Iterator[Member | Refusal]:
    """Give the files in an archive, in the order in which the walk would give them unpacked.

    Parameters
    ----------
    path : str
        Of the archive.
    kind : str
        As `archive_kind` gives it.
    expected : FileStamp, optional
        What the archive was when it was met.
    held_limit_bytes : int
        How much a compressed tar may be when decompressed; of it, DICOM files
        are kept as the content of their members.

    Yields
    ------
    Member or Refusal
        Folders are passed over. A refusal without a name speaks of the archive
        itself, or of the rest of it; with no member at all there is one.
    """
    is_empty = True
    try:
        with open_source(path, expected=expected) as archive:
            for found in _members_of(archive, path, kind, held_limit_bytes):
                is_empty = False
                yield found
    except (Refused, DcmviewError) as exc:
        reason = exc.message if isinstance(exc, DcmviewError) else str(exc)
        yield Refusal("", FileEnd.UNREADABLE, reason)
        return
    if is_empty:
        yield Refusal("", FileEnd.NOT_DICOM, "an archive without files")


def shown_path(archive: str, name: str) -> str:
    """Give the path under which a file in an archive is shown; that of the archive without one."""
    return f"{archive}/{name}" if name else archive


def reason_not_dicom(head: bytes) -> str:
    """Say what a member is, by its first bytes, that is not DICOM."""
    if not head:
        return "empty file"
    if archive_kind(head) is not None:
        return "an archive inside an archive, which is not opened"
    return reason_no_data_set(head)


def reason_no_data_set(head: bytes) -> str:
    """Say what something is, by its first bytes, that is neither DICOM nor an archive."""
    for compression, (magic, _) in FORMATS.items():
        if head.startswith(magic):
            return f"a compressed file ({compression}), which is not opened"
    return "no DICOM data set"


def _members_of(
    archive: FileSource, path: str, kind: str, held_limit_bytes: int
) -> Iterator[Member | Refusal]:
    if kind == "zip":
        return zip_members(archive, path)
    if kind == "tar":
        return plain_members(archive, path)
    magic, make = FORMATS[kind.removeprefix("tar.")]
    stream = CompressedStream(archive, 0, archive.size, make, magic)
    return held_members(stream, path, held_limit_bytes, reason_not_dicom)
