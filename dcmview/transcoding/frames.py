"""Decoded frames of one file -> frames in another transfer syntax."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from dcmview.dicom.transfer import Codec
from dcmview.errors import CannotTranscode
from dcmview.model import SampleKind
from dcmview.transcoding.coding import Coding
from dcmview.transcoding.encoders import encode_codestream
from dcmview.transcoding.pixels import (
    check_source,
    check_target,
    decoded_layout,
    pixel_result,
)
from dcmview.transcoding.proof import prove_frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcmview.dicom.transfer import TransferSyntax
    from dcmview.model import PixelLayout, StoredFrame
    from dcmview.transcoding.targets import EncodeOptions, Target

# Their cells are those of the data set; all other codecs take samples.
_CODES_CELLS = frozenset({Codec.NATIVE, Codec.RLE, Codec.DEFLATED_FRAME})


@dataclass(frozen=True, slots=True, eq=False)
class EncodedFrame:
    """One frame in the new syntax.

    ``content`` is a codestream as it ends, or the cells of an uncompressed
    frame (8-bit ones as in VR OB, not swapped); its writer pads it to an even
    length. Uncompressed frames of single bits share bytes: there it begins with
    what the frame before has not filled. Errors are in stored values, 0 where
    nothing was lost, None where that was not proven.
    """

    content: bytes | memoryview
    max_error: float | None = None
    mean_error: float | None = None


class FrameEncoder:
    """Encodes the frames of one file, each once and in their order.

    Parameters
    ----------
    layout : PixelLayout
        The Image Pixel Module of the file.
    target : Target
        The syntax to write.
    options : EncodeOptions
        How to encode; what the target does not know is refused.
    source_syntax : TransferSyntax
        In which the file is written.
    was_lossy : bool
        Whether *Lossy Image Compression* (0028,2110) is 01.
    first : PixelLayout, optional
        That of the first decoded frame. It tells *Bits Stored* (0028,0101) and
        *Photometric Interpretation* (0028,0004) where the data set is wrong;
        without it, such a frame is refused by `encode`.

    Attributes
    ----------
    target : Target
        The syntax to write.
    result : PixelResult
        The elements that describe the new pixel data.

    Raises
    ------
    CannotTranscode
        If the target cannot hold these frames, with the reason.
    RequestError
        If the options make no sense for the target.
    """

    def __init__(
        self,
        layout: PixelLayout,
        target: Target,
        options: EncodeOptions,
        *,
        source_syntax: TransferSyntax,
        was_lossy: bool,
        first: PixelLayout | None = None,
    ) -> None:
        options = target.check(options)
        check_source(
            target, source_syntax, was_lossy=was_lossy, allow_recompress=options.allow_recompress
        )
        expected = decoded_layout(layout, source_syntax)
        if first is not None:
            expected = replace(
                expected,
                bits_stored=first.bits_stored,
                high_bit=first.high_bit,
                bits_allocated=max(expected.bits_allocated, first.bits_allocated)
                if expected.bits_allocated != 1
                else 1,
                photometric_interpretation=first.photometric_interpretation,
            )
        check_target(expected, target, near=options.near)
        self.result = pixel_result(expected, target)
        self._expected = expected
        self.target = target
        self._options = options
        self._coding = Coding(
            bits=expected.bits_stored,
            cell_bits=self.result.bits_allocated,
            is_signed=expected.pixel_representation == 1,
            interpretation=expected.photometric_interpretation,
            target=target,
            options=options,
        )
        self._frames_left = expected.frame_count
        self._bits_left = np.zeros(0, np.bool_)

    @property
    def native_bytes(self) -> int:
        """Bytes of all frames without compression, where bits follow each other within a byte."""
        layout = self._expected
        samples = layout.rows * layout.columns * layout.samples_per_pixel
        return -(-samples * self.result.bits_allocated * layout.frame_count // 8)

    def encode(self, stored: StoredFrame) -> EncodedFrame:
        """Encode the next decoded frame, and prove it if the options say so.

        Raises
        ------
        CannotTranscode
            If the frame is cut short or other than announced, if the encoder
            refuses it, or if the proof fails.
        """
        self._require_announced(stored)
        values = cast("NDArray[np.integer[Any]]", stored.values)
        is_native = self.target.syntax.codec is Codec.NATIVE
        if is_native and self.result.bits_allocated == 1:
            return EncodedFrame(self._joined_bits(values != 0), 0.0, 0.0)
        content: bytes | memoryview
        if is_native:
            content = self._native(values)
        else:
            content = encode_codestream(self._samples(values), self._coding)
        if not self._options.prove:
            return EncodedFrame(content)
        near = self._options.near
        errors = prove_frame(content, stored, self.result, self.target, near=near)
        return EncodedFrame(content, *errors)

    def _require_announced(self, stored: StoredFrame) -> None:
        if stored.truncated:
            raise CannotTranscode("the data of the frame ends early")
        found, expected = stored.layout, self._expected
        for name, of_frame, announced in (
            ("Rows (0028,0010)", found.rows, expected.rows),
            ("Columns (0028,0011)", found.columns, expected.columns),
            (
                "Samples per Pixel (0028,0002)",
                found.samples_per_pixel,
                expected.samples_per_pixel,
            ),
            ("Bits Stored (0028,0101)", found.bits_stored, expected.bits_stored),
            (
                "Pixel Representation (0028,0103)",
                found.pixel_representation,
                expected.pixel_representation,
            ),
            (
                "Photometric Interpretation (0028,0004)",
                found.photometric_interpretation,
                expected.photometric_interpretation,
            ),
        ):
            if of_frame != announced:
                raise CannotTranscode(f"{name} is {of_frame} in this frame, not {announced}")

    def _samples(self, values: NDArray[np.integer[Any]]) -> NDArray[np.integer[Any]]:
        """Samples in cells of the size that the encoder takes, in native byte order."""
        cell_bits = self.result.bits_allocated
        if self.target.syntax.codec not in _CODES_CELLS:
            bits = self.result.bits_stored
            cell_bits = 8 if bits <= 8 else 16 if bits <= 16 else 32
        dtype = np.dtype(f"{values.dtype.kind}{max(cell_bits // 8, 1)}")
        return np.ascontiguousarray(values, dtype)

    def _native(self, values: NDArray[np.generic]) -> memoryview:
        dtype = values.dtype
        if self._expected.kind is SampleKind.INTEGER:
            dtype = np.dtype(f"{dtype.kind}{self.result.bits_allocated // 8}")
        dtype = dtype.newbyteorder("<" if self.target.syntax.little_endian else ">")
        return np.ascontiguousarray(values, dtype).reshape(-1).view(np.uint8).data

    def _joined_bits(self, bits: NDArray[np.bool_]) -> memoryview:
        """Whole bytes of this frame and of what was left of the one before; at the end, all."""
        together = np.concatenate((self._bits_left, bits.reshape(-1)))
        self._frames_left -= 1
        count = together.size // 8 * 8 if self._frames_left else together.size
        self._bits_left = together[count:]
        return np.packbits(together[:count], bitorder="little").data
