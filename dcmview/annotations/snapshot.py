"""The file that holds all ROIs as they were at one moment, replaced as a whole.

Nobody else is to write to it meanwhile: what edits build on must be what was read or written.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat

from dcmview.annotations.disk import OWNER_ONLY, Stamp, stamp, sync, sync_folder, write
from dcmview.errors import StartError

UNFINISHED_SUFFIX = ".dcmview-unfinished"
GONE = "was moved or removed"
CHANGED = "was changed by another program"


class Snapshot:
    """The snapshot at a path, which need not be there yet; not for many threads at once.

    Attributes
    ----------
    path : str
        Where it is, or will be.
    digest : str
        SHA-256 of what was read or written last.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.digest = ""
        self._stamp: Stamp | None = None
        self._mode = OWNER_ONLY

    def read(self) -> bytes | None:
        """Give its content; None if there is none yet.

        Raises
        ------
        StartError
            If it is no file that can be replaced.
        OSError
            If it cannot be read.
        """
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        if os.path.islink(self.path):
            raise StartError(f"--save-annotations: a link, name the file itself: {self.path}")
        try:
            descriptor = os.open(self.path, flags | getattr(os, "O_NONBLOCK", 0))
        except FileNotFoundError:
            return None
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise StartError(f"--save-annotations: no regular file: {self.path}")
            # It would be replaced all the same, which takes a writable folder alone.
            if not os.access(self.path, os.W_OK):
                raise StartError(f"--save-annotations: may not be written: {self.path}")
            content = file.read()
        self._mode = stat.S_IMODE(status.st_mode)
        self._note(content)
        return content

    @property
    def is_ours(self) -> bool:
        """Whether it is what was read or written last."""
        found = stamp(self.path)
        if found == self._stamp:
            return True
        if found is None or self._stamp is None or found.size != self._stamp.size:
            return False
        if not stat.S_ISREG(os.lstat(self.path).st_mode):
            return False
        # Copied back or touched, perhaps.
        with open(self.path, "rb") as file:
            is_same = hashlib.file_digest(file, "sha256").hexdigest() == self.digest
        if is_same:
            self._stamp = found
        return is_same

    def check(self) -> None:
        """Refuse to go on without what edits build on.

        Raises
        ------
        OSError
            If it is gone, or somebody else has changed it.
        """
        if not self.is_ours:
            raise OSError(errno.ESTALE, CHANGED if stamp(self.path) else GONE, self.path)

    def replace(self, content: bytes) -> None:
        """Write another one in its place, with its mode; it is on the disk then.

        Raises
        ------
        OSError
            If that cannot be done, or what is there is of somebody else.
        """
        if stamp(self.path) is not None:
            self.check()
        temporary = self.remove_unfinished()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        descriptor = os.open(temporary, flags, OWNER_ONLY)
        try:
            try:
                write(descriptor, content)
                if self._mode != OWNER_ONLY and hasattr(os, "fchmod"):
                    with contextlib.suppress(PermissionError):  # some file systems have no modes
                        os.fchmod(descriptor, self._mode)
                sync(descriptor)
            finally:
                os.close(descriptor)
            os.replace(temporary, self.path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        self._note(content)
        sync_folder(os.path.dirname(self.path))

    def remove_unfinished(self) -> str:
        """Remove one in the midst of which the process died; give its path."""
        path = self.path + UNFINISHED_SUFFIX
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        return path

    def _note(self, content: bytes) -> None:
        self._stamp = stamp(self.path)
        self.digest = hashlib.sha256(content).hexdigest()
