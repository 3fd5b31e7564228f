"""``--report FILE``: how every path ended, for scripts and spreadsheets."""

from __future__ import annotations

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
        If the path is a file that is being shown.
    OSError
        If it cannot be written.
    """
    target = os.path.realpath(path)
    lines = library.report(REPORTED_ENDS)
    is_there = os.path.exists(target)
    if is_there and any(
        os.path.realpath(line.path) == target for line in lines if line.index is not None
    ):
        raise UsageError("it is one of the files that are shown")
    folder = os.path.dirname(os.path.abspath(path))
    with tempfile.NamedTemporaryFile(
        "w", dir=folder, delete=False, encoding="utf-8", errors="surrogateescape", newline=""
    ) as stream:
        try:
            if path.lower().endswith(".json"):
                _write_json(stream, lines, complete=library.scan_summary().complete)
            else:
                _write_csv(stream, lines)
            stream.flush()
            os.replace(stream.name, path)
        except BaseException:
            os.unlink(stream.name)
            raise


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
