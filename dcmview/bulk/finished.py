"""Whether a DICOM file that is there already is what an earlier run made of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcmview.bulk.inputs import entry_of
from dcmview.errors import InstanceError

if TYPE_CHECKING:
    from dcmview.registry.registry import Entry

_DERIVED = "2.25."


def is_made_of(entry: Entry, output: str, syntax: str = "") -> bool:
    """Say whether a DICOM file has the place of another in its study, and its UID or a derived one.

    Names are no proof: files of two folders can be called alike. ``syntax`` is the Transfer
    Syntax UID that it may have in place of that of the other.
    """
    try:
        found = entry_of(output).header
    except InstanceError:
        return False
    header = entry.header
    shared = header.shared
    is_same_place = (
        found.shared.study_instance_uid == shared.study_instance_uid
        and found.shared.series_instance_uid == shared.series_instance_uid
        and found.shared.transfer_syntax_uid in (shared.transfer_syntax_uid, syntax)
        and found.instance_number == header.instance_number
    )
    uid = found.sop_instance_uid
    return is_same_place and (uid == header.sop_instance_uid or uid.startswith(_DERIVED))
