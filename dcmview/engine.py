"""From a listed file to its pictures, samples and tags, through the caches.

Joins ``dicom`` (bytes to stored values and a recipe) with ``pixels`` (the
recipe carried out); screen, API and commands all get their pixels here. This
module pulls in numpy and pydicom, a quarter of a second, so the library
imports it when a scan starts and not before the page can be served.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from dcmview.cache import ByteCache
from dcmview.dicom.decode import decode_frame
from dcmview.dicom.frames import FrameTable, frame_table
from dcmview.dicom.header import Instance, open_instance
from dcmview.dicom.recipe import display_recipe
from dcmview.dicom.tagtree import tag_node_at, tag_tree
from dcmview.dicom.transfer import transfer_syntax
from dcmview.model import DisplayRecipe, DisplayRequest, RawFrame, Repair, StoredFrame
from dcmview.pixels.encode import encode_png
from dcmview.pixels.pipeline import choose_voi, display_frame

if TYPE_CHECKING:
    from dcmview.registry.registry import Entry

DISPLAY_CACHE_BYTES = 256 * 1024 * 1024
STORED_CACHE_BYTES = 384 * 1024 * 1024
INSTANCE_CACHE_BYTES = 128 * 1024 * 1024

# A parsed pydicom data set takes about ten times its bytes in the file.
PARSED_BYTES_PER_HEADER_BYTE = 10
PARSED_BYTES_AT_LEAST = 64 * 1024

DECODER_THREADS = min(4, os.cpu_count() or 1)


class Engine:
    """Pictures, samples and tags of single files. For many threads.

    Frames are addressed by an entry of the registry and a frame index that
    the caller has checked against its header.
    """

    def __init__(self) -> None:
        self._instances: ByteCache[int, _OpenInstance] = ByteCache(
            INSTANCE_CACHE_BYTES, _parsed_bytes
        )
        self._decoded: ByteCache[tuple[int, int], _DecodedFrame] = ByteCache(
            STORED_CACHE_BYTES, lambda frame: frame.stored.values.nbytes
        )
        self._display: ByteCache[tuple[int, int, DisplayRequest], bytes] = ByteCache(
            DISPLAY_CACHE_BYTES, len
        )

    def display_png(
        self, entry: Entry, frame_index: int, request: DisplayRequest
    ) -> tuple[bytes, bool]:
        """Give a frame as PNG and whether it came from the cache.

        Raises
        ------
        FileGone, FileChanged
            If the file is not the one that was listed.
        InstanceError
            If the frame cannot be decoded or has no defined display.
        """
        return self._display.get_or_compute(
            (entry.index, frame_index, request), lambda: self._render(entry, frame_index, request)
        )

    def raw_frame(self, entry: Entry, frame_index: int) -> tuple[RawFrame, bool]:
        """Give the stored values of a frame and whether they came from the cache.

        Raises what `display_png` raises.
        """
        frame, hit = self._decoded_frame(entry, frame_index)
        values = frame.stored.values
        little: Any = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
        raw = RawFrame(
            samples=memoryview(little).cast("B"),
            bits_allocated=values.dtype.itemsize * 8,
            is_signed=values.dtype.kind == "i",
            layout=frame.stored.layout,
            truncated=frame.stored.truncated,
            recipe=frame.recipe,
        )
        return raw, hit

    def recipe(self, entry: Entry, frame_index: int) -> DisplayRecipe:
        """Give all between the stored values of a frame and its picture."""
        opened = self._open(entry)
        with opened.lock:
            return display_recipe(opened.instance, frame_index)

    def repairs(self, entry: Entry) -> tuple[Repair, ...]:
        """Give the rules that a file breaks and what was used instead."""
        return self._open(entry).repairs

    def tags(self, entry: Entry) -> list[dict[str, Any]]:
        """Give the tag tree of a file in the JSON form of the API."""
        opened = self._open(entry)
        with opened.lock:
            return tag_tree(opened.instance)

    def tag(self, entry: Entry, path: str, *, offset: int, limit: int) -> dict[str, Any]:
        """Give one tag node with the part ``[offset, offset + limit)`` of its value."""
        opened = self._open(entry)
        with opened.lock:
            return tag_node_at(opened.instance, path, offset=offset, limit=limit)

    def _open(self, entry: Entry) -> _OpenInstance:
        return self._instances.get_or_compute(
            entry.index, lambda: _OpenInstance(open_instance(entry.path, expected=entry.stamp))
        )[0]

    def _decoded_frame(self, entry: Entry, frame_index: int) -> tuple[_DecodedFrame, bool]:
        return self._decoded.get_or_compute(
            (entry.index, frame_index), lambda: self._decode(entry, frame_index)
        )

    def _decode(self, entry: Entry, frame_index: int) -> _DecodedFrame:
        opened = self._open(entry)
        instance, table = opened.instance, opened.frame_table()
        location = instance.pixel_location
        assert location is not None, "the caller has checked that there are pixels"
        with instance.open() as source:
            frame = table.frame_bytes(source, frame_index)
        stored = decode_frame(
            frame,
            instance.layout,
            transfer_syntax(instance.transfer_syntax_uid),
            little_endian=location.little_endian,
            bit_offset=table.bit_offset(frame_index),
            threads=DECODER_THREADS,
        )
        with opened.lock:
            return _DecodedFrame(stored, display_recipe(instance, frame_index))

    def _render(self, entry: Entry, frame_index: int, request: DisplayRequest) -> bytes:
        frame, _ = self._decoded_frame(entry, frame_index)
        voi = choose_voi(
            frame.stored, frame.recipe, window=request.window, full_dynamic=request.full_dynamic
        )
        return encode_png(display_frame(frame.stored, frame.recipe, voi))


@dataclass(frozen=True, slots=True)
class _DecodedFrame:
    stored: StoredFrame
    recipe: DisplayRecipe


@dataclass(slots=True)
class _OpenInstance:
    """A parsed instance and, once a frame was asked for, where its frames lie.

    pydicom converts elements as they are touched, so whoever reads the data
    set holds ``lock``.
    """

    instance: Instance
    lock: threading.Lock = field(default_factory=threading.Lock)
    table: FrameTable | None = None

    def frame_table(self) -> FrameTable:
        """Index the frames, once; tags and recipes do without."""
        with self.lock:
            if self.table is None:
                instance = self.instance
                assert instance.pixel_location is not None
                syntax = transfer_syntax(instance.transfer_syntax_uid)
                with instance.open() as source:
                    self.table = frame_table(
                        source, instance.pixel_location, instance.layout, syntax
                    )
            return self.table

    @property
    def repairs(self) -> tuple[Repair, ...]:
        """What was mended in the header and, where it was read, the frame table."""
        found = self.table.repairs if self.table is not None else ()
        return tuple(dict.fromkeys((*self.instance.repairs, *found)))


def _parsed_bytes(opened: _OpenInstance) -> int:
    instance = opened.instance
    location = instance.pixel_location
    inflated_bytes = instance.inflated.size if instance.inflated is not None else 0
    header_bytes = location.offset if location is not None else instance.size_bytes
    size = PARSED_BYTES_AT_LEAST + PARSED_BYTES_PER_HEADER_BYTE * header_bytes + inflated_bytes
    # Even the largest is kept, alone: its frames would otherwise each parse the file again.
    return min(size, INSTANCE_CACHE_BYTES)
