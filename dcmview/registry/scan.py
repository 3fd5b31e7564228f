"""Fill the registry: walk the given paths, read the headers, list or skip every path.

What is read in parallel is listed in the order of the walk, so indices are
the same in every run over the same files.
"""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from dcmview.dicom.source import open_source
from dcmview.errors import DcmviewError
from dcmview.model import FileEnd
from dcmview.registry.archive_names import Refusal, name_of_its_own
from dcmview.registry.reading import Archive, FileReader, Listed, Skipped
from dcmview.registry.registry import ReadFile, SkippedPath
from dcmview.registry.scan_pool import ScanPool
from dcmview.registry.walk import Root, Walk, in_chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from dcmview.dicom.source import FileSource
    from dcmview.registry.registry import Entry, Registry
    from dcmview.registry.scan_pool import PathOutcome

logger = logging.getLogger(__name__)

FIRST_CHUNK_FILES = 4
CHUNK_FILES = 128
HELD_LIMIT_BYTES = 1024 * 1024 * 1024
"""Of all compressed tars together, whose members are kept in memory."""
MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10"


class Scan:
    """One scan of given paths.

    Parameters
    ----------
    registry : Registry
        Gets every path, listed or skipped.
    roots : iterable of str
        Files and folders in the order the user gave them; may come slowly.
    recursive : bool
        Whether folders below the given ones are entered.
    filters : sequence of (field, value)
        All must match, see ``filters.matches``.
    on_entries : callable
        Called with newly listed files.
    workers : int, optional
        Processes that read headers, by default one a core.
    """

    def __init__(
        self,
        registry: Registry,
        roots: Iterable[Root],
        *,
        recursive: bool,
        filters: Sequence[tuple[str, str]],
        on_entries: Callable[[list[Entry]], None],
        workers: int | None = None,
    ) -> None:
        self._registry = registry
        self._recursive = recursive
        self._filters = filters
        self._workers = workers
        self._reader = FileReader(filters)
        self._held_bytes = 0
        self._on_entries = on_entries
        self._walk = Walk(roots, recursive=recursive)
        chunks = in_chunks(self._walk, first=FIRST_CHUNK_FILES, most=CHUNK_FILES)
        self._pool = ScanPool(chunks, filters, size=workers)
        self._is_stopped = False

    def run(self) -> None:
        """Scan to the end, or until `stop`."""
        for outcomes in self._pool.outcomes():
            if self._is_stopped:
                break
            self._take(outcomes)

    def watch(self, roots: Sequence[str], interval_s: float, wait: Callable[[float], bool]) -> None:
        """After `run`: keep the list up to date until ``wait``, called to rest, says to stop."""
        from dcmview.registry.watch import Watch

        watch = Watch(self._registry, roots, recursive=self._recursive, read=self._read)
        watch.run(interval_s, wait)

    def stop(self) -> None:
        """Let `run` come to an end soon; from any thread."""
        self._is_stopped = True
        self._pool.close()

    def _read(self, paths: Sequence[str]) -> None:
        chunks = in_chunks(paths, first=FIRST_CHUNK_FILES, most=CHUNK_FILES)
        self._pool = ScanPool(chunks, self._filters, size=self._workers)
        for outcomes in self._pool.outcomes():
            self._take(outcomes)

    def _take(self, outcomes: Iterable[PathOutcome]) -> None:
        """List or skip paths in order."""
        listed: list[ReadFile] = []
        for path, outcome in outcomes:
            if isinstance(outcome, Listed):
                listed.append(ReadFile(path, outcome.stamp, outcome.header))
                if outcome.header.shared.sop_class_uid == MEDIA_STORAGE_DIRECTORY:
                    with self._guarded(path):
                        self._report_missing(path)
            elif isinstance(outcome, Skipped):
                self._registry.skip(SkippedPath(path, outcome.end, outcome.reason))
            else:
                self._list(listed)
                listed = []
                with self._guarded(path):
                    self._take_archive(path, outcome)
        self._list(listed)

    @contextlib.contextmanager
    def _guarded(self, path: str) -> Iterator[None]:
        """Let no single archive or DICOMDIR end the scan."""
        try:
            yield
        except Exception as exc:
            logger.exception("reading %r failed", path)
            reason = f"internal error: {type(exc).__name__}: {exc}"
            self._registry.skip(SkippedPath(path, FileEnd.UNREADABLE, reason))

    def _list(self, files: list[ReadFile]) -> None:
        if files:
            self._on_entries(self._registry.add(files))

    def _take_archive(self, path: str, archive: Archive) -> None:
        """List what is in an archive, where it lies."""
        from dcmview.registry.archives import members, shown_path

        found: list[ReadFile] = []
        taken: dict[str, int] = {}
        held_limit_bytes = HELD_LIMIT_BYTES - self._held_bytes
        with contextlib.ExitStack() as stack:
            source = _opened(path, archive, stack)
            for member in members(
                path, archive.kind, expected=archive.stamp, held_limit_bytes=held_limit_bytes
            ):
                if self._is_stopped:
                    return
                shown = shown_path(path, member.name)
                if isinstance(member, Refusal):
                    self._registry.skip(SkippedPath(shown, member.end, member.reason, path))
                    continue
                outcome = self._reader.read_member(member, shown, archive.stamp, source)
                if isinstance(outcome, Listed):
                    self._held_bytes += len(member.content)
                    shown = name_of_its_own(shown, taken)
                    found.append(ReadFile(shown, outcome.stamp, outcome.header, member))
                    if len(found) >= CHUNK_FILES:
                        self._list(found)
                        found = []
                elif isinstance(outcome, Skipped):
                    self._registry.skip(SkippedPath(shown, outcome.end, outcome.reason, path))
        self._list(found)

    def _report_missing(self, path: str) -> None:
        """Say which files a DICOMDIR names that are not there."""
        if path in self._walk.dicomdirs:
            return  # they came with the walk
        from dcmview.registry.dicomdir import read_dicomdir

        for missing in read_dicomdir(path).missing:
            self._registry.skip(SkippedPath(missing.path, missing.end, missing.reason, path))


def _opened(path: str, archive: Archive, stack: contextlib.ExitStack) -> FileSource | None:
    """The archive, opened once for all its members; None where that fails, which they will tell."""
    with contextlib.suppress(DcmviewError):
        return stack.enter_context(open_source(path, expected=archive.stamp))
    return None
