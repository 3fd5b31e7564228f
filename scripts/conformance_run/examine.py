"""One file: what we make of it, what others make of it, and how the two compare."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance_run import dcmtk
from conformance_run.decoders import OtherReaders
from conformance_run.justified import justification
from conformance_run.picture import expected_full_range, expected_pictures, to_rgb
from dcmview.dicom.decode import decode_frame
from dcmview.dicom.frames import frame_table
from dcmview.dicom.instance import open_instance
from dcmview.dicom.recipe import display_recipe
from dcmview.dicom.transfer import transfer_syntax
from dcmview.errors import DcmviewError
from dcmview.model import DisplayRequest
from dcmview.pixels.pipeline import choose_voi, display_frame

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from conformance_run.corpus import Case
    from conformance_run.native import Samples
    from conformance_run.picture import Expected
    from dcmview.dicom.frames import FrameTable
    from dcmview.dicom.instance import Instance
    from dcmview.dicom.transfer import TransferSyntax
    from dcmview.model import DisplayRecipe, StoredFrame

GREY_LEVEL_TOLERANCE = 1
"""Two ways of rounding may fall on either side of a half."""
SAMPLE_TOLERANCE = 1
"""Of lossy codecs: the decoders' inverse transforms round differently."""
COLOR_TOLERANCE = 3
"""Of lossy JPEG in colour: so do conversion to RGB and interpolation of the chroma."""

FORMULAE = "the formulae of PS3.3"


class Verdict(IntEnum):
    """How a comparison ended, or a file, the worst last."""

    EXACT = 0
    WITHIN = 1
    EXPLAINED = 2
    UNCHECKED = 3
    NOT_SHOWN = 4
    MISSED = 5
    WRONG = 6


@dataclass(frozen=True)
class Facts:
    """What a justification may look at; ``gap`` is the difference of each pixel."""

    reader: str
    stage: str
    ds: Dataset
    stored: StoredFrame
    recipe: DisplayRecipe
    transfer_syntax: TransferSyntax
    expected: Expected | None
    gap: NDArray[np.float64] | None


@dataclass(frozen=True)
class Comparison:
    """One frame against one reader; ``difference`` is the largest of all samples.

    ``justified_by`` names the row that explains a difference beyond the tolerance.
    """

    frame_index: int
    stage: str
    reader: str
    difference: float
    verdict: Verdict
    mapped_by: str = ""
    justified_by: str = ""

    def words(self) -> str:
        """Say what differs from what, and how much."""
        how = f" ({self.mapped_by})" if self.mapped_by else ""
        where = f"frame {self.frame_index + 1}, {self.stage}{how}"
        return f"{where}: {self.difference:g} from {self.reader}"


@dataclass
class FileResult:
    """What a file came to; ``others`` are the readers that can show what we cannot."""

    source: str
    name: str
    transfer_syntax: str = ""
    lossy: bool = False
    interpretation: str = ""
    is_image: bool = True
    shown: bool = False
    reason: str = ""
    others: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)

    def verdict(self, *stages: str) -> Verdict:
        """The worst of the comparisons, of some stages or of all."""
        if not self.shown:
            return Verdict.MISSED if self.others else Verdict.NOT_SHOWN
        found = [each.verdict for each in self.comparisons if not stages or each.stage in stages]
        return max(found, default=Verdict.UNCHECKED)

    def largest_difference(self, stage: str) -> float:
        """Largest difference within the tolerance, in sample values or grey levels."""
        found = (
            each.difference
            for each in self.comparisons
            if each.stage == stage and each.verdict <= Verdict.WITHIN
        )
        return max(found, default=0.0)

    def problems(self) -> list[str]:
        """What is wrong, a line for each stage and reader."""
        if self.verdict() == Verdict.MISSED:
            return [f"{self.name}: {self.reason}; shown by {', '.join(self.others)}"]
        worst: dict[tuple[str, str], Comparison] = {}
        for each in self.comparisons:
            so_far = worst.get((each.stage, each.reader))
            is_worse = so_far is None or each.difference > so_far.difference
            if each.verdict is Verdict.WRONG and is_worse:
                worst[each.stage, each.reader] = each
        return [f"{self.name}: {each.words()}" for each in worst.values()]


def examine(case: Case, *, first_frame_only: bool = False) -> FileResult:
    """Compare a file; never raises for what is in it.

    Parameters
    ----------
    case : Case
        The file and its uncompressed twin.
    first_frame_only : bool, default False
        Leave out the middle and the last frame.
    """
    result = FileResult(case.source, case.name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        others = OtherReaders(case.path, case.twin, use_dcmtk=dcmtk.is_installed())
        try:
            _examine(case, others, result, first_frame_only=first_frame_only)
        finally:
            others.close()
    result.failures = others.failures
    return result


def _examine(
    case: Case, others: OtherReaders, result: FileResult, *, first_frame_only: bool
) -> None:
    def not_shown(reason: str) -> None:
        result.reason = reason
        result.is_image = others.has_pixels
        result.others = _who_can(others) if result.is_image else []

    try:
        instance = open_instance(case.path)
        syntax = transfer_syntax(instance.transfer_syntax_uid)
        result.transfer_syntax, result.lossy = syntax.name, syntax.lossy
        result.interpretation = instance.layout.photometric_interpretation
        if instance.pixel_location is None:
            return not_shown(f"no image: {instance.header.problem or instance.header.shared.kind}")
        with instance.open() as source:
            table = frame_table(source, instance.pixel_location, instance.layout, syntax)
    except DcmviewError as exc:
        return not_shown(str(exc))
    marks = {each.code for each in (*instance.repairs, *table.repairs)}
    last = table.frame_count - 1
    for frame_index in [0] if first_frame_only else sorted({0, table.frame_count // 2, last}):
        try:
            stored = _decode(instance, table, syntax, frame_index)
            recipe = display_recipe(instance, frame_index)
            display = display_frame(stored, recipe, choose_voi(stored, recipe))
        except DcmviewError as exc:
            if result.shown:
                marks.add(f"frame {frame_index + 1} of {table.frame_count} not shown: {exc}")
            else:
                not_shown(str(exc))
            continue
        result.shown = True
        marks |= {each.code for each in (*stored.repairs, *recipe.repairs)}
        _compare(others, result, _Frame(frame_index, stored, recipe, display, syntax))
    result.marks = sorted(marks)
    return None


def _decode(
    instance: Instance, table: FrameTable, syntax: TransferSyntax, frame_index: int
) -> StoredFrame:
    assert instance.pixel_location is not None
    with instance.open() as source:
        frame = table.frame_bytes(source, frame_index)
    return decode_frame(
        frame,
        instance.layout,
        syntax,
        little_endian=instance.pixel_location.little_endian,
        bit_offset=table.bit_offset(frame_index),
    )


def _who_can(others: OtherReaders) -> list[str]:
    """Readers that make a picture of the first frame."""
    found = [each.reader for each in others.samples(0) if each.reader != "its bytes"]
    if "DCMTK" not in found and others.dcmtk_picture(0) is not None:
        found.append("DCMTK")
    return found


@dataclass(frozen=True)
class _Frame:
    """What we make of a frame."""

    index: int
    stored: StoredFrame
    recipe: DisplayRecipe
    display: NDArray[np.uint8]
    syntax: TransferSyntax


def _compare(others: OtherReaders, result: FileResult, frame: _Frame) -> None:
    """Hold the samples, every picture the file offers and the full range against the others."""
    ds, stored, recipe = others.ds, frame.stored, frame.recipe

    def add(
        stage: str,
        reader: str,
        gap: NDArray[np.float64] | None,
        allowed: float,
        expected: Expected | None = None,
    ) -> None:
        difference = float("inf") if gap is None else float(gap.max(initial=0))
        facts = Facts(reader, stage, ds, stored, recipe, frame.syntax, expected, gap)
        row = justification(facts) if difference > allowed else None
        if row is not None:
            verdict = Verdict.EXPLAINED
        elif difference > allowed:
            verdict = Verdict.WRONG
        else:
            verdict = Verdict.WITHIN if difference else Verdict.EXACT
        result.comparisons.append(
            Comparison(
                frame.index,
                stage,
                reader,
                difference,
                verdict,
                expected.mapped_by if expected else "",
                row.name if row else "",
            )
        )

    loss = 0.0
    for theirs in others.samples(frame.index):
        gap, allowed = _sample_gap(stored, theirs, frame.syntax)
        loss = max(loss, float("inf") if gap is None else float(gap.max(initial=0)))
        add("samples", theirs.reader, gap, allowed)
    try:
        pictures = expected_pictures(ds, frame.index, stored)
        is_grey = frame.display.ndim == 2
        whole = expected_full_range(ds, frame.index, stored) if is_grey else None
    except Exception as exc:  # noqa: BLE001  then pydicom cannot read what decides the picture
        others.failures[FORMULAE] = f"{type(exc).__name__}: {exc}"
        return
    for choice, expected in enumerate(pictures):
        ours = frame.display
        if choice:
            voi = recipe.voi[choice] if choice < len(recipe.voi) else None
            ours = display_frame(stored, recipe, voi)
        add("picture", FORMULAE, _gap(ours, expected.picture), GREY_LEVEL_TOLERANCE, expected)
        if not others.use_dcmtk:
            continue
        if expected.dcmtk_options is None:
            others.failures["DCMTK, VOI LUT"] = "it reads outside a table wider than its input"
            continue
        # A narrow window stretches what lossy decoders differ in.
        stretched = loss * expected.levels_per_value if frame.syntax.lossy else 0
        allowed = GREY_LEVEL_TOLERANCE + stretched
        drawn = others.dcmtk_picture(frame.index, expected.dcmtk_options)
        if drawn is None:
            others.failures.setdefault("DCMTK, picture", "no picture")
            continue
        gap = _gap(ours, drawn)
        if gap is None or gap.max() > allowed:
            again = others.dcmtk_picture(frame.index, expected.dcmtk_options)
            if again is None or not np.array_equal(drawn, again):
                # It read what it had not written, which says nothing about the file.
                others.failures["DCMTK, picture"] = "another one each time"
                continue
        add("picture", "DCMTK", gap, allowed, expected)
    if whole is not None:
        voi = choose_voi(stored, recipe, DisplayRequest(full_dynamic=True))
        ours = display_frame(stored, recipe, voi)
        add("full range", FORMULAE, _gap(ours, whole.picture), GREY_LEVEL_TOLERANCE, whole)


def _sample_gap(
    stored: StoredFrame, theirs: Samples, syntax: TransferSyntax
) -> tuple[NDArray[np.float64] | None, float]:
    """Difference of all samples that the other reader has, and what is allowed."""
    ours, values = stored.values, theirs.values
    if ours.shape != values.shape:
        return None, 0.0
    allowed = 0
    if syntax.lossy:
        allowed = COLOR_TOLERANCE if ours.ndim == 3 else SAMPLE_TOLERANCE
    spaces = [
        _color_space(each)
        for each in (stored.layout.photometric_interpretation, theirs.interpretation)
    ]
    if ours.ndim == 3 and spaces[0] != spaces[1]:
        bits = stored.layout.bits_stored
        ours, values = (
            to_rgb(each, space, bits, is_signed=False)
            for each, space in zip((ours, values), spaces, strict=True)
        )
        allowed = max(allowed, 1)
    pixels = ours.shape[0] * ours.shape[1]
    return _gap(*(each.reshape(pixels, -1)[: theirs.present] for each in (ours, values))), allowed


def _color_space(interpretation: str) -> str:
    """YBR_FULL and YBR_FULL_422 are the same once they are decoded, so are RGB and YBR_RCT."""
    return "RGB" if interpretation in ("RGB", "YBR_RCT", "YBR_ICT") else interpretation[:8]


def _gap(ours: NDArray[Any], theirs: NDArray[Any]) -> NDArray[np.float64] | None:
    """Absolute differences, None where the two are not of one shape."""
    if ours.shape != theirs.shape:
        return None
    ours, theirs = ours.astype(np.float64), theirs.astype(np.float64)
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    return np.abs(np.where(same, 0, ours - theirs))
