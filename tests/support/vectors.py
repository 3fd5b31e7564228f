"""Golden numbers of fixtures/vectors, as objects of dcmview."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dcmview.model import LookupTable, PaddingRange, Rescale, VoiFunction, Window

_VECTORS = Path(__file__).parents[2] / "fixtures" / "vectors"


def vector_cases(name: str) -> list[Any]:
    """The cases of one file as pytest parameters, named as they are."""
    cases = json.loads((_VECTORS / f"{name}.json").read_text())["cases"]
    return [pytest.param(case, id=case["name"]) for case in cases]


def as_lut(case: dict[str, Any]) -> LookupTable:
    return LookupTable(
        case["first_mapped"], np.array(case["entries"], dtype=np.uint16), case["bits"]
    )


def as_modality(case: dict[str, Any]) -> Rescale | LookupTable:
    if case["kind"] == "lut":
        return as_lut(case)
    return Rescale(case["slope"], case["intercept"])


def as_voi(case: dict[str, Any]) -> Window | LookupTable:
    if case["kind"] == "lut":
        return as_lut(case)
    return Window(case["center"], case["width"], VoiFunction(case["function"]))


def as_padding(case: dict[str, Any] | None) -> PaddingRange | None:
    return None if case is None else PaddingRange(case["low"], case["high"])
