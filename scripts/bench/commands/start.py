"""From the start of the process to a picture of one 512x512 CT: ours, DCMTK, GDCM and a script.

Most of it is the start itself. The file is made here, native and with 12 bits, so that
every program can do it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from contest import Entrant, call, compete
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contest import Runner

SCRIPT = """
import sys, numpy as np, pydicom
from PIL import Image
from pydicom.pixels import apply_modality_lut, apply_voi_lut
dataset = pydicom.dcmread(sys.argv[1])
values = apply_voi_lut(apply_modality_lut(dataset.pixel_array, dataset), dataset)
low, high = values.min(), values.max()
Image.fromarray(((values - low) / (high - low) * 255).astype(np.uint8)).save(sys.argv[2])
"""


def main() -> int:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        file = work / "ct.dcm"
        ct().save_as(file, enforce_file_format=True)
        entrants = [
            Entrant("ours, PNG", once(*ours("png"), ending=".png"), 2),
            Entrant("ours, JSON", once(*ours("json"), ending=".json"), 2),
            Entrant(
                "ours, JSON base64",
                once(*ours("json"), "--encoding", "base64", ending=".json"),
                2,
            ),
            Entrant("dcmj2pnm, PNG", once("dcmj2pnm", "+on", "+Wi", "1", "{in}", "{out}"), 2),
            Entrant("gdcmimg, PGM", once("gdcmimg", "{in}", "{out}", ending=".pgm"), 2),
            Entrant(
                "pydicom + Pillow, PNG", once(sys.executable, "-c", SCRIPT, "{in}", "{out}"), 2
            ),
            Entrant("python -c pass", once(sys.executable, "-c", "pass"), 2),
            Entrant("python, import numpy", once(sys.executable, "-c", "import numpy"), 2),
        ]
        _keep_bytecode(work)
        for number, entrant in enumerate(entrants):
            warm = work / f"warm-{number}"
            warm.mkdir()
            entrant.run([file], warm)
        results = compete("start to output", entrants, [file], work, rounds=options.rounds)
    print(json.dumps({"start": results}, indent=1))
    return 0


def _keep_bytecode(work: Path) -> None:
    """Let Python keep what it compiles, as it does for an installed package."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(work / "bytecode")


def ours(form: str) -> tuple[str, ...]:
    """Our command into a file."""
    return (sys.executable, "-m", "dcmview", "render", "{in}", "-f", form, "-o", "{out}")


def once(*command: str, ending: str = ".png") -> Runner:
    """A program that is started for the one file."""

    def run(files: Sequence[Path], out: Path) -> None:
        paths = {"{in}": str(files[0]), "{out}": str(out / f"a{ending}")}
        call([paths.get(part, part) for part in command], cores=2)

    return run


def ct() -> Dataset:
    """A round body with noise, from -1000 to some 1,200 HU."""
    rows = columns = 512
    y, x = np.mgrid[:rows, :columns] / 256 - 1
    noise = np.random.default_rng(0).normal(0, 20, (rows, columns))
    body = np.where(x**2 + (1.4 * y) ** 2 < 0.8, 1064 + 200 * np.sin(9 * x) * np.cos(7 * y), 24)
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=["start"])
    dataset.Modality = "CT"
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = rows, columns
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelRepresentation = 0
    dataset.RescaleIntercept, dataset.RescaleSlope = "-1024", "1"
    dataset.WindowCenter, dataset.WindowWidth = "40", "400"
    dataset.add_new(0x7FE00010, "OW", np.clip(body + noise, 0, 4095).astype("<u2").tobytes())
    return dataset


if __name__ == "__main__":
    sys.exit(main())
