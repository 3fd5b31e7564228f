"""Quick-look DICOM viewer: ``view(files)`` opens them in the browser.

Importing this package imports nothing else; the names below are found when
they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from typing import Any

    from dcmview.commands.overlay import overlay
    from dcmview.commands.render import Rendering, render
    from dcmview.commands.thumbnail import thumbnail
    from dcmview.commands.transcode import transcode
    from dcmview.errors import DcmviewError, NothingToShow, StartError, UsageError
    from dcmview.notebook import Viewer, view

__all__ = [
    "DcmviewError",
    "NothingToShow",
    "Rendering",
    "StartError",
    "UsageError",
    "Viewer",
    "__version__",
    "overlay",
    "render",
    "thumbnail",
    "transcode",
    "view",
]

_HOME_MODULES = {
    "DcmviewError": "dcmview.errors",
    "NothingToShow": "dcmview.errors",
    "Rendering": "dcmview.commands.render",
    "StartError": "dcmview.errors",
    "UsageError": "dcmview.errors",
    "Viewer": "dcmview.notebook",
    "overlay": "dcmview.commands.overlay",
    "render": "dcmview.commands.render",
    "thumbnail": "dcmview.commands.thumbnail",
    "transcode": "dcmview.commands.transcode",
    "view": "dcmview.notebook",
}


def __getattr__(name: str) -> Any:
    module = _HOME_MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(module), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
