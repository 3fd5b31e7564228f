"""Save ROI edits that would end with the process."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from typing import TYPE_CHECKING

from dcmview.annotations.disk import write_beside

if TYPE_CHECKING:
    from collections.abc import Iterator


def rescue_folders() -> Iterator[str]:
    """Give the folders where a file is looked for, the best one first."""
    with contextlib.suppress(OSError):  # the current folder may be removed
        yield os.getcwd()
    home = os.path.expanduser("~")
    if os.path.isabs(home):
        yield home
    with contextlib.suppress(OSError):
        yield tempfile.gettempdir()


def write_rescue_file(content: bytes, folder: str, suffix: str) -> str:
    """Write a new file that only its owner can read, and give its path.

    The name carries the time. A file or link that is already there is never
    touched; a number is added to the name instead.

    Raises
    ------
    OSError
        If it cannot be written to the folder; nothing is left there then.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S")
    return write_beside(os.path.join(folder, f"dcmview-rescued-{stamp}"), suffix, content)
