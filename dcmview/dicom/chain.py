"""The chain of data elements at the start of a file, walked without pydicom.

Declines whatever is not plain: the caller then asks pydicom, which is slower
by a factor of twenty and forgives. Files of a series have the same chain but
for the lengths of some values, so the layouts of the last files are remembered
and compared in runs of many elements at once.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from dcmview.dicom.loading import load_pydicom
from dcmview.dicom.plain import CODECS, Declined
from dcmview.dicom.sniff import HEAD_BYTES as SNIFFED_BYTES
from dcmview.dicom.sniff import LONG_VRS, PREAMBLE_BYTES, PREFIX, SHORT_VRS, guess_encoding
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
_CHARACTER_SET = b"\x08\x00\x05\x00"
_META = b"\x02\x00"
_META_BEGIN = PREAMBLE_BYTES + len(PREFIX)
_META_GROUP, _FIRST_GROUP = 0x0002, 0x0008
_LAST_GROUP = 0xFFFC  # beyond are items and delimiters
_UNDEFINED = 0xFFFFFFFF

_DEEPEST = 16
_MOST_ELEMENTS = 4_000
_MOST_BLOCKS = 8
"""Blocks that are read beyond the head: long private values are jumped over."""
_BLOCK_BYTES = 8 * 1024
_JUMPED_BYTES = 1_024
"""Values above this length end a run, so that they need not be in memory."""
_FARTHEST_BYTES = 32 * 1024 * 1024
"""Where pixel data may begin; pydicom's way gives up on headers of twice this."""
_SNIFFED_BEGIN_BYTES = 2_048
"""Meta information and the first element end before this, so that `sniff` sees them whole."""
_LONGEST_META_BYTES = 64
"""Of values in meta information whose length varies, for the same reason."""
_MOST_LAYOUTS = 32

# In implicit VR the dictionary says what is a sequence. These are most of what there is; for
# others pydicom's is asked, which takes 0.1 s to import.
_COMMON_SEQUENCES = frozenset(
    (
        0x00081032,  # Procedure Code Sequence
        0x00081110,  # Referenced Study Sequence
        0x00081111,  # Referenced Performed Procedure Step Sequence
        0x00081115,  # Referenced Series Sequence
        0x00081120,  # Referenced Patient Sequence
        0x00081140,  # Referenced Image Sequence
        0x00081199,  # Referenced SOP Sequence
        0x00082112,  # Source Image Sequence
        0x00082218,  # Anatomic Region Sequence
        0x00089215,  # Derivation Code Sequence
        0x00101002,  # Other Patient IDs Sequence
        0x00321064,  # Requested Procedure Code Sequence
        0x00400008,  # Scheduled Protocol Code Sequence
        0x00400260,  # Performed Protocol Code Sequence
        0x00400275,  # Request Attributes Sequence
        0x0040A170,  # Purpose of Reference Code Sequence
    )
)

_NUMBER_BYTES = {b"US": 2, b"SS": 2, b"FD": 8}
_FRAME_VOI = b"\x28\x00\x32\x91"  # Frame VOI LUT Sequence
GROUP_WINDOW = (
    b"\x28\x00\x50\x10",  # Window Center
    b"\x28\x00\x51\x10",  # Window Width
    b"\x28\x00\x55\x10",  # Window Center & Width Explanation
    b"\x28\x00\x56\x10",  # VOI LUT Function
)
GROUP_SLOTS = 2 + len(GROUP_WINDOW)
"""Empty where the sequence is there, empty where the first item has a window, and its values."""

SYNTAX_SLOT = 0
"""Where the list of values has the Transfer Syntax UID (0002,0010)."""

_unpack_tag = struct.Struct("<HH").unpack
_unpack_short = struct.Struct("<H").unpack_from
_unpack_long = struct.Struct("<L").unpack_from


class Chain(NamedTuple):
    """What was found: the raw values that were asked for, None where absent, and the pixel data.

    ``pixel_vr`` is None in implicit VR. ``pixel_length`` is None where it is
    undefined, ``pixel_offset`` 0 where there is no pixel data.
    """

    values: list[bytes | None]
    pixel_vr: bytes | None
    pixel_offset: int
    pixel_length: int | None


class ChainReader:
    """Reads the chains of many files; for one thread.

    Parameters
    ----------
    wanted : mapping of bytes to (slot, VRs)
        Top-level elements whose values are wanted, by tag as in the file.
    slots : int
        Length of the list of values.
    declined : set of bytes
        Top-level elements, or whole groups, that make a file no business of ours.
    groups : mapping of bytes to int, optional
        Sequences of functional groups of which the window of the first item
        is wanted, by tag, with the first of the `GROUP_SLOTS` slots for it.
    takes_big_endian : bool, default False
        Whether to walk big endian files too; values of US, SS and FD are then
        given as they would be in a little endian one.
    """

    def __init__(
        self,
        wanted: Mapping[bytes, tuple[int, tuple[bytes, ...]]],
        slots: int,
        declined: frozenset[bytes],
        groups: Mapping[bytes, int] | None = None,
        *,
        takes_big_endian: bool = False,
    ) -> None:
        self._wanted = wanted
        self._slots = slots
        self._declined = declined
        self._groups = groups or {}
        self._takes_big_endian = takes_big_endian
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
        begin = self._elements(window, _META_BEGIN, _Place(is_meta=True))
        uid = (values[SYNTAX_SLOT] or b"").rstrip(b"\0").decode("latin-1")
        syntax = TRANSFER_SYNTAXES.get(uid)
        if syntax is None or syntax.deflated:
            raise Declined
        if not syntax.little_endian:
            guess = guess_encoding(window.at(0, SNIFFED_BYTES), begin, is_marked=True)
            if not self._takes_big_endian or guess != (True, False):
                raise Declined
            window.is_little = False
        end = self._elements(window, begin, _Place(explicit=syntax.explicit))
        if end == begin:
            raise Declined
        if end == window.size_bytes:
            return Chain(values, None, 0, None)
        layout = _Layout(window.entries, values[SYNTAX_SLOT], syntax.explicit)
        header = window.long_header(end) if syntax.explicit else window.at(end, 8)
        chain = layout.finish(header, end, window.size_bytes, values)
        if chain is None:
            raise Declined
        if syntax.little_endian:  # the others are too few to be worth it
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

    def _elements(self, window: _Window, at: int, place: _Place) -> int:
        """Walk elements to an end, to pixel data or to the end of an item; give where that is.

        Meta information ends with the first element of another group.
        """
        last = -1
        is_top, is_meta, end = place.is_top, place.is_meta, place.end
        is_first = not is_meta
        while at != end and not (is_top and at == window.size_bytes):
            header = window.header(at)
            tag = header[:4]
            if len(header) < 8 or len(window.entries) > _MOST_ELEMENTS:
                raise Declined
            if end is None and not is_top and tag == _ITEM_END:
                _expect_no_length(header)
                window.entries.append(_Entry(at, header))
                return at + 8
            group, element = _unpack_tag(tag)
            number = group << 16 | element
            if is_top:
                if tag == _PIXEL_DATA or (is_meta and group != _META_GROUP):
                    return at
                is_declined = tag in self._declined or tag[:2] in self._declined
                if number <= last or is_declined or tag in _OTHER_PIXELS:
                    raise Declined
                last = number
            if group > _LAST_GROUP or (group < _FIRST_GROUP and not is_meta):
                raise Declined
            header, length = _whole_header(window, at, header, explicit=place.explicit)
            inner = self._groups.get(tag) if place.is_top else place.group_inside(tag)
            if inner is not None:
                if (place.is_top and is_first) or (place.explicit and header[4:6] != b"SQ"):
                    raise Declined
                at = self._items(window, at, header, length, place, group_slot=inner)
            elif length == _UNDEFINED:
                if is_top and (is_first or tag in self._wanted):
                    raise Declined
                if not _is_sequence(number, header, explicit=place.explicit):
                    raise Declined
                at = self._items(window, at, header, length, place)
            else:
                at = self._value(window, at, header, length, place, is_first=is_first)
            is_first = False
        return at

    def _value(
        self, window: _Window, at: int, header: bytes, length: int, place: _Place, *, is_first: bool
    ) -> int:
        """Note an element and give where its value ends."""
        tag = header[:4]
        begin = at + len(header)
        end = begin + length
        if length % 2 or end > (window.size_bytes if place.end is None else place.end):
            raise Declined
        if place.is_top and (is_first or place.is_meta) and end > _SNIFFED_BEGIN_BYTES:
            raise Declined
        slot = -1
        if place.is_top and tag in self._wanted:
            slot, vrs = self._wanted[tag]
            if place.explicit and header[4:6] not in vrs:
                raise Declined
            window.values[slot] = window.value(begin, length, header[4:6])
        elif place.group_slot >= 0 and place.is_frame_voi and tag in GROUP_WINDOW:
            slot = place.group_slot + 2 + GROUP_WINDOW.index(tag)
            window.values[slot] = window.at(begin, length)
        elif tag == _CHARACTER_SET and length:
            # The texts of an item are not wanted, but pydicom warns of a set it does not know.
            value = window.at(begin, length)
            if value.rstrip(b" ") not in CODECS or (place.explicit and header[4:6] != b"CS"):
                raise Declined
            window.entries.append(_Entry(at, header + value))
            return end
        # By the first length pydicom tells whether the VR is implicit.
        is_flexible = place.is_flexible and not is_first
        window.entries.append(_Entry(at, header, length, slot, is_flexible))
        return end

    def _items(
        self,
        window: _Window,
        at: int,
        header: bytes,
        length: int,
        place: _Place,
        *,
        group_slot: int = -1,
    ) -> int:
        """Walk a sequence with its items; give where it ends.

        ``group_slot`` is not -1 where the first item is one of functional
        groups, or holds the window of one.
        """
        if place.depth >= _DEEPEST:
            raise Declined
        is_group = group_slot >= 0 and place.is_top
        window.note(_Entry(at, header, 0, group_slot if is_group else -1))
        at += len(header)
        limit = window.size_bytes if place.end is None else place.end
        sequence_end = None if length == _UNDEFINED else at + length
        if sequence_end is not None:
            if sequence_end > limit:
                raise Declined
            place = place._replace(is_flexible=False)
            limit = sequence_end
        while at != sequence_end:
            header = window.header(at)
            if sequence_end is None and header[:4] == _SEQUENCE_END:
                _expect_no_length(header)
                window.note(_Entry(at, header))
                return at + 8
            is_window = group_slot >= 0 and not is_group
            window.note(_Entry(at, header, 0, group_slot + 1 if is_window else -1))
            if header[:4] != _ITEM or len(header) < 8 or len(window.entries) > _MOST_ELEMENTS:
                raise Declined
            length = _unpack_long(header, 4)[0]
            at += 8
            end = None if length == _UNDEFINED else at + length
            if end is not None and end > limit:
                raise Declined
            at = self._elements(window, at, place.inside(end, group_slot))
            group_slot = -1
        return at


class _Place(NamedTuple):
    """Where elements stand; ``end`` is None at the top and in items of undefined length."""

    explicit: bool = True
    is_meta: bool = False
    end: int | None = None
    depth: int = 0
    is_flexible: bool = True
    """Whether other lengths of values leave the chain what it is."""
    group_slot: int = -1
    """Where the window goes, in the first item of functional groups and in its window."""

    @property
    def is_frame_voi(self) -> bool:
        return self.depth == 2

    def group_inside(self, tag: bytes) -> int | None:
        """The slot for what is inside an element: of functional groups, the window alone."""
        is_wanted = self.group_slot >= 0 and self.depth == 1 and tag == _FRAME_VOI
        return self.group_slot if is_wanted else None

    @property
    def is_top(self) -> bool:
        return self.depth == 0

    def inside(self, end: int | None, group_slot: int) -> _Place:
        is_flexible = self.is_flexible and end is None
        return _Place(self.explicit, False, end, self.depth + 1, is_flexible, group_slot)


def _whole_header(window: _Window, at: int, header: bytes, *, explicit: bool) -> tuple[bytes, int]:
    """Give the header of an element with its length."""
    if not explicit:
        return header, _unpack_long(header, 4)[0]
    vr = header[4:6]
    if vr in SHORT_VRS:
        return header, _unpack_short(header, 6)[0]
    header = window.long_header(at)
    if vr not in LONG_VRS or len(header) < 12 or header[6:8] != b"\0\0":
        raise Declined
    return header, _unpack_long(header, 8)[0]


def _is_sequence(number: int, header: bytes, *, explicit: bool) -> bool:
    """Whether pydicom takes an element of undefined length for a sequence."""
    if explicit:
        return header[4:6] == b"SQ"
    if number >> 16 & 1 or number in _COMMON_SEQUENCES:
        return True
    load_pydicom()
    from pydicom.datadict import dictionary_has_tag, dictionary_VR

    return not dictionary_has_tag(number) or dictionary_VR(number) == "SQ"


class _Window:
    """The bytes of a file around where the walk is, and what it has found."""

    def __init__(self, head: bytes, size_bytes: int, pread: PRead) -> None:
        self._head = head
        self._block, self._begin = head, 0
        self._pread = pread
        self._blocks = 0
        self.size_bytes = size_bytes
        self.is_little = True
        self.values: list[bytes | None] = []
        self.entries: list[_Entry] = []

    def note(self, entry: _Entry) -> None:
        """Keep an entry that has no value, and that it is there if somebody wants to know."""
        self.entries.append(entry)
        if entry.slot >= 0:
            self.values[entry.slot] = b""

    def header(self, offset: int) -> bytes:
        """Give the first 8 bytes of an element or item as a little endian file has them."""
        header = self.at(offset, 8)
        if self.is_little:
            return header
        tag = header[1::-1] + header[3:1:-1]
        if tag[:2] == _ITEM[:2]:
            return tag + header[7:3:-1]
        return tag + header[4:6] + header[7:5:-1]

    def long_header(self, offset: int) -> bytes:
        """Give the 12 bytes of an element whose VR has a long length."""
        header = self.at(offset, 12)
        if self.is_little:
            return header
        return header[1::-1] + header[3:1:-1] + header[4:8] + header[11:7:-1]

    def value(self, offset: int, length: int, vr: bytes) -> bytes:
        """Give a value as a little endian file has it."""
        value = self.at(offset, length)
        if self.is_little or vr not in _NUMBER_BYTES:
            return value
        size = _NUMBER_BYTES[vr]
        return b"".join(value[at : at + size][::-1] for at in range(0, length, size))

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


@dataclass(slots=True)
class _Layout:
    """A remembered chain."""

    entries: list[_Entry]
    syntax_uid: bytes | None
    """The raw value; it decides how all else is read."""
    explicit: bool
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
                kind, slot = step
                if at + _JUMPED_BYTES > len(block) and base + len(block) < size_bytes:
                    blocks += 1
                    base += at
                    if blocks > _MOST_BLOCKS:
                        return None
                    block, at = pread(base, _BLOCK_BYTES), 0
                begin = at + len(kind)
                if block[at:begin] != kind:
                    return None
                if len(kind) == 6:
                    if begin + 2 > len(block):
                        return None
                    length, begin = _unpack_short(block, begin)[0], begin + 2
                else:
                    if begin + 4 > len(block):
                        return None
                    length, begin = _unpack_long(block, begin)[0], begin + 4
                if length % 2 or length == _UNDEFINED:
                    return None
                if length > _LONGEST_META_BYTES and kind[:2] == _META:
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
        return self.finish(header, offset, size_bytes, values)

    def finish(
        self, header: bytes, offset: int, size_bytes: int, values: list[bytes | None]
    ) -> Chain | None:
        """Read the header of the pixel data at the end of the chain."""
        if header[:4] != _PIXEL_DATA or offset > _FARTHEST_BYTES:
            return None
        vr = None
        if self.explicit:
            vr = header[4:6]
            if vr not in (b"OB", b"OW") or len(header) < 12 or header[6:8] != b"\0\0":
                return None
        elif len(header) < 8:
            return None
        begin = 12 if self.explicit else 8
        length = _unpack_long(header, begin - 4)[0]
        if length == _UNDEFINED:
            return Chain(values, vr, offset + begin, None)
        end = offset + begin + length
        if end < SNIFFED_BYTES and (end != size_bytes or length % 2):
            return None  # `sniff` goes on behind the pixels, and what it finds may be anything
        return Chain(values, vr, offset + begin, length)

    def learn(self, other: _Layout) -> bool:
        """Take in a chain that differs in lengths alone; false where it differs in more."""
        if len(self.entries) != len(other.entries) or self.syntax_uid != other.syntax_uid:
            return False
        differing: set[int] = set()
        for number, (mine, its) in enumerate(zip(self.entries, other.entries, strict=True)):
            if mine.header != its.header:
                if not (mine.is_flexible and its.is_flexible):
                    return False
                if mine.kind(explicit=self.explicit) != its.kind(explicit=self.explicit):
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
                self.steps.append(_Varying(entry.kind(explicit=self.explicit), entry.slot))
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


def _expect_no_length(header: bytes) -> None:
    if header[4:8] != _NO_LENGTH:
        raise Declined
