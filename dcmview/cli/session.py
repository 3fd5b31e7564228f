"""The time between the printed address and the exit code.

Everything heavy is imported here, with the port already open. In the order
of the calls: make the application, accept requests, scan, say what was
found, and at the end save what nobody else has.
"""

from __future__ import annotations

import os
import select
import sys
import threading
from typing import TYPE_CHECKING

from dcmview.cli import console
from dcmview.cli.progress import counts, summary_lines
from dcmview.cli.report import write_report
from dcmview.cli.rescue import rescue_folders, write_rescue_file
from dcmview.errors import NothingToShow, UsageError
from dcmview.exchange.forms import EXPORT_FORMS
from dcmview.server.lifetime import Lifetime
from dcmview.server.serve import serve
from dcmview.server.signals import EndReason, on_end_signals
from dcmview.web.access import AccessPolicy
from dcmview.web.app import create_app
from dcmview.web.peer_uid import can_tell
from dcmview.web.status import ServerStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dcmview.cli.view import Start
    from dcmview.library import Library
    from dcmview.tunnel import Tunnel

MOST_WARNINGS = 10
PARENT_CHECK_S = 1.0
SAVE_LIMIT_S = 0.6


def run_session(start: Start, library: Library) -> int:
    """Serve on an open port until the end, while a library is being filled.

    Raises
    ------
    StartError
        If the page is not built.
    NothingToShow
        If the scan finds no DICOM object.
    """
    return _Session(start, library).run()


class _Session:
    def __init__(self, start: Start, library: Library) -> None:
        options = start.options
        self._start = start
        self._status = ServerStatus()
        self._library = library
        self._tunnel: Tunnel | None = None
        self._report_lock = threading.Lock()
        self._is_terminal = console.stderr_is_terminal()
        self._lifetime = Lifetime(
            self._status,
            idle_limit_s=options.timeout,
            has_unsaved_edits=lambda: self._library.saving.unsaved_files > 0,
            ask_again=self._ask_again if self._is_terminal else None,
        )

    def run(self) -> int:
        """Serve; give the exit code."""
        start = self._start
        app = create_app(self._library, access=self._policy(), status=self._status)
        on_end_signals(self._lifetime.request_end)
        if start.options.end_with_stdin:
            self._start_thread(self._wait_for_parent)
        reason = serve(
            app,
            start.listener.socket,
            self._lifetime,
            check_users=self._checks_users(),
            on_started=self._on_started,
            finish=self._finish,
        )
        if reason is EndReason.NOTHING_TO_SHOW:
            found = counts(self._library.scan_summary())
            names = ", ".join((*start.options.paths, *start.options.file_list))
            raise NothingToShow(f"nothing to show in {names}: {found}")
        return console.EXIT_OK

    def _policy(self) -> AccessPolicy:
        options = self._start.options
        return AccessPolicy(
            token=self._start.token.token,
            token_for_all=self._start.token.for_all,
            host_names=frozenset(name.lower() for name in (options.host, *options.allow_host)),
        )

    def _checks_users(self) -> bool:
        if self._start.token.for_all:
            return False  # the token tells more than a user id
        if can_tell():
            return True
        console.warn(
            "this system does not tell which local user connects, so every user of this computer "
            "can see the files; --token keeps them out"
        )
        return False

    def _on_started(self) -> None:
        if self._start.tunnel is not None:
            from dcmview.tunnel import Tunnel

            self._tunnel = Tunnel(
                self._start.tunnel, self._status, tell=console.tell, warn=console.warn
            )
            self._tunnel.start(can_ask=self._is_terminal)
        self._start_thread(self._wait_for_scan)

    def _wait_for_scan(self) -> None:
        self._library.wait_scan()
        summary = self._library.scan_summary()
        if self._is_terminal:
            console.put_transient("")
        for line in summary_lines(summary):
            console.tell(line)
        warnings = self._library.warnings()
        for warning in warnings[:MOST_WARNINGS]:
            console.warn(warning)
        if len(warnings) > MOST_WARNINGS:
            console.warn(f"and {len(warnings) - MOST_WARNINGS:,} more; the page lists them")
        self._write_report()
        self._lifetime.note_scan_end()
        if not summary.listed and not self._start.options.watch:
            self._lifetime.request_end(EndReason.NOTHING_TO_SHOW)

    def _wait_for_parent(self) -> None:
        """End when the other end of standard input closes, however its process died."""
        parent = os.getppid()
        try:
            # A process forked by the parent may hold the pipe open, so look at the parent too.
            # Windows cannot wait for a pipe with a time limit; there nobody forks.
            while os.getppid() == parent:
                is_ready = sys.platform == "win32" or select.select([0], [], [], PARENT_CHECK_S)[0]
                if is_ready and not os.read(0, 4096):
                    break
        except OSError:
            pass
        self._lifetime.request_end(EndReason.TERMINATE)

    def _ask_again(self) -> None:
        url = self._start.listener.url
        kind = "csv" if self._library.exchange.carries_all("embed") else "json"
        console.tell(
            "edits are neither saved nor exported. Ctrl+C again ends and loses them; "
            f"{url}/api/annotations/export.{kind} has them"
        )

    def _finish(self, reason: EndReason) -> None:
        # At the terminal the user has been asked; everybody else gets the edits as a file.
        was_asked = reason is EndReason.INTERRUPT and self._library.saving.unsaved_files > 0
        self._save_rois()
        saving = self._library.saving
        if saving.unsaved_files:
            if not was_asked:
                self._rescue()
        elif saving.error:
            console.warn(f"{saving.path} lacks edits that its journal has: {saving.error}")
        if self._tunnel is not None:
            self._tunnel.stop()
        if self._start.options.watch or not self._library.scan_summary().complete:
            self._write_report()
        self._library.close()

    def _save_rois(self) -> None:
        # A disk that does not answer must not keep the process from ending; what is in the
        # journal is found by the next run.
        saving = threading.Thread(target=self._library.saving.close, daemon=True)
        saving.start()
        saving.join(SAVE_LIMIT_S)

    def _write_report(self) -> None:
        path = self._start.options.report
        if path is None:
            return
        with self._report_lock:
            try:
                write_report(self._library, path)
            except (OSError, UsageError) as exc:
                console.warn(f"the report cannot be written to {path}: {exc}")
            else:
                console.tell(f"how every path ended is in {path}")

    def _rescue(self) -> None:
        if self._start.options.no_rescue:
            console.warn("edits that were neither saved nor exported are lost (--no-rescue)")
            return
        error = self._library.saving.error
        if error:
            console.warn(f"edits could not be saved: {error}")
        forms = [] if self._library.rois.is_empty else ["embed"]
        if not forms or not self._library.exchange.carries_all("embed"):
            forms.append("json")
        reasons = []
        for folder in rescue_folders():
            try:
                paths = self._rescued(forms, folder)
            except OSError as exc:
                reasons.append(f"{folder}: {exc.strerror or exc}")
                continue
            console.tell(f"edits that were neither saved nor exported are in {' and '.join(paths)}")
            return
        console.warn(f"edits are lost, they cannot be written: {'; '.join(reasons)}")

    def _rescued(self, forms: Sequence[str], folder: str) -> list[str]:
        exchange = self._library.exchange
        paths: list[str] = []
        try:
            for form in forms:
                content = exchange.export(form, folder=folder).whole()
                paths.append(write_rescue_file(content, folder, EXPORT_FORMS[form].suffix))
        except OSError:
            for path in paths:
                os.unlink(path)
            raise
        return paths

    def _start_thread(self, target: Callable[[], None]) -> None:
        threading.Thread(target=target, name=f"dcmview{target.__name__}", daemon=True).start()
