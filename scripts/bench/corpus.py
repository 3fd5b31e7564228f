"""Make the files that the frame benchmark reads: large frames and long objects in every syntax.

The pictures are smooth shapes under correlated noise, so that lossless codecs
meet about the entropy of real CT and mammography; ``--like`` takes the content
from a file instead. The same arguments give the same files. Each frame is
decoded once to prove it. ``index.json`` says what each file is; a folder where
it fits is left as it is.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
    generate_uid,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Frame = NDArray[np.uint16]
    Field = NDArray[np.float32]

VERSION = 1
"""Of what is made: a folder of another version is made again."""
SOP_CLASSES = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "DX": "1.2.840.10008.5.1.4.1.1.1.1",
    "MG": "1.2.840.10008.5.1.4.1.1.1.2",
    "OT": "1.2.840.10008.5.1.4.1.1.7.3",  # Multi-frame Grayscale Word Secondary Capture
}
NOISE_SIDE = 1024
"""Noise is made once on a square of this side; every frame lays it down from another place."""
RLE_HEADER_BYTES = 64


@dataclass(frozen=True)
class Shape:
    """Frames of one size: how they look, and how many files of them each syntax gets."""

    name: str
    rows: int
    columns: int
    frame_count: int
    bits_stored: int
    modality: str
    file_count: int


SHAPES = (
    Shape("512x512", 512, 512, 1, 12, "CT", 9),
    Shape("2140x1760", 2140, 1760, 1, 12, "DX", 7),
    Shape("4096x3328", 4096, 3328, 1, 12, "MG", 6),
    Shape("300 frames", 512, 512, 300, 16, "OT", 1),
)
TINY_SHAPES = (
    Shape("512x512", 24, 20, 1, 12, "CT", 4),
    Shape("2140x1760", 40, 30, 1, 12, "DX", 4),
    Shape("4096x3328", 60, 50, 1, 12, "MG", 4),
    Shape("300 frames", 24, 20, 40, 16, "OT", 1),
)
"""The same roles in a second, to try the benchmark itself."""


def encode_rle(stored: Frame, _: int) -> bytes:
    """Give two PackBits segments, the high bytes first; no run crosses a row."""
    segments = []
    for plane in (stored >> 8, stored & 0xFF):
        segment = bytes(imagecodecs.packbits_encode(plane.astype(np.uint8), axis=-1))
        segments.append(segment + b"\0" * (len(segment) % 2))
    offsets = [RLE_HEADER_BYTES, RLE_HEADER_BYTES + len(segments[0]), *[0] * 13]
    return b"".join([np.array([2, *offsets], "<u4").tobytes(), *segments])


def decode_rle(frame: bytes) -> Frame:
    """Give the samples that `encode_rle` was given, in a row."""
    first, second = np.frombuffer(frame, "<u4", 3)[1:]
    high, low = (
        np.frombuffer(imagecodecs.packbits_decode(segment), np.uint8)
        for segment in (frame[first:second], frame[second:])
    )
    size = min(high.size, low.size)
    stored: Frame = (high[:size].astype(np.uint16) << np.uint16(8)) | low[:size]
    return stored


def encode_jpeg_lossless(stored: Frame, bits_stored: int) -> bytes:
    """Give a lossless JPEG with first-order prediction."""
    return bytes(
        imagecodecs.jpeg8_encode(stored, lossless=True, predictor=1, bitspersample=bits_stored)
    )


def encode_jpeg_ls(stored: Frame, _: int) -> bytes:
    """Give a lossless JPEG-LS codestream."""
    return bytes(imagecodecs.jpegls_encode(stored, level=0))


def encode_jpeg_2000(stored: Frame, bits_stored: int) -> bytes:
    """Give a reversible JPEG 2000 codestream of one tile and the encoder's default levels."""
    return bytes(
        imagecodecs.jpeg2k_encode(
            stored,
            level=0,
            codecformat="j2k",
            reversible=True,
            bitspersample=bits_stored,
            numthreads=2,
        )
    )


SYNTAXES: dict[str, tuple[UID, Callable[[Frame, int], bytes], Callable[[bytes], Any]]] = {
    "native": (ExplicitVRLittleEndian, lambda s, _: s.tobytes(), lambda b: np.frombuffer(b, "<u2")),
    "RLE": (RLELossless, encode_rle, decode_rle),
    "JPEG lossless": (JPEGLosslessSV1, encode_jpeg_lossless, imagecodecs.jpeg8_decode),
    "JPEG-LS": (JPEGLSLossless, encode_jpeg_ls, imagecodecs.jpegls_decode),
    "JPEG 2000": (JPEG2000Lossless, encode_jpeg_2000, imagecodecs.jpeg2k_decode),
}


@cache
def noise() -> Field:
    """Square of noise with deviation 1, blurred a little as a detector and a kernel do."""
    white = np.random.default_rng(1).standard_normal((NOISE_SIDE, NOISE_SIDE), np.float32)
    for axis in (0, 1):
        white = 2 * white + np.roll(white, 1, axis) + np.roll(white, -1, axis)
    blurred: Field = white / white.std()
    return blurred


def smooth(rng: np.random.Generator, rows: int, columns: int, cells: int) -> Field:
    """Field between -1 and 1 that changes over about a ``cells``-th of the picture."""
    knots = rng.uniform(-1, 1, (cells + 1, cells + 1)).astype(np.float32)
    across = np.linspace(0, cells, columns, dtype=np.float32)
    down = np.linspace(0, cells, rows, dtype=np.float32)
    wide = np.stack([np.interp(across, np.arange(cells + 1), line) for line in knots])
    return weave(wide.astype(np.float32), down)


def weave(lines: Field, down: Field) -> Field:
    """Interpolate between lines at the places given."""
    above = np.minimum(down.astype(np.intp), len(lines) - 2)
    part = (down - above)[:, None]
    woven: Field = lines[above] * (1 - part) + lines[above + 1] * part
    return woven


def paint(shape: Shape, number: int) -> Frame:
    """Picture ``number`` of a shape, shape (rows, columns), never the same twice."""
    rng = np.random.default_rng([*shape.name.encode(), number])
    rows, columns = shape.rows, shape.columns
    y = np.linspace(-1, 1, rows, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, columns, dtype=np.float32)
    deviation: float | Field
    broad, fine = smooth(rng, rows, columns, 4), smooth(rng, rows, columns, 60)
    if shape.modality == "DX":
        values = 2000 + 1000 * broad + 60 * fine
        deviation = 12.0
    elif shape.modality == "MG":
        # A breast against the left edge, on the even background of the detector.
        inside = np.clip(4 * (1.2 - np.hypot(0.75 * (x + 1), 1.3 * y)), 0, 1)
        values = 40 + inside * (1800 + 500 * broad + 120 * fine)
        deviation = 2 + 12 * inside
    else:
        # CT in stored values, 1024 is water: a body of soft tissue with lungs and spine.
        body = np.hypot(x / 0.85, y / 0.65) < 1
        lungs = np.hypot((np.abs(x) - 0.4) / 0.28, (y + 0.05) / 0.4) < 1 + 0.1 * broad
        spine = np.hypot(x / 0.1, (y - 0.4) / 0.12) < 1
        tissue = 1064 + 30 * broad + 8 * fine
        values = np.where(body, np.where(lungs, 180 + 80 * fine, tissue), 24)
        values = np.where(spine, 1500 + 200 * fine, values)
        deviation = np.where(body, 12.0, 6.0)
    rolled = np.roll(noise(), rng.integers(0, NOISE_SIDE, 2), (0, 1))
    tiles = np.tile(rolled, (-(-rows // NOISE_SIDE), -(-columns // NOISE_SIDE)))
    noisy = values + deviation * tiles[:rows, :columns]
    return np.clip(np.rint(noisy), 0, 4095).astype(np.uint16)


def take(like: Frame, shape: Shape, number: int) -> Frame:
    """Picture ``number`` from real samples: mirrored at the edges, each from another corner."""
    offsets = np.random.default_rng([*shape.name.encode(), number]).integers(0, like.shape)
    rows, columns = (
        np.abs((np.arange(size) + offset + side) % (2 * side) - side + 0.5).astype(np.intp)
        for size, offset, side in zip((shape.rows, shape.columns), offsets, like.shape, strict=True)
    )
    return like[np.ix_(rows, columns)]


def read_like(path: Path) -> Frame:
    """First frame of a gray file, moved to start at 0 and cut to 12 bits."""
    samples = np.asarray(pydicom.dcmread(path).pixel_array)
    while samples.ndim > 2:
        samples = samples[0]
    from_zero = samples.astype(np.int64) - int(samples.min())
    stored: Frame = np.clip(from_zero, 0, 4095).astype(np.uint16)
    return stored


def dataset(shape: Shape, syntax: str, number: int, frames: list[bytes]) -> Dataset:
    """Instance that holds these encoded frames."""
    uid = generate_uid(entropy_srcs=[shape.name, syntax, str(number)])
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = SYNTAXES[syntax][0]
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = UID(SOP_CLASSES[shape.modality])
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = uid
    ds.StudyInstanceUID = generate_uid(entropy_srcs=["dcmview bench"])
    ds.SeriesInstanceUID = generate_uid(entropy_srcs=[shape.name, syntax])
    ds.PatientID, ds.PatientName, ds.StudyDate = "BENCH", "Bench", "20260101"
    ds.SeriesDescription = f"{shape.name} {syntax}"
    ds.Modality, ds.InstanceNumber = shape.modality, number + 1
    ds.Rows, ds.Columns, ds.SamplesPerPixel = shape.rows, shape.columns, 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    # The encoder writes 16 bits of precision for JPEG-LS, and the header has to agree.
    ds.BitsStored = 16 if syntax == "JPEG-LS" else shape.bits_stored
    ds.BitsAllocated, ds.HighBit, ds.PixelRepresentation = 16, ds.BitsStored - 1, 0
    ds.RescaleIntercept, ds.RescaleSlope = (-1024, 1) if shape.modality in {"CT", "OT"} else (0, 1)
    ds.WindowCenter, ds.WindowWidth = (40, 400) if shape.modality in {"CT", "OT"} else (2000, 3000)
    if shape.frame_count > 1:
        ds.NumberOfFrames = shape.frame_count
    ds.PixelData = b"".join(frames) if syntax == "native" else encapsulate(frames)
    ds["PixelData"].VR = "OW" if syntax == "native" else "OB"
    return ds


def make_file(path: Path, shape: Shape, syntax: str, number: int, like: Frame | None) -> None:
    """Write one file, each frame decoded back before."""
    _, encode, decode = SYNTAXES[syntax]
    frames = []
    for frame_index in range(shape.frame_count):
        picture_number = number * shape.frame_count + frame_index
        stored = paint(shape, picture_number) if like is None else take(like, shape, picture_number)
        frame = encode(stored, shape.bits_stored)
        if not np.array_equal(np.ravel(decode(frame))[: stored.size], stored.ravel()):
            raise SystemExit(f"corpus.py: {syntax} of {shape.name} does not decode to what it was")
        frames.append(frame)
    dataset(shape, syntax, number, frames).save_as(path, enforce_file_format=True)


def make(folder: Path, shapes: tuple[Shape, ...], like_path: Path | None = None) -> dict[str, Any]:
    """Fill a folder and give its index, as ``index.json`` has it.

    The index lists, for each file, its name, the name of its shape, its syntax
    and its number of frames. The folder is put in place only when it is whole.
    """
    wanted = {
        "version": VERSION,
        "shapes": [asdict(shape) for shape in shapes],
        "like": str(like_path) if like_path else None,
    }
    index_path = folder / "index.json"
    if index_path.is_file():
        index: dict[str, Any] = json.loads(index_path.read_text())
        if wanted.items() <= index.items():
            return index
        shutil.rmtree(folder)  # ours, since it has our index
    like = read_like(like_path) if like_path else None
    folder.parent.mkdir(parents=True, exist_ok=True)
    files: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        whole = Path(work) / "corpus"
        whole.mkdir()
        for shape, syntax in product(shapes, SYNTAXES):
            size_bytes = 0
            for number in range(shape.file_count):
                name = f"{shape.name}-{syntax}-{number}.dcm".replace(" ", "_")
                make_file(whole / name, shape, syntax, number, like)
                size_bytes += (whole / name).stat().st_size
                place = {"shape": shape.name, "syntax": syntax, "frame_count": shape.frame_count}
                files.append({"name": name, **place})
            samples = shape.file_count * shape.frame_count * shape.rows * shape.columns
            ratio = 2 * samples / size_bytes
            print(f"{shape.name} {syntax}: {size_bytes} bytes, {ratio:.1f} to 1", file=sys.stderr)
        index = {**wanted, "files": files}
        (whole / "index.json").write_text(json.dumps(index, indent=1))
        whole.rename(folder)
    return index


def main() -> int:
    """Make the corpus in the folder named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="does not exist yet, or was made by this script")
    parser.add_argument("--like", type=Path, help="a gray DICOM file that gives the content")
    parser.add_argument("--tiny", action="store_true", help="tiny frames, to try the benchmark")
    options = parser.parse_args()
    if options.folder.exists() and not (options.folder / "index.json").is_file():
        parser.error(f"{options.folder} exists and was not made by this script")
    make(options.folder, TINY_SHAPES if options.tiny else SHAPES, options.like)
    return 0


if __name__ == "__main__":
    sys.exit(main())
