"""Files from one transfer syntax to another: ours, GDCM, DCMTK and a loop with pydicom.

Ours with its proof (each frame decoded back and compared) and without, on one core and on two.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from contest import Entrant, call, compete, dcmview, each, loop
from mixed import files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contest import Runner

TARGETS = {
    "JPEG 2000": ("JPEG2000Lossless", "1.2.840.10008.1.2.4.90", "--j2k"),
    "JPEG-LS": ("JPEGLSLossless", "1.2.840.10008.1.2.4.80", "--jpegls"),
    "JPEG lossless": ("JPEGLosslessSV1", "1.2.840.10008.1.2.4.70", "--jpeg"),
    "RLE": ("RLELossless", "1.2.840.10008.1.2.5", "--rle"),
    "native": ("ExplicitVRLittleEndian", "1.2.840.10008.1.2.1", "--raw"),
}
DCMTK = {
    "JPEG-LS": ("dcmcjpls", "+el"),
    "JPEG lossless": ("dcmcjpeg", "+e1"),
    "RLE": ("dcmcrle",),
}
BY_PYDICOM = ("JPEG 2000", "RLE", "native")
"""What pydicom can write with the packages that dcmview brings."""


def main() -> int:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="*", type=Path, help="files of your own, such as WG04's")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="part of the files")
    parser.add_argument("--kind", action="append", choices=("square", "long", "large", "small"))
    parser.add_argument("--target", action="append", choices=tuple(TARGETS))
    options = parser.parse_args()
    groups = {kind: files(kind, options.scale) for kind in options.kind or ("square", "long")}
    for folder in options.folders:
        groups[folder.name] = sorted(path for path in folder.rglob("*") if path.is_file())
    results = {}
    with tempfile.TemporaryDirectory() as work:
        for group, chosen in groups.items():
            for target in options.target or TARGETS:
                title = f"{group} to {target}"
                results[title] = compete(
                    title, entrants(target), chosen, Path(work), rounds=options.rounds
                )
    print(json.dumps(results, indent=1))
    return 0


def entrants(target: str) -> list[Entrant]:
    """Who can write a syntax."""
    keyword, uid, gdcm = TARGETS[target]
    ours = ("transcode", "--to", keyword, "--output-dir", "{out}", "--on-failure", "skip")
    found = [
        Entrant("ours without proof", dcmview(*ours, "--no-proof")),
        Entrant("ours", dcmview(*ours)),
        Entrant("ours, two cores", dcmview(*ours, cores=2), 2),
        Entrant("gdcmconv", each("gdcmconv", gdcm, "{in}", "{out}", ending=".dcm")),
    ]
    if target in DCMTK:
        program, *arguments = DCMTK[target]
        found.append(Entrant(program, _decoded_first(program, *arguments)))
    if target in BY_PYDICOM:
        found.append(Entrant("pydicom", loop("transcode", uid)))
    return found


def _decoded_first(*command: str) -> Runner:
    """DCMTK's way: a program for each family undoes a compression before another writes one."""

    def run(paths: Sequence[Path], out: Path) -> None:
        for number, path in enumerate(paths):
            plain, target = out / f"{number}.plain", out / f"{number}.dcm"
            source = path
            for undo in ("dcmdjpls", "dcmdjpeg", "dcmdrle"):
                if _is_compressed(path):
                    call([undo, str(source), str(plain)], may_fail=True)
                    source = plain if plain.exists() else source
            call([*command, str(source), str(target)], may_fail=True)
            plain.unlink(missing_ok=True)

    return run


def _is_compressed(path: Path) -> bool:
    with path.open("rb") as stream:
        head = stream.read(1024)
    return b"1.2.840.10008.1.2.4." in head or b"1.2.840.10008.1.2.5" in head


if __name__ == "__main__":
    sys.exit(main())
