"""Save ROI edits that would end with the process."""

from __future__ import annotations

import itertools
import os
import time


def write_rescue_file(text: str, folder: str) -> str:
    """Write text to a new file that only its owner can read, and give its path.

    The name carries the time. A file or link that is already there is never
    touched; a number is added to the name instead.

    Raises
    ------
    OSError
        If nothing can be written to the folder.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S")
    for number in itertools.count():
        name = f"dcmview-rescued-{stamp}{f'-{number}' if number else ''}.csv"
        path = os.path.join(folder, name)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        # Paths may hold bytes that are not UTF-8; they go out as they came in.
        with open(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        return path
    raise AssertionError("itertools.count does not end")
