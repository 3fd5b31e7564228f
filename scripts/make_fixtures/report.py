"""A measurement report on the cyst in the liver (TID 1500), without pixels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pydicom.uid import CTImageStorage, EnhancedSRStorage, SegmentationStorage

from make_fixtures import ct, segmentation, torso
from make_fixtures.objects import (
    THORAX,
    Fixture,
    Series,
    code,
    facts,
    item,
    new_object,
    to_bytes,
    uid,
)

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SERIES = Series(THORAX, "report", 6, "SR", "Measurements", "", "Implicit 16")
PATH = "report/measurements.dcm"
CYST_SEGMENT = 5
VOLUME_MM3 = 4 / 3 * math.pi * torso.LESION_RADIUS_MM**3


def report_fixture() -> Fixture:
    """Make the report."""
    ds = new_object(SERIES, EnhancedSRStorage, 1)
    ds.ReferencedPerformedProcedureStepSequence = []
    ds.PerformedProcedureCodeSequence = []
    ds.CompletionFlag, ds.VerificationFlag = "COMPLETE", "UNVERIFIED"
    ds.CurrentRequestedProcedureEvidenceSequence = [
        item(
            StudyInstanceUID=uid(THORAX.key),
            ReferencedSeriesSequence=[
                item(
                    SeriesInstanceUID=uid(THORAX.key, ct.AXIAL.key),
                    ReferencedSOPSequence=[slice_reference()],
                ),
                item(
                    SeriesInstanceUID=uid(THORAX.key, segmentation.SERIES.key),
                    ReferencedSOPSequence=[segmentation_reference()],
                ),
            ],
        )
    ]
    ds.update(
        container("", ("126000", "DCM", "Imaging Measurement Report"), content(), template="1500")
    )
    return Fixture(
        path=PATH,
        title="Measurement report on the cyst",
        proves=(
            "an object without pixels is listed, and its elements can be read",
            "nested sequences in the tag panel",
        ),
        files={PATH: to_bytes(ds)},
        facts=facts(ds),
    )


def content() -> list[Dataset]:
    """Give what stands in the report."""
    return [
        coded(
            "HAS CONCEPT MOD",
            ("121049", "DCM", "Language of Content Item"),
            ("en", "RFC5646", "English"),
        ),
        coded("HAS OBS CONTEXT", ("121005", "DCM", "Observer Type"), ("121006", "DCM", "Person")),
        value(
            "HAS OBS CONTEXT",
            "PNAME",
            ("121008", "DCM", "Person Observer Name"),
            PersonName="Phantom^Reader",
        ),
        coded(
            "HAS CONCEPT MOD",
            ("121058", "DCM", "Procedure reported"),
            ("77477000", "SCT", "Computed tomography"),
        ),
        container("CONTAINS", ("111028", "DCM", "Image Library"), [image_library_group()]),
        container("CONTAINS", ("126010", "DCM", "Imaging Measurements"), [measurement_group()]),
    ]


def image_library_group() -> Dataset:
    """List the slice through the middle of the cyst."""
    image = item(
        RelationshipType="CONTAINS", ValueType="IMAGE", ReferencedSOPSequence=[slice_reference()]
    )
    return container("CONTAINS", ("126200", "DCM", "Image Library Group"), [image])


def measurement_group() -> Dataset:
    """Give what was measured: the numbers of the phantom's drawing."""
    mean = coded("HAS CONCEPT MOD", ("121401", "DCM", "Derivation"), ("373098007", "SCT", "Mean"))
    attenuation = number(
        ("112031", "DCM", "Attenuation Coefficient"),
        f"{torso.TISSUE_HU[torso.LESION]:g}",
        ("[hnsf'U]", "UCUM", "Hounsfield unit"),
    )
    attenuation.ContentSequence = [mean]
    diameter = f"{2 * torso.LESION_RADIUS_MM:g}"
    return container(
        "CONTAINS",
        ("125007", "DCM", "Measurement Group"),
        [
            value(
                "HAS OBS CONTEXT",
                "TEXT",
                ("112039", "DCM", "Tracking Identifier"),
                TextValue="Cyst 1",
            ),
            value(
                "HAS OBS CONTEXT",
                "UIDREF",
                ("112040", "DCM", "Tracking Unique Identifier"),
                UID=uid("thorax", "cyst"),
            ),
            coded("CONTAINS", ("121071", "DCM", "Finding"), ("367643001", "SCT", "Cyst")),
            coded(
                "HAS CONCEPT MOD",
                ("363698007", "SCT", "Finding Site"),
                ("10200004", "SCT", "Liver"),
            ),
            value(
                "CONTAINS",
                "IMAGE",
                ("121191", "DCM", "Referenced Segment"),
                ReferencedSOPSequence=[segmentation_reference()],
            ),
            value(
                "CONTAINS",
                "UIDREF",
                ("121232", "DCM", "Source series for segmentation"),
                UID=uid(THORAX.key, ct.AXIAL.key),
            ),
            number(
                ("118565006", "SCT", "Volume"),
                f"{VOLUME_MM3:.0f}",
                ("mm3", "UCUM", "cubic millimeter"),
            ),
            number(("103339001", "SCT", "Long axis"), diameter, ("mm", "UCUM", "millimeter")),
            attenuation,
        ],
        template="1411",
    )


def slice_reference() -> Dataset:
    """Refer to the slice through the middle of the cyst."""
    return item(
        ReferencedSOPClassUID=CTImageStorage,
        ReferencedSOPInstanceUID=uid(THORAX.key, ct.AXIAL.key, ct.RECOMPRESSED_INDEX + 1),
    )


def segmentation_reference() -> Dataset:
    """Refer to the segment of the cyst."""
    return item(
        ReferencedSOPClassUID=SegmentationStorage,
        ReferencedSOPInstanceUID=uid(THORAX.key, segmentation.SERIES.key, 1),
        ReferencedSegmentNumber=CYST_SEGMENT,
    )


def value(relationship: str, kind: str, concept: tuple[str, str, str], **values: object) -> Dataset:
    """Make a content item of any value type."""
    return item(
        RelationshipType=relationship,
        ValueType=kind,
        ConceptNameCodeSequence=[code(*concept)],
        **values,
    )


def coded(
    relationship: str, concept: tuple[str, str, str], meaning: tuple[str, str, str]
) -> Dataset:
    """Make a content item whose value is a code."""
    return value(relationship, "CODE", concept, ConceptCodeSequence=[code(*meaning)])


def number(concept: tuple[str, str, str], digits: str, unit: tuple[str, str, str]) -> Dataset:
    """Make a content item with a number and its unit."""
    measured = item(NumericValue=digits, MeasurementUnitsCodeSequence=[code(*unit)])
    return value("CONTAINS", "NUM", concept, MeasuredValueSequence=[measured])


def container(
    relationship: str, concept: tuple[str, str, str], children: list[Dataset], *, template: str = ""
) -> Dataset:
    """Make a content item that holds others; the root of the tree has no relationship."""
    ds = item(
        ValueType="CONTAINER",
        ConceptNameCodeSequence=[code(*concept)],
        ContinuityOfContent="SEPARATE",
        ContentSequence=children,
    )
    if relationship:
        ds.RelationshipType = relationship
    if template:
        ds.ContentTemplateSequence = [item(MappingResource="DCMR", TemplateIdentifier=template)]
    return ds
