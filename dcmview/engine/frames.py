"""Decoded frames: each is decoded once for all who wait for it, in a bounded amount of memory."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from cachetools import LRUCache

from dcmview.admission import Admission
from dcmview.cache import ByteCache, Interests
from dcmview.dicom.decoding import decode_with
from dcmview.errors import DecodeFailed, Truncated
from dcmview.model import LookupTable, RawFrame

if TYPE_CHECKING:
    from collections.abc import Callable

    from dcmview.dicom.decoding import Decoder
    from dcmview.engine.files import CodedImage, Files
    from dcmview.errors import InstanceError
    from dcmview.model import DisplayRecipe, PixelLayout, Repair, StoredFrame
    from dcmview.pixels.resize import Sampling
    from dcmview.registry.registry import Entry

DECODER_THREADS = min(4, os.cpu_count() or 1)

MOST_BYTES_UNDER_WAY = 1024 * 1024 * 1024
"""Frames that declare more than this together are decoded one after the other."""

MOST_KNOWN_BAD_FRAMES = 10_000
MOST_FILES_WITH_REPAIRS = 10_000


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """Stored values as an array and as they are sent, and what makes a picture of them."""

    stored: StoredFrame
    recipe: DisplayRecipe
    raw: RawFrame
    sampling: Sampling | None = None
    """Where the pixels lie, of one that is not whole."""

    def size_bytes(self) -> int:
        """Memory that it takes: samples, and the tables of a recipe that is its own."""
        choices = (self.recipe.modality, *self.recipe.voi)
        tables = [choice for choice in choices if isinstance(choice, LookupTable)]
        palette = self.recipe.palette
        if palette is not None:
            tables += [palette.red, palette.green, palette.blue]
        return self.stored.values.nbytes + sum(table.entries.nbytes for table in tables)

    @classmethod
    def of(cls, stored: StoredFrame, recipe: DisplayRecipe) -> DecodedFrame:
        """Lay the samples out as they are sent, which costs nothing on most machines."""
        dtype = stored.values.dtype
        little: Any = np.ascontiguousarray(stored.values, dtype=dtype.newbyteorder("<"))
        if little is not stored.values:
            stored = replace(stored, values=little)
        raw = RawFrame(
            samples=memoryview(little.reshape(-1)).cast("B"),
            bits_allocated=dtype.itemsize * 8,
            is_signed=dtype.kind == "i",
            layout=stored.layout,
            truncated=stored.truncated,
            recipe=recipe,
            full_rows=stored.layout.rows,
            full_columns=stored.layout.columns,
        )
        return cls(stored, recipe, raw)


class Frames:
    """Decodes frames and keeps those used last. For many threads.

    Parameters
    ----------
    files : Files
        Where the frames are read.
    decoder : Decoder
        Of compressed frames.
    budget_bytes : int
        What all that are kept may hold.
    """

    def __init__(self, files: Files, decoder: Decoder, budget_bytes: int) -> None:
        self._files = files
        self._decoder = decoder
        self._kept: ByteCache[tuple[int, int, int], DecodedFrame] = ByteCache(
            budget_bytes, DecodedFrame.size_bytes
        )
        self._interests: Interests[tuple[int, int, int]] = Interests()
        self._under_way = Admission(MOST_BYTES_UNDER_WAY)
        self._notes_lock = threading.Lock()
        self._known_bad: LRUCache[tuple[int, int], InstanceError] = LRUCache(MOST_KNOWN_BAD_FRAMES)
        self._repairs: LRUCache[int, tuple[Repair, ...]] = LRUCache(MOST_FILES_WITH_REPAIRS)

    def kept(self, entry: Entry, frame_index: int) -> DecodedFrame | None:
        """Give a whole frame if it is still there."""
        return self._kept.peek((entry.index, frame_index, 0))

    def decoded(
        self,
        entry: Entry,
        frame_index: int,
        is_wanted: Callable[[], bool],
        halves: int = 0,
    ) -> tuple[DecodedFrame, bool]:
        """Give a frame, halved so many times by its codec, and whether it was there.

        Raises
        ------
        FileGone, FileChanged
            If the file is not the one that was listed.
        InstanceError
            If the frame cannot be decoded, or its codec cannot halve it so often.
        CancelledError
            If nobody wanted it any more.
        """
        key = entry.index, frame_index, halves
        # A prefetch may begin what the screen then waits for.
        with self._interests.of(key, is_wanted) as is_wanted_by_any:
            return self._kept.get_or_compute(
                key, lambda: self._decode(entry, frame_index, is_wanted_by_any, halves)
            )

    def repairs(self, entry: Entry) -> tuple[Repair, ...]:
        """Give what was mended in the frames of a file that were decoded."""
        with self._notes_lock:
            return self._repairs.get(entry.index, ())

    def _decode(
        self, entry: Entry, frame_index: int, is_wanted: Callable[[], bool], halves: int
    ) -> DecodedFrame:
        with self._notes_lock:
            known = self._known_bad.get((entry.index, frame_index))
        if known is not None:
            # A new one each time: a traceback grows with every raise, and holds its frames.
            raise type(known)(known.message, **known.detail)
        image = self._files.image(entry)
        with self._under_way.of(_declared_bytes(image.layout)):
            stored = self._stored_frame(entry, image, frame_index, is_wanted, halves)
        recipe = self._files.recipe(entry, frame_index)
        # That a frame is cut short is said by a mark of its own.
        mended = tuple(repair for repair in stored.repairs if repair.code != "truncated")
        if mended:
            recipe = replace(recipe, repairs=tuple(dict.fromkeys((*recipe.repairs, *mended))))
            with self._notes_lock:
                noted = self._repairs.get(entry.index, ())
                self._repairs[entry.index] = tuple(dict.fromkeys((*noted, *mended)))
        return DecodedFrame.of(stored, recipe)

    def _stored_frame(
        self,
        entry: Entry,
        image: CodedImage,
        frame_index: int,
        is_wanted: Callable[[], bool],
        halves: int,
    ) -> StoredFrame:
        frame = self._files.frame_bytes(entry, image, frame_index)
        try:
            return decode_with(
                self._decoder,
                frame,
                image.layout,
                image.syntax,
                little_endian=image.location.little_endian,
                bit_offset=image.table.bit_offset(frame_index),
                threads=DECODER_THREADS if self._under_way.is_alone() else 1,
                halves=halves,
                is_wanted=is_wanted,
            )
        except (DecodeFailed, Truncated) as exc:
            if not halves:
                # It would fail the same way each time, after seconds perhaps.
                with self._notes_lock:
                    self._known_bad[entry.index, frame_index] = type(exc)(exc.message, **exc.detail)
            raise


def _declared_bytes(layout: PixelLayout) -> int:
    sample_bytes = max(1, layout.bits_allocated // 8)
    return layout.rows * layout.columns * layout.samples_per_pixel * sample_bytes
