"""How a call travels to a cluster: as bytes, which nobody but the worker looks into.

A scheduler takes the calls that it passes on apart. Ours would make it import
all of dcmview, and pydicom in several threads at once, which pydicom does not bear.
"""

from __future__ import annotations

import pickle
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_import_lock = threading.Lock()


def pack_call(function: Callable[..., Any], *arguments: Any) -> bytes:
    """Make bytes of a call of a function of a module."""
    return pickle.dumps((function, arguments), protocol=pickle.HIGHEST_PROTOCOL)


def call_packed(content: bytes) -> Any:
    """Do a call that `pack_call` has packed; for many threads."""
    with _import_lock:
        from dcmview.dicom.loading import load_pydicom

        load_pydicom()
        function, arguments = pickle.loads(content)  # noqa: S301, from the scheduler we connected to
    return function(*arguments)
