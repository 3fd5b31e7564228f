"""Regions of interest of any kind: one model for the page, the API and all files.

An image point is (x, y) = (column, row) with 0.0 at the top left corner of
the first pixel (DICOM PS3.3 C.10.5). Kinds and the order of their points are
those of ``frontend/src/dicom/shapes.ts``, so JSON passes through unchanged.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct

from dcmview.annotations.rectangle import Rectangle
from dcmview.errors import InvalidAnnotation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dcmview.model import SharedHeader

RoiKind = Literal[
    "rectangle", "ellipse", "polygon", "freehand", "polyline", "point", "length", "angle", "cobb"
]

MOST_ROIS = 1_000_000
"""Of all files together."""
MOST_ROIS_PER_FILE = 20_000
MOST_POINTS = 20_000
LONGEST_NAME = 256
LONGEST_SOURCE = 1_024
LARGEST_SCORE = 1e15
"""Whole numbers up to here are exact wherever JSON is read."""

# Python lets $ match before a line end, other readers of these patterns do not.
_END = r"$(?!\n)"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"

Id = Annotated[str, Meta(pattern=rf"^[A-Za-z0-9._:-]{{0,64}}{_END}")]
Name = Annotated[str, Meta(max_length=LONGEST_NAME)]
Text = Annotated[str, Meta(max_length=10_000)]
Color = Annotated[str, Meta(pattern=rf"^(#[0-9a-f]{{6}})?{_END}")]
Time = Annotated[str, Meta(pattern=rf"^({_DATE}T{_CLOCK})?{_END}")]


class ImagePoint(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A place in the image: column and row, 0.0 at the top left corner of the first pixel.

    Whole numbers stay whole, so that a file written again is the same file.
    """

    x: int | float
    y: int | float


class Roi(
    Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """A region of interest or a measurement, with all that a person or a model says of it.

    Fields that say nothing are left out of the JSON.
    """

    id: Id = ""
    """Unique among those of a file."""
    kind: RoiKind
    points: Annotated[tuple[ImagePoint, ...], Meta(min_length=1, max_length=MOST_POINTS)]
    """Two opposite corners of a rectangle or of the box around an ellipse, low ones first."""
    frames: (
        Literal["all"] | Annotated[tuple[Annotated[int, Meta(ge=0)], ...], Meta(min_length=1)]
    ) = "all"
    """Frame indices from 0, or all of them."""
    label: Name = ""
    color: Color = ""
    """``#rrggbb``; empty for the colour of its label."""
    group: Name = ""
    """The layer that it belongs to."""
    score: int | float | None = None
    note: Text = ""
    author: Name = ""
    source: Annotated[str, Meta(max_length=LONGEST_SOURCE)] = ""
    """Where it came from: a file, a model."""
    created: Time = ""
    """Like ``2024-01-31T09:15:00Z``."""
    modified: Time = ""
    locked: bool = False
    """Whether the page keeps hands off it."""


class _KindFacts(NamedTuple):
    least_points: int
    most_points: int = MOST_POINTS
    has_box: bool = False


_KINDS: dict[str, _KindFacts] = {
    "rectangle": _KindFacts(2, 2, has_box=True),
    "ellipse": _KindFacts(2, 2, has_box=True),
    "polygon": _KindFacts(3),
    "freehand": _KindFacts(3),
    "polyline": _KindFacts(2),
    "point": _KindFacts(1, 1),
    "length": _KindFacts(2, 2),
    "angle": _KindFacts(3, 3),
    "cobb": _KindFacts(4, 4),
}


_TEXTS = ("label", "group", "note", "author", "source")
"""Free text; the patterns of the other fields let nothing odd through."""


def is_unicode(text: str) -> bool:
    """Whether it can be written as UTF-8: not so half a surrogate pair, or an undecoded byte."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def new_id() -> str:
    """Make an id that no other ROI has."""
    return secrets.token_hex(8)


def parse_rois(values: Any, header: SharedHeader) -> tuple[Roi, ...]:
    """Make the ROIs of a file from decoded JSON, in canonical form and with an id each.

    Raises
    ------
    InvalidAnnotation
        Naming the first one that is wrong, counted from 0, and why.
    """
    if not isinstance(values, list):
        raise InvalidAnnotation("rois must be a list")
    rois = tuple(
        checked(convert(value, Roi, f"ROI {number}"), header, f"ROI {number}")
        for number, value in enumerate(values)
    )
    check_set(rois)
    return rois


def convert(value: Any, kind: Any, where: str) -> Any:
    """Make a Struct of decoded JSON.

    Raises
    ------
    InvalidAnnotation
        Naming the place, the field and what would do.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as exc:
        message, _, field = str(exc).replace("`", "").partition(" - at $")
        field = re.sub(r"^\.", "", field)
        raise InvalidAnnotation(f"{where}: {field}{': ' if field else ''}{message}") from exc
    except UnicodeEncodeError as exc:
        raise InvalidAnnotation(f"{where}: holds text that UTF-8 cannot hold") from exc


def checked(roi: Roi, header: SharedHeader, where: str) -> Roi:
    """Give an ROI in canonical form, with an id, if it fits its image.

    Raises
    ------
    InvalidAnnotation
        If it is no shape of its kind, leaves the image or names a frame that is not there.
    """
    roi = canonical(roi, where)
    if not header.has_pixels:
        raise InvalidAnnotation(f"{where}: the file holds no image")
    for point in roi.points:
        if not (0 <= point.x <= header.columns and 0 <= point.y <= header.rows):
            raise InvalidAnnotation(
                f"{where}: the point ({point.x!r:.24}, {point.y!r:.24}) is outside the image of "
                f"{header.columns} columns and {header.rows} rows"
            )
    if roi.frames != "all" and roi.frames[-1] >= header.frame_count:
        raise InvalidAnnotation(
            f"{where}: there is no frame {roi.frames[-1]!r:.24}, the file has "
            f"{header.frame_count} frame(s) counted from 0"
        )
    return roi


def canonical(roi: Roi, where: str) -> Roi:
    """Give an ROI with an id, its corners and frames in order.

    Raises
    ------
    InvalidAnnotation
        If its points make no shape of its kind, or a number is not finite.
    """
    facts = _KINDS[roi.kind]
    if not facts.least_points <= len(roi.points) <= facts.most_points:
        wanted = f"{facts.least_points}"
        if facts.most_points != facts.least_points:
            wanted = f"{facts.least_points} to {facts.most_points}"
        raise InvalidAnnotation(
            f"{where}: a {roi.kind} has {wanted} point(s), not {len(roi.points)}"
        )
    if roi.score is not None and not abs(roi.score) <= LARGEST_SCORE:
        raise InvalidAnnotation(f"{where}: score: {roi.score} is beyond {LARGEST_SCORE:g}")
    # One look at all: a quarter of a million ROIs may be read at the start.
    if not is_unicode(f"{roi.label}{roi.group}{roi.note}{roi.author}{roi.source}"):
        name = next(name for name in _TEXTS if not is_unicode(getattr(roi, name)))
        raise InvalidAnnotation(f"{where}: {name}: is no text that UTF-8 can hold")
    changes: dict[str, Any] = {} if roi.id else {"id": new_id()}
    if facts.has_box:
        low, high = roi.points
        if low.x == high.x or low.y == high.y:
            raise InvalidAnnotation(f"{where}: the {roi.kind} is empty")
        if low.x > high.x or low.y > high.y:
            changes["points"] = (
                ImagePoint(min(low.x, high.x), min(low.y, high.y)),
                ImagePoint(max(low.x, high.x), max(low.y, high.y)),
            )
    if roi.frames != "all":
        frames = tuple(sorted(set(roi.frames)))
        if frames != roi.frames:
            changes["frames"] = frames
    return msgspec.structs.replace(roi, **changes) if changes else roi


def check_set(rois: Sequence[Roi]) -> None:
    """Refuse too many ROIs, or two with one id.

    Raises
    ------
    InvalidAnnotation
        Naming the second one.
    """
    if len(rois) > MOST_ROIS_PER_FILE:
        raise InvalidAnnotation(
            f"a file can have {MOST_ROIS_PER_FILE:,} ROIs, these are {len(rois):,}"
        )
    seen: set[str] = set()
    for number, roi in enumerate(rois):
        if roi.id in seen:
            raise InvalidAnnotation(f"ROI {number}: id {roi.id!r} is there twice")
        seen.add(roi.id)


def roi_of_rectangle(box: Rectangle, roi_id: str) -> Roi:
    """Give a rectangle as ROI; its numbers stay what they are."""
    return Roi(
        id=roi_id,
        kind="rectangle",
        points=(ImagePoint(box.xmin, box.ymin), ImagePoint(box.xmax, box.ymax)),
        frames=box.frames or "all",
    )


def rectangle_of_roi(roi: Roi) -> Rectangle:
    """Give an ROI of kind rectangle as ``[ymin, xmin, ymax, xmax]`` with its frames."""
    low, high = roi.points
    frames = () if roi.frames == "all" else roi.frames
    return Rectangle(low.y, low.x, high.y, high.x, frames)


def rectangles(rois: Iterable[Roi]) -> tuple[Rectangle, ...]:
    """Give those ROIs that are rectangles."""
    return tuple(rectangle_of_roi(roi) for roi in rois if roi.kind == "rectangle")


def with_rectangles(rois: Sequence[Roi], boxes: Sequence[Rectangle]) -> tuple[Roi, ...]:
    """Put rectangles in the place of those that are there; other kinds stay where they are.

    A box that was there already keeps its id, its label and whatever else is said of it.

    Raises
    ------
    InvalidAnnotation
        If there would be too many.
    """
    known: dict[Rectangle, list[Roi]] = {}
    for roi in reversed(rois):
        if roi.kind == "rectangle":
            known.setdefault(rectangle_of_roi(roi), []).append(roi)

    def roi_of(box: Rectangle) -> Roi:
        fresh = roi_of_rectangle(box, new_id())
        same = known.get(box)
        return msgspec.structs.replace(same.pop(), points=fresh.points) if same else fresh

    waiting = map(roi_of, boxes)
    result: list[Roi] = []
    for roi in rois:
        if roi.kind != "rectangle":
            result.append(roi)
        elif (box := next(waiting, None)) is not None:
            result.append(box)
    together = (*result, *waiting)
    check_set(together)
    return together
