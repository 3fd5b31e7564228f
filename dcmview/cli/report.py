"""``--report FILE``: how every path ended, for scripts and spreadsheets."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import tempfile
from typing import IO, TYPE_CHECKING

from dcmview.errors import UsageError
from dcmview.model import REPORTED_ENDS

if TYPE_CHECKING:
    from dcmview.library import Library, ReportLine

COLUMNS = ("path", "end", "reason", "index")


def write_report(library: Library, path: str) -> None:
    """Write the report, whole or not at all.

    Raises
    ------
    UsageError
        If the path is something that is not an earlier report.
    OSError
        If it cannot be written.
    """
    check_target(path)
    lines = library.report(REPORTED_ENDS)
    folder = os.path.dirname(os.path.abspath(path))
    descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".dcmview-report-")
    try:
        # Paths may hold bytes that are not UTF-8; they go out as they came in.
        with open(
            descriptor, "w", encoding="utf-8", errors="surrogateescape", newline=""
        ) as stream:
            if path.lower().endswith(".json"):
                _write_json(stream, lines, complete=library.scan_summary().complete)
            else:
                _write_csv(stream, lines)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def check_target(path: str) -> None:
    """Refuse to write over anything but an earlier report: it may be what is looked at.

    Raises
    ------
    UsageError
        If the folder is not there, or the file is something else.
    """
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise UsageError(f"--report: no such folder: {folder}")
    if not os.path.lexists(path):
        return
    try:
        is_report = os.path.isfile(path) and _is_report(path)
    except OSError as exc:
        raise UsageError(f"--report: {path}: {exc.strerror}") from exc
    if not is_report:
        raise UsageError(f"--report: is there and is no report, so it is left alone: {path}")


def _is_report(path: str) -> bool:
    with open(path, "rb") as stream:
        head = stream.read(64)
    beginnings = (",".join(COLUMNS).encode() + b"\n", b'{\n "complete":')
    return not head or head.startswith(beginnings)


def _write_json(stream: IO[str], lines: list[ReportLine], *, complete: bool) -> None:
    paths = [
        {"path": line.path, "end": line.end.value, "reason": line.reason, "index": line.index}
        for line in lines
    ]
    json.dump({"complete": complete, "paths": paths}, stream, indent=1)
    stream.write("\n")


def _write_csv(stream: IO[str], lines: list[ReportLine]) -> None:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in lines:
        index = "" if line.index is None else line.index
        writer.writerow((line.path, line.end.value, line.reason, index))
