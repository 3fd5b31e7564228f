"""Files of ROIs named at the start: what of them belongs to which file, as files are listed.

A row that gives the whole path is settled when its file is listed. Which file
a mere name or end of a path means is known when all are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from dcmview.annotations.imports import fitting
from dcmview.annotations.matching import match_rows, normalise_path, spellings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dcmview.annotations.imports import ImportRow, ImportTable
    from dcmview.annotations.native import FileKey
    from dcmview.annotations.roi import Roi
    from dcmview.model import SharedHeader

MOST_WARNINGS = 100
"""For each reason and table; what goes beyond is counted."""


class TableLoader:
    """The rows of tables, and which of them have found their file."""

    def __init__(self, tables: Iterable[ImportTable]) -> None:
        self._tables = tuple(tables)
        self._settled: set[tuple[int, int]] = set()
        self._by_path: dict[str, list[tuple[int, int]]] = {}
        for number, table in enumerate(self._tables):
            for position, row in enumerate(table.rows):
                for path in spellings(row.path, table.folders) if row.path else ():
                    self._by_path.setdefault(path, []).append((number, position))

    def __bool__(self) -> bool:
        return bool(self._tables)

    def rows_of_path(self, key: FileKey) -> list[tuple[ImportTable, ImportRow]]:
        """Give the rows with the path of a file that was just listed."""
        rows = []
        for number, position in self._by_path.get(normalise_path(key.path), ()):
            row = self._tables[number].rows[position]
            if row.sop_instance_uid in ("", key.sop_instance_uid):
                self._settled.add((number, position))
                rows.append((self._tables[number], row))
        return rows

    def other_rows(
        self, files: Sequence[tuple[int, FileKey]], warnings: list[str]
    ) -> dict[int, list[tuple[ImportTable, ImportRow]]]:
        """Give the rest by index of the listed file that it means, and warn of what means none."""
        found: dict[int, list[tuple[ImportTable, ImportRow]]] = {}
        for number, table in enumerate(self._tables):
            warnings.extend(
                shortened(
                    [f"{table.source}: {place} left out: {why}" for place, why in table.left_out],
                    f"{table.source}: {{}} more were left out",
                )
            )
            waiting = {
                id(row)
                for position, row in enumerate(table.rows)
                if (number, position) not in self._settled
            }
            if not waiting:
                continue
            matches = match_rows(table.rows, files, table.folders)
            by_name = 0
            for row, index, how in matches.found:
                if id(row) in waiting:
                    by_name += how == "name"
                    found.setdefault(index, []).append((table, row))
            if by_name:
                warnings.append(
                    f"{table.source}: {by_name} row(s) found their file by its name, "
                    "under another path"
                )
            warnings.extend(
                shortened(
                    [f"{table.source}: {place} {why}" for place, why in matches.unmatched],
                    f"{table.source}: {{}} more rows match no listed file",
                )
            )
        return found


def loaded_rois(
    rows: Iterable[tuple[ImportTable, ImportRow]],
    header: SharedHeader,
    warnings: list[str],
    present: Iterable[Roi] = (),
) -> tuple[Roi, ...]:
    """Give the ROIs of rows that fit an image, and warn of those that do not.

    Those without an id get one that is the same in every run, and not that of a present one.
    """
    rois: list[Roi] = []
    for table, row in rows:
        accepted, left_out = fitting(row, header)
        warnings.extend(f"{table.source}: {place} left out: {why}" for place, why in left_out)
        rois.extend(accepted)
    seen = {roi.id for roi in present}
    taken = seen | {roi.id for roi in rois}
    for position, roi in enumerate(rois):
        if not roi.id or roi.id in seen:
            stem = "box" if roi.kind == "rectangle" else roi.kind
            number = position + 1
            while (roi_id := f"{stem}-{number}") in taken:
                number += 1
            taken.add(roi_id)
            rois[position] = msgspec.structs.replace(roi, id=roi_id)
        seen.add(rois[position].id)
    return tuple(rois)


def shortened(lines: list[str], rest: str) -> list[str]:
    """Give the first lines, and how many more there are."""
    if len(lines) <= MOST_WARNINGS:
        return lines
    return [*lines[:MOST_WARNINGS], rest.format(len(lines) - MOST_WARNINGS)]
