"""What a decoder process may do: compute, and nothing else that lasts.

Linux only. Limits and flags that the kernel does not know are left out; the
worker is useful without them, and the checks before decoding stand anyway.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import struct

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38

# The numbers of system calls this young are the same on every architecture.
_LANDLOCK_CREATE_RULESET = 444
_LANDLOCK_RESTRICT_SELF = 446
_LANDLOCK_GET_VERSION = 1

# linux/landlock.h. Reading stays allowed, since Python may import a module late.
_EXECUTE, _WRITE_FILE, _REFER, _TRUNCATE = 1 << 0, 1 << 1, 1 << 13, 1 << 14
_REMOVE_AND_MAKE = sum(1 << bit for bit in range(4, 13))
_BIND_AND_CONNECT_TCP = 0b11

_MOST_DESCRIPTORS = 64


def confine() -> None:
    """Give up whatever decoding does not need, for good.

    The process dies with its parent, leaves no core file, writes no file,
    starts no program, and opens no TCP connection.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_MOST_DESCRIPTORS, _MOST_DESCRIPTORS))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    with contextlib.suppress(OSError, AttributeError):
        _landlock(libc)


def limit_address_space(limit_bytes: int) -> None:
    """Let allocations beyond this many bytes fail; may be raised and lowered again."""
    resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, resource.RLIM_INFINITY))


def _landlock(libc: ctypes.CDLL) -> None:
    """Refuse writing to the file system, programs and TCP, with no exception."""
    version = libc.syscall(_LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_GET_VERSION)
    if version < 1:
        return
    files = _EXECUTE | _WRITE_FILE | _REMOVE_AND_MAKE
    files |= _REFER if version >= 2 else 0
    files |= _TRUNCATE if version >= 3 else 0
    attributes = struct.pack("=Q", files)
    if version >= 4:
        attributes += struct.pack("=Q", _BIND_AND_CONNECT_TCP)
    ruleset = libc.syscall(_LANDLOCK_CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset >= 0:
        libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0)
        os.close(ruleset)
