"""The use cases of the viewer: what the web routes call.

Knows which files there are, their ROIs, and hands everything about pixels and
tags to the engine. All methods may be called from many threads.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dcmview.annotations.imports import split_marks
from dcmview.annotations.saving import Saving
from dcmview.dicom.decoding import always_wanted
from dcmview.dicom.loading import load_pydicom
from dcmview.errors import DcmviewError, FrameOutOfRange, NoPixelData, StartError
from dcmview.exchange.roi_exchange import RoiExchange
from dcmview.model import FileEnd
from dcmview.registry.registry import Entry, Registry, ScanSummary
from dcmview.roibook import RoiBook
from dcmview.triagebook import TriageBook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from dcmview.annotations.imports import ImportTable
    from dcmview.annotations.journal import Journal
    from dcmview.dicom.decoding import Decoder
    from dcmview.dicom.tagsearch import TagHits
    from dcmview.engine.engine import Engine
    from dcmview.exchange.nifti import Volume
    from dcmview.model import (
        Acquisition,
        DisplayRecipe,
        DisplayRequest,
        FileDetails,
        Picture,
        Placement,
        RawFrame,
        Repair,
    )
    from dcmview.pixels.explain import Explanation
    from dcmview.registry.grouping import SeriesChanges, SeriesView
    from dcmview.registry.registry import SkippedPath
    from dcmview.registry.scan import Scan
    from dcmview.registry.stacks import Stack
    from dcmview.tagreader import Comparison, VariationReport
    from dcmview.thumbnails.picture import Thumbnail
    from dcmview.thumbnails.settings import ThumbnailSettings

PROGRESS_INTERVAL_S = 0.2
WARM_UP_AFTER_S = 3.0
MOST_OPEN_SERIES = 32
"""Series whose stacks are remembered."""

_LISTED_ENDS = (FileEnd.SHOWN, FileEnd.PARTIAL, FileEnd.NO_PIXELS)


@dataclass(frozen=True, slots=True)
class LibrarySettings:
    """What the user asked to see.

    ``paths`` may come slowly, from a list on standard input; it is gone
    through once. ``volumes`` are laid over the files when all are listed, and taken out
    of the list. With ``watch_interval_s`` the scan goes on for ever.
    """

    paths: Iterable[str | SkippedPath | None]
    recursive: bool = True
    filters: tuple[tuple[str, str], ...] = ()
    annotations: tuple[ImportTable, ...] = ()
    volumes: list[Volume] = field(default_factory=list)
    journal: Journal | None = None
    labels: tuple[str, ...] = ()
    cache_budget_bytes: int | None = None
    watch_interval_s: float | None = None


@dataclass(frozen=True, slots=True)
class ReportLine:
    """How one path ended."""

    path: str
    end: FileEnd
    reason: str
    index: int | None


class Library:
    """The files of one run, their frames, tags and ROIs."""

    def __init__(self, settings: LibrarySettings) -> None:
        self._settings = settings
        self._registry = Registry()
        self._saving = Saving(settings.journal)
        tables, marks = split_marks(settings.annotations)
        self._rois = RoiBook(self._registry, tables, self._saving, settings.labels)
        self._triage = TriageBook(self._registry, self._saving, marks)
        self._exchange = RoiExchange(self._registry, self._rois, self._triage, lambda: self._engine)
        self._stopping = threading.Event()
        self._scanner: threading.Thread | None = None
        self._running_scan: Scan | None = None
        self._stacks: dict[tuple[int, int], tuple[Stack, ...]] = {}
        self._stacks_lock = threading.Lock()
        self._engine_lock = threading.Lock()
        self._loaded_engine: Engine | None = None
        self._warmed_up = False

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

    @property
    def is_watching(self) -> bool:
        """Whether files may still come after the scan is complete."""
        return self._settings.watch_interval_s is not None

    @property
    def revision(self) -> int:
        """How much has happened to the list so far."""
        return self._registry.revision

    def entries_since(self, revision: int) -> tuple[list[Entry], int]:
        """Give the files that are new or lost since a revision, and the revision of now."""
        return self._registry.entries_since(revision)

    def lost(self, index: int) -> FileEnd | None:
        """Say whether a listed file was found changed or gone."""
        return self._registry.lost(index)

    def series_since(self, revision: int, most: int) -> SeriesChanges:
        """Give the series that are new or changed since a revision."""
        return self._registry.series_since(revision, most)

    def series(self, index: int) -> tuple[SeriesView, list[Entry]]:
        """Give one series with its files, or raise ``UnknownSeries``."""
        return self._registry.series(index)

    def series_of(self, index: int) -> int:
        """Give the number of the series of a file, or raise ``UnknownFile``."""
        self._registry.get(index)
        return self._registry.series_of(index)

    def stacks(self, index: int) -> tuple[Stack, ...]:
        """Give the frames of a series, put together and in order.

        Raises
        ------
        UnknownSeries
            If there is no such series.
        """
        view, entries = self._registry.series(index)
        key = index, view.revision
        with self._stacks_lock:
            known = self._stacks.get(key)
        if known is not None:
            return known
        from dcmview.registry.stacks import SeriesInstance, build_stacks

        # What has changed is listed anew, and must not be seen twice.
        there = [entry for entry in entries if self._registry.lost(entry.index) is None]
        instances = [SeriesInstance(entry.index, entry.path, entry.header) for entry in there]
        stacks = build_stacks(instances, self._frame_placements)
        with self._stacks_lock:
            if len(self._stacks) >= MOST_OPEN_SERIES:
                del self._stacks[next(iter(self._stacks))]
            self._stacks[key] = stacks
        return stacks

    def report(self, ends: Sequence[FileEnd]) -> list[ReportLine]:
        """Say of every path that ended in one of these ways how it ended and why."""
        lines = [
            ReportLine(entry.path, entry.end, entry.note, entry.index)
            for entry in (self._registry.entries() if set(ends) & set(_LISTED_ENDS) else ())
            if entry.end in ends
        ]
        skipped = self._registry.skipped(ends)
        return lines + [ReportLine(each.path, each.end, each.reason, None) for each in skipped]

    def close(self) -> None:
        """Stop a running scan, wait for it to let go of its file, and end the decoders."""
        self._stopping.set()
        if self._running_scan is not None:
            self._running_scan.stop()
        if self._scanner is not None:
            self._scanner.join(timeout=1.0)
        if self._loaded_engine is not None:
            self._loaded_engine.close()

    # Pixels and tags

    def cached_picture(
        self, index: int, frame_index: int, request: DisplayRequest
    ) -> Picture | None:
        """Give a display frame if it is in the cache; never blocks.

        Raises
        ------
        NotFound
            If there is no such file, frame or no image in it.
        """
        entry = self._entry_with_frame(index, frame_index)
        engine = self._loaded_engine
        return None if engine is None else engine.cached_picture(entry, frame_index, request)

    def picture(
        self,
        index: int,
        frame_index: int,
        request: DisplayRequest,
        is_wanted: Callable[[], bool] = always_wanted,
    ) -> tuple[Picture, bool]:
        """Give a display frame as a file and whether it came from the cache.

        Raises
        ------
        NotFound
            If there is no such file, frame or no image in it.
        Conflict
            If the file was rewritten since it was listed.
        RequestError
            If the frame has no such VOI.
        InstanceError
            If the frame cannot be decoded or has no defined display.
        CancelledError
            If ``is_wanted`` says that nobody waits any more.
        """
        entry = self._entry_with_frame(index, frame_index)
        return self._engine.picture(entry, frame_index, request, is_wanted)

    def cached_raw_frame(
        self, index: int, frame_index: int, size_px: int | None = None
    ) -> RawFrame | None:
        """Give what `raw_frame` gives if it is in the cache; never blocks."""
        entry = self._entry_with_frame(index, frame_index)
        engine = self._loaded_engine
        if engine is None:
            return None
        if size_px is None:
            return engine.cached_raw_frame(entry, frame_index)
        return engine.cached_coarse_frame(entry, frame_index, size_px)

    def raw_frame(
        self,
        index: int,
        frame_index: int,
        is_wanted: Callable[[], bool] = always_wanted,
        *,
        size_px: int | None = None,
    ) -> tuple[RawFrame, bool]:
        """Give the stored values of a frame and whether they came from the cache.

        With ``size_px`` a coarse frame, one value a block, of which no side is longer.
        Raises what `picture` raises.
        """
        entry = self._entry_with_frame(index, frame_index)
        if size_px is None:
            return self._engine.raw_frame(entry, frame_index, is_wanted)
        return self._engine.coarse_frame(entry, frame_index, size_px, is_wanted)

    def recipe(self, index: int, frame_index: int) -> DisplayRecipe:
        """Give all between the stored values of a frame and its picture."""
        entry = self._entry_with_frame(index, frame_index)
        return self._engine.recipe(entry, frame_index)

    def explanation(
        self,
        index: int,
        frame_index: int,
        request: DisplayRequest,
        pixel_index: tuple[int, int] | None = None,
    ) -> Explanation:
        """Give every step from stored value to grey level and what decided it."""
        entry = self._entry_with_frame(index, frame_index)
        return self._engine.explanation(entry, frame_index, request, pixel_index)

    def thumbnail(
        self,
        index: int,
        settings: ThumbnailSettings,
        is_wanted: Callable[[], bool] = always_wanted,
    ) -> Thumbnail:
        """Give a small picture of a file as the command makes it.

        Raises what `picture` raises.
        """
        frame = settings.frame
        entry = self._entry_with_frame(index, frame if isinstance(frame, int) else 0)
        engine = self._engine
        from dcmview.thumbnails.picture import small_frame

        return small_frame(engine, entry, settings, is_wanted).thumbnail()

    @property
    def decoder(self) -> Decoder:
        """What decodes compressed frames, for who makes files of them."""
        return self._engine.decoder

    def overlay_png(self, index: int, frame_index: int, group: int) -> bytes:
        """Give one overlay plane as a PNG with a transparent background."""
        entry = self._entry_with_frame(index, frame_index)
        return self._engine.overlay_png(entry, frame_index, group)

    def repairs(self, index: int) -> tuple[Repair, ...]:
        """Give the rules that a file breaks and what was used instead."""
        return self._engine.repairs(self._registry.get(index))

    def details(self, index: int) -> FileDetails | None:
        """Give frame rate and loss of a file; None where it holds no image or cannot be read."""
        entry = self._registry.get(index)
        if not entry.header.shared.has_pixels:
            return None
        try:
            return self._engine.details(entry)
        except DcmviewError:
            return None

    def tags(self, index: int) -> list[dict[str, Any]]:
        """Give the tag tree of a file in the JSON form of the API."""
        return self._engine.tags(self._registry.get(index))

    def tag(self, index: int, path: str, *, offset: int, limit: int) -> dict[str, Any]:
        """Give one tag node with the part ``[offset, offset + limit)`` of its value."""
        return self._engine.tag(self._registry.get(index), path, offset=offset, limit=limit)

    def frame_groups(
        self, index: int, frame_index: int
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Give the nodes of the shared functional groups and of those of one frame."""
        entry = self._entry_with_frame(index, frame_index)
        return self._engine.frame_groups(entry, frame_index)

    def search_tags(
        self, index: int, query: str, is_wanted: Callable[[], bool] = always_wanted
    ) -> TagHits:
        """Give the elements of a file that hold all words of a query, with their parents.

        Raises
        ------
        RequestError
            If the query is empty or too long.
        CancelledError
            If ``is_wanted`` says that nobody waits any more; so do the next two.
        """
        self._load_tagreader()
        from dcmview import tagreader

        return tagreader.search(self._registry.get(index), query, is_wanted)

    def compare_tags(
        self,
        first: tuple[int, int | None],
        second: tuple[int, int | None],
        is_wanted: Callable[[], bool] = always_wanted,
    ) -> Comparison:
        """Put the elements of two files side by side.

        ``first`` and ``second`` are indices of a file and of the frame whose
        functional groups are wanted, None for those of all frames.
        """
        self._load_tagreader()
        from dcmview import tagreader

        sides = [
            self._registry.get(index) if frame is None else self._entry_with_frame(index, frame)
            for index, frame in (first, second)
        ]
        return tagreader.compare(sides[0], sides[1], (first[1], second[1]), is_wanted)

    def varying_tags(
        self, indices: Iterable[int], count: int, is_wanted: Callable[[], bool] = always_wanted
    ) -> VariationReport:
        """Say which elements of ``count`` files vary, and how; indices are read as needed."""
        self._load_tagreader()
        from dcmview import tagreader

        return tagreader.vary_files(map(self._registry.get, indices), count, is_wanted)

    def varying_frame_tags(
        self, index: int, is_wanted: Callable[[], bool] = always_wanted
    ) -> VariationReport:
        """Say which elements of the functional groups vary over the frames of a file."""
        self._load_tagreader()
        from dcmview import tagreader

        return tagreader.vary_frames(self._entry_with_frame(index, 0), is_wanted)

    def files_in_reading_order(self, series: int) -> list[int]:
        """Give the files of a series as its stacks are read, or raise ``UnknownSeries``."""
        return list(dict.fromkeys(file for stack in self.stacks(series) for file in stack.files))

    # ROIs

    @property
    def rois(self) -> RoiBook:
        """What is drawn, loaded and saved."""
        return self._rois

    @property
    def triage(self) -> TriageBook:
        """What is kept, rejected or in doubt."""
        return self._triage

    @property
    def saving(self) -> Saving:
        """Whether edits are saved, and what would be lost."""
        return self._saving

    @property
    def exchange(self) -> RoiExchange:
        """ROIs in and out, in the forms of other programs."""
        return self._exchange

    def warnings(self) -> list[str]:
        """Say which ROIs were left out or not saved, and why."""
        return self._saving.warnings() + self._rois.warnings()

    # Inside

    @property
    def _engine(self) -> Engine:
        with self._engine_lock:
            if self._loaded_engine is None:
                # Imports numpy; by now the page is being served.
                load_pydicom()
                from dcmview.engine.engine import Engine

                budget_bytes = self._settings.cache_budget_bytes
                self._loaded_engine = Engine() if budget_bytes is None else Engine(budget_bytes)
            return self._loaded_engine

    def _load_tagreader(self) -> None:
        """Import what reads tags after the engine, and in one thread.

        pydicom imports itself in circles: a thread that imports it while
        another one does may be given a module that is half there.
        """
        _ = self._engine
        with self._engine_lock:
            import dcmview.tagreader  # noqa: F401

    def _scan(self, on_progress: Callable[[ScanSummary], None] | None) -> None:
        settings = self._settings
        last_progress = time.monotonic()
        roots: list[str] = []

        def remembered() -> Iterator[str | SkippedPath | None]:
            for root in settings.paths:
                if isinstance(root, str):
                    roots.append(root)
                yield root

        def on_entries(entries: list[Entry]) -> None:
            nonlocal last_progress
            for entry in entries:
                self._rois.attach(entry)
                self._triage.attach(entry)
            self._warm_up(entries)
            if on_progress is not None and time.monotonic() - last_progress > PROGRESS_INTERVAL_S:
                on_progress(self._registry.summary())
                last_progress = time.monotonic()

        try:
            from dcmview.registry.scan import Scan

            self._running_scan = Scan(
                self._registry,
                remembered(),
                recursive=settings.recursive,
                filters=settings.filters,
                on_entries=on_entries,
            )
            if not self._stopping.is_set():
                self._running_scan.run()
            self._rois.note_scan_end(self._placed_volumes())
            self._triage.note_scan_end(self._rois.warnings())
        finally:
            self._registry.mark_complete()
        interval_s = self._settings.watch_interval_s
        if interval_s is not None:
            self._running_scan.watch(roots, interval_s, self._stopping.wait)

    def _placed_volumes(self) -> Iterator[ImportTable]:
        """Give the ROIs of volumes by file; what is wrong with one is a warning."""
        waiting = self._settings.volumes
        while waiting:
            from dcmview.exchange.assignment import placed

            warnings = self._rois.warnings()
            try:
                table, note = placed(
                    waiting.pop(0),
                    self._registry.entries(),
                    lambda entry: self._frame_placements(entry.index),
                )
            except StartError as exc:
                warnings.append(exc.message)
                continue
            warnings.extend([note] if note else [])
            yield table

    def _warm_up(self, entries: list[Entry]) -> None:
        """Load what the first picture needs, and start the decoders if it is compressed."""
        first = next((entry for entry in entries if entry.header.shared.has_pixels), None)
        if self._warmed_up or first is None:
            return
        self._warmed_up = True
        uid = first.header.shared.transfer_syntax_uid
        threading.Thread(target=self._load_engine, args=(uid,), daemon=True).start()

    def _load_engine(self, transfer_syntax_uid: str) -> None:
        # A long scan has better use for the processors, until somebody asks for a picture.
        self._registry.wait_complete(WARM_UP_AFTER_S)
        if not self._stopping.is_set():
            self._engine.warm_up(transfer_syntax_uid)

    def _frame_placements(self, index: int) -> Sequence[tuple[Acquisition, Placement]] | None:
        """Where the frames of a file lie; None where that cannot be read."""
        try:
            return self._engine.frame_placements(self._registry.get(index))
        except DcmviewError:
            return None

    def _entry_with_frame(self, index: int, frame_index: int) -> Entry:
        entry = self._registry.get(index)
        header = entry.header.shared
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
        return entry
