"""The ROIs of a file of annotations that are drawn into the picture of a frame."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from dcmview.annotations.imports import fitting
from dcmview.annotations.matching import match_rows
from dcmview.annotations.native import FileKey
from dcmview.annotations.plain_csv import parse_columns
from dcmview.exchange.assignment import RoiSources, assign, files_of
from dcmview.exchange.mask_reading import are_plain
from dcmview.exchange.readers import NO_MAPPING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcmview.annotations.imports import ImportRow
    from dcmview.annotations.roi import Roi
    from dcmview.exchange.nifti import Volume
    from dcmview.registry.registry import Entry


class RoiFile(NamedTuple):
    """A file of ROIs, or a folder of them, by what rows call their images."""

    rows: dict[str, list[tuple[int, ImportRow]]]
    """With their places in the file."""
    labels: tuple[str, ...]
    """In order."""
    folders: tuple[str, ...]
    volumes: tuple[Volume, ...]
    """What finds its images by their place."""

    def rois_of(self, entry: Entry, *, is_alone: bool) -> list[Roi]:
        """Give the ROIs of a file that fit its image.

        Parameters
        ----------
        entry : Entry
            The file.
        is_alone : bool
            Whether no other file is meant: else a row that names just a file name may
            be about another one of that name, and counts for none, and so does a volume
            that does not say where it lies.

        Raises
        ------
        StartError
            If a volume is no mask.
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
        volumes = [each for each in self.volumes if is_alone or each.affine is not None]
        if volumes:
            rois += assign(RoiSources(volumes=volumes), [entry]).rois.get(entry.path, ())
        return rois


def roi_file(path: str, columns: str | None) -> RoiFile:
    """Read a file of ROIs in any form, or those of a folder, once in each process.

    Raises
    ------
    StartError
        If one cannot be read, or is wrong in itself.
    NotInstalled
        If one needs a package that is not there.
    InvalidAnnotation
        If the columns are not understood.
    """
    return _read(path, columns, tuple(map(_modified_ns, files_of(path))))


def _modified_ns(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0  # reading it says why


@lru_cache(maxsize=4)
def _read(path: str, columns: str | None, _modified_ns: tuple[int, ...]) -> RoiFile:
    mapping = NO_MAPPING if columns is None else parse_columns(columns)
    sources = RoiSources().read([path], mapping)
    rows: dict[str, list[tuple[int, ImportRow]]] = {}
    labels: dict[str, None] = {}
    folders: dict[str, None] = {}
    for table in sources.tables:
        folders.update(dict.fromkeys(table.folders))
        for place, row in enumerate(table.rows):
            name = row.path.replace("\\", "/").rsplit("/", 1)[-1]
            for key in {row.sop_instance_uid, name, os.path.splitext(name)[0]} - {""}:
                rows.setdefault(key, []).append((place, row))
            labels.update(dict.fromkeys(roi.label for roi in row.rois if roi.label))
    for volume in sources.volumes:
        if not are_plain(volume.values):
            labels.update(dict.fromkeys(map(str, sorted(volume.values))))
    return RoiFile(rows, tuple(labels), tuple(folders), tuple(sources.volumes))


def rois_of_frame(rois: Sequence[Roi], frame_index: int) -> list[Roi]:
    """Give those that are on a frame."""
    return [roi for roi in rois if roi.frames == "all" or frame_index in roi.frames]
