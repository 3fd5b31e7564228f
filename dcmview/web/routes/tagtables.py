"""Tags of two files side by side, and what varies over many; as JSON or CSV."""

from __future__ import annotations

import asyncio
from itertools import chain
from typing import TYPE_CHECKING

from dcmview.web import tag_schemas
from dcmview.web.context import context
from dcmview.web.csv_table import csv_response
from dcmview.web.params import comparison_request, variation_request, wants_csv
from dcmview.web.respond import list_response, safe_text
from dcmview.web.work import in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from dcmview.dicom.tagdiff import TagEntry, Variable
    from dcmview.dicom.tagtext import TagText
    from dcmview.library import Library
    from dcmview.tagreader import Comparison, VariationReport
    from dcmview.web.params import VariationRequest


async def compare_tags(request: Request) -> Response:
    """``GET /api/tags/compare?first=&second=``: two files side by side."""
    library = context(request).library
    as_csv = wants_csv(request.query_params)
    first, second = comparison_request(request.query_params)

    def compute(is_wanted: Callable[[], bool]) -> Comparison:
        return library.compare_tags(first, second, is_wanted)

    found = await in_thread(
        request, ("compare", first, second), compute, context(request).tag_scheduler
    )
    if as_csv:
        return csv_response(_comparison_rows(found), "dcmview-comparison.csv")
    return await asyncio.to_thread(list_response, request, lambda: _comparison(found))


async def varying_tags(request: Request) -> Response:
    """``GET /api/tags/varying``: what varies over files, a series, or the frames of a file."""
    ctx = context(request)
    as_csv = wants_csv(request.query_params)
    wanted = variation_request(request.query_params)

    def compute(is_wanted: Callable[[], bool]) -> VariationReport:
        return _vary(ctx.library, wanted, is_wanted)

    found = await in_thread(
        request, ("vary", wanted), compute, ctx.tag_scheduler, in_background=True
    )
    if as_csv:
        return csv_response(_variation_rows(found, ctx.library), "dcmview-varying.csv")
    by_frame = wanted.frames_of is not None
    return await asyncio.to_thread(
        list_response, request, lambda: _variation(found, by_frame=by_frame)
    )


def _vary(
    library: Library, wanted: VariationRequest, is_wanted: Callable[[], bool]
) -> VariationReport:
    if wanted.frames_of is not None:
        return library.varying_frame_tags(wanted.frames_of, is_wanted)
    if wanted.series is not None:
        files = library.files_in_reading_order(wanted.series)
        return library.varying_tags(files, len(files), is_wanted)
    count = sum(len(part) for part in wanted.files)
    return library.varying_tags(chain.from_iterable(wanted.files), count, is_wanted)


# Answers as JSON


def _comparison(found: Comparison) -> tag_schemas.TagComparison:
    answer = tag_schemas.TagComparison(0, 0, 0, 0, truncated=found.truncated, rows=[])
    for difference in found.differences:
        entry, state = difference.entry, difference.state
        setattr(answer, state, getattr(answer, state) + 1)
        answer.rows.append(
            tag_schemas.TagDifference(
                path=entry.path,
                name=entry.name,
                tag=_tag(entry),
                keyword=entry.keyword,
                state=state,
                first=_side(difference.first),
                second=_side(difference.second),
            )
        )
    return answer


def _variation(found: VariationReport, *, by_frame: bool) -> tag_schemas.TagVariation:
    return tag_schemas.TagVariation(
        by="frame" if by_frame else "file",
        files=found.files,
        frames=found.frames,
        asked=found.asked,
        truncated=bool(found.notes),
        note="; ".join(found.notes),
        unread=[tag_schemas.UnreadFile(index, safe_text(reason)) for index, reason in found.unread],
        constant=[_constant(row) for row in found.rows if row.is_constant],
        varying=[_varying(row) for row in found.rows if not row.is_constant],
    )


def _constant(row: Variable) -> tag_schemas.ConstantTag:
    entry = row.entry
    value = _text(row.values[0])
    return tag_schemas.ConstantTag(
        entry.path, entry.name, _tag(entry), entry.vr, entry.keyword, value
    )


def _varying(row: Variable) -> tag_schemas.VaryingTag:
    entry = row.entry
    return tag_schemas.VaryingTag(
        path=entry.path,
        name=entry.name,
        tag=_tag(entry),
        vr=entry.vr,
        keyword=entry.keyword,
        values=[_text(value) for value in row.values],
        which=row.which.tolist(),
    )


def _side(entry: TagEntry | None) -> tag_schemas.TagSide | None:
    return None if entry is None else tag_schemas.TagSide(entry.vr, _text(entry.text))


def _text(value: TagText) -> tag_schemas.TagText:
    answer = tag_schemas.TagText(value.text)
    if value.total is not None:
        answer.total = value.total
    if value.by_length:
        answer.by_length = True
    return answer


def _tag(entry: TagEntry) -> str:
    return f"({entry.tag >> 16:04X},{entry.tag & 0xFFFF:04X})"


# Answers as CSV


def _comparison_rows(found: Comparison) -> Iterator[Sequence[object]]:
    yield "name", "tag", "state", "first_vr", "first", "second_vr", "second"
    for difference in found.differences:
        entry = difference.entry
        yield (
            entry.name,
            _tag(entry),
            difference.state,
            *_side_cells(difference.first),
            *_side_cells(difference.second),
        )


def _side_cells(entry: TagEntry | None) -> tuple[str, str]:
    return ("", "") if entry is None else (entry.vr, _cell(entry.text))


def _variation_rows(found: VariationReport, library: Library) -> Iterator[Sequence[object]]:
    """One row a file or frame and one column a varying element, as data frames have it."""
    varying = [row for row in found.rows if not row.is_constant]
    cells = [[_cell(value) for value in row.values] for row in varying]
    yield "file", "path", *(("frame",) if found.frames else ()), *_column_names(varying)
    for place, index in enumerate(found.files):
        frame = (found.frames[place],) if found.frames else ()
        values = (
            "" if row.which[place] < 0 else of_row[row.which[place]]
            for row, of_row in zip(varying, cells, strict=True)
        )
        yield index, library.entry(index).path, *frame, *values


def _column_names(rows: Sequence[Variable]) -> list[str]:
    """Names of elements; with the path too where two blocks of a creator share one."""
    names: dict[str, None] = {}
    for row in rows:
        name = row.entry.name
        names[f"{name} {row.entry.path}" if name in names else name] = None
    return list(names)


def _cell(value: TagText) -> str:
    return value.text if value.total is None else f"{value.text}… ({value.total:,} in all)"
