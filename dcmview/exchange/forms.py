"""The forms in which ROIs leave the process: one table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from dcmview.annotations.coco import CocoFile, write_coco
from dcmview.annotations.losses import COCO, EMBED, EVERYTHING, MASKS, OVERLAYS, Carries
from dcmview.annotations.native import Contents, write_native
from dcmview.annotations.roi import rectangles
from dcmview.annotations.roi_csv import write_roi_csv
from dcmview.annotations.roi_table import write_roi_table
from dcmview.exchange import dicom_forms
from dcmview.exchange.zipped import stream_zip, text_of_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from dcmview.annotations.roi import Roi
    from dcmview.engine.engine import Engine
    from dcmview.registry.registry import Entry
    from dcmview.roibook import FileState
    from dcmview.triagebook import MarkState


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What a writer works with."""

    files: Sequence[FileState]
    """All files that have ROIs or had some."""
    marks: Sequence[MarkState]
    """All files that have marks of triage or had some."""
    engine: Callable[[], Engine]
    """Called by those alone who need pixels: it imports numpy."""
    folder: str | None = None
    """Where the result will lie, for paths relative to it."""
    options: Mapping[str, str] = field(default_factory=dict)
    """What else the caller said, unchecked."""

    def listed(self) -> Iterator[tuple[Entry, tuple[Roi, ...]]]:
        """Give the files that this run lists, with their ROIs."""
        for each in self.files:
            if each.entry is not None:
                yield each.entry, each.rois


def _any_file(_entry: Entry) -> bool:
    return True


class ExportForm(NamedTuple):
    """A form: what its file is called, what it carries, and who writes it.

    A writer runs in a thread of its own. Whatever may fail fails before its
    first piece, since after that nobody can be told.
    """

    suffix: str
    media_type: str
    write: Callable[[ExportRequest], bytes | Iterator[bytes]]
    carries: Carries = EVERYTHING
    holds_unlisted: bool = False
    """Whether ROIs of files that this run does not list are in it."""
    holds_marks: bool = False
    """Whether marks of triage are in it."""
    can_name: Callable[[Entry], bool] = _any_file
    """Whether it has a name for a listed file; ROIs of others are not in it."""
    missing: Callable[[], str] = str
    """Says what has to be installed first; nothing where all is there."""


def _embed(request: ExportRequest) -> bytes:
    table = write_roi_csv((entry.path, rectangles(rois)) for entry, rois in request.listed())
    return table.encode("utf-8", "surrogateescape")


def _json(request: ExportRequest) -> bytes:
    contents = Contents(
        {each.key: each.rois for each in request.files},
        {each.key: each.mark for each in request.marks},
    )
    return write_native(contents, request.folder)


def _table(request: ExportRequest) -> bytes:
    table = write_roi_table(
        (each.path, each.key.sop_instance_uid, each.rois) for each in request.files
    )
    return table.encode("utf-8", "surrogateescape")


def _figures(request: ExportRequest) -> Iterator[bytes]:
    from dcmview.exchange.figures_table import figure_rows

    return figure_rows(request.files, request.engine())


def _coco(request: ExportRequest) -> bytes:
    return write_coco(_coco_file(entry, rois) for entry, rois in request.listed())


def _coco_file(entry: Entry, rois: tuple[Roi, ...]) -> CocoFile:
    header = entry.header
    shared = header.shared
    return CocoFile(
        text_of_path(entry.path), header.sop_instance_uid, shared.columns, shared.rows, rois
    )


def _png_masks(request: ExportRequest) -> Iterator[bytes]:
    from dcmview.exchange.masks import mask_members, write_png

    return stream_zip(mask_members(request.listed(), ".png", write_png))


def _npy_masks(request: ExportRequest) -> Iterator[bytes]:
    from dcmview.exchange.masks import mask_members, write_npy

    return stream_zip(mask_members(request.listed(), ".npy", write_npy))


def _overlays(request: ExportRequest) -> Iterator[bytes]:
    from dcmview.exchange.copies import copy_members

    return stream_zip(copy_members(request.listed()))


CSV_TYPE = "text/csv; charset=utf-8"
JSON_TYPE = "application/json"
ZIP_TYPE = "application/zip"

EXPORT_FORMS: dict[str, ExportForm] = {
    "embed": ExportForm(".csv", CSV_TYPE, _embed, EMBED),
    "json": ExportForm(".json", JSON_TYPE, _json, holds_unlisted=True, holds_marks=True),
    "csv": ExportForm("-table.csv", CSV_TYPE, _table, holds_unlisted=True),
    "csv-statistics": ExportForm("-statistics.csv", CSV_TYPE, _figures, holds_unlisted=True),
    "coco": ExportForm("-coco.json", JSON_TYPE, _coco, COCO),
    "masks-png": ExportForm("-masks-png.zip", ZIP_TYPE, _png_masks, MASKS),
    "masks-npy": ExportForm("-masks-npy.zip", ZIP_TYPE, _npy_masks, MASKS),
    "overlays": ExportForm("-overlays.zip", ZIP_TYPE, _overlays, OVERLAYS),
    "sr": ExportForm(
        "-sr.zip",
        ZIP_TYPE,
        dicom_forms.write_sr,
        dicom_forms.SR,
        can_name=dicom_forms.has_uids,
        missing=dicom_forms.missing,
    ),
    "seg": ExportForm(
        "-seg.zip",
        ZIP_TYPE,
        dicom_forms.write_seg,
        dicom_forms.SEG,
        can_name=dicom_forms.has_uids,
        missing=dicom_forms.missing,
    ),
}
