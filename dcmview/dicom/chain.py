"""The chain of data elements at the start of a file, walked without pydicom.

Declines whatever is not plain: the caller then asks pydicom, which is slower
by a factor of twenty and forgives. The layouts of the last files are remembered, see
`chain_layouts`.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from dcmview.dicom.chain_layouts import (
    META_BEGIN,
    PIXEL_DATA,
    SYNTAX_SLOT,
    UNDEFINED_LENGTH,
    Chain,
    Entry,
    Layout,
    unpack_long,
    unpack_short,
)
from dcmview.dicom.chain_walk import ITEM, FileWalk
from dcmview.dicom.loading import load_pydicom
from dcmview.dicom.plain import CODECS, Declined
from dcmview.dicom.sniff import HEAD_BYTES as SNIFFED_BYTES
from dcmview.dicom.sniff import LONG_VRS, PREAMBLE_BYTES, PREFIX, SHORT_VRS, guess_encoding
from dcmview.dicom.transfer import TRANSFER_SYNTAXES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dcmview.dicom.chain_layouts import PRead

_ITEM_END = b"\xfe\xff\x0d\xe0"
_SEQUENCE_END = b"\xfe\xff\xdd\xe0"
_OTHER_PIXELS = (b"\xe0\x7f\x08\x00", b"\xe0\x7f\x09\x00")
_CHARACTER_SET = b"\x08\x00\x05\x00"
_META_GROUP, _FIRST_GROUP = 0x0002, 0x0008
_LAST_GROUP = 0xFFFC  # beyond are items and delimiters

_DEEPEST = 16
_MOST_ELEMENTS = 4_000
_SNIFFED_BEGIN_BYTES = 2_048
"""Meta information and the first element end before this, so that `sniff` sees them whole."""
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

_NO_LENGTH = b"\0\0\0\0"
_FRAME_VOI = b"\x28\x00\x32\x91"  # Frame VOI LUT Sequence
GROUP_WINDOW = (
    b"\x28\x00\x50\x10",  # Window Center
    b"\x28\x00\x51\x10",  # Window Width
    b"\x28\x00\x55\x10",  # Window Center & Width Explanation
    b"\x28\x00\x56\x10",  # VOI LUT Function
)
GROUP_SLOTS = 2 + len(GROUP_WINDOW)
"""Empty where the sequence is there, empty where the first item has a window, and its values."""

_unpack_tag = struct.Struct("<HH").unpack


class ChainReader:
    """Reads the chains of many files, in any number of threads.

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
    notes_offsets : bool, default False
        Whether it is wanted where values begin.
    """

    def __init__(
        self,
        wanted: Mapping[bytes, tuple[int, tuple[bytes, ...]]],
        slots: int,
        declined: frozenset[bytes],
        groups: Mapping[bytes, int] | None = None,
        *,
        takes_big_endian: bool = False,
        notes_offsets: bool = False,
    ) -> None:
        self._wanted = wanted
        self._slots = slots
        self._declined = declined
        self._groups = groups or {}
        self._takes_big_endian = takes_big_endian
        self._notes_offsets = notes_offsets
        # Replaced as a whole: another thread may be going through it.
        self._layouts: tuple[Layout, ...] = ()

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
        if head[PREAMBLE_BYTES:META_BEGIN] != PREFIX:
            return None
        layouts = self._layouts
        for number, layout in enumerate(layouts):
            offsets = [-1] * self._slots if self._notes_offsets else None
            chain = layout.read(head, size_bytes, pread, [None] * self._slots, offsets)
            if chain is not None:
                if number:
                    self._layouts = (layout, *layouts[:number], *layouts[number + 1 :])
                return chain
        try:
            return self._walk(FileWalk(head, size_bytes, pread))
        except Declined:
            return None

    def _walk(self, walk: FileWalk) -> Chain:
        values = walk.values = [None] * self._slots
        offsets = walk.offsets = [-1] * self._slots
        begin = self._elements(walk, META_BEGIN, _Place(is_meta=True))
        uid = (values[SYNTAX_SLOT] or b"").rstrip(b"\0").decode("latin-1")
        syntax = TRANSFER_SYNTAXES.get(uid)
        if syntax is None or syntax.deflated:
            raise Declined
        if not syntax.little_endian:
            guess = guess_encoding(walk.at(0, SNIFFED_BYTES), begin, is_marked=True)
            if not self._takes_big_endian or guess != (True, False):
                raise Declined
            walk.is_little = False
        end = self._elements(walk, begin, _Place(explicit=syntax.explicit))
        if end == begin:
            raise Declined
        if end == walk.size_bytes:
            return Chain(values, None, 0, None, offsets)
        layout = Layout(walk.entries, values[SYNTAX_SLOT], syntax.explicit)
        header = walk.long_header(end) if syntax.explicit else walk.at(end, 8)
        chain = layout.finish(header, end, walk.size_bytes, values, offsets)
        if chain is None:
            raise Declined
        if syntax.little_endian:  # the others are too few to be worth it
            self._remember(layout)
        return chain

    def _remember(self, layout: Layout) -> None:
        """Keep a layout; one that differs only in lengths learns where they vary."""
        layouts = self._layouts
        for number, known in enumerate(layouts):
            learned = known.with_lengths_of(layout)
            if learned is not None:
                self._layouts = (learned, *layouts[:number], *layouts[number + 1 :])
                return
        self._layouts = (layout, *layouts[: _MOST_LAYOUTS - 1])

    def _elements(self, walk: FileWalk, at: int, place: _Place) -> int:
        """Walk elements to an end, to pixel data or to the end of an item; give where that is.

        Meta information ends with the first element of another group.
        """
        last = -1
        is_top, is_meta, end = place.is_top, place.is_meta, place.end
        is_first = not is_meta
        while at != end and not (is_top and at == walk.size_bytes):
            header = walk.header(at)
            tag = header[:4]
            if len(header) < 8 or len(walk.entries) > _MOST_ELEMENTS:
                raise Declined
            if end is None and not is_top and tag == _ITEM_END:
                _expect_no_length(header)
                walk.entries.append(Entry(at, header))
                return at + 8
            group, element = _unpack_tag(tag)
            number = group << 16 | element
            if is_top:
                if tag == PIXEL_DATA or (is_meta and group != _META_GROUP):
                    return at
                is_declined = tag in self._declined or tag[:2] in self._declined
                if number <= last or is_declined or tag in _OTHER_PIXELS:
                    raise Declined
                last = number
            if group > _LAST_GROUP or (group < _FIRST_GROUP and not is_meta):
                raise Declined
            header, length = _whole_header(walk, at, header, explicit=place.explicit)
            inner = self._groups.get(tag) if place.is_top else place.group_inside(tag)
            if inner is not None:
                if (place.is_top and is_first) or (place.explicit and header[4:6] != b"SQ"):
                    raise Declined
                at = self._items(walk, at, header, length, place, group_slot=inner)
            elif length == UNDEFINED_LENGTH:
                if is_top and (is_first or tag in self._wanted):
                    raise Declined
                if not _is_sequence(number, header, explicit=place.explicit):
                    raise Declined
                at = self._items(walk, at, header, length, place)
            else:
                at = self._value(walk, at, header, length, place, is_first=is_first)
            is_first = False
        return at

    def _value(
        self, walk: FileWalk, at: int, header: bytes, length: int, place: _Place, *, is_first: bool
    ) -> int:
        """Note an element and give where its value ends."""
        tag = header[:4]
        begin = at + len(header)
        end = begin + length
        if length % 2 or end > (walk.size_bytes if place.end is None else place.end):
            raise Declined
        if place.is_top and (is_first or place.is_meta) and end > _SNIFFED_BEGIN_BYTES:
            raise Declined
        slot = -1
        if place.is_top and tag in self._wanted:
            slot, vrs = self._wanted[tag]
            if place.explicit and header[4:6] not in vrs:
                raise Declined
            walk.values[slot] = walk.value(begin, length, header[4:6])
            walk.offsets[slot] = begin
        elif place.group_slot >= 0 and place.is_frame_voi and tag in GROUP_WINDOW:
            slot = place.group_slot + 2 + GROUP_WINDOW.index(tag)
            walk.values[slot] = walk.at(begin, length)
        elif tag == _CHARACTER_SET and length:
            # The texts of an item are not wanted, but pydicom warns of a set it does not know.
            value = walk.at(begin, length)
            if value.rstrip(b" ") not in CODECS or (place.explicit and header[4:6] != b"CS"):
                raise Declined
            walk.entries.append(Entry(at, header + value))
            return end
        # By the first length pydicom tells whether the VR is implicit.
        is_flexible = place.is_flexible and not is_first
        walk.entries.append(Entry(at, header, length, slot, is_flexible))
        return end

    def _items(
        self,
        walk: FileWalk,
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
        walk.note(Entry(at, header, 0, group_slot if is_group else -1))
        at += len(header)
        limit = walk.size_bytes if place.end is None else place.end
        sequence_end = None if length == UNDEFINED_LENGTH else at + length
        if sequence_end is not None:
            if sequence_end > limit:
                raise Declined
            place = place._replace(is_flexible=False)
            limit = sequence_end
        while at != sequence_end:
            header = walk.header(at)
            if sequence_end is None and header[:4] == _SEQUENCE_END:
                _expect_no_length(header)
                walk.note(Entry(at, header))
                return at + 8
            is_window = group_slot >= 0 and not is_group
            walk.note(Entry(at, header, 0, group_slot + 1 if is_window else -1))
            if header[:4] != ITEM or len(header) < 8 or len(walk.entries) > _MOST_ELEMENTS:
                raise Declined
            length = unpack_long(header, 4)[0]
            at += 8
            end = None if length == UNDEFINED_LENGTH else at + length
            if end is not None and end > limit:
                raise Declined
            at = self._elements(walk, at, place.inside(end, group_slot))
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


def _whole_header(walk: FileWalk, at: int, header: bytes, *, explicit: bool) -> tuple[bytes, int]:
    """Give the header of an element with its length."""
    if not explicit:
        return header, unpack_long(header, 4)[0]
    vr = header[4:6]
    if vr in SHORT_VRS:
        return header, unpack_short(header, 6)[0]
    header = walk.long_header(at)
    if vr not in LONG_VRS or len(header) < 12 or header[6:8] != b"\0\0":
        raise Declined
    return header, unpack_long(header, 8)[0]


def _is_sequence(number: int, header: bytes, *, explicit: bool) -> bool:
    """Whether pydicom takes an element of undefined length for a sequence."""
    if explicit:
        return header[4:6] == b"SQ"
    if number >> 16 & 1 or number in _COMMON_SEQUENCES:
        return True
    load_pydicom()
    from pydicom.datadict import dictionary_has_tag, dictionary_VR

    return not dictionary_has_tag(number) or dictionary_VR(number) == "SQ"


def _expect_no_length(header: bytes) -> None:
    if header[4:8] != _NO_LENGTH:
        raise Declined
