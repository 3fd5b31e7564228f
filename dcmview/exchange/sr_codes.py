"""The words of a structured report: codes of DICOM that we write and read, and our own.

What DICOM has no code for lies under ``99DCMVIEW``: the kind of an ROI, its
score, and the texts that are said of it. Other programs pass over them or show
them as they are.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dcmview.annotations.roi import RoiKind

SCHEME = "99DCMVIEW"
LONGEST_CODE_VALUE = 16
LONGEST_MEANING_BYTES = 64
_PLAIN = re.compile(r"[A-Za-z0-9_.+-]{1,16}")


class Code(NamedTuple):
    """A coded concept (DICOM PS3.3 8.8)."""

    value: str
    scheme: str
    meaning: str


FINDING = Code("121071", "DCM", "Finding")
COMMENT = Code("121106", "DCM", "Comment")
TRACKING_IDENTIFIER = Code("112039", "DCM", "Tracking Identifier")
DEVICE = Code("121007", "DCM", "Device")
IMAGING_PROCEDURE = Code("363679005", "SCT", "Imaging procedure")
NO_UNITS = Code("1", "UCUM", "no units")
MEASUREMENT_GROUP = Code("125007", "DCM", "Measurement Group")
REGION = Code("309825002", "SCT", "Spatial and Relational Concept")
"""The most general of the categories of what is segmented."""
UNLABELLED = Code("unlabelled", SCHEME, "unlabelled")
SEGMENTS = (
    Code("121191", "DCM", "Referenced Segment"),
    Code("121214", "DCM", "Referenced Segmentation Frame"),
)
MEASURES = {
    "length": (Code("410668003", "SCT", "Length"), Code("mm", "UCUM", "mm")),
    "area": (Code("42798000", "SCT", "Area"), Code("mm2", "UCUM", "square millimeter")),
    "angle_deg": (Code("1483009", "SCT", "Angle"), Code("deg", "UCUM", "Degree")),
}
"""What a shape measures by its field in `Extent`, and in which unit."""

SHAPE = Code("shape", SCHEME, "Shape")
SCORE = Code("score", SCHEME, "Score")
TEXTS = {
    "label": Code("label", SCHEME, "Label"),
    "group": Code("layer", SCHEME, "Layer"),
    "color": Code("color", SCHEME, "Colour"),
    "author": Code("author", SCHEME, "Author"),
    "source": Code("source", SCHEME, "Source"),
    "created": Code("created", SCHEME, "Created"),
    "modified": Code("modified", SCHEME, "Modified"),
}
"""Fields of an ROI that are written as text; the label only where no code can say it."""

KINDS: dict[RoiKind, Code] = {
    "rectangle": Code("rectangle", SCHEME, "Rectangle"),
    "ellipse": Code("ellipse", SCHEME, "Ellipse"),
    "polygon": Code("polygon", SCHEME, "Polygon"),
    "freehand": Code("freehand", SCHEME, "Freehand outline"),
    "polyline": Code("polyline", SCHEME, "Polyline"),
    "point": Code("point", SCHEME, "Point"),
    "length": Code("length", SCHEME, "Length"),
    "angle": Code("angle", SCHEME, "Angle"),
    "cobb": Code("cobb", SCHEME, "Cobb angle"),
}


def label_code(label: str) -> Code:
    """Give the code of a label: the same for the same label, in every file."""
    if _PLAIN.fullmatch(label):
        return Code(label, SCHEME, label)
    digest = hashlib.sha256(label.encode()).hexdigest()
    return Code(f"L-{digest[: LONGEST_CODE_VALUE - 2]}", SCHEME, meaning_of(label) or "text")


def meaning_of(label: str) -> str:
    """Give as much of a label as a Code Meaning can hold: 64 characters on one line.

    Some programs count bytes, and are told no lie either.
    """
    words = re.sub(r"[\x00-\x1f\x7f\\]+", " ", label).strip(" ").encode()
    return words[:LONGEST_MEANING_BYTES].decode(errors="ignore").rstrip(" ")
