"""Bytes of one uncompressed frame -> an array of stored values (DICOM PS3.5 8.1)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dcmview.dicom.planar import planar_configuration_found
from dcmview.errors import Truncated, UnsupportedPixelFormat
from dcmview.model import Repair, SampleKind, StoredFrame

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcmview.model import PixelLayout

# A whole frame is held in memory several times over on its way to a picture.
MAX_FRAME_BYTES = 1 << 30

_BITS_ALLOCATED = {
    SampleKind.INTEGER: (1, 32),
    SampleKind.FLOAT: (32, 32),
    SampleKind.DOUBLE: (64, 64),
}

CHROMA_SUBSAMPLED = frozenset({"YBR_FULL_422", "YBR_PARTIAL_422"})
_UPSAMPLED = {"YBR_FULL_422": "YBR_FULL", "YBR_PARTIAL_422": "YBR_PARTIAL"}


def check_layout(layout: PixelLayout) -> None:
    """Raise `UnsupportedPixelFormat` for an Image Pixel Module that describes no frame we can hold.

    Sizes are plain Python integers, so nothing is allocated and nothing wraps.
    """
    if layout.rows < 1 or layout.columns < 1:
        raise UnsupportedPixelFormat(
            f"Rows (0028,0010) is {layout.rows} and Columns (0028,0011) is {layout.columns}"
        )
    if not 1 <= layout.samples_per_pixel <= 4:
        raise UnsupportedPixelFormat(
            f"Samples per Pixel (0028,0002) is {layout.samples_per_pixel}, 1 to 4 can be read"
        )
    least, most = _BITS_ALLOCATED[layout.kind]
    if not least <= layout.bits_allocated <= most:
        raise UnsupportedPixelFormat(
            f"Bits Allocated (0028,0100) is {layout.bits_allocated}, "
            f"{least} to {most} can be read as {layout.kind}"
        )
    if not layout.bits_stored - 1 <= layout.high_bit < layout.bits_allocated:
        raise UnsupportedPixelFormat(
            f"High Bit (0028,0102) is {layout.high_bit}, which does not place "
            f"{layout.bits_stored} bits in {layout.bits_allocated}"
        )
    if layout.bits_stored < 1:
        raise UnsupportedPixelFormat(f"Bits Stored (0028,0101) is {layout.bits_stored}")
    size = frame_bits(layout, subsampled=False) // 8
    if size > MAX_FRAME_BYTES:
        raise UnsupportedPixelFormat(
            f"a frame of {layout.rows} x {layout.columns} pixels takes {size} bytes, "
            f"more than the {MAX_FRAME_BYTES} that are read at once"
        )


def frame_bits(layout: PixelLayout, *, subsampled: bool = True) -> int:
    """Size of one uncompressed frame in bits.

    Parameters
    ----------
    layout : PixelLayout
        The Image Pixel Module.
    subsampled : bool, default True
        Whether YBR_FULL_422 shares its chroma samples between two pixels, as
        the Standard says and some writers forget.
    """
    samples = layout.rows * layout.columns * layout.samples_per_pixel
    if subsampled and layout.photometric_interpretation in CHROMA_SUBSAMPLED:
        samples = layout.rows * _pairs(layout) * 4
    return samples * layout.bits_allocated


def _pairs(layout: PixelLayout) -> int:
    """Pairs of pixels in a row that share their chroma; the last may lack its second pixel."""
    return -(-layout.columns // 2)


def native_frame(
    frame: bytes | NDArray[np.uint8],
    layout: PixelLayout,
    *,
    little_endian: bool,
    bit_offset: int = 0,
) -> StoredFrame:
    """Read the stored values of an uncompressed frame.

    Data that ends early fills what it can; the rest is zero and the frame is
    marked truncated.

    Parameters
    ----------
    frame : bytes or ndarray of uint8
        The frame from its first byte, without swapped 16-bit words. The
        memory of an array becomes that of the samples.
    layout : PixelLayout
        The Image Pixel Module.
    little_endian : bool
        Byte order of samples of more than 8 bits.
    bit_offset : int, default 0
        Position of the first sample in the first byte, for samples that do not
        fill bytes.

    Returns
    -------
    StoredFrame
        Chroma of YBR_FULL_422 repeated for both pixels (the layout then says
        YBR_FULL), planes interleaved by pixel.

    Raises
    ------
    Truncated
        If not even the first row is there.
    UnsupportedPixelFormat
        If the layout describes no frame that can be held.

    References
    ----------
    DICOM PS3.5 8.1.1, Pixel Data Encoding of Related Data Elements.
    DICOM PS3.3 C.7.6.3.1.2, Photometric Interpretation.
    """
    check_layout(layout)
    subsampled = _is_subsampled(layout, len(frame) * 8)
    expected_bits = frame_bits(layout, subsampled=subsampled)
    present_bits = len(frame) * 8 - bit_offset
    truncated = present_bits < expected_bits
    if present_bits < expected_bits // layout.rows:
        raise Truncated(
            f"the frame holds {len(frame)} of {-(-expected_bits // 8)} bytes, less than one row"
        )
    count = expected_bits // layout.bits_allocated
    cells = _cells(frame, count, layout, little_endian=little_endian, bit_offset=bit_offset)
    values, layout = stored_values(cells, layout)
    repairs = [truncation(len(frame), -(-expected_bits // 8))] if truncated else []
    if subsampled:
        values = _repeat_chroma(values, layout)
        if layout.columns % 2:
            repairs.append(
                Repair(
                    "odd-columns",
                    "(0028,0011) Columns",
                    f"{layout.columns} with chroma for pairs of pixels",
                    "the first pixel of the last pair",
                )
            )
    else:
        if layout.samples_per_pixel == 3 and not truncated:
            layout = _as_they_lie(values, layout, repairs)
        values = _interleaved(values, layout)
    interpretation = layout.photometric_interpretation
    upsampled = _UPSAMPLED.get(interpretation, interpretation)
    if (layout.planar_configuration, interpretation) != (0, upsampled):
        layout = replace(layout, planar_configuration=0, photometric_interpretation=upsampled)
    return StoredFrame(
        values,
        layout,
        truncated=truncated,
        repairs=tuple(repairs),
    )


def _is_subsampled(layout: PixelLayout, present_bits: int) -> bool:
    """Whether pixels of a frame share their chroma: some writers say so and store all of it."""
    interpretation = layout.photometric_interpretation
    is_short = present_bits < frame_bits(layout, subsampled=False)
    subsampled = interpretation in CHROMA_SUBSAMPLED and is_short
    if subsampled and layout.samples_per_pixel != 3:
        raise UnsupportedPixelFormat(f"{interpretation} of {layout.samples_per_pixel} samples")
    if interpretation == "YBR_PARTIAL_420" and present_bits < frame_bits(layout):
        raise UnsupportedPixelFormat(
            "YBR_PARTIAL_420 without compression: where its samples lie is not defined"
        )
    return subsampled


def _as_they_lie(
    values: NDArray[np.generic], layout: PixelLayout, repairs: list[Repair]
) -> PixelLayout:
    """The layout with the Planar Configuration that the samples have beyond doubt."""
    if layout.photometric_interpretation != "RGB":
        return layout  # of luma and chroma no plane looks like another
    found = planar_configuration_found(values, layout)
    if found == layout.planar_configuration:
        return layout
    repairs.append(
        Repair(
            "planar-configuration",
            "(0028,0006) Planar Configuration",
            str(layout.planar_configuration),
            f"{found}, as the samples lie",
        )
    )
    return replace(layout, planar_configuration=found)


def truncation(found: int, expected: int) -> Repair:
    """Note that a frame holds fewer bytes than it should."""
    return Repair(
        "truncated",
        "(7FE0,0010) Pixel Data",
        f"{found} of {expected} bytes",
        "what is there; the rest is zero",
    )


def stored_values(
    cells: NDArray[np.generic], layout: PixelLayout
) -> tuple[NDArray[np.generic], PixelLayout]:
    """Take the bits of each sample out of its cell.

    Bits above *High Bit* (0028,0102) and below the sample are undefined (old
    files keep overlays there), so samples are shifted and masked, and negative
    ones sign-extended.

    Parameters
    ----------
    cells : ndarray of unsigned integers or floats
        One cell of *Bits Allocated* (0028,0100) a sample.
    layout : PixelLayout
        The Image Pixel Module.

    Returns
    -------
    values : ndarray
        Same shape; signed where *Pixel Representation* (0028,0103) is 1.
    layout : PixelLayout
        With the cell size of the array and *High Bit* at the top of the sample.
    """
    bits = cells.dtype.itemsize * 8
    if layout.kind is not SampleKind.INTEGER:
        return cells, replace(layout, bits_allocated=bits)
    # One bit has no room for a sign: a mask that claims one is still 0 and 1.
    is_signed = layout.pixel_representation == 1 and layout.bits_stored > 1
    layout_of_values = replace(
        layout,
        bits_allocated=bits,
        high_bit=layout.bits_stored - 1,
        pixel_representation=0 if layout.bits_stored == 1 else layout.pixel_representation,
    )
    values: NDArray[np.generic] = cells
    if is_signed:
        signed = np.dtype(f"i{cells.dtype.itemsize}")
        values = cells.view(signed)
        if layout.bits_stored < bits:
            own = values if values.flags.writeable else None
            values = np.left_shift(values, bits - 1 - layout.high_bit, out=own)
            values = np.right_shift(values, bits - layout.bits_stored, out=values)
        return values, layout_of_values
    shift = layout.high_bit + 1 - layout.bits_stored
    # Cells that nobody else reads are changed where they are.
    own = cells if cells.flags.writeable else None
    if shift:
        values = np.right_shift(values, shift, out=own)
    if layout.bits_stored + shift < bits:
        mask = cells.dtype.type((1 << layout.bits_stored) - 1)
        values = np.bitwise_and(values, mask, out=own if values is cells else values)
    return values, layout_of_values


def native_cells(
    frame: bytes | NDArray[np.uint8], layout: PixelLayout, *, little_endian: bool
) -> NDArray[np.generic]:
    """Give the cells of an uncompressed frame with all their bits, missing ones zero.

    Returns
    -------
    ndarray of unsigned integers, shape (rows * columns * samples,)
    """
    check_layout(layout)
    count = frame_bits(layout, subsampled=False) // layout.bits_allocated
    return _cells(frame, count, layout, little_endian=little_endian, bit_offset=0)


def _cells(
    frame: bytes | NDArray[np.uint8],
    count: int,
    layout: PixelLayout,
    *,
    little_endian: bool,
    bit_offset: int,
) -> NDArray[np.generic]:
    """``count`` cells in native byte order, the missing ones zero."""
    bits = layout.bits_allocated
    if bits not in (8, 16, 32, 64):
        return _unpacked_cells(frame, count, bits, bit_offset)
    kind = "u" if layout.kind is SampleKind.INTEGER else "f"
    dtype = np.dtype(f"{'<' if little_endian else '>'}{kind}{bits // 8}")
    present = min(len(frame) // dtype.itemsize, count)
    cells = np.frombuffer(frame, dtype, present)
    native = dtype.newbyteorder("=")
    if present == count:
        return cells.astype(native, copy=False)
    whole = np.zeros(count, native)
    whole[:present] = cells
    return whole


def _unpacked_cells(
    frame: bytes | NDArray[np.uint8], count: int, bits: int, bit_offset: int
) -> NDArray[np.generic]:
    """Cells that do not fill bytes follow each other from the least significant bit upwards."""
    stream = np.unpackbits(np.frombuffer(frame, np.uint8), bitorder="little")[bit_offset:]
    stream = stream[: count * bits]
    if stream.size < count * bits:
        stream = np.concatenate([stream, np.zeros(count * bits - stream.size, np.uint8)])
    if bits == 1:
        return stream
    dtype = np.dtype(np.uint8 if bits < 8 else np.uint16 if bits < 16 else np.uint32)
    cells = np.zeros(count, dtype)
    for bit in range(bits):
        cells |= np.left_shift(stream[bit::bits], bit, dtype=dtype)
    return cells


def _interleaved(values: NDArray[np.generic], layout: PixelLayout) -> NDArray[np.generic]:
    """Shape (rows, columns) or (rows, columns, samples), whatever Planar Configuration says."""
    rows, columns, samples = layout.rows, layout.columns, layout.samples_per_pixel
    if samples == 1:
        return values.reshape(rows, columns)
    if layout.planar_configuration == 1:
        pixels = np.empty((rows, columns, samples), values.dtype)
        # Three times as fast as a transposed copy.
        for sample, plane in enumerate(values.reshape(samples, rows, columns)):
            pixels[:, :, sample] = plane
        return pixels
    return values.reshape(rows, columns, samples)


def _repeat_chroma(values: NDArray[np.generic], layout: PixelLayout) -> NDArray[np.generic]:
    """Two pixels are stored as Y1 Y2 CB CR."""
    rows, columns = layout.rows, layout.columns
    pairs = values.reshape(rows, _pairs(layout), 4)
    pixels = np.empty((rows, columns, 3), values.dtype)
    for pixel_of_pair in (0, 1):
        target = pixels[:, pixel_of_pair::2]
        complete_pairs = pairs[:, : target.shape[1]]
        for channel, position in enumerate((pixel_of_pair, 2, 3)):
            target[:, :, channel] = complete_pairs[:, :, position]
    return pixels
