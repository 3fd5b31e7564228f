"""How data elements differ: between two files, and over many files or frames.

Elements correspond by their way through sequences and items; private ones by
the creator of their block. Pixel data is known by its length, and between two
files by its bytes where these are not too many.
"""

from __future__ import annotations

import hashlib
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from dcmview.dicom.recording import recorded_warnings
from dcmview.dicom.sequences import sequence_items
from dcmview.dicom.tagtext import TagText, TextReader, length_text
from dcmview.dicom.tagtree import pixel_nodes
from dcmview.dicom.tagwalk import Level, walk, walk_file

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from dcmview.dicom.instance import Instance
    from dcmview.dicom.tagwalk import Found, WalkBudget

MOST_PIXEL_BYTES = 64 * 1024 * 1024
"""Pixel data that is compared byte for byte, which takes a tenth of a second."""

# What a variation may hold; 2,000 files of a CT series have 300,000 places and 30,000 values.
MOST_PLACES = 4_000_000
MOST_VALUES = 300_000
MOST_CHARACTERS = 16_000_000

_PIECE_BYTES = 1024 * 1024
_ABSENT = -1

State = Literal["same", "changed", "only_first", "only_second"]
Key = tuple["Hashable", ...]


@dataclass(slots=True, eq=False)
class TagEntry:
    """A data element as it is compared; see `Level` for ``key``, ``order`` and ``name``."""

    key: Key
    order: tuple[int, ...]
    path: str
    name: str
    tag: int
    vr: str
    keyword: str
    text: TagText


class Difference(NamedTuple):
    """One element of two files, either of which may lack it."""

    first: TagEntry | None
    second: TagEntry | None

    @property
    def entry(self) -> TagEntry:
        """The element of the first file that has it."""
        entry = self.first or self.second
        assert entry is not None
        return entry

    @property
    def state(self) -> State:
        """What became of it on the way from the first file to the second."""
        if self.first is None:
            return "only_second"
        if self.second is None:
            return "only_first"
        is_same = self.first.text == self.second.text and self.first.vr == self.second.vr
        return "same" if is_same else "changed"


@dataclass(slots=True, eq=False)
class Variable:
    """An element of several files or frames: its values, and which of them each has."""

    entry: TagEntry
    values: list[TagText] = field(default_factory=list)
    which: array[int] = field(default_factory=lambda: array("i"))

    @property
    def is_constant(self) -> bool:
        """Whether all have it with one value."""
        return len(self.values) == 1 and _ABSENT not in self.which


def read_entries(
    found: Iterable[Found], reader: TextReader, pixels: TagEntry | None = None
) -> Iterator[TagEntry]:
    """Give elements with their values as text."""
    for element in found:
        yield TagEntry(
            key=element.key,
            order=element.order,
            path=element.path,
            name=element.name,
            tag=int(element.tag),
            vr=element.vr,
            keyword=element.keyword,
            text=reader.read(element),
        )
    if pixels is not None:
        yield pixels


def compare(first: Iterable[TagEntry], second: Iterable[TagEntry]) -> list[Difference]:
    """Put the elements of two files side by side, in the order of files."""
    ours, theirs = _by_key(first), _by_key(second)
    differences = [Difference(entry, theirs.get(key)) for key, entry in ours.items()]
    differences += [Difference(None, entry) for key, entry in theirs.items() if key not in ours]
    differences.sort(key=lambda difference: difference.entry.order)
    return differences


def compare_files(
    first: Instance,
    second: Instance,
    budget: WalkBudget,
    *,
    elements: int,
    frames: tuple[int | None, int | None] = (None, None),
) -> tuple[list[Difference], bool]:
    """Put the elements of two files side by side.

    Parameters
    ----------
    first, second : Instance
        As `open_instance` gives them; nobody else reads them meanwhile.
    budget : WalkBudget
        Its time is that of both.
    elements : int
        Of each file.
    frames : tuple of int or None
        For each file the frame whose functional groups are compared; None for all.

    Returns
    -------
    tuple of list and bool
        The differences and whether one of the files has more elements.
    """
    is_cut = False
    sides = []
    digests = _pixel_digests(first, second)
    with recorded_warnings():
        for instance, frame_index, digest in zip((first, second), frames, digests, strict=True):
            part = budget.part(elements)
            walked = walk_file(instance, part, frame_index)
            pixels = _pixel_entry(instance, digest)
            sides.append(list(read_entries(walked, TextReader(), pixels)))
            is_cut = is_cut or part.is_spent
    return compare(*sides), is_cut


class Variation:
    """Collects the elements of files or frames, one after the other."""

    def __init__(self) -> None:
        self._rows: dict[Key, Variable] = {}
        self._known: dict[Key, dict[TagText, int]] = {}
        self._columns = self._places = self._values = self._characters = 0

    @property
    def is_full(self) -> bool:
        """Whether it holds as much as it may."""
        return (
            self._places >= MOST_PLACES
            or self._values >= MOST_VALUES
            or self._characters >= MOST_CHARACTERS
        )

    def add(self, entries: Iterable[TagEntry]) -> None:
        """Add a file or frame."""
        for key, entry in _by_key(entries).items():
            row = self._rows.get(key)
            if row is None:
                row = self._rows[key] = Variable(entry)
                self._known[key] = {}
            absent = self._columns - len(row.which)
            row.which.extend([_ABSENT] * absent)
            known = self._known[key]
            index = known.get(entry.text)
            if index is None:
                index = known[entry.text] = len(row.values)
                row.values.append(entry.text)
                self._values += 1
                self._characters += len(entry.text.text)
            row.which.append(index)
            self._places += absent + 1
        self._columns += 1

    def rows(self) -> list[Variable]:
        """Give all elements that were met, in the order of files."""
        for row in self._rows.values():
            row.which.extend([_ABSENT] * (self._columns - len(row.which)))
        return sorted(self._rows.values(), key=lambda row: row.entry.order)


def add_file(
    variation: Variation, instance: Instance, reader: TextReader, budget: WalkBudget
) -> bool:
    """Add all elements of a file; false and none of them if the time is over before the last."""
    with recorded_warnings():
        pixels = _pixel_entry(instance, None)
        entries = list(read_entries(walk_file(instance, budget), reader, pixels))
    # What was not reached would count as absent.
    if budget.is_spent and budget.is_late:
        return False
    variation.add(entries)
    return True


def frame_variation(
    instance: Instance, frame_count: int, budget: WalkBudget
) -> tuple[Variation, int]:
    """Collect the functional groups of each frame, those of all frames included.

    Returns
    -------
    tuple of Variation and int
        With paths and names that begin inside the groups, and the number of
        frames that were read before the budget or the room ended.
    """
    variation, reader = Variation(), TextReader()
    with recorded_warnings():
        shared_items = sequence_items(instance.dataset, "SharedFunctionalGroupsSequence")[:1]
        shared = [
            entry
            for item in shared_items
            for entry in read_entries(walk(Level(item), budget), reader)
        ]
        own = sequence_items(instance.dataset, "PerFrameFunctionalGroupsSequence")
        done = 0
        for frame_index in range(frame_count):
            entries = list(shared)
            if frame_index < len(own):
                entries += read_entries(walk(Level(own[frame_index]), budget), reader)
            if budget.is_spent or variation.is_full:
                break
            variation.add(entries)
            done += 1
    return variation, done


def _by_key(entries: Iterable[TagEntry]) -> dict[Key, TagEntry]:
    by_key: dict[Key, TagEntry] = {}
    for entry in entries:
        # A creator may have reserved two blocks; the second is known by its number.
        key = (*entry.key, entry.path) if entry.key in by_key else entry.key
        by_key[key] = entry
    return by_key


def _pixel_entry(instance: Instance, digest: bytes | None) -> TagEntry | None:
    for node in pixel_nodes(instance):
        tag = int(node["tag"].strip("()").replace(",", ""), 16)
        text = length_text(node["value"]["length"], digest)
        return TagEntry(
            (tag,), (tag,), f"{tag:08X}", node["keyword"], tag, node["vr"], node["keyword"], text
        )
    return None


def _pixel_digests(first: Instance, second: Instance) -> tuple[bytes | None, bytes | None]:
    """Digests of pixel data of one length, none where that is known to differ or is large."""
    length = first.pixel_bytes
    has_both = first.pixel_location is not None and second.pixel_location is not None
    if not has_both or length != second.pixel_bytes or length > MOST_PIXEL_BYTES:
        return None, None
    return _pixel_digest(first), _pixel_digest(second)


def _pixel_digest(instance: Instance) -> bytes:
    location = instance.pixel_location
    assert location is not None
    digest = hashlib.blake2b(digest_size=16)
    with instance.open() as source:
        for begin in range(0, instance.pixel_bytes, _PIECE_BYTES):
            wanted = min(_PIECE_BYTES, instance.pixel_bytes - begin)
            digest.update(source.pread(location.offset + begin, wanted))
    return digest.digest()
