"""The use cases: what the web routes, the commands and the notebook call.

Joins the registry (which files there are), ``dicom`` (bytes to stored values
and a recipe), ``pixels`` (the recipe carried out), ``annotations`` and the
caches. All methods may be called from many threads.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from dcmview.annotations.roi import check_against_image, parse_rectangles
from dcmview.annotations.roi_csv import write_roi_csv
from dcmview.annotations.store import RoiStore
from dcmview.cache import ByteCache
from dcmview.dicom.decode import decode_frame
from dcmview.dicom.frames import FrameTable, frame_table
from dcmview.dicom.header import Instance, open_instance
from dcmview.dicom.recipe import display_recipe
from dcmview.dicom.tagtree import tag_node_at, tag_tree
from dcmview.dicom.transfer import transfer_syntax
from dcmview.errors import FrameOutOfRange, InvalidAnnotation, NoPixelData
from dcmview.model import DisplayRecipe, Repair, StoredFrame, Window
from dcmview.pixels.encode import encode_png
from dcmview.pixels.pipeline import choose_voi, display_frame
from dcmview.registry.registry import Entry, Registry, ScanSummary
from dcmview.registry.scan import scan

if TYPE_CHECKING:
    from collections.abc import Callable

    from dcmview.annotations.roi import Rectangle
    from dcmview.annotations.roi_csv import RoiTable

logger = logging.getLogger(__name__)

DISPLAY_CACHE_BYTES = 256 * 1024 * 1024
STORED_CACHE_BYTES = 384 * 1024 * 1024
INSTANCE_CACHE_BYTES = 128 * 1024 * 1024

DECODER_THREADS = min(4, os.cpu_count() or 1)

PROGRESS_INTERVAL_S = 0.2

# A parsed pydicom data set takes about ten times its bytes in the file.
PARSED_BYTES_PER_HEADER_BYTE = 10
PARSED_BYTES_AT_LEAST = 64 * 1024


@dataclass(frozen=True, slots=True)
class LibrarySettings:
    """What the user asked to see."""

    paths: tuple[str, ...]
    recursive: bool = True
    filters: tuple[tuple[str, str], ...] = ()
    annotations: RoiTable | None = None


@dataclass(frozen=True, slots=True)
class DisplayRequest:
    """How a frame is to be shown: the file's way unless a window or the full range is asked for."""

    window: tuple[float, float] | None = None
    full_dynamic: bool = False


@dataclass(frozen=True, slots=True)
class RawFrame:
    """One decoded frame with the recipe that turns it into a picture."""

    stored: StoredFrame
    recipe: DisplayRecipe


@dataclass(slots=True)
class _OpenInstance:
    """A parsed instance with its frame table. pydicom converts elements as they are touched,
    so whoever reads the data set holds ``lock``.
    """

    instance: Instance
    frames: FrameTable | None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Library:
    """The files of one run, their frames, tags and ROIs."""

    def __init__(self, settings: LibrarySettings) -> None:
        self._settings = settings
        self._registry = Registry()
        self._rois = RoiStore()
        self._roi_warnings: list[str] = []
        self._matched_rows: set[int] = set()
        self._stopping = threading.Event()
        self._scanner: threading.Thread | None = None
        self._instances: ByteCache[int, _OpenInstance] = ByteCache(
            INSTANCE_CACHE_BYTES, _parsed_bytes
        )
        self._stored: ByteCache[tuple[int, int], StoredFrame] = ByteCache(
            STORED_CACHE_BYTES, lambda frame: frame.values.nbytes
        )
        self._display: ByteCache[tuple[int, int, DisplayRequest], bytes] = ByteCache(
            DISPLAY_CACHE_BYTES, len
        )

    # Files

    def start_scan(self, on_progress: Callable[[ScanSummary], None] | None = None) -> None:
        """Begin to fill the registry in a thread of its own.

        ``on_progress`` is called from that thread, a few times a second.
        """
        self._scanner = threading.Thread(
            target=self._scan, args=(on_progress,), name="dcmview-scan", daemon=True
        )
        self._scanner.start()

    def wait_scan(self, timeout_s: float | None = None) -> bool:
        """Wait for the end of the scan; false if the time ran out first."""
        return self._registry.wait_complete(timeout_s)

    def scan_summary(self) -> ScanSummary:
        """Give the counts of this moment."""
        return self._registry.summary()

    def entries(self) -> list[Entry]:
        """Give the files listed so far."""
        return self._registry.entries()

    def entry(self, index: int) -> Entry:
        """Give one listed file, or raise ``UnknownFile``."""
        return self._registry.get(index)

    def file_count(self) -> int:
        """Count the files listed so far."""
        return len(self._registry)

    def close(self) -> None:
        """Stop a running scan and wait for it to let go of its file."""
        self._stopping.set()
        if self._scanner is not None:
            self._scanner.join(timeout=1.0)

    # Pixels

    def display_png(
        self, index: int, frame_index: int, request: DisplayRequest
    ) -> tuple[bytes, bool]:
        """Give a frame as PNG and whether it came from the cache.

        Raises
        ------
        NotFound
            If there is no such file, frame or no image in it.
        InstanceError
            If the frame cannot be decoded or has no defined display.
        """
        self._check_frame(index, frame_index)
        return self._display.get_or_compute(
            (index, frame_index, request), lambda: self._render_png(index, frame_index, request)
        )

    def raw_frame(self, index: int, frame_index: int) -> tuple[RawFrame, bool]:
        """Give the stored values of a frame and whether they came from the cache.

        Raises what ``display_png`` raises.
        """
        self._check_frame(index, frame_index)
        stored, hit = self._stored_frame(index, frame_index)
        return RawFrame(stored, self.recipe(index, frame_index)), hit

    def recipe(self, index: int, frame_index: int) -> DisplayRecipe:
        """Give all between the stored values of a frame and its picture."""
        self._check_frame(index, frame_index)
        opened = self._open(index)
        with opened.lock:
            return display_recipe(opened.instance, frame_index)

    def repairs(self, index: int) -> tuple[Repair, ...]:
        """Give the rules that a file breaks and what was used instead."""
        return self._open(index).instance.repairs

    # Tags

    def tags(self, index: int) -> list[dict[str, Any]]:
        """Give the tag tree of a file in the JSON form of the API."""
        opened = self._open(index)
        with opened.lock:
            return tag_tree(opened.instance)

    def tag(self, index: int, path: str, *, offset: int, limit: int) -> dict[str, Any]:
        """Give one tag node with the part ``[offset, offset + limit)`` of its value."""
        opened = self._open(index)
        with opened.lock:
            return tag_node_at(opened.instance, path, offset=offset, limit=limit)

    # ROIs

    def rois(self, index: int) -> tuple[Rectangle, ...]:
        """Give the rectangles of a file."""
        self._registry.get(index)
        return self._rois.get(index)

    def replace_rois(self, index: int, coordinates: Any, frames: Any) -> tuple[Rectangle, ...]:
        """Replace the rectangles of a file by decoded JSON and give them in order.

        Raises
        ------
        InvalidAnnotation
            If a box is empty, outside the image or names a frame that is not there.
        """
        entry = self._registry.get(index)
        rectangles = parse_rectangles(coordinates, frames)
        check_against_image(rectangles, entry.header)
        self._rois.replace(index, rectangles)
        return rectangles

    @property
    def dirty(self) -> bool:
        """Whether ROI edits were neither saved nor exported."""
        return self._rois.has_unexported_edits

    def export_csv(self) -> str:
        """Write all ROIs as an EMBED table; what it holds counts as exported."""
        by_file, edit_number = self._rois.snapshot()
        text = write_roi_csv((self._registry.get(i).path, boxes) for i, boxes in by_file.items())
        self._rois.mark_exported(edit_number)
        return text

    def warnings(self) -> list[str]:
        """Say which ROI rows were left out and why."""
        return list(self._roi_warnings)

    # Inside

    def _scan(self, on_progress: Callable[[ScanSummary], None] | None) -> None:
        last_progress = time.monotonic()

        def on_entry(entry: Entry) -> None:
            nonlocal last_progress
            self._load_rois(entry)
            if on_progress is not None and time.monotonic() - last_progress > PROGRESS_INTERVAL_S:
                on_progress(self._registry.summary())
                last_progress = time.monotonic()

        try:
            scan(
                self._registry,
                self._settings.paths,
                recursive=self._settings.recursive,
                filters=self._settings.filters,
                on_entry=on_entry,
                should_stop=self._stopping.is_set,
            )
            self._report_unmatched_rows()
        finally:
            self._registry.mark_complete()

    def _load_rois(self, entry: Entry) -> None:
        table = self._settings.annotations
        if table is None:
            return
        accepted: list[Rectangle] = []
        for row in table.rows_for(entry.path):
            self._matched_rows.add(row.row_number)
            try:
                check_against_image(row.rectangles, entry.header)
            except InvalidAnnotation as exc:
                self._roi_warnings.append(
                    f"{table.source}: row {row.row_number} left out: {exc.message}"
                )
            else:
                accepted.extend(row.rectangles)
        if accepted:
            self._rois.load(entry.index, accepted)

    def _report_unmatched_rows(self) -> None:
        table = self._settings.annotations
        if table is None:
            return
        self._roi_warnings.extend(
            f"{table.source}: row {row.row_number} matches no listed file: {row.path}"
            for row in table.rows
            if row.row_number not in self._matched_rows
        )

    def _check_frame(self, index: int, frame_index: int) -> None:
        header = self._registry.get(index).header
        if not header.has_pixels:
            raise NoPixelData(
                f"file {index} holds no image: {header.kind or 'no pixel data'}", index=index
            )
        if not 0 <= frame_index < header.frame_count:
            raise FrameOutOfRange(
                f"file {index} has {header.frame_count} frame(s) counted from 0, "
                f"there is no frame {frame_index}",
                index=index,
                frame_count=header.frame_count,
            )

    def _open(self, index: int) -> _OpenInstance:
        return self._instances.get_or_compute(index, lambda: self._parse(index))[0]

    def _parse(self, index: int) -> _OpenInstance:
        entry = self._registry.get(index)
        instance = open_instance(entry.path, expected=entry.stamp)
        if instance.pixel_location is None:
            return _OpenInstance(instance, None)
        syntax = transfer_syntax(instance.transfer_syntax_uid)
        with instance.open() as source:
            table = frame_table(source, instance.pixel_location, instance.layout, syntax)
        return _OpenInstance(instance, table)

    def _stored_frame(self, index: int, frame_index: int) -> tuple[StoredFrame, bool]:
        return self._stored.get_or_compute(
            (index, frame_index), lambda: self._decode(index, frame_index)
        )

    def _decode(self, index: int, frame_index: int) -> StoredFrame:
        opened = self._open(index)
        instance, frames = opened.instance, opened.frames
        location = instance.pixel_location
        assert frames is not None
        assert location is not None
        with instance.open() as source:
            frame = frames.frame_bytes(source, frame_index)
        return decode_frame(
            frame,
            instance.layout,
            transfer_syntax(instance.transfer_syntax_uid),
            little_endian=location.little_endian,
            bit_offset=frames.bit_offset(frame_index),
            threads=DECODER_THREADS,
        )

    def _render_png(self, index: int, frame_index: int, request: DisplayRequest) -> bytes:
        stored, _ = self._stored_frame(index, frame_index)
        recipe = self.recipe(index, frame_index)
        voi = choose_voi(stored, recipe, window=request.window, full_dynamic=request.full_dynamic)
        return encode_png(display_frame(stored, recipe, voi))


def first_window(recipe: DisplayRecipe) -> Window | None:
    """Give the first window of a recipe, passing over LUTs."""
    return next((choice for choice in recipe.voi if isinstance(choice, Window)), None)


def wire_samples(stored: StoredFrame) -> tuple[memoryview, int, int]:
    """Give the samples of a frame as they are sent, their bits and their sign (1 or 0)."""
    values = stored.values
    little: Any = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
    return memoryview(little).cast("B"), values.dtype.itemsize * 8, int(values.dtype.kind == "i")


def _parsed_bytes(opened: _OpenInstance) -> int:
    location = opened.instance.pixel_location
    header_bytes = location.offset if location is not None else opened.instance.size_bytes
    return PARSED_BYTES_AT_LEAST + PARSED_BYTES_PER_HEADER_BYTE * header_bytes
