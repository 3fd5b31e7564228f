"""What is known of a listed file before a frame is decoded: where its frames lie, how they look.

A plain file is walked for that; any other is parsed by pydicom, once as long as it is used.
"""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dcmview.cache import ByteCache
from dcmview.dicom.declared import parsed_range, walked_range
from dcmview.dicom.facts import FactsReader
from dcmview.dicom.frames import frame_table
from dcmview.dicom.instance import open_instance
from dcmview.dicom.overlays import read_overlays
from dcmview.dicom.recipe import display_recipe
from dcmview.dicom.transfer import transfer_syntax
from dcmview.registry.opening import open_entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from dcmview.dicom.declared import DeclaredRange
    from dcmview.dicom.facts import ImageFacts
    from dcmview.dicom.frames import FrameTable
    from dcmview.dicom.instance import Instance
    from dcmview.dicom.source import ByteSource, MemorySource, PixelLocation
    from dcmview.dicom.transfer import TransferSyntax
    from dcmview.model import DisplayRecipe, OverlayPlane, PixelLayout, Repair
    from dcmview.registry.registry import Entry

# A parsed pydicom data set takes about ten times its bytes in the file.
PARSED_BYTES_PER_HEADER_BYTE = 10
PARSED_BYTES_AT_LEAST = 64 * 1024


@dataclass(frozen=True, slots=True)
class CodedImage:
    """Where the frames of a file lie and how they are coded."""

    layout: PixelLayout
    location: PixelLocation
    syntax: TransferSyntax
    table: FrameTable
    recipe: DisplayRecipe | None = None
    """Of all frames; None where they differ, or only the parsed instance tells."""
    is_inflated: bool = False
    """Whether the frames lie in the inflated data set, which the parsed instance holds."""

    @property
    def size_bytes(self) -> int:
        """Memory that it takes, roughly."""
        return 1024 + 120 * self.table.frame_count


class Files:
    """Opens listed files and keeps what was read of them. For many threads.

    Parameters
    ----------
    budget_bytes : int
        What parsed instances may hold, and what frame tables may hold.
    """

    def __init__(self, budget_bytes: int) -> None:
        # Even the largest is kept: its frames would otherwise each parse the file again.
        most_bytes = budget_bytes // 2
        self._opened: ByteCache[int, _OpenInstance] = ByteCache(
            budget_bytes, lambda opened: min(_parsed_bytes(opened.instance), most_bytes)
        )
        self._images: ByteCache[int, CodedImage] = ByteCache(
            budget_bytes, lambda image: min(image.size_bytes, most_bytes)
        )
        self._facts = FactsReader()

    @contextmanager
    def parsed(self, entry: Entry) -> Iterator[Instance]:
        """Give the parsed instance of a file, to this thread alone.

        pydicom converts elements as they are touched, so only one may read the data set.
        """
        opened = self._open(entry)
        with opened.lock:
            yield opened.instance

    def image(self, entry: Entry) -> CodedImage:
        """Say where the frames of a file with pixels lie.

        Raises
        ------
        FileGone, FileChanged
            If the file is not the one that was listed.
        InstanceError
            If its frames cannot be told from each other.
        """
        return self._images.get_or_compute(entry.index, lambda: self._read_image(entry))[0]

    def recipe(self, entry: Entry, frame_index: int) -> DisplayRecipe:
        """Give all between the stored values of a frame and its picture, as the file tells it."""
        known = self._images.peek(entry.index) or self._read_facts(entry)
        if known is not None and known.recipe is not None:
            return known.recipe
        with self.parsed(entry) as instance:
            return display_recipe(instance, frame_index)

    def frame_bytes(
        self, entry: Entry, image: CodedImage, frame_index: int
    ) -> bytes | NDArray[np.uint8]:
        """Read one frame as it is coded, and no other bytes of the file."""
        inflated = self._open(entry).instance.inflated if image.is_inflated else None
        with _open_bytes(entry, inflated) as source:
            return image.table.frame_bytes(source, frame_index)

    def overlays(self, entry: Entry, frame_index: int) -> tuple[OverlayPlane, ...]:
        """Give the overlay planes of a frame."""
        with self.parsed(entry) as instance:
            return read_overlays(instance, frame_index)

    def declared_range(self, entry: Entry) -> DeclaredRange:
        """Give what a file says of the smallest and largest of its samples."""
        is_signed = self.image(entry).layout.pixel_representation == 1
        if _is_walked(entry):
            with open_entry(entry) as source:
                found = walked_range(source, is_signed=is_signed)
            if found is not None:
                return found
        with self.parsed(entry) as instance:
            return parsed_range(instance.dataset, is_signed=is_signed)

    def repairs(self, entry: Entry) -> tuple[Repair, ...]:
        """Give what was mended in the header and, once it was read, in the frame table."""
        image = self._images.peek(entry.index)
        return (*entry.header.repairs, *(image.table.repairs if image is not None else ()))

    def _open(self, entry: Entry) -> _OpenInstance:
        return self._opened.get_or_compute(
            entry.index,
            lambda: _OpenInstance(
                open_instance(entry.path, expected=entry.stamp, member=entry.member)
            ),
        )[0]

    def _read_image(self, entry: Entry) -> CodedImage:
        """Index the frames of a file."""
        if _is_walked(entry):
            with open_entry(entry) as source:
                facts = self._facts.read(source, entry.header)
                if facts is not None:
                    table = frame_table(source, facts.location, facts.layout, facts.syntax)
                    return CodedImage(
                        facts.layout, facts.location, facts.syntax, table, facts.recipe
                    )
        instance = self._open(entry).instance
        location, inflated = instance.pixel_location, instance.inflated
        assert location is not None, "the caller has checked that there are pixels"
        syntax = transfer_syntax(instance.transfer_syntax_uid)
        with _open_bytes(entry, inflated) as source:
            table = frame_table(source, location, instance.layout, syntax)
        is_inflated = inflated is not None
        return CodedImage(instance.layout, location, syntax, table, is_inflated=is_inflated)

    def _read_facts(self, entry: Entry) -> ImageFacts | None:
        if not _is_walked(entry):
            return None
        with open_entry(entry) as source:
            return self._facts.read(source, entry.header)


@dataclass(slots=True)
class _OpenInstance:
    instance: Instance
    lock: threading.Lock = field(default_factory=threading.Lock)


def _open_bytes(entry: Entry, inflated: MemorySource | None) -> AbstractContextManager[ByteSource]:
    return open_entry(entry) if inflated is None else nullcontext(inflated)


def _is_walked(entry: Entry) -> bool:
    """Whether its head can be read for itself; a compressed member is decompressed, once."""
    return entry.member is None or not entry.member.is_compressed


def _parsed_bytes(instance: Instance) -> int:
    location = instance.pixel_location
    inflated_bytes = instance.inflated.size if instance.inflated is not None else 0
    header_bytes = location.offset if location is not None else instance.size_bytes
    return PARSED_BYTES_AT_LEAST + PARSED_BYTES_PER_HEADER_BYTE * header_bytes + inflated_bytes
