"""Many files in another transfer syntax, as members of an archive that goes out as it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import msgspec
from msgspec import Struct

from dcmview.errors import DcmviewError, InstanceError, NoRoom
from dcmview.exchange.zipped import Member, archive_stem, text_of_path
from dcmview.registry.opening import entry_pieces
from dcmview.transcoding.fileset import DICOMDIR, FileSet
from dcmview.transcoding.policy import DIRECTORY_LEFT_OUT, OnFailure, is_directory
from dcmview.transcoding.spooling import full_disk_told, pieces_of, spool
from dcmview.transcoding.transcode import transcode_entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dcmview.dicom.decoding import Decoder
    from dcmview.registry.registry import Entry
    from dcmview.transcoding.policy import Order

CONTENTS = "transcode.json"
FORMAT, VERSION = "dcmview-transcode", 1


class FileNote(Struct, frozen=True, omit_defaults=True):
    """What became of a file: ``done``, ``kept`` as it was, or ``left_out``."""

    path: str
    sop_instance_uid: str
    status: str
    name: str = ""
    reason: str = ""


class Contents(Struct, frozen=True):
    """The content of ``transcode.json``."""

    format: str
    version: int
    transfer_syntax_uid: str
    files: tuple[FileNote, ...]


def archive_members(
    entries: Iterable[Entry],
    order: Order,
    decoder: Decoder,
    is_wanted: Callable[[], bool],
) -> Iterator[Member]:
    """Give each file, then what became of them, then the DICOMDIR if there is to be one.

    Raises
    ------
    InstanceError
        If a file cannot be transcoded and the policy is that nothing else will do.
    NoRoom
        If the disk is full.
    CancelledError
        If nobody wants it any more.
    """
    notes: list[FileNote] = []
    file_set = FileSet() if order.with_dicomdir else None
    taken: set[str] = set()
    for entry in entries:
        path, uid = text_of_path(entry.path), entry.header.sop_instance_uid
        if file_set is not None and is_directory(entry):
            notes.append(FileNote(path, uid, "left_out", reason=DIRECTORY_LEFT_OUT))
            continue
        stream = spool()
        try:
            with full_disk_told():
                status, reason = _write(entry, order, stream, decoder, is_wanted)
        except DcmviewError as exc:
            stream.close()
            if isinstance(exc, NoRoom) or order.policy.on_failure is OnFailure.FAIL:
                raise
            notes.append(FileNote(path, uid, "left_out", reason=exc.message))
            continue
        if file_set is None:
            name = f"{archive_stem(entry.index, uid, taken)}.dcm"
        else:
            file_id = file_set.place(entry)
            name = "/".join(file_id)
            stream.seek(0)
            try:
                file_set.add(file_id, stream)
            except DcmviewError as exc:
                reason = f"{reason}; {exc.message}" if reason else exc.message
        notes.append(FileNote(path, uid, status, name, reason))
        yield Member(name, pieces_of(stream))
    content = Contents(FORMAT, VERSION, order.target.syntax.uid, tuple(notes))
    yield Member(CONTENTS, (msgspec.json.format(msgspec.json.encode(content)),), is_compressed=True)
    if file_set is not None:
        yield Member(DICOMDIR, (file_set.encoded(),))


def _write(
    entry: Entry,
    order: Order,
    stream: BinaryIO,
    decoder: Decoder,
    is_wanted: Callable[[], bool],
) -> tuple[str, str]:
    """Write a file in the syntax, or as it is; give what became of it and why."""
    left_alone = order.policy.left_alone(entry, order.target)
    if not left_alone:
        try:
            transcode_entry(
                entry, order.target, order.options, stream, decoder=decoder, is_wanted=is_wanted
            )
        except InstanceError as exc:
            if order.policy.on_failure is not OnFailure.KEEP:
                raise
            left_alone = exc.message
        else:
            return "done", ""
    stream.seek(0)
    stream.truncate()
    stream.writelines(entry_pieces(entry))
    return "kept", left_alone
