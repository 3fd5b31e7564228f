"""The forms in which ROIs come and go: which is which, and what each cannot carry."""

from __future__ import annotations

import os
import re
from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import msgspec

from dcmview.annotations.coco import KINDS as COCO_KINDS
from dcmview.annotations.coco import read_coco
from dcmview.annotations.csv_cells import CsvTable
from dcmview.annotations.imports import ImportRow, ImportTable, LeftOut
from dcmview.annotations.native import FORMAT, read_native, stored_path
from dcmview.annotations.plain_csv import read_plain_csv
from dcmview.annotations.roi_csv import COORDINATES_COLUMN, PATH_COLUMN, read_roi_csv
from dcmview.annotations.roi_table import is_roi_table, read_roi_table
from dcmview.errors import InvalidAnnotation, StartError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dcmview.annotations.roi import Roi

ImportFormat = Literal["embed", "json", "csv", "coco", "table"]
"""``csv`` is our own table, ``table`` one of another program."""
ExportFormat = Literal["embed", "json", "csv", "coco"]
NO_MAPPING: Mapping[str, str] = MappingProxyType({})
IMPORT_FORMATS: tuple[ImportFormat, ...] = get_args(ImportFormat)
EXPORT_FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)

_KIND_WORDS = {
    "ellipse": "ellipses",
    "polygon": "polygons",
    "freehand": "freehand outlines",
    "point": "points",
    "polyline": "polylines",
    "length": "lengths",
    "angle": "angles",
    "cobb": "Cobb angles",
}


class Loss(NamedTuple):
    """What a form cannot carry, for people, and whether somebody would miss it."""

    what: str
    matters: bool


_FIELD_WORDS = {
    "label": Loss("labels", True),
    "score": Loss("scores", True),
    "group": Loss("layers", True),
    "note": Loss("notes", True),
    "color": Loss("colours", False),
    "author": Loss("authors", False),
    "source": Loss("sources", False),
    "created": Loss("times of creation", False),
    "modified": Loss("times of change", False),
    "locked": Loss("locks", False),
}
_CARRIED_KINDS: dict[ExportFormat, tuple[str, ...]] = {"embed": ("rectangle",), "coco": COCO_KINDS}
_CARRIED_FIELDS: dict[ExportFormat, frozenset[str]] = {
    "embed": frozenset(),
    "coco": frozenset({"label", "score"}),
    "json": frozenset(_FIELD_WORDS),
    "csv": frozenset(_FIELD_WORDS),
}


# What cannot be carried


def losses(roi: Roi, form: ExportFormat) -> Iterator[Loss]:
    """Say what of an ROI a form cannot carry; of one that it cannot carry at all, its kind."""
    if roi.kind not in _CARRIED_KINDS.get(form, (roi.kind,)):
        yield Loss(_KIND_WORDS[roi.kind], True)
        return
    if form == "coco" and roi.kind == "freehand":
        yield Loss("freehand outlines as such; they become polygons", False)
    if form == "coco" and roi.frames != "all":
        yield Loss("lists of frames for other programs, which know no such field", False)
    for name, loss in _FIELD_WORDS.items():
        value = getattr(roi, name)
        says_something = value is not None if name == "score" else bool(value)
        if says_something and name not in _CARRIED_FIELDS[form]:
            yield loss


def is_carried(roi: Roi, form: ExportFormat) -> bool:
    """Whether a form carries all of an ROI that a person would miss."""
    return not any(loss.matters for loss in losses(roi, form))


def count_losses(rois: Iterable[Roi], form: ExportFormat) -> Counter[str]:
    """Count what a form cannot carry."""
    return Counter(loss.what for roi in rois for loss in losses(roi, form))


# Reading


def read_table_file(path: str, columns: Mapping[str, str] = NO_MAPPING) -> ImportTable:
    """Read a file of ROIs in any form; it is never written.

    Raises
    ------
    StartError
        If it cannot be read, or is wrong in itself; the message names the place and the reason.
    """
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as exc:
        raise StartError(f"cannot read ROI table {path}: {exc.strerror}") from exc
    folder = os.path.dirname(os.path.abspath(path))
    try:
        return read_table(content, path, columns=columns, folders=(folder,))
    except InvalidAnnotation as exc:
        raise StartError(f"ROI table {path}: {exc.message}", **exc.detail) from exc


def read_table(
    content: bytes,
    source: str,
    *,
    form: ImportFormat | None = None,
    columns: Mapping[str, str] = NO_MAPPING,
    folders: Sequence[str] = (),
) -> ImportTable:
    """Read ROIs in a form, or in the one that the content shows.

    Parameters
    ----------
    content : bytes
        The whole file.
    source : str
        What it is called.
    form : str, optional
        The form, where it is known.
    columns : mapping, optional
        Which column of a table of another program has what, of `parse_columns`.
    folders : sequence of str
        Where relative paths may begin, beside the current folder.

    Raises
    ------
    InvalidAnnotation
        If it is none of the forms, or is wrong in itself.
    """
    is_json = re.match(rb"(\xef\xbb\xbf)?\s*[{\[]", content) is not None
    if form is None and is_json:
        form = _json_form(content.removeprefix(b"\xef\xbb\xbf"))
    rows: tuple[ImportRow, ...]
    left_out: tuple[LeftOut, ...] = ()
    if form == "json":
        rows = _native_rows(content.removeprefix(b"\xef\xbb\xbf"))
    elif form == "coco":
        rows, left_out = read_coco(content.removeprefix(b"\xef\xbb\xbf"))
    else:
        table = CsvTable(content.decode("utf-8-sig", "surrogateescape"))
        form = form or _csv_form(table.columns)
        if form == "embed":
            rows = read_roi_csv(table)
        elif form == "csv":
            rows = read_roi_table(table)
        else:
            rows, left_out = read_plain_csv(table, columns)
    return ImportTable(source, form, rows, left_out, tuple(folders))


class _JsonHead(msgspec.Struct):
    format: str = ""
    images: msgspec.Raw = msgspec.Raw()
    annotations: msgspec.Raw = msgspec.Raw()


_decode_head = msgspec.json.Decoder(_JsonHead).decode


def _json_form(content: bytes) -> ImportFormat:
    try:
        head = _decode_head(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise InvalidAnnotation(f"not JSON of ROIs: {exc}") from exc
    if head.format == FORMAT:
        return "json"
    if bytes(head.images) and bytes(head.annotations):
        return "coco"
    raise InvalidAnnotation(
        f'neither ROIs of dcmview ("format": "{FORMAT}") nor COCO ("images" and "annotations")'
    )


def _csv_form(columns: Sequence[str]) -> ImportFormat:
    if PATH_COLUMN in columns or COORDINATES_COLUMN in columns:
        return "embed"
    return "csv" if is_roi_table(columns) else "table"


def _native_rows(content: bytes) -> tuple[ImportRow, ...]:
    return tuple(
        ImportRow(
            f"file {number}",
            stored_path(stored),
            stored.rois,
            stored.sop_instance_uid,
        )
        for number, stored in enumerate(read_native(content).files, start=1)
    )
