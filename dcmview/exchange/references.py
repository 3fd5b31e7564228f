"""References to images in objects that ROIs are read from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from dcmview.dicom import elements
from dcmview.errors import InvalidAnnotation

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_FRAME_NUMBER = re.compile(r"0*[1-9][0-9]{0,8}")


def referenced_frames(reference: Dataset) -> tuple[int, ...] | Literal["all"]:
    """Give the frame indices that a reference to an image names, all where it names none.

    Raises
    ------
    InvalidAnnotation
        If *Referenced Frame Number* (0008,1160) is no list of numbers from 1.
    """
    raw = elements.raw_bytes(reference, "ReferencedFrameNumber")
    if raw is None:
        numbers, _ = elements.numbers(reference, "ReferencedFrameNumber")
        words = [f"{number or 0:.0f}" for number in numbers]
    else:
        # Lists of thousands are longer than values that `elements` reads.
        words = raw[0].decode("latin-1").replace("\0", " ").split("\\")
    words = [word.strip() for word in words if word.strip()]
    if not all(_FRAME_NUMBER.fullmatch(word) for word in words):
        raise InvalidAnnotation("names a frame that cannot be")
    return tuple(sorted({int(word) - 1 for word in words})) or "all"
