"""A DICOM file that came through a pipe or is a value in Python, without a trace on disk."""

from __future__ import annotations

import contextlib
import os
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@contextlib.contextmanager
def held_file(parts: Iterable[bytes]) -> Iterator[str]:
    """Hold bytes as a file that has a path as long as the block lasts.

    On Linux it is in memory and nobody else can open it by a name. Elsewhere it is a
    file of the user alone in the folder for temporary files, which is removed.
    """
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("dcmview-input", os.MFD_CLOEXEC)
        path, is_on_disk = f"/proc/self/fd/{descriptor}", False
    else:
        descriptor, path = tempfile.mkstemp(prefix="dcmview-")
        is_on_disk = True
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.writelines(parts)
            stream.flush()
            yield path
    finally:
        if is_on_disk:
            os.unlink(path)
