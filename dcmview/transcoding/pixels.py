"""What becomes of the Image Pixel Module when frames are written in another syntax."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dcmview.dicom.samples import check_layout
from dcmview.dicom.transfer import Codec
from dcmview.errors import CannotTranscode
from dcmview.model import SampleKind

if TYPE_CHECKING:
    from dcmview.dicom.transfer import TransferSyntax
    from dcmview.model import PixelLayout
    from dcmview.transcoding.targets import Target


@dataclass(frozen=True, slots=True)
class PixelResult:
    """The elements that describe the new pixel data (DICOM PS3.3 C.7.6.3).

    ``planar_configuration`` is None where *Planar Configuration* (0028,0006)
    has to be absent. ``is_lossy_now`` says that this step loses, and ``method``
    then is the value to append to *Lossy Image Compression Method* (0028,2114).
    """

    photometric_interpretation: str
    planar_configuration: int | None
    bits_allocated: int
    bits_stored: int
    high_bit: int
    pixel_representation: int
    is_lossy_now: bool = False
    method: str = ""


# JPEG of these processes loses always, whatever the data set says.
_DCT = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in range(50, 57))

_COMPLETE_CHROMA = {"YBR_FULL_422": "YBR_FULL", "YBR_PARTIAL_422": "YBR_PARTIAL"}


def decoded_layout(layout: PixelLayout, syntax: TransferSyntax) -> PixelLayout:
    """Tell how decoded frames will be described, before one is decoded.

    Parameters
    ----------
    layout : PixelLayout
        The Image Pixel Module of the file.
    syntax : TransferSyntax
        In which the file is written.

    Returns
    -------
    PixelLayout
        With the *Photometric Interpretation* (0028,0004) that decoders give,
        *High Bit* (0028,0102) at the top of the sample and a cell of 8, 16 or
        32 bits, or of one.
    """
    interpretation = layout.photometric_interpretation
    interpretation = _COMPLETE_CHROMA.get(interpretation, interpretation)
    if layout.samples_per_pixel == 3:
        undone = {
            Codec.JPEG: syntax.uid in _DCT,
            Codec.JPEG_2000: interpretation in ("YBR_ICT", "YBR_RCT"),
            Codec.HTJ2K: interpretation in ("YBR_ICT", "YBR_RCT"),
            Codec.JPEG_XL: True,
        }
        if undone.get(syntax.codec, False):
            interpretation = "RGB"
    bits_allocated = layout.bits_allocated
    if layout.kind is SampleKind.INTEGER and bits_allocated != 1:
        bits_allocated = 8 if bits_allocated <= 8 else 16 if bits_allocated <= 16 else 32
    return replace(
        layout,
        photometric_interpretation=interpretation,
        planar_configuration=0,
        bits_allocated=bits_allocated,
        high_bit=layout.bits_stored - 1 if layout.kind is SampleKind.INTEGER else layout.high_bit,
        pixel_representation=0 if layout.bits_stored == 1 else layout.pixel_representation,
    )


def check_source(
    target: Target, syntax: TransferSyntax, *, was_lossy: bool, allow_recompress: bool
) -> None:
    """Refuse to lose twice.

    Raises
    ------
    CannotTranscode
        If source and target lose and nobody allowed it.
    """
    if target.lossless or allow_recompress:
        return
    if was_lossy or syntax.uid in _DCT:
        raise CannotTranscode(
            "the image has been compressed with loss before (Lossy Image Compression "
            f"(0028,2110) or {syntax.name}); {target.keyword} would lose again, which "
            "allow_recompress permits"
        )


def check_target(layout: PixelLayout, target: Target, *, near: int | None = None) -> None:
    """Refuse what a target cannot hold without silent loss.

    Parameters
    ----------
    layout : PixelLayout
        Of decoded frames, as `decoded_layout` gives it.
    target : Target
        The syntax to write.
    near : int, optional
        Largest error that near-lossless JPEG-LS is to make.

    Raises
    ------
    CannotTranscode
        With the element that is in the way.
    UnsupportedPixelFormat
        If the layout describes no frame that can be held.

    References
    ----------
    DICOM PS3.5 8.2, Native or Encapsulated Format Encoding.
    """
    check_layout(layout)
    name = target.keyword
    codec = target.syntax.codec
    is_packed = layout.bits_allocated == 1
    if codec is Codec.NATIVE:
        return
    if layout.kind is not SampleKind.INTEGER:
        raise CannotTranscode(f"{layout.kind} samples cannot be compressed as {name}")
    if is_packed and not target.takes_packed:
        raise CannotTranscode(
            f"Bits Allocated (0028,0100) is 1, which {name} does not hold; "
            "RLELossless and the uncompressed syntaxes do"
        )
    least, most = target.bits
    if not least <= layout.bits_stored <= most:
        raise CannotTranscode(
            f"Bits Stored (0028,0101) is {layout.bits_stored}, {name} holds {least} to {most} bits"
        )
    if layout.samples_per_pixel not in target.samples:
        raise CannotTranscode(
            f"Samples per Pixel (0028,0002) is {layout.samples_per_pixel}, {name} holds "
            f"{' or '.join(map(str, target.samples))}"
        )
    interpretation = layout.photometric_interpretation
    is_colour = interpretation in ("RGB", "YBR_FULL")
    if target.interpretations is not None and (
        interpretation not in target.interpretations or is_colour != (layout.samples_per_pixel == 3)
    ):
        raise CannotTranscode(
            f"Photometric Interpretation (0028,0004) is {interpretation} of "
            f"{layout.samples_per_pixel} samples, {name} holds "
            f"{', '.join(sorted(target.interpretations))}"
        )
    if layout.pixel_representation == 1 and not target.takes_signed:
        raise CannotTranscode(
            f"Pixel Representation (0028,0103) is 1 (signed), {name} holds unsigned samples alone"
        )
    most_near = (1 << layout.bits_stored) - 1 >> 1
    if near is not None and near > most_near:
        raise CannotTranscode(
            f"Bits Stored (0028,0101) is {layout.bits_stored}, of which JPEG-LS can lose at most "
            f"{most_near}, not {near}"
        )
    if interpretation == "YBR_FULL" and layout.bits_stored > 8 and codec is Codec.JPEG_LS:
        raise CannotTranscode(f"{name} holds YBR_FULL of 8 bits, here are {layout.bits_stored}")


def pixel_result(layout: PixelLayout, target: Target) -> PixelResult:
    """Describe the pixel data that a target makes of decoded frames.

    Parameters
    ----------
    layout : PixelLayout
        Of decoded frames, as `decoded_layout` gives it.
    target : Target
        A syntax that can hold them.

    References
    ----------
    DICOM PS3.3 C.7.6.3.1.2, Photometric Interpretation.
    DICOM PS3.3 C.7.6.1.1.5, Lossy Image Compression.
    DICOM PS3.5 8.2, Native or Encapsulated Format Encoding.
    """
    codec = target.syntax.codec
    planar_configuration: int | None = 1 if codec is Codec.RLE else 0
    if layout.samples_per_pixel == 1:
        planar_configuration = None
    bits_stored = layout.bits_stored
    bits_allocated = layout.bits_allocated
    if codec is Codec.JPEG and not target.lossless:
        # DCT knows 8 and 12 bits, and its errors may need all of them.
        bits_stored = 8 if bits_stored <= 8 else 12
    if codec in (Codec.JPEG, Codec.JPEG_LS) and not target.lossless and bits_stored <= 8:
        bits_allocated = 8  # they know no smaller samples in larger cells
    return PixelResult(
        photometric_interpretation=_coded_interpretation(layout, target),
        planar_configuration=planar_configuration,
        bits_allocated=bits_allocated,
        bits_stored=bits_stored,
        high_bit=layout.high_bit if layout.kind is not SampleKind.INTEGER else bits_stored - 1,
        pixel_representation=layout.pixel_representation,
        is_lossy_now=not target.lossless,
        method=target.method,
    )


def _coded_interpretation(layout: PixelLayout, target: Target) -> str:
    """The colours in the codestream: some codecs have a transformation of their own."""
    codec, interpretation = target.syntax.codec, layout.photometric_interpretation
    if interpretation == "RGB":
        if codec in (Codec.JPEG_2000, Codec.HTJ2K):
            return "YBR_RCT" if target.lossless else "YBR_ICT"
        if codec is Codec.JPEG_XL and not target.lossless:
            return "XYB"
    if codec is Codec.JPEG and not target.lossless and layout.samples_per_pixel == 3:
        return "YBR_FULL_422"
    return interpretation
