"""Thumbnails of 1,000 mixed files: ours, a loop with pydicom and Pillow, and DCMTK.

Small and large files apart: DCMTK is started once a file, which decides the small ones.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from contest import Entrant, compete, dcmview, each, loop
from mixed import files


def main() -> int:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="part of the files")
    options = parser.parse_args()
    results = {}
    with tempfile.TemporaryDirectory() as work:
        for kind in ("small", "large"):
            entrants = [
                Entrant("ours, one core", dcmview("thumbnail", "--output-dir", "{out}")),
                Entrant(
                    "ours, two cores", dcmview("thumbnail", "--output-dir", "{out}", cores=2), 2
                ),
                Entrant("pydicom and Pillow", loop("thumbnails")),
                Entrant(
                    "dcmj2pnm",
                    each(
                        "dcmj2pnm", "+Wi", "1", "+Sxv", "200", "+oj", "{in}", "{out}", ending=".jpg"
                    ),
                ),
            ]
            chosen = files(kind, options.scale)
            results[kind] = compete(
                f"thumbnails, {kind}", entrants, chosen, Path(work), rounds=options.rounds
            )
    print(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
