"""ROIs as masks: label maps in a zip archive, one a file and frame, with a legend.

A pixel holds the value of its label, 0 where there is none. Where ROIs of
different labels overlap, the later label goes to a further map, and layers are
never mixed, so no pixel has to choose. ROIs of one label become one.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from imagecodecs import png_encode
from msgspec import Struct

from dcmview.annotations.roi import Name  # noqa: TC001 - msgspec looks it up
from dcmview.errors import RequestError
from dcmview.exchange.raster import REGION_KINDS, region_of
from dcmview.exchange.zipped import Member, archive_stem, text_of_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from dcmview.annotations.roi import Roi
    from dcmview.exchange.raster import Region
    from dcmview.registry.registry import Entry

LEGEND = "labels.json"
FORMAT, VERSION = "dcmview-masks", 1
MOST_LABELS = 65_535


class LabelValue(Struct, frozen=True):
    """What a value stands for; the empty label for ROIs that have none."""

    value: int
    label: Name


class MaskFile(Struct, frozen=True):
    """A map, the image that it lies on, and the labels that are in it."""

    name: str
    sop_instance_uid: str
    path: str
    frame_index: int
    frame_count: int
    """Of the image."""
    group: Name
    """The layer of its ROIs."""
    labels: tuple[str, ...]


class Legend(Struct, frozen=True):
    """The content of ``labels.json``."""

    format: str
    version: int
    values: tuple[LabelValue, ...]
    masks: tuple[MaskFile, ...] = ()


def write_png(mask: NDArray[np.unsignedinteger]) -> bytes:
    """Encode a map as greyscale PNG."""
    return bytes(png_encode(mask))


def write_npy(mask: NDArray[np.unsignedinteger]) -> bytes:
    """Encode a map as a NumPy array."""
    content = io.BytesIO()
    np.save(content, mask, allow_pickle=False)
    return content.getvalue()


def mask_members(
    listed: Iterable[tuple[Entry, tuple[Roi, ...]]],
    suffix: str,
    encode: Callable[[NDArray[np.unsignedinteger]], bytes],
) -> Iterator[Member]:
    """Give the files of an archive of masks, the legend last.

    Parameters
    ----------
    listed : iterable of (Entry, ROIs)
        What has no inside is passed over, and frames with nothing else.
    suffix : str
        Of the names of the maps: ``.png`` or ``.npy``.
    encode : callable
        Makes such a file of a map of uint8, or of uint16 beyond 255 labels.

    Raises
    ------
    RequestError
        At once, if there are more labels than values.
    """
    files = [
        (entry, regions)
        for entry, rois in listed
        if (regions := [roi for roi in rois if roi.kind in REGION_KINDS])
    ]
    labels = sorted({roi.label for _, regions in files for roi in regions})
    if len(labels) > MOST_LABELS:
        raise RequestError(
            f"masks tell at most {MOST_LABELS:,} labels apart, there are {len(labels):,}"
        )
    values = {label: value for value, label in enumerate(labels, start=1)}
    return _members(files, values, suffix, encode)


def _members(
    files: Sequence[tuple[Entry, list[Roi]]],
    values: dict[str, int],
    suffix: str,
    encode: Callable[[NDArray[np.unsignedinteger]], bytes],
) -> Iterator[Member]:
    legend: list[MaskFile] = []
    taken: set[str] = set()
    is_compressed = suffix != ".png"
    for entry, regions in files:
        stem = archive_stem(entry.index, entry.header.sop_instance_uid, taken)
        for frame_index, maps in _frames(entry, regions, values, encode):
            for number, (group, labels, content) in enumerate(maps, start=1):
                further = "" if number == 1 else f"_{number}"
                name = f"{stem}_{frame_index}{further}{suffix}"
                legend.append(
                    MaskFile(
                        name=name,
                        sop_instance_uid=entry.header.sop_instance_uid,
                        path=text_of_path(entry.path),
                        frame_index=frame_index,
                        frame_count=entry.header.shared.frame_count,
                        group=group,
                        labels=labels,
                    )
                )
                yield Member(name, (content,), is_compressed)
    pairs = tuple(LabelValue(value, label) for label, value in values.items())
    content = msgspec.json.encode(Legend(FORMAT, VERSION, pairs, tuple(legend)))
    yield Member(LEGEND, (msgspec.json.format(content),), is_compressed=True)


_Map = tuple[str, tuple[str, ...], bytes]


def _frames(
    entry: Entry,
    regions: Sequence[Roi],
    values: dict[str, int],
    encode: Callable[[NDArray[np.unsignedinteger]], bytes],
) -> Iterator[tuple[int, Iterable[_Map]]]:
    """The maps of each frame; what several frames share is drawn once."""
    header = entry.header.shared
    everywhere = [number for number, roi in enumerate(regions) if roi.frames == "all"]
    of_frame: dict[int, list[int]] = {n: [] for n in range(header.frame_count) if everywhere}
    for number, roi in enumerate(regions):
        for frame_index in () if roi.frames == "all" else roi.frames:
            of_frame.setdefault(frame_index, []).append(number)
    by_content: dict[tuple[int, ...], list[int]] = {}
    for frame_index in sorted(of_frame):
        by_content.setdefault(tuple(of_frame[frame_index]), []).append(frame_index)
    for content, frames in by_content.items():
        present = [regions[number] for number in sorted((*everywhere, *content))]
        drawn = _maps(present, header.rows, header.columns, values)
        encoded = ((group, labels, encode(mask)) for group, labels, mask in drawn)
        maps = encoded if len(frames) == 1 else tuple(encoded)
        for frame_index in frames:
            yield frame_index, maps


def _maps(
    regions: Sequence[Roi], rows: int, columns: int, values: dict[str, int]
) -> Iterator[tuple[str, tuple[str, ...], NDArray[np.unsignedinteger]]]:
    """Draw the regions of a frame, one map at a time: there may be as many as labels."""
    dtype = np.uint8 if len(values) <= np.iinfo(np.uint8).max else np.uint16
    by_group: dict[str, dict[str, list[Roi]]] = {}
    for roi in regions:
        by_group.setdefault(roi.group, {}).setdefault(roi.label, []).append(roi)
    for group in sorted(by_group):
        waiting = sorted(by_group[group], key=values.__getitem__)
        while waiting:
            drawn, overlapping = [], []
            mask = np.zeros((rows, columns), dtype)
            for label in waiting:
                found = [region_of(roi, rows, columns) for roi in by_group[group][label]]
                if any(_is_taken(mask, region) for region in found):
                    overlapping.append(label)
                    continue
                for region in found:
                    mask[region.window][region.inside] = values[label]
                if any(region.inside.any() for region in found):
                    drawn.append(label)
            if drawn:
                yield group, tuple(drawn), mask
            waiting = overlapping


def _is_taken(mask: NDArray[np.unsignedinteger], region: Region) -> bool:
    return bool(mask[region.window][region.inside].any())
