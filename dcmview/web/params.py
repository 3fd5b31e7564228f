"""Query and body parsing, and the errors they give."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from dcmview.errors import InvalidWindow, RequestError
from dcmview.model import REPORTED_ENDS, DisplayRequest, FileEnd, PictureFormat, VoiFunction
from dcmview.thumbnails.settings import (
    DEFAULT_QUALITY,
    DEFAULT_SIZE_PX,
    SIZES_PX,
    FrameChoice,
    ThumbnailSettings,
    read_color,
    read_frame_choice,
    with_request,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.datastructures import QueryParams

Name = TypeVar("Name", bound=str)

MODES = ("default", "full_dynamic", "percentile")
ENCODINGS = ("plain", "planes")
COARSE_SIZES = (32, 2048)
MOST_FRAMES_AT_ONCE = 1_000
MOST_FILES_AT_ONCE = 1_000
MOST_TAG_VALUES = 10_000
LARGEST_NUMBER = 2**31 - 1

_PLAIN = DisplayRequest()
_FILE_RANGE = re.compile(r"(?P<first>[0-9]{1,9})(-(?P<last>[0-9]{1,9}))?")
_FRAME_RANGE = re.compile(r"(?P<file>[0-9]{1,9}):(?P<first>[0-9]{1,9})(-(?P<last>[0-9]{1,9}))?")


def display_request(query: QueryParams, *, preview: bool = False) -> DisplayRequest:
    """Read how a frame is to be shown: window, choice, layers, format and size.

    ``mode=full_dynamic`` and ``mode=percentile`` make window and ``voi`` of no
    account, ``wc`` and ``ww`` do so with ``voi``.
    """
    if not query and not preview:
        return _PLAIN
    mode = query.get("mode", "default")
    if mode not in MODES:
        raise RequestError(f"mode must be one of {', '.join(MODES)}, not {mode!r}")
    window = _window(query.get("wc"), query.get("ww"))
    function = _voi_function(query.get("function"))
    if mode != "default":
        window = None
    voi = _optional_number(query, "voi", least=0)
    return DisplayRequest(
        window=window,
        window_function=function if window is not None else None,
        full_dynamic=mode == "full_dynamic",
        percentile=mode == "percentile",
        voi=voi if mode == "default" and window is None else None,
        overlays=flag(query, "overlays"),
        shutter=flag(query, "shutter"),
        format=_format(query),
        size_px=_optional_number(query, "size", least=1),
        preview=preview,
        quality=_quality(query),
        inverted=flag(query, "invert"),
        color_map=_color_map(query),
    )


def thumbnail_request(query: QueryParams) -> ThumbnailSettings:
    """Read what a thumbnail is to be like: like a display frame, and more."""
    least, most = SIZES_PX
    size_px = _whole_number(query, "size", default=DEFAULT_SIZE_PX, least=least, most=most)
    request = display_request(query)
    if "format" not in query:
        request = replace(request, format=PictureFormat.JPEG)
    background = query.get("background")
    settings = ThumbnailSettings(
        frame=read_frame_choice(query.get("frame", FrameChoice.MIDDLE)),
        background=None if background is None else read_color(background),
        label=flag(query, "label"),
    )
    quality = request.quality or DEFAULT_QUALITY
    return with_request(settings, request, size_px=size_px, quality=quality)


def wire_encoding(query: QueryParams) -> bool:
    """Read ``encoding``: whether samples are to be sent as planes."""
    encoding = query.get("encoding", ENCODINGS[0])
    if encoding not in ENCODINGS:
        raise RequestError(f"encoding must be one of {', '.join(ENCODINGS)}, not {encoding!r}")
    return encoding == "planes"


def coarse_size(query: QueryParams) -> int | None:
    """Read ``size``: how long the longer side of a coarse frame may be."""
    least, most = COARSE_SIZES
    return _optional_number(query, "size", least=least, most=most)


def pixel_index(query: QueryParams) -> tuple[int, int] | None:
    """Read ``column`` and ``row``, which come together and count from 0."""
    row = _optional_number(query, "row", least=0)
    column = _optional_number(query, "column", least=0)
    if (row is None) != (column is None):
        raise RequestError("row and column must be given together")
    return None if row is None or column is None else (column, row)


def frame_list(query: QueryParams) -> list[tuple[int, int]]:
    """Read ``frames``, such as ``3:0-9,4:0``: file and frame indices in the order wanted."""
    wanted: list[tuple[int, int]] = []
    for part in query.get("frames", "").split(","):
        match = _FRAME_RANGE.fullmatch(part)
        if match is None:
            raise RequestError(
                f"frames must read like 3:0-9,4:0 (file:first-last), {part!r} does not"
            )
        file, first = int(match["file"]), int(match["first"])
        last = int(match["last"] or first)
        if last < first:
            raise RequestError(f"the frames {part!r} run backwards")
        if last - first + len(wanted) >= MOST_FRAMES_AT_ONCE:
            raise RequestError(f"more than {MOST_FRAMES_AT_ONCE} frames at once")
        wanted.extend((file, frame) for frame in range(first, last + 1))
    return wanted


def file_list(query: QueryParams) -> list[int]:
    """Read ``indices``, such as ``3-9,12``: files in the order wanted."""
    ranges = _file_ranges(query.get("indices", ""))
    if sum(map(len, ranges)) > MOST_FILES_AT_ONCE:
        raise RequestError(f"more than {MOST_FILES_AT_ONCE:,} files at once")
    return [index for each in ranges for index in each]


def revision_asked_for(query: QueryParams) -> int:
    """Read ``since``: the revision after which things are wanted; 0 for all."""
    return _whole_number(query, "since", default=0, least=0)


def wants_to_follow(query: QueryParams) -> bool:
    """Read ``follow``: whether the answer goes on while there is more to come."""
    return flag(query, "follow")


def report_request(query: QueryParams) -> tuple[tuple[FileEnd, ...], int, int]:
    """Read ``end``, names of ends joined by commas, and ``offset`` and ``limit``."""
    names = [name for name in query.get("end", "").split(",") if name]
    try:
        ends = tuple(FileEnd(name) for name in names) or REPORTED_ENDS
    except ValueError as exc:
        known = ", ".join(REPORTED_ENDS)
        raise RequestError(f"end must be some of {known}, not {query['end']!r}") from exc
    offset = _whole_number(query, "offset", default=0, least=0)
    limit = _whole_number(query, "limit", default=LARGEST_NUMBER, least=1)
    return ends, offset, limit


def slice_request(query: QueryParams) -> tuple[int, int]:
    """Read ``offset`` and ``limit`` of a tag value."""
    offset = _whole_number(query, "offset", default=0, least=0)
    limit = _whole_number(query, "limit", default=1_000, least=1)
    return offset, min(limit, MOST_TAG_VALUES)


@dataclass(frozen=True, slots=True)
class VariationRequest:
    """Over what elements are compared: ranges of files, a series, or the frames of a file."""

    files: tuple[range, ...] = ()
    series: int | None = None
    frames_of: int | None = None


def variation_request(query: QueryParams) -> VariationRequest:
    """Read one of ``files`` (such as ``3-9,12``), ``series`` and ``file``."""
    if len({"files", "series", "file"} & set(query)) != 1:
        raise RequestError("exactly one of files, series and file must be given")
    return VariationRequest(
        files=_file_ranges(query["files"]) if "files" in query else (),
        series=_optional_number(query, "series", least=0),
        frames_of=_optional_number(query, "file", least=0),
    )


def comparison_request(query: QueryParams) -> tuple[tuple[int, int | None], tuple[int, int | None]]:
    """Read ``first`` and ``second``, files, with ``first_frame`` and ``second_frame``."""

    def side(name: str) -> tuple[int, int | None]:
        index = _optional_number(query, name, least=0)
        if index is None:
            raise RequestError("first and second must name a file each")
        return index, _optional_number(query, f"{name}_frame", least=0)

    return side("first"), side("second")


def wants_csv(query: QueryParams) -> bool:
    """Read ``format`` of a table."""
    wanted = query.get("format", "json")
    if wanted not in ("json", "csv"):
        raise RequestError(f"format must be json or csv, not {wanted!r}")
    return wanted == "csv"


def one_of(query: QueryParams, name: str, names: Sequence[Name]) -> Name:
    """Read one of a few names; the first where nothing is said."""
    wanted = query.get(name)
    for each in names:
        if wanted in (each, None):
            return each
    raise RequestError(f"{name} must be one of {', '.join(names)}, not {wanted!r:.40}")


def text_of(query: QueryParams, name: str, most: int) -> str:
    """Read a text of at most so many characters; empty where nothing is said."""
    text = query.get(name, "")
    if len(text) > most:
        raise RequestError(f"{name} may have {most:,} characters, these are {len(text):,}")
    return text


def flag(query: QueryParams, name: str, *, default: str = "0") -> bool:
    """Read 0 or 1, and the default where nothing is said."""
    text = query.get(name, default)
    if text not in ("0", "1"):
        raise RequestError(f"{name} must be 0 or 1, not {text!r}")
    return text == "1"


def json_object(content: bytes) -> dict[str, Any]:
    """Read a request body as a JSON object."""
    try:
        body = msgspec.json.decode(content)
    except (msgspec.DecodeError, ValueError, RecursionError) as exc:
        raise RequestError("the body is not JSON") from exc
    if not isinstance(body, dict):
        raise RequestError("the body must be a JSON object")
    return body


def _file_ranges(text: str) -> tuple[range, ...]:
    """Ranges are not spelled out here: one may hold a billion files that do not exist."""
    ranges = []
    for part in text.split(","):
        match = _FILE_RANGE.fullmatch(part)
        if match is None:
            raise RequestError(f"files must read like 3-9,12, {part!r:.40} does not")
        first = int(match["first"])
        last = int(match["last"] or first)
        if last < first:
            raise RequestError(f"the files {part!r} run backwards")
        ranges.append(range(first, last + 1))
    return tuple(ranges)


def _voi_function(name: str | None) -> VoiFunction | None:
    if name is None:
        return None
    try:
        return VoiFunction(name)
    except ValueError as exc:
        known = ", ".join(VoiFunction)
        raise RequestError(f"function must be one of {known}, not {name!r}") from exc


def _window(wc: str | None, ww: str | None) -> tuple[float, float] | None:
    if wc is None and ww is None:
        return None
    if wc is None or ww is None:
        raise InvalidWindow("wc and ww must be given together")
    try:
        center, width = float(wc), float(ww)
    except ValueError as exc:
        raise InvalidWindow(f"wc and ww must be numbers, not {wc!r} and {ww!r}") from exc
    if not (math.isfinite(center) and math.isfinite(width)):
        raise InvalidWindow("wc and ww must be finite")
    if width <= 0:
        raise InvalidWindow(f"ww must be above 0, not {ww}")
    return center, width


def _color_map(query: QueryParams) -> str:
    name = query.get("colormap", _PLAIN.color_map)
    if name != _PLAIN.color_map:
        from dcmview.pixels.color_maps import color_map_table

        color_map_table(name)  # raises where there is none
    return name


def _format(query: QueryParams) -> PictureFormat:
    text = query.get("format", PictureFormat.PNG.value)
    try:
        return PictureFormat(text)
    except ValueError as exc:
        known = ", ".join(PictureFormat)
        raise RequestError(f"format must be one of {known}, not {text!r}") from exc


def _quality(query: QueryParams) -> int | None:
    return _optional_number(query, "quality", least=1, most=100)


def _optional_number(
    query: QueryParams, name: str, *, least: int, most: int = LARGEST_NUMBER
) -> int | None:
    return _whole_number(query, name, default=0, least=least, most=most) if name in query else None


def _whole_number(
    query: QueryParams, name: str, *, default: int, least: int, most: int = LARGEST_NUMBER
) -> int:
    text = query.get(name)
    if text is None:
        return default
    try:
        value = int(text)
    except ValueError as exc:
        raise RequestError(f"{name} must be a whole number, not {text!r}") from exc
    if not least <= value <= most:
        raise RequestError(f"{name} must be from {least} to {most}")
    return value
