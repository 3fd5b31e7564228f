"""Differences beyond the tolerance that the Standard explains, each with its clause.

A difference that no row covers is a failure. Rows about the samples and about
our own formulae are not allowed: those have to agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dcmview.model import LookupTable, Rescale

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance_run.examine import Facts


@dataclass(frozen=True)
class Justification:
    """Why another reader's result may differ from ours, and where that is written."""

    name: str
    reader: str
    stage: str
    clause: str
    words: str
    applies: Callable[[Facts], bool]


def _is_wide_big_endian(facts: Facts) -> bool:
    return not facts.transfer_syntax.little_endian and facts.ds.get("BitsAllocated", 0) > 16


def _is_ybr(facts: Facts) -> bool:
    return facts.stored.layout.photometric_interpretation.startswith("YBR") and (
        facts.gap is not None and facts.gap.max() <= 2
    )


def _rounds_modality_values(facts: Facts) -> bool:
    """Whether rescaled values have fractions, and the difference is what two units make.

    The highest and the lowest values are rounded out of DCMTK's table, and become anything.
    """
    modality, expected, gap = facts.recipe.modality, facts.expected, facts.gap
    if not isinstance(modality, Rescale) or expected is None or gap is None:
        return False
    if modality.slope.is_integer() and modality.intercept.is_integer():
        return False
    values = expected.modality
    inner = (values >= values.min() + 1) & (values <= values.max() - 1)
    return float(gap[inner].max(initial=0)) <= 1 + 2 * expected.levels_per_unit


def _is_rescaled_by_group(facts: Facts) -> bool:
    """Whether frames have their own rescale, which is not that of the top level."""
    groups = [
        group
        for keyword in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
        for group in facts.ds.get(keyword) or []
    ]
    return any("PixelValueTransformationSequence" in group for group in groups)


def _has_wide_index(facts: Facts) -> bool:
    return isinstance(facts.recipe.modality, LookupTable) and facts.stored.layout.bits_stored > 16


JUSTIFIED: tuple[Justification, ...] = (
    Justification(
        "words-of-32-bits",
        "DCMTK",
        "picture",
        "PS3.5 6.2",
        "OW is a string of 16-bit words, and DCMTK turns each of them round. The file was written "
        "by turning whole samples of 32 bits round, as its little endian twin shows.",
        _is_wide_big_endian,
    ),
    Justification(
        "whole-modality-values",
        "DCMTK",
        "picture",
        "PS3.3 C.11.1.1.2",
        "Rescaled values are real numbers (output units = m x SV + b); DCMTK rounds them to whole "
        "ones before the window, which a window of a few units makes visible. Allowed is what two "
        "units make; of values within one unit of the ends, which DCMTK may round out of its "
        "table, anything.",
        _rounds_modality_values,
    ),
    Justification(
        "rescale-of-a-frame",
        "DCMTK",
        "picture",
        "PS3.3 C.7.6.16.2.9",
        "The Pixel Value Transformation of a frame makes its modality values; DCMTK looks for "
        "slope and intercept at the top level of the data set alone.",
        _is_rescaled_by_group,
    ),
    Justification(
        "wide-index",
        "DCMTK",
        "picture",
        "PS3.3 C.11.1.1.1",
        "Stored values above the last mapped one take the last entry of a Modality LUT; DCMTK "
        "takes an index of more than 16 bits for one of 16.",
        _has_wide_index,
    ),
    Justification(
        "ybr-rounding",
        "DCMTK",
        "picture",
        "PS3.3 C.7.6.3.1.2",
        "The conversion from YBR is given in real numbers; DCMTK adds up to three table entries, "
        "each cut to a whole number, and may be 2 levels below.",
        _is_ybr,
    ),
)


def justification(facts: Facts) -> Justification | None:
    """Find the row that explains a difference."""
    return next(
        (
            row
            for row in JUSTIFIED
            if facts.reader.startswith(row.reader)
            and facts.stage == row.stage
            and row.applies(facts)
        ),
        None,
    )
