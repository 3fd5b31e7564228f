"""Which files are transcoded at all, and what becomes of those that cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from dcmview.dicom.sniff import (
    EXPLICIT_BIG_ENDIAN,
    EXPLICIT_LITTLE_ENDIAN,
    HEAD_BYTES,
    IMPLICIT_LITTLE_ENDIAN,
    sniff,
)
from dcmview.dicom.transfer import TRANSFER_SYNTAXES, transfer_syntax
from dcmview.registry.opening import open_entry
from dcmview.registry.scan import MEDIA_STORAGE_DIRECTORY
from dcmview.transcoding.targets import find_target

if TYPE_CHECKING:
    from dcmview.registry.registry import Entry
    from dcmview.transcoding.targets import EncodeOptions, Target

UNCOMPRESSED = (IMPLICIT_LITTLE_ENDIAN, EXPLICIT_LITTLE_ENDIAN, EXPLICIT_BIG_ENDIAN)


DIRECTORY_LEFT_OUT = "it is a DICOMDIR, and the File-set has its own"


class OnFailure(StrEnum):
    """What becomes of a file that cannot be transcoded."""

    KEEP = "keep"  # the original goes out unchanged
    SKIP = "skip"
    FAIL = "fail"


class Only(StrEnum):
    """Which files are transcoded; others go out unchanged."""

    UNCOMPRESSED = "uncompressed"
    COMPRESSED = "compressed"


@dataclass(frozen=True, slots=True)
class Policy:
    """What is done with a file besides transcoding it.

    ``accepted`` are the UIDs of transfer syntaxes that may stay.
    """

    on_failure: OnFailure = OnFailure.KEEP
    only: Only | None = None
    accepted: tuple[str, ...] = ()

    def left_alone(self, entry: Entry, target: Target) -> str:
        """Say why a file goes out as it is; empty if it is to be transcoded.

        Raises
        ------
        FileGone, FileChanged, Unreadable
            If it cannot be opened.
        """
        found = entry.header.shared.transfer_syntax_uid
        is_target = found == target.syntax.uid
        if (is_target or found in self.accepted) and _is_as_it_says(entry):
            return f"it is in {target.keyword}" if is_target else f"{found} is accepted"
        is_uncompressed = found in UNCOMPRESSED
        if self.only is Only.UNCOMPRESSED and not is_uncompressed:
            return "it is compressed"
        if self.only is Only.COMPRESSED and is_uncompressed:
            return "it is not compressed"
        return ""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made of files."""

    target: Target
    options: EncodeOptions
    policy: Policy
    with_dicomdir: bool = False


def is_directory(entry: Entry) -> bool:
    """Whether a file is a DICOMDIR, which stands for others."""
    return entry.header.shared.sop_class_uid == MEDIA_STORAGE_DIRECTORY


def accepted_uid(name: str) -> str:
    """Give the UID of a transfer syntax, also of one that cannot be written.

    Raises
    ------
    RequestError
        If there is none of this name.
    """
    name = name.strip()
    return name if name in TRANSFER_SYNTAXES else find_target(name).syntax.uid


def _is_as_it_says(entry: Entry) -> bool:
    """Whether it names the transfer syntax, as a file has to, and its elements are so encoded."""
    with open_entry(entry) as source:
        found = sniff(source.pread(0, HEAD_BYTES))
    if found is None or not found.has_preamble or found.meta_offset is None:
        return False
    syntax = transfer_syntax(entry.header.shared.transfer_syntax_uid)
    # What is deflated shows no elements.
    return syntax.deflated or (found.explicit, found.little_endian) == (
        syntax.explicit,
        syntax.little_endian,
    )
