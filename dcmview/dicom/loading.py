"""Imports of pydicom, one thread at a time, and what has to be mended in it.

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
        from pydicom import charset

        # pydicom thinks that Python knows the escape sequence of Chinese characters (ISO-IR 58), as
        # it does that of Japanese ones: it shows it in texts, and writes none.
        handled = tuple(each for each in charset.handled_encodings if each != "iso_ir_58")
        charset.handled_encodings = handled  # type: ignore[assignment]  # of three, for mypy
