"""Patients, studies and series, kept while files are listed.

Each gets a number when its first file is found and keeps it, so the page can
be told of what changed. What is kept of a series is little and costs little
for each file; stacks are made when somebody opens the series.
"""

from __future__ import annotations

import os
from array import array
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from dcmview.errors import UnknownSeries

if TYPE_CHECKING:
    from collections.abc import Hashable

    from dcmview.model import SharedHeader
    from dcmview.registry.registry import Entry


@dataclass(frozen=True, slots=True)
class Patient:
    """One patient: number, and what the first of its files says."""

    index: int
    header: SharedHeader


@dataclass(slots=True)
class Study:
    """One study of a patient; texts are the first that any of its files has."""

    index: int
    patient: int
    study_instance_uid: str
    date: str = ""
    time: str = ""
    description: str = ""


@dataclass(slots=True)
class Series:
    """One series; ``study`` is None for an object that is no image and names no study.

    ``header`` is that of the first file, or of the first image once there is
    one. ``revision`` is that of the last change.
    """

    index: int
    study: int | None
    header: SharedHeader
    folder: str
    file_name: str
    inside: str
    """What the paths of its files begin with."""
    revision: int = 0
    files: array[int] = field(default_factory=lambda: array("i"))
    images: array[int] = field(default_factory=lambda: array("i"))
    frame_count: int = 0
    size_bytes: int = 0
    damaged: int = 0
    note: str = ""
    has_mixed_sizes: bool = False


@dataclass(frozen=True, slots=True)
class SeriesView:
    """What the list shows of a series at one moment."""

    index: int
    study: int | None
    header: SharedHeader
    folder: str
    file_name: str
    revision: int
    file_count: int
    image_count: int
    frame_count: int
    size_bytes: int
    middle_image: int | None
    """Index of the file in the middle of its images."""
    damaged: int
    note: str
    has_mixed_sizes: bool


@dataclass(frozen=True, slots=True)
class SeriesChanges:
    """What changed after a revision; ``revision`` is where to go on from.

    ``is_all`` is false where more has changed than was asked for.
    """

    revision: int
    is_all: bool
    patients: tuple[Patient, ...]
    studies: tuple[Study, ...]
    series: tuple[SeriesView, ...]


class SeriesIndex:
    """Numbers patients, studies and series; not safe for threads by itself."""

    def __init__(self) -> None:
        self._patients: dict[Hashable, Patient] = {}
        self._studies: dict[Hashable, Study] = {}
        self._series: list[Series] = []
        self._by_key: dict[Hashable, Series] = {}
        # Most files share their header with the one before: no key has to be made for them.
        self._by_header: dict[int, Series] = {}
        self._series_of_file = array("i")
        self._patients_by_index: list[Patient] = []
        self._studies_by_index: list[Study] = []

    def add(self, entry: Entry, revision: int) -> None:
        """Count the next file into its series."""
        index, header, problem = entry.index, entry.header.shared, entry.header.problem
        series = self._by_header.get(id(header))
        if series is None:
            series = self._series_of(entry)
            if header.series_instance_uid:
                self._by_header[id(header)] = series
        self._series_of_file.append(series.index)
        series.files.append(index)
        series.size_bytes += entry.size_bytes
        if header.has_pixels:
            first = series.header
            if header is not first:
                if not series.images and not first.has_pixels:
                    series.header = header
                elif header.rows != first.rows or header.columns != first.columns:
                    series.has_mixed_sizes = True
            series.images.append(index)
            series.frame_count += header.frame_count
        if problem:
            series.damaged += 1
        if (problem or header.kind) and not series.note:
            series.note = entry.note
        if not entry.path.startswith(series.inside):
            series.folder = _common_folder(series.folder, entry.path)
            series.inside = os.path.join(series.folder, "")
        series.revision = revision

    def touch(self, file_index: int, revision: int) -> None:
        """Note that the series of a file has changed."""
        self._series[self._series_of_file[file_index]].revision = revision

    def series_of(self, file_index: int) -> int:
        """Give the number of the series of a file."""
        return self._series_of_file[file_index]

    def get(self, index: int) -> tuple[SeriesView, array[int]]:
        """Give a series by its number, and the indices of its files."""
        if not 0 <= index < len(self._series):
            raise UnknownSeries(f"there is no series {index}", index=index)
        series = self._series[index]
        return _view(series), series.files

    def since(self, revision: int, most: int, *, now: int) -> SeriesChanges:
        """Give what changed after a revision, the oldest changes first."""
        changed = [series for series in self._series if series.revision > revision]
        is_all = len(changed) <= most
        if not is_all:
            changed.sort(key=lambda series: series.revision)
            del changed[most:]
        studies = {series.study for series in changed if series.study is not None}
        studies_changed = [self._studies_by_index[index] for index in sorted(studies)]
        patients = {study.patient for study in studies_changed}
        return SeriesChanges(
            revision=now if is_all else changed[-1].revision,
            is_all=is_all,
            patients=tuple(self._patients_by_index[index] for index in sorted(patients)),
            studies=tuple(replace(study) for study in studies_changed),
            series=tuple(map(_view, changed)),
        )

    def _series_of(self, entry: Entry) -> Series:
        header = entry.header.shared
        is_attached = header.has_pixels or header.study_instance_uid != ""
        study = self._study_of(header) if is_attached else None
        # Files that name no series are kept apart: nothing says that they belong together.
        key = (
            study.index if study else None,
            header.series_instance_uid or entry.index,
        )
        series = self._by_key.get(key) if is_attached else None
        if series is None:
            folder, file_name = os.path.split(entry.path)
            series = Series(
                index=len(self._series),
                study=study.index if study else None,
                header=header,
                folder=folder,
                file_name=file_name,
                inside=os.path.join(folder, ""),
            )
            self._series.append(series)
            self._by_key[key] = series
        return series

    def _study_of(self, header: SharedHeader) -> Study:
        patient_key = header.patient_id, header.patient_name
        patient = self._patients.get(patient_key)
        if patient is None:
            patient = Patient(len(self._patients), header)
            self._patients[patient_key] = patient
            self._patients_by_index.append(patient)
        key = (
            patient.index,
            header.study_instance_uid or (header.study_date, header.study_description),
        )
        study = self._studies.get(key)
        if study is None:
            study = Study(len(self._studies), patient.index, header.study_instance_uid)
            self._studies[key] = study
            self._studies_by_index.append(study)
        study.date = study.date or header.study_date
        study.time = study.time or header.study_time
        study.description = study.description or header.study_description
        return study


def _view(series: Series) -> SeriesView:
    images = series.images
    return SeriesView(
        index=series.index,
        study=series.study,
        header=series.header,
        folder=series.folder,
        file_name=series.file_name,
        revision=series.revision,
        file_count=len(series.files),
        image_count=len(images),
        frame_count=series.frame_count,
        size_bytes=series.size_bytes,
        middle_image=images[len(images) // 2] if images else None,
        damaged=series.damaged,
        note=series.note,
        has_mixed_sizes=series.has_mixed_sizes,
    )


def _common_folder(folder: str, path: str) -> str:
    try:
        return os.path.commonpath((folder, os.path.dirname(path)))
    except ValueError:  # other drives
        return ""
