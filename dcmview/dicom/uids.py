"""What UIDs are called, from pydicom's own table, and UIDs of our own.

The table is loaded by itself: all of pydicom takes 0.1 s, and the scan must
not wait for that to say that a file is a report.
"""

from __future__ import annotations

import importlib.util
import os
import re
import uuid
from functools import cache
from typing import Any

_TABLE = "_uid_dict.py"
_NAMESPACE = uuid.UUID("3f1d8c52-6a0e-4c37-9c14-52a7f5d0c8be")


def uid_name(uid: str) -> str:
    """Give the name of a UID, or the UID where it has none.

    References
    ----------
    DICOM PS3.6 A, Registry of DICOM Unique Identifiers.
    """
    entry = _names().get(uid)
    return uid if entry is None else str(entry[0])


def is_uid(text: str) -> bool:
    """Whether a text is of digits and dots as UIDs are, and can stand in any name or header.

    References
    ----------
    DICOM PS3.5 9.1, UID Encoding Rules.
    """
    return re.fullmatch(r"[0-9.]{1,64}", text) is not None


def new_uid() -> str:
    """Make a UID that nothing else has, from a random UUID.

    References
    ----------
    DICOM PS3.5 B.2, UUID Derived UID.
    """
    return f"2.25.{uuid.uuid4().int}"


def stable_uid(*parts: str) -> str:
    """Make a UID that is the same whenever the parts are, from a name-based UUID.

    References
    ----------
    DICOM PS3.5 B.2, UUID Derived UID.
    """
    return f"2.25.{uuid.uuid5(_NAMESPACE, chr(0).join(parts)).int}"


@cache
def _names() -> dict[str, Any]:
    package = importlib.util.find_spec("pydicom")
    for folder in () if package is None else package.submodule_search_locations or ():
        path = os.path.join(folder, _TABLE)
        spec = importlib.util.spec_from_file_location("dcmview_uid_table", path)
        if os.path.exists(path) and spec is not None and spec.loader is not None:
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            table: dict[str, Any] = module.UID_dictionary
            return table
    from pydicom._uid_dict import UID_dictionary  # where it lies elsewhere

    return dict(UID_dictionary)
