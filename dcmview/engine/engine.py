"""From a listed file to its pictures, samples and tags: the one way to pixels for all.

Screen, API and commands call `Engine`. It pulls in numpy, and pydicom where a file is not
plain, a quarter of a second: the library imports it when a scan starts and not before the
page can be served.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dcmview.dicom.decoding import IN_PROCESS, ThreadDecoder, always_wanted, make_decoder
from dcmview.dicom.recipe import display_recipe
from dcmview.dicom.transfer import transfer_syntax
from dcmview.engine.coarse import CoarseFrames
from dcmview.engine.files import Files
from dcmview.engine.frames import DECODER_THREADS, Frames
from dcmview.engine.pictures import Pictures
from dcmview.errors import NotFound
from dcmview.heap import keep_freed_memory
from dcmview.pixels.encode import encode_overlay_png
from dcmview.pixels.pipeline import as_requested, choose_voi

if TYPE_CHECKING:
    from collections.abc import Callable

    from dcmview.dicom.declared import DeclaredRange
    from dcmview.dicom.decoding import Decoder
    from dcmview.model import (
        Acquisition,
        DisplayRecipe,
        DisplayRequest,
        FileDetails,
        Picture,
        Placement,
        RawFrame,
        Repair,
        ShownFrame,
        StoredFrame,
    )
    from dcmview.pixels.explain import Explanation
    from dcmview.registry.registry import Entry

DEFAULT_CACHE_BUDGET_BYTES = 640 * 1024 * 1024
# Samples serve every window, so most of the budget is theirs.
_STORED_SHARE, _COARSE_SHARE, _DISPLAY_SHARE, _INSTANCE_SHARE = 0.6, 0.05, 0.2, 0.15

DECODER_PROCESSES = DECODER_THREADS + 1  # one more, so that a prefetch never takes the last


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
        self._decoder = make_decoder(DECODER_PROCESSES) if isolated else ThreadDecoder()
        self._files = Files(int(cache_budget_bytes * _INSTANCE_SHARE))
        self._frames = Frames(self._files, self._decoder, int(cache_budget_bytes * _STORED_SHARE))
        self._coarse = CoarseFrames(
            self._files, self._frames, int(cache_budget_bytes * _COARSE_SHARE)
        )
        self._pictures = Pictures(
            self._files, self._frames, int(cache_budget_bytes * _DISPLAY_SHARE)
        )

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
        return self._pictures.kept(entry, frame_index, request)

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
        return self._pictures.picture(entry, frame_index, request, is_wanted)

    def shown_frame(
        self,
        entry: Entry,
        frame_index: int,
        request: DisplayRequest,
        is_wanted: Callable[[], bool] = always_wanted,
        *,
        is_last: bool = False,
        decoded: tuple[StoredFrame, DisplayRecipe] | None = None,
    ) -> ShownFrame:
        """Give the pixels of a picture with all that they were made of; nothing is kept of them.

        ``is_last`` says that nothing else of the frame is wanted soon: of a small picture
        the codec may then leave out what nobody would see. ``decoded`` is what `stored_frame`
        gave, where the picture is to be made of that.

        Raises what `picture` raises.
        """
        return self._pictures.shown_frame(
            entry, frame_index, request, is_wanted, is_last=is_last, decoded=decoded
        )

    def stored_frame(
        self,
        entry: Entry,
        frame_index: int,
        is_wanted: Callable[[], bool] = always_wanted,
    ) -> tuple[StoredFrame, DisplayRecipe]:
        """Give the stored values of a frame as an array, and what makes a picture of them.

        The array is that of the cache and not to be written to. Raises what `picture` raises.
        """
        frame, _ = self._frames.decoded(entry, frame_index, is_wanted)
        return frame.stored, frame.recipe

    def cached_raw_frame(self, entry: Entry, frame_index: int) -> RawFrame | None:
        """Give the stored values of a frame if they are in the cache."""
        frame = self._frames.kept(entry, frame_index)
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
        frame, hit = self._frames.decoded(entry, frame_index, is_wanted)
        return frame.raw, hit

    def cached_coarse_frame(self, entry: Entry, frame_index: int, size_px: int) -> RawFrame | None:
        """Give what `coarse_frame` gives if it is in the cache."""
        return self._coarse.kept(entry, frame_index, size_px)

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
        return self._coarse.reduced(entry, frame_index, size_px, is_wanted)

    def recipe(self, entry: Entry, frame_index: int) -> DisplayRecipe:
        """Give all between the stored values of a frame and its picture.

        Once the frame was decoded, what was mended in it is among the repairs.
        """
        frame = self._frames.kept(entry, frame_index)
        return frame.recipe if frame is not None else self._files.recipe(entry, frame_index)

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

        stored = self._frames.decoded(entry, frame_index, always_wanted)[0].stored
        with self._files.parsed(entry) as instance:
            recipe = display_recipe(instance, frame_index, explain=True)
        recipe = as_requested(recipe, request)
        voi = choose_voi(stored, recipe, request)
        return explain(stored, recipe, voi, request, pixel_index=pixel_index)

    def overlay_png(self, entry: Entry, frame_index: int, group: int) -> bytes:
        """Give one overlay plane of a frame as a PNG with a transparent background.

        Raises
        ------
        NotFound
            If the frame has no such overlay.
        """
        for plane in self._files.overlays(entry, frame_index):
            if plane.summary.group == group:
                return encode_overlay_png(plane)
        raise NotFound(f"frame {frame_index} has no overlay in group {group:04X}")

    # What is known of a file

    def repairs(self, entry: Entry) -> tuple[Repair, ...]:
        """Give the rules that a file breaks and what was used instead, as far as was seen."""
        return tuple(dict.fromkeys((*self._files.repairs(entry), *self._frames.repairs(entry))))

    def declared_range(self, entry: Entry) -> DeclaredRange:
        """Give what a file says of the smallest and largest of its samples."""
        return self._files.declared_range(entry)

    def details(self, entry: Entry) -> FileDetails:
        """Give frame rate and loss of a file with an image."""
        from dcmview.dicom.details import read_details

        with self._files.parsed(entry) as instance:
            return read_details(instance)

    def frame_placements(self, entry: Entry) -> tuple[tuple[Acquisition, Placement], ...]:
        """Say where each frame of a file with functional groups lies."""
        from dcmview.dicom.placement import frame_placements

        with self._files.parsed(entry) as instance:
            return frame_placements(instance)

    def tags(self, entry: Entry) -> list[dict[str, Any]]:
        """Give the tag tree of a file in the JSON form of the API."""
        from dcmview.dicom.tagtree import tag_tree

        with self._files.parsed(entry) as instance:
            return tag_tree(instance)

    def tag(self, entry: Entry, path: str, *, offset: int, limit: int) -> dict[str, Any]:
        """Give one tag node with the part ``[offset, offset + limit)`` of its value."""
        from dcmview.dicom.tagtree import tag_node_at

        with self._files.parsed(entry) as instance:
            return tag_node_at(instance, path, offset=offset, limit=limit)

    def frame_groups(
        self, entry: Entry, frame_index: int
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Give the nodes of the shared functional groups and of those of one frame."""
        from dcmview.dicom.tagtree import frame_group_nodes

        with self._files.parsed(entry) as instance:
            return frame_group_nodes(instance, frame_index)
