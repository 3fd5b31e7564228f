"""Compare every file and write docs/conformance.md.

scripts/conformance                 the files of this machine, and made ones
scripts/conformance FOLDER ...      and those of other folders
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from conformance_run.corpus import ROOT, collect
from conformance_run.document import document
from conformance_run.examine import Verdict
from conformance_run.made import SEED, make_cases
from conformance_run.run import run


def main() -> int:
    """Compare, write, and say what is wrong; the return value is the exit code."""
    parser = argparse.ArgumentParser(
        prog="scripts/conformance",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help="more files to compare")
    parser.add_argument(
        "--made", type=int, default=300, help="how many files to make (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=SEED, help="what they are drawn from")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "conformance.md")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        make = partial(make_cases, Path(folder), options.made, seed=options.seed)
        results = run([*collect(options.folders), *make()])
    made_with = f"`--made {options.made} --seed {options.seed}`"
    options.output.write_text(document(results, made_with=made_with))
    bad = [each for each in results if each.is_image and each.verdict() >= Verdict.MISSED]
    for problem in (problem for each in bad for problem in each.problems()):
        print(problem, file=sys.stderr)
    print(f"{len(results)} files, {len(bad)} wrong or missed; see {options.output.name}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
