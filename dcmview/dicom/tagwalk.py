"""Every data element of a file one after the other, nested ones after their sequence.

What searching and comparing are made of: neither may leave out what the tag
tree cuts, so a walk ends by its budget alone.
"""

from __future__ import annotations

import time
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dcmview.dicom.elements import stored_element
from dcmview.dicom.sequences import sequence_items
from dcmview.dicom.tagtree import MOST_LEVELS
from dcmview.dicom.tagvalues import element_keyword, known_vr, private_creator, tag_name
from dcmview.errors import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from pydicom.dataset import Dataset
    from pydicom.tag import BaseTag

    from dcmview.dicom.instance import Instance

_PER_FRAME_GROUPS = 0x52009230
_CHECK_EVERY = 64  # elements; asking the clock for each would take as long as reading it


class WalkBudget:
    """What walks may cost together.

    Parameters
    ----------
    elements : int
        Data elements and items that may be met.
    seconds : float
        From now on.
    is_wanted : callable
        Whether anybody still waits.
    """

    def __init__(self, elements: int, seconds: float, is_wanted: Callable[[], bool]) -> None:
        self._elements_left = elements
        self._deadline = time.monotonic() + seconds
        self._is_wanted = is_wanted
        self.is_spent = False
        """Whether a walk had to leave something out."""

    @property
    def is_late(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() > self._deadline

    def spend(self) -> bool:
        """Take one element, false where there is none left.

        Raises
        ------
        CancelledError
            If nobody waits any more.
        """
        self._elements_left -= 1
        if self._elements_left < 0:
            self.is_spent = True
        elif self._elements_left % _CHECK_EVERY == 0:
            self.check()
            self.is_spent = self.is_spent or self.is_late
        return not self.is_spent

    def check(self) -> None:
        """Raise ``CancelledError`` if nobody waits any more."""
        if not self._is_wanted():
            raise CancelledError

    def part(self, elements: int) -> WalkBudget:
        """Give a budget of its own number of elements, with the time that is left."""
        return WalkBudget(elements, self._deadline - time.monotonic(), self._is_wanted)


@dataclass(slots=True, eq=False)
class Level:
    """A data set or item with the way to it.

    ``path`` is that of the API, ``name`` what one would write with pydicom.
    ``key`` is the same for what corresponds in another file: it names private
    blocks by their creators, which may reserve other numbers there. ``order``
    sorts as files do.
    """

    dataset: Dataset
    parent: Found | None = None
    item_index: int = 0
    path: str = ""
    name: str = ""
    key: tuple[Hashable, ...] = ()
    order: tuple[int, ...] = ()
    depth: int = 0


@dataclass(slots=True, eq=False)
class Found:
    """One data element. ``items`` are those of a sequence, else None."""

    level: Level
    tag: BaseTag
    vr: str
    keyword: str
    creator: str
    element: Any
    items: Sequence[Dataset] | None
    error: str

    @property
    def path(self) -> str:
        """The path that the API takes."""
        return f"{self.level.path}{int(self.tag):08X}"

    @property
    def name(self) -> str:
        """Keywords all the way, with the tag where there is none that is unique."""
        return self.level.name + element_name(self.tag, self.keyword)

    @property
    def order(self) -> tuple[int, ...]:
        """What sorts as files do."""
        return (*self.level.order, int(self.tag))

    @property
    def key(self) -> tuple[Hashable, ...]:
        """What is equal for corresponding elements of two files."""
        tag = self.tag
        own: Hashable = int(tag)
        if self.creator:
            own = (tag.group, self.creator, tag.element & 0xFF)
        elif tag.is_private_creator and not self.error:
            own = (tag.group, str(self.level.dataset[tag].value))
        return (*self.level.key, own)


def element_name(tag: BaseTag, keyword: str) -> str:
    """Give the keyword of a standard element, tag and name of a private one."""
    if tag.is_private or not keyword:
        return f"{tag_name(tag)} {keyword}".strip()
    return keyword


def walk_file(
    instance: Instance, budget: WalkBudget, frame_index: int | None = None
) -> Iterator[Found]:
    """Give all elements before the pixel data, group 0002 first.

    Of the per-frame functional groups only those of ``frame_index``, where it
    is given; they correspond to those of any frame of another file.
    """
    yield from walk(Level(instance.dataset.file_meta), budget)
    yield from walk(Level(instance.dataset), budget, frame_index=frame_index)


def walk(level: Level, budget: WalkBudget, *, frame_index: int | None = None) -> Iterator[Found]:
    """Give the elements of a data set or item, each followed by those inside it."""
    for tag in sorted(level.dataset.keys()):
        if not budget.spend():
            return
        found = _find(level, tag)
        yield found
        if not found.items:
            continue
        if level.depth >= MOST_LEVELS:
            budget.is_spent = True
            continue
        is_chosen = frame_index is not None and tag == _PER_FRAME_GROUPS
        indices = range(len(found.items))
        if frame_index is not None and is_chosen:
            indices = indices[frame_index : frame_index + 1]
        for index in indices:
            if not budget.spend():
                return
            yield from walk(_inside(found, index, 0 if is_chosen else index), budget)


def _inside(found: Found, index: int, place: int) -> Level:
    """An item of a sequence; ``place`` is the one that it is compared by."""
    assert found.items is not None
    return Level(
        dataset=found.items[index],
        parent=found,
        item_index=index,
        path=f"{found.path}/{index}/",
        name=f"{found.name}[{index}].",
        key=(*found.key, place),
        order=(*found.order, place),
        depth=found.level.depth + 1,
    )


def _find(level: Level, tag: BaseTag) -> Found:
    vr, keyword, creator, error = "UN", "", "", ""
    element, items = None, None
    try:
        element = stored_element(level.dataset, tag)
        creator = private_creator(level.dataset, tag)
        keyword = element_keyword(tag, creator)
        vr = known_vr(level.dataset, tag, element.VR, creator)
        if vr == "SQ":
            items = sequence_items(level.dataset, tag)
    except Exception as exc:  # pydicom raises anything for a damaged element
        error = one_line(exc)
    return Found(level, tag, vr, keyword, creator, element, items, error)
