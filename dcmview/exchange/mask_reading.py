"""Masks as ROIs: archives of ours, and PNG or NumPy files of other programs.

Each part of a mask becomes a polygon along the edges of its pixels. Without a
legend, a file is named by its image, ``<SOP Instance UID>_<frame index>`` or
just its name, and values are labels.
"""

from __future__ import annotations

import io
import os
import re
import zipfile
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec
import numpy as np

from dcmview.annotations.imports import ImportRow, LeftOut
from dcmview.annotations.roi import ImagePoint, Roi
from dcmview.errors import InvalidAnnotation
from dcmview.exchange.archives import is_litter
from dcmview.exchange.contours import contours_of
from dcmview.exchange.mask_files import MOST_PACKED_BYTES, read_mask_array
from dcmview.exchange.masks import FORMAT, LEGEND, MOST_LABELS, VERSION, Legend
from dcmview.exchange.zipped import UNREADABLE_ZIP

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

MOST_PIXELS_TOGETHER = 1 << 32
MOST_PIXELS_LOOKED_AT = 1 << 32
"""For all values of one mask; takes some ten seconds."""
MOST_CORNERS_TOGETHER = 4_000_000
STRIP_ROWS = 64
_OWN_NAME = re.compile(r"([0-9.]+)_([0-9]{1,9})(_[0-9]+)?")
_WHITE = 255


class _Image(NamedTuple):
    """What a mask lies on, and its layer; ``size`` is columns and rows."""

    sop_instance_uid: str
    path: str
    size: tuple[int, int]
    frame_count: int | None = None
    group: str = ""


class _Part(NamedTuple):
    """A part of a mask: the same outline on several frames is one ROI."""

    value: int
    label: str | None
    outline: bytes


@dataclass(slots=True)
class _Found:
    """Parts by image, with the frames on which they are; None for all."""

    parts: dict[_Image, dict[_Part, list[int | None]]] = field(default_factory=dict)
    places: dict[_Image, str] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    values: set[int] = field(default_factory=set)
    corners: int = 0
    pixels: int = 0


def read_masks(data: bytes, name: str) -> tuple[tuple[ImportRow, ...], tuple[LeftOut, ...]]:
    """Read an archive of masks, or a single one.

    Parameters
    ----------
    data : bytes
        The file: ZIP, PNG or NPY.
    name : str
        What it is called; a single mask is matched by it.

    Raises
    ------
    InvalidAnnotation
        If the archive or its legend is damaged.
    """
    found = _Found()
    if not zipfile.is_zipfile(io.BytesIO(data)):
        _take_named(found, name, io.BytesIO(data))
        return _rows(found)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _read_archive(found, archive)
    except UNREADABLE_ZIP as exc:
        raise InvalidAnnotation(f"the archive cannot be read: {exc}") from exc
    return _rows(found)


class MaskPlane(NamedTuple):
    """A mask whose image is known: values are labels, 0 is none of them."""

    path: str
    sop_instance_uid: str
    frame_index: int
    frame_count: int
    mask: NDArray[np.uint16]


def rows_of_planes(
    planes: Iterable[MaskPlane], name: str, values: frozenset[int]
) -> tuple[tuple[ImportRow, ...], tuple[LeftOut, ...]]:
    """Give the ROIs of masks that come together in a file of this name.

    Parameters
    ----------
    planes : iterable of MaskPlane
        The masks, which may be some of those in the file.
    name : str
        What the file is called.
    values : frozenset of int
        All values in it but 0.

    Raises
    ------
    InvalidAnnotation
        If their outlines are far too long.
    """
    found = _Found(values=set(values))
    for each in planes:
        uid, path = each.sop_instance_uid, each.path
        image = _Image(uid, path, _size(each.mask), each.frame_count)
        _take(found, name, image, each.mask, frame_index=each.frame_index)
    return _rows(found)


def _read_archive(found: _Found, archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    if LEGEND not in names:
        for name in names:
            if is_mask_name(name):
                with archive.open(name) as file:
                    _take_named(found, name, file)
            else:
                _leave_out(found, name, "is no mask; import it without the masks")
        return
    try:
        with archive.open(LEGEND) as file:
            legend = msgspec.json.decode(file.read(MOST_PACKED_BYTES), type=Legend)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise InvalidAnnotation(f"{LEGEND}: {exc}".replace("`", "")) from exc
    if (legend.format, legend.version) != (FORMAT, VERSION):
        raise InvalidAnnotation(f"{LEGEND}: is not {FORMAT!r} of version {VERSION}")
    labels: dict[int, str] = {each.value: each.label for each in legend.values}
    present, said = set(names), {LEGEND, *(each.name for each in legend.masks)}
    for name in names:
        if name not in said:
            _leave_out(found, name, f"is in no entry of {LEGEND}")
    for each in legend.masks:
        if each.name not in present:
            found.left_out.append(LeftOut(each.name, "is not in the archive"))
            continue
        with archive.open(each.name) as file:
            for mask in _planes(found, each.name, file):
                uid, size = each.sop_instance_uid, _size(mask)
                image = _Image(uid, each.path, size, each.frame_count, each.group)
                _take(found, each.name, image, mask, frame_index=each.frame_index, labels=labels)


def _leave_out(found: _Found, name: str, reason: str) -> None:
    if not is_litter(name):
        found.left_out.append(LeftOut(name, reason))


def is_mask_name(name: str) -> bool:
    """Whether a file looks like a mask, and not like the litter of an archiver."""
    return name.lower().endswith((".png", ".npy")) and not is_litter(name)


def _take_named(found: _Found, name: str, file: IO[bytes]) -> None:
    """A mask that is known by its name alone."""
    stem = os.path.splitext(os.path.basename(name))[0]
    own = _OWN_NAME.fullmatch(stem)
    uid, frame_index = (own[1], int(own[2])) if own else ("", None)
    planes = list(_planes(found, name, file))
    for number, mask in enumerate(planes):
        frame = frame_index if len(planes) == 1 else number
        image = _Image(uid, "" if uid else name, _size(mask))
        _take(found, name, image, mask, frame_index=frame)


def _planes(found: _Found, name: str, file: IO[bytes]) -> Iterator[NDArray[Any]]:
    """The masks in a file; what cannot be one is left out with the reason."""
    try:
        array = read_mask_array(file)
    except InvalidAnnotation as exc:
        found.left_out.append(LeftOut(name, exc.message))
        return
    found.pixels += array.size
    if found.pixels > MOST_PIXELS_TOGETHER:
        raise InvalidAnnotation(f"{name}: all masks together have too many pixels")
    for plane in array.reshape(-1, *array.shape[-2:]):
        yield plane.astype(np.uint16, copy=False)


def _take(
    found: _Found,
    name: str,
    image: _Image,
    mask: NDArray[np.uint16],
    *,
    frame_index: int | None,
    labels: dict[int, str] | None = None,
) -> None:
    try:
        bands = _bands(mask)
    except InvalidAnnotation as exc:
        found.left_out.append(LeftOut(name, exc.message))
        return
    for value, top, bottom in bands:
        label = None if labels is None else labels.get(value)
        if labels is not None and label is None:
            found.left_out.append(LeftOut(name, f"value {value} has no label in {LEGEND}"))
            continue
        try:
            outlines = contours_of(mask[top:bottom] == value)
        except InvalidAnnotation as exc:
            found.left_out.append(LeftOut(name, exc.message))
            continue
        found.corners += sum(map(len, outlines))
        if found.corners > MOST_CORNERS_TOGETHER:
            raise InvalidAnnotation(
                f"{name}: all outlines together have more than {MOST_CORNERS_TOGETHER:,} corners"
            )
        found.values.add(value)
        found.places.setdefault(image, name)
        parts = found.parts.setdefault(image, {})
        for outline in outlines:
            part = _Part(value, label, (outline + np.array([0, top], np.int32)).tobytes())
            parts.setdefault(part, []).append(frame_index)


def _bands(mask: NDArray[np.uint16]) -> list[tuple[int, int, int]]:
    """Give each value with the rows between which it is, to the next strip.

    Raises
    ------
    InvalidAnnotation
        If it would take too long to look for all of them.
    """
    first = np.full(MOST_LABELS + 1, -1)
    last = np.zeros(MOST_LABELS + 1, np.int64)
    for top in range(0, len(mask), STRIP_ROWS):
        present = np.flatnonzero(np.bincount(mask[top : top + STRIP_ROWS].reshape(-1)))
        first[present[first[present] < 0]] = top
        last[present] = top
    values = np.flatnonzero(first[1:] >= 0) + 1
    bottoms = np.minimum(last[values] + STRIP_ROWS, len(mask))
    if int((bottoms - first[values]).sum()) * mask.shape[1] > MOST_PIXELS_LOOKED_AT:
        raise InvalidAnnotation(f"has {len(values):,} values all over: a picture, and no mask")
    return list(zip(values.tolist(), first[values].tolist(), bottoms.tolist(), strict=True))


def _rows(found: _Found) -> tuple[tuple[ImportRow, ...], tuple[LeftOut, ...]]:
    is_plain = are_plain(found.values)
    rows = []
    for image, parts in found.parts.items():
        rois = tuple(
            Roi(
                kind="polygon",
                points=_points(part.outline),
                frames=_frames(frames, image.frame_count),
                label=_label(part, is_plain=is_plain),
                group=image.group,
            )
            for part, frames in parts.items()
        )
        row = ImportRow(found.places[image], image.path, rois, image.sop_instance_uid, image.size)
        rows.append(row)
    return tuple(rows), tuple(found.left_out)


def are_plain(values: AbstractSet[int]) -> bool:
    """Whether the only value of a mask stands for "in", and is no label."""
    return values <= {1} or values <= {_WHITE}


def _label(part: _Part, *, is_plain: bool) -> str:
    if part.label is not None:
        return part.label
    return "" if is_plain else str(part.value)


def _points(outline: bytes) -> tuple[ImagePoint, ...]:
    pairs = np.frombuffer(outline, np.int32).reshape(-1, 2).tolist()
    return tuple(ImagePoint(x, y) for x, y in pairs)


def _frames(frames: list[int | None], frame_count: int | None) -> Literal["all"] | tuple[int, ...]:
    known = {frame for frame in frames if frame is not None}
    is_all = len(known) < len(set(frames)) or len(known) == frame_count
    return "all" if is_all else tuple(sorted(known))


def _size(mask: NDArray[Any]) -> tuple[int, int]:
    return mask.shape[1], mask.shape[0]
