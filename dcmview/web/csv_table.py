"""Tables as CSV (RFC 4180) that a spreadsheet opens without carrying anything out."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from starlette.responses import StreamingResponse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# Where a cell begins like this, spreadsheets take it for a formula, in quotes or not.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def csv_response(rows: Iterable[Sequence[object]], file_name: str) -> StreamingResponse:
    """Answer rows as a file to be saved, made while it is sent."""
    return StreamingResponse(
        _lines(rows),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{file_name}"'},
    )


def guarded(cell: str) -> str:
    """Put an apostrophe before what a spreadsheet would carry out; numbers stay as they are.

    Examples
    --------
    >>> guarded("=1+1"), guarded("-1.5\\\\2"), guarded("-1+1")
    ("'=1+1", '-1.5\\\\2', "'-1+1")
    """
    if not cell.startswith(_FORMULA_STARTS):
        return cell
    if all(_NUMBER.fullmatch(part) for part in cell.split("\\")):
        return cell
    return f"'{cell}"


def _lines(rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for row in rows:
        writer.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in row])
        yield out.getvalue().encode("utf-8", "backslashreplace")
        out.seek(0)
        out.truncate()
