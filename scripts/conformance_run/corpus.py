"""The files that are compared, and which of them hold the same image uncompressed."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED_DATA = ROOT.parent / "shared" / "data"
"""Real files beside the work tree, where there are any."""

MADE = "made files"
GIVEN = "files given"

# pydicom's names: what follows the name of the uncompressed file.
_SUFFIXES = (
    "_jpeg_2k_lossless_too_short",
    "_rle",
    "_RLE",
    "_jpeg_2k_lossless",
    "_jpeg_ls_lossless",
    "_jp2klossless",
    "_big_endian",
    "_bigendian",
    "_implicit",
    "_expb",
)
_WG04 = re.compile(r"(?P<image>[A-Z]+\d+)_(?P<codec>J2KI|J2KR|JLSL|JLSN|JPLL|JPLY|RLE)(?:\.dcm)?$")


@dataclass(frozen=True)
class Case:
    """One file; ``twin`` holds the same image uncompressed."""

    source: str
    name: str
    path: str
    twin: str | None = None


def collect(folders: list[str]) -> list[Case]:
    """List what is on this machine, and the folders given."""
    cases = [
        *_cases("fixtures", [ROOT / "fixtures"]),
        *_cases("pydicom test files", [_package_folder("pydicom") / "data" / "test_files"]),
        *_cases("pydicom-data", [_package_folder("data_store") / "data"]),
        *_cases("WG04", [SHARED_DATA / "wg04"]),
        *_cases("dcmqi", [SHARED_DATA / "dcmqi"]),
    ]
    for folder in folders:
        cases += _cases(GIVEN, [Path(folder)])
    return cases


def _package_folder(package: str) -> Path:
    from importlib.util import find_spec

    spec = find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else Path("absent")


def _cases(source: str, roots: list[Path]) -> list[Case]:
    paths = sorted(
        Path(folder, name)
        for root in roots
        for folder, _, names in os.walk(root)
        for name in names
        if not name.endswith((".py", ".pyc"))
    )
    by_name = {path.name: path for path in paths}
    return [
        Case(source, _short(path, roots), str(path), _twin(path.name, by_name)) for path in paths
    ]


def _short(path: Path, roots: list[Path]) -> str:
    return next(path.relative_to(root).as_posix() for root in roots if path.is_relative_to(root))


def _twin(name: str, by_name: dict[str, Path]) -> str | None:
    """Find the uncompressed file of the same image by the way both are named."""
    found = _WG04.match(name)
    if found:
        # Lossy files have a twin too, which tells how much was lost and not whether we are right.
        image, codec = found["image"], found["codec"]
        if codec in ("J2KI", "JLSN", "JPLY"):
            return None
        candidates = [f"{image}_UNC", f"{image}_UNC.dcm", f"{image}_UNCR.dcm"]
    else:
        candidates = [name.replace(suffix, "") for suffix in _SUFFIXES if suffix in name]
    return next((str(by_name[each]) for each in candidates if each in by_name), None)
