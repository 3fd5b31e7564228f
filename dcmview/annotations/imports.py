"""ROIs that come from a file of another program: the shapes that all readers give."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from dcmview.annotations.roi import check_set, checked, new_id
from dcmview.errors import InvalidAnnotation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dcmview.annotations.roi import Roi
    from dcmview.annotations.triage import Mark
    from dcmview.model import SharedHeader


@dataclass(frozen=True, slots=True)
class ImportRow:
    """What a file of ROIs says in one place about one image.

    ``path`` and ``sop_instance_uid`` name the image; one of them may be empty.
    """

    place: str
    """For people: ``row 3``, ``annotation 17``."""
    path: str
    rois: tuple[Roi, ...]
    sop_instance_uid: str = ""
    size: tuple[int, int] | None = None
    """Columns and rows of the image that the coordinates belong to, if that is said."""
    mark: Mark | None = None
    """What is decided about it; then there are no ROIs."""
    is_whole: bool = False
    """Whether one ROI that does not fit keeps the others out."""


class LeftOut(NamedTuple):
    """Something that was not taken in, and why."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportTable:
    """A file of ROIs as it was read.

    ``folders`` are where its relative paths may begin; ROIs of one that is
    ``read_only`` are looked at beside the others and cannot be edited.
    """

    source: str
    format: str
    rows: tuple[ImportRow, ...]
    left_out: tuple[LeftOut, ...] = ()
    folders: tuple[str, ...] = ()
    read_only: bool = False


def stamped(table: ImportTable, *, group: str, source: str, locked: bool) -> ImportTable:
    """Say of the ROIs of a table to which layer they belong and whence they came, unless it does.

    Parameters
    ----------
    table : ImportTable
        As it was read.
    group, source : str
        For those that name none.
    locked : bool
        Whether to lock them all.
    """

    if not (group or source or locked):
        return table

    def stamp(roi: Roi) -> Roi:
        return msgspec.structs.replace(
            roi,
            group=roi.group or group,
            source=roi.source or source,
            locked=roi.locked or locked,
        )

    rows = tuple(replace(row, rois=tuple(map(stamp, row.rois))) for row in table.rows)
    return replace(table, rows=rows)


def split_marks(tables: Iterable[ImportTable]) -> tuple[list[ImportTable], list[ImportTable]]:
    """Part tables into what they say of ROIs and what they say of triage."""
    rois, marks = [], []
    for table in tables:
        marked = tuple(row for row in table.rows if row.mark is not None)
        if marked:
            marks.append(replace(table, rows=marked, left_out=()))
        if len(marked) < len(table.rows) or table.left_out or not marked:
            rest = tuple(row for row in table.rows if row.mark is None)
            rois.append(replace(table, rows=rest) if marked else table)
    return rois, marks


def fitting(row: ImportRow, header: SharedHeader) -> tuple[list[Roi], list[LeftOut]]:
    """Give the ROIs of a row that fit an image in canonical form, and the others with the reason.

    Those without an id stay without.
    """
    size = (header.columns, header.rows)
    if row.size is not None and row.size != size and header.has_pixels:
        said = f"{row.size[0]!r:.24} by {row.size[1]!r:.24}"
        reason = f"is of an image of {said} pixels, the file has {size[0]} by {size[1]}: {row.path}"
        return [], [LeftOut(row.place, reason)]
    accepted: list[Roi] = []
    left_out: list[LeftOut] = []
    for number, roi in enumerate(row.rois):
        try:
            fit = checked(roi, header, f"ROI {number}")
        except InvalidAnnotation as exc:
            left_out.append(LeftOut(row.place, exc.message))
        else:
            accepted.append(fit if roi.id else msgspec.structs.replace(fit, id=""))
    if row.is_whole and left_out and accepted:
        reason = f"{left_out[0].reason}; the whole row, {len(row.rois)} boxes, is left out"
        return [], [LeftOut(row.place, reason)]
    return accepted, left_out


def with_added(rois: Sequence[Roi], new: Iterable[Roi], *, any_source: str = "") -> tuple[Roi, ...]:
    """Put ROIs behind those that are there, and none that is there already, whatever its id.

    One whose id belongs to another gets a new id: both are kept. Those whose
    source is ``any_source`` are there already from whatever source.

    Raises
    ------
    InvalidAnnotation
        If there would be too many.
    """
    known: dict[Roi, list[str]] = {}
    for roi in rois:
        known.setdefault(_content(roi), []).append(roi.source)
    ids = {roi.id for roi in rois}
    result = list(rois)
    for roi in new:
        sources = known.get(_content(roi), [])
        if roi.source in sources:
            sources.remove(roi.source)
            continue
        if sources and roi.source == any_source:
            sources.pop()
            continue
        kept = roi if roi.id and roi.id not in ids else msgspec.structs.replace(roi, id=new_id())
        ids.add(kept.id)
        result.append(kept)
    check_set(result)
    return tuple(result)


def _content(roi: Roi) -> Roi:
    return msgspec.structs.replace(roi, id="", source="")
