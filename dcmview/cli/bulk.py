"""What the commands over many files have in common: options, progress, report, exit code."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

from dcmview.bulk.inputs import Inputs
from dcmview.bulk.interrupts import ENDING_SIGNALS, interrupt, noting
from dcmview.bulk.reporting import REPORT_BEGIN, Tally, write_line
from dcmview.bulk.result import Status
from dcmview.bulk.run import BulkRun
from dcmview.cli import console
from dcmview.cli.options import STANDARD_INPUT
from dcmview.cli.paths import given_paths
from dcmview.errors import NothingToShow, NotSaved, StartError, UsageError
from dcmview.registry.filters import parse_filter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from dcmview.bulk.result import Result
    from dcmview.bulk.run import BulkPlan
    from dcmview.cli.bulk_options import BulkOptions

PROGRESS_INTERVAL_S = 0.2
MOST_FAILURES_TOLD = 20
WATCH_INTERVAL_S = 2.0


def run_bulk(
    options: BulkOptions,
    plan: BulkPlan,
    *,
    on_result: Callable[[Result], None] = lambda _result: None,
    told_as: Callable[[Result], Result] = lambda result: result,
    watch: bool = False,
    standard_input: BinaryIO | None = None,
) -> int:
    """Carry a plan out over the files of a command line; give the exit code.

    The options are those that `check_options` has passed.
    ``on_result`` is called with every result, in the order of the files; ``told_as``
    gives what is told in its place, where outputs do not stay where they are made. With
    ``watch`` the run goes on until it is interrupted, which is no failure then.
    ``standard_input`` is what a path of ``-`` reads, where its beginning was looked at.

    Raises
    ------
    NothingToShow
        If no file is a DICOM file that the filters let through.
    """
    inputs = Inputs(
        given_paths(options, standard_input),
        recursive=not options.no_recursive,
        filters=tuple(parse_filter(expression) for expression in options.filter),
        workers=0 if options.jobs == 1 else None,
        watch_interval_s=WATCH_INTERVAL_S if watch else None,
    )
    tally, screen = Tally(), _Screen(is_quiet=options.quiet)
    code = console.EXIT_OK
    results = BulkRun(inputs, plan).results()
    with _report_at(options.report) as report, interrupting():

        def take(result: Result | None) -> None:
            with noting():
                if result is not None:
                    result = told_as(result)
                    tally.add(result)
                    report(result)
                    screen.tell(result)
                    on_result(result)
                screen.show(tally, inputs)

        try:
            for result in results:
                take(result)
        except KeyboardInterrupt:
            code = console.EXIT_OK if watch else console.EXIT_INTERRUPTED
            # One that came between two results is told to the run, which gives those that are left.
            with contextlib.suppress(KeyboardInterrupt, StopIteration):
                take(results.throw(KeyboardInterrupt()))
                for result in results:
                    take(result)
    screen.end(tally, is_interrupted=code == console.EXIT_INTERRUPTED)
    if code == console.EXIT_OK and tally.counts[Status.FAILED]:
        return console.EXIT_FILE_FAILED
    if code == console.EXIT_OK and not inputs.counts.listed and not watch:
        raise NothingToShow("no DICOM files there" if tally.total else "no files there")
    return code


def check_options(options: BulkOptions) -> None:
    """Refuse values that no option parser knows to be wrong.

    Raises
    ------
    UsageError
        Naming the option.
    """
    if not options.paths and not options.file_list:
        raise UsageError("no PATH given")
    if options.paths.count(STANDARD_INPUT) > 1:
        raise UsageError("standard input can be read only once")
    for path in (*options.paths, *options.file_list):
        if path != STANDARD_INPUT and not os.path.exists(path):
            raise UsageError(f"no such file or folder: {path}")
    if STANDARD_INPUT in options.paths and sys.stdin is None:
        raise UsageError("there is no standard input to read paths from")
    if options.report == STANDARD_INPUT:
        raise UsageError("--report: - is no name of a file; standard output is /dev/stdout")
    if options.jobs < 0:
        raise UsageError(f"--jobs must be 0 or more, not {options.jobs}")


class _Screen:
    """What a person sees of a run."""

    def __init__(self, *, is_quiet: bool) -> None:
        self._is_quiet = is_quiet
        self._is_terminal = console.stderr_is_terminal() and not is_quiet
        self._last = 0.0
        self._failures = 0
        self._skipped = ""

    def tell(self, result: Result) -> None:
        """Name a file that failed; after many of them, only count."""
        if result.status is Status.SKIPPED:
            self._skipped = f"skipped {result.input}: {result.reason}"
        if result.status is not Status.FAILED:
            return
        self._failures += 1
        if self._failures <= MOST_FAILURES_TOLD:
            self._clear()
            console.tell(f"failed {result.input}: {result.reason}")

    def show(self, tally: Tally, inputs: Inputs) -> None:
        """Show counts and rate, a few times a second."""
        now = time.monotonic()
        if self._is_terminal and now - self._last > PROGRESS_INTERVAL_S:
            self._last = now
            counts = inputs.counts
            line = tally.progress(counts.seen, is_complete=counts.is_complete)
            console.put_transient(f"dcmview: {line}")

    def end(self, tally: Tally, *, is_interrupted: bool) -> None:
        """Sum up."""
        self._clear()
        more = self._failures - MOST_FAILURES_TOLD
        if more > 0:
            console.tell(f"and {more:,} more failed; --report names them")
        if self._is_quiet:
            return
        if tally.total > 1 or is_interrupted:
            console.tell(f"{'interrupted; ' if is_interrupted else ''}{tally.summary()}")
        elif self._skipped:
            console.tell(self._skipped)

    def _clear(self) -> None:
        if self._is_terminal:
            console.put_transient("")


@contextlib.contextmanager
def _report_at(path: str | None) -> Iterator[Callable[[Result], None]]:
    """Open a report; give what writes a line of it."""
    if path is None:
        yield lambda _result: None
        return
    stream = _open_report(path)

    def write(result: Result) -> None:
        try:
            write_line(stream, result)
        except OSError as exc:
            raise NotSaved(f"--report: {path} cannot be written: {exc.strerror}") from exc

    try:
        yield write
    finally:
        # Closing tries once more what could not be written, which was told already.
        with contextlib.suppress(OSError):
            stream.close()


def _open_report(path: str) -> BinaryIO:
    try:
        if os.path.isfile(path) and os.path.getsize(path):
            with open(path, "rb") as stream:
                if stream.read(len(REPORT_BEGIN)) != REPORT_BEGIN:
                    raise UsageError(
                        f"--report: there is a file of that name, and no report: {path}"
                    )
        return open(path, "wb")
    except OSError as exc:
        raise StartError(f"--report: {path}: {exc.strerror}") from exc


@contextlib.contextmanager
def interrupting() -> Iterator[None]:
    """Let SIGTERM end a run as Ctrl+C does: what is begun is finished, the rest is not begun.

    So does a terminal that is closed, or a connection that is lost, if nothing else was said.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in ENDING_SIGNALS}
    # One that is ignored, as after nohup, stays so.
    usual = (signal.SIG_DFL, signal.default_int_handler)
    ours = [number for number, handler in before.items() if handler in usual]
    for number in ours:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, before[number])
