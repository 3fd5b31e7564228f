"""Display values -> the bytes of an image file."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from dcmview.errors import RequestError
from dcmview.model import PictureFormat
from dcmview.pixels.strips import in_strips

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import BinaryIO

    from numpy.typing import NDArray

    from dcmview.model import OverlayPlane

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GRAYSCALE, _TRUECOLOR, _INDEXED = 0, 2, 3
_NONE, _SUB, _UP = 0, 1, 2
_LEVEL = 1  # higher levels take up to 30 times as long for about the same size
_RAW_DEFLATE = -15
_ZLIB_HEAD = b"\x78\x01"
_FULL_FLUSH, _FINISH = 3, 4
_ADLER_BASE = 65521
_CHUNK_ROWS = 64

LONGEST_SIDE = {PictureFormat.JPEG: 65_500, PictureFormat.WEBP: 16_383}
QUALITY = {PictureFormat.JPEG: 90, PictureFormat.WEBP: 90}
_WEBP_EFFORT = 0  # a third of the usual time, for files at most a quarter larger
_WEBP_HAS_PROFILE = 0x20


def encode_picture(
    display: NDArray[np.uint8],
    picture_format: PictureFormat,
    *,
    quality: int | None = None,
    icc_profile: bytes | None = None,
) -> bytes:
    """Encode a picture in one of the formats that browsers show.

    PNG is exact; JPEG and WebP lose detail. WebP takes ten times as long
    as PNG or more: it is for slow lines.

    Parameters
    ----------
    display : ndarray of uint8, shape (rows, columns) or (rows, columns, 3)
        Grey levels, or red, green, blue.
    picture_format : PictureFormat
        The format.
    quality : int, optional
        From 1 to 100, that of ``QUALITY`` if it is None; PNG loses nothing and has none.
    icc_profile : bytes, optional
        What the colours are; put into the file.

    Raises
    ------
    RequestError
        If the picture is larger than the format allows, or there is no such quality.
    """
    if quality is not None and not 1 <= quality <= 100:
        raise RequestError(f"quality must be from 1 to 100, not {quality}")
    if picture_format is PictureFormat.PNG:
        return encode_png(display, icc_profile=icc_profile)
    quality = quality or QUALITY[picture_format]
    longest = LONGEST_SIDE[picture_format]
    if max(display.shape[:2]) > longest:
        raise RequestError(
            f"{picture_format.name} pictures have at most {longest:,} pixels a side, this one "
            f"{max(display.shape[:2]):,}; ask for format=png or a size"
        )
    if picture_format is PictureFormat.WEBP:
        return _encode_webp(display, quality, icc_profile)
    if display.ndim == 2 and icc_profile is None:
        return _encode_grey_jpeg(display, quality)
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(display).save(
        content, format=picture_format.name, quality=quality, icc_profile=icc_profile
    )
    return content.getvalue()


def _encode_grey_jpeg(display: NDArray[np.uint8], quality: int) -> bytes:
    """What Pillow makes of it, with half the work around the codec."""
    from imagecodecs import jpeg8_encode

    return bytes(jpeg8_encode(np.ascontiguousarray(display), level=quality))


def _encode_webp(display: NDArray[np.uint8], quality: int, icc_profile: bytes | None) -> bytes:
    """Not with Pillow, which keeps all other threads waiting while it copies the pixels."""
    from imagecodecs import webp_encode

    rows, columns = display.shape[:2]
    colors = np.empty((rows, columns, 3), np.uint8)  # there are no grey ones
    colors[...] = display if display.ndim == 3 else display[:, :, None]
    content = bytes(webp_encode(colors, level=quality, method=_WEBP_EFFORT, lossless=False))
    if icc_profile is None:
        return content
    canvas = (columns - 1).to_bytes(3, "little") + (rows - 1).to_bytes(3, "little")
    features = struct.pack("<I", _WEBP_HAS_PROFILE) + canvas
    chunks = (
        struct.pack("<4sI", b"VP8X", len(features)) + features,
        struct.pack("<4sI", b"ICCP", len(icc_profile)) + icc_profile,
        bytes(len(icc_profile) % 2),
        content[12:],  # the picture, behind RIFF, its length and WEBP
    )
    length = 4 + sum(map(len, chunks))
    return b"".join((struct.pack("<4sI4s", b"RIFF", length, b"WEBP"), *chunks))


def encode_png(display: NDArray[np.uint8], *, icc_profile: bytes | None = None) -> bytes:
    """Encode a picture as PNG.

    One filter serves all rows, chosen by what compresses medical images best
    for its cost: the difference to the pixel above for grey, to the left for
    colour.

    Parameters
    ----------
    display : ndarray of uint8, shape (rows, columns) or (rows, columns, 3)
        Grey levels, or red, green, blue.
    icc_profile : bytes, optional
        What the colours are, for an iCCP chunk.

    Returns
    -------
    bytes
        A complete PNG file of 8 bits a sample.
    """
    rows, columns = display.shape[:2]
    if display.ndim == 2:
        return encode_grey_png(lambda begin, end: display[begin:end], rows, columns)
    chunks = [_chunk(b"IHDR", _header(columns, rows, 8, _TRUECOLOR))]
    if icc_profile is not None:
        chunks.append(_chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(icc_profile)))
    chunks.append(_chunk(b"IDAT", _deflated(_filter_sub(display))))
    chunks.append(_chunk(b"IEND", b""))
    return b"".join((_SIGNATURE, *(part for chunk in chunks for part in chunk)))


def encode_grey_png(
    rows_of: Callable[[int, int], NDArray[np.uint8]], rows: int, columns: int
) -> bytes:
    """Encode a grey picture as PNG while it is made, some rows at a time.

    The picture is never held as a whole: what is made, filtered and compressed
    fits the cache of a core, and large frames take no memory but their file's.

    Parameters
    ----------
    rows_of : callable
        Gives the grey levels of rows ``begin`` to ``end``, uint8 of shape
        (end - begin, columns); called from several threads.
    rows, columns : int
        Size of the picture.
    """
    engine = _deflate_engine()

    def strip(begin: int, end: int) -> tuple[bytes, int, int]:
        compressor = engine.compressobj(_LEVEL, zlib.DEFLATED, _RAW_DEFLATE)
        buffer = np.empty((_CHUNK_ROWS, columns + 1), np.uint8)
        parts: list[bytes] = []
        checksum = 1
        above: NDArray[np.uint8] | None = None
        for first in range(begin, end, _CHUNK_ROWS):
            levels = rows_of(first, min(first + _CHUNK_ROWS, end))
            filtered = buffer[: len(levels)]
            _filter_up(levels, above, filtered)
            above = levels[-1]
            content = filtered.reshape(-1).data
            checksum = engine.adler32(content, checksum)
            parts.append(compressor.compress(content))
        parts.append(compressor.flush(_FINISH if end == rows else _FULL_FLUSH))
        return b"".join(parts), checksum, (end - begin) * (columns + 1)

    strips = in_strips(strip, rows, rows * columns)
    checksum = 1
    for _, of_strip, length in strips:
        checksum = _joined_checksum(checksum, of_strip, length)
    content = (_ZLIB_HEAD, *(each for each, _, _ in strips), struct.pack(">I", checksum))
    chunks = (
        _chunk(b"IHDR", _header(columns, rows, 8, _GRAYSCALE)),
        _chunk(b"IDAT", b"".join(content)),
        _chunk(b"IEND", b""),
    )
    return b"".join((_SIGNATURE, *(part for chunk in chunks for part in chunk)))


def write_png(
    stream: BinaryIO, bands: Iterable[NDArray[np.uint8]], rows: int, columns: int, *, is_color: bool
) -> None:
    """Write a picture as PNG that is made some rows at a time, and never held as a whole.

    Parameters
    ----------
    stream : binary file
        Where it goes.
    bands : iterable of ndarray of uint8
        Rows from the top down, of shape (some, columns) or (some, columns, 3).
    rows, columns : int
        Size of the picture.
    is_color : bool
        Whether bands have red, green and blue.
    """
    engine = _deflate_engine()
    compressor = engine.compressobj(_LEVEL, zlib.DEFLATED, 15)
    kind = _TRUECOLOR if is_color else _GRAYSCALE

    def put(name: bytes, content: bytes) -> None:
        stream.writelines(_chunk(name, content))

    stream.write(_SIGNATURE)
    put(b"IHDR", _header(columns, rows, 8, kind))
    above: NDArray[np.uint8] | None = None
    for band in bands:
        flat = band.reshape(len(band), -1)
        filtered = np.empty((flat.shape[0], flat.shape[1] + 1), np.uint8)
        _filter_up(flat, above, filtered)
        above = flat[-1]
        content = compressor.compress(filtered.reshape(-1).data)
        if content:
            put(b"IDAT", content)
    put(b"IDAT", compressor.flush(_FINISH))
    put(b"IEND", b"")


def encode_overlay_png(plane: OverlayPlane) -> bytes:
    """Encode an overlay plane as PNG of 1 bit a pixel: white where it is set, else transparent."""
    rows, columns = plane.bits.shape
    packed = np.packbits(plane.bits, axis=1)  # PNG begins with the highest bit
    filtered = np.empty((rows, packed.shape[1] + 1), np.uint8)
    filtered[:, 0] = _NONE
    filtered[:, 1:] = packed
    chunks = (
        _chunk(b"IHDR", _header(columns, rows, 1, _INDEXED)),
        _chunk(b"PLTE", bytes((0, 0, 0, 255, 255, 255))),
        _chunk(b"tRNS", bytes((0, 255))),
        _chunk(b"IDAT", _deflated(filtered)),
        _chunk(b"IEND", b""),
    )
    return b"".join((_SIGNATURE, *(part for chunk in chunks for part in chunk)))


def _header(columns: int, rows: int, bits: int, color_type: int) -> bytes:
    return struct.pack(">IIBBBBB", columns, rows, bits, color_type, 0, 0, 0)


def _filter_up(
    levels: NDArray[np.uint8], above: NDArray[np.uint8] | None, filtered: NDArray[np.uint8]
) -> None:
    """Write the difference to the row above; the first row of all has none."""
    filtered[:, 0] = _UP
    if above is None:
        filtered[0, 0] = _NONE
        filtered[0, 1:] = levels[0]
    else:
        np.subtract(levels[0], above, out=filtered[0, 1:])
    np.subtract(levels[1:], levels[:-1], out=filtered[1:, 1:])


def _joined_checksum(first: int, second: int, second_bytes: int) -> int:
    """Adler-32 of two pieces of data one after the other (RFC 1950, 8.2)."""
    low = (first & 0xFFFF) + (second & 0xFFFF) - 1
    high = (first >> 16) + (second >> 16) + second_bytes * ((first & 0xFFFF) - 1)
    return high % _ADLER_BASE << 16 | low % _ADLER_BASE


def _filter_sub(display: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rows, columns, samples = display.shape
    flat = display.reshape(rows, columns * samples)
    filtered = np.empty((rows, columns * samples + 1), np.uint8)
    filtered[:, 0] = _SUB
    filtered[:, 1 : samples + 1] = flat[:, :samples]
    np.subtract(flat[:, samples:], flat[:, :-samples], out=filtered[:, samples + 1 :])
    return filtered


def _deflated(filtered: NDArray[np.uint8]) -> bytes:
    """One zlib stream; in a large picture its strips know nothing of each other."""
    content, engine = filtered.reshape(-1).data, _deflate_engine()

    def strip(begin: int, end: int) -> bytes:
        compressor = engine.compressobj(_LEVEL, zlib.DEFLATED, _RAW_DEFLATE)
        flush = _FINISH if end == len(content) else _FULL_FLUSH
        return b"".join((compressor.compress(content[begin:end]), compressor.flush(flush)))

    strips = in_strips(strip, len(content), len(content))
    return b"".join((_ZLIB_HEAD, *strips, struct.pack(">I", engine.adler32(content))))


@cache
def _deflate_engine() -> Any:
    """The fastest zlib at hand; isal has no wheel for every platform."""
    try:
        from isal import isal_zlib
    except ImportError:
        return zlib
    return isal_zlib


def _chunk(kind: bytes, content: bytes) -> tuple[bytes, ...]:
    crc32 = _deflate_engine().crc32
    checksum = crc32(content, crc32(kind))
    return struct.pack(">I", len(content)), kind, content, struct.pack(">I", checksum)
