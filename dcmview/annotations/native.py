"""ROIs as a JSON file of our own: everything, unchanged.

``docs/rois.schema.json`` is made from the shapes below. A file is named by its
SOP Instance UID and its path, which is absolute or relative to the folder of
the JSON file.
"""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from dcmview.annotations.roi import Roi, Text, Time, canonical, check_set
from dcmview.errors import InvalidAnnotation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dcmview.annotations.triage import Mark

Value = TypeVar("Value")

FORMAT: Literal["dcmview-rois"] = "dcmview-rois"
VERSION: Literal[1] = 1


class FileKey(NamedTuple):
    """What a file is known by in every run: UID of its object, and absolute path."""

    sop_instance_uid: str
    path: str


class StoredKey(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A file as it is named in JSON."""

    sop_instance_uid: str = ""
    path: str
    """With slashes. Bytes that are not UTF-8 show as ``\\xNN``; then ``path_base64`` has them."""
    path_base64: str = ""


class StoredRois(StoredKey, frozen=True, omit_defaults=True, kw_only=True):
    """The ROIs of one file."""

    rois: tuple[Roi, ...]


class StoredMark(StoredKey, frozen=True, omit_defaults=True, kw_only=True):
    """What was decided about one file."""

    mark: Literal["", "keep", "reject", "unsure"] = ""
    note: Text = ""
    modified: Time = ""


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything that a file holds."""

    rois: dict[FileKey, tuple[Roi, ...]] = field(default_factory=dict)
    marks: dict[FileKey, Mark] = field(default_factory=dict)


class RoiDocument(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """ROIs of many files, written by dcmview."""

    format: Literal["dcmview-rois"]
    version: Literal[1]
    log: str = ""
    """Ties a file of ``--save-annotations`` to its journal."""
    sequence: int = 0
    """The last edit of the journal that is in here."""
    files: tuple[StoredRois, ...]
    triage: tuple[StoredMark, ...] = ()


class Head(Struct, frozen=True):
    """What tells whether the rest can be read."""

    format: str = ""
    version: int = 0


encode_json = msgspec.json.Encoder().encode
_decode_head = msgspec.json.Decoder(Head).decode
_decode_document = msgspec.json.Decoder(RoiDocument).decode


def stored_key(key: FileKey, folder: str | None = None) -> StoredKey:
    """Name a file for JSON that lies in a folder: relative if the file lies below it."""
    path = key.path
    if folder is not None:
        path = path.removeprefix(os.path.join(folder, ""))
    path = path.replace(os.sep, "/")
    try:
        path.encode()
    except UnicodeEncodeError:
        raw = os.fsencode(path)
        return StoredKey(
            sop_instance_uid=key.sop_instance_uid,
            path=raw.decode("utf-8", "backslashreplace"),
            path_base64=base64.b64encode(raw).decode(),
        )
    return StoredKey(sop_instance_uid=key.sop_instance_uid, path=path)


def file_key(stored: StoredKey, folder: str) -> FileKey:
    """Give the file that JSON in a folder means."""
    path = os.path.normpath(os.path.join(folder, stored_path(stored)))
    return FileKey(stored.sop_instance_uid, path)


def stored_path(stored: StoredKey) -> str:
    """Give the path as it was written."""
    if stored.path_base64:
        return os.fsdecode(base64.b64decode(stored.path_base64))
    return stored.path


def write_native(
    contents: Contents,
    folder: str | None = None,
    *,
    log: str = "",
    sequence: int = 0,
) -> bytes:
    """Write everything as JSON, one file a line, sorted by path."""
    head = encode_json(
        RoiDocument(format=FORMAT, version=VERSION, log=log, sequence=sequence, files=())
    ).removesuffix(b"[]}")
    files = (StoredRois(**_named(key, folder), rois=rois) for key, rois in _by_path(contents.rois))
    marks = (
        StoredMark(**_named(key, folder), mark=mark.mark, note=mark.note, modified=mark.modified)
        for key, mark in _by_path(contents.marks)
    )
    triage = b',"triage":' + _lines(marks) if contents.marks else b""
    return head + _lines(files) + triage + b"}\n"


def read_native(content: bytes) -> RoiDocument:
    """Read what `write_native` wrote, checking all that needs no image.

    Raises
    ------
    InvalidAnnotation
        If it is something else, of a later version, or an ROI is wrong.
    """
    try:
        head = _decode_head(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise InvalidAnnotation(f"not JSON of ROIs: {exc}") from exc
    if head.format != FORMAT:
        raise InvalidAnnotation(f'not JSON of ROIs: "format" is not "{FORMAT}"')
    if head.version != VERSION:
        raise InvalidAnnotation(
            f"version {head.version} of the form is unknown; this is one of version {VERSION}"
        )
    try:
        document = _decode_document(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise InvalidAnnotation(str(exc).replace("`", "")) from exc
    for stored in document.triage:
        _check_key(stored)
    return msgspec.structs.replace(document, files=tuple(map(_checked, document.files)))


def _lines(values: Iterable[Struct]) -> bytes:
    return b"[\n" + b",\n".join(map(encode_json, values)) + b"\n]"


def _by_path(values: Mapping[FileKey, Value]) -> list[tuple[FileKey, Value]]:
    return sorted(values.items(), key=lambda item: (item[0].path, item[0].sop_instance_uid))


def _named(key: FileKey, folder: str | None) -> dict[str, str]:
    return msgspec.structs.asdict(stored_key(key, folder))


def _checked(stored: StoredRois) -> StoredRois:
    rois = tuple(
        canonical(roi, f"{stored.path}, ROI {number}") for number, roi in enumerate(stored.rois)
    )
    _check_key(stored)
    try:
        check_set(rois)
    except InvalidAnnotation as exc:
        raise InvalidAnnotation(f"{stored.path}: {exc}") from exc
    return msgspec.structs.replace(stored, rois=rois)


def _check_key(stored: StoredKey) -> None:
    try:
        base64.b64decode(stored.path_base64, validate=True)
    except ValueError as exc:
        raise InvalidAnnotation(f"{stored.path}: {exc}") from exc
