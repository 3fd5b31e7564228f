"""Which ROIs of files of ROIs belong to which file of a run that has no viewer."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from dcmview.annotations.imports import ImportTable, LeftOut
from dcmview.annotations.loading import TableLoader, loaded_rois
from dcmview.annotations.native import FileKey
from dcmview.dicom.loading import load_pydicom
from dcmview.errors import DcmviewError, InvalidAnnotation, StartError
from dcmview.exchange.readers import NO_MAPPING, as_predictions, read_table_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dcmview.annotations.roi import Roi
    from dcmview.exchange.nifti import FramesOf, Volume
    from dcmview.model import Acquisition, Placement
    from dcmview.registry.registry import Entry


@dataclass(slots=True)
class RoiSources:
    """Files of ROIs as they were read, in any form: tables, and volumes that find files by place.

    Volumes are large: who has placed one takes it out, so that nothing keeps it.
    """

    tables: list[ImportTable] = field(default_factory=list)
    volumes: list[Volume] = field(default_factory=list)

    def read(
        self,
        paths: Iterable[str],
        columns: Mapping[str, str] = NO_MAPPING,
        *,
        are_predictions: bool = False,
    ) -> RoiSources:
        """Read some more; a folder stands for the files in it.

        Parameters
        ----------
        paths : iterable of str
            Files and folders, of any form.
        columns : mapping
            Which column of a table of another program has what, of `parse_columns`.
        are_predictions : bool
            Whether they are looked at beside others, and never edited.

        Raises
        ------
        StartError
            If one cannot be read, or is wrong in itself.
        NotInstalled
            If one needs a package that is not there.
        """
        for given in paths:
            files = files_of(given)
            self.volumes += _read_volumes(
                [path for path in files if is_nifti(path)], are_predictions=are_predictions
            )
            found = [read_table_file(path, columns) for path in files if not is_nifti(path)]
            if are_predictions:
                found = [as_predictions(table) for table in found]
            self.tables += [_merged(given, found)] if len(found) > 1 else found
        return self


def is_nifti(path: str) -> bool:
    """Whether a file is called like a NIfTI volume."""
    return path.lower().endswith((".nii", ".nii.gz"))


def _read_volumes(paths: Sequence[str], *, are_predictions: bool) -> list[Volume]:
    if not paths:
        return []
    from dcmview.exchange.nifti import read_volume

    return [read_volume(path, are_predictions=are_predictions) for path in paths]


def files_of(given: str) -> list[str]:
    """Give the files that a path stands for: itself, or those of a folder and of the ones in it.

    Raises
    ------
    StartError
        If it is a folder without files that are not hidden.
    """
    return _files_in(given) if os.path.isdir(given) else [given]


def _files_in(folder: str) -> list[str]:
    found: list[str] = []
    for path, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [os.path.join(path, name) for name in sorted(names) if not name.startswith(".")]
    if not found:
        raise StartError(f"no files of ROIs in {folder}")
    return found


def _merged(folder: str, tables: Sequence[ImportTable]) -> ImportTable:
    """One table of many, for which files are looked for only once."""
    return ImportTable(
        folder,
        "folder",
        tuple(
            replace(row, place=f"{os.path.basename(table.source)}, {row.place}")
            for table in tables
            for row in table.rows
        ),
        tuple(
            LeftOut(f"{os.path.basename(table.source)}, {place}", reason)
            for table in tables
            for place, reason in table.left_out
        ),
        tuple(dict.fromkeys(path for table in tables for path in table.folders)),
        tables[0].read_only,
    )


@dataclass(slots=True)
class Assignment:
    """ROIs by the path of their file, and what has to be said of it.

    ``notes`` are guesses that concern a file; ``warnings`` what was left out, and
    what belongs to no file.
    """

    rois: dict[str, tuple[Roi, ...]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def assign(sources: RoiSources, entries: Sequence[Entry]) -> Assignment:
    """Give each file its ROIs, by path, SOP Instance UID, name or place in the patient.

    Volumes are taken out of the sources.

    Raises
    ------
    StartError
        If a volume is no mask.
    """
    result = Assignment()
    tables = sources.tables.copy()
    while sources.volumes:
        table, note = placed(sources.volumes.pop(0), entries, _frames_of)
        tables.append(table)
        if note:
            result.warnings.append(note)
            result.notes.update((row.path, note) for row in table.rows)
    loader = TableLoader(tables)
    keys = [
        (number, FileKey(entry.header.sop_instance_uid, entry.path))
        for number, entry in enumerate(entries)
    ]
    found = {number: loader.rows_of_path(key) for number, key in keys}
    for number, rows in loader.other_rows(keys, result.warnings).items():
        found[number] += rows
    for number, rows in found.items():
        entry = entries[number]
        if rois := loaded_rois(rows, entry.header.shared, result.warnings):
            result.rois[entry.path] = rois
    return result


def placed(
    volume: Volume, entries: Sequence[Entry], frames_of: FramesOf
) -> tuple[ImportTable, str]:
    """Give the ROIs of a volume by file, and what of that had to be guessed.

    Raises
    ------
    StartError
        If it is no mask.
    """
    from dcmview.exchange.nifti import table_of_volume

    try:
        table, note = table_of_volume(volume, entries, frames_of)
    except InvalidAnnotation as exc:
        raise StartError(f"ROI mask {volume.source}: {exc.message}") from exc
    if volume.are_predictions:
        table = as_predictions(table)
    return table, f"{volume.source}: {note}" if note else ""


def _frames_of(entry: Entry) -> Sequence[tuple[Acquisition, Placement]] | None:
    load_pydicom()
    from dcmview.dicom.instance import open_instance
    from dcmview.dicom.placement import frame_placements

    try:
        instance = open_instance(entry.path, expected=entry.stamp, member=entry.member)
        return frame_placements(instance)
    except DcmviewError:
        return None
