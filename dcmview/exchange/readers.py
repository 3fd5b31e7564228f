"""The forms in which ROIs come from elsewhere: one table, and how the content tells which it is."""

from __future__ import annotations

import os
import re
from contextlib import closing
from dataclasses import replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from dcmview.annotations.coco import read_coco
from dcmview.annotations.csv_cells import CsvTable
from dcmview.annotations.imports import ImportRow, ImportTable, split_marks, stamped
from dcmview.annotations.native import FORMAT, read_native, stored_path
from dcmview.annotations.plain_csv import read_plain_csv
from dcmview.annotations.roi import LONGEST_NAME, LONGEST_SOURCE
from dcmview.annotations.roi_csv import COORDINATES_COLUMN, PATH_COLUMN, read_roi_csv
from dcmview.annotations.roi_table import is_roi_table, read_roi_table
from dcmview.annotations.triage import Mark
from dcmview.annotations.triage_csv import is_triage_table, read_triage_csv
from dcmview.dicom.loading import load_pydicom
from dcmview.errors import InvalidAnnotation, StartError
from dcmview.exchange.archives import member_names, read_archive

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dcmview.annotations.imports import LeftOut
    from dcmview.exchange.dicom_content import DicomContent

NO_MAPPING: Mapping[str, str] = MappingProxyType({})
TEXT_SHOWS_BYTES = 4096
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Found = tuple[tuple[ImportRow, ...], tuple["LeftOut", ...]]
"""What a reader gives: rows, and what it left out of them."""


class JsonHead(msgspec.Struct):
    """What tells one JSON file of ROIs from another."""

    format: str = ""
    images: msgspec.Raw = msgspec.Raw()
    annotations: msgspec.Raw = msgspec.Raw()


_decode_head = msgspec.json.Decoder(JsonHead).decode


class Content:
    """The whole of a file of ROIs, and what can be seen of its form.

    Attributes
    ----------
    data : bytes
        Without byte order mark.
    name : str
        What the file is called.
    columns : mapping
        Which column of a table of another program has what, of `parse_columns`.
    """

    def __init__(self, data: bytes, name: str, columns: Mapping[str, str] = NO_MAPPING) -> None:
        self.data = data.removeprefix(BYTE_ORDER_MARK)
        self.name = name
        self.columns = columns

    @cached_property
    def dicom(self) -> DicomContent | None:
        """The object that it holds; raises ``InvalidAnnotation`` where it cannot be read."""
        # DICOM PS3.10 7.1: a preamble of 128 bytes, whatever they say, and a prefix.
        if self.data[128:132] != b"DICM":
            return None
        load_pydicom()
        from dcmview.exchange.dicom_content import DicomContent

        return DicomContent(self.data)

    @property
    def dicom_form(self) -> str:
        """Which form an object is; nothing where it is none, an error where it has no ROIs."""
        return "" if self.dicom is None else self.dicom.form

    def require_dicom(self) -> DicomContent:
        """Give the object, or raise ``InvalidAnnotation`` if it is none."""
        if self.dicom is None:
            raise InvalidAnnotation("not a DICOM file")
        return self.dicom

    @cached_property
    def is_json(self) -> bool:
        """Whether it begins like JSON."""
        return re.match(rb"\s*[{\[]", self.data) is not None

    @cached_property
    def member_names(self) -> tuple[str, ...]:
        """The files in it, if it is a zip archive."""
        return member_names(self.data)

    @cached_property
    def is_text(self) -> bool:
        """Whether its beginning can be text."""
        return b"\0" not in self.data[:TEXT_SHOWS_BYTES]

    @cached_property
    def json_head(self) -> JsonHead:
        """The fields that tell its form; raises ``InvalidAnnotation`` where it is no JSON."""
        try:
            return _decode_head(self.data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise InvalidAnnotation(f"not JSON of ROIs: {exc}") from exc

    @cached_property
    def table(self) -> CsvTable:
        """Its rows, to be gone through once; raises ``InvalidAnnotation`` where it is no CSV."""
        return CsvTable(self.data)


class ImportForm(NamedTuple):
    """A form: how its content shows, and who reads it."""

    shows: Callable[[Content], bool]
    read: Callable[[Content], Found]


def _read_native(content: Content) -> Found:
    document = read_native(content.data)
    rows = [
        ImportRow(f"file {number}", stored_path(stored), stored.rois, stored.sop_instance_uid)
        for number, stored in enumerate(document.files, start=1)
    ]
    for number, stored in enumerate(document.triage, start=1):
        mark = Mark(stored.mark, stored.note, stored.modified)
        if mark:
            path, uid = stored_path(stored), stored.sop_instance_uid
            rows.append(ImportRow(f"mark {number}", path, (), uid, mark=mark))
    return tuple(rows), ()


def _is_masks(content: Content) -> bool:
    return content.data.startswith((b"\x89PNG", b"\x93NUMPY")) or any(
        name.lower().endswith((".png", ".npy")) for name in content.member_names
    )


def _read_masks(content: Content) -> Found:
    from dcmview.exchange.mask_reading import read_masks

    return read_masks(content.data, content.name)


def _read_archive(content: Content) -> Found:
    def read(data: bytes, name: str) -> Found:
        member = Content(data, name, content.columns)
        if member.member_names:
            raise InvalidAnnotation("is an archive within an archive")
        return IMPORT_FORMS[shown_form(member)].read(member)

    return read_archive(content.data, read)


def _is_coco(content: Content) -> bool:
    return content.is_json and bool(
        memoryview(content.json_head.images) and memoryview(content.json_head.annotations)
    )


def _is_embed(content: Content) -> bool:
    return not content.is_json and not {PATH_COLUMN, COORDINATES_COLUMN}.isdisjoint(
        content.table.columns
    )


def _read_sr(content: Content) -> Found:
    from dcmview.exchange.sr_reading import read_report

    return read_report(content.require_dicom().dataset)


def _read_seg(content: Content) -> Found:
    from dcmview.exchange.seg_reading import read_segmentation

    with closing(content.require_dicom()) as opened:
        return read_segmentation(opened)


def _read_gsps(content: Content) -> Found:
    from dcmview.exchange.gsps import read_presentation_state

    return read_presentation_state(content.require_dicom().dataset)


IMPORT_FORMS: dict[str, ImportForm] = {
    "masks": ImportForm(_is_masks, _read_masks),
    "zip": ImportForm(lambda content: bool(content.member_names), _read_archive),
    "sr": ImportForm(lambda content: content.dicom_form == "sr", _read_sr),
    "seg": ImportForm(lambda content: content.dicom_form == "seg", _read_seg),
    "gsps": ImportForm(lambda content: content.dicom_form == "gsps", _read_gsps),
    "embed": ImportForm(_is_embed, lambda content: (read_roi_csv(content.table), ())),
    "json": ImportForm(
        lambda content: content.is_json and content.json_head.format == FORMAT, _read_native
    ),
    "triage": ImportForm(
        lambda content: not content.is_json and is_triage_table(content.table.columns),
        lambda content: (read_triage_csv(content.table), ()),
    ),
    "csv": ImportForm(
        lambda content: not content.is_json and is_roi_table(content.table.columns),
        lambda content: (read_roi_table(content.table), ()),
    ),
    "coco": ImportForm(_is_coco, lambda content: read_coco(content.data)),
    "table": ImportForm(
        lambda content: content.is_text and not content.is_json,
        lambda content: read_plain_csv(content.table, content.columns),
    ),
}
"""``csv`` is our own table, ``table`` one of another program. The first that shows is taken."""


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


def read_triage_file(path: str) -> ImportTable:
    """Read the marks of triage of a file in any form; raises what `read_table_file` raises."""
    _, marks = split_marks([read_table_file(path)])
    if not marks:
        raise StartError(f"{path} has no marks of triage")
    return marks[0]


def as_predictions(table: ImportTable) -> ImportTable:
    """Make a table one that is looked at beside others: ROIs without layer get that of its name."""
    name = os.path.basename(table.source)
    printable = os.fsencode(name).decode("utf-8", "backslashreplace")
    group = os.path.splitext(printable)[0][:LONGEST_NAME]
    return replace(
        stamped(table, group=group, source=printable[:LONGEST_SOURCE], locked=True), read_only=True
    )


def read_table(
    data: bytes,
    source: str,
    *,
    form: str | None = None,
    columns: Mapping[str, str] = NO_MAPPING,
    folders: Sequence[str] = (),
) -> ImportTable:
    """Read ROIs in a form, or in the one that the content shows.

    Parameters
    ----------
    data : bytes
        The whole file.
    source : str
        What it is called.
    form : str, optional
        The form, where it is known: a key of `IMPORT_FORMS`.
    columns : mapping, optional
        Which column of a table of another program has what, of `parse_columns`.
    folders : sequence of str
        Where relative paths may begin, beside the current folder.

    Raises
    ------
    InvalidAnnotation
        If it is none of the forms, or is wrong in itself.
    """
    content = Content(data, source, columns)
    form = form or shown_form(content)
    rows, left_out = IMPORT_FORMS[form].read(content)
    return ImportTable(source, form, rows, left_out, tuple(folders))


def shown_form(content: Content) -> str:
    """Say which form content shows, or raise ``InvalidAnnotation``."""
    for name, form in IMPORT_FORMS.items():
        if form.shows(content):
            return name
    if content.is_json:
        raise InvalidAnnotation(
            f'neither ROIs of dcmview ("format": "{FORMAT}") nor COCO ("images" and "annotations")'
        )
    raise InvalidAnnotation("neither JSON, a table, a DICOM object, masks nor a zip of these")
