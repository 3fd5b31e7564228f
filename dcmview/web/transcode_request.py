"""What is asked for when files are to go out in another transfer syntax."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec
from msgspec import Struct

from dcmview.errors import RequestError
from dcmview.web.params import flag

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.datastructures import QueryParams

    from dcmview.library import Library
    from dcmview.registry.registry import Entry
    from dcmview.transcoding.policy import Order
    from dcmview.transcoding.targets import EncodeOptions, Target

Number = TypeVar("Number")

MOST_FILES = 100_000
"""Of one archive, which a File-set can hold as well."""


class ArchiveRequest(Struct, forbid_unknown_fields=True, kw_only=True):
    """The body of ``POST /api/transcode``; exactly one of the last four says which files."""

    transfer_syntax: str
    quality: int | None = None
    ratio: float | None = None
    near: int | None = None
    allow_recompress: bool = False
    proof: bool = True
    on_failure: Literal["keep", "skip", "fail"] = "keep"
    only: Literal["uncompressed", "compressed"] | None = None
    accept: list[str] = []
    dicomdir: bool = False
    files: list[int] | None = None
    series: int | None = None
    study: str | None = None
    patient: str | None = None


def archive_request(content: bytes) -> ArchiveRequest:
    """Read the body of a request for an archive."""
    try:
        wanted = msgspec.json.decode(content, type=ArchiveRequest)
    except msgspec.ValidationError as exc:
        raise RequestError(f"the body is not what is expected: {exc}") from exc
    except (msgspec.DecodeError, ValueError, RecursionError) as exc:
        raise RequestError("the body is not JSON") from exc
    given = [wanted.files, wanted.series, wanted.study, wanted.patient]
    if sum(each is not None for each in given) != 1:
        raise RequestError("exactly one of files, series, study and patient must be given")
    return wanted


def order_of(wanted: ArchiveRequest) -> Order:
    """Check how files are to be transcoded."""
    from dcmview.transcoding.policy import OnFailure, Only, Order, Policy, accepted_uid
    from dcmview.transcoding.targets import EncodeOptions, find_target

    target = find_target(wanted.transfer_syntax)
    options = target.check(
        EncodeOptions(
            wanted.quality, wanted.ratio, wanted.near, wanted.allow_recompress, wanted.proof
        )
    )
    policy = Policy(
        OnFailure(wanted.on_failure),
        None if wanted.only is None else Only(wanted.only),
        tuple(map(accepted_uid, wanted.accept)),
    )
    return Order(target, options, policy, wanted.dicomdir)


def entries_of(wanted: ArchiveRequest, library: Library) -> list[Entry]:
    """Find the files, each once; a study by its UID, a patient by the ID.

    Raises
    ------
    UnknownFile, UnknownSeries, RequestError
        If there are none, or too many.
    """
    if wanted.files is not None:
        found = [library.entry(index) for index in dict.fromkeys(wanted.files)]
    elif wanted.series is not None:
        found = list(library.series(wanted.series)[1])
    else:
        found = [
            entry
            for entry in library.entries()
            if wanted.study in (None, entry.header.shared.study_instance_uid)
            and wanted.patient in (None, entry.header.shared.patient_id)
        ]
    found = [entry for entry in found if library.lost(entry.index) is None]
    if not found:
        raise RequestError("there are no such files")
    if len(found) > MOST_FILES:
        raise RequestError(f"{len(found):,} files, more than {MOST_FILES:,} at once")
    return found


def download_request(query: QueryParams) -> tuple[Target, EncodeOptions] | None:
    """Read ``transfer_syntax`` and how to compress; None for the file as it is."""
    if "transfer_syntax" not in query:
        return None
    from dcmview.transcoding.targets import EncodeOptions, find_target

    target = find_target(query["transfer_syntax"])
    options = EncodeOptions(
        _number(query, "quality", int),
        _number(query, "ratio", float),
        _number(query, "near", int),
        flag(query, "allow_recompress"),
        flag(query, "proof", default="1"),
    )
    return target, target.check(options)


def _number(query: QueryParams, name: str, kind: Callable[[str], Number]) -> Number | None:
    text = query.get(name)
    try:
        return None if text is None else kind(text)
    except ValueError as exc:
        raise RequestError(f"{name} must be a number, not {text!r}") from exc
