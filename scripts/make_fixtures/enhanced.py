"""The torso as one enhanced multi-frame object, with shared and per-frame functional groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.uid import EnhancedCTImageStorage, JPEGLSLossless

from make_fixtures import ct, torso
from make_fixtures.objects import (
    THORAX,
    Fixture,
    Series,
    code,
    digests,
    dimensions,
    facts,
    item,
    new_object,
    set_encapsulated,
    set_pixel_layout,
    to_bytes,
    uid,
)

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SERIES = Series(THORAX, "enhanced", 4, "CT", "Axial 7.5 mm, enhanced", "", "Implicit 16")
IMAGE_TYPE = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
STACK_ID = "1"
DIMENSIONS = {"StackID": "FrameContentSequence", "InStackPositionNumber": "FrameContentSequence"}
"""Keywords of what frames are ordered by, and of the functional group that holds it."""

LUNG_ABOVE_MM = 36.0
"""Frames higher than this open in the lung window, those below in the abdominal one."""


def enhanced_fixture() -> Fixture:
    """Make the object; its frames are compressed with JPEG-LS."""
    stored = ct.stored_values()
    ds = new_object(SERIES, EnhancedCTImageStorage, 1)
    ds.ImageType = IMAGE_TYPE
    ds.AcquisitionDateTime = THORAX.date + THORAX.time
    ds.AcquisitionDuration = 6.0
    ds.AcquisitionNumber = 1
    ds.PatientPosition = "HFS"
    ds.FrameOfReferenceUID = ct.FRAME_OF_REFERENCE_UID
    ds.PositionReferenceIndicator = "XY"
    ds.SynchronizationFrameOfReferenceUID = uid("thorax", "synchronization")
    ds.SynchronizationTrigger, ds.AcquisitionTimeSynchronized = "NO TRIGGER", "N"
    ds.PixelPresentation = "MONOCHROME"
    ds.VolumetricProperties = "VOLUME"
    ds.VolumeBasedCalculationTechnique = "NONE"
    ds.ContentQualification = "RESEARCH"
    ds.BurnedInAnnotation = "NO"
    ds.LossyImageCompression = "00"
    ds.PresentationLUTShape = "IDENTITY"
    ds.AcquisitionContextSequence = []
    ds.NumberOfFrames = len(stored)
    set_pixel_layout(ds, stored, "MONOCHROME2", bits_stored=12)
    ds.update(dimensions(uid(THORAX.key, SERIES.key, "dimensions"), DIMENSIONS))
    ds.DimensionOrganizationType = "3D"
    ds.ContrastBolusAgentSequence = [contrast_agent()]
    ds.SharedFunctionalGroupsSequence = [shared_groups()]
    ds.PerFrameFunctionalGroupsSequence = [frame_groups(index) for index in range(len(stored))]
    set_encapsulated(ds, [ct.encode_jpeg_ls(frame) for frame in stored])
    path = "ct-enhanced/chest-abdomen.dcm"
    return Fixture(
        path=path,
        title="The CT series as one enhanced multi-frame object",
        proves=(
            "position, window and rescale come from the functional groups, shared and per frame",
            f"above z = {LUNG_ABOVE_MM:g} mm frames open in the lung window, below in the other",
            "frame n holds the values of slice n + 1 of ct/, bit for bit",
        ),
        files={path: to_bytes(ds, JPEGLSLossless)},
        facts=facts(ds),
        sha256={path: digests(stored)},
        probes=ct.organ_probes(ct.RECOMPRESSED_INDEX, file=path, frame_index=ct.RECOMPRESSED_INDEX),
    )


def contrast_agent() -> Dataset:
    """Describe the contrast given."""
    agent = code("385420005", "SCT", "Contrast agent")
    agent.ContrastBolusAgentNumber = 1
    agent.ContrastBolusAdministrationRouteSequence = [code("47625008", "SCT", "Intravenous route")]
    agent.ContrastBolusIngredientCodeSequence = [code("44588005", "SCT", "Iodine")]
    agent.ContrastBolusVolume = 90.0
    agent.ContrastBolusIngredientConcentration = 350.0
    agent.ContrastBolusIngredientOpaque = "YES"
    return agent


def shared_groups() -> Dataset:
    """Give the functional groups that are the same for all frames."""
    return item(
        CTImageFrameTypeSequence=[
            item(
                FrameType=IMAGE_TYPE,
                PixelPresentation="MONOCHROME",
                VolumetricProperties="VOLUME",
                VolumeBasedCalculationTechnique="NONE",
            )
        ],
        PixelMeasuresSequence=[
            item(
                PixelSpacing=[torso.PIXEL_SPACING_MM, torso.PIXEL_SPACING_MM],
                SliceThickness=f"{torso.SLICE_SPACING_MM}",
                SpacingBetweenSlices=f"{torso.SLICE_SPACING_MM}",
            )
        ],
        PlaneOrientationSequence=[item(ImageOrientationPatient=ct.ORIENTATION)],
        FrameAnatomySequence=[
            item(
                FrameLaterality="U",
                AnatomicRegionSequence=[code("416775004", "SCT", "Chest, Abdomen and Pelvis")],
            )
        ],
        PixelValueTransformationSequence=[
            item(RescaleIntercept=f"{ct.RESCALE_INTERCEPT}", RescaleSlope="1", RescaleType="HU")
        ],
        ContrastBolusUsageSequence=[
            item(
                ContrastBolusAgentNumber=1,
                ContrastBolusAgentAdministered="YES",
                ContrastBolusAgentDetected="YES",
            )
        ],
        IrradiationEventIdentificationSequence=[
            item(IrradiationEventUID=uid("thorax", "irradiation event"))
        ],
        CTAcquisitionTypeSequence=[
            item(AcquisitionType="SPIRAL", ConstantVolumeFlag="NO", FluoroscopyFlag="NO")
        ],
        CTAcquisitionDetailsSequence=[
            item(
                RotationDirection="CW",
                RevolutionTime=0.5,
                SingleCollimationWidth=1.25,
                TotalCollimationWidth=20.0,
                TableHeight="113",
                GantryDetectorTilt="0",
                DataCollectionDiameter="500",
            )
        ],
        CTTableDynamicsSequence=[
            item(TableSpeed=55.0, TableFeedPerRotation=27.5, SpiralPitchFactor=1.375)
        ],
        CTGeometrySequence=[
            item(DistanceSourceToDetector="950", DistanceSourceToDataCollectionCenter=540.0)
        ],
        CTReconstructionSequence=[
            item(
                ReconstructionAlgorithm="FILTER_BACK_PROJ",
                ConvolutionKernel="SOFT",
                ConvolutionKernelGroup="SOFT_TISSUE",
                ReconstructionDiameter=f"{torso.FIELD_OF_VIEW_MM:.0f}",
                ReconstructionPixelSpacing=[torso.PIXEL_SPACING_MM, torso.PIXEL_SPACING_MM],
                ReconstructionAngle=360.0,
                ImageFilter="NONE",
            )
        ],
        CTExposureSequence=[
            item(
                ExposureTimeInms=500.0,
                XRayTubeCurrentInmA=180.0,
                ExposureInmAs=90.0,
                ExposureModulationType="NONE",
                CTDIvol=6.1,
                CTDIPhantomTypeCodeSequence=[code("113691", "DCM", "IEC Body Dosimetry Phantom")],
            )
        ],
        CTXRayDetailsSequence=[
            item(
                KVP="120",
                FocalSpots="0.7",
                FilterType="SHAPED",
                FilterMaterial="MIXED",
                CalciumScoringMassFactorPatient=0.8,
                EnergyWeightingFactor=1.0,
            )
        ],
    )


def frame_groups(index: int) -> Dataset:
    """Give the functional groups of one frame."""
    name = "LUNG" if torso.SLICE_POSITIONS_MM[index] > LUNG_ABOVE_MM else "ABDOMEN"
    center, width = ct.WINDOWS[name]
    second, quarter = divmod(index, 4)
    moment = f"{THORAX.date}{int(THORAX.time) + second:06d}.{quarter * 250000:06d}"
    position = ct.position_mm(index)
    return item(
        FrameContentSequence=[
            item(
                FrameAcquisitionNumber=1,
                FrameReferenceDateTime=moment,
                FrameAcquisitionDateTime=moment,
                FrameAcquisitionDuration=250.0,
                StackID=STACK_ID,
                InStackPositionNumber=index + 1,
                DimensionIndexValues=[1, index + 1],
            )
        ],
        PlanePositionSequence=[item(ImagePositionPatient=position)],
        FrameVOILUTSequence=[
            item(
                WindowCenter=f"{center}", WindowWidth=f"{width}", WindowCenterWidthExplanation=name
            )
        ],
        CTPositionSequence=[
            item(
                TablePosition=float(-position[2]),
                DataCollectionCenterPatient=[0.0, 0.0, position[2]],
                ReconstructionTargetCenterPatient=[0.0, 0.0, position[2]],
            )
        ],
    )
