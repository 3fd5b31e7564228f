"""ROIs as COCO JSON: boxes, polygons, categories for labels, and scores.

COCO's coordinates begin at the top left corner of the first pixel, as ours do.
A box has an outline, too: its width and height alone would give back the far
corner with a rounding, and some programs take an annotation without outline for damaged.
Beside its own fields an image has ``sop_instance_uid`` and an annotation
``frames`` if it does not belong to all; other programs pass them over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from msgspec import Struct

from dcmview.annotations.imports import ImportRow, LeftOut
from dcmview.annotations.roi import MOST_ROIS, ImagePoint, Roi, convert
from dcmview.errors import InvalidAnnotation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dcmview.annotations.roi import RoiKind

KINDS: frozenset[RoiKind] = frozenset({"rectangle", "polygon", "freehand"})
UNLABELLED = "unlabelled"
"""Name of the category of ROIs without label; each annotation needs a category."""

Number = int | float
Identifier = int | str


class CocoImage(Struct, omit_defaults=True):
    """An image; without a size, its coordinates are not checked against it."""

    id: Identifier
    file_name: str = ""
    width: Number | None = None
    height: Number | None = None
    sop_instance_uid: str = ""


class CocoCategory(Struct, omit_defaults=True):
    """A label."""

    id: Identifier
    name: str = ""
    is_label: bool = True
    """False for the category of ROIs that have none."""


class CocoAnnotation(Struct, omit_defaults=True):
    """A box, or an outline of one part or several."""

    id: Identifier | None = None
    image_id: Identifier = 0
    category_id: Identifier | None = None
    bbox: list[Number] | None = None
    area: Any = None
    segmentation: Any = None
    iscrowd: Any = None
    score: Number | None = None
    frames: list[int] | None = None


class CocoDocument(Struct):
    """A COCO file; what else it holds is passed over."""

    images: list[CocoImage]
    annotations: list[CocoAnnotation]
    categories: list[CocoCategory] = []


class UnreadCoco(Struct):
    """A COCO file, its annotations not yet looked at: there may be very many."""

    images: list[CocoImage]
    annotations: list[msgspec.Raw]
    categories: list[CocoCategory] = []


class CocoFile(NamedTuple):
    """A file with ROIs, to be written."""

    path: str
    sop_instance_uid: str
    columns: int
    rows: int
    rois: tuple[Roi, ...]


_decode = msgspec.json.Decoder(UnreadCoco).decode
_decode_annotation = msgspec.json.Decoder(CocoAnnotation).decode
_encode = msgspec.json.Encoder().encode


def write_coco(files: Iterable[CocoFile]) -> bytes:
    """Write what COCO can carry; freehand outlines become polygons."""
    kept = [
        (file, [roi for roi in file.rois if roi.kind in KINDS])
        for file in sorted(files, key=lambda file: (file.path, file.sop_instance_uid))
    ]
    labels = sorted({roi.label for _, rois in kept for roi in rois})
    category_ids = {label: number for number, label in enumerate(labels, start=1)}
    document = CocoDocument(images=[], annotations=[])
    for label, number in category_ids.items():
        category = CocoCategory(number, label or UNLABELLED, is_label=bool(label))
        document.categories.append(category)
    for file, rois in kept:
        if not rois:
            continue
        image_id = len(document.images) + 1
        document.images.append(
            CocoImage(image_id, file.path, file.columns, file.rows, file.sop_instance_uid)
        )
        for roi in rois:
            number = len(document.annotations) + 1
            document.annotations.append(_annotation(roi, number, image_id, category_ids[roi.label]))
    return _encode(document)


def read_coco(file_content: bytes) -> tuple[tuple[ImportRow, ...], tuple[LeftOut, ...]]:
    """Read boxes and outlines, and say which annotations are neither.

    Where there is an outline, the box says nothing more.

    Raises
    ------
    InvalidAnnotation
        If it is something else, or a field has the wrong shape.
    """
    try:
        document = _decode(file_content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise InvalidAnnotation(f"not COCO: {str(exc).replace('`', '')}") from exc
    images = {image.id: image for image in document.images}
    labels = {each.id: each.name if each.is_label else "" for each in document.categories}
    rows: list[ImportRow] = []
    left_out: list[LeftOut] = []
    if len(document.annotations) > MOST_ROIS:
        raise InvalidAnnotation(f"there can be {MOST_ROIS:,} ROIs in all files together")
    for position, content in enumerate(document.annotations):
        try:
            annotation = _decode_annotation(content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise InvalidAnnotation(
                f"not COCO: annotations[{position}]: {str(exc).replace('`', '')}"
            ) from exc
        number = position if annotation.id is None else annotation.id
        place = f"annotation {number!s:.40}"
        image = images.get(annotation.image_id)
        if image is None:
            reason = f"there is no image {annotation.image_id!s:.40}"
        elif annotation.category_id is not None and annotation.category_id not in labels:
            reason = f"there is no category {annotation.category_id!s:.40}"
        else:
            label = "" if annotation.category_id is None else labels[annotation.category_id]
            rois = _rois(annotation, label, place)
            if not isinstance(rois, str):
                size = _size(image)
                rows.append(ImportRow(place, image.file_name, rois, image.sop_instance_uid, size))
                continue
            reason = rois
        left_out.append(LeftOut(place, reason))
    return tuple(rows), tuple(left_out)


def _annotation(roi: Roi, number: int, image_id: int, category_id: int) -> CocoAnnotation:
    xs = [point.x for point in roi.points]
    ys = [point.y for point in roi.points]
    width, height = max(xs) - min(xs), max(ys) - min(ys)
    is_box = roi.kind == "rectangle"
    outline = [each for point in roi.points for each in _pair(point)]
    return CocoAnnotation(
        id=number,
        image_id=image_id,
        category_id=category_id,
        bbox=[min(xs), min(ys), width, height],
        area=width * height if is_box else _area(roi.points),
        segmentation=[_box_outline(*outline) if is_box else outline],
        iscrowd=0,
        score=roi.score,
        frames=None if roi.frames == "all" else list(roi.frames),
    )


def _area(points: tuple[ImagePoint, ...]) -> float:
    around = zip(points, (*points[1:], points[0]), strict=True)
    return abs(sum(a.x * b.y - b.x * a.y for a, b in around)) / 2


def _rois(annotation: CocoAnnotation, label: str, place: str) -> tuple[Roi, ...] | str:
    """Give the parts of an annotation, or why there is none."""
    said: dict[str, Any] = {"label": label, "score": annotation.score}
    if annotation.frames is not None:
        said["frames"] = annotation.frames
    outline = annotation.segmentation
    if isinstance(outline, dict):
        return "its outline is run-length encoded, which is not read"
    if outline:
        if not isinstance(outline, list) or not all(
            isinstance(part, list) and part and len(part) % 2 == 0 for part in outline
        ):
            return "its outline is no list of [x, y, x, y, ...]"
        return tuple(convert({**_shape(part), **said}, Roi, place) for part in outline)
    if annotation.bbox is None:
        return "has neither box nor outline"
    if len(annotation.bbox) != 4:
        return "its box is not [x, y, width, height]"
    x, y, width, height = annotation.bbox
    try:
        corners = _points([x, y, x + width, y + height])
    except OverflowError:  # a whole number that no float can hold beside one that is none
        return "its box has numbers beyond all images"
    return (convert({"kind": "rectangle", "points": corners, **said}, Roi, place),)


def _box_outline(x0: Number, y0: Number, x1: Number, y1: Number) -> list[Number]:
    return [x0, y0, x1, y0, x1, y1, x0, y1]


def _shape(outline: list[Any]) -> dict[str, Any]:
    """Give a polygon, or the box that an outline is."""
    is_box = len(outline) == 8 and outline == _box_outline(*outline[:2], *outline[4:6])
    points = _points([*outline[:2], *outline[4:6]] if is_box else outline)
    return {"kind": "rectangle" if is_box else "polygon", "points": points}


def _points(numbers: list[Any]) -> list[dict[str, Any]]:
    return [{"x": x, "y": y} for x, y in zip(numbers[::2], numbers[1::2], strict=True)]


def _pair(point: ImagePoint) -> tuple[Number, Number]:
    return point.x, point.y


def _size(image: CocoImage) -> tuple[int, int] | None:
    if not image.width or not image.height:
        return None
    return int(image.width), int(image.height)
