"""An object that ROIs are read from, in memory: parsed within bounds, with its frames."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from dcmview.dicom import elements
from dcmview.dicom.bounded import Budget
from dcmview.dicom.decoding import decode_with, make_decoder
from dcmview.dicom.frames import FrameTable, frame_table
from dcmview.dicom.layout import read_layout
from dcmview.dicom.parse import ParsedFile, parse_file
from dcmview.dicom.source import MemorySource
from dcmview.dicom.transfer import transfer_syntax
from dcmview.dicom.uids import uid_name
from dcmview.errors import DcmviewError, InstanceError, InvalidAnnotation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from dcmview.dicom.decoding import Decoder
    from dcmview.model import PixelLayout, StoredFrame

_STORAGE = "1.2.840.10008.5.1.4.1.1."
FORM_BY_CLASS = {
    f"{_STORAGE}88.": "sr",  # all kinds of structured reports
    f"{_STORAGE}11.": "gsps",  # all kinds of presentation states
    f"{_STORAGE}66.4": "seg",
    f"{_STORAGE}66.7": "seg",  # as label maps
}
"""Beginnings of SOP Class UIDs of objects that have ROIs."""


BUDGET = Budget(size_bytes=128 * 1024 * 1024, reads=4_000_000, time_s=30)
"""A report of 1,000 ROIs may have half a million parts, if its sequences say no length."""


@dataclass
class DicomContent:
    """A parsed object and its bytes.

    Raises
    ------
    InvalidAnnotation
        If it cannot be read, or ends early.
    """

    data: bytes

    def __post_init__(self) -> None:
        self._source = MemorySource(self.data)
        try:
            self._parsed: ParsedFile = parse_file(self._source, budget=BUDGET)
        except InstanceError as exc:
            raise InvalidAnnotation(f"not a DICOM object that can be read: {exc.message}") from exc
        if self._parsed.problem:
            raise InvalidAnnotation(f"the DICOM object is damaged: {self._parsed.problem}")

    @property
    def dataset(self) -> Dataset:
        """The elements before the pixel data."""
        return self._parsed.dataset

    @cached_property
    def form(self) -> str:
        """Which form of ROIs it is, or raise ``InvalidAnnotation`` if none."""
        uid = elements.text(self.dataset, "SOPClassUID")
        for beginning, form in FORM_BY_CLASS.items():
            if uid.startswith(beginning):
                return form
        raise InvalidAnnotation(
            f"a DICOM object without ROIs: {uid_name(uid) or uid[:64] or 'of no SOP class'}; "
            "structured reports, segmentations and presentation states have some"
        )

    @cached_property
    def layout(self) -> PixelLayout:
        """How its frames are stored."""
        return read_layout(self.dataset, self._parsed.kind)[0]

    def stored_frame(self, frame_index: int) -> NDArray[np.generic]:
        """Decode a frame, counted from 0.

        Raises
        ------
        InvalidAnnotation
            If it is not there, or cannot be decoded.
        """
        try:
            decoded = self._decoded(frame_index)
        except DcmviewError as exc:
            raise InvalidAnnotation(exc.message) from exc
        if decoded.truncated:
            raise InvalidAnnotation("the pixel data ends early")
        return decoded.values

    def close(self) -> None:
        """End the process that decodes, if one was started."""
        if "_decoder" in vars(self):
            self._decoder.close()

    def _decoded(self, frame_index: int) -> StoredFrame:
        location = self._parsed.location
        syntax = transfer_syntax(self._parsed.transfer_syntax_uid)
        frame = self._table.frame_bytes(self._pixels, frame_index)
        return decode_with(
            self._decoder,
            frame,
            self.layout,
            syntax,
            little_endian=location is None or location.little_endian,
            bit_offset=self._table.bit_offset(frame_index),
        )

    @cached_property
    def _decoder(self) -> Decoder:
        """A process of its own, which a damaged frame may crash."""
        return make_decoder(1)

    @property
    def _pixels(self) -> MemorySource:
        return self._parsed.inflated or self._source

    @cached_property
    def _table(self) -> FrameTable:
        if self._parsed.location is None:
            raise InvalidAnnotation("the object has no pixel data")
        syntax = transfer_syntax(self._parsed.transfer_syntax_uid)
        return frame_table(self._pixels, self._parsed.location, self.layout, syntax)
