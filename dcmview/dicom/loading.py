"""Imports of pydicom, one thread at a time.

pydicom imports itself in circles: a thread that imports it while another one
does may be given a module that is half there.
"""

from __future__ import annotations

import threading

IMPORTING = threading.RLock()
"""Held by who imports pydicom, or what is made of it, for the first time."""


def load_pydicom() -> None:
    """Import pydicom, or wait until another thread has; after that it can be used anywhere."""
    with IMPORTING:
        import pydicom.filereader  # noqa: F401
