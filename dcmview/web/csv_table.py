"""Tables as CSV (RFC 4180) that a spreadsheet opens without carrying anything out."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from starlette.responses import StreamingResponse

from dcmview.spreadsheet import guarded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


def csv_response(rows: Iterable[Sequence[object]], file_name: str) -> StreamingResponse:
    """Answer rows as a file to be saved, made while it is sent."""
    return StreamingResponse(
        _lines(rows),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{file_name}"'},
    )


def _lines(rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for row in rows:
        writer.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in row])
        yield out.getvalue().encode("utf-8", "backslashreplace")
        out.seek(0)
        out.truncate()
