"""What the first picture of a listed file needs, without a second parse.

The scan keeps none of it, since most files are never looked at. When one is,
its head is walked again, and what depends on its elements is made once for all
files that have the same: a series shares one recipe.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dcmview.dicom.chain import ChainReader
from dcmview.dicom.chain_layouts import SYNTAX_SLOT
from dcmview.dicom.header import HEAD_BYTES
from dcmview.dicom.header_slots import tag_bytes
from dcmview.dicom.instance import Instance
from dcmview.dicom.layout import read_layout
from dcmview.dicom.loading import load_pydicom
from dcmview.dicom.plain import Declined
from dcmview.dicom.plainset import PlainDataset
from dcmview.dicom.recipe import display_recipe
from dcmview.dicom.recording import recorded_warnings
from dcmview.dicom.source import PixelLocation
from dcmview.dicom.transfer import TransferSyntax, transfer_syntax
from dcmview.model import DisplayRecipe, FileStamp, InstanceHeader, PixelLayout, SampleKind

if TYPE_CHECKING:
    from dcmview.dicom.chain_layouts import Chain
    from dcmview.dicom.source import ByteSource

MOST_SHARED_RECIPES = 4096

# All that layout and recipe depend on, in the order of a file. Where an element may be US or
# SS the readers take either.
_ELEMENTS = (
    ("00020010", "UI"),  # Transfer Syntax UID, at SYNTAX_SLOT
    ("00080005", "CS"),  # Specific Character Set
    ("00080016", "UI"),  # SOP Class UID
    ("00080060", "CS"),  # Modality
    ("00181114", "DS"),  # Estimated Radiographic Magnification Factor
    ("00181164", "DS"),  # Imager Pixel Spacing
    ("00181600", "CS"),  # Shutter Shape
    ("00181602", "IS"),  # Shutter Left Vertical Edge
    ("00181604", "IS"),  # Shutter Right Vertical Edge
    ("00181606", "IS"),  # Shutter Upper Horizontal Edge
    ("00181608", "IS"),  # Shutter Lower Horizontal Edge
    ("00181610", "IS"),  # Center of Circular Shutter
    ("00181612", "IS"),  # Radius of Circular Shutter
    ("00181620", "IS"),  # Vertices of the Polygonal Shutter
    ("00181622", "US"),  # Shutter Presentation Value
    ("00181623", "US"),  # Shutter Overlay Group
    ("00181624", "US"),  # Shutter Presentation Color CIELab Value
    ("00182010", "DS"),  # Nominal Scanned Pixel Spacing
    ("00200020", "CS"),  # Patient Orientation
    ("00200037", "DS"),  # Image Orientation (Patient)
    ("00280002", "US"),  # Samples per Pixel
    ("00280004", "CS"),  # Photometric Interpretation
    ("00280006", "US"),  # Planar Configuration
    ("00280008", "IS"),  # Number of Frames
    ("00280010", "US"),  # Rows
    ("00280011", "US"),  # Columns
    ("00280030", "DS"),  # Pixel Spacing
    ("00280034", "IS"),  # Pixel Aspect Ratio
    ("00280100", "US"),  # Bits Allocated
    ("00280101", "US"),  # Bits Stored
    ("00280102", "US"),  # High Bit
    ("00280103", "US"),  # Pixel Representation
    ("00280120", "US", "SS"),  # Pixel Padding Value
    ("00280121", "US", "SS"),  # Pixel Padding Range Limit
    ("00280A02", "CS"),  # Pixel Spacing Calibration Type
    ("00281050", "DS"),  # Window Center
    ("00281051", "DS"),  # Window Width
    ("00281052", "DS"),  # Rescale Intercept
    ("00281053", "DS"),  # Rescale Slope
    ("00281054", "LO"),  # Rescale Type
    ("00281055", "LO"),  # Window Center & Width Explanation
    ("00281056", "CS"),  # VOI LUT Function
    ("20500020", "CS"),  # Presentation LUT Shape
    ("30040002", "CS"),  # Dose Units
    ("3004000E", "DS"),  # Dose Grid Scaling
    ("00541001", "CS"),  # Units
    ("00541006", "CS"),  # SUV Type
)

# Frames that may differ, sequences and tables that only a parse reads, and pixels whose place
# is told elsewhere.
_DECLINED = (
    "00186011",  # Sequence of Ultrasound Regions
    "00189472",  # Frame Display Shutter Sequence
    "00281101",  # Red Palette Color Lookup Table Descriptor
    "00282000",  # ICC Profile
    "00283000",  # Modality LUT Sequence
    "00283010",  # VOI LUT Sequence
    "00289110",  # Pixel Measures Sequence
    "00289132",  # Frame VOI LUT Sequence
    "00289145",  # Pixel Value Transformation Sequence
    "00409096",  # Real World Value Mapping Sequence
    "00480105",  # Optical Path Sequence
    "00480207",  # Optical Path Identification Sequence
    "52009229",  # Shared Functional Groups Sequence
    "52009230",  # Per-Frame Functional Groups Sequence
    "00540016",  # Radiopharmaceutical Information Sequence
    "7FE00001",  # Extended Offset Table
)
_OVERLAY_GROUPS = range(0x6000, 0x6100)
_PHILIPS_PET_GROUP = 0x7053


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """Where the pixels of a file lie and how all of its frames are shown."""

    layout: PixelLayout
    location: PixelLocation
    syntax: TransferSyntax
    recipe: DisplayRecipe


class FactsReader:
    """Reads facts and keeps equal recipes once; for many threads."""

    def __init__(self) -> None:
        wanted = {
            tag_bytes(tag): (slot, tuple(vr.encode() for vr in vrs))
            for slot, (tag, *vrs) in enumerate(_ELEMENTS)
        }
        groups = (struct.pack("<H", group) for group in (*_OVERLAY_GROUPS, _PHILIPS_PET_GROUP))
        declined = frozenset((*map(tag_bytes, _DECLINED), *groups))
        self._chains = ChainReader(wanted, len(_ELEMENTS), declined)
        self._known: dict[tuple[bytes | None, ...], tuple[PixelLayout, DisplayRecipe] | None] = {}

    def read(self, source: ByteSource, header: InstanceHeader) -> ImageFacts | None:
        """Give the facts of a listed file with an image; None where it has to be parsed.

        Parameters
        ----------
        source : ByteSource
            The file, known to be what was listed.
        header : InstanceHeader
            What the scan made of it; of a file that was mended no facts are given.
        """
        if header.problem or header.repairs:
            return None
        chain = self._chains.read(source.pread(0, HEAD_BYTES), source.size, source.pread)
        if chain is None or not chain.pixel_offset:
            return None
        syntax = transfer_syntax(header.shared.transfer_syntax_uid)
        if syntax.encapsulated != (chain.pixel_length is None):
            return None
        found = self._shared(chain, header, syntax)
        if found is None:
            return None
        location = PixelLocation(
            offset=chain.pixel_offset,
            length=chain.pixel_length,
            encapsulated=syntax.encapsulated,
            little_endian=True,
            vr=chain.pixel_vr.decode() if chain.pixel_vr else "OW",
        )
        return ImageFacts(found[0], location, syntax, found[1])

    def _shared(
        self, chain: Chain, header: InstanceHeader, syntax: TransferSyntax
    ) -> tuple[PixelLayout, DisplayRecipe] | None:
        key = tuple(chain.values)
        if key in self._known:
            return self._known[key]
        found = _layout_and_recipe(chain, header, syntax)
        if len(self._known) >= MOST_SHARED_RECIPES:
            self._known.clear()
        return self._known.setdefault(key, found)


def _layout_and_recipe(
    chain: Chain, header: InstanceHeader, syntax: TransferSyntax
) -> tuple[PixelLayout, DisplayRecipe] | None:
    """Let the readers of parsed files have a data set of just these elements."""
    with recorded_warnings():
        dataset = _dataset(chain.values, syntax)
        layout, repairs = read_layout(dataset, SampleKind.INTEGER)
    if repairs:
        return None
    instance = Instance(
        path="",
        stamp=FileStamp(0, 0, 0, 0),
        dataset=dataset,
        transfer_syntax_uid=syntax.uid,
        layout=layout,
        pixel_location=None,
        pixel_bytes=0,
        header=header,
        repairs=(),
    )
    return layout, display_recipe(instance, 0)


def _dataset(values: list[bytes | None], syntax: TransferSyntax) -> Any:
    try:
        return PlainDataset(
            (int(tag, 16), vr, value)
            for slot, (tag, vr, *_) in enumerate(_ELEMENTS)
            if slot != SYNTAX_SLOT and (value := values[slot]) is not None
        )
    except Declined:
        load_pydicom()
        from pydicom.filereader import read_dataset

        content = io.BytesIO(_encoded(values, explicit=syntax.explicit))
        return read_dataset(content, not syntax.explicit, is_little_endian=True)


def _encoded(values: list[bytes | None], *, explicit: bool) -> bytes:
    parts = []
    for slot, (tag, vr, *_) in enumerate(_ELEMENTS):
        value = values[slot]
        if value is not None and slot != SYNTAX_SLOT:
            kind = vr.encode() + struct.pack("<H", len(value))
            length = kind if explicit else struct.pack("<L", len(value))
            parts.append((tag, tag_bytes(tag) + length + value))
    return b"".join(part for _, part in sorted(parts))
