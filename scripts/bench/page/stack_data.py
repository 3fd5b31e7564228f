"""Make what a person steps through: a CT stack as files and as one object, and large frames."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from corpus import SHAPES, Shape, dataset, paint
from pydicom import dcmread
from pydicom.uid import generate_uid

VERSION = 1
"""Of what is made: a folder of another version is made again."""

STACK = Shape("stack", 512, 512, 300, 12, "CT", 1)
OBJECT = next(shape for shape in SHAPES if shape.frame_count > 1)
MAMMOGRAM = next(shape for shape in SHAPES if shape.modality == "MG")
RADIOGRAPH = Shape("radiograph", 2487, 2048, 1, 12, "DX", 1)


def make_stack(folder: Path) -> None:
    """Write the frames of the stack as files of one series, 1 mm apart."""
    for number in range(STACK.frame_count):
        frame = paint(STACK, number).tobytes()
        slice_shape = Shape("stack", STACK.rows, STACK.columns, 1, 12, "CT", 1)
        ds = dataset(slice_shape, "native", number, [frame])
        ds.ImagePositionPatient = [-180, -180, number]
        ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        ds.PixelSpacing, ds.SliceThickness = [0.7, 0.7], 1
        ds.FrameOfReferenceUID = generate_uid(entropy_srcs=["stack"])
        ds.save_as(folder / f"{number + 1:04}.dcm", enforce_file_format=True)


def make_object(folder: Path) -> None:
    """Write the same frames as one multi-frame object."""
    frames = [paint(STACK, number).tobytes() for number in range(STACK.frame_count)]
    ds = dataset(OBJECT, "native", 0, frames)
    ds.save_as(folder / "object.dcm", enforce_file_format=True)


def make_large(folder: Path, shape: Shape, syntax: str) -> None:
    """Write one large frame, decoded back before."""
    from corpus import make_file

    make_file(folder / f"{shape.modality}.dcm", shape, syntax, 0, None)


def make(folder: Path) -> Path:
    """Fill a folder where it is not there yet: a folder below it for each case."""
    mark = folder / "index.json"
    if mark.is_file() and json.loads(mark.read_text()) == {"version": VERSION}:
        return folder
    if folder.exists():
        if not mark.is_file():
            raise SystemExit(f"{folder} was not made by this script")
        shutil.rmtree(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        whole = Path(work) / "whole"
        for name in ("stack", "object", "mammogram", "mammogram-j2k", "radiograph"):
            (whole / name).mkdir(parents=True)
        make_stack(whole / "stack")
        make_object(whole / "object")
        make_large(whole / "mammogram", MAMMOGRAM, "native")
        make_large(whole / "mammogram-j2k", MAMMOGRAM, "JPEG 2000")
        make_large(whole / "radiograph", RADIOGRAPH, "native")
        (whole / mark.name).write_text(json.dumps({"version": VERSION}))
        assert len(dcmread(whole / "object" / "object.dcm").PixelData) == 300 * 512 * 512 * 2
        whole.rename(folder)
    return folder
