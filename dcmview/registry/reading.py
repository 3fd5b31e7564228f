"""How one path ends: its header is read and listed, or there is a reason why not.

Runs in the server for the first files and in the scan workers for the rest.
Most files are read by the header walker, without pydicom, which is imported
only for what the walker declines.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import stat
import time
from typing import TYPE_CHECKING, NamedTuple

from dcmview.dicom.header import HEAD_BYTES, HeaderWalker, read_header
from dcmview.dicom.members import open_member
from dcmview.dicom.sniff import HEAD_BYTES as SNIFFED_BYTES
from dcmview.dicom.sniff import PREAMBLE_BYTES, PREFIX, sniff
from dcmview.dicom.source import open_source
from dcmview.errors import DcmviewError, InstanceError, NotDicom, NotFound
from dcmview.model import FileEnd, FileStamp
from dcmview.registry.filters import FILTER_FIELDS, matches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import ThreadPoolExecutor

    from dcmview.dicom.members import Member
    from dcmview.dicom.source import FileSource, StampedSource
    from dcmview.model import InstanceHeader

logger = logging.getLogger(__name__)

SLOW_READ_S = 0.0005
"""Opening a file in memory takes 10 us; beyond this a disk or a network is waited for."""
READS_IN_FLIGHT = 16
_PROBED_FILES = 4

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_FLAGS |= getattr(os, "O_BINARY", 0)


class Listed(NamedTuple):
    """A file that goes into the list."""

    stamp: FileStamp
    header: InstanceHeader


class Skipped(NamedTuple):
    """A path that does not."""

    end: FileEnd
    reason: str


class Archive(NamedTuple):
    """A file with files in it."""

    kind: str
    stamp: FileStamp


Outcome = Listed | Skipped | Archive

FILTERED = Skipped(FileEnd.FILTERED, "left out by --filter")


class _Opened(NamedTuple):
    descriptor: int
    stamp: FileStamp
    head: bytes


class FileReader:
    """Reads headers; for one thread.

    Parameters
    ----------
    filters : sequence of (field, value)
        What is not matched by all of them is left out.
    """

    def __init__(self, filters: Sequence[tuple[str, str]]) -> None:
        self._filters = filters
        self._keywords = tuple(field for field, _ in filters if field not in FILTER_FIELDS)
        self._walker = HeaderWalker(self._keywords)
        self._slow_reads: ThreadPoolExecutor | None = None

    def read_all(self, paths: Sequence[str]) -> Iterator[Outcome]:
        """Read files in order, many at the same time where each has to be waited for."""
        for path, opened in zip(paths, self._open_all(paths), strict=True):
            yield self._quick_outcome(opened) or self.read(path)

    def read_quickly(self, path: str) -> Outcome | None:
        """Read one file without pydicom; None where that does not do."""
        return self._quick_outcome(_open(path))

    def read(self, path: str) -> Outcome:
        """Read one file, with pydicom where nothing else does."""
        return self.outcome_of(lambda: self._read(path), path)

    def read_member(
        self, member: Member, path: str, stamp: FileStamp, archive: FileSource | None = None
    ) -> Outcome:
        """Read a file in an archive that was met with this stamp, and may be open already."""

        def read() -> Listed:
            with open_member(member, expected=stamp, archive=archive) as source:
                return self.read_source(source, path)

        outcome = self.outcome_of(read, path)
        if isinstance(outcome, Skipped) and outcome.end is FileEnd.NOT_DICOM:
            from dcmview.registry.archives import reason_not_dicom

            with contextlib.suppress(DcmviewError), open_member(member, expected=stamp) as source:
                reason = reason_not_dicom(source.pread(0, SNIFFED_BYTES))
                return Skipped(FileEnd.NOT_DICOM, reason)
        return outcome

    def outcome_of(self, read: Callable[[], Listed], path: str) -> Outcome:
        """Turn what reading gives or raises into an outcome."""
        try:
            return read()
        except NotDicom as exc:
            return Skipped(FileEnd.NOT_DICOM, exc.message)
        except (InstanceError, NotFound) as exc:
            return Skipped(FileEnd.UNREADABLE, exc.message)
        except _LeftOut:
            return FILTERED
        except Exception as exc:  # one bad file must not end the scan
            logger.exception("reading %r failed", path)
            reason = f"internal error: {type(exc).__name__}: {exc}"
            return Skipped(FileEnd.UNREADABLE, reason)

    def read_source(self, source: StampedSource, path: str) -> Listed:
        """Read the header from an open source.

        Raises
        ------
        NotDicom, Unreadable
            If it gives none.
        """
        header, values = read_header(source, path, self._walker)
        if not matches(
            header.shared, self._filters, dict(zip(self._keywords, values, strict=True))
        ):
            raise _LeftOut
        return Listed(source.stamp, header)

    def _read(self, path: str) -> Listed:
        with open_source(path) as source:
            return self.read_source(source, path)

    def _open_all(self, paths: Sequence[str]) -> Iterator[_Opened | OSError]:
        probed = paths[:_PROBED_FILES]
        started = time.perf_counter()
        opened = [_open(path) for path in probed]
        is_slow = time.perf_counter() - started > SLOW_READ_S * len(probed)
        yield from opened
        rest = paths[len(probed) :]
        if not is_slow:
            yield from map(_open, rest)
            return
        # What was opened early stays open until its turn, so not all at once.
        for begin in range(0, len(rest), READS_IN_FLIGHT):
            yield from self._in_flight().map(_open, rest[begin : begin + READS_IN_FLIGHT])

    def _in_flight(self) -> ThreadPoolExecutor:
        if self._slow_reads is None:
            from concurrent.futures import ThreadPoolExecutor

            self._slow_reads = ThreadPoolExecutor(READS_IN_FLIGHT)
        return self._slow_reads

    def _quick_outcome(self, opened: _Opened | OSError) -> Outcome | None:
        if isinstance(opened, OSError):
            return Skipped(FileEnd.UNREADABLE, f"cannot be opened: {opened.strerror}")
        descriptor, stamp, head = opened
        try:
            walked = self._walker.walk(
                head, stamp.size_bytes, lambda offset, length: _pread(descriptor, length, offset)
            )
        except Exception:  # one bad file must not end the scan, and pydicom may read it
            logger.exception("walking a header failed")
            walked = None
        finally:
            os.close(descriptor)
        if walked is None:
            return _not_dicom(head, stamp)
        if self._filters:
            values = dict(zip(self._keywords, walked.values, strict=True))
            if not matches(walked.header.shared, self._filters, values):
                return FILTERED
        return Listed(stamp, walked.header)


def _seek_and_read(descriptor: int, length: int, offset: int) -> bytes:
    os.lseek(descriptor, offset, os.SEEK_SET)
    return os.read(descriptor, length)


_pread = getattr(os, "pread", _seek_and_read)  # Windows has none


class _LeftOut(Exception):
    """The filters of the user leave this file out."""


def _open(path: str) -> _Opened | OSError:
    """Open a regular file and read its first bytes."""
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError as exc:
        return exc
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        stamp = FileStamp(info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns)
        return _Opened(descriptor, stamp, _pread(descriptor, HEAD_BYTES, 0))
    except OSError as exc:
        os.close(descriptor)
        return exc


def _not_dicom(head: bytes, stamp: FileStamp) -> Outcome | None:
    """Say what a file is whose head no reader would take for DICOM."""
    if not head:
        return Skipped(FileEnd.NOT_DICOM, "empty file")
    if (
        head[PREAMBLE_BYTES : PREAMBLE_BYTES + 4] == PREFIX
        or sniff(head[:SNIFFED_BYTES]) is not None
    ):
        return None
    from dcmview.registry.archives import archive_kind, reason_no_data_set

    kind = archive_kind(head)
    if kind is None:
        return Skipped(FileEnd.NOT_DICOM, reason_no_data_set(head))
    return Archive(kind, stamp)
