"""The organs of the CT series as a binary segmentation, one bit a pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydicom.pixels.utils import pack_bits
from pydicom.uid import CTImageStorage, DeflatedExplicitVRLittleEndian, SegmentationStorage

from make_fixtures import ct, torso
from make_fixtures.objects import (
    THORAX,
    Fixture,
    Probe,
    Series,
    code,
    digests,
    facts,
    item,
    new_object,
    set_pixel_layout,
    to_bytes,
    uid,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

SERIES = Series(THORAX, "segmentation", 5, "SEG", "Organs", "CHEST", "Implicit 16")
SEGMENT_TAG, SEGMENT_IDENTIFICATION_TAG = 0x0062000B, 0x0062000A
POSITION_TAG, PLANE_POSITION_TAG = 0x00200032, 0x00209113


@dataclass(frozen=True)
class Organ:
    """One segment; the colour is CIELab as DICOM encodes it."""

    label: int
    name: str
    category: tuple[str, str]
    kind: tuple[str, str]
    laterality: tuple[str, str] | None
    colour: tuple[int, int, int]


ANATOMY = ("123037004", "Anatomical Structure")
ABNORMALITY = ("49755003", "Morphologically Altered Structure")
LEFT, RIGHT = ("7771000", "Left"), ("24028007", "Right")
ORGANS = (
    Organ(torso.LIVER, "Liver", ANATOMY, ("10200004", "Liver"), None, (36000, 41500, 41500)),
    Organ(torso.SPLEEN, "Spleen", ANATOMY, ("78961009", "Spleen"), None, (30000, 43000, 25500)),
    Organ(
        torso.LEFT_KIDNEY,
        "Left kidney",
        ANATOMY,
        ("64033007", "Kidney"),
        LEFT,
        (45000, 24500, 43500),
    ),
    Organ(
        torso.RIGHT_KIDNEY,
        "Right kidney",
        ANATOMY,
        ("64033007", "Kidney"),
        RIGHT,
        (52000, 29000, 26500),
    ),
    Organ(torso.LESION, "Cyst", ABNORMALITY, ("367643001", "Cyst"), None, (56000, 31000, 51500)),
)


def segmentation_fixture() -> Fixture:
    """Make the object: for each organ the frames of the slices that show it."""
    labels = torso.torso().labels
    shown = [
        (number, index)
        for number, organ in enumerate(ORGANS, start=1)
        for index in range(len(labels))
        if (labels[index] == organ.label).any()
    ]
    masks = np.stack([labels[index] == ORGANS[number - 1].label for number, index in shown])
    ds = new_object(SERIES, SegmentationStorage, 1)
    ds.ImageType = ["DERIVED", "PRIMARY"]
    ds.ContentLabel, ds.ContentDescription = "ORGANS", "Organs of the torso phantom"
    ds.ContentCreatorName = "Phantom^Author"
    ds.FrameOfReferenceUID = ct.FRAME_OF_REFERENCE_UID
    ds.PositionReferenceIndicator = ""
    ds.SegmentationType = "BINARY"
    ds.SegmentsOverlap = "NO"
    ds.LossyImageCompression = "00"
    set_pixel_layout(ds, masks.astype(np.uint8), "MONOCHROME2", bits_stored=1)
    ds.BitsAllocated = 1
    ds.NumberOfFrames = len(shown)
    ds.ReferencedSeriesSequence = [
        item(
            SeriesInstanceUID=uid(THORAX.key, ct.AXIAL.key),
            ReferencedInstanceSequence=[
                reference(index) for index in sorted({i for _, i in shown})
            ],
        )
    ]
    ds.SegmentSequence = [segment(number, organ) for number, organ in enumerate(ORGANS, start=1)]
    organization = uid("thorax", "segmentation", "dimensions")
    ds.DimensionOrganizationSequence = [item(DimensionOrganizationUID=organization)]
    ds.DimensionIndexSequence = [
        item(
            DimensionIndexPointer=tag,
            FunctionalGroupPointer=group,
            DimensionOrganizationUID=organization,
            DimensionDescriptionLabel=label,
        )
        for tag, group, label in (
            (SEGMENT_TAG, SEGMENT_IDENTIFICATION_TAG, "Referenced Segment Number"),
            (POSITION_TAG, PLANE_POSITION_TAG, "Image Position (Patient)"),
        )
    ]
    ds.SharedFunctionalGroupsSequence = [
        item(
            PixelMeasuresSequence=[
                item(
                    PixelSpacing=[torso.PIXEL_SPACING_MM, torso.PIXEL_SPACING_MM],
                    SliceThickness=f"{torso.SLICE_SPACING_MM}",
                    SpacingBetweenSlices=f"{torso.SLICE_SPACING_MM}",
                )
            ],
            PlaneOrientationSequence=[item(ImageOrientationPatient=ct.ORIENTATION)],
        )
    ]
    ds.PerFrameFunctionalGroupsSequence = [frame_groups(number, index) for number, index in shown]
    ds.PixelData = pack_bits(masks.astype(np.uint8))
    ds["PixelData"].VR = "OB"
    path = "segmentation/organs.dcm"
    return Fixture(
        path=path,
        title="Segmentation of liver, spleen, kidneys and a cyst",
        proves=(
            "one bit a pixel, the lowest bit first",
            "a whole data set under deflate",
            "0 and 1 are black and white without any window",
            "segments refer to slices of ct/ in the same frame of reference",
        ),
        files={path: to_bytes(ds, DeflatedExplicitVRLittleEndian)},
        facts={**facts(ds), "number_of_segments": len(ORGANS)},
        sha256={path: digests(masks.astype(np.uint8))},
        probes=[
            probe(path, shown, masks, number, at)
            for number, at in ((1, ct.RECOMPRESSED_INDEX), (5, ct.RECOMPRESSED_INDEX))
        ],
    )


def probe(
    path: str, shown: list[tuple[int, int]], masks: NDArray[np.bool_], number: int, index: int
) -> Probe:
    """Give a pixel of a segment where the CT has the organ, too."""
    organ = ORGANS[number - 1]
    inside = ct.probe(organ.label, organ.name.lower(), index, file=path)
    return Probe(
        path, inside.column, inside.row, 1, 0, "stored", inside.why, shown.index((number, index))
    )


def reference(index: int) -> Dataset:
    """Refer to a slice of the CT series."""
    return item(
        ReferencedSOPClassUID=CTImageStorage,
        ReferencedSOPInstanceUID=uid(THORAX.key, ct.AXIAL.key, index + 1),
    )


def segment(number: int, organ: Organ) -> Dataset:
    """Describe a segment."""
    kind = code(organ.kind[0], "SCT", organ.kind[1])
    if organ.laterality:
        kind.SegmentedPropertyTypeModifierCodeSequence = [
            code(organ.laterality[0], "SCT", organ.laterality[1])
        ]
    return item(
        SegmentNumber=number,
        SegmentLabel=organ.name,
        SegmentAlgorithmType="AUTOMATIC",
        SegmentAlgorithmName="phantom geometry",
        SegmentedPropertyCategoryCodeSequence=[code(organ.category[0], "SCT", organ.category[1])],
        SegmentedPropertyTypeCodeSequence=[kind],
        RecommendedDisplayCIELabValue=list(organ.colour),
    )


def frame_groups(number: int, index: int) -> Dataset:
    """Give the functional groups of one frame: which segment, where, and made of which slice."""
    source = reference(index)
    source.PurposeOfReferenceCodeSequence = [
        code("121322", "DCM", "Source image for image processing operation")
    ]
    return item(
        DerivationImageSequence=[
            item(
                SourceImageSequence=[source],
                DerivationCodeSequence=[code("113076", "DCM", "Segmentation")],
            )
        ],
        FrameContentSequence=[item(DimensionIndexValues=[number, index + 1])],
        PlanePositionSequence=[item(ImagePositionPatient=ct.position_mm(index))],
        SegmentIdentificationSequence=[item(ReferencedSegmentNumber=number)],
    )
