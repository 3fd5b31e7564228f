"""Transcode every file of this machine to every syntax, and let other programs judge the results.

The samples of a result are decoded by another implementation and compared with those
of the source; dcmdump and dciodvfy must find nothing that they do not find in the
source; elements that have nothing to do with the coding must be as they were; and no
input may change. Takes a quarter of an hour.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from conformance_run.corpus import ROOT, collect
from pydicom import config
from transcode_judges import (
    can_be_read,
    difference,
    dump_errors,
    flat,
    native_frames,
    plain,
    read,
    rules_broken,
    second_opinion,
)

from dcmview.bulk.inputs import entry_of
from dcmview.dicom.decoding import make_decoder
from dcmview.dicom.transfer import transfer_syntax
from dcmview.errors import DcmviewError
from dcmview.registry.opening import open_entry
from dcmview.transcoding.original import Original
from dcmview.transcoding.targets import TARGETS, EncodeOptions, Target
from dcmview.transcoding.transcode import transcode_entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom.dataset import Dataset

    from dcmview.dicom.decoding import Decoder
    from dcmview.registry.registry import Entry
    from dcmview.transcoding.transcode import TranscodeReport

DOCUMENT = ROOT / "docs/transcoding.md"
# What belongs to the coding, and may change with it.
_CODING = frozenset(
    (
        *("00280004", "00280006", "00280100", "00280101", "00280102", "00280103"),
        *("00282110", "00282112", "00282114", "7fe00001", "7fe00002", "7fe00010"),
    )
)
_LOSS = frozenset(("00080008", "00080018", "00082111", "00082112", "00089215"))
_UNKNOWN_TO_DCIODVFY = ("DeflatedExplicitVRLittleEndian", "DeflatedImageFrameCompression")
LARGEST_PX = 16_000_000


@dataclass
class Column:
    """What became of the files with one target."""

    exact: int = 0
    judged_by: Counter[str] = field(default_factory=Counter)
    not_judged: Counter[str] = field(default_factory=Counter)
    lossy: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def main() -> int:
    """Run over all files, and write the document; the return value is the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/transcode-matrix", description=__doc__)
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help="more files")
    parser.add_argument("--targets", help="keywords, joined by commas")
    parser.add_argument("--output", type=Path, default=DOCUMENT)
    options = parser.parse_args()
    wanted = options.targets.split(",") if options.targets else None
    targets = [each for each in TARGETS.values() if wanted is None or each.keyword in wanted]
    columns = {target.keyword: Column() for target in targets}
    files: Counter[str] = Counter()
    decoder = make_decoder(1)
    config.settings.reading_validation_mode = config.IGNORE
    seen: set[str] = set()
    with TemporaryDirectory() as folder:
        for case in collect(options.folders):
            digest = hashlib.sha256(Path(case.path).read_bytes()).hexdigest()
            try:
                entry = entry_of(case.path)
            except DcmviewError:
                continue
            header = entry.header.shared
            if digest in seen or header.rows * header.columns * header.frame_count > LARGEST_PX:
                continue
            seen.add(digest)
            files[header.transfer_syntax_uid] += 1
            print(case.name, file=sys.stderr)
            judge = Judge(entry, decoder, Path(folder))
            for target in targets:
                judge.judge(target, columns[target.keyword])
            if hashlib.sha256(Path(case.path).read_bytes()).hexdigest() != digest:
                columns[targets[0].keyword].wrong.append(f"{case.name}: the input has changed")
    decoder.close()
    options.output.write_text(document(columns, files))
    wrong = [problem for column in columns.values() for problem in column.wrong]
    for problem in wrong:
        print(problem, file=sys.stderr)
    print(f"{files.total()} files, {len(targets)} syntaxes, {len(wrong)} wrong")
    return 1 if wrong else 0


class Judge:
    """One source file, and what others say of what is made of it."""

    def __init__(self, entry: Entry, decoder: Decoder, folder: Path) -> None:
        self._entry, self._decoder, self._folder = entry, decoder, folder
        self._path = Path(entry.path)
        self._dataset = read(self._path)
        self._dump = dump_errors(self._path)
        self._rules = rules_broken(self._path)
        self._samples: list[np.ndarray[Any, Any]] | None = None

    def judge(self, target: Target, column: Column) -> None:
        """Transcode to a target and note what became of it."""
        out = self._folder / "out.dcm"
        options = lossy_options(target)
        try:
            with out.open("w+b") as stream:
                report = transcode_entry(
                    self._entry, target, options, stream, decoder=self._decoder
                )
        except DcmviewError as exc:
            column.refused[reason_of(exc)] += 1
            return
        problems = [
            *(self._elements(target, read(out)) if can_be_read(out) else ()),
            *self._pixels(target, out, report, options, column),
            *(line for line in dump_errors(out) if line not in self._dump),
            *self._new_rules(target, out),
        ]
        column.wrong += [f"{self._path.name} as {target.keyword}: {each}" for each in problems]

    def _new_rules(self, target: Target, out: Path) -> Iterator[str]:
        """What dciodvfy finds only in the result, where it reads source and target at all."""
        broken = rules_broken(out) if target.keyword not in _UNKNOWN_TO_DCIODVFY else None
        if self._rules is None or broken is None:
            return
        known = {plain(line) for line in self._rules}
        yield from (line for line in broken if plain(line) not in known)

    def _elements(self, target: Target, after: Dataset) -> Iterator[str]:
        may_change = _CODING if target.lossless else _CODING | _LOSS
        before, now = flat(self._dataset), flat(after)
        if "00080016" in set(now) - set(before):
            return  # pydicom makes nothing of the source, which has no preamble or is damaged
        for key in sorted(set(before) | set(now)):
            tag = key.split("[")[0]
            if tag in may_change or tag.startswith("60"):
                continue
            # Implicit VR does not say what private elements and LUT Data are.
            is_private = any(int(each[:4], 16) % 2 for each in key.split("."))
            if (is_private or key.endswith("00283006")) and not target.syntax.explicit:
                continue
            if before.get(key) != now.get(key):
                yield f"{key} was {str(before.get(key))[:60]}, is {str(now.get(key))[:60]}"

    def _pixels(
        self,
        target: Target,
        out: Path,
        report: TranscodeReport,
        options: EncodeOptions,
        column: Column,
    ) -> Iterator[str]:
        if not report.frame_count:
            column.exact += 1
            column.judged_by["no pixels"] += 1
            return
        theirs, judge = second_opinion(out, target, self._folder)
        if theirs is None:
            column.not_judged[judge] += 1
            column.exact += target.lossless
            column.lossy += not target.lossless
            return
        ours = self._stored()
        if not target.syntax.encapsulated and not self._is_compressed:
            ours = native_frames(self._path) or ours
        if len(ours) != len(theirs):
            yield f"{judge} finds {len(theirs)} frames, not {len(ours)}"
            return
        column.judged_by[judge] += 1
        error = max(difference(a, b) for a, b in zip(ours, theirs, strict=True))
        if target.lossless:
            column.exact += error == 0
            if error:
                yield f"{judge} finds samples that differ by up to {error:g}"
            return
        column.lossy += 1
        if options.near is not None and error > options.near:
            yield f"{judge} finds an error of {error:g}, more than {options.near}"
        of_colours = report.max_error is None or len(ours[0].shape) == 3
        if not of_colours and abs(error - (report.max_error or 0)) > 1:
            yield f"{judge} finds an error of {error:g}, the report says {report.max_error:g}"

    @property
    def _is_compressed(self) -> bool:
        return transfer_syntax(self._entry.header.shared.transfer_syntax_uid).encapsulated

    def _stored(self) -> list[np.ndarray[Any, Any]]:
        if self._samples is None:
            with open_entry(self._entry) as source:
                original = Original(source, self._entry.path)
                original.walk(is_deep=False)
                frames = original.frames(self._decoder, lambda: True)
                self._samples = [np.asarray(frame.values) for frame in frames]
        return self._samples


def lossy_options(target: Target) -> EncodeOptions:
    """The defaults of a target, and figures where it has none."""
    has_no_default = bool(target.defaults) and not any(target.defaults.values())
    by_ratio = has_no_default and "ratio" in target.defaults
    return target.check(
        EncodeOptions(
            quality=90 if has_no_default and not by_ratio else None,
            ratio=10.0 if by_ratio else None,
            allow_recompress=True,
        )
    )


def reason_of(exc: DcmviewError) -> str:
    """A reason without the figures of one file."""
    words = "".join("#" if char.isdigit() else char for char in exc.message)
    while "##" in words:
        words = words.replace("##", "#")
    return words[:110]


HEAD = """\
# Transcoding, judged by others

Made by `scripts/transcode-matrix`, which takes too long to be one of the tests. Every file is
transcoded to every syntax. Another program decodes the result, and its samples are compared with
those of the source; `dcmdump` and `dciodvfy` must find no error that they do not find in the
source; elements that do not belong to the coding must be as they were; and no input may have
changed. Lossy syntaxes are used with their defaults, JPEG 2000 and HTJ2K with a ratio of 10,
JPEG XL with quality 90; near-lossless JPEG-LS has to keep its bound.

"""


def document(columns: dict[str, Column], files: Counter[str]) -> str:
    """The document."""
    syntaxes = ", ".join(f"{count} in {uid}" for uid, count in sorted(files.items()))
    lines = [
        f"{files.total()} different files of at most {LARGEST_PX // 1_000_000} million pixels.",
        f"By their own syntax: {syntaxes}.",
        "",
        "| Target | Exact | With loss | Judged by | Not judged | Refused | Wrong |",
        "|---|--:|--:|---|--:|--:|--:|",
    ]
    for name, column in columns.items():
        judges = ", ".join(f"{who} {count}" for who, count in column.judged_by.most_common())
        lines.append(
            f"| {name} | {column.exact} | {column.lossy} | {judges} | {column.not_judged.total()} "
            f"| {column.refused.total()} | {len(column.wrong)} |"
        )
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    for name, column in columns.items():
        for reason, count in column.refused.items():
            reasons[reason][name] += count
    lines += ["", "## Refused", "", "| Reason (figures as #) | Files and targets |", "|---|--:|"]
    ordered = sorted(reasons.items(), key=lambda each: -each[1].total())
    lines += [f"| {reason} | {names.total()} |" for reason, names in ordered]
    wrong = [problem for column in columns.values() for problem in column.wrong]
    lines += ["", "## Wrong", "", *(f"- {problem}" for problem in wrong or ["nothing"]), ""]
    return HEAD + "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
