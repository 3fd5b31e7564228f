"""What the codestream of a compressed frame says about itself, before a decoder sees it.

Decoders trust the header of the codestream: one that claims 65,535 x 65,535
pixels costs gigabytes and minutes. Reading the few bytes here and comparing
them with the data set keeps that away from them, and tells where the two differ
in ways that can be mended (sign, precision).
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from dcmview.dicom.transfer import Codec
from dcmview.errors import DecodeFailed

if TYPE_CHECKING:
    from dcmview.model import PixelLayout

# Far above what encoders write (a whole slide frame has one tile, a mammogram
# some dozens), far below what makes OpenJPEG allocate gigabytes.
MAX_TILES = 4096
MAX_PACKETS = 1_000_000
MAX_SCANS = 500  # progressive JPEG decodes the whole frame once a scan

# The low half of the SOF marker: SOF3 and SOF55.
JPEG_LOSSLESS = 3
JPEG_LS = 7

_JPEG_START = b"\xff\xd8\xff"
_J2K_START = b"\xff\x4f\xff\x51"
_JP2_SIGNATURE = b"\x00\x00\x00\x0cjP  "
_JXL_STARTS = (b"\xff\x0a", b"\x00\x00\x00\x0cJXL ")
_SCAN_MARKER = re.compile(rb"\xff\xda")
_END_MARKER = b"\xff\xd9"  # EOI of JPEG and JPEG-LS, EOC of JPEG 2000


@dataclass(frozen=True, slots=True)
class CodestreamHeader:
    """The picture that a codestream announces.

    ``components`` and ``precision`` are 0 where they are not known beforehand
    (JPEG XL), ``is_signed`` is None where the format has no such notion.
    ``offset`` is the position of the codestream in the frame, beyond 0 where it
    is wrapped.
    """

    rows: int
    columns: int
    components: int
    precision: int
    is_signed: bool | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class JpegHeader(CodestreamHeader):
    """The frame header of JPEG or JPEG-LS, with what decides about its colours.

    ``process`` is the low half of the SOF marker. ``adobe_transform`` is None
    without an APP14 marker.
    """

    process: int = 0
    component_ids: bytes = b""
    has_jfif: bool = False
    adobe_transform: int | None = None


def starts_codestream(head: bytes, codec: Codec) -> bool:
    """Whether these first 16 bytes begin a frame of this codec."""
    if codec in (Codec.JPEG, Codec.JPEG_LS):
        return head.startswith(_JPEG_START)
    if codec in (Codec.JPEG_2000, Codec.HTJ2K):
        return head.startswith((_J2K_START, _JP2_SIGNATURE))
    if codec is Codec.JPEG_XL:
        return head.startswith(_JXL_STARTS)
    if codec is Codec.RLE and len(head) >= 8:
        # DICOM PS3.5 G.5: 1 to 15 segments, the first right after the header.
        segments, first = struct.unpack("<II", head[:8])
        return bool(1 <= segments <= 15 and first == 64)
    return False


def ends_codestream(tail: bytes, codec: Codec) -> bool:
    """Whether these last bytes may end a frame; always so for codecs without an end marker."""
    return not _has_end_marker(codec) or _END_MARKER in tail


def _has_end_marker(codec: Codec) -> bool:
    return codec in (Codec.JPEG, Codec.JPEG_LS, Codec.JPEG_2000, Codec.HTJ2K)


def is_complete(frame: bytes, codec: Codec) -> bool:
    """Whether the end marker of the codestream is there.

    Decoders accept most streams that are cut short without a word. The marker
    cannot occur within coded data of any of these formats, so it is enough to
    see one after the first half of the frame.
    """
    # From the end: that is where it is.
    return not _has_end_marker(codec) or frame.rfind(_END_MARKER, len(frame) // 2) >= 0


def read_header(frame: bytes, codec: Codec) -> CodestreamHeader:
    """Read the header of a JPEG, JPEG-LS, JPEG 2000, HTJ2K or JPEG XL codestream.

    Raises
    ------
    DecodeFailed
        If there is none, or it announces something that no decoder should be
        given: absurd numbers of tiles, packets or scans.
    """
    try:
        if codec in (Codec.JPEG_2000, Codec.HTJ2K):
            return _read_j2k(frame)
        if codec is Codec.JPEG_XL:
            return _read_jxl(frame)
        return _read_jpeg(frame)
    except (struct.error, IndexError) as exc:
        raise DecodeFailed("the header of the codestream is cut short") from exc


def complete_j2k(frame: bytes, limit: int) -> bytes:
    """Fill up a JPEG 2000 codestream that is cut short, so that a decoder takes it.

    OpenJPEG refuses a tile-part that is shorter than it says. Zeros read as
    empty packets: what was received is shown, at most the code-blocks at the
    cut are spoilt.

    Parameters
    ----------
    frame : bytes
        Codestream from SOC on.
    limit : int
        At most so many bytes are added.

    Returns
    -------
    bytes
        The codestream with its last tile-part filled up, and an end marker.
    """
    position = 2
    while position + 12 <= len(frame) and frame[position] == 0xFF:
        if frame[position + 1] == 0x90:  # SOT
            (length,) = struct.unpack_from(">I", frame, position + 6)
            missing = position + length - len(frame)
            if missing > 0:
                return frame + bytes(min(missing, limit)) + _END_MARKER
        else:
            (length,) = struct.unpack_from(">H", frame, position + 2)
            length += 2
        position += max(length, 2)
    return frame + _END_MARKER


def require_agreement(header: CodestreamHeader, layout: PixelLayout) -> None:
    """Raise `DecodeFailed` where codestream and data set describe different pictures.

    Sign and a precision that fits *Bits Allocated* (0028,0100) are not compared:
    those are repaired after decoding.
    """
    expected = (layout.rows, layout.columns, layout.samples_per_pixel)
    components = header.components or layout.samples_per_pixel
    described = (header.rows, header.columns, components)
    if described != expected:
        raise DecodeFailed(
            "the codestream holds {} rows x {} columns x {} samples, ".format(*described)
            + "the data set says {} x {} x {}".format(*expected)
        )
    # A mask of one bit a pixel may be coded in whole bytes.
    if header.precision > max(layout.bits_allocated, 8):
        raise DecodeFailed(
            f"the codestream holds samples of {header.precision} bits, "
            f"Bits Allocated (0028,0100) is {layout.bits_allocated}"
        )


def _read_jpeg(frame: bytes) -> JpegHeader:
    if not frame.startswith(_JPEG_START):
        raise DecodeFailed("no JPEG codestream: it does not begin with SOI (FF D8)")
    has_jfif = False
    adobe_transform: int | None = None
    position = 2
    while True:
        if frame[position] != 0xFF:
            raise DecodeFailed(f"no JPEG marker at byte {position} of the frame")
        marker = frame[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        (length,) = struct.unpack_from(">H", frame, position + 2)
        body = frame[position + 4 : position + 2 + length]
        if marker == 0xE0 and body.startswith(b"JFIF\x00"):
            has_jfif = True
        elif marker == 0xEE and body.startswith(b"Adobe") and len(body) >= 12:
            adobe_transform = body[11]
        elif marker in (0xD9, 0xDA):
            raise DecodeFailed("the JPEG codestream has no frame header (SOF)")
        elif marker == 0xF7 or (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)):
            break
        position += 2 + max(length, 2)
    precision, rows, columns, components = struct.unpack_from(">BHHB", body)
    sampling = body[7 : 6 + 3 * components : 3]
    if len(sampling) != components or any(
        not 1 <= s >> 4 <= 4 or not 1 <= s & 15 <= 4 for s in sampling
    ):
        raise DecodeFailed("the JPEG frame header has impossible sampling factors")
    # Not count(), which takes three times as long, a tenth of a lossless decode.
    if next(islice(_SCAN_MARKER.finditer(frame), MAX_SCANS, None), None) is not None:
        raise DecodeFailed(f"the JPEG codestream has more than {MAX_SCANS} scans")
    return JpegHeader(
        rows=rows,
        columns=columns,
        components=components,
        precision=precision,
        process=marker & 0x0F,
        component_ids=body[6 : 6 + 3 * components : 3],
        has_jfif=has_jfif,
        adobe_transform=adobe_transform,
    )


def _read_j2k(frame: bytes) -> CodestreamHeader:
    offset = 0
    if frame.startswith(_JP2_SIGNATURE):
        # DICOM PS3.5 A.4.4 forbids the JP2 file format, some writers keep it.
        offset = max(frame.find(_J2K_START, 0, 65536), 0)
    if not frame.startswith(_J2K_START, offset):
        raise DecodeFailed("no JPEG 2000 codestream: it does not begin with SOC (FF 4F)")
    (
        x_size, y_size, x_offset, y_offset, tile_width, tile_height, tile_x, tile_y, components,
    ) = struct.unpack_from(">8IH", frame, offset + 8)  # fmt: skip
    columns, rows = x_size - x_offset, y_size - y_offset
    if not components:
        raise DecodeFailed("the JPEG 2000 codestream has no components")
    described = frame[offset + 42 : offset + 42 + 3 * components]
    if len(described) < 3 * components:
        raise DecodeFailed("the header of the codestream is cut short")
    depths, steps = set(described[0::3]), set(described[1::3] + described[2::3])
    if len(depths) != 1 or steps != {1}:
        raise DecodeFailed("components of different depth or size in a JPEG 2000 codestream")
    if min(rows, columns, tile_width, tile_height) < 1 or tile_x > x_offset or tile_y > y_offset:
        raise DecodeFailed("impossible image or tile size in a JPEG 2000 codestream")
    tiles = -(-(x_size - tile_x) // tile_width) * -(-(y_size - tile_y) // tile_height)
    if tiles > MAX_TILES:
        raise DecodeFailed(f"{tiles} tiles in a JPEG 2000 codestream, more than {MAX_TILES}")
    depth = depths.pop()
    _check_j2k_coding(
        frame, offset + 2, tiles * components, (min(tile_width, columns), min(tile_height, rows))
    )
    return CodestreamHeader(
        rows=rows,
        columns=columns,
        components=components,
        precision=(depth & 0x7F) + 1,
        is_signed=bool(depth & 0x80),
        offset=offset,
    )


def _check_j2k_coding(
    frame: bytes, position: int, tile_components: int, tile_size: tuple[int, int]
) -> None:
    """Refuse what the Standard does not allow, and more packets than any encoder writes."""
    while frame[position] == 0xFF and frame[position + 1] not in (0x52, 0x90):
        (length,) = struct.unpack_from(">H", frame, position + 2)
        position += 2 + max(length, 2)
    if frame[position : position + 2] != b"\xff\x52":
        raise DecodeFailed("the JPEG 2000 codestream has no coding style (COD)")
    style, layers, levels, block_width, block_height, _, _ = struct.unpack_from(
        ">BxHxBBBBB", frame, position + 4
    )
    # ISO/IEC 15444-1 A.6.1: 2^(2 + n) samples to a side, at most 4,096 in a block.
    if levels > 32 or block_width > 8 or block_height > 8 or block_width + block_height > 8:
        raise DecodeFailed("impossible wavelet levels or code-blocks in a JPEG 2000 codestream")
    width, height = tile_size
    precincts = 0
    for resolution in range(levels + 1):
        size = frame[position + 14 + resolution] if style & 1 else 0xFF
        reduction = levels - resolution
        precincts += -(-width >> reduction + (size & 15)) * -(-height >> reduction + (size >> 4))
    packets = tile_components * layers * precincts
    if not 1 <= packets <= MAX_PACKETS:
        raise DecodeFailed(f"{packets} packets in a JPEG 2000 codestream")


def wavelet_levels(frame: bytes) -> int:
    """Count the decomposition levels of a JPEG 2000 codestream whose header was checked."""
    return frame[_coding_style(frame) + 9]


def is_reversible(frame: bytes) -> bool:
    """Whether a JPEG 2000 codestream uses the 5-3 transformation, in integers."""
    return frame[_coding_style(frame) + 13] == 1


def most_bit_planes(frame: bytes) -> int:
    """Bit planes of the deepest subband, as QCD and QCC of a checked JPEG 2000 codestream say."""
    (components,) = struct.unpack_from(">H", frame, 40)
    most = 0
    position = 2
    while position + 4 <= len(frame) and frame[position] == 0xFF and frame[position + 1] != 0x90:
        (length,) = struct.unpack_from(">H", frame, position + 2)
        if frame[position + 1] in (0x5C, 0x5D):
            of_component = frame[position + 1] == 0x5D
            begin = position + 4 + (0 if not of_component else 1 if components < 257 else 2)
            style, *steps = frame[begin : position + 2 + length] or b"\xff"
            # ISO/IEC 15444-1 A.6.4: guard bits in front of the style; exponents are the
            # upper five bits of one byte, or of two with a mantissa.
            exponents = steps if style & 31 == 0 else steps[::2]
            most = max(most, (style >> 5) + max(exponents, default=0) // 8 - 1)
        position += 2 + max(length, 2)
    return most


def _coding_style(frame: bytes) -> int:
    """Position of the COD marker."""
    position = 2
    while frame[position + 1] != 0x52:
        (length,) = struct.unpack_from(">H", frame, position + 2)
        position += 2 + max(length, 2)
    return position


def with_sample_depth(frame: bytes, bits: int, *, is_signed: bool) -> bytes:
    """Let the SIZ marker of a checked JPEG 2000 codestream tell another depth and sign.

    What the samples are coded from stays: signed ones have no middle added.
    """
    (components,) = struct.unpack_from(">H", frame, 40)
    edited = bytearray(frame)
    edited[42 : 42 + 3 * components : 3] = bytes([is_signed << 7 | bits - 1]) * components
    return bytes(edited)


def _read_jxl(frame: bytes) -> CodestreamHeader:
    """The size alone: channels and depth lie too deep in the header of JPEG XL."""
    start = _jxl_codestream(frame)
    bits = int.from_bytes(frame[start + 2 : start + 14], "little")
    if len(frame) < start + 14:
        raise DecodeFailed("the header of the codestream is cut short")

    def read(count: int) -> int:
        nonlocal bits
        value = bits & ((1 << count) - 1)
        bits >>= count
        return value

    def read_size(*, is_small: bool) -> int:
        if is_small:
            return (read(5) + 1) * 8
        return read((9, 13, 18, 30)[read(2)]) + 1

    # ISO/IEC 18181-1, SizeHeader: least significant bit first.
    is_small = bool(read(1))
    rows = read_size(is_small=is_small)
    ratio = read(3)
    if ratio:
        numerator, denominator = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))[
            ratio - 1
        ]
        columns = rows * numerator // denominator
    else:
        columns = read_size(is_small=is_small)
    return CodestreamHeader(rows=rows, columns=columns, components=0, precision=0)


def _jxl_codestream(frame: bytes) -> int:
    """Position of the bare codestream, which may lie in a box of the container format."""
    if frame.startswith(_JXL_STARTS[0]):
        return 0
    position = 0
    while frame.startswith(_JXL_STARTS[1]) and position + 12 <= len(frame):
        size, kind = struct.unpack_from(">I4s", frame, position)
        if kind == b"jxlc":
            return position + 8
        if kind == b"jxlp":
            return position + 12  # a part number comes first
        if size < 8:
            break
        position += size
    raise DecodeFailed("no JPEG XL codestream")
