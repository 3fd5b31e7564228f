"""The head as a magnetic resonance scanner sends it: signed values, no window, tilted planes."""

from __future__ import annotations

import math

import numpy as np
from pydicom.uid import JPEG2000Lossless, MRImageStorage

from make_fixtures import brain
from make_fixtures.ct import encode_jpeg2000
from make_fixtures.objects import (
    BRAIN,
    Fixture,
    Probe,
    Series,
    digests,
    facts,
    new_object,
    set_encapsulated,
    set_pixel_layout,
    to_bytes,
    uid,
)

T1 = Series(BRAIN, "t1", 3, "MR", "T1 axial 5 mm", "HEAD", "Implicit 1.5T")


TILT_RAD = math.radians(brain.TILT_DEG)
ALONG_ROW = (1.0, 0.0, 0.0)
ALONG_COLUMN = (0.0, math.cos(TILT_RAD), -math.sin(TILT_RAD))
NORMAL = (0.0, math.sin(TILT_RAD), math.cos(TILT_RAD))


def position_mm(index: int) -> list[float]:
    """Give *Image Position (Patient)* (0020,0032): the centre of the first pixel of a slice."""
    first = (1 - brain.SIZE) / 2 * brain.PIXEL_SPACING_MM
    corner = brain.offset_mm(index) * np.array(NORMAL)
    corner += first * (np.array(ALONG_ROW) + np.array(ALONG_COLUMN))
    return [round(float(value), 4) for value in corner]


def series_fixture() -> Fixture:
    """Make the series in JPEG 2000."""
    stored = brain.brain()
    files = {}
    for index, values in enumerate(stored):
        ds = new_object(T1, MRImageStorage, index + 1)
        ds.ImageType = ["ORIGINAL", "PRIMARY", "OTHER", "SE"]
        ds.AcquisitionDate, ds.AcquisitionTime = BRAIN.date, BRAIN.time
        ds.ScanningSequence, ds.SequenceVariant, ds.ScanOptions = "SE", "NONE", ""
        ds.MRAcquisitionType = "2D"
        ds.RepetitionTime, ds.EchoTime, ds.EchoTrainLength = "550", "12", 1
        ds.MagneticFieldStrength = "1.5"
        ds.FlipAngle = "90"
        ds.SliceThickness = f"{brain.SLICE_THICKNESS_MM}"
        ds.SpacingBetweenSlices = f"{brain.SLICE_SPACING_MM}"
        ds.PatientPosition = "HFS"
        ds.AcquisitionNumber = 1
        ds.ImagePositionPatient = position_mm(index)
        ds.ImageOrientationPatient = [round(value, 6) for value in ALONG_ROW + ALONG_COLUMN]
        ds.FrameOfReferenceUID = uid("brain", "frame of reference")
        ds.PositionReferenceIndicator = ""
        ds.PixelSpacing = [brain.PIXEL_SPACING_MM, brain.PIXEL_SPACING_MM]
        set_pixel_layout(ds, values, "MONOCHROME2", bits_stored=16)
        set_encapsulated(ds, [encode_jpeg2000(values)])
        files[f"mr/slice-{index + 1:02d}.dcm"] = to_bytes(ds, JPEG2000Lossless)
    middle = brain.SIZE // 2
    return Fixture(
        path="mr",
        title="MR of the head, T1-weighted, one object a slice",
        proves=(
            f"planes tilted by {brain.TILT_DEG:g} degrees",
            f"slices {brain.SLICE_THICKNESS_MM:g} mm thick and {brain.SLICE_SPACING_MM:g} mm apart",
            "signed values in JPEG 2000",
            "no window in the file: one is made from the values",
        ),
        files=files,
        facts=facts(ds),
        sha256={name: digests(stored[k : k + 1]) for k, name in enumerate(files)},
        probes=[
            Probe("mr/slice-08.dcm", column=4, row=4, value=8, tolerance=20, why="air"),
            Probe(
                "mr/slice-03.dcm",
                column=middle,
                row=middle + 6,
                value=brain.WHITE - 40,
                tolerance=90,
                why="brain stem",
            ),
        ],
    )
