"""docs/conformance.md from the results."""

from __future__ import annotations

import re
import subprocess
from collections import Counter, defaultdict
from importlib.metadata import version
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, TypeVar

from conformance_run import dcmtk
from conformance_run.corpus import GIVEN, MADE
from conformance_run.examine import (
    COLOR_TOLERANCE,
    GREY_LEVEL_TOLERANCE,
    SAMPLE_TOLERANCE,
    Verdict,
)
from conformance_run.justified import JUSTIFIED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from conformance_run.examine import FileResult

_INTRODUCTION = """# Conformance

Made by `scripts/conformance`; do not edit. `scripts/conformance FOLDER ...` also compares the files
of other folders, and ends with 1 where something is wrong. `tests/conformance` runs it over what
every machine has.

Each file is decoded and drawn by dcmview, first, middle and last frame, and held against

- **samples**: the bytes of the file where they are uncompressed, the same image in an uncompressed
  file where there is one, pydicom with each of its decoders, and a copy that DCMTK decompressed.
  Lossless syntaxes have to be equal in every bit. Lossy ones may differ by {sample} in grey and by
  {color} in colour, for decoders round differently;
- **pictures**: PS3.3 written out once more in double precision, and DCMTK's `dcmj2pnm` and
  `dcml2pnm`; each window and each VOI LUT of the file, else the percentiles, and for grey the full
  range. They may differ by {grey} grey level of 256. DCMTK draws JPEG 2000 from a copy that pydicom
  decompressed.

A larger difference is a failure, unless a row of the table of explained differences names the
clause that it follows from. No row speaks about samples or about the formulae: those have to agree.

*Made files* combine at random what real ones seldom do: bits, signs, planes, byte orders, tables,
windows and padding, some of them compressed by DCMTK and pydicom ({made_with}).
"""

_T = TypeVar("_T")
_K = TypeVar("_K")


def document(results: Sequence[FileResult], *, made_with: str) -> str:
    """Write what was compared with what, and how it ended.

    Parameters
    ----------
    results : sequence of FileResult
        Of all files, also those that are no images.
    made_with : str
        How the made files can be made again.
    """
    images = [each for each in results if each.is_image]
    made = [each for each in images if each.source == MADE]
    real = [each for each in images if each.source != MADE]
    introduction = _INTRODUCTION.format(
        sample=SAMPLE_TOLERANCE,
        color=COLOR_TOLERANCE,
        grey=GREY_LEVEL_TOLERANCE,
        made_with=made_with,
    )
    parts = [
        introduction,
        f"Compared with {_versions()}.",
        "## Files\n\n" + _by_source(results),
        "## By transfer syntax and photometric interpretation\n\n" + _by_syntax(real),
        "### The same of made files\n\n" + _by_syntax(made),
        "## By reader\n\n" + _by_reader(images),
        "## Differences that the Standard explains\n\n" + _explained(images),
        "## Not compared\n\n" + _not_compared(images),
        "## Not shown\n\n" + _not_shown(images),
        "## Marked\n\n" + _marked(images),
        "## Wrong\n\n" + _wrong(images),
    ]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def _versions() -> str:
    names = ("pydicom", "pylibjpeg-openjpeg", "pillow")
    found = [f"{name} {version(name)}" for name in names]
    if dcmtk.is_installed():
        done = subprocess.run(["dcmj2pnm", "--version"], capture_output=True, text=True, check=True)
        found.append(f"DCMTK {done.stdout.split()[2].removeprefix('v')}")
    return ", ".join(found)


_SAMPLES = ("samples",)
_PICTURES = ("picture", "full range")


def _by_source(results: Sequence[FileResult]) -> str:
    rows: list[list[object]] = []
    for source, files in _grouped(results, lambda each: each.source):
        images = [each for each in files if each.is_image]
        rows.append([source, len(files), len(images), *_endings(images)])
    images = [each for each in results if each.is_image]
    rows.append(["**all**", len(results), len(images), *_endings(images)])
    head = ["", "files", "images", *_ENDINGS]
    return _table(head, rows) + (
        "\nAn image is *exact* where all samples and pictures are equal, *within* where all stay\n"
        "within the tolerances, *alone* where no other reader gives anything. The other files are\n"
        "documents, plans, directories and text.\n"
    )


_ENDINGS: dict[str, Callable[[FileResult], bool]] = {
    "shown": lambda each: each.shown,
    "exact": lambda each: each.verdict() is Verdict.EXACT,
    "within": lambda each: each.verdict() is Verdict.WITHIN,
    "explained": lambda each: each.verdict() is Verdict.EXPLAINED,
    "alone": lambda each: each.verdict() is Verdict.UNCHECKED,
    "not shown, nor by others": lambda each: each.verdict() is Verdict.NOT_SHOWN,
    "not shown, but by others": lambda each: each.verdict() is Verdict.MISSED,
    "wrong": lambda each: each.verdict() is Verdict.WRONG,
}


def _endings(images: Sequence[FileResult]) -> list[object]:
    return [sum(claim(each) for each in images) for claim in _ENDINGS.values()]


def _by_syntax(images: Iterable[FileResult]) -> str:
    rows: list[list[object]] = []
    key = lambda each: (each.transfer_syntax or "unknown", each.interpretation)  # noqa: E731
    for (syntax, interpretation), files in _grouped(sorted(images, key=key), key):
        shown = [each for each in files if each.shown]
        of_samples = Counter(each.verdict(*_SAMPLES) for each in shown)
        of_pictures = Counter(each.verdict(*_PICTURES) for each in shown)
        rows.append(
            [
                syntax,
                interpretation,
                len(files),
                len(shown),
                of_samples[Verdict.EXACT],
                of_samples[Verdict.WITHIN],
                max((each.largest_difference("samples") for each in shown), default=0),
                of_pictures[Verdict.EXACT] + of_pictures[Verdict.WITHIN],
                of_pictures[Verdict.EXPLAINED],
                sum(each.verdict() is Verdict.WRONG for each in files),
            ]
        )
    head = [
        "transfer syntax",
        "interpretation",
        "tried",
        "shown",
        "samples exact",
        "samples within tolerance",
        "largest difference",
        "pictures within 1 level",
        "pictures explained",
        "wrong",
    ]
    return _table(head, rows)


def _by_reader(images: Sequence[FileResult]) -> str:
    comparisons = [comparison for each in images for comparison in each.comparisons]
    key = lambda each: (_READER_STAGES[each.stage], each.reader)  # noqa: E731
    rows: list[list[object]] = []
    for (stage, reader), found in _grouped(sorted(comparisons, key=key), key):
        of = Counter(each.verdict for each in found)
        rows.append([stage, reader, len(found), *(of[verdict] for verdict in _COMPARED)])
    return _table(["", "against", "frames", "exact", "within", "explained", "wrong"], rows) + (
        "\nA frame with several windows counts once for each.\n"
    )


_READER_STAGES = {"samples": "samples", "picture": "pictures", "full range": "pictures, full range"}
_COMPARED = (Verdict.EXACT, Verdict.WITHIN, Verdict.EXPLAINED, Verdict.WRONG)


def _explained(images: Sequence[FileResult]) -> str:
    files: defaultdict[str, list[str]] = defaultdict(list)
    for each in images:
        for name in {comparison.justified_by for comparison in each.comparisons} - {""}:
            files[name].append(_public_name(each))
    rows = [
        [row.reader, row.clause, row.words, _some(files[row.name])]
        for row in JUSTIFIED
        if files[row.name]
    ]
    return _table(["reader", "clause", "why", "files"], rows)


def _not_compared(images: Sequence[FileResult]) -> str:
    """What a reader did not give, or gave and was left aside."""
    files: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for each in images:
        for reader, words in each.failures.items():
            files[reader, _without_details(words)].append(_public_name(each))
    rows: list[list[object]] = [
        [reader, words, len(names), _some(names, 3)] for (reader, words), names in files.items()
    ]
    return _table(["reader", "why", "count", "files"], sorted(rows, key=str))


def _without_details(words: str) -> str:
    """The first line, without what names a folder or differs from file to file."""
    first = words.split("\n", 1)[0]
    return re.sub(r"\(.*?\)|\d{3,}", "...", first)[:100]


def _not_shown(images: Sequence[FileResult]) -> str:
    rows: list[list[object]] = [
        [_public_name(each), each.reason, ", ".join(each.others) or "no reader"]
        for each in images
        if not each.shown
    ]
    return _table(["file", "reason", "shown by"], rows)


def _marked(images: Sequence[FileResult]) -> str:
    """Files that break a rule and are shown: the mark says what was mended."""
    files: defaultdict[str, list[str]] = defaultdict(list)
    for each in images:
        for mark in each.marks if each.shown else ():
            files[mark].append(_public_name(each))
    rows: list[list[object]] = [[mark, _some(names)] for mark, names in sorted(files.items())]
    return _table(["repair", "files"], rows)


def _wrong(images: Iterable[FileResult]) -> str:
    lines = [
        f"- {each.source}, {problem}" + (f" (marked {', '.join(each.marks)})" if each.marks else "")
        for each in images
        if each.verdict() is Verdict.WRONG
        for problem in each.problems()
    ]
    return "\n".join(lines) or "None.\n"


def _public_name(result: FileResult) -> str:
    """Folders on this machine are nobody's business."""
    name = result.name
    if result.source == GIVEN:
        name = PurePosixPath(name).name
    return f"{result.source}: {name}"


def _some(names: list[str], most: int = 6) -> str:
    listed = ", ".join(f"`{name}`" for name in names[:most])
    return listed + (f" and {len(names) - most} more" if len(names) > most else "")


def _grouped(items: Iterable[_T], key: Callable[[_T], _K]) -> Iterable[tuple[_K, list[_T]]]:
    groups: dict[_K, list[_T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups.items()


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    columns = zip(*rows, strict=True)
    rules = [
        "---" if any(isinstance(cell, str) for cell in column) else "--:" for column in columns
    ]
    lines = [head, rules, *([_cell(value) for value in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) if rows else "None.\n"


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).replace("|", "\\|").replace("\n", " ")
