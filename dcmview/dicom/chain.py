"""The chain of data elements at the start of a file, walked without pydicom.

Declines whatever is not plain: the caller then asks pydicom, which is slower
by a factor of twenty and forgives. Files of a series have the same chain but
for the lengths of some values, so the layout of the last files is remembered
and compared in runs of many elements at once.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from dcmview.dicom.sniff import (
    LONG_VRS,
    PREAMBLE_BYTES,
    PREFIX,
    SHORT_VRS,
)
from dcmview.dicom.transfer import TRANSFER_SYNTAXES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    PRead = Callable[[int, int], bytes]

_ITEM = b"\xfe\xff\x00\xe0"
_ITEM_END = b"\xfe\xff\x0d\xe0"
_SEQUENCE_END = b"\xfe\xff\xdd\xe0"
_NO_LENGTH = b"\0\0\0\0"
_PIXEL_DATA = b"\xe0\x7f\x10\x00"
_OTHER_PIXELS = (b"\xe0\x7f\x08\x00", b"\xe0\x7f\x09\x00")
_UNDEFINED = 0xFFFFFFFF
_META_BEGIN = PREAMBLE_BYTES + len(PREFIX)

_DEEPEST = 16
_MOST_ELEMENTS = 4_000
_MOST_BLOCKS = 8
"""Blocks that are read beyond the head: long private values are jumped over."""
_BLOCK_BYTES = 8 * 1024
_JUMPED_BYTES = 1_024
"""Values above this length end a run, so that they need not be in memory."""
_MOST_LAYOUTS = 32

SYNTAX_SLOT = 0
"""Where the list of values has the Transfer Syntax UID (0002,0010)."""

# By byte order, little endian at True: 16 bits, 32 bits.
_UNPACKERS = (
    (struct.Struct(">H").unpack_from, struct.Struct(">L").unpack_from),
    (struct.Struct("<H").unpack_from, struct.Struct("<L").unpack_from),
)


class Chain(NamedTuple):
    """What was found: the raw values that were asked for, None where absent, and the pixel data.

    ``pixel_length`` is None where it is undefined, ``pixel_offset`` 0 where
    there is no pixel data.
    """

    values: list[bytes | None]
    is_little: bool
    pixel_vr: bytes | None
    pixel_offset: int
    pixel_length: int | None


class Declined(Exception):
    """Something is not plain."""


class ChainReader:
    """Reads the chains of many files; for one thread.

    Parameters
    ----------
    wanted : mapping of bytes to (slot, VR)
        Top-level elements whose values are wanted, by tag as in the file.
    slots : int
        Length of the list of values.
    declined : set of bytes
        Top-level elements that make a file no business of ours.
    """

    def __init__(
        self, wanted: Mapping[bytes, tuple[int, bytes]], slots: int, declined: frozenset[bytes]
    ) -> None:
        self._wanted = wanted
        self._slots = slots
        self._declined = declined
        self._layouts: list[_Layout] = []

    def read(self, head: bytes, size_bytes: int, pread: PRead) -> Chain | None:
        """Walk from the start of a file to its pixel data; None where that does not do.

        Parameters
        ----------
        head : bytes
            The first bytes of the file.
        size_bytes : int
            Its length.
        pread : callable
            Gives bytes from an offset on.
        """
        if head[PREAMBLE_BYTES:_META_BEGIN] != PREFIX:
            return None
        for number, layout in enumerate(self._layouts):
            chain = layout.read(head, size_bytes, pread, self._slots)
            if chain is not None:
                if number:
                    self._layouts.insert(0, self._layouts.pop(number))
                return chain
        try:
            return self._walk(_Window(head, size_bytes, pread))
        except Declined:
            return None

    def _walk(self, window: _Window) -> Chain:
        values = window.values = [None] * self._slots
        entries: list[_Entry] = []
        begin = self._elements(
            window, _META_BEGIN, entries, explicit=True, end=None, is_top=True, is_meta=True
        )
        uid = (values[SYNTAX_SLOT] or b"").rstrip(b"\0").decode("latin-1")
        syntax = TRANSFER_SYNTAXES.get(uid)
        if syntax is None or syntax.deflated:
            raise Declined
        is_little = syntax.little_endian
        window.turn(is_little=is_little)
        end = self._elements(
            window, begin, entries, explicit=syntax.explicit, end=None, is_top=True
        )
        if end == window.size_bytes:
            return Chain(values, is_little, None, 0, None)
        layout = _Layout(entries, values[SYNTAX_SLOT], syntax.explicit, is_little)
        chain = layout.finish(window.at(end, 12), end, values)
        if chain is None:
            raise Declined
        self._remember(layout)
        return chain

    def _remember(self, layout: _Layout) -> None:
        """Keep a layout; one that differs only in lengths learns where they vary."""
        for number, known in enumerate(self._layouts):
            if known.learn(layout):
                self._layouts.insert(0, self._layouts.pop(number))
                return
        self._layouts.insert(0, layout)
        del self._layouts[_MOST_LAYOUTS:]

    def _elements(
        self,
        window: _Window,
        at: int,
        entries: list[_Entry],
        *,
        explicit: bool,
        end: int | None,
        is_top: bool = False,
        is_meta: bool = False,
        is_flexible: bool = True,
        depth: int = 0,
    ) -> int:
        """Walk elements to an end, to pixel data or to the end of an item; give where that is.

        Meta information ends with the first element of another group.
        """
        last = -1
        while at != end:
            if is_top and at == window.size_bytes and not is_meta:
                return at
            header = window.at(at, 8)
            tag = header[:4]
            if len(header) < 8 or len(entries) > _MOST_ELEMENTS:
                raise Declined
            number = window.short(tag, 0) << 16 | window.short(tag, 2)
            if not window.is_little:
                tag = _swapped(tag)
            if not is_top and end is None and tag == _ITEM_END:
                _expect_no_length(header)
                entries.append(_Entry(at, header))
                return at + 8
            if is_top:
                if tag == _PIXEL_DATA or (is_meta and number >> 16 != 2):
                    return at
                is_declined = tag in self._declined or tag in _OTHER_PIXELS
                if number <= last or is_declined or (number < 0x00080000 and not is_meta):
                    raise Declined
                last = number
            vr = b""
            if explicit:
                vr = header[4:6]
                if vr in SHORT_VRS:
                    length = window.short(header, 6)
                elif vr in LONG_VRS:
                    header = window.at(at, 12)
                    if header[6:8] != b"\0\0" or len(header) < 12:
                        raise Declined
                    length = window.long(header, 8)
                else:
                    raise Declined
            else:
                length = window.long(header, 4)
            if number >= 0xFFFE0000:
                raise Declined
            value_offset = at + len(header)
            if length == _UNDEFINED:
                if vr not in (b"", b"SQ") or (is_top and tag in self._wanted):
                    raise Declined
                entries.append(_Entry(at, header))
                at = self._items(
                    window,
                    value_offset,
                    entries,
                    explicit=explicit,
                    is_flexible=is_flexible,
                    depth=depth + 1,
                )
                continue
            at = value_offset + length
            if length % 2 or at > (window.size_bytes if end is None else end):
                raise Declined
            slot = -1
            if is_top and tag in self._wanted:
                slot, expected = self._wanted[tag]
                if explicit and vr != expected:
                    raise Declined
                window.values[slot] = window.at(value_offset, length)
            kind_bytes = 4 if not explicit else 6 if len(header) == 8 else 8
            kind = header[:kind_bytes] if is_flexible else b""
            entries.append(
                _Entry(value_offset - len(header), header, length, slot, kind, window.is_little)
            )
        return at

    def _items(
        self,
        window: _Window,
        at: int,
        entries: list[_Entry],
        *,
        explicit: bool,
        is_flexible: bool,
        depth: int,
    ) -> int:
        """Walk the items of a sequence of undefined length; give where it ends."""
        if depth > _DEEPEST:
            raise Declined
        while True:
            header = window.at(at, 8)
            entries.append(_Entry(at, header))
            tag = header[:4] if window.is_little else _swapped(header[:4])
            if tag == _SEQUENCE_END:
                _expect_no_length(header)
                return at + 8
            if tag != _ITEM or len(header) < 8 or len(entries) > _MOST_ELEMENTS:
                raise Declined
            length = window.long(header, 4)
            begin = at + 8
            end = None if length == _UNDEFINED else begin + length
            if end is not None and end > window.size_bytes:
                raise Declined
            at = self._elements(
                window,
                begin,
                entries,
                explicit=explicit,
                end=end,
                is_flexible=is_flexible and end is None,
                depth=depth,
            )


class _Window:
    """The bytes of a file around where the walk is."""

    def __init__(self, head: bytes, size_bytes: int, pread: PRead) -> None:
        self._head = head
        self._block, self._begin = head, 0
        self._pread = pread
        self._blocks = 0
        self.size_bytes = size_bytes
        self.values: list[bytes | None] = []
        self.turn(is_little=True)

    def turn(self, *, is_little: bool) -> None:
        """Choose the byte order of all that follows."""
        self.is_little = is_little
        self._short, self._long = _UNPACKERS[is_little]

    def short(self, content: bytes, offset: int) -> int:
        """Give a 16-bit number."""
        number: int = self._short(content, offset)[0]
        return number

    def long(self, content: bytes, offset: int) -> int:
        """Give a 32-bit number."""
        number: int = self._long(content, offset)[0]
        return number

    def at(self, offset: int, length: int) -> bytes:
        """Give bytes, fewer where the file ends."""
        if offset + length <= len(self._head):
            return self._head[offset : offset + length]
        begin = offset - self._begin
        is_inside = begin >= 0 and begin + length <= len(self._block)
        if not is_inside and self._begin + len(self._block) < self.size_bytes:
            self._blocks += 1
            if self._blocks > 2 * _MOST_BLOCKS or length > _BLOCK_BYTES:
                raise Declined
            self._block, self._begin, begin = self._pread(offset, _BLOCK_BYTES), offset, 0
        if begin < 0:
            raise Declined
        return self._block[begin : begin + length]


@dataclass(slots=True)
class _Entry:
    """One element, item or delimiter of a chain; ``slot`` is -1 where no value is wanted.

    ``kind`` is the header without the length, empty where another length
    would make another chain.
    """

    offset: int
    header: bytes
    value_length: int = 0
    slot: int = -1
    kind: bytes = b""
    is_little: bool = True

    @property
    def value_offset(self) -> int:
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
    unpack_length: Callable[[bytes, int], tuple[int]]


@dataclass(slots=True)
class _Layout:
    """A remembered chain."""

    entries: list[_Entry]
    syntax_uid: bytes | None
    """The raw value; it decides how all else is read."""
    explicit: bool
    is_little: bool
    varying: set[int] = field(default_factory=set)
    steps: list[_Run | _Varying] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._plan()

    def read(self, head: bytes, size_bytes: int, pread: PRead, slots: int) -> Chain | None:
        """Read a file that has this chain; None where it has another."""
        values: list[bytes | None] = [None] * slots
        block, base, at = head, 0, _META_BEGIN
        blocks = 0
        for step in self.steps:
            if len(step) == 5:
                unpack, headers, size, wanted, jump = step
                if at + size > len(block):
                    blocks += 1
                    base += at
                    if blocks > _MOST_BLOCKS or base + size > size_bytes:
                        return None
                    block, at = pread(base, max(_BLOCK_BYTES, size)), 0
                    if len(block) < size:
                        return None
                if unpack(block, at) != headers:
                    return None
                for slot, begin, end in wanted:
                    values[slot] = block[at + begin : at + end]
                at += size + jump
            else:
                kind, slot, unpack_length = step
                if at + _JUMPED_BYTES > len(block) and base + len(block) < size_bytes:
                    blocks += 1
                    base += at
                    if blocks > _MOST_BLOCKS:
                        return None
                    block, at = pread(base, _BLOCK_BYTES), 0
                begin = at + len(kind)
                if block[at:begin] != kind:
                    return None
                size = 2 if len(kind) == 6 else 4
                if begin + size > len(block):
                    return None
                length, begin = unpack_length(block, begin)[0], begin + size
                if length % 2 or length == _UNDEFINED:
                    return None
                at = begin + length
                if slot >= 0:
                    if at > len(block):
                        return None
                    values[slot] = block[begin:at]
        offset = base + at
        if offset > size_bytes or values[SYNTAX_SLOT] != self.syntax_uid:
            return None
        header = block[at : at + 12] if at + 12 <= len(block) else pread(offset, 12)
        return self.finish(header, offset, values)

    def finish(self, header: bytes, offset: int, values: list[bytes | None]) -> Chain | None:
        """Read the header of the pixel data at the end of the chain."""
        if (header[:4] if self.is_little else _swapped(header[:4])) != _PIXEL_DATA:
            return None
        vr = None
        if self.explicit:
            vr = header[4:6]
            if vr not in (b"OB", b"OW") or len(header) < 12 or header[6:8] != b"\0\0":
                return None
        elif len(header) < 8:
            return None
        begin = 12 if self.explicit else 8
        length = _UNPACKERS[self.is_little][1](header, begin - 4)[0]
        pixel_length = None if length == _UNDEFINED else length
        return Chain(values, self.is_little, vr, offset + begin, pixel_length)

    def learn(self, other: _Layout) -> bool:
        """Take in a chain that differs in lengths alone; false where it differs in more."""
        if len(self.entries) != len(other.entries) or self.syntax_uid != other.syntax_uid:
            return False
        differing: set[int] = set()
        for number, (mine, its) in enumerate(zip(self.entries, other.entries, strict=True)):
            if mine.header != its.header:
                if not mine.kind or mine.kind != its.kind:
                    return False
                differing.add(number)
        self.varying |= differing
        self._plan()
        return True

    def _plan(self) -> None:
        """Cut the chain into runs between the elements whose length varies."""
        self.steps = []
        run: list[_Entry] = []
        for number, entry in enumerate(self.entries):
            if number in self.varying:
                self._end_run(run)
                run = []
                unpack_length = _UNPACKERS[entry.is_little][len(entry.kind) != 6]
                self.steps.append(_Varying(entry.kind, entry.slot, unpack_length))
                continue
            run.append(entry)
            if entry.value_length > _JUMPED_BYTES and entry.slot < 0:
                self._end_run(run)
                run = []
        self._end_run(run)

    def _end_run(self, run: list[_Entry]) -> None:
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


def _swapped(tag: bytes) -> bytes:
    """A big endian tag as it would be in a little endian file."""
    return tag[1::-1] + tag[:1:-1]


def _expect_no_length(header: bytes) -> None:
    if header[4:8] != _NO_LENGTH:
        raise Declined
