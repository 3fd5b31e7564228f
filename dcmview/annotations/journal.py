"""Where ``--save-annotations FILE`` keeps ROIs, so that no acknowledged edit is lost.

``FILE`` is a snapshot, JSON of `annotations.native`. ``FILE.journal`` holds the
edits since, one a line, each with a checksum, and is on the disk before an
edit is acknowledged. It is folded into the snapshot when it has grown as
large, and at the end. The journal's lock keeps a second server out. Its lines are
those of `journal_lines`, and `snapshot` writes the other file.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import time
from typing import TYPE_CHECKING

from dcmview.annotations.disk import (
    OWNER_ONLY,
    is_at,
    lock,
    read_all,
    sync,
    sync_folder,
    write,
    write_beside,
)
from dcmview.annotations.imports import with_added
from dcmview.annotations.journal_lines import (
    Edit,
    Head,
    MarkEdit,
    encode_line,
    read_lines,
    repeat_edits,
)
from dcmview.annotations.native import (
    Contents,
    file_key,
    read_native,
    stored_key,
    write_native,
)
from dcmview.annotations.snapshot import CHANGED, GONE, Snapshot
from dcmview.annotations.triage import Mark
from dcmview.errors import InvalidAnnotation, StartError

if TYPE_CHECKING:
    from collections.abc import Callable

    from dcmview.annotations.journal_lines import Lines
    from dcmview.annotations.native import FileKey, StoredKey
    from dcmview.annotations.operations import Operation
    from dcmview.annotations.roi import Roi

JOURNAL_SUFFIX = ".journal"
SMALLEST_FOLD_BYTES = 1024 * 1024
LOCK_ATTEMPTS = 10
NO_LOCKS = frozenset({errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK})
"""What network file systems that are mounted without locks say."""

_CUT = "was cut short by another program"


class Journal:
    """An open pair of snapshot and journal; not for many threads at once.

    Attributes
    ----------
    path : str
        The snapshot.
    found : Contents
        What was there at the start.
    warnings : list of str
        What was damaged, and where it was put.
    """

    def __init__(self, path: str) -> None:
        self.path = os.path.abspath(path)
        self.warnings: list[str] = []
        self.found = Contents()
        self._folder = os.path.dirname(self.path)
        self._journal_path = self.path + JOURNAL_SUFFIX
        self._head = Head(secrets.token_hex(8))
        self._sequence = 0
        self._snapshot = Snapshot(self.path)
        self._pending: list[bytes] = []
        self._moved: dict[FileKey, FileKey] = {}
        self._end = 0
        self._is_ragged = False
        self._fold_at = SMALLEST_FOLD_BYTES
        self._descriptor = -1
        try:
            self._open()
        except OSError as exc:
            self._leave()
            raise StartError(f"--save-annotations {path}: {exc.strerror or exc}") from exc
        except BaseException:
            self._leave()
            raise

    # Edits

    def append(
        self,
        key: FileKey,
        *,
        rois: tuple[Roi, ...] | None = None,
        operations: tuple[Operation, ...] = (),
    ) -> None:
        """Take an edit; once `flush` returns it survives the process and the computer."""
        edit = Edit(*self._next(key), rois=rois, operations=operations)
        self._pending.append(encode_line(edit))

    def append_mark(self, key: FileKey, mark: Mark) -> None:
        """Take a mark, as `append` takes an edit."""
        self._pending.append(encode_line(MarkEdit(*self._next(key), mark)))

    def note_move(self, old: FileKey, new: FileKey) -> None:
        """Remember that a file is known under another name from now on."""
        self._moved[new] = self._moved.pop(old, old)

    def _next(self, key: FileKey) -> tuple[int, StoredKey, StoredKey | None]:
        self._sequence += 1
        # Said once: later there may be another file under the old name.
        was = self._moved.pop(key, None)
        moved = None if was is None else stored_key(was, self._folder)
        return self._sequence, stored_key(key, self._folder), moved

    def flush(self) -> None:
        """Write what was appended.

        Raises
        ------
        OSError
            If that cannot be done. All of it is written with the next edit.
        """
        if not self._pending:
            return
        self._check_in_place()
        self._snapshot.check()
        if self._is_ragged:
            os.ftruncate(self._descriptor, self._end)
        data = b"".join(self._pending)
        self._is_ragged = True
        os.lseek(self._descriptor, self._end, os.SEEK_SET)
        write(self._descriptor, data)
        sync(self._descriptor)
        self._is_ragged = False
        self._end += len(data)
        self._pending.clear()

    @property
    def is_behind(self) -> bool:
        """Whether an edit waits to be written."""
        return bool(self._pending)

    @property
    def should_fold(self) -> bool:
        """Whether the journal has grown enough to be folded into the snapshot."""
        return self._end > self._fold_at

    def fold(self, contents: Contents) -> None:
        """Write a snapshot of everything and begin the journal anew.

        Raises
        ------
        OSError
            If the snapshot could not be written; the journal goes on.
        """
        self._fold_at = 2 * self._end  # the next attempt, should this one fail
        self._check_in_place()
        self._replace_snapshot(contents)
        self._begin_anew()

    @property
    def is_in_place(self) -> bool:
        """Whether both files are as they were left."""
        return not self._journal_change() and self._snapshot.is_ours

    @property
    def is_whole(self) -> bool:
        """Whether all that was written is still there."""
        return self._snapshot.is_ours and not (self._has_edits and self._journal_change())

    def renew(self, contents: Contents) -> None:
        """Write everything again after somebody moved, removed or emptied one of the two files.

        Raises
        ------
        OSError
            If that cannot be done, or one of them is of somebody else.
        """
        if self._journal_change() == _CUT:
            self._end = 0
            self._is_ragged = True
        if is_at(self._descriptor, self._journal_path):
            self.fold(contents)
            return
        try:
            descriptor = self._open_locked()
        except StartError as exc:
            raise OSError(errno.EBUSY, exc.message) from exc
        try:
            if os.fstat(descriptor).st_size > 0:
                raise OSError(errno.ESTALE, "was replaced by another one", self._journal_path)
            # The journal that has gone may have held edits that nothing else holds.
            self._replace_snapshot(contents)
        except BaseException:
            os.close(descriptor)
            raise
        os.close(self._descriptor)
        self._descriptor = descriptor
        self._begin_anew()

    def close(self, contents: Callable[[], Contents]) -> None:
        """Fold what is in the journal, remove it and give up the lock.

        Raises
        ------
        OSError
            If that cannot be done; the journal stays, with all that it holds.
        """
        try:
            self.flush()
            if self._has_edits:
                self.fold(contents())
            # Elsewhere an open file cannot be removed; and another one is not ours to remove.
            if os.name == "posix" and not self._journal_change():
                os.unlink(self._journal_path)
        finally:
            self._let_go()

    @property
    def _has_edits(self) -> bool:
        return self._end > len(encode_line(self._head))

    # Opening

    def _open(self) -> None:
        self._descriptor = self._open_locked()
        self._snapshot.remove_unfinished()
        content = self._snapshot.read()
        if content is not None:
            self._take_snapshot(content)
        lines = read_all(self._descriptor)
        self._end = len(lines)
        found = read_lines(lines)
        if found.head is not None:
            self._check_belongs(found.head, has_snapshot=content is not None)
            self._head = found.head
        missed, self._sequence = repeat_edits(
            self.found, found.edits, since=self._sequence, folder=self._folder
        )
        if found.bad or missed or found.is_torn:
            self._mend(found, missed)
        self._end = os.fstat(self._descriptor).st_size
        if self._end == 0:
            self._pending = [encode_line(self._head)]
            self.flush()
            sync_folder(self._folder)

    def _open_locked(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        for _ in range(LOCK_ATTEMPTS):
            descriptor = os.open(self._journal_path, flags, OWNER_ONLY)
            try:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise StartError(f"--save-annotations: no regular file: {self._journal_path}")
                if not self._locked(descriptor):
                    raise StartError(
                        f"--save-annotations {self.path}: another dcmview writes to it"
                    )
                # The one that had the lock may have removed the file at its end.
                if is_at(descriptor, self._journal_path):
                    return descriptor
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)
        raise StartError(f"--save-annotations {self.path}: the journal comes and goes")

    def _locked(self, descriptor: int) -> bool:
        try:
            return lock(descriptor)
        except OSError as exc:
            if exc.errno not in NO_LOCKS:
                raise
        warning = (
            f"{self.path}: the file system has no locks, so a second viewer that "
            "writes there is not kept out"
        )
        if warning not in self.warnings:
            self.warnings.append(warning)
        return True

    def _take_snapshot(self, content: bytes) -> None:
        self._fold_at = max(SMALLEST_FOLD_BYTES, len(content))
        try:
            document = read_native(content)
            for stored in document.files:
                key = file_key(stored, self._folder)
                # One that others wrote may name a file twice.
                there = self.found.rois.get(key)
                merged = with_added(there, stored.rois) if there else stored.rois
                self.found.rois[key] = merged
        except InvalidAnnotation as exc:
            raise StartError(
                f"--save-annotations {self.path}: is left alone: {exc.message}"
            ) from exc
        if document.log:
            self._head = Head(document.log)
        else:
            self._head = Head(self._head.log, base=self._snapshot.digest)
        self._sequence = document.sequence
        for mark in document.triage:
            key = file_key(mark, self._folder)
            self.found.marks[key] = Mark(mark.mark, mark.note, mark.modified)

    def _check_belongs(self, head: Head, *, has_snapshot: bool) -> None:
        if head.version != Head("").version:
            raise StartError(
                f"--save-annotations: {self._journal_path} was written by a later version"
            )
        ours = self._head
        belongs = head.base == ours.base if ours.base else head.log == ours.log
        if has_snapshot and not belongs:
            raise StartError(
                f"--save-annotations: {self._journal_path} does not belong to {self.path}; "
                "move one of them elsewhere"
            )

    def _mend(self, found: Lines, missed: int) -> None:
        """Leave out what cannot be read; keep it elsewhere unless it was never acknowledged."""
        if not found.bad and not missed:
            os.ftruncate(self._descriptor, found.good_end)
            sync(self._descriptor)
            return
        stem = f"{self._journal_path}.damaged-{time.strftime('%Y%m%d-%H%M%S')}"
        aside = write_beside(stem, "", read_all(self._descriptor))
        self.warnings.append(
            f"{self._journal_path} was damaged: {found.bad} line(s) could not be read and "
            f"{missed} edit(s) are missing; what could be read is kept, {aside} is a copy"
        )
        self.fold(self.found)

    # Files

    def _check_in_place(self) -> None:
        """Refuse to go on where nobody would find it, or among lines of others."""
        if change := self._journal_change():
            raise OSError(errno.ESTALE, change, self._journal_path)

    def _journal_change(self) -> str:
        """Say what somebody did to the journal; nothing where it is as it was left."""
        if not is_at(self._descriptor, self._journal_path):
            return GONE
        size = os.fstat(self._descriptor).st_size
        if size < self._end:
            return _CUT
        return CHANGED if size > self._end and not self._is_ragged else ""

    def _begin_anew(self) -> None:
        """Empty the journal.

        Should the process die before: edits up to the sequence of the snapshot
        are passed over when they are read again.
        """
        self._moved.clear()
        self._head = Head(self._head.log)
        self._end = 0
        self._is_ragged = True
        self._pending = [encode_line(self._head)]
        self.flush()

    def _replace_snapshot(self, contents: Contents) -> None:
        content = write_native(contents, self._folder, log=self._head.log, sequence=self._sequence)
        self._snapshot.replace(content)
        self._fold_at = max(SMALLEST_FOLD_BYTES, len(content))

    def _leave(self) -> None:
        """Give up a start, and leave nothing that was not there before."""
        if self._descriptor >= 0 and os.fstat(self._descriptor).st_size == 0:
            with contextlib.suppress(OSError):
                os.unlink(self._journal_path)
        self._let_go()

    def _let_go(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
