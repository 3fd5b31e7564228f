"""Frames with known values, and files around encoded ones, for a second implementation to read."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate

from dcmview.dicom.transfer import transfer_syntax
from dcmview.model import PixelLayout, StoredFrame
from dcmview.transcoding.frames import FrameEncoder
from dcmview.transcoding.targets import EncodeOptions, find_target

if TYPE_CHECKING:
    from pathlib import Path

EXPLICIT = transfer_syntax("1.2.840.10008.1.2.1")


def layout_of(
    bits: int = 8,
    cell_bits: int = 8,
    *,
    signed: bool = False,
    samples: int = 1,
    interpretation: str = "MONOCHROME2",
    rows: int = 37,
    columns: int = 53,
) -> PixelLayout:
    return PixelLayout(
        rows,
        columns,
        samples_per_pixel=samples,
        bits_allocated=cell_bits,
        bits_stored=bits,
        high_bit=bits - 1,
        pixel_representation=int(signed),
        photometric_interpretation=interpretation,
    )


def frame_of(layout: PixelLayout, seed: int = 1) -> StoredFrame:
    """Waves with noise, and in the corners the least and the largest value of the samples."""
    rng = np.random.default_rng(seed)
    rows, columns, bits = layout.rows, layout.columns, layout.bits_stored
    y, x = np.mgrid[:rows, :columns]
    planes = [
        0.5 + 0.4 * np.sin(x / (7 + 3 * plane)) * np.cos(y / 9) + rng.normal(0, 0.004, x.shape)
        for plane in range(layout.samples_per_pixel)
    ]
    values = np.rint(np.stack(planes, -1).clip(0, 1) * ((1 << bits) - 1)).astype(np.int64)
    values[0, 0], values[-1, -1] = 0, (1 << bits) - 1
    if layout.pixel_representation:
        values -= 1 << bits - 1
    kind = "i" if layout.pixel_representation else "u"
    values = values.astype(f"{kind}{max(layout.bits_allocated // 8, 1)}")
    if layout.samples_per_pixel == 1:
        values = values[:, :, 0]
    cell_bits = values.dtype.itemsize * 8
    return StoredFrame(values, replace(layout, bits_allocated=cell_bits))


def encoder_of(layout: PixelLayout, name: str, **options: Any) -> FrameEncoder:
    return FrameEncoder(
        layout, find_target(name), EncodeOptions(**options), source_syntax=EXPLICIT, was_lossy=False
    )


def write_file(path: Path, content: bytes, encoder: FrameEncoder, layout: PixelLayout) -> Path:
    """A Secondary Capture of one encapsulated frame, described as the encoder says."""
    result = encoder.result
    dataset = Dataset()
    dataset.SOPClassUID = uid.SecondaryCaptureImageStorage
    dataset.SOPInstanceUID = "1.2.3.4"
    dataset.Modality = "OT"
    dataset.SamplesPerPixel = layout.samples_per_pixel
    dataset.PhotometricInterpretation = result.photometric_interpretation
    if result.planar_configuration is not None:
        dataset.PlanarConfiguration = result.planar_configuration
    dataset.Rows, dataset.Columns = layout.rows, layout.columns
    dataset.BitsAllocated = result.bits_allocated
    dataset.BitsStored = result.bits_stored
    dataset.HighBit = result.high_bit
    dataset.PixelRepresentation = result.pixel_representation
    if layout.photometric_interpretation == "PALETTE COLOR":
        for colour in ("Red", "Green", "Blue"):
            setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
            setattr(dataset, f"{colour}PaletteColorLookupTableData", bytes(512))
    dataset.PixelData = encapsulate([content])
    dataset["PixelData"].VR = "OB"
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = encoder.target.syntax.uid
    dataset.file_meta = meta
    dataset.save_as(path, enforce_file_format=True)
    return path


def run_tool(tool: str, *arguments: str | Path) -> None:
    """Run a tool of GDCM or DCMTK, which scripts/system installs."""
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    answer = subprocess.run([tool, *arguments], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
