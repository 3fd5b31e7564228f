"""Save edits that would end with the process."""

from __future__ import annotations

import itertools
import os
import time


def write_rescue_file(content: bytes, folder: str, suffix: str) -> str:
    """Write a new file that only its owner can read, and give its path.

    The name carries the time. A file or link that is already there is never
    touched; a number is added to the name instead.

    Raises
    ------
    OSError
        If nothing can be written to the folder.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S")
    for number in itertools.count():
        name = f"dcmview-rescued-{stamp}{f'-{number}' if number else ''}{suffix}"
        path = os.path.join(folder, name)
        try:
            descriptor = os.open(
                path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600
            )
        except FileExistsError:
            continue
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return path
    raise AssertionError("itertools.count does not end")
