"""A file for pydicom that bounds what reading a header may cost."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, NamedTuple

from dcmview.errors import Unreadable

if TYPE_CHECKING:
    from dcmview.dicom.source import ByteSource

# What a header may cost; real ones stay far below (large enhanced objects: 40 MiB).
HEADER_LIMIT_BYTES = 64 * 1024 * 1024
READ_LIMIT = 400_000
TIME_LIMIT_S = 5.0


class Budget(NamedTuple):
    """What reading the elements of a file may cost."""

    size_bytes: int = HEADER_LIMIT_BYTES
    reads: int = READ_LIMIT
    time_s: float = TIME_LIMIT_S


HEADER_BUDGET = Budget()
BLOCK_BYTES = 16 * 1024


class BoundedFile:
    """A part of a source as a file for pydicom, within a budget."""

    def __init__(self, source: ByteSource, begin: int, budget: Budget = HEADER_BUDGET) -> None:
        self._source = source
        self._begin = begin
        self._size = max(source.size - begin, 0)
        self._position = 0
        self._block = b""
        self._block_begin = 0
        self._reads = 0
        self._bytes = 0
        self._budget = budget
        self._deadline = time.monotonic() + budget.time_s
        self._pass_over = False

    @property
    def offset(self) -> int:
        """The position as counted in the source."""
        return self._begin + self._position

    @property
    def left(self) -> int:
        """Bytes from the position to the end."""
        return max(self._size - self._position, 0)

    def end_at(self, offset: int) -> None:
        """Pretend that the source ends here."""
        self._size = min(self._size, offset - self._begin)

    def pass_over_next(self) -> None:
        """Answer the next read with nothing and move behind it."""
        self._pass_over = True

    def read(self, size: int = -1) -> bytes:
        """Read bytes, never more than are left: a declared length may be a lie."""
        length = self.left if size < 0 else min(size, self.left)
        if self._pass_over:
            self._pass_over = False
            self._position += length
            return b""
        self._charge(length)
        begin = self._position - self._block_begin
        if begin < 0 or begin + length > len(self._block):
            self._block = self._source.pread(self.offset, max(length, BLOCK_BYTES))
            self._block_begin, begin = self._position, 0
        content = self._block[begin : begin + length]
        self._position += len(content)
        return content

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move as files do."""
        base = (0, self._position, self._size)[whence]
        self._position = max(base + offset, 0)
        return self._position

    def tell(self) -> int:
        """Give the position from the start of this part."""
        return self._position

    def _charge(self, length: int) -> None:
        self._reads += 1
        self._bytes += length
        budget = self._budget
        if self._reads > budget.reads:
            raise Unreadable(f"the header has more than {budget.reads:,} parts")
        if self._bytes > budget.size_bytes:
            raise Unreadable(f"the header is larger than {budget.size_bytes // 2**20} MiB")
        if self._reads % 1024 == 0 and time.monotonic() > self._deadline:
            raise Unreadable(f"the header takes longer than {budget.time_s:g} s to read")
