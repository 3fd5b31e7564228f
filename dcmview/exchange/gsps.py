"""ROIs out of a presentation state: the graphics and texts that somebody drew over images.

Compound graphics are passed over: whoever writes one writes its parts as plain
graphics, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from dcmview.annotations.imports import ImportRow, LeftOut
from dcmview.annotations.roi import ImagePoint, Roi
from dcmview.dicom import elements
from dcmview.dicom.sequences import sequence_items
from dcmview.errors import InvalidAnnotation
from dcmview.exchange.dicom_values import plain_text, single
from dcmview.exchange.graphics import Point, UnusableGraphic, graphic_points, shapes_of
from dcmview.exchange.references import referenced_frames
from dcmview.exchange.segment_color import color_of_lab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom.dataset import Dataset

    from dcmview.exchange.graphics import Shape

MOST_ANNOTATIONS = 10_000
MOST_GRAPHICS = 100_000
MOST_IMAGES = 100_000
MOST_POINTS_TOGETHER = 4_000_000
"""Of all ROIs on all images; a small file may draw one shape on thousands."""
_LONGEST_LABEL, _LONGEST_NOTE = 256, 10_000


class _Image(NamedTuple):
    sop_instance_uid: str
    frames: tuple[int, ...] | Literal["all"]


@dataclass(frozen=True, slots=True)
class _Area:
    """The part of images that fills the screen, as image points."""

    left: float
    top: float
    right: float
    bottom: float

    def point(self, x: float, y: float) -> Point:
        return (
            self.left + x * (self.right - self.left),
            self.top + y * (self.bottom - self.top),
        )


class _Drawn(NamedTuple):
    """Something of an annotation: a shape, or a text at a place."""

    place: str
    shape: Shape
    text: str = ""


def read_presentation_state(
    dataset: Dataset,
) -> tuple[tuple[ImportRow, ...], tuple[LeftOut, ...]]:
    """Give a row for each annotation and image, and what was left out.

    The only text beside the only graphic of an annotation is its label; others
    are points of their own. The graphic layer is the layer.

    Raises
    ------
    InvalidAnnotation
        If it has no graphics, or more than people draw.

    References
    ----------
    DICOM PS3.3 C.10.5, Graphic Annotation Module.
    DICOM PS3.3 C.10.4, Displayed Area Module.
    """
    state = _State(dataset)
    rows: list[ImportRow] = []
    left_out: list[LeftOut] = []
    points = graphics = 0
    annotations = sequence_items(dataset, "GraphicAnnotationSequence")
    for number, annotation in enumerate(annotations[:MOST_ANNOTATIONS], start=1):
        place = f"annotation {number}"
        try:
            images = state.images_of(annotation)
        except (UnusableGraphic, InvalidAnnotation) as exc:
            left_out.append(LeftOut(place, str(exc)))
            continue
        drawn = list(_drawn(annotation, state, place, left_out))
        graphics += len(drawn)
        points += len(images) * sum(len(each.shape[1]) for each in drawn)
        if graphics > MOST_GRAPHICS or points > MOST_POINTS_TOGETHER:
            raise InvalidAnnotation(f"{place}: the presentation state draws more than can be read")
        group = elements.text(annotation, "GraphicLayer")
        for image in images if drawn else ():
            rois = tuple(_roi(each, image, group, state.colors.get(group, "")) for each in drawn)
            rows.append(ImportRow(place, "", rois, image.sop_instance_uid))
    if len(annotations) > MOST_ANNOTATIONS:
        left_out.append(LeftOut("the rest", f"only {MOST_ANNOTATIONS:,} annotations are read"))
    if not rows and not left_out:
        raise InvalidAnnotation("the presentation state has no graphics")
    return tuple(rows), tuple(left_out)


class _State:
    """What a presentation state says of all its annotations."""

    def __init__(self, dataset: Dataset) -> None:
        self._images: list[_Image] = []
        for series in sequence_items(dataset, "ReferencedSeriesSequence"):
            self._images.extend(_images(series, MOST_IMAGES - len(self._images)))
        self._areas: dict[str, _Area | None] = {}
        for item in sequence_items(dataset, "DisplayedAreaSelectionSequence"):
            area = _displayed_area(item)
            uids = [image.sop_instance_uid for image in _images(item, MOST_IMAGES)]
            for uid in uids or [""]:
                self._areas.setdefault(uid, area)
        rotation, _ = elements.number(dataset, "ImageRotation", 0)
        is_flipped = elements.text(dataset, "ImageHorizontalFlip").upper() == "Y"
        self._is_turned = is_flipped or rotation != 0
        self.colors: dict[str, str] = {}
        """Of graphic layers."""
        for item in sequence_items(dataset, "GraphicLayerSequence"):
            lab, _ = elements.numbers(item, "GraphicLayerRecommendedDisplayCIELabValue")
            self.colors.setdefault(elements.text(item, "GraphicLayer"), color_of_lab(lab))

    def images_of(self, annotation: Dataset) -> list[_Image]:
        """Give the images that it lies on: those that it names, else all of them."""
        named = list(_images(annotation, MOST_IMAGES))
        images = named or self._images
        if not images:
            raise UnusableGraphic("names no image")
        return images

    def area(self, images: list[_Image]) -> _Area:
        """Give what fills the screen, for what is placed on the screen."""
        if self._is_turned:
            raise UnusableGraphic("is placed on the screen, where the image is turned")
        areas = {self._areas.get(image.sop_instance_uid, self._areas.get("")) for image in images}
        area = areas.pop() if len(areas) == 1 else None
        if area is None:
            raise UnusableGraphic("is placed on the screen, of which the image is an unknown part")
        return area


def _images(holder: Dataset, most: int) -> Iterator[_Image]:
    for reference in sequence_items(holder, "ReferencedImageSequence")[:most]:
        uid = elements.text(reference, "ReferencedSOPInstanceUID")
        if uid:
            yield _Image(uid, referenced_frames(reference))


def _displayed_area(item: Dataset) -> _Area | None:
    """The area of one item; its corners are pixels counted from 1."""
    first, _ = elements.numbers(item, "DisplayedAreaTopLeftHandCorner")
    last, _ = elements.numbers(item, "DisplayedAreaBottomRightHandCorner")
    corners = [corner for corner in (*first, *last) if corner is not None]
    if len(first) != 2 or len(corners) != 4:
        return None
    left, top, right, bottom = corners
    # A corner beyond the other means that the image is shown mirrored.
    if right < left or bottom < top:
        return None
    return _Area(left - 1, top - 1, right, bottom)


def _drawn(
    annotation: Dataset, state: _State, place: str, left_out: list[LeftOut]
) -> Iterator[_Drawn]:
    graphics: list[_Drawn] = []
    for number, item in enumerate(sequence_items(annotation, "GraphicObjectSequence"), start=1):
        name = f"{place}, graphic {number}"
        try:
            graphics.extend(_Drawn(name, shape) for shape in _shapes(item, annotation, state))
        except (UnusableGraphic, InvalidAnnotation) as exc:
            left_out.append(LeftOut(name, str(exc)))
    texts = list(enumerate(sequence_items(annotation, "TextObjectSequence"), start=1))
    if len(graphics) == len(texts) == 1:
        yield graphics[0]._replace(text=_text(texts[0][1]))
        return
    yield from graphics
    for number, item in texts:
        name = f"{place}, text {number}"
        try:
            yield _Drawn(name, _text_shape(item, annotation, state), _text(item))
        except (UnusableGraphic, InvalidAnnotation) as exc:
            left_out.append(LeftOut(name, str(exc)))


def _shapes(item: Dataset, annotation: Dataset, state: _State) -> Iterator[Shape]:
    units = elements.text(item, "GraphicAnnotationUnits")
    points = _in_pixels(graphic_points(item), units, annotation, state)
    graphic_type = elements.text(item, "GraphicType").upper()
    if graphic_type == "CIRCLE" and units.upper() == "DISPLAY":
        raise UnusableGraphic("is a circle of the screen, where pixels may have another shape")
    yield from shapes_of(graphic_type, points)


def _text_shape(item: Dataset, annotation: Dataset, state: _State) -> Shape:
    """Where a text points to, else the middle of its box."""
    anchor, _ = elements.numbers(item, "AnchorPoint")
    units = "AnchorPointAnnotationUnits"
    if not anchor:
        units = "BoundingBoxAnnotationUnits"
        first, _ = elements.numbers(item, "BoundingBoxTopLeftHandCorner")
        last, _ = elements.numbers(item, "BoundingBoxBottomRightHandCorner")
        pairs = zip(first, last, strict=False)
        anchor = tuple(None if a is None or b is None else (a + b) / 2 for a, b in pairs)
    if len(anchor) != 2 or anchor[0] is None or anchor[1] is None:
        raise UnusableGraphic("has no place")
    spot = [(anchor[0], anchor[1])]
    ((x, y),) = _in_pixels(spot, elements.text(item, units), annotation, state)
    return "point", (ImagePoint(single(x), single(y)),)


def _in_pixels(points: list[Point], units: str, annotation: Dataset, state: _State) -> list[Point]:
    if units.upper() == "PIXEL":
        return points
    if units.upper() != "DISPLAY":
        raise UnusableGraphic(f"counts in {units[:20]!r}, not in pixels of an image")
    area = state.area(state.images_of(annotation))
    return [area.point(x, y) for x, y in points]


def _text(item: Dataset) -> str:
    text = plain_text(elements.text(item, "UnformattedTextValue"))
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _roi(drawn: _Drawn, image: _Image, group: str, color: str) -> Roi:
    kind, points = drawn.shape
    label, _, rest = drawn.text.partition("\n")
    is_whole = not rest and len(label) <= _LONGEST_LABEL
    return Roi(
        kind=kind,
        points=points,
        frames=image.frames,
        label=label[:_LONGEST_LABEL].strip(),
        group=group[:_LONGEST_LABEL],
        color=color,
        note="" if is_whole else drawn.text[:_LONGEST_NOTE],
    )
