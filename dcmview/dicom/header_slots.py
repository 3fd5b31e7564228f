"""Which elements the list wants of a header, and where in the list of raw values each stands.

First what most files of a series have in common, which is remembered by its raw bytes, then what
is a file's own.
"""

from __future__ import annotations

import struct

from dcmview.dicom.chain import GROUP_SLOTS, ChainReader

FIRST_GROUP = 0x0008

_IMAGE = (
    ("00020010", "UI"),  # Transfer Syntax UID, at SYNTAX_SLOT
    ("00280002", "US"),  # Samples per Pixel
    ("00280004", "CS"),  # Photometric Interpretation
    ("00280006", "US"),  # Planar Configuration
    ("00280008", "IS"),  # Number of Frames
    ("00280010", "US"),  # Rows
    ("00280011", "US"),  # Columns
    ("00280100", "US"),  # Bits Allocated
    ("00280101", "US"),  # Bits Stored
    ("00280102", "US"),  # High Bit
    ("00280103", "US"),  # Pixel Representation
)
_ACQUISITION = (
    ("00080008", "CS"),  # Image Type
    ("00180050", "DS"),  # Slice Thickness
    ("00180081", "DS"),  # Echo Time
    ("00180082", "DS"),  # Inversion Time
    ("00180086", "IS"),  # Echo Number(s)
    ("00180088", "DS"),  # Spacing Between Slices
    ("00181114", "DS"),  # Estimated Radiographic Magnification Factor
    ("00181120", "DS"),  # Gantry/Detector Tilt
    ("00181164", "DS"),  # Imager Pixel Spacing
    ("00189087", "FD"),  # Diffusion b-value
    ("00200037", "DS"),  # Image Orientation (Patient)
    ("00200052", "UI"),  # Frame of Reference UID
    ("00200100", "IS"),  # Temporal Position Identifier
    ("00280030", "DS"),  # Pixel Spacing
    ("00280A02", "CS"),  # Pixel Spacing Calibration Type
)
_TEXTS = (
    ("00080005", "CS"),  # Specific Character Set
    ("00080016", "UI"),  # SOP Class UID
    ("00080020", "DA"),  # Study Date
    ("00080030", "TM"),  # Study Time
    ("00080060", "CS"),  # Modality
    ("00081030", "LO"),  # Study Description
    ("0008103E", "LO"),  # Series Description
    ("00100010", "PN"),  # Patient's Name
    ("00100020", "LO"),  # Patient ID
    ("0020000D", "UI"),  # Study Instance UID
    ("0020000E", "UI"),  # Series Instance UID
    ("00200011", "IS"),  # Series Number
)
_WINDOW = (
    ("00281050", "DS"),  # Window Center
    ("00281051", "DS"),  # Window Width
    ("00281055", "LO"),  # Window Center & Width Explanation
    ("00281056", "CS"),  # VOI LUT Function
)
_OWN = (
    ("00080018", "UI"),  # SOP Instance UID
    ("0008002A", "DT"),  # Acquisition DateTime
    ("00080032", "TM"),  # Acquisition Time
    ("00080033", "TM"),  # Content Time
    ("00181060", "DS"),  # Trigger Time
    ("00200012", "IS"),  # Acquisition Number
    ("00200013", "IS"),  # Instance Number
    ("00200032", "DS"),  # Image Position (Patient)
    ("00201041", "DS"),  # Slice Location
)
_SLOTS = (*_IMAGE, *_ACQUISITION, *_TEXTS, *_WINDOW, *_OWN)
_ACQUISITION_BEGIN = len(_IMAGE)
_TEXTS_BEGIN = _ACQUISITION_BEGIN + len(_ACQUISITION)
_WINDOW_BEGIN = _TEXTS_BEGIN + len(_TEXTS)
_OWN_BEGIN = _WINDOW_BEGIN + len(_WINDOW)

COMMON = slice(0, _WINDOW_BEGIN)
IMAGE = slice(1, _ACQUISITION_BEGIN)
ACQUISITION = slice(_ACQUISITION_BEGIN, _TEXTS_BEGIN)
TEXTS = slice(_TEXTS_BEGIN, _WINDOW_BEGIN)
WINDOW = slice(_WINDOW_BEGIN, _OWN_BEGIN)
OWN = slice(_OWN_BEGIN, len(_SLOTS))

# The window of the first frame is in its own group, else in that of all frames.
PER_FRAME = len(_SLOTS)
SHARED_BY_FRAMES = PER_FRAME + GROUP_SLOTS
SLOT_COUNT = SHARED_BY_FRAMES + GROUP_SLOTS
_GROUPS = {"52009230": PER_FRAME, "52009229": SHARED_BY_FRAMES}

# Frames of these may differ, or what is shared by frames lies deeper than the walker looks.
_DECLINED_TAGS = (
    "00209161",  # Concatenation UID
    "00209162",  # In-concatenation Number
    "00209228",  # Concatenation Frame Offset Number
    "00209241",  # Nominal Percentage of Cardiac Phase
    "00289132",  # Frame VOI LUT Sequence
)


def tag_bytes(tag: str) -> bytes:
    """Give a tag, written as eight digits, as it stands in a little endian file."""
    number = int(tag, 16)
    return struct.pack("<HH", number >> 16, number & 0xFFFF)


Wanted = dict[bytes, tuple[int, tuple[bytes, ...]]]
"""Slot and VRs by tag."""

WANTED: Wanted = {tag_bytes(tag): (slot, (vr.encode(),)) for slot, (tag, vr) in enumerate(_SLOTS)}


def header_chains(wanted: Wanted) -> ChainReader:
    """Give what reads these elements, all of `WANTED` and perhaps more behind `SLOT_COUNT`."""
    return ChainReader(
        wanted,
        max(SLOT_COUNT, *(slot + 1 for slot, _ in wanted.values())),
        frozenset(map(tag_bytes, _DECLINED_TAGS)),
        {tag_bytes(tag): slot for tag, slot in _GROUPS.items()},
        takes_big_endian=True,
    )
