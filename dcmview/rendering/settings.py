"""What of a file is to be given, and in which form."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dcmview.model import DisplayRequest


class OutputForm(StrEnum):
    """What a frame is given as."""

    JSON = "json"
    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    TIFF16 = "tiff16"
    NPY = "npy"

    @property
    def is_picture(self) -> bool:
        """Whether browsers show it; it then holds one frame, while others can hold them all."""
        return self in _PICTURES

    @property
    def extension(self) -> str:
        """How files of the form are called, with the dot."""
        return _EXTENSIONS[self]


_PICTURES = (OutputForm.JPEG, OutputForm.PNG, OutputForm.WEBP)
_EXTENSIONS = {
    OutputForm.JSON: ".json",
    OutputForm.JPEG: ".jpg",
    OutputForm.PNG: ".png",
    OutputForm.WEBP: ".webp",
    OutputForm.TIFF16: ".tif",
    OutputForm.NPY: ".npy",
}


class Values(StrEnum):
    """At which stage the values of an array or a TIFF file are taken."""

    STORED = "stored"
    MODALITY = "modality"
    DISPLAY = "display"


class Encoding(StrEnum):
    """How JSON holds samples."""

    ARRAY = "array"
    BASE64 = "base64"


_THE_FILES_WAY = DisplayRequest()


@dataclass(frozen=True, slots=True)
class RenderSettings:
    """What is made of a frame; can be sent to other processes.

    ``values`` is what `OutputForm.TIFF16` and `OutputForm.NPY` hold, ``annotations`` a
    file of ROIs that are drawn into the picture, ``annotations_columns`` which of its
    columns has what where it is a table of another program.
    """

    form: OutputForm = OutputForm.JSON
    request: DisplayRequest = _THE_FILES_WAY
    values: Values = Values.STORED
    encoding: Encoding = Encoding.ARRAY
    annotations: str | None = None
    annotations_columns: str | None = None
