"""Standard output that carries the product alone, and standard input that may be DICOM."""

from __future__ import annotations

import contextlib
import io
import os
import select
import stat
import sys
from typing import TYPE_CHECKING, BinaryIO, Self

from dcmview.cli.options import STANDARD_INPUT
from dcmview.errors import NotDicom, NothingToShow, NotSaved, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HEAD_BYTES = 132
_PIECE_BYTES = 1 << 20
_TEXT_CONTROLS = b"\0\t\n\r"

EXIT_READER_GONE = 141
"""As of a program that SIGPIPE ended."""


class ReaderGone(Exception):
    """Nobody reads standard output any more."""


def is_stream(path: str) -> bool:
    """Whether a path is a pipe or a device: read only once, and written to as it is."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


class ProductStream:
    """Standard output for the product; in its block all else goes to standard error.

    Libraries print, too, and one line among the bytes of a picture spoils it.
    """

    def __enter__(self) -> Self:
        self._is_closed = sys.stdout is None
        if not self._is_closed:
            sys.stdout.flush()
        self._descriptor = os.dup(1)
        os.dup2(2, 1)
        return self

    def __exit__(self, *_exc: object) -> None:
        with contextlib.suppress(OSError, ValueError):
            if not self._is_closed:
                sys.stdout.flush()
        os.dup2(self._descriptor, 1)
        os.close(self._descriptor)

    def write(self, parts: Iterable[bytes]) -> None:
        """Write the product.

        Raises
        ------
        ReaderGone
            If nobody reads it.
        NotSaved
            If it cannot be written for another reason.
        """
        if self._is_closed:
            raise NotSaved("standard output is closed; --output-file writes to a file")
        try:
            for part in parts:
                _write_all(self._descriptor, memoryview(part))
        except BrokenPipeError as exc:
            raise ReaderGone from exc
        except OSError as exc:
            raise NotSaved(f"standard output cannot be written: {exc.strerror}") from exc


def _write_all(descriptor: int, view: memoryview) -> None:
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:
            # Another program that has the pipe, too, wants never to wait for it; we do.
            select.select((), (descriptor,), ())


class PipedInput:
    """What comes through a pipe: DICOM, or a list of paths.

    Parameters
    ----------
    path : str
        Of a named pipe, or that of standard input.

    Raises
    ------
    NothingToShow
        If nothing comes.
    UsageError
        If it is closed, or cannot be opened.
    """

    def __init__(self, path: str) -> None:
        self.name = "standard input" if path == STANDARD_INPUT else path
        self._stream = _opened(path)
        self._head = b""
        # No more than that: a list may come slowly, and is read as it comes.
        while len(self._head) < _HEAD_BYTES:
            piece = self._stream.read(_HEAD_BYTES - len(self._head))
            if not piece:
                break
            self._head += piece
        if not self._head:
            raise NothingToShow(f"nothing came on {self.name}")

    @property
    def is_list(self) -> bool:
        """Whether it can be a list of paths."""
        if self._head[128:132] == b"DICM":
            return False
        if b"\0\0" in self._head:  # no path is empty, but a tar begins with a name and filling
            return False
        # Without preamble a data set begins with the number of its first group, 2 or 8.
        return not any(byte < 32 and byte not in _TEXT_CONTROLS for byte in self._head)

    def require_dicom(self) -> None:
        """Refuse what is no DICOM by its beginning: the rest may never end.

        Raises
        ------
        NotDicom
            With what it is.
        """
        from dcmview.dicom.sniff import HEAD_BYTES, sniff

        self._head += self._stream.read(HEAD_BYTES - len(self._head))
        if sniff(self._head) is None:
            from dcmview.registry.archives import archive_kind, reason_no_data_set

            is_archive = archive_kind(self._head) is not None
            reason = "an archive, not a DICOM file" if is_archive else None
            raise NotDicom(f"{self.name}: {reason or reason_no_data_set(self._head)}")

    def parts(self) -> Iterator[bytes]:
        """Give all of it."""
        yield self._head
        while piece := self._stream.read(_PIECE_BYTES):
            yield piece

    def as_stream(self) -> BinaryIO:
        """Give all of it as a stream that does not wait for more than has come."""
        return io.BufferedReader(_Rejoined(self._head, self._stream))


def _opened(path: str) -> BinaryIO:
    if path == STANDARD_INPUT:
        if sys.stdin is None:
            raise UsageError("standard input is closed")
        return sys.stdin.buffer
    try:
        return open(path, "rb")
    except OSError as exc:
        raise UsageError(f"{path}: {exc.strerror}") from exc


class _Rejoined(io.RawIOBase):
    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head = head
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if self._head:
            piece, self._head = self._head[: len(buffer)], self._head[len(buffer) :]
        else:
            piece = self._stream.read1(len(buffer))  # type: ignore[attr-defined]
        buffer[: len(piece)] = piece
        return len(piece)
