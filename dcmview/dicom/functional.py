"""Functional groups of multi-frame objects: per frame, then shared, then the top level."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


def functional_item(dataset: Dataset, frame_index: int, keyword: str) -> Dataset | None:
    """Give the item of a functional group macro that holds for one frame.

    Parameters
    ----------
    dataset : Dataset
        The whole data set.
    frame_index : int
        0-based.
    keyword : str
        Sequence of the macro, such as ``FrameVOILUTSequence``.

    Returns
    -------
    Dataset or None
        The first item of that sequence for this frame, else of the shared
        groups; None where neither has it.

    References
    ----------
    DICOM PS3.3 C.7.6.16.1.2, Multi-frame Functional Groups Module.
    """
    for item in (
        _item(dataset, "PerFrameFunctionalGroupsSequence", frame_index),
        _item(dataset, "SharedFunctionalGroupsSequence", 0),
    ):
        if item is not None:
            found = _item(item, keyword, 0)
            if found is not None:
                return found
    return None


def _item(dataset: Dataset, keyword: str, index: int) -> Dataset | None:
    try:
        sequence = dataset.get(keyword)
        return sequence[index] if sequence is not None and index < len(sequence) else None
    except Exception:  # a damaged sequence must not hide the picture
        return None
