"""Functional groups of multi-frame objects: per frame, then shared, then the top level."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from dcmview.dicom.sequences import sequence_items

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydicom.dataset import Dataset


class FunctionalGroups:
    """Looks up functional group macros; made once, cheap for each of many frames."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    @cached_property
    def _per_frame(self) -> Sequence[Dataset]:
        return sequence_items(self._dataset, "PerFrameFunctionalGroupsSequence")

    @cached_property
    def _shared(self) -> Sequence[Dataset]:
        return sequence_items(self._dataset, "SharedFunctionalGroupsSequence")[:1]

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
        groups = [*self._per_frame[frame_index : frame_index + 1], *self._shared, self._dataset]
        for group in groups:
            items = sequence_items(group, keyword)
            if items:
                return items[0]
        return None
