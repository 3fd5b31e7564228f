"""``view()``: the viewer from Python, as a child process.

A process of its own keeps the caller's interpreter, its threads and its
memory out of it, and a crash of either side harms the other not at all.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, overload

from dcmview.errors import DcmviewError, NothingToShow, StartError, UsageError
from dcmview.server.announce import ERROR_PREFIX, URL_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import TracebackType

    PathArgument = str | os.PathLike[str]

ERROR_BY_EXIT_CODE: dict[int, type[DcmviewError]] = {
    1: NothingToShow,
    2: UsageError,
    3: StartError,
}

END_TIMEOUT_S = 3.0
"""The child promises to end within 2 s."""

# Finds the same dcmview as this process, and no module that lies in the current folder: that may
# be full of somebody else's files.
BOOTSTRAP = "import sys; sys.path.append({root!r}); from dcmview.__main__ import main; main()"

_running: set[Viewer] = set()
"""Keeps viewers alive whose handle nobody kept."""


class Viewer:
    """A running viewer. Ends with ``stop()``, with its ``with`` block, or with this process.

    Attributes
    ----------
    url : str
        Address of the page on this computer.
    """

    def __init__(self, arguments: Sequence[str], *, show_url: bool) -> None:
        self._error_text = ""
        self._stopping = False
        root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        # The child ends when its standard input closes, which happens however this process ends.
        # PR_SET_PDEATHSIG would not do: it fires when the starting *thread* ends, and notebooks
        # run cells in threads. A session of its own keeps Ctrl+C for this process to handle.
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-P",
                "-c",
                BOOTSTRAP.format(root=root),
                "--end-with-stdin",
                *arguments,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="backslashreplace",
            start_new_session=True,
        )
        _running.add(self)
        self._readers = [threading.Thread(target=self._read_messages, daemon=True)]
        self._readers[0].start()
        try:
            self.url = self._read_url(show_url)
        except BaseException:
            self.stop()
            raise
        self._readers.append(threading.Thread(target=self._read_lines, daemon=True))
        self._readers[1].start()

    def wait(self) -> None:
        """Wait until the viewer has ended by itself.

        Raises
        ------
        NothingToShow
            If it ended because the scan found nothing.
        DcmviewError
            If it ended with another error.
        """
        code = self._process.wait()
        self._clean_up()
        if code != 0 and not self._stopping:
            raise self._error(code)

    def stop(self) -> None:
        """End the viewer and wait for it; a second call does nothing.

        Edits that were not exported go to ``dcmview-rescued-<time>.csv``
        in the current folder.
        """
        self._stopping = True
        if os.name == "posix":
            # Closing the pipe would do, but processes forked by this one hold it open too.
            self._process.terminate()
        self._close_stdin()
        try:
            self._process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._clean_up()

    def __enter__(self) -> Viewer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        state = "running" if self._process.poll() is None else "ended"
        return f"<dcmview.Viewer {self.url} {state}>"

    def _read_url(self, show_url: bool) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith(URL_PREFIX):
            code = self._process.wait()
            self._readers[0].join()
            raise self._error(code)
        if show_url:
            sys.stdout.write(line)
            sys.stdout.flush()
        return line.removeprefix(URL_PREFIX).strip()

    def _read_lines(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            sys.stdout.write(line)

    def _read_messages(self) -> None:
        """Pass on what the child says; sys.stderr of a notebook is not descriptor 2."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if line.startswith(ERROR_PREFIX):
                self._error_text = line.removeprefix(ERROR_PREFIX).strip()
            else:
                sys.stderr.write(line)

    def _error(self, code: int) -> DcmviewError:
        error = ERROR_BY_EXIT_CODE.get(code, DcmviewError)
        return error(self._error_text or f"the viewer ended with exit code {code}")

    def _clean_up(self) -> None:
        for reader in self._readers:
            reader.join()
        self._close_stdin()
        for stream in (self._process.stdout, self._process.stderr):
            assert stream is not None
            stream.close()
        _running.discard(self)

    def _close_stdin(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # the child has gone
            self._process.stdin.close()


@overload
def view(
    files: PathArgument | Iterable[PathArgument],
    *,
    port: int = ...,
    host: str = ...,
    browser: bool = ...,
    tunnel: bool = ...,
    tunnel_host: str | None = ...,
    tunnel_port: int = ...,
    block: Literal[True] = ...,
    recursive: bool = ...,
    timeout: float | None = ...,
    annotations: PathArgument | Iterable[PathArgument] | None = ...,
    predictions: PathArgument | Iterable[PathArgument] | None = ...,
    labels: Iterable[str] | None = ...,
    triage: PathArgument | Iterable[PathArgument] | None = ...,
    save_annotations: PathArgument | None = ...,
    filters: Mapping[str, str] | Iterable[str] | None = ...,
) -> None: ...


@overload
def view(
    files: PathArgument | Iterable[PathArgument],
    *,
    port: int = ...,
    host: str = ...,
    browser: bool = ...,
    tunnel: bool = ...,
    tunnel_host: str | None = ...,
    tunnel_port: int = ...,
    block: Literal[False],
    recursive: bool = ...,
    timeout: float | None = ...,
    annotations: PathArgument | Iterable[PathArgument] | None = ...,
    predictions: PathArgument | Iterable[PathArgument] | None = ...,
    labels: Iterable[str] | None = ...,
    triage: PathArgument | Iterable[PathArgument] | None = ...,
    save_annotations: PathArgument | None = ...,
    filters: Mapping[str, str] | Iterable[str] | None = ...,
) -> Viewer: ...


def view(
    files: PathArgument | Iterable[PathArgument],
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    browser: bool = True,
    tunnel: bool = False,
    tunnel_host: str | None = None,
    tunnel_port: int = 0,
    block: bool = True,
    recursive: bool = True,
    timeout: float | None = None,
    annotations: PathArgument | Iterable[PathArgument] | None = None,
    predictions: PathArgument | Iterable[PathArgument] | None = None,
    labels: Iterable[str] | None = None,
    triage: PathArgument | Iterable[PathArgument] | None = None,
    save_annotations: PathArgument | None = None,
    filters: Mapping[str, str] | Iterable[str] | None = None,
) -> Viewer | None:
    """Show DICOM files and folders in the browser.

    Parameters
    ----------
    files : path or iterable of paths
        DICOM files and folders.
    port : int
        Port to listen on; 0 picks a free one.
    host : str
        Address to listen on.
    browser : bool
        Whether to open the browser.
    tunnel, tunnel_host, tunnel_port
        SSH port forward, see ``dcmview --help``. The last two count only
        with ``tunnel=True``.
    block : bool
        Wait until the viewer ends; Ctrl+C (interrupting the cell) ends it.
        With False, return while it runs on.
    recursive : bool
        Whether to look below the given folders too.
    timeout : float, optional
        End after this many seconds without a request.
    annotations : path or iterable of paths, optional
        Files of ROIs in every form that ``--annotations`` takes; a folder stands for the
        files in it.
    predictions : path or iterable of paths, optional
        Such files to look at beside them, as layers that cannot be edited.
    labels : iterable of str, optional
        The labels that ROIs can have.
    triage : path or iterable of paths, optional
        Exports of marks keep, reject and unsure, to go on from.
    save_annotations : path, optional
        Where every ROI edit is saved as it is made, and where to go on from.
    filters : mapping of field to value, or iterable of "FIELD=VALUE", optional
        Show only files whose fields contain these values.

    Returns
    -------
    Viewer or None
        With ``block=False`` the running viewer: ``.url``, ``.stop()``, and
        usable in a ``with`` statement.

    Raises
    ------
    UsageError
        If a path does not exist or an argument makes no sense.
    StartError
        If the port, the ROI table or the file for ROIs cannot be used.
    NothingToShow
        With ``block=True``, if the scan finds no DICOM object.
    """
    arguments = [f"--port={port}", f"--host={host}"]
    if not browser:
        arguments.append("--no-browser")
    if not recursive:
        arguments.append("--no-recursive")
    if timeout is not None:
        arguments.append(f"--timeout={timeout}")
    for name, given in (
        ("annotations", annotations),
        ("predictions", predictions),
        ("triage", triage),
    ):
        tables = [given] if isinstance(given, str | os.PathLike) else given or ()
        arguments.extend(f"--{name}={os.fspath(table)}" for table in tables)
    if labels is not None:
        arguments.append(f"--labels={','.join(labels)}")
    if save_annotations is not None:
        arguments.append(f"--save-annotations={os.fspath(save_annotations)}")
    if filters is not None:
        if isinstance(filters, Mapping):
            filters = [f"{field}={value}" for field, value in filters.items()]
        arguments.extend(f"--filter={expression}" for expression in filters)
    if tunnel:
        arguments += ["--tunnel", f"--tunnel-port={tunnel_port}"]
        if tunnel_host is not None:
            arguments.append(f"--tunnel-host={tunnel_host}")
    paths = [files] if isinstance(files, str | os.PathLike) else files
    viewer = Viewer([*arguments, "--", *(os.fspath(path) for path in paths)], show_url=block)
    if not block:
        return viewer
    try:
        viewer.wait()
    except KeyboardInterrupt:
        viewer.stop()
    return None
