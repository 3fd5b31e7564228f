"""The files of a run, as a scan of the given paths finds them."""

from __future__ import annotations

import os
import queue
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from dcmview.dicom.source import open_source
from dcmview.dicom.transfer import transfer_syntax
from dcmview.errors import DcmviewError, NotDicom, Unreadable
from dcmview.model import FileEnd
from dcmview.registry.reading import FileReader, Listed, Skipped
from dcmview.registry.registry import Entry, Registry, SkippedPath

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dcmview.registry.scan import Scan
    from dcmview.registry.walk import Root

_TICK_S = 0.1
_SKIPPED_ENDS = (FileEnd.NOT_DICOM, FileEnd.UNREADABLE, FileEnd.FILTERED)


STALLED_S = 60.0
"""So long a file in a watched folder that ends early may not change before it counts as whole."""
_TAIL_BYTES = 64 * 1024
_END_OF_FRAGMENTS = b"\xfe\xff\xdd\xe0\0\0\0\0"


class Counts(NamedTuple):
    """How many paths were seen so far, how many are DICOM files, and whether that is all."""

    seen: int
    listed: int
    is_complete: bool


class _Held(NamedTuple):
    entry: Entry
    until: float


class Inputs:
    """Files of a run in the order of the walk, then the paths that are none; gone through once.

    Parameters
    ----------
    roots : iterable of str
        Files, folders, archives; may come slowly, see `Walk`.
    recursive : bool
        Whether folders below the given ones are entered.
    filters : sequence of (field, value)
        All must match.
    workers : int, optional
        Processes that read headers, by default one a core; 0 reads them here.
    watch_interval_s : float, optional
        Go on for ever and look for files that come, this often. A file is
        given once it has stopped growing, one that ends early not before a minute.
    """

    def __init__(
        self,
        roots: Iterable[Root],
        *,
        recursive: bool = True,
        filters: Sequence[tuple[str, str]] = (),
        workers: int | None = None,
        watch_interval_s: float | None = None,
    ) -> None:
        self._roots = roots
        self._workers = workers
        self._recursive = recursive
        self._filters = filters
        self._watch_interval_s = watch_interval_s
        self._registry = Registry()
        self._found: queue.SimpleQueue[list[Entry] | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._given: dict[str, None] = {}
        self._error: BaseException | None = None
        self._told_skips: set[str] = set()
        self._running_scan: Scan | None = None

    @property
    def is_endless(self) -> bool:
        """Whether files may come for ever."""
        return self._watch_interval_s is not None

    @property
    def counts(self) -> Counts:
        """How many paths were seen so far."""
        summary = self._registry.summary()
        seen = summary.listed + summary.not_dicom + summary.unreadable
        return Counts(seen, summary.listed, summary.complete)

    def is_given(self, path: str) -> bool:
        """Whether a path was named itself, not found in a folder."""
        return path in self._given

    def __iter__(self) -> Iterator[Entry | SkippedPath | None]:
        """Give files, and paths that are none with the reason; None when nothing has come yet."""
        threading.Thread(target=self._scan, name="dcmview-inputs", daemon=True).start()
        held: list[_Held] = []
        is_over = False
        while not is_over or held:
            try:
                entries = self._found.get(timeout=_TICK_S)
            except queue.Empty:
                entries = []
            if entries is None:
                is_over = True
                entries = []
            settled = self._settled(entries, held)
            yield from settled
            if not settled and not is_over:
                if self._watch_interval_s is not None:
                    yield from self._new_skips()
                yield None
        yield from self._new_skips()
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Let the scan, or the watch, come to an end."""
        self._stopping.set()
        if self._running_scan is not None:
            self._running_scan.stop()

    def _settled(self, entries: list[Entry], held: list[_Held]) -> list[Entry]:
        interval_s = self._watch_interval_s
        if interval_s is None:
            return entries
        now = time.time()
        held.extend(
            _Held(entry, now + (STALLED_S if _ends_early(entry) else interval_s))
            for entry in entries
        )
        due = [each for each in held if each.until <= now]
        held[:] = [each for each in held if each.until > now]
        # What has changed since comes again, as it is then.
        return [each.entry for each in due if _is_unchanged(each.entry)]

    def _new_skips(self) -> Iterator[SkippedPath]:
        for skipped in self._registry.skipped(_SKIPPED_ENDS):
            if skipped.path not in self._told_skips:
                self._told_skips.add(skipped.path)
                yield skipped

    def _scan(self) -> None:
        from dcmview.registry.scan import Scan

        def remembered() -> Iterator[Root]:
            for root in self._roots:
                if isinstance(root, str):
                    self._given[os.path.abspath(root)] = None
                if self._stopping.is_set():
                    return
                yield root

        try:
            self._running_scan = scan = Scan(
                self._registry,
                remembered(),
                recursive=self._recursive,
                filters=self._filters,
                on_entries=self._found.put,
                workers=self._workers,
            )
            scan.run()
            self._registry.mark_complete()
            if self._watch_interval_s is not None:
                scan.watch(list(self._given), self._watch_interval_s, self._stopping.wait)
        except BaseException as exc:  # noqa: BLE001, told in the thread that waits
            self._error = exc
        finally:
            self._found.put(None)


def entry_of(path: str) -> Entry:
    """Read the header of one file, without a scan.

    Raises
    ------
    NotDicom
        If it is none.
    Unreadable
        If it cannot be read.
    """
    reader = FileReader(())
    outcome = reader.read_quickly(path) or reader.read(path)
    if isinstance(outcome, Listed):
        return Entry(0, path, outcome.stamp, outcome.header)
    if not isinstance(outcome, Skipped):
        raise NotDicom(f"{path}: an archive, not a DICOM file")
    error = NotDicom if outcome.end is FileEnd.NOT_DICOM else Unreadable
    raise error(f"{path}: {outcome.reason}")


def _ends_early(entry: Entry) -> bool:
    """Whether the rest of a file may still be on its way, as far as its header and its end tell."""
    shared = entry.header.shared
    if entry.member is not None:
        return False
    if entry.header.problem or (not shared.has_pixels and "Image" in shared.kind):
        return True
    if not (shared.has_pixels and transfer_syntax(shared.transfer_syntax_uid).encapsulated):
        return False
    try:
        with open_source(entry.path, expected=entry.stamp) as source:
            tail = source.pread(max(source.size - _TAIL_BYTES, 0), _TAIL_BYTES)
    except DcmviewError:
        return True
    return _END_OF_FRAGMENTS not in tail


def _is_unchanged(entry: Entry) -> bool:
    try:
        with open_source(entry.path if entry.member is None else entry.member.archive) as source:
            return source.stamp == entry.stamp
    except DcmviewError:  # gone, or replaced by something else
        return False
