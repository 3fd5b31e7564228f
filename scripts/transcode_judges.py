"""What other programs make of a DICOM file: its samples, its elements, and what they find wrong."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
from pydicom.encaps import generate_frames
from pydicom.pixels.utils import pixel_array

from dcmview.dicom.recording import recorded_warnings
from dcmview.transcoding.dataset import swapped
from dcmview.transcoding.vrs import SWAP_UNITS

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from dcmview.transcoding.targets import Target

LIMIT_S = 60
_READ_FAILURES = ("Dicom dataset read failed", "Abort", "Assertion", "Seek failed")

_DCMTK = {
    "RLELossless": ["dcmdrle"],
    "JPEGBaseline8Bit": ["dcmdjpeg", "--conv-never"],
    "JPEGExtended12Bit": ["dcmdjpeg", "--conv-never"],
    "JPEGLossless": ["dcmdjpeg", "--conv-never"],
    "JPEGLosslessSV1": ["dcmdjpeg", "--conv-never"],
    "JPEGLSLossless": ["dcmdjpls"],
    "JPEGLSNearLossless": ["dcmdjpls"],
}
_GDCM = frozenset((*_DCMTK, "JPEG2000Lossless", "JPEG2000"))


def second_opinion(
    path: Path, target: Target, folder: Path
) -> tuple[list[np.ndarray[Any, Any]] | None, str]:
    """The samples of a file as another implementation reads them, and which; None if none can."""
    expanded = folder / "expanded.dcm"
    attempts = []
    if target.keyword in _DCMTK:
        attempts.append(("DCMTK", [*_DCMTK[target.keyword], str(path), str(expanded)]))
    if target.keyword in _GDCM:
        attempts.append(("GDCM", ["gdcmconv", "--raw", str(path), str(expanded)]))
    for name, command in attempts:
        expanded.unlink(missing_ok=True)
        if runs(command) and expanded.exists():
            found = native_frames(expanded)
            if found is not None:
                return found, name
    if not target.syntax.encapsulated:
        found = native_frames(path)
        return found, "pydicom"
    if target.keyword.startswith("HTJ2K"):
        return openjpeg_frames(path), "OpenJPEG"
    if target.keyword == "DeflatedImageFrameCompression":
        return deflated_frames(path), "zlib"
    return None, "nobody else reads it here"


def native_frames(path: Path) -> list[np.ndarray[Any, Any]] | None:
    """Samples of an uncompressed file as pydicom reads them."""
    dataset = read(path)
    try:
        with recorded_warnings():
            array = pixel_array(dataset, raw=True)
    except Exception:  # noqa: BLE001, pydicom does not read everything
        return None
    count = int(dataset.get("NumberOfFrames", 1) or 1)
    return list(array) if count > 1 else [array]


def openjpeg_frames(path: Path) -> list[np.ndarray[Any, Any]]:
    """Samples of HTJ2K, decoded by OpenJPEG alone."""
    from openjpeg.utils import decode

    dataset = read(path)
    count = int(dataset.get("NumberOfFrames", 1) or 1)
    frames = generate_frames(dataset.PixelData, number_of_frames=count)
    return [np.asarray(decode(frame)) for frame in frames]


def deflated_frames(path: Path) -> list[np.ndarray[Any, Any]] | None:
    """Samples of deflated frames that are plain: whole cells of one sample."""
    import zlib

    dataset = read(path)
    if dataset.SamplesPerPixel != 1 or dataset.BitsAllocated not in (8, 16):
        return None
    kind = np.dtype(f"<{'ui'[dataset.PixelRepresentation]}{dataset.BitsAllocated // 8}")
    count = int(dataset.get("NumberOfFrames", 1) or 1)
    shape = dataset.Rows, dataset.Columns
    return [
        np.frombuffer(zlib.decompress(frame, wbits=-15), kind, shape[0] * shape[1]).reshape(shape)
        for frame in generate_frames(dataset.PixelData, number_of_frames=count)
    ]


def difference(ours: np.ndarray[Any, Any], theirs: np.ndarray[Any, Any]) -> float:
    """The largest one between two frames; infinite where they are not of one shape."""
    if ours.shape != theirs.shape:
        return float("inf")
    if ours.dtype.kind == "f":
        return 0.0 if ours.tobytes() == theirs.astype(ours.dtype).tobytes() else float("inf")
    return float(np.abs(ours.astype(np.int64) - theirs.astype(np.int64)).max(initial=0))


def read(path: Path) -> Dataset:
    """A file as pydicom reads it."""
    with recorded_warnings():
        return pydicom.dcmread(path, force=True)


def can_be_read(path: Path) -> bool:
    """Whether pydicom reads all elements; UN of undefined length in big endian it does not."""
    try:
        read(path)
    except Exception:  # noqa: BLE001, pydicom raises anything
        return False
    return True


def flat(dataset: Dataset, prefix: str = "") -> dict[str, str]:
    """Values of all elements by their path, without group lengths; VRs are not always written."""
    found: dict[str, str] = {}
    with recorded_warnings():
        for tag in dataset.keys():  # noqa: SIM118
            key = f"{prefix}{int(tag):08x}"
            if tag.element == 0:
                continue
            try:
                element = dataset[tag]
            except Exception:  # noqa: BLE001, what pydicom cannot read is compared by DCMTK
                continue
            if element.VR == "SQ":
                for index, item in enumerate(element.value):
                    found.update(flat(item, f"{key}[{index}]."))
            elif not prefix or tag != 0x7FE00010:
                found[key] = value_text(element.value, str(element.VR), dataset)
    return found


def value_text(value: object, vr: str, dataset: Dataset) -> str:
    """A value to be compared; bytes in little endian, whatever they are in."""
    if not isinstance(value, bytes):
        return str(value)
    is_big = dataset.original_encoding[1] is False
    content = swapped(value, SWAP_UNITS.get(vr, 1)) if is_big else value
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def plain(line: str) -> str:
    """A line of dciodvfy without the VR and the place that it names."""
    line = line.replace("Referenced SOP Instance", "SOP Instance").replace("<0x0008,0x1155>", "")
    return re.sub(r"\b(SQ|UN|OB|OW|SS|US)\b|0x[0-9a-f]+", "", line)


def dump_errors(path: Path) -> list[str]:
    """What dcmdump finds wrong with a file."""
    answer = subprocess.run(
        ["dcmdump", "-q", "+L", "-M", path], capture_output=True, check=False, timeout=LIMIT_S
    )
    text = answer.stderr.decode("latin-1")
    return [line for line in text.splitlines() if line.startswith("E:")]


def rules_broken(path: Path) -> list[str] | None:
    """What dciodvfy finds wrong with a file, None where it fails itself."""
    beside = Path(sys.executable).with_name("dciodvfy")
    command = str(beside) if beside.exists() else shutil.which("dciodvfy")
    if command is None:
        return []
    answer = subprocess.run([command, path], capture_output=True, check=False, timeout=LIMIT_S)
    lines = (answer.stdout + answer.stderr).decode("latin-1").splitlines()
    if answer.returncode < 0 or any(each in line for line in lines for each in _READ_FAILURES):
        return None
    return [line for line in lines if line.startswith(("Error", "Abort"))]


def runs(command: list[str]) -> bool:
    """Run a program; whether it succeeded."""
    try:
        answer = subprocess.run(command, capture_output=True, check=False, timeout=LIMIT_S)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0
