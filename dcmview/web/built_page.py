"""Where the built frontend lies, and the check that it is there.

Imports nothing heavy: the command line asks before it opens the port.
"""

from __future__ import annotations

import os

from dcmview.errors import StartError

STATIC_FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "static")


def require_built_page(folder: str = STATIC_FOLDER) -> None:
    """Raise `StartError` where the page was not built."""
    if not os.path.isfile(os.path.join(folder, "index.html")):
        raise StartError(f"the page is not built: no index.html in {folder}; run scripts/install")
