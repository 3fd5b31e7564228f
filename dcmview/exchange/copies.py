"""An archive of copies with ROIs as overlay planes, and what is in each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from dcmview.errors import FileChanged, FileGone, InstanceError
from dcmview.exchange.overlay_copy import OverlayCopy
from dcmview.exchange.planes import planes_of
from dcmview.exchange.zipped import Member, archive_stem, text_of_path
from dcmview.registry.opening import open_entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dcmview.annotations.roi import Roi
    from dcmview.exchange.planes import RoiPlane
    from dcmview.registry.registry import Entry

CONTENTS = "overlays.json"
FORMAT, VERSION = "dcmview-overlays", 1


class PlaneNote(Struct, frozen=True, omit_defaults=True):
    """What a plane shows; without group, one that found no place."""

    label: str
    layer: str
    group: str = ""
    """Hexadecimal: ``6000`` to ``601E``."""


class CopyNote(Struct, frozen=True, omit_defaults=True):
    """A file, its copy and the planes in it, or why there is none."""

    path: str
    sop_instance_uid: str
    name: str = ""
    planes: tuple[PlaneNote, ...] = ()
    left_out: tuple[PlaneNote, ...] = ()
    reason: str = ""


class Contents(Struct, frozen=True):
    """The content of ``overlays.json``."""

    format: str
    version: int
    files: tuple[CopyNote, ...]


def copy_members(listed: Iterable[tuple[Entry, tuple[Roi, ...]]]) -> Iterator[Member]:
    """Give a copy of each file whose ROIs have an inside, and ``overlays.json`` last.

    A file that cannot be copied is named there with the reason. One that changes
    while it is read breaks the archive off.
    """
    notes: list[CopyNote] = []
    taken: set[str] = set()
    for entry, rois in listed:
        planes = planes_of(entry.header.shared, rois)
        if not planes:
            continue
        path, uid = text_of_path(entry.path), entry.header.sop_instance_uid
        try:
            with open_entry(entry) as source:
                copy = OverlayCopy(source, planes)
        except (FileGone, FileChanged, InstanceError) as exc:
            left_out = tuple(_note(plane) for plane in planes)
            notes.append(CopyNote(path, uid, left_out=left_out, reason=exc.message))
            continue
        stem = archive_stem(entry.index, uid, taken)
        notes.append(
            CopyNote(
                path,
                uid,
                f"{stem}.dcm",
                tuple(_note(plane, f"{group:04X}") for group, plane in copy.groups.items()),
                tuple(_note(plane) for plane in copy.left_out),
                "no group from 6000 to 601E is free" if copy.left_out else "",
            )
        )
        yield Member(f"{stem}.dcm", _pieces(entry, copy))
    content = msgspec.json.encode(Contents(FORMAT, VERSION, tuple(notes)))
    yield Member(CONTENTS, (msgspec.json.format(content),), is_compressed=True)


def _pieces(entry: Entry, copy: OverlayCopy) -> Iterator[bytes | memoryview]:
    with open_entry(entry) as source:
        yield from copy.pieces(source)


def _note(plane: RoiPlane, group: str = "") -> PlaneNote:
    return PlaneNote(plane.label, plane.description, group)
