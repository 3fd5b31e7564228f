"""Rows of CSV files by the names of their columns, and cells that say what is wrong with them."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from dcmview.errors import InvalidAnnotation

if TYPE_CHECKING:
    from collections.abc import Iterator

CELL_LIMIT_BYTES = 4 * 1024 * 1024
"""More than any cell of ours needs; the csv module refuses those above 128 KiB unless told."""
MOST_ROWS = 1_000_000
"""As many as there can be ROIs; what rows become is larger than they are."""
_WHOLE = re.compile(r"[+-]?[0-9]{1,15}")
_DELIMITERS = ",;\t"
_UNDECODED = re.compile(r"[\udc80-\udcff]")


class Record(NamedTuple):
    """One row; ``number`` is the line of the file on which it ends."""

    number: int
    cells: dict[str, Any]

    @property
    def place(self) -> str:
        """The row, for people."""
        return f"row {self.number}"

    def text(self, column: str) -> str:
        """Give a cell; absent ones are empty."""
        return self.cells.get(column) or ""

    def words(self, column: str) -> str:
        """Give a cell that people wrote; what is not UTF-8 is taken for Windows-1252."""
        text = self.text(column)
        if _UNDECODED.search(text) is None:
            return text
        return text.encode("utf-8", "surrogateescape").decode("cp1252", "backslashreplace")

    def json(self, column: str) -> Any:
        """Give a cell that holds JSON; None if it is empty."""
        cell = self.text(column).strip()
        try:
            return json.loads(cell) if cell else None
        except (ValueError, RecursionError) as exc:
            raise self.error(column, f"not JSON ({exc})") from exc

    def number_of(self, column: str) -> int | float | None:
        """Give a cell that holds a number, whole numbers as such; None if it is empty."""
        cell = self.text(column).strip()
        if not cell or cell.lower() in ("nan", "na", "null", "none"):
            return None
        try:
            number = int(cell) if _WHOLE.fullmatch(cell) else float(cell)
        except ValueError as exc:
            raise self.error(column, f"not a number: {cell:.40}") from exc
        if not math.isfinite(number):
            raise self.error(column, f"not finite: {cell:.40}")
        return number

    def error(self, column: str, reason: str) -> InvalidAnnotation:
        """Say what is wrong with a cell."""
        return InvalidAnnotation(
            f"row {self.number}, column {column}: {reason}", row=self.number, column=column
        )


class CsvTable:
    """A CSV file with a header; commas, semicolons or tabs between its cells.

    Decoded as it is read: text takes up to four times the room.
    """

    def __init__(self, content: bytes) -> None:
        csv.field_size_limit(CELL_LIMIT_BYTES)
        head = content[: content.find(b"\n")] if b"\n" in content else content
        delimiter = max(_DELIMITERS, key=lambda each: head.count(each.encode()))
        text = io.TextIOWrapper(io.BytesIO(content), "utf-8", "surrogateescape", newline="")
        self._reader = csv.DictReader(text, strict=True, delimiter=delimiter)
        try:
            self.columns = tuple(self._reader.fieldnames or ())
        except csv.Error as exc:
            raise InvalidAnnotation(f"not CSV: {exc}") from exc

    def __iter__(self) -> Iterator[Record]:
        try:
            for count, cells in enumerate(self._reader):
                if count == MOST_ROWS:
                    raise InvalidAnnotation(f"a table can have {MOST_ROWS:,} rows")
                # A comma too many moves all that follows it to other columns.
                if any(cells.pop(None, ())):
                    raise InvalidAnnotation(
                        f"row {self._reader.line_num}: has more cells than the header has columns",
                        row=self._reader.line_num,
                    )
                yield Record(self._reader.line_num, cells)
        except csv.Error as exc:
            raise InvalidAnnotation(f"row {self._reader.line_num}: not CSV: {exc}") from exc
