"""The organs of the CT series as a binary segmentation, one bit a pixel."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
    dimensions,
    facts,
    item,
    new_object,
    set_pixel_layout,
    to_bytes,
    uid,
)

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SERIES = Series(THORAX, "segmentation", 5, "SEG", "Organs", "CHEST", "Implicit 16")
DIMENSIONS = {
    "ReferencedSegmentNumber": "SegmentIdentificationSequence",
    "ImagePositionPatient": "PlanePositionSequence",
}
"""Keywords of what frames are ordered by, and of the functional group that holds it."""


ANATOMY = ("123037004", "Anatomical Structure")
ABNORMALITY = ("49755003", "Morphologically Altered Structure")
LEFT, RIGHT = ("7771000", "Left"), ("24028007", "Right")


@dataclass(frozen=True)
class Organ:
    """One segment; codes are SNOMED CT's, the colour is CIELab as DICOM encodes it."""

    label: int
    name: str
    kind: tuple[str, str]
    colour: tuple[int, int, int]
    category: tuple[str, str] = ANATOMY
    laterality: tuple[str, str] | None = None


LIVER, SPLEEN = ("10200004", "Liver"), ("78961009", "Spleen")
KIDNEY, CYST = ("64033007", "Kidney"), ("367643001", "Cyst")
ORGANS = (
    Organ(torso.LIVER, "Liver", LIVER, (36000, 41500, 41500)),
    Organ(torso.SPLEEN, "Spleen", SPLEEN, (30000, 43000, 25500)),
    Organ(torso.LEFT_KIDNEY, "Left kidney", KIDNEY, (45000, 24500, 43500), laterality=LEFT),
    Organ(torso.RIGHT_KIDNEY, "Right kidney", KIDNEY, (52000, 29000, 26500), laterality=RIGHT),
    Organ(torso.LESION, "Cyst", CYST, (56000, 31000, 51500), category=ABNORMALITY),
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
    ds.update(dimensions(uid(THORAX.key, SERIES.key, "dimensions"), DIMENSIONS))
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
        probes=[probe(path, shown, number) for number in (1, 5)],
    )


def probe(path: str, shown: list[tuple[int, int]], number: int) -> Probe:
    """Give a pixel of a segment on the slice through the cyst."""
    organ, index = ORGANS[number - 1], ct.RECOMPRESSED_INDEX
    inside = ct.probe(organ.label, organ.name.lower(), index, file=path)
    frame_index = shown.index((number, index))
    return replace(inside, frame_index=frame_index, value=1, tolerance=0, unit="stored")


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
