"""The content tree of a structured report, read within bounds and without trust in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from dcmview.dicom import elements
from dcmview.dicom.sequences import sequence_items
from dcmview.errors import InvalidAnnotation
from dcmview.exchange.sr_codes import Code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom.dataset import Dataset

MOST_ITEMS = 200_000
MOST_DEPTH = 32


@dataclass(eq=False)
class ContentItem:
    """A node of the tree; ``place`` counts from the root, ``1.8.2``, as references do."""

    dataset: Dataset
    place: tuple[int, ...]
    codes: dict[bytes, Code]
    """Codes of this report that were read already: most are there a thousand times."""
    parent: ContentItem | None = None
    children: list[ContentItem] = field(default_factory=list)

    @cached_property
    def value_type(self) -> str:
        """*Value Type* (0040,A040), such as SCOORD; empty for a reference to another item."""
        return elements.text(self.dataset, "ValueType").upper()

    @cached_property
    def name(self) -> Code:
        """What the item is about."""
        return self._code("ConceptNameCodeSequence")

    @property
    def coded_value(self) -> Code:
        """The value of a CODE item."""
        return self._code("ConceptCodeSequence")

    @property
    def text_value(self) -> str:
        """The value of a TEXT item."""
        return elements.long_text(self.dataset, "TextValue")

    @property
    def measured(self) -> tuple[float | None, Code]:
        """Number and unit of a NUM item; the number without rounding where it has that, too."""
        for item in sequence_items(self.dataset, "MeasuredValueSequence")[:1]:
            value = elements.number(item, "FloatingPointValue")[0]
            if value is None:
                value = elements.number(item, "NumericValue")[0]
            return value, read_code(item, "MeasurementUnitsCodeSequence")
        return None, Code("", "", "")

    def is_named(self, code: Code) -> bool:
        """Whether the item is about a concept; meanings are for people, and vary."""
        return self.name[:2] == code[:2]

    def _code(self, keyword: str) -> Code:
        raw = elements.raw_bytes(self.dataset, keyword)
        if raw is None:
            return read_code(self.dataset, keyword)
        if raw[0] not in self.codes:
            self.codes[raw[0]] = read_code(self.dataset, keyword)
        return self.codes[raw[0]]

    def ancestors(self) -> Iterator[ContentItem]:
        """Give the items that this one lies in, the nearest first."""
        item = self.parent
        while item is not None:
            yield item
            item = item.parent


class ContentTree:
    """All items of a report, in its order.

    Raises
    ------
    InvalidAnnotation
        If there are more items or levels of them than a report for people has.
    """

    def __init__(self, dataset: Dataset) -> None:
        codes: dict[bytes, Code] = {}
        root = ContentItem(dataset, (1,), codes)
        self.items: list[ContentItem] = []
        self._by_place = {root.place: root}
        waiting = [root]
        while waiting:
            parent = waiting.pop()
            self.items.append(parent)
            for number, child in enumerate(sequence_items(parent.dataset, "ContentSequence"), 1):
                item = ContentItem(child, (*parent.place, number), codes, parent)
                parent.children.append(item)
                self._by_place[item.place] = item
                if len(self._by_place) > MOST_ITEMS or len(item.place) > MOST_DEPTH:
                    raise InvalidAnnotation(
                        f"the report has more than {MOST_ITEMS:,} content items, "
                        f"or more than {MOST_DEPTH} levels of them"
                    )
            waiting.extend(reversed(parent.children))

    def resolved(self, item: ContentItem) -> ContentItem | None:
        """Give the item itself, or the one that it refers to; None if there is no such.

        References
        ----------
        DICOM PS3.3 C.17.3.2.5, Referenced Content Item Identifier.
        """
        if item.value_type:
            return item
        numbers, _ = elements.numbers(item.dataset, "ReferencedContentItemIdentifier")
        return self._by_place.get(tuple(int(number or 0) for number in numbers))


def read_code(dataset: Dataset, keyword: str) -> Code:
    """Give the first code of a sequence; one of empty words where there is none."""
    for item in sequence_items(dataset, keyword)[:1]:
        value = next(
            filter(
                None,
                (elements.text(item, k) for k in ("CodeValue", "LongCodeValue", "URNCodeValue")),
            ),
            "",
        )
        scheme = elements.text(item, "CodingSchemeDesignator")
        return Code(value, scheme, elements.text(item, "CodeMeaning"))
    return Code("", "", "")
