"""From a listed file to its pictures, samples and tags, through the caches.

Joins ``dicom`` (bytes to stored values and a recipe) with ``pixels`` (the
recipe carried out); screen, API and commands all get their pixels here. This
module pulls in numpy, and pydicom where a file is not plain, a quarter of a
second: the library imports it when a scan starts and not before the page can be served.
"""

from __future__ import annotations

import os
import threading
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from cachetools import LRUCache

from dcmview.admission import Admission
from dcmview.cache import ByteCache, Interests
from dcmview.dicom.declared import parsed_range, walked_range
from dcmview.dicom.decode import decode_frame
from dcmview.dicom.decoding import IN_PROCESS, ThreadDecoder, always_wanted, make_decoder
from dcmview.dicom.facts import FactsReader, ImageFacts
from dcmview.dicom.frames import FrameTable, frame_table
from dcmview.dicom.instance import Instance, open_instance
from dcmview.dicom.overlays import read_overlays
from dcmview.dicom.recipe import display_recipe
from dcmview.dicom.transfer import TransferSyntax, transfer_syntax
from dcmview.errors import DecodeFailed, InstanceError, NotFound, Truncated
from dcmview.heap import keep_freed_memory
from dcmview.model import (
    Acquisition,
    DisplayRecipe,
    DisplayRequest,
    FileDetails,
    LookupTable,
    OverlayPlane,
    Picture,
    PixelLayout,
    Placement,
    RawFrame,
    Repair,
    ShownFrame,
    StoredFrame,
    Window,
)
from dcmview.pixels.color_maps import colored
from dcmview.pixels.encode import encode_grey_png, encode_overlay_png, encode_picture
from dcmview.pixels.overlay import burn
from dcmview.pixels.pipeline import choose_voi, display_frame, grey_rows
from dcmview.pixels.reduce import reduce_stored
from dcmview.pixels.resize import Sampling, reduce_to
from dcmview.pixels.shutter import apply_shutter
from dcmview.registry.opening import open_entry
from dcmview.short_ways import coarse_halves, picture_halves, reduced_sampling

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dcmview.dicom.declared import DeclaredRange
    from dcmview.dicom.decoding import Decoder
    from dcmview.dicom.source import ByteSource, MemorySource, PixelLocation
    from dcmview.pixels.explain import Explanation
    from dcmview.registry.registry import Entry

DEFAULT_CACHE_BUDGET_BYTES = 640 * 1024 * 1024
# Samples serve every window, so most of the budget is theirs.
_STORED_SHARE, _COARSE_SHARE, _DISPLAY_SHARE, _INSTANCE_SHARE = 0.6, 0.05, 0.2, 0.15

# A parsed pydicom data set takes about ten times its bytes in the file.
PARSED_BYTES_PER_HEADER_BYTE = 10
PARSED_BYTES_AT_LEAST = 64 * 1024

MOST_BYTES_UNDER_WAY = 1024 * 1024 * 1024
"""Frames that declare more than this together are decoded one after the other."""

DECODER_THREADS = min(4, os.cpu_count() or 1)
DECODER_PROCESSES = DECODER_THREADS + 1  # one more, so that a prefetch never takes the last

PREVIEW_PX = 512

MOST_KNOWN_BAD_FRAMES = 10_000
MOST_FILES_WITH_REPAIRS = 10_000


class Engine:
    """Pictures, samples and tags of single files. For many threads.

    Frames are addressed by an entry of the registry and a frame index that
    the caller has checked against its header.

    Parameters
    ----------
    cache_budget_bytes : int
        What all caches together may hold.
    isolated : bool, default True
        Whether codecs run in processes of their own where the system allows it: for one
        frame alone they are not worth their start.
    """

    def __init__(
        self, cache_budget_bytes: int = DEFAULT_CACHE_BUDGET_BYTES, *, isolated: bool = True
    ) -> None:
        keep_freed_memory()
        instance_bytes = int(cache_budget_bytes * _INSTANCE_SHARE)
        self._instances: ByteCache[int, _OpenInstance] = ByteCache(
            # Even the largest is kept: its frames would otherwise each parse the file again.
            instance_bytes,
            lambda opened: min(_parsed_bytes(opened.instance), instance_bytes // 2),
        )
        self._images: ByteCache[int, _Image] = ByteCache(
            instance_bytes, lambda image: min(image.size_bytes, instance_bytes // 2)
        )
        self._decoded: ByteCache[tuple[int, int, int], _DecodedFrame] = ByteCache(
            int(cache_budget_bytes * _STORED_SHARE), _DecodedFrame.size_bytes
        )
        self._coarse: ByteCache[tuple[int, int, int], RawFrame] = ByteCache(
            int(cache_budget_bytes * _COARSE_SHARE), lambda frame: frame.samples.nbytes
        )
        self._display: ByteCache[tuple[int, int, DisplayRequest], Picture] = ByteCache(
            int(cache_budget_bytes * _DISPLAY_SHARE), lambda picture: len(picture.content)
        )
        self._interests: Interests[tuple[int, int, int]] = Interests()
        self._notes_lock = threading.Lock()
        self._known_bad: LRUCache[tuple[int, int], InstanceError] = LRUCache(MOST_KNOWN_BAD_FRAMES)
        self._frame_repairs: LRUCache[int, tuple[Repair, ...]] = LRUCache(MOST_FILES_WITH_REPAIRS)
        self._facts = FactsReader()
        self._decoder = make_decoder(DECODER_PROCESSES) if isolated else ThreadDecoder()
        self._under_way = Admission(MOST_BYTES_UNDER_WAY)

    @property
    def is_isolated(self) -> bool:
        """Whether codecs run in processes of their own."""
        return self._decoder.is_isolated

    @property
    def decoder(self) -> Decoder:
        """What decodes compressed frames, for who keeps none of them."""
        return self._decoder

    def warm_up(self, transfer_syntax_uid: str) -> None:
        """Start what the first frame of this syntax needs."""
        if transfer_syntax(transfer_syntax_uid).codec not in IN_PROCESS:
            self._decoder.warm_up()

    def close(self) -> None:
        """End the decoder processes."""
        self._decoder.close()

    # Pictures and samples

    def cached_picture(
        self, entry: Entry, frame_index: int, request: DisplayRequest
    ) -> Picture | None:
        """Give a display frame if it is in the cache."""
        return self._display.peek((entry.index, frame_index, request))

    def picture(
        self,
        entry: Entry,
        frame_index: int,
        request: DisplayRequest,
        is_wanted: Callable[[], bool] = always_wanted,
    ) -> tuple[Picture, bool]:
        """Give a display frame as a file and whether it came from the cache.

        Raises
        ------
        FileGone, FileChanged
            If the file is not the one that was listed.
        RequestError
            If the recipe has no such VOI.
        InstanceError
            If the frame cannot be decoded or has no defined display.
        CancelledError
            If nobody wanted it any more.
        """
        return self._display.get_or_compute(
            (entry.index, frame_index, request),
            lambda: self._render(entry, frame_index, request, is_wanted),
        )

    def shown_frame(
        self,
        entry: Entry,
        frame_index: int,
        request: DisplayRequest,
        is_wanted: Callable[[], bool] = always_wanted,
        *,
        is_last: bool = False,
    ) -> ShownFrame:
        """Give the pixels of a picture with all that they were made of; nothing is kept of them.

        ``is_last`` says that nothing else of the frame is wanted soon: of a small picture
        the codec may then leave out what nobody would see.

        Raises what `picture` raises.
        """
        frame = self._frame_for(entry, frame_index, request, is_wanted, is_last=is_last)
        voi = choose_voi(frame.stored, frame.recipe, request)
        display = self._displayed(entry, frame_index, request, frame, voi)
        return ShownFrame(display, frame.stored, frame.recipe, voi, self._image(entry).layout)

    def stored_frame(
        self,
        entry: Entry,
        frame_index: int,
        is_wanted: Callable[[], bool] = always_wanted,
    ) -> tuple[StoredFrame, DisplayRecipe]:
        """Give the stored values of a frame as an array, and what makes a picture of them.

        The array is that of the cache and not to be written to. Raises what `picture` raises.
        """
        frame, _ = self._decoded_frame(entry, frame_index, is_wanted)
        return frame.stored, frame.recipe

    def cached_raw_frame(self, entry: Entry, frame_index: int) -> RawFrame | None:
        """Give the stored values of a frame if they are in the cache."""
        frame = self._decoded.peek((entry.index, frame_index, 0))
        return None if frame is None else frame.raw

    def raw_frame(
        self,
        entry: Entry,
        frame_index: int,
        is_wanted: Callable[[], bool] = always_wanted,
    ) -> tuple[RawFrame, bool]:
        """Give the stored values of a frame and whether they came from the cache.

        Raises what `picture` raises.
        """
        frame, hit = self._decoded_frame(entry, frame_index, is_wanted)
        return frame.raw, hit

    def cached_coarse_frame(self, entry: Entry, frame_index: int, size_px: int) -> RawFrame | None:
        """Give what `coarse_frame` gives if it is in the cache."""
        reduction = _coarse_reduction(entry, size_px)
        if reduction == 1:
            return self.cached_raw_frame(entry, frame_index)
        return self._coarse.peek((entry.index, frame_index, reduction))

    def coarse_frame(
        self,
        entry: Entry,
        frame_index: int,
        size_px: int,
        is_wanted: Callable[[], bool] = always_wanted,
    ) -> tuple[RawFrame, bool]:
        """Give one stored value for every block of a frame, so that the longer side fits.

        Raises what `picture` raises.
        """
        reduction = _coarse_reduction(entry, size_px)
        if reduction == 1:
            return self.raw_frame(entry, frame_index, is_wanted)
        return self._coarse.get_or_compute(
            (entry.index, frame_index, reduction),
            lambda: self._reduce(entry, frame_index, reduction, is_wanted),
        )

    def recipe(self, entry: Entry, frame_index: int) -> DisplayRecipe:
        """Give all between the stored values of a frame and its picture.

        Once the frame was decoded, what was mended in it is among the repairs.
        """
        frame = self._decoded.peek((entry.index, frame_index, 0))
        return frame.recipe if frame is not None else self._recipe(entry, frame_index)

    def _recipe(self, entry: Entry, frame_index: int) -> DisplayRecipe:
        known = self._images.peek(entry.index) or self._read_facts(entry)
        if known is not None and known.recipe is not None:
            return known.recipe
        opened = self._open(entry)
        with opened.lock:
            return display_recipe(opened.instance, frame_index)

    def explanation(
        self,
        entry: Entry,
        frame_index: int,
        request: DisplayRequest,
        pixel_index: tuple[int, int] | None = None,
    ) -> Explanation:
        """Give every step from stored value to grey level and what decided it.

        ``pixel_index`` is the (column, row) of a pixel whose values are wanted too.

        Raises
        ------
        RequestError
            If the frame has no such pixel or VOI.
        """
        from dcmview.pixels.explain import explain

        stored = self._decoded_frame(entry, frame_index, always_wanted)[0].stored
        opened = self._open(entry)
        with opened.lock:
            recipe = display_recipe(opened.instance, frame_index, explain=True)
        recipe = _as_requested(recipe, request)
        voi = choose_voi(stored, recipe, request)
        return explain(stored, recipe, voi, request, pixel_index=pixel_index)

    def overlay_png(self, entry: Entry, frame_index: int, group: int) -> bytes:
        """Give one overlay plane of a frame as a PNG with a transparent background.

        Raises
        ------
        NotFound
            If the frame has no such overlay.
        """
        for plane in self._overlays(entry, frame_index):
            if plane.summary.group == group:
                return encode_overlay_png(plane)
        raise NotFound(f"frame {frame_index} has no overlay in group {group:04X}")

    # What is known of a file

    def repairs(self, entry: Entry) -> tuple[Repair, ...]:
        """Give the rules that a file breaks and what was used instead, as far as was seen."""
        image = self._images.peek(entry.index)
        of_table = image.table.repairs if image is not None else ()
        with self._notes_lock:
            of_frames = self._frame_repairs.get(entry.index, ())
        return tuple(dict.fromkeys((*entry.header.repairs, *of_table, *of_frames)))

    def declared_range(self, entry: Entry) -> DeclaredRange:
        """Give what a file says of the smallest and largest of its samples."""
        is_signed = self._image(entry).layout.pixel_representation == 1
        if _is_walked(entry):
            with _open_bytes(entry, None) as source:
                found = walked_range(source, is_signed=is_signed)
            if found is not None:
                return found
        opened = self._open(entry)
        with opened.lock:
            return parsed_range(opened.instance.dataset, is_signed=is_signed)

    def details(self, entry: Entry) -> FileDetails:
        """Give frame rate and loss of a file with an image."""
        from dcmview.dicom.details import read_details

        opened = self._open(entry)
        with opened.lock:
            return read_details(opened.instance)

    def frame_placements(self, entry: Entry) -> tuple[tuple[Acquisition, Placement], ...]:
        """Say where each frame of a file with functional groups lies."""
        from dcmview.dicom.placement import frame_placements

        opened = self._open(entry)
        with opened.lock:
            return frame_placements(opened.instance)

    def tags(self, entry: Entry) -> list[dict[str, Any]]:
        """Give the tag tree of a file in the JSON form of the API."""
        from dcmview.dicom.tagtree import tag_tree

        opened = self._open(entry)
        with opened.lock:
            return tag_tree(opened.instance)

    def tag(self, entry: Entry, path: str, *, offset: int, limit: int) -> dict[str, Any]:
        """Give one tag node with the part ``[offset, offset + limit)`` of its value."""
        from dcmview.dicom.tagtree import tag_node_at

        opened = self._open(entry)
        with opened.lock:
            return tag_node_at(opened.instance, path, offset=offset, limit=limit)

    def frame_groups(
        self, entry: Entry, frame_index: int
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Give the nodes of the shared functional groups and of those of one frame."""
        from dcmview.dicom.tagtree import frame_group_nodes

        opened = self._open(entry)
        with opened.lock:
            return frame_group_nodes(opened.instance, frame_index)

    # Inside

    def _open(self, entry: Entry) -> _OpenInstance:
        return self._instances.get_or_compute(
            entry.index,
            lambda: _OpenInstance(
                open_instance(entry.path, expected=entry.stamp, member=entry.member)
            ),
        )[0]

    def _image(self, entry: Entry) -> _Image:
        return self._images.get_or_compute(entry.index, lambda: self._read_image(entry))[0]

    def _read_image(self, entry: Entry) -> _Image:
        """Index the frames of a file."""
        if _is_walked(entry):
            with _open_bytes(entry, None) as source:
                facts = self._facts.read(source, entry.header)
                if facts is not None:
                    table = frame_table(source, facts.location, facts.layout, facts.syntax)
                    return _Image(facts.layout, facts.location, facts.syntax, table, facts.recipe)
        instance = self._open(entry).instance
        location, inflated = instance.pixel_location, instance.inflated
        assert location is not None, "the caller has checked that there are pixels"
        syntax = transfer_syntax(instance.transfer_syntax_uid)
        with _open_bytes(entry, inflated) as source:
            table = frame_table(source, location, instance.layout, syntax)
        is_inflated = inflated is not None
        return _Image(instance.layout, location, syntax, table, is_inflated=is_inflated)

    def _read_facts(self, entry: Entry) -> ImageFacts | None:
        if not _is_walked(entry):
            return None
        with _open_bytes(entry, None) as source:
            return self._facts.read(source, entry.header)

    def _decoded_frame(
        self,
        entry: Entry,
        frame_index: int,
        is_wanted: Callable[[], bool],
        reduction: int = 0,
    ) -> tuple[_DecodedFrame, bool]:
        key = entry.index, frame_index, reduction
        # A prefetch may begin what the screen then waits for.
        with self._interests.of(key, is_wanted) as is_wanted_by_any:
            return self._decoded.get_or_compute(
                key, lambda: self._decode(entry, frame_index, is_wanted_by_any, reduction)
            )

    def _decode(
        self, entry: Entry, frame_index: int, is_wanted: Callable[[], bool], reduction: int
    ) -> _DecodedFrame:
        with self._notes_lock:
            known = self._known_bad.get((entry.index, frame_index))
        if known is not None:
            # A new one each time: a traceback grows with every raise, and holds its frames.
            raise type(known)(known.message, **known.detail)
        image = self._image(entry)
        with self._under_way.of(_declared_bytes(image.layout)):
            stored = self._stored_frame(entry, image, frame_index, is_wanted, reduction)
        recipe = self._recipe(entry, frame_index)
        # That a frame is cut short is said by a mark of its own.
        mended = tuple(repair for repair in stored.repairs if repair.code != "truncated")
        if mended:
            recipe = replace(recipe, repairs=tuple(dict.fromkeys((*recipe.repairs, *mended))))
            with self._notes_lock:
                noted = self._frame_repairs.get(entry.index, ())
                self._frame_repairs[entry.index] = tuple(dict.fromkeys((*noted, *mended)))
        return _DecodedFrame.of(stored, recipe)

    def _stored_frame(
        self,
        entry: Entry,
        image: _Image,
        frame_index: int,
        is_wanted: Callable[[], bool],
        reduction: int,
    ) -> StoredFrame:
        inflated = self._open(entry).instance.inflated if image.is_inflated else None
        with _open_bytes(entry, inflated) as source:
            frame = image.table.frame_bytes(source, frame_index)
        try:
            if image.syntax.codec in IN_PROCESS:
                return decode_frame(
                    frame,
                    image.layout,
                    image.syntax,
                    little_endian=image.location.little_endian,
                    bit_offset=image.table.bit_offset(frame_index),
                )
            return self._decoder.decode(
                bytes(frame),
                image.layout,
                image.syntax.uid,
                threads=DECODER_THREADS if self._under_way.is_alone() else 1,
                reduction=reduction,
                is_wanted=is_wanted,
            )
        except (DecodeFailed, Truncated) as exc:
            if not reduction:
                # It would fail the same way each time, after seconds perhaps.
                with self._notes_lock:
                    self._known_bad[entry.index, frame_index] = type(exc)(exc.message, **exc.detail)
            raise

    def _reduce(
        self, entry: Entry, frame_index: int, reduction: int, is_wanted: Callable[[], bool]
    ) -> RawFrame:
        frame, block = self._nearly_reduced(entry, frame_index, reduction, is_wanted)
        stored, layout, header = frame.stored, frame.stored.layout, entry.header.shared
        is_index = layout.photometric_interpretation == "PALETTE COLOR" or layout.bits_stored == 1
        values = reduce_stored(
            stored.values, block, padding=frame.recipe.padding, as_means=not is_index
        )
        layout = replace(layout, rows=values.shape[0], columns=values.shape[1])
        coarse = _DecodedFrame.of(replace(stored, values=values, layout=layout), frame.recipe)
        return replace(
            coarse.raw,
            full_rows=header.rows,
            full_columns=header.columns,
            reduction=reduction,
        )

    def _nearly_reduced(
        self, entry: Entry, frame_index: int, reduction: int, is_wanted: Callable[[], bool]
    ) -> tuple[_DecodedFrame, int]:
        """A frame from which a coarse one is made, and the blocks that are left to be reduced.

        Of a large frame that nobody has decoded, a codec with a short way gives a part.
        """
        image = self._image(entry)
        steps = coarse_halves(image.layout, image.syntax, reduction)
        is_there = self._decoded.peek((entry.index, frame_index, 0)) is not None
        if steps and not is_there and self._recipe(entry, frame_index).padding is None:
            try:
                frame = self._decoded_frame(entry, frame_index, is_wanted, steps)[0]
            except InstanceError:
                pass  # this codestream has none
            else:
                return frame, reduction >> steps
        return self._decoded_frame(entry, frame_index, is_wanted)[0], reduction

    def _render(
        self,
        entry: Entry,
        frame_index: int,
        request: DisplayRequest,
        is_wanted: Callable[[], bool],
    ) -> Picture:
        frame = self._frame_for(entry, frame_index, request, is_wanted)
        stored, recipe = frame.stored, frame.recipe
        voi = choose_voi(stored, recipe, request)
        if request.is_plain_png:
            rows_of = grey_rows(stored, recipe, voi)
            if rows_of is not None:
                content = encode_grey_png(rows_of, stored.layout.rows, stored.layout.columns)
                return Picture(content, request.format, stored.truncated)
        display = self._displayed(entry, frame_index, request, frame, voi)
        content = encode_picture(
            display, request.format, quality=request.quality, icc_profile=recipe.icc_profile
        )
        return Picture(content, request.format, stored.truncated)

    def _displayed(
        self,
        entry: Entry,
        frame_index: int,
        request: DisplayRequest,
        frame: _DecodedFrame,
        voi: Window | LookupTable | None,
    ) -> NDArray[np.uint8]:
        """The pixels of a picture, with its layers and in its size."""
        stored, recipe = frame.stored, frame.recipe
        display = colored(display_frame(stored, recipe, voi), request.color_map)
        if request.shutter and recipe.shutter is not None:
            display = apply_shutter(display, recipe.shutter, self._overlays(entry, frame_index))
        if request.overlays and recipe.overlays:
            display = burn(display, self._overlays(entry, frame_index))
        size_px = request.size_px or (PREVIEW_PX if request.preview else None)
        if size_px is not None:
            display = reduce_to(
                display, size_px, aspect=recipe.pixel_aspect, sampling=frame.sampling
            )
        return display

    def _frame_for(
        self,
        entry: Entry,
        frame_index: int,
        request: DisplayRequest,
        is_wanted: Callable[[], bool],
        *,
        is_last: bool = False,
    ) -> _DecodedFrame:
        """What a picture is made of, with the recipe as it was asked for."""
        frame = self._large_enough(entry, frame_index, request, is_wanted, is_last=is_last)
        return replace(frame, recipe=_as_requested(frame.recipe, request))

    def _large_enough(
        self,
        entry: Entry,
        frame_index: int,
        request: DisplayRequest,
        is_wanted: Callable[[], bool],
        *,
        is_last: bool,
    ) -> _DecodedFrame:
        """The whole frame, or one that its codec made smaller where that does for the picture."""
        size_px = request.size_px or (PREVIEW_PX if request.preview else None)
        is_layered = request.overlays or request.shutter  # they are in pixels of the whole frame
        if size_px is None or is_layered:
            return self._decoded_frame(entry, frame_index, is_wanted)[0]
        if self._decoded.peek((entry.index, frame_index, 0)) is None:
            image = self._image(entry)
            recipe = self._recipe(entry, frame_index)
            layout, syntax = image.layout, image.syntax
            most = picture_halves(layout, syntax, recipe, request, size_px, is_last=is_last)
            for halves in range(most, 0, -1):
                try:
                    frame = self._decoded_frame(entry, frame_index, is_wanted, halves)[0]
                except InstanceError:
                    continue  # this frame has none, or fewer levels
                return replace(frame, sampling=reduced_sampling(layout, syntax, halves))
        frame = self._decoded_frame(entry, frame_index, is_wanted)[0]
        return _thinned(frame, size_px) if request.preview else frame

    def _overlays(self, entry: Entry, frame_index: int) -> tuple[OverlayPlane, ...]:
        opened = self._open(entry)
        with opened.lock:
            return read_overlays(opened.instance, frame_index)


@dataclass(frozen=True, slots=True)
class _DecodedFrame:
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
    def of(cls, stored: StoredFrame, recipe: DisplayRecipe) -> _DecodedFrame:
        """Lay the samples out as they are sent, which costs nothing on most machines."""
        dtype = stored.values.dtype
        little: Any = np.ascontiguousarray(stored.values, dtype=dtype.newbyteorder("<"))
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


@dataclass(slots=True)
class _OpenInstance:
    """A parsed instance.

    pydicom converts elements as they are touched, so whoever reads the data
    set holds ``lock``.
    """

    instance: Instance
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True, slots=True)
class _Image:
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


def _open_bytes(entry: Entry, inflated: MemorySource | None) -> AbstractContextManager[ByteSource]:
    return open_entry(entry) if inflated is None else nullcontext(inflated)


def _is_walked(entry: Entry) -> bool:
    """Whether its head can be read for itself; a compressed member is decompressed, once."""
    return entry.member is None or not entry.member.is_compressed


def _as_requested(recipe: DisplayRecipe, request: DisplayRequest) -> DisplayRecipe:
    if not request.inverted:
        return recipe
    return replace(recipe, inverted=not recipe.inverted)


def _declared_bytes(layout: PixelLayout) -> int:
    sample_bytes = max(1, layout.bits_allocated // 8)
    return layout.rows * layout.columns * layout.samples_per_pixel * sample_bytes


def _coarse_reduction(entry: Entry, size_px: int) -> int:
    """Rows and columns of the blocks that make a frame fit."""
    header = entry.header.shared
    return -(-max(header.rows, header.columns) // size_px)


def _thinned(frame: _DecodedFrame, size_px: int) -> _DecodedFrame:
    """Leave rows and columns out, down to twice the size: what is left is averaged later."""
    values, layout = frame.stored.values, frame.stored.layout
    step = max(layout.rows, layout.columns) // (2 * size_px)
    if step < 2:
        return frame
    sampling = Sampling(layout.rows, layout.columns, step, 0.5)
    values = np.ascontiguousarray(values[::step, ::step])
    layout = replace(layout, rows=values.shape[0], columns=values.shape[1])
    stored = replace(frame.stored, values=values, layout=layout)
    return replace(frame, stored=stored, sampling=sampling)


def _parsed_bytes(instance: Instance) -> int:
    location = instance.pixel_location
    inflated_bytes = instance.inflated.size if instance.inflated is not None else 0
    header_bytes = location.offset if location is not None else instance.size_bytes
    return PARSED_BYTES_AT_LEAST + PARSED_BYTES_PER_HEADER_BYTE * header_bytes + inflated_bytes
