"""Paths that a file or standard input lists, as they come."""

from __future__ import annotations

import codecs
import os
from typing import TYPE_CHECKING, BinaryIO

from dcmview.dicom.sniff import PREAMBLE_BYTES, PREFIX
from dcmview.errors import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK_BYTES = 64 * 1024

LONGEST_PATH_BYTES = 32 * 1024
"""What no system opens; of a longer line this much is taken, and reported as unreadable."""

_NUL = b"\0"
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_path_list(stream: BinaryIO, source_name: str) -> Iterator[str]:
    """Give the paths of a list as soon as each has come.

    One path a line; empty lines and those beginning with ``#`` are passed over.
    Where NUL separates paths, as ``find -print0`` writes them, all else is part of
    a path. Bytes that are not UTF-8 survive as the file system has them.

    Parameters
    ----------
    stream : binary file
        Read as it gives, without waiting for its end.
    source_name : str
        What the list is called in messages.

    Raises
    ------
    Unreadable
        If the list cannot be read to its end.
    """
    separator = b""
    rest = b""
    is_skipping = False
    for block in _blocks(stream, source_name):
        rest += block
        if not separator:
            separator = _NUL if _NUL in rest else b"\n" if b"\n" in rest else b""
        *lines, rest = rest.split(separator) if separator else [rest]
        for line in lines:
            path = b"" if is_skipping else _path(line, separator)
            is_skipping = False
            if path:
                yield os.fsdecode(path)
        if len(rest) > LONGEST_PATH_BYTES:
            if not is_skipping and (path := _path(rest, separator)):
                yield os.fsdecode(path)
            rest, is_skipping = b"", True
    if not is_skipping and (path := _path(rest, separator)):
        yield os.fsdecode(path)


def _path(line: bytes, separator: bytes) -> bytes:
    """Give the path in a line, empty where there is none."""
    if separator != _NUL:
        line = line.removesuffix(b"\r")
        if line.startswith(b"#"):
            return b""
    # A list that changes its separator must not bring a NUL to the file system.
    return line[:LONGEST_PATH_BYTES].split(_NUL, 1)[0]


def _blocks(stream: BinaryIO, source_name: str) -> Iterator[bytes]:
    """Give the bytes of a list in UTF-8, or as they are, without a byte order mark."""
    read = getattr(stream, "read1", stream.read)
    decoder: codecs.IncrementalDecoder | None = None
    head: bytes | None = b""
    try:
        while block := read(_BLOCK_BYTES):
            if head is not None:
                head += block
                if len(head) < len(codecs.BOM_UTF8) and codecs.BOM_UTF8.startswith(head):
                    continue
                if head[PREAMBLE_BYTES : PREAMBLE_BYTES + len(PREFIX)] == PREFIX:
                    raise Unreadable(f"{source_name} is a DICOM file, not a list of paths")
                block, head = head.removeprefix(codecs.BOM_UTF8), None
                if block.startswith(_UTF16_MARKS):  # PowerShell writes what is redirected so
                    decoder = codecs.getincrementaldecoder("utf-16")("replace")
            yield block if decoder is None else decoder.decode(block).encode(errors="replace")
    except OSError as exc:
        raise Unreadable(f"{source_name} cannot be read: {exc.strerror}") from exc
    if head:
        yield head
