"""The torso as a CT scanner sends it; one slice in every lossless compression; one cut short."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import imagecodecs
import numpy as np
from pydicom.pixels.encoders.base import RLELosslessEncoder
from pydicom.uid import (
    UID,
    CTImageStorage,
    HTJ2KLossless,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from make_fixtures import torso
from make_fixtures.objects import (
    THORAX,
    Fixture,
    Probe,
    Series,
    digests,
    facts,
    item,
    new_object,
    set_encapsulated,
    set_native,
    set_pixel_layout,
    to_bytes,
    uid,
)
from make_fixtures.shapes import inner_mask

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

AXIAL = Series(THORAX, "axial", 2, "CT", "Axial 7.5 mm", "CHEST", "Implicit 16")
RECOMPRESSED = Series(
    THORAX, "recompressed", 20, "CT", "One slice, compressed in many ways", "CHEST", "Implicit 16"
)
CUT_SHORT = Series(THORAX, "cut short", 30, "CT", "Cut short", "CHEST", "Implicit 16")
ROWS_KEPT = 150
FRAME_OF_REFERENCE_UID = uid("thorax", "frame of reference")
RESCALE_INTERCEPT = -1024
WINDOWS = {"ABDOMEN": (40, 400), "LUNG": (-600, 1500)}
ORIENTATION = [1, 0, 0, 0, 1, 0]
FIRST_PIXEL_MM = (torso.PIXEL_SPACING_MM - torso.FIELD_OF_VIEW_MM) / 2
"""Centre of the first pixel in x and in y."""

TOLERANCE_HU = 4 * torso.NOISE_HU
RECOMPRESSED_INDEX = 12
"""The slice through the cyst, with liver, spleen, stomach and kidney."""


@cache
def stored_values() -> NDArray[np.uint16]:
    """Give the stored values, [slice, row, column]: 12 bits in 16."""
    values = np.floor(torso.torso().hounsfield + 0.5) - RESCALE_INTERCEPT
    stored: NDArray[np.uint16] = np.clip(values, 0, 4095).astype(np.uint16)
    return stored


def position_mm(index: int) -> list[float]:
    """Give *Image Position (Patient)* (0020,0032) of a slice."""
    return [FIRST_PIXEL_MM, FIRST_PIXEL_MM, torso.SLICE_POSITIONS_MM[index]]


def slice_object(index: int, series: Series = AXIAL, *, number: int = 0) -> Dataset:
    """Make the object of a slice, without pixels; the slice nearest to the head has number 1."""
    ds = new_object(series, CTImageStorage, number or index + 1)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.AcquisitionDate, ds.AcquisitionTime = THORAX.date, THORAX.time
    ds.ContrastBolusAgent = "Imaginary iodine 350 mg/ml"
    ds.ScanOptions = "HELICAL"
    ds.KVP = "120"
    ds.XRayTubeCurrent, ds.ExposureTime, ds.Exposure = 180, 500, 90
    ds.ConvolutionKernel = "SOFT"
    ds.GantryDetectorTilt = "0"
    ds.TableHeight = "113"
    ds.SliceThickness = f"{torso.SLICE_SPACING_MM}"
    ds.SpacingBetweenSlices = f"{torso.SLICE_SPACING_MM}"
    ds.ReconstructionDiameter = f"{torso.FIELD_OF_VIEW_MM:.0f}"
    ds.PatientPosition = "HFS"
    ds.AcquisitionNumber = 1
    ds.ImagePositionPatient = position_mm(index)
    ds.ImageOrientationPatient = ORIENTATION
    ds.FrameOfReferenceUID = FRAME_OF_REFERENCE_UID
    ds.PositionReferenceIndicator = "XY"
    ds.SliceLocation = f"{torso.SLICE_POSITIONS_MM[index]}"
    ds.PixelSpacing = [torso.PIXEL_SPACING_MM, torso.PIXEL_SPACING_MM]
    set_pixel_layout(ds, stored_values()[index], "MONOCHROME2", bits_stored=12)
    ds.WindowCenter = [center for center, _ in WINDOWS.values()]
    ds.WindowWidth = [width for _, width in WINDOWS.values()]
    ds.WindowCenterWidthExplanation = list(WINDOWS)
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = RESCALE_INTERCEPT, 1, "HU"
    return ds


def file_name(index: int) -> str:
    """Give the path of a slice below fixtures/."""
    return f"ct/slice-{index + 1:02d}.dcm"


def probe(label: int, organ: str, index: int, *, file: str, frame_index: int = 0) -> Probe:
    """Give the value in the middle of an organ, away from its edges and vessels."""
    phantom = torso.torso()
    expected = torso.TISSUE_HU[label]
    vessel_free = np.abs(phantom.drawn[index] - expected) < torso.NOISE_HU
    inside = inner_mask((phantom.labels[index] == label) & vessel_free, 2)
    rows, columns = np.nonzero(inside)
    middle = np.argmin(np.hypot(rows - rows.mean(), columns - columns.mean()))
    return Probe(
        file=file,
        frame_index=frame_index,
        column=int(columns[middle]),
        row=int(rows[middle]),
        value=expected,
        tolerance=TOLERANCE_HU,
        unit="HU",
        why=f"inside the {organ}",
    )


def organ_probes(index: int, *, file: str, frame_index: int = 0) -> list[Probe]:
    """Give probes of a slice with liver, cyst, spleen and aorta, and of the air around the body."""
    organs = (
        (torso.LIVER, "liver"),
        (torso.LESION, "cyst"),
        (torso.SPLEEN, "spleen"),
        (torso.AORTA, "aorta"),
    )
    found = [
        probe(label, name, index, file=file, frame_index=frame_index) for label, name in organs
    ]
    why = "air in front of the body"
    air = Probe(
        file,
        frame_index,
        column=10,
        row=20,
        value=-1000,
        tolerance=TOLERANCE_HU,
        unit="HU",
        why=why,
    )
    return [*found, air]


def series_fixture() -> Fixture:
    """Make the series, uncompressed."""
    files = {}
    for index in range(len(stored_values())):
        ds = slice_object(index)
        set_native(ds, stored_values()[index])
        files[file_name(index)] = to_bytes(ds)
    return Fixture(
        path="ct",
        title="CT of chest and upper abdomen, one object a slice",
        proves=(
            "slices sorted along the normal of their plane, 7.5 mm apart, from the head downwards",
            "rescale to Hounsfield units, 12 bits stored in 16",
            "two windows with their names, ABDOMEN 40/400 and LUNG -600/1500",
        ),
        files=files,
        facts=facts(ds),
        sha256={name: digests(stored_values()[k : k + 1]) for k, name in enumerate(files)},
        probes=organ_probes(RECOMPRESSED_INDEX, file=file_name(RECOMPRESSED_INDEX)),
    )


def encode_rle(stored: NDArray[np.uint16]) -> bytes:
    """Compress a frame with DICOM's own run lengths."""
    encoded: bytes = RLELosslessEncoder.encode(
        stored,
        encoding_plugin="pydicom",
        rows=stored.shape[0],
        columns=stored.shape[1],
        number_of_frames=1,
        samples_per_pixel=1,
        bits_allocated=16,
        bits_stored=12,
        pixel_representation=0,
        photometric_interpretation="MONOCHROME2",
    )
    return encoded


def encode_jpeg_lossless(stored: NDArray[np.uint16]) -> bytes:
    """Compress 12-bit values with JPEG's lossless process, first-order prediction."""
    return bytes(imagecodecs.jpeg8_encode(stored, lossless=True, predictor=1, bitspersample=12))


def encode_jpeg_ls(stored: NDArray[np.uint16]) -> bytes:
    """Compress with JPEG-LS, without loss."""
    return bytes(imagecodecs.jpegls_encode(stored, 0))


def encode_jpeg2000(stored: NDArray[np.generic]) -> bytes:
    """Compress with the reversible transform of JPEG 2000, as a bare codestream."""
    return bytes(imagecodecs.jpeg2k_encode(stored, 0, codecformat="j2k", reversible=True))


def encode_htj2k(stored: NDArray[np.uint16]) -> bytes:
    """Compress with high-throughput JPEG 2000, without loss."""
    return bytes(imagecodecs.htj2k_encode(stored, reversible=True))


COMPRESSIONS: dict[str, tuple[UID, Callable[[NDArray[np.uint16]], bytes]]] = {
    "rle": (RLELossless, encode_rle),
    "jpeg-lossless": (JPEGLosslessSV1, encode_jpeg_lossless),
    "jpeg-ls": (JPEGLSLossless, encode_jpeg_ls),
    "jpeg-2000": (JPEG2000Lossless, encode_jpeg2000),
    "htj2k": (HTJ2KLossless, encode_htj2k),
}


def syntax_fixtures() -> list[Fixture]:
    """Make the same slice in every lossless compression."""
    stored = stored_values()[RECOMPRESSED_INDEX]
    source = slice_object(RECOMPRESSED_INDEX)
    fixtures = []
    for number, (name, (transfer_syntax_uid, encode)) in enumerate(COMPRESSIONS.items(), start=1):
        ds = slice_object(RECOMPRESSED_INDEX, RECOMPRESSED, number=number)
        ds.ImageType = ["DERIVED", "PRIMARY", "AXIAL"]
        ds.DerivationDescription = f"Compressed without loss: {transfer_syntax_uid.name}"
        ds.SourceImageSequence = [
            item(
                ReferencedSOPClassUID=source.SOPClassUID,
                ReferencedSOPInstanceUID=source.SOPInstanceUID,
            )
        ]
        set_encapsulated(ds, [encode(stored)])
        path = f"syntaxes/{name}.dcm"
        fixtures.append(
            Fixture(
                path=path,
                title=f"The CT slice through the cyst, {transfer_syntax_uid.name}",
                proves=(f"decodes to the values of {file_name(RECOMPRESSED_INDEX)}, bit for bit",),
                files={path: to_bytes(ds, transfer_syntax_uid)},
                facts=facts(ds),
                sha256={path: digests(stored[None])},
            )
        )
    return fixtures


def truncated_fixture() -> Fixture:
    """Make a slice whose file ends among its rows, as an interrupted copy leaves it."""
    index = RECOMPRESSED_INDEX + 3
    ds = slice_object(index, CUT_SHORT)
    set_native(ds, stored_values()[index])
    whole = to_bytes(ds)
    missing = (ds.Rows - ROWS_KEPT) * ds.Columns * 2
    return Fixture(
        path="odd/cut-short.dcm",
        title=f"A CT slice that ends after {ROWS_KEPT} of its {ds.Rows} rows",
        proves=("what exists of a truncated file is shown, and the file is called partial",),
        files={"odd/cut-short.dcm": whole[:-missing]},
        facts={**facts(ds), "rows_present": ROWS_KEPT},
        probes=[probe(torso.LIVER, "liver", index, file="odd/cut-short.dcm")],
    )
