"""Functional groups of multi-frame objects: per frame, then shared, then the top level."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from dcmview.dicom.elements import element_name
from dcmview.dicom.sequences import sequence_items

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydicom.dataset import Dataset

# Nothing that is asked for here holds more; a hostile sequence may hold a million.
_MOST_ITEMS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A data set or item, and the way to it: sequences with item numbers from 1."""

    dataset: Dataset
    path: tuple[tuple[str, int], ...] = ()

    def inside(self, keyword: str, item_number: int, item: Dataset) -> Place:
        """Name an item of a sequence that lies in this one."""
        return Place(item, (*self.path, (keyword, item_number)))

    def items(self, keyword: str) -> tuple[Place, ...]:
        """Give the items of a sequence that lies in this one, the first thousand."""
        found = enumerate(islice(sequence_items(self.dataset, keyword), _MOST_ITEMS), 1)
        return tuple(self.inside(keyword, number, item) for number, item in found)

    def element(self, keyword: str) -> str:
        """Write an element of this data set with the whole way to it, for people to read."""
        steps = [f"{element_name(sequence)} > item {number}" for sequence, number in self.path]
        return " > ".join((*steps, element_name(keyword)))


class FunctionalGroups:
    """Looks up functional group macros; made once, cheap for each of many frames."""

    def __init__(self, dataset: Dataset) -> None:
        self._top = Place(dataset)
        self._last: tuple[int, tuple[Place, ...]] | None = None

    @cached_property
    def _per_frame(self) -> Sequence[Dataset]:
        return sequence_items(self._top.dataset, "PerFrameFunctionalGroupsSequence")

    @cached_property
    def _shared(self) -> tuple[Place, ...]:
        shared = sequence_items(self._top.dataset, "SharedFunctionalGroupsSequence")[:1]
        return tuple(
            self._top.inside("SharedFunctionalGroupsSequence", 1, group) for group in shared
        )

    def item(self, frame_index: int, keyword: str) -> Dataset | None:
        """Give the item of a macro that holds for one frame.

        Parameters
        ----------
        frame_index : int
            0-based.
        keyword : str
            Sequence of the macro, such as ``FrameVOILUTSequence``.

        Returns
        -------
        Dataset or None
            The first item of that sequence for this frame, else of the shared
            groups, else of the data set itself; None where there is none.

        References
        ----------
        DICOM PS3.3 C.7.6.16.1.2, Multi-frame Functional Groups Module.
        """
        return next((places[0].dataset for places in self.macros(frame_index, keyword)), None)

    def macros(self, frame_index: int, keyword: str) -> Iterator[tuple[Place, ...]]:
        """Give the items of a macro from every group that has it, what comes first first.

        ``frame_index`` and ``keyword`` are those of `item`. A macro without
        items is passed over.
        """
        for group in self._groups(frame_index):
            places = group.items(keyword)
            if places:
                yield places

    def _groups(self, frame_index: int) -> tuple[Place, ...]:
        """The groups of a frame; the last ones are kept, since each frame asks several times."""
        last = self._last
        if last is not None and last[0] == frame_index:
            return last[1]
        own = (
            self._top.inside("PerFrameFunctionalGroupsSequence", frame_index + 1, item)
            for item in self._per_frame[frame_index : frame_index + 1]
        )
        groups = (*own, *self._shared, self._top)
        self._last = (frame_index, groups)
        return groups
