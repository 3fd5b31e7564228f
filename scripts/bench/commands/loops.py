"""What people write by hand around pydicom: a loop in one process, for each command one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
from PIL import Image
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut
from pydicom.pixels.utils import pixel_array
from pydicom.uid import UID

if TYPE_CHECKING:
    from collections.abc import Sequence


def thumbnails(files: Sequence[str], out: Path) -> None:
    """A JPEG of 200 pixels of the first frame of each file, in the file's first window."""
    for number, path in enumerate(files):
        dataset = pydicom.dcmread(path)
        try:
            samples = pixel_array(dataset, index=0)
        except RuntimeError:
            continue  # a syntax for which no decoder is installed, and which costs it no time
        if dataset.SamplesPerPixel == 1:
            samples = apply_voi_lut(apply_modality_lut(samples, dataset), dataset)
            values = samples.astype(np.float64)
            low, high = values.min(), values.max()
            levels = ((values - low) / max(high - low, 1) * 255).astype(np.uint8)
            if dataset.PhotometricInterpretation == "MONOCHROME1":
                levels = 255 - levels
        else:
            levels = samples
        picture = Image.fromarray(levels)
        picture.thumbnail((200, 200), Image.Resampling.LANCZOS)
        picture.save(out / f"{number}.jpg", quality=85)


def transcode(files: Sequence[str], out: Path, uid: str) -> None:
    """Each file in another transfer syntax, as pydicom's own methods have it."""
    for number, path in enumerate(files):
        dataset: Any = pydicom.dcmread(path)
        try:
            _change(dataset, uid)
        except RuntimeError:
            continue  # there is no decoder or encoder for it
        dataset.save_as(out / f"{number}.dcm")


def _change(dataset: Any, uid: str) -> None:
    if dataset.file_meta.TransferSyntaxUID.is_compressed:
        dataset.decompress(generate_instance_uid=False)
    if UID(uid).is_compressed:
        dataset.compress(UID(uid), generate_instance_uid=False)


if __name__ == "__main__":
    name, listed, folder, *arguments = sys.argv[1:]
    paths = Path(listed).read_text().splitlines()
    if name == "thumbnails":
        thumbnails(paths, Path(folder))
    else:
        transcode(paths, Path(folder), *arguments)
