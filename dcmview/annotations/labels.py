"""The labels that are in use, and those that the user says there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcmview.annotations.roi import LONGEST_NAME, is_unicode
from dcmview.errors import InvalidAnnotation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dcmview.annotations.roi import Roi

MOST_LABELS = 1_000


class LabelCounts:
    """How often each label is used, in the order in which they first appeared."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def replace(self, old: Iterable[Roi], new: Iterable[Roi]) -> None:
        """Count new ROIs in the place of old ones."""
        counts = self._counts
        for roi in new:
            if roi.label:
                counts[roi.label] = counts.get(roi.label, 0) + 1
        for roi in old:
            if roi.label:
                counts[roi.label] -= 1
                if not counts[roi.label]:
                    del counts[roi.label]

    def names(self) -> list[str]:
        """Give those that are in use."""
        return list(self._counts)


def parse_labels(text: str) -> tuple[str, ...]:
    """Read labels joined by commas, each once.

    Raises
    ------
    InvalidAnnotation
        If there are too many, or one is too long.
    """
    labels = tuple(dict.fromkeys(filter(None, (part.strip() for part in text.split(",")))))
    if len(labels) > MOST_LABELS:
        raise InvalidAnnotation(f"at most {MOST_LABELS:,} labels, these are {len(labels):,}")
    for label in labels:
        if len(label) > LONGEST_NAME:
            raise InvalidAnnotation(f"a label has at most {LONGEST_NAME} characters: {label:.40}…")
        if not is_unicode(label):
            raise InvalidAnnotation(f"a label is no text that UTF-8 can hold: {label!a}")
    return labels
