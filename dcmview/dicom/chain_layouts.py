"""Chains of data elements that are remembered, so that the next file like it is read quickly.

Files of a series have the same chain but for the lengths of some values, so headers are
compared in runs of many elements at once.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from dcmview.dicom.sniff import HEAD_BYTES as SNIFFED_BYTES
from dcmview.dicom.sniff import PREAMBLE_BYTES, PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable

    PRead = Callable[[int, int], bytes]

SYNTAX_SLOT = 0
"""Where the list of values has the Transfer Syntax UID (0002,0010)."""
PIXEL_DATA = b"\xe0\x7f\x10\x00"
META_BEGIN = PREAMBLE_BYTES + len(PREFIX)
UNDEFINED_LENGTH = 0xFFFFFFFF
MOST_BLOCKS = 8
"""Blocks that are read beyond the head: long private values are jumped over."""
BLOCK_BYTES = 8 * 1024

_META = b"\x02\x00"
_JUMPED_BYTES = 1_024
"""Values above this length end a run, so that they need not be in memory."""
_FARTHEST_BYTES = 32 * 1024 * 1024
"""Where pixel data may begin; pydicom's way gives up on headers of twice this."""
_LONGEST_META_BYTES = 64
"""Of values in meta information whose length varies: `sniff` has to see all of it."""

unpack_short = struct.Struct("<H").unpack_from
unpack_long = struct.Struct("<L").unpack_from


class Chain(NamedTuple):
    """What was found: the raw values that were asked for, None where absent, and the pixel data.

    ``pixel_vr`` is None in implicit VR. ``pixel_length`` is None where it is
    undefined, ``pixel_offset`` 0 where there is no pixel data. ``offsets`` says where
    the values of top-level elements begin, if that was asked for; -1 where absent.
    """

    values: list[bytes | None]
    pixel_vr: bytes | None
    pixel_offset: int
    pixel_length: int | None
    offsets: list[int]


@dataclass(slots=True)
class Entry:
    """One element, item or delimiter of a chain; ``slot`` is -1 where no value is wanted.

    ``is_flexible`` says that with a value of another length it is the same chain.
    """

    offset: int
    header: bytes
    value_length: int = 0
    slot: int = -1
    is_flexible: bool = False

    def kind(self, *, explicit: bool) -> bytes:
        """The header without the length."""
        if not explicit and self.header[:2] != _META:
            return self.header[:4]
        return self.header[: 6 if len(self.header) == 8 else 8]

    @property
    def value_offset(self) -> int:
        """Where the value begins in the file."""
        return self.offset + len(self.header)


class _Run(NamedTuple):
    """Elements whose headers are compared in one go."""

    unpack: Callable[[bytes, int], tuple[bytes, ...]]
    headers: tuple[bytes, ...]
    size: int
    slots: tuple[tuple[int, int, int], ...]
    """Slot, begin and end of wanted values, counted from the begin of the run."""
    jump: int
    """Bytes to pass over after it."""


class _Varying(NamedTuple):
    """An element whose length differs from file to file."""

    kind: bytes
    slot: int


def _place_of_value(block: bytes, at: int, kind: bytes) -> tuple[int, int] | None:
    """Where the value of an element of a kind begins and ends; None where another one stands."""
    begin = at + len(kind)
    if block[at:begin] != kind:
        return None
    if len(kind) == 6:
        if begin + 2 > len(block):
            return None
        length, begin = unpack_short(block, begin)[0], begin + 2
    else:
        if begin + 4 > len(block):
            return None
        length, begin = unpack_long(block, begin)[0], begin + 4
    is_odd = length % 2 or length == UNDEFINED_LENGTH
    if is_odd or (length > _LONGEST_META_BYTES and kind[:2] == _META):
        return None
    return begin, begin + length


@dataclass(slots=True)
class Layout:
    """A remembered chain."""

    entries: list[Entry]
    syntax_uid: bytes | None
    """The raw value; it decides how all else is read."""
    explicit: bool
    varying: set[int] = field(default_factory=set)
    steps: list[_Run | _Varying] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._plan()

    def read(
        self,
        head: bytes,
        size_bytes: int,
        pread: PRead,
        values: list[bytes | None],
        offsets: list[int] | None,
    ) -> Chain | None:
        """Read a file that has this chain, into these lists; None where it has another."""
        block, base, at = head, 0, META_BEGIN
        blocks = 0
        for step in self.steps:
            if len(step) == 5:
                unpack, headers, size, wanted, jump = step
                if at + size > len(block):
                    blocks += 1
                    base += at
                    if blocks > MOST_BLOCKS or base + size > size_bytes:
                        return None
                    block, at = pread(base, max(BLOCK_BYTES, size)), 0
                    if len(block) < size:
                        return None
                if unpack(block, at) != headers:
                    return None
                for slot, begin, end in wanted:
                    values[slot] = block[at + begin : at + end]
                if offsets is not None:
                    for slot, begin, _ in wanted:
                        offsets[slot] = base + at + begin
                at += size + jump
            else:
                kind, slot = step
                if at + _JUMPED_BYTES > len(block) and base + len(block) < size_bytes:
                    blocks += 1
                    base += at
                    if blocks > MOST_BLOCKS:
                        return None
                    block, at = pread(base, BLOCK_BYTES), 0
                place = _place_of_value(block, at, kind)
                if place is None:
                    return None
                begin, at = place
                if slot >= 0:
                    if at > len(block):
                        return None
                    values[slot] = block[begin:at]
                    if offsets is not None:
                        offsets[slot] = base + begin
        offset = base + at
        if offset > size_bytes or values[SYNTAX_SLOT] != self.syntax_uid:
            return None
        header = block[at : at + 12] if at + 12 <= len(block) else pread(offset, 12)
        return self.finish(header, offset, size_bytes, values, offsets or [])

    def finish(
        self,
        header: bytes,
        offset: int,
        size_bytes: int,
        values: list[bytes | None],
        offsets: list[int],
    ) -> Chain | None:
        """Read the header of the pixel data at the end of the chain."""
        if header[:4] != PIXEL_DATA or offset > _FARTHEST_BYTES:
            return None
        vr = None
        if self.explicit:
            vr = header[4:6]
            if vr not in (b"OB", b"OW") or len(header) < 12 or header[6:8] != b"\0\0":
                return None
        elif len(header) < 8:
            return None
        begin = 12 if self.explicit else 8
        length = unpack_long(header, begin - 4)[0]
        if length == UNDEFINED_LENGTH:
            return Chain(values, vr, offset + begin, None, offsets)
        end = offset + begin + length
        if end < SNIFFED_BYTES and (end != size_bytes or length % 2):
            return None  # `sniff` goes on behind the pixels, and what it finds may be anything
        return Chain(values, vr, offset + begin, length, offsets)

    def with_lengths_of(self, other: Layout) -> Layout | None:
        """The layout of this and a chain that differs in lengths alone; None where in more."""
        if len(self.entries) != len(other.entries) or self.syntax_uid != other.syntax_uid:
            return None
        differing: set[int] = set()
        for number, (mine, its) in enumerate(zip(self.entries, other.entries, strict=True)):
            if mine.header != its.header:
                if not (mine.is_flexible and its.is_flexible):
                    return None
                if mine.kind(explicit=self.explicit) != its.kind(explicit=self.explicit):
                    return None
                differing.add(number)
        return Layout(self.entries, self.syntax_uid, self.explicit, self.varying | differing)

    def _plan(self) -> None:
        """Cut the chain into runs between the elements whose length varies."""
        self.steps = []
        run: list[Entry] = []
        for number, entry in enumerate(self.entries):
            if number in self.varying:
                self._end_run(run)
                run = []
                self.steps.append(_Varying(entry.kind(explicit=self.explicit), entry.slot))
                continue
            run.append(entry)
            if entry.value_length > _JUMPED_BYTES and entry.slot < 0:
                self._end_run(run)
                run = []
        self._end_run(run)

    def _end_run(self, run: list[Entry]) -> None:
        if not run:
            return
        begin, last = run[0].offset, run[-1]
        jump = last.value_length if last.value_length > _JUMPED_BYTES and last.slot < 0 else 0
        size = last.value_offset + last.value_length - jump - begin
        parts = []
        for number, entry in enumerate(run):
            parts.append(f"{len(entry.header)}s")
            if number < len(run) - 1 and entry.value_length:
                parts.append(f"{entry.value_length}x")
        slots = tuple(
            (
                entry.slot,
                entry.value_offset - begin,
                entry.value_offset - begin + entry.value_length,
            )
            for entry in run
            if entry.slot >= 0
        )
        headers = tuple(entry.header for entry in run)
        self.steps.append(
            _Run(struct.Struct("<" + "".join(parts)).unpack_from, headers, size, slots, jump)
        )
