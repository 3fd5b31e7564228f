"""``dcmview PATH...``: listen, say so, then load everything else and serve.

The order is the point. Whatever can be refused without heavy imports is
refused before the port opens; once it is open the address is printed, so a
browser may connect while Python still imports.
"""

from __future__ import annotations

import gc
import math
import os
import re
import socket
import sys
from typing import TYPE_CHECKING, NamedTuple

from dcmview.cli import console
from dcmview.cli.options import STANDARD_INPUT, ViewOptions
from dcmview.errors import InvalidAnnotation, UsageError
from dcmview.registry.filters import parse_filter
from dcmview.server.announce import URL_PREFIX
from dcmview.server.listen import Listener, listen
from dcmview.server.signals import on_end_signals
from dcmview.web.built_page import require_built_page

if TYPE_CHECKING:
    from dcmview.annotations.imports import ImportTable
    from dcmview.annotations.journal import Journal
    from dcmview.exchange.nifti import Volume
    from dcmview.server.signals import EndReason
    from dcmview.tunnel import TunnelPlan

TOKEN_VARIABLE = "DCMVIEW_TOKEN"  # noqa: S105
TOKEN_BYTES = 24

SMALLEST_CACHE_BYTES = 16 * 1024 * 1024
_SIZE = re.compile(r"(?P<number>[0-9]{1,12}(\.[0-9]{1,3})?)(?P<unit>[KMGT]?)i?B?", re.IGNORECASE)
_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}


class TokenChoice(NamedTuple):
    """The secret that somebody will need, if anybody does, and whether all do."""

    token: str | None
    for_all: bool


class Start(NamedTuple):
    """What is settled when the port has opened."""

    options: ViewOptions
    listener: Listener
    filters: tuple[tuple[str, str], ...]
    annotations: tuple[ImportTable, ...]
    volumes: list[Volume]
    journal: Journal | None
    labels: tuple[str, ...]
    tunnel: TunnelPlan | None
    token: TokenChoice
    cache_budget_bytes: int | None


def view(options: ViewOptions) -> int:
    """Serve files until the user has seen enough; give the exit code.

    Raises
    ------
    UsageError
        If the options make no sense, or a path does not exist.
    StartError
        If the port, the ROI table or the file for ROIs cannot be used, or the page is not built.
    NothingToShow
        If the scan finds no DICOM object.
    """
    start = _open(options)
    # Nothing can be lost until the first request, and an exception from a signal handler could be
    # swallowed by whatever is being imported.
    on_end_signals(_end_at_once)
    console.put_stdout(f"{URL_PREFIX}{start.listener.url}")
    if start.token.token is not None:
        link = f"{_link_base(start.listener)}/#token={start.token.token}"
        console.put_stdout(f"dcmview: link with token: {link}")
    console.tell(f"from another computer: {_ssh_hint(start.listener)}")
    if not options.no_browser:
        from dcmview.server.browser import open_browser

        open_browser(start.listener.url)

    # What imports make stays, so looking for garbage among it is 15 of 250 ms for nothing.
    gc.disable()
    from dcmview.cli.scanning import begin_scan

    library = begin_scan(start)
    from dcmview.cli.session import run_session

    gc.freeze()
    gc.enable()
    return run_session(start, library)


def check_options(options: ViewOptions) -> None:
    """Refuse values that no option parser knows to be wrong.

    Raises
    ------
    UsageError
        Naming the option.
    """
    if not options.paths and not options.file_list:
        raise UsageError("no PATH given; see dcmview --help")
    if options.paths.count(STANDARD_INPUT) > 1:
        raise UsageError("standard input can be read only once")
    if STANDARD_INPUT in options.paths and options.end_with_stdin:
        raise UsageError("--end-with-stdin leaves no standard input to read paths from")
    for name, port in (("--port", options.port), ("--tunnel-port", options.tunnel_port)):
        if not 0 <= port <= 65535:
            raise UsageError(f"{name} must be from 0 to 65535, not {port}")
    if options.timeout is not None and not (math.isfinite(options.timeout) and options.timeout > 0):
        raise UsageError(f"--timeout must be a number of seconds above 0, not {options.timeout:g}")
    if options.token and options.no_token:
        raise UsageError("--token and --no-token exclude each other")
    if not options.tunnel:
        for name in ("tunnel_host", "tunnel_port", "tunnel_mode"):
            if getattr(options, name) != ViewOptions._field_defaults[name]:
                raise UsageError(f"--{name.replace('_', '-')} is given without --tunnel")


def parse_size(text: str) -> int:
    """Read a number of bytes such as ``500M`` or ``4G``.

    Raises
    ------
    UsageError
        If it is no size, or too small to hold a frame.
    """
    match = _SIZE.fullmatch(text)
    size = int(float(match["number"]) * _UNITS[match["unit"].upper()]) if match else 0
    if size < SMALLEST_CACHE_BYTES:
        raise UsageError(f"--cache-budget must be a size from 16M such as 500M or 4G, not {text}")
    return size


def _open(options: ViewOptions) -> Start:
    check_options(options)
    filters = tuple(parse_filter(expression) for expression in options.filter)
    for path in (*options.paths, *options.file_list):
        if path != STANDARD_INPUT and not os.path.exists(path):
            raise UsageError(f"no such file or folder: {path}")
    for path in options.file_list:
        if os.path.isdir(path):
            raise UsageError(f"--file-list: a folder, not a list of paths: {path}")
    if STANDARD_INPUT in options.paths and sys.stdin is None:
        raise UsageError("there is no standard input to read paths from")
    if options.report is not None:
        from dcmview.cli.report import check_target

        check_target(options.report)
    cache_budget_bytes = None if options.cache_budget is None else parse_size(options.cache_budget)
    require_built_page()
    annotations, volumes = _read_annotations(options)
    labels = _parse_labels(options.labels)
    listener = listen(options.host, options.port)
    tunnel, token = _plan_tunnel(options, listener), _choose_token(options, listener)
    # Last of all: it makes a file.
    journal = _open_journal(options.save_annotations)
    return Start(
        options,
        listener,
        filters,
        annotations,
        volumes,
        journal,
        labels,
        tunnel,
        token,
        cache_budget_bytes,
    )


def _end_at_once(_reason: EndReason) -> None:
    os._exit(console.EXIT_OK)


def _read_annotations(options: ViewOptions) -> tuple[tuple[ImportTable, ...], list[Volume]]:
    has_rois = bool(options.annotations or options.predictions)
    if options.annotations_columns is not None and not has_rois:
        raise UsageError("--annotations-columns is about a table: name it with --annotations")
    if not (has_rois or options.triage):
        return (), []
    from dcmview.annotations.plain_csv import parse_columns
    from dcmview.exchange.assignment import RoiSources
    from dcmview.exchange.readers import read_triage_file

    try:
        mapping = parse_columns(options.annotations_columns or "")
    except InvalidAnnotation as exc:
        raise UsageError(f"--annotations-columns: {exc.message}") from exc
    sources = RoiSources().read(options.annotations, mapping)
    sources.read(options.predictions, mapping, are_predictions=True)
    return (*sources.tables, *map(read_triage_file, options.triage)), sources.volumes


def _parse_labels(text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    from dcmview.annotations.labels import parse_labels

    try:
        return parse_labels(text)
    except InvalidAnnotation as exc:
        raise UsageError(f"--labels: {exc.message}") from exc


def _open_journal(path: str | None) -> Journal | None:
    if path is None:
        return None
    from dcmview.annotations.journal import Journal

    return Journal(path)


def _plan_tunnel(options: ViewOptions, listener: Listener) -> TunnelPlan | None:
    if not options.tunnel:
        return None
    from dcmview.tunnel import plan_tunnel

    return plan_tunnel(
        options.tunnel_host,
        options.tunnel_port,
        options.tunnel_mode,
        port=listener.port,
        target=listener.browser_host,
    )


def _choose_token(options: ViewOptions, listener: Listener) -> TokenChoice:
    # Taken out of the environment, which ssh and browsers would inherit.
    given = os.environ.pop(TOKEN_VARIABLE, "")
    if options.no_token:
        if not listener.is_loopback:
            console.warn("without a token, every computer that reaches this port sees the files")
        return TokenChoice(None, for_all=False)
    if not (given.isascii() and given.isprintable() and " " not in given):
        raise UsageError(f"{TOKEN_VARIABLE} must be visible ASCII characters without spaces")
    for_all = options.token or given != ""
    if not for_all and listener.is_loopback:
        return TokenChoice(None, for_all=False)
    if not given:
        import secrets

        given = secrets.token_urlsafe(TOKEN_BYTES)
    return TokenChoice(given, for_all)


def _link_base(listener: Listener) -> str:
    """Address for the link with the token: for others, unless they cannot connect at all."""
    address = listener.socket.getsockname()[0]
    if address in ("0.0.0.0", "::"):  # noqa: S104
        return f"http://{socket.gethostname()}:{listener.port}"
    return listener.url


def _ssh_hint(listener: Listener) -> str:
    host = f"[{listener.browser_host}]" if ":" in listener.browser_host else listener.browser_host
    user = os.environ.get("USER") or os.environ.get("USERNAME") or "USER"
    return f"ssh -N -L {listener.port}:{host}:{listener.port} {user}@{socket.gethostname()}"
