from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.vectors import as_modality, vector_cases

from dcmview.model import LookupTable, Rescale
from dcmview.pixels.modality import apply_modality, look_up


@pytest.mark.parametrize("case", vector_cases("rescale"))
def test_modality_values_are_those_of_the_clause(case: dict[str, Any]) -> None:
    stored = np.array(case["stored"], dtype=case["dtype"])
    assert apply_modality(stored, as_modality(case["modality"])).tolist() == case["expected"]


def test_rescale_leaves_the_stored_values_as_they_are() -> None:
    stored = np.array([1.0, 2.0])
    apply_modality(stored, Rescale(2, 1))
    assert stored.tolist() == [1.0, 2.0]


def test_lookup_of_values_that_are_not_finite_stays_in_the_table() -> None:
    table = LookupTable(0, np.array([1, 2, 3], np.uint16), 16)
    assert look_up(np.array([np.nan, -np.inf, np.inf]), table).tolist() == [1, 1, 3]
