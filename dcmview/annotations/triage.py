"""Marks of triage: what a person decided about a file, and a note."""

from __future__ import annotations

import time
from typing import Any, Literal, get_args

import msgspec
from msgspec import Struct

from dcmview.annotations.roi import Text, Time  # noqa: TC001 - msgspec looks them up
from dcmview.errors import InvalidAnnotation

Verdict = Literal["keep", "reject", "unsure"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
LONGEST_NOTE = 10_000

_MUST_BE = f"mark must be one of {', '.join(VERDICTS)}"


class Mark(Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """What was decided about a file; nothing where a mark was taken back."""

    mark: Literal["", "keep", "reject", "unsure"] = ""
    note: Text = ""
    modified: Time = ""
    """When, in UTC."""

    def __bool__(self) -> bool:
        return bool(self.mark or self.note)


NO_MARK = Mark()


class MarkChange(Struct, frozen=True):
    """What is to be said of files from now on; None leaves what is said."""

    mark: Literal["", "keep", "reject", "unsure"] | None = None
    note: str | None = None

    def of(self, old: Mark, moment: str) -> Mark:
        """Give the mark that a file gets."""
        mark = old.mark if self.mark is None else self.mark
        note = old.note if self.note is None else self.note
        return old if (mark, note) == (old.mark, old.note) else Mark(mark, note, moment)


def parse_change(body: dict[str, Any]) -> MarkChange:
    """Read ``mark``, null to take it back, and ``note`` of decoded JSON.

    Raises
    ------
    InvalidAnnotation
        If there is neither, or one is wrong.
    """
    mark, note = body.get("mark", ""), body.get("note")
    if not body.keys() & {"mark", "note"}:
        raise InvalidAnnotation("there must be a mark or a note")
    if mark not in ("", None, *VERDICTS):
        raise InvalidAnnotation(f"{_MUST_BE} or null, not {mark!r:.40}")
    if not isinstance(note, str | None) or len(note or "") > LONGEST_NOTE:
        raise InvalidAnnotation(f"note must be text of at most {LONGEST_NOTE:,} characters")
    return MarkChange(None if "mark" not in body else mark or "", note)


def now() -> str:
    """Give this moment as marks name it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def convert_mark(mark: str, note: str, modified: str, where: str) -> Mark:
    """Make a mark of what a table says.

    Raises
    ------
    InvalidAnnotation
        Naming the place, the field and what would do.
    """
    if mark not in ("", *VERDICTS):
        raise InvalidAnnotation(f"{where}: {_MUST_BE}, not {mark!r:.40}")
    try:
        return msgspec.convert({"mark": mark, "note": note, "modified": modified}, Mark)
    except msgspec.ValidationError as exc:
        raise InvalidAnnotation(f"{where}: {str(exc).replace('`', '')}") from exc
