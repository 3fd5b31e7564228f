"""DCMTK's commands: uncompressed copies and pictures."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# What undoes the compression of which syntaxes. DCMTK has no JPEG 2000.
_EXPANDERS = {
    "1.2.840.10008.1.2.5": "dcmdrle",
    "1.2.840.10008.1.2.4.80": "dcmdjpls",
    "1.2.840.10008.1.2.4.81": "dcmdjpls",
    **{f"1.2.840.10008.1.2.4.{last}": "dcmdjpeg" for last in (50, 51, 53, 55, 57, 70)},
}
_TIME_LIMIT_S = 60


def is_installed() -> bool:
    """Whether DCMTK's commands are on this machine."""
    return all(
        shutil.which(command)
        for command in ("dcmj2pnm", "dcml2pnm", "dcmdjpeg", "dcmdjpls", "dcmdrle", "dcmconv")
    )


def expand(path: str, transfer_syntax_uid: str, folder: Path) -> Path | None:
    """Write an uncompressed copy, None where DCMTK cannot."""
    command = _EXPANDERS.get(transfer_syntax_uid)
    target = folder / "expanded.dcm"
    if command is None or not _runs([command, path, str(target)]):
        return None
    return target if target.exists() else None


def convert(path: str, folder: Path) -> Path | None:
    """Write a copy in Explicit VR Little Endian with meta information, None where DCMTK cannot."""
    target = folder / "converted.dcm"
    # As it says what it is, or a bare data set with explicit VRs.
    for options in ([], ["-f", "-te"]):
        if _runs(["dcmconv", *options, "+te", path, str(target)]) and target.exists():
            return target
    return None


def picture(
    path: str, transfer_syntax_uid: str, frame_index: int, options: tuple[str, ...]
) -> NDArray[np.uint8] | None:
    """Draw one frame in 8 bits, None where DCMTK cannot."""
    is_jpeg_ls = transfer_syntax_uid in ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81")
    command = "dcml2pnm" if is_jpeg_ls else "dcmj2pnm"
    try:
        done = subprocess.run(
            [command, "-q", "-O", "+F", str(frame_index + 1), *options, path],
            capture_output=True,
            timeout=_TIME_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return read_pnm(done.stdout) if done.returncode == 0 and done.stdout else None


def _runs(command: list[str]) -> bool:
    try:
        return not subprocess.run(
            command, capture_output=True, timeout=_TIME_LIMIT_S, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        return False


def read_pnm(content: bytes) -> NDArray[np.uint8] | None:
    """Read a binary PGM or PPM with 8 bits a sample."""
    fields: list[bytes] = []
    position = 0
    while len(fields) < 4:
        end = position
        while content[end : end + 1].strip():
            end += 1
        if content[position : position + 1] == b"#":
            position = content.index(b"\n", position) + 1
            continue
        fields.append(content[position:end])
        position = end + 1
    magic, columns, rows, top = fields[0], int(fields[1]), int(fields[2]), int(fields[3])
    if magic not in (b"P5", b"P6") or top > 255:
        return None
    shape = (rows, columns) if magic == b"P5" else (rows, columns, 3)
    cells = np.frombuffer(content, np.uint8, offset=position)
    return cells[: int(np.prod(shape))].reshape(shape)
