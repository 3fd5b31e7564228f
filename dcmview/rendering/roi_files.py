"""The ROIs of a file of annotations that are drawn into the picture of a frame."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from dcmview.annotations.imports import fitting
from dcmview.annotations.matching import match_rows
from dcmview.annotations.native import FileKey
from dcmview.annotations.plain_csv import parse_columns
from dcmview.exchange.readers import NO_MAPPING, read_table_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcmview.annotations.imports import ImportRow
    from dcmview.annotations.roi import Roi
    from dcmview.registry.registry import Entry


class RoiFile(NamedTuple):
    """A file of ROIs by what its rows call their images, and the labels in order."""

    rows: dict[str, list[tuple[int, ImportRow]]]
    """With their places in the file."""
    labels: tuple[str, ...]
    folders: tuple[str, ...]

    def rois_of(self, entry: Entry, *, is_alone: bool) -> list[Roi]:
        """Give the ROIs of a file that fit its image.

        Parameters
        ----------
        entry : Entry
            The file.
        is_alone : bool
            Whether no other file is meant: else a row that names just a file name may
            be about another one of that name, and counts for none.
        """
        header = entry.header
        name = os.path.basename(entry.path)
        keys = dict.fromkeys((header.sop_instance_uid, name, os.path.splitext(name)[0]))
        named = {place: row for key in keys for place, row in self.rows.get(key, ())}
        in_order = [named[place] for place in sorted(named)]
        file = FileKey(header.sop_instance_uid, entry.path)
        matches = match_rows(in_order, [(0, file)], self.folders)
        rois: list[Roi] = []
        for row, _, how in matches.found:
            if is_alone or how != "name":
                rois.extend(fitting(row, header.shared)[0])
        return rois


def roi_file(path: str, columns: str | None) -> RoiFile:
    """Read a file of ROIs in any form, once in each process.

    Raises
    ------
    StartError
        If it cannot be read, or is wrong in itself.
    InvalidAnnotation
        If the columns are not understood.
    """
    try:
        modified_ns = os.stat(path).st_mtime_ns
    except OSError:
        modified_ns = 0  # reading it says why
    return _read(path, columns, modified_ns)


@lru_cache(maxsize=4)
def _read(path: str, columns: str | None, _modified_ns: int) -> RoiFile:
    table = read_table_file(path, NO_MAPPING if columns is None else parse_columns(columns))
    rows: dict[str, list[tuple[int, ImportRow]]] = {}
    labels: dict[str, None] = {}
    for place, row in enumerate(table.rows):
        name = row.path.replace("\\", "/").rsplit("/", 1)[-1]
        for key in {row.sop_instance_uid, name, os.path.splitext(name)[0]} - {""}:
            rows.setdefault(key, []).append((place, row))
        labels.update(dict.fromkeys(roi.label for roi in row.rois if roi.label))
    return RoiFile(rows, tuple(labels), table.folders)


def rois_of_frame(rois: Sequence[Roi], frame_index: int) -> list[Roi]:
    """Give those that are on a frame."""
    return [roi for roi in rois if roi.frames == "all" or frame_index in roi.frames]
