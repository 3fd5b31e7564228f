"""60xx overlay planes of a frame: their bits, and what is known of them without reading those.

Up to sixteen groups, 6000 to 601E. A plane may be larger or smaller than the image,
begin outside it, belong to one frame alone, or hide in the unused bits of the
pixels, as old files have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dcmview.dicom import elements
from dcmview.dicom.frames import frame_table
from dcmview.dicom.rle import decode_rle
from dcmview.dicom.samples import native_cells
from dcmview.dicom.transfer import Codec, transfer_syntax
from dcmview.errors import InstanceError
from dcmview.model import OverlayPlane, OverlaySummary, Repair, SampleKind

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from dcmview.dicom.instance import Instance
    from dcmview.model import PixelLayout

GROUPS = range(0x6000, 0x6020, 2)
"""The odd groups between them are private."""
_GROUP_MASK, _FIRST_GROUP = 0xFFE10000, 0x60000000

_ROWS, _COLUMNS, _FRAMES, _DESCRIPTION = 0x0010, 0x0011, 0x0015, 0x0022
_TYPE, _ORIGIN, _IMAGE_FRAME_ORIGIN = 0x0040, 0x0050, 0x0051
_BITS_ALLOCATED, _BIT_POSITION, _LABEL, _DATA = 0x0100, 0x0102, 0x1500, 0x3000

# Planes become arrays of bool, a byte a pixel. No detector has as many pixels, and a small
# file cannot claim large planes: some of their data must be there.
MOST_BITS = 1 << 26
MOST_BITS_TOGETHER = 1 << 28
LEAST_PRESENT = 1 / 8
_LARGEST = 1 << 31
_LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True)
class _Overlay:
    """One group as it concerns one frame of the image.

    ``plane_index`` counts the planes in the data; ``bit_position`` names a bit
    of the pixels instead where the overlay has no data of its own.
    """

    summary: OverlaySummary
    plane_index: int
    bit_position: int | None


def read_overlay_summaries(
    instance: Instance, frame_index: int
) -> tuple[tuple[OverlaySummary, ...], tuple[Repair, ...]]:
    """Give what is known of the overlays of a frame, without their bits.

    Parameters
    ----------
    instance : Instance
        As `open_instance` gives it.
    frame_index : int
        0-based; overlays of other frames are left out.

    Returns
    -------
    tuple of summaries and repairs
        A group that cannot be shown is left out, with the reason.

    References
    ----------
    DICOM PS3.3 C.9.2, Overlay Plane Module.
    """
    found, repairs = _overlays(instance, frame_index)
    return tuple(each.summary for each in found), repairs


def read_overlays(instance: Instance, frame_index: int) -> tuple[OverlayPlane, ...]:
    """Give the overlay planes of a frame; what is missing of their data is empty.

    Raises
    ------
    FileGone, FileChanged, Unreadable
        If overlays lie in the pixels and the file cannot be read.

    References
    ----------
    DICOM PS3.3 C.9.2, Overlay Plane Module.
    DICOM PS3.5 8.1.2, Overlay Data Encoding.
    """
    planes = []
    for overlay in _overlays(instance, frame_index)[0]:
        bits: NDArray[np.bool_] | None
        if overlay.bit_position is None:
            bits = _data_bits(instance.dataset, overlay)
        else:
            bits = _embedded_bits(instance, frame_index, overlay.bit_position)
        if bits is not None:
            planes.append(OverlayPlane(overlay.summary, bits))
    return tuple(planes)


def overlay_groups(dataset: Dataset) -> set[int]:
    """Give the 60xx groups of a data set, whether they can be shown or not."""
    return {tag >> 16 for tag in dataset.keys() if tag & _GROUP_MASK == _FIRST_GROUP}  # noqa: SIM118


def has_planes_of_frames(dataset: Dataset, group: int) -> bool:
    """Whether frames have a plane each in the data of a group, not one that lies over some."""
    return (_number(dataset, group, _FRAMES) or 1) > 1


def _overlays(
    instance: Instance, frame_index: int
) -> tuple[tuple[_Overlay, ...], tuple[Repair, ...]]:
    found: list[_Overlay] = []
    repairs: list[Repair] = []
    room = MOST_BITS_TOGETHER
    tags = instance.dataset.keys()
    for group in sorted(overlay_groups(instance.dataset)):
        has_data = group << 16 | _DATA in tags
        if not has_data and group << 16 | _ROWS not in tags:
            continue
        overlay, of_overlay = _overlay(instance, group, frame_index, has_data=has_data)
        repairs.extend(of_overlay)
        if overlay is None:
            continue
        room -= overlay.summary.rows * overlay.summary.columns
        if room < 0:
            repairs.append(_repair(group, _DATA, "no room beside the overlays before it"))
            break
        found.append(overlay)
    return tuple(found), tuple(repairs)


def _overlay(
    instance: Instance, group: int, frame_index: int, *, has_data: bool
) -> tuple[_Overlay | None, tuple[Repair, ...]]:
    """One group and what was mended; None where it cannot be shown or belongs to other frames."""
    dataset, layout = instance.dataset, instance.layout
    rows, columns = _number(dataset, group, _ROWS), _number(dataset, group, _COLUMNS)
    if not rows or not columns or rows < 0 or columns < 0 or rows * columns > MOST_BITS:
        return None, (_repair(group, _ROWS, f"{rows} rows, {columns} columns"),)
    plane_index = _plane_index(dataset, group, frame_index)
    if plane_index is None:
        return None, ()
    repairs = []
    bit_position = None
    if has_data:
        problem, used = _data_problem(dataset, group, plane_index, rows * columns)
        if problem:
            repairs.append(_repair(group, _DATA, problem, used))
        if used == _LEFT_OUT:
            return None, tuple(repairs)
    else:
        bit_position = _number(dataset, group, _BIT_POSITION) or 0
        if reason := _not_embedded(instance, bit_position):
            return None, (_repair(group, _BIT_POSITION, reason),)
        rows, columns, plane_index = layout.rows, layout.columns, 0
    origin = _numbers(dataset, group, _ORIGIN)
    origin_row, origin_column = (*origin, *(1, 1)[len(origin) :])[:2]
    if len(origin) != 2:
        used = f"row {origin_row}, column {origin_column}"
        repairs.append(_repair(group, _ORIGIN, f"{len(origin)} values instead of 2", used))
    summary = OverlaySummary(
        group=group,
        rows=rows,
        columns=columns,
        origin_row=origin_row,
        origin_column=origin_column,
        kind=_text(dataset, group, _TYPE)[:1].upper() or "G",
        label=_text(dataset, group, _LABEL),
        description=_text(dataset, group, _DESCRIPTION),
    )
    return _Overlay(summary, plane_index, bit_position), tuple(repairs)


def _data_problem(dataset: Dataset, group: int, plane_index: int, count: int) -> tuple[str, str]:
    """What is wrong with the data of one plane and what is used; two empty strings if nothing."""
    element = elements.stored_element(dataset, group << 16 | _DATA)
    length = getattr(element, "length", 0)
    content = _data(dataset, group)
    if not content and length:
        return f"{length:,} bytes, more than are read", _LEFT_OUT
    present = len(content) * 8 - plane_index * count
    if present >= count:
        return "", ""
    problem = f"{max(present, 0):,} of {count:,} bits of plane {plane_index + 1}"
    return problem, _LEFT_OUT if present < count * LEAST_PRESENT else "what is there"


def _plane_index(dataset: Dataset, group: int, frame_index: int) -> int | None:
    """Which plane lies over a frame; a single plane without a frame lies over all of them."""
    count = _number(dataset, group, _FRAMES) or 1
    first = _number(dataset, group, _IMAGE_FRAME_ORIGIN)
    if first is None and count == 1:
        return 0
    plane_index = frame_index - (max(first or 1, 1) - 1)
    return plane_index if 0 <= plane_index < count else None


def _not_embedded(instance: Instance, bit_position: int) -> str:
    """Why a bit of the pixels is no overlay; empty where it may be one."""
    layout = instance.layout
    codec = transfer_syntax(instance.transfer_syntax_uid).codec
    lowest = layout.high_bit + 1 - layout.bits_stored
    if layout.kind is not SampleKind.INTEGER or layout.samples_per_pixel != 1:
        return "no data, and the pixels have no room for it"
    if lowest <= bit_position <= layout.high_bit or not 0 <= bit_position < layout.bits_allocated:
        return f"bit {bit_position} is one of the image's own, or none of its pixel"
    if codec not in (Codec.NATIVE, Codec.RLE) or layout.bits_allocated not in (8, 16, 32):
        return f"bit {bit_position} of pixels whose unused bits were not kept by their compression"
    return ""


def _data_bits(dataset: Dataset, overlay: _Overlay) -> NDArray[np.bool_]:
    """Planes follow each other bit by bit, the first pixel in the lowest bit of a byte."""
    summary = overlay.summary
    count = summary.rows * summary.columns
    begin = overlay.plane_index * count
    content = _data(dataset, summary.group)[begin // 8 : -(-(begin + count) // 8)]
    bits = np.unpackbits(np.frombuffer(content, np.uint8), bitorder="little")
    bits = bits[begin % 8 :][:count]
    plane = np.zeros(count, np.bool_)
    plane[: bits.size] = bits
    return plane.reshape(summary.rows, summary.columns)


def _embedded_bits(
    instance: Instance, frame_index: int, bit_position: int
) -> NDArray[np.bool_] | None:
    """One bit of every pixel, before the pixels are masked; None where the frame cannot be read."""
    layout, location = instance.layout, instance.pixel_location
    if location is None:
        return None
    syntax = transfer_syntax(instance.transfer_syntax_uid)
    try:
        with instance.open() as source:
            table = frame_table(source, location, layout, syntax)
            frame = table.frame_bytes(source, frame_index)
        if syntax.codec is Codec.RLE:
            cells = decode_rle(bytes(frame), layout)[0]
        else:
            cells = native_cells(frame, layout, little_endian=location.little_endian)
    except InstanceError:
        return None  # the frame itself says why
    return embedded_plane(cells, layout, bit_position)


def embedded_plane(
    cells: NDArray[np.generic], layout: PixelLayout, bit_position: int
) -> NDArray[np.bool_]:
    """Take one bit out of the cells of a frame.

    Parameters
    ----------
    cells : ndarray of unsigned integers
        One cell of *Bits Allocated* (0028,0100) a pixel, as stored.
    layout : PixelLayout
        Gives the shape.
    bit_position : int
        *Overlay Bit Position* (60xx,0102), 0 being the lowest.

    Returns
    -------
    ndarray of bool, shape (rows, columns)
    """
    words = cells.reshape(layout.rows, layout.columns)
    found: NDArray[np.bool_] = np.bitwise_and(words, words.dtype.type(1 << bit_position)) != 0
    return found


def _data(dataset: Dataset, group: int) -> bytes:
    """Overlay Data in the order of its bytes; a big endian OW has them swapped two by two."""
    element = elements.stored_element(dataset, group << 16 | _DATA)
    content = element.value if element is not None else None
    if not isinstance(content, bytes):
        return b""
    is_swapped = element.is_raw and not element.is_little_endian
    if is_swapped and element.VR in ("OW", None):
        words = np.frombuffer(content[: len(content) // 2 * 2], ">u2")
        return words.astype("<u2").tobytes()
    return content


def _number(dataset: Dataset, group: int, element: int) -> int | None:
    found = _numbers(dataset, group, element)
    return found[0] if found else None


def _numbers(dataset: Dataset, group: int, element: int) -> tuple[int, ...]:
    tag = group << 16 | element
    if elements.stored_element(dataset, tag) is None:
        return ()
    try:
        value = dataset[tag].value
        parts = value if elements.is_several(value) else [value]
        return tuple(
            min(max(int(part), -_LARGEST), _LARGEST) for part in parts if part not in (None, "")
        )
    except Exception:
        return ()


def _text(dataset: Dataset, group: int, element: int) -> str:
    tag = group << 16 | element
    if elements.stored_element(dataset, tag) is None:
        return ""
    try:
        return str(dataset[tag].value or "").strip("\0 \t\r\n")
    except Exception:
        return ""


def _repair(group: int, element: int, found: str, used: str = _LEFT_OUT) -> Repair:
    names = {
        _ROWS: "Overlay Rows",
        _ORIGIN: "Overlay Origin",
        _BIT_POSITION: "Overlay Bit Position",
        _DATA: "Overlay Data",
    }
    return Repair("overlay", f"({group:04X},{element:04X}) {names[element]}", found, used)
