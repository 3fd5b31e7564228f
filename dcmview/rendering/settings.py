"""What of a file is to be given, and in which form."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dcmview.model import DisplayRequest, PictureFormat


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
        return self.value in tuple(PictureFormat)

    @property
    def extension(self) -> str:
        """How files of the form are called, with the dot."""
        if self.is_picture:
            return PictureFormat(self.value).extension
        return ".tif" if self is OutputForm.TIFF16 else f".{self.value}"


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
