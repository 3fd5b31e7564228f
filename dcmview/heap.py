"""Keep freed memory for the next frame instead of giving it back to the system.

glibc maps every large block anew and unmaps it when it is freed, so that each
frame of some megabytes pays for its pages again: more than half of the time of
a fast decode. Other C libraries are left as they are.
"""

from __future__ import annotations

import contextlib
import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8

LARGEST_KEPT_BLOCK_BYTES = 32 * 1024 * 1024  # glibc accepts no more
MOST_KEPT_BYTES = 96 * 1024 * 1024
"""Free memory at the end of the heap that stays with the process."""
ARENAS = 1
"""Those of other threads than the first give large blocks back at once, whatever is asked."""


def keep_freed_memory() -> None:
    """Set the allocator of this process, once and before it has threads that allocate much."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_ARENA_MAX, ARENAS)
        mallopt(_M_MMAP_THRESHOLD, LARGEST_KEPT_BLOCK_BYTES)
        mallopt(_M_TRIM_THRESHOLD, MOST_KEPT_BYTES)
