"""What the forms in which ROIs leave the process cannot carry."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, get_args

from dcmview.annotations.coco import KINDS as COCO_KINDS
from dcmview.annotations.roi import RoiKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dcmview.annotations.roi import Roi

LONGEST_OVERLAY_TEXT = 64
"""Of a value of VR LO."""

_KIND_WORDS: dict[RoiKind, str] = {
    "rectangle": "rectangles",
    "ellipse": "ellipses",
    "polygon": "polygons",
    "freehand": "freehand outlines",
    "point": "points",
    "polyline": "polylines",
    "length": "lengths",
    "angle": "angles",
    "cobb": "Cobb angles",
}


class Loss(NamedTuple):
    """What a form cannot carry, for people, and whether somebody would miss it."""

    what: str
    matters: bool


_FIELD_WORDS = {
    "label": Loss("labels", True),
    "score": Loss("scores", True),
    "group": Loss("layers", True),
    "note": Loss("notes", True),
    "color": Loss("colours", False),
    "author": Loss("authors", False),
    "source": Loss("sources", False),
    "created": Loss("times of creation", False),
    "modified": Loss("times of change", False),
    "locked": Loss("locks", False),
}


def _nothing(_roi: Roi) -> Iterator[Loss]:
    return iter(())


class Carries(NamedTuple):
    """What a form can carry: everything, unless it says less."""

    kinds: frozenset[RoiKind] = frozenset(get_args(RoiKind))
    fields: frozenset[str] = frozenset(_FIELD_WORDS)
    """Those of `Roi` beside its shape, its frames and its id."""
    further_losses: Callable[[Roi], Iterator[Loss]] = _nothing
    """What else gets lost of an ROI of these kinds."""


def losses(roi: Roi, carries: Carries) -> Iterator[Loss]:
    """Say what of an ROI a form cannot carry; of one that it cannot carry at all, its kind."""
    if roi.kind not in carries.kinds:
        yield Loss(_KIND_WORDS[roi.kind], True)
        return
    yield from carries.further_losses(roi)
    for name, loss in _FIELD_WORDS.items():
        value = getattr(roi, name)
        says_something = value is not None if name == "score" else bool(value)
        if says_something and name not in carries.fields:
            yield loss


def is_carried(roi: Roi, carries: Carries) -> bool:
    """Whether a form carries all of an ROI that a person would miss."""
    return not any(loss.matters for loss in losses(roi, carries))


def count_losses(rois: Iterable[Roi], carries: Carries) -> Counter[str]:
    """Count what a form cannot carry."""
    return Counter(loss.what for roi in rois for loss in losses(roi, carries))


def _coco_losses(roi: Roi) -> Iterator[Loss]:
    if roi.kind == "freehand":
        yield Loss("freehand outlines as such; they become polygons", False)
    if roi.frames != "all":
        yield Loss("lists of frames for other programs, which know no such field", False)


def _mask_losses(roi: Roi) -> Iterator[Loss]:
    yield Loss("shapes as such; they become pixels", True)
    xs, ys = [point.x for point in roi.points], [point.y for point in roi.points]
    if any(math.ceil(min(axis) - 0.5) > math.floor(max(axis) - 0.5) for axis in (xs, ys)):
        yield Loss("ROIs too small to hold the centre of a pixel", True)


def _overlay_losses(roi: Roi) -> Iterator[Loss]:
    yield from _mask_losses(roi)
    if max(len(roi.label), len(roi.group)) > LONGEST_OVERLAY_TEXT:
        yield Loss(f"labels and layers beyond {LONGEST_OVERLAY_TEXT} characters", True)


EVERYTHING = Carries()
EMBED = Carries(frozenset({"rectangle"}), frozenset())
MASKS = Carries(
    frozenset({"rectangle", "ellipse", "polygon", "freehand"}),
    frozenset({"label", "group"}),
    _mask_losses,
)
OVERLAYS = MASKS._replace(further_losses=_overlay_losses)
COCO = Carries(COCO_KINDS, frozenset({"label", "score"}), _coco_losses)
