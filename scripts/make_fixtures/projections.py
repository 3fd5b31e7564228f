"""The pictures that are not slices: mammogram, ultrasound cine and bone scan."""

from __future__ import annotations

import math

import imagecodecs
from pydicom.tag import Tag
from pydicom.uid import (
    DigitalMammographyXRayImageStorageForPresentation,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    NuclearMedicineImageStorage,
    UltrasoundMultiFrameImageStorage,
)

from make_fixtures import breast, heart, skeleton
from make_fixtures.ct import encode_jpeg_lossless
from make_fixtures.objects import (
    BREAST,
    HEART,
    SKELETON,
    Fixture,
    Probe,
    Series,
    code,
    digests,
    facts,
    item,
    little_endian,
    new_object,
    set_encapsulated,
    set_native,
    set_pixel_layout,
    to_bytes,
)

MAMMOGRAM = Series(BREAST, "lcc", 1, "MG", "L CC", "BREAST", "Implicit MG")
CINE = Series(HEART, "psax", 1, "US", "Parasternal short axis", "HEART", "Implicit US")
BONE_SCAN = Series(
    SKELETON, "whole body", 1, "NM", "Whole body, front and back", "WHOLEBODY", "Implicit NM"
)
JPEG_QUALITY = 75


def mammogram_fixture() -> Fixture:
    """Make the left craniocaudal view, MONOCHROME1, in JPEG's lossless process."""
    stored = breast.breast()
    ds = new_object(MAMMOGRAM, DigitalMammographyXRayImageStorageForPresentation, 1)
    ds.ImageType = ["DERIVED", "PRIMARY", "", ""]
    ds.AcquisitionDate, ds.AcquisitionTime = BREAST.date, BREAST.time
    ds.PresentationIntentType = "FOR PRESENTATION"
    ds.KVP = "28"
    ds.ExposureTime, ds.XRayTubeCurrent, ds.Exposure = 800, 100, 80
    ds.DistanceSourceToDetector, ds.DistanceSourceToPatient = "660", "640"
    ds.EstimatedRadiographicMagnificationFactor = "1.03125"
    ds.BodyPartThickness, ds.CompressionForce = "52", "90"
    ds.PositionerType = "MAMMOGRAPHIC"
    ds.PositionerPrimaryAngle = "0"
    ds.DetectorType = "DIRECT"
    ds.FieldOfViewShape = "RECTANGLE"
    ds.ImagerPixelSpacing = [breast.PIXEL_SPACING_MM] * 2
    ds.AnodeTargetMaterial, ds.FilterMaterial = "TUNGSTEN", "RHODIUM"
    ds.PatientOrientation = ["A", "R"]
    ds.ImageLaterality, ds.ViewPosition, ds.OrganExposed = "L", "CC", "BREAST"
    ds.BurnedInAnnotation = "NO"
    ds.BreastImplantPresent = "NO"
    ds.PartialView = "NO"
    ds.AnatomicRegionSequence = [code("76752008", "SCT", "Breast")]
    view = code("399162004", "SCT", "cranio-caudal")
    view.ViewModifierCodeSequence = []
    ds.ViewCodeSequence = [view]
    ds.AcquisitionContextSequence = []
    set_pixel_layout(ds, stored, "MONOCHROME1", bits_stored=12)
    ds.PixelPaddingValue = breast.PADDING_VALUE
    ds.PixelIntensityRelationship, ds.PixelIntensityRelationshipSign = "LOG", 1
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = 0, 1, "US"
    ds.PresentationLUTShape = "INVERSE"
    ds.LossyImageCompression = "00"
    ds.WindowCenter, ds.WindowWidth = [1750, 1500], [2400, 1500]
    ds.WindowCenterWidthExplanation = ["NORMAL", "DENSE TISSUE"]
    ds.VOILUTFunction = "SIGMOID"
    set_encapsulated(ds, [encode_jpeg_lossless(stored)])
    path = "mammogram/left-cc.dcm"
    row, column = breast.MASS_CENTRE
    padding = breast.PADDING_VALUE
    return Fixture(
        path=path,
        title="Mammogram, left craniocaudal view",
        proves=(
            "MONOCHROME1 is inverted once, after windowing: air is black, calcium white",
            f"padding of {padding} outside the breast is left out of statistics",
            "a SIGMOID window",
            "12-bit JPEG, lossless process",
            "Imager Pixel Spacing and a magnification: detector millimetres are not the patient's",
        ),
        files={path: to_bytes(ds, JPEGLosslessSV1)},
        facts={**facts(ds), "pixel_padding_value": padding},
        sha256={path: digests(stored[None])},
        probes=[
            Probe(path, column=760, row=10, value=padding, tolerance=0, why="beside the breast"),
            Probe(path, column=column, row=row, value=1300, tolerance=700, why="inside the mass"),
        ],
    )


def cine_fixture() -> Fixture:
    """Make the heart beat: colour frames in baseline JPEG, chroma halved along the rows."""
    frames = heart.cine()
    ds = new_object(CINE, UltrasoundMultiFrameImageStorage, 1)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "TTE", "0001"]
    ds.HeartRate = 67
    ds.NumberOfFrames = len(frames)
    ds.FrameIncrementPointer = Tag("FrameTime")
    ds.FrameTime = f"{heart.FRAME_TIME_MS}"
    ds.CineRate = ds.RecommendedDisplayFrameRate = round(1000 / heart.FRAME_TIME_MS)
    ds.EffectiveDuration = f"{len(frames) * heart.FRAME_TIME_MS / 1000}"
    ds.BurnedInAnnotation = "YES"
    ds.PatientOrientation = []
    ds.AnatomicRegionSequence = [code("80891009", "SCT", "Heart")]
    set_pixel_layout(ds, frames, "YBR_FULL_422", bits_stored=8, samples_per_pixel=3)
    ds.LossyImageCompression = "01"
    ds.LossyImageCompressionMethod = "ISO_10918_1"
    spacing_cm = heart.PIXEL_SPACING_MM / 10
    top, middle = heart.APEX
    height = math.floor(heart.DEPTH_MM / heart.PIXEL_SPACING_MM)
    half_width = math.ceil(height * math.sin(heart.HALF_ANGLE_RAD))
    ds.SequenceOfUltrasoundRegions = [
        item(
            RegionSpatialFormat=1,  # two-dimensional
            RegionDataType=1,  # tissue
            RegionFlags=0,
            RegionLocationMinX0=middle - half_width,
            RegionLocationMinY0=top,
            RegionLocationMaxX1=middle + half_width,
            RegionLocationMaxY1=top + height,
            ReferencePixelX0=half_width,
            ReferencePixelY0=0,
            PhysicalUnitsXDirection=3,  # centimetres
            PhysicalUnitsYDirection=3,
            ReferencePixelPhysicalValueX=0.0,
            ReferencePixelPhysicalValueY=0.0,
            PhysicalDeltaX=spacing_cm,
            PhysicalDeltaY=spacing_cm,
        )
    ]
    encoded = [
        bytes(
            imagecodecs.jpeg8_encode(
                frame, JPEG_QUALITY, colorspace="RGB", outcolorspace="YCBCR", subsampling="422"
            )
        )
        for frame in frames
    ]
    set_encapsulated(ds, encoded)
    ds.LossyImageCompressionRatio = f"{frames.nbytes / sum(map(len, encoded)):.1f}"
    path = "ultrasound/heart-beat.dcm"
    row = heart.APEX[0] + round(heart.BLOOD_PROBE_MM[1] / heart.PIXEL_SPACING_MM)
    column = heart.APEX[1] + round(heart.BLOOD_PROBE_MM[0] / heart.PIXEL_SPACING_MM)
    return Fixture(
        path=path,
        title="Echocardiogram, one beat in the short axis",
        proves=(
            "colour JPEG with YBR_FULL_422 is shown in its own colours, converted once",
            f"frames follow each other every {heart.FRAME_TIME_MS:g} ms (Frame Time)",
            "millimetres come from the ultrasound region, and exist only inside it",
        ),
        files={path: to_bytes(ds, JPEGBaseline8Bit)},
        facts={**facts(ds), "frame_time_ms": heart.FRAME_TIME_MS},
        probes=[
            Probe(path, column=20, row=100, value=0, tolerance=3, why="beside the sector"),
            *(
                Probe(path, frame_index, column=column, row=row, value=8, tolerance=24, why="blood")
                for frame_index in (0, 8)
            ),
        ],
    )


def bone_scan_fixture() -> Fixture:
    """Make the two views, one frame each, through a palette of 16-bit colours."""
    stored = skeleton.counts()
    ds = new_object(BONE_SCAN, NuclearMedicineImageStorage, 1)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "WHOLE BODY", "EMISSION"]
    ds.AcquisitionDate, ds.AcquisitionTime = SKELETON.date, SKELETON.time
    ds.NumberOfFrames = len(stored)
    ds.FrameIncrementPointer = [Tag("EnergyWindowVector"), Tag("DetectorVector")]
    set_pixel_layout(ds, stored, "PALETTE COLOR", bits_stored=8)
    ds.PixelSpacing = [skeleton.PIXEL_SPACING_MM] * 2
    for colour, channel in zip(("Red", "Green", "Blue"), skeleton.lookup_table().T, strict=True):
        setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [len(channel), 0, 16])
        setattr(ds, f"{colour}PaletteColorLookupTableData", little_endian(channel))
    ds.WholeBodyTechnique = "1PS"
    ds.ScanVelocity, ds.ScanLength = "2.1", f"{skeleton.ROWS * skeleton.PIXEL_SPACING_MM:.0f}"
    ds.ActualFrameDuration = 900000
    ds.CountsAccumulated = int(stored.sum())
    ds.PatientOrientationCodeSequence = [code("102538003", "SCT", "recumbent")]
    ds.PatientOrientationCodeSequence[0].PatientOrientationModifierCodeSequence = [
        code("40199007", "SCT", "supine")
    ]
    ds.PatientGantryRelationshipCodeSequence = [code("102540008", "SCT", "headfirst")]
    ds.NumberOfEnergyWindows = 1
    ds.EnergyWindowVector = [1] * len(stored)
    ds.EnergyWindowInformationSequence = [
        item(
            EnergyWindowName="Tc99m",
            EnergyWindowRangeSequence=[
                item(EnergyWindowLowerLimit="126.5", EnergyWindowUpperLimit="154.5")
            ],
        )
    ]
    ds.RadiopharmaceuticalInformationSequence = [
        item(
            RadionuclideCodeSequence=[code("72454007", "SCT", "^99m^Technetium")],
            RadiopharmaceuticalRoute="Intravenous",
            RadiopharmaceuticalStartTime="101500",
            RadionuclideTotalDose="600",
            Radiopharmaceutical="Imaginary diphosphonate",
        )
    ]
    ds.NumberOfDetectors = len(stored)
    ds.DetectorVector = [1, 2]
    ds.DetectorInformationSequence = [
        item(
            CollimatorGridName="LEHR",
            CollimatorType="PARA",
            FieldOfViewShape="RECTANGLE",
            ImagePositionPatient=[side * 334.0, side * -120.0, 900.0],
            ImageOrientationPatient=[side * -1, 0, 0, 0, 0, -1],
            ViewCodeSequence=[view],
        )
        for side, view in (
            (-1, code("399348003", "SCT", "antero-posterior")),
            (1, code("272479007", "SCT", "posterior")),
        )
    ]
    set_native(ds, stored)
    path = "palette/bone-scan.dcm"
    row, column = skeleton.HOT_SPOT
    return Fixture(
        path=path,
        title="Bone scan of the whole body through a colour map",
        proves=(
            "PALETTE COLOR with 256 entries of 16 bits is shown in colour",
            "two frames, the views from the front and the back",
        ),
        files={path: to_bytes(ds)},
        facts=facts(ds),
        sha256={path: digests(stored)},
        probes=[
            Probe(path, column=2, row=2, value=0, tolerance=12, why="beside the body"),
            Probe(path, column=column, row=row, value=190, tolerance=65, why="the rib that glows"),
        ],
    )
