"""ROIs out of a structured report: every SCOORD on an image, and what the report says of it.

Made for DICOM PS3.16 TID 1500, ours and those of others; outlines of other
templates are found, too, by the image that they were selected from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from dcmview.annotations.imports import ImportRow, LeftOut
from dcmview.annotations.roi import LARGEST_SCORE, MOST_ROIS_PER_FILE, Roi
from dcmview.dicom import elements
from dcmview.dicom.sequences import sequence_items
from dcmview.errors import InvalidAnnotation
from dcmview.exchange import sr_codes
from dcmview.exchange.graphics import UnusableGraphic, graphic_points, shapes_of
from dcmview.exchange.references import referenced_frames
from dcmview.exchange.sr_tree import ContentTree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom.dataset import Dataset

    from dcmview.annotations.roi import RoiKind
    from dcmview.exchange.sr_tree import ContentItem

MOST_ROIS = 500_000
"""Of one report; each takes 500 bytes while it is taken in."""
_MOST_NOTES = 20
_LONGEST_NOTE = 200
_KIND_BY_CODE: dict[str, RoiKind] = {code.value: kind for kind, code in sr_codes.KINDS.items()}
_FIELD_BY_CODE = {code.value: field for field, code in sr_codes.TEXTS.items()}
_SOME_ROI = {"kind": "point", "points": [{"x": 0, "y": 0}]}
_SLIDES = "1.2.840.10008.5.1.4.1.1.77.1.6"


class _Said(NamedTuple):
    """What a report says of the outlines of a group."""

    kind: RoiKind | None
    fields: dict[str, Any]


def read_report(dataset: Dataset) -> tuple[tuple[ImportRow, ...], tuple[LeftOut, ...]]:
    """Give a row for each outline and image, and what was left out.

    Raises
    ------
    InvalidAnnotation
        If it has no outlines, or its content tree is larger than a report for people can be.

    References
    ----------
    DICOM PS3.3 C.18.6, Spatial Coordinates Macro.
    DICOM PS3.16 TID 1500, TID 1410.
    """
    tree = ContentTree(dataset)
    rows: list[ImportRow] = []
    left_out: list[LeftOut] = []
    said: dict[tuple[int, ...], _Said] = {}
    count = 0
    for item in tree.items:
        if item.value_type not in ("SCOORD", "SCOORD3D", "IMAGE"):
            continue
        place = f"item {'.'.join(map(str, item.place))}"
        if item.value_type == "IMAGE":
            if any(map(item.is_named, sr_codes.SEGMENTS)):
                reason = "is part of a segmentation: import that file as well"
                left_out.append(LeftOut(place, reason))
            continue
        group = _group_of(item)
        if group.place not in said:
            said[group.place] = _said_of(group)
        try:
            if count > MOST_ROIS:
                raise UnusableGraphic(f"lies behind {MOST_ROIS:,} others")
            found = list(_rows(tree, item, said[group.place], place))
            rows.extend(found)
            count += sum(len(row.rois) for row in found)
        except (UnusableGraphic, InvalidAnnotation) as exc:
            left_out.append(LeftOut(place, str(exc)))
    if not rows and not left_out:
        raise InvalidAnnotation("the report has no outlines")
    return tuple(rows), tuple(left_out)


def _rows(tree: ContentTree, item: ContentItem, said: _Said, place: str) -> Iterator[ImportRow]:
    if item.value_type == "SCOORD3D":
        raise UnusableGraphic("is in millimetres of the patient, not in pixels of an image")
    graphic_type = elements.text(item.dataset, "GraphicType").upper()
    shapes = list(shapes_of(graphic_type, graphic_points(item.dataset), said.kind))
    references = [
        reference
        for image in map(tree.resolved, item.children)
        if image is not None and image.value_type == "IMAGE"
        for reference in sequence_items(image.dataset, "ReferencedSOPSequence")[:1]
    ]
    if not references:
        raise UnusableGraphic("names no image")
    if len(shapes) * len(references) > MOST_ROIS_PER_FILE:
        raise UnusableGraphic(f"stands for more than {MOST_ROIS_PER_FILE:,} ROIs")
    for reference in references:
        if elements.text(reference, "ReferencedSOPClassUID") == _SLIDES:
            _require_frame_points(item)
        frames = referenced_frames(reference)
        rois = tuple(
            Roi(kind=kind, points=points, frames=frames, **said.fields) for kind, points in shapes
        )
        yield ImportRow(place, "", rois, elements.text(reference, "ReferencedSOPInstanceUID"))


def _require_frame_points(item: ContentItem) -> None:
    # Where this is not said, points of a slide are those of its total pixel matrix.
    if elements.text(item.dataset, "PixelOriginInterpretation").upper() != "FRAME":
        raise UnusableGraphic("counts in the total pixel matrix of a slide, not in a frame")


# What the report says


def _group_of(item: ContentItem) -> ContentItem:
    """Give the measurement group that an outline lies in, else the item that it is there for."""
    for ancestor in item.ancestors():
        if ancestor.is_named(sr_codes.MEASUREMENT_GROUP):
            return ancestor
    return item.parent or item


def _said_of(group: ContentItem) -> _Said:
    fields: dict[str, Any] = {}
    kind: RoiKind | None = None
    comments: list[str] = []
    notes: list[str] = []
    if group.value_type == "CODE":
        fields["label"] = group.coded_value.meaning
    for item in group.children:
        is_ours = item.name.scheme == sr_codes.SCHEME
        if item.is_named(sr_codes.FINDING):
            fields.setdefault("label", item.coded_value.meaning or item.text_value)
        elif item.is_named(sr_codes.COMMENT):
            comments.append(item.text_value)
        elif item.is_named(sr_codes.TRACKING_IDENTIFIER):
            fields["id"] = item.text_value
        elif item.is_named(sr_codes.SHAPE):
            kind = _KIND_BY_CODE.get(item.coded_value.value)
        elif item.is_named(sr_codes.SCORE):
            fields["score"] = item.measured[0]
        elif is_ours and item.name.value in _FIELD_BY_CODE:
            fields[_FIELD_BY_CODE[item.name.value]] = item.text_value
        elif len(notes) < _MOST_NOTES and (note := _note(item)):
            notes.append(note[:_LONGEST_NOTE])
    # Of our own reports the rest is what any program measures of the shape.
    fields["note"] = "\n".join(comments if kind is not None else comments + notes)
    return _Said(kind, {name: value for name, value in fields.items() if _is_allowed(name, value)})


def _note(item: ContentItem) -> str:
    """What another program says beside the outline, for people."""
    if item.value_type == "NUM":
        number, unit = item.measured
        value = "" if number is None else f"{number:g} {unit.value}"
    elif item.value_type == "CODE":
        value = item.coded_value.meaning
    else:
        value = item.text_value
    return f"{item.name.meaning}: {value}" if value else ""


def _is_allowed(name: str, value: Any) -> bool:
    """Whether an ROI may have this; if not, that is left out and the ROI kept."""
    try:
        msgspec.convert({**_SOME_ROI, name: value}, Roi)
    except msgspec.ValidationError:
        return False
    return name != "score" or value is None or abs(value) <= LARGEST_SCORE
